//! A text behind a file, on the way to a client that takes its octets slowly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::client::{Client, Wire};
use common::{ALICE, BOB, Running, plain_options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

/// What Bob reads a second, in octets.
const RATE: usize = 512 * 1024;
const FAST: Duration = Duration::from_millis(600);
const STEP: usize = 16 * 1024;
const TEXT: &[u8] = b"<the text behind the file>";

/// A chunk of the file, of which no sender needs to know the end.
fn chunk(number: usize, to: &str, message: &str, body: &[u8]) -> Vec<u8> {
    let (id, start) = (format!("part{number:06}"), number * STEP + 1);
    let head = format!(
        "MSRP {id} SEND\r\nTo-Path: {to}\r\nFrom-Path: {ALICE}\r\nMessage-ID: {message}\r\n\
         Failure-Report: no\r\nByte-Range: {start}-*/*\r\nContent-Type: text/plain\r\n\r\n"
    );
    [head.as_bytes(), body, format!("\r\n-------{id}+\r\n").as_bytes()].concat()
}

async fn connect(relay: &Running, receive: Option<u32>) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    if let Some(octets) = receive {
        socket.set_recv_buffer_size(octets).unwrap();
    }
    let stream = socket.connect(relay.addresses.tcp.unwrap()).await.unwrap();
    msrp_socket::prepare(&stream).unwrap();
    stream
}

/// Reads as fast as it can for a while, so that the sockets on the way learn to take much,
/// and then at the rate until the text is there. Returns when it was.
async fn read_slowly(mut stream: impl AsyncReadExt + Unpin) -> Instant {
    let (mut seen, mut start, mut octets) = (Vec::new(), Instant::now(), 0);
    let fast_until = start + FAST;
    let mut buffer = vec![0; STEP];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the end");
        octets += read;
        seen.extend_from_slice(&buffer[..read]);
        if seen.windows(TEXT.len()).any(|it| it == TEXT) {
            return Instant::now();
        }
        seen.drain(..seen.len().saturating_sub(TEXT.len()));
        if Instant::now() < fast_until {
            (start, octets) = (Instant::now(), 0);
        }
        let due = start + Duration::from_secs_f64(octets as f64 / RATE as f64);
        sleep(due.saturating_duration_since(Instant::now())).await;
    }
}

/// What is ahead of a text when its sender gives it to the socket lies in the relay and
/// in the sockets on the way, and all of it is bounded.
#[tokio::test]
async fn a_text_is_not_far_behind_a_file() {
    let relay = Running::with(plain_options());
    let uri = relay.uri("msrp", "tcp");
    let mut alice = Client::over(connect(&relay, None).await, ALICE);
    let mut bob = Client::over(connect(&relay, Some(32 * 1024)).await, BOB);
    let of_alice = alice.authenticate(uri, "alice").await.unwrap();
    let of_bob = bob.authenticate(uri, "bob").await.unwrap();
    let to = format!("{of_alice} {of_bob} {BOB}");
    let (Wire::Stream(mut from), Wire::Stream(bob)) = (alice.wire, bob.wire) else {
        panic!("both are streams")
    };
    let reading = tokio::spawn(read_slowly(bob));
    let is_over = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&is_over);
    tokio::spawn(async move {
        sleep(4 * FAST).await;
        stop.store(true, Ordering::Relaxed);
    });
    let file = vec![b'x'; STEP];
    let mut number = 0;
    while !is_over.load(Ordering::Relaxed) {
        from.write_all(&chunk(number, &to, "file", &file)).await.unwrap();
        number += 1;
    }
    let text_at = Instant::now();
    from.write_all(&chunk(0, &to, "text", TEXT)).await.unwrap();
    let behind = reading.await.unwrap().duration_since(text_at);
    let octets = behind.as_secs_f64() * RATE as f64;
    assert!(octets < 800_000.0, "{octets} octets ahead, {behind:?}");
}
