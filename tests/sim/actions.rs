//! The actions of the applications.

use bytes::Bytes;
use msrp::wire::{ByteRange, FailureReport};
use msrp::{Bind, MessageId, OutgoingMessage, SendError, SessionError, StatusCode};

use crate::ledger::{SERIAL, Sent};
use crate::plan::{BOB, Kind, TYPES, chance, pick};
use crate::world::{World, name};

impl World {
    /// One action of the application of a side.
    pub fn act(&mut self, side: usize) {
        match self.rng.below(100) {
            0..8 => self.open(side),
            8..35 => self.send_new(side, false),
            35..50 => self.send_new(side, true),
            50..72 => self.give_octets(side),
            72..76 => self.send_again(side),
            76..81 => self.abort(side),
            81..86 => self.reject(side),
            86..94 => self.report(side),
            94..97 => {
                let steps = 1 + self.rng.below(150);
                self.sides[side].slow_until = self.step + steps;
            }
            97 => self.close_some_session(side),
            98 => self.misuse(side),
            _ if chance(&mut self.rng, 8) => self.close(side),
            _ => {}
        }
    }

    fn open(&mut self, side: usize) {
        let count = self.plan.sessions.len() as u64;
        let index = self.rng.below(count) as usize;
        if self.plan.sessions[index].opener != side {
            return;
        }
        let state = &self.sides[side];
        if state.ended_sessions.contains(&index) || state.known.values().any(|i| *i == index) {
            return;
        }
        let config = self.plan.sessions[index].config(side, true, Bind::Bodiless);
        let was_bound = self.wire.writers[1 - side].taken > 0;
        let opened = self.sides[side].connection.open(config);
        self.tell(|_| format!("{} opens session {index}: {opened:?}", name(side)));
        match opened {
            Ok(id) => {
                assert!(
                    side != BOB || was_bound || self.is_hostile(),
                    "the passive side speaks first"
                );
                self.sides[side].known.insert(id, index);
                self.sides[side].sessions.insert(index, id);
            }
            Err(SessionError::NotBound) => assert_eq!(side, BOB),
            Err(SessionError::Closed) => assert!(self.sides[side].connection.is_closed()),
            Err(error) => panic!("{error}"),
        }
    }

    fn some_session(&mut self, side: usize) -> Option<usize> {
        let known: Vec<usize> = self.sides[side].known.values().copied().collect();
        if known.is_empty() { None } else { Some(pick(&mut self.rng, &known)) }
    }

    fn send_new(&mut self, side: usize, is_streamed: bool) {
        let Some(session) = self.some_session(side) else { return };
        let mut body = self.body(side);
        if is_streamed && self.plan.configs[side].limits.body_writer_octets < 100 {
            body.truncate(2_500);
        }
        let total = (is_streamed && chance(&mut self.rng, 50)).then_some(body.len() as u64);
        let content_type = pick(&mut self.rng, &TYPES);
        // A source that repeats itself draws the same Message-ID again.
        let needs_id = self.plan.kind == Kind::Repeating || chance(&mut self.rng, 50);
        let message_id = needs_id
            .then(|| MessageId::new(&format!("m{}-{:x}", self.ledger.len(), self.step)).unwrap());
        self.send(side, session, body, is_streamed, total, content_type, message_id);
    }

    /// Sends a message with a Message-ID that was used before.
    fn send_again(&mut self, side: usize) {
        let known: Vec<usize> = (0..self.ledger.len())
            .filter(|serial| {
                let sent = &self.ledger[*serial];
                sent.side == side && sent.message_id.is_some() && sent.is_finished
            })
            .collect();
        if known.is_empty() {
            return;
        }
        let before = &mut self.ledger[pick(&mut self.rng, &known)];
        before.is_resent = true;
        let (session, body) = (before.session, before.body.clone());
        let (content_type, message_id) = (before.content_type, before.message_id);
        self.send(side, session, body, false, None, content_type, message_id);
    }

    #[expect(clippy::too_many_arguments, reason = "what a message is made of")]
    fn send(
        &mut self,
        side: usize,
        session: usize,
        body: Bytes,
        is_streamed: bool,
        total: Option<u64>,
        content_type: &'static str,
        message_id: Option<MessageId>,
    ) {
        let known = &self.sides[side].known;
        let id = *known.iter().rfind(|(_, index)| **index == session).unwrap().0;
        let serial = self.ledger.len();
        let media_type = content_type.parse().unwrap();
        let mut message = if is_streamed {
            OutgoingMessage::streamed(media_type, total)
        } else {
            OutgoingMessage::new(media_type, body.clone())
        };
        let failure_report = pick(
            &mut self.rng,
            &[FailureReport::Yes, FailureReport::Yes, FailureReport::Partial, FailureReport::No],
        );
        let success_report = chance(&mut self.rng, 40);
        let report_timeout = self.report_timeout();
        message = message
            .header(SERIAL, serial.to_string())
            .failure_report(failure_report)
            .success_report(success_report);
        if let Some(id) = message_id {
            message = message.message_id(id);
        }
        message.report_timeout = report_timeout;
        let progress_timeout = self.progress_timeout();
        message.progress_timeout = progress_timeout;
        let sent = self.sides[side].connection.send(id, message);
        self.tell(|_| {
            format!(
                "{} sends {serial} of {} octets in session {session}, streamed {is_streamed}, \
                 total {total:?}, {failure_report:?}, success {success_report}: {sent:?}",
                name(side),
                body.len()
            )
        });
        let size = if is_streamed { total } else { Some(body.len() as u64) };
        let key = match sent {
            Ok(key) => key,
            Err(error) => {
                return self.check_send_error(
                    side,
                    session,
                    &error,
                    size,
                    content_type,
                    message_id,
                );
            }
        };
        let peer = &self.plan.sessions[session].sides[1 - side];
        assert!(!peer.is_told || size.is_none_or(|size| size <= peer.max_size));
        assert!(!peer.is_told || peer.takes(content_type));
        let is_first = self.sides[side].by_key.insert(key, serial).is_none();
        assert!(is_first, "a key is used twice");
        self.ledger.push(Sent {
            side,
            session,
            id,
            key,
            message_id,
            content_type,
            given: if is_streamed { 0 } else { body.len() },
            total: if is_streamed { total } else { Some(body.len() as u64) },
            body,
            is_streamed,
            is_finished: !is_streamed,
            awaits_room: false,
            presses: false,
            success_report,
            failure_report,
            report_timeout,
            progress_timeout,
            begun: self.now,
            was_aborted: false,
            is_resent: false,
            outcome: None,
            completed: 0,
        });
    }

    fn check_send_error(
        &self,
        side: usize,
        session: usize,
        error: &SendError,
        size: Option<u64>,
        content_type: &str,
        message_id: Option<MessageId>,
    ) {
        let peer = &self.plan.sessions[session].sides[1 - side];
        let limit = self.plan.configs[side].limits.outgoing_messages;
        let mut others =
            self.ledger.iter().filter(|sent| sent.side == side && sent.session == session);
        let is_right = match error {
            SendError::UnknownKey(_) => {
                let known = &self.sides[side].known;
                let id = *known.iter().rfind(|(_, index)| **index == session).unwrap().0;
                self.sides[side].connection.session(id).is_err()
            }
            SendError::TypeNotAccepted(_) => !peer.takes(content_type) || self.is_hostile(),
            SendError::TooLarge { max } => {
                peer.is_told && *max == peer.max_size && size.is_some_and(|size| size > *max)
            }
            SendError::MessageIdInUse => {
                others.any(|sent| sent.message_id == message_id && sent.outcome.is_none())
            }
            SendError::TooManyMessages { .. } => {
                others.filter(|sent| sent.outcome.is_none()).count() >= limit
            }
            _ => false,
        };
        assert!(is_right, "send says {error:?}");
    }

    /// Octets that may or may not mean something to a decoder.
    fn body(&mut self, side: usize) -> Bytes {
        let len = match self.rng.below(20) {
            0 => 0,
            1..9 => self.rng.below(200),
            9..14 => self.rng.below(2_100),
            14..16 => 2_046 + self.rng.below(5),
            16..19 => self.rng.below(9_000),
            _ => self.rng.below(50_000),
        } as usize;
        let writers = &self.wire.writers;
        let lines: Vec<Vec<u8>> = writers[side]
            .ids()
            .chain(writers[1 - side].ids())
            .map(|id| format!("\r\n-------{}$\r\n", id.as_str()).into_bytes())
            .collect();
        let flavour = self.rng.below(5);
        let mut body = Vec::with_capacity(len + 50);
        while body.len() < len {
            match flavour {
                0 => body.extend_from_slice(&self.rng.next().to_le_bytes()),
                1 => body.extend_from_slice(b"\r\n-------"),
                2 if !lines.is_empty() => {
                    let line = &lines[self.rng.below(lines.len() as u64) as usize];
                    let from = self.rng.below(10) as usize;
                    body.extend_from_slice(&line[from..]);
                }
                3 => body.push(b"-\r\n$+#ab"[self.rng.below(8) as usize]),
                _ => body.extend_from_slice(b"What a fine day it is, "),
            }
        }
        body.truncate(len);
        body.into()
    }

    fn open_stream(&mut self, side: usize) -> Option<usize> {
        let open: Vec<usize> = (0..self.ledger.len())
            .filter(|serial| {
                let sent = &self.ledger[*serial];
                sent.side == side
                    && sent.is_streamed
                    && !sent.is_finished
                    && !sent.was_aborted
                    && sent.outcome.is_none()
            })
            .collect();
        if open.is_empty() { None } else { Some(pick(&mut self.rng, &open)) }
    }

    fn give_octets(&mut self, side: usize) {
        let Some(serial) = self.open_stream(side) else { return };
        match self.rng.below(12) {
            0 => self.finish(serial),
            1 => self.write_too_much(serial),
            _ => {
                let len = match self.rng.below(3) {
                    0 => self.rng.below(10),
                    1 => self.rng.below(2_500),
                    _ => u64::MAX,
                };
                self.give(serial, usize::try_from(len).unwrap());
            }
        }
    }

    /// Gives a writer at most this many octets. Returns whether it took some.
    fn give(&mut self, serial: usize, max: usize) -> bool {
        let sent = &mut self.ledger[serial];
        if sent.awaits_room {
            return false;
        }
        let limit = self.plan.configs[sent.side].limits.body_writer_octets;
        let connection = &mut self.sides[sent.side].connection;
        let left = connection.progress(sent.key).map_or(0, |progress| progress.left as usize);
        let Ok(mut writer) = connection.body(sent.key) else { return false };
        let room = writer.room();
        assert!(sent.given - left + room <= limit, "a writer takes more than its limit");
        let mut len = max.min(sent.body.len() - sent.given);
        if len > room && chance(&mut self.rng, 70) {
            len = room;
        }
        let piece = sent.body.slice(sent.given..sent.given + len);
        match writer.write(piece) {
            Ok(()) => {
                sent.given += len;
                // An application that fills it waits for the event.
                sent.awaits_room = len > 0 && len == room;
                len > 0
            }
            Err(SendError::Full { room: said }) => {
                assert!(said == room && len > room);
                sent.presses = true;
                // Waiting helps only if the piece fits into half of it.
                sent.awaits_room = len <= limit / 2;
                !sent.awaits_room
            }
            Err(SendError::TooLarge { max }) => {
                assert!((sent.given + len) as u64 > max);
                self.abort_message(serial);
                true
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn write_too_much(&mut self, serial: usize) {
        let sent = &self.ledger[serial];
        let Some(total) = sent.total else { return };
        let surplus = vec![b'x'; total as usize - sent.given + 1];
        let Ok(mut writer) = self.sides[sent.side].connection.body(sent.key) else { return };
        assert_eq!(writer.write(surplus), Err(SendError::BeyondTotal { total }));
    }

    /// Finishes a stream where it is, if it may end there.
    fn finish(&mut self, serial: usize) {
        let sent = &mut self.ledger[serial];
        let Ok(writer) = self.sides[sent.side].connection.body(sent.key) else { return };
        match writer.finish() {
            Ok(()) => {
                sent.body.truncate(sent.given);
                sent.is_finished = true;
                assert!(sent.total.is_none_or(|total| total == sent.given as u64));
                assert!(self.sides[sent.side].connection.body(sent.key).is_err());
            }
            Err(SendError::Short { missing }) => {
                assert_eq!(sent.total, Some(sent.given as u64 + missing));
            }
            Err(error) => panic!("{error}"),
        }
        self.tell(|world| format!("{serial} is finished: {}", world.ledger[serial].is_finished));
    }

    /// Gives the rest of every stream. Returns whether anything moved.
    pub fn finish_streams(&mut self, side: usize) -> bool {
        let mut moved = false;
        for serial in 0..self.ledger.len() {
            let sent = &self.ledger[serial];
            if sent.side != side || sent.is_finished || sent.was_aborted || sent.outcome.is_some() {
                continue;
            }
            if sent.given < sent.body.len() {
                moved |= self.give(serial, usize::MAX);
            } else {
                self.finish(serial);
                moved |= self.ledger[serial].is_finished;
            }
        }
        moved
    }

    fn abort(&mut self, side: usize) {
        let open: Vec<usize> = (0..self.ledger.len())
            .filter(|serial| self.ledger[*serial].side == side)
            .filter(|serial| self.ledger[*serial].outcome.is_none())
            .collect();
        if !open.is_empty() {
            let serial = pick(&mut self.rng, &open);
            self.abort_message(serial);
        }
    }

    fn abort_message(&mut self, serial: usize) {
        let sent = &mut self.ledger[serial];
        if self.sides[sent.side].connection.abort(sent.key).is_ok() {
            sent.was_aborted = true;
            self.tell(|_| format!("{serial} is aborted"));
        }
    }

    fn reject(&mut self, side: usize) {
        let coming: Vec<_> = self.sides[side]
            .incoming
            .values()
            .filter(|incoming| !incoming.is_over)
            .map(|incoming| (incoming.key, incoming.serial))
            .collect();
        if coming.is_empty() {
            return;
        }
        let (key, serial) = pick(&mut self.rng, &coming);
        let status = pick(&mut self.rng, &[StatusCode::STOP_SENDING, StatusCode::FORBIDDEN]);
        self.sides[side].rejected.insert(serial);
        let was_coming = self.sides[side].connection.reject(key, status).is_ok();
        self.tell(|_| format!("{} rejects {serial}: {was_coming}", name(side)));
    }

    fn report(&mut self, side: usize) {
        let Some((received, total)) = self.sides[side].to_report.pop() else { return };
        let is_open = self.sides[side].connection.session(received.session()).is_ok();
        let wanted = received.head().success_report();
        if chance(&mut self.rng, 5) {
            let status = pick(&mut self.rng, &[StatusCode::STOP_SENDING, StatusCode::FORBIDDEN]);
            let wanted = received.head().failure_report() != FailureReport::No;
            let range = ByteRange::whole(total);
            let result = self.sides[side].connection.report(&received, status, range);
            assert_eq!(result.is_ok(), wanted && is_open);
            return;
        }
        let cut = self.rng.below(total + 1);
        for (start, end) in [(cut, total), (0, cut)] {
            if start < end || total == 0 {
                let range = ByteRange::new(start + 1, Some(end), Some(total)).unwrap();
                let connection = &mut self.sides[side].connection;
                let result = connection.report(&received, StatusCode::OK, range);
                assert_eq!(result.is_ok(), wanted && is_open);
            }
        }
        self.tell(|_| format!("{} reports on {:?}", name(side), received.message_id()));
    }

    fn close_some_session(&mut self, side: usize) {
        let open: Vec<usize> = self.sides[side].sessions.keys().copied().collect();
        if !open.is_empty() && chance(&mut self.rng, 50) {
            let session = pick(&mut self.rng, &open);
            self.close_session(side, session);
        }
    }

    pub fn close_session(&mut self, side: usize, session: usize) {
        let id = self.sides[side].sessions[&session];
        let was_open = self.sides[side].connection.close_session(id).is_ok();
        self.tell(|_| format!("{} closes session {session}: {was_open}", name(side)));
        self.sides[side].ended_sessions.insert(session);
        assert!(self.sides[side].connection.close_session(id).is_err());
    }

    pub fn close(&mut self, side: usize) {
        self.tell(|_| format!("{} closes", name(side)));
        self.sides[side].connection.close();
        self.sides[side].ended_sessions.extend(0..self.plan.sessions.len());
    }

    /// Calls that have no effect.
    fn misuse(&mut self, side: usize) {
        let over = self
            .ledger
            .iter()
            .find(|sent| sent.side == side && sent.outcome.is_some())
            .map(|sent| sent.key);
        let connection = &mut self.sides[side].connection;
        if let Some(key) = over {
            assert!(connection.abort(key).is_err(), "it has its outcome");
            assert!(connection.body(key).is_err());
            assert!(
                connection.progress(key).map_or(true, |progress| progress.has_left)
                    || connection.body(key).is_err()
            );
        }
        let over = self.sides[side].incoming.values();
        let mut over = over.filter(|it| it.is_over && !self.waits_for_response(side, it.key));
        if let Some(incoming) = over.next() {
            let key = incoming.key;
            assert!(self.sides[side].connection.reject(key, StatusCode::FORBIDDEN).is_err());
        }
    }
}
