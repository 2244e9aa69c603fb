//! The command on slow and silent links: what counts is progress.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod processes;

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use processes::{Folder, Receiver, Running, command, hash, random_octets, result, uri};
use serde_json::json;
use socket2::{Domain, Socket, Type};

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
    // Without one, it arrives after eight seconds.
    let (status, object, _) = send_slowly(400_000, 50_000, &["--deadline", "2000"]);
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("timeout")), "{object}");
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

/// A peer that connects and sends nothing costs no thread; a limit holds further ones.
#[cfg(target_os = "linux")]
#[test]
fn idle_connections_cost_no_thread_and_are_bounded() {
    let receiver = Receiver::start(&["--max-connections", "40"]);
    let threads = receiver.threads();
    let descriptors = receiver.descriptors();
    let idle: Vec<TcpStream> =
        (0..60).map(|_| TcpStream::connect(&*receiver.address).unwrap()).collect();
    let before = Instant::now();
    while receiver.descriptors() < descriptors + 40 && before.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(300));
    assert_eq!(receiver.descriptors(), descriptors + 40);
    assert_eq!(receiver.threads(), threads);
    drop(idle);
}
