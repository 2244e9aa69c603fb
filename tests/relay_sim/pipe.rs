//! One direction of a transport connection, of a stream or of messages.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::common::Seeded;
use crate::plan::{LinkPlan, Pace, READ};

pub struct Pipe {
    plan: LinkPlan,
    carries_messages: bool,
    segments: VecDeque<(Duration, Bytes)>,
    held: usize,
    stalled_until: Duration,
    /// When it gives the next octets at its pace.
    busy_until: Duration,
    flows: bool,
    /// Only octets already in the pipe still come out.
    is_ended: bool,
    /// Nothing comes out, and what goes in is lost.
    is_broken: bool,
}

impl Pipe {
    pub const fn new(plan: LinkPlan, carries_messages: bool) -> Self {
        Self {
            plan,
            carries_messages,
            segments: VecDeque::new(),
            held: 0,
            stalled_until: Duration::ZERO,
            busy_until: Duration::ZERO,
            flows: false,
            is_ended: false,
            is_broken: false,
        }
    }

    /// Takes some octets, or a whole message, and returns how many.
    pub fn write(&mut self, now: Duration, octets: &Bytes, rng: &mut Seeded) -> usize {
        if self.is_ended || self.is_broken {
            return octets.len();
        }
        let room = self.plan.capacity.saturating_sub(self.held);
        if now < self.stalled_until || room == 0 {
            return 0;
        }
        let len = if self.carries_messages {
            octets.len()
        } else if rng.below(3) == 0 && !self.flows {
            1 + rng.below(room.min(octets.len()) as u64) as usize
        } else {
            room.min(octets.len())
        };
        let last = self.segments.back().map_or(Duration::ZERO, |(due, _)| *due);
        let delay = Duration::from_millis(rng.below(self.plan.delay_ms + 1));
        self.held += len;
        self.segments.push_back((last.max(now + delay), octets.slice(..len)));
        len
    }

    /// Some octets that have arrived, or one message. At a pace, `most` of them at most.
    pub fn take(&mut self, now: Duration, most: impl FnOnce() -> usize, rng: &mut Seeded) -> Bytes {
        if self.is_broken || now < self.stalled_until.max(self.busy_until) {
            return Bytes::new();
        }
        if let Some(pace) = self.plan.pace.filter(|_| !self.flows) {
            return self.lump(now, Pace { lump: pace.lump.min(most()), ..pace });
        }
        let want = match rng.below(4) {
            _ if self.carries_messages => usize::MAX,
            _ if self.flows => READ,
            0 => 1 + rng.below(8) as usize,
            1 => 1 + rng.below(3_000) as usize,
            _ => READ,
        };
        let Some((due, segment)) = self.segments.front_mut() else { return Bytes::new() };
        if *due > now {
            return Bytes::new();
        }
        let taken = segment.split_to(want.min(segment.len()));
        if segment.is_empty() {
            self.segments.pop_front();
        }
        self.held -= taken.len();
        taken
    }

    /// What comes out together at a pace.
    fn lump(&mut self, now: Duration, pace: Pace) -> Bytes {
        let mut lump = BytesMut::new();
        while let Some((due, segment)) = self.segments.front_mut()
            && *due <= now
            && lump.len() < pace.lump
        {
            lump.extend_from_slice(&segment.split_to((pace.lump - lump.len()).min(segment.len())));
            if segment.is_empty() {
                self.segments.pop_front();
            }
        }
        self.held -= lump.len();
        self.busy_until = now + pace.time(lump.len());
        lump.freeze()
    }

    pub fn stall(&mut self, until: Duration) {
        self.stalled_until = until;
    }

    /// Lets it flow from now on, as fast as its delay allows.
    pub fn flow(&mut self) {
        self.flows = true;
        (self.stalled_until, self.busy_until) = (Duration::ZERO, Duration::ZERO);
    }

    /// The writer has closed its side.
    pub fn end(&mut self) {
        self.is_ended = true;
    }

    pub fn break_off(&mut self) {
        self.is_broken = true;
        self.segments.clear();
        self.held = 0;
    }

    /// Whether the reader has reached the end.
    pub fn is_at_end(&self) -> bool {
        self.is_broken || (self.is_ended && self.segments.is_empty())
    }

    /// The octets that have not come out.
    pub const fn held(&self) -> usize {
        self.held
    }

    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// When something can move again.
    pub fn next_due(&self, now: Duration) -> Option<Duration> {
        let earliest = self.stalled_until.max(self.busy_until);
        let arrival = self.segments.front().map(|(due, _)| (*due).max(earliest));
        let room = (self.stalled_until > now).then_some(self.stalled_until);
        arrival.or(room).filter(|due| *due > now)
    }
}
