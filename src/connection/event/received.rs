//! The head of a message from the peer.

use std::ops::Range;

use crate::keys::{IncomingKey, SessionKey};
use crate::weight;
use crate::wire::{Head, HeadRef, MessageId};

/// The head of a message from the peer: that of its first chunk to arrive.
///
/// [`Connection::report`](crate::Connection::report) takes it to send a REPORT on the
/// message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub(in crate::connection) key: IncomingKey,
    pub(in crate::connection) session: SessionKey,
    pub(in crate::connection) message_id: MessageId,
    pub(in crate::connection) is_duplicate: bool,
    pub(in crate::connection) head: Head,
    pub(in crate::connection) present: Box<[Range<u64>]>,
}

impl Received {
    /// What it weighs beside its entry.
    pub(in crate::connection) fn weight(&self) -> usize {
        weight::of_head(&self.head) + size_of_val::<[Range<u64>]>(&self.present)
    }

    /// The key of the message, which its pieces have too.
    #[must_use]
    pub const fn key(&self) -> IncomingKey {
        self.key
    }

    /// The session of the message.
    #[must_use]
    pub const fn session(&self) -> SessionKey {
        self.session
    }

    /// Its Message-ID.
    #[must_use]
    pub const fn message_id(&self) -> &MessageId {
        &self.message_id
    }

    /// Its Content-Type; empty if the head has none.
    #[must_use]
    pub fn content_type(&self) -> &str {
        self.head.view().content_type().unwrap_or_default()
    }

    /// Its size in octets, if the peer announced it. Do not allocate that much:
    /// it is the peer's claim.
    #[must_use]
    pub fn announced_size(&self) -> Option<u64> {
        self.head.view().byte_range().and_then(|range| range.total())
    }

    /// Whether an earlier message with this Message-ID was complete. A duplicate
    /// is not to be shown as a new message (RFC 4975 section 5.4).
    #[must_use]
    pub const fn is_duplicate(&self) -> bool {
        self.is_duplicate
    }

    /// The octets that arrived in earlier sessions, zero-based and in order
    /// ([`SessionConfig::memory`](crate::SessionConfig::memory)). In pieces, the
    /// application has them already, under the key of that session.
    #[must_use]
    pub const fn present(&self) -> &[Range<u64>] {
        &self.present
    }

    /// The head itself, with all its header fields.
    #[must_use]
    pub fn head(&self) -> HeadRef<'_> {
        self.head.view()
    }
}
