//! All flows, and which of them give way when there are too many.
//!
//! What gives way is idle: it could begin anew, and nobody would notice. If nothing is, those
//! who have no more than an equal share get further flows nevertheless, so that nobody can
//! take all of them for good.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::{FORGOTTEN, Flow, FlowId, FlowKey, OnWay, Side};
use crate::relay::accounts::charge::{Account, Pool};
use crate::relay::accounts::portions::Portions;
use crate::relay::accounts::principal::Principal;
use crate::relay::event::ConnectionId;
use crate::spare::Spare;
use crate::time::Instant;
use crate::uri::{MsrpUri, UriKey, UriRef};

/// The most flows of one token in one direction, unless many holders share them. Beyond that
/// the others of a token are one, which leads to several relays and so leaves none of their
/// common connections.
const FLOWS_OF_TOKEN: usize = 1024;

/// Of the flows of the one who has most, one of so many parts gives way at once, so that
/// looking for them costs each newcomer little.
const GIVING_WAY: usize = 8;

/// If so many have to be looked at for each that gives way, that is not done again at once.
const COSTLY: usize = 64;

/// How often they are looked for at most then.
const LOOK: Duration = Duration::from_secs(1);

/// All flows.
#[derive(Debug)]
pub(in crate::relay) struct Flows {
    // The relay counts up these numbers and ids: no peer can choose them.
    by_number: FxHashMap<u64, Flow>,
    sides: FxHashMap<Side, OfSide>,
    holders: BTreeMap<Principal, OfHolder>,
    /// The same, each of whom has one here.
    sharers: Portions,
    last: u64,
    /// The octets that they may take, and what counts those that they take.
    most: usize,
    pool: Pool,
    /// When some of all were last looked for in vain.
    barren: Option<Instant>,
    /// When to look next for those that are over.
    due: Option<Instant>,
}

/// The flows of one side.
#[derive(Debug, Default)]
struct OfSide {
    by_far: HashMap<MsrpUri, Vec<Known>>,
    by_holder: Portions,
    len: usize,
    /// The flow of those that are too many.
    rest: Option<u64>,
    /// When some of these were last looked for in vain.
    barren: Option<Instant>,
}

#[derive(Debug)]
struct Known {
    from: Principal,
    number: u64,
}

/// What flows take of one holder.
#[derive(Debug, Default)]
struct OfHolder {
    account: Account,
    barren: Option<Instant>,
}

impl OfSide {
    fn add(&mut self, key: &FlowKey<'_>, number: u64) {
        let known = Known { from: key.from.clone(), number };
        self.by_far.entry(key.far.to_uri()).or_default().push(known);
        self.by_holder.add(key.from);
        self.len += 1;
    }

    /// Forgets those that are no more. Returns whether there are any others.
    fn tidy(&mut self, flows: &FxHashMap<u64, Flow>) -> bool {
        self.by_far.retain(|_, known| {
            known.retain(|known| flows.contains_key(&known.number));
            !known.is_empty()
        });
        (self.by_holder, self.len) = (Portions::default(), 0);
        for known in self.by_far.values().flatten() {
            self.by_holder.add(&known.from);
            self.len += 1;
        }
        self.rest = self.rest.filter(|rest| flows.contains_key(rest));
        self.len > 0 || self.rest.is_some()
    }

    fn numbers(&self) -> Vec<u64> {
        self.by_far.values().flatten().map(|known| known.number).collect()
    }

    const fn is_full(&self) -> bool {
        self.len >= FLOWS_OF_TOKEN
    }

    /// Whether there is room for another flow of this holder.
    fn has_room(&self, holder: &Principal) -> bool {
        let share = self.by_holder.share(FLOWS_OF_TOKEN, holder);
        !self.is_full() || self.by_holder.count(holder) < share
    }
}

impl Flows {
    /// None yet. They may take so many octets.
    pub(in crate::relay) fn new(most: usize) -> Self {
        Self {
            by_number: FxHashMap::default(),
            sides: FxHashMap::default(),
            holders: BTreeMap::new(),
            sharers: Portions::default(),
            last: 0,
            most,
            pool: Pool::default(),
            barren: None,
            due: None,
        }
    }

    /// The flow with this key, which is in use now.
    pub(in crate::relay) fn of(&mut self, now: Instant, key: &FlowKey<'_>) -> FlowId {
        let number = self.known(key).unwrap_or_else(|| self.add(now, key));
        if let Some(flow) = self.by_number.get_mut(&number) {
            flow.used = now;
        }
        FlowId::Session(number)
    }

    fn known(&self, key: &FlowKey<'_>) -> Option<u64> {
        self.number(key.side(), key.far, key.from)
    }

    fn number(&self, side: Side, far: UriRef<'_>, from: &Principal) -> Option<u64> {
        let far: &dyn UriKey = &far;
        let known = self.sides.get(&side)?.by_far.get(far)?;
        known.iter().find(|known| known.from == *from).map(|known| known.number)
    }

    /// The connection of its own of what this holder sends, to or from a URI under a token.
    pub(in crate::relay) fn own_of(
        &self,
        side: Side,
        far: UriRef<'_>,
        from: &Principal,
    ) -> Option<ConnectionId> {
        let number = self.number(side, far, from)?;
        self.by_number.get(&number)?.own
    }

    fn add(&mut self, now: Instant, key: &FlowKey<'_>) -> u64 {
        self.make_room(now, key);
        let has_memory = !key.is_spent && self.has_memory(key.from);
        let of_side = self.sides.entry(key.side()).or_default();
        let has_room = has_memory && of_side.has_room(key.from);
        if let Some(rest) = of_side.rest.filter(|_| !has_room) {
            return rest;
        }
        self.last += 1;
        let number = self.last;
        if has_room {
            of_side.add(key, number);
        } else {
            of_side.rest = Some(number);
        }
        self.sharers.set(key.from, 1);
        let of_holder = self.holders.entry(key.from.clone()).or_default();
        let flow = Flow::new(now, key, !has_room, &self.pool, &of_holder.account);
        self.by_number.insert(number, flow);
        number
    }

    /// Something of a flow is on its way.
    pub(in crate::relay) fn send(&self, id: FlowId) -> Option<OnWay> {
        self.get(id).map(Flow::send)
    }

    fn get(&self, id: FlowId) -> Option<&Flow> {
        match id {
            FlowId::Connection(_) | FlowId::Sender(_) | FlowId::Holder(_) => None,
            FlowId::Session(number) => self.by_number.get(&number),
        }
    }

    /// Who sends the flow of a session, as far as that is one.
    pub(in crate::relay) fn sender_of(&self, id: FlowId) -> Option<FlowId> {
        self.get(id)?.sender
    }

    pub(in crate::relay) fn get_mut(&mut self, id: FlowId) -> Option<&mut Flow> {
        match id {
            FlowId::Connection(_) | FlowId::Sender(_) | FlowId::Holder(_) => None,
            FlowId::Session(number) => self.by_number.get_mut(&number),
        }
    }

    /// Whether a flow gets no time above its bound.
    pub(in crate::relay) fn is_on_parole(&self, id: FlowId, now: Instant) -> bool {
        self.get(id).is_some_and(|flow| flow.is_on_parole(now))
    }

    /// Whether a flow is above its bound.
    pub(in crate::relay) fn is_above(&self, id: FlowId) -> bool {
        self.get(id).is_some_and(|flow| flow.above.is_some())
    }

    // Room.

    fn is_full(&self) -> bool {
        self.pool.octets() > self.most
    }

    /// Whether there is memory for more of this holder's flows.
    pub(in crate::relay) fn has_memory(&self, holder: &Principal) -> bool {
        let own = self.holders.get(holder).map_or(0, |of_holder| of_holder.account.total());
        !self.is_full() || own < self.sharers.share(self.most, holder)
    }

    /// Makes room for a newcomer at the cost of whoever has most of what is full.
    fn make_room(&mut self, now: Instant, key: &FlowKey<'_>) {
        let full = self.sides.get(&key.side()).filter(|of_side| of_side.is_full());
        if let Some(of_side) = full.filter(|of_side| may_look(now, of_side.barren)) {
            let numbers = of_side.numbers();
            let barren = self.some_give_way(now, numbers.len(), numbers);
            if let Some(of_side) = self.sides.get_mut(&key.side()) {
                of_side.barren = barren;
            }
        }
        if self.is_full() && may_look(now, self.barren) {
            let numbers: Vec<_> = self.by_number.keys().copied().collect();
            self.barren = self.some_give_way(now, numbers.len(), numbers);
        }
    }

    /// Makes room in the memory of a holder, at the cost of its own.
    pub(in crate::relay) fn make_room_of(&mut self, now: Instant, holder: &Principal) {
        let known = self.holders.get(holder);
        if known.is_some_and(|of_holder| may_look(now, of_holder.barren)) {
            let own = self.by_number.iter().filter(|(_, flow)| flow.from == *holder);
            let numbers = own.map(|(number, _)| *number).collect();
            let barren = self.some_give_way(now, self.by_number.len(), numbers);
            if let Some(of_holder) = self.holders.get_mut(holder) {
                of_holder.barren = barren;
            }
        }
    }

    /// Of these, the idle ones of the one who has most of them give way, those first that
    /// were used least recently. Returns when that was if they were few of those looked at.
    fn some_give_way(&mut self, now: Instant, looked: usize, numbers: Vec<u64>) -> Option<Instant> {
        let mut largest = self.idle_of_largest(numbers);
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
        (count < looked / COSTLY || count == 0).then_some(now)
    }

    /// Of these, the idle ones of the one whose take most, with their ranks.
    fn idle_of_largest(&self, numbers: Vec<u64>) -> Vec<((bool, Instant), u64)> {
        let mut by_holder: BTreeMap<&Principal, (usize, Vec<_>)> = BTreeMap::new();
        for number in numbers {
            if let Some(flow) = self.by_number.get(&number).filter(|it| it.is_idle() && !it.is_rest)
            {
                let (octets, idle) = by_holder.entry(&flow.from).or_default();
                *octets += flow.weight();
                idle.push((flow.rank(), number));
            }
        }
        let largest = by_holder.into_values().max_by_key(|(octets, _)| *octets);
        largest.unwrap_or_default().1
    }

    /// When to look next for flows that are over, if that is not known yet and there are any.
    pub(in crate::relay) fn arm(&mut self, now: Instant) -> Option<Instant> {
        if self.by_number.is_empty() || self.due.is_some_and(|due| now < due) {
            return None;
        }
        self.due = now.checked_add(FORGOTTEN);
        self.due
    }

    /// Forgets the flows that are over.
    pub(in crate::relay) fn tidy(&mut self, now: Instant) {
        let by_number = &mut self.by_number;
        by_number.retain(|_, flow| !flow.is_over(now));
        self.sides.retain(|_, of_side| of_side.tidy(by_number));
        let sharers = &mut self.sharers;
        self.holders.retain(|holder, of_holder| {
            let is_known = of_holder.account.total() > 0;
            sharers.set(holder, usize::from(is_known));
            is_known
        });
        self.by_number.give_back();
        self.sides.give_back();
    }
}

/// Whether to look again after having done so in vain.
fn may_look(now: Instant, barren: Option<Instant>) -> bool {
    barren.is_none_or(|looked| now.saturating_duration_since(looked) >= LOOK)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::relay::event::{ConnectionId, TokenId};

    /// Room for a few thousand flows.
    const MOST: usize = 2 << 20;

    /// The number of a flow of this holder.
    fn of(flows: &mut Flows, now: Instant, holder: u64, number: usize) -> FlowId {
        // A few of each token.
        let token = TokenId((number / 100) as u64);
        of_token(flows, now, token, holder, number)
    }

    fn of_token(
        flows: &mut Flows,
        now: Instant,
        token: TokenId,
        holder: u64,
        number: usize,
    ) -> FlowId {
        let far: MsrpUri = format!("msrps://b.example:2855/s{number};tcp").parse().unwrap();
        let from = &Principal::Connection(ConnectionId(holder));
        let (far, account) = (far.view(), &Account::default());
        flows.of(now, &FlowKey { token, far, to_owner: true, from, account, is_spent: false })
    }

    /// Opens flows of this holder until there is no more room. Returns the number of the next.
    fn fill(flows: &mut Flows, now: Instant, holder: u64) -> usize {
        (1..)
            .find(|number| {
                of(flows, now, holder, number - 1);
                flows.is_full()
            })
            .unwrap()
    }

    fn is_apart(flows: &Flows, id: FlowId) -> bool {
        flows.get(id).is_some_and(|flow| !flow.is_rest)
    }

    /// Those that it has not used for long do, and nobody else's.
    #[test]
    fn the_one_who_has_most_flows_makes_room() {
        let start = Instant::now();
        let mut flows = Flows::new(MOST);
        let known = of(&mut flows, start, 2, 0);
        let next = fill(&mut flows, start, 1);
        let now = start + Duration::from_secs(1);
        let [used, unused] = [1, 2].map(|number| of(&mut flows, start, 1, number));
        assert_eq!(of(&mut flows, now, 1, 1), used);
        for number in next..next + 1000 {
            let id = of(&mut flows, now, 3, number);
            assert!(is_apart(&flows, id));
        }
        assert_eq!(of(&mut flows, now, 2, 0), known);
        assert_eq!(of(&mut flows, now, 1, 1), used);
        assert_ne!(of(&mut flows, now, 1, 2), unused);
    }

    #[test]
    fn a_flow_of_which_anything_is_on_its_way_does_not_give_way() {
        let start = Instant::now();
        let mut flows = Flows::new(MOST);
        let next = fill(&mut flows, start, 1);
        let on_way: Vec<_> =
            (1..=flows.last).map(|number| flows.send(FlowId::Session(number))).collect();
        let id = of(&mut flows, start, 1, next);
        assert!(!is_apart(&flows, id));
        drop(on_way);
        let id = of(&mut flows, start + LOOK, 1, next);
        assert!(is_apart(&flows, id));
    }

    /// To look through those of all others would cost each newcomer much.
    #[test]
    fn few_flows_of_a_holder_among_many_are_looked_for_once_in_a_while() {
        let start = Instant::now();
        let mut flows = Flows::new(MOST);
        (0..8).for_each(|number| {
            let _ = of(&mut flows, start, 2, number);
        });
        fill(&mut flows, start, 1);
        let holder = Principal::Connection(ConnectionId(2));
        let mut left_at = |now| {
            flows.make_room_of(now, &holder);
            flows.by_number.values().filter(|flow| flow.from == holder).count()
        };
        assert_eq!([start, start, start + LOOK].map(&mut left_at), [7, 7, 6]);
    }

    /// Everybody gets as many flows as an equal share, and nobody more.
    #[test]
    fn who_has_less_than_a_share_gets_flows_if_none_gives_way() {
        let start = Instant::now();
        let mut flows = Flows::new(MOST);
        let next = fill(&mut flows, start, 1);
        let mut on_way: Vec<_> =
            (1..=flows.last).map(|number| flows.send(FlowId::Session(number))).collect();
        for holder in 2..10 {
            let count = (0..next).take_while(|number| {
                let id = of(&mut flows, start, holder, *number);
                on_way.push(flows.send(id));
                is_apart(&flows, id)
            });
            let count = count.count();
            let share = next / holder as usize;
            assert!(count > share / 2 && count <= share + 1, "{holder}: {count} of {share}");
        }
        assert!(flows.pool.octets() < 3 * MOST);
    }

    /// Each holder gets as many of one token's as an equal share, and one more is coming.
    #[test]
    fn who_has_less_than_a_share_of_a_token_gets_flows_if_none_gives_way() {
        let (start, mut flows, mut on_way) = (Instant::now(), Flows::new(8 * MOST), Vec::new());
        let counts = [1, 2, 3, 4].map(|holder| {
            let count = (0..2 * FLOWS_OF_TOKEN).take_while(|number| {
                let id = of_token(&mut flows, start, TokenId(1), holder, *number);
                on_way.push(flows.send(id));
                is_apart(&flows, id)
            });
            count.count()
        });
        assert_eq!(counts, [1, 3, 4, 5].map(|parts| FLOWS_OF_TOKEN / parts));
    }

    #[test]
    fn of_a_token_with_all_its_flows_a_part_gives_way() {
        let (start, mut flows) = (Instant::now(), Flows::new(8 * MOST));
        for number in 0..FLOWS_OF_TOKEN {
            of_token(&mut flows, start, TokenId(1), 1, number);
        }
        assert_eq!(flows.by_number.len(), FLOWS_OF_TOKEN);
        let id = of_token(&mut flows, start, TokenId(1), 2, 0);
        assert!(is_apart(&flows, id));
        assert_eq!(flows.by_number.len(), FLOWS_OF_TOKEN - FLOWS_OF_TOKEN / GIVING_WAY + 1);
        // Nothing is left of those that are over, nor of who had them.
        let later = start + FORGOTTEN / 2;
        of(&mut flows, later, 2, 0);
        flows.tidy(start + FORGOTTEN);
        assert_eq!((flows.by_number.len(), flows.holders.len()), (1, 1));
        flows.tidy(later + FORGOTTEN);
        assert_eq!((flows.by_number.len(), flows.holders.len(), flows.sides.len()), (0, 0, 0));
    }
}
