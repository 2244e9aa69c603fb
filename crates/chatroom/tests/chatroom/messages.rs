use std::time::Instant;

use msrp::{MessageId, StatusCode};
use msrp_chatroom::{Participant, Recipients, report_body};
use msrp_cpim::{CPIM_NAMESPACE, CpimRef};

use super::*;

fn to(result: Result<Recipients, StatusCode>) -> (Vec<Seat>, bool) {
    let recipients = result.unwrap();
    (recipients.seats().to_vec(), recipients.is_private())
}

#[test]
fn a_message_to_the_room_goes_to_all_others() {
    let (room, [ada, bob, cleo]) = three();
    assert_eq!(to(room.message(ada, CPIM, &wrapped(ADA, ROOM))), (vec![bob, cleo], false));
    assert_eq!(to(room.message(cleo, CPIM, &wrapped(CLEO, ROOM))), (vec![ada, bob], false));
    let spelt = "SIP:pier@CHAT.example;transport=tls";
    assert_eq!(to(room.message(bob, "Message/CPIM;x=y", &wrapped(BOB, spelt))).0, [ada, cleo]);
}

// req: 7701-6.1-14, 7701-6.2-8
#[test]
fn every_session_of_a_user_gets_a_copy() {
    let (mut room, [ada, bob, cleo]) = three();
    let bob_too = room.join(social(BOB)).unwrap();
    assert_eq!(to(room.message(ada, CPIM, &wrapped(ADA, ROOM))).0, [bob, cleo, bob_too]);
    assert_eq!(to(room.message(ada, CPIM, &wrapped(ADA, BOB))), (vec![bob, bob_too], true));
    // Also the sender's other session, so that both show the same messages.
    assert_eq!(to(room.message(bob, CPIM, &wrapped(BOB, ROOM))).0, [ada, cleo, bob_too]);
    assert_eq!(to(room.message(bob, CPIM, &wrapped(BOB, CLEO))).0, [cleo]);
    assert_eq!(to(room.message(bob, CPIM, &wrapped(BOB, BOB))).0, [bob, bob_too]);
}

// req: 7701-6.3-2
#[test]
fn what_is_not_wrapped_is_answered_415() {
    let (room, [ada, ..]) = three();
    for content_type in ["text/plain", "message/imdn+xml", "multipart/mixed", "", "message/cpim2"] {
        let answer = room.message(ada, content_type, &wrapped(ADA, ROOM));
        assert_eq!(answer, Err(StatusCode::UNSUPPORTED_MEDIA_TYPE), "{content_type}");
    }
    for body in [&b"Hello"[..], b"", b"no header\r\n\r\n\r\n"] {
        assert_eq!(room.message(ada, CPIM, body), Err(StatusCode::BAD_REQUEST), "{body:?}");
    }
}

#[test]
fn a_from_that_can_be_read_in_two_ways_is_nobodys() {
    let (room, [ada, ..]) = three();
    let body = format!("From: <{ADA}> <{BOB}>\r\nTo: <{ROOM}>\r\n\r\n\r\nHi");
    assert_eq!(room.message(ada, CPIM, body.as_bytes()), Err(StatusCode::FORBIDDEN));
}

/// Those who receive it may not know folds, or take the other one of two.
#[test]
fn a_second_from_or_to_hides_nowhere() {
    let (room, [ada, ..]) = three();
    let own = format!("From: <{ADA}>\r\nTo: <{ROOM}>\r\n");
    for (hidden, expected) in [
        (format!("Subject: x\r\n From: <{BOB}>\r\n"), StatusCode::BAD_REQUEST),
        (format!("Subject: x\r\n\tTo: <{BOB}>\r\n"), StatusCode::BAD_REQUEST),
        (format!("Subject: x\rFrom: <{BOB}>\r\n"), StatusCode::BAD_REQUEST),
        (format!("From: <{BOB}>\r\n"), StatusCode::FORBIDDEN),
        (format!("from: <{BOB}>\r\n"), StatusCode::FORBIDDEN),
    ] {
        for headers in [format!("{own}{hidden}"), format!("{hidden}{own}")] {
            let body = format!("{headers}\r\nContent-Type: text/plain\r\n\r\nHi");
            assert_eq!(room.message(ada, CPIM, body.as_bytes()), Err(expected), "{headers}");
        }
    }
}

// req: 7701-6.3-3, 7701-6.1-4, 7701-6.2-2
#[test]
fn from_is_the_senders() {
    let mut room = room();
    let ada = room.join(social(ADA).with_uri("tel:+12015550123").unwrap()).unwrap();
    room.join(social(BOB)).unwrap();
    for own in [ADA, "sip:ada@EXAMPLE.COM;gr=1", "tel:+1-201-555-0123"] {
        assert!(room.message(ada, CPIM, &wrapped(own, ROOM)).is_ok(), "{own}");
    }
    for to in [ROOM, BOB, "sip:nobody@example.com"] {
        for other in [BOB, "sip:eve@example.com", "sip:Ada@example.com", ROOM] {
            let answer = room.message(ada, CPIM, &wrapped(other, to));
            assert_eq!(answer, Err(StatusCode::FORBIDDEN), "{other}");
        }
    }
    let nobody = b"To: <sip:pier@chat.example>\r\n\r\nContent-Type: text/plain\r\n\r\nHi";
    assert_eq!(room.message(ada, CPIM, nobody), Err(StatusCode::FORBIDDEN));
    room.leave(ada);
    assert_eq!(room.message(ada, CPIM, &wrapped(ADA, ROOM)), Err(StatusCode::FORBIDDEN));
}

// req: 7701-6.1-5, 7701-6.2-3
#[test]
fn there_is_one_to() {
    let (mut room, [ada, ..]) = three();
    for to in [[BOB, CLEO], [ROOM, BOB], [ROOM, ROOM], [BOB, "sip:nobody@example.com"]] {
        let answer = room.message(ada, CPIM, &wrapped_as("text/plain", ADA, &to));
        assert_eq!(answer, Err(StatusCode::FORBIDDEN), "{to:?}");
    }
    // A reader without namespaces would take the other one.
    let two = format!(
        "From: <{ADA}>\r\nNS: <urn:x>\r\nTo: <{CLEO}>\r\nNS: <{CPIM_NAMESPACE}>\r\n\
         To: <{BOB}>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"
    );
    assert_eq!(room.message(ada, CPIM, two.as_bytes()), Err(StatusCode::FORBIDDEN));
    for to in [
        "<sip:bob@example.com>, <sip:cleo@example.com>",
        "sip:bob@example.com, sip:cleo@example.com",
        "Bob",
    ] {
        let listed = format!("From: <{ADA}>\r\nTo: {to}\r\n\r\nContent-Type: text/plain\r\n\r\n");
        assert_eq!(room.message(ada, CPIM, listed.as_bytes()), Err(StatusCode::FORBIDDEN));
        let (now, id) = (Instant::now(), MessageId::new("mid1").unwrap());
        let begun = room.begin_message(now, ada, id, CPIM, listed.as_bytes());
        assert_eq!(begun, Err(StatusCode::FORBIDDEN));
    }
    let bare = format!("From: <{ADA}>\r\nTo: {BOB}\r\n\r\nContent-Type: text/plain\r\n\r\n");
    assert!(room.message(ada, CPIM, bare.as_bytes()).is_ok());
    let nobody = format!("From: Ada\r\nTo: <{BOB}>\r\n\r\nContent-Type: text/plain\r\n\r\n");
    assert_eq!(room.message(ada, CPIM, nobody.as_bytes()), Err(StatusCode::FORBIDDEN));
    let none = b"From: <sip:ada@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\nHi";
    assert_eq!(room.message(ada, CPIM, none), Err(StatusCode::NOT_FOUND));
}

// req: 7701-6.2-4
#[test]
fn a_private_message_to_nobody_is_answered_404() {
    let (mut room, [ada, bob, _]) = three();
    for nobody in ["sip:nobody@example.com", "sip:Bob@example.com", "im:bob@example.com"] {
        let answer = room.message(ada, CPIM, &wrapped(ADA, nobody));
        assert_eq!(answer, Err(StatusCode::NOT_FOUND), "{nobody}");
    }
    room.leave(bob);
    let answer = room.message(ada, CPIM, &wrapped(ADA, BOB));
    assert_eq!(answer, Err(StatusCode::NOT_FOUND));
}

// req: 7701-6.2-5, 7701-6.2-7, 7701-5.2-6
#[test]
fn who_takes_no_private_messages_gets_none() {
    let mut room = room();
    let ada = room.join(social(ADA)).unwrap();
    let deaf = room.join(Participant::new(BOB).unwrap()).unwrap();
    let answer = room.message(ada, CPIM, &wrapped(ADA, BOB));
    assert_eq!(answer, Err(StatusCode::PRIVATE_MESSAGES_UNSUPPORTED));
    assert_eq!(to(room.message(ada, CPIM, &wrapped(ADA, ROOM))).0, [deaf]);
    // Another session of theirs does.
    let hearing = room.join(social(BOB)).unwrap();
    assert_eq!(to(room.message(ada, CPIM, &wrapped(ADA, BOB))).0, [hearing]);

    let mut room = room_with(|config| config.private_messages = false);
    let ada = room.join(social(ADA)).unwrap();
    room.join(social(BOB)).unwrap();
    let answer = room.message(ada, CPIM, &wrapped(ADA, BOB));
    assert_eq!(answer, Err(StatusCode::PRIVATE_MESSAGES_UNSUPPORTED));
}

// req: 7701-6.1-7
#[test]
fn who_does_not_take_a_type_is_left_out() {
    let mut room = room();
    let ada = room.join(social(ADA)).unwrap();
    let text = room.join(social(BOB).with_accept_types(types("text/*"))).unwrap();
    let all = room.join(social(CLEO)).unwrap();
    let nothing = social("sip:dan@example.com").with_accept_types(MediaTypes::new(CPIM).unwrap());
    let nothing = room.join(nothing).unwrap();
    for (content_type, expected) in [
        ("text/plain;charset=utf-8", vec![text, all]),
        ("TEXT/html", vec![text, all]),
        ("image/png", vec![all]),
        ("message/cpim", vec![text, all, nothing]),
    ] {
        let body = wrapped_as(content_type, ADA, &[ROOM]);
        assert_eq!(to(room.message(ada, CPIM, &body)).0, expected, "{content_type}");
    }
    let private = room.message(ada, CPIM, &wrapped_as("image/png", ADA, &[BOB]));
    assert_eq!(private.as_ref().unwrap().unable(), [text], "the application may tell");
    // No one learns of it by a status.
    assert_eq!(to(private), (vec![], true));
}

// req: 7701-6.2-6
#[test]
fn a_report_repeats_from_and_to() {
    let body =
        b"From: \"Ada \\\"A\\\" Ash\" <sip:ada@example.com>\r\nTo: Bob <sip:bob@example.com>\r\n\
        Subject: Not for all\r\n\r\nContent-Type: text/plain\r\n\r\nHello";
    let message = CpimRef::parse(body).unwrap();
    let report = report_body(&message).unwrap().unwrap();
    let report = CpimRef::parse(&report).unwrap();
    assert_eq!(report.from(), message.from());
    assert!(report.to().eq(message.to()));
    assert_eq!((report.headers().count(), report.body()), (2, &b""[..]));
}
