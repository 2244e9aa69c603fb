//! A transport connection: two pipes that hold octets, at the pace of their readers.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use msrp::relay::ConnectionId;

/// What the sockets of both ends hold of one direction.
pub const CAPACITY: usize = 128 * 1024;

/// How long an octet takes.
const DELAY: Duration = Duration::from_millis(10);

/// The most octets of one read.
pub const READ: usize = 16 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Relay(usize, ConnectionId),
    Client(usize),
    Raw(usize),
}

#[derive(Default)]
pub struct Pipe {
    segments: VecDeque<(Duration, Bytes)>,
    holds: usize,
    /// The octets a second that the reader takes. `None`: all that there are.
    pub rate: Option<u64>,
    /// When the reader has taken what it has.
    busy_until: Duration,
}

impl Pipe {
    /// Takes as many octets as it has room for. Returns whether there were any.
    fn write(&mut self, now: Duration, octets: &mut Bytes) -> bool {
        let len = octets.len().min(CAPACITY - self.holds);
        if len > 0 {
            self.holds += len;
            self.segments.push_back((now + DELAY, octets.split_to(len)));
        }
        len > 0
    }

    /// Some octets that have arrived, `most` at most.
    pub fn read(&mut self, now: Duration, most: usize) -> Bytes {
        let Some((due, segment)) = self.segments.front_mut() else { return Bytes::new() };
        if *due > now || self.busy_until > now || self.rate == Some(0) {
            return Bytes::new();
        }
        // A slow reader takes as much as it can in a twentieth of a second.
        let most = self.rate.map_or(most, |rate| (rate as usize / 20).clamp(1, most));
        let octets = segment.split_to(most.min(segment.len()));
        if segment.is_empty() {
            self.segments.pop_front();
        }
        self.holds -= octets.len();
        if let Some(rate) = self.rate {
            self.busy_until = now + Duration::from_secs_f64(octets.len() as f64 / rate as f64);
        }
        octets
    }

    /// When octets can be read that could not be read before.
    fn next_due(&self, now: Duration) -> Option<Duration> {
        let (due, _) = self.segments.front()?;
        Some((*due).max(self.busy_until)).filter(|due| *due > now && self.rate != Some(0))
    }
}

pub struct Wire {
    pub ends: [End; 2],
    /// What each end sends.
    pub pipes: [Pipe; 2],
    /// What each end has begun to write.
    pub held: [Bytes; 2],
    /// What has arrived for each end and is not taken.
    pub inputs: [BytesMut; 2],
    pub is_closed: bool,
}

impl Wire {
    pub fn new(ends: [End; 2]) -> Self {
        Self {
            ends,
            pipes: Default::default(),
            held: Default::default(),
            inputs: Default::default(),
            is_closed: false,
        }
    }

    /// The side of an end.
    pub fn side(&self, end: End) -> usize {
        usize::from(self.ends[1] == end)
    }

    /// Moves octets from an end into its pipe. Returns whether any moved.
    pub fn write(&mut self, now: Duration, side: usize) -> bool {
        !self.held[side].is_empty() && self.pipes[side].write(now, &mut self.held[side])
    }

    pub fn next_due(&self, now: Duration) -> Option<Duration> {
        let pipes = self.pipes.iter().filter(|_| !self.is_closed);
        pipes.filter_map(|pipe| pipe.next_due(now)).min()
    }
}

/// All octets of a transmit.
pub fn octets(mut transmit: impl Buf) -> Bytes {
    transmit.copy_to_bytes(transmit.remaining())
}
