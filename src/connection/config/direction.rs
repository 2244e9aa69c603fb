//! Which way the messages of a session go (RFC 4975 section 8.9).

use crate::mime::{is_cpim, wrapped_type};
use crate::named::named;
use crate::wire::media::essence_of;

named! {
    /// Which way the messages of a session go: the direction attribute of a
    /// session description, as the side sees it whose description it is in.
    ///
    /// It is about SENDs with regular content. Bodiless SENDs, REPORTs, responses
    /// and NICKNAMEs go both ways always, and so do messages that are the control
    /// of others (RFC 4975 section 8.9): those of type `message/imdn+xml`, bare or
    /// wrapped in `message/cpim`. The crate does not look into a `message/cpim` that
    /// arrives in pieces ([`ReceiveMode::Pieces`](crate::ReceiveMode::Pieces)) or is
    /// streamed out: it accepts the former and refuses the latter.
    #[derive(Default)]
    pub enum Direction: "direction" {
        /// Both ways.
        #[default]
        SendReceive = "sendrecv",
        /// From this side to the peer.
        SendOnly = "sendonly",
        /// From the peer to this side.
        ReceiveOnly = "recvonly",
        /// Neither way.
        Inactive = "inactive",
    }
}

impl Direction {
    /// The same as the other side sees it.
    ///
    /// ```
    /// use msrp::Direction;
    ///
    /// assert_eq!(Direction::SendOnly.reversed(), Direction::ReceiveOnly);
    /// ```
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::ReceiveOnly,
            Self::ReceiveOnly => Self::SendOnly,
            Self::SendReceive | Self::Inactive => self,
        }
    }

    /// Whether this side sends messages.
    #[must_use]
    pub const fn may_send(self) -> bool {
        matches!(self, Self::SendReceive | Self::SendOnly)
    }

    /// Whether this side receives messages.
    #[must_use]
    pub const fn may_receive(self) -> bool {
        matches!(self, Self::SendReceive | Self::ReceiveOnly)
    }
}

/// Whether a message that arrives is, or can still turn out to be, control of others.
/// `body` has the octets that are known, `None` before any of them.
pub(in crate::connection) fn may_be_control(content_type: &str, body: Option<&[u8]>) -> bool {
    match body {
        None if is_cpim(content_type) => true,
        Some(body) if is_cpim(content_type) => {
            wrapped_type(content_type, body).is_some_and(|inner| is_control(&inner))
        }
        _ => is_control(content_type),
    }
}

pub(in crate::connection) fn is_control(media_type: &str) -> bool {
    essence_of(media_type).eq_ignore_ascii_case("message/imdn+xml")
}
