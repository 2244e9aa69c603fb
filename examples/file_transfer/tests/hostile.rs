//! Senders that break the rules.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use common::{Ended, Scene};

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=message 9 TCP/MSRP *\r\nc=IN IP4 127.0.0.1\r\na=sendonly\r\na=accept-types:*\r\n\
    a=setup:active\r\na=path:msrp://127.0.0.1:9/jshA7weztas;tcp\r\n\
    a=file-selector:name:\"x.txt\" size:10\r\na=file-transfer-id:vBnG916b\r\n";

/// Sends raw messages. Returns the responses, with the status of REPORTs, and what
/// became of the file.
fn hostile(fetch: &[&str], messages: &[&str]) -> (Vec<String>, Ended, Scene) {
    hostile_after(OFFER, fetch, messages)
}

/// The same after another offer.
fn hostile_after(offer: &str, fetch: &[&str], messages: &[&str]) -> (Vec<String>, Ended, Scene) {
    let scene = Scene::new("hostile");
    fs::write(scene.path("offer.sdp"), offer).unwrap();
    let fetch = scene.answer(&[&["fetch", "--timeout", "2"], fetch].concat());
    scene.wait_for("answer.sdp");
    let answer = scene.read("answer.sdp");
    let path = answer.lines().find_map(|line| line.strip_prefix("a=path:")).unwrap();
    let address = path.trim_start_matches("msrp://").split('/').next().unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    for message in messages {
        let (start, rest) = message.split_once("\r\n").unwrap();
        let paths = format!("To-Path: {path}\r\nFrom-Path: msrp://127.0.0.1:9/jshA7weztas;tcp");
        socket.write_all(format!("{start}\r\n{paths}\r\n{rest}").as_bytes()).unwrap();
    }
    let fetch = fetch.end();
    let mut answers = String::new();
    let _ = socket.read_to_string(&mut answers);
    let is_one = |line: &&str| line.starts_with("MSRP aaaa ") || line.starts_with("Status: ");
    (answers.lines().filter(is_one).map(str::to_owned).collect(), fetch, scene)
}

fn is_refused(answers: &[String]) -> bool {
    answers.last().is_some_and(|answer| [" 413", " 415"].iter().any(|code| answer.contains(code)))
}

const RIGHT: &str = "MSRP aaaa SEND\r\nMessage-ID: aaaa\r\nByte-Range: 1-10/10\r\n\
    Content-Type: text/plain\r\n\r\n0123456789\r\n-------aaaa$\r\n";

// A correct sender comes first: the others fail because of what they do.
#[test]
fn a_hostile_sender_gets_nothing_but_what_it_offered() {
    let (answers, fetch, scene) = hostile(&[], &[RIGHT]);
    assert_eq!((answers, fetch.status), (vec!["MSRP aaaa 200 OK".to_owned()], 0));
    assert_eq!(fs::read_to_string(scene.out("x.txt")).unwrap(), "0123456789");

    // Octets beyond the described size are not even stored.
    let larger = RIGHT.replace("1-10/10", "1-12/12").replace("789", "789ab");
    let (answers, fetch, scene) = hostile(&[], &[&larger]);
    assert!(is_refused(&answers), "{answers:?}");
    assert_eq!((fetch.status, &fetch.line(0)["bytes"]), (1, &0.into()));
    assert!(fetch.message(0).contains("more octets"));
    assert!(scene.names().is_empty());

    let huge = RIGHT.replace("1-10/10", "1-10/1000000000").replace("aaaa$", "aaaa+");
    let (answers, fetch, scene) = hostile(&[], &[&huge]);
    assert!(is_refused(&answers), "{answers:?}");
    assert_eq!((fetch.status, scene.names().len()), (1, 0));

    let other = RIGHT.replace("aaaa", "bbbb").replace("0123", "xxxx");
    let (_, fetch, scene) = hostile(&[], &[RIGHT, &other]);
    assert_eq!(fetch.status, 0);
    assert_eq!(scene.names(), ["x.txt"]);
    assert_eq!(fs::read_to_string(scene.out("x.txt")).unwrap(), "0123456789");

    // Half of it, and then silence. The part stays, as after an interruption.
    let (half, _) = RIGHT.split_once("56789").unwrap();
    let (_, fetch, scene) = hostile(&[], &[half]);
    assert_eq!((fetch.status, &fetch.line(0)["success"]), (1, &false.into()));
    assert_eq!(scene.names(), ["x.txt.part", "x.txt.part.json"]);
}

/// A success REPORT says that the file is stored, so it waits for the hash.
#[test]
fn no_success_is_reported_before_the_hash_is_checked() {
    let right = "87:AC:EC:17:CD:9D:CD:20:A7:16:CC:2C:F6:74:17:B7:1C:8A:70:16";
    let message = RIGHT.replace("aaaa\r\nByte", "aaaa\r\nSuccess-Report: yes\r\nByte");
    for (hash, report, kind, stored) in [
        (right.to_owned(), "Status: 000 200 OK", "null", vec!["x.txt"]),
        (
            right.replace("87:", "88:"),
            "Status: 000 413 Message Too Large",
            "\"other-file\"",
            vec![],
        ),
    ] {
        let offer = OFFER.replace("size:10", &format!("size:10 hash:sha-1:{hash}"));
        let (answers, fetch, scene) = hostile_after(&offer, &[], &[&message]);
        assert_eq!(answers, ["MSRP aaaa 200 OK", report]);
        assert_eq!(fetch.kind(0).to_string(), kind);
        assert_eq!(scene.names(), stored);
    }
}

/// Nothing is accepted for which the disk has no room.
#[test]
fn a_file_larger_than_the_disk_is_refused_before_it_comes() {
    let scene = Scene::new("disk");
    let offer = OFFER.replace("size:10", &format!("size:{}", u64::MAX / 4));
    fs::write(scene.path("offer.sdp"), offer).unwrap();
    let fetch = scene.answer(&["fetch", "--timeout", "1"]).end();
    assert_eq!((fetch.status, fetch.kind(0)), (1, &"no-room".into()));
    assert!(scene.read("answer.sdp").contains("m=message 0 "));
}

/// If the offer names no type, the message does.
#[test]
fn an_unwanted_type_is_not_accepted_from_a_message_either() {
    let text = ["--accept-type", "text/*"];
    let (_, fetch, scene) = hostile(&text, &[RIGHT]);
    assert_eq!(fetch.status, 0);
    let answer = scene.read("answer.sdp");
    assert!(answer.contains("a=accept-types:text/* message/cpim\r\n"), "{answer}");
    assert!(answer.contains("a=accept-wrapped-types:text/*\r\n"), "{answer}");

    for other in ["image/png", "multipart/mixed", "message/cpim"] {
        let message = RIGHT.replace("text/plain", other);
        let (answers, fetch, scene) = hostile(&text, &[&message]);
        assert!(is_refused(&answers), "{answers:?}");
        assert_eq!((fetch.status, scene.names().len()), (1, 0), "{other}");
    }
    for (inside, status) in [("text/plain", 0), ("image/png", 1)] {
        let wrapped = format!("\r\nContent-Type: {inside}\r\n\r\n0123456789");
        let message = RIGHT.replace("text/plain", "message/cpim").replace("0123456789", &wrapped);
        let message = message.replace("1-10/10", &format!("1-{0}/{0}", wrapped.len()));
        let (_, fetch, scene) = hostile(&text, &[&message]);
        assert_eq!((fetch.status, scene.names().len()), (status, 1 - status as usize), "{inside}");
    }
}

/// A large limit does not let a sender exceed the size that it described.
#[test]
fn the_smaller_limit_counts() {
    let (_, _, scene) = hostile(&["--accept-size", "1000000000"], &[RIGHT]);
    let most = 10 + 16 * 1024;
    let answer = scene.read("answer.sdp");
    assert!(answer.contains(&format!("a=max-size:{most}\r\n")), "{answer}");
}

/// Names and texts of a peer are printed on a terminal.
#[test]
fn no_control_characters_are_printed() {
    let name = "a\u{9b}2J\u{202e}b.txt";
    let scene = Scene::new("letters");
    scene.make(name, 10);
    let offer = scene.offer(&["offer", name]);
    let fetch = scene.answer(&["fetch"]);
    for text in [offer.printed(), fetch.printed()] {
        assert!(text.contains(r#""name":"a\u009b2J\u202eb.txt""#), "{text}");
    }
}
