//! The examples behind a relay, which is scripted here.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;
mod processes;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ChildStdout;
use std::time::Duration;

use common::wire::{Raw, Sent, frames_and_rest};
use processes::{Folder, Running, command, free_port, result, run, uri};
use serde_json::{Value, json};

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);

const CHALLENGE: &str = "Digest realm=\"relay.test\", qop=\"auth\", nonce=\"dcd98b71\"";

/// A relay that one client is told of.
struct Relay {
    listener: TcpListener,
    uri: String,
    token: String,
    folder: Folder,
}

/// A client that has connected to it.
struct Client {
    socket: TcpStream,
    rest: Vec<u8>,
}

impl Relay {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let folder = Folder::new();
        fs::write(folder.0.join("password"), "secret\n").unwrap();
        Self { listener, uri: format!("msrp://{address};tcp"), token: uri(&address), folder }
    }

    /// An example that is told of the relay.
    fn client(&self, example: &str, arguments: &[&str]) -> Running {
        let password = self.folder.0.join("password");
        let mut command = command(example, arguments);
        command.args(["--relay", &self.uri, "--plain-auth", "--user", "alice", "--password-file"]);
        Running(command.arg(password).spawn().unwrap())
    }

    fn accept(&self) -> Client {
        let socket = self.listener.accept().unwrap().0;
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { socket, rest: Vec::new() }
    }

    /// Lets a client in that answers the challenge.
    fn admit(&self) -> Client {
        let mut client = self.accept();
        let asked = client.next();
        assert_eq!((&asked.what[..], asked.header("To-Path")), ("AUTH", Some(&self.uri[..])));
        client.answer(&asked, "401 Unauthorized", &[("WWW-Authenticate", CHALLENGE)]);
        let asked = client.next();
        assert!(asked.header("Authorization").unwrap().contains("username=\"alice\""));
        client.answer(&asked, "200 OK", &[("Use-Path", &self.token), ("Expires", "900")]);
        client
    }
}

impl Client {
    /// The next frame that it sends.
    fn next(&mut self) -> Sent {
        loop {
            let (mut frames, _) = frames_and_rest(&self.rest);
            if !frames.is_empty() {
                assert_eq!(frames.len(), 1, "{frames:?}");
                self.rest.clear();
                return frames.remove(0);
            }
            let mut octets = [0; 4096];
            let len = self.socket.read(&mut octets).unwrap();
            assert_ne!(len, 0, "{:?}", String::from_utf8_lossy(&self.rest));
            self.rest.extend_from_slice(&octets[..len]);
        }
    }

    fn answer(&mut self, request: &Sent, status: &str, headers: &[(&str, &str)]) {
        let (to, from) = (request.header("From-Path").unwrap(), request.header("To-Path").unwrap());
        // The next hop alone answers, the first one of the path.
        let from = from.split(' ').next().unwrap();
        let id = &request.id;
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let text = format!(
            "MSRP {id} {status}\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n{headers}-------{id}$\r\n"
        );
        self.socket.write_all(text.as_bytes()).unwrap();
    }
}

fn next_line(lines: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

// req: 4976-5.1-1 4976-5.1-4 4976-5.1-7
#[test]
fn send_and_connect_go_through_a_relay() {
    let peer = "msrp://bob.example:8145/foofoofoo;tcp";
    for example in ["send", "connect"] {
        let relay = Relay::new();
        let running = relay.client(example, &["--to", peer]);
        let mut client = relay.admit();
        let send = client.next();
        assert_eq!(send.header("To-Path"), Some(&*format!("{} {peer}", relay.token)));
        assert!(send.header("From-Path").unwrap().starts_with("msrp://127.0.0.1:9/"));
        client.answer(&send, "200 OK", &[]);
        let (status, object) = result(running.output());
        assert_eq!((status, &object["success"]), (0, &json!(true)), "{object}");
    }
}

// req: 4976-5.1-5
#[test]
fn receive_waits_behind_a_relay() {
    let relay = Relay::new();
    let mut running = relay.client("receive", &["--once"]);
    let mut lines = BufReader::new(running.0.stdout.take().unwrap());
    let mut client = relay.admit();
    let listening = next_line(&mut lines);
    assert_eq!(listening["event"], "listening");
    let path: Vec<_> = listening["path"].as_str().unwrap().split(' ').collect();
    let [token, own] = path[..] else { panic!("{path:?}") };
    assert_eq!(token, relay.token);

    let from = format!("{} msrp://bob.example:8145/foofoofoo;tcp", relay.token);
    let send = Raw::chunk("abcd", "message1", "1-7/7", "Hey you", '$').to(own).from(&from);
    client.socket.write_all(&send.octets()).unwrap();
    let response = client.next();
    assert_eq!((&response.what[..], response.header("To-Path")), ("200", Some(&relay.token[..])));
    let message = next_line(&mut lines);
    assert_eq!((&message["event"], &message["bytes"]), (&json!("message"), &json!(7)));
    drop(client);
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_relay_that_refuses_is_told_of() {
    let relay = Relay::new();
    let running = relay.client("connect", &["--to", "msrp://bob.example:8145/foofoofoo;tcp"]);
    let mut client = relay.accept();
    let asked = client.next();
    client.answer(&asked, "403 Forbidden", &[]);
    let (status, object) = result(running.output());
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("relay")), "{object}");
}

#[test]
fn a_relay_that_closes_is_told_of() {
    let relay = Relay::new();
    let running = relay.client("connect", &["--to", "msrp://bob.example:8145/foofoofoo;tcp"]);
    let mut client = relay.accept();
    client.next();
    drop(client);
    let (status, object) = result(running.output());
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("closed")), "{object}");
}

// req: 4976-8-4
#[test]
fn nobody_is_asked_in_the_clear_unless_told_so() {
    let peer = "msrp://bob.example:8145/foofoofoo;tcp";
    let plain = &*format!("msrp://127.0.0.1:{};tcp", free_port());
    let wrong: [(&str, &[&str]); 5] = [
        ("connect", &["--to", peer, "--relay", plain]),
        ("receive", &["--relay", plain]),
        ("receive", &["--relay", "msrps://127.0.0.1:9;tcp", "--listen", "127.0.0.1:0"]),
        ("connect", &["--to", peer, "--relay", "msrps://127.0.0.1:9;tcp", "--user", "alice"]),
        ("send", &["--relay", plain, "--plain-auth"]),
    ];
    for (example, arguments) in wrong {
        let output = Running(command(example, arguments).spawn().unwrap()).output();
        assert_eq!(output.status.code(), Some(2), "{example} {arguments:?}");
    }
    let (status, object) = run("connect", &["--to", peer, "--relay", plain, "--plain-auth"]);
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("refused")), "{object}");
}
