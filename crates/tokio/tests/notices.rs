//! What a session tells beside the messages of its peer, and its end at once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::{accept, alice_opens, pair, request};
use msrp::{Outcome, OutgoingMessage};
use msrp_tokio::{Endpoint, Notice, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn reports_outcomes_and_the_end_come_in_order() {
    let mut pair = pair().await;
    let mut notices = pair.alice.notices();
    let message = OutgoingMessage::text("Are you there?").success_report(true);
    let sent = pair.alice.send(message).await.unwrap();
    assert_eq!(pair.bob.next().await.unwrap().text().await.unwrap(), "Are you there?");
    sent.delivered().await.unwrap();
    drop(pair.alice);
    let Some(Notice::Reported { message_id, octets, total }) = notices.next().await else {
        panic!("no REPORT")
    };
    assert_eq!((&message_id, octets, total), (sent.message_id(), 0..14, Some(14)));
    let Some(Notice::Finished(finished)) = notices.next().await else { panic!("no outcome") };
    assert_eq!((&finished.message_id, finished.outcome), (sent.message_id(), Outcome::Delivered));
    drop(sent);
    assert!(notices.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_an_outcome_or_for_nobody_is_told() {
    let alices = Endpoint::builder().build().unwrap();
    let (near, mut far) = tokio::io::duplex(4096);
    let alice = alices.connect_over_early(Stream::new(near), alice_opens()).unwrap();
    let mut notices = alice.notices();
    let binding = request(&mut far).await;
    accept(&mut far, &binding).await;
    alice.opened().await.unwrap();
    let sent = alice.send("late").await.unwrap();
    let late = request(&mut far).await;
    // Longer than a response may take.
    sleep(Duration::from_secs(60)).await;
    accept(&mut far, &late).await;
    let stray = "MSRP a1b2c3 SEND\r\nTo-Path: msrp://alice.example:7654/other;tcp\r\n\
                 From-Path: msrp://bob.example:12763/kjhd37s2s20w2a;tcp\r\nMessage-ID: stray\r\n\
                 -------a1b2c3$\r\n";
    far.write_all(stray.as_bytes()).await.unwrap();
    let Some(Notice::Finished(finished)) = notices.next().await else { panic!("no outcome") };
    assert_eq!(finished.outcome, Outcome::TimedOut);
    let Some(Notice::LateSuccess { message_id, octets }) = notices.next().await else {
        panic!("no late success")
    };
    assert_eq!((&message_id, octets), (sent.message_id(), 0..4));
    let Some(Notice::Refused(refused)) = notices.next().await else { panic!("no refusal") };
    assert_eq!(refused.status.unwrap().as_u16(), 481);
}

#[tokio::test(start_paused = true)]
async fn an_aborted_session_ends_at_once() {
    let alices = Endpoint::builder().build().unwrap();
    let (near, mut far) = tokio::io::duplex(4096);
    let alice = alices.connect_over_early(Stream::new(near), alice_opens()).unwrap();
    let binding = request(&mut far).await;
    accept(&mut far, &binding).await;
    let sent = alice.send("Nobody responds.").await.unwrap();
    request(&mut far).await;
    let start = tokio::time::Instant::now();
    let sender = alice.sender();
    sender.abort();
    assert!(sender.closed().await.is_local());
    assert_eq!(sent.finished().await.unwrap().outcome, Outcome::SessionClosed);
    // Its connection goes with it.
    assert_eq!(far.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(alice.notices().next().await.is_none());
}
