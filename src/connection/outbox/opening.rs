//! The start of a streamed container, kept until it says what it holds.

use super::types::MessageTypes;
use crate::mime::{has_whole_head, is_cpim, is_multipart};
use crate::wire::MediaType;

/// The octets of a streamed message from its start, as long as they do not say what the
/// message holds.
#[derive(Debug)]
pub(in crate::connection) struct Opening {
    octets: Vec<u8>,
}

impl Opening {
    /// A `message/cpim` with a longer head wraps an unknown type, and a part behind these
    /// octets is not looked at.
    const MAX: usize = 4 * 1024;

    /// `None` for a message that is no container.
    pub(super) fn of(content_type: &MediaType) -> Option<Self> {
        let content_type = content_type.as_str();
        (is_cpim(content_type) || is_multipart(content_type)).then(|| Self { octets: Vec::new() })
    }

    /// The opening with the octets that follow.
    pub(in crate::connection) fn followed_by(&self, piece: &[u8]) -> Self {
        let room = Self::MAX.saturating_sub(self.octets.len());
        let piece = piece.get(..room).unwrap_or(piece);
        Self { octets: [&self.octets[..], piece].concat() }
    }

    pub(super) const fn is_full(&self) -> bool {
        self.octets.len() >= Self::MAX
    }

    /// The types of the message, as far as these octets tell. `earlier` are those of its
    /// head. `None` as long as the head of a `message/cpim` goes on.
    pub(in crate::connection) fn types(
        &self,
        earlier: &MessageTypes,
        is_last: bool,
    ) -> Option<MessageTypes> {
        let is_known =
            is_last || self.is_full() || !earlier.are_wrapped() || has_whole_head(&self.octets);
        is_known.then(|| earlier.with_body(&self.octets))
    }
}
