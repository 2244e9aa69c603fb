//! Whole exchanges between two endpoints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::Pair;
use msrp::{Event, Outcome, OutgoingMessage};

#[test]
fn a_text_message_is_delivered() {
    let (mut pair, session) = Pair::opened();
    let key = pair.alice.connection.send(session, OutgoingMessage::text("Hey Bob")).unwrap();
    pair.settle();
    let events = pair.bob.events();
    let [Event::Message { received: message, body }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(&body[..], b"Hey Bob");
    assert_eq!(message.content_type(), "text/plain");
    let outcomes = pair.alice.outcomes();
    assert_eq!(outcomes.len(), 1);
    assert_eq!((outcomes[0].message, outcomes[0].outcome), (key, Outcome::Accepted));
}

#[test]
fn a_lone_large_message_is_one_chunk() {
    let (mut pair, session) = Pair::opened();
    let body: Vec<u8> = (0..1_000_000u32).map(|n| (n % 251) as u8).collect();
    let message = OutgoingMessage::new("application/octet-stream".parse().unwrap(), body.clone())
        .success_report(true);
    pair.alice.connection.send(session, message).unwrap();
    pair.settle();
    let events = pair.bob.events();
    let [Event::Message { body: got, .. }] = &events[..] else { panic!("{:?}", events.len()) };
    assert_eq!(&got[..], &body[..]);
    let outcomes = pair.alice.outcomes();
    assert_eq!(outcomes[0].outcome, Outcome::Delivered);
    assert_eq!(outcomes[0].chunks, 1);
}
