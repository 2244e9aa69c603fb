//! Every future can be dropped after any number of polls, and nothing is lost.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use common::{ALICE, Folder, bob_expects, octets, pair, pair_of, streamed, tcp_pair, uri};
use msrp::SessionConfig;
use msrp::uri::Scheme;
use msrp_tokio::{Endpoint, Error};
use tokio::io::AsyncWriteExt;
use tokio::time::{sleep, timeout};

/// More polls than any of these futures needs.
const MANY: usize = 200;

/// Polls a future so many times at most, and drops it. `None` if it was not ready.
async fn cut<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polled = 0;
    poll_fn(|cx| {
        if polled == polls {
            return Poll::Ready(None);
        }
        polled += 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if polled == polls => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn no_message_is_lost_when_the_wait_for_it_is_dropped() {
    let mut pair = pair().await;
    for polls in 0..5 {
        assert!(cut(pair.bob.next(), polls.min(1)).await.is_none());
        pair.alice.send(polls.to_string()).await.unwrap();
        let early = cut(pair.bob.next(), polls).await;
        let mut message = match early {
            Some(message) => message.unwrap(),
            None => pair.bob.next().await.unwrap(),
        };
        assert_eq!(message.text().await.unwrap(), polls.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_sending_was_dropped_is_not_sent() {
    let builder = Endpoint::builder().config(|config| config.limits.outgoing_messages = 1);
    let mut pair = pair_of(builder, Endpoint::builder()).await;
    for polls in 1..5 {
        let first = pair.alice.send("first").await.unwrap();
        // There is no room for it before the first one has its outcome.
        assert!(cut(pair.alice.send("dropped"), polls.min(1)).await.is_none());
        first.delivered().await.unwrap();
        pair.alice.send("last").await.unwrap().delivered().await.unwrap();
        for text in ["first", "last"] {
            assert_eq!(pair.bob.next().await.unwrap().text().await.unwrap(), text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_that_was_half_read_is_read_whole() {
    for polls in 0..40 {
        let mut pair = pair().await;
        let text = "Hyacinths. ".repeat(20_000);
        pair.alice.send(text.clone()).await.unwrap();
        let mut message = pair.bob.next().await.unwrap();
        let early = cut(message.text(), polls).await;
        let read = match early {
            Some(text) => text.unwrap(),
            None => message.text().await.unwrap(),
        };
        assert!(read == text, "{polls}");
    }
}

#[tokio::test]
async fn a_file_that_was_half_saved_is_saved_whole_or_not_at_all() {
    for polls in (0..20).chain([MANY]) {
        let (mut pair, inbox) = (tcp_pair().await, Folder::new());
        let reader = std::io::Cursor::new(octets(300_000));
        pair.alice.send_from(reader, streamed(None)).await.unwrap();
        let mut message = pair.bob.next().await.unwrap();
        let early = cut(message.save_to(&inbox.0), polls).await;
        if polls % 2 == 0 || early.is_some() {
            let path = match early {
                Some(path) => path.unwrap(),
                None => message.save_to(&inbox.0).await.unwrap(),
            };
            assert!(std::fs::read(path).unwrap() == octets(300_000));
            assert_eq!(inbox.names().len(), 1);
        } else {
            drop(message);
            while !inbox.names().is_empty() {
                sleep(Duration::from_millis(1)).await;
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_was_given_up_is_in_nobodys_way() {
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let alices = Endpoint::builder().build().unwrap();
    for polls in 0..20 {
        let far = bobs.uri(Scheme::Msrp).unwrap();
        let near = uri(ALICE);
        let config = || SessionConfig::new(near.clone(), far.clone().into());
        let given_up = bobs.expect(SessionConfig::expected(far.clone()));
        let early = cut(alices.connect(config()), polls).await;
        drop((early, given_up));

        let far = bobs.uri(Scheme::Msrp).unwrap();
        let bob = bobs.expect(SessionConfig::expected(far.clone()));
        let alice = loop {
            // The URI of the session that was given up is free as soon as that has ended.
            match alices.connect(SessionConfig::new(near.clone(), far.clone().into())).await {
                Err(Error::Session(msrp::SessionError::UriInUse)) => tokio::task::yield_now().await,
                alice => break alice.unwrap(),
            }
        };
        let mut bob = bob.await.unwrap();
        alice.send("there").await.unwrap().delivered().await.unwrap();
        assert_eq!(bob.next().await.unwrap().text().await.unwrap(), "there");
    }
}

#[tokio::test(start_paused = true)]
async fn outcomes_can_be_asked_for_again() {
    let pair = pair().await;
    for polls in 0..5 {
        let sent = pair.alice.send("Are you there?").await.unwrap();
        cut(sent.accepted(), polls).await;
        cut(sent.delivered(), polls).await;
        cut(sent.finished(), polls).await;
        sent.accepted().await.unwrap();
        sent.delivered().await.unwrap();
        assert!(sent.finished().await.unwrap().outcome.is_success());
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_session_can_be_dropped_and_its_uri_used_again() {
    let bobs = Endpoint::builder().build().unwrap();
    for polls in 0..2 {
        assert!(cut(bobs.expect(bob_expects()), polls).await.is_none());
    }
    let waiting = bobs.expect(bob_expects());
    assert!(matches!(bobs.expect(bob_expects()).await, Err(Error::Session(_))));
    drop(waiting);
}

#[tokio::test(start_paused = true)]
async fn an_upload_takes_octets_after_a_wait_that_was_dropped() {
    let mut pair = pair().await;
    let mut upload = pair.alice.sender().upload(streamed(None)).await.unwrap();
    let piece = octets(1000);
    // Nobody reads: at some point a write has to wait, and is dropped.
    let mut written = 0;
    while let Some(len) = cut(upload.write(&piece), 1).await {
        written += len.unwrap();
        tokio::task::yield_now().await;
    }
    let reading = tokio::spawn(async move {
        let mut message = pair.bob.next().await.unwrap();
        let mut read = 0;
        while let Some(piece) = message.next_piece().await.unwrap() {
            read += piece.octets.len();
        }
        (read, pair.bob)
    });
    upload.write_all(&piece).await.unwrap();
    upload.shutdown().await.unwrap();
    assert_eq!(reading.await.unwrap().0, written + piece.len());
}

#[tokio::test(start_paused = true)]
async fn closing_goes_on_when_the_wait_for_it_is_dropped() {
    for polls in 0..4 {
        let mut pair = pair().await;
        let sent = pair.alice.send("last").await.unwrap();
        assert!(cut(pair.alices.close(), polls.min(1)).await.is_none());
        timeout(Duration::from_secs(5), pair.alices.close()).await.unwrap();
        sent.delivered().await.unwrap();
        assert_eq!(pair.bob.next().await.unwrap().text().await.unwrap(), "last");
    }
}
