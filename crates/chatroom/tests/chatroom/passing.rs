use std::time::{Duration, Instant};

use msrp::{MessageId, StatusCode};
use msrp_chatroom::{Abandoned, Recipients};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// No such message.
const GONE: Result<Option<Recipients>, StatusCode> = Err(StatusCode::STOP_SENDING);

fn id(text: &str) -> MessageId {
    MessageId::new(text).unwrap()
}

fn expired(room: &mut Room, now: Instant) -> Vec<Abandoned> {
    std::iter::from_fn(|| room.handle_timeout(now)).collect()
}

// req: 7701-6.1-8
#[test]
fn recipients_are_known_when_the_headers_are() {
    let body = wrapped(ADA, BOB);
    let head = body.len() - b"Hello".len();
    for len in 0..=body.len() {
        let (mut room, [ada, bob, _]) = three();
        let now = Instant::now();
        let answer = room.begin_message(now, ada, id("mid1"), CPIM, &body[..len]).unwrap();
        assert_eq!(answer.is_some(), len >= head, "{len} of {}", body.len());
        let next = room.continue_message(now, ada, id("mid1")).unwrap();
        let next = next.map(|next| next.seats().to_vec());
        assert_eq!(next, (len >= head).then(|| vec![bob]));
        let answer = room.begin_message(now, ada, id("mid1"), CPIM, &body).unwrap().unwrap();
        assert_eq!((answer.seats(), answer.is_private()), (&[bob][..], true));
    }
}

// req: 7701-6.1-9, 7701-6.1-10
#[test]
fn later_chunks_go_where_the_first_went() {
    let (mut room, [ada, bob, cleo]) = three();
    let now = Instant::now();
    let begun = room.begin_message(now, ada, id("mid1"), CPIM, &wrapped(ADA, ROOM));
    assert_eq!(begun.unwrap().unwrap().seats(), [bob, cleo]);
    // Those who join receive none of it, and those who leave no more.
    let dan = room.join(social("sip:dan@example.com")).unwrap();
    room.leave(bob).unwrap();
    let again = room.join(social(BOB)).unwrap();
    let next = room.continue_message(now, ada, id("mid1")).unwrap().unwrap();
    assert_eq!(next.seats(), [cleo]);
    // Another message goes to everyone who is here now.
    let begun = room.begin_message(now, ada, id("mid2"), CPIM, &wrapped(ADA, ROOM));
    assert_eq!(begun.unwrap().unwrap().seats(), [cleo, dan, again]);
    assert_eq!(room.end_message(ada, id("mid1")).unwrap().seats(), [cleo]);
    assert_eq!(room.end_message(ada, id("mid1")), None);
    assert_eq!(room.continue_message(now, ada, id("mid1")), GONE);
}

/// The same Message-ID in two sessions is two messages.
#[test]
fn message_ids_are_those_of_a_session() {
    let (mut room, [ada, bob, cleo]) = three();
    let now = Instant::now();
    for (from, uri) in [(ada, ADA), (bob, BOB)] {
        room.begin_message(now, from, id("same"), CPIM, &wrapped(uri, ROOM)).unwrap();
    }
    let mut next = |from| room.continue_message(now, from, id("same")).unwrap().unwrap();
    assert_eq!(next(ada).seats(), [bob, cleo]);
    assert_eq!(next(bob).seats(), [ada, cleo]);
    room.end_message(ada, id("same"));
    assert_eq!(room.continue_message(now, ada, id("same")), GONE);
    assert!(room.continue_message(now, bob, id("same")).is_ok());
}

// req: 7701-6.1-11, 7701-6.1-12
#[test]
fn a_message_whose_rest_does_not_come_is_given_up() {
    let (mut room, [ada, bob, cleo]) = three();
    let start = Instant::now();
    assert_eq!(room.poll_timeout(), None);
    room.begin_message(start, ada, id("mid1"), CPIM, &wrapped(ADA, ROOM)).unwrap();
    room.begin_message(start + SECOND, bob, id("mid2"), CPIM, b"From:").unwrap();
    assert_eq!(room.poll_timeout(), Some(start + 540 * SECOND));
    // Each chunk restarts the timer.
    room.continue_message(start + 500 * SECOND, ada, id("mid1")).unwrap();
    assert_eq!(room.poll_timeout(), Some(start + 541 * SECOND));
    assert_eq!(expired(&mut room, start + 540 * SECOND), []);
    let gone = expired(&mut room, start + 541 * SECOND);
    assert!(gone.len() == 1 && gone[0].from == bob && gone[0].recipients.is_empty());
    room.leave(cleo);
    let gone = expired(&mut room, start + 1040 * SECOND);
    assert_eq!((gone.len(), gone[0].message_id), (1, id("mid1")));
    assert_eq!(gone[0].recipients, [bob]);
    assert_eq!(room.poll_timeout(), None);
    // Late chunks are refused, also those of the message without recipients.
    for (from, text) in [(ada, "mid1"), (bob, "mid2")] {
        assert_eq!(room.continue_message(start, from, id(text)), GONE);
    }
}

#[test]
fn the_messages_of_who_leaves_do_not_go_on() {
    let (mut room, [ada, bob, cleo]) = three();
    let now = Instant::now();
    room.begin_message(now, ada, id("mid1"), CPIM, &wrapped(ADA, ROOM)).unwrap();
    room.begin_message(now, ada, id("mid2"), CPIM, &wrapped(ADA, CLEO)).unwrap();
    room.begin_message(now, bob, id("mid3"), CPIM, &wrapped(BOB, ADA)).unwrap();
    let left = room.leave(ada).unwrap();
    let gone: Vec<_> =
        left.abandoned.iter().map(|it| (it.message_id, it.recipients.clone())).collect();
    assert_eq!(gone, [(id("mid1"), vec![bob, cleo]), (id("mid2"), vec![cleo])]);
    assert!(room.continue_message(now, bob, id("mid3")).unwrap().unwrap().seats().is_empty());
    assert_eq!(expired(&mut room, now + 540 * SECOND).len(), 1);
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let (mut room, [ada, ..]) = three();
    let now = Instant::now();
    let mut begin =
        |content_type, body: &[u8]| room.begin_message(now, ada, id("mid1"), content_type, body);
    assert_eq!(begin("text/plain", b""), Err(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    assert_eq!(begin(CPIM, b"From"), Ok(None));
    assert_eq!(begin(CPIM, &wrapped(BOB, ROOM)), Err(StatusCode::FORBIDDEN));
    assert_eq!(begin(CPIM, b"\r\n\r\nnothing: \0\r\n\r\n"), Err(StatusCode::FORBIDDEN));
    assert_eq!(begin(CPIM, &wrapped(ADA, "sip:nobody@h.example")), Err(StatusCode::NOT_FOUND));
    assert_eq!(room.poll_timeout(), None);
    assert_eq!(room.end_message(ada, id("mid1")), None);
    // More octets than a head may have.
    let endless = b"X: y\r\n".repeat(msrp_cpim::MAX_HEAD_OCTETS / 6 + 1);
    let answer = room.begin_message(now, ada, id("mid1"), CPIM, &endless);
    assert_eq!(answer, Err(StatusCode::BAD_REQUEST));
}

/// A head in small pieces is read after a blank line and at the limit, not with
/// each piece. Too many lines are noticed only then.
#[test]
fn crumbs_are_not_read_again_and_again() {
    let (mut room, [ada, ..]) = three();
    let now = Instant::now();
    let mut begin = |start: &[u8]| room.begin_message(now, ada, id("mid1"), CPIM, start);
    let mut start = Vec::new();
    for _ in 0..600 {
        start.extend_from_slice(b"A: b\r\n");
        assert_eq!(begin(&start), Ok(None));
    }
    start.extend_from_slice(b"\r");
    assert_eq!(begin(&start), Ok(None));
    start.extend_from_slice(b"\n");
    assert_eq!(begin(&start), Err(StatusCode::BAD_REQUEST));

    let endless = vec![b'a'; msrp_cpim::MAX_HEAD_OCTETS];
    assert_eq!(begin(&endless[1..]), Ok(None));
    assert_eq!(begin(&endless), Err(StatusCode::BAD_REQUEST));
}

#[test]
fn so_many_messages_pass() {
    let mut room = room_with(|config| (config.messages, config.messages_of_session) = (3, 2));
    let [ada, bob] = [ADA, BOB].map(|uri| room.join(social(uri)).unwrap());
    let now = Instant::now();
    let mut begin = |from, text: &str| {
        let uri = if from == ada { ADA } else { BOB };
        room.begin_message(now, from, id(text), CPIM, &wrapped(uri, ROOM)).map(|_| ())
    };
    const FULL: Result<(), StatusCode> = Err(StatusCode::STOP_SENDING);
    assert_eq!([begin(ada, "mid1"), begin(ada, "mid2")], [Ok(()); 2]);
    assert_eq!(begin(ada, "mid3"), FULL, "of one session");
    assert_eq!(begin(bob, "mid1"), Ok(()));
    assert_eq!(begin(bob, "mid2"), FULL, "of all");
    // Messages that have begun continue, and make room at their end.
    assert_eq!(begin(ada, "mid1"), Ok(()));
    room.end_message(ada, id("mid1")).unwrap();
    assert!(room.begin_message(now, bob, id("mid2"), CPIM, &wrapped(BOB, ROOM)).is_ok());
}
