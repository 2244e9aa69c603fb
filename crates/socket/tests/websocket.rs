//! WebSockets in memory.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::future::poll_fn;
use std::io::{self, ErrorKind};

use bytes::Bytes;
use msrp_socket::websocket::{CloseCode, CloseFrame, Input, MAX_MESSAGE, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

type Socket = WebSocket<DuplexStream>;

/// The octets that an unknown client may send.
const STRANGERS: usize = 16 * 1024;

async fn pair() -> (Socket, Socket) {
    let (near, far) = duplex(4 * MAX_MESSAGE);
    let (client, server) = tokio::join!(
        WebSocket::connect(near, "relay.example:2855"),
        WebSocket::accept(far, STRANGERS)
    );
    (client.unwrap(), server.unwrap())
}

async fn write(socket: &mut Socket, octets: usize) -> io::Result<()> {
    let mut octets = Bytes::from(vec![b'a'; octets]);
    poll_fn(|cx| socket.poll_write(cx, &mut octets)).await
}

async fn read(socket: &mut Socket) -> io::Result<Input> {
    poll_fn(|cx| socket.poll_input(cx)).await
}

#[tokio::test]
async fn what_is_written_at_once_is_one_message() {
    let (mut client, mut server) = pair().await;
    for octets in [1, 125, 126, 4096, 10_000] {
        for is_clients in [true, false] {
            let (from, to) =
                if is_clients { (&mut client, &mut server) } else { (&mut server, &mut client) };
            write(from, octets).await.unwrap();
            let Input::Message(message) = read(to).await.unwrap() else { panic!() };
            assert_eq!(message.len(), octets);
            assert_eq!(to.partial(), 0);
        }
    }
}

#[tokio::test]
async fn a_ping_is_a_sign_and_so_is_its_answer() {
    let (mut client, mut server) = pair().await;
    poll_fn(|cx| std::task::Poll::Ready(client.ping(cx))).await.unwrap();
    assert!(matches!(read(&mut server).await.unwrap(), Input::Sign));
    // Reading on replies to it.
    write(&mut client, 1).await.unwrap();
    assert!(matches!(read(&mut server).await.unwrap(), Input::Message(_)));
    assert!(matches!(read(&mut client).await.unwrap(), Input::Sign));
}

#[tokio::test]
async fn a_stranger_has_little_room() {
    let (mut client, mut server) = pair().await;
    write(&mut client, 100_000).await.unwrap();
    read(&mut server).await.unwrap_err();
    assert_eq!(server.fault(), Some(CloseCode::Size));
    assert!((STRANGERS..2 * STRANGERS).contains(&server.partial()), "{}", server.partial());

    let (mut client, mut server) = pair().await;
    server.trust();
    for (octets, fits) in [(100_000, true), (MAX_MESSAGE, true), (MAX_MESSAGE + 1, false)] {
        write(&mut client, octets).await.unwrap();
        assert_eq!(read(&mut server).await.is_ok(), fits, "{octets}");
    }
}

#[tokio::test]
async fn a_fault_has_its_code_and_the_rest_is_discarded() {
    let masked = |head: &[u8]| [head, &[0; 4]].concat();
    let long = [&[0x82, 0xff][..], &(MAX_MESSAGE as u64 + 1).to_be_bytes()].concat();
    let text = [masked(&[0x81, 0x81]), vec![0xff]].concat();
    for (frame, code) in [
        (masked(&[0x83, 0x80]), CloseCode::Protocol),
        (vec![0x82, 0x00], CloseCode::Protocol),
        (text, CloseCode::Invalid),
        (masked(&long), CloseCode::Size),
    ] {
        let (near, far) = duplex(4 * MAX_MESSAGE);
        let (mut client, server) = tokio::join!(raw(near), WebSocket::accept(far, STRANGERS));
        let mut server = server.unwrap();
        client.write_all(&[&frame[..], &[7; 100_000]].concat()).await.unwrap();
        read(&mut server).await.unwrap_err();
        assert_eq!(server.fault(), Some(code));
        server.close(CloseFrame { code, reason: "".into() }).await.unwrap();
        client.shutdown().await.unwrap();
        assert!(matches!(read(&mut server).await.unwrap(), Input::End));
        drop(server);
        let mut said = Vec::new();
        client.read_to_end(&mut said).await.unwrap();
        assert_eq!(said, [&[0x88, 2][..], &u16::from(code).to_be_bytes()].concat());
    }
}

/// A client that has done the handshake.
async fn raw(mut stream: DuplexStream) -> DuplexStream {
    let request = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Protocol: msrp\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    stream
}

#[tokio::test]
async fn both_sides_close() {
    let (mut client, mut server) = pair().await;
    client.close(CloseFrame { code: CloseCode::Normal, reason: "".into() }).await.unwrap();
    assert!(matches!(read(&mut server).await.unwrap(), Input::End));
    server.close(CloseFrame { code: CloseCode::Normal, reason: "".into() }).await.unwrap();
    assert!(matches!(read(&mut client).await.unwrap(), Input::End));
    write(&mut client, 1).await.unwrap_err();
}

#[tokio::test]
async fn a_stream_that_is_cut_is_an_error() {
    let (client, mut server) = pair().await;
    drop(client);
    read(&mut server).await.unwrap_err();
    assert!(matches!(read(&mut server).await.unwrap(), Input::End));
}

#[tokio::test]
async fn a_host_that_is_none_is_not_asked() {
    for host in ["", "two words", "relay.example\r\nX: y", "relay.example/path", "a@b", "[::1"] {
        let (near, mut far) = duplex(4096);
        let error = WebSocket::connect(near, host).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{host}: {error}");
        let mut asked = Vec::new();
        far.read_to_end(&mut asked).await.unwrap();
        assert_eq!(asked, b"", "{host}");
    }
    for host in ["relay.example", "relay.example:2855", "127.0.0.1:1", "[::1]:2855"] {
        let (near, mut far) = duplex(4096);
        let asking = WebSocket::connect(near, host);
        let answering = async {
            let mut asked = vec![0; 4096];
            let octets = far.read(&mut asked).await.unwrap();
            let asked = String::from_utf8_lossy(&asked[..octets]).into_owned();
            assert!(asked.starts_with(&format!("GET / HTTP/1.1\r\nHost: {host}\r")), "{asked}");
            far.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
        };
        let (refused, ()) = tokio::join!(asking, answering);
        assert!(refused.unwrap_err().to_string().contains("403"));
    }
}
