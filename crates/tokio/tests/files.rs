//! Large messages and files.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use common::{Folder, octets, pair, pair_of, streamed, tcp_pair};
#[cfg(feature = "content")]
use msrp::mime::MimeValueBuilder;
use msrp::{FailReason, Outcome, OutgoingMessage, StatusCode};
use msrp_tokio::{Endpoint, MessageError, SaveError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::time::{sleep, timeout};

const SIZE: usize = 3_000_000;

#[tokio::test]
async fn a_file_arrives_under_its_name() {
    let mut pair = tcp_pair().await;
    let (outbox, inbox) = (Folder::new(), Folder::new());
    let path = outbox.0.join("talk.mp4");
    let talk = [&b"\0\0\0\x18ftypisom"[..], &octets(SIZE - 12)].concat();
    std::fs::write(&path, &talk).unwrap();

    let sent = pair.alice.send_file(&path).await.unwrap();
    let mut message = pair.bob.next().await.unwrap();
    assert_eq!(message.content_type().as_str(), "video/mp4");
    assert_eq!(message.announced_size(), Some(SIZE as u64));
    let saved = message.save_to(&inbox.0).await.unwrap();
    sent.delivered().await.unwrap();

    assert_eq!(saved, inbox.0.join("talk.mp4"));
    assert_eq!(std::fs::read(saved).unwrap(), talk);
    assert_eq!(inbox.names(), ["talk.mp4"]);
    let progress = sent.progress().borrow().clone();
    assert_eq!((progress.left, progress.accepted), (SIZE as u64, SIZE as u64));

    // The name is taken now.
    pair.alice.send_file(&path).await.unwrap();
    let saved = pair.bob.next().await.unwrap().save_to(&inbox.0).await.unwrap();
    assert_eq!(saved, inbox.0.join("talk (2).mp4"));
}

#[cfg(feature = "content")]
#[tokio::test]
async fn a_file_that_is_not_what_it_says_gets_another_ending() {
    let mut pair = tcp_pair().await;
    let inbox = Folder::new();
    for (content_type, name, octets, saved) in [
        ("image/png", "evil.html", "<script>", "evil_html.bin"),
        ("image/png", "evil.html", "\u{89}PNG", "evil_html (2).bin"),
        ("text/plain", "notes.part", "Hello", "notes_part.txt"),
        ("text/plain", "../\u{202e}x.cmd", "Hello", "x_cmd.txt"),
    ] {
        let disposition = MimeValueBuilder::new("attachment").parameter("filename", name);
        let message = OutgoingMessage::new(content_type.parse().unwrap(), octets)
            .header("Content-Disposition", disposition.build().unwrap());
        pair.alice.send(message).await.unwrap();
        let path = pair.bob.next().await.unwrap().save_to(&inbox.0).await.unwrap();
        assert_eq!(path.strip_prefix(&inbox.0).unwrap().to_str().unwrap(), saved);
        assert_eq!(std::fs::read_to_string(path).unwrap(), octets);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_read_as_a_stream_while_it_arrives() {
    let mut pair = pair().await;
    let mut upload = pair.alice.sender().upload(streamed(None)).await.unwrap();
    upload.write_all(&octets(100_000)).await.unwrap();
    let mut message = pair.bob.next().await.unwrap();
    let mut first = vec![0; 90_000];
    message.read_exact(&mut first).await.unwrap();
    assert_eq!(first, octets(90_000));

    let sent = upload.sent().clone();
    let writing = async {
        upload.write_all(&octets(SIZE)).await.unwrap();
        upload.shutdown().await.unwrap();
    };
    let mut rest = Vec::new();
    let (_, read) = tokio::join!(writing, message.read_to_end(&mut rest));
    assert_eq!(read.unwrap(), 10_000 + SIZE);
    assert_eq!(rest[10_000..], octets(SIZE));
    sent.delivered().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_small_message_comes_when_it_is_whole_unless_the_endpoint_wants_it_sooner() {
    for (whole, comes) in [(64 * 1024, false), (1000, true), (0, true)] {
        let mut pair = pair_of(Endpoint::builder(), Endpoint::builder().whole(whole)).await;
        let mut upload = pair.alice.sender().upload(streamed(None)).await.unwrap();
        upload.write_all(&octets(10_000)).await.unwrap();
        let next = timeout(Duration::from_secs(5), pair.bob.next()).await;
        assert_eq!(next.is_ok(), comes, "{whole}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_goes_as_fast_as_it_is_read() {
    let mut pair = pair().await;
    let mut upload = pair.alice.sender().upload(streamed(None)).await.unwrap();
    let piece = octets(64 * 1024);
    let mut written = 0;
    while timeout(Duration::from_secs(1), upload.write_all(&piece)).await.is_ok() {
        written += piece.len();
        assert!(written < 64 * 1024 * 1024, "nothing holds the writer back");
    }
    // The room of the reader, the body of the writer, and what the stream holds.
    assert!(written < 2 * 1024 * 1024, "{written}");

    // Only the progress timeout of the message bounds the wait, and nothing is lost.
    sleep(Duration::from_secs(110)).await;
    let mut message = pair.bob.next().await.unwrap();
    let reading = tokio::spawn(async move { message.read_to_end(&mut Vec::new()).await });
    upload.write_all(&piece).await.unwrap();
    upload.shutdown().await.unwrap();
    assert!(reading.await.unwrap().unwrap() > written);
}

#[tokio::test(start_paused = true)]
async fn progress_tells_each_step() {
    let mut pair = pair().await;
    let message = streamed(Some(SIZE as u64)).success_report(true);
    let sent = pair.alice.send_from(std::io::Cursor::new(octets(SIZE)), message).await.unwrap();
    let mut progress = sent.progress();
    let watching = tokio::spawn(async move {
        let mut steps = 0;
        while progress.borrow_and_update().outcome().is_none() {
            progress.changed().await.unwrap();
            steps += 1;
        }
        let last = progress.borrow().clone();
        (steps, last)
    });
    let mut read = Vec::new();
    pair.bob.next().await.unwrap().read_to_end(&mut read).await.unwrap();
    let (steps, last) = watching.await.unwrap();
    assert!(steps > 20, "{steps}");
    assert_eq!((last.total, last.delivered), (Some(SIZE as u64), SIZE as u64));
    assert_eq!(last.outcome(), Some(Outcome::Delivered));
}

#[tokio::test(start_paused = true)]
async fn an_aborted_message_leaves_no_file() {
    let mut pair = pair().await;
    let inbox = Folder::new();
    let mut upload = pair.alice.sender().upload(streamed(None)).await.unwrap();
    upload.write_all(&octets(200_000)).await.unwrap();
    let mut message = pair.bob.next().await.unwrap();
    let sent = upload.sent().clone();
    let saving = message.save_to(&inbox.0);
    let aborting = async {
        sleep(Duration::from_secs(1)).await;
        drop(upload);
    };
    let (saved, ()) = tokio::join!(saving, aborting);
    let error = saved.unwrap_err();
    assert!(
        matches!(
            error,
            SaveError::Message(MessageError::Failed { reason: FailReason::Aborted, .. })
        ),
        "{error}"
    );
    assert_eq!(sent.delivered().await.unwrap_err().outcome(), Outcome::Aborted);
    assert!(inbox.names().is_empty(), "{:?}", inbox.names());
}

/// A reader that fails at once.
struct Failing;

impl AsyncRead for Failing {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Poll::Ready(Err(std::io::Error::other("the disk is on fire")))
    }
}

#[tokio::test(start_paused = true)]
async fn both_sides_learn_that_the_octets_of_a_message_do_not_come() {
    let mut pair = pair().await;
    let given = || std::io::Cursor::new(octets(SIZE));
    let failing: Pin<Box<dyn AsyncRead + Send>> = Box::pin(given().chain(Failing));
    for (reader, size, why) in [
        (failing, 2 * SIZE as u64, "the disk is on fire"),
        (Box::pin(given()), 2 * SIZE as u64, "missing"),
        (Box::pin(given()), SIZE as u64 / 2, "1500000"),
    ] {
        let sent = pair.alice.send_from(reader, streamed(Some(size))).await.unwrap();
        let mut message = pair.bob.next().await.unwrap();
        let read = loop {
            match message.next_piece().await {
                Ok(Some(_)) => {}
                end => break end,
            }
        };
        let aborted = FailReason::Aborted;
        assert!(matches!(read, Err(MessageError::Failed { reason, .. }) if reason == aborted));
        let failed = sent.delivered().await.unwrap_err();
        assert_eq!(failed.outcome(), Outcome::Aborted);
        assert!(failed.to_string().contains(why), "{failed}");
        assert!(failed.reader().is_some());
    }
    // The session goes on.
    pair.alice.send("Sorry").await.unwrap().delivered().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_dropped_stops_its_sender() {
    let mut pair = pair().await;
    let reader = tokio::io::repeat(7);
    let sent = pair.alice.send_from(reader, streamed(None)).await.unwrap();
    drop(pair.bob.next().await.unwrap());
    let refused = sent.delivered().await.unwrap_err();
    assert_eq!(refused.outcome(), Outcome::Rejected(StatusCode::STOP_SENDING));
    // The session goes on.
    pair.alice.send("Sorry").await.unwrap().delivered().await.unwrap();
    assert_eq!(pair.bob.next().await.unwrap().text().await.unwrap(), "Sorry");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_written_stops_its_sender() {
    let mut pair = pair().await;
    let inbox = Folder::new();
    let no_folder = inbox.0.join("file");
    std::fs::write(&no_folder, b"in the way").unwrap();
    let sent = pair.alice.send_from(tokio::io::repeat(7), streamed(None)).await.unwrap();
    let mut message = pair.bob.next().await.unwrap();
    let error = message.save_to(&no_folder).await.unwrap_err();
    assert!(matches!(error, SaveError::File { .. }), "{error}");
    let refused = sent.delivered().await.unwrap_err();
    assert_eq!(refused.outcome(), Outcome::Rejected(StatusCode::STOP_SENDING));
}

#[tokio::test(start_paused = true)]
async fn a_text_is_bounded_and_checked() {
    let mut pair = pair().await;
    let long = "x".repeat(1024 * 1024 + 1);
    pair.alice.send(long.clone()).await.unwrap();
    let mut message = pair.bob.next().await.unwrap();
    assert!(matches!(message.text().await, Err(MessageError::TooLong { .. })));
    let mut text = String::new();
    message.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, long);

    let latin = OutgoingMessage::new("text/plain".parse().unwrap(), b"caf\xe9".to_vec());
    pair.alice.send(latin).await.unwrap();
    assert!(matches!(pair.bob.next().await.unwrap().text().await, Err(MessageError::NotUtf8)));

    let charset = "text/plain;charset=iso-8859-1".parse().unwrap();
    pair.alice.send(OutgoingMessage::new(charset, b"caf\xe9".to_vec())).await.unwrap();
    let refused = pair.bob.next().await.unwrap().text().await.unwrap_err();
    assert_eq!(refused.to_string(), "the charset of the text is iso-8859-1, not UTF-8");
}

#[tokio::test(start_paused = true)]
async fn a_message_is_read_only_once() {
    let mut pair = pair().await;
    let inbox = Folder::new();
    pair.alice.send("once").await.unwrap();
    let mut message = pair.bob.next().await.unwrap();
    message.save_to(&inbox.0).await.unwrap();
    let again = message.save_to(&inbox.0).await.unwrap_err();
    assert!(matches!(again, SaveError::Message(MessageError::AlreadyRead)), "{again}");
    assert_eq!(inbox.names().len(), 1);
}
