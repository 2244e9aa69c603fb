//! The simulator's record of every message and its fate.

use bytes::Bytes;
use msrp::wire::FailureReport;
use msrp::{MessageId, MessageKey, Outcome};

use crate::common::Seeded;
use crate::plan::pick;

/// The header field with the index of a message in the ledger.
pub const SERIAL: &str = "Sim-Serial";

/// A message that `send` accepted.
pub struct Sent {
    pub from: usize,
    pub to: usize,
    pub key: MessageKey,
    pub message_id: Option<MessageId>,
    pub body: Bytes,
    /// Octets that the library has taken.
    pub given: usize,
    pub is_finished: bool,
    pub failure_report: FailureReport,
    pub was_aborted: bool,
    pub outcome: Option<Outcome>,
    pub late_failures: u32,
    /// How often the addressee has received it completely.
    pub completed: u32,
}

impl Sent {
    /// Whether its sender knows that it may not have arrived.
    pub fn has_failed(&self) -> bool {
        self.late_failures > 0 || self.outcome.is_some_and(|outcome| !outcome.is_success())
    }
}

/// Octets that carry the mark of their message throughout.
pub fn marked(from: usize, to: usize, serial: usize, len: usize) -> Bytes {
    let mut body = Vec::with_capacity(len + 32);
    while body.len() < len {
        let mark = format!("<{from:02}>{to:02}#{serial:05}@{:08}|", body.len());
        body.extend_from_slice(mark.as_bytes());
    }
    body.truncate(len);
    body.into()
}

/// Whether octets hold a mark.
pub fn has_mark(octets: &[u8]) -> bool {
    octets.windows(7).any(|it| {
        it[0] == b'<' && it[3] == b'>' && it[6] == b'#' && it[1..3].iter().all(u8::is_ascii_digit)
    })
}

pub fn length(rng: &mut Seeded) -> usize {
    let most = pick(rng, &[1, 100, 100, 2_048, 10_000, 100_000]);
    rng.below(most + 1) as usize
}
