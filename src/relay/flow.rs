//! Flows: what one session sends in one direction on connections between relays.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::charge::{Charge, Pool, Tally};
use super::event::{ConnectionId, TokenId};
use super::principal::{Principal, SenderId};
use crate::time::Instant;
use crate::uri::{MsrpUri, UriKey, UriRef};
use crate::wire::MessageId;

/// A flow: what takes turns on a connection, keeps its order there, and has a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum FlowId {
    /// Everything from a client.
    Connection(ConnectionId),
    /// What is no SEND from a client of another relay.
    Sender(SenderId),
    /// One direction of one session with another relay, on whichever connections it
    /// arrives. A number is never reused.
    Session(u64),
}

/// Whose flow it is: that between a token of this relay and a URI at another, in one
/// direction, as the holder of the connection says on which it arrives.
#[derive(Clone, Debug)]
pub(super) struct FlowKey<'a> {
    pub(super) token: TokenId,
    pub(super) far: UriRef<'a>,
    pub(super) to_owner: bool,
    pub(super) from: &'a Principal,
    /// Counts what is kept for that holder.
    pub(super) tally: &'a Tally,
    /// Whether so much is kept that there is no memory for another flow.
    pub(super) is_spent: bool,
}

/// The most unfinished messages of a flow that are remembered.
const MESSAGES: usize = 64;

/// The octets of one of them. Their table grows by doubling.
const MESSAGE_OCTETS: usize = 2 * size_of::<Begun>();

/// After how long without a chunk an unfinished message is forgotten.
const ABANDONED: Duration = Duration::from_secs(60);

/// For how long a flow is known that is not used.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// The most flows, and the most of one token in one direction. At the limit some give way
/// that nothing uses. If there are none, the others of a token are one, which leads to
/// several relays and so leaves none of their common connections.
const FLOWS: usize = 65_536;
const FLOWS_OF_TOKEN: usize = 1024;

/// Of the flows of the one who has most, one of so many parts gives way at once, so that
/// looking for them costs each newcomer little.
const GIVING_WAY: usize = 8;

/// If so many have to be looked at for each that gives way, that is not done again at once.
const COSTLY: usize = 64;

/// How often they are looked for at most while there is no room for a new one.
const LOOK: Duration = Duration::from_secs(1);

/// The state of one flow.
#[derive(Debug)]
pub(super) struct Flow {
    used: Instant,
    side: Side,
    /// The holder of the connection on which it arrives.
    from: Principal,
    /// Whether anything of it is on its way.
    on_way: Arc<()>,
    /// Whether it is that of those that are too many.
    pub(super) is_rest: bool,
    /// Its messages that have begun and not ended.
    messages: Vec<Begun>,
    /// The octets of its URI.
    octets: usize,
    charge: Charge,
    /// The connection of its own, with which it leaves the one that it would share.
    pub(super) own: Option<ConnectionId>,
    pub(super) follows: Option<Earlier>,
    /// The connection on which it arrives apart from those of others.
    pub(super) apart: Option<ConnectionId>,
    pub(super) above: Option<Above>,
    /// Until when it gets no time above its bound, since it has had its time.
    pub(super) paroled_until: Option<Instant>,
    /// When it is looked at next.
    pub(super) due: Option<Instant>,
}

/// A flow is above its bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Above {
    pub(super) since: Instant,
    /// The connection on which it leaves.
    pub(super) on: ConnectionId,
    /// How many times the bound may wait there before the one on which it arrives is not
    /// read.
    pub(super) patience: usize,
}

/// Something of a flow is on its way until this is dropped.
#[derive(Clone, Debug)]
pub(super) struct OnWay {
    _flow: Arc<()>,
}

#[derive(Debug)]
struct Begun {
    message_id: MessageId,
    used: Instant,
    /// The connection on which it leaves.
    leaves_on: Option<ConnectionId>,
    /// Whether a part of it was dropped, so that the rest is of no use.
    is_refused: bool,
}

/// What a SEND is to its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The first one of a message.
    First,
    /// A later one of a message that leaves on this connection.
    Later(ConnectionId),
    /// One of a message of which a part was dropped.
    Refused,
}

/// What a flow has sent on the connection that it has left, which has to arrive first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Earlier {
    pub(super) on: ConnectionId,
    /// The last chunk of it.
    pub(super) last: u64,
    /// When it is old, if all of it has left.
    pub(super) old_at: Instant,
}

impl Flow {
    fn new(now: Instant, key: &FlowKey<'_>, is_rest: bool, octets: usize, pool: &Pool) -> Self {
        let charge = key.tally.charge_in(pool, octets);
        Self {
            used: now,
            side: key.side(),
            from: key.from.clone(),
            on_way: Arc::default(),
            is_rest,
            messages: Vec::new(),
            octets,
            charge,
            own: None,
            follows: None,
            apart: None,
            above: None,
            paroled_until: None,
            due: None,
        }
    }

    /// A SEND of a message begins to arrive. Without memory, it alone is remembered.
    pub(super) fn begin(&mut self, now: Instant, message_id: &MessageId, is_spent: bool) -> Stage {
        let is_live = |begun: &Begun| now.saturating_duration_since(begun.used) < ABANDONED;
        self.messages.retain(is_live);
        let Some(begun) = self.begun(message_id) else {
            let most = if is_spent { 1 } else { MESSAGES };
            self.messages.drain(..(self.messages.len() + 1).saturating_sub(most));
            let message_id = *message_id;
            let begun = Begun { message_id, used: now, leaves_on: None, is_refused: false };
            self.messages.push(begun);
            self.weigh();
            return Stage::First;
        };
        begun.used = now;
        match begun.leaves_on {
            _ if begun.is_refused => Stage::Refused,
            Some(connection) => Stage::Later(connection),
            None => Stage::First,
        }
    }

    /// A message leaves on this connection, all of it. Among those that are too many, its
    /// Message-ID may be that of another one, too.
    pub(super) fn leaves_on(&mut self, message_id: &MessageId, connection: ConnectionId) {
        if !self.is_rest
            && let Some(begun) = self.begun(message_id)
        {
            begun.leaves_on = Some(connection);
        }
    }

    fn begun(&mut self, message_id: &MessageId) -> Option<&mut Begun> {
        self.messages.iter_mut().find(|begun| begun.message_id == *message_id)
    }

    /// A message has ended.
    pub(super) fn end(&mut self, message_id: &MessageId) {
        self.messages.retain(|begun| begun.message_id != *message_id);
        self.weigh();
    }

    /// Counts what is remembered of its messages.
    fn weigh(&mut self) {
        self.charge.set(self.octets + self.messages.len() * MESSAGE_OCTETS);
    }

    /// The rest of every message that has begun is refused.
    pub(super) fn refuse_begun(&mut self) {
        self.messages.iter_mut().for_each(|begun| begun.is_refused = true);
    }

    pub(super) fn is_on_parole(&self, now: Instant) -> bool {
        self.paroled_until.is_some_and(|until| now < until)
    }

    fn is_over(&self, now: Instant) -> bool {
        let is_old = now.saturating_duration_since(self.used) >= FORGOTTEN;
        is_old && self.is_idle() && !self.is_on_parole(now)
    }

    /// Whether it could begin anew, and nobody would notice.
    fn is_idle(&self) -> bool {
        self.own.is_none() && self.due.is_none() && Arc::strong_count(&self.on_way) == 1
    }

    /// Those that give way first are the least: a message that has begun goes on.
    const fn rank(&self) -> (bool, Instant) {
        (!self.messages.is_empty(), self.used)
    }
}

/// All flows.
#[derive(Debug, Default)]
pub(super) struct Flows {
    by_number: HashMap<u64, Flow>,
    sides: HashMap<Side, OfSide>,
    last: u64,
    /// When the last look was, and the last one for some to give way that found few.
    looked: Option<Instant>,
    barren: Option<Instant>,
    /// When the next one is due at the latest.
    due: Option<Instant>,
    /// Counts what is kept of all of them.
    pub(super) pool: Pool,
}

/// Those of a token in one direction: what strangers send to its owner takes no place of
/// what the owner sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Side {
    token: TokenId,
    to_owner: bool,
}

impl FlowKey<'_> {
    const fn side(&self) -> Side {
        Side { token: self.token, to_owner: self.to_owner }
    }
}

/// The flows of one side.
#[derive(Debug, Default)]
struct OfSide {
    by_far: HashMap<MsrpUri, Vec<Known>>,
    len: usize,
    /// The flow of those that are too many.
    rest: Option<u64>,
}

#[derive(Debug)]
struct Known {
    from: Principal,
    number: u64,
}

impl OfSide {
    /// Forgets those that are no more. Returns whether there are any others.
    fn tidy(&mut self, flows: &HashMap<u64, Flow>) -> bool {
        self.by_far.retain(|_, known| {
            known.retain(|known| flows.contains_key(&known.number));
            !known.is_empty()
        });
        self.len = self.by_far.values().map(Vec::len).sum();
        self.rest = self.rest.filter(|rest| flows.contains_key(rest));
        self.len > 0 || self.rest.is_some()
    }
}

impl Flows {
    /// The flow with this key, which is in use now.
    pub(super) fn of(&mut self, now: Instant, key: &FlowKey<'_>) -> FlowId {
        let number = self.known(key).unwrap_or_else(|| self.add(now, key));
        if let Some(flow) = self.by_number.get_mut(&number) {
            flow.used = now;
        }
        FlowId::Session(number)
    }

    fn known(&self, key: &FlowKey<'_>) -> Option<u64> {
        let far: &dyn UriKey = &key.far;
        let known = self.sides.get(&key.side())?.by_far.get(far)?;
        known.iter().find(|known| known.from == *key.from).map(|known| known.number)
    }

    fn add(&mut self, now: Instant, key: &FlowKey<'_>) -> u64 {
        if self.is_look_due(now, key) {
            self.tidy(now);
        }
        self.make_room(now, key.side());
        let has_room = !key.is_spent && self.has_room(key.side());
        let of_side = self.sides.entry(key.side()).or_default();
        if let Some(rest) = of_side.rest.filter(|_| !has_room) {
            return rest;
        }
        self.last += 1;
        let number = self.last;
        if has_room {
            let known = Known { from: key.from.clone(), number };
            of_side.by_far.entry(key.far.to_uri()).or_default().push(known);
            of_side.len += 1;
        } else {
            of_side.rest = Some(number);
        }
        let octets = if has_room { key.far.as_str().len() } else { 0 };
        let flow = Flow::new(now, key, !has_room, octets, &self.pool);
        self.by_number.insert(number, flow);
        number
    }

    /// Something of a flow is on its way.
    pub(super) fn send(&self, id: FlowId) -> Option<OnWay> {
        let flow = self.get(id)?;
        Some(OnWay { _flow: Arc::clone(&flow.on_way) })
    }

    fn get(&self, id: FlowId) -> Option<&Flow> {
        match id {
            FlowId::Connection(_) | FlowId::Sender(_) => None,
            FlowId::Session(number) => self.by_number.get(&number),
        }
    }

    pub(super) fn get_mut(&mut self, id: FlowId) -> Option<&mut Flow> {
        match id {
            FlowId::Connection(_) | FlowId::Sender(_) => None,
            FlowId::Session(number) => self.by_number.get_mut(&number),
        }
    }

    /// Whether a flow that is above its bound is read while so many times the bound wait.
    pub(super) fn is_read_on(&self, id: FlowId, times: usize) -> bool {
        let above = self.get(id).and_then(|flow| flow.above);
        above.is_some_and(|above| times <= above.patience)
    }

    /// Makes room for a newcomer at the cost of whoever has most of what is full.
    fn make_room(&mut self, now: Instant, side: Side) {
        let is_barren = |looked: Instant| now.saturating_duration_since(looked) < LOOK;
        if self.has_room(side) || self.barren.is_some_and(is_barren) {
            return;
        }
        let mut is_costly = false;
        if self.len_of(side) >= FLOWS_OF_TOKEN {
            let of_side = self.sides.get(&side).into_iter().flat_map(|it| it.by_far.values());
            let numbers = of_side.flatten().map(|known| known.number).collect();
            is_costly |= self.some_give_way(numbers) < FLOWS_OF_TOKEN / COSTLY;
        }
        if self.by_number.len() >= FLOWS {
            let numbers = self.by_number.keys().copied().collect();
            is_costly |= self.some_give_way(numbers) < FLOWS / COSTLY;
        }
        self.barren = is_costly.then_some(now);
    }

    /// Of these, the idle ones of the one who has most of them give way, those first that
    /// were used least recently. Returns how many.
    fn some_give_way(&mut self, numbers: Vec<u64>) -> usize {
        let mut by_holder: BTreeMap<&Principal, Vec<_>> = BTreeMap::new();
        for number in numbers {
            if let Some(flow) = self.by_number.get(&number).filter(|it| it.is_idle() && !it.is_rest)
            {
                by_holder.entry(&flow.from).or_default().push((flow.rank(), number));
            }
        }
        let mut largest = by_holder.into_values().max_by_key(Vec::len).unwrap_or_default();
        largest.sort_unstable();
        largest.truncate(largest.len().div_ceil(GIVING_WAY));
        let count = largest.len();
        let sides: HashSet<Side> = largest
            .into_iter()
            .filter_map(|(_, number)| self.by_number.remove(&number))
            .map(|flow| flow.side)
            .collect();
        for side in sides {
            let of_side = self.sides.get_mut(&side);
            if of_side.is_some_and(|of_side| !of_side.tidy(&self.by_number)) {
                self.sides.remove(&side);
            }
        }
        count
    }

    /// Whether there is room for another flow.
    fn has_room(&self, side: Side) -> bool {
        self.by_number.len() < FLOWS && self.len_of(side) < FLOWS_OF_TOKEN
    }

    fn len_of(&self, side: Side) -> usize {
        self.sides.get(&side).map_or(0, |of_side| of_side.len)
    }

    /// Whether to look for flows that are over before their time: there are too many.
    fn is_look_due(&self, now: Instant, key: &FlowKey<'_>) -> bool {
        let age = self.looked.map(|looked| now.saturating_duration_since(looked));
        let is_full = key.is_spent || !self.has_room(key.side());
        is_full && age.is_none_or(|age| age >= LOOK)
    }

    /// When to look next for flows that are over, if that is not known yet and there are any.
    pub(super) fn arm(&mut self, now: Instant) -> Option<Instant> {
        if self.by_number.is_empty() || self.due.is_some_and(|due| now < due) {
            return None;
        }
        self.due = now.checked_add(FORGOTTEN);
        self.due
    }

    /// Forgets the flows that are over.
    pub(super) fn tidy(&mut self, now: Instant) {
        let by_number = &mut self.by_number;
        by_number.retain(|_, flow| !flow.is_over(now));
        self.sides.retain(|_, of_side| of_side.tidy(by_number));
        self.looked = Some(now);
    }
}

/// For whom the previous hop has made a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Previous {
    /// For itself: it is the sender.
    Sender,
    /// A relay for everything.
    Relay,
    /// A relay for one of its clients alone, since it has another connection.
    RelayForOne,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The number of a flow of this holder.
    fn of(flows: &mut Flows, now: Instant, holder: u64, number: usize) -> FlowId {
        let far: MsrpUri = format!("msrps://b.example:2855/s{number};tcp").parse().unwrap();
        let from = &Principal::Connection(ConnectionId(holder));
        // A few of each token.
        let token = TokenId((number / 100) as u64);
        let (far, tally) = (far.view(), &Tally::default());
        flows.of(now, &FlowKey { token, far, to_owner: true, from, tally, is_spent: false })
    }

    fn is_apart(flows: &Flows, id: FlowId) -> bool {
        flows.get(id).is_some_and(|flow| !flow.is_rest)
    }

    #[test]
    fn flows_that_are_over_make_room() {
        let start = Instant::now();
        let mut flows = Flows::default();
        for number in 0..FLOWS {
            of(&mut flows, start, 1, number);
        }
        for number in FLOWS..FLOWS + 1000 {
            let id = of(&mut flows, start + FORGOTTEN, 1, number);
            assert!(is_apart(&flows, id));
        }
        assert!(flows.by_number.len() < 2000);
    }

    /// Those that it has not used for long do, and nobody else's.
    #[test]
    fn the_one_who_has_most_flows_makes_room() {
        let start = Instant::now();
        let mut flows = Flows::default();
        let known = of(&mut flows, start, 2, 0);
        let [first, last] = [1, FLOWS - 1].map(|number| of(&mut flows, start, 1, number));
        for number in 2..FLOWS - 1 {
            of(&mut flows, start, 1, number);
        }
        let now = start + Duration::from_secs(1);
        assert_eq!(of(&mut flows, now, 1, 1), first);
        for number in FLOWS..FLOWS + 1000 {
            let id = of(&mut flows, now, 3, number);
            assert!(is_apart(&flows, id));
        }
        assert_eq!(of(&mut flows, now, 2, 0), known);
        assert_eq!(of(&mut flows, now, 1, 1), first);
        assert_ne!(of(&mut flows, now, 1, FLOWS - 1), last);
    }

    #[test]
    fn a_flow_of_which_anything_is_on_its_way_does_not_give_way() {
        let start = Instant::now();
        let mut flows = Flows::default();
        let ids: Vec<_> = (0..FLOWS).map(|number| of(&mut flows, start, 1, number)).collect();
        let on_way: Vec<_> = ids.into_iter().map(|id| flows.send(id)).collect();
        let id = of(&mut flows, start + FORGOTTEN, 2, FLOWS);
        assert!(!is_apart(&flows, id));
        drop(on_way);
        let id = of(&mut flows, start + FORGOTTEN + LOOK, 2, FLOWS);
        assert!(is_apart(&flows, id));
    }
}
