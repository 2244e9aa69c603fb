//! The types of a message, outer and wrapped, that this side sends (RFC 4975 sections 8.6
//! and 10.6).
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::alice_opens;
use common::wire::{Lone, Raw};
use msrp::wire::FailureReport;
use msrp::{Config, Event, MediaType, MediaTypes, MessageKey, OutgoingMessage, SendError};

const LOCATION: &str = "application/vnd.gsma.rcspushlocation+xml";

fn types(list: &str, wrapped: &str) -> MediaTypes {
    MediaTypes::new(list).unwrap().wrapped(wrapped).unwrap()
}

fn alice_to(list: &str, wrapped: &str) -> Lone {
    Lone::alice_with(Config::default(), alice_opens().peer_accept_types(types(list, wrapped)))
}

fn cpim(wrapped: &str) -> String {
    format!("From: <im:a@x>\r\n\r\nContent-Type: {wrapped}\r\n\r\nx")
}

fn in_cpim(wrapped: &str) -> OutgoingMessage {
    OutgoingMessage::new("message/cpim".parse().unwrap(), cpim(wrapped))
}

fn bare(media_type: &str) -> OutgoingMessage {
    OutgoingMessage::new(media_type.parse().unwrap(), "x")
}

fn send(alice: &mut Lone, message: OutgoingMessage) -> Result<MessageKey, SendError> {
    alice.side.connection.send(alice.session, message)
}

fn not_accepted(media_type: &str) -> SendError {
    SendError::TypeNotAccepted(MediaType::new(media_type).unwrap())
}

/// Sends a message, which the peer refuses with 415.
fn refused(alice: &mut Lone, message: OutgoingMessage) {
    alice.drain();
    send(alice, message).unwrap();
    let sent = alice.drain();
    alice.answer(&sent[0], "415 What");
    alice.events();
}

fn update(alice: &mut Lone, list: &str, wrapped: &str) {
    let config = alice_opens().peer_accept_types(types(list, wrapped));
    alice.side.connection.update_session(alice.session, &config).unwrap();
}

// req: 4975-8.6-9 4975-8.6-10
#[test]
fn what_is_wrapped_is_sent_if_the_peer_takes_it_there() {
    let mut alice = alice_to("message/cpim text/plain", "image/* application/sdp");
    for accepted in ["text/plain", "TEXT/Plain;charset=utf-8", "image/png", "application/sdp"] {
        assert!(send(&mut alice, in_cpim(accepted)).is_ok(), "{accepted}");
    }
    for refused in ["text/html", "message/imdn+xml", "application/sdpx", "imagepng/x"] {
        assert_eq!(send(&mut alice, in_cpim(refused)), Err(not_accepted(refused)));
    }
    let folded = "From: <im:a@x>\r\n\r\nContent-ID: <1>\r\ncontent-type:\r\n text/html\r\n\r\nx";
    let folded = OutgoingMessage::new("Message/CPIM".parse().unwrap(), folded);
    assert!(send(&mut alice, folded).is_err());
    assert_eq!(send(&mut alice, in_cpim("no type")), Err(not_accepted("message/cpim")));
    assert_eq!(send(&mut alice, bare("image/png")), Err(not_accepted("image/png")));
}

#[test]
fn any_wrapped_type_is_sent_to_a_peer_that_takes_all() {
    let mut alice = alice_to("message/cpim", "*");
    assert!(send(&mut alice, in_cpim("text/html")).is_ok());
    assert_eq!(send(&mut alice, bare("text/html")), Err(not_accepted("text/html")));
    assert!(send(&mut Lone::alice(), in_cpim("text/html")).is_ok());
}

// req: 4975-10.6-1
// wild: 68
#[test]
fn a_refused_part_is_not_sent_again_and_others_are() {
    let mut alice = Lone::alice();
    refused(&mut alice, in_cpim(LOCATION));
    let again = in_cpim(&LOCATION.to_uppercase());
    assert_eq!(send(&mut alice, again), Err(not_accepted(&LOCATION.to_uppercase())));
    for other in [in_cpim("text/plain"), in_cpim("message/imdn+xml"), bare("text/plain")] {
        assert!(send(&mut alice, other).is_ok());
    }
    // A type that is refused alone may be taken in a container.
    refused(&mut alice, bare("text/html"));
    assert_eq!(send(&mut alice, bare("text/html")), Err(not_accepted("text/html")));
    assert!(send(&mut alice, in_cpim("text/html")).is_ok());
}

// req: 4975-10.6-1 4975-7.3.2-4
#[test]
fn a_late_415_forbids_what_an_early_one_does() {
    let report = Raw::report("rep.1", "mid1", "000 415 What").octets();
    let id = || "mid1".parse().unwrap();
    for failure_report in [FailureReport::Yes, FailureReport::Partial, FailureReport::No] {
        let mut alice = Lone::alice();
        let message = in_cpim(LOCATION).message_id(id()).failure_report(failure_report);
        send(&mut alice, message).unwrap();
        let sent = alice.drain();
        if failure_report == FailureReport::Yes {
            alice.answer(&sent[0], "200 OK");
        }
        alice.give(&report);
        assert!(!alice.events().is_empty());
        assert_eq!(send(&mut alice, in_cpim(LOCATION)), Err(not_accepted(LOCATION)));
        assert!(send(&mut alice, in_cpim("text/plain")).is_ok());
    }
}

#[test]
fn a_later_description_that_names_a_refused_type_allows_it_again() {
    let mut alice = Lone::alice();
    refused(&mut alice, in_cpim(LOCATION));
    refused(&mut alice, bare("text/html"));
    for (list, wrapped, location, html) in [
        ("*", "", false, false),
        ("message/cpim *", "*", false, false),
        ("text/* message/cpim", "application/*", false, false),
        ("text/html", LOCATION, false, true),
        (
            "message/cpim text/plain",
            &format!("text/plain {}", LOCATION.to_uppercase()),
            true,
            false,
        ),
        ("* text/html", LOCATION, true, true),
    ] {
        update(&mut alice, list, wrapped);
        assert_eq!(send(&mut alice, in_cpim(LOCATION)).is_ok(), location, "{list} {wrapped}");
        assert_eq!(send(&mut alice, bare("text/html")).is_ok(), html, "{list} {wrapped}");
        alice.drain();
    }
}

#[test]
fn a_streamed_container_is_checked_once_its_head_is_written() {
    for cut in 1..cpim("text/html").len() {
        let mut alice = alice_to("message/cpim text/plain", "");
        for (wrapped, expected) in [("text/plain", Ok(())), ("text/html", Err(()))] {
            let body = cpim(wrapped).into_bytes();
            let streamed = OutgoingMessage::streamed("message/cpim".parse().unwrap(), None);
            let key = send(&mut alice, streamed).unwrap();
            let mut writer = alice.side.connection.body(key).unwrap();
            let (one, two) = body.split_at(cut.min(body.len()));
            let written = writer.write(one.to_vec()).and_then(|()| writer.write(two.to_vec()));
            let written = written.and_then(|()| writer.finish());
            assert_eq!(written.clone().map_err(drop), expected, "{cut} {written:?}");
        }
    }
}

// req: 4975-10.6-1
#[test]
fn a_415_to_a_streamed_container_forbids_what_it_wraps() {
    let mut alice = Lone::alice();
    let streamed = OutgoingMessage::streamed("message/cpim".parse().unwrap(), None);
    let key = send(&mut alice, streamed).unwrap();
    let mut writer = alice.side.connection.body(key).unwrap();
    writer.write(cpim(LOCATION)).unwrap();
    writer.finish().unwrap();
    let sent = alice.drain();
    alice.answer(&sent[0], "415 What");
    assert!(matches!(alice.events()[..], [Event::Finished(_)]));
    assert_eq!(send(&mut alice, in_cpim(LOCATION)), Err(not_accepted(LOCATION)));
    assert!(send(&mut alice, in_cpim("text/plain")).is_ok());
}

// req: 4975-10.6-1
#[test]
fn a_container_that_is_refused_before_its_head_is_known_forbids_nothing() {
    let mut alice = Lone::alice();
    let streamed = || OutgoingMessage::streamed("message/cpim".parse().unwrap(), None);
    let key = send(&mut alice, streamed()).unwrap();
    let mut writer = alice.side.connection.body(key).unwrap();
    writer.write(vec![b'X'; 3000]).unwrap();
    let sent = alice.side.drain(alice.now);
    let id = std::str::from_utf8(&sent).unwrap().split(' ').nth(1).unwrap().to_owned();
    alice.side.feed(alice.now, &common::wire::response(&id, "415 What"));
    assert!(alice.events().iter().any(|event| matches!(event, Event::Finished(_))));
    alice.side.drain(alice.now);
    assert!(send(&mut alice, streamed()).is_ok());
    assert!(send(&mut alice, in_cpim("text/plain")).is_ok());
}

/// A body of parts of these types, with the boundary `b`.
fn parts(types: &[&str]) -> String {
    let part = |it: &&str| format!("--b\r\nContent-Type: {it}\r\n\r\nx\r\n");
    types.iter().map(part).chain(["--b--".to_owned()]).collect()
}

fn multipart(types: &[&str]) -> OutgoingMessage {
    OutgoingMessage::new("multipart/mixed;boundary=b".parse().unwrap(), parts(types))
}

// req: 4975-8.6-9
#[test]
fn every_part_is_of_a_type_that_the_peer_takes_there() {
    let mut alice = alice_to("multipart/mixed message/cpim text/plain", "image/*");
    assert!(send(&mut alice, multipart(&["text/plain;charset=utf-8", "image/png"])).is_ok());
    for refused in ["text/html", "multipart/related;boundary=c"] {
        let essence = refused.split(';').next().unwrap();
        let types: [&[&str]; 3] =
            [&[refused], &["text/plain", refused], &[refused, "image/png", "text/plain"]];
        for types in types {
            assert_eq!(send(&mut alice, multipart(types)), Err(not_accepted(essence)));
        }
        let inner = format!("multipart/mixed;boundary=b\r\n\r\n{}", parts(&[refused]));
        assert_eq!(send(&mut alice, in_cpim(&inner)), Err(not_accepted(essence)));
    }
    let untyped = "--b\r\n\r\nx\r\n--b--";
    let untyped = OutgoingMessage::new("multipart/mixed;boundary=b".parse().unwrap(), untyped);
    assert!(send(&mut alice, untyped).is_ok());
    let mut any = alice_to("*", "");
    assert!(send(&mut any, multipart(&["text/html", "x/y"])).is_ok());
}

#[test]
fn a_message_of_very_many_types_goes_to_a_peer_that_takes_all() {
    let types: Vec<_> = (0..40).map(|number| format!("x/y{number}")).collect();
    let types: Vec<_> = types.iter().map(|it| &**it).collect();
    let mut some = alice_to(&format!("multipart/mixed {}", types.join(" ")), "");
    assert!(send(&mut some, multipart(&types[..16])).is_ok());
    assert_eq!(send(&mut some, multipart(&types)), Err(not_accepted("multipart/mixed;boundary=b")));
    assert!(send(&mut alice_to("*", ""), multipart(&types)).is_ok());
}

// req: 4975-10.6-1
// wild: 68
#[test]
fn a_415_to_a_part_forbids_no_other_parts() {
    let mut alice = Lone::alice();
    refused(&mut alice, multipart(&["text/plain", LOCATION]));
    // Which of the two it was, the peer does not say.
    for again in [&["text/plain", LOCATION][..], &[LOCATION, "x/y", "TEXT/plain"]] {
        let refusal = send(&mut alice, multipart(again));
        assert_eq!(refusal, Err(not_accepted("multipart/mixed;boundary=b")));
    }
    for other in [&["text/plain"][..], &[LOCATION], &["text/plain", "image/png"]] {
        assert!(send(&mut alice, multipart(other)).is_ok());
    }
    let mut alice = Lone::alice();
    refused(&mut alice, multipart(&[LOCATION]));
    assert_eq!(send(&mut alice, multipart(&["x/y", LOCATION])), Err(not_accepted(LOCATION)));
    assert!(send(&mut alice, multipart(&["x/y"])).is_ok());
    update(&mut alice, &format!("multipart/mixed {LOCATION}"), "");
    assert!(send(&mut alice, multipart(&[LOCATION])).is_ok());
}

#[test]
fn the_parts_of_a_streamed_message_are_checked_as_they_are_written() {
    let container =
        || OutgoingMessage::streamed("multipart/mixed;boundary=b".parse().unwrap(), None);
    for octets in [1, 7, 1000] {
        for (types, expected) in
            [(["text/plain", "image/png"], true), (["text/plain", "text/html"], false)]
        {
            let mut alice = alice_to("multipart/mixed text/plain", "image/png");
            let key = send(&mut alice, container()).unwrap();
            let mut writer = alice.side.connection.body(key).unwrap();
            let body = parts(&types);
            let written =
                body.as_bytes().chunks(octets).try_for_each(|it| writer.write(it.to_vec()));
            let written = written.and_then(|()| writer.finish());
            let expected = if expected { Ok(()) } else { Err(not_accepted("text/html")) };
            assert_eq!(written, expected, "{octets}");
        }
    }
}

/// A notification makes only the message/cpim around it control of others.
#[test]
fn a_part_is_no_way_around_the_direction() {
    let config = alice_opens().direction(msrp::Direction::ReceiveOnly);
    let mut alice = Lone::alice_with(Config::default(), config);
    assert!(send(&mut alice, in_cpim("message/imdn+xml")).is_ok());
    let around = multipart(&["text/plain", "message/imdn+xml"]);
    assert_eq!(send(&mut alice, around), Err(SendError::NotSending));
}
