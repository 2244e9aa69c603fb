//! What the applications of a world do, and what they learn.

use std::time::Duration;

use msrp::wire::FailureReport;
use msrp::{
    CloseReason, Event, IncomingKey, MessageKey, Outcome, OutgoingMessage, Path, Received,
    ResponseMode, SendError, SessionConfig, SessionKey, StatusCode,
};

use crate::endurance::app::{Stream, random};
use crate::endurance::ledger::{Entry, assert_content, content, index_of, message_id};
use crate::endurance::plan::{ALICE, BOB, chance, pick, secs};
use crate::endurance::world::World;

impl World {
    // Sessions.

    pub fn open_all(&mut self) {
        for slot in 0..self.plan.slots.len() {
            self.open_slot(slot);
        }
    }

    /// Opens the next session of a slot: Bob expects it, and Alice opens it.
    pub fn open_slot(&mut self, slot: usize) {
        let number = self.opened;
        self.opened += 1;
        let uri = |host: &str| format!("msrp://{host}.example:2855/s{slot}n{number};tcp");
        let [alice, bob] = [uri("alice"), uri("bob")];
        let expected = SessionConfig::expected(bob.parse().unwrap());
        let opened = SessionConfig::new(alice.parse().unwrap(), bob.parse::<Path>().unwrap());
        let plan = self.plan.slots[slot];
        let configure = |config: SessionConfig, side: usize| {
            let taking = plan.sides[side];
            config
                .bind(plan.bind)
                .receive(taking.receive)
                .responses(taking.responses)
                .reports(taking.reports)
                .max_size(taking.max_size)
        };
        self.forget_old_entries(slot);
        self.table.insert(configure(expected, BOB)).expect("old sessions leave the table");
        let end = &mut self.ends[ALICE];
        let key = end.connection.open(configure(opened, ALICE)).expect("there is room");
        end.app.open(key, slot, number);
    }

    /// An application removes what it no longer expects.
    fn forget_old_entries(&mut self, slot: usize) {
        for number in 0..self.opened {
            let uri = format!("msrp://bob.example:2855/s{slot}n{number};tcp");
            self.table.remove(&uri.parse().unwrap());
        }
    }

    /// The other side hears of the end of a session by its signalling.
    pub fn follow_signalling(&mut self) {
        let now = self.now;
        while let Some(at) = self.closing.iter().position(|(due, _)| *due <= now) {
            let (_, number) = self.closing.remove(at);
            for side in [ALICE, BOB] {
                if let Some(key) = self.ends[side].app.numbered(number) {
                    self.close(side, key);
                }
            }
        }
        while let Some(at) = self.reopening.iter().position(|(due, _)| *due <= now) {
            let (_, slot) = self.reopening.remove(at);
            let is_open = self.ends[ALICE].app.session(slot).is_some();
            if !self.ends[ALICE].connection.is_closed() && !is_open {
                self.open_slot(slot);
            }
        }
    }

    fn close(&mut self, side: usize, key: SessionKey) {
        self.tell(|_| format!("{side} closes {key}"));
        // It may have ended before.
        let _ = self.ends[side].connection.close_session(key);
    }

    /// A session has ended at a side: the other one learns it, and another follows.
    fn session_closed(&mut self, slot: usize, number: usize) {
        if self.closing.iter().all(|(_, closing)| *closing != number) {
            let at = self.now + random(&mut self.rng, secs(2));
            self.closing.push((at, number));
            self.reopening.push((at + secs(1), slot));
        }
    }

    // Acting.

    /// What an application does of its own accord. Returns whether it did anything.
    pub fn act(&mut self, side: usize) -> bool {
        if self.ends[side].connection.is_closed() || self.ends[side].app.slow_until > self.now {
            return false;
        }
        let mut has_acted = self.answer(side);
        has_acted |= self.write_streams(side);
        if !self.ends[side].app.is_calm && self.ends[side].app.next_burst <= self.now {
            self.burst(side);
            has_acted = true;
        }
        has_acted
    }

    fn burst(&mut self, side: usize) {
        let plan = self.ends[side].app.plan;
        self.ends[side].app.next_burst = self.now + random(&mut self.rng, plan.pace) + secs(1);
        if !plan.slow.is_zero() && chance(&mut self.rng, 30) {
            let until = self.now + random(&mut self.rng, plan.slow / 2);
            self.tell(|_| format!("{side} is slow until {until:?}"));
            self.ends[side].app.slow_until = until;
        }
        if chance(&mut self.rng, plan.closes) {
            let slot = self.rng.below(self.plan.slots.len() as u64) as usize;
            if let Some(key) = self.ends[side].app.session(slot) {
                self.close(side, key);
            }
        }
        for (slot, len) in std::mem::take(&mut self.ends[side].app.retries) {
            self.send_one(side, slot, len);
        }
        let largest = self.affordable(side, plan.burst, plan.largest);
        for _ in 0..self.rng.below(plan.burst + 1) {
            let slot = self.rng.below(self.plan.slots.len() as u64) as usize;
            let len = pick(&mut self.rng, &[1, 100, 3_000, largest]).min(largest);
            let len = self.rng.below(len + 1) as usize;
            self.send_one(side, slot, len);
        }
        if chance(&mut self.rng, plan.aborts)
            && let Some(stream) = self.ends[side].app.streams.first()
        {
            let key = stream.key;
            let index = self.ledger.find(side, key).unwrap();
            self.ledger.entries[index].is_excused = true;
            let _ = self.ends[side].connection.abort(key);
        }
    }

    /// A burst leaves within half an hour or so, and a world stays small.
    fn affordable(&self, side: usize, burst: u64, largest: u64) -> u64 {
        let most = (self.plan.link.rate[side] * 600).min(1 << 20);
        largest.min(most / burst.max(1)).max(100)
    }

    fn send_one(&mut self, side: usize, slot: usize, len: usize) {
        let plan = self.ends[side].app.plan;
        let failure_report = if chance(&mut self.rng, plan.silent) {
            pick(&mut self.rng, &[FailureReport::No, FailureReport::Partial])
        } else {
            FailureReport::Yes
        };
        let success = chance(&mut self.rng, 20);
        let is_streamed = len > 0 && chance(&mut self.rng, plan.streams);
        let index = self.ledger.entries.len();
        let mut message = if is_streamed {
            let total = chance(&mut self.rng, 50).then_some(len as u64);
            OutgoingMessage::streamed("text/plain".parse().unwrap(), total)
        } else {
            OutgoingMessage::new("text/plain".parse().unwrap(), content(index, len))
        };
        message = message.failure_report(failure_report).success_report(success);
        let Some(key) = self.send(side, slot, message, len) else { return };
        self.ledger.entries[index].failure_report = failure_report;
        if is_streamed {
            self.begin_stream(side, key, index, len);
        }
    }

    /// Sends a message of the next number, if the connection takes it.
    pub fn send(
        &mut self,
        side: usize,
        slot: usize,
        message: OutgoingMessage,
        len: usize,
    ) -> Option<MessageKey> {
        let index = self.ledger.entries.len();
        let message = message.message_id(message_id(index).parse().unwrap());
        let session = self.ends[side].app.session(slot)?;
        let key = match self.ends[side].connection.send(session, message) {
            Ok(key) => key,
            Err(SendError::TooManyMessages { .. } | SendError::UnknownKey(_)) => return None,
            Err(error) => panic!("side {side} cannot send: {error}"),
        };
        self.tell(|_| format!("{side} sends {index} of {len} in {session}"));
        let entry = Entry {
            side,
            len,
            failure_report: FailureReport::Yes,
            sent_at: self.now,
            outcome: None,
            received: 0,
            is_excused: false,
        };
        self.ledger.add(key, entry);
        Some(key)
    }

    fn begin_stream(&mut self, side: usize, key: MessageKey, index: usize, len: usize) {
        let plan = self.ends[side].app.plan;
        let is_left = chance(&mut self.rng, 10);
        let is_left_at = if is_left { self.rng.below(len as u64) as usize } else { usize::MAX };
        let pause = if plan.slow.is_zero() { secs(0) } else { random(&mut self.rng, secs(1)) };
        let piece = pick(&mut self.rng, &[10, 1_000, 16_384]).max(len / 200);
        self.ledger.entries[index].is_excused |= is_left;
        self.ends[side].app.streams.push(Stream {
            key,
            index,
            written: 0,
            len,
            piece,
            next: Some(self.now),
            pause,
            waits_for_room: false,
            is_left_at,
        });
    }

    fn write_streams(&mut self, side: usize) -> bool {
        let mut has_acted = false;
        for at in (0..self.ends[side].app.streams.len()).rev() {
            while self.ends[side].app.streams[at].next.is_some_and(|next| next <= self.now) {
                has_acted = true;
                if !self.write_stream(side, at) {
                    self.ends[side].app.streams.swap_remove(at);
                    break;
                }
            }
        }
        has_acted
    }

    /// Writes the next piece. Returns whether any of the stream is left.
    fn write_stream(&mut self, side: usize, at: usize) -> bool {
        let now = self.now;
        let end = &mut self.ends[side];
        let stream = &mut end.app.streams[at];
        let Ok(mut body) = end.connection.body(stream.key) else { return false };
        if stream.written == stream.len {
            body.finish().expect("the body is whole");
            return false;
        }
        if stream.written >= stream.is_left_at {
            stream.next = None;
            return true;
        }
        let len = stream.piece.min(stream.len - stream.written).min(body.room().max(1));
        let piece = content(stream.index, stream.written + len).split_off(stream.written);
        match body.write(piece) {
            Ok(()) => {
                stream.written += len;
                stream.next = Some(now + stream.pause);
            }
            Err(SendError::Full { .. }) => {
                stream.next = None;
                stream.waits_for_room = true;
            }
            Err(error) => panic!("side {side} cannot write: {error}"),
        }
        true
    }

    fn answer(&mut self, side: usize) -> bool {
        let mut has_acted = false;
        while let Some((due, key)) = self.ends[side].app.unanswered.front().copied()
            && due <= self.now
        {
            has_acted = true;
            self.ends[side].app.unanswered.pop_front();
            let rejects = self.ends[side].app.plan.rejects;
            let connection = &mut self.ends[side].connection;
            // The message may have ended with its session.
            if !self.ends[side].app.is_calm && chance(&mut self.rng, rejects) {
                let status = pick(&mut self.rng, &[400, 403, 408, 413, 423]);
                let _ = connection.reject(key, StatusCode::new(status).unwrap());
            } else {
                let _ = connection.accept(key);
            }
        }
        has_acted
    }

    /// From now on it answers at once and finishes what it has begun.
    pub fn calm_app(&mut self, side: usize) {
        let now = self.now;
        let app = &mut self.ends[side].app;
        app.is_calm = true;
        app.slow_until = app.slow_until.min(now);
        app.unanswered.iter_mut().for_each(|(due, _)| *due = (*due).min(now));
        for stream in &mut app.streams {
            stream.is_left_at = usize::MAX;
            stream.pause = Duration::ZERO;
            if !stream.waits_for_room {
                stream.next = Some(now);
            }
        }
    }

    // Events.

    pub fn event(&mut self, side: usize, event: Event) {
        self.tell(|_| format!("{side} learns {}", shortened(&event)));
        match event {
            Event::SessionOpened { session, .. } => self.session_opened(side, session),
            Event::SessionClosed { session, reason, .. } => {
                if reason == CloseReason::TimedOut {
                    self.session_timed_out(side);
                }
                let app = &mut self.ends[side].app;
                assert!(app.ended.insert(session), "{session} ends twice");
                if let Some((slot, number)) = app.close(session) {
                    self.session_closed(slot, number);
                }
            }
            Event::Message { received, body } => {
                let index = index_of(received.message_id().as_str());
                assert_eq!(body.len(), self.ledger.entries[index].len, "message {index}");
                assert_content(index, 0, &body);
                self.has_whole(side, &received, index);
            }
            Event::MessageStarted { received } => {
                let index = index_of(received.message_id().as_str());
                self.ends[side].app.incoming.insert(received.key(), index);
            }
            Event::Piece { incoming, offset, data } => {
                let index = self.ends[side].app.incoming[&incoming];
                assert_content(index, offset, &data);
            }
            Event::MessageCompleted { received, total } => {
                let index = self.ends[side].app.incoming.remove(&received.key()).unwrap();
                assert_eq!(total, self.ledger.entries[index].len as u64, "message {index}");
                self.has_whole(side, &received, index);
            }
            Event::MessageFailed { received, .. } => {
                self.ends[side].app.incoming.remove(&received.key());
            }
            Event::Finished(finished) => self.finished(side, finished.message, finished.outcome),
            Event::BodyRoom { message } => {
                let now = self.now;
                let streams = &mut self.ends[side].app.streams;
                if let Some(stream) = streams.iter_mut().find(|it| it.key == message)
                    && stream.waits_for_room
                {
                    stream.waits_for_room = false;
                    stream.next = Some(now);
                }
            }
            _ => {}
        }
    }

    fn session_opened(&mut self, side: usize, session: SessionKey) {
        let Ok(config) = self.ends[side].connection.session(session) else { return };
        let id = config.local.session_id().unwrap().to_owned();
        let (slot, number) = id[1..].split_once('n').unwrap();
        let (slot, number) = (slot.parse().unwrap(), number.parse().unwrap());
        self.ends[side].app.open(session, slot, number);
        self.ends[side].app.bound.insert(session);
        if side == BOB && self.ends[ALICE].app.numbered(number).is_none() {
            // It was closed before its first request arrived.
            self.closing.push((self.now + secs(1), number));
        }
    }

    /// An application whose peer does not respond connects again.
    fn session_timed_out(&mut self, side: usize) {
        assert!(!self.plan.is_sound || self.is_calm, "sound, but a session has timed out");
        self.ends[side].connection.close();
    }

    fn has_whole(&mut self, side: usize, received: &Received, index: usize) {
        self.ledger.entries[index].received += 1;
        let Some(slot) = self.ends[side].app.slot(received.session()) else { return };
        if self.plan.slots[slot].sides[side].responses == ResponseMode::Application {
            self.will_answer(side, received.key());
        }
    }

    fn will_answer(&mut self, side: usize, key: IncomingKey) {
        let plan = self.ends[side].app.plan;
        let wait = if self.ends[side].app.is_calm { secs(0) } else { plan.slow / 4 };
        let due = self.now + random(&mut self.rng, wait);
        let unanswered = &mut self.ends[side].app.unanswered;
        let due = unanswered.back().map_or(due, |(last, _)| due.max(*last));
        unanswered.push_back((due, key));
    }

    fn finished(&mut self, side: usize, message: MessageKey, outcome: Outcome) {
        let index = self.ledger.finish(side, message, outcome);
        let entry = &mut self.ledger.entries[index];
        // Its session was closed by an application.
        entry.is_excused |= outcome == Outcome::SessionClosed;
        if matches!(outcome, Outcome::Rejected(StatusCode::NO_SUCH_SESSION)) {
            entry.is_excused = true;
        }
        let wants_retry = matches!(outcome, Outcome::TimedOut | Outcome::Rejected(_));
        let (len, app) = (entry.len, &mut self.ends[side].app);
        if wants_retry && !app.is_calm && app.retries.len() < 4 {
            let slot = self.rng.below(self.plan.slots.len() as u64) as usize;
            app.retries.push((slot, len));
        }
        app.streams.retain(|stream| stream.key != message);
    }
}

fn shortened(event: &Event) -> String {
    let text = format!("{event:?}");
    text.chars().take(220).collect()
}
