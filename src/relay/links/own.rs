//! The connections that flows have of their own, beside those that others share.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::target::Target;
use crate::relay::accounts::portions::Portions;
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
    portions: Portions,
}

impl Owns {
    pub(in crate::relay) fn insert(&mut self, id: ConnectionId, own: &Own) {
        let to_one = self.by_next.entry(own.next.clone()).or_default();
        to_one.len += 1;
        to_one.portions.add(&own.holder);
        to_one.by_holder.entry(own.holder.clone()).or_default().insert(id);
    }

    pub(in crate::relay) fn remove(&mut self, id: ConnectionId, own: &Own) {
        let Some(to_one) = self.by_next.get_mut(&own.next) else { return };
        let Some(held) = to_one.by_holder.get_mut(&own.holder) else { return };
        if held.remove(&id) {
            to_one.len -= 1;
            to_one.portions.remove(&own.holder);
        }
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

    /// Those of the holder who gives way to one more of this one.
    pub(in crate::relay) fn of_largest(
        &self,
        next: &Target,
        holder: &Principal,
    ) -> Option<&BTreeSet<ConnectionId>> {
        let to_one = self.by_next.get(next)?;
        to_one.by_holder.get(to_one.portions.gives_way_to(holder)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::uri::MsrpUri;

    fn own(holder: &str) -> Own {
        let next: MsrpUri = "msrps://b.example:2855/t;tcp".parse().unwrap();
        Own {
            common: ConnectionId(0),
            source: ConnectionId(0),
            holder: Principal::User(holder.into()),
            token: TokenId(0),
            next: Target::of(next.view()),
            flows: Vec::new(),
        }
    }

    #[test]
    fn who_has_two_more_than_another_gives_one() {
        let (mallory, alice) = (own("mallory"), own("alice"));
        let mut owns = Owns::default();
        for id in 0..3 {
            owns.insert(ConnectionId(id), &mallory);
        }
        let of_largest = |owns: &Owns| {
            let held = owns.of_largest(&alice.next, &alice.holder);
            held.map(|held| held.iter().copied().collect::<Vec<_>>())
        };
        assert_eq!(of_largest(&owns), Some([0, 1, 2].map(ConnectionId).to_vec()));
        owns.insert(ConnectionId(3), &alice);
        assert_eq!(of_largest(&owns), Some([0, 1, 2].map(ConnectionId).to_vec()));
        owns.remove(ConnectionId(1), &mallory);
        assert_eq!((owns.len_to(&alice.next), of_largest(&owns)), (3, None));
        for (id, own) in [(0, &mallory), (2, &mallory), (3, &alice)] {
            owns.remove(ConnectionId(id), own);
        }
        assert_eq!((owns.len_to(&alice.next), of_largest(&owns)), (0, None));
    }
}
