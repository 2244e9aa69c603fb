//! One direction of a transport connection: it splits anywhere, delays,
//! stalls, holds only so much, and may break at any octet.

use std::collections::VecDeque;
use std::time::Duration;

use crate::common::Seeded;
use crate::plan::LinkPlan;

pub struct Link {
    plan: LinkPlan,
    segments: VecDeque<(Duration, VecDeque<u8>)>,
    held: usize,
    carried: u64,
    stalled_until: Duration,
    /// Only what it holds comes out.
    is_ended: bool,
    /// Nothing comes out, and what goes in is lost.
    is_broken: bool,
}

impl Link {
    pub const fn new(plan: LinkPlan) -> Self {
        Self {
            plan,
            segments: VecDeque::new(),
            held: 0,
            carried: 0,
            stalled_until: Duration::ZERO,
            is_ended: false,
            is_broken: false,
        }
    }

    /// Takes some of the octets, and returns how many.
    pub fn write(&mut self, now: Duration, octets: &[u8], rng: &mut Seeded) -> usize {
        if self.is_ended || self.is_broken {
            return octets.len();
        }
        if now < self.stalled_until {
            return 0;
        }
        let room = self.plan.capacity.saturating_sub(self.held).min(octets.len());
        if room == 0 {
            return 0;
        }
        let len = if rng.below(3) == 0 { 1 + rng.below(room as u64) as usize } else { room };
        let last = self.segments.back().map_or(Duration::ZERO, |(due, _)| *due);
        let delay = Duration::from_millis(rng.below(self.plan.delay_ms + 1));
        let mut taken: VecDeque<u8> = octets[..len].iter().copied().collect();
        self.mutate(&mut taken, rng);
        self.held += taken.len();
        self.segments.push_back((last.max(now + delay), taken));
        len
    }

    /// Takes a message whole or not at all, and returns whether it did.
    pub fn write_message(&mut self, now: Duration, message: &[u8], rng: &mut Seeded) -> bool {
        if self.is_ended || self.is_broken {
            return true;
        }
        let has_room = self.held == 0 || self.held + message.len() <= self.plan.capacity;
        if now < self.stalled_until || !has_room {
            return false;
        }
        let last = self.segments.back().map_or(Duration::ZERO, |(due, _)| *due);
        let delay = Duration::from_millis(rng.below(self.plan.delay_ms + 1));
        let mut taken: VecDeque<u8> = message.iter().copied().collect();
        self.mutate(&mut taken, rng);
        self.held += taken.len();
        self.segments.push_back((last.max(now + delay), taken));
        true
    }

    /// A hostile peer: octets that are flipped, lost and made up.
    fn mutate(&self, octets: &mut VecDeque<u8>, rng: &mut Seeded) {
        let Some(every) = self.plan.mutates_every else { return };
        let mut place = rng.below(every) as usize;
        while place < octets.len() {
            match rng.below(5) {
                0 | 1 => octets[place] ^= 1 << rng.below(8),
                2 => drop(octets.remove(place)),
                3 => octets.insert(place, rng.below(256) as u8),
                _ => octets[place] = b"-\r\n+#$*/1 "[rng.below(10) as usize],
            }
            place += 1 + rng.below(2 * every) as usize;
        }
    }

    /// Some of the octets that have arrived.
    pub fn take(&mut self, now: Duration, rng: &mut Seeded) -> Vec<u8> {
        let mut out = Vec::new();
        if self.is_broken || now < self.stalled_until {
            return out;
        }
        let mut want = match rng.below(4) {
            0 => 1 + rng.below(8) as usize,
            1 => 1 + rng.below(3000) as usize,
            _ => usize::MAX,
        };
        if let Some(break_at) = self.plan.break_at {
            want = want.min(usize::try_from(break_at - self.carried).unwrap_or(usize::MAX));
        }
        while want > 0
            && let Some((due, segment)) = self.segments.front_mut()
            && *due <= now
        {
            let len = want.min(segment.len());
            out.extend(segment.drain(..len));
            want -= len;
            if segment.is_empty() {
                self.segments.pop_front();
            }
        }
        self.held -= out.len();
        self.carried += out.len() as u64;
        self.is_broken |= self.plan.break_at == Some(self.carried);
        out
    }

    /// A message that has arrived. A message within which the link breaks never does.
    pub fn take_message(&mut self, now: Duration) -> Option<Vec<u8>> {
        if self.is_broken || now < self.stalled_until {
            return None;
        }
        self.segments.front().filter(|(due, _)| *due <= now)?;
        let (_, message) = self.segments.pop_front()?;
        self.held -= message.len();
        self.carried += message.len() as u64;
        self.is_broken |= self.plan.break_at.is_some_and(|place| place < self.carried);
        (!self.is_broken).then(|| message.into())
    }

    /// Ends a stall.
    pub fn flow(&mut self) {
        self.stalled_until = Duration::ZERO;
        self.plan.capacity = self.plan.capacity.max(100_000);
    }

    pub fn stall(&mut self, until: Duration) {
        self.stalled_until = until;
    }

    /// The writer has closed its side.
    pub fn end(&mut self) {
        self.is_ended = true;
    }

    pub fn break_off(&mut self) {
        self.is_broken = true;
    }

    pub const fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Whether the reader has reached the end of the stream.
    pub fn is_at_end(&self) -> bool {
        self.is_broken || (self.is_ended && self.segments.is_empty())
    }

    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// When something that cannot move now can move again.
    pub fn next_due(&self, now: Duration) -> Option<Duration> {
        let arrival = self.segments.front().map(|(due, _)| (*due).max(self.stalled_until));
        let room = (self.stalled_until > now).then_some(self.stalled_until);
        arrival.or(room).filter(|due| *due > now)
    }
}
