//! Slow, long and broken links, in virtual time.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod link;

use std::time::Duration;

use common::{alice_opens, bob_expects, octets, streamed};
use link::{Switch, TICK, Terms, link};
use msrp::{CloseReason, Outcome};
use msrp_tokio::{Builder, Endpoint, Session, Stream};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep};

const DELAY: Duration = Duration::from_millis(50);

/// The octets that may be ahead of a text: the queue of the socket, and the step of the file
/// that has left for it; each with the heads of their chunks.
const AHEAD: usize = 2 * 16 * 1024 + 2048;

/// A session over a link. Alice's endpoint is built as given.
async fn session_over(terms: Terms, alices: Builder) -> (Session, Session, Switch) {
    let (near, far, switch) = link(terms);
    let (alice, bob) = session_on(near, far, alices).await;
    (alice, bob, switch)
}

/// The same over a WebSocket.
#[cfg(feature = "websocket")]
async fn session_over_websocket(terms: Terms, alices: Builder) -> (Session, Session, Switch) {
    let (near, far, switch) = link(terms);
    let (near, far) = tokio::join!(near.connect_websocket("bob.example"), far.accept_websocket());
    let (alice, bob) = session_on(near.unwrap(), far.unwrap(), alices).await;
    (alice, bob, switch)
}

async fn session_on(near: Stream, far: Stream, alices: Builder) -> (Session, Session) {
    let (alices, bobs) = (alices.build().unwrap(), Endpoint::builder().build().unwrap());
    let bob = bobs.expect(bob_expects());
    bobs.serve(far).unwrap();
    let (alice, bob) = tokio::join!(alices.connect_over(near, alice_opens()), bob);
    (alice.unwrap(), bob.unwrap())
}

/// Takes all messages of a session. Returns when each of its texts arrived, and when the
/// file was whole.
async fn listen(mut bob: Session, texts: usize) -> (Vec<Instant>, Instant) {
    let (mut heard, mut file) = (Vec::new(), None);
    while heard.len() < texts || file.is_none() {
        let mut message = bob.next().await.unwrap();
        if message.content_type().is_text() {
            message.text().await.unwrap();
            heard.push(Instant::now());
        } else {
            file = Some(tokio::spawn(async move {
                let read = message.read_to_end(&mut Vec::new()).await;
                read.map(|_| Instant::now())
            }));
        }
    }
    (heard, file.unwrap().await.unwrap().unwrap())
}

/// A text while a file is on its way: after how long it arrived, and what the file took.
async fn text_behind_a_file(
    (alice, bob, _switch): (Session, Session, Switch),
    terms: Terms,
    size: usize,
) -> (Duration, Duration) {
    let listening = tokio::spawn(listen(bob, 1));
    let start = Instant::now();
    let reader = std::io::Cursor::new(octets(size));
    let file = alice.send_from(reader, streamed(Some(size as u64))).await.unwrap();
    sleep(terms.time_of(size / 3)).await;
    let asked = Instant::now();
    let text = alice.send("Can you hear me?").await.unwrap();
    let (heard, whole) = listening.await.unwrap();
    text.delivered().await.unwrap();
    file.delivered().await.unwrap();
    assert!(heard[0] < whole);
    (heard[0] - asked, whole - start)
}

#[tokio::test(start_paused = true)]
async fn a_text_does_not_wait_for_the_file_before_it() {
    for (kilobits, size) in [(256, 500_000), (2_000, 2_000_000), (20_000, 24_000_000)] {
        let terms = Terms::kilobits(kilobits, DELAY);
        let session = session_over(terms, Endpoint::builder()).await;
        let (text, file) = text_behind_a_file(session, terms, size).await;
        let most = terms.time_of(AHEAD) + 2 * TICK;
        assert!(text <= most, "{kilobits} kbit/s: {text:?}, at most {most:?}");
        // The heads of its chunks, and the text, cost the file less than 3 percent.
        let share = terms.time_of(size).as_secs_f64() / file.as_secs_f64();
        assert!(share >= 0.97, "{kilobits} kbit/s: {share}");
    }
}

#[cfg(feature = "websocket")]
#[tokio::test(start_paused = true)]
async fn a_text_does_not_wait_for_the_file_before_it_on_a_websocket() {
    for (kilobits, size) in [(256, 500_000), (2_000, 2_000_000), (20_000, 24_000_000)] {
        let terms = Terms::kilobits(kilobits, DELAY);
        let session = session_over_websocket(terms, Endpoint::builder()).await;
        let (text, file) = text_behind_a_file(session, terms, size).await;
        let most = terms.time_of(AHEAD) + 2 * TICK;
        assert!(text <= most, "{kilobits} kbit/s: {text:?}, at most {most:?}");
        // Each message is a chunk with a head of its own, which take 2 percent.
        let share = terms.time_of(size).as_secs_f64() / file.as_secs_f64();
        assert!(share >= 0.96, "{kilobits} kbit/s: {share}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_times_out_at_8_kilobits() {
    let terms = Terms::kilobits(8, Duration::from_millis(300));
    let (alice, bob, _switch) = session_over(terms, Endpoint::builder()).await;
    chat_beside_a_file(alice, bob).await;
}

#[cfg(feature = "websocket")]
#[tokio::test(start_paused = true)]
async fn nothing_times_out_at_8_kilobits_on_a_websocket() {
    let terms = Terms::kilobits(8, Duration::from_millis(300));
    let (alice, bob, _switch) = session_over_websocket(terms, Endpoint::builder()).await;
    chat_beside_a_file(alice, bob).await;
}

async fn chat_beside_a_file(mut alice: Session, bob: Session) {
    let sender = bob.sender();
    let listening = tokio::spawn(listen(bob, 20));
    let size = 100_000;
    let reader = std::io::Cursor::new(octets(size));
    let file = alice.send_from(reader, streamed(Some(size as u64))).await.unwrap();
    let mut texts = Vec::new();
    for number in 0..20 {
        texts.push(alice.send(format!("text {number}")).await.unwrap());
        texts.push(sender.send(format!("reply {number}")).await.unwrap());
        alice.next().await.unwrap();
        sleep(Duration::from_secs(3)).await;
    }
    for text in texts {
        text.delivered().await.unwrap();
    }
    file.delivered().await.unwrap();
    listening.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_link_that_stalls_loses_nothing() {
    let terms = Terms::kilobits(2_000, DELAY);
    let (alice, bob, switch) = session_over(terms, Endpoint::builder()).await;
    let listening = tokio::spawn(listen(bob, 1));
    let size = 1_000_000;
    let reader = std::io::Cursor::new(octets(size));
    let file = alice.send_from(reader, streamed(Some(size as u64))).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    switch.send(false).unwrap();
    let text = alice.send("Can you hear me?").await.unwrap();
    sleep(Duration::from_secs(25)).await;
    switch.send(true).unwrap();
    listening.await.unwrap();
    text.delivered().await.unwrap();
    file.delivered().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dead_link_is_told_within_its_time() {
    for silence in [10, 60].map(Duration::from_secs) {
        let terms = Terms::kilobits(2_000, DELAY);
        let alices = Endpoint::builder().config(|config| config.silence_timeout = silence);
        let (alice, bob, switch) = session_over(terms, alices).await;
        let _listening = tokio::spawn(listen(bob, 0));
        let file = alice.send_from(tokio::io::repeat(7), streamed(None)).await.unwrap();
        sleep(Duration::from_secs(5)).await;
        switch.send(false).unwrap();
        let death = Instant::now();
        let lost = file.delivered().await.unwrap_err();
        assert_eq!(lost.outcome(), Outcome::ConnectionLost);
        assert_eq!(lost.ended().unwrap().reason, CloseReason::Silent);
        let took = death.elapsed();
        assert!(took <= silence + Duration::from_secs(1), "{silence:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_link_without_messages_is_told_by_the_keep_alive() {
    let terms = Terms::kilobits(2_000, DELAY);
    let alices = Endpoint::builder().config(|config| {
        config.keep_alive = Some(Duration::from_secs(20));
        config.silence_timeout = Duration::from_secs(10);
    });
    let (alice, _bob, switch) = session_over(terms, alices).await;
    sleep(Duration::from_secs(100)).await;
    assert!(alice.ended().is_none());
    switch.send(false).unwrap();
    let death = Instant::now();
    assert_eq!(alice.sender().closed().await.reason, CloseReason::Silent);
    assert!(death.elapsed() <= Duration::from_secs(31), "{:?}", death.elapsed());
}
