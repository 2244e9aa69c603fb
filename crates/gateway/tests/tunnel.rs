//! The tunnel between a WebSocket and a stream.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::{ALICE, Asked, PATIENCE, Running, json_of, peer, receiver, request, uri};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

async fn open(gateway: &Running, query: &str) -> Result<WebSocketStream<TcpStream>, Error> {
    let url = format!("ws://{}/api/msrp/tunnel?{query}", gateway.address);
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "msrp".parse().unwrap());
    let stream = TcpStream::connect(gateway.address).await.unwrap();
    let (socket, response) = client_async(request, stream).await?;
    assert_eq!(response.headers()["sec-websocket-protocol"], "msrp");
    Ok(socket)
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Message {
    timeout(PATIENCE, socket.next()).await.expect("a message").expect("no end").unwrap()
}

fn chunk(id: &str, to: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "MSRP {id} SEND\r\nTo-Path: {to}\r\nFrom-Path: {ALICE}\r\nMessage-ID: m-{id}\r\n\
         Byte-Range: 1-{len}/{len}\r\nContent-Type: text/plain\r\n\r\n",
        len = body.len()
    );
    [head.as_bytes(), body, format!("\r\n-------{id}$\r\n").as_bytes()].concat()
}

#[tokio::test]
async fn chunks_pass_as_text_and_as_binary() {
    let (gateway, mut receiver) = (Running::start().await, receiver().await);
    let query = format!("host=127.0.0.1&port={}", receiver.port);
    let mut socket = open(&gateway, &query).await.unwrap();
    let to = uri(receiver.port);
    let binary = chunk("abcd1", &to, &[0, 255, 13, 10]);
    socket.send(Message::Binary(binary.into())).await.unwrap();
    let text = String::from_utf8(chunk("abcd2", &to, "gr\u{fc}\u{df}e".as_bytes())).unwrap();
    socket.send(Message::Text(text.into())).await.unwrap();
    assert_eq!(receiver.messages.recv().await.unwrap(), [0, 255, 13, 10]);
    assert_eq!(receiver.messages.recv().await.unwrap(), "gr\u{fc}\u{df}e".as_bytes());
    for id in ["abcd1", "abcd2"] {
        let answer = next(&mut socket).await.into_data();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with(&format!("MSRP {id} 200")), "{answer}");
        assert!(answer.ends_with(&format!("-------{id}$\r\n")), "{answer}");
    }
}

#[tokio::test]
async fn large_chunks_of_the_stream_are_split() {
    let mut options = common::options();
    options.ws_max_message = 2048;
    let gateway = Running::with(options).await;
    let body: Vec<u8> = (0..100_000_u32).map(|n| b'a' + (n % 26) as u8).collect();
    let large = body.clone();
    let (answered, mut answer) = tokio::sync::mpsc::unbounded_channel();
    let port = peer(move |mut stream| {
        let (large, answered) = (large.clone(), answered.clone());
        async move {
            stream.write_all(&chunk("whole", ALICE, &large)).await.unwrap();
            answered.send(Asked::read(&mut stream).await.unwrap().text).unwrap();
            let _ = stream.read_u8().await;
        }
    })
    .await;
    let mut socket = open(&gateway, &format!("host=127.0.0.1&port={port}")).await.unwrap();
    let (mut came, mut parts) = (Vec::new(), 0);
    while came.len() < body.len() {
        let message = next(&mut socket).await.into_data();
        assert!(message.len() <= 2048, "{}", message.len());
        let text = String::from_utf8(message.to_vec()).unwrap();
        let (head, rest) = text.split_once("\r\n\r\n").unwrap();
        let (part, _) = rest.rsplit_once("\r\n-------").unwrap();
        came.extend_from_slice(part.as_bytes());
        parts += 1;
        let part = Asked {
            transaction: head.split(' ').nth(1).unwrap().to_owned(),
            text: head.to_owned(),
        };
        socket.send(Message::Text(part.response("200 OK").into())).await.unwrap();
    }
    assert!(came == body && parts > 40, "{parts}");
    let answer = timeout(PATIENCE, answer.recv()).await.unwrap().unwrap();
    assert!(answer.starts_with("MSRP whole 200"), "{answer}");
}

#[tokio::test]
async fn either_side_ends_both() {
    let gateway = Running::start().await;
    let (ended, mut end) = tokio::sync::mpsc::unbounded_channel();
    let waiting = peer(move |mut stream| {
        let ended = ended.clone();
        async move {
            let _ = stream.read_to_end(&mut Vec::new()).await;
            ended.send(()).unwrap();
        }
    })
    .await;
    let socket = open(&gateway, &format!("host=127.0.0.1&port={waiting}")).await.unwrap();
    drop(socket);
    timeout(PATIENCE, end.recv()).await.expect("the stream ends").unwrap();
    let closing = peer(|stream| async move { drop(stream) }).await;
    let mut socket = open(&gateway, &format!("host=127.0.0.1&port={closing}")).await.unwrap();
    assert_closed(&mut socket, CloseCode::Normal).await;
    let garbage = peer(|mut stream| async move {
        stream.write_all(b"220 hello\r\n").await.unwrap();
        let _ = stream.read_u8().await;
    })
    .await;
    let mut socket = open(&gateway, &format!("host=127.0.0.1&port={garbage}")).await.unwrap();
    assert_closed(&mut socket, CloseCode::Protocol).await;
    let mut socket = open(&gateway, &format!("host=127.0.0.1&port={waiting}")).await.unwrap();
    socket.send(Message::Text("no chunk".into())).await.unwrap();
    assert_closed(&mut socket, CloseCode::Protocol).await;
    timeout(PATIENCE, end.recv()).await.expect("the stream ends").unwrap();
}

async fn assert_closed(socket: &mut WebSocketStream<TcpStream>, code: CloseCode) {
    let Message::Close(Some(frame)) = next(socket).await else { panic!("no close") };
    assert_eq!(frame.code, code, "{}", frame.reason);
}

#[tokio::test]
async fn tunnels_end_when_idle_and_at_shutdown() {
    let silent = peer(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let query = format!("host=127.0.0.1&port={silent}");
    let mut options = common::options();
    options.session_timeout = Duration::from_millis(200);
    let gateway = Running::with(options).await;
    assert_closed(&mut open(&gateway, &query).await.unwrap(), CloseCode::Away).await;
    let mut gateway = Running::start().await;
    let mut socket = open(&gateway, &query).await.unwrap();
    gateway.stop();
    assert_closed(&mut socket, CloseCode::Away).await;
    timeout(PATIENCE, &mut gateway.task).await.expect("the gateway ends").unwrap();
}

#[tokio::test]
async fn an_impossible_tunnel_is_refused_in_http() {
    let mut options = common::options();
    options.max_tunnels = 1;
    let (gateway, receiver) = (Running::with(options).await, receiver().await);
    let good = format!("host=127.0.0.1&port={}", receiver.port);
    for (query, status) in [
        ("port=9", 400),
        ("host=127.0.0.1&port=0", 400),
        ("host=127.0.0.1&port=x", 400),
        ("host=127.0.0.1&prot=9", 400),
        ("host=192.0.2.1&port=9", 403),
        ("host=127.0.0.1&port=1", 502),
    ] {
        let Err(Error::Http(response)) = open(&gateway, query).await else { panic!("{query}") };
        assert_eq!(response.status(), status, "{query}");
    }
    let socket = open(&gateway, &good).await.unwrap();
    let Err(Error::Http(response)) = open(&gateway, &good).await else { panic!("a second one") };
    assert_eq!(response.status(), 503);
    drop(socket);
    // Without an upgrade, and without the subprotocol.
    let gateway = Running::start().await;
    let path = format!("/api/msrp/tunnel?{good}");
    let (status, reply) = gateway.get(&path).await;
    assert_eq!(status, 400, "{reply}");
    let mut plain = request("GET", &path, String::new());
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        plain.headers_mut().insert(name, value.parse().unwrap());
    }
    let (status, reply) = json_of(gateway.raw(plain).await).await;
    assert_eq!((status, reply["error"]["field"].as_str()), (400, Some("Sec-WebSocket-Protocol")));
}
