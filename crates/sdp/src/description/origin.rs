//! Who made a session description.

use std::fmt;

use super::field::{address_type, field, fields};
use crate::digits;
use crate::{Error, ErrorKind};

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
    /// The origin of a new session. `id` must differ from that of every other session
    /// that this user describes at this address; `user` is `-` if there is no name.
    /// Blanks and control characters are left out of both texts.
    #[must_use]
    pub fn new(user: &str, id: u64, address: &str) -> Self {
        let user = field(user);
        let user = if user.is_empty() { "-".into() } else { user };
        Self { user, id, version: 1, address: field(address) }
    }

    /// Reads what follows `o=`.
    pub(super) fn from_fields(value: &str) -> Result<Self, Error> {
        Self::read(value).ok_or_else(|| {
            let error = Error::of_line("o=", ErrorKind::Malformed);
            error.with_expected("user id version IN IP4 address")
        })
    }

    fn read(value: &str) -> Option<Self> {
        let mut fields = fields(value)?;
        let user = fields.next()?;
        // RFC 8866 does not limit either number.
        let mut number = || digits::saturating(fields.next()?);
        let (id, version) = (number()?, number()?);
        let read = Self { version, ..Self::new(user, id, fields.nth(2)?) };
        (!read.address.is_empty()).then_some(read)
    }

    /// The user name, or `-`.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The number of the session: `sess-id`.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The number of this description of the session: `sess-version`.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The address of the user's host.
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
