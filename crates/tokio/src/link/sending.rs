//! What becomes of outgoing messages.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::Waker;

use msrp::{Finished, MessageId, MessageKey, Outcome, StatusCode};
use tokio::sync::watch;

use crate::ended::Ended;

/// How far an outgoing message has come, in octets from its start.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Octets that have left this endpoint.
    pub left: u64,
    /// Octets that the next hop has accepted.
    pub accepted: u64,
    /// Octets that success REPORTs cover.
    pub delivered: u64,
    /// The size of the message, if it is known.
    pub total: Option<u64>,
    /// The status that a later hop reported after the message had its outcome: it has
    /// failed after all. Only the last few hundred messages of a connection learn of it.
    pub late_failure: Option<StatusCode>,
    /// Whether the next hop has accepted all of it.
    pub(crate) is_accepted: bool,
    pub(crate) end: Option<Arc<End>>,
}

/// The end of an outgoing message.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) finished: Finished,
    /// Why its session ended, if that ended the message.
    pub(crate) ended: Option<Ended>,
    /// Why its octets did not come, if that ended the message.
    pub(crate) failed: Option<Arc<io::Error>>,
}

impl Progress {
    /// The outcome of the message, once it has one.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.end.as_ref().map(|end| end.finished.outcome)
    }
}

/// An outgoing message without an outcome.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(super) id: MessageId,
    progress: watch::Sender<Progress>,
    /// Waits for room in the body.
    pub(crate) writer: Option<Waker>,
    /// Why its octets do not come.
    pub(super) failed: Option<Arc<io::Error>>,
}

impl Sending {
    pub(crate) fn new(id: MessageId, progress: &msrp::Progress) -> Self {
        let (progress, _) = watch::channel(Progress {
            left: progress.left,
            accepted: progress.accepted,
            delivered: progress.delivered,
            total: progress.total,
            ..Progress::default()
        });
        Self { id, progress, writer: None, failed: None }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.progress.borrow().total
    }

    /// Whether somebody waits for more than its acceptance.
    pub(crate) fn is_watched(&self) -> bool {
        self.progress.receiver_count() > 0
    }

    pub(crate) fn is_accepted(&self) -> bool {
        self.progress.borrow().is_accepted
    }

    pub(crate) fn has_come_to(&self, now: &msrp::Progress) {
        self.progress.send_modify(|progress| {
            (progress.left, progress.accepted) = (now.left, now.accepted);
            (progress.delivered, progress.total) = (now.delivered, now.total);
        });
    }

    pub(crate) fn accepted(&self) {
        self.progress.send_modify(|progress| progress.is_accepted = true);
    }

    /// The message has its outcome. Returns what else may have to be told.
    pub(crate) fn end(mut self, end: End) -> watch::Sender<Progress> {
        self.wake();
        let finished = &end.finished;
        let (left, accepted) = (finished.octets, finished.accepted);
        let delivered = finished.reported.iter().map(|range| range.end - range.start).sum();
        self.progress.send_modify(|progress| {
            (progress.left, progress.accepted, progress.delivered) = (left, accepted, delivered);
            progress.end = Some(Arc::new(end));
        });
        self.progress
    }

    pub(crate) fn wake(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }
}

/// How many messages with an outcome are remembered, as many as a session remembers.
const MAX_PAST: usize = 256;

/// Messages that have their outcome, and somebody who still looks at them.
#[derive(Debug, Default)]
pub(crate) struct Past(VecDeque<(MessageKey, watch::Sender<Progress>)>);

impl Past {
    pub(crate) fn remember(&mut self, key: MessageKey, progress: watch::Sender<Progress>) {
        if progress.receiver_count() > 0 {
            self.0.truncate(MAX_PAST - 1);
            self.0.push_front((key, progress));
        }
    }

    /// A message has failed after its outcome.
    pub(crate) fn failed(&self, key: MessageKey, status: StatusCode) {
        if let Some((_, progress)) = self.0.iter().find(|(past, _)| *past == key) {
            progress.send_modify(|progress| progress.late_failure = Some(status));
        }
    }
}
