//! A session in a room.

/// One session of a participant in a room. A room never uses a seat twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat(pub(crate) u64);
