//! The octets of one direction of a TCP connection, put in order.

use std::collections::BTreeMap;

use super::stream::Stream;

/// The most octets that wait for earlier ones. Beyond that, the earlier ones are not in the
/// capture.
const MAX_WAITING: usize = 1 << 20;

/// Where a stream stands, and what came too early.
pub(super) struct Order {
    /// The sequence number of the first octet.
    start: u32,
    /// The octets that were given or skipped.
    next: u64,
    early: BTreeMap<u64, Vec<u8>>,
    /// The octets in `early`.
    waiting: usize,
}

impl Order {
    pub(super) const fn new(start: u32) -> Self {
        Self { start, next: 0, early: BTreeMap::new(), waiting: 0 }
    }

    pub(super) const fn starts_at(&self, sequence: u32) -> bool {
        self.start == sequence
    }

    /// Gives to the stream what is next. Octets that came before are dropped.
    pub(super) fn push(&mut self, sequence: u32, octets: &[u8], stream: &mut Stream) {
        let Some(at) = self.position(sequence, octets.len()) else { return };
        if at > self.next {
            self.keep(at, octets);
            if self.waiting > MAX_WAITING {
                self.skip(stream);
            }
        } else {
            self.give(at, octets, stream);
            self.give_early(stream);
        }
    }

    fn keep(&mut self, at: u64, octets: &[u8]) {
        let known = self.early.entry(at).or_default();
        if let Some(new) = octets.get(known.len()..) {
            self.waiting += new.len();
            known.extend_from_slice(new);
        }
    }

    /// The receiver has all octets before this one. Where later ones are here, those are not
    /// in the capture.
    pub(super) fn acknowledge(&mut self, sequence: u32, stream: &mut Stream) {
        let received = self.position(sequence, 0);
        while let (Some((first, _)), Some(received)) = (self.early.first_key_value(), received) {
            if received < *first {
                return;
            }
            self.skip(stream);
        }
    }

    /// No more segments follow.
    pub(super) fn finish(&mut self, stream: &mut Stream) {
        while !self.early.is_empty() {
            self.skip(stream);
        }
    }

    /// Goes on at the first octets that are here.
    fn skip(&mut self, stream: &mut Stream) {
        let Some((first, _)) = self.early.first_key_value() else { return };
        stream.skip(first - self.next);
        self.next = *first;
        self.give_early(stream);
    }

    fn give_early(&mut self, stream: &mut Stream) {
        while let Some(entry) = self.early.first_entry().filter(|it| *it.key() <= self.next) {
            let (at, octets) = entry.remove_entry();
            self.waiting -= octets.len();
            self.give(at, &octets, stream);
        }
    }

    /// Gives what is new of octets that start at or before the next one.
    fn give(&mut self, at: u64, octets: &[u8], stream: &mut Stream) {
        let known = usize::try_from(self.next - at).unwrap_or(usize::MAX);
        if let Some(new) = octets.get(known..) {
            self.next += new.len() as u64;
            stream.push(new);
        }
    }

    /// Where in the stream octets lie. Sequence numbers wrap. `None` before its start.
    fn position(&self, sequence: u32, len: usize) -> Option<u64> {
        // The low 32 bits are what a sequence number has.
        let expected = self.start.wrapping_add(self.next as u32);
        let distance = sequence.wrapping_sub(expected).cast_signed();
        let position = self.next.checked_add_signed(distance.into());
        position.filter(|at| len == 0 || at + len as u64 > self.next)
    }
}
