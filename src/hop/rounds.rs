//! In which round a sender has its next turn.

use std::collections::BTreeMap;

/// Rounds of turns. In each, a sender has one turn, however many sources it has: who opens
/// more of them does not get more.
#[derive(Debug)]
pub(super) struct Rounds<S> {
    current: u64,
    /// The round after the last one in which a sender has a turn.
    next: BTreeMap<S, u64>,
    /// The number of senders above which it looks for those to forget.
    crowd: usize,
}

/// Senders that have no turn are known up to this number.
const FEW: usize = 16;

impl<S: Copy + Ord> Rounds<S> {
    pub(super) const fn new() -> Self {
        Self { current: 0, next: BTreeMap::new(), crowd: 0 }
    }

    /// The round of one more turn of this sender.
    pub(super) fn add(&mut self, sender: S) -> u64 {
        if self.next.len() > self.crowd.max(FEW) {
            // These begin in the current round in any case.
            self.next.retain(|_, next| *next > self.current);
            self.crowd = 2 * self.next.len();
        }
        let next = self.next.entry(sender).or_default();
        let round = self.current.max(*next);
        *next = round + 1;
        round
    }

    /// A sender has no turn in this round after all.
    pub(super) fn take_back(&mut self, sender: S, round: u64) {
        if let Some(next) = self.next.get_mut(&sender).filter(|next| **next == round + 1) {
            *next = round;
        }
    }

    /// A turn of this round has come.
    pub(super) fn begin(&mut self, round: u64) {
        self.current = self.current.max(round);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_one_turn_in_a_round() {
        let mut rounds = Rounds::new();
        assert_eq!(['a', 'a', 'a', 'b'].map(|sender| rounds.add(sender)), [0, 1, 2, 0]);
        rounds.begin(1);
        assert_eq!(['a', 'b', 'c'].map(|sender| rounds.add(sender)), [3, 1, 1]);
    }

    /// Neither is it worth anything to have none for a moment.
    #[test]
    fn a_turn_that_is_not_used_is_the_next_one() {
        let mut rounds = Rounds::new();
        assert_eq!([rounds.add('a'), rounds.add('a')], [0, 1]);
        rounds.take_back('a', 0);
        assert_eq!(rounds.add('a'), 2);
        rounds.take_back('a', 2);
        assert_eq!(rounds.add('a'), 2);
    }

    /// However many others there are.
    #[test]
    fn a_sender_with_turns_is_known() {
        let mut rounds = Rounds::new();
        assert_eq!([rounds.add(0), rounds.add(0)], [0, 1]);
        (1..4 * FEW).for_each(|sender| assert_eq!(rounds.add(sender), 0));
        assert_eq!(rounds.add(0), 2);
    }

    #[test]
    fn few_are_known_that_have_no_turn() {
        let mut rounds = Rounds::new();
        for sender in 0..10_000 {
            let round = rounds.add(sender);
            rounds.begin(round + 1);
            rounds.begin(round + 2);
        }
        assert!(rounds.next.len() <= 2 * FEW, "{}", rounds.next.len());
    }
}
