//! Receivers that break the rules.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use common::{Ended, Scene};

/// What a receiver writes after the request of this number and transaction id, if its
/// response has these paths. `None`: it hangs up.
type Receiver = fn(number: usize, id: &str, paths: &str) -> Option<String>;

/// Offers a file to such a receiver.
fn offered_to(receiver: Receiver) -> Ended {
    let scene = Scene::new("receiver");
    scene.make("x.bin", 300_000);
    let offer = scene.offer(&["offer", "x.bin", "--timeout", "1"]);
    scene.wait_for("offer.sdp");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let uri = format!("msrp://{address}/9di4eae923wzd;tcp");
    let offered = scene.read("offer.sdp");
    let path = offered.lines().find_map(|line| line.strip_prefix("a=path:")).unwrap();
    let paths = format!("To-Path: {path}\r\nFrom-Path: {uri}\r\n");
    let answered = offered.lines().map(|line| match line.split([':', '=', ' ']).nth(1) {
        Some("message") => format!("m=message {} TCP/MSRP *\r\n", address.port()),
        Some("path") => format!("a=path:{uri}\r\n"),
        Some("setup") => "a=setup:passive\r\n".to_owned(),
        Some("sendonly") => "a=recvonly\r\n".to_owned(),
        Some("max-size") => String::new(),
        _ => format!("{line}\r\n"),
    });
    fs::write(scene.path("theirs.sdp"), answered.collect::<String>()).unwrap();
    fs::rename(scene.path("theirs.sdp"), scene.path("answer.sdp")).unwrap();
    thread::spawn(move || receive(listener.accept().unwrap().0, receiver, &paths));
    offer.end()
}

/// Responds to each request, until the sender or the receiver hangs up.
fn receive(mut stream: TcpStream, receiver: Receiver, paths: &str) -> Option<()> {
    let (mut read, mut octets) = (Vec::new(), [0; 65_536]);
    for number in 0.. {
        let (id, end) = loop {
            if let Some(found) = request(&read) {
                break found;
            }
            match stream.read(&mut octets) {
                Ok(0) | Err(_) => return None,
                Ok(len) => read.extend_from_slice(&octets[..len]),
            }
        };
        read.drain(..end);
        stream.write_all(receiver(number, &id, paths)?.as_bytes()).ok()?;
    }
    Some(())
}

/// The transaction id of the first request, and where it ends.
fn request(read: &[u8]) -> Option<(String, usize)> {
    let line = &read[..read.iter().position(|octet| *octet == b'\r')?];
    let id = std::str::from_utf8(line).unwrap().split(' ').nth(1).unwrap().to_owned();
    let end_line = format!("-------{id}");
    let at = read.windows(end_line.len()).position(|octets| octets == end_line.as_bytes())?;
    let end = at + end_line.len() + 3;
    (read.len() >= end).then_some((id, end))
}

fn response(status: &str, id: &str, paths: &str) -> String {
    format!("MSRP {id} {status}\r\n{paths}-------{id}$\r\n")
}

#[test]
fn a_receiver_that_never_confirms_the_file_does_not_have_it() {
    let ended = offered_to(|_, id, paths| Some(response("200 OK", id, paths)));
    assert_eq!((ended.status, ended.kind(0)), (1, &"undelivered".into()));
    assert_eq!(ended.line(0)["bytes"], 300_000);
    assert!(ended.message(0).contains("not reported"), "{}", ended.message(0));
}

/// Accepts the session.
fn open(number: usize, id: &str, paths: &str) -> Option<String> {
    (number == 0).then(|| response("200 OK", id, paths))
}

#[test]
fn whatever_a_receiver_does_wrong_the_sender_says_what_it_knows() {
    let before: [Receiver; 4] = [
        |_, _, _| None,
        |_, _, _| Some(String::new()),
        |_, id, paths| Some(response("481 No Such Session", id, paths)),
        |_, _, _| Some("HTTP/1.1 400 Bad Request\r\n\r\n".into()),
    ];
    let after: [Receiver; 5] = [
        open,
        |number, id, paths| open(number, id, paths).or(Some(String::new())),
        |number, id, paths| open(number, id, paths).or(Some(response("413 Enough", id, paths))),
        |number, id, paths| open(number, id, paths).or(Some(response("415 What?", id, paths))),
        |number, id, paths| open(number, id, paths).or(Some("\u{1b}[2J\u{202e}\r\n\r\n".into())),
    ];
    let before = before.map(|receiver| (receiver, "not-opened"));
    let after = after.map(|receiver| (receiver, "undelivered"));
    for (receiver, kind) in before.into_iter().chain(after) {
        let ended = offered_to(receiver);
        assert_eq!((ended.status, ended.kind(0)), (1, &kind.into()), "{}", ended.message(0));
    }
}
