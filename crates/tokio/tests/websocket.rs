//! Sessions over WebSockets (RFC 7977).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "common/secure_relay.rs"]
mod secure_relay;

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{ALICE, BOB, alice_opens, bob_expects, octets, streamed, uri};
use futures_util::{SinkExt, StreamExt};
use msrp::uri::Scheme;
use msrp::{MsrpUri, SessionConfig};
use msrp_tls::{Fingerprint, HashFunction, Identity, ServerCheck, client_config};
use msrp_tokio::{Builder, Endpoint, Error, Session, Stream, Target};
use secure_relay::{Relay, account};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as ClientError, Message};

type Client = WebSocketStream<TcpStream>;

fn identity() -> Identity {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_der();
    Identity::new(vec![made.cert.der().clone()], key.try_into().unwrap())
}

fn pinned(identity: &Identity) -> Fingerprint {
    identity.fingerprint(HashFunction::Sha256).unwrap()
}

async fn listening() -> Endpoint {
    Endpoint::builder().listen_ws("127.0.0.1:0").await.unwrap().build().unwrap()
}

/// It opens WebSockets without TLS.
fn plain() -> Builder {
    Endpoint::builder().plain_websocket(true)
}

/// A session that a peer binds on the endpoint, and its URI.
fn expect(
    endpoint: &Endpoint,
    scheme: Scheme,
) -> (MsrpUri, impl Future<Output = Result<Session, Error>> + use<>) {
    let uri = endpoint.websocket_uri(scheme).unwrap();
    let expected = SessionConfig::expected(uri.clone()).max_size(u64::MAX);
    (uri, endpoint.expect(expected))
}

/// A session over a WebSocket of this machine.
async fn pair(bobs: &Endpoint) -> (Session, Session) {
    let alices = plain().build().unwrap();
    let (far, bob) = expect(bobs, Scheme::Msrp);
    let alice = alices.connect_to(far.into(), |config| config.max_size(u64::MAX));
    let (alice, bob) = tokio::join!(alice, bob);
    (alice.unwrap(), bob.unwrap())
}

async fn talk(alice: &Session, bob: &mut Session) {
    let sent = alice.send("Is anybody there?").await.unwrap();
    assert_eq!(bob.next().await.unwrap().text().await.unwrap(), "Is anybody there?");
    sent.delivered().await.unwrap();
}

async fn send_file(alice: &Session, bob: &mut Session) {
    let reader = Cursor::new(octets(1_000_000));
    let sent = alice.send_from(reader, streamed(Some(1_000_000))).await.unwrap();
    let mut read = Vec::new();
    bob.next().await.unwrap().read_to_end(&mut read).await.unwrap();
    assert!(read == octets(1_000_000));
    sent.delivered().await.unwrap();
}

#[tokio::test]
async fn texts_and_files_go_both_ways() {
    let (mut alice, mut bob) = pair(&listening().await).await;
    talk(&alice, &mut bob).await;
    talk(&bob, &mut alice).await;
    send_file(&alice, &mut bob).await;
    send_file(&bob, &mut alice).await;
}

// req: 7977-9-1
#[tokio::test]
async fn a_websocket_over_tls_is_for_the_name_of_its_certificate() {
    let identity = identity();
    let check = ServerCheck::Pinned(pinned(&identity).into());
    let bobs = Endpoint::builder().identity(identity).listen_wss("127.0.0.1:0").await.unwrap();
    let bobs = bobs.build().unwrap();
    let (far, bob) = expect(&bobs, Scheme::Msrps);
    assert!(far.to_string().starts_with("msrps:") && far.to_string().ends_with(";ws"), "{far}");
    let strict = Endpoint::builder().build().unwrap();
    let refused = strict.connect_to(far.clone().into(), |config| config).await.unwrap_err();
    assert!(matches!(refused, Error::Handshake { .. } | Error::Tls(_)), "{refused}");
    let alices = Endpoint::builder().server_check(check).build().unwrap();
    let (alice, bob) = tokio::join!(alices.connect_to(far.into(), |config| config), bob);
    talk(&alice.unwrap(), &mut bob.unwrap()).await;
}

// req: 7977-5.1-2
#[tokio::test]
async fn a_websocket_without_tls_is_not_opened_by_mistake() {
    let bobs = listening().await;
    let alices = Endpoint::builder().build().unwrap();
    let far = bobs.websocket_uri(Scheme::Msrp).unwrap();
    let error = alices.connect_to(far.into(), |config| config).await.unwrap_err();
    assert!(matches!(error, Error::PlainWebSocket { .. }), "{error}");
}

#[tokio::test]
async fn a_browser_is_asked_for_no_certificate() {
    let identity = identity();
    let check = ServerCheck::Pinned(pinned(&identity).into());
    let bobs = Endpoint::builder().identity(identity).listen_wss("127.0.0.1:0").await.unwrap();
    let bobs = bobs.build().unwrap();
    let asked = Arc::new(AtomicBool::new(false));
    let mut config = Arc::unwrap_or_clone(client_config(check, None).unwrap());
    config.client_auth_cert_resolver = Arc::new(NoCertificate(Arc::clone(&asked)));
    let socket = TcpStream::connect(bobs.addresses().next().unwrap()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap();
    assert!(!asked.load(Ordering::Relaxed));
}

/// Notes that a server has asked for a certificate.
#[derive(Debug)]
struct NoCertificate(Arc<AtomicBool>);

impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

// req: 7977-5.1-1
#[tokio::test]
async fn a_client_reaches_a_relay_over_a_secure_websocket() {
    let relay = Relay::certified_for("localhost");
    let (alices, bobs) = (relay.trusting().build().unwrap(), relay.trusting().build().unwrap());
    let account = |port, transport| account(&format!("msrps://localhost:{port};{transport}"));
    let alice = alices.relay(account(relay.websocket_port, "ws")).await.unwrap();
    let own = alice.current().unwrap().local().to_string();
    assert!(own.starts_with("msrps://127.0.0.1:") && own.ends_with(";ws"), "{own}");
    // Bob has TLS, and the same relay.
    let bob = bobs.relay(account(relay.port, "tcp")).await.unwrap();
    let expected = SessionConfig::expected(bob.current().unwrap().local().clone());
    let mut bobs = bobs.expect_each(expected).unwrap();
    let path = bob.current().unwrap().path();
    let mut alice = alices.connect_through(&alice, &path, |config| config).unwrap();
    let sent = alice.send("Is this safe?").await.unwrap();
    let mut bob = bobs.next().await.unwrap();
    assert_eq!(bob.next().await.unwrap().text().await.unwrap(), "Is this safe?");
    sent.delivered().await.unwrap();
    talk(&bob, &mut alice).await;
}

#[tokio::test]
async fn sessions_to_one_websocket_share_it() {
    let bobs = listening().await;
    let alices = plain().build().unwrap();
    let mut own = Vec::new();
    for _ in 0..2 {
        let (far, bob) = expect(&bobs, Scheme::Msrp);
        let (alice, bob) = tokio::join!(alices.connect_to(far.into(), |config| config), bob);
        own.push((bob.unwrap(), alice.unwrap()));
    }
    let peer = |session: &Session| session.hop().to_owned();
    assert_eq!(peer(&own[0].0), peer(&own[1].0));
}

#[tokio::test]
async fn a_text_overtakes_a_file() {
    const OCTETS: usize = 8 * 1024 * 1024;
    let (near, far) = duplex(16 * 1024);
    let (alice, mut bob) = over(near, far).await;
    let reader = Cursor::new(octets(OCTETS));
    let sent = alice.send_from(reader, streamed(Some(OCTETS as u64))).await.unwrap();
    let mut file = bob.next().await.unwrap();
    let text = alice.send("Meanwhile").await.unwrap();
    // Nobody reads the file yet, and there is no room for all of it.
    assert_eq!(bob.next().await.unwrap().text().await.unwrap(), "Meanwhile");
    text.delivered().await.unwrap();
    let mut read = Vec::new();
    file.read_to_end(&mut read).await.unwrap();
    assert!(read == octets(OCTETS));
    sent.delivered().await.unwrap();
}

/// A session over a WebSocket in memory.
async fn over(near: DuplexStream, far: DuplexStream) -> (Session, Session) {
    let (alices, bobs) =
        (Endpoint::builder().build().unwrap(), Endpoint::builder().build().unwrap());
    let bob = bobs.expect(bob_expects());
    let (near, far) = tokio::join!(
        Stream::new(near).connect_websocket("bob.example"),
        Stream::new(far).accept_websocket()
    );
    bobs.serve(far.unwrap()).unwrap();
    let (alice, bob) = tokio::join!(alices.connect_over(near.unwrap(), alice_opens()), bob);
    (alice.unwrap(), bob.unwrap())
}

#[tokio::test]
async fn a_websocket_is_no_stream_of_octets() {
    let bobs = listening().await;
    let address = bobs.addresses().next().unwrap();
    let target = Target::tcp("127.0.0.1", address.port()).websocket();
    let mut stream = plain().build().unwrap().dial(&target).await.unwrap();
    assert!(stream.session_uri().unwrap().to_string().ends_with(";ws"));
    assert!(stream.write_all(b"MSRP").await.is_err());
    assert!(stream.read_u8().await.is_err());
    assert!(stream.connect_websocket("bob.example").await.is_err());
}

// --- What others do wrong.

async fn client(endpoint: &Endpoint) -> Client {
    shake(endpoint, &[("Sec-WebSocket-Protocol", "msrp")]).await.unwrap()
}

async fn shake(
    endpoint: &Endpoint,
    headers: &[(&'static str, &str)],
) -> Result<Client, ClientError> {
    let stream = TcpStream::connect(endpoint.addresses().next().unwrap()).await.unwrap();
    let mut request = "ws://localhost/".into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    tokio_tungstenite::client_async(request, stream).await.map(|(client, _)| client)
}

/// A request without a body, from somebody's URI.
fn bodiless(id: &str, to: &MsrpUri) -> String {
    let from = ALICE.replace(";tcp", ";ws");
    format!(
        "MSRP {id} SEND\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\nMessage-ID: {id}\r\n\
         Byte-Range: 1-0/0\r\n-------{id}$\r\n"
    )
}

/// What the endpoint says of a message, and the code with which it closes.
async fn said(client: &mut Client) -> (Vec<String>, Option<CloseCode>) {
    let mut said = Vec::new();
    loop {
        match client.next().await {
            Some(Ok(Message::Binary(octets))) => {
                said.push(String::from_utf8(octets.to_vec()).unwrap());
            }
            Some(Ok(Message::Close(frame))) => return (said, frame.map(|frame| frame.code)),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return (said, None),
        }
    }
}

// req: 7977-4.2-1, 7977-6-3
#[tokio::test]
async fn text_and_binary_messages_are_alike() {
    let bobs = listening().await;
    for (is_text, id) in [(true, "text1"), (false, "binary1")] {
        let (far, bob) = expect(&bobs, Scheme::Msrp);
        let mut client = client(&bobs).await;
        let request = bodiless(id, &far);
        let message = if is_text { Message::text(request) } else { Message::binary(request) };
        client.send(message).await.unwrap();
        let Some(Ok(Message::Binary(response))) = client.next().await else { panic!() };
        assert!(response.starts_with(format!("MSRP {id} 200").as_bytes()), "{response:?}");
        bob.await.unwrap();
    }
}

#[tokio::test]
async fn an_endpoint_that_closes_says_so() {
    let bobs = listening().await;
    let (far, bob) = expect(&bobs, Scheme::Msrp);
    let mut client = client(&bobs).await;
    client.send(Message::text(bodiless("bind1", &far))).await.unwrap();
    client.next().await.unwrap().unwrap();
    drop(bob.await.unwrap());
    let ((), (_, code)) = tokio::join!(bobs.close(), said(&mut client));
    assert_eq!(code, Some(CloseCode::Normal));
}

// req: 7977-4.1-3, 7977-5.1-3
#[tokio::test]
async fn what_is_not_one_chunk_ends_the_connection_with_1002() {
    let bobs = listening().await;
    let (far, bob) = expect(&bobs, Scheme::Msrp);
    let one = bodiless("once1", &far);
    let two = one.clone() + &bodiless("twice2", &far);
    for wrong in ["Hello", &one[..one.len() / 2], &two] {
        let mut client = client(&bobs).await;
        client.send(Message::text(wrong)).await.unwrap();
        assert_eq!(said(&mut client).await, (vec![], Some(CloseCode::Protocol)), "{wrong}");
    }
    // The session is still there for its peer.
    let mut client = client(&bobs).await;
    client.send(Message::text(one)).await.unwrap();
    bob.await.unwrap();
}

// req: 7977-4.1-2
#[tokio::test]
async fn only_clients_that_ask_for_msrp_are_taken() {
    let bobs = listening().await;
    for headers in [&[][..], &[("Sec-WebSocket-Protocol", "chat")]] {
        let Err(ClientError::Http(refusal)) = shake(&bobs, headers).await else {
            panic!("taken with {headers:?}")
        };
        assert_eq!(refusal.status(), 400);
    }
    for headers in [
        &[("Sec-WebSocket-Protocol", "chat, msrp")][..],
        &[("Sec-WebSocket-Protocol", "msrp"), ("Origin", "https://chat.example")],
    ] {
        shake(&bobs, headers).await.unwrap();
    }
}

/// Whether the endpoint ends a connection on which this was written.
async fn ends(endpoint: &Endpoint, octets: &[u8]) {
    let mut stream = TcpStream::connect(endpoint.addresses().next().unwrap()).await.unwrap();
    // It may be closed meanwhile.
    let _ = stream.write_all(octets).await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn handshakes_that_are_none_end() {
    let quick = Endpoint::builder().handshake_timeout(Duration::from_millis(50));
    let bobs = quick.listen_ws("127.0.0.1:0").await.unwrap().build().unwrap();
    let (far, bob) = expect(&bobs, Scheme::Msrp);
    let endless = [&b"GET / HTTP/1.1\r\nHost: x\r\nX: "[..], &[b'x'; 200_000]].concat();
    for hostile in [
        &b""[..],
        b"GET / HT",
        b"MSRP abcd SEND\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        &endless,
    ] {
        ends(&bobs, hostile).await;
    }
    let alices = plain().build().unwrap();
    let (alice, bob) = tokio::join!(alices.connect_to(far.into(), |config| config), bob);
    talk(&alice.unwrap(), &mut bob.unwrap()).await;
}

#[tokio::test]
async fn too_long_messages_end_the_connection() {
    let bobs = listening().await;
    // A stranger may send less than a peer with a session.
    let (far, bob) = expect(&bobs, Scheme::Msrp);
    for (has_session, octets) in [(false, 256 * 1024), (true, 2 * 1024 * 1024)] {
        let mut client = client(&bobs).await;
        if has_session {
            client.send(Message::text(bodiless("bind1", &far))).await.unwrap();
            client.next().await.unwrap().unwrap();
        }
        // The endpoint may close before all of it is written.
        let _ = client.send(Message::binary(vec![b'a'; octets])).await;
        assert_eq!(said(&mut client).await, (vec![], Some(CloseCode::Size)));
    }
    let mut bob = bob.await.unwrap();
    assert!(bob.next().await.is_none());
}

#[tokio::test]
async fn a_peer_with_a_session_may_send_long_messages() {
    let bobs = listening().await;
    let (far, bob) = expect(&bobs, Scheme::Msrp);
    let mut client = client(&bobs).await;
    client.send(Message::text(bodiless("bind1", &far))).await.unwrap();
    client.next().await.unwrap().unwrap();
    let body = "x".repeat(500_000);
    let chunk = bodiless("long2", &far).replace(
        "Byte-Range: 1-0/0\r\n",
        &format!("Byte-Range: 1-500000/500000\r\nContent-Type: text/plain\r\n\r\n{body}\r\n"),
    );
    client.send(Message::text(chunk)).await.unwrap();
    let mut bob = bob.await.unwrap();
    let mut read = Vec::new();
    bob.next().await.unwrap().read_to_end(&mut read).await.unwrap();
    assert_eq!(read.len(), 500_000);
}

#[tokio::test]
async fn a_close_frame_ends_the_sessions_and_gets_a_reply() {
    let bobs = listening().await;
    let (far, bob) = expect(&bobs, Scheme::Msrp);
    let mut client = client(&bobs).await;
    client.send(Message::text(bodiless("bind1", &far))).await.unwrap();
    client.next().await.unwrap().unwrap();
    client.close(None).await.unwrap();
    let reply = client.next().await.unwrap().unwrap();
    assert!(reply.is_close(), "{reply:?}");
    let ended = bob.await.unwrap().sender().closed().await;
    assert_eq!(ended.connection, Some(msrp::ConnectionEnd::Peer), "{ended}");
}

// req: 7977-6-1
#[tokio::test(start_paused = true)]
async fn a_quiet_peer_is_pinged_and_one_that_answers_nothing_is_given_up() {
    let (near, far) = duplex(16 * 1024);
    let alices = plain().build().unwrap();
    let server = async {
        let mut server = tokio_tungstenite::accept_hdr_async(far, grant).await.unwrap();
        let Some(Ok(Message::Binary(request))) = server.next().await else { panic!() };
        let id = String::from_utf8(request.to_vec()).unwrap();
        let id = id.split(' ').nth(1).unwrap();
        let ok =
            format!("MSRP {id} 200 OK\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n-------{id}$\r\n");
        server.send(Message::text(ok)).await.unwrap();
        // Reading replies to each.
        for _ in 0..10 {
            let message = server.next().await.unwrap().unwrap();
            assert!(message.is_ping(), "{message:?}");
        }
        server
    };
    let client = async {
        let near = Stream::new(near).connect_websocket("bob.example").await.unwrap();
        alices.connect_over(near, alice_opens()).await.unwrap()
    };
    let (mut server, alice) = tokio::join!(server, client);
    // From here on it reads, and replies to nothing.
    let since = Instant::now();
    let mut octets = Vec::new();
    let sender = alice.sender();
    let (ended, _) = tokio::join!(sender.closed(), server.get_mut().read_to_end(&mut octets));
    assert!(ended.to_string().ends_with("the peer answers no ping"), "{ended}");
    assert!(since.elapsed() <= Duration::from_secs(91), "{:?}", since.elapsed());
}

type Granted = Result<
    tokio_tungstenite::tungstenite::handshake::server::Response,
    tokio_tungstenite::tungstenite::handshake::server::ErrorResponse,
>;

#[expect(clippy::result_large_err, reason = "tungstenite defines the callback")]
fn grant(
    _: &tokio_tungstenite::tungstenite::handshake::server::Request,
    mut response: tokio_tungstenite::tungstenite::handshake::server::Response,
) -> Granted {
    response.headers_mut().insert("Sec-WebSocket-Protocol", "msrp".parse().unwrap());
    Ok(response)
}

// req: 7977-4.1-1, 7977-4.1-2
#[tokio::test]
async fn a_server_without_websockets_for_msrp_is_an_error() {
    const ANSWERS: [&str; 6] = [
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "MSRP abcd 200 OK\r\n",
        "\u{0}\u{0}\u{0}",
        "",
    ];
    let endless = "HTTP/1.1 101 Switching Protocols\r\nX: ".to_owned() + &"x".repeat(300_000);
    for answer in ANSWERS.into_iter().chain([endless.as_str()]) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answering = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        };
        let alices = plain().build().unwrap();
        let far = uri(&format!("msrp://127.0.0.1:{port}/abcd1234;ws"));
        let (session, ()) = tokio::join!(alices.connect_to(far.into(), |config| config), answering);
        let error = session.unwrap_err();
        assert!(matches!(error, Error::WebSocket { .. }), "{answer}: {error}");
        assert!(error.to_string().starts_with("127.0.0.1:"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_answers_no_handshake_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let alices = plain().connect_timeout(Duration::from_millis(50)).build().unwrap();
    let far = uri(&format!("msrp://127.0.0.1:{port}/abcd1234;ws"));
    let error = alices.connect_to(far.into(), |config| config).await.unwrap_err();
    assert!(matches!(error, Error::ConnectTimeout { .. }), "{error}");
    drop(listener);
}
