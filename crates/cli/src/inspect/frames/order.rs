//! The octets of one direction of a TCP connection, put in order.

use std::collections::BTreeMap;

use super::missing::Missing;
use super::record::Arrival;
use super::wire::Wire;

/// The most octets that wait for earlier ones. Beyond that, the earlier ones are not in the
/// capture.
const MAX_WAITING: usize = 1 << 20;

/// How far before the first segment of a stream that began earlier others may lie.
const BEFORE: u32 = 1 << 16;

/// How far before it octets may lie and still be reported as late.
const LONG_BEFORE: u32 = 1 << 30;

/// The segments after which no earlier ones are expected.
const UNSETTLED: usize = 4;

/// Where a stream stands, and what came too early.
pub(super) struct Order {
    /// The sequence number of the first octet.
    start: u32,
    /// The octets that were given or skipped.
    next: u64,
    early: BTreeMap<u64, Early>,
    /// The octets in `early`.
    waiting: usize,
    missing: Missing,
    /// Whether it is known which octets are the first.
    is_settled: bool,
}

/// Octets that wait for earlier ones.
struct Early {
    arrival: Arrival,
    octets: Vec<u8>,
}

impl Order {
    pub(super) fn new(start: u32) -> Self {
        Self {
            start,
            next: 0,
            early: BTreeMap::new(),
            waiting: 0,
            missing: Missing::default(),
            is_settled: true,
        }
    }

    /// A stream whose start was not captured. Segments before this one may follow it.
    pub(super) fn midway(sequence: u32) -> Self {
        let start = sequence.wrapping_sub(LONG_BEFORE);
        let mut order = Self { is_settled: false, ..Self::new(start) };
        order.give_up((LONG_BEFORE - BEFORE).into());
        order
    }

    pub(super) const fn starts_at(&self, sequence: u32) -> bool {
        self.start == sequence
    }

    /// Gives to the stream what is next. Octets that came before are dropped, and so are those
    /// that come too late.
    pub(super) fn push(&mut self, sequence: u32, octets: &[u8], arrival: Arrival, wire: &mut Wire) {
        let Some(at) = self.position(sequence) else { return };
        let end = at + octets.len() as u64;
        self.missing.come(at..end.min(self.next));
        if end <= self.next {
            return;
        }
        if at > self.next {
            self.keep(at, octets, arrival);
            if self.early.len() >= UNSETTLED {
                self.settle(wire);
            }
            if self.waiting > MAX_WAITING {
                self.skip(wire);
            }
        } else {
            wire.arrives(arrival);
            self.give(at, octets, wire);
            self.give_early(wire);
        }
    }

    /// The first octets that are here are the first of the stream.
    fn settle(&mut self, wire: &mut Wire) {
        if let Some((first, _)) = self.early.first_key_value().filter(|_| !self.is_settled) {
            self.give_up(*first);
            self.give_early(wire);
        }
        self.is_settled = true;
    }

    fn keep(&mut self, at: u64, octets: &[u8], arrival: Arrival) {
        let nothing = || Early { arrival, octets: Vec::new() };
        let known = self.early.entry(at).or_insert_with(nothing);
        if let Some(new @ [_, ..]) = octets.get(known.octets.len()..) {
            self.waiting += new.len();
            known.octets.extend_from_slice(new);
            known.arrival = arrival;
        }
    }

    /// The receiver has all octets before this one. Where later ones are here, those are not
    /// in the capture.
    pub(super) fn acknowledge(&mut self, sequence: u32, wire: &mut Wire) {
        self.settle(wire);
        let received = self.position(sequence);
        while let (Some((first, _)), Some(received)) = (self.early.first_key_value(), received) {
            if received < *first {
                return;
            }
            self.skip(wire);
        }
    }

    /// No more segments follow.
    pub(super) fn finish(&mut self, wire: &mut Wire) {
        self.settle(wire);
        while !self.early.is_empty() {
            self.skip(wire);
        }
    }

    /// Goes on at the first octets that are here.
    fn skip(&mut self, wire: &mut Wire) {
        let Some((first, _)) = self.early.first_key_value() else { return };
        wire.skip(first - self.next);
        self.give_up(*first);
        self.give_early(wire);
    }

    /// Waits no longer for what comes before this place.
    fn give_up(&mut self, before: u64) {
        self.missing.note(self.next..before);
        self.next = before;
    }

    /// How many octets came when they were not waited for any longer.
    pub(super) const fn late(&self) -> u64 {
        self.missing.late()
    }

    fn give_early(&mut self, wire: &mut Wire) {
        while let Some(entry) = self.early.first_entry().filter(|it| *it.key() <= self.next) {
            let (at, Early { arrival, octets }) = entry.remove_entry();
            self.waiting -= octets.len();
            wire.arrives(arrival);
            self.give(at, &octets, wire);
        }
    }

    /// Gives what is new of octets that start at or before the next one.
    fn give(&mut self, at: u64, octets: &[u8], wire: &mut Wire) {
        let known = usize::try_from(self.next - at).unwrap_or(usize::MAX);
        if let Some(new) = octets.get(known..) {
            self.next += new.len() as u64;
            wire.push(new);
        }
    }

    /// Where in the stream an octet lies. Sequence numbers wrap. `None` before its start.
    fn position(&self, sequence: u32) -> Option<u64> {
        // The low 32 bits are what a sequence number has.
        let expected = self.start.wrapping_add(self.next as u32);
        let distance = sequence.wrapping_sub(expected).cast_signed();
        self.next.checked_add_signed(distance.into())
    }
}
