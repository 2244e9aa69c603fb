//! The start of a streamed `message/cpim`, kept until it says what it wraps.

use super::types::MessageTypes;
use crate::mime::{has_whole_head, is_cpim};
use crate::wire::MediaType;

/// The octets of a streamed message from its start, as long as they do not say what the
/// message wraps.
#[derive(Debug)]
pub(super) struct Opening {
    octets: Vec<u8>,
}

impl Opening {
    /// A head in more octets than these wraps an unknown type.
    const MAX: usize = 4 * 1024;

    /// `None` for a message that wraps nothing.
    pub(super) fn of(content_type: &MediaType) -> Option<Self> {
        is_cpim(content_type.as_str()).then(|| Self { octets: Vec::new() })
    }

    /// The opening with the octets that follow.
    pub(super) fn followed_by(&self, piece: &[u8]) -> Self {
        let room = Self::MAX.saturating_sub(self.octets.len());
        let piece = piece.get(..room).unwrap_or(piece);
        Self { octets: [&self.octets[..], piece].concat() }
    }

    /// The types of the message, if they do not depend on what follows. `earlier` are those
    /// of its head.
    pub(super) fn types(&self, earlier: &MessageTypes, is_last: bool) -> Option<MessageTypes> {
        let is_known = is_last || self.octets.len() >= Self::MAX || has_whole_head(&self.octets);
        is_known.then(|| earlier.with_body(&self.octets))
    }
}
