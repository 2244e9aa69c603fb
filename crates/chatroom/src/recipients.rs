//! Who receives a message.

use crate::seat::Seat;

/// The sessions that receive a copy of a message: the same octets, each in a SEND
/// of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipients {
    /// In the order in which they joined.
    pub(crate) seats: Vec<Seat>,
    pub(crate) is_private: bool,
}

impl Recipients {
    /// The sessions, in the order in which they joined. There may be none.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Whether the message is for one participant only.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        self.is_private
    }
}
