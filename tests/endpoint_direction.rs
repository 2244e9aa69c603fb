//! Sessions whose messages go one way, or none (RFC 4975 section 8.9).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::wire::{Lone, Raw, words};
use common::{Pair, alice_opens, bob_expects};
use msrp::wire::ByteRange;
use msrp::{
    Config, Direction, Event, FailReason, MediaType, OutgoingMessage, ReceiveMode, ReportMode,
    SendError, SessionConfig, StatusCode,
};

const ALL: [Direction; 4] =
    [Direction::SendReceive, Direction::SendOnly, Direction::ReceiveOnly, Direction::Inactive];

const NOTIFICATION: &str = "From: <im:bob@example.com>\r\n\r\n\
    Content-Type: message/imdn+xml\r\n\r\n<imdn/>";
/// A folded line that names a type, but belongs to another field.
const FOLDED: &str = "From: <im:bob@example.com>\r\n\r\nContent-Description: x\r\n \
    Content-Type: message/imdn+xml\r\nContent-Type: text/html\r\n\r\n<p/>";
const FOLDED_NOTIFICATION: &str = "From: <im:bob@example.com>\r\n\r\n\
    Content-Type:\r\n message/imdn+xml\r\n\r\n<imdn/>";
const WRAPPED_TEXT: &str = "From: <im:bob@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\nHi";

fn bob(direction: Direction) -> Lone {
    bob_with(bob_expects().direction(direction))
}

fn bob_with(session: SessionConfig) -> Lone {
    Lone::bob_with(Config::default(), session)
}

fn alice(direction: Direction) -> Lone {
    Lone::alice_with(Config::default(), alice_opens().direction(direction))
}

fn of_type(media_type: &str, body: &'static str) -> OutgoingMessage {
    OutgoingMessage::new(MediaType::new(media_type).unwrap(), body)
}

fn whole(id: &str, media_type: &str, body: &str) -> Raw {
    let range = format!("1-{0}/{0}", body.len());
    Raw::send(id).message(id).range(&range).body(media_type, body.as_bytes())
}

fn reasons(events: &[Event]) -> Vec<Option<FailReason>> {
    events
        .iter()
        .map(|event| match event {
            Event::MessageFailed { reason, .. } => Some(*reason),
            _ => None,
        })
        .collect()
}

#[test]
fn a_direction_has_a_name_and_another_side() {
    for direction in ALL {
        assert_eq!(direction.as_str().parse(), Ok(direction));
        assert_eq!(direction.reversed().reversed(), direction);
        assert_eq!(direction.may_send(), direction.reversed().may_receive());
    }
    let names: Vec<_> = ALL.map(Direction::as_str).into();
    assert_eq!(names, ["sendrecv", "sendonly", "recvonly", "inactive"]);
    let may: Vec<_> = ALL.map(|it| (it.may_send(), it.may_receive())).into();
    assert_eq!(may, [(true, true), (true, false), (false, true), (false, false)]);
    assert_eq!(Direction::default(), Direction::SendReceive);
    assert!("SendOnly".parse::<Direction>().is_err());
}

// req: 4975-8.9-1
#[test]
fn messages_leave_if_this_side_sends() {
    for direction in ALL {
        let mut alice = alice(direction);
        let sent = alice.side.connection.send(alice.session, OutgoingMessage::text("Hi"));
        if direction.may_send() {
            assert!(sent.is_ok(), "{direction:?}");
            assert_eq!(words(&alice.drain()), ["SEND"]);
        } else {
            assert_eq!(sent, Err(SendError::NotSending), "{direction:?}");
            assert_eq!(words(&alice.drain()), [""; 0]);
        }
    }
}

// req: 4975-8.9-1
#[test]
fn messages_arrive_if_this_side_receives() {
    for direction in ALL {
        for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
            let mut bob = bob_with(bob_expects().direction(direction).receive(mode));
            let sent = bob.give(&whole("tid.1", "text/plain", "Hi").octets());
            let events = bob.events();
            if direction.may_receive() {
                assert_eq!(words(&sent), ["200"], "{direction:?}");
                assert!(reasons(&events).iter().all(Option::is_none));
            } else {
                assert_eq!(words(&sent), ["403"], "{direction:?}");
                assert_eq!(reasons(&events), [Some(FailReason::NotReceiving)]);
            }
        }
    }
}

// req: 4975-8.9-1
#[test]
fn a_refused_message_is_one_event_and_refused_to_its_end() {
    let mut bob = bob(Direction::SendOnly);
    let first = Raw::chunk("tid.1", "mid1", "1-2/4", "Hi", '+');
    let second = Raw::chunk("tid.2", "mid1", "3-4/4", "ho", '$');
    // The response to the first chunk leaves before the chunk is complete.
    let sent = bob.give(&first.open());
    assert_eq!(words(&sent), ["403"]);
    let rest = first.octets()[first.open().len()..].to_vec();
    assert_eq!(words(&bob.give(&rest)), [""; 0]);
    assert_eq!(words(&bob.give(&second.octets())), ["403"]);
    assert_eq!(reasons(&bob.events()), [Some(FailReason::NotReceiving)]);
    // A chunk that asks for no response gets none.
    assert!(bob.give(&whole("tid.3", "text/plain", "Hi").reports("no", "").octets()).is_empty());
}

// req: 4975-8.9-1
#[test]
fn bodiless_sends_and_reports_go_both_ways() {
    for direction in ALL {
        let mut bob = bob(direction);
        let keep_alive = Raw::send("tid.1").message("ka").range("1-0/0");
        assert_eq!(words(&bob.give(&keep_alive.octets())), ["200"], "{direction:?}");
        assert_eq!(words(&alice(direction).drain()), [""; 0]);
    }
    let reports = bob_expects().direction(Direction::ReceiveOnly).reports(ReportMode::Manual);
    let mut bob = bob_with(reports);
    bob.give(&whole("tid.1", "text/plain", "Hi").reports("", "yes").octets());
    let events = bob.events();
    let [Event::Message { received: message, .. }] = &events[..] else { panic!("{events:?}") };
    bob.side.connection.report(message, StatusCode::OK, ByteRange::whole(2)).unwrap();
    assert_eq!(words(&bob.drain()), ["REPORT"]);
    // The side that only sends accepts it.
    let mut alice = alice(Direction::SendOnly);
    let message = OutgoingMessage::text("Hi").success_report(true);
    alice.side.connection.send(alice.session, message).unwrap();
    let sent = alice.drain().remove(0);
    alice.give(&Raw::report("rep1", sent.message_id(), "000 200 OK").range("1-2/2").octets());
    assert!(matches!(alice.events()[..], [Event::Reported { .. }]));
}

// req: 4975-8.9-1
#[test]
fn notifications_of_delivery_go_against_the_direction() {
    for (media_type, body, passes) in [
        ("message/imdn+xml", "<imdn/>", true),
        ("Message/IMDN+xml;charset=utf-8", "<imdn/>", true),
        ("message/cpim", NOTIFICATION, true),
        ("message/cpim", FOLDED_NOTIFICATION, true),
        ("message/cpim", FOLDED, false),
        ("message/cpim", WRAPPED_TEXT, false),
        ("message/cpim", "no header field", false),
        ("text/plain", NOTIFICATION, false),
    ] {
        let mut alice = alice(Direction::ReceiveOnly);
        let sent = alice.side.connection.send(alice.session, of_type(media_type, body));
        assert_eq!(sent.err(), (!passes).then_some(SendError::NotSending), "{media_type}");
        let mut bob = bob(Direction::SendOnly);
        let answer = if passes { "200" } else { "403" };
        assert_eq!(words(&bob.give(&whole("tid.1", media_type, body).octets())), [answer]);
        // In chunks, the first of which does not show the wrapped type.
        let (one, two) = body.split_at(3);
        let total = body.len();
        let chunk = |id: &str, range: String, octets: &str, flag| {
            Raw::send(id)
                .message("mid2")
                .range(&range)
                .body(media_type, octets.as_bytes())
                .flag(flag)
        };
        bob.give(&chunk("tid.2", format!("1-3/{total}"), one, '+').octets());
        let sent = bob.give(&chunk("tid.3", format!("4-{total}/{total}"), two, '$').octets());
        assert_eq!(words(&sent), [answer], "{media_type} in chunks");
    }
    // The connection does not look into streamed messages. Those that arrive in pieces
    // are the task of the application.
    let mut alice = alice(Direction::Inactive);
    let streamed = OutgoingMessage::streamed(MediaType::new("message/cpim").unwrap(), None);
    let sent = alice.side.connection.send(alice.session, streamed);
    assert_eq!(sent, Err(SendError::NotSending));
    let pieces = bob_expects().direction(Direction::Inactive).receive(ReceiveMode::Pieces);
    let sent = bob_with(pieces).give(&whole("tid.1", "message/cpim", NOTIFICATION).octets());
    assert_eq!(words(&sent), ["200"]);
}

// req: 4975-8.9-1, 5547-8.7-1
#[test]
fn notifications_are_not_the_one_message_of_a_session() {
    let mut alice = Lone::alice_with(Config::default(), alice_opens().single_message(true));
    let mut send = |media_type, body| {
        alice.side.connection.send(alice.session, of_type(media_type, body)).err()
    };
    let notify = [("message/imdn+xml", "<imdn/>"), ("message/cpim", NOTIFICATION)];
    for _ in 0..2 {
        assert_eq!(notify.map(|(media_type, body)| send(media_type, body)), [None, None]);
    }
    assert_eq!(send("message/cpim", WRAPPED_TEXT), None);
    for (media_type, body) in [("text/plain", "Hi"), ("message/cpim", WRAPPED_TEXT)] {
        assert_eq!(send(media_type, body), Some(SendError::SingleMessage));
    }
    assert_eq!(notify.map(|(media_type, body)| send(media_type, body)), [None, None]);
}

// req: 4975-8.9-1
#[test]
fn the_two_sides_of_one_description_agree() {
    for direction in ALL {
        let expected = bob_expects().direction(direction.reversed());
        let mut pair = Pair::with(Config::default(), Config::default(), expected);
        let session = pair.alice.connection.open(alice_opens().direction(direction)).unwrap();
        pair.settle();
        let config = pair.alice.connection.session(session).unwrap();
        assert_eq!(config.direction, direction);
        let theirs = pair.bob.connection.sessions().next().unwrap();
        let from_alice = pair.alice.connection.send(session, OutgoingMessage::text("Hi"));
        let from_bob = pair.bob.connection.send(theirs, OutgoingMessage::text("Ho"));
        pair.settle();
        assert_eq!(
            (from_alice.is_ok(), from_bob.is_ok()),
            (direction.may_send(), direction.may_receive())
        );
        let heard = |events: Vec<Event>| {
            events.iter().filter(|event| matches!(event, Event::Message { .. })).count()
        };
        let (alice, bob) = (heard(pair.alice.events()), heard(pair.bob.events()));
        assert_eq!(
            (bob, alice),
            (usize::from(direction.may_send()), usize::from(direction.may_receive()))
        );
    }
}
