//! `a=setup` within `a=dcsa`: which side opens the session.

use std::fmt;
use std::str::FromStr;

use super::DataChannelError;
use crate::connection::Role;

/// The value of `a=setup` (RFC 4145 section 4).
///
/// Within `a=dcsa` it says which side opens the MSRP session and so sends
/// first. Who opens the DTLS connection is another question, which the section
/// answers with a `setup` of its own (RFC 8873 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setup {
    /// This side opens the session.
    Active,
    /// The peer opens it.
    Passive,
    /// Either, as the answerer likes. In offers only.
    Actpass,
    /// Nobody, for the time being.
    Holdconn,
}

impl Setup {
    const ALL: [Self; 4] = [Self::Active, Self::Passive, Self::Actpass, Self::Holdconn];

    /// The value as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::Actpass => "actpass",
            Self::Holdconn => "holdconn",
        }
    }

    /// The role of the offerer, whose offer says `self`, once the answer is
    /// there; the answerer has the other. `None`: the two do not fit, or the
    /// session is on hold.
    ///
    /// ```
    /// use msrp::{Role, sdp::Setup};
    ///
    /// assert_eq!(Setup::Actpass.answered(Setup::Passive), Some(Role::Active));
    /// assert_eq!(Setup::Active.answered(Setup::Active), None);
    /// ```
    #[must_use]
    pub const fn answered(self, answer: Self) -> Option<Role> {
        match (self, answer) {
            (Self::Active | Self::Actpass, Self::Passive) => Some(Role::Active),
            (Self::Passive | Self::Actpass, Self::Active) => Some(Role::Passive),
            _ => None,
        }
    }
}

impl FromStr for Setup {
    type Err = DataChannelError;

    fn from_str(value: &str) -> Result<Self, DataChannelError> {
        let value = value.trim_matches([' ', '\t']);
        let known = Self::ALL.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(value));
        known.ok_or(DataChannelError::Setup)
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
