//! The events of the applications, checked against what was sent.

use std::time::Duration;

use bytes::Bytes;
use msrp::wire::FailureReport;
use msrp::{
    CloseReason, ConnectionEnd, Event, FailReason, Finished, IncomingKey, Outcome, Path,
    ReceiveMode, Received, ReportMode, SessionKey, StatusCode, Tolerance,
};

use crate::ledger::{Incoming, SERIAL, Sent};
use crate::plan::{Kind, chance};
use crate::world::{World, name};

impl World {
    /// The application of a side takes events. Returns whether there were any.
    pub fn events(&mut self, side: usize) -> bool {
        if self.step < self.sides[side].slow_until {
            return false;
        }
        let max = if self.rng.below(3) == 0 { 1 + self.rng.below(4) } else { u64::MAX };
        let (mut count, mut incoming, mut octets, mut largest) = (0, 0, 0, 0);
        while count < max
            && let Some(event) = self.sides[side].connection.poll_event()
        {
            count += 1;
            assert!(!self.sides[side].is_closed, "an event after Event::Closed: {event:?}");
            let len = held_octets(&event);
            octets += len;
            largest = largest.max(len);
            incoming += usize::from(is_of_incoming(&event));
            self.tell(|_| format!("{} hears {event:?}", name(side)));
            if self.is_recording() {
                self.record(&format!("{event:?}"));
            }
            self.event(side, event);
        }
        self.check_event_bound(side, incoming, octets - largest);
        count > 0
    }

    /// The events that wait exceed the limits by those of one frame at most.
    fn check_event_bound(&self, side: usize, events: usize, octets: usize) {
        let limits = &self.plan.configs[side].limits;
        assert!(octets <= limits.event_octets, "{octets} octets in events");
        let slack = 4 + self.plan.sessions.len() * limits.incoming_messages;
        assert!(events <= limits.events.saturating_add(slack), "{events} events");
    }

    fn event(&mut self, side: usize, event: Event) {
        if self.is_hostile() {
            return self.hostile_event(side, event);
        }
        match event {
            Event::SessionOpened { session, remote, .. } => {
                self.session_opened(side, session, &remote)
            }
            Event::SessionClosed { session, reason, .. } => {
                self.session_closed(side, session, reason);
            }
            Event::Message { received: message, body } => self.message(side, &message, &body),
            Event::MessageStarted { received: message } => {
                self.started(side, &message);
            }
            Event::Piece { incoming: message, offset, data } => {
                self.piece(side, message, offset, &data)
            }
            Event::MessageCompleted { received: message, total } => {
                self.pieces_end(side, &message, total)
            }
            Event::MessageFailed { received: message, reason } => {
                self.failed(side, &message, reason)
            }
            Event::Finished(outcome) => self.outcome(side, *outcome),
            Event::Reported { message, octets } => {
                let sent = &self.ledger[self.sides[side].by_key[&message]];
                let is_asked = sent.success_report || self.was_asked_before(sent);
                assert!(is_asked, "a REPORT that was not asked for");
                assert!(octets.end <= sent.given as u64);
                assert!(sent.outcome.is_none(), "a REPORT after the outcome");
            }
            Event::LateFailure { .. } => {}
            Event::BodyRoom { message } => {
                let serial = self.sides[side].by_key[&message];
                self.ledger[serial].awaits_room = false;
                self.ledger[serial].presses = false;
            }
            Event::NicknameRequested { request, nickname, .. } => {
                self.nickname_requested(side, request, nickname.as_ref());
            }
            Event::Nickname { key, outcome, .. } => self.nickname_settled(side, key, outcome),
            // A source that repeats itself draws ids of completed requests again.
            Event::Tolerated(Tolerance::ReportReusesTransactionId)
                if self.plan.kind == Kind::Repeating => {}
            Event::Tolerated(tolerance) => panic!("{tolerance:?} is needed for our own octets"),
            Event::Closed(end) => {
                self.sides[side].is_closed = true;
                self.sides[side].is_stalled = end == ConnectionEnd::Stalled;
            }
            _ => {}
        }
    }

    /// Whether a late REPORT could be on another message of that Message-ID.
    fn has_namesake(&self, sent: &Sent) -> bool {
        self.ledger.iter().any(|other| other.is_resent && other.message_id == sent.message_id)
    }

    /// Whether an earlier message of that Message-ID asked for REPORTs.
    fn was_asked_before(&self, sent: &Sent) -> bool {
        self.ledger.iter().any(|other| {
            other.is_resent && other.success_report && other.message_id == sent.message_id
        })
    }

    fn hostile_event(&mut self, side: usize, event: Event) {
        match event {
            Event::SessionOpened { session, remote, .. } => {
                self.session_opened(side, session, &remote)
            }
            Event::SessionClosed { session, reason, .. } => {
                self.session_closed(side, session, reason);
            }
            Event::Message { received: message, .. }
            | Event::MessageCompleted { received: message, .. } => {
                self.sides[side].to_report.push((message, 1));
            }
            Event::MessageStarted { received: message } => {
                let incoming =
                    Incoming { key: message.key(), serial: 0, seen: Vec::new(), is_over: false };
                self.sides[side].incoming.insert(message.key(), incoming);
            }
            Event::Finished(outcome) => {
                self.only_outcome(side, *outcome);
            }
            Event::NicknameRequested { request, nickname, .. } => {
                self.nickname_requested(side, request, nickname.as_ref());
            }
            Event::Nickname { key, outcome, .. } => self.nickname_settled(side, key, outcome),
            Event::BodyRoom { message } => {
                let serial = self.sides[side].by_key[&message];
                self.ledger[serial].awaits_room = false;
                self.ledger[serial].presses = false;
            }
            Event::Closed(end) => {
                self.sides[side].is_closed = true;
                self.sides[side].is_stalled = end == ConnectionEnd::Stalled;
            }
            _ => {}
        }
    }

    fn session_opened(&mut self, side: usize, id: SessionKey, remote: &Path) {
        let sessions = &self.plan.sessions;
        let index =
            sessions.iter().position(|session| session.uris[1 - side].view() == remote.first());
        let Some(index) = index else {
            assert!(self.is_hostile(), "a session that is not in the plan");
            return;
        };
        assert!(sessions[index].opener == side || sessions[index].is_expected);
        // req: 4975-5.4-14
        let is_first = |(known, of): (&SessionKey, &usize)| *of != index || *known == id;
        assert!(self.sides[side].known.iter().all(is_first), "a session is bound again");
        self.sides[side].sessions.insert(index, id);
        self.sides[side].known.insert(id, index);
    }

    fn session_closed(&mut self, side: usize, id: SessionKey, reason: CloseReason) {
        assert!(self.sides[side].connection.session(id).is_err());
        let Some(index) = self.sides[side].known.get(&id).copied() else { return };
        self.sides[side].sessions.remove(&index);
        self.sides[side].ended_sessions.insert(index);
        self.sides[side].ending.push(index);
        let is_refused = matches!(reason, CloseReason::Rejected(_));
        let peer = &self.sides[1 - side].connection;
        let uri = &self.plan.sessions[index].uris[1 - side];
        let mut there = peer.sessions().filter_map(|id| peer.session(id).ok());
        let may_be = !there.any(|config| config.local == *uri)
            || !self.plan.sessions[index].is_expected
            || self.sides[1 - side].ended_sessions.contains(&index)
            || self.is_hostile()
            || !self.sides[1 - side].known.values().any(|known| *known == index);
        assert!(!is_refused || may_be, "{reason:?} for a session that is there");
    }

    fn serial_of(&self, side: usize, received: &Received) -> usize {
        let (_, value) =
            received.head().headers().find(|(name, _)| *name == SERIAL).expect("our own message");
        let serial = value.parse().unwrap();
        let sent: &Sent = &self.ledger[serial];
        assert_eq!(sent.side, 1 - side);
        assert_eq!(sent.message_id.as_ref(), Some(received.message_id()));
        if received.content_type() != sent.content_type {
            panic!("Content-Type {:?}", received.content_type());
        }
        if let Some(session) = self.sides[side].known.get(&received.session()) {
            assert_eq!(*session, sent.session, "a message of another session");
        }
        serial
    }

    fn message(&mut self, side: usize, received: &Received, body: &Bytes) {
        let serial = self.serial_of(side, received);
        let sent = &self.ledger[serial];
        let taking = &self.plan.sessions[sent.session].sides[side];
        assert_eq!(taking.receive, ReceiveMode::Whole);
        assert!(body.len() as u64 <= taking.max_size, "above the size that is taken");
        // req: 4975-7.1-11 4975-7.3.1-1 4975-7.3.1-2
        assert!(sent.whole() == Some(body), "{serial} is delivered with other octets");
        self.completed(side, serial, received);
    }

    fn started(&mut self, side: usize, received: &Received) {
        let serial = self.serial_of(side, received);
        let seen = vec![false; self.ledger[serial].body.len()];
        let incoming = Incoming { key: received.key(), serial, seen, is_over: false };
        let before = self.sides[side].incoming.insert(received.key(), incoming);
        assert!(before.is_none(), "a message starts twice");
    }

    fn piece(&mut self, side: usize, key: IncomingKey, offset: u64, data: &Bytes) {
        let incoming = self.sides[side].incoming.get_mut(&key).expect("it has started");
        assert!(!incoming.is_over && !data.is_empty());
        let sent = &self.ledger[incoming.serial];
        let places = usize::try_from(offset).unwrap()..offset as usize + data.len();
        assert!(sent.body.get(places.clone()) == Some(data), "octets at {offset} are others");
        incoming.seen[places].fill(true);
    }

    // req: 4975-7.3.1-3
    fn pieces_end(&mut self, side: usize, received: &Received, total: u64) {
        let incoming = self.sides[side].incoming.get_mut(&received.key()).expect("has started");
        assert!(!std::mem::replace(&mut incoming.is_over, true), "a message ends twice");
        let serial = incoming.serial;
        let whole = self.ledger[serial].whole().expect("its end has left");
        assert_eq!(total, whole.len() as u64);
        assert!(incoming.seen[..whole.len()].iter().all(|seen| *seen), "octets are missing");
        self.completed(side, serial, received);
    }

    // req: 4975-5.4-16 4975-5.4-17
    fn completed(&mut self, side: usize, serial: usize, received: &Received) {
        self.ledger[serial].completed += 1;
        let entry = (received.session(), *received.message_id());
        let of_session: Vec<_> =
            self.sides[side].completed.iter().filter(|other| other.0 == entry.0).collect();
        let remembered = self.plan.configs[side].limits.remembered_messages;
        let came_before = of_session.contains(&&entry);
        let is_remembered = of_session.iter().rev().take(remembered).any(|other| **other == entry);
        // A refused message has not been received.
        let is_known = is_remembered && self.responses.is_none();
        let is_known = is_known || self.another_waits(side, received);
        assert!(!is_known || received.is_duplicate(), "a duplicate without its mark");
        assert!(came_before || !received.is_duplicate(), "{serial} is called a duplicate");
        self.sides[side].completed.push_back(entry);
        self.message_waits(side, received, serial);
        let session = &self.plan.sessions[self.ledger[serial].session].sides[side];
        let is_manual = session.reports == ReportMode::Manual;
        if is_manual || chance(&mut self.rng, 3) {
            let total = self.ledger[serial].body.len() as u64;
            self.sides[side].to_report.push((received.clone(), total));
        }
    }

    // req: 4975-7.3.1-7 4975-10.5-1 4975-10.6-1
    fn failed(&mut self, side: usize, received: &Received, reason: FailReason) {
        let serial = self.serial_of(side, received);
        if let Some(incoming) = self.sides[side].incoming.get_mut(&received.key()) {
            assert!(!std::mem::replace(&mut incoming.is_over, true), "a message ends twice");
        }
        let sent = &self.ledger[serial];
        let taking = &self.plan.sessions[sent.session].sides[side];
        let limits = &self.plan.configs[side].limits;
        let size = sent.total.unwrap_or(0).max(sent.body.len() as u64);
        let is_right = match reason {
            FailReason::Aborted => sent.was_aborted || self.has_ended(sent),
            FailReason::TooLarge => size > taking.max_size,
            FailReason::TooManyRanges => limits.message_ranges == 0,
            FailReason::TooManyMessages => {
                limits.incoming_messages < 64 || self.responses.is_some()
            }
            FailReason::NoRoom => limits.incoming_octets < 1 << 20,
            FailReason::Evicted => {
                limits.incoming_messages < 64 || limits.incoming_octets < 1 << 20
            }
            FailReason::Duplicate => received.is_duplicate(),
            FailReason::TimedOut => self.now > self.plan.configs[side].incoming_timeout,
            FailReason::UnsupportedType => !taking.takes(sent.content_type),
            FailReason::Rejected => self.sides[side].rejected.contains(&serial),
            FailReason::SessionClosed => true,
            FailReason::Inconsistent => false,
            _ => false,
        };
        assert!(is_right, "{serial} failed for {reason:?}");
    }

    /// Whether its sender may have aborted it without a call of the application.
    fn has_ended(&self, sent: &Sent) -> bool {
        sent.outcome.is_some()
            || sent.is_resent
            || self.sides[sent.side]
                .connection
                .progress(sent.key)
                .map_or(true, |progress| progress.has_left)
    }

    fn only_outcome(&mut self, side: usize, outcome: Finished) -> usize {
        let serial = self.sides[side].by_key[&outcome.message];
        let sent = &mut self.ledger[serial];
        assert!(sent.outcome.is_none(), "{serial} has two outcomes");
        sent.outcome = Some(outcome);
        serial
    }

    // req: 4975-7.1.1-7 4975-7.1.1-8 4975-7.1.3-1
    fn outcome(&mut self, side: usize, outcome: Finished) {
        let serial = self.only_outcome(side, outcome.clone());
        self.wire.writers[side].message_ended(serial);
        let sent = &self.ledger[serial];
        assert_eq!(outcome.session, sent.id);
        assert!(sent.message_id.is_none_or(|id| id == outcome.message_id));
        assert!(outcome.octets <= sent.given as u64);
        let wants_answers = sent.failure_report == FailureReport::Yes;
        let is_right = match outcome.outcome {
            Outcome::Accepted => !sent.success_report && wants_answers,
            Outcome::Sent => sent.failure_report != FailureReport::Yes,
            Outcome::Delivered => sent.success_report && covers(&outcome, sent.body.len() as u64),
            Outcome::Unreported => sent.success_report,
            Outcome::Aborted => sent.was_aborted,
            Outcome::Rejected(status) => {
                self.wire.writers[side].was_refused(serial, status) || self.has_namesake(sent)
            }
            Outcome::TimedOut => self.has_waited(side, serial),
            Outcome::SessionClosed => true,
            Outcome::ConnectionLost => self.sides[side].connection.is_closed(),
            _ => false,
        };
        assert!(is_right, "{serial} cannot be {:?}", outcome.outcome);
        if outcome.outcome == Outcome::Rejected(StatusCode::UNSUPPORTED_MEDIA_TYPE) {
            let taking = &self.plan.sessions[sent.session].sides[1 - side];
            assert!(!taking.takes(sent.content_type));
        }
    }

    /// Whether a chunk has waited for its response for as long as it may.
    fn has_waited(&self, side: usize, serial: usize) -> bool {
        let timeout = self.plan.configs[side].transaction_timeout;
        self.wire.writers[side].requests.iter().any(|request| {
            request.serial == Some(serial)
                && request.failure_report == FailureReport::Yes
                && request.ended.is_some_and(|ended| ended + timeout <= self.now)
        }) || self.wire.writers[side].was_refused(serial, StatusCode::TIMEOUT)
            || self.has_not_left_in_time(side, serial)
    }

    /// Whether octets of a message may have waited for too long to leave.
    fn has_not_left_in_time(&self, side: usize, serial: usize) -> bool {
        let sent = &self.ledger[serial];
        let (left, _) = self.wire.writers[side].progress(serial);
        let is_overdue =
            sent.progress_timeout.is_some_and(|timeout| sent.begun + timeout <= self.now);
        is_overdue && (left < sent.given as u64 || left == 0 || !sent.is_finished)
    }

    pub fn progress_timeout(&mut self) -> Option<Duration> {
        chance(&mut self.rng, 60).then(|| Duration::from_millis(5_000 + self.rng.below(120_000)))
    }

    pub fn report_timeout(&mut self) -> Option<Duration> {
        chance(&mut self.rng, 60).then(|| Duration::from_millis(self.rng.below(20_000)))
    }
}

fn covers(outcome: &Finished, total: u64) -> bool {
    match &outcome.reported[..] {
        [] => total == 0,
        [range] => range.start == 0 && range.end == total,
        _ => false,
    }
}

/// Octets that an event holds on behalf of the peer.
const fn held_octets(event: &Event) -> usize {
    match event {
        Event::Message { body, .. } => body.len(),
        Event::Piece { data, .. } => data.len(),
        _ => 0,
    }
}

const fn is_of_incoming(event: &Event) -> bool {
    matches!(
        event,
        Event::Message { .. }
            | Event::MessageStarted { .. }
            | Event::Piece { .. }
            | Event::MessageCompleted { .. }
            | Event::MessageFailed { .. }
    )
}
