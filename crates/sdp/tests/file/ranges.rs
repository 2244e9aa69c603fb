//! Which octets a range means, and which to ask for after an interruption.

use msrp::reassembly::RangeSet;
use msrp_sdp::file::{FileAttributes, FileRange};
use proptest::prelude::*;

// req: 5547-6-12
#[test]
fn no_range_is_the_whole_file() {
    let file = FileAttributes::parse([("file-selector", Some("size:9"))]).unwrap().unwrap();
    assert_eq!(file.range, None);
    assert_eq!(file.range.unwrap_or_default(), FileRange::new(1, None).unwrap());
    assert_eq!(FileRange::default().within(9), Some(0..9));
    assert_eq!(FileRange::default().within(0), Some(0..0));
}

// req: 5547-8.7-5
#[test]
fn both_ends_belong_to_a_range_and_the_message_starts_at_its_start() {
    let file: Vec<u8> = (1..=10).collect();
    let range: FileRange = "3-5".parse().unwrap();
    let octets = range.within(10).unwrap();
    let message = &file[octets.start as usize..octets.end as usize];
    assert_eq!(message, [3, 4, 5]);
    assert_eq!(range.len(), Some(3));
    // Byte-Range 1-…: the first octet of the message is the third of the file.
    assert_eq!(
        (0..4).map(|it| range.file_offset(it)).collect::<Vec<_>>(),
        [Some(2), Some(3), Some(4), None]
    );
}

#[test]
fn a_range_that_the_file_has_not_is_refused() {
    let range = |start, stop| FileRange::new(start, stop).unwrap();
    assert_eq!(range(1, Some(10)).within(10), Some(0..10));
    assert_eq!(range(1, Some(11)).within(10), None);
    assert_eq!(range(11, None).within(10), Some(10..10));
    assert_eq!(range(12, None).within(10), None);
    assert_eq!(range(u64::MAX, None).within(u64::MAX), Some(u64::MAX - 1..u64::MAX));
    assert_eq!(range(u64::MAX, None).file_offset(u64::MAX), None);
}

// req: 5547-8.1-5
#[test]
fn after_a_break_the_first_gap_is_asked_for() {
    let missing = |there: &str, size| {
        let mut set = RangeSet::new(8);
        for range in there.split_whitespace() {
            let (start, end) = range.split_once('-').unwrap();
            set.insert(start.parse().unwrap()..end.parse().unwrap()).unwrap();
        }
        FileRange::missing(&set, size).map(|range| range.to_string())
    };
    assert_eq!(missing("", Some(100)).as_deref(), Some("1-100"));
    assert_eq!(missing("", None).as_deref(), Some("1-*"));
    assert_eq!(missing("0-40", Some(100)).as_deref(), Some("41-100"));
    assert_eq!(missing("0-40", None).as_deref(), Some("41-*"));
    assert_eq!(missing("0-40 60-100", Some(100)).as_deref(), Some("41-60"));
    assert_eq!(missing("0-40 60-100", None).as_deref(), Some("41-60"));
    assert_eq!(missing("0-100", Some(100)), None);
    assert_eq!(missing("", Some(0)), None);
}

proptest! {
    /// Asking for the missing octets until there are none completes the file.
    #[test]
    fn asking_for_what_is_missing_ends(
        size in 0..500_u64,
        there in proptest::collection::vec((0..500_u64, 1..50_u64), 0..8),
    ) {
        let mut set = RangeSet::new(64);
        for (start, len) in there {
            set.insert(start.min(size)..(start + len).min(size)).unwrap();
        }
        for _ in 0..20 {
            let Some(range) = FileRange::missing(&set, Some(size)) else { break };
            let octets = range.within(size).unwrap();
            prop_assert!(!octets.is_empty() && !set.contains(octets.clone()));
            prop_assert_eq!(range.file_offset(0), Some(octets.start));
            prop_assert_eq!(range.len(), Some(octets.end - octets.start));
            set.insert(octets).unwrap();
        }
        prop_assert!(set.covers(size));
    }

    #[test]
    fn any_range_is_arithmetic_without_overflow(
        start in 1..=u64::MAX, stop in proptest::option::of(any::<u64>()), size: u64, offset: u64,
    ) {
        let Ok(range) = FileRange::new(start, stop) else { return Ok(()) };
        if let Some(octets) = range.within(size) {
            prop_assert!(octets.start <= octets.end && octets.end <= size);
        }
        if let Some(place) = range.file_offset(offset) {
            prop_assert_eq!(place, start - 1 + offset);
            prop_assert!(range.len().is_none_or(|len| offset < len));
        }
        prop_assert!(FileRange::from_offset(offset).offset() <= offset);
    }
}
