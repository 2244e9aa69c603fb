//! Who has most of something, where all strangers are one.

use super::principal::Principal;
use super::shares::Shares;

/// How much of something each principal has. Strangers may have any number of sources, with
/// little each, so they are one among the others. Among themselves, each source is one.
#[derive(Debug, Default)]
pub(in crate::relay) struct Portions {
    members: Shares<Principal>,
    strangers: Shares<Principal>,
    /// What strangers have together.
    of_strangers: usize,
}

impl Portions {
    /// A principal has one more.
    pub(in crate::relay) fn add(&mut self, principal: &Principal) {
        self.set(principal, self.count(principal) + 1);
    }

    /// A principal has one fewer.
    pub(in crate::relay) fn remove(&mut self, principal: &Principal) {
        self.set(principal, self.count(principal).saturating_sub(1));
    }

    pub(in crate::relay) fn set(&mut self, principal: &Principal, count: usize) {
        if principal.is_member() {
            return self.members.set(principal, count);
        }
        self.of_strangers = self.of_strangers - self.strangers.count(principal) + count;
        self.strangers.set(principal, count);
    }

    pub(in crate::relay) fn count(&self, principal: &Principal) -> usize {
        let alike = if principal.is_member() { &self.members } else { &self.strangers };
        alike.count(principal)
    }

    /// Whoever has most. If that is the strangers, the one of them who has most.
    pub(in crate::relay) fn largest(&self) -> Option<&Principal> {
        self.most().map(|(_, largest)| largest)
    }

    /// The same, if it still has most when this principal has one more instead.
    pub(in crate::relay) fn gives_way_to(&self, principal: &Principal) -> Option<&Principal> {
        let own = self.count(principal);
        let has_more_than = |own: usize| move |(held, _): &(usize, _)| *held > own + 1;
        let gives = if principal.is_member() {
            self.most().filter(has_more_than(own))
        } else {
            let member = self.members.most().filter(has_more_than(self.of_strangers));
            member.or_else(|| self.strangers.most().filter(has_more_than(own)))
        };
        gives.map(|(_, principal)| principal)
    }

    /// An equal share of so many for one more principal like this one, one at least.
    pub(in crate::relay) fn share(&self, all: usize, principal: &Principal) -> usize {
        let strangers = self.strangers.len();
        let strangers = if principal.is_member() { strangers.min(1) } else { strangers };
        (all / (self.members.len() + strangers + 1)).max(1)
    }

    /// Whoever has most, and how much.
    fn most(&self) -> Option<(usize, &Principal)> {
        let member = self.members.most().filter(|(held, _)| *held >= self.of_strangers);
        member.or_else(|| self.strangers.most().map(|(_, largest)| (self.of_strangers, largest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::event::ConnectionId;

    /// A user has three, and strangers have these.
    fn portions(strangers: &[usize]) -> Portions {
        let mut portions = Portions::default();
        (0..3).for_each(|_| portions.add(&Principal::user("alice")));
        (0..).zip(strangers).for_each(|(number, count)| portions.set(&stranger(number), *count));
        portions
    }

    fn stranger(number: u64) -> Principal {
        Principal::Connection(ConnectionId(number))
    }

    #[test]
    fn strangers_are_one_among_the_others() {
        let alice = Principal::user("alice");
        assert_eq!(portions(&[1, 1, 1]).largest(), Some(&alice));
        assert_eq!(portions(&[1, 2, 1]).largest(), Some(&stranger(1)));
        let mut less = portions(&[1, 2, 1]);
        less.remove(&stranger(1));
        assert_eq!(less.largest(), Some(&alice));
        assert_eq!(Portions::default().largest(), None);
    }

    #[test]
    fn a_share_is_that_of_one_more() {
        let (bob, new) = (Principal::user("bob"), stranger(9));
        let shares = |strangers: &[usize]| [&bob, &new].map(|it| portions(strangers).share(12, it));
        assert_eq!(shares(&[]), [6, 6]);
        assert_eq!(shares(&[1, 1]), [4, 3]);
        assert_eq!(shares(&[1; 20]), [4, 1]);
    }

    #[test]
    fn nobody_gives_way_to_one_who_would_have_as_much() {
        let (alice, bob, new) = (Principal::user("alice"), Principal::user("bob"), stranger(9));
        let gives = |strangers: &[usize], to| portions(strangers).gives_way_to(to).cloned();
        assert_eq!(gives(&[], &bob).as_ref(), Some(&alice));
        assert_eq!(gives(&[1, 1, 1, 2], &bob), Some(stranger(3)));
        assert_eq!(gives(&[1, 1, 1, 1, 1], &alice), Some(stranger(0)));
        assert_eq!(gives(&[1, 1, 1, 1], &alice), None);
        // A stranger takes from a user no more than all strangers together may.
        assert_eq!(gives(&[1], &new).as_ref(), Some(&alice));
        assert_eq!(gives(&[1, 1], &new), None);
        assert_eq!(gives(&[1, 1, 2], &new), Some(stranger(2)));
        assert_eq!(gives(&[3], &stranger(0)), None);
    }
}
