//! How long an AUTH waits because others of its user have failed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::relay::accounts::principal::Principal;
use crate::relay::flows::FlowId;
use crate::time::Instant;

/// The longest time between two AUTHs of a pair.
const LONGEST_DELAY: Duration = Duration::from_secs(8);
/// The time after which the failures of a pair are forgotten.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// The most pairs.
const PAIRS: usize = 4096;
/// The letters of a name by which a pair is known.
const NAME_LETTERS: usize = 64;

/// A user, and who claims to be this user: a source, or a client of another relay. Failures
/// delay the pair: whoever guesses a password delays nobody who knows it, unless both have one
/// address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    source: Principal,
    client: Option<FlowId>,
    user: Arc<str>,
}

impl Pair {
    pub(super) fn new(source: Principal, client: Option<FlowId>, user: &str) -> Self {
        let user: String = user.chars().take(NAME_LETTERS).collect();
        Self { source, client, user: user.into() }
    }
}

/// The failures of each pair. Beyond the most pairs, the source that has most of them gives
/// up its oldest: names that it invents hide neither its own guesses nor those of others.
#[derive(Debug)]
pub(in crate::relay) struct Guesses {
    /// The failures that delay nothing: people mistype.
    free: u32,
    pairs: BTreeMap<Pair, Guess>,
    /// The pairs in the order in which they are forgotten.
    by_time: BTreeSet<(Instant, Pair)>,
    sources: BTreeMap<Principal, OfSource>,
    by_size: BTreeSet<(Size, Principal)>,
    /// The failures of all pairs so far.
    failures: u64,
}

/// The pairs of one source, by their last failures.
type OfSource = BTreeMap<u64, Pair>;

/// How many pairs a source has. Of two with equally many, the one whose oldest is older is
/// larger.
type Size = (usize, Reverse<Option<u64>>);

#[derive(Clone, Copy, Debug)]
struct Guess {
    failures: u32,
    /// The AUTHs that have a turn and have not failed.
    waiting: u32,
    /// Which of the failures of all pairs was its last.
    last: u64,
    /// When the next AUTH is checked at the earliest.
    next: Instant,
}

impl Guess {
    fn is_remembered(&self, now: Instant) -> bool {
        now < later(self.next, MEMORY)
    }
}

impl Guesses {
    pub(in crate::relay) const fn new(free: u32) -> Self {
        Self {
            free,
            pairs: BTreeMap::new(),
            by_time: BTreeSet::new(),
            sources: BTreeMap::new(),
            by_size: BTreeSet::new(),
            failures: 0,
        }
    }

    /// When an AUTH that arrives now is checked: those of one pair one after the other, as if
    /// each of them failed. `None` if it would wait for longer than that.
    pub(super) fn turn(&self, now: Instant, pair: &Pair, longest: Duration) -> Option<Instant> {
        let at = self.recent(now, pair).map_or(now, |guess| guess.next.max(now));
        (at.saturating_duration_since(now) <= longest).then_some(at)
    }

    /// An AUTH waits for this turn. One that is refused takes none: it would put off the turns
    /// of all later ones by hours.
    pub(super) fn take_turn(&mut self, now: Instant, pair: &Pair, at: Instant) {
        let Some(guess) = self.recent(now, pair) else { return };
        let waiting = guess.waiting.saturating_add(1);
        let next = later(at, self.delay(guess.failures.saturating_add(waiting)));
        self.set(pair, Guess { waiting, next, ..guess });
    }

    pub(super) fn failed(&mut self, now: Instant, pair: &Pair) {
        let known = self.recent(now, pair);
        let failures = known.map_or(0, |guess| guess.failures).saturating_add(1);
        let waiting = known.map_or(0, |guess| guess.waiting).saturating_sub(1);
        let next = later(now, self.delay(failures.saturating_add(waiting)));
        let next = known.map_or(next, |guess| guess.next.max(next));
        self.failures += 1;
        self.set(pair, Guess { failures, waiting, last: self.failures, next });
        if self.pairs.len() > PAIRS {
            self.forget(now);
        }
    }

    /// An AUTH has ended before it was checked.
    pub(super) fn gave_up(&mut self, pair: &Pair) {
        if let Some(guess) = self.pairs.get_mut(pair) {
            guess.waiting = guess.waiting.saturating_sub(1);
        }
    }

    pub(super) fn succeeded(&mut self, pair: &Pair) {
        self.remove(pair);
    }

    fn remove(&mut self, pair: &Pair) {
        let Some(guess) = self.pairs.remove(pair) else { return };
        self.by_time.remove(&(guess.next, pair.clone()));
        self.change(&pair.source, |pairs| _ = pairs.remove(&guess.last));
    }

    /// Forgets what is old, and otherwise one pair: the oldest of the largest source.
    fn forget(&mut self, now: Instant) {
        while let Some((_, pair)) = self.by_time.first()
            && self.recent(now, pair).is_none()
        {
            let pair = pair.clone();
            self.remove(&pair);
        }
        if self.pairs.len() > PAIRS
            && let Some((_, source)) = self.by_size.last()
            && let Some(pair) = self.sources.get(source).and_then(|pairs| pairs.values().next())
        {
            let pair = pair.clone();
            self.remove(&pair);
        }
    }

    fn delay(&self, failures: u32) -> Duration {
        match failures.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(more) => Duration::from_secs(1 << more.min(31)).min(LONGEST_DELAY),
        }
    }

    fn recent(&self, now: Instant, pair: &Pair) -> Option<Guess> {
        self.pairs.get(pair).copied().filter(|guess| guess.is_remembered(now))
    }

    fn set(&mut self, pair: &Pair, guess: Guess) {
        self.remove(pair);
        self.pairs.insert(pair.clone(), guess);
        self.by_time.insert((guess.next, pair.clone()));
        self.change(&pair.source, |pairs| _ = pairs.insert(guess.last, pair.clone()));
    }

    fn change(&mut self, source: &Principal, change: impl FnOnce(&mut OfSource)) {
        let pairs = self.sources.entry(source.clone()).or_default();
        self.by_size.remove(&(size(pairs), source.clone()));
        change(pairs);
        if pairs.is_empty() {
            self.sources.remove(source);
        } else {
            self.by_size.insert((size(pairs), source.clone()));
        }
    }
}

fn size(pairs: &OfSource) -> Size {
    (pairs.len(), Reverse(pairs.keys().next().copied()))
}

fn later(time: Instant, by: Duration) -> Instant {
    time.checked_add(by).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn pair(source: u64, user: &str) -> Pair {
        Pair::new(Principal::Connection(super::super::ConnectionId(source)), None, user)
    }

    fn checked_at(guesses: &mut Guesses, now: Instant, pair: &Pair) -> Instant {
        checked_within(guesses, now, pair, Duration::MAX).unwrap()
    }

    fn checked_within(
        guesses: &mut Guesses,
        now: Instant,
        pair: &Pair,
        longest: Duration,
    ) -> Option<Instant> {
        let at = guesses.turn(now, pair, longest)?;
        guesses.take_turn(now, pair, at);
        Some(at)
    }

    #[test]
    fn each_failure_doubles_the_delay_up_to_eight_seconds() {
        let start = Instant::now();
        let (mut guesses, alice) = (Guesses::new(3), pair(1, "alice"));
        let mut now = start;
        for wanted in [0, 0, 0, 1, 2, 4, 8, 8, 8] {
            let at = checked_at(&mut guesses, now, &alice);
            assert_eq!((at - now).as_secs(), wanted);
            now = at;
            guesses.failed(now, &alice);
        }
        assert_eq!(checked_at(&mut guesses, now, &pair(2, "alice")), now);
        assert_eq!(checked_at(&mut guesses, now, &pair(1, "bob")), now);
        let forgotten = now + LONGEST_DELAY + MEMORY;
        assert!(guesses.recent(forgotten - Duration::from_nanos(1), &alice).is_some());
        assert!(guesses.recent(forgotten, &alice).is_none());
        assert_eq!(checked_at(&mut guesses, forgotten, &alice), forgotten);
        guesses.succeeded(&alice);
        assert_eq!(checked_at(&mut guesses, now, &alice), now);
        assert!(guesses.pairs.is_empty() && guesses.sources.is_empty());
    }

    /// However many come before the first of them fails.
    #[test]
    fn those_of_one_pair_are_checked_one_after_the_other() {
        let now = Instant::now();
        let (mut guesses, alice) = (Guesses::new(1), pair(1, "alice"));
        (0..2).for_each(|_| guesses.failed(now, &alice));
        let waits = [(); 4].map(|()| (checked_at(&mut guesses, now, &alice) - now).as_secs());
        assert_eq!(waits, [2, 6, 14, 22]);
    }

    #[test]
    fn what_is_not_checked_is_no_failure() {
        let now = Instant::now();
        let (mut guesses, alice) = (Guesses::new(1), pair(1, "alice"));
        guesses.failed(now, &alice);
        (0..9).for_each(|_| {
            checked_at(&mut guesses, now, &alice);
            guesses.gave_up(&alice);
        });
        assert!(checked_at(&mut guesses, now, &alice) - now < 20 * Duration::from_secs(1));
    }

    #[test]
    fn what_would_wait_for_too_long_takes_no_turn() {
        let now = Instant::now();
        let (mut guesses, alice) = (Guesses::new(1), pair(1, "alice"));
        (0..2).for_each(|_| guesses.failed(now, &alice));
        let mut wait = |now| Some(checked_within(&mut guesses, now, &alice, LONGEST_DELAY)? - now);
        let waits = [(); 4].map(|()| wait(now).map(|wait| wait.as_secs()));
        assert_eq!(waits, [Some(2), Some(6), None, None]);
        let then = now + LONGEST_DELAY;
        assert_eq!(wait(then), Some(Duration::from_secs(6)));
    }

    /// Nobody loses what others have more of, and the newest stays.
    #[test]
    fn the_largest_source_forgets_its_oldest() {
        let now = Instant::now();
        let mut guesses = Guesses::new(0);
        let is_known = |guesses: &Guesses, pair: &Pair| guesses.recent(now, pair).is_some();
        let others: Vec<_> = (10..20).map(|source| pair(source, "alice")).collect();
        others.iter().for_each(|other| guesses.failed(now, other));
        let invented = |n: usize| pair(1, &n.to_string());
        for n in 0..2 * PAIRS {
            guesses.failed(now, &invented(n));
            assert!(is_known(&guesses, &invented(n)));
        }
        assert_eq!(guesses.pairs.len(), PAIRS);
        assert!(others.iter().all(|other| is_known(&guesses, other)));
        assert!(!is_known(&guesses, &invented(PAIRS)));
        assert!(is_known(&guesses, &invented(PAIRS + others.len())));

        let later = now + LONGEST_DELAY + MEMORY;
        guesses.failed(later, &pair(2, "alice"));
        assert_eq!((guesses.pairs.len(), guesses.sources.len()), (1, 1));
    }

    #[test]
    fn what_is_old_makes_room_and_nothing_else() {
        let now = Instant::now();
        let mut guesses = Guesses::new(0);
        guesses.failed(now, &pair(0, "alice"));
        let later = now + LONGEST_DELAY + MEMORY;
        for source in 1..=PAIRS as u64 {
            guesses.failed(later, &pair(source, "alice"));
        }
        assert_eq!(guesses.pairs.len(), PAIRS);
        assert!(guesses.recent(later, &pair(1, "alice")).is_some());
    }

    /// As many sources as there are places.
    #[test]
    fn the_oldest_of_many_sources_gives_way() {
        let now = Instant::now();
        let mut guesses = Guesses::new(0);
        for source in 0..=PAIRS as u64 {
            guesses.failed(now, &pair(source, "alice"));
        }
        assert_eq!(guesses.pairs.len(), PAIRS);
        assert!(guesses.recent(now, &pair(0, "alice")).is_none());
        assert!(guesses.recent(now, &pair(PAIRS as u64, "alice")).is_some());
    }
}
