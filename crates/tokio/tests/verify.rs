//! What an application checks is not acknowledged before.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Folder, Pair, alice_opens, bob_expects, octets, pair, streamed};
use msrp::{Outcome, OutgoingMessage, ReportMode, ResponseMode, SessionConfig, StatusCode};
use msrp_tokio::{Endpoint, SaveError, Sent, Session, Stream};
use tokio::time::sleep;

const SIZE: usize = 300_000;
const REFUSED: Outcome = Outcome::Rejected(StatusCode::BAD_REQUEST);

/// Sends a file whose arrival is to be reported.
async fn send(alice: &Session) -> Sent {
    let message = streamed(Some(SIZE as u64)).success_report(true);
    alice.send_from(std::io::Cursor::new(octets(SIZE)), message).await.unwrap()
}

/// A session whose receiver has chosen who responds and reports.
async fn pair_with(config: impl FnOnce(SessionConfig) -> SessionConfig) -> Pair {
    let (alices, bobs) =
        (Endpoint::builder().build().unwrap(), Endpoint::builder().build().unwrap());
    let (near, far) = tokio::io::duplex(common::STREAM_OCTETS);
    let bob = bobs.expect(config(bob_expects()));
    bobs.serve(Stream::new(far)).unwrap();
    let (alice, bob) = tokio::join!(alices.connect_over(Stream::new(near), alice_opens()), bob);
    Pair { alice: alice.unwrap(), bob: bob.unwrap(), alices, bobs }
}

#[tokio::test]
async fn a_file_has_neither_name_nor_report_before_it_is_kept() {
    let (mut pair, inbox) = (pair().await, Folder::new());
    let sent = send(&pair.alice).await;
    let file = pair.bob.next().await.unwrap().save_unverified(&inbox.0).await.unwrap();
    assert_eq!(file.octets(), SIZE as u64);
    assert_eq!(std::fs::read(file.path()).unwrap(), octets(SIZE));
    assert!(inbox.names().iter().all(|name| name.ends_with(".part")), "{:?}", inbox.names());
    sent.accepted().await.unwrap();
    // Whatever was said before this would have arrived with it.
    pair.bob.send("Wait").await.unwrap().delivered().await.unwrap();
    assert_eq!(sent.progress().borrow().outcome(), None);

    let path = file.keep().await.unwrap();
    sent.delivered().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), octets(SIZE));
    assert_eq!(inbox.names(), [path.file_name().unwrap().to_str().unwrap()]);
}

#[tokio::test]
async fn an_unfinished_file_has_the_name_that_its_sender_gives() {
    let (mut pair, inbox) = (pair().await, Folder::new());
    let path = inbox.0.join("talk.mp4");
    std::fs::write(&path, octets(SIZE)).unwrap();
    pair.alice.send_file(&path).await.unwrap();
    let file = pair.bob.next().await.unwrap().save_unverified(&inbox.0).await.unwrap();
    assert_eq!(file.path(), inbox.0.join("talk.mp4.part"));
    // It is no film.
    if cfg!(feature = "content") {
        assert_eq!(file.keep().await.unwrap(), inbox.0.join("talk_mp4.bin"));
    }
}

#[tokio::test]
async fn a_file_that_is_refused_is_deleted_and_its_sender_knows() {
    let (mut pair, inbox) = (pair().await, Folder::new());
    let sent = send(&pair.alice).await;
    let file = pair.bob.next().await.unwrap().save_unverified(&inbox.0).await.unwrap();
    file.refuse(StatusCode::BAD_REQUEST);
    assert_eq!(sent.delivered().await.unwrap_err().outcome(), REFUSED);
    assert!(inbox.names().is_empty());
}

#[tokio::test]
async fn a_file_that_nobody_keeps_is_refused() {
    let (mut pair, inbox) = (pair().await, Folder::new());
    let sent = send(&pair.alice).await;
    drop(pair.bob.next().await.unwrap().save_unverified(&inbox.0).await.unwrap());
    let outcome = sent.delivered().await.unwrap_err().outcome();
    assert_eq!(outcome, Outcome::Rejected(StatusCode::STOP_SENDING));
    assert!(inbox.names().is_empty());
}

#[tokio::test]
async fn a_file_that_cannot_get_its_name_is_not_reported() {
    let (mut pair, inbox) = (pair().await, Folder::new());
    let sent = send(&pair.alice).await;
    let file = pair.bob.next().await.unwrap().save_unverified(&inbox.0).await.unwrap();
    std::fs::remove_file(file.path()).unwrap();
    let error = file.keep().await.unwrap_err();
    assert!(matches!(error, SaveError::File { .. }), "{error}");
    let outcome = sent.delivered().await.unwrap_err().outcome();
    assert_eq!(outcome, Outcome::Rejected(StatusCode::STOP_SENDING));
    assert!(inbox.names().is_empty(), "{:?}", inbox.names());
}

#[tokio::test]
async fn a_file_is_kept_under_the_name_of_its_session_description() {
    let (mut pair, inbox) = (pair().await, Folder::new());
    std::fs::write(inbox.0.join("talk.mp4"), b"another").unwrap();
    for (name, kept) in [("../talk.mp4", "talk (2).mp4"), ("notes.part", "notes_part")] {
        let sent = send(&pair.alice).await;
        let file = pair.bob.next().await.unwrap().save_unverified(&inbox.0).await.unwrap();
        assert_eq!(file.keep_as(name).await.unwrap(), inbox.0.join(kept));
        sent.delivered().await.unwrap();
    }
}

#[tokio::test]
async fn keeping_goes_on_when_the_wait_for_it_is_dropped() {
    let (mut pair, inbox) = (pair().await, Folder::new());
    let sent = send(&pair.alice).await;
    let file = pair.bob.next().await.unwrap().save_unverified(&inbox.0).await.unwrap();
    let mut keeping = Box::pin(file.keep());
    let waker = std::task::Waker::noop();
    let _ = keeping.as_mut().poll(&mut std::task::Context::from_waker(waker));
    drop(keeping);
    sent.delivered().await.unwrap();
    assert!(!inbox.names()[0].ends_with(".part"), "{:?}", inbox.names());
}

#[tokio::test]
async fn a_response_that_is_left_to_the_application_refuses_a_file() {
    let mut pair = pair_with(|bob| bob.responses(ResponseMode::Application)).await;
    let inbox = Folder::new();
    let sent = send(&pair.alice).await;
    let mut message = pair.bob.next().await.unwrap();
    let file = message.save_unverified(&inbox.0).await.unwrap();
    file.refuse(StatusCode::BAD_REQUEST);
    assert_eq!(sent.accepted().await.unwrap_err().outcome(), REFUSED);
    drop(message);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_read_is_reported_as_the_application_says() {
    let mut pair = pair_with(|bob| bob.reports(ReportMode::Manual)).await;
    for is_good in [true, false] {
        let text = OutgoingMessage::text("Hyacinths").success_report(true);
        let sent = pair.alice.send(text).await.unwrap();
        let mut message = pair.bob.next().await.unwrap();
        assert_eq!(message.text().await.unwrap(), "Hyacinths");
        sleep(Duration::from_secs(1)).await;
        assert_eq!(sent.progress().borrow().outcome(), None);
        if is_good {
            message.report(None).unwrap();
            sent.delivered().await.unwrap();
        } else {
            message.reject(StatusCode::BAD_REQUEST).unwrap();
            let refused = sent.delivered().await.unwrap_err();
            assert_eq!(refused.outcome(), REFUSED);
            // The response has accepted it, and its comment is not the reason.
            assert!(refused.to_string().ends_with("rejected with 400 Bad Request"), "{refused}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_reported_is_not_refused() {
    let mut pair = pair().await;
    let sent = pair.alice.send(OutgoingMessage::text("Hyacinths").success_report(true)).await;
    let mut message = pair.bob.next().await.unwrap();
    message.text().await.unwrap();
    assert!(message.reject(StatusCode::BAD_REQUEST).is_err());
    sent.unwrap().delivered().await.unwrap();
}
