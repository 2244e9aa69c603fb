//! Reassembly of a message from its chunks (RFC 4975 section 7.3.1).
//!
//! A [`Tracker`] applies the rules: what has arrived, where the message ends, and
//! which limits hold. A [`Reassembler`] is a tracker that also keeps the octets. A
//! receiver that passes octets on at once needs only the tracker.
//!
//! Neither trusts the total of a Byte-Range. They count the octets that arrive,
//! and learn the size of the message from the chunk with the continuation flag
//! `$`, which may arrive before others.
//!
//! Offsets are zero-based here: `Byte-Range: 1-10/*` on the wire is `0..10`.
#![deny(clippy::arithmetic_side_effects)]

mod error;
mod ranges;
mod tracker;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::mem;
use std::ops::Bound::{Excluded, Included};
use std::ops::Range;

use bytes::Bytes;

pub use error::ReassemblyError;
pub use ranges::RangeSet;
pub use tracker::Tracker;

/// Reassembles a message in memory, from chunks that arrive in any order.
///
/// Where chunks overlap, the octets that arrived last count.
///
/// # Cost
///
/// Data that continues a range costs its own length, even in small pieces. In any
/// order, n received octets, repeated ones included, cost O(n log n).
///
/// The size of the storage depends only on the octets that have arrived, never on
/// an offset or a total. It is at most twice [`received`](Self::received), plus
/// about a hundred octets for each range. While a range grows or two ranges join,
/// the old and the new storage exist together: up to five times `received`.
/// [`into_body`](Self::into_body) needs no additional storage.
///
/// ```
/// use msrp::reassembly::Reassembler;
///
/// let mut message = Reassembler::new(10_000, 16);
/// message.insert(6, b"world")?;
/// message.finish(11)?;
/// message.insert(0, b"hello ")?;
///
/// assert!(message.is_complete());
/// assert_eq!(message.into_body().unwrap(), "hello world");
/// # Ok::<(), msrp::reassembly::ReassemblyError>(())
/// ```
pub struct Reassembler {
    tracker: Tracker,
    segments: Segments,
}

impl Reassembler {
    /// A reassembler for a message of at most `max_octets` octets, which arrive in
    /// at most `max_ranges` separate ranges at any time. See [`Tracker::new`].
    #[must_use]
    pub const fn new(max_octets: u64, max_ranges: usize) -> Self {
        Self { tracker: Tracker::new(max_octets, max_ranges), segments: Segments::new() }
    }

    /// Stores `data` at the zero-based `offset`, over octets that arrived there
    /// before.
    ///
    /// A chunk may be stored in several pieces.
    ///
    /// # Errors
    ///
    /// Those of [`Tracker::insert`], after which nothing has changed.
    pub fn insert(&mut self, offset: u64, data: &[u8]) -> Result<(), ReassemblyError> {
        self.tracker.insert(offset, data.len() as u64)?;
        self.segments.place(offset, data);
        Ok(())
    }

    /// Fixes the size of the message: a chunk with the flag `$` ended at `total`.
    ///
    /// # Errors
    ///
    /// Those of [`Tracker::finish`], after which nothing has changed.
    pub fn finish(&mut self, total: u64) -> Result<(), ReassemblyError> {
        self.tracker.finish(total)
    }

    /// Whether the size of the message is known and every octet has arrived.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.tracker.is_complete()
    }

    /// The size of the message in octets, once the chunk with the flag `$` has ended.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.tracker.total()
    }

    /// How many octets of the message have arrived. Repeated ones count once.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.tracker.received()
    }

    /// Which octets of the message have arrived, as zero-based offsets.
    #[must_use]
    pub const fn ranges(&self) -> &RangeSet {
        self.tracker.ranges()
    }

    /// The body of a complete message.
    ///
    /// The body reuses the storage of the reassembler. The octets of a message that
    /// arrived in order are not moved; others may be moved within that storage.
    ///
    /// # Errors
    ///
    /// The reassembler itself, unchanged, while the message is not complete.
    pub fn into_body(self) -> Result<Bytes, Self> {
        if self.is_complete() { Ok(self.segments.into_first()) } else { Err(self) }
    }
}

/// Shows the state but not the octets, which are private and may be many.
impl fmt::Debug for Reassembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reassembler").field("tracker", &self.tracker).finish_non_exhaustive()
    }
}

/// The octets of a message: a segment for each range, by its offset.
///
/// A deque grows at both ends, so closing a gap costs only the shorter side. An
/// octet is copied again only into a segment about twice as long as the one it was
/// in, which cannot happen often.
struct Segments {
    by_offset: BTreeMap<u64, VecDeque<u8>>,
}

impl Segments {
    const fn new() -> Self {
        Self { by_offset: BTreeMap::new() }
    }

    /// Stores `data` over earlier octets, in one segment with all that it touches.
    fn place(&mut self, offset: u64, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        let tail = self.take_following(offset..offset.saturating_add(data.len() as u64));
        if let Some((start, segment)) = self.by_offset.range_mut(..=offset).next_back()
            && let Some(at) = distance(*start, offset).filter(|&at| at <= segment.len())
        {
            write(segment, at, data);
            *segment = join(mem::take(segment), tail);
        } else {
            let segment = join(data.to_vec().into(), tail);
            self.by_offset.insert(offset, segment);
        }
    }

    /// Removes the segments that start inside `range` or right after it, and returns
    /// the octets after `range`. Only the last segment can have any.
    fn take_following(&mut self, range: Range<u64>) -> VecDeque<u8> {
        let mut following = VecDeque::new();
        let within = (Excluded(range.start), Included(range.end));
        while let Some((&start, _)) = self.by_offset.range(within).next() {
            following = self.by_offset.remove(&start).unwrap_or_default();
            let covered = distance(start, range.end).unwrap_or(usize::MAX);
            following.drain(..covered.min(following.len()));
        }
        following
    }

    /// The first segment, which is the only one of a complete message.
    fn into_first(mut self) -> Bytes {
        let first = self.by_offset.pop_first();
        first.map_or_else(Bytes::new, |(_, segment)| Vec::from(segment).into())
    }
}

/// The distance from `from` to `to`, if it fits into memory.
fn distance(from: u64, to: u64) -> Option<usize> {
    to.checked_sub(from).and_then(|octets| octets.try_into().ok())
}

/// Writes `data` over the octets from `at` on, and past the end if it is longer.
fn write(segment: &mut VecDeque<u8>, at: usize, data: &[u8]) {
    let end = at.saturating_add(data.len());
    if end < segment.len() {
        for (old, new) in segment.range_mut(at..end).zip(data) {
            *old = *new;
        }
    } else {
        segment.truncate(at);
        segment.extend(data);
    }
}

/// Joins two segments without moving the longer one.
fn join(mut left: VecDeque<u8>, mut right: VecDeque<u8>) -> VecDeque<u8> {
    let prefix = left.len();
    if prefix >= right.len() {
        #[cfg(test)]
        tests::count_moved(right.len());
        left.append(&mut right);
        left
    } else {
        // Rotating by less than half moves only the rotated octets.
        #[cfg(test)]
        tests::count_moved(prefix.saturating_mul(2));
        right.append(&mut left);
        right.rotate_right(prefix);
        right
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

    use std::cell::Cell;
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

    use proptest::prelude::*;

    use super::*;

    thread_local! {
        static MOVED: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts stored octets that are copied once more.
    pub(super) fn count_moved(octets: usize) {
        MOVED.set(MOVED.get() + octets);
    }

    /// Inserts every chunk, checks the storage after each, and returns how many
    /// octets were inserted and how many were moved.
    fn insert_all(chunks: impl IntoIterator<Item = (u64, Vec<u8>)>) -> (usize, usize) {
        let mut message = Reassembler::new(u64::MAX, usize::MAX);
        let mut inserted = 0;
        MOVED.set(0);
        for (offset, data) in chunks {
            message.insert(offset, &data).unwrap();
            inserted += data.len();
            assert_segment_at(&message, offset);
        }
        assert_one_segment_a_range(&message);
        let capacities = message.segments.by_offset.values().map(VecDeque::capacity);
        assert!(
            capacities.sum::<usize>() as u64
                <= 2 * message.received() + 8 * message.ranges().len() as u64
        );
        (inserted, MOVED.get())
    }

    /// A cheap check: the segment around `offset` wastes no storage, and there is one
    /// segment for each range.
    fn assert_segment_at(message: &Reassembler, offset: u64) {
        let segments = &message.segments.by_offset;
        assert_eq!(segments.len(), message.ranges().len());
        if let Some((_, segment)) = segments.range(..=offset).next_back() {
            assert!(segment.capacity() <= (2 * segment.len()).max(8));
        }
    }

    /// The full check: the segments are exactly the ranges, whose number is limited.
    fn assert_one_segment_a_range(message: &Reassembler) {
        let segments = message.segments.by_offset.iter();
        let stored = segments.map(|(&start, segment)| start..start + segment.len() as u64);
        assert!(stored.eq(message.ranges().iter()));
    }

    /// n octets may be moved 2 n (log2 n + 1.5) times. Call an octet in a segment
    /// of length s of n in all worth log2(n / s): worth only falls, and a join
    /// that moves m octets, beside `data` of length d, costs m + 1.5 d of it.
    fn bound(inserted: usize) -> usize {
        let doublings = inserted.checked_ilog2().unwrap_or(0) as usize + 1;
        2 * inserted * (doublings + 2)
    }

    fn chunk(index: u64, len: usize) -> (u64, Vec<u8>) {
        (index * len as u64, vec![0; len])
    }

    /// The numbers below `count` in an irregular order, the same in every run.
    fn shuffled(count: u64) -> Vec<u64> {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let mut order: Vec<_> = (0..count).collect();
        order.sort_by_cached_key(|i| hasher.hash_one(i));
        order
    }

    // req: 4975-7.3.1-4
    #[test]
    fn octets_in_order_are_never_moved() {
        assert_eq!(insert_all((0..4096).map(|i| chunk(i, 1))), (4096, 0));
    }

    // req: 4975-7.3.1-4
    #[test]
    fn octets_in_reverse_order_are_moved_once() {
        let (inserted, moved) = insert_all((0..4096).rev().map(|i| chunk(i, 1)));
        assert!(moved <= 2 * inserted, "{moved}");
    }

    // req: 4975-7.3.1-4
    #[test]
    fn octets_interleaved_are_moved_a_few_times() {
        let halves = (0..2048).flat_map(|i| [i, 2048 + i]);
        let outside_in = (0..2048).flat_map(|i| [i, 4095 - i]);
        let even_then_odd = (0..4096).step_by(2).chain((1..4096).step_by(2));
        let even_then_odd_back = (0..4096).step_by(2).chain((0..2048).rev().map(|i| 2 * i + 1));
        // The first octet of each pair waits alone, until the second joins it to
        // the long segment.
        let pairs_back = (0..2048).rev().flat_map(|i| [2 * i, 2 * i + 1]);
        let orders: [Vec<u64>; 5] = [
            halves.collect(),
            outside_in.collect(),
            even_then_odd.collect(),
            even_then_odd_back.collect(),
            pairs_back.collect(),
        ];
        for order in orders {
            let (inserted, moved) = insert_all(order.iter().map(|&i| chunk(i, 1)));
            assert_eq!(inserted, 4096);

            assert!(moved <= 3 * inserted, "{moved} from {:?}", &order[..4]);
        }
    }

    // req: 4975-7.3.1-4
    #[test]
    fn many_shuffled_chunks_stay_within_the_bound() {
        let (inserted, moved) = insert_all(shuffled(20_000).into_iter().map(|i| chunk(i, 16)));
        assert_eq!(inserted, 320_000);

        assert!(moved <= bound(inserted), "{moved}");
    }

    /// The worst order: neighbours of equal size join again and again.
    #[test]
    fn gaps_closed_from_the_inside_out_stay_within_the_bound() {
        let gaps = (1..=12).flat_map(|level| ((1 << level) - 1..8192).step_by(2 << level));
        let closed = (0..8192).step_by(2).chain(gaps);
        let (inserted, moved) = insert_all(closed.map(|i| chunk(i, 1)));

        assert!(moved > 2 * inserted, "{moved} is too easy");
        assert!(moved <= bound(inserted), "{moved}");
    }

    // req: 4975-14.5-4
    #[test]
    fn storage_follows_the_octets_and_not_the_claims() {
        let mut message = Reassembler::new(u64::MAX, 4);
        message.finish(u64::MAX).unwrap();
        message.insert(u64::MAX - 1, b"x").unwrap();
        message.insert(1 << 40, b"y").unwrap();
        let capacities = message.segments.by_offset.values().map(VecDeque::capacity);
        assert!(capacities.sum::<usize>() <= 16);
    }

    #[test]
    fn a_body_in_order_leaves_its_storage_where_it_was() {
        let mut message = Reassembler::new(100, 1);
        message.insert(0, b"one ").unwrap();
        message.insert(4, b"piece").unwrap();
        message.finish(9).unwrap();
        let stored = message.segments.by_offset[&0].as_slices().0.as_ptr();
        assert_eq!(message.into_body().unwrap().as_ptr(), stored);
    }

    proptest! {
        // req: 4975-7.3.1-4 4975-7.3.1-5
        #[test]
        fn any_chunks_stay_within_the_bound(
            chunks in prop::collection::vec((0_u64..2000, 0_usize..64), 0..300)
        ) {
            let chunks = chunks.into_iter().map(|(offset, len)| (offset, vec![0; len]));
            let (inserted, moved) = insert_all(chunks);
            prop_assert!(moved <= bound(inserted), "{} of {}", moved, inserted);
        }
    }
}
