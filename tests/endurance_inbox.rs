//! A receiver that runs for long: what never ends, what comes too late, and what
//! takes up its limits.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::wire::filler;
use common::{Pair, bob_expects};
use msrp::{Config, Event, Outcome, OutgoingMessage};

fn file(len: usize) -> OutgoingMessage {
    OutgoingMessage::new("application/octet-stream".parse().unwrap(), filler(len))
}

fn messages(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Message { .. })).count()
}

#[test]
fn bursts_of_more_messages_than_may_be_unfinished_all_arrive() {
    for (count, len) in [(70, 200_000), (300, 10_000), (1_000, 3_000)] {
        let mut pair = Pair::with(Config::default(), Config::default(), bob_expects());
        let session = pair.open();
        for _ in 0..4 {
            for _ in 0..count {
                pair.alice.connection.send(session, file(len)).unwrap();
            }
            pair.settle();
            let outcomes = pair.alice.outcomes();
            let accepted = outcomes.iter().filter(|it| it.outcome == Outcome::Accepted).count();
            assert_eq!((accepted, messages(&pair.bob.events())), (count, count));
        }
    }
}
