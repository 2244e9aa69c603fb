//! Slow readers: whom they hold back, and whom they do not.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{octets, open, pair_of, streamed};
use msrp::{Outcome, Priority, StatusCode};
use msrp_tokio::Endpoint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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

/// RFC 4975 section 7.1.1: each request has a response within 30 seconds.
#[tokio::test(start_paused = true)]
async fn no_message_times_out_because_a_session_is_not_read() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().room(ROOM)).await;
    let mut sent = Vec::new();
    for number in 0..300 {
        sent.push(pair.alice.send(format!("{number:>300}")).await.unwrap());
    }
    sleep(Duration::from_secs(300)).await;
    // Four times the room has been filled; the rest was refused.
    let mut taken = 0;
    for (number, sent) in sent.into_iter().enumerate() {
        match sent.delivered().await {
            Ok(()) => {
                let text = pair.bob.next().await.unwrap().text().await.unwrap();
                assert_eq!(text, format!("{number:>300}"));
                taken += 1;
            }
            Err(failed) => assert_eq!(failed.outcome(), STOPPED, "{number}"),
        }
    }
    assert!((150..250).contains(&taken), "{taken}");
    // There is room again.
    pair.alice.send("taken").await.unwrap().delivered().await.unwrap();
    assert_eq!(pair.bob.next().await.unwrap().text().await.unwrap(), "taken");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_read_waits_however_long() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().room(ROOM)).await;
    let size = 40 * ROOM;
    let message = streamed(None).progress_timeout(None);
    let sent = pair.alice.send_from(std::io::Cursor::new(octets(size)), message).await.unwrap();
    let mut message = pair.bob.next().await.unwrap();
    sleep(Duration::from_secs(3600)).await;
    // The room, and what is on its way.
    assert!(sent.progress().borrow().left < 8 * ROOM as u64);
    let mut read = Vec::new();
    message.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, octets(size));
    sent.delivered().await.unwrap();
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

/// Each is forty times as large as the room.
#[tokio::test(start_paused = true)]
async fn files_that_are_read_one_after_another_all_arrive() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().room(ROOM)).await;
    let size = 40 * ROOM;
    let mut sent = Vec::new();
    for _ in 0..5 {
        let reader = std::io::Cursor::new(octets(size));
        sent.push(pair.alice.send_from(reader, streamed(Some(size as u64))).await.unwrap());
    }
    for sent in sent {
        let mut message = pair.bob.next().await.unwrap();
        assert_eq!(message.message_id(), sent.message_id());
        let mut read = Vec::new();
        message.read_to_end(&mut read).await.unwrap();
        assert!(read == octets(size));
        sent.delivered().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_small_file_and_an_urgent_one_do_not_wait_for_a_large_one() {
    let pair = pair_of(Endpoint::builder(), Endpoint::builder()).await;
    let endless = pair.alice.send_from(tokio::io::repeat(7), streamed(None)).await.unwrap();
    let mut bob = pair.bob;
    let mut large = bob.next().await.unwrap();
    let reading = tokio::spawn(async move { large.read_to_end(&mut Vec::new()).await });
    let urgent = streamed(Some(200_000)).priority(Priority::Interactive);
    for (message, size) in [(streamed(Some(20_000)), 20_000), (urgent, 200_000)] {
        let reader = std::io::Cursor::new(octets(size));
        let sent = pair.alice.send_from(reader, message).await.unwrap();
        assert!(bob.next().await.unwrap().bytes().await.unwrap() == octets(size));
        sent.delivered().await.unwrap();
    }
    endless.abort();
    assert!(reading.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_stops_coming_does_not_hold_up_the_next() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder()).await;
    let (reader, _writer) = tokio::io::duplex(1);
    let silent = pair.alice.send_from(reader, streamed(None)).await.unwrap();
    let reader = std::io::Cursor::new(octets(ROOM * 2));
    let sent = pair.alice.send_from(reader, streamed(None)).await.unwrap();
    let mut message = pair.bob.next().await.unwrap();
    assert_eq!(message.message_id(), sent.message_id());
    message.read_to_end(&mut Vec::new()).await.unwrap();
    sent.delivered().await.unwrap();
    assert_eq!(silent.progress().borrow().outcome(), None);
}

/// A sender that lets its messages take turns: the octets that are waited for come behind
/// those of others.
#[tokio::test(start_paused = true)]
async fn who_reads_one_message_does_not_wait_for_room_that_another_takes() {
    let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().room(ROOM)).await;
    let size = 40 * ROOM;
    let mut sent = Vec::new();
    for _ in 0..2 {
        let mut upload = pair.alice.sender().upload(streamed(None)).await.unwrap();
        sent.push(upload.sent().clone());
        tokio::spawn(async move {
            upload.write_all(&octets(size)).await?;
            upload.shutdown().await
        });
    }
    let mut message = pair.bob.next().await.unwrap();
    let mut read = Vec::new();
    message.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, octets(size));
    let (first, second) = (&sent[0], &sent[1]);
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
