//! One endpoint, and a peer that keeps to nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::wire::FailureReport;
use msrp::{
    CloseReason, Config, Connection, Event, Footprint, IncomingKey, MessageKey, OutgoingMessage,
    ReceiveMode, ResponseMode, Role, SessionKey, SessionTable, StatusCode,
};

use crate::common::Seeded;
use crate::endurance::bound::{Load, memory_bound};
use crate::endurance::heap::{counted, held, uncounted};
use crate::endurance::ledger::assert_alike;
use crate::endurance::peer::Peer;
use crate::endurance::plan::{chance, pick, secs, tight};

/// The largest message that a session receives.
pub const MAX_SIZE: usize = 30_000;

/// The octets of a read.
const READ: usize = 16_384;

pub struct Hostile {
    pub rng: Seeded,
    pub config: Config,
    pub terms: [Terms; 3],
    pub base: Instant,
    pub now: Duration,
    pub connection: Connection,
    pub table: SessionTable,
    /// What the peer has written and the endpoint has not read.
    pub wire: VecDeque<u8>,
    pub input: BytesMut,
    pub peer: Peer,
    /// The peer takes no octets until then.
    pub deaf_until: Duration,
    /// The application takes no events until then.
    pub asleep_until: Duration,
    /// The key of each of the peer's sessions that is open.
    pub keys: Vec<Option<SessionKey>>,
    pub waiting: Vec<IncomingKey>,
    pub sending: Vec<MessageKey>,
    pub streaming: Vec<MessageKey>,
    pub finished: usize,
    pub sent: usize,
    pub received: Vec<String>,
    /// The sessions that something in the last octets may have ended.
    pub may_end: Vec<usize>,
    pub baseline: isize,
    pub is_told: bool,
}

/// How a session receives and responds.
type Terms = (ReceiveMode, ResponseMode);

impl Hostile {
    pub fn new(seed: u64, is_told: bool) -> Self {
        let mut rng = Seeded(seed);
        let mut config = Config::default();
        config.keep_alive = pick(&mut rng, &[None, None, Some(secs(40))]);
        config.turn_octets = pick(&mut rng, &[0, 65_536]);
        if chance(&mut rng, 70) {
            config.limits = tight(&mut rng);
        }
        let modes = [ReceiveMode::Whole, ReceiveMode::Pieces];
        let responses = [ResponseMode::Received, ResponseMode::Application];
        let terms = [(); 3].map(|()| (pick(&mut rng, &modes), pick(&mut rng, &responses)));
        Self::with(rng, config, terms, Instant::now(), is_told)
    }

    fn with(
        mut rng: Seeded,
        config: Config,
        terms: [Terms; 3],
        base: Instant,
        is_told: bool,
    ) -> Self {
        let baseline = held();
        let table = SessionTable::new(64);
        let random = Seeded(rng.next());
        let connection = counted(|| {
            let config = Arc::new(config.clone());
            let connection = Connection::new(config, Role::Passive, random, base).unwrap();
            connection.with_table(table.clone())
        });
        let mut world = Self {
            rng,
            config,
            terms,
            base,
            now: Duration::ZERO,
            connection,
            table,
            wire: VecDeque::new(),
            input: BytesMut::new(),
            peer: Peer::default(),
            deaf_until: Duration::ZERO,
            asleep_until: Duration::ZERO,
            keys: Vec::new(),
            waiting: Vec::new(),
            sending: Vec::new(),
            streaming: Vec::new(),
            finished: 0,
            sent: 0,
            received: Vec::new(),
            may_end: Vec::new(),
            baseline,
            is_told,
        };
        for _ in 0..3 {
            world.bind();
        }
        world
    }

    /// Runs the seed to its end. Panics if a law does not hold.
    pub fn run(mut self) {
        if self.is_told {
            eprintln!("{:#?} {:?}", self.config, self.terms);
        }
        for _ in 0..100 + self.rng.below(400) {
            self.step();
            if self.connection.is_closed() {
                return self.check_end();
            }
        }
        self.calm_down();
        if !self.connection.is_closed() {
            self.check_liveness();
            self.check_footprint();
            self.connection.close();
        }
        self.check_end();
    }

    fn instant(&self) -> Instant {
        self.base + self.now
    }

    // The endpoint.

    pub fn send(&mut self, session: usize) {
        let Some(key) = self.keys[session] else {
            return if self.keys.len() < 60 {
                self.bind()
            };
        };
        let report = pick(
            &mut self.rng,
            &[FailureReport::Yes, FailureReport::Yes, FailureReport::No, FailureReport::Partial],
        );
        let len = 1 + self.rng.below(5_000) as usize;
        let is_streamed = chance(&mut self.rng, 20);
        let plain = "text/plain".parse().unwrap();
        let message = if is_streamed {
            OutgoingMessage::streamed(plain, None)
        } else {
            OutgoingMessage::new(plain, vec![b'y'; len])
        };
        let message = message.failure_report(report).success_report(chance(&mut self.rng, 30));
        let connection = &mut self.connection;
        // The limit, or a type that was refused with 415.
        if let Ok(key) = counted(|| connection.send(key, message)) {
            self.sent += 1;
            self.sending.push(key);
            if is_streamed {
                self.streaming.push(key);
            }
        }
        self.pump(false);
    }

    /// The application answers, writes, aborts or closes.
    pub fn act(&mut self, session: usize) {
        let connection = &mut self.connection;
        match self.rng.below(10) {
            0..5 => {
                if !self.waiting.is_empty() {
                    let at = self.rng.below(self.waiting.len() as u64) as usize;
                    let key = self.waiting.swap_remove(at);
                    let accepts = chance(&mut self.rng, 70);
                    let refused = StatusCode::new(403).unwrap();
                    // The message may have ended with its session.
                    let _ = counted(|| {
                        if accepts {
                            connection.accept(key)
                        } else {
                            connection.reject(key, refused)
                        }
                    });
                }
            }
            5..8 => {
                if let Some(key) = self.streaming.last().copied() {
                    counted(|| {
                        if let Ok(mut body) = connection.body(key) {
                            let _ = body.write(vec![b'z'; 40]);
                        }
                    });
                }
            }
            8 => {
                if let Some(key) = self.sending.last().copied() {
                    let _ = counted(|| connection.abort(key));
                }
            }
            _ => {
                if let Some(key) = self.keys[session]
                    && chance(&mut self.rng, 30)
                {
                    // It may have ended.
                    let _ = counted(|| connection.close_session(key));
                }
            }
        }
        self.pump(false);
    }

    /// Time passes. A peer that is sound answers each request at once.
    pub fn pass(&mut self, time: Duration, is_sound: bool) {
        let end = self.now + time;
        while self.now < end {
            let due = self.connection.poll_timeout().map(|due| due.duration_since(self.base));
            let dues = due.into_iter().chain([self.deaf_until, self.asleep_until]);
            let dues = dues.filter(|due| *due > self.now);
            self.now = dues.min().map_or(end, |due| due.min(end));
            let now = self.instant();
            let connection = &mut self.connection;
            if connection.poll_timeout().is_some_and(|due| due <= now) {
                counted(|| connection.handle_timeout(now));
                let next = connection.poll_timeout();
                assert!(next.is_none_or(|due| due > now), "due again at once");
            }
            self.pump(is_sound);
        }
    }

    pub fn feed(&mut self, octets: &[u8]) {
        if self.is_told {
            eprintln!(
                "{:>10.3?} > {}",
                self.now,
                String::from_utf8_lossy(octets).chars().take(300).collect::<String>()
            );
        }
        self.wire.extend(octets);
        self.pump(false);
    }

    pub fn pump(&mut self, is_sound: bool) {
        loop {
            let mut has_moved = self.read();
            let now = self.instant();
            let (connection, input) = (&mut self.connection, &mut self.input);
            let before = input.len();
            if counted(|| connection.receive(now, input)).is_err() {
                input.clear();
            }
            has_moved |= input.len() < before;
            self.check_memory();
            has_moved |= self.events();
            has_moved |= self.now >= self.deaf_until && self.transmit();
            if is_sound {
                has_moved |= self.answer_soundly();
            }
            if !has_moved {
                break;
            }
        }
        // What it has not read can still have its effect.
        if self.has_read_all() {
            self.may_end.clear();
        }
    }

    /// Whether the endpoint has taken all that the peer has written, and the application
    /// knows what came of it.
    pub fn has_read_all(&self) -> bool {
        self.wire.is_empty() && self.input.is_empty() && self.asleep_until <= self.now
    }

    /// A read from the transport.
    fn read(&mut self) -> bool {
        let len = READ.saturating_sub(self.input.len()).min(self.wire.len());
        if len == 0 || self.connection.is_closed() || !self.connection.wants_read() {
            return false;
        }
        let (input, octets) = (&mut self.input, self.wire.drain(..len));
        counted(|| {
            input.reserve(READ);
            input.extend(octets);
        });
        true
    }

    fn transmit(&mut self) -> bool {
        let (now, connection) = (self.instant(), &mut self.connection);
        let Some(mut transmit) = counted(|| connection.poll_transmit(now)) else { return false };
        let octets = transmit.copy_to_bytes(transmit.remaining());
        if self.is_told {
            let text = String::from_utf8_lossy(&octets);
            eprintln!("{:>10.3?} < {}", self.now, text.chars().take(300).collect::<String>());
        }
        self.peer.read(&octets, self.now);
        true
    }

    fn events(&mut self) -> bool {
        let mut has_moved = false;
        while self.asleep_until <= self.now {
            let connection = &mut self.connection;
            let Some(event) = counted(|| connection.poll_event()) else { break };
            has_moved = true;
            self.event(event);
        }
        has_moved
    }

    fn event(&mut self, event: Event) {
        if self.is_told {
            let text = format!("{event:?}");
            eprintln!("{:>10.3?} {}", self.now, text.chars().take(200).collect::<String>());
        }
        match event {
            Event::SessionOpened { session, remote, .. } => {
                let theirs = remote.to_string();
                let at = self.peer.sessions.iter().position(|it| it.theirs == theirs).unwrap();
                self.keys[at] = Some(session);
            }
            Event::SessionClosed { session, reason, .. } => self.session_closed(session, reason),
            Event::Message { received, .. } | Event::MessageCompleted { received, .. } => {
                uncounted(|| self.received.push(received.message_id().to_string()));
                self.waiting.push(received.key());
            }
            Event::Finished(finished) => {
                self.finished += 1;
                let at = self.sending.iter().position(|key| *key == finished.message);
                self.sending.remove(at.expect("a second outcome"));
                self.streaming.retain(|key| *key != finished.message);
            }
            _ => {}
        }
    }

    fn session_closed(&mut self, session: SessionKey, reason: CloseReason) {
        let Some(at) = self.keys.iter().position(|key| *key == Some(session)) else { return };
        self.keys[at] = None;
        if matches!(reason, CloseReason::Rejected(_) | CloseReason::Failed(_)) {
            assert!(self.may_end.contains(&at), "scope: {session} is closed by {reason:?}");
        }
    }

    // After the storm.

    fn calm_down(&mut self) {
        self.deaf_until = self.now;
        self.asleep_until = self.now;
        for key in std::mem::take(&mut self.streaming) {
            let connection = &mut self.connection;
            counted(|| {
                if let Ok(body) = connection.body(key) {
                    body.finish().unwrap();
                }
            });
        }
        for _ in 0..40 {
            self.accept_all();
            self.pass(secs(30), true);
        }
        assert_eq!(self.finished, self.sent, "messages without an outcome");
    }

    /// Accepting one can let the next be read.
    fn accept_all(&mut self) {
        while !self.waiting.is_empty() {
            for key in std::mem::take(&mut self.waiting) {
                let connection = &mut self.connection;
                // Most need no response of the application.
                let _ = counted(|| connection.accept(key));
            }
            self.pump(true);
        }
        self.pump(true);
    }

    fn answer_soundly(&mut self) -> bool {
        let requests = std::mem::take(&mut self.peer.requests);
        for request in &requests {
            let octets = self.peer.response(request.session, &request.sent.id, 200);
            self.wire.extend(octets);
        }
        !requests.is_empty()
    }

    fn check_liveness(&mut self) {
        for session in 0..self.keys.len() {
            let Some(key) = self.keys[session] else { continue };
            for parts in 1..=2 {
                self.check_incoming(session, parts);
                let plain = "text/plain".parse().unwrap();
                let body = vec![b'y'; if parts == 1 { 10 } else { 5_000 }];
                let message = OutgoingMessage::new(plain, body);
                let sent = counted(|| self.connection.send(key, message));
                // A type that was refused with 415 stays refused.
                let Ok(sent) = sent else { continue };
                self.sent += 1;
                self.sending.push(sent);
                self.pump(true);
                assert!(!self.sending.contains(&sent), "liveness: no outcome");
            }
        }
    }

    fn check_incoming(&mut self, session: usize, parts: usize) {
        let message = self.peer.fresh("fresh");
        for part in 0..parts {
            let flag = if part + 1 == parts { '$' } else { '+' };
            let fields = format!(
                "Message-ID: {message}\r\nByte-Range: {}-*/{}\r\n",
                5 * part + 1,
                5 * parts
            );
            let (id, octets) = self.peer.request(session, "SEND", &fields, Some(b"12345"), flag);
            self.feed(&octets);
            self.accept_all();
            assert_eq!(self.peer.status_of(&id), Some("200"), "liveness: {message} of {session}");
        }
        assert_eq!(self.received.last(), Some(&message), "liveness: it was not received");
    }

    fn fresh_footprint(&self) -> Footprint {
        let config = self.config.clone();
        let mut fresh = Self::with(Seeded(1), config, self.terms, self.base, false);
        while fresh.keys.len() < self.keys.len() {
            fresh.bind();
        }
        for (at, key) in self.keys.iter().enumerate() {
            if key.is_none()
                && let Some(key) = fresh.keys[at]
            {
                counted(|| fresh.connection.close_session(key)).unwrap();
            }
        }
        fresh.now = self.now;
        fresh.calm_down();
        fresh.check_liveness();
        let footprint = fresh.connection.footprint();
        fresh.connection.close();
        fresh.check_end();
        footprint
    }

    fn check_footprint(&mut self) {
        let fresh = uncounted(|| self.fresh_footprint());
        let found = self.connection.footprint();
        assert_alike(&found, &fresh);
    }

    fn check_memory(&self) {
        let held = held() - self.baseline;
        let load = Load {
            sessions: self.keys.iter().flatten().count(),
            max_size: MAX_SIZE,
            sending: self.sending.len(),
            input: 2 * READ,
        };
        let bound = memory_bound(&self.config, &load);
        if held > bound as isize {
            let footprint = uncounted(|| self.connection.footprint());
            panic!("memory: {held} octets, {bound} are allowed: {footprint:?}");
        }
    }

    /// The end of the connection is the end of everything on it.
    fn check_end(&mut self) {
        self.now += secs(1);
        self.deaf_until = self.now;
        self.asleep_until = self.now;
        self.connection.receive_eof();
        self.pump(false);
        let mut footprint = self.connection.footprint();
        footprint.held.retain(|_, count| *count > 0);
        assert!(footprint.held.is_empty(), "after the end: {:?}", footprint.held);
        assert!(self.keys.iter().all(Option::is_none), "a session has no end");
        assert!(self.sending.is_empty(), "a message has no outcome");
        assert_eq!(self.connection.poll_timeout(), None);
    }
}
