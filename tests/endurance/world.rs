//! Two endpoints, the link between them, and time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::{Connection, Footprint, Role, SessionTable, Transmit};

use crate::common::Seeded;
use crate::endurance::app::{App, random};
use crate::endurance::ledger::{Ledger, assert_alike};
use crate::endurance::plan::{ALICE, BOB, Plan, chance, secs};
use crate::endurance::wire::Wire;

/// Rounds at one moment after which the world turns without an end.
const MAX_ROUNDS: usize = 100_000;

pub struct World {
    pub plan: Plan,
    pub rng: Seeded,
    base: Instant,
    pub now: Duration,
    pub ends: [End; 2],
    pub wires: [Wire; 2],
    pub table: SessionTable,
    pub ledger: Ledger,
    /// Sessions that were ever opened.
    pub opened: usize,
    /// When Alice connects again.
    reconnect_at: Option<Duration>,
    next_trouble: Duration,
    /// Numbers of sessions that have ended at one side, and when the other hears of it.
    pub closing: Vec<(Duration, usize)>,
    /// When a slot is opened again.
    pub reopening: Vec<(Duration, usize)>,
    pub is_calm: bool,
    is_told: bool,
}

pub struct End {
    pub connection: Connection,
    pub app: App,
    input: BytesMut,
    held: Option<Transmit>,
    pub is_closed: bool,
}

impl World {
    pub fn new(seed: u64, is_told: bool) -> Self {
        let mut rng = Seeded(seed);
        let plan = Plan::new(&mut rng);
        let base = Instant::now();
        let table = SessionTable::new(16);
        let ends = [ALICE, BOB].map(|side| {
            let connection = connection(&plan, side, &mut rng, base, &table);
            End::new(connection, App::new(plan.apps[side], &mut rng, Duration::ZERO))
        });
        let wires = wires(&plan, Duration::ZERO);
        let next_trouble = random(&mut rng, plan.storm / 4);
        let mut world = Self {
            plan,
            rng,
            base,
            now: Duration::ZERO,
            ends,
            wires,
            table,
            ledger: Ledger::default(),
            opened: 0,
            reconnect_at: None,
            next_trouble,
            closing: Vec::new(),
            reopening: Vec::new(),
            is_calm: false,
            is_told,
        };
        world.open_all();
        world
    }

    /// Runs the seed to its end. Panics if a law does not hold.
    pub fn run(mut self) {
        self.tell(|world| format!(
            "sound {} {:#?} rate {:?} delay {:?} buffer {} window {} stall {:?} dies {} nat {:?}",
            world.plan.is_sound, world.plan.configs, world.plan.link.rate, world.plan.link.delay,
            world.plan.link.buffer, world.plan.link.window, world.plan.link.stall,
            world.plan.link.dies, world.plan.link.nat,
        ));
        self.run_until(self.plan.storm);
        self.calm_down();
        self.run_until(self.now + self.plan.longest_deadline());
        let closes = self.plan.apps.iter().any(|app| app.closes > 0);
        self.ledger.check(self.now, self.plan.is_sound, closes);
        self.leave_dead_link();
        self.check_sessions();
        self.check_liveness();
        self.run_until(self.now + self.plan.longest_deadline());
        self.check_footprint();
        self.check_end();
    }

    pub fn tell(&self, text: impl FnOnce(&Self) -> String) {
        if self.is_told {
            eprintln!("{:>12.3?} {}", self.now, text(self));
        }
    }

    pub fn instant(&self) -> Instant {
        self.base + self.now
    }

    // Time.

    pub fn run_until(&mut self, end: Duration) {
        loop {
            self.pump();
            let next = self.next_due().filter(|due| *due < end);
            self.now = next.unwrap_or(end);
            if next.is_none() {
                return self.pump();
            }
        }
    }

    /// The next moment after this one at which something happens.
    fn next_due(&self) -> Option<Duration> {
        let mut next: Option<Duration> = None;
        let mut consider = |due: Duration| {
            if due > self.now {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        };
        for end in &self.ends {
            let timeout = end.connection.poll_timeout();
            timeout.into_iter().for_each(|due| consider(due.duration_since(self.base)));
            end.app.dues().for_each(&mut consider);
        }
        self.wires.iter().filter_map(Wire::next_due).for_each(&mut consider);
        self.reconnect_at.into_iter().for_each(&mut consider);
        self.closing.iter().for_each(|(due, _)| consider(*due));
        self.reopening.iter().for_each(|(due, _)| consider(*due));
        if !self.is_calm {
            consider(self.next_trouble);
        }
        next
    }

    /// Everything that happens at this moment.
    fn pump(&mut self) {
        for round in 0.. {
            assert!(round < MAX_ROUNDS, "no rest at {:?}", self.now);
            self.trouble();
            self.follow_signalling();
            let mut has_moved = false;
            self.wires.iter_mut().for_each(|wire| wire.advance(self.now));
            for side in [ALICE, BOB] {
                self.handle_timeout(side);
                has_moved |= self.read(side);
                has_moved |= self.events(side);
                has_moved |= self.act(side);
                has_moved |= self.write(side);
            }
            has_moved |= self.reconnect();
            if !has_moved {
                return;
            }
        }
    }

    fn handle_timeout(&mut self, side: usize) {
        let now = self.instant();
        let connection = &mut self.ends[side].connection;
        if connection.poll_timeout().is_some_and(|due| due <= now) {
            connection.handle_timeout(now);
            let next = connection.poll_timeout();
            assert!(next.is_none_or(|due| due > now), "side {side}: due again at once");
        }
    }

    // Octets.

    fn read(&mut self, side: usize) -> bool {
        let (now, wire, end) = (self.instant(), &mut self.wires[1 - side], &mut self.ends[side]);
        if end.is_closed || end.connection.is_closed() {
            wire.arrived.clear();
            return false;
        }
        if !end.connection.wants_read() {
            return false;
        }
        let most = (1 + self.rng.below(65_536)) as usize;
        let octets = wire.arrived.drain(..most.min(wire.arrived.len()));
        let before = end.input.len();
        end.input.extend(octets);
        let has_read = end.input.len() > before;
        if has_read || before > 0 {
            let len = end.input.len();
            let result = end.connection.receive(now, &mut end.input);
            let has_taken = end.input.len() < len;
            result.expect("both sides write what can be read");
            return has_read || has_taken;
        }
        if wire.is_at_end() {
            end.connection.receive_eof();
            return true;
        }
        false
    }

    fn write(&mut self, side: usize) -> bool {
        let now = self.instant();
        let (end, wire) = (&mut self.ends[side], &mut self.wires[side]);
        if end.is_closed {
            return false;
        }
        let mut has_moved = false;
        loop {
            if self.plan.says_backlog[side] {
                end.connection.transport_holds(now, wire.backlog());
            }
            if wire.room() == 0 {
                break;
            }
            let Some(mut transmit) = end.held.take().or_else(|| end.connection.poll_transmit(now))
            else {
                if end.connection.is_closed() {
                    wire.end();
                    end.is_closed = true;
                    has_moved = true;
                }
                break;
            };
            has_moved = true;
            while transmit.has_remaining() && wire.room() > 0 {
                let len = transmit.chunk().len().min(wire.room());
                wire.write(self.now, &transmit.chunk()[..len]);
                transmit.advance(len);
            }
            end.held = transmit.has_remaining().then_some(transmit);
        }
        if end.connection.is_closed() && (wire.is_dead || self.wires[1 - side].is_dead) {
            has_moved |= !end.is_closed;
            end.is_closed = true;
        }
        has_moved
    }

    fn events(&mut self, side: usize) -> bool {
        let mut has_moved = false;
        while self.ends[side].app.slow_until <= self.now
            && let Some(event) = self.ends[side].connection.poll_event()
        {
            has_moved = true;
            self.event(side, event);
        }
        has_moved
    }

    // Trouble.

    fn trouble(&mut self) {
        if let Some(idle) = self.plan.link.nat.filter(|_| !self.is_calm) {
            let last = self.wires[0].last_left.max(self.wires[1].last_left);
            if self.now >= last + idle && !self.wires[0].is_dead {
                self.die("the NAT forgets");
            }
        }
        if self.is_calm || self.now < self.next_trouble {
            return;
        }
        self.next_trouble = self.now + random(&mut self.rng, self.plan.storm / 8) + secs(1);
        if self.plan.link.dies && chance(&mut self.rng, 40) {
            self.die("the link dies");
        } else if let Some(longest) = self.plan.link.stall {
            let until = self.now + random(&mut self.rng, longest / 2);
            self.tell(|_| format!("stalls until {until:?}"));
            self.wires.iter_mut().for_each(|wire| wire.stall(until));
        }
    }

    fn die(&mut self, why: &str) {
        self.tell(|_| why.to_owned());
        self.wires.iter_mut().for_each(|wire| wire.is_dead = true);
    }

    fn calm_down(&mut self) {
        self.tell(|_| "calm".to_owned());
        self.is_calm = true;
        for side in [ALICE, BOB] {
            self.wires[side].calm(self.now);
            self.calm_app(side);
        }
    }

    // Connecting again.

    /// A connection that has ended at one side is replaced after a while.
    fn reconnect(&mut self) -> bool {
        let has_ended = self.ends.iter().any(|end| end.connection.is_closed());
        if !has_ended {
            return false;
        }
        assert!(!self.plan.is_sound || self.is_calm, "sound, but the connection has ended");
        let at = *self.reconnect_at.get_or_insert(self.now + secs(3));
        if self.now < at {
            return false;
        }
        self.replace();
        true
    }

    /// Nothing leaves on a link that was dead before the calm, so nobody can know,
    /// but for a side that keeps its connection alive. Now the applications learn it.
    fn leave_dead_link(&mut self) {
        if !self.wires[ALICE].is_dead {
            return;
        }
        for side in [ALICE, BOB] {
            let keeps_alive = self.plan.configs[side].keep_alive.is_some();
            let is_open = !self.ends[side].app.bound.is_empty();
            assert!(!keeps_alive || !is_open, "side {side} keeps a dead link alive");
        }
        self.replace();
        self.run_until(self.now + secs(10));
    }

    fn replace(&mut self) {
        self.tell(|_| "reconnect".to_owned());
        self.reconnect_at = None;
        for side in [ALICE, BOB] {
            self.end_connection(side);
            let now = self.instant();
            let end = &mut self.ends[side];
            end.app.connection_ended();
            let (plan, rng) = (&self.plan, &mut self.rng);
            end.connection = connection(plan, side, rng, now, &self.table);
            end.input.clear();
            end.held = None;
            end.is_closed = false;
        }
        self.wires = wires(&self.plan, self.now);
        if self.is_calm {
            self.wires.iter_mut().for_each(|wire| wire.calm(self.now));
        }
        self.closing.clear();
        self.reopening.clear();
        self.open_all();
    }

    /// The end of a connection is the end of everything on it.
    pub fn end_connection(&mut self, side: usize) {
        self.ends[side].connection.receive_eof();
        let now = self.instant();
        while self.ends[side].connection.poll_transmit(now).is_some() {}
        self.ends[side].connection.transport_holds(now, 0);
        while let Some(event) = self.ends[side].connection.poll_event() {
            self.event(side, event);
        }
        self.ledger.connection_ended(side);
        let end = &self.ends[side];
        assert!(end.connection.is_closed());
        assert_eq!(end.connection.poll_timeout(), None, "the end has come already");
        assert!(!end.app.has_sessions(), "side {side}: nobody was told of the end of a session");
        let mut held = end.connection.footprint().held;
        held.retain(|_, count| *count > 0);
        assert!(held.is_empty(), "side {side} still holds {held:?} after its end");
    }

    /// A connection without a past, with as many sessions.
    pub fn fresh_footprint(&mut self, side: usize) -> Footprint {
        let table = std::mem::replace(&mut self.table, SessionTable::new(16));
        let mut fresh = World {
            plan: Plan { is_sound: false, ..self.plan.calm() },
            rng: Seeded(1),
            base: self.base,
            now: self.now,
            ends: [ALICE, BOB].map(|side| {
                let connection =
                    connection(&self.plan, side, &mut Seeded(9), self.instant(), &self.table);
                End::new(connection, App::new(self.plan.apps[side], &mut Seeded(1), self.now))
            }),
            wires: wires(&self.plan, self.now),
            table: self.table.clone(),
            ledger: Ledger::default(),
            opened: self.opened,
            reconnect_at: None,
            next_trouble: self.now,
            closing: Vec::new(),
            reopening: Vec::new(),
            is_calm: true,
            is_told: false,
        };
        [ALICE, BOB].into_iter().for_each(|side| fresh.calm_app(side));
        fresh.open_all();
        fresh.check_liveness();
        fresh.run_until(fresh.now + self.plan.longest_deadline());
        self.table = table;
        fresh.ends[side].connection.footprint()
    }

    fn check_footprint(&mut self) {
        for side in [ALICE, BOB] {
            let fresh = self.fresh_footprint(side);
            let found = self.ends[side].connection.footprint();
            assert_alike(&found, &fresh);
            self.check_remembered(side, &found);
        }
    }

    fn check_remembered(&self, side: usize, footprint: &Footprint) {
        let limits = &self.plan.configs[side].limits;
        let most = self.plan.slots.len() * (limits.remembered_messages + 8) + 128;
        for (name, count) in &footprint.remembered {
            assert!(*count <= most, "side {side} remembers {count} {name}, {most} are allowed");
        }
    }

    fn check_end(&mut self) {
        for side in [ALICE, BOB] {
            self.ends[side].connection.close();
        }
        self.run_until(self.now + secs(1));
        for side in [ALICE, BOB] {
            self.end_connection(side);
        }
    }
}

impl End {
    fn new(connection: Connection, app: App) -> Self {
        Self { connection, app, input: BytesMut::new(), held: None, is_closed: false }
    }
}

fn connection(
    plan: &Plan,
    side: usize,
    rng: &mut Seeded,
    now: Instant,
    table: &SessionTable,
) -> Connection {
    let role = if side == ALICE { Role::Active } else { Role::Passive };
    let config = Arc::new(plan.configs[side].clone());
    let connection = Connection::new(config, role, Seeded(rng.next()), now).unwrap();
    if side == BOB { connection.with_table(table.clone()) } else { connection }
}

fn wires(plan: &Plan, now: Duration) -> [Wire; 2] {
    let link = plan.link;
    link.rate.map(|rate| Wire::new(rate, link.delay, link.buffer, link.window, now))
}
