//! The connections that flows have of their own, beside those that others share.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::target::Target;
use crate::relay::accounts::principal::Principal;
use crate::relay::event::{ConnectionId, TokenId};
use crate::relay::flows::FlowId;

/// A connection of a flow's own.
#[derive(Debug)]
pub(in crate::relay) struct Own {
    /// The connection that its flows have left for it.
    pub(in crate::relay) common: ConnectionId,
    /// The connection on which they arrive, and who holds that.
    pub(in crate::relay) source: ConnectionId,
    pub(in crate::relay) holder: Principal,
    /// The token by which the next relay knows them.
    pub(in crate::relay) token: TokenId,
    /// The relay to which it leads.
    pub(in crate::relay) next: Target,
    /// The flows that have moved to it, until it ends.
    pub(in crate::relay) flows: Vec<FlowId>,
}

/// Those to all relays.
#[derive(Debug, Default)]
pub(in crate::relay) struct Owns {
    by_next: HashMap<Target, ToOne>,
}

/// Those to one relay, by their holders.
#[derive(Debug, Default)]
struct ToOne {
    len: usize,
    by_holder: BTreeMap<Principal, BTreeSet<ConnectionId>>,
}

impl Owns {
    pub(in crate::relay) fn insert(&mut self, id: ConnectionId, own: &Own) {
        let to_one = self.by_next.entry(own.next.clone()).or_default();
        to_one.len += 1;
        to_one.by_holder.entry(own.holder.clone()).or_default().insert(id);
    }

    pub(in crate::relay) fn remove(&mut self, id: ConnectionId, own: &Own) {
        let Some(to_one) = self.by_next.get_mut(&own.next) else { return };
        let Some(held) = to_one.by_holder.get_mut(&own.holder) else { return };
        to_one.len -= usize::from(held.remove(&id));
        if held.is_empty() {
            to_one.by_holder.remove(&own.holder);
        }
        if to_one.len == 0 {
            self.by_next.remove(&own.next);
        }
    }

    /// How many lead to a relay.
    pub(in crate::relay) fn len_to(&self, next: &Target) -> usize {
        self.by_next.get(next).map_or(0, |to_one| to_one.len)
    }

    /// Those of the holder who has most to a relay, if they are still most when this one has
    /// one more instead.
    pub(in crate::relay) fn of_largest(
        &self,
        next: &Target,
        holder: &Principal,
    ) -> Option<&BTreeSet<ConnectionId>> {
        let by_holder = &self.by_next.get(next)?.by_holder;
        let own = by_holder.get(holder).map_or(0, BTreeSet::len);
        by_holder.values().max_by_key(|held| held.len()).filter(|held| held.len() > own + 1)
    }
}
