//! One direction of a transport connection as real ones are: a send buffer that
//! takes much at once, a rate, a delay, stalls, and an end that nobody is told of.

use std::collections::VecDeque;
use std::time::Duration;

/// Octets that leave and arrive together.
const SEGMENT: usize = 1448;

pub struct Wire {
    /// Octets a second.
    pub rate: u64,
    pub delay: Duration,
    /// Octets that the send buffer takes.
    pub buffer: usize,
    /// Octets that the receiver's buffer takes.
    pub window: usize,
    queue: VecDeque<Vec<u8>>,
    queued: usize,
    /// When the first segment of the queue has left.
    front_leaves: Duration,
    flying: VecDeque<(Duration, Vec<u8>)>,
    in_flight: usize,
    pub arrived: VecDeque<u8>,
    /// When an octet last left.
    pub last_left: Duration,
    stalled_until: Duration,
    /// The writer has closed its side.
    is_ended: bool,
    /// What is written is lost, and nobody is told.
    pub is_dead: bool,
}

impl Wire {
    pub fn new(rate: u64, delay: Duration, buffer: usize, window: usize, now: Duration) -> Self {
        Self {
            rate,
            delay,
            buffer,
            window,
            queue: VecDeque::new(),
            queued: 0,
            front_leaves: now,
            flying: VecDeque::new(),
            in_flight: 0,
            arrived: VecDeque::new(),
            last_left: now,
            stalled_until: Duration::ZERO,
            is_ended: false,
            is_dead: false,
        }
    }

    /// Octets that the send buffer takes now.
    pub const fn room(&self) -> usize {
        self.buffer.saturating_sub(self.queued)
    }

    /// Octets that have not left.
    pub const fn backlog(&self) -> usize {
        self.queued
    }

    pub fn write(&mut self, now: Duration, octets: &[u8]) {
        let mut rest = octets;
        while !rest.is_empty() {
            if self.queue.is_empty() {
                let len = rest.len().min(self.segment());
                self.front_leaves = now.max(self.stalled_until) + self.time(len);
            }
            let room = match self.queue.back() {
                Some(last) if last.len() < self.segment() && self.queue.len() > 1 => {
                    self.segment() - last.len()
                }
                _ => {
                    self.queue.push_back(Vec::new());
                    self.segment()
                }
            };
            let (taken, left) = rest.split_at(room.min(rest.len()));
            self.queue.back_mut().unwrap().extend_from_slice(taken);
            self.queued += taken.len();
            rest = left;
        }
    }

    /// Larger on a fast link, so that the work of a world stays bounded.
    fn segment(&self) -> usize {
        SEGMENT.max(usize::try_from(self.rate / 50).unwrap())
    }

    fn time(&self, octets: usize) -> Duration {
        Duration::from_secs_f64(octets as f64 / self.rate as f64)
    }

    /// Lets leave and arrive what is due.
    pub fn advance(&mut self, now: Duration) {
        while !self.is_dead
            && !self.is_blocked()
            && self.front_leaves.max(self.stalled_until) <= now
            && let Some(segment) = self.queue.pop_front()
        {
            self.last_left = self.front_leaves.max(self.stalled_until);
            self.queued -= segment.len();
            self.in_flight += segment.len();
            self.flying.push_back((self.last_left + self.delay, segment));
            if let Some(next) = self.queue.front() {
                self.front_leaves = self.last_left + self.time(next.len());
            }
        }
        while self.flying.front().is_some_and(|(due, _)| *due <= now) {
            let (_, segment) = self.flying.pop_front().unwrap();
            self.in_flight -= segment.len();
            if !self.is_dead {
                self.arrived.extend(segment);
            }
        }
    }

    /// The receiver takes no more.
    fn is_blocked(&self) -> bool {
        self.in_flight + self.arrived.len() >= self.window
    }

    pub fn next_due(&self) -> Option<Duration> {
        let leaves = (!self.is_dead && !self.queue.is_empty() && !self.is_blocked())
            .then(|| self.front_leaves.max(self.stalled_until));
        let arrives = self.flying.front().map(|(due, _)| *due);
        leaves.into_iter().chain(arrives).min()
    }

    pub fn stall(&mut self, until: Duration) {
        self.stalled_until = self.stalled_until.max(until);
    }

    /// From now on it is fast and sound.
    pub fn calm(&mut self, now: Duration) {
        self.stalled_until = self.stalled_until.min(now);
        self.rate = 12_500_000;
        // Streams whose writers hold 64 octets need a round trip for every few of them.
        self.delay = self.delay.min(Duration::from_millis(10));
        self.front_leaves = self.front_leaves.min(now);
    }

    pub const fn end(&mut self) {
        self.is_ended = true;
    }

    pub fn is_at_end(&self) -> bool {
        let is_empty = self.queued == 0 && self.in_flight == 0 && self.arrived.is_empty();
        self.is_ended && is_empty && !self.is_dead
    }
}
