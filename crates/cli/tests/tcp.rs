//! `msrp send`, `receive` and `connect` over TCP: processes, sockets and files.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod processes;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use processes::{
    Folder, Receiver, Running, command, free_port, hash, random_octets, result, run, uri,
};
use serde_json::{Value, json};

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn send_without_a_target_sends_to_itself() {
    let (status, object) = run("send", &[]);
    assert_eq!(status, 0, "{object}");
    assert_eq!(object["success"], true);
    assert_eq!(object["host"], "127.0.0.1");
    assert_eq!(object["statusCode"], 200);
    assert_eq!(object["statusText"], "OK");
    assert_eq!(object["byteRange"], "1-13/13");
    assert_eq!(object["chunks"], 1);
    assert!(object["rtt"].is_f64() && object["port"].is_u64());
    assert!(object["transactionId"].is_string() && object["messageId"].is_string());
    assert!(object.get("error").is_none() && object.get("delivered").is_none());
}

#[test]
fn only_the_requested_responses_and_reports_arrive() {
    let (status, object) = run("send", &["--success-report", "--text", "", "--message-id", "abcd"]);
    assert_eq!((status, &object["delivered"]), (0, &json!(true)), "{object}");
    assert_eq!((&object["messageId"], &object["byteRange"]), (&json!("abcd"), &json!("1-0/0")));
    for mode in ["no", "partial"] {
        let (status, object) = run("send", &["--failure-report", mode]);
        assert_eq!((status, &object["statusCode"]), (0, &Value::Null), "{object}");
    }
    let (status, object) = run("send", &["--failure-report", "no", "--success-report"]);
    assert_eq!((status, &object["delivered"]), (0, &json!(true)), "{object}");
}

#[test]
fn a_file_arrives_unchanged() {
    let folder = Folder::new();
    let octets = random_octets(5 << 20);
    fs::write(folder.0.join("file"), &octets).unwrap();
    let out = folder.0.join("out");
    let mut receiver = Receiver::start(&["--once", "--out", out.to_str().unwrap()]);
    let file = folder.0.join("file");
    let (status, sent) = run(
        "send",
        &["--to", &receiver.path, "--file", file.to_str().unwrap(), "--success-report"],
    );
    assert_eq!((status, &sent["delivered"]), (0, &json!(true)), "{sent}");
    assert_eq!(sent["byteRange"], "1-5242880/5242880");
    let received = receiver.next();
    assert_eq!(received["event"], "message");
    assert_eq!(received["bytes"], 5 << 20);
    assert_eq!(received["contentType"], "application/octet-stream");
    assert_eq!(received["messageId"], sent["messageId"]);
    assert_eq!(received["sha256"], hash(&octets));
    let from = received["from"].as_str().unwrap();
    assert!(from.starts_with("msrp://127.0.0.1:") && !from.contains(":9/"), "{from}");
    assert_eq!(received["file"], out.join("file").to_str().unwrap());
    assert!(fs::read(out.join("file")).unwrap() == octets);
    assert_eq!(receiver.status(), 0);
}

/// The name of a file travels in the Content-Disposition, and its safe form is used. Its
/// ending stays if the octets are such.
#[test]
fn a_file_arrives_under_its_name() {
    let folder = Folder::new();
    let file = folder.0.join("My report.pdf");
    fs::write(&file, "%PDF-1.7\n").unwrap();
    let file = file.to_str().unwrap();
    let out = folder.0.join("out");
    let mut receiver = Receiver::start(&["--out", out.to_str().unwrap()]);
    for (arguments, name) in [
        (&["--file", file][..], "My report.pdf"),
        (&["--file", file], "My report (2).pdf"),
        (&["--text", "a", "--name", "../../etc/\u{fc}ber.txt"], "\u{fc}ber.txt"),
        (&["--text", "a", "--name", "report.pdf"], "report_pdf.txt"),
        (&["--text", "echo", "--name", "run.sh"], "run_sh.txt"),
        (&["--text", "a", "--name", "NUL"], "_NUL.txt"),
        (&["--text", "a", "--disposition", "render", "--message-id", "m001"], "msrp-m001.txt"),
        (&["--file", file, "--name", "", "--message-id", "m002"], "msrp-m002.pdf"),
    ] {
        let (status, sent) = run("send", &[&["--to", &receiver.path], arguments].concat());
        assert_eq!(status, 0, "{sent}");
        assert_eq!(receiver.next()["file"], out.join(name).to_str().unwrap());
    }
}

// wild: 44
#[test]
fn the_content_disposition_says_what_is_known_of_the_file() {
    let folder = Folder::new();
    let file = folder.0.join("talk.mp4");
    fs::write(&file, "octets").unwrap();
    let file = file.to_str().unwrap();
    for (arguments, value) in [
        (&["--file", file][..], Some("attachment; filename=talk.mp4; size=6")),
        (
            &["--file", file, "--name", "a \"b\"", "--disposition", "render"],
            Some("render; filename=\"a \\\"b\\\"\"; size=6"),
        ),
        (&["--text", "octets", "--disposition", "x-note"], Some("x-note; size=6")),
        (&["--text", "octets"], None),
    ] {
        let (listener, to) = listener();
        let sender =
            Running(command("send", &[&["--to", &to], arguments].concat()).spawn().unwrap());
        let mut lines = BufReader::new(listener.accept().unwrap().0).lines();
        let mut said = None;
        for line in lines.by_ref().map(Result::unwrap) {
            said = said.or(line.strip_prefix("Content-Disposition: ").map(str::to_owned));
            if line.starts_with("octets") {
                break;
            }
        }
        assert_eq!(said.as_deref(), value, "{arguments:?}");
        drop(sender);
    }
}

/// The bodiless SEND comes first, and the message right behind it, without waiting.
// wild: 40
#[test]
fn the_message_follows_the_send_that_binds() {
    let folder = Folder::new();
    let file = folder.0.join("file");
    fs::write(&file, "octets").unwrap();
    for arguments in [&["--text", "octets"][..], &["--file", file.to_str().unwrap()]] {
        let (listener, to) = listener();
        let _sender =
            Running(command("send", &[&["--to", &to], arguments].concat()).spawn().unwrap());
        let lines = BufReader::new(listener.accept().unwrap().0).lines();
        let before: Vec<_> =
            lines.map(Result::unwrap).take_while(|line| !line.starts_with("octets")).collect();
        let heads: Vec<_> = before.split(|line| line.starts_with("-------")).collect();
        let [bind, message] = heads[..] else { panic!("{before:?}") };
        assert!(!bind.iter().any(|line| line.starts_with("Content-")), "{bind:?}");
        assert!(message.iter().any(|line| line.starts_with("Content-Type: ")), "{message:?}");
    }
}

/// Only the first hop of a path is connected to.
// wild: 42
#[test]
fn a_browser_may_be_the_end_of_a_path() {
    let receiver = Receiver::start(&[]);
    let browser = "msrps://browser.invalid:9/abc;ws";
    for subcommand in ["send", "connect"] {
        let (status, object) = run(subcommand, &["--to", &receiver.path, "--to", browser]);
        assert_eq!((status, &object["statusCode"]), (1, &json!(481)), "{object}");
    }
}

#[test]
fn a_file_leaves_in_chunks_of_the_size_asked_for() {
    let folder = Folder::new();
    let file = folder.0.join("file");
    fs::write(&file, random_octets(25_000)).unwrap();
    let file = file.to_str().unwrap();
    for (size, chunks) in [("1", 13), ("10000", 3), ("25000", 1)] {
        let (status, object) = run("send", &["--file", file, "--chunk", size]);
        assert_eq!((status, &object["chunks"]), (0, &json!(chunks)), "{object}");
        assert_eq!(object["byteRange"], "1-25000/25000");
    }
}

#[test]
fn the_standard_input_needs_no_total() {
    let mut receiver = Receiver::start(&[]);
    let mut child = Running(
        command("send", &["--to", &receiver.path, "-"]).stdin(Stdio::piped()).spawn().unwrap(),
    );
    let mut stdin = child.0.stdin.take().unwrap();
    stdin.write_all(b"one ").unwrap();
    thread::sleep(Duration::from_millis(50));
    stdin.write_all(b"two").unwrap();
    drop(stdin);
    let (status, object) = result(child.output());
    assert_eq!((status, &object["byteRange"]), (0, &json!("1-7/7")), "{object}");
    assert_eq!(receiver.next()["sha256"], hash(b"one two"));
}

// req: 4975-7.3-1
#[test]
fn several_targets_are_the_hops_of_a_path() {
    let mut receiver = Receiver::start(&[]);
    // An endpoint is not a relay.
    let hop = uri(&receiver.address);
    let (status, object) = run("send", &["--to", &hop, "--to", &receiver.path]);
    assert_eq!((status, &object["statusCode"]), (1, &json!(481)), "{object}");
    assert_eq!(run("send", &["--to", &receiver.path]).0, 0);
    assert_eq!(receiver.next()["event"], "message");
}

#[test]
fn two_messages_arrive_at_once() {
    let folder = Folder::new();
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let paths = [uri(&address), uri(&address)];
    let out = folder.0.to_str().unwrap();
    let arguments = ["--path", &paths[0], "--path", &paths[1], "--out", out];
    let mut receiver = Receiver::start_at(&address, &arguments);
    receiver.next();
    let sends = paths.clone().map(|path| {
        thread::spawn(move || {
            // The same Message-ID in two sessions means two messages.
            run("send", &["--to", &path, "--message-id", "same", "--text", &path])
        })
    });
    for send in sends {
        let (status, object) = send.join().unwrap();
        assert_eq!(status, 0, "{object}");
    }
    let (first, second) = (receiver.next(), receiver.next());
    assert_ne!(first["file"], second["file"]);
    for message in [first, second] {
        let octets = fs::read(message["file"].as_str().unwrap()).unwrap();
        assert_eq!(message["sha256"], hash(&octets));
        assert!(paths.iter().any(|path| path.as_bytes() == octets));
    }
}

// req: 4975-5.4-11, 4975-7.3-2
#[test]
fn an_unknown_session_gets_481() {
    let receiver = Receiver::start(&[]);
    let to = uri(&receiver.address);
    let (status, sent) = run("send", &["--to", &to]);
    let (connect_status, connected) = run("connect", &["--to", &to]);
    assert_eq!((status, connect_status), (1, 1));
    for object in [&sent, &connected] {
        assert_eq!(object["success"], false);
        assert_eq!(object["statusCode"], 481);
        assert_eq!(object["error"]["kind"], "rejected");
    }
    assert!(connected["connectTime"].is_f64() && connected["rtt"].is_f64());
}

// req: 4975-5.4-12
#[test]
fn a_session_is_bound_to_one_connection_at_a_time() {
    let receiver = Receiver::start(&[]);
    let holder = Raw::connect(&receiver);
    holder.send("abcd", "", "$");
    assert!(holder.response().starts_with("MSRP abcd 200"));
    let (status, object) = run("connect", &["--to", &receiver.path]);
    assert_eq!((status, &object["statusCode"]), (1, &json!(506)), "{object}");
    let (status, object) = run("send", &["--to", &receiver.path]);
    assert_eq!((status, &object["statusCode"]), (1, &json!(506)), "{object}");
    drop(holder);
    let deadline = Instant::now() + PATIENCE;
    while run("connect", &["--to", &receiver.path]).0 != 0 {
        assert!(Instant::now() < deadline, "the session was not free again");
    }
    assert_eq!(run("send", &["--to", &receiver.path]).0, 0);
}

#[test]
fn connect_says_how_long_it_took() {
    let receiver = Receiver::start(&[]);
    let (status, object) = run("connect", &["--to", &receiver.path]);
    assert_eq!(status, 0, "{object}");
    assert_eq!((&object["success"], &object["statusCode"]), (&json!(true), &json!(200)));
    assert_eq!((&object["host"], &object["statusText"]), (&json!("127.0.0.1"), &json!("OK")));
    assert!(object["port"].is_u64() && object.get("error").is_none());
    assert!(object["connectTime"].is_f64() && object["rtt"].is_f64());
}

#[test]
fn a_closed_port_is_refused() {
    let to = uri(&format!("127.0.0.1:{}", free_port()));
    assert_failure(&to, "refused");
}

#[test]
fn the_peer_does_not_speak_msrp() {
    let to = peer(|mut socket| {
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
        let _ = socket.read_to_end(&mut Vec::new());
    });
    assert_failure(&to, "notMsrp");
}

#[test]
fn the_peer_closes_the_connection() {
    let to = peer(|mut socket| {
        let _ = socket.read(&mut [0; 4096]);
    });
    assert_failure(&to, "closed");
}

#[test]
fn the_peer_never_responds() {
    let to = peer(|mut socket| drop(socket.read_to_end(&mut Vec::new())));
    let start = Instant::now();
    for subcommand in ["send", "connect"] {
        let (status, object) = run(subcommand, &["--to", &to, "--timeout", "500"]);
        assert_eq!((status, &object["error"]["kind"]), (1, &json!("timeout")), "{object}");
    }
    assert!(start.elapsed() > Duration::from_secs(1));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_peer_never_reads() {
    let to = peer(|_socket| thread::sleep(PATIENCE));
    let folder = Folder::new();
    let file = folder.0.join("file");
    fs::write(&file, vec![0; 32 << 20]).unwrap();
    let arguments = ["--to", &to, "--file", file.to_str().unwrap(), "--timeout", "500"];
    let (status, object) = run("send", &arguments);
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("timeout")), "{object}");
}

#[test]
fn a_message_beyond_the_limit_is_refused() {
    let mut receiver = Receiver::start(&["--max-size", "5", "--once"]);
    let (status, object) = run("send", &["--to", &receiver.path, "--text", "123456"]);
    assert_eq!((status, &object["statusCode"]), (1, &json!(413)), "{object}");
    let failed = receiver.next();
    assert_eq!((&failed["event"], &failed["reason"]), (&json!("failed"), &json!("tooLarge")));
    assert_eq!(receiver.status(), 1);
}

// req: 4975-10.5-2, 4975-7.3.2-3
#[test]
fn a_message_that_grows_beyond_the_limit_is_stopped() {
    let mut receiver = Receiver::start(&["--max-size", "100000"]);
    let mut sender = Running(
        command("send", &["--to", &receiver.path, "-"]).stdin(Stdio::piped()).spawn().unwrap(),
    );
    let mut stdin = sender.0.stdin.take().unwrap();
    // The input does not end, so only the rejection can end the message.
    stdin.write_all(&vec![0; 150_000]).unwrap();
    let (status, object) = result(sender.output());
    assert_eq!((status, &object["statusCode"]), (1, &json!(413)), "{object}");
    let failed = receiver.next();
    assert_eq!((&failed["event"], &failed["reason"]), (&json!("failed"), &json!("tooLarge")));
    // The session survives that message, on a new connection.
    assert_eq!(run("send", &["--to", &receiver.path]).0, 0);
}

// req: 4975-7.3.1-7
#[test]
fn a_type_that_is_not_accepted_is_refused() {
    let mut receiver = Receiver::start(&["--accept-types", "image/*,text/html"]);
    let (status, object) = run("send", &["--to", &receiver.path]);
    assert_eq!((status, &object["statusCode"]), (1, &json!(415)), "{object}");
    assert_eq!(receiver.next()["reason"], "unsupportedType");
    let (status, object) =
        run("send", &["--to", &receiver.path, "--content-type", "text/html;charset=utf-8"]);
    assert_eq!(status, 0, "{object}");
    assert_eq!(receiver.next()["contentType"], "text/html;charset=utf-8");
}

#[test]
fn an_aborted_message_leaves_no_file() {
    for (flag, event) in [(Some("#"), "aborted"), (None, "failed")] {
        let folder = Folder::new();
        let mut receiver = Receiver::start(&["--once", "--out", folder.0.to_str().unwrap()]);
        let raw = Raw::connect(&receiver);
        let head = "Message-ID: a.b.c\r\nByte-Range: 1-*/9\r\nContent-Type: a/b\r\n\r\n";
        raw.send("abcd", &format!("{head}1234\r\n"), flag.unwrap_or("+"));
        assert!(raw.response().starts_with("MSRP abcd 200"));
        drop(raw);
        let object = receiver.next();
        assert_eq!((&object["event"], &object["bytes"]), (&json!(event), &json!(4)), "{object}");
        assert_eq!((&object["messageId"], &object["file"]), (&json!("a.b.c"), &Value::Null));
        assert_eq!(receiver.status(), 1);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    }
}

#[test]
fn chunks_find_their_place_in_any_order() {
    let folder = Folder::new();
    // Octets that arrive again replace the stored ones.
    let cases = [("12?", &["--out", folder.0.to_str().unwrap()][..]), ("123", &[])];
    for (first, arguments) in cases {
        let mut receiver = Receiver::start(arguments);
        let raw = Raw::connect(&receiver);
        let chunks = [("1-3/9", first, "+"), ("7-9/9", "789", "$"), ("3-6/9", "3456", "+")];
        for (number, (range, body, flag)) in chunks.into_iter().enumerate() {
            let head = format!("Message-ID: abcd\r\nByte-Range: {range}\r\n");
            let id = format!("chunk{number}");
            raw.send(&id, &format!("{head}Content-Type: a/b\r\n\r\n{body}\r\n"), flag);
            assert!(raw.response().starts_with(&format!("MSRP {id} 200")));
        }
        let message = receiver.next();
        assert_eq!(message["sha256"], hash(b"123456789"), "{message}");
        if let Some(file) = message["file"].as_str() {
            assert_eq!(fs::read(file).unwrap(), b"123456789");
        }
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let here = "msrp://127.0.0.1:9/abc;tcp";
    let wrong: [(&str, &[&str]); 17] = [
        ("send", &["--to", "msrp://127.0.0.1:9/abc"]),
        ("send", &["--to", "http://127.0.0.1:9/abc;tcp"]),
        ("send", &["--to", "msrp://127.0.0.1/abc;tcp"]),
        ("send", &["--to", "msrp://127.0.0.1:9/abc;ws"]),
        ("send", &["--to", "msrp://127.0.0.1:9/abc;ws msrp://127.0.0.1:9/abc;tcp"]),
        ("connect", &["--to", here, "--relay", "msrps://127.0.0.1:9;dc"]),
        ("send", &["--to", here, "--disposition", "a b"]),
        ("send", &["--to", here, "--text", "a", "--file", "Cargo.toml"]),
        ("send", &["--to", here, "--text", "a", "-"]),
        ("send", &["--to", here, "--file", "no/such/file"]),
        ("send", &["--to", here, "--file", "src"]),
        ("send", &["--to", here, "--message-id", "a b"]),
        ("send", &["--to", here, "--failure-report", "maybe"]),
        ("send", &["--to", here, "--timeout", "18446744073709551615"]),
        ("connect", &[]),
        ("receive", &["--listen", "127.0.0.1:0", "--out", "Cargo.toml/folder"]),
        ("receive", &["--listen", "127.0.0.1:0", "--path", here, "--path", here]),
    ];
    for (subcommand, arguments) in wrong {
        let output = Running(command(subcommand, arguments).spawn().unwrap()).output();
        assert_eq!(output.status.code(), Some(2), "{subcommand} {arguments:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.starts_with("error: "), "{subcommand} {arguments:?}: {message}");
    }
}

/// Both `send` and `connect` fail with that kind.
fn assert_failure(to: &str, kind: &str) {
    for subcommand in ["send", "connect"] {
        let (status, object) = run(subcommand, &["--to", to]);
        assert_eq!((status, &object["success"]), (1, &json!(false)), "{object}");
        assert_eq!(object["error"]["kind"], kind, "{subcommand}: {object}");
        assert!(object["error"]["message"].is_string());
        assert_eq!(object["statusCode"], Value::Null);
    }
}

/// A peer that writes raw octets.
struct Raw {
    socket: TcpStream,
    to: String,
}

impl Raw {
    fn connect(receiver: &Receiver) -> Self {
        let socket = TcpStream::connect(&receiver.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, to: receiver.path.clone() }
    }

    fn send(&self, id: &str, rest: &str, flag: &str) {
        let paths = format!("To-Path: {}\r\nFrom-Path: msrp://127.0.0.1:9/raw;tcp\r\n", self.to);
        let request = format!("MSRP {id} SEND\r\n{paths}{rest}-------{id}{flag}\r\n");
        (&self.socket).write_all(request.as_bytes()).unwrap();
    }

    fn response(&self) -> String {
        let mut octets = Vec::new();
        while !octets.ends_with(b"$\r\n") {
            let mut octet = [0];
            (&self.socket).read_exact(&mut octet).unwrap();
            octets.push(octet[0]);
        }
        String::from_utf8(octets).unwrap()
    }
}

/// A listener, and the URI of a session on it.
fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = uri(&listener.local_addr().unwrap().to_string());
    (listener, to)
}

/// A listener that serves every connection with `serve`.
fn peer(serve: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = uri(&listener.local_addr().unwrap().to_string());
    thread::spawn(move || {
        for socket in listener.incoming() {
            thread::spawn(move || serve(socket.unwrap()));
        }
    });
    to
}
