//! Answers to messages that are whole, where the application gives them.

use super::Connection;
use super::config::AnswerMode;
use super::event::{IncomingKey, Received};
use super::receive::Chunk;
use crate::hop::SessionId;
use crate::wire::StatusCode;

/// A message that waits for its answer, and the chunk whose response that is.
#[derive(Debug)]
pub(super) struct Unanswered {
    received: Received,
    total: u64,
    last: Chunk,
}

impl Connection {
    /// Accepts a message that is whole and waits for its answer
    /// ([`AnswerMode::Application`](crate::AnswerMode)): 200, and the success
    /// REPORTs that were asked for. Says whether it waited.
    pub fn accept(&mut self, message: IncomingKey) -> bool {
        let Some(Unanswered { received, total, last }) = self.take_unanswered(message) else {
            return false;
        };
        self.accept_whole(&last, &received, total);
        true
    }

    /// The last chunk of a message has come.
    pub(super) fn answer_whole(&mut self, chunk: &mut Chunk, received: &Received, total: u64) {
        match self.sessions.get_mut(received.session) {
            Some(owner) if owner.config.answers == AnswerMode::Application => {
                owner.unanswered.insert(received.message_id);
                let waiting =
                    Unanswered { received: received.clone(), total, last: chunk.without_body() };
                self.unanswered.insert(received.key, waiting);
            }
            _ => self.accept_whole(chunk, received, total),
        }
    }

    fn accept_whole(&mut self, last: &Chunk, received: &Received, total: u64) {
        self.respond(&last.head.view(), StatusCode::OK);
        self.report_chunk(last, last.end());
        self.report_whole(received, total);
        self.mark_received(received);
    }

    /// Refuses a message that is whole. Says whether it waited for its answer.
    pub(super) fn reject_whole(&mut self, message: IncomingKey, status: StatusCode) -> bool {
        let Some(Unanswered { received, last, .. }) = self.take_unanswered(message) else {
            return false;
        };
        self.respond(&last.head.view(), status);
        self.remember_refused(received.session, received.message_id, status);
        true
    }

    fn take_unanswered(&mut self, message: IncomingKey) -> Option<Unanswered> {
        let waiting = self.unanswered.remove(&message)?;
        if let Some(owner) = self.sessions.get_mut(waiting.received.session) {
            owner.unanswered.remove(&waiting.received.message_id);
        }
        Some(waiting)
    }

    /// A session ends: nobody is there any more to accept its messages.
    pub(super) fn drop_unanswered(&mut self, session: SessionId) {
        let keys: Vec<IncomingKey> = self
            .unanswered
            .iter()
            .filter(|(_, waiting)| waiting.received.session == session)
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            self.reject_whole(key, StatusCode::NO_SUCH_SESSION);
        }
    }
}
