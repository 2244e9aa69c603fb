//! What a session remembers of the messages of its peer.

use super::memory::Memory;
use crate::footprint::Footprint;
use crate::wire::StatusCode;

/// What a session remembers of the messages of its peer.
#[derive(Debug)]
pub(super) struct Mailbox {
    /// Messages that were received, to know their duplicates.
    pub(super) received: Memory<()>,
    /// Messages that were refused, to refuse what is still to come of them.
    pub(super) refused: Memory<StatusCode>,
}

impl Mailbox {
    pub(super) fn new(remembered: usize) -> Self {
        Self { received: Memory::new(remembered), refused: Memory::new(remembered) }
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        footprint.remember("mailbox received", self.received.len());
        footprint.remember("mailbox refused", self.refused.len());
    }
}
