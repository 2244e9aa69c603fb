//! Why a room or a participant is refused.

use thiserror::Error;

/// A room that cannot be made, or a participant who cannot join one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RoomError {
    /// The text is no absolute URI, or has more than 2,048 octets.
    #[error("a room or a participant needs an absolute URI of at most 2048 octets")]
    Uri,
    /// The room has as many sessions as
    /// [`RoomConfig::sessions`](crate::RoomConfig::sessions) allows.
    #[error("the room is full: it has {max} sessions")]
    Full {
        /// The limit.
        max: usize,
    },
    /// The user is in the room, which allows one session
    /// ([`RoomConfig::several_sessions`](crate::RoomConfig::several_sessions)).
    #[error("the user is already in the room, and may have only one session")]
    AlreadyHere,
    /// The URI belongs to the room, or to another user in it.
    #[error("the URI belongs to the room or to another user in it")]
    UriTaken,
    /// The endpoint does not accept `message/cpim` (RFC 7701 section 5.2): reject
    /// its offer.
    #[error("the endpoint does not accept message/cpim, and a room sends nothing else")]
    NoCpim,
}
