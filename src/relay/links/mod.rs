//! The connections of a relay and their state.

pub(super) mod directory;
pub(super) mod in_use;
pub(super) mod own;
pub(super) mod target;
pub(super) mod waiters;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};

use super::accounts::charge::{Account, Charge};
use super::accounts::holdings::{Holding, Standing};
use super::accounts::principal::Principal;
use super::config::{Peer, RelayConfig};
use super::event::{AuthRequest, ConnectionId, RelayClose, TokenId};
use super::flows::{FlowId, Previous};
use super::requests::waits::Outstanding;
use super::requests::{ChunkKey, Relayed, Relaying};
use crate::hop::{Answers, Hop, Transmit};
use crate::time::Instant;
use crate::wire::Head;
use in_use::InUse;
use own::Own;
use target::Target;
use waiters::Waiters;

/// The chunk, request or response that is arriving on a connection.
#[derive(Debug, Default)]
pub(super) enum Current {
    /// Nothing, or something that has been refused.
    #[default]
    Skipped,
    /// A SEND that is forwarded while it arrives.
    Passing {
        head: Head,
        destination: ConnectionId,
        key: ChunkKey,
        relayed: Arc<Relayed>,
        tokens: Vec<TokenId>,
    },
    /// A SEND whose destination was lost while it arrived. Its response tells it.
    Lost { head: Head, flow: FlowId },
    /// Anything else, which is handled once it is complete.
    Whole { head: Head, body: Option<BytesMut> },
}

impl Current {
    /// The SEND that is arriving and forwarded.
    pub(super) const fn relayed(&self) -> Option<&Arc<Relayed>> {
        match self {
            Self::Passing { relayed, .. } => Some(relayed),
            Self::Skipped | Self::Lost { .. } | Self::Whole { .. } => None,
        }
    }
}

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The application has been asked to establish it.
    Connecting,
    Up,
    /// No more octets are taken from it; queued control frames still leave.
    Closing {
        reason: RelayClose,
        /// `None` until the application asks for octets.
        since: Option<Instant>,
        /// Whether it gets no more REPORTs.
        is_told: bool,
    },
    /// The application has been asked to close it.
    Closed,
}

/// How long a connection may be idle that a flow has of its own. The next relay has
/// acknowledged what it may still hold for a slow receiver: this is longer than it takes
/// to find that one stalled, or silent, and to report it.
const OWN_IDLE: Duration = Duration::from_secs(180);

/// How long it may take to establish a connection of a flow's own, which waits for it: long
/// enough for a handshake of which something is lost once or twice.
const OWN_DIAL: Duration = Duration::from_secs(4);

/// How long connections wait at most while there is some room for what they send. A
/// previous hop of which no octet is taken for a minute ends its connection.
const WAIT: Duration = Duration::from_secs(1);

/// How long they wait at most while there is none, as long as octets leave the transport: it
/// may take minutes for what it was given when it was faster.
const LONG_WAIT: Duration = Duration::from_secs(20);

/// The octets that may then wait beyond the limits: about what a transport holds.
const LEEWAY: usize = 128 * 1024;

/// The least octets of a read.
pub(super) const LEAST_READ: usize = 4 * 1024;

/// For how long a connection is not held again that was held, and a flow gets no time above its
/// bound that has had its time.
pub(super) const PAROLE: Duration = Duration::from_secs(30);

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) hop: Hop<Relaying>,
    pub(super) peer: Peer,
    /// Whether this relay has opened it.
    pub(super) is_dialled: bool,
    /// Where it leads, if it was opened for all that goes there.
    pub(super) target: Option<Target>,
    /// Whether it was opened for its principal and is of use to others, too.
    pub(super) is_shared: bool,
    /// Whose budget it takes from.
    pub(super) principal: Principal,
    /// The number of that one.
    pub(super) holder: u64,
    /// Counts what is kept for it.
    pub(super) account: Account,
    /// The octets that wait for it, as far as they are counted there.
    pub(super) counted: usize,
    /// What it has left to say when it closes.
    pub(super) parting: Option<Charge>,
    /// What the application holds of an incomplete message.
    pub(super) input: Option<Charge>,
    pub(super) state: State,
    pub(super) current: Current,
    /// The octets that the transport was given and has not yet written.
    pub(super) in_flight: Option<usize>,
    /// How many octets had left before these.
    left_before: u64,
    /// When the transport was last given octets while it held none.
    given: Instant,
    /// Whether it is queued because it may have octets to send.
    pub(super) is_queued: bool,
    /// The queues that it waits for, and its flows that do: it is not read while there are any.
    pub(super) blocked_on: BTreeSet<(FlowId, ConnectionId)>,
    /// Where its last SEND has gone.
    pub(super) sends_to: Option<ConnectionId>,
    /// The flows that wait for this connection to have room, and the connections on
    /// which they arrive.
    pub(super) waiters: Waiters,
    /// When it last had room for all of them.
    had_room: Instant,
    /// How many octets had left by then.
    left_with_room: u64,
    /// When it was last not read since others had no room.
    pub(super) paused: Option<Instant>,
    pub(super) previous: Previous,
    /// When it was last not read because of a flow that others could not get past.
    pub(super) held_at: Option<Instant>,
    /// The connections that flows from it have of their own, the newest last.
    pub(super) owns: Vec<ConnectionId>,
    /// What it is beside a connection that others share, if a flow has it of its own.
    pub(super) own: Option<Box<Own>>,
    /// Until when no flow gets a connection of its own instead of this one.
    pub(super) no_own_until: Option<Instant>,
    /// Whether the next hop has seen AUTHs on it.
    pub(super) carries_auth: bool,
    pub(super) since: Instant,
    /// When it last carried a request or a response, or enough octets of one.
    pub(super) last_used: Instant,
    in_use: InUse,
    /// Until when those that wait for it are known to be in use with it.
    pub(super) shared_until: Instant,
    /// Whether a request has been accepted, or a SEND has a way to its next hop.
    pub(super) is_proven: bool,
    pub(super) refused: u32,
    /// AUTHs that have failed, and challenges, since the last AUTH that succeeded.
    pub(super) auth_failures: u32,
    pub(super) challenges: u32,
    pub(super) tokens: Vec<TokenId>,
    /// Its AUTHs that wait.
    pub(super) auths: BTreeSet<AuthRequest>,
    /// Its requests that wait on other connections.
    pub(super) pending: Outstanding<Relayed>,
    /// When one of them last ended.
    pub(super) settled: Instant,
    /// When its deadlines are next checked.
    pub(super) due: Option<Instant>,
    next_key: u64,
}

impl Link {
    pub(super) fn new(
        hop: Hop<Relaying>,
        peer: Peer,
        principal: Principal,
        holding: &Holding,
        state: State,
        now: Instant,
    ) -> Self {
        Self {
            hop,
            peer,
            is_dialled: state == State::Connecting,
            target: None,
            is_shared: false,
            principal,
            holder: holding.number,
            account: holding.account.clone(),
            counted: 0,
            parting: None,
            input: None,
            state,
            current: Current::default(),
            in_flight: None,
            left_before: 0,
            given: now,
            is_queued: false,
            blocked_on: BTreeSet::new(),
            sends_to: None,
            waiters: Waiters::default(),
            had_room: now,
            left_with_room: 0,
            paused: None,
            previous: Previous::Sender,
            held_at: None,
            owns: Vec::new(),
            own: None,
            no_own_until: None,
            carries_auth: false,
            since: now,
            last_used: now,
            in_use: InUse::new(now),
            shared_until: now,
            is_proven: false,
            refused: 0,
            auth_failures: 0,
            challenges: 0,
            tokens: Vec::new(),
            auths: BTreeSet::new(),
            pending: Outstanding::default(),
            settled: now,
            due: None,
            next_key: 0,
        }
    }

    /// The key of the next chunk of a connection that leaves on this one.
    pub(super) const fn next_key(&mut self, source: ConnectionId) -> ChunkKey {
        self.next_key += 1;
        ChunkKey { number: self.next_key, source }
    }

    /// The number of the last such key.
    pub(super) const fn last_key(&self) -> u64 {
        self.next_key
    }

    /// The octets that it holds: those that wait, and those of the transport beyond what it
    /// usually has.
    pub(super) fn holds(&self, config: &RelayConfig) -> usize {
        let usual = 2 * config.transmit_octets;
        self.hop.waiting() + self.in_flight.unwrap_or_default().saturating_sub(usual)
    }

    /// Takes the octets that leave next.
    pub(super) fn poll_transmit(&mut self, now: Instant, config: &RelayConfig) -> Option<Transmit> {
        let is_held_up = self.hop.is_held_up();
        let transmit = self.hop.poll_transmit(now)?;
        self.in_flight = Some(transmit.remaining());
        self.left_before = self.hop.known_left().unwrap_or_default();
        if !is_held_up {
            self.given = now;
        }
        if self.hop.known_left().is_none() {
            self.carries(now, transmit.remaining(), config);
        }
        Some(transmit)
    }

    /// The transport holds so many of the octets that it was given: the others have left.
    pub(super) fn transport_holds(&mut self, now: Instant, octets: usize, config: &RelayConfig) {
        let before = self.hop.known_left();
        self.hop.transport_holds(now, octets);
        if let (Some(before), Some(left)) = (before, self.hop.known_left()) {
            let flowed = usize::try_from(left.saturating_sub(before)).unwrap_or(usize::MAX);
            self.carries(now, flowed, config);
        }
    }

    /// The octets for which there is no room in the transport. Those that it is writing leave
    /// one after the other: what a fast one was given at once can take minutes when it has
    /// become slow.
    pub(super) fn backlog(&self) -> usize {
        let left = self.hop.known_left().unwrap_or(u64::MAX).saturating_sub(self.left_before);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        self.hop.waiting() + self.in_flight.unwrap_or_default().saturating_sub(left)
    }

    /// Whether it has room for those that wait for it: half of the limit, so that a fast
    /// transport wakes them rarely, or any after a while, since half of it can take a slow
    /// one minutes.
    pub(super) fn has_room(&mut self, now: Instant, limit: usize, leeway: usize) -> bool {
        let waiting = self.backlog();
        let is_long_ago = now.saturating_duration_since(self.had_room) >= WAIT;
        let has_any = waiting <= limit.saturating_add(leeway) && is_long_ago;
        let has_room = waiting <= limit / 2 || has_any || self.hop.is_starved();
        if has_room {
            self.note_room(now);
        }
        has_room
    }

    /// The octets that may wait beyond the limits now: only if a read's worth has left since it
    /// last had room.
    pub(super) fn leeway(&self, now: Instant) -> usize {
        let is_long_ago = now.saturating_duration_since(self.had_room) >= LONG_WAIT;
        let left = self.hop.known_left().unwrap_or_default().saturating_sub(self.left_with_room);
        if is_long_ago && left >= LEAST_READ as u64 { LEEWAY } else { 0 }
    }

    /// It has room now for those that wait for it.
    pub(super) fn note_room(&mut self, now: Instant) {
        self.had_room = now;
        self.left_with_room = self.hop.known_left().unwrap_or_default();
    }

    /// Since when the transport has octets of which none has left.
    pub(super) fn stalled_since(&self) -> Option<Instant> {
        let holds_octets = self.in_flight.is_some() || self.hop.is_held_up();
        holds_octets.then(|| self.given.max(self.hop.last_left()))
    }

    /// So many octets of accepted requests flow on it, in either direction.
    pub(super) fn carries(&mut self, now: Instant, octets: usize, config: &RelayConfig) {
        if self.in_use.flows(now, octets, config) {
            self.last_used = now;
        }
    }

    /// It is in use until then at least.
    pub(super) fn stays_in_use(&mut self, now: Instant, until: Instant) {
        self.in_use.extend(until);
        self.last_used = now;
    }

    /// Until when it is in use: octets of accepted requests have flowed on it at
    /// [`RelayConfig::least_rate`] at least.
    pub(super) const fn in_use_until(&self) -> Instant {
        self.in_use.until()
    }

    /// Whether it was lately not read because of a flow that others could not get past.
    pub(super) fn was_held(&self, now: Instant) -> bool {
        self.held_at.is_some_and(|at| now.saturating_duration_since(at) < PAROLE)
    }

    /// Whether its responses are read. Where it is read little by little, they come late.
    pub(super) fn answers(&self, now: Instant) -> Answers {
        let is_recent = |paused| now.saturating_duration_since(paused) < 2 * WAIT;
        let is_paused = !self.blocked_on.is_empty() || self.paused.is_some_and(is_recent);
        if is_paused { Answers::ReadLate } else { Answers::Read }
    }

    pub(super) const fn closing_since(&self) -> Option<Instant> {
        if let State::Closing { since, .. } = self.state { since } else { None }
    }

    pub(super) fn is_up(&self) -> bool {
        self.state == State::Up
    }

    /// Whether nothing is in transit on it, no transaction is open, and none of its
    /// requests waits elsewhere. A request in an open transaction would be reported as
    /// lost although it may have arrived; one that waits elsewhere may yet fail.
    pub(super) fn is_at_rest(&self) -> bool {
        let has_sent = self.hop.is_idle() && self.in_flight.is_none();
        let is_answered = self.hop.open_requests() == 0 && self.pending.is_empty();
        self.is_up() && has_sent && is_answered && matches!(self.current, Current::Skipped)
    }

    /// How long it may take to establish it.
    pub(super) fn dial(&self, of_common: Duration) -> Duration {
        if self.own.is_some() { OWN_DIAL.min(of_common) } else { of_common }
    }

    /// How much its holder misses it if it gives way.
    pub(super) const fn standing(&self) -> Standing {
        Standing {
            is_dial_of_many: self.is_dialled && self.is_shared,
            is_shared: self.is_shared,
            is_proven: self.is_proven,
            last_used: self.last_used,
        }
    }

    /// How long it may be idle.
    pub(super) fn idle(&self, of_common: Duration) -> Duration {
        match &self.own {
            Some(_) => OWN_IDLE.min(of_common),
            None => of_common,
        }
    }

    /// Whether REPORTs leave on it. They may be its last words.
    pub(super) const fn takes_reports(&self) -> bool {
        matches!(self.state, State::Up | State::Closing { .. })
    }

    /// Whether requests can be forwarded to it.
    pub(super) const fn takes_requests(&self) -> bool {
        matches!(self.state, State::Up | State::Connecting)
    }
}

/// The connections by id. A slot is reused under another id.
#[derive(Debug, Default)]
pub(super) struct Links {
    slots: Vec<Slot>,
    free: VecDeque<u32>,
    len: usize,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    link: Option<Box<Link>>,
}

const fn split(id: ConnectionId) -> (usize, u32) {
    ((id.0 & 0xffff_ffff) as usize, (id.0 >> 32) as u32)
}

fn join(index: u32, generation: u32) -> ConnectionId {
    ConnectionId(u64::from(generation) << 32 | u64::from(index))
}

impl Links {
    /// Adds a connection, which `make` creates with its id.
    pub(super) fn insert(&mut self, make: impl FnOnce(ConnectionId) -> Link) -> ConnectionId {
        self.len += 1;
        let make = |id| Some(Box::new(make(id)));
        if let Some(index) = self.free.pop_front()
            && let Some(slot) = self.slots.get_mut(index as usize)
        {
            let id = join(index, slot.generation);
            slot.link = make(id);
            return id;
        }
        let id = join(self.slots.len() as u32, 0);
        self.slots.push(Slot { generation: 0, link: make(id) });
        id
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<&Link> {
        let (index, generation) = split(id);
        let slot = self.slots.get(index)?;
        slot.link.as_deref().filter(|_| slot.generation == generation)
    }

    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Link> {
        let (index, generation) = split(id);
        let slot = self.slots.get_mut(index)?;
        slot.link.as_deref_mut().filter(|_| slot.generation == generation)
    }

    pub(super) fn remove(&mut self, id: ConnectionId) -> Option<Link> {
        let (index, generation) = split(id);
        let slot = self.slots.get_mut(index)?;
        if slot.generation != generation {
            return None;
        }
        let link = slot.link.take()?;
        self.len -= 1;
        // A slot that has run out of ids is not reused.
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            self.free.push_back(index as u32);
        }
        Some(*link)
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ConnectionId, &Link)> {
        self.slots.iter().zip(0..).filter_map(|(slot, index)| {
            slot.link.as_deref().map(|link| (join(index, slot.generation), link))
        })
    }

    pub(super) fn ids(&self) -> Vec<ConnectionId> {
        self.iter().map(|(id, _)| id).collect()
    }
}
