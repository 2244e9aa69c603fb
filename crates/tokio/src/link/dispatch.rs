//! From the events of the connection to the sessions that they are for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use msrp::{
    AuthenticationFailure, CloseReason, Event, FailReason, Finished, IncomingKey, MessageKey,
    MsrpUri, Path, Received, Response, SessionKey,
};

use super::arrival::Arrival;
use super::expected::Slot;
use super::notice::Notice;
use super::sending::End;
use super::session::{HEAD_WEIGHT, SessionState};
use super::{Grant, State};
use crate::ended::Ended;

/// What ended during one round of events. Only at its end it is known why.
#[derive(Default)]
struct Ends {
    messages: Vec<Finished>,
    sessions: BTreeMap<SessionKey, (CloseReason, Option<Response>)>,
}

impl State {
    /// Gives every event to the session that it is for.
    pub(super) fn dispatch(&mut self, now: Instant) {
        // Telling an end can end a session, which is an event again.
        while let Some(event) = self.connection.poll_event() {
            let mut ends = Ends::default();
            self.take_event(event, &mut ends);
            while let Some(event) = self.connection.poll_event() {
                self.take_event(event, &mut ends);
            }
            self.tell(ends);
        }
        self.balance(now);
    }

    fn take_event(&mut self, event: Event, ends: &mut Ends) {
        match event {
            Event::SessionOpened { session, remote, response } => {
                self.opened(session, remote, response);
            }
            Event::SessionClosed { session, reason, response } => {
                ends.sessions.insert(session, (reason, response));
            }
            Event::Message { received, body } => {
                let (key, total) = (received.key(), body.len() as u64);
                self.started(received);
                self.piece(key, 0, body);
                self.ended(key, Ok(total));
            }
            Event::MessageStarted { received } => self.started(received),
            Event::Piece { incoming, offset, data } => self.piece(incoming, offset, data),
            Event::MessageCompleted { received, total } => self.ended(received.key(), Ok(total)),
            Event::MessageFailed { received, reason } => {
                tracing::debug!(message = %received.key(), %reason, "incoming message failed");
                self.failed(received, reason);
            }
            Event::Finished(finished) => ends.messages.push(*finished),
            Event::Accepted { message } => self.accepted(message),
            Event::Progress(progress) => {
                if let Some(sending) = self.sending.get(&progress.message) {
                    sending.has_come_to(&progress);
                }
            }
            Event::BodyRoom { message } => {
                if let Some(sending) = self.sending.get_mut(&message) {
                    sending.wake();
                }
            }
            Event::Reported { message, octets } => self.reported(message, octets),
            Event::LateFailure { message, message_id, status, .. } => {
                tracing::warn!(%message, %status, "a message failed after its outcome");
                self.past.failed(message, status);
                self.note(message, || Notice::LateFailure { message_id, status });
            }
            Event::NicknameRequested { session, request, nickname } => {
                self.nickname_requested(session, (request, nickname));
            }
            Event::Nickname { key, outcome, .. } => self.nickname_answered(key, outcome),
            Event::Authenticated { key, route } => self.granted(key, Grant::Granted(route)),
            // That the connection has ended is told at the end, with the reason.
            Event::AuthenticationFailed {
                reason: AuthenticationFailure::ConnectionClosed, ..
            } => {}
            Event::AuthenticationFailed { key, relay, reason } => {
                self.granted(key, Grant::Refused(relay, reason));
            }
            Event::LateSuccess { message, message_id, octets } => {
                tracing::info!(%message, "a message arrived after its outcome");
                self.note(message, || Notice::LateSuccess { message_id, octets });
            }
            Event::Refused(refused) => {
                tracing::debug!(status = ?refused.status, "a request was refused");
                let refused = Arc::new(*refused);
                for session in self.sessions.values() {
                    session.listeners.tell(|| Notice::Refused(Arc::clone(&refused)));
                }
            }
            Event::Tolerated(tolerance) => tracing::debug!(?tolerance, "deviation tolerated"),
            Event::Closed(end) => {
                tracing::debug!(%end, "connection ended");
                self.end = Some(end);
            }
            _ => {}
        }
    }

    fn opened(&mut self, key: SessionKey, remote: Path, response: Option<Response>) {
        tracing::debug!(session = %key, hops = remote.len(), "session open");
        if let Some(session) = self.sessions.get_mut(&key) {
            return session.opened(remote, response);
        }
        let Ok(config) = self.connection.session(key) else { return };
        let Some(slot) = self.expected.take(&config.local) else {
            // Whoever expected it has gone in the meantime.
            let _ = self.connection.close_session(key);
            return;
        };
        if !slot.is_for(self.certificate.as_ref()) {
            let local = config.local.clone();
            return self.refuse_stranger(key, &local, slot);
        }
        let mut session = SessionState::new(slot.max_size, slot.reports);
        session.expected = Some((config.local.clone(), slot.repeats));
        session.opened(remote, response);
        self.sessions.insert(key, session);
        self.was_used = true;
        self.bound.push((key, slot.bound));
    }

    /// Somebody knows the URI of a session who is not its peer, and gets no other either.
    /// The peer may still come.
    fn refuse_stranger(&mut self, key: SessionKey, local: &MsrpUri, slot: Slot) {
        tracing::warn!(session = %key, "the certificate is not that of the session's peer");
        self.connection.close();
        self.expected.put_back(local, slot);
    }

    fn started(&mut self, received: Received) {
        let key = received.key();
        tracing::debug!(
            message = %key, session = %received.session(), id = %received.message_id(),
            "message begins"
        );
        let Some(session) = self.sessions.get_mut(&received.session()) else { return };
        let arrival = Arrival::new(received);
        session.octets += HEAD_WEIGHT;
        session.unannounced += 1;
        session.large += usize::from(arrival.is_large());
        session.arrivals.insert(key);
        let is_ready = arrival.is_ready(self.room.whole);
        self.arrivals.insert(key, arrival);
        if is_ready {
            self.announce(key);
        }
    }

    fn piece(&mut self, key: IncomingKey, offset: u64, octets: Bytes) {
        let Some(arrival) = self.arrivals.get_mut(&key) else { return };
        let key_of_session = arrival.received.session();
        let (len, was_large, was_awaited) =
            (octets.len(), arrival.is_large(), arrival.is_awaited());
        arrival.push(offset, octets);
        if let Some(session) = self.sessions.get_mut(&key_of_session) {
            session.octets += len;
            session.awaited -= usize::from(was_awaited);
            session.large += usize::from(arrival.is_large() && !was_large);
        }
        if arrival.is_ready(self.room.whole) {
            self.announce(key);
        }
        self.weigh(key_of_session);
    }

    fn ended(&mut self, key: IncomingKey, end: Result<u64, FailReason>) {
        let Some(arrival) = self.arrivals.get_mut(&key) else { return };
        let key_of_session = arrival.received.session();
        if let Some(session) = self.sessions.get_mut(&key_of_session) {
            session.awaited -= usize::from(arrival.is_awaited());
            session.large -= usize::from(arrival.is_large());
        }
        arrival.end(end);
        self.announce(key);
        self.weigh(key_of_session);
    }

    /// The rest of a message does not come, or all of it was refused.
    fn failed(&mut self, received: Received, reason: FailReason) {
        let (key, session) = (received.key(), received.session());
        if !self.arrivals.contains_key(&key) {
            let is_refusing = self.sessions.get(&session).is_none_or(|it| it.is_refusing);
            if is_refusing || self.full.contains(&session) {
                // Its sender learns it by the response.
                return;
            }
            self.started(received);
        }
        self.ended(key, Err(reason));
    }

    /// A message goes into the queue of its session.
    pub(super) fn announce(&mut self, key: IncomingKey) {
        let Some(arrival) = self.arrivals.get_mut(&key).filter(|it| !it.is_announced) else {
            return;
        };
        arrival.is_announced = true;
        if let Some(session) = self.sessions.get_mut(&arrival.received.session()) {
            session.unannounced -= 1;
            session.ready.push_back(key);
            session.wake();
        }
    }

    /// What it says is in the progress of the message, too.
    fn reported(&self, key: MessageKey, octets: Range<u64>) {
        if let Some(sending) = self.sending.get(&key) {
            let (message_id, total) = (sending.id, sending.total());
            self.note(key, || Notice::Reported { message_id, octets, total });
        }
    }

    /// Tells the listeners of the session of a message.
    fn note(&self, message: MessageKey, notice: impl FnOnce() -> Notice) {
        if let Some(session) = self.sessions.get(&message.session()) {
            session.listeners.tell(notice);
        }
    }

    fn accepted(&mut self, key: MessageKey) {
        if let Some(sending) = self.sending.get(&key) {
            sending.accepted();
            self.has_left(key.session());
        }
    }

    /// One message less is on its way to the next hop.
    fn has_left(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.leaving = session.leaving.saturating_sub(1);
            session.send_room.notify_waiters();
        }
        self.close_if_released(key);
    }

    /// Tells the handles what has ended, and why.
    fn tell(&mut self, ends: Ends) {
        for finished in ends.messages {
            let key = finished.message;
            tracing::debug!(
                message = %key, id = %finished.message_id, outcome = %finished.outcome,
                octets = finished.octets, chunks = finished.chunks,
                "message sent"
            );
            let closed = ends.sessions.get(&key.session());
            let ended = closed.map(|(reason, response)| self.why(*reason, response.clone()));
            let Some(mut sending) = self.sending.remove(&key) else { continue };
            if let Some(session) = self.sessions.get_mut(&key.session()) {
                session.watched.remove(&key);
            }
            let was_accepted = sending.is_accepted();
            self.note(key, || Notice::Finished(Arc::new(finished.clone())));
            let failed = sending.failed.take();
            self.past.remember(key, sending.end(End { finished, ended, failed }));
            if was_accepted {
                self.close_if_released(key.session());
            } else {
                self.has_left(key.session());
            }
        }
        for (key, (reason, response)) in ends.sessions {
            let ended = self.why(reason, response);
            tracing::debug!(session = %key, %ended, "session ended");
            // It holds nobody back any more.
            self.full.remove(&key);
            if let Some(session) = self.sessions.get_mut(&key) {
                session.end(ended);
                // The next session needs a new URI (RFC 4975 section 5.4).
                if let Some((local, repeats)) = session.expected.take()
                    && !(repeats && is_free_again(reason))
                {
                    self.expected.forget(&local);
                }
            }
            self.close_if_released(key);
        }
        if self.end.is_some() && !self.routes.is_empty() {
            let ended = self.why(CloseReason::ConnectionClosed, None);
            self.lose_routes(&Arc::new(ended));
        }
    }

    fn why(&self, reason: CloseReason, response: Option<Response>) -> Ended {
        Ended {
            reason,
            response,
            connection: self.end.clone(),
            transport: self.error.clone(),
            hop: self.hop.clone(),
        }
    }

    /// When a connection ends that nothing uses any more.
    pub(super) fn idle_ends(&mut self, now: Instant) -> Option<Instant> {
        let is_used = self.connection.sessions().next().is_some() || !self.routes.is_empty();
        if is_used || !self.was_used || self.connection.is_closed() {
            self.idle_since = None;
            return None;
        }
        self.idle_since.get_or_insert(now).checked_add(self.idle_timeout)
    }
}

/// Whether the connection has left the URI of a session in the table: chunks that are still
/// on their way do not bind it anew.
const fn is_free_again(reason: CloseReason) -> bool {
    matches!(reason, CloseReason::ConnectionClosed | CloseReason::Silent)
}
