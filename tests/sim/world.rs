//! The world of a seed: two endpoints, the links between them, and time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::wire::FailureReport;
use msrp::{
    Bind, Connection, IncomingKey, MessageId, MessageKey, Outcome, Received, ReportMode, Role,
    SessionKey, SessionTable, Transmit,
};

use crate::common::Seeded;
use crate::ledger::{Incoming, Sent};
use crate::link::Link;
use crate::nicknames::Nicknames;
use crate::plan::{ALICE, BOB, Kind, Plan, chance};
use crate::responses::Responses;
use crate::wire::{View, Wire};

/// The number of steps without an end after which a seed has failed.
const MAX_STEPS: u64 = 60_000;

pub struct World {
    pub plan: Plan,
    pub rng: Seeded,
    base: Instant,
    pub now: Duration,
    pub sides: [Side; 2],
    pub links: [Link; 2],
    pub wire: Wire,
    pub ledger: Vec<Sent>,
    pub nicknames: Option<Nicknames>,
    pub responses: Option<Responses>,
    pub step: u64,
    /// Whether steps are printed on standard error.
    pub is_told: bool,
    /// Every octet and event so far, if a digest is wanted.
    digest: Option<DefaultHasher>,
}

pub struct Side {
    pub connection: Connection,
    input: BytesMut,
    held: Option<Transmit>,
    /// The transport is gone.
    is_gone: bool,
    /// The application takes no events until that step.
    pub slow_until: u64,
    /// The sessions of the plan that are open here.
    pub sessions: BTreeMap<usize, SessionKey>,
    pub known: BTreeMap<SessionKey, usize>,
    pub ended_sessions: BTreeSet<usize>,
    /// Sessions that have ended and whose last octets may still leave.
    pub ending: Vec<usize>,
    pub by_key: BTreeMap<MessageKey, usize>,
    pub incoming: BTreeMap<IncomingKey, Incoming>,
    pub completed: VecDeque<(SessionKey, MessageId)>,
    pub to_report: Vec<(Received, u64)>,
    pub rejected: BTreeSet<usize>,
    pub is_closed: bool,
    /// Its peer reads nothing: what is half written stays half written.
    pub is_stalled: bool,
}

struct Repeats(u8);

impl msrp::Random for Repeats {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        octets.fill(self.0);
        Ok(())
    }
}

impl World {
    pub fn new(seed: u64, is_told: bool, wants_digest: bool) -> Self {
        let mut rng = Seeded(seed);
        let plan = Plan::new(&mut rng);
        Self::of(seed, plan, rng, is_told, wants_digest)
    }

    /// A world whose links carry messages.
    pub fn framed(seed: u64, is_told: bool, wants_digest: bool) -> Self {
        let mut rng = Seeded(seed);
        let plan = Plan::framed(&mut rng);
        Self::of(seed, plan, rng, is_told, wants_digest)
    }

    fn of(seed: u64, mut plan: Plan, mut rng: Seeded, is_told: bool, wants_digest: bool) -> Self {
        // If ids repeat, a late response belongs to the next request.
        let nicknames = Nicknames::of_seed(seed).filter(|_| plan.kind != Kind::Repeating);
        let responses = Responses::of_seed(seed, &mut plan);
        let base = Instant::now();
        let sides = [ALICE, BOB].map(|side| {
            let table = SessionTable::new(16);
            for session in &plan.sessions {
                if session.opener != side && session.is_expected {
                    let knows_peer = chance(&mut rng, 50);
                    table.insert(session.config(side, knows_peer, Bind::Bodiless)).unwrap();
                }
            }
            let config = Arc::new(plan.configs[side].clone());
            let role = if side == ALICE { Role::Active } else { Role::Passive };
            let connection = match plan.repeats[side] {
                Some(octet) => Connection::new(config, role, Repeats(octet), base).unwrap(),
                None => Connection::new(config, role, Seeded(rng.next()), base).unwrap(),
            };
            let connection = connection.with_table(table);
            Side::new(connection)
        });
        Self {
            links: [Link::new(plan.links[0].clone()), Link::new(plan.links[1].clone())],
            wire: Wire::new(&plan, plan.kind == Kind::Hostile),
            plan,
            rng,
            base,
            now: Duration::ZERO,
            sides,
            ledger: Vec::new(),
            nicknames,
            responses,
            step: 0,
            is_told,
            digest: wants_digest.then(DefaultHasher::new),
        }
    }

    /// Runs the seed to its end. Panics if an invariant does not hold.
    pub fn run(mut self) -> u64 {
        self.tell(|world| {
            format!(
                "{:?}, {:#?}, {:?}",
                world.plan.kind,
                world.plan.configs,
                world.plan.sessions.iter().map(|s| (s.opener, &s.sides)).collect::<Vec<_>>()
            )
        });
        while self.step < self.plan.steps {
            self.random_step();
        }
        self.settle();
        self.tear_down();
        self.check_end();
        self.digest.map_or(0, |digest| digest.finish())
    }

    pub fn tell(&self, text: impl FnOnce(&Self) -> String) {
        if self.is_told {
            eprintln!("{:>6} {:>10.3?} {}", self.step, self.now, text(self));
        }
    }

    pub fn record(&mut self, what: &impl Hash) {
        if let Some(digest) = &mut self.digest {
            what.hash(digest);
        }
    }

    pub const fn is_recording(&self) -> bool {
        self.digest.is_some()
    }

    pub fn instant(&self) -> Instant {
        self.base + self.now
    }

    pub fn is_hostile(&self) -> bool {
        self.plan.kind == Kind::Hostile
    }

    fn random_step(&mut self) {
        self.step += 1;
        let side = self.rng.below(2) as usize;
        let chatter = self.plan.chatter;
        match self.rng.below(100) {
            0..27 => drop(self.write(side)),
            27..54 => drop(self.read(side)),
            54..70 => drop(self.events(side)),
            70..76 => self.let_time_pass(),
            76..78 => self.disturb(),
            roll if roll < 78 + chatter => self.act(side),
            _ => drop(self.write(side) | self.read(side) | self.events(side)),
        }
        self.act_on_nicknames(side);
        self.act_on_responses(side);
    }

    fn view(&mut self) -> (&mut Wire, View<'_>) {
        (&mut self.wire, View { now: self.now, plan: &self.plan, ledger: &mut self.ledger })
    }

    /// Moves octets from a side to its link. Returns whether any moved.
    pub fn write(&mut self, side: usize) -> bool {
        if self.sides[side].is_gone {
            return false;
        }
        if self.sides[side].is_stalled {
            self.hang_up(side);
            return true;
        }
        if self.sides[side].held.is_none() && !self.poll_transmit(side) {
            if self.sides[side].connection.is_closed() {
                self.hang_up(side);
            }
            return false;
        }
        let Some(mut held) = self.sides[side].held.take() else { return false };
        if self.plan.is_framed {
            let message = held.clone().copy_to_bytes(held.remaining());
            let is_taken = self.links[side].write_message(self.now, &message, &mut self.rng);
            self.sides[side].held = (!is_taken).then_some(held);
            return is_taken;
        }
        let mut moved = 0;
        while held.has_remaining() {
            let chunk = held.chunk();
            let len = self.links[side].write(self.now, chunk, &mut self.rng);
            moved += len;
            let is_short = len < chunk.len();
            held.advance(len);
            if is_short {
                break;
            }
        }
        if held.has_remaining() {
            self.sides[side].held = Some(held);
        }
        moved > 0
    }

    fn poll_transmit(&mut self, side: usize) -> bool {
        let now = self.instant();
        let Some(transmit) = self.sides[side].connection.poll_transmit(now) else {
            for session in std::mem::take(&mut self.sides[side].ending) {
                self.wire.writers[side].session_ended(session);
            }
            return false;
        };
        let mut rest = transmit.clone();
        let octets = rest.copy_to_bytes(rest.remaining());
        assert!(!octets.is_empty(), "a transmit of nothing");
        self.record(&octets);
        self.notice_sessions_bound_again(side);
        self.tell(|_| format!("{} writes {:?}", name(side), octets));
        let (wire, mut view) = self.view();
        wire.written(side, &octets, &mut view);
        self.check_control_bound(side);
        self.sides[side].held = Some(transmit);
        true
    }

    /// A request that was still on its way can bind a session that failed again.
    fn notice_sessions_bound_again(&mut self, side: usize) {
        let connection = &self.sides[side].connection;
        for id in connection.sessions() {
            let local = connection.session(id).ok().map(|config| &config.local);
            let sessions = &self.plan.sessions;
            if let Some(index) = sessions.iter().position(|s| Some(&s.uris[side]) == local) {
                self.wire.writers[side].session_opened(index);
            }
        }
    }

    /// The responses in memory exceed the limit by those to one frame and those of
    /// the applications at most.
    fn check_control_bound(&self, side: usize) {
        let limits = &self.plan.configs[side].limits;
        let nicknames = if self.nicknames.is_some() { limits.nicknames as u64 } else { 0 };
        let messages = if self.responses.is_some() { 64 * self.plan.sessions.len() } else { 0 };
        let given = nicknames + messages as u64;
        let limit = limits.control_octets as u64 + 600 * given;
        let octets = self.wire.writers[side].response_octets;
        assert!(octets <= limit + 600, "{octets} octets of responses, {limit} are allowed");
    }

    /// The side is done: its transport is closed.
    fn hang_up(&mut self, side: usize) {
        self.tell(|_| format!("{} hangs up", name(side)));
        self.links[side].end();
        self.links[1 - side].break_off();
        self.sides[side].is_gone = true;
        self.sides[side].held = None;
    }

    /// Gives a side octets of the link. Returns whether anything moved.
    pub fn read(&mut self, side: usize) -> bool {
        if self.sides[side].is_gone || self.sides[side].connection.is_closed() {
            return false;
        }
        if !self.sides[side].connection.wants_read() {
            return false;
        }
        if self.plan.is_framed {
            return self.read_message(side);
        }
        let octets = self.links[1 - side].take(self.now, &mut self.rng);
        let now = self.instant();
        let state = &mut self.sides[side];
        state.input.extend_from_slice(&octets);
        let before = state.input.len();
        let result = state.connection.receive(now, &mut state.input);
        let consumed = before - state.input.len();
        let (wire, view) = self.view();
        wire.taken(side, &octets, consumed, &view);
        if consumed > 0 || !octets.is_empty() {
            self.tell(|_| format!("{} reads {} takes {consumed}", name(side), octets.len()));
        }
        if let Err(error) = result {
            assert!(self.is_hostile(), "{error}");
            self.hang_up(side);
            return true;
        }
        self.check_input_bound(side);
        self.read_end(side) || consumed > 0 || !octets.is_empty()
    }

    /// Gives a side a message of the link, if there is one.
    fn read_message(&mut self, side: usize) -> bool {
        let Some(message) = self.links[1 - side].take_message(self.now) else {
            return self.read_end(side);
        };
        let now = self.instant();
        let result = self.sides[side].connection.receive_message(now, message.clone());
        let (wire, view) = self.view();
        wire.taken(side, &message, message.len(), &view);
        self.tell(|_| format!("{} reads a message of {}", name(side), message.len()));
        if let Err(error) = result {
            assert!(self.is_hostile(), "{error}");
            self.hang_up(side);
        }
        true
    }

    /// Reports the end of the stream to a side, once it is reached.
    fn read_end(&mut self, side: usize) -> bool {
        let is_at_end = self.links[1 - side].is_at_end() || self.links[side].is_broken();
        let state = &mut self.sides[side];
        if is_at_end && state.connection.wants_read() {
            state.connection.receive_eof();
            self.hang_up(side);
            return true;
        }
        false
    }

    /// What is left in the input is an unfinished head, or the tail of a body
    /// that may become an end-line, or there are events to take.
    fn check_input_bound(&self, side: usize) {
        let state = &self.sides[side];
        const END_LINE: usize = 76;
        let limit = self.plan.configs[side].parse.head_octets + END_LINE;
        let is_bounded = state.input.len() <= limit || !state.connection.wants_read();
        assert!(is_bounded, "{} octets are left in the input", state.input.len());
    }

    /// Advances time to the next moment at which something is due, or to a moment
    /// before or after it.
    fn let_time_pass(&mut self) {
        let is_near = |due: &Duration| *due < self.now + Duration::from_secs(1_000);
        let due = self.next_due().filter(is_near);
        self.now += match (self.rng.below(6), due) {
            (0..=2, Some(due)) => due.saturating_sub(self.now),
            (3, _) => Duration::from_millis(self.rng.below(3_000)),
            (4, _) if self.plan.chatter < 20 => Duration::from_millis(self.rng.below(40_000)),
            _ => Duration::from_millis(self.rng.below(100)),
        };
        self.handle_timeouts();
    }

    fn next_due(&self) -> Option<Duration> {
        let timers = self
            .sides
            .iter()
            .filter(|side| !side.is_gone)
            .filter_map(|side| side.connection.poll_timeout())
            .map(|due| due.saturating_duration_since(self.base));
        let links = self.links.iter().filter_map(|link| link.next_due(self.now));
        timers.chain(links).min()
    }

    fn handle_timeouts(&mut self) {
        let now = self.instant();
        for side in [ALICE, BOB] {
            let connection = &mut self.sides[side].connection;
            if self.sides[side].is_gone {
                continue;
            }
            if connection.poll_timeout().is_some_and(|due| due <= now) {
                connection.handle_timeout(now);
                let next = connection.poll_timeout();
                assert!(next.is_none_or(|next| next > now), "a timeout is due again at once");
            }
        }
    }

    fn disturb(&mut self) {
        let side = self.rng.below(2) as usize;
        if self.plan.links[side].stalls {
            let until = self.now + Duration::from_millis(self.rng.below(20_000));
            self.tell(|_| format!("the link of {} stalls until {until:?}", name(side)));
            self.links[side].stall(until);
        } else if self.plan.kind == Kind::Breaking && self.rng.below(20) == 0 {
            self.tell(|_| "the links break".into());
            self.links[0].break_off();
            self.links[1].break_off();
        }
    }

    /// Lets everything come to rest: links flow, applications take events and
    /// give the rest of their bodies, time passes. Every message that can get an
    /// outcome gets one.
    fn settle(&mut self) {
        self.tell(|_| "settle".into());
        for side in [ALICE, BOB] {
            self.sides[side].slow_until = 0;
            self.links[side].flow();
        }
        self.hear_of_all();
        while !self.is_at_rest() {
            self.step += 1;
            assert!(
                self.step < MAX_STEPS,
                "no end after {} steps: {}",
                self.step,
                self.without_outcome()
            );
            let mut moved = false;
            for side in [ALICE, BOB] {
                moved |= self.events(side);
                moved |= self.finish_streams(side);
                moved |= self.respond_to_nickname(side);
                moved |= self.respond_to_message(side);
                moved |= self.write(side);
                moved |= self.read(side);
                moved |= self.events(side);
            }
            moved |= self.hear_of_all();
            // A side that has closed meanwhile has moved nothing.
            if !moved && !self.is_at_rest() {
                let Some(due) = self.next_due() else {
                    panic!("nothing moves and nothing is due: {}", self.without_outcome());
                };
                self.now = self.now.max(due);
                self.handle_timeouts();
            }
        }
    }

    /// What keeps the world from coming to rest.
    fn without_outcome(&self) -> String {
        let messages: Vec<_> = self
            .ledger
            .iter()
            .enumerate()
            .filter(|(_, sent)| sent.outcome.is_none())
            .map(|(serial, sent)| {
                let progress = self.sides[sent.side].connection.progress(sent.key);
                format!("{serial} of {} (progress {progress:?})", name(sent.side))
            })
            .collect();
        let waits = [ALICE, BOB].map(|side| {
            let state = &self.sides[side];
            let wants_read = state.connection.wants_read();
            format!(
                "{} wants to read {wants_read}, has {} octets to read and {} to write",
                name(side),
                state.input.len(),
                state.held.as_ref().map_or(0, Buf::remaining),
            )
        });
        format!("without outcome: {messages:?}; {waits:?}")
    }

    fn is_at_rest(&mut self) -> bool {
        if self.is_hostile() || self.sides.iter().any(|side| side.is_gone) {
            return true;
        }
        let is_quiet = [ALICE, BOB].into_iter().all(|side| {
            let state = &self.sides[side];
            state.held.is_none() && state.input.is_empty() && self.links[side].is_empty()
        });
        is_quiet
            && self.nicknames.as_ref().is_none_or(Nicknames::are_at_rest)
            && self.responses.as_ref().is_none_or(Responses::are_given)
            && self.ledger.iter().all(|sent| sent.outcome.is_some() || self.awaits_reports(sent))
            && !self.poll_transmit(ALICE)
            && !self.poll_transmit(BOB)
    }

    /// Whether only success REPORTs are missing that will never be sent.
    fn awaits_reports(&self, sent: &Sent) -> bool {
        let receiver = &self.plan.sessions[sent.session].sides[1 - sent.side];
        let serial = self.sides[sent.side].by_key[&sent.key];
        let was_rejected = self.sides[1 - sent.side].rejected.contains(&serial);
        let may_come = receiver.reports != ReportMode::Manual
            && !(was_rejected && self.responses.is_some())
            && sent.completed > 0
            && self.plan.configs[sent.side].limits.message_ranges > 0;
        let progress = self.sides[sent.side].connection.progress(sent.key);
        let has_left = progress.map_or(true, |progress| progress.has_left);
        let chunks = &self.wire.writers[sent.side].requests;
        let is_answered = chunks.iter().all(|chunk| {
            chunk.failure_report != FailureReport::Yes
                || chunk.serial.is_none_or(|serial| self.ledger[serial].key != sent.key)
                || !chunk.responses.is_empty()
        });
        let waits = sent.success_report && sent.report_timeout.is_none();
        waits && has_left && is_answered && !may_come
    }

    /// Closes everything that is open, in one way or another.
    fn tear_down(&mut self) {
        self.check_every_request_has_its_response();
        self.tell(|_| "tear down".into());
        let first = self.rng.below(2) as usize;
        match self.rng.below(3) {
            0 => self.close(first),
            1 => {
                for session in self.sides[first].sessions.keys().copied().collect::<Vec<_>>() {
                    self.close_session(first, session);
                }
            }
            _ => {}
        }
        for _ in 0..200 {
            self.step += 1;
            self.now += Duration::from_millis(50);
            self.handle_timeouts();
            for side in [first, 1 - first] {
                self.write(side);
                self.read(side);
                self.events(side);
            }
        }
        for side in [first, 1 - first] {
            self.sides[side].connection.receive_eof();
            while self.events(side) {}
            self.sides[side].is_gone = true;
        }
    }

    // req: 4975-7.2-1 4975-7.1.2-10
    fn check_every_request_has_its_response(&self) {
        if self.is_hostile() || self.sides.iter().any(|side| side.connection.is_closed()) {
            return;
        }
        for side in [ALICE, BOB] {
            for request in &self.wire.writers[side].requests {
                let is_answered =
                    !request.wants(msrp::StatusCode::OK) || !request.responses.is_empty();
                assert!(is_answered, "{} of {} has no response", request.describe(), name(side));
            }
        }
    }

    /// The invariants at the end.
    fn check_end(&self) {
        for (serial, sent) in self.ledger.iter().enumerate() {
            let outcome = sent.outcome.as_ref().unwrap_or_else(|| panic!("{serial}: no outcome"));
            if self.is_hostile() {
                continue;
            }
            self.check_receiver_agrees(serial, sent, outcome.outcome);
        }
        assert!(self.nicknames.as_ref().is_none_or(Nicknames::all_have_outcomes));
        for side in [ALICE, BOB] {
            let connection = &self.sides[side].connection;
            assert!(connection.is_closed());
            assert_eq!(connection.sessions().count(), 0);
            assert_eq!(connection.poll_timeout(), None, "a dead connection has deadlines");
        }
    }

    /// The other application has every message whose outcome is `Accepted` or
    /// `Delivered`. A message that was aborted with `#` has neither outcome.
    fn check_receiver_agrees(&self, serial: usize, sent: &Sent, outcome: Outcome) {
        let (left, last_flag) = self.wire.writers[sent.side].progress(serial);
        let was_given_up = last_flag == Some(msrp::wire::Continuation::Aborted);
        let is_through = outcome.is_success() || outcome == Outcome::Unreported;
        assert!(!(was_given_up && is_through), "{serial} ended with `#` and {outcome:?}");
        if is_through {
            assert_eq!(left, sent.body.len() as u64, "{serial}: {outcome:?} before it has left");
        }
        if matches!(outcome, Outcome::Accepted | Outcome::Delivered) {
            let count: u32 = self
                .ledger
                .iter()
                .filter(|other| other.side == sent.side && other.message_id == sent.message_id)
                .map(|other| other.completed)
                .sum();
            // A side that forgets that it has refused a message takes the rest of it.
            let limits = &self.plan.configs[1 - sent.side].limits;
            let may_forget = limits.remembered_messages < 20;
            assert!(count > 0 || may_forget, "{serial} is {outcome:?} and never arrived");
        }
    }
}

impl Side {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            input: BytesMut::new(),
            held: None,
            is_gone: false,
            slow_until: 0,
            sessions: BTreeMap::new(),
            known: BTreeMap::new(),
            ended_sessions: BTreeSet::new(),
            ending: Vec::new(),
            by_key: BTreeMap::new(),
            incoming: BTreeMap::new(),
            completed: VecDeque::new(),
            to_report: Vec::new(),
            rejected: BTreeSet::new(),
            is_closed: false,
            is_stalled: false,
        }
    }
}

pub const fn name(side: usize) -> &'static str {
    if side == ALICE { "Alice" } else { "Bob" }
}
