//! Flows: what one session sends in one direction on connections between relays.

use std::collections::HashMap;
use std::time::Duration;

use super::charge::{Charge, Pool, Tally};
use super::event::{ConnectionId, TokenId};
use super::principal::Principal;
use crate::time::Instant;
use crate::uri::{MsrpUri, UriKey, UriRef};
use crate::wire::MessageId;

/// A flow: what takes turns on a connection, keeps its order there, and has a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum FlowId {
    /// Everything from a client, and what is no SEND.
    Connection(ConnectionId),
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

/// The most flows, and the most of one token. Those of a token beyond them are one, which
/// leads to several relays and so leaves none of their common connections.
const FLOWS: usize = 65_536;
const FLOWS_OF_TOKEN: usize = 1024;

/// The number of flows above which those that are over are forgotten.
const FEW: usize = 64;

/// How often they are looked for at most while there is no room for a new one.
const LOOK: Duration = Duration::from_secs(1);

/// The state of one flow.
#[derive(Debug)]
pub(super) struct Flow {
    used: Instant,
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
    /// Since when it is above its bound, and on which connection.
    pub(super) above: Option<(Instant, ConnectionId)>,
    /// Until when it gets no time above its bound, since it has had its time.
    pub(super) paroled_until: Option<Instant>,
    /// When it is looked at next.
    pub(super) due: Option<Instant>,
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
    fn new(now: Instant, is_rest: bool, octets: usize, charge: Charge) -> Self {
        Self {
            used: now,
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
        is_old && self.own.is_none() && self.due.is_none() && !self.is_on_parole(now)
    }
}

/// All flows.
#[derive(Debug, Default)]
pub(super) struct Flows {
    by_number: HashMap<u64, Flow>,
    of_token: HashMap<TokenId, OfToken>,
    last: u64,
    /// The number of flows above which the next look for those that are over is due.
    crowd: usize,
    /// When the last look was.
    looked: Option<Instant>,
    /// Counts what is kept of all of them.
    pub(super) pool: Pool,
}

/// The flows of one token.
#[derive(Debug, Default)]
struct OfToken {
    by_far: HashMap<MsrpUri, Vec<Known>>,
    len: usize,
    /// The flow of those that are too many.
    rest: Option<u64>,
}

#[derive(Debug)]
struct Known {
    from: Principal,
    to_owner: bool,
    number: u64,
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
        let known = self.of_token.get(&key.token)?.by_far.get(far)?;
        let is_it = |known: &&Known| known.to_owner == key.to_owner && known.from == *key.from;
        known.iter().find(is_it).map(|known| known.number)
    }

    fn add(&mut self, now: Instant, key: &FlowKey<'_>) -> u64 {
        if self.is_look_due(now, key) {
            self.tidy(now);
        }
        let has_room = !key.is_spent && self.has_room(key.token);
        let of_token = self.of_token.entry(key.token).or_default();
        if let Some(rest) = of_token.rest.filter(|_| !has_room) {
            return rest;
        }
        self.last += 1;
        let number = self.last;
        if has_room {
            let known = Known { from: key.from.clone(), to_owner: key.to_owner, number };
            of_token.by_far.entry(key.far.to_uri()).or_default().push(known);
            of_token.len += 1;
        } else {
            of_token.rest = Some(number);
        }
        let octets = if has_room { key.far.as_str().len() } else { 0 };
        let charge = key.tally.charge_in(&self.pool, octets);
        self.by_number.insert(number, Flow::new(now, !has_room, octets, charge));
        number
    }

    pub(super) fn get_mut(&mut self, id: FlowId) -> Option<&mut Flow> {
        match id {
            FlowId::Connection(_) => None,
            FlowId::Session(number) => self.by_number.get_mut(&number),
        }
    }

    /// Whether a flow is above its bound on a connection that others share.
    pub(super) fn is_above(&self, id: FlowId) -> bool {
        match id {
            FlowId::Connection(_) => false,
            FlowId::Session(number) => {
                self.by_number.get(&number).is_some_and(|flow| flow.above.is_some())
            }
        }
    }

    /// Whether there is room for another flow of a token.
    fn has_room(&self, token: TokenId) -> bool {
        let of_token = self.of_token.get(&token).map_or(0, |of_token| of_token.len);
        self.by_number.len() < FLOWS && of_token < FLOWS_OF_TOKEN
    }

    /// Whether to look for flows that are over: there are many, or too many.
    fn is_look_due(&self, now: Instant, key: &FlowKey<'_>) -> bool {
        let age = self.looked.map(|looked| now.saturating_duration_since(looked));
        let is_full = key.is_spent || !self.has_room(key.token);
        let is_crowd = self.by_number.len() > self.crowd.max(FEW);
        is_crowd || (is_full && age.is_none_or(|age| age >= LOOK))
    }

    /// Forgets the flows that are over.
    fn tidy(&mut self, now: Instant) {
        let by_number = &mut self.by_number;
        by_number.retain(|_, flow| !flow.is_over(now));
        self.of_token.retain(|_, of_token| {
            of_token.by_far.retain(|_, known| {
                known.retain(|known| by_number.contains_key(&known.number));
                !known.is_empty()
            });
            of_token.len = of_token.by_far.values().map(Vec::len).sum();
            of_token.rest = of_token.rest.filter(|rest| by_number.contains_key(rest));
            of_token.len > 0 || of_token.rest.is_some()
        });
        self.crowd = by_number.len().saturating_mul(2);
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

    /// Whether the relay tells apart so many further flows, a few of each token.
    fn are_apart(flows: &mut Flows, now: Instant, numbers: std::ops::Range<usize>) -> bool {
        numbers.fold(true, |are_apart, number| {
            let far: MsrpUri = format!("msrps://b.example:2855/s{number};tcp").parse().unwrap();
            let from = Principal::Connection(ConnectionId(1));
            let token = TokenId((number / 100) as u64);
            let (from, tally) = (&from, &Tally::default());
            let far = far.view();
            let key = FlowKey { token, far, to_owner: true, from, tally, is_spent: false };
            let id = flows.of(now, &key);
            are_apart && flows.get_mut(id).is_some_and(|flow| !flow.is_rest)
        })
    }

    #[test]
    fn flows_that_are_over_make_room() {
        let start = Instant::now();
        let mut flows = Flows::default();
        assert!(are_apart(&mut flows, start, 0..FLOWS));
        assert!(!are_apart(&mut flows, start, FLOWS..FLOWS + 1));
        assert!(are_apart(&mut flows, start + FORGOTTEN, FLOWS + 1..FLOWS + 1000));
        assert!(flows.by_number.len() < 2000);
    }
}
