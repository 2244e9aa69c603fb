//! Who receives a message.

use crate::seat::Seat;

/// The sessions that receive a copy of a message: the same octets, each in a SEND
/// of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipients {
    /// In the order in which they joined.
    pub(crate) seats: Vec<Seat>,
    /// Those that would receive it if they accepted its type.
    pub(crate) unable: Vec<Seat>,
    pub(crate) is_private: bool,
}

impl Recipients {
    /// The sessions, in the order in which they joined. There may be none.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// The sessions that receive nothing because they do not accept the wrapped type. The RFC
    /// tells no one of that (section 6.1); an application may.
    #[must_use]
    pub fn unable(&self) -> &[Seat] {
        &self.unable
    }

    /// Whether the message is for one participant only.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        self.is_private
    }
}
