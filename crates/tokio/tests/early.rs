//! Sessions that open early, repeat, and tell of what has failed.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{ALICE, BOB, alice_opens, bob_expects, octets, pair, uri};
use msrp::uri::Scheme;
use msrp::{CloseReason, FailReason, MediaType, OutgoingMessage, SessionConfig, StatusCode};
use msrp_tokio::{Endpoint, Session, Stream};
use tokio::io::AsyncWriteExt;

/// Bob's end of a stream of which he reads nothing yet.
async fn early() -> (Session, Endpoint, Endpoint) {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let far = bobs.uri(Scheme::Msrp).unwrap();
    let bob = bobs.expect(SessionConfig::expected(far.clone()));
    tokio::spawn(async move { drop(bob.await.unwrap().next().await) });
    let alice = alices.connect_early(far.into(), |config| config).await.unwrap();
    (alice, alices, bobs)
}

#[tokio::test]
async fn an_early_session_sends_before_the_peer_has_accepted_it() {
    let (alice, _alices, bobs) = early().await;
    assert_eq!(alice.remote(), None);
    let sent = alice.send("first").await.unwrap();
    let response = alice.opened().await.unwrap().unwrap();
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(alice.hop(), bobs.addresses().next().unwrap().to_string());
    assert_eq!(alice.tls_version(), None);
    sent.delivered().await.unwrap();
}

#[tokio::test]
async fn an_early_session_that_the_peer_does_not_have_says_so() {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let far = bobs.uri(Scheme::Msrp).unwrap();
    let alice = alices.connect_early(far.into(), |config| config).await.unwrap();
    let ended = alice.opened().await.unwrap_err();
    assert_eq!(ended.reason, CloseReason::Rejected(StatusCode::NO_SUCH_SESSION));
    assert_eq!(ended.response.unwrap().status, StatusCode::NO_SUCH_SESSION);
}

/// The own URI of a session that connects may be chosen.
#[tokio::test]
async fn a_session_may_have_another_uri_of_its_own() {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let far = bobs.uri(Scheme::Msrp).unwrap();
    let bob = bobs.expect(SessionConfig::expected(far.clone()));
    let own = |mut config: SessionConfig| {
        config.local = uri(ALICE);
        config
    };
    let (_alice, bob) = tokio::join!(alices.connect_early(far.into(), own), bob);
    assert_eq!(bob.unwrap().remote(), Some(uri(ALICE).into()));
}

#[tokio::test(start_paused = true)]
async fn sessions_follow_one_another_under_one_uri() {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().build().unwrap();
    let mut sessions = bobs.expect_each(bob_expects()).unwrap();
    let connect = async || {
        let (near, far) = tokio::io::duplex(1024);
        bobs.serve(Stream::new(far)).unwrap();
        alices.connect_over(Stream::new(near), alice_opens()).await
    };
    // Nobody takes them while peers come and go.
    for text in ["one", "two"] {
        let alice = connect().await.unwrap();
        alice.send(text).await.unwrap().delivered().await.unwrap();
        // Only one peer at a time.
        assert!(connect().await.is_err());
        alice.close().await;
        // Until Bob has seen the end.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for text in ["one", "two"] {
        let mut bob = sessions.next().await.unwrap();
        assert_eq!(bob.next().await.unwrap().text().await.unwrap(), text);
    }
    drop(sessions);
    assert!(connect().await.is_err());
    assert_eq!(uri(BOB), bob_expects().local);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_this_side_closes_is_the_last_of_its_uri() {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().build().unwrap();
    let mut sessions = bobs.expect_each(bob_expects()).unwrap();
    let (near, far) = tokio::io::duplex(1024);
    bobs.serve(Stream::new(far)).unwrap();
    let alice = alices.connect_over(Stream::new(near), alice_opens()).await;
    sessions.next().await.unwrap().close().await;
    assert!(sessions.next().await.is_none());
    drop(alice);
}

#[tokio::test(start_paused = true)]
async fn sessions_that_nobody_takes_are_bounded() {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().build().unwrap();
    let mut sessions = bobs.expect_each(bob_expects()).unwrap();
    for _ in 0..20 {
        let (near, far) = tokio::io::duplex(1024);
        bobs.serve(Stream::new(far)).unwrap();
        let alice = alices.connect_over(Stream::new(near), alice_opens()).await;
        drop(alice);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for _ in 0..16 {
        assert!(sessions.next().await.unwrap().next().await.is_none());
    }
    assert!(sessions.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_fails_before_it_is_taken_can_be_told() {
    let mut pair = pair().await;
    let message = OutgoingMessage::streamed(MediaType::text_plain(), Some(9));
    let mut upload = pair.alice.sender().upload(message).await.unwrap();
    upload.write_all(b"abcde").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    upload.sent().abort();
    pair.alice.send("next").await.unwrap();
    let failed = pair.bob.next_or_failed().await.unwrap().unwrap_err();
    assert_eq!(failed.reason, FailReason::Aborted);
    assert_eq!(failed.received.message_id(), upload.sent().message_id());
    assert!((1..=5).contains(&failed.octets), "{}", failed.octets);
    let mut next = pair.bob.next_or_failed().await.unwrap().unwrap();
    assert_eq!(next.text().await.unwrap(), "next");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_refused_can_be_told() {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().build().unwrap();
    let (near, far) = tokio::io::duplex(1024);
    let bob = bobs.expect(bob_expects().max_size(5));
    bobs.serve(Stream::new(far)).unwrap();
    let (alice, bob) = tokio::join!(alices.connect_over(Stream::new(near), alice_opens()), bob);
    let (alice, mut bob) = (alice.unwrap(), bob.unwrap());
    alice.send("123456").await.unwrap().delivered().await.unwrap_err();
    alice.send("12345").await.unwrap().delivered().await.unwrap();
    let failed = bob.next_or_failed().await.unwrap().unwrap_err();
    assert_eq!((failed.reason, failed.octets), (FailReason::TooLarge, 0));
    // The other way to ask passes over it.
    alice.send("123456").await.unwrap().delivered().await.unwrap_err();
    let mut message = bob.next().await.unwrap();
    assert_eq!(message.text().await.unwrap(), "12345");
}

/// Refused messages weigh as well: a peer cannot pile them up.
#[tokio::test(start_paused = true)]
async fn refused_messages_that_nobody_takes_are_bounded() {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().room(8 * 1024).build().unwrap();
    let (near, far) = tokio::io::duplex(1024);
    let bob = bobs.expect(bob_expects().max_size(5));
    bobs.serve(Stream::new(far)).unwrap();
    let (alice, bob) = tokio::join!(alices.connect_over(Stream::new(near), alice_opens()), bob);
    let (alice, mut bob) = (alice.unwrap(), bob.unwrap());
    let mut sent = Vec::new();
    for _ in 0..40 {
        sent.push(alice.send("123456").await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let told = sent.iter().filter(|sent| sent.progress().borrow().outcome().is_some()).count();
    assert!((1..40).contains(&told), "{told} were read");
    let taken = tokio::spawn(async move {
        let mut taken = 0;
        while let Some(Err(_)) = bob.next_or_failed().await {
            taken += 1;
        }
        taken
    });
    for sent in sent {
        sent.delivered().await.unwrap_err();
    }
    drop(alice);
    // Those that came when there was no room are not told of.
    let taken = taken.await.unwrap();
    assert!((told..40).contains(&taken), "{taken} were told of");
}

#[tokio::test]
async fn a_message_tells_how_much_of_it_has_arrived() {
    let mut pair = pair().await;
    let message = OutgoingMessage::streamed(MediaType::text_plain(), Some(300_000));
    let mut upload = pair.alice.sender().upload(message).await.unwrap();
    let body = octets(300_000);
    let (first, rest) = body.split_at(200_000);
    upload.write_all(first).await.unwrap();
    let mut message = pair.bob.next().await.unwrap();
    while message.arrived() < 150_000 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!message.is_complete());
    upload.write_all(rest).await.unwrap();
    upload.shutdown().await.unwrap();
    assert_eq!(message.bytes().await.unwrap(), body);
    assert!(message.is_complete());
    assert_eq!(message.arrived(), 300_000);
}
