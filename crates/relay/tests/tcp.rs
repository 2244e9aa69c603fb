//! Clients and endpoints over TCP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::client::{Client, Wire, report, request, send};
use common::{ALICE, BOB, PATIENCE, Running, plain_options};
use msrp::OsRandom;
use msrp::auth::{Credentials, DigestClient};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// An octet that occurs in no head.
const FILLING: u8 = 1;

async fn client(relay: &Running, uri: &str) -> Client {
    Client::over(TcpStream::connect(relay.addresses.tcp.unwrap()).await.unwrap(), uri)
}

/// An endpoint without a relay, and its URI.
async fn endpoint() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("msrp://{}/kjhd37s2s20w2a;tcp", listener.local_addr().unwrap());
    (listener, uri)
}

// req: 4976-5.1-1, 4976-6.3-1
#[tokio::test]
async fn a_text_goes_through_and_its_report_comes_back() {
    let relay = Running::plain();
    let mut alice = client(&relay, ALICE).await;
    let use_path = alice.authenticate(relay.uri("msrp", "tcp"), "alice").await.unwrap();
    let (listener, bob_uri) = endpoint().await;
    let answer = alice.say(&format!("{use_path} {bob_uri}"), "Are you there?").await;
    assert_eq!(answer.kind(), "200");

    let mut bob = Client::over(listener.accept().await.unwrap().0, &bob_uri);
    let got = bob.expect("SEND").await;
    assert_eq!(got.body(), b"Are you there?");
    assert_eq!(got.header("From-Path"), format!("{use_path} {ALICE}"));
    assert_eq!(got.header("To-Path"), bob_uri);
    bob.write(&got.response("200 OK")).await;
    let id = bob.id();
    bob.write(&report(&id, &got, &bob_uri)).await;
    let reported = alice.expect("REPORT").await;
    assert_eq!(reported.header("To-Path"), ALICE);
    assert_eq!(reported.header("Status"), "000 200 OK");

    // Bob sends a text over the same connection.
    let answer = bob.say(&format!("{use_path} {ALICE}"), "Yes").await;
    assert_eq!(answer.kind(), "200");
    assert_eq!(alice.expect("SEND").await.body(), b"Yes");
}

#[tokio::test]
async fn two_clients_of_the_relay_meet_there() {
    let relay = Running::plain();
    let (mut alice, mut bob) = (client(&relay, ALICE).await, client(&relay, BOB).await);
    let uri = relay.uri("msrp", "tcp");
    let of_alice = alice.authenticate(uri, "alice").await.unwrap();
    let of_bob = bob.authenticate(uri, "bob").await.unwrap();
    assert_ne!(of_alice, of_bob);
    let answer = alice.say(&format!("{of_alice} {of_bob} {BOB}"), "Hello").await;
    assert_eq!(answer.kind(), "200");
    let got = bob.expect("SEND").await;
    assert_eq!(got.body(), b"Hello");
    assert_eq!(got.header("From-Path"), format!("{of_bob} {of_alice} {ALICE}"));
}

#[tokio::test]
async fn an_unreachable_endpoint_is_reported() {
    let relay = Running::plain();
    let mut alice = client(&relay, ALICE).await;
    let use_path = alice.authenticate(relay.uri("msrp", "tcp"), "alice").await.unwrap();
    let (listener, uri) = endpoint().await;
    drop(listener);
    assert_eq!(alice.say(&format!("{use_path} {uri}"), "Hello").await.kind(), "200");
    let status = alice.expect("REPORT").await.header("Status");
    assert!(status.starts_with("000 4"), "{status}");
}

#[tokio::test]
async fn an_address_that_is_not_permitted_is_not_connected_to() {
    let mut options = plain_options();
    options.connect_to = vec!["192.0.2.0/24".parse().unwrap()];
    let relay = Running::with(options);
    let mut alice = client(&relay, ALICE).await;
    let use_path = alice.authenticate(relay.uri("msrp", "tcp"), "alice").await.unwrap();
    let (listener, uri) = endpoint().await;
    alice.say(&format!("{use_path} {uri}"), "Hello").await;
    alice.expect("REPORT").await;
    let came = timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(came.is_err(), "the relay has connected");
}

/// However the host is written, its addresses decide.
#[tokio::test]
async fn a_name_of_this_machine_is_not_connected_to() {
    let mut options = plain_options();
    options.connect_to = Vec::new();
    let relay = Running::with(options);
    let mut alice = client(&relay, ALICE).await;
    let use_path = alice.authenticate(relay.uri("msrp", "tcp"), "alice").await.unwrap();
    let (listener, _) = endpoint().await;
    let port = listener.local_addr().unwrap().port();
    for host in ["localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let uri = format!("msrp://{host}:{port}/kjhd37s2s20w2a;tcp");
        alice.say(&format!("{use_path} {uri}"), "Hello").await;
        let status = alice.expect("REPORT").await.header("Status");
        assert!(status.starts_with("000 408"), "{host}: {status}");
    }
    let came = timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(came.is_err(), "the relay has connected");
}

// req: 4976-6.3-11
#[tokio::test]
async fn a_client_that_guesses_passwords_is_disconnected() {
    let relay = Running::plain();
    let mut alice = client(&relay, ALICE).await;
    let uri = relay.uri("msrp", "tcp");
    let challenge = alice.ask("AUTH", uri, "").await;
    let values = challenge.headers("WWW-Authenticate");
    for _ in 0..100 {
        let mut digest = DigestClient::new(Credentials::new("alice", "a guess"));
        digest.challenged(values.iter().map(String::as_str)).unwrap();
        let guess =
            digest.authorization(uri, true, &mut OsRandom::new().unwrap()).unwrap().unwrap();
        let id = alice.id();
        let auth = request(&id, "AUTH", uri, ALICE, &format!("Authorization: {guess}\r\n"));
        alice.write(&auth).await;
        let Some(answer) = alice.read().await else { return };
        assert_ne!(answer.kind(), "200");
        assert!(answer.headers("Use-Path").is_empty());
    }
    panic!("the connection is still there");
}

#[tokio::test]
async fn without_a_token_nothing_is_forwarded() {
    let relay = Running::plain();
    let mut mallory = client(&relay, ALICE).await;
    let (listener, bob_uri) = endpoint().await;
    let made_up = relay.uri("msrp", "tcp").replace(";tcp", "/AAAAAAAAAAAAAAAAAAAAAA;tcp");
    let answer = mallory.say(&format!("{made_up} {bob_uri}"), "Hello").await;
    assert_eq!(answer.kind(), "481", "{}", answer.text());
    let came = timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(came.is_err(), "the relay has connected");
}

#[tokio::test]
async fn a_peer_that_does_not_speak_msrp_is_disconnected() {
    let relay = Running::plain();
    let mut stream = TcpStream::connect(relay.addresses.tcp.unwrap()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n").await.unwrap();
    let mut all = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut all)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_the_sender_back() {
    const LEN: u64 = 64 << 20;
    let relay = Running::plain();
    let mut alice = client(&relay, ALICE).await;
    let use_path = alice.authenticate(relay.uri("msrp", "tcp"), "alice").await.unwrap();
    let (listener, bob_uri) = endpoint().await;
    let Wire::Stream(mut stream) = alice.wire else { unreachable!() };
    let written = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&written);
    let writing = tokio::spawn(async move {
        let head = format!(
            "MSRP filet1 SEND\r\nTo-Path: {use_path} {bob_uri}\r\nFrom-Path: {ALICE}\r\n\
             Message-ID: file\r\nFailure-Report: no\r\nByte-Range: 1-{LEN}/{LEN}\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let part = [FILLING; 1 << 14];
        for _ in 0..LEN / part.len() as u64 {
            stream.write_all(&part).await.unwrap();
            count.fetch_add(part.len() as u64, Ordering::Relaxed);
        }
        stream.write_all(b"\r\n-------filet1$\r\n").await.unwrap();
        stream
    });
    let (mut bob, _) = listener.accept().await.unwrap();
    at_rest(&written).await;
    let held = written.load(Ordering::Relaxed);
    assert!(held < LEN / 2, "{held} octets have left and no octet has been read");

    let (mut got, mut octets) = (0, vec![0; 1 << 16]);
    while got < LEN {
        let read = timeout(PATIENCE, bob.read(&mut octets)).await.unwrap().unwrap();
        assert_ne!(read, 0, "the end after {got} octets");
        got += octets[..read].iter().filter(|octet| **octet == FILLING).count() as u64;
    }
    assert_eq!(got, LEN);
    writing.await.unwrap();
}

/// Waits until a count has stopped changing.
async fn at_rest(count: &AtomicU64) {
    let mut before = None;
    loop {
        let now = count.load(Ordering::Relaxed);
        if now > 0 && before == Some(now) {
            return;
        }
        before = Some(now);
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_draining_relay_ends_when_sessions_are_quiet() {
    let mut options = plain_options();
    options.drain_seconds = PATIENCE;
    let relay = Running::with(options);
    let mut alice = client(&relay, ALICE).await;
    alice.authenticate(relay.uri("msrp", "tcp"), "alice").await.unwrap();
    relay.handle.drain();
    assert!(alice.read().await.is_none());
    while !relay.has_ended() {
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_draining_relay_completes_messages_that_have_begun() {
    let mut options = plain_options();
    options.drain_seconds = PATIENCE;
    let relay = Running::with(options);
    let (mut alice, mut bob) = (client(&relay, ALICE).await, client(&relay, BOB).await);
    let uri = relay.uri("msrp", "tcp");
    let of_alice = alice.authenticate(uri, "alice").await.unwrap();
    let of_bob = bob.authenticate(uri, "bob").await.unwrap();
    let path = format!("{of_alice} {of_bob} {BOB}");
    let second = send("second", &path, ALICE, "Hello again");
    let (begun, rest) = second.split_at(second.find("again").unwrap());
    // Requests read together with the first have begun when that has its response.
    alice.write(&(send("firstt", &path, ALICE, "Hello") + begun)).await;
    assert_eq!(alice.expect("200").await.transaction(), "firstt");
    relay.handle.drain();
    refuses_connections(&relay).await;
    alice.write(rest).await;
    let mut got = Vec::new();
    while got.len() < b"HelloHello again".len() {
        let part = bob.expect("SEND").await;
        got.extend(part.body());
        bob.write(&part.response("200 OK")).await;
    }
    assert_eq!(got, b"HelloHello again");
    // A message with a response is not reported as lost.
    assert_eq!(alice.expect("200").await.transaction(), "second");
    assert!(alice.read().await.is_none() && bob.read().await.is_none());
    while !relay.has_ended() {
        sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the relay refuses connections.
async fn refuses_connections(relay: &Running) {
    loop {
        let mut late = TcpStream::connect(relay.addresses.tcp.unwrap()).await.unwrap();
        if timeout(Duration::from_millis(20), late.read_u8()).await.is_ok() {
            return;
        }
    }
}

#[tokio::test]
async fn draining_has_a_time_limit() {
    let mut options = plain_options();
    options.drain_seconds = Duration::from_millis(50);
    let relay = Running::with(options);
    let (mut alice, mut bob) = (client(&relay, ALICE).await, client(&relay, BOB).await);
    let uri = relay.uri("msrp", "tcp");
    let of_alice = alice.authenticate(uri, "alice").await.unwrap();
    let of_bob = bob.authenticate(uri, "bob").await.unwrap();
    alice.say(&format!("{of_alice} {of_bob} {BOB}"), "Hello").await;
    bob.expect("SEND").await;
    relay.handle.drain();
    // She has it before her connection ends, although the relay has not read all of hers.
    alice.write("MSRP later SEND").await;
    let report = loop {
        let frame = alice.read().await.expect("a REPORT before the end");
        if frame.kind() == "REPORT" {
            break frame;
        }
    };
    assert!(report.header("Status").starts_with("000 408"), "{}", report.text());
    assert!(alice.read().await.is_none());
    while !relay.has_ended() {
        sleep(Duration::from_millis(5)).await;
    }
}

/// A relay that drains for a moment only, Alice and Bob, and her path to him.
async fn soon_drained() -> (Running, Client, Client, String) {
    let mut options = plain_options();
    options.drain_seconds = Duration::from_millis(300);
    let relay = Running::with(options);
    let (mut alice, mut bob) = (client(&relay, ALICE).await, client(&relay, BOB).await);
    let uri = relay.uri("msrp", "tcp");
    let of_alice = alice.authenticate(uri, "alice").await.unwrap();
    let of_bob = bob.authenticate(uri, "bob").await.unwrap();
    (relay, alice, bob, format!("{of_alice} {of_bob} {BOB}"))
}

/// Half of the requests are never answered, more than the socket of the sender holds.
#[tokio::test]
async fn what_was_accepted_is_reported_before_a_draining_relay_ends() {
    const MESSAGES: usize = 500;
    let (relay, mut alice, mut bob, path) = soon_drained().await;
    let writing = tokio::spawn(async move {
        for n in 0..MESSAGES {
            alice.write(&send(&format!("id{n:05}"), &path, ALICE, "Hello")).await;
        }
        alice
    });
    let mut answered = std::collections::BTreeSet::new();
    for n in 0..MESSAGES {
        let part = bob.expect("SEND").await;
        if n % 2 == 0 {
            bob.write(&part.response("200 OK")).await;
            answered.insert(part.header("Message-ID"));
        }
    }
    let mut alice = writing.await.unwrap();
    relay.handle.drain();
    let (mut accepted, mut reported) = (0, std::collections::BTreeSet::new());
    while let Some(frame) = alice.read().await {
        match &frame.kind()[..] {
            "200" => accepted += 1,
            "REPORT" => drop(reported.insert(frame.header("Message-ID"))),
            other => panic!("{other}"),
        }
    }
    assert_eq!((accepted, answered.len() + reported.len()), (MESSAGES, MESSAGES));
    assert!(answered.is_disjoint(&reported));
}

/// What waits in its socket is read at the end, though it no longer counts.
#[tokio::test]
async fn a_client_that_writes_before_it_reads_hears_what_is_lost() {
    const MESSAGES: u64 = 30_000;
    let (relay, mut alice, _bob, path) = soon_drained().await;
    let text = "Hello ".repeat(32);
    let written = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&written);
    let writing = tokio::spawn(async move {
        for n in 0..MESSAGES {
            alice.write(&send(&format!("id{n:05}"), &path, ALICE, &text)).await;
            count.fetch_add(1, Ordering::Relaxed);
        }
        alice
    });
    at_rest(&written).await;
    assert!(written.load(Ordering::Relaxed) < MESSAGES, "the sockets hold all of it");
    relay.handle.drain();
    let mut alice = writing.await.unwrap();
    let (mut accepted, mut reported) = (0, 0);
    while let Some(frame) = alice.read().await {
        match &frame.kind()[..] {
            "200" => accepted += 1,
            "REPORT" => reported += 1,
            other => panic!("{other}"),
        }
    }
    assert!(accepted > 0);
    assert_eq!(reported, accepted);
}

// req: 4976-6.5-1, 4976-6.5-2
#[tokio::test]
async fn at_the_connection_limit_an_unproven_peer_gives_way() {
    let mut options = plain_options();
    options.max_connections = 2;
    let relay = Running::with(options);
    let mut alice = client(&relay, ALICE).await;
    let of_alice = alice.authenticate(relay.uri("msrp", "tcp"), "alice").await.unwrap();
    let mut idle = client(&relay, BOB).await;
    let mut bob = client(&relay, BOB).await;
    let of_bob = bob.authenticate(relay.uri("msrp", "tcp"), "bob").await.unwrap();
    assert!(idle.read().await.is_none());
    alice.say(&format!("{of_alice} {of_bob} {BOB}"), "Hello").await;
    assert_eq!(bob.expect("SEND").await.body(), b"Hello");
}
