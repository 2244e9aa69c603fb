//! Two connections driven from one string of octets: what is sent, given up,
//! refused and closed, how the streams are cut and spoilt, and how time goes.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::wire::{ByteRange, Decoder, FailureReport, Frame, Method, TransactionId};
use msrp::{
    Config, Connection, Event, FailReason, Finished, IncomingKey, MediaType, MessageId, MessageKey,
    Nickname, NicknameKey, NicknameRequest, Outcome, OutgoingMessage, ParseOptions, Random,
    ReceiveMode, Received, ReportMode, ResponseMode, Role, SessionConfig, SessionKey, SessionTable,
    StatusCode, Tolerance, Tolerances,
};

use super::input::Input;

pub(crate) fn run(data: &[u8]) {
    let transcript = World::play(data);
    assert_eq!(transcript, World::play(data), "the same input makes the same run");
}

/// Random octets without any randomness, or next to none.
struct Cheap {
    state: u64,
    /// Ids that differ by their counter only, and that bodies can be made of.
    constant: bool,
}

impl Random for Cheap {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        for octet in octets {
            if !self.constant {
                self.state = self.state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(11);
            }
            *octet = (self.state >> 56) as u8;
        }
        Ok(())
    }
}

/// A message that was given to `Connection::send`.
struct Sent {
    body: Vec<u8>,
    /// Whether more octets can be written to it.
    is_open: bool,
    waits_for_report: bool,
    failure_report: FailureReport,
    outcome: Option<Outcome>,
}

/// A message that comes in by pieces.
struct Coming {
    body: Vec<Option<u8>>,
    id: MessageId,
}

struct Side {
    connection: Connection,
    options: ParseOptions,
    /// The most octets that one transmit may have.
    max_transmit: usize,
    /// Octets that have come and were not taken.
    input: BytesMut,
    /// Octets on their way to the other side.
    wire: BytesMut,
    /// Every octet that has left.
    written: BytesMut,
    /// Whether octets on their way were changed.
    is_spoilt: bool,
    sent: BTreeMap<MessageKey, Sent>,
    keys: Vec<MessageKey>,
    ids: BTreeMap<String, MessageKey>,
    coming: BTreeMap<IncomingKey, Coming>,
    ended: BTreeSet<IncomingKey>,
    delivered: BTreeMap<String, Vec<u8>>,
    /// Whether a message came twice.
    repeated: bool,
    last: Option<Received>,
    last_size: u64,
    /// Messages that wait for the application's answer.
    unanswered: Vec<IncomingKey>,
    /// Nicknames that were asked for, and whether they have an outcome.
    asked: BTreeMap<NicknameKey, bool>,
    requested: Vec<NicknameRequest>,
    closed_sessions: BTreeSet<SessionKey>,
    has_closed: bool,
    transcript: DefaultHasher,
}

struct World {
    sides: [Side; 2],
    now: Instant,
    is_tight: bool,
    /// Whether transaction ids come again once they are free.
    repeats_ids: bool,
    next_id: u64,
}

const LOCAL: [&str; 3] = [
    "msrp://alice.example:7654/a0session;tcp",
    "msrp://alice.example:7654/a1session;tcp",
    "msrp://alice.example:7654/a2session;tcp",
];
const REMOTE: [&str; 3] = [
    "msrp://bob.example:2855/whole;tcp",
    "msrp://bob.example:2855/pieces;tcp",
    "msrp://bob.example:2855/nobody;tcp",
];

impl World {
    fn play(data: &[u8]) -> [u64; 2] {
        let mut input = Input(data);
        let mut world = Self::new(&mut input);
        while !input.is_empty() {
            world.step(&mut input);
        }
        world.finish();
        world.sides.each_ref().map(|side| side.transcript.finish())
    }

    fn new(input: &mut Input<'_>) -> Self {
        let choice = input.octet();
        let is = |bit: u8| choice >> bit & 1 == 1;
        let is_tight = is(0);
        let now = Instant::now();
        let reports = [ReportMode::Whole, ReportMode::EachChunk][usize::from(is(1))];
        let config = config(is_tight, is(2), is(3));
        let alice = Side::new(&config, Role::Active, Cheap { state: 1, constant: is(4) }, now);

        let table = SessionTable::new(2);
        let max_size = if is(5) { 6000 } else { 1 << 20 };
        for (uri, mode) in [(REMOTE[0], ReceiveMode::Whole), (REMOTE[1], ReceiveMode::Pieces)] {
            let session = SessionConfig::expected(uri.parse().unwrap()).receive(mode);
            let session = session.reports(reports).max_size(max_size).nicknames(true);
            let answers = if is(6) { ResponseMode::Application } else { ResponseMode::Received };
            let session = session.responses(answers);
            table.insert(session).unwrap();
        }
        let mut bob = Side::new(&config, Role::Passive, Cheap { state: 2, constant: is(4) }, now);
        bob.connection = bob.connection.with_table(table);
        let mut world = Self { sides: [alice, bob], now, is_tight, repeats_ids: is(4), next_id: 0 };
        world.open(0);
        world
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let action = input.octet();
        let at = usize::from(action >> 7);
        match action & 0x0f {
            0 | 1 => self.send(at, input),
            2 => self.send_streamed(at, input),
            3 => self.sides[at].write_piece(input),
            4 => self.sides[at].finish_streams(),
            5 => self.sides[at].abort(input),
            6 => drop(self.sides[at].transmit(self.now)),
            7 => while self.sides[at].transmit(self.now) {},
            8 => self.deliver(at, usize::from(input.short())),
            9 => self.deliver(at, usize::MAX),
            10 => self.take_events(at, usize::from(input.octet() >> 4)),
            11 => self.wait(Duration::from_millis(100) * u32::from(input.short())),
            12 => self.sides[at].reject(input),
            13 if input.bool() => self.open(input.below(3)),
            13 => self.sides[at].close_session(input),
            14 => self.sides[at].spoil(input),
            _ => self.rare(at, input),
        }
    }

    fn rare(&mut self, at: usize, input: &mut Input<'_>) {
        let side = &mut self.sides[at];
        match input.octet() {
            0..32 => side.connection.close(),
            32..64 => side.connection.receive_eof(),
            64..128 => side.ask_nickname(input),
            128..192 => side.respond_to_nickname(input),
            192..224 => drop(side.answer_message(input.bool())),
            _ => side.report(),
        }
    }

    /// Alice opens a session; with a URI that is in use, or that nobody
    /// expects, that comes to nothing.
    fn open(&mut self, number: usize) {
        let (local, remote) = (LOCAL[number].parse().unwrap(), REMOTE[number].parse().unwrap());
        let _ = self.sides[0].connection.open(SessionConfig::new(local, remote));
    }

    fn send(&mut self, at: usize, input: &mut Input<'_>) {
        let len = usize::from(input.short() % 12_000);
        let pattern = match input.string() {
            [] => &b"\r\n-------aaaaaaaaaaaaaaaaaaaa$\r\n"[..],
            pattern => pattern,
        };
        let body: Vec<u8> = pattern.iter().copied().cycle().take(len).collect();
        let message = OutgoingMessage::new(MediaType::text_plain(), body.clone());
        self.sides[at].send(message, body, false, self.next_id, input);
        self.next_id += 1;
    }

    fn send_streamed(&mut self, at: usize, input: &mut Input<'_>) {
        let message = OutgoingMessage::streamed(MediaType::text_plain(), None);
        self.sides[at].send(message, Vec::new(), true, self.next_id, input);
        self.next_id += 1;
    }

    fn deliver(&mut self, from: usize, octets: usize) {
        let (now, [one, two]) = (self.now, &mut self.sides);
        let (from, to) = if from == 0 { (one, two) } else { (two, one) };
        let octets = from.wire.split_to(octets.min(from.wire.len()));
        if !to.connection.is_closed() {
            to.input.extend_from_slice(&octets);
            to.receive(now);
        }
    }

    fn take_events(&mut self, at: usize, count: usize) {
        let side = &mut self.sides[at];
        for _ in 0..count {
            side.take_event();
        }
        side.receive(self.now);
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        for side in &mut self.sides {
            side.connection.handle_timeout(self.now);
            let next = side.connection.poll_timeout();
            assert!(next.is_none_or(|next| next > self.now), "a deadline that stays");
        }
    }

    /// Carries everything to its end.
    fn settle(&mut self) {
        for turns in 0.. {
            assert!(turns < 10_000, "the two never come to rest");
            let mut is_at_rest = true;
            for at in [0, 1] {
                while self.sides[at].take_event() {}
                while self.sides[at].answer_message(true) {}
                self.sides[at].receive(self.now);
                while self.sides[at].transmit(self.now) {}
                is_at_rest &= self.sides[at].wire.is_empty();
                self.deliver(at, usize::MAX);
            }
            if is_at_rest && self.sides.iter_mut().all(|side| !side.take_event()) {
                return;
            }
        }
    }

    fn finish(&mut self) {
        self.settle();
        let is_whole = self.sides.iter().all(|side| !side.is_spoilt);
        let is_up = self.sides.iter().all(|side| !side.connection.is_closed());
        if is_whole && is_up && !self.is_tight {
            self.sides.iter().for_each(Side::assert_nothing_is_stuck);
        }
        self.sides[0].connection.close();
        self.settle();
        self.sides[1].connection.receive_eof();
        self.settle();
        self.wait(Duration::from_secs(60));
        self.sides.iter().for_each(Side::assert_all_has_ended);

        let [alice, bob] = &self.sides;
        for (from, to) in [(alice, bob), (bob, alice)] {
            let written = Written::read(from, to.is_spoilt);
            if !from.is_spoilt {
                assert_delivered_as_sent(from, to);
            }
            if is_whole {
                assert_outcomes_are_true(from, to);
            }
            if is_whole && !self.repeats_ids {
                written.assert_answers(&Written::read(to, false));
            }
        }
    }
}

fn config(is_tight: bool, is_narrow: bool, keeps_alive: bool) -> Config {
    let mut config = Config::default();
    if is_tight {
        let limits = &mut config.limits;
        (limits.sessions, limits.incoming_messages, limits.message_ranges) = (2, 2, 3);
        (limits.outgoing_messages, limits.transactions) = (6, 3);
        (limits.events, limits.event_octets, limits.control_octets) = (4, 3000, 400);
        (limits.body_writer_octets, limits.remembered_messages) = (2500, 2);
    }
    if is_narrow {
        (config.transmit_octets, config.turn_octets) = (700, 2048);
    }
    config.keep_alive = keeps_alive.then(|| Duration::from_secs(20));
    config
}

impl Side {
    fn new(config: &Config, role: Role, random: Cheap, now: Instant) -> Self {
        let control = config.limits.control_octets + config.parse.head_octets;
        Self {
            connection: Connection::new(Arc::new(config.clone()), role, random, now).unwrap(),
            options: config.parse,
            max_transmit: control + config.transmit_octets + 40_000,
            input: BytesMut::new(),
            wire: BytesMut::new(),
            written: BytesMut::new(),
            is_spoilt: false,
            sent: BTreeMap::new(),
            keys: Vec::new(),
            ids: BTreeMap::new(),
            coming: BTreeMap::new(),
            ended: BTreeSet::new(),
            delivered: BTreeMap::new(),
            repeated: false,
            last: None,
            last_size: 0,
            unanswered: Vec::new(),
            asked: BTreeMap::new(),
            requested: Vec::new(),
            closed_sessions: BTreeSet::new(),
            has_closed: false,
            transcript: DefaultHasher::new(),
        }
    }

    // What the application does.

    fn send(
        &mut self,
        message: OutgoingMessage,
        body: Vec<u8>,
        is_open: bool,
        number: u64,
        input: &mut Input<'_>,
    ) {
        let sessions: Vec<SessionKey> = self.connection.sessions().collect();
        let choice = input.octet();
        if sessions.is_empty() {
            return;
        }
        let session = sessions[usize::from(choice >> 6) % sessions.len()];
        let id = MessageId::new(&format!("msg{number}")).unwrap();
        let failure_report = match choice & 3 {
            0 => FailureReport::No,
            1 => FailureReport::Partial,
            _ => FailureReport::Yes,
        };
        let waits_for_report = choice & 4 == 4;
        let mut message =
            message.message_id(id).failure_report(failure_report).success_report(waits_for_report);
        if choice & 8 == 8 {
            message = message.report_timeout(Duration::from_secs(5));
        }
        if let Ok(key) = self.connection.send(session, message) {
            let outcome = None;
            let sent = Sent { body, is_open, waits_for_report, failure_report, outcome };
            assert!(self.sent.insert(key, sent).is_none(), "a key is never used twice");
            self.keys.push(key);
            self.ids.insert(id.to_string(), key);
        }
    }

    fn write_piece(&mut self, input: &mut Input<'_>) {
        let (which, len) = (input.octet(), usize::from(input.short() % 3000));
        let mut open = self.sent.iter_mut().filter(|(_, sent)| sent.is_open);
        let Some((key, sent)) = open.nth(usize::from(which % 4)) else { return };
        // Without a writer it has its outcome, perhaps among events not taken
        // yet; that there is one is checked in the end.
        let Ok(mut writer) = self.connection.body(*key) else { return };
        let piece = vec![which; len];
        let room = writer.room();
        match writer.write(piece.clone()) {
            Ok(()) => sent.body.extend_from_slice(&piece),
            Err(_) => assert!(len > room),
        }
    }

    fn finish_streams(&mut self) {
        for (key, sent) in self.sent.iter_mut().filter(|(_, sent)| sent.is_open) {
            if let Ok(writer) = self.connection.body(*key) {
                writer.finish().unwrap();
            }
            sent.is_open = false;
        }
    }

    fn abort(&mut self, input: &mut Input<'_>) {
        let which = usize::from(input.octet());
        if !self.keys.is_empty() {
            let key = self.keys[which % self.keys.len()];
            if self.connection.abort(key).is_ok() {
                assert_eq!(self.sent[&key].outcome, None);
            }
            assert!(self.connection.abort(key).is_err(), "a message is given up once");
        }
    }

    fn reject(&mut self, input: &mut Input<'_>) {
        let which = usize::from(input.octet());
        let key = self.coming.keys().nth(which % self.coming.len().max(1)).copied();
        if let Some(key) = key {
            let _ = self.connection.reject(key, StatusCode::STOP_SENDING);
            assert!(self.connection.reject(key, StatusCode::STOP_SENDING).is_err());
        }
    }

    fn close_session(&mut self, input: &mut Input<'_>) {
        let sessions: Vec<SessionKey> = self.connection.sessions().collect();
        let which = usize::from(input.octet());
        if !sessions.is_empty() {
            let session = sessions[which % sessions.len()];
            assert!(self.connection.close_session(session).is_ok());
            assert!(self.connection.close_session(session).is_err());
        }
    }

    fn ask_nickname(&mut self, input: &mut Input<'_>) {
        let sessions: Vec<SessionKey> = self.connection.sessions().collect();
        let which = usize::from(input.octet());
        let nickname = Nickname::new(input.text()).ok();
        if !sessions.is_empty()
            && let Ok(key) =
                self.connection.ask_nickname(sessions[which % sessions.len()], nickname.as_ref())
        {
            assert_eq!(self.asked.insert(key, false), None, "a key is used once");
        }
    }

    fn respond_to_nickname(&mut self, input: &mut Input<'_>) {
        let status = StatusCode::REGISTERED[input.below(StatusCode::REGISTERED.len())];
        if let Some(request) = self.requested.pop() {
            let _ = self.connection.respond_to_nickname(request, status);
            assert!(
                self.connection.respond_to_nickname(request, status).is_err(),
                "one answer each"
            );
        }
    }

    /// Answers a message that may wait for it. Says whether there was one.
    fn answer_message(&mut self, accepts: bool) -> bool {
        let Some(key) = self.unanswered.pop() else { return false };
        let _ = if accepts {
            self.connection.accept(key)
        } else {
            self.connection.reject(key, StatusCode::FORBIDDEN)
        };
        assert!(self.connection.accept(key).is_err(), "one answer each");
        true
    }

    fn report(&mut self) {
        if let Some(message) = &self.last {
            let range = ByteRange::whole(self.last_size);
            let _ = self.connection.report(message, StatusCode::OK, range);
        }
    }

    // What the transport does.

    fn transmit(&mut self, now: Instant) -> bool {
        let Some(mut transmit) = self.connection.poll_transmit(now) else { return false };
        assert!((1..=self.max_transmit).contains(&transmit.remaining()));
        let octets = transmit.copy_to_bytes(transmit.remaining());
        octets.hash(&mut self.transcript);
        self.wire.extend_from_slice(&octets);
        self.written.extend_from_slice(&octets);
        true
    }

    fn receive(&mut self, now: Instant) {
        if self.connection.is_closed() {
            return self.input.clear();
        }
        let (wanted, before) = (self.connection.wants_read(), self.input.len());
        if self.connection.receive(now, &mut self.input).is_err() {
            assert!(self.connection.is_closed());
            return self.input.clear();
        }
        assert!(wanted || self.input.len() == before, "octets were taken unasked");
        if self.connection.wants_read() {
            assert!(self.input.len() <= self.options.head_octets + 80, "octets were left");
        }
    }

    fn spoil(&mut self, input: &mut Input<'_>) {
        self.is_spoilt = true;
        let kind = input.octet();
        let at = usize::from(input.short()).min(self.wire.len());
        let behind = self.wire.split_off(at);
        match kind % 4 {
            0 => self.wire.extend_from_slice(input.string()),
            1 => self.wire.extend_from_slice(&behind[..behind.len().min(usize::from(kind))]),
            2 => {
                return self.wire.extend_from_slice(behind.get(usize::from(kind)..).unwrap_or(&[]));
            }
            _ => {
                let octet = behind.first().map(|octet| octet ^ input.octet().max(1));
                self.wire.extend(octet);
                return self.wire.extend_from_slice(behind.get(1..).unwrap_or(&[]));
            }
        }
        self.wire.extend_from_slice(&behind);
    }

    // What the connection tells.

    fn take_event(&mut self) -> bool {
        let Some(event) = self.connection.poll_event() else { return false };
        assert!(!self.has_closed, "{event:?} behind the last event");
        format!("{event:?}").hash(&mut self.transcript);
        match event {
            Event::SessionOpened { session, .. } => self.assert_session(session),
            Event::SessionClosed { session, .. } => {
                assert!(self.closed_sessions.insert(session), "a session ends once");
            }
            Event::Message { received: message, body } => {
                self.assert_session(message.session());
                self.complete(&message, body.to_vec());
            }
            Event::MessageStarted { received: message } => {
                self.assert_session(message.session());
                let coming = Coming { body: Vec::new(), id: *message.message_id() };
                assert!(self.coming.insert(message.key(), coming).is_none());
            }
            Event::Piece { incoming: message, offset, data } => {
                self.put_piece(message, offset, &data)
            }
            Event::MessageCompleted { received: message, total } => {
                let coming = self.coming.remove(&message.key()).unwrap();
                assert_eq!(coming.body.len() as u64, total);
                let body = coming.body.into_iter().collect::<Option<Vec<u8>>>();
                self.complete(&message, body.unwrap());
            }
            Event::MessageFailed { received: message, reason } => self.fail(&message, reason),
            Event::Finished(outcome) => self.end_sent(&outcome),
            Event::Reported { message, .. } | Event::BodyRoom { message } => {
                // An outcome that comes first is the last that is told.
                assert_eq!(self.sent[&message].outcome, None);
            }
            Event::LateFailure { message, .. } | Event::LateSuccess { message, .. } => {
                self.assert_session(message.session());
            }
            Event::Nickname { session, key, .. } => {
                self.assert_session(session);
                assert_eq!(self.asked.insert(key, true), Some(false), "one outcome each");
            }
            Event::NicknameRequested { session, request, .. } => {
                self.assert_session(session);
                self.requested.push(request);
            }
            Event::Closed(_) => self.has_closed = true,
            _ => {}
        }
        true
    }

    fn assert_session(&self, session: SessionKey) {
        assert!(!self.closed_sessions.contains(&session), "news of a session that has ended");
    }

    fn put_piece(&mut self, key: IncomingKey, offset: u64, data: &[u8]) {
        assert!(!data.is_empty());
        let body = &mut self.coming.get_mut(&key).unwrap().body;
        let end = offset as usize + data.len();
        assert!(end <= 1 << 20, "beyond the size that was allowed");
        if body.len() < end {
            body.resize(end, None);
        }
        for (place, octet) in body[offset as usize..end].iter_mut().zip(data) {
            *place = Some(*octet);
        }
    }

    fn complete(&mut self, message: &Received, body: Vec<u8>) {
        assert!(self.ended.insert(message.key()), "a message ends once");
        self.unanswered.push(message.key());
        (self.last, self.last_size) = (Some(message.clone()), body.len() as u64);
        let before = self.delivered.insert(message.message_id().to_string(), body);
        self.repeated |= before.is_some();
    }

    fn fail(&mut self, message: &Received, reason: FailReason) {
        assert!(self.ended.insert(message.key()), "a message fails once");
        let was_coming = self.coming.remove(&message.key());
        assert!(was_coming.is_none_or(|coming| coming.id == *message.message_id()));
        if reason != FailReason::SessionClosed {
            self.assert_session(message.session());
        }
    }

    fn end_sent(&mut self, told: &Finished) {
        self.assert_session(told.session);
        let sent = self.sent.get_mut(&told.message).unwrap();
        assert_eq!(sent.outcome, None, "a message has one outcome");
        assert!(told.octets <= sent.body.len() as u64);
        assert!(told.reported.iter().all(|octets| octets.end <= told.octets));
        if told.outcome.is_success() {
            assert_eq!(told.octets, sent.body.len() as u64);
        }
        sent.outcome = Some(told.outcome);
        sent.is_open = false;
    }

    // What must hold at the end.

    /// Both sides are at rest, nobody has closed anything down: what is still
    /// without an outcome waits for octets, for a REPORT or for silence.
    fn assert_nothing_is_stuck(&self) {
        let is_streaming = self.sent.values().any(|sent| sent.is_open);
        assert!(is_streaming || self.connection.is_flushed());
        for (key, sent) in &self.sent {
            let may_wait = sent.is_open
                || sent.waits_for_report
                || sent.failure_report == FailureReport::Partial;
            assert!(may_wait || sent.outcome.is_some(), "{key:?} is stuck");
        }
    }

    fn assert_all_has_ended(&self) {
        assert!(self.connection.is_closed() && self.has_closed);
        assert_eq!(self.connection.poll_timeout(), None, "a deadline behind the end");
        assert!(self.sent.values().all(|sent| sent.outcome.is_some()));
        assert!(self.coming.is_empty(), "a message without an end");
        assert!(self.asked.values().all(|has_ended| *has_ended));
    }
}

fn assert_delivered_as_sent(from: &Side, to: &Side) {
    assert!(!to.repeated, "a message was delivered twice");
    for (id, body) in &to.delivered {
        let key = from.ids.get(id).unwrap_or_else(|| panic!("{id} was never sent"));
        assert_eq!(*body, from.sent[key].body, "{id}");
    }
}

/// What a sender is told to have arrived has arrived.
fn assert_outcomes_are_true(from: &Side, to: &Side) {
    for (id, key) in &from.ids {
        let outcome = from.sent[key].outcome;
        if matches!(outcome, Some(Outcome::Accepted | Outcome::Delivered)) {
            assert!(to.delivered.contains_key(id), "{id} is {outcome:?} and not there");
        }
    }
}

/// The transactions in what a side has written.
struct Written {
    /// SENDs and NICKNAMEs, and REPORTs, by their transaction ids.
    asking: Vec<String>,
    reports: Vec<String>,
    responses: Vec<String>,
}

impl Written {
    /// Everything that leaves is by the letter of RFC 4975, whatever came in;
    /// only identifiers that a peer made up are repeated as they are.
    fn read(side: &Side, repeats_idents: bool) -> Self {
        let mut options = ParseOptions::default();
        options.tolerances = Tolerances::none();
        if repeats_idents {
            let idents = [Tolerance::IdentLength, Tolerance::IdentStart, Tolerance::IdentCharacter];
            options.tolerances = idents.into_iter().fold(options.tolerances, Tolerances::with);
        }
        let mut decoder = Decoder::new(options);
        let mut octets = side.written.clone();
        let mut written = Self { asking: Vec::new(), reports: Vec::new(), responses: Vec::new() };
        while let Some(frame) = decoder.decode(&mut octets).unwrap() {
            match frame {
                Frame::Head(head) => {
                    written.add(head.view().transaction_id(), head.view().method())
                }
                Frame::BadHead(bad) => panic!("{bad:?} has left"),
                _ => {}
            }
        }
        written
    }

    fn add(&mut self, id: TransactionId, method: Option<Method<'_>>) {
        let kind = match method {
            Some(Method::Report) => &mut self.reports,
            Some(_) => &mut self.asking,
            None => &mut self.responses,
        };
        kind.push(id.to_string());
    }

    /// No id twice, one response to a request at most, and none to a REPORT.
    fn assert_answers(&self, peer: &Self) {
        let requests: BTreeSet<&String> = self.asking.iter().chain(&self.reports).collect();
        assert_eq!(requests.len(), self.asking.len() + self.reports.len(), "an id twice");
        let answered: BTreeSet<&String> = self.responses.iter().collect();
        assert_eq!(answered.len(), self.responses.len(), "two responses to a request");
        assert!(answered.iter().all(|id| peer.asking.contains(*id)));
    }
}
