//! Who made a session description.

use std::fmt;

use super::{address_type, field};
use crate::digits;

/// The `o=` line: who made a session description, and which one it is
/// (RFC 8866 section 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    user: Box<str>,
    id: u64,
    pub(super) version: u64,
    address: Box<str>,
}

impl Origin {
    /// The origin of a new session. `id` has to be another one for each session
    /// that this user describes at this address; `user` is `-` where there is none
    /// to name. Blanks and controls are left out of both texts.
    #[must_use]
    pub fn new(user: &str, id: u64, address: &str) -> Self {
        let user = field(user);
        let user = if user.is_empty() { "-".into() } else { user };
        Self { user, id, version: 1, address: field(address) }
    }

    pub(super) fn from_line(value: &str) -> Option<Self> {
        let mut fields = value.split_ascii_whitespace();
        let user = fields.next()?;
        // RFC 8866 has no limit on either.
        let mut number = || digits::saturating(fields.next()?);
        let (id, version) = (number()?, number()?);
        let read = Self { version, ..Self::new(user, id, fields.nth(2)?) };
        (!read.address.is_empty()).then_some(read)
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The number of the session.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The number of this description of it.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, id, version, address } = self;
        write!(f, "o={user} {id} {version} IN {} {address}", address_type(address))
    }
}
