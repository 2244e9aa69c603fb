//! What a signal leaves behind.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod processes;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use processes::{Folder, Receiver, Running, command, result, run, signal, uri};
use serde_json::json;

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The names in a folder, once there is one.
fn names(folder: &Path) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let entries = fs::read_dir(folder).unwrap();
        let names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        if !names.is_empty() || Instant::now() > deadline {
            return names;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A `send` whose input does not end, and of which the receiver has a part.
fn sender(receiver: &Receiver, folder: &Folder) -> (Running, std::process::ChildStdin) {
    let arguments = ["--to", &receiver.path, "-", "--name", "talk.mp4"];
    let mut sender = Running(command("send", &arguments).stdin(Stdio::piped()).spawn().unwrap());
    let mut stdin = sender.0.stdin.take().unwrap();
    stdin.write_all(&vec![7; 200_000]).unwrap();
    assert_eq!(names(&folder.0), ["talk.mp4.part"]);
    (sender, stdin)
}

#[test]
fn a_sender_that_is_interrupted_aborts_its_message() {
    for name in ["-INT", "-TERM"] {
        let folder = Folder::new();
        let mut receiver = Receiver::start(&["--once", "--out", folder.0.to_str().unwrap()]);
        let (sender, _stdin) = sender(&receiver, &folder);
        signal(&sender, name);
        let output = sender.output();
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert!(said.contains("the message is aborted"), "{said}");
        let (status, object) = result(output);
        assert_eq!((status, &object["error"]["kind"]), (1, &json!("interrupted")), "{object}");
        assert_eq!(object["success"], false);
        let received = receiver.next();
        assert_eq!(received["event"], "aborted", "{received}");
        assert_eq!(receiver.status(), 1);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    }
}

#[test]
fn a_sender_that_is_interrupted_before_it_connects_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = uri(&listener.local_addr().unwrap().to_string()).replace("msrp:", "msrps:");
    let fingerprint = format!("sha-256 {}", ["AB"; 32].join(":"));
    for subcommand in ["send", "connect"] {
        let arguments = ["--to", &to, "--fingerprint", &fingerprint];
        let running = Running(command(subcommand, &arguments).spawn().unwrap());
        // It has said hello, and waits for the answer.
        let mut socket = listener.accept().unwrap().0;
        socket.read_exact(&mut [0]).unwrap();
        signal(&running, "-INT");
        let (status, object) = result(running.output());
        assert_eq!((status, &object["error"]["kind"]), (1, &json!("interrupted")), "{object}");
    }
}

#[test]
fn a_receiver_that_is_interrupted_has_not_failed_however_early_that_is() {
    for name in ["-INT", "-TERM"].repeat(5) {
        let mut receiver = Receiver::start(&[]);
        signal(&receiver.process, name);
        assert_eq!(receiver.status(), 0);
    }
}

/// The sender has the 200, and does not send it again.
#[test]
fn a_receiver_that_is_interrupted_stores_what_is_complete() {
    let folder = Folder::new();
    let mut receiver = Receiver::start(&["--out", folder.0.to_str().unwrap()]);
    let source = Folder::new();
    let file = source.0.join("talk.mp4");
    fs::write(&file, vec![7; 8 << 20]).unwrap();
    let (status, sent) = run("send", &["--to", &receiver.path, "--file", file.to_str().unwrap()]);
    signal(&receiver.process, "-INT");
    assert_eq!(status, 0, "{sent}");
    let received = receiver.next();
    assert_eq!((&received["event"], &received["bytes"]), (&json!("message"), &json!(8 << 20)));
    assert_eq!(receiver.status(), 0);
}

#[test]
fn a_receiver_that_is_interrupted_leaves_no_part_of_a_file() {
    for (arguments, status) in [(&[][..], 0), (&["--once"], 1)] {
        let folder = Folder::new();
        let out = ["--out", folder.0.to_str().unwrap()];
        let mut receiver = Receiver::start(&[&out, arguments].concat());
        let (sender, _stdin) = sender(&receiver, &folder);
        signal(&receiver.process, "-TERM");
        assert_eq!(receiver.status(), status);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
        let (status, object) = result(sender.output());
        assert_eq!(status, 1, "{object}");
    }
}
