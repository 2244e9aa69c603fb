//! A session in a room.

/// One session of a participant in a room. Never used twice in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat(pub(crate) u64);
