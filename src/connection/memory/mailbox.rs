//! What a session remembers of the messages of its peer.

use super::Memory;
use crate::footprint::Footprint;
use crate::wire::StatusCode;

/// What a session remembers of the messages of its peer.
#[derive(Debug)]
pub(in crate::connection) struct Mailbox {
    /// Messages that were received, to know their duplicates.
    pub(in crate::connection) received: Memory<()>,
    /// Messages that were refused, to refuse what is still to come of them.
    pub(in crate::connection) refused: Memory<StatusCode>,
}

impl Mailbox {
    pub(in crate::connection) fn new(remembered: usize) -> Self {
        Self { received: Memory::new(remembered), refused: Memory::new(remembered) }
    }

    pub(in crate::connection) fn footprint(&self, footprint: &mut Footprint) {
        footprint.remember("mailbox received", self.received.len());
        footprint.remember("mailbox refused", self.refused.len());
    }
}
