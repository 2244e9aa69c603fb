//! What the worlds have found, in small.

use std::time::Duration;

use msrp::{Config, Event, FailReason};

use crate::common::bob_expects;
use crate::common::wire::{Lone, Raw, Sent, words};

fn reports(frames: &[Sent]) -> Vec<&Sent> {
    frames.iter().filter(|frame| frame.what == "REPORT").collect()
}

fn failures(bob: &mut Lone) -> Vec<FailReason> {
    let failed = |event| match event {
        Event::MessageFailed { reason, .. } => Some(reason),
        _ => None,
    };
    bob.events().into_iter().filter_map(failed).collect()
}

/// Nothing is lost without a word: its octets were acknowledged, and no chunk comes to
/// which a response could say it.
// req: 4975-7.1.4-2 4975-7.1.4-6 4975-7.1.4-7 4975-7.1.4-8
#[test]
fn a_message_that_times_out_between_two_chunks_is_reported() {
    let mut bob = Lone::bob();
    let chunk = Raw::chunk("c1", "m1", "1-*/20", "01234", '+').octets();
    assert_eq!(words(&bob.give(&chunk)), ["200"]);
    bob.advance(Duration::from_secs(121));
    assert_eq!(failures(&mut bob), [FailReason::TimedOut]);
    let sent = bob.drain();
    let [report] = reports(&sent)[..] else { panic!("{sent:?}") };
    assert_eq!(report.message_id(), "m1");
    assert_eq!(report.range(), "1-5/20");
    assert_eq!(report.header("Status"), Some("000 413 Message Too Large"));
}

#[test]
fn a_message_that_makes_way_is_reported_before_the_newcomer_is_accepted() {
    let mut config = Config::default();
    config.limits.incoming_messages = 1;
    let mut bob = Lone::bob_with(config, bob_expects());
    bob.give(&Raw::chunk("c1", "old", "1-*/*", "01234", '+').octets());
    let sent = bob.give(&Raw::chunk("c2", "new", "1-*/*", "01234", '+').octets());
    assert_eq!(words(&sent), ["REPORT", "200"]);
    let evicted =
        |event: &Event| matches!(event, Event::MessageFailed { reason: FailReason::Evicted, .. });
    assert!(bob.events().iter().any(evicted));
}

/// Failure-Report `no`: neither a response nor a REPORT (section 7.1.4).
// req: 4975-7.1.4-3
#[test]
fn nobody_is_told_who_does_not_want_to_know() {
    let mut bob = Lone::bob();
    let chunk = Raw::send("c1").message("m1").range("1-*/20").reports("no", "");
    bob.give(&chunk.body("text/plain", b"01234").flag('+').octets());
    bob.advance(Duration::from_secs(121));
    assert_eq!(failures(&mut bob), [FailReason::TimedOut]);
    assert!(bob.drain().is_empty());
}
