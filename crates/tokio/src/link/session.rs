//! What a link keeps for a session.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::Waker;

use msrp::{
    IncomingKey, MessageKey, MsrpUri, Path, ReceiveMode, ReportMode, Response, ResponseMode,
    SessionConfig,
};
use tokio::sync::{Notify, watch};

use super::nicknames::Requests;
use super::notice::Listeners;
use super::turns::Turns;
use crate::ended::Ended;

/// What a message weighs beside its octets.
pub(crate) const HEAD_WEIGHT: usize = 1024;

/// The life of a session.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// Its first request has no response yet.
    Opening,
    /// The peer has accepted it, by this response unless it has opened the session itself.
    Open(Path, Option<Response>),
    /// It has ended, some time after the peer had accepted it if it had.
    Ended(Arc<Ended>, Option<Acceptance>),
}

/// That the peer has accepted a session, and by which response if there was one.
#[derive(Clone, Debug)]
pub(crate) struct Acceptance(pub(crate) Option<Response>);

/// What a link keeps for a session.
#[derive(Debug)]
pub(crate) struct SessionState {
    stage: watch::Sender<Stage>,
    acceptance: Option<Acceptance>,
    /// The messages that have begun, in their order, and that nobody has taken whole.
    pub(super) arrivals: BTreeSet<IncomingKey>,
    /// The large ones of them that have not ended.
    pub(super) large: usize,
    /// The messages that wait for [`Session::next`](crate::Session::next).
    pub(crate) ready: VecDeque<IncomingKey>,
    pub(crate) reader: Option<Waker>,
    pub(super) requests: Requests,
    pub(super) listeners: Listeners,
    /// Messages that are not in the queue yet.
    pub(crate) unannounced: usize,
    /// Messages that somebody reads and that have no octets.
    pub(crate) awaited: usize,
    /// What its messages weigh that nobody has taken.
    pub(crate) octets: usize,
    /// How much more room it has since nobody reads it.
    pub(super) steps: usize,
    /// There is no room for more, and what arrives is refused.
    pub(crate) is_refusing: bool,
    /// The limit that the peer knows.
    pub(crate) max_size: u64,
    /// Whether its readers send the success REPORTs.
    pub(crate) reports: bool,
    /// Outgoing messages that were not accepted yet.
    pub(crate) leaving: usize,
    /// Outgoing messages without an outcome that somebody may still watch.
    pub(super) watched: BTreeSet<MessageKey>,
    /// Whose turn it is among the large uploads of each priority.
    pub(crate) turns: Turns,
    /// Wakes those who want to send.
    pub(crate) send_room: Arc<Notify>,
    /// It ends once all that it sends has its outcome.
    pub(crate) is_released: bool,
    pub(crate) has_handles: bool,
    /// Its URI in the table of expected sessions, if it comes from there, and whether that
    /// is good for another one.
    pub(crate) expected: Option<(MsrpUri, bool)>,
}

impl SessionState {
    pub(crate) fn new(max_size: u64, reports: bool) -> Self {
        Self {
            stage: watch::Sender::new(Stage::Opening),
            acceptance: None,
            arrivals: BTreeSet::new(),
            large: 0,
            ready: VecDeque::new(),
            reader: None,
            requests: Requests::default(),
            listeners: Listeners::default(),
            unannounced: 0,
            awaited: 0,
            octets: 0,
            steps: 0,
            is_refusing: false,
            max_size,
            reports,
            leaving: 0,
            watched: BTreeSet::new(),
            turns: Turns::default(),
            send_room: Arc::default(),
            is_released: false,
            has_handles: true,
            expected: None,
        }
    }

    pub(crate) fn stage(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Ended(..))
    }

    /// Its first message opens it, so that it can be used at once.
    pub(crate) fn is_used_at_once(&self, remote: Path) {
        self.stage.send_replace(Stage::Open(remote, None));
    }

    pub(crate) fn opened(&mut self, remote: Path, response: Option<Response>) {
        self.acceptance = Some(Acceptance(response.clone()));
        self.stage.send_replace(Stage::Open(remote, response));
    }

    pub(crate) fn end(&mut self, ended: Ended) {
        self.stage.send_replace(Stage::Ended(Arc::new(ended), self.acceptance.take()));
        self.send_room.notify_waiters();
        self.requests.wake();
        self.listeners.leave();
        self.wake();
    }

    pub(crate) fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// Whether somebody waits for what arrives.
    pub(crate) const fn is_awaited(&self) -> bool {
        self.reader.is_some() || self.awaited > 0
    }
}

/// Large messages go through in pieces, and success REPORTs wait until a message was read,
/// unless the application has chosen otherwise. Returns whether its readers report.
pub(crate) fn takes_over_reports(config: &mut SessionConfig) -> bool {
    if config.max_size > SessionConfig::DEFAULT_MAX_SIZE {
        config.receive = ReceiveMode::Pieces;
    }
    // An application that responds itself decides what is reported, too.
    let reports = config.reports == ReportMode::Whole && config.responses == ResponseMode::Received;
    if reports {
        config.reports = ReportMode::Manual;
    }
    reports
}
