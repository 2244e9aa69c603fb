//! The octets that the transport holds.

use std::collections::VecDeque;
use std::time::Duration;

use super::window::Window;
use crate::spare::Spare;
use crate::time::Instant;
use crate::wire::TransactionId;

/// After how long without an octet that leaves the transport makes no progress. A few
/// repetitions of TCP fit into it, and a deadline of 30 seconds is not put off by octets
/// of its first half.
const STILLNESS: Duration = Duration::from_secs(10);

/// After how long the caller is asked again what the transport holds.
const LOOK: Duration = Duration::from_millis(250);

/// The same at first while the transport gets nothing before that: a fast one waits no longer.
const FIRST_LOOK: Duration = Duration::from_millis(1);

/// As long as nobody says what a transport holds, it is given one of so many parts of what it
/// has taken. However slow it is, that takes little longer than what is before it.
const UNKNOWN_PART: u64 = 8;

/// The octets that the transport was given, and how many of them have left it.
#[derive(Debug)]
pub(super) struct Backlog {
    given: u64,
    left: u64,
    /// Whether the caller says what the transport holds.
    is_told: bool,
    /// How many octets it had been given when the caller last said it.
    told: u64,
    /// When the caller last said it, or had the occasion to.
    looked: Instant,
    last_given: Instant,
    /// When it was given the first octets after `told`.
    untold_since: Instant,
    last_left: Instant,
    /// Requests that were given completely, and where each ends.
    requests: VecDeque<(u64, TransactionId)>,
    window: Window,
}

impl Backlog {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            given: 0,
            left: 0,
            is_told: false,
            told: 0,
            looked: now,
            last_given: now,
            untold_since: now,
            last_left: now,
            requests: VecDeque::new(),
            window: Window::new(),
        }
    }

    /// The transport is given so many octets.
    pub(super) fn give(&mut self, octets: usize, now: Instant) {
        self.last_given = now;
        if self.told == self.given {
            self.untold_since = now;
        }
        self.given = self.given.saturating_add(octets as u64);
        self.window.give(self.left, self.given, now);
    }

    /// How many octets the transport is given at once.
    pub(super) fn portion(&self) -> usize {
        let portion = self.window.portion();
        if self.is_told {
            return portion;
        }
        portion.max(usize::try_from(self.given / UNKNOWN_PART).unwrap_or(usize::MAX))
    }

    /// Whether the transport holds so much that it is given no more before some has left.
    pub(super) fn is_full(&self, now: Instant) -> bool {
        self.is_told && self.window.is_full(self.octets(), now)
    }

    /// The last octet of a request is among those that the transport has been given,
    /// or the next `ahead` ones. Returns where it ends.
    pub(super) fn give_request(&mut self, id: TransactionId, ahead: usize) -> u64 {
        let end = self.given.saturating_add(ahead as u64);
        self.requests.push_back((end, id));
        end
    }

    /// The transport asks for octets. All earlier ones have left it, unless the
    /// caller says what it holds.
    pub(super) fn asked(&mut self, now: Instant) {
        if !self.is_told && self.given > self.left {
            (self.left, self.last_left) = (self.given, now);
            self.window.forget();
        }
    }

    /// The caller says what the transport holds. Returns whether it is the first time,
    /// and more than was assumed before.
    pub(super) fn holds(&mut self, octets: usize, now: Instant) -> bool {
        let left = self.given.saturating_sub(octets as u64);
        let is_more = !self.is_told && left < self.left;
        self.is_told = true;
        self.told = self.given;
        self.looked = now;
        if is_more {
            self.left = left;
        } else {
            self.leave(left, now);
        }
        is_more
    }

    /// These requests, in the order of their ends, have not left after all.
    pub(super) fn recall(&mut self, requests: Vec<(u64, TransactionId)>) {
        for request in requests.into_iter().rev() {
            self.requests.push_front(request);
        }
    }

    /// The first `end` octets have left, as a response to them proves.
    pub(super) fn arrived(&mut self, end: u64, now: Instant) {
        self.leave(end, now);
    }

    /// When the caller has to say again what the transport holds, however often it is given
    /// more until then.
    pub(super) fn look_at(&self) -> Option<Instant> {
        let is_waiting = self.is_told && self.octets() > 0;
        let looked = self.looked.max(self.untold_since);
        looked.checked_add(self.pause(looked)).filter(|_| is_waiting)
    }

    /// How long the caller is not asked again. As long as the transport is full, nothing else
    /// shows that octets have left: the pauses double.
    fn pause(&self, looked: Instant) -> Duration {
        if !self.is_full(looked) {
            return LOOK;
        }
        let first = self.window.first_look().clamp(FIRST_LOOK, LOOK);
        looked.saturating_duration_since(self.last_given).clamp(first, LOOK)
    }

    /// The caller has the occasion to say what the transport holds.
    pub(super) const fn look(&mut self, now: Instant) {
        self.looked = now;
    }

    fn leave(&mut self, left: u64, now: Instant) {
        if left > self.left {
            self.left = left;
            self.last_left = now;
            self.window.leave(left, now);
        }
    }

    /// The next request whose last octet has left.
    pub(super) fn next_left(&mut self) -> Option<TransactionId> {
        let (end, _) = self.requests.front()?;
        if *end > self.left {
            return None;
        }
        let (_, id) = self.requests.pop_front()?;
        self.requests.give_back();
        Some(id)
    }

    /// How many octets have left, since the beginning.
    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    /// Whether the caller says what the transport holds.
    pub(super) const fn is_told(&self) -> bool {
        self.is_told
    }

    /// Whether the transport is known to make progress with octets that it holds. Those of
    /// which the caller has said nothing yet may have left.
    pub(super) fn is_moving(&self, now: Instant) -> bool {
        let is_recent = now.saturating_duration_since(self.last_left) < STILLNESS;
        self.is_told && self.told > self.left && is_recent
    }

    /// The octets that the transport holds.
    pub(super) const fn octets(&self) -> u64 {
        self.given.saturating_sub(self.left)
    }

    /// When an octet last left the transport.
    pub(super) const fn last_left(&self) -> Instant {
        self.last_left
    }

    /// Takes the requests that have not left, in their order.
    #[cfg(feature = "auth")]
    pub(super) fn take_requests(&mut self) -> VecDeque<(u64, TransactionId)> {
        std::mem::take(&mut self.requests)
    }

    /// Forgets the requests. What the transport holds stays the same.
    pub(super) fn forget_requests(&mut self) {
        self.requests.clear();
    }

    /// The number of requests that have not left.
    pub(super) fn requests(&self) -> usize {
        self.requests.len()
    }
}
