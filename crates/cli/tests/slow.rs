//! The command on slow and silent links: what counts is progress.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[allow(dead_code, unused_imports, reason = "the command uses the rest")]
#[path = "../src/link/mod.rs"]
mod link;
mod processes;

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use link::Link;
use msrp::{
    Config, Connection, Event, MediaType, MessageKey, OsRandom, OutgoingMessage, ReceiveMode, Role,
    SessionConfig, SessionTable,
};
use processes::{Folder, Receiver, Running, command, hash, random_octets, result, uri};
use serde_json::json;
use socket2::{Domain, Socket, Type};

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A link to `target` that lets this many octets a second pass, and forgets nothing. It
/// serves one connection. The system of its near end holds little, like a modem.
fn slow_link(octets_a_second: u64) -> (SocketAddr, impl FnOnce(SocketAddr) + Send + 'static) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(8).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let carry = move |target: SocketAddr| {
        let near = listener.accept().unwrap().0;
        let far = TcpStream::connect(target).unwrap();
        let (mut back, mut forth) = (far.try_clone().unwrap(), near.try_clone().unwrap());
        thread::spawn(move || {
            // The answers are few.
            let _ = io::copy(&mut back, &mut forth);
            let _ = forth.shutdown(std::net::Shutdown::Write);
        });
        carry_slowly(near, far, octets_a_second);
    };
    (address, carry)
}

fn carry_slowly(mut from: TcpStream, mut to: TcpStream, octets_a_second: u64) {
    let (start, mut carried, mut buffer) = (Instant::now(), 0, [0; 1448]);
    while let Ok(octets @ 1..) = from.read(&mut buffer) {
        carried += octets as u64;
        let due = Duration::from_micros(carried * 1_000_000 / octets_a_second);
        thread::sleep(due.saturating_sub(start.elapsed()));
        if to.write_all(&buffer[..octets]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// Sends a file over a slow link. Returns the exit status, the object that is printed, and
/// how long it took.
fn send_slowly(
    octets: usize,
    octets_a_second: u64,
    options: &[&str],
) -> (i32, serde_json::Value, Duration) {
    let folder = Folder::new();
    let body = random_octets(octets);
    let file = folder.0.join("file");
    fs::write(&file, &body).unwrap();
    let (link, carry) = slow_link(octets_a_second);
    let to = uri(&link.to_string());
    let mut receiver = Receiver::start(&["--path", &to, "--once"]);
    let target = receiver.address.parse().unwrap();
    thread::spawn(move || carry(target));
    let start = Instant::now();
    let arguments = ["--to", &to, "--file", file.to_str().unwrap()];
    let sender = command("send", &arguments).args(options).spawn().unwrap();
    let (status, object) = result(Running(sender).output());
    let took = start.elapsed();
    if status == 0 {
        let received = receiver.next();
        assert_eq!(received["event"], "message", "{received}");
        assert_eq!(received["sha256"], json!(hash(&body)));
    }
    (status, object, took)
}

#[test]
fn a_transfer_that_makes_progress_may_take_longer_than_the_timeout() {
    let timeout = ["--timeout", "1500"];
    let (status, object, took) = send_slowly(400_000, 100_000, &timeout);
    assert_eq!(status, 0, "{object}");
    assert!(took > Duration::from_millis(3_500), "{took:?}");
}

#[test]
fn a_deadline_bounds_the_whole() {
    let (status, object, took) = send_slowly(400_000, 50_000, &["--deadline", "2000"]);
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("timeout")), "{object}");
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[test]
fn a_link_that_dies_within_a_file_is_an_error_after_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = uri(&listener.local_addr().unwrap().to_string());
    let folder = Folder::new();
    let file = folder.0.join("file");
    fs::write(&file, random_octets(20_000_000)).unwrap();
    let start = Instant::now();
    let arguments = ["--to", &to, "--file", file.to_str().unwrap(), "--timeout", "2000"];
    let sender = Running(command("send", &arguments).spawn().unwrap());
    // Nobody reads what it sends.
    let _silent = listener.accept().unwrap();
    let (status, object) = result(sender.output());
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("timeout")), "{object}");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// Run by hand: it takes half a minute.
#[test]
#[ignore = "takes 30 seconds"]
fn a_file_of_3_7_mb_at_1_mbit_is_sent() {
    let (status, object, took) = send_slowly(3_700_000, 125_000, &[]);
    println!("3.7 MB at 1 Mbit/s in {took:?}: {object}");
    assert_eq!(status, 0, "{object}");
}

/// A text that is sent while a file leaves: how much later it arrives.
#[test]
fn a_text_overtakes_a_file_on_a_slow_link() {
    const RATE: u64 = 250_000;
    let bob: msrp::MsrpUri = "msrp://bob.example:9/kjhd37s2s20w2a;tcp".parse().unwrap();
    let alice = "msrp://alice.example:9/jshA7weztas;tcp".parse().unwrap();
    let table = SessionTable::new(1);
    let expected = SessionConfig::expected(bob.clone()).max_size(u64::MAX);
    table.insert(expected.receive(ReceiveMode::Pieces)).unwrap();

    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let target_address = target.local_addr().unwrap();
    let (near, carry) = slow_link(RATE);
    thread::spawn(move || carry(target_address));
    let active = TcpStream::connect(near).unwrap();
    let passive = target.accept().unwrap().0;
    let receiving = connection(Config::default(), Role::Passive).with_table(table);
    let receiver = Link::new(passive, receiving).unwrap();
    let sender = Link::new(active, connection(link::config(), Role::Active)).unwrap();
    let session = sender.with(|it| it.open(SessionConfig::new(alice, bob.into()))).unwrap();

    let file = OutgoingMessage::new(octet_stream(), vec![7; 1_500_000]);
    sender.with(|it| it.send(session, file)).unwrap();
    // Every queue is full.
    thread::sleep(Duration::from_secs(1));
    let (start, text) = (Instant::now(), OutgoingMessage::text("x"));
    let text = sender.with(|it| it.send(session, text)).unwrap();
    let sending = thread::spawn(move || (accepted(&sender, text), sender));
    let arrived = loop {
        match receiver.next_event(Some(Instant::now() + PATIENCE)).unwrap() {
            Event::MessageCompleted { total: 1, .. } => break start.elapsed(),
            Event::Closed(end) => panic!("{end}"),
            _ => {}
        }
    };
    println!("a text behind a file at 2 Mbit/s arrives after {arrived:?}");
    assert!(arrived < Duration::from_millis(700), "{arrived:?}");
    let (is_accepted, sender) = sending.join().unwrap();
    assert!(is_accepted);
    sender.finish();
}

fn accepted(sender: &Link, text: MessageKey) -> bool {
    loop {
        match sender.next_event(Some(Instant::now() + PATIENCE)).unwrap() {
            Event::Finished(finished) if finished.message == text => {
                return finished.outcome.is_success();
            }
            Event::Closed(end) => panic!("{end}"),
            _ => {}
        }
    }
}

fn connection(config: Config, role: Role) -> Connection {
    Connection::new(Arc::new(config), role, OsRandom::new().unwrap(), Instant::now()).unwrap()
}

fn octet_stream() -> MediaType {
    MediaType::new("application/octet-stream").unwrap()
}

/// A peer that connects and sends nothing costs one thread; a limit holds further ones.
#[cfg(target_os = "linux")]
#[test]
fn idle_connections_cost_one_thread_each_and_are_bounded() {
    let receiver = Receiver::start(&["--max-connections", "40"]);
    let idle: Vec<TcpStream> =
        (0..60).map(|_| TcpStream::connect(&*receiver.address).unwrap()).collect();
    let before = Instant::now();
    let threads = loop {
        let threads = receiver.threads();
        if threads >= 41 || before.elapsed() > Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(300));
            break receiver.threads();
        }
        thread::sleep(Duration::from_millis(20));
    };
    assert!((41..=44).contains(&threads), "{threads} threads");
    drop(idle);
}
