//! Figure 3 of RFC 5547: what the id and the selector of a later offer mean.

use std::collections::{HashMap, HashSet};

use msrp_sdp::file::{
    AnsweredTransfers, FileSelector, FileTransferId, OfferedTransfer, TransferOffer,
};
use proptest::prelude::*;

use super::SHA_1;
use super::common::Seeded;

fn id(text: &str) -> FileTransferId {
    text.parse().unwrap()
}

fn file(value: &str) -> FileSelector {
    value.parse().unwrap()
}

/// One transfer is running on line 0.
fn running() -> AnsweredTransfers {
    let mut transfers = AnsweredTransfers::new(8);
    assert_eq!(transfers.offered(0, 7654, &id("one"), &file("size:1")), TransferOffer::New);
    transfers
}

// req: 5547-8.1-4, 5547-8.3.2-1, 5547-8.3.2-2
#[test]
fn the_same_id_and_file_is_the_same_transfer() {
    let mut transfers = running();
    for _ in 0..3 {
        assert_eq!(transfers.offered(0, 7655, &id("one"), &file("size:1")), TransferOffer::Running);
    }
    transfers.finished(&id("one"));
    for _ in 0..3 {
        assert_eq!(
            transfers.offered(0, 7654, &id("one"), &file("size:1")),
            TransferOffer::Finished
        );
    }
}

// req: 5547-8.1-7, 5547-8.6-1
#[test]
fn another_id_begins_again_and_aborts_what_runs() {
    for selector in ["size:1", "size:2"] {
        let mut transfers = running();
        let aborted = TransferOffer::Restart { running: id("one") };
        assert_eq!(transfers.offered(0, 7654, &id("two"), &file(selector)), aborted);
        // The first has ended and does not come back.
        assert_eq!(
            transfers.offered(0, 7654, &id("one"), &file("size:1")),
            TransferOffer::Finished
        );
        assert_eq!(transfers.offered(0, 7654, &id("two"), &file(selector)), TransferOffer::Running);

        let mut transfers = running();
        transfers.finished(&id("one"));
        assert_eq!(transfers.offered(0, 7654, &id("two"), &file(selector)), TransferOffer::New);
    }
}

// req: 5547-8.1-8
#[test]
fn the_same_id_for_another_file_is_an_error() {
    let mut transfers = running();
    let aborted = TransferOffer::Misused { running: Some(id("one")) };
    assert_eq!(transfers.offered(0, 7654, &id("one"), &file("size:2")), aborted);
    // An aborted transfer has ended.
    assert_eq!(transfers.offered(0, 7654, &id("one"), &file("size:1")), TransferOffer::Finished);
    let misused = TransferOffer::Misused { running: None };
    assert_eq!(transfers.offered(0, 7654, &id("one"), &file("size:2")), misused);
    assert_eq!(transfers.offered(1, 7654, &id("one"), &file("size:1")), misused);
}

/// An offerer may add a hash that it has computed in the meantime. Later offers must
/// match it.
#[test]
fn a_selector_may_grow() {
    let mut transfers = running();
    let with_hash = file(&format!("size:1 hash:{SHA_1}"));
    assert_eq!(transfers.offered(0, 7654, &id("one"), &with_hash), TransferOffer::Running);
    assert_eq!(transfers.offered(0, 7654, &id("one"), &file("size:1")), TransferOffer::Running);
    let other = file(&format!("size:1 hash:{}", SHA_1.replace("72:", "73:")));
    let aborted = TransferOffer::Misused { running: Some(id("one")) };
    assert_eq!(transfers.offered(0, 7654, &id("one"), &other), aborted);
}

#[test]
fn port_zero_ends_whatever_the_id_says() {
    for other in ["one", "two"] {
        let mut transfers = running();
        let closed = TransferOffer::Closed { running: Some(id("one")) };
        assert_eq!(transfers.offered(0, 0, &id(other), &file("size:2")), closed);
        let closed = TransferOffer::Closed { running: None };
        assert_eq!(transfers.offered(0, 0, &id(other), &file("size:2")), closed);
        assert_eq!(
            transfers.offered(0, 7654, &id("one"), &file("size:1")),
            TransferOffer::Finished
        );
    }
}

#[test]
fn media_lines_are_apart() {
    let mut transfers = running();
    assert_eq!(transfers.offered(1, 7654, &id("two"), &file("size:1")), TransferOffer::New);
    transfers.finished(&id("one"));
    assert_eq!(transfers.offered(1, 7654, &id("two"), &file("size:1")), TransferOffer::Running);
    assert_eq!(transfers.offered(0, 7654, &id("one"), &file("size:1")), TransferOffer::Finished);
}

// req: 5547-10-3
#[test]
fn there_is_an_end_of_transfers() {
    let mut transfers = AnsweredTransfers::new(2);
    for name in ["one", "two"] {
        assert_ne!(
            transfers.offered(0, 7654, &id(name), &file("size:1")),
            TransferOffer::TooMany { running: None }
        );
    }
    let refused = TransferOffer::TooMany { running: Some(id("two")) };
    assert_eq!(transfers.offered(0, 7654, &id("three"), &file("size:1")), refused);
    assert_eq!(transfers.offered(0, 7654, &id("two"), &file("size:1")), TransferOffer::Finished);
}

// req: 5547-8.1-5, 5547-8.1-10, 5547-8.4-6
#[test]
fn an_offerer_keeps_its_id_until_it_begins_again() {
    let mut random = Seeded(3);
    let mut transfer = OfferedTransfer::new(&mut random).unwrap();
    let first = transfer.id().clone();
    assert_eq!((transfer.port(7654), transfer.is_over()), (7654, false));
    transfer.finish();
    assert_eq!((transfer.port(7654), transfer.is_over()), (0, true));
    assert_eq!(transfer.id(), &first);
    transfer.again(&mut random).unwrap();
    assert_eq!((transfer.port(7654), transfer.is_over()), (7654, false));
    assert_ne!(transfer.id(), &first);
}

proptest! {
    /// Both sides together: each id starts exactly one transfer, and none runs that the
    /// offerer has ended.
    #[test]
    fn both_sides_agree(steps in proptest::collection::vec((0..3_usize, 0..5_u8), 0..60)) {
        let mut random = Seeded(5);
        let mut answerer = AnsweredTransfers::new(1000);
        let mut offerer: HashMap<usize, OfferedTransfer> = HashMap::new();
        let (mut begun, mut running) = (HashSet::new(), HashMap::new());
        for (line, step) in steps {
            let transfer =
                offerer.entry(line).or_insert_with(|| OfferedTransfer::new(&mut random).unwrap());
            match step {
                0 => transfer.again(&mut random).unwrap(),
                1 => transfer.finish(),
                2 => answerer.finished(transfer.id()),
                _ => {}
            }
            if step == 2 && running.get(&line) == Some(transfer.id()) {
                running.remove(&line);
            }
            let offer = answerer.offered(line, transfer.port(9), transfer.id(), &file("size:1"));
            match offer {
                TransferOffer::New => {
                    prop_assert!(begun.insert(transfer.id().clone()));
                    prop_assert_eq!(running.insert(line, transfer.id().clone()), None);
                }
                TransferOffer::Restart { running: aborted } => {
                    prop_assert!(begun.insert(transfer.id().clone()));
                    prop_assert_eq!(running.insert(line, transfer.id().clone()), Some(aborted));
                }
                TransferOffer::Running => prop_assert_eq!(running.get(&line), Some(transfer.id())),
                TransferOffer::Finished => prop_assert_eq!(running.get(&line), None),
                TransferOffer::Closed { running: aborted } => {
                    prop_assert!(transfer.is_over());
                    prop_assert_eq!(running.remove(&line), aborted);
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
