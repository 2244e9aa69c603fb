//! Flows: what one session sends in one direction on connections between relays.

pub(super) mod table;

use std::sync::Arc;
use std::time::Duration;

use super::accounts::charge::{Account, Charge, Pool};
use super::accounts::principal::{Principal, SenderId};
use super::event::{ConnectionId, TokenId};
use crate::time::Instant;
use crate::uri::{MsrpUri, UriRef};
use crate::wire::MessageId;

/// A flow: what takes turns on a connection, keeps its order there, and has a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum FlowId {
    /// Everything from a client.
    Connection(ConnectionId),
    /// What is no SEND from a client of another relay.
    Sender(SenderId),
    /// Everything from the connections of one principal, which has this number. That is who
    /// sends, and no flow.
    Holder(u64),
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
    pub(super) account: &'a Account,
    /// Whether so much is kept for it that there is no memory for another flow.
    pub(super) is_spent: bool,
}

/// Those of a token in one direction: what strangers send to its owner takes no place of
/// what the owner sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Side {
    pub(super) token: TokenId,
    pub(super) to_owner: bool,
}

impl FlowKey<'_> {
    pub(super) const fn side(&self) -> Side {
        Side { token: self.token, to_owner: self.to_owner }
    }
}

/// The most unfinished messages of a flow that are remembered.
const MESSAGES: usize = 64;

/// The octets of one of them. Their table grows by doubling.
const MESSAGE_OCTETS: usize = 2 * size_of::<Begun>();

/// After how long without a chunk an unfinished message is forgotten.
const ABANDONED: Duration = Duration::from_secs(60);

/// For how long a flow is known that is not used.
pub(super) const FORGOTTEN: Duration = Duration::from_secs(60);

/// The state of one flow.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) used: Instant,
    pub(super) side: Side,
    /// The holder of the connection on which it arrives.
    pub(super) from: Principal,
    /// Who sends it, as far as that is one.
    pub(super) sender: Option<FlowId>,
    /// Whether anything of it is on its way.
    on_way: Arc<()>,
    /// Whether it is that of those that are too many.
    pub(super) is_rest: bool,
    /// Its messages that have begun and not ended.
    messages: Vec<Begun>,
    /// The octets of its URI.
    octets: usize,
    charge: Charge,
    /// The same, of what its holder may keep of flows.
    share: Charge,
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
    pub(super) fn new(
        now: Instant,
        key: &FlowKey<'_>,
        is_rest: bool,
        pool: &Pool,
        of_flows: &Account,
    ) -> Self {
        let octets = if is_rest { 0 } else { key.far.as_str().len() };
        Self {
            used: now,
            side: key.side(),
            from: key.from.clone(),
            sender: None,
            on_way: Arc::default(),
            is_rest,
            messages: Vec::new(),
            octets,
            charge: key.account.charge_in(pool, octets),
            share: of_flows.charge(octets),
            own: None,
            follows: None,
            apart: None,
            above: None,
            paroled_until: None,
            due: None,
        }
    }

    /// This one sends it.
    pub(super) fn sent_by(&mut self, sender: FlowId) {
        self.sender = Some(sender).filter(|_| !self.is_rest);
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
        let octets = self.octets + self.messages.len() * MESSAGE_OCTETS;
        self.charge.set(octets);
        self.share.set(octets);
    }

    /// The rest of a message is refused.
    pub(super) fn refuse(&mut self, message_id: &MessageId) {
        if let Some(begun) = self.begun(message_id) {
            begun.is_refused = true;
        }
    }

    /// The rest of every message that has begun is refused.
    pub(super) fn refuse_begun(&mut self) {
        self.messages.iter_mut().for_each(|begun| begun.is_refused = true);
    }

    pub(super) fn is_on_parole(&self, now: Instant) -> bool {
        self.paroled_until.is_some_and(|until| now < until)
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        let is_old = now.saturating_duration_since(self.used) >= FORGOTTEN;
        is_old && self.is_idle() && !self.is_on_parole(now)
    }

    /// Whether it could begin anew, and nobody would notice.
    pub(super) fn is_idle(&self) -> bool {
        self.own.is_none() && self.due.is_none() && Arc::strong_count(&self.on_way) == 1
    }

    /// Those that give way first are the least: a message that has begun goes on.
    pub(super) const fn rank(&self) -> (bool, Instant) {
        (!self.messages.is_empty(), self.used)
    }

    /// The octets that it takes.
    pub(super) const fn weight(&self) -> usize {
        self.share.octets()
    }

    /// Something of it is on its way.
    pub(super) fn send(&self) -> OnWay {
        OnWay { _flow: Arc::clone(&self.on_way) }
    }
}

/// For whom the previous hop has made a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Previous {
    /// For itself: it is the sender.
    Sender,
    /// A relay for everything.
    Relay,
    /// A relay for the one of its clients that has this URI there.
    RelayFor(MsrpUri),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn flow(now: Instant) -> Flow {
        let far: MsrpUri = "msrps://b.example:2855/s;tcp".parse().unwrap();
        let (from, account) = (Principal::Connection(ConnectionId(1)), Account::default());
        let key = FlowKey {
            token: TokenId(0),
            far: far.view(),
            to_owner: true,
            from: &from,
            account: &account,
            is_spent: false,
        };
        Flow::new(now, &key, false, &Pool::default(), &Account::default())
    }

    fn ids() -> [MessageId; 3] {
        ["m001", "m002", "m003"].map(|id| id.parse().unwrap())
    }

    #[test]
    fn a_message_leaves_where_it_has_begun_until_it_ends() {
        let (now, [one, other, third]) = (Instant::now(), ids());
        let mut flow = flow(now);
        assert_eq!(flow.begin(now, &one, false), Stage::First);
        flow.leaves_on(&one, ConnectionId(7));
        assert_eq!(flow.begin(now, &other, false), Stage::First);
        assert_eq!(flow.begin(now, &one, false), Stage::Later(ConnectionId(7)));
        flow.end(&one);
        assert_eq!(flow.begin(now, &one, false), Stage::First);
        flow.refuse(&one);
        assert_eq!(flow.begin(now, &one, false), Stage::Refused);
        assert_eq!(flow.begin(now, &other, false), Stage::First);
        flow.refuse_begun();
        assert_eq!(flow.begin(now, &other, false), Stage::Refused);
        assert_eq!(flow.begin(now, &third, false), Stage::First);
        assert_eq!(flow.begin(now + ABANDONED, &one, false), Stage::First);
    }

    #[test]
    fn what_is_remembered_of_messages_counts() {
        let (now, ids) = (Instant::now(), ids());
        let mut flow = flow(now);
        let (own, rank) = (flow.weight(), flow.rank());
        for id in &ids {
            flow.begin(now, id, false);
        }
        assert_eq!(flow.weight(), own + 3 * MESSAGE_OCTETS);
        assert!(rank < flow.rank());
        flow.end(&ids[1]);
        assert_eq!(flow.weight(), own + 2 * MESSAGE_OCTETS);
        // One is remembered without memory, the last.
        flow.begin(now, &ids[1], true);
        assert_eq!(flow.weight(), own + MESSAGE_OCTETS);
        flow.end(&ids[1]);
        assert_eq!(flow.weight(), own);
    }

    #[test]
    fn a_flow_is_over_when_nothing_depends_on_it() {
        let now = Instant::now();
        let mut flow = flow(now);
        let later = now + FORGOTTEN;
        assert!(!flow.is_over(later - Duration::from_millis(1)) && flow.is_over(later));
        let on_way = flow.send();
        assert!(!flow.is_over(later));
        drop(on_way);
        flow.due = Some(later);
        assert!(!flow.is_over(later));
        flow.due = None;
        flow.own = Some(ConnectionId(7));
        assert!(!flow.is_over(later));
        flow.own = None;
        flow.paroled_until = Some(later);
        assert!(flow.is_over(later) && !flow.is_on_parole(later));
        assert!(flow.is_on_parole(later - Duration::from_millis(1)));
        flow.paroled_until = Some(later + FORGOTTEN);
        assert!(!flow.is_over(later));
    }
}
