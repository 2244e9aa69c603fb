//! Sessions and short messages.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

use common::{ALICE, BOB, accept, alice_opens, bob_expects, pair, request, tcp_pair, uri};
use msrp::{CloseReason, Outcome, OutgoingMessage, SessionConfig, StatusCode};
use msrp_sdp::{MediaDescription, MsrpMedia, Offer};
use msrp_tokio::{Endpoint, Error, Stream};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};

#[tokio::test]
async fn two_sides_of_an_offer_and_its_answer_talk_over_tcp() {
    let alices = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let offer = Offer::new(alices.local().unwrap()).unwrap();
    let section: MediaDescription = offer.description().to_string().parse().unwrap();
    let (answer, bobs_plan) =
        msrp_sdp::answer(&MsrpMedia::parse(&section).unwrap(), bobs.local().unwrap()).unwrap();
    let plan = msrp_sdp::complete(&offer, &answer).unwrap();

    let (alice, bob) = tokio::join!(alices.session(plan), bobs.session(bobs_plan));
    let (mut alice, mut bob) = (alice.unwrap(), bob.unwrap());
    let sent = alice.send("Are you there?").await.unwrap();
    let mut message = bob.next().await.unwrap();
    assert_eq!(message.message_id(), sent.message_id());
    assert!(message.content_type().is_text());
    assert_eq!(message.text().await.unwrap(), "Are you there?");
    sent.accepted().await.unwrap();
    sent.delivered().await.unwrap();

    bob.send("Yes.".to_owned()).await.unwrap().delivered().await.unwrap();
    assert_eq!(alice.next().await.unwrap().text().await.unwrap(), "Yes.");
}

#[tokio::test(start_paused = true)]
async fn a_success_report_says_that_the_message_was_read() {
    let mut pair = pair().await;
    let text = OutgoingMessage::text("Read me").success_report(true);
    let sent = pair.alice.send(text).await.unwrap();
    sent.accepted().await.unwrap();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(sent.progress().borrow().outcome(), None);

    let mut message = pair.bob.next().await.unwrap();
    assert_eq!(message.text().await.unwrap(), "Read me");
    sent.delivered().await.unwrap();
    assert_eq!(sent.progress().borrow().outcome(), Some(Outcome::Delivered));
}

#[tokio::test(start_paused = true)]
async fn responses_do_not_wait_for_a_slow_handler() {
    let pair = pair().await;
    let (alice, mut bob) = (pair.alice, pair.bob);
    let handler = tokio::spawn(async move {
        let mut texts = Vec::new();
        while let Some(mut message) = bob.next().await {
            sleep(Duration::from_millis(50)).await;
            texts.push(message.text().await.unwrap());
        }
        texts
    });
    let start = Instant::now();
    let mut sent = Vec::new();
    for number in 0..10 {
        sent.push(alice.send(number.to_string()).await.unwrap());
    }
    for sent in sent {
        sent.accepted().await.unwrap();
    }
    assert!(start.elapsed() < Duration::from_millis(50), "{:?}", start.elapsed());
    drop(alice);
    let numbers: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    assert_eq!(handler.await.unwrap(), numbers);
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_ends_the_session_after_what_was_sent() {
    let mut pair = pair().await;
    let sender = pair.alice.sender();
    drop(pair.alice);
    sender.send("first").await.unwrap();
    sender.send("last").await.unwrap();
    drop(sender);
    for text in ["first", "last"] {
        assert_eq!(pair.bob.next().await.unwrap().text().await.unwrap(), text);
    }
    assert!(pair.bob.next().await.is_none());
    let ended = pair.bob.ended().unwrap();
    assert_eq!(ended.reason, CloseReason::ConnectionClosed);
    assert_eq!(ended.to_string(), "the session with a stream has ended: closed by the peer");
}

#[tokio::test(start_paused = true)]
async fn closing_a_session_waits_for_what_was_sent() {
    let mut pair = pair().await;
    let sent = pair.alice.send("last").await.unwrap();
    let ended = pair.alice.close().await;
    assert!(ended.is_local());
    sent.delivered().await.unwrap();
    assert_eq!(pair.bob.next().await.unwrap().text().await.unwrap(), "last");
}

#[tokio::test(start_paused = true)]
async fn messages_to_a_side_that_only_sends_are_refused() {
    let pair = pair().await;
    let sender = pair.bob.sender();
    drop(pair.bob);
    let refused = pair.alice.send("Anybody?").await.unwrap().delivered().await.unwrap_err();
    assert_eq!(refused.outcome(), Outcome::Rejected(StatusCode::FORBIDDEN));
    sender.send("I only talk").await.unwrap().delivered().await.unwrap();
}

#[tokio::test]
async fn a_session_that_the_peer_does_not_have_is_an_error() {
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let alices = Endpoint::builder().build().unwrap();
    let far = bobs.uri(msrp::uri::Scheme::Msrp).unwrap();
    let error = alices.connect(SessionConfig::new(uri(ALICE), far.into())).await.unwrap_err();
    let Error::Ended(ended) = error else { panic!("{error}") };
    assert_eq!(ended.reason, CloseReason::Rejected(StatusCode::NO_SUCH_SESSION));
    assert!(ended.to_string().contains("127.0.0.1:"), "{ended}");
}

#[tokio::test]
async fn a_peer_that_does_not_listen_is_an_error() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let alices = Endpoint::builder().build().unwrap();
    let far = uri(&format!("msrp://127.0.0.1:{}/abcd1234;tcp", free.port()));
    let error = alices.connect(SessionConfig::new(uri(ALICE), far.into())).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_waits_for_any_more_cannot_be_bound() {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().build().unwrap();
    drop(bobs.expect(bob_expects()));
    let (near, far) = tokio::io::duplex(1024);
    bobs.serve(Stream::new(far)).unwrap();
    let error = alices.connect_over(Stream::new(near), alice_opens()).await.unwrap_err();
    assert!(matches!(error, Error::Ended(_)), "{error}");
    // Its URI is free again.
    drop(bobs.expect(bob_expects()));
    assert_eq!(uri(BOB), bob_expects().local);
}

#[tokio::test]
async fn closing_an_endpoint_delivers_what_was_sent_and_frees_its_port() {
    let mut pair = tcp_pair().await;
    let address = pair.bobs.addresses().next().unwrap();
    let sent = pair.bob.send("Good night").await.unwrap();
    pair.bobs.close().await;
    sent.delivered().await.unwrap();
    assert!(pair.bob.ended().unwrap().is_local());
    assert_eq!(pair.alice.next().await.unwrap().text().await.unwrap(), "Good night");
    assert!(pair.alice.next().await.is_none());
    assert!(matches!(pair.bobs.expect(bob_expects()).await, Err(Error::Closed)));
    drop(tokio::net::TcpListener::bind(address).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_without_anything_to_send_closes_at_once() {
    let pair = pair().await;
    let start = Instant::now();
    pair.bobs.close().await;
    pair.alices.close().await;
    assert!(start.elapsed() < Duration::from_millis(10), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_a_peer_says_and_leaves_at_once_arrives() {
    let alices = Endpoint::builder().build().unwrap();
    let (near, mut far) = tokio::io::duplex(4096);
    let peer = async {
        let binding = request(&mut far).await;
        accept(&mut far, &binding).await;
        let words = format!(
            "MSRP a1b2c3 SEND\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\nMessage-ID: words\r\n\
             Byte-Range: 1-7/7\r\nContent-Type: text/plain\r\n\r\nGoodbye\r\n-------a1b2c3$\r\n"
        );
        far.write_all(words.as_bytes()).await.unwrap();
        drop(far);
    };
    let (alice, ()) = tokio::join!(alices.connect_over(Stream::new(near), alice_opens()), peer);
    let mut alice = alice.unwrap();
    assert_eq!(alice.opened().await.unwrap().unwrap().status.as_u16(), 200);
    assert_eq!(alice.next().await.unwrap().text().await.unwrap(), "Goodbye");
    assert!(alice.next().await.is_none());
    assert!(!alice.ended().unwrap().is_local());
}

#[tokio::test(start_paused = true)]
async fn a_peer_may_take_its_time_before_it_binds_a_session() {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().build().unwrap();
    let (near, far) = tokio::io::duplex(1024);
    let bob = bobs.expect(bob_expects());
    bobs.serve(Stream::new(far)).unwrap();
    // Less than `Config::bind_timeout`.
    sleep(Duration::from_secs(29)).await;
    let alice = alices.connect_over(Stream::new(near), alice_opens());
    tokio::try_join!(alice, bob).unwrap();
}

/// With a runtime of several threads, a session may end at any point of a call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_on_another_thread_learns_that_a_session_has_ended() {
    for _ in 0..50 {
        let pair = tcp_pair().await;
        let sender = pair.alice.sender();
        let waiting = tokio::spawn(async move {
            let mut begun = Vec::new();
            while sender.ended().is_none() {
                let mut closed = Box::pin(sender.closed());
                let is_pending =
                    poll_fn(|cx| Poll::Ready(closed.as_mut().poll(cx))).await.is_pending();
                begun.extend(Some(closed).filter(|_| is_pending));
            }
            for closed in begun {
                closed.await;
            }
        });
        tokio::task::yield_now().await;
        pair.alice.sender().abort();
        timeout(Duration::from_secs(30), waiting).await.unwrap().unwrap();
    }
}
