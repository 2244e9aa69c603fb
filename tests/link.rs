//! The loop that the examples put around a connection.
#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(dead_code)]
#[path = "../examples/common/link.rs"]
mod link;

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use link::Link;
use msrp::{
    Config, Connection, Event, MediaType, MessageKey, OsRandom, Outcome, OutgoingMessage,
    ReceiveMode, Role, SessionConfig, SessionId, SessionTable,
};

const ALICE: &str = "msrp://alice.example:9/jshA7weztas;tcp";
const BOB: &str = "msrp://bob.example:9/kjhd37s2s20w2a;tcp";
const PIECE: usize = 64 * 1024;
const TOTAL: u64 = 32 << 20;

/// More than all the buffers on the way hold, so that a side which did not read
/// while it writes would wait for the other for ever.
#[test]
fn both_sides_send_more_than_the_network_holds() {
    let (alice, bob) = pair();
    let sides = [alice, bob].map(|(link, session)| {
        thread::spawn(move || {
            let key = send(&link, session);
            let feeder = link.clone();
            thread::spawn(move || feed(&feeder, key));
            // Until neither can write on.
            thread::sleep(Duration::from_millis(500));
            exchange(&link);
            link
        })
    });
    for link in sides.map(|side| side.join().unwrap()) {
        link.finish();
    }
}

/// An application that takes no events stops the reader, not the writer; and
/// what it has not taken is not lost.
#[test]
fn an_application_takes_its_time() {
    let ((alice, session), (bob, _)) = pair();
    let key = send(&alice, session);
    let feeder = alice.clone();
    thread::spawn(move || feed(&feeder, key));
    thread::sleep(Duration::from_millis(200));
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

/// Takes events until a message has gone and another one has come.
fn exchange(link: &Link) {
    let (mut received, mut is_sent, mut is_complete) = (0, false, false);
    while !(is_sent && is_complete) {
        match next(link) {
            Event::Piece { data, .. } => received += data.len() as u64,
            Event::MessageCompleted { total, .. } => {
                assert_eq!((total, received), (TOTAL, TOTAL));
                is_complete = true;
            }
            Event::Outcome(outcome) => {
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
        if let Event::Outcome(outcome) = next(link) {
            return outcome.outcome;
        }
    }
}

fn next(link: &Link) -> Event {
    let patience = Instant::now() + Duration::from_secs(20);
    link.next_event(Some(patience)).unwrap()
}

fn send(link: &Link, session: SessionId) -> MessageKey {
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

/// Two sides of an open session.
fn pair() -> ((Link, SessionId), (Link, SessionId)) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let active = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (passive, _) = listener.accept().unwrap();
    let table = SessionTable::new(1);
    let expected = SessionConfig::expected(BOB.parse().unwrap());
    table.insert(expected.receive(ReceiveMode::Pieces).max_size(TOTAL)).unwrap();
    let mut config = Config::default();
    config.table = Some(table);
    let bob = Link::new(passive, connection(config, Role::Passive)).unwrap();
    let alice = Link::new(active, connection(Config::default(), Role::Active)).unwrap();
    let session = SessionConfig::new(ALICE.parse().unwrap(), BOB.parse().unwrap());
    let session = session.receive(ReceiveMode::Pieces).max_size(TOTAL);
    let opened = alice.with(|connection| connection.open(session)).unwrap();
    ((alice, opened), (bob.clone(), session_of(&bob)))
}

fn session_of(link: &Link) -> SessionId {
    match next(link) {
        Event::SessionOpened { session, .. } => session,
        other => panic!("{other:?}"),
    }
}

fn connection(config: Config, role: Role) -> Connection {
    Connection::new(Arc::new(config), role, OsRandom::new().unwrap(), Instant::now())
}
