//! Chunks in any order make up their message: properties of
//! `RangeSet`, `Tracker` and `Reassembler` against a plain model of octets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::ops::Range;

use msrp::reassembly::RangeSet;
use msrp::reassembly::{Reassembler, ReassemblyError, Tracker};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// Offsets and lengths are below this, so that chunks often touch.
const SPAN: usize = 96;

/// A message with one cell for each octet, and the rules in their simplest form.
#[derive(Clone, Debug)]
struct Model {
    octets: Vec<Option<u8>>,
    total: Option<usize>,
    max_octets: usize,
    max_ranges: usize,
}

impl Model {
    fn new(max_octets: usize, max_ranges: usize) -> Self {
        Self { octets: vec![None; 2 * SPAN], total: None, max_octets, max_ranges }
    }

    fn insert(&mut self, offset: usize, data: &[u8]) -> Result<(), ReassemblyError> {
        let mut after = self.octets.clone();
        for (position, octet) in (offset..).zip(data) {
            if position >= self.max_octets {
                return Err(ReassemblyError::TooLarge);
            }
            after[position] = Some(*octet);
        }
        if !data.is_empty() && self.total.is_some_and(|total| offset + data.len() > total) {
            return Err(ReassemblyError::PastEnd);
        }
        if ranges(&after, true).len() > self.max_ranges {
            return Err(ReassemblyError::TooManyGaps);
        }
        self.octets = after;
        Ok(())
    }

    fn finish(&mut self, total: usize) -> Result<(), ReassemblyError> {
        if self.total.is_some() && self.total != Some(total) {
            return Err(ReassemblyError::TotalMismatch);
        }
        if total > self.max_octets {
            return Err(ReassemblyError::TooLarge);
        }
        if self.octets.iter().skip(total).any(Option::is_some) {
            return Err(ReassemblyError::PastEnd);
        }
        self.total = Some(total);
        Ok(())
    }

    fn body(&self) -> Option<Vec<u8>> {
        self.octets[..self.total?].iter().copied().collect()
    }
}

/// The ranges of the filled cells, or of the others if `filled` is false.
fn ranges(cells: &[Option<u8>], filled: bool) -> Vec<Range<u64>> {
    let mut found: Vec<Range<u64>> = Vec::new();
    for (at, _) in (0..).zip(cells).filter(|(_, cell)| cell.is_some() == filled) {
        match found.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

fn assert_same_ranges(set: &RangeSet, cells: &[Option<u8>]) {
    let expected = ranges(cells, true);
    assert_eq!(set.iter().collect::<Vec<_>>(), expected);
    assert!(set.iter().rev().eq(expected.iter().rev().cloned()));
    assert_eq!(set.len(), expected.len());
    assert_eq!(set.is_empty(), expected.is_empty());
    assert_eq!(set.end(), expected.last().map_or(0, |last| last.end));
    assert_eq!(set.octets(), cells.iter().flatten().count() as u64);
    for total in [0, 1, SPAN / 2, SPAN, cells.len()] {
        let gaps = ranges(&cells[..total], false);
        assert_eq!(set.gaps(total as u64).collect::<Vec<_>>(), gaps);
        assert_eq!(set.covers(total as u64), gaps.is_empty());
    }
}

#[derive(Clone, Debug)]
enum Op {
    /// A piece of a chunk.
    Insert(usize, Vec<u8>),
    /// The end of a chunk with the flag `$`.
    Finish(usize),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let insert = (0..SPAN, vec(any::<u8>(), 0..SPAN / 3));
    let op = prop_oneof![
        12 => insert.prop_map(|(offset, data)| Op::Insert(offset, data)),
        1 => (0..=SPAN).prop_map(Op::Finish),
        1 => Just(Op::Finish(SPAN)),
    ];
    vec(op, 0..40)
}

proptest! {
    // req: 4975-7.3.1-3 4975-7.3.1-4 4975-7.3.1-5
    #[test]
    fn reassembly_does_what_the_model_does(
        ops in ops(),
        max_octets in prop_oneof![2 => Just(2 * SPAN), 1 => 0..=SPAN],
        max_ranges in prop_oneof![2 => Just(SPAN), 1 => 0..6_usize],
    ) {
        let mut model = Model::new(max_octets, max_ranges);
        let mut message = Reassembler::new(max_octets as u64, max_ranges);
        let mut tracker = Tracker::new(max_octets as u64, max_ranges);
        for op in ops {
            let (expected, stored, tracked) = match op {
                Op::Insert(offset, data) => (
                    model.insert(offset, &data),
                    message.insert(offset as u64, &data),
                    tracker.insert(offset as u64, data.len() as u64),
                ),
                Op::Finish(total) => (
                    model.finish(total),
                    message.finish(total as u64),
                    tracker.finish(total as u64),
                ),
            };
            prop_assert_eq!(stored, expected);
            prop_assert_eq!(tracked, expected);
            assert_same_ranges(message.ranges(), &model.octets);
            prop_assert_eq!(message.ranges(), tracker.ranges());
            prop_assert_eq!(message.received(), tracker.received());
            prop_assert_eq!(message.total(), model.total.map(|total| total as u64));
            prop_assert_eq!(message.total(), tracker.total());
            prop_assert_eq!(message.is_complete(), model.body().is_some());
            prop_assert_eq!(message.is_complete(), tracker.is_complete());
        }
        match message.into_body() {
            Ok(body) => prop_assert_eq!(Some(body.to_vec()), model.body()),
            Err(unfinished) => {
                prop_assert_eq!(model.body(), None);
                assert_same_ranges(unfinished.ranges(), &model.octets);
            }
        }
    }

    // req: 4975-7.3.1-3 4975-7.3.1-4
    #[test]
    fn any_permutation_of_the_chunks_is_the_message(
        (body, order) in chunks(), repeated in vec(any::<Index>(), 0..8)
    ) {
        let mut order = order;
        for index in repeated {
            let again = index.get(&order).clone();
            order.insert(index.index(order.len()), again);
        }
        let mut message = Reassembler::new(body.len() as u64, usize::MAX);
        for range in order {
            message.insert(range.start as u64, &body[range.clone()]).unwrap();
            if range.end == body.len() {
                message.finish(range.end as u64).unwrap();
            }
        }
        prop_assert!(message.is_complete());
        prop_assert_eq!(message.into_body().unwrap(), body);
    }

    // req: 4975-7.3.1-5
    #[test]
    fn the_chunk_received_last_wins(
        first in vec(any::<u8>(), 1..200), last in vec(any::<u8>(), 1..200), at in any::<Index>()
    ) {
        let at = at.index(first.len());
        let mut expected = first.clone();
        expected.splice(at..expected.len().min(at + last.len()), last.iter().copied());

        let mut message = Reassembler::new(400, 2);
        message.insert(0, &first).unwrap();
        message.insert(at as u64, &last).unwrap();
        message.finish(expected.len() as u64).unwrap();
        prop_assert_eq!(message.into_body().unwrap(), expected);
    }

    // req: 4975-14.5-4
    #[test]
    fn no_offset_and_no_total_is_too_much(
        ops in vec((position(), 0_usize..4, position()), 0..20), max_octets in position()
    ) {
        let mut message = Reassembler::new(max_octets, 8);
        let mut tracker = Tracker::new(max_octets, 8);
        for (offset, len, other) in ops {
            let _ = message.insert(offset, &[b'x'; 4][..len]);
            let _ = tracker.insert(offset, other);
            let _ = (message.finish(other), tracker.finish(other));
            prop_assert!(message.ranges().end() <= max_octets);
            prop_assert!(tracker.ranges().end() <= max_octets);
            let _ = message.ranges().gaps(other).count();
        }
        let _ = message.into_body();
    }

    // req: 4975-7.1.3-7
    #[test]
    fn ranges_anywhere_are_sorted_apart_and_complete(
        inserted in vec((position(), position()), 0..20), max_ranges in 0_usize..20
    ) {
        let mut set = RangeSet::new(max_ranges);
        let mut accepted = Vec::new();
        for range in inserted.into_iter().map(|(start, end)| start..end) {
            let before = set.clone();
            match set.insert(range.clone()) {
                Ok(()) => accepted.push(range),
                Err(error) => {
                    prop_assert_eq!(error, ReassemblyError::TooManyGaps);
                    prop_assert_eq!(&set, &before);
                    prop_assert_eq!(set.len(), max_ranges);
                    prop_assert!(!range.is_empty());
                }
            }
        }
        let held: Vec<_> = set.iter().collect();
        prop_assert!(held.len() <= max_ranges);
        prop_assert!(held.iter().all(|range| !range.is_empty()));
        prop_assert!(held.windows(2).all(|pair| pair[0].end < pair[1].start));
        prop_assert_eq!(held.iter().map(|range| range.end - range.start).sum::<u64>(), set.octets());
        prop_assert!(accepted.iter().all(|range| set.contains(range.clone())));
        for held in held {
            prop_assert!(accepted.iter().any(|range| range.start == held.start));
            prop_assert!(accepted.iter().any(|range| range.end == held.end));
            prop_assert!(!set.contains(held.start.saturating_sub(1)..held.end) || held.start == 0);
            prop_assert!(!set.contains(held.start..held.end.saturating_add(1)) || held.end == u64::MAX);
        }
    }

    #[test]
    fn gaps_and_ranges_make_up_the_whole(
        inserted in vec((position(), position()), 0..20), total in position()
    ) {
        let mut set = RangeSet::new(usize::MAX);
        for (start, end) in inserted {
            set.insert(start..end).unwrap();
        }
        let gaps: Vec<_> = set.gaps(total).collect();
        prop_assert_eq!(gaps.is_empty(), set.covers(total));
        for gap in gaps {
            prop_assert!(!set.contains(gap.clone()));
            set.insert(gap).unwrap();
        }
        prop_assert!(set.covers(total));
    }
}

/// A position near the start, near the end, or anywhere, equally often.
fn position() -> impl Strategy<Value = u64> {
    prop_oneof![0..8_u64, (0..8_u64).prop_map(|below| u64::MAX - below), any::<u64>()]
}

/// A body, and the ranges of chunks that make it up, in any order.
fn chunks() -> impl Strategy<Value = (Vec<u8>, Vec<Range<usize>>)> {
    let cut = (vec(any::<u8>(), 0..500), vec(any::<Index>(), 0..30));
    cut.prop_flat_map(|(body, cuts)| {
        let len = body.len();
        let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(len + 1)).collect();
        ends.push(len);
        ends.sort_unstable();
        let starts = [0].into_iter().chain(ends.clone());
        let chunks: Vec<_> = starts.zip(ends).map(|(start, end)| start..end).collect();
        (Just(body), Just(chunks).prop_shuffle())
    })
}

// req: 4975-7.1.3-7
#[test]
fn reports_need_not_match_the_chunks() {
    let mut reported = RangeSet::new(2);
    for wire in [1..=10_u64, 5..=20, 1..=20] {
        reported.insert(wire.start() - 1..*wire.end()).unwrap();
    }
    assert_eq!(reported.iter().next(), Some(0..20));
    assert_eq!(reported.len(), 1);
    assert!(reported.covers(20));
    assert!(!reported.covers(21));
}

// req: 4975-7.3.1-5
#[test]
fn a_later_chunk_overwrites_the_end_of_an_earlier_one() {
    let mut message = Reassembler::new(150, 1);
    message.insert(0, &[b'a'; 100]).unwrap();
    message.insert(49, &[b'b'; 101]).unwrap();
    message.finish(150).unwrap();
    let expected = [[b'a'; 49].as_slice(), &[b'b'; 101]].concat();
    assert_eq!(message.into_body().unwrap(), expected);
}

// req: 4975-7.3.1-2
#[test]
fn a_chunk_cut_short_counts_by_its_octets() {
    let mut message = Reassembler::new(100, 1);
    let announced_to_100 = [b'a'; 40];
    message.insert(0, &announced_to_100).unwrap();
    assert_eq!(message.received(), 40);
    assert_eq!(message.ranges().gaps(100).next(), Some(40..100));
    message.insert(40, &[b'b'; 60]).unwrap();
    message.finish(100).unwrap();
    assert!(message.is_complete());
}

// req: 4975-7.3.1-1
#[test]
fn an_empty_message_is_complete_at_its_end() {
    let mut message = Reassembler::new(0, 0);
    message.insert(0, b"").unwrap();
    assert!(!message.is_complete());
    message.finish(0).unwrap();
    assert!(message.is_complete());
    assert!(message.into_body().unwrap().is_empty());
}

#[test]
fn no_octets_are_never_too_many() {
    let mut message = Reassembler::new(10, 1);
    message.finish(5).unwrap();
    assert_eq!(message.insert(u64::MAX, b""), Ok(()));
    assert!(message.ranges().is_empty());
}

// req: 4975-7.3.1-3
#[test]
fn the_end_of_a_message_is_said_once() {
    let mut message = Reassembler::new(100, 4);
    message.insert(0, b"0123456789").unwrap();
    assert_eq!(message.finish(9), Err(ReassemblyError::PastEnd));
    assert_eq!(message.finish(101), Err(ReassemblyError::TooLarge));
    assert_eq!(message.total(), None);
    message.finish(12).unwrap();
    message.finish(12).unwrap();
    assert_eq!(message.finish(13), Err(ReassemblyError::TotalMismatch));
    assert_eq!(message.insert(11, b"ab"), Err(ReassemblyError::PastEnd));
    message.insert(10, b"ab").unwrap();
    assert_eq!(message.into_body().unwrap(), "0123456789ab");
}

// req: 4975-14.5-4
#[test]
fn limits_hold_and_leave_the_message_usable() {
    let mut message = Reassembler::new(8, 2);
    assert_eq!(message.insert(8, b"x"), Err(ReassemblyError::TooLarge));
    assert_eq!(message.insert(u64::MAX, b"x"), Err(ReassemblyError::TooLarge));
    message.insert(1, b"b").unwrap();
    message.insert(6, b"gh").unwrap();
    assert_eq!(message.insert(4, b"e"), Err(ReassemblyError::TooManyGaps));
    assert_eq!(message.received(), 3);
    message.insert(2, b"c").unwrap();
    message.insert(0, b"a").unwrap();
    message.insert(3, b"def").unwrap();
    message.finish(8).unwrap();
    assert_eq!(message.into_body().unwrap(), "abcdefgh");
}

#[test]
fn an_unfinished_message_is_given_back() {
    let mut message = Reassembler::new(10, 1);
    message.insert(0, b"half").unwrap();
    message.finish(8).unwrap();
    let mut message = message.into_body().unwrap_err();
    message.insert(4, b"more").unwrap();
    assert_eq!(message.into_body().unwrap(), "halfmore");
}

#[test]
fn debug_output_keeps_the_octets_private() {
    let mut message = Reassembler::new(100, 1);
    message.insert(0, b"zz").unwrap();
    let shown = format!("{message:?}");
    assert!(shown.contains("0: 2") && !shown.contains("122"), "{shown}");
}
