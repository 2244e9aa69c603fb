//! The threads that run a connection of the command.
#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(dead_code, unused_imports, reason = "the command uses the rest")]
#[path = "../src/link/mod.rs"]
mod link;

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use link::{Link, Secure, Stream};
use msrp::{
    Config, Connection, Event, MediaType, MessageKey, OsRandom, Outcome, OutgoingMessage,
    ReceiveMode, Role, SessionConfig, SessionKey, SessionTable,
};
use msrp_tls::{
    ClientCheck, Fingerprint, HashFunction, Identity, ServerCheck, client_config, server_config,
};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConnection, ServerConnection};

const ALICE: &str = "msrp://alice.example:9/jshA7weztas;tcp";
const BOB: &str = "msrp://bob.example:9/kjhd37s2s20w2a;tcp";
const PIECE: usize = 64 * 1024;
const TOTAL: u64 = 32 << 20;
/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// The messages exceed all buffers on the way. A side that did not read while it
/// writes would deadlock.
#[test]
fn both_sides_send_more_than_the_network_holds() {
    for streams in [plain(), secure()] {
        both_sides_send(streams);
    }
}

fn both_sides_send(streams: (Stream, Stream)) {
    let (alice, bob) = pair(streams);
    let sides = [alice, bob].map(|(link, session)| {
        thread::spawn(move || {
            let key = send(&link, session);
            let feeder = link.clone();
            thread::spawn(move || feed(&feeder, key));
            // Until neither can write any more.
            thread::sleep(Duration::from_millis(500));
            exchange(&link);
            link
        })
    });
    for link in sides.map(|side| side.join().unwrap()) {
        link.finish();
    }
}

/// An application that takes no events stops the reader, not the writer, and no
/// event is lost.
#[test]
fn an_application_takes_its_time() {
    for streams in [plain(), secure()] {
        takes_its_time(streams);
    }
}

fn takes_its_time(streams: (Stream, Stream)) {
    let ((alice, session), (bob, _)) = pair(streams);
    let key = send(&alice, session);
    let feeder = alice.clone();
    thread::spawn(move || feed(&feeder, key));
    thread::sleep(Duration::from_millis(500));
    assert!(!bob.with(|connection| connection.wants_read()));
    let mut received = 0;
    while received < TOTAL {
        match next(&bob) {
            Event::Piece { data, .. } => received += data.len() as u64,
            Event::Closed(_) => panic!("closed after {received} octets"),
            _ => {}
        }
    }
    assert_eq!(outcome(&alice), Outcome::Accepted);
    alice.finish();
}

/// rustls sends them with the end of the handshake, in one write.
#[test]
fn octets_that_arrive_with_the_handshake_are_not_lost() {
    let (mut client, server) = tls();
    client.writer().write_all(b"first").unwrap();
    let (active, passive) = shake_hands(client, server);
    // No more octets arrive.
    passive.socket().set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut input = BytesMut::new();
    assert_eq!(passive.read_more(&mut input).unwrap(), 5);
    assert_eq!(input, "first");
    active.end();
    assert_eq!(passive.read_more(&mut input).unwrap(), 0);
}

/// Takes events until one message has left and another has arrived.
fn exchange(link: &Link) {
    let (mut received, mut is_sent, mut is_complete) = (0, false, false);
    while !(is_sent && is_complete) {
        match next(link) {
            Event::Piece { data, .. } => received += data.len() as u64,
            Event::MessageCompleted { total, .. } => {
                assert_eq!((total, received), (TOTAL, TOTAL));
                is_complete = true;
            }
            Event::Finished(outcome) => {
                assert_eq!(outcome.outcome, Outcome::Accepted);
                is_sent = true;
            }
            Event::Closed(end) => panic!("closed: {end:?}"),
            _ => {}
        }
    }
}

fn outcome(link: &Link) -> Outcome {
    loop {
        if let Event::Finished(outcome) = next(link) {
            return outcome.outcome;
        }
    }
}

fn next(link: &Link) -> Event {
    let patience = Instant::now() + PATIENCE;
    link.next_event(Some(patience)).unwrap()
}

fn send(link: &Link, session: SessionKey) -> MessageKey {
    let message = OutgoingMessage::streamed(MediaType::text_plain(), Some(TOTAL));
    link.with(|connection| connection.send(session, message)).unwrap()
}

fn feed(link: &Link, key: MessageKey) {
    for _ in 0..TOTAL / PIECE as u64 {
        link.wait_for(|connection| (connection.body(key).unwrap().room() >= PIECE).then_some(()));
        let piece = Bytes::from(vec![b'x'; PIECE]);
        link.with(|connection| connection.body(key).unwrap().write(piece)).unwrap();
    }
    link.with(|connection| connection.body(key).unwrap().finish()).unwrap();
}

fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let active = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (active, listener.accept().unwrap().0)
}

fn plain() -> (Stream, Stream) {
    let (active, passive) = sockets();
    (active.into(), passive.into())
}

fn secure() -> (Stream, Stream) {
    let (client, server) = tls();
    shake_hands(client, server)
}

fn tls() -> (ClientConnection, ServerConnection) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    let fingerprint = Fingerprint::of(HashFunction::Sha256, certificate.der());
    let client = client_config(ServerCheck::Pinned(fingerprint.into()), None).unwrap();
    let client = ClientConnection::new(client, Ipv4Addr::LOCALHOST.into()).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let identity = Identity::new(vec![certificate.der().clone()], key);
    let server = server_config(identity, ClientCheck::None).unwrap();
    (client, ServerConnection::new(server).unwrap())
}

fn shake_hands(client: ClientConnection, server: ServerConnection) -> (Stream, Stream) {
    let (active, passive) = sockets();
    let deadline = Instant::now() + PATIENCE;
    let passive = thread::spawn(move || Secure::new(passive, server, deadline).unwrap());
    let active = Secure::new(active, client, deadline).unwrap();
    (active.into(), passive.join().unwrap().into())
}

/// Two sides of an open session.
fn pair((active, passive): (Stream, Stream)) -> ((Link, SessionKey), (Link, SessionKey)) {
    let table = SessionTable::new(1);
    let expected = SessionConfig::expected(BOB.parse().unwrap());
    table.insert(expected.receive(ReceiveMode::Pieces).max_size(TOTAL)).unwrap();
    let bob = connection(Config::default(), Role::Passive).with_table(table);
    let bob = Link::new(passive, bob).unwrap();
    let alice = Link::new(active, connection(Config::default(), Role::Active)).unwrap();
    let session = SessionConfig::new(ALICE.parse().unwrap(), BOB.parse().unwrap());
    let session = session.receive(ReceiveMode::Pieces).max_size(TOTAL);
    let opened = alice.with(|connection| connection.open(session)).unwrap();
    ((alice, opened), (bob.clone(), session_of(&bob)))
}

fn session_of(link: &Link) -> SessionKey {
    match next(link) {
        Event::SessionOpened { session, .. } => session,
        other => panic!("{other:?}"),
    }
}

fn connection(config: Config, role: Role) -> Connection {
    Connection::new(Arc::new(config), role, OsRandom::new().unwrap(), Instant::now()).unwrap()
}
