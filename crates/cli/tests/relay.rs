//! `msrp send`, `receive` and `connect` behind a scripted relay.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod processes;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ChildStdout;
use std::time::Duration;

use processes::{Folder, Running, command, free_port, result, run, uri};
use serde_json::{Value, json};

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

const CHALLENGE: &str = "Digest realm=\"relay.test\", qop=\"auth\", nonce=\"dcd98b71\"";

/// A relay for one client.
struct Relay {
    listener: TcpListener,
    uri: String,
    token: String,
    folder: Folder,
}

/// A client that has connected to it.
struct Client(BufReader<TcpStream>);

/// A request or response that a client has sent.
struct Sent {
    id: String,
    /// The method, or the status code.
    what: String,
    text: String,
}

impl Sent {
    fn header(&self, name: &str) -> Option<&str> {
        self.text.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl Relay {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let folder = Folder::new();
        fs::write(folder.0.join("password"), "secret\n").unwrap();
        Self { listener, uri: format!("msrp://{address};tcp"), token: uri(&address), folder }
    }

    /// A subcommand that uses the relay.
    fn client(&self, subcommand: &str, arguments: &[&str]) -> Running {
        let password = self.folder.0.join("password");
        let mut command = command(subcommand, arguments);
        command.args(["--relay", &self.uri, "--plain-auth", "--user", "alice", "--password-file"]);
        Running(command.arg(password).spawn().unwrap())
    }

    fn accept(&self) -> Client {
        let socket = self.listener.accept().unwrap().0;
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Client(BufReader::new(socket))
    }

    /// Accepts a client that answers the challenge.
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
    /// The next frame of the client. Its body must be short.
    fn next(&mut self) -> Sent {
        let start = self.line();
        let mut words = start.split(' ').map(str::trim_end).map(str::to_owned);
        assert_eq!(words.next().as_deref(), Some("MSRP"), "{start}");
        let (id, what) = (words.next().unwrap(), words.next().unwrap());
        let (end, mut text) = (format!("-------{id}$\r\n"), start);
        while !text.ends_with(&end) {
            text += &self.line();
        }
        Sent { id, what, text }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the client has closed");
        line
    }

    fn write(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn answer(&mut self, request: &Sent, status: &str, headers: &[(&str, &str)]) {
        let (to, from) = (request.header("From-Path").unwrap(), request.header("To-Path").unwrap());
        // Only the next hop responds, which is the first of the path.
        let from = from.split(' ').next().unwrap();
        let id = &request.id;
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let text = format!(
            "MSRP {id} {status}\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n{headers}-------{id}$\r\n"
        );
        self.write(&text);
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
    for subcommand in ["send", "connect"] {
        let relay = Relay::new();
        let running = relay.client(subcommand, &["--to", peer]);
        let mut client = relay.admit();
        let send = client.next();
        assert_eq!(send.header("To-Path"), Some(&*format!("{} {peer}", relay.token)));
        let own = format!("msrp://{}/", client.0.get_ref().peer_addr().unwrap());
        assert!(send.header("From-Path").unwrap().starts_with(&own));
        assert!(!send.text.contains("Content-Type"), "the session is bound first");
        client.answer(&send, "200 OK", &[]);
        if subcommand == "send" {
            let message = client.next();
            assert!(message.text.contains("\r\nHello, world!\r\n"), "{}", message.text);
            client.answer(&message, "200 OK", &[]);
        }
        let (status, object) = result(running.output());
        assert_eq!((status, &object["success"]), (0, &json!(true)), "{object}");
    }
}

#[test]
fn the_parameter_uri_is_written_as_asked_for() {
    for (mode, is_there) in [("always", true), ("never", false), ("auto", true)] {
        let relay = Relay::new();
        let peer = "msrp://bob.example:8145/foofoofoo;tcp";
        let _running = relay.client("connect", &["--to", peer, "--digest-uri", mode]);
        let mut client = relay.accept();
        let asked = client.next();
        client.answer(&asked, "401 Unauthorized", &[("WWW-Authenticate", CHALLENGE)]);
        let answer = client.next();
        let authorization = answer.header("Authorization").unwrap();
        assert_eq!(authorization.contains(" uri="), is_there, "{mode}: {authorization}");
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
    client.write(&format!(
        "MSRP abcd SEND\r\nTo-Path: {own}\r\nFrom-Path: {from}\r\nMessage-ID: message1\r\n\
         Byte-Range: 1-7/7\r\nContent-Type: text/plain\r\n\r\nHey you\r\n-------abcd$\r\n"
    ));
    let response = client.next();
    assert_eq!((&response.what[..], response.header("To-Path")), ("200", Some(&relay.token[..])));
    let message = next_line(&mut lines);
    assert_eq!((&message["event"], &message["bytes"]), (&json!("message"), &json!(7)));
    drop(client);
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_relay_that_refuses_is_reported() {
    let relay = Relay::new();
    let running = relay.client("connect", &["--to", "msrp://bob.example:8145/foofoofoo;tcp"]);
    let mut client = relay.accept();
    let asked = client.next();
    client.answer(&asked, "403 Forbidden", &[]);
    let (status, object) = result(running.output());
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("relay")), "{object}");
}

#[test]
fn a_relay_that_wants_credentials_says_how_to_give_them() {
    let relay = Relay::new();
    let peer = "msrp://bob.example:8145/foofoofoo;tcp";
    let arguments = ["--to", peer, "--relay", &relay.uri, "--plain-auth"];
    let running = Running(command("connect", &arguments).spawn().unwrap());
    let mut client = relay.accept();
    let asked = client.next();
    client.answer(&asked, "401 Unauthorized", &[("WWW-Authenticate", CHALLENGE)]);
    let (status, object) = result(running.output());
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("relay")), "{object}");
    let message = object["error"]["message"].as_str().unwrap();
    assert!(message.ends_with("give them with --user and --password-file"), "{message}");
}

#[test]
fn receive_connects_to_its_relay_again() {
    for own in [None, Some("msrp://127.0.0.1:9/98cjs;tcp")] {
        let relay = Relay::new();
        let arguments = own.map_or(vec!["--once"], |own| vec!["--once", "--path", own]);
        let mut running = relay.client("receive", &arguments);
        let mut lines = BufReader::new(running.0.stdout.take().unwrap());
        let client = relay.admit();
        let first = next_line(&mut lines);
        drop(client);
        let mut client = relay.admit();
        let again = next_line(&mut lines);
        assert_eq!((&first["event"], &again["event"]), (&json!("listening"), &json!("listening")));
        assert_eq!(first["addr"], again["addr"]);
        assert_eq!(first["path"] == again["path"], own.is_some());
        let to = again["path"].as_str().unwrap().split(' ').next_back().unwrap();
        let from = format!("{} msrp://bob.example:8145/foofoofoo;tcp", relay.token);
        client.write(&format!(
            "MSRP abcd SEND\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\nMessage-ID: message1\r\n\
             Byte-Range: 1-7/7\r\nContent-Type: text/plain\r\n\r\nHey you\r\n-------abcd$\r\n"
        ));
        assert_eq!(client.next().what, "200");
        assert_eq!(next_line(&mut lines)["event"], "message");
        drop(client);
        assert_eq!(running.0.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn receive_ends_when_its_relay_refuses_it() {
    let relay = Relay::new();
    let running = relay.client("receive", &[]);
    let mut client = relay.accept();
    let asked = client.next();
    client.answer(&asked, "403 Forbidden", &[]);
    let (status, object) = result(running.output());
    assert_eq!((status, &object["event"]), (1, &json!("ended")), "{object}");
    assert_eq!(object["error"]["kind"], "relay");
}

#[test]
fn a_relay_that_closes_is_reported() {
    let relay = Relay::new();
    let running = relay.client("connect", &["--to", "msrp://bob.example:8145/foofoofoo;tcp"]);
    let mut client = relay.accept();
    client.next();
    drop(client);
    let (status, object) = result(running.output());
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("closed")), "{object}");
}

/// A 408 in a REPORT is no matter of this side's time limits.
#[test]
fn a_later_hop_that_is_not_reached_is_told() {
    let relay = Relay::new();
    let running = relay.client("send", &["--to", "msrp://bob.example:8145/foofoofoo;tcp"]);
    let mut client = relay.admit();
    let bind = client.next();
    client.answer(&bind, "200 OK", &[]);
    let message = client.next();
    let (own, id) = (message.header("From-Path").unwrap(), message.header("Message-ID").unwrap());
    client.write(&format!(
        "MSRP abcd REPORT\r\nTo-Path: {own}\r\nFrom-Path: {}\r\nMessage-ID: {id}\r\n\
         Byte-Range: 1-13/13\r\nStatus: 000 408 Timeout\r\n-------abcd$\r\n",
        relay.token
    ));
    let (status, object) = result(running.output());
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("timeout")), "{object}");
    let said = object["error"]["message"].as_str().unwrap();
    assert_eq!(said, "the message was not accepted in time, by the peer or at a later hop");
}

// req: 4976-8-4
#[test]
fn authentication_without_tls_needs_an_option() {
    let peer = "msrp://bob.example:8145/foofoofoo;tcp";
    let plain = &*format!("msrp://127.0.0.1:{};tcp", free_port());
    let wrong: [(&str, &[&str]); 5] = [
        ("connect", &["--to", peer, "--relay", plain]),
        ("receive", &["--relay", plain]),
        ("receive", &["--relay", "msrps://127.0.0.1:9;tcp", "--listen", "127.0.0.1:0"]),
        ("connect", &["--to", peer, "--relay", "msrps://127.0.0.1:9;tcp", "--user", "alice"]),
        ("send", &["--relay", plain, "--plain-auth"]),
    ];
    for (subcommand, arguments) in wrong {
        let output = Running(command(subcommand, arguments).spawn().unwrap()).output();
        assert_eq!(output.status.code(), Some(2), "{subcommand} {arguments:?}");
    }
    let (status, object) = run("connect", &["--to", peer, "--relay", plain, "--plain-auth"]);
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("refused")), "{object}");
}
