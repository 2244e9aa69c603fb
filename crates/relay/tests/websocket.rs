//! WebSockets (RFC 7977), with and without TLS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::certificates::Authority;
use common::client::{Client, Duplex, Wire, request, send};
use common::{BOB, PATIENCE, Running};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const BROWSER: &str = "msrps://alice.invalid:7654/jshA7weztas;ws";
type Socket = WebSocketStream<Box<dyn Duplex>>;

async fn shake(
    stream: impl Duplex + 'static,
    headers: &[(&'static str, &str)],
) -> Result<(Socket, Response), Error> {
    let mut request = "ws://localhost/".into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    client_async(request, Box::new(stream) as Box<dyn Duplex>).await
}

async fn tcp(relay: &Running) -> TcpStream {
    TcpStream::connect(relay.addresses.ws.unwrap()).await.unwrap()
}

const MSRP: (&str, &str) = ("Sec-WebSocket-Protocol", "msrp");

async fn browser(stream: impl Duplex + 'static) -> Client {
    let (socket, _) = shake(stream, &[MSRP]).await.unwrap();
    Client::of(Wire::WebSocket(Box::new(socket)), BROWSER)
}

// req: 7977-4.1-1, 7977-4.1-2
#[tokio::test]
async fn the_subprotocol_is_msrp() {
    let relay = Running::plain();
    for offered in ["msrp", "chat, msrp"] {
        let headers = [("Sec-WebSocket-Protocol", offered)];
        // The client's library checks the subprotocol in the response.
        let (_, response) = shake(tcp(&relay).await, &headers).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], "msrp");
    }
    for headers in [&[][..], &[("Sec-WebSocket-Protocol", "chat")]] {
        let Err(Error::Http(refusal)) = shake(tcp(&relay).await, headers).await else {
            panic!("taken with {headers:?}")
        };
        assert_eq!(refusal.status(), 400);
    }
}

// req: 7977-7-2
#[tokio::test]
async fn every_origin_is_allowed() {
    let relay = Running::plain();
    let headers = [MSRP, ("Origin", "https://chat.example")];
    let (_, response) = shake(tcp(&relay).await, &headers).await.unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "https://chat.example");
    let (_, response) = shake(tcp(&relay).await, &[MSRP]).await.unwrap();
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

// req: 7977-4.2-1, 7977-4.2-2, 7977-5.1-3
#[tokio::test]
async fn a_browser_and_an_endpoint_talk_both_ways() {
    let relay = Running::plain();
    let mut alice = browser(tcp(&relay).await).await;
    let of_alice = alice.authenticate(relay.uri("msrp", "tcp"), "alice").await.unwrap();
    let stream = TcpStream::connect(relay.addresses.tcp.unwrap()).await.unwrap();
    let mut bob = Client::over(stream, BOB);
    let of_bob = bob.authenticate(relay.uri("msrp", "tcp"), "bob").await.unwrap();
    for is_textual in [true, false] {
        alice.is_textual = is_textual;
        let text = format!("Grüße, {is_textual}");
        let answer = alice.say(&format!("{of_alice} {of_bob} {BOB}"), &text).await;
        assert_eq!(answer.kind(), "200", "{}", answer.text());
        let got = bob.expect("SEND").await;
        assert_eq!(got.body(), text.as_bytes());
        bob.write(&got.response("200 OK")).await;
        let answer = bob.say(&format!("{of_bob} {of_alice} {BROWSER}"), &text).await;
        assert_eq!(answer.kind(), "200", "{}", answer.text());
        let got = alice.expect("SEND").await;
        assert_eq!(got.body(), text.as_bytes());
        alice.write(&got.response("200 OK")).await;
    }
}

// req: 7977-5.1-4
#[tokio::test]
async fn a_large_chunk_reaches_a_browser_in_small_ones() {
    let relay = Running::plain();
    let mut alice = browser(tcp(&relay).await).await;
    let of_alice = alice.authenticate(relay.uri("msrp", "tcp"), "alice").await.unwrap();
    let stream = TcpStream::connect(relay.addresses.tcp.unwrap()).await.unwrap();
    let mut bob = Client::over(stream, BOB);
    let of_bob = bob.authenticate(relay.uri("msrp", "tcp"), "bob").await.unwrap();
    let text: String = (0..100_000).map(|n| char::from(b'a' + (n % 23) as u8)).collect();
    let whole = send("large1", &format!("{of_bob} {of_alice} {BROWSER}"), BOB, &text);
    bob.write(&whole).await;
    let mut got = Vec::new();
    while got.len() < text.len() {
        let part = alice.expect("SEND").await;
        assert!(part.0.len() <= 64 * 1024, "{} octets", part.0.len());
        let start = part.header("Byte-Range");
        assert!(start.starts_with(&format!("{}-", got.len() + 1)), "{start}");
        got.extend(part.body());
        alice.write(&part.response("200 OK")).await;
    }
    assert_eq!(got, text.as_bytes());
}

// req: 7977-5.1-2
#[tokio::test]
async fn secure_websockets_and_tls_meet() {
    let authority = Authority::new();
    let relay = authority.relay();
    let stream = authority.connect(relay.addresses.wss.unwrap(), None).await.unwrap();
    let mut alice = browser(stream).await;
    let of_alice = alice.authenticate(relay.uri("msrps", "tcp"), "alice").await.unwrap();
    let stream = authority.connect(relay.addresses.tls.unwrap(), None).await.unwrap();
    let uri = BOB.replace("msrp:", "msrps:");
    let mut bob = Client::over(stream, &uri);
    let of_bob = bob.authenticate(relay.uri("msrps", "tcp"), "bob").await.unwrap();
    alice.say(&format!("{of_alice} {of_bob} {uri}"), "Hello").await;
    assert_eq!(bob.expect("SEND").await.body(), b"Hello");
    bob.say(&format!("{of_bob} {of_alice} {BROWSER}"), "Hello yourself").await;
    assert_eq!(alice.expect("SEND").await.body(), b"Hello yourself");
}

// req: 7977-4.1-3, 7977-5.1-3
#[tokio::test]
async fn what_is_not_one_chunk_closes_the_socket() {
    let relay = Running::plain();
    let bodiless =
        |id| request(id, "SEND", "msrp://a.invalid:1/b;tcp", BROWSER, "Message-ID: 12345\r\n");
    let (whole, two) = (bodiless("onet1"), bodiless("onet1") + &bodiless("twot2"));
    for wrong in ["Hello", &whole[..whole.len() / 2], &two] {
        let (mut socket, _) = shake(tcp(&relay).await, &[MSRP]).await.unwrap();
        socket.send(Message::text(wrong)).await.unwrap();
        let mut code = None;
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(Some(frame)) = message {
                code = Some(frame.code);
            }
        }
        assert_eq!(code, Some(CloseCode::Protocol), "{wrong}");
    }
}

#[tokio::test]
async fn a_close_frame_gets_a_reply() {
    let relay = Running::plain();
    let (mut socket, _) = shake(tcp(&relay).await, &[MSRP]).await.unwrap();
    socket.close(None).await.unwrap();
    let answer = socket.next().await.unwrap().unwrap();
    assert!(answer.is_close(), "{answer:?}");
    assert!(socket.next().await.is_none());
}

// req: 7977-6-1
#[tokio::test]
async fn a_browser_that_is_silent_is_pinged() {
    let mut options = common::plain_options();
    options.ping_seconds = Duration::from_millis(20);
    let relay = Running::with(options);
    let (mut socket, _) = shake(tcp(&relay).await, &[MSRP]).await.unwrap();
    // More pings than a silent client may leave. Reading replies to each.
    for _ in 0..10 {
        let message = socket.next().await.unwrap().unwrap();
        assert!(message.is_ping(), "{message:?}");
    }
}

#[tokio::test]
async fn a_browser_that_sends_no_pong_is_disconnected() {
    let mut options = common::plain_options();
    options.ping_seconds = Duration::from_millis(20);
    let relay = Running::with(options);
    let (mut silent, _) = shake(tcp(&relay).await, &[MSRP]).await.unwrap();
    // Reads the socket below the WebSocket, which would send a pong.
    let mut octets = Vec::new();
    let end = timeout(PATIENCE, silent.get_mut().read_to_end(&mut octets)).await;
    assert!(end.is_ok(), "the connection is still there");
    // A ping without a body (RFC 6455 section 5.5.2).
    assert!(octets.starts_with(&[0x89, 0]), "{octets:?}");
}

/// The client does not respond to pings either: a pong would come behind its message.
#[tokio::test]
async fn a_long_message_on_a_slow_link_is_a_sign_of_life() {
    let mut options = common::plain_options();
    options.ping_seconds = Duration::from_millis(500);
    let relay = Running::with(options);
    let (mut socket, _) = shake(tcp(&relay).await, &[MSRP]).await.unwrap();
    let frame = masked(&request("t1", "AUTH", relay.uri("msrp", "ws"), BROWSER, ""));
    let (slow, rest) = frame.split_at(5);
    for octet in slow {
        let mut ping = [0; 2];
        timeout(PATIENCE, socket.get_mut().read_exact(&mut ping)).await.unwrap().unwrap();
        assert_eq!(ping, [0x89, 0]);
        socket.get_mut().write_all(&[*octet]).await.unwrap();
    }
    socket.get_mut().write_all(rest).await.unwrap();
    let mut client = Client::of(Wire::WebSocket(Box::new(socket)), BROWSER);
    assert_eq!(client.expect("401").await.transaction(), "t1");
}

/// The frame of a text, with a mask that changes nothing (RFC 6455 section 5.3).
fn masked(text: &str) -> Vec<u8> {
    let len = u16::try_from(text.len()).unwrap().to_be_bytes();
    [&[0x81, 0x80 | 126][..], &len, &[0; 4], text.as_bytes()].concat()
}

#[tokio::test]
async fn an_oversized_message_closes_the_socket() {
    let relay = Running::plain();
    let (mut socket, _) = shake(tcp(&relay).await, &[MSRP]).await.unwrap();
    // The relay reads it to its end, so that the client hears why it closes.
    socket.send(Message::binary(vec![b'a'; 2 << 20])).await.unwrap();
    let end = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    let Message::Close(Some(CloseFrame { code, .. })) = end else { panic!("{end:?}") };
    assert_eq!(code, CloseCode::Size);
}

/// The relay holds a message until it is complete, which takes memory.
/// A client that begins many long messages loses some of them, and nobody else does.
#[tokio::test]
async fn messages_that_do_not_end_take_no_memory_of_others() {
    let relay = Running::plain();
    let length = 1024 * 1024_u64;
    let head = [[0x82, 0xff].as_slice(), &length.to_be_bytes(), &[0; 4]].concat();
    let mut halves = Vec::new();
    for user in ["bob"].into_iter().chain(["alice"; 40]) {
        let mut client = browser(tcp(&relay).await).await;
        client.authenticate(relay.uri("msrp", "ws"), user).await.unwrap();
        let Wire::WebSocket(mut socket) = client.wire else { panic!() };
        let half = [&head[..], &vec![b'x'; 1000 * 1024]].concat();
        // The connection may be closed while this is written.
        let _ = socket.get_mut().write_all(&half).await;
        halves.push(socket);
    }
    let ends = halves.iter_mut().map(|socket| Box::pin(socket.get_mut().read_u8()));
    let first = timeout(PATIENCE, futures_util::future::select_all(ends)).await;
    let (_, closed, others) = first.expect("one is closed");
    assert_ne!(closed, 0, "Bob has begun one");
    drop(others);
}

#[tokio::test]
async fn a_stranger_cannot_begin_a_long_message() {
    let relay = Running::plain();
    let length = 512 * 1024_u64;
    let head = [[0x82, 0xff].as_slice(), &length.to_be_bytes(), &[0; 4]].concat();
    let mut stranger = browser(tcp(&relay).await).await;
    let mut client = browser(tcp(&relay).await).await;
    client.authenticate(relay.uri("msrp", "ws"), "alice").await.unwrap();
    for (it, is_cut) in [(&mut stranger, true), (&mut client, false)] {
        let Wire::WebSocket(socket) = &mut it.wire else { panic!() };
        let stream = socket.get_mut();
        stream.write_all(&head).await.unwrap();
        // The connection may be closed while this is written.
        let _ = stream.write_all(&[b'x'; 128 * 1024]).await;
        let end = timeout(Duration::from_millis(500), stream.read_u8()).await;
        assert_eq!(end.is_ok(), is_cut, "{end:?}");
    }
}
