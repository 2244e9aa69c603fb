//! What a session tells those who keep a log of it.

use std::ops::Range;
use std::sync::Arc;

use msrp::{Finished, MessageId, Refused, StatusCode};
use tokio::sync::broadcast;

/// The notices that wait for a reader. Beyond them the oldest are lost.
const MAX_WAITING: usize = 256;

/// Something that happened in a session beside the messages of its peer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A success REPORT: the peer has octets of a message of this side.
    Reported {
        /// The message.
        message_id: MessageId,
        /// The octets, zero-based.
        octets: Range<u64>,
        /// The size of the message, if it is known.
        total: Option<u64>,
    },
    /// A message of this side has its outcome.
    Finished(Arc<Finished>),
    /// A message of this side has failed after its outcome.
    LateFailure {
        /// The message.
        message_id: MessageId,
        /// The status of the response or REPORT that says so.
        status: StatusCode,
    },
    /// The peer has octets of a message of this side after all, whose outcome was another.
    LateSuccess {
        /// The message.
        message_id: MessageId,
        /// The octets, zero-based.
        octets: Range<u64>,
    },
    /// A frame on the connection was malformed, or a request was refused outside of any
    /// message. All sessions of the connection are told of it.
    Refused(Arc<Refused>),
}

/// Those who listen to a session.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Option<broadcast::Sender<Notice>>);

impl Listeners {
    pub(crate) fn listen(&mut self) -> broadcast::Receiver<Notice> {
        self.0.get_or_insert_with(|| broadcast::Sender::new(MAX_WAITING)).subscribe()
    }

    /// Tells them. The notice is made only if there are any.
    pub(crate) fn tell(&self, notice: impl FnOnce() -> Notice) {
        if let Some(listeners) = &self.0 {
            // They may have gone.
            let _ = listeners.send(notice());
        }
    }

    /// They hear what was told before, and then the end.
    pub(crate) fn leave(&mut self) {
        self.0 = None;
    }
}
