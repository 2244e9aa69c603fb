//! Two processes that call each other, without a server between them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::path::PathBuf;

use common::Call;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A folder with a file to send, and one for what comes in.
struct Folders {
    folder: TempDir,
}

impl Folders {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn inbox(&self) -> PathBuf {
        self.folder.path().join("inbox")
    }

    fn file(&self, name: &str, octets: usize) -> (String, String) {
        let path = self.folder.path().join(name);
        let look = if name.ends_with(".pdf") { &b"%PDF-1.7"[..] } else { b"" };
        let rest = (look.len()..octets).map(|at| (at * 31 % 251) as u8);
        let content: Vec<u8> = look.iter().copied().chain(rest).collect();
        fs::write(&path, &content).unwrap();
        (path.to_str().unwrap().to_owned(), hash(&content))
    }
}

fn hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn a_call_says_sends_and_hangs_up() {
    for tls in [&[][..], &["--tls"]] {
        let folders = Folders::new();
        let (path, sha256) = folders.file("talk.pdf", 3_000_000);
        let (bob, uri) = Call::listen(&folders.inbox(), &["--once"]);
        let said = ["--say", "Are you there?", "--say", "Then take this.", "--send", &path];
        let (status, events) = Call::dial(&uri, &[&said, tls].concat()).end();
        assert_eq!(status, 0);
        assert_eq!(names(&events), ["connected", "delivered", "delivered", "delivered", "ended"]);
        let (status, events) = bob.end();
        assert_eq!(status, 0);
        assert_eq!(names(&events), ["connected", "message", "message", "file", "ended"]);
        assert_eq!(events[0]["tls"], !tls.is_empty());
        assert_eq!(events[1]["text"], "Are you there?");
        assert_eq!(events[3]["name"], "talk.pdf");
        assert_eq!(events[3]["sha256"], *sha256);
        assert_eq!(hash(&fs::read(folders.inbox().join("talk.pdf")).unwrap()), sha256);
    }
}

#[test]
fn files_of_the_same_name_stand_side_by_side() {
    let folders = Folders::new();
    let (path, _) = folders.file("talk.pdf", 17);
    let (bob, uri) = Call::listen(&folders.inbox(), &["--once"]);
    let (status, _) = Call::dial(&uri, &["--send", &path, "--send", &path, "--send", &path]).end();
    assert_eq!(status, 0);
    let (_, events) = bob.end();
    let stored: std::collections::HashSet<_> =
        events.iter().filter_map(|event| event["path"].as_str()).collect();
    assert_eq!(stored.len(), 3);
    assert!(stored.iter().all(|path| fs::read(path).unwrap().len() == 17));
    assert_eq!(fs::read_dir(folders.inbox()).unwrap().count(), 3);
}

#[test]
fn an_empty_file_arrives() {
    let folders = Folders::new();
    let (path, sha256) = folders.file("empty", 0);
    let (bob, uri) = Call::listen(&folders.inbox(), &["--once"]);
    let (status, events) = Call::dial(&uri, &["--send", &path]).end();
    assert_eq!(status, 0, "{events:?}");
    let (_, events) = bob.end();
    assert_eq!(events[1]["sha256"], *sha256);
}

#[test]
fn both_sides_chat_and_send_files_at_once() {
    let folders = Folders::new();
    let (path, sha256) = folders.file("talk.pdf", 300_000);
    let (mut bob, uri) = Call::listen(&folders.inbox(), &[]);
    let alices_inbox = folders.folder.path().join("alices");
    let mut alice = Call::dial(&uri, &["--out", alices_inbox.to_str().unwrap()]);
    alice.expect("connected");
    bob.expect("connected");
    alice.type_line("Hello");
    assert_eq!(bob.expect("message")["text"], "Hello");
    alice.expect("delivered");
    bob.type_line("Good day");
    assert_eq!(alice.expect("message")["text"], "Good day");
    bob.expect("delivered");
    // Both offer at the same time.
    alice.type_line(&format!("/send {path}"));
    bob.type_line(&format!("/send {path}"));
    for side in [&mut alice, &mut bob] {
        let mut events = [side.next().unwrap(), side.next().unwrap()];
        events.sort_by_key(|event| event["event"].to_string());
        assert_eq!(names(&events), ["delivered", "file"]);
        assert_eq!(events[1]["sha256"], *sha256);
    }
    alice.type_line("/bye");
    let (status, events) = alice.end();
    assert_eq!((status, names(&events)), (0, vec!["ended"]));
    bob.expect("ended");
    // The next caller is welcome.
    let (status, _) = Call::dial(&uri, &["--say", "Me too"]).end();
    assert_eq!(status, 0);
    bob.expect("connected");
    assert_eq!(bob.expect("message")["text"], "Me too");
}

#[test]
fn the_one_who_was_called_hangs_up_too() {
    let folders = Folders::new();
    let (mut bob, uri) = Call::listen(&folders.inbox(), &[]);
    let mut alice = Call::dial(&uri, &[]);
    alice.expect("connected");
    bob.expect("connected");
    bob.type_line("Not now");
    bob.type_line("/bye");
    let (status, events) = alice.end();
    assert_eq!((status, names(&events)), (0, vec!["message", "ended"]));
}

#[test]
fn a_line_that_has_begun_is_seen_as_typing() {
    let folders = Folders::new();
    let (mut bob, uri) = Call::listen(&folders.inbox(), &["--once"]);
    let mut alice = Call::dial(&uri, &[]);
    alice.expect("connected");
    bob.expect("connected");
    alice.type_part("Are you");
    assert_eq!(bob.expect("typing")["active"], true);
    alice.type_part(" there?\n");
    assert_eq!(bob.expect("message")["text"], "Are you there?");
    alice.end_input();
    assert_eq!(alice.end().0, 0);
    bob.expect("ended");
}

#[test]
fn everything_that_was_typed_is_delivered_before_the_end_of_input_hangs_up() {
    let folders = Folders::new();
    let (bob, uri) = Call::listen(&folders.inbox(), &["--once"]);
    let mut alice = Call::dial(&uri, &[]);
    for number in 0..500 {
        alice.type_line(&format!("line {number}"));
    }
    alice.end_input();
    assert_eq!(alice.end().0, 0);
    let (status, events) = bob.end();
    assert_eq!(status, 0);
    let texts: Vec<_> = events.iter().filter_map(|event| event["text"].as_str()).collect();
    let all: Vec<_> = (0..500).map(|number| format!("line {number}")).collect();
    assert_eq!(texts, all);
}

#[test]
fn a_call_that_is_declined_fails_with_the_reason() {
    let folders = Folders::new();
    let (mut bob, uri) = Call::listen(&folders.inbox(), &["--ask"]);
    bob.type_line("n");
    let (status, events) = Call::dial(&uri, &["--say", "Hello"]).end();
    assert_eq!((status, names(&events)), (1, vec!["failed"]));
    assert_eq!(events[0]["error"]["kind"], "refused");
    assert!(events[0]["error"]["message"].as_str().unwrap().contains("603"), "{events:?}");
    bob.expect("ringing");
    bob.type_line("y");
    let (status, _) = Call::dial(&uri, &["--say", "Hello"]).end();
    assert_eq!(status, 0);
    bob.expect("ringing");
    bob.expect("connected");
    bob.expect("message");
}

#[test]
fn a_call_that_nobody_answers_is_cancelled() {
    let folders = Folders::new();
    let (mut bob, uri) = Call::listen(&folders.inbox(), &["--ask"]);
    let (status, events) = Call::dial(&uri, &["--ring", "1", "--say", "Hello"]).end();
    assert_eq!(status, 1);
    assert_eq!(events[0]["error"]["kind"], "no-answer");
    bob.expect("ringing");
    bob.expect("cancelled");
}

#[test]
fn a_second_caller_finds_the_line_busy() {
    let folders = Folders::new();
    let (mut bob, uri) = Call::listen(&folders.inbox(), &[]);
    let mut alice = Call::dial(&uri, &[]);
    alice.expect("connected");
    bob.expect("connected");
    let (status, events) = Call::dial(&uri, &["--say", "Hello"]).end();
    assert_eq!(status, 1);
    assert!(events[0]["error"]["message"].as_str().unwrap().contains("486"), "{events:?}");
    alice.type_line("Still here");
    assert_eq!(bob.expect("message")["text"], "Still here");
}

#[test]
fn a_side_that_dies_fails_the_call_of_the_other() {
    let folders = Folders::new();
    let (mut bob, uri) = Call::listen(&folders.inbox(), &["--once"]);
    let mut alice = Call::dial(&uri, &[]);
    alice.expect("connected");
    bob.expect("connected");
    alice.kill();
    let (status, events) = bob.end();
    assert_eq!(status, 1);
    assert_eq!(events[0]["error"]["kind"], "ended", "{events:?}");
}

#[test]
fn wrong_usage_is_told_before_anybody_is_called() {
    let folders = Folders::new();
    let (path, _) = folders.file("talk.pdf", 17);
    let uri = "sip:127.0.0.1:9";
    let folder = folders.folder.path().to_str().unwrap();
    let cases: [&[&str]; 7] = [
        &[],
        &["dial", "bob"],
        &["dial", "http://127.0.0.1/"],
        &["dial", uri, "--send", "/no/such/file"],
        &["dial", uri, "--send", folder],
        &["dial", uri, "--registrar", "sip:127.0.0.1"],
        &["listen", "--sip", "127.0.0.1:0", "--out", &path],
    ];
    for arguments in cases {
        let (status, events) = Call::start(arguments).end();
        assert_eq!((status, events), (2, vec![]), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_hangs_up() {
    let folders = Folders::new();
    let (mut bob, uri) = Call::listen(&folders.inbox(), &["--once"]);
    let mut alice = Call::dial(&uri, &[]);
    alice.expect("connected");
    bob.expect("connected");
    alice.terminate();
    alice.expect("ended");
    let (status, events) = bob.end();
    assert_eq!((status, names(&events)), (0, vec!["ended"]));
}
