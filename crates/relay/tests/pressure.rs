//! Peers that do not read for a while, on every transport.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::certificates::Authority;
use common::client::{Client, Duplex, Wire};
use common::{PATIENCE, Running};
use futures_util::StreamExt;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// More octets than the sockets on the way can buffer.
const LEN: u64 = 32 << 20;
const CHUNK: usize = 512 << 10;
/// An octet that occurs in no head.
const FILLING: u8 = 1;

#[derive(Clone, Copy, Debug)]
enum Over {
    Tcp,
    Tls,
    Ws,
    Wss,
}

/// A relay with all listeners.
struct Relay {
    authority: Authority,
    running: Running,
}

impl Relay {
    fn new() -> Self {
        let authority = Authority::new();
        let signed = authority.certify("localhost");
        let mut options = authority.relay_options(&signed);
        options.listen = "127.0.0.1:0".parse().ok();
        options.ws_listen = "127.0.0.1:0".parse().ok();
        options.plain_auth = true;
        Self { running: Running::with(options), authority }
    }

    /// A client and its path.
    async fn client(&self, over: Over, user: &str) -> (Client, String) {
        let addresses = &self.running.addresses;
        let (scheme, transport, wire) = match over {
            Over::Tcp => ("msrp", "tcp", Wire::Stream(tcp(addresses.tcp).await)),
            Over::Tls => ("msrps", "tcp", Wire::Stream(self.tls(addresses.tls).await)),
            Over::Ws => ("msrp", "ws", websocket(tcp(addresses.ws).await).await),
            Over::Wss => ("msrps", "ws", websocket(self.tls(addresses.wss).await).await),
        };
        let own = format!("{scheme}://{user}.invalid:7654/jshA7weztas;{transport}");
        let mut client = Client::of(wire, &own);
        let relay = self.running.uri(scheme, transport);
        let use_path = client.authenticate(relay, user).await.unwrap();
        (client, format!("{use_path} {own}"))
    }

    async fn tls(&self, address: Option<SocketAddr>) -> Box<dyn Duplex> {
        Box::new(self.authority.connect(address.unwrap(), None).await.unwrap())
    }
}

async fn tcp(address: Option<SocketAddr>) -> Box<dyn Duplex> {
    Box::new(TcpStream::connect(address.unwrap()).await.unwrap())
}

async fn websocket(stream: Box<dyn Duplex>) -> Wire {
    let mut request = "ws://localhost/".into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "msrp".parse().unwrap());
    Wire::WebSocket(Box::new(client_async(request, stream).await.unwrap().0))
}

fn chunk(number: u64, to: &str, from: &str) -> Vec<u8> {
    let (start, end) = (number * CHUNK as u64 + 1, (number + 1) * CHUNK as u64);
    let flag = if end == LEN { '$' } else { '+' };
    let head = format!(
        "MSRP part{number} SEND\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\nMessage-ID: file\r\n\
         Failure-Report: no\r\nByte-Range: {start}-{end}/{LEN}\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let end = format!("\r\n-------part{number}{flag}\r\n");
    [head.as_bytes(), &[FILLING; CHUNK], end.as_bytes()].concat()
}

/// The octets of the message in the next input.
async fn octets(wire: &mut Wire) -> u64 {
    let counted = |octets: &[u8]| octets.iter().filter(|octet| **octet == FILLING).count() as u64;
    match wire {
        Wire::Stream(stream) => {
            let mut octets = vec![0; 1 << 16];
            let read = stream.read(&mut octets).await.unwrap();
            assert_ne!(read, 0, "the end");
            counted(&octets[..read])
        }
        Wire::WebSocket(socket) => counted(&socket.next().await.unwrap().unwrap().into_data()),
    }
}

/// Waits until a count has stopped changing.
async fn at_rest(count: &AtomicU64) -> u64 {
    let mut before = 0;
    loop {
        let now = count.load(Ordering::Relaxed);
        if now > 0 && before == now {
            return now;
        }
        before = now;
        sleep(Duration::from_millis(200)).await;
    }
}

/// Alice sends a file. Bob starts to read when she cannot write any more.
async fn a_file_waits_for_its_reader(relay: &Relay, from: Over, to: Over) {
    let (mut alice, of_alice) = relay.client(from, "alice").await;
    let (mut bob, of_bob) = relay.client(to, "bob").await;
    let (token, own) = of_alice.split_once(' ').unwrap();
    let (path, own) = (format!("{token} {of_bob}"), own.to_owned());
    let written = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&written);
    let writing = tokio::spawn(async move {
        for number in 0..LEN / CHUNK as u64 {
            alice.write_octets(&chunk(number, &path, &own)).await;
            count.fetch_add(CHUNK as u64, Ordering::Relaxed);
        }
        alice
    });
    let held = at_rest(&written).await;
    assert!(held < LEN, "{from:?} to {to:?}: all has left and no octet has been read");
    let mut got = 0;
    while got < LEN {
        let read = timeout(PATIENCE, octets(&mut bob.wire)).await;
        got += read.unwrap_or_else(|_| panic!("{from:?} to {to:?}: nothing after {got} octets"));
    }
    assert_eq!(got, LEN, "{from:?} to {to:?}");
    writing.await.unwrap();
}

#[tokio::test]
async fn a_slow_reader_over_tls_gets_it_all() {
    let relay = Relay::new();
    for from in [Over::Tcp, Over::Tls, Over::Wss] {
        a_file_waits_for_its_reader(&relay, from, Over::Tls).await;
    }
}

#[tokio::test]
async fn a_slow_reader_over_websocket_gets_it_all() {
    let relay = Relay::new();
    for (from, to) in [(Over::Tcp, Over::Ws), (Over::Tls, Over::Wss), (Over::Ws, Over::Wss)] {
        a_file_waits_for_its_reader(&relay, from, to).await;
    }
}

#[tokio::test]
async fn a_slow_reader_over_tcp_gets_it_all() {
    let relay = Relay::new();
    for from in [Over::Tls, Over::Ws, Over::Wss] {
        a_file_waits_for_its_reader(&relay, from, Over::Tcp).await;
    }
}
