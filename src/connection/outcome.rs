//! Outcomes of outgoing messages: responses, REPORTs and deadlines lead to
//! exactly one for each (RFC 4975 sections 7.1.1, 7.3.2 and 10).

use std::ops::Range;

use super::Connection;
use super::carried::{Purpose, counted};
use super::event::reason::{CloseReason, Outcome};
use super::event::{Event, Finished};
use super::outbox::{Outbox, Sending};
use crate::hop::{HopEvent, Transaction};
use crate::keys::{MessageKey, SessionKey};
use crate::time::Instant;
use crate::wire::{Continuation, FailureReport, TransactionId};

/// Whether the peer learns that the rest of a message will not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tell {
    /// Yes, from the flag `#`, if it has seen a part of the message.
    Peer,
    /// No: it knows, or must not be sent anything more.
    Nothing,
}

/// How a message ends.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    pub(super) tell: Tell,
    /// The octets that have failed, if they are known.
    pub(super) failed: Option<Range<u64>>,
}

impl Ending {
    /// The message ends on this side.
    pub(super) const fn told(outcome: Outcome) -> Self {
        Self { outcome, tell: Tell::Peer, failed: None }
    }

    /// The message has left whole, or the peer has ended it.
    pub(super) const fn silent(outcome: Outcome) -> Self {
        Self { outcome, tell: Tell::Nothing, failed: None }
    }
}

impl Connection {
    /// Takes the events of the hop.
    pub(super) fn drain_hop(&mut self, now: Instant) {
        while let Some(event) = self.hop.events.pop_front() {
            match event {
                HopEvent::ChunkSent { message, end, asks_response, flag } => {
                    self.note_progress(message);
                    if let Some(sending) = self.sessions.message_mut(message) {
                        sending.chunks += 1;
                        sending.octets = end.get();
                        sending.asked += u64::from(asks_response);
                        sending.has_left = flag == Continuation::Complete;
                        if sending.has_left && sending.deadline.is_some() {
                            self.sessions.has_left(message);
                        }
                        self.review(now, message);
                    }
                }
                HopEvent::Room(message) if self.sessions.message(message).is_some() => {
                    self.events.push(Event::BodyRoom { message });
                }
                HopEvent::Room(_) => {}
                HopEvent::TimedOut(id, Transaction { purpose, octets, .. }) => {
                    self.timed_out(now, id, purpose, counted(&octets));
                }
            }
        }
    }

    fn timed_out(&mut self, now: Instant, id: TransactionId, purpose: Purpose, octets: Range<u64>) {
        self.forget_request(&id, &purpose);
        self.remember_request(id, purpose, octets.clone());
        match purpose {
            Purpose::Chunk(message) => {
                let Some(sending) = self.sessions.message_mut(message) else { return };
                if sending.failure_report == FailureReport::Partial {
                    // Silence is consent: only errors have responses.
                    sending.accept(&octets);
                    self.note_progress(message);
                    self.review(now, message);
                } else {
                    let ending = Ending::told(Outcome::TimedOut);
                    self.settle(message, Ending { failed: Some(octets), ..ending });
                }
            }
            Purpose::Bind(session) => {
                self.retire_session(session, CloseReason::TimedOut, Outcome::SessionClosed, None);
            }
            // Its answer is any octet, and the silence of a connection has its own end.
            Purpose::KeepAlive(_) => {}
            Purpose::Nickname(session, key) => {
                self.settle_nickname(session, key, Outcome::TimedOut);
            }
            #[cfg(feature = "auth")]
            Purpose::Auth(key) => self.auth_timed_out(key),
        }
    }

    /// Gives a message its outcome if nothing is missing for it. If only REPORTs
    /// are missing, their deadline starts.
    pub(super) fn review(&mut self, now: Instant, key: MessageKey) {
        let Some(sending) = self.sessions.message(key) else { return };
        if let Some(outcome) = sending.outcome() {
            self.settle(key, Ending::silent(outcome));
        } else if sending.lacks_only_reports() {
            let is_accepted = sending.failure_report == FailureReport::Yes;
            if self.sessions.await_reports(key, now) {
                if is_accepted {
                    self.events.push(Event::Accepted { message: key });
                }
                self.make_way_for_report(key.session());
            }
        }
    }

    /// At the limit of messages that wait for REPORTs alone, the one that has waited
    /// longest makes way.
    fn make_way_for_report(&mut self, session: SessionKey) {
        let max = self.config.limits.outgoing_messages;
        let Some(owner) = self.sessions.get(session) else { return };
        if let Some(oldest) = owner.outbox.longest_reporting(max) {
            self.settle(oldest, Ending::silent(Outcome::Unreported));
        }
    }

    /// Notes which messages make progress.
    pub(super) fn watch_progress(&mut self, now: Instant) {
        if let Some(message) = self.hop.open_key() {
            self.note_progress(message);
        }
        self.sessions.start_deadlines(now);
    }

    /// Gives their outcome to messages of which no octet, or no REPORT, has gone its
    /// way in time.
    pub(super) fn expire_messages(&mut self, now: Instant) {
        self.sessions.start_deadlines(now);
        while let Some(key) = self.sessions.overdue(now) {
            let Some(owner) = self.sessions.get(key.session()) else { return };
            if let Some(sending) = owner.outbox.get(key).filter(|it| it.lacks_only_reports()) {
                let timeout = sending.report_timeout.unwrap_or_default();
                match self.reports_missing_at(now, timeout) {
                    None => drop(self.settle(key, Ending::silent(Outcome::Unreported))),
                    due => self.sessions.set_deadline(key, due),
                }
                continue;
            }
            // A message without octets waits for the application.
            let has_octets = self.hop.has_octets(key);
            let left = self.hop.last_left();
            match owner.outbox.progress_due(key, left).filter(|_| has_octets) {
                Some(due) if due <= now => {
                    self.settle(key, Ending::told(Outcome::TimedOut));
                }
                due => self.sessions.set_deadline(key, due),
            }
        }
    }

    /// Gives a message its outcome. Returns whether it had none before.
    pub(super) fn settle(&mut self, key: MessageKey, ending: Ending) -> bool {
        let Some(sending) = self.sessions.message(key) else { return false };
        let octets = self.octets_sent(key, sending);
        let Some(sending) = self.sessions.finish(key, ending.outcome, octets) else { return false };
        self.finish(key, sending, octets, ending);
        true
    }

    /// Tells the application the outcome of a message that has been taken out of
    /// its session, and drops its octets.
    fn finish(&mut self, key: MessageKey, sending: Sending, octets: u64, ending: Ending) {
        self.hop.abort(key, ending.tell == Tell::Peer);
        self.events.push(Event::Finished(Box::new(Finished {
            message: key,
            session: key.session(),
            message_id: sending.message_id,
            outcome: ending.outcome,
            chunks: sending.chunks,
            octets,
            accepted: sending.accepted,
            failed: ending.failed,
            response: sending.response,
            reported: sending.reported.iter().collect(),
        })));
    }

    /// Octets of a message that have left, those of the open chunk included.
    pub(super) fn octets_sent(&self, key: MessageKey, sending: &Sending) -> u64 {
        self.hop.message_ref(key).map_or(sending.octets, |leaving| leaving.offset.get())
    }

    /// Gives their outcome to all messages of a session that has ended. A message
    /// that was accepted lacks only its REPORTs (section 7.1.1).
    pub(super) fn finish_all(&mut self, outbox: Outbox, outcome: Outcome, tell: Tell) {
        for (key, sending) in outbox.into_messages() {
            let outcome = if sending.lacks_only_reports() {
                Outcome::Unreported
            } else if sending.lacks_only_silence() {
                Outcome::Sent
            } else {
                outcome
            };
            let octets = self.octets_sent(key, &sending);
            self.finish(key, sending, octets, Ending { outcome, tell, failed: None });
        }
    }
}
