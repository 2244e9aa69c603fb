//! Every message that was sent, and its fate as the simulator knows it.

use std::time::Duration;

use bytes::Bytes;
use msrp::wire::FailureReport;
use msrp::{Finished, IncomingKey, MessageId, MessageKey, SessionKey};

/// The header field that carries the place of a message in the ledger.
pub const SERIAL: &str = "Sim-Serial";

/// A message that `send` has accepted.
pub struct Sent {
    pub side: usize,
    /// The session's place in the plan.
    pub session: usize,
    pub id: SessionKey,
    pub key: MessageKey,
    /// Known from the start, or after the first chunk on the wire.
    pub message_id: Option<MessageId>,
    pub content_type: &'static str,
    /// All octets that it has, or would have if it were finished.
    pub body: Bytes,
    /// Octets that were given to the library.
    pub given: usize,
    pub total: Option<u64>,
    pub is_streamed: bool,
    pub is_finished: bool,
    pub awaits_room: bool,
    /// Whether the writer has refused a piece since it last had room: it sends what it
    /// has, so that the piece fits.
    pub presses: bool,
    pub success_report: bool,
    pub failure_report: FailureReport,
    pub report_timeout: Option<Duration>,
    pub progress_timeout: Option<Duration>,
    /// When it was given to the library.
    pub begun: Duration,
    pub was_aborted: bool,
    /// Whether another message has the same Message-ID.
    pub is_resent: bool,
    pub outcome: Option<Finished>,
    /// How often the peer's application has received it whole.
    pub completed: u32,
}

impl Sent {
    /// The whole body, if it is finished.
    pub fn whole(&self) -> Option<&[u8]> {
        self.is_finished.then_some(&self.body)
    }
}

/// An incoming message as the application sees it.
pub struct Incoming {
    pub key: IncomingKey,
    pub serial: usize,
    /// The octets that have arrived, in pieces.
    pub seen: Vec<bool>,
    pub is_over: bool,
}
