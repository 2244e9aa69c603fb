//! Slow readers: whom they hold back, and whom they do not.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{octets, open, pair_of, streamed};
use msrp::{Outcome, StatusCode};
use msrp_tokio::Endpoint;
use tokio::io::AsyncReadExt;
use tokio::time::sleep;

const ROOM: usize = 64 * 1024;
const STOPPED: Outcome = Outcome::Rejected(StatusCode::STOP_SENDING);

#[tokio::test(start_paused = true)]
async fn a_session_that_is_not_read_slows_its_sender_and_loses_nothing() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().room(ROOM)).await;
    let mut sent = Vec::new();
    for number in 0..1000 {
        sent.push(pair.alice.send(format!("{number:>1000}")).await.unwrap());
    }
    sleep(Duration::from_secs(20)).await;
    let accepted = sent.iter().filter(|sent| sent.progress().borrow().accepted > 0).count();
    // What the session has room for, and what is on its way.
    assert!((30..100).contains(&accepted), "{accepted}");
    for number in 0..1000 {
        let text = pair.bob.next().await.unwrap().text().await.unwrap();
        assert_eq!(text, format!("{number:>1000}"));
    }
    for sent in sent {
        sent.accepted().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_not_read_still_has_the_outcomes_of_what_it_sends() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().room(ROOM)).await;
    let upload = pair.alice.send_from(tokio::io::repeat(7), streamed(None)).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    // Alice's response to it lies behind the octets that nobody reads.
    let sent = pair.bob.send("Wait").await.unwrap();
    assert_eq!(pair.alice.next().await.unwrap().text().await.unwrap(), "Wait");
    let mut message = pair.bob.next().await.unwrap();
    let mut read = vec![0; 16 * ROOM];
    message.read_exact(&mut read).await.unwrap();
    sent.delivered().await.unwrap();
    upload.abort();
    assert_eq!(upload.delivered().await.unwrap_err().outcome(), Outcome::Aborted);
}

#[tokio::test]
async fn a_session_that_is_not_read_loses_its_messages_before_it_blocks_another() {
    let bobs = Endpoint::builder().room(ROOM).patience(Duration::from_millis(50));
    let bobs = bobs.bind("127.0.0.1:0").await.unwrap();
    let alices = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let (slow, mut slows) = open(&alices, &bobs).await;
    let (quick, mut quicks) = open(&alices, &bobs).await;
    assert_eq!(slows.hop(), quicks.hop());

    let upload = slow.send_from(tokio::io::repeat(7), streamed(None)).await.unwrap();
    let message = slows.next().await.unwrap();
    assert_eq!(upload.delivered().await.unwrap_err().outcome(), STOPPED);
    for text in ["one", "two"] {
        quick.send(text).await.unwrap().delivered().await.unwrap();
        assert_eq!(quicks.next().await.unwrap().text().await.unwrap(), text);
    }
    // Until there is room again, all of its messages are refused.
    let refused = slow.send("refused").await.unwrap().delivered().await.unwrap_err();
    assert_eq!(refused.outcome(), STOPPED);
    drop(message);
    let sent = slow.send("taken").await.unwrap();
    assert_eq!(slows.next().await.unwrap().text().await.unwrap(), "taken");
    sent.delivered().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_reads_one_message_does_not_wait_for_room_that_another_takes() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().room(ROOM)).await;
    let size = 40 * ROOM;
    let send = || pair.alice.send_from(std::io::Cursor::new(octets(size)), streamed(None));
    let (first, second) = (send().await.unwrap(), send().await.unwrap());

    let mut message = pair.bob.next().await.unwrap();
    let mut read = Vec::new();
    message.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, octets(size));
    first.delivered().await.unwrap();
    // What the second one takes is bounded all the same.
    assert_eq!(second.delivered().await.unwrap_err().outcome(), STOPPED);
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_read_at_the_same_time_all_arrive() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().room(ROOM)).await;
    let size = 40 * ROOM;
    let mut sent = Vec::new();
    for _ in 0..5 {
        let reader = std::io::Cursor::new(octets(size));
        sent.push(pair.alice.send_from(reader, streamed(None)).await.unwrap());
    }
    let mut readers = Vec::new();
    for _ in 0..5 {
        let mut message = pair.bob.next().await.unwrap();
        readers.push(tokio::spawn(async move {
            let mut read = Vec::new();
            message.read_to_end(&mut read).await.map(|_| read)
        }));
    }
    for (sent, reader) in sent.into_iter().zip(readers) {
        assert!(reader.await.unwrap().unwrap() == octets(size));
        sent.delivered().await.unwrap();
    }
}

/// A disk may be slower than the network, while somebody waits for the next message.
#[tokio::test(start_paused = true)]
async fn who_waits_for_the_next_message_does_not_lose_one_that_is_read_slowly() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().room(ROOM)).await;
    let size = 20 * ROOM;
    let reader = std::io::Cursor::new(octets(size));
    let sent = pair.alice.send_from(reader, streamed(None)).await.unwrap();
    let mut message = pair.bob.next().await.unwrap();
    let slow = tokio::spawn(async move {
        let mut read = Vec::new();
        while let Some(piece) = message.next_piece().await.unwrap() {
            read.extend_from_slice(&piece.octets);
            sleep(Duration::from_secs(1)).await;
        }
        read
    });
    let next = tokio::spawn(async move { pair.bob.next().await.unwrap().text().await });
    sent.delivered().await.unwrap();
    pair.alice.send("next").await.unwrap();
    assert_eq!(next.await.unwrap().unwrap(), "next");
    assert!(slow.await.unwrap() == octets(size));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_next_message_and_reads_none_gets_it_after_a_while() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().room(ROOM)).await;
    let endless = pair.alice.send_from(tokio::io::repeat(7), streamed(None)).await.unwrap();
    let message = pair.bob.next().await.unwrap();
    // He holds it, and does not read.
    let next = tokio::spawn(async move { (pair.bob.next().await.unwrap().text().await, pair.bob) });
    assert_eq!(endless.delivered().await.unwrap_err().outcome(), STOPPED);
    drop(message);
    pair.alice.send("next").await.unwrap().delivered().await.unwrap();
    assert_eq!(next.await.unwrap().0.unwrap(), "next");
}

/// Ten thousand sessions, each with a message both ways.
#[tokio::test]
async fn ten_thousand_sessions_share_forty_connections() {
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let alices = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..10_000 {
        sessions.push(open(&alices, &bobs).await);
    }
    for (alice, bob) in &mut sessions {
        let sent = alice.send("Are you there?").await.unwrap();
        assert_eq!(bob.next().await.unwrap().text().await.unwrap(), "Are you there?");
        sent.delivered().await.unwrap();
    }
    let mut hops: Vec<&str> = sessions.iter().map(|(_, bob)| bob.hop()).collect();
    hops.dedup();
    assert_eq!(hops.len(), 40);
    drop(sessions);
    alices.close().await;
    bobs.close().await;
}
