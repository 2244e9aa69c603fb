//! What the application learns of a frame that is refused outside of any message.

use bytes::Bytes;

use super::reason::FailReason;
use super::received::Received;
use crate::weight;
use crate::wire::{ParseError, StatusCode};

/// A frame of the peer that was malformed, or a request that was refused outside of any
/// message that the application knows: for no session, with an unknown method, or before
/// its session was open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The first octets of the frame, 256 at most.
    pub octets: Bytes,
    /// What is malformed, and where. `None` if the frame could be read.
    pub error: Option<ParseError>,
    /// The status of the response. `None` if there was none: the frame is a response or
    /// a REPORT, its sender wants none, or it lacks what a response needs.
    pub status: Option<StatusCode>,
    /// The message that the request would have begun, and why it was refused. No other
    /// event tells of it, since its session is not open.
    pub message: Option<(Received, FailReason)>,
}

impl Refused {
    /// The octets that it keeps.
    pub(in crate::connection) fn octets(&self) -> usize {
        let message = self.message.as_ref();
        self.octets.len() + message.map_or(0, |(received, _)| weight::of_head(&received.head))
    }
}
