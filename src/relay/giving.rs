//! Which connections give way at the limit of the whole relay.
//!
//! To look at all of them for each newcomer would cost the more the more there are. So one look
//! finds some that give way one after the other, unless they are used before.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::Relay;
use super::accounts::holdings::{Holding, Standing};
use super::accounts::principal::Principal;
use super::event::ConnectionId;
use super::links::Link;
use crate::time::Instant;

/// One look finds one of so many parts of all connections.
const PARTS: usize = 64;

/// For how long they are those that give way.
const FRESH: Duration = Duration::from_secs(1);

/// Those that give way next.
#[derive(Debug, Default)]
pub(super) struct Giving {
    next: VecDeque<Candidate>,
    looked: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    id: ConnectionId,
    standing: Standing,
    /// How many such connections its holder has.
    held: usize,
}

/// The connections of one holder that may give way.
struct OfHolder {
    is_relay: bool,
    /// The least missed one comes last.
    links: Vec<Held>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    standing: Standing,
    id: ConnectionId,
    in_use_until: Instant,
}

impl OfHolder {
    /// The largest one gives way first, and relays last: they have many clients.
    fn rank(&self) -> Option<(bool, Reverse<usize>, Instant)> {
        let least = self.links.last()?;
        Some((self.is_relay, Reverse(self.links.len()), least.standing.last_used))
    }
}

impl Relay {
    /// The least missed connection of the largest holder. Strangers, and peers of clients,
    /// may have any number of sources: if the ones have more than a quarter of all places, or
    /// the others more than half, it is one of theirs. So they take no more from clients, and
    /// clients do not take these places from them. Relays have many clients, and come last.
    /// What is in use is left to a holder with no more than its share.
    pub(super) fn any_to_give(
        &mut self,
        now: Instant,
        newcomer: Option<&Principal>,
    ) -> Option<ConnectionId> {
        let age = self.giving.looked.map(|looked| now.saturating_duration_since(looked));
        if age.is_none_or(|age| age >= FRESH) || self.next_to_give().is_none() {
            self.giving = Giving { next: self.some_to_give(now), looked: Some(now) };
        }
        let next = self.next_to_give()?;
        let own = newcomer.filter(|newcomer| self.has_more_unproven(newcomer, &next));
        if let Some(own) = own.and_then(|newcomer| self.own_to_give(newcomer, None)) {
            return Some(own);
        }
        self.giving.next.pop_front();
        Some(next.id)
    }

    /// The first of those that have been found, if it is as it was then.
    fn next_to_give(&mut self) -> Option<Candidate> {
        while let Some(next) = self.giving.next.front() {
            let link = self.links.get(next.id).filter(|link| link.takes_requests());
            if link.is_some_and(|link| link.standing() == next.standing) {
                return Some(*next);
            }
            self.giving.next.pop_front();
        }
        None
    }

    /// Whether a newcomer has more connections without an accepted request than the holder of
    /// the one that would give way, which is one of those.
    fn has_more_unproven(&self, newcomer: &Principal, next: &Candidate) -> bool {
        let held = self.holdings.of(newcomer).into_iter().flat_map(|it| it.connections.keys());
        let is_unproven = |id: &&ConnectionId| self.links.get(**id).is_some_and(|it| !it.is_proven);
        !next.standing.is_proven && held.filter(is_unproven).nth(next.held).is_some()
    }

    /// Those that give way next, at most one of so many parts of all.
    fn some_to_give(&self, now: Instant) -> VecDeque<Candidate> {
        let places = self.config.limits.connections;
        let count = (places / PARTS).max(1);
        let mut unproven = self.holders(|link| !link.is_proven);
        let mut peers = self.holders(|link| link.is_proven && !link.principal.is_member());
        for (holders, most) in [(&mut unproven, places / 4), (&mut peers, places / 2)] {
            if holders.iter().map(|holder| holder.links.len()).sum::<usize>() > most {
                return largest(holders, count, |_| true);
            }
        }
        let mut proven = self.holders(|link| link.is_proven);
        // The newcomer's is one of the shares.
        let share = (places / (proven.len() + 1)).max(1);
        let gives = |holder: &OfHolder| {
            let least = holder.links.last();
            holder.links.len() > share || least.is_some_and(|least| least.in_use_until <= now)
        };
        let found = largest(&mut proven, count, gives);
        if found.is_empty() { largest(&mut unproven, count, |_| true) } else { found }
    }

    /// The holders of such connections.
    fn holders(&self, is_counted: impl Fn(&Link) -> bool) -> Vec<OfHolder> {
        let holder = |(principal, holding): (&Principal, &Holding)| {
            let ids = holding.connections.keys().copied();
            let links = ids.filter_map(|id| Some((id, self.links.get(id)?)));
            let held = links.filter(|(_, link)| is_counted(link)).map(|(id, link)| Held {
                standing: link.standing(),
                id,
                in_use_until: link.in_use_until(),
            });
            let mut links: Vec<_> = held.collect();
            links.sort_unstable_by(|one, other| other.cmp(one));
            (!links.is_empty()).then(|| OfHolder { is_relay: principal.is_relay(), links })
        };
        self.holdings.iter().filter_map(holder).collect()
    }
}

/// So many connections of these holders, as they give way one after the other.
fn largest(
    holders: &mut [OfHolder],
    count: usize,
    gives: impl Fn(&OfHolder) -> bool,
) -> VecDeque<Candidate> {
    let rank = |holder: &OfHolder| holder.rank().filter(|_| gives(holder));
    let ranks = holders.iter().zip(0..).filter_map(|(holder, n)| Some((rank(holder)?, n)));
    let mut order: BTreeSet<_> = ranks.collect();
    let mut found = VecDeque::new();
    while found.len() < count
        && let Some((_, n)) = order.pop_first()
        && let Some(holder) = holders.get_mut::<usize>(n)
        && let Some(least) = holder.links.pop()
    {
        let held = holder.links.len() + 1;
        found.push_back(Candidate { id: least.id, standing: least.standing, held });
        order.extend(rank(holder).map(|rank| (rank, n)));
    }
    found
}
