//! A message/cpim travels over a connection like any other message.

use msrp::{Event, Outcome, OutgoingMessage};

use super::common::Pair;
use super::*;

/// A message is wrapped before it is cut into chunks, so that only the first
/// chunk has the headers.
// req: 4975-13-7, 4975-13-5
#[test]
fn wrapped_and_then_cut() {
    let (mut pair, session) = Pair::opened();
    let wrapped = CpimBuilder::new(&address("sip:alice@x"), &address("sip:bob@x"))
        .build(&text_plain(), &vec![b'x'; 500_000])
        .unwrap();
    let cpim = OutgoingMessage::new("message/cpim".parse().unwrap(), wrapped.clone());
    let key = pair.alice.connection.send(session, cpim).unwrap();
    // Another message that waits for its turn, so that the first one is cut.
    let other = OutgoingMessage::new(text_plain(), vec![b'y'; 100_000]);
    pair.alice.connection.send(session, other).unwrap();
    pair.settle();

    let outcomes = pair.alice.outcomes();
    let finished = outcomes.iter().find(|it| it.message == key).unwrap();
    assert_eq!(finished.outcome, Outcome::Accepted);
    assert!(finished.chunks > 1);
    assert_eq!(pair.alice.sent_text().matches("From: <sip:alice@x>").count(), 1);

    let events = pair.bob.events();
    let mut bodies = events.iter().filter_map(|event| match event {
        Event::Message { received: message, body } if message.content_type() == "message/cpim" => {
            Some(body)
        }
        _ => None,
    });
    let body = bodies.next().unwrap();
    assert_eq!(body, &wrapped);
    let read = strict(body).unwrap();
    assert_eq!((read.from(), read.body().len()), (Some(address("sip:alice@x")), 500_000));
}
