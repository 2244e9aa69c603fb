//! How long an AUTH waits because others of its user have failed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::principal::Principal;
use crate::time::Instant;

/// The longest time between two AUTHs of a pair.
const LONGEST_DELAY: Duration = Duration::from_secs(8);
/// The time after which the failures of a pair are forgotten.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// The most pairs. Beyond, those with the fewest failures are forgotten.
const PAIRS: usize = 4096;
/// The letters of a name by which a pair is known.
const NAME_LETTERS: usize = 64;

/// A user, and the source that claims to be this user. Failures delay the pair: whoever
/// guesses a password delays nobody who knows it, unless both have one address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    pub(super) source: Principal,
    user: Arc<str>,
}

impl Pair {
    pub(super) fn new(source: Principal, user: &str) -> Self {
        let user: String = user.chars().take(NAME_LETTERS).collect();
        Self { source, user: user.into() }
    }
}

/// The failures of each pair.
#[derive(Debug)]
pub(super) struct Guesses {
    /// The failures that delay nothing: people mistype.
    free: u32,
    pairs: BTreeMap<Pair, Guess>,
    /// The same, those that are forgotten first at the front.
    order: BTreeSet<(Guess, Pair)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Guess {
    failures: u32,
    /// When the next AUTH is checked at the earliest.
    next: Instant,
}

impl Guesses {
    pub(super) const fn new(free: u32) -> Self {
        Self { free, pairs: BTreeMap::new(), order: BTreeSet::new() }
    }

    /// When an AUTH that arrives now is checked: those of one pair one after the other.
    pub(super) fn checked_at(&mut self, now: Instant, pair: &Pair) -> Instant {
        let Some(guess) = self.recent(now, pair) else { return now };
        let at = guess.next.max(now);
        self.set(pair, Guess { next: later(at, self.delay(guess.failures)), ..guess });
        at
    }

    pub(super) fn failed(&mut self, now: Instant, pair: &Pair) {
        let known = self.recent(now, pair);
        let failures = known.map_or(0, |guess| guess.failures).saturating_add(1);
        let next = later(now, self.delay(failures));
        let next = known.map_or(next, |guess| guess.next.max(next));
        self.set(pair, Guess { failures, next });
        while self.pairs.len() > PAIRS
            && let Some((_, pair)) = self.order.pop_first()
        {
            self.pairs.remove(&pair);
        }
    }

    pub(super) fn succeeded(&mut self, pair: &Pair) {
        if let Some(guess) = self.pairs.remove(pair) {
            self.order.remove(&(guess, pair.clone()));
        }
    }

    fn delay(&self, failures: u32) -> Duration {
        match failures.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(more) => Duration::from_secs(1 << more.min(31)).min(LONGEST_DELAY),
        }
    }

    fn recent(&self, now: Instant, pair: &Pair) -> Option<Guess> {
        self.pairs.get(pair).copied().filter(|guess| now < later(guess.next, MEMORY))
    }

    fn set(&mut self, pair: &Pair, guess: Guess) {
        self.succeeded(pair);
        self.pairs.insert(pair.clone(), guess);
        self.order.insert((guess, pair.clone()));
    }
}

fn later(time: Instant, by: Duration) -> Instant {
    time.checked_add(by).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(source: u64, user: &str) -> Pair {
        Pair::new(Principal::Connection(super::super::ConnectionId(source)), user)
    }

    #[test]
    fn each_failure_doubles_the_delay_up_to_eight_seconds() {
        let start = Instant::now();
        let (mut guesses, alice) = (Guesses::new(3), pair(1, "alice"));
        let mut now = start;
        for wanted in [0, 0, 0, 1, 2, 4, 8, 8, 8] {
            let at = guesses.checked_at(now, &alice);
            assert_eq!((at - now).as_secs(), wanted);
            now = at;
            guesses.failed(now, &alice);
        }
        assert_eq!(guesses.checked_at(now, &pair(2, "alice")), now);
        assert_eq!(guesses.checked_at(now, &pair(1, "bob")), now);
        let forgotten = now + LONGEST_DELAY + MEMORY;
        assert_eq!(guesses.checked_at(forgotten, &alice), forgotten);
        guesses.succeeded(&alice);
        assert_eq!(guesses.checked_at(now, &alice), now);
    }
}
