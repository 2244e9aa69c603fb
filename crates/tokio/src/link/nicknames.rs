//! NICKNAMEs in both directions.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use msrp::{Nickname, NicknameKey, NicknameRequest, Outcome, SendError, SessionKey};
use tokio::sync::oneshot;

use super::State;

/// A request of the peer; `None` if it releases its nickname.
pub(crate) type Requested = (NicknameRequest, Option<Nickname>);

/// The requests of a peer that nobody has taken: as many as the connection lets wait.
#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: VecDeque<Requested>,
    reader: Option<Waker>,
}

impl Requests {
    fn push(&mut self, requested: Requested) {
        self.waiting.push_back(requested);
        self.wake();
    }

    pub(super) fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl State {
    /// Asks for a nickname. The receiver gets the outcome.
    pub(crate) fn ask_nickname(
        &mut self,
        key: SessionKey,
        nickname: Option<&Nickname>,
    ) -> Result<oneshot::Receiver<Outcome>, SendError> {
        let asked = self.connection.ask_nickname(key, nickname)?;
        let (tell, outcome) = oneshot::channel();
        self.nicknames.insert(asked, tell);
        Ok(outcome)
    }

    pub(super) fn nickname_answered(&mut self, key: NicknameKey, outcome: Outcome) {
        if let Some(tell) = self.nicknames.remove(&key) {
            // Whoever asked may have lost interest.
            let _ = tell.send(outcome);
        }
    }

    pub(super) fn nickname_requested(&mut self, key: SessionKey, requested: Requested) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.requests.push(requested);
        }
    }

    /// The next request of the peer; `None` after the last one.
    pub(crate) fn poll_nickname(
        &mut self,
        key: SessionKey,
        cx: &Context<'_>,
    ) -> Poll<Option<Requested>> {
        let Some(session) = self.sessions.get_mut(&key) else { return Poll::Ready(None) };
        if let Some(requested) = session.requests.waiting.pop_front() {
            return Poll::Ready(Some(requested));
        } else if session.has_ended() {
            return Poll::Ready(None);
        }
        session.requests.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}
