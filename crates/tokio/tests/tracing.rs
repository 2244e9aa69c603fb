//! What is traced, and what never is.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use common::pair;
use msrp::OutgoingMessage;
use tracing::Level;

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn heads_and_ends_are_traced_but_no_content_and_no_session_ids() {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let mut pair = pair().await;
    let text = OutgoingMessage::text("My mother's maiden name").success_report(true);
    let sent = pair.alice.send(text).await.unwrap();
    pair.bob.next().await.unwrap().text().await.unwrap();
    sent.delivered().await.unwrap();
    drop(pair.alice);
    pair.bob.sender().closed().await;

    let traced = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    for expected in [
        "connection{hop=a stream}",
        "msrp_tokio::wire: > ",
        "msrp_tokio::wire: < ",
        " SEND from alice.example:7654 to bob.example:12763",
        "Success-Report: yes",
        "Byte-Range: 1-23/23",
        " REPORT from bob.example:12763 to alice.example:7654",
        "outcome=delivered",
        "session open",
        "session ended",
        "connection ended",
        sent.message_id().as_str(),
    ] {
        assert!(traced.contains(expected), "{expected} is not in:\n{traced}");
    }
    for secret in ["maiden", "jshA7weztas", "kjhd37s2s20w2a"] {
        assert!(!traced.contains(secret), "{secret} is in:\n{traced}");
    }
}
