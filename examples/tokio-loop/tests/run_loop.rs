//! Two run loops joined by a pipe, by TCP, or cut off.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use msrp::{
    Bind, Config, Connection, ConnectionEnd, Event, OsRandom, Outcome, OutgoingMessage, Role,
    SessionConfig, SessionKey, SessionTable,
};
use msrp_tokio_loop::RunLoop;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout;

const ALICE: &str = "msrp://alice.example:7654/jshA7weztas;tcp";
const BOB: &str = "msrp://bob.example:12763/kjhd37s2s20w2a;tcp";
const LARGE: usize = 4 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);

fn connection(role: Role, config: Config) -> Connection {
    Connection::new(Arc::new(config), role, OsRandom::new().unwrap(), Instant::now()).unwrap()
}

fn alice<S: AsyncRead + AsyncWrite>(stream: S) -> (RunLoop<S>, SessionKey) {
    let mut alice = RunLoop::new(stream, connection(Role::Active, Config::default()));
    let session = SessionConfig::new(ALICE.parse().unwrap(), BOB.parse().unwrap());
    let session = alice.connection.open(session.max_size(LARGE as u64)).unwrap();
    (alice, session)
}

fn bob<S: AsyncRead + AsyncWrite>(stream: S) -> RunLoop<S> {
    let table = SessionTable::new(1);
    table.insert(SessionConfig::expected(BOB.parse().unwrap()).max_size(LARGE as u64)).unwrap();
    RunLoop::new(stream, connection(Role::Passive, Config::default()).with_table(table))
}

fn large() -> OutgoingMessage {
    let octets: Vec<u8> = (0..LARGE).map(|n| (n % 251) as u8).collect();
    OutgoingMessage::new("application/octet-stream".parse().unwrap(), octets)
}

/// Sends as soon as there is a session, and runs until one message has arrived
/// and one has an outcome.
async fn exchange<S: AsyncRead + AsyncWrite>(mut side: RunLoop<S>) -> (usize, Outcome) {
    let (mut came, mut went) = (None, None);
    while let Some(event) = side.next().await {
        match event {
            Event::SessionOpened { session, .. } => {
                side.connection.send(session, large()).unwrap();
            }
            Event::Message { body, .. } => came = Some(body.len()),
            Event::Finished(message) => went = Some(message.outcome),
            Event::Closed(_) => break,
            _ => {}
        }
        if came.is_some() && went.is_some() && side.connection.is_flushed() {
            break;
        }
    }
    // The last response must be written before the stream is dropped.
    side.connection.close();
    while side.next().await.is_some() {}
    (came.unwrap_or(0), went.unwrap_or(Outcome::ConnectionLost))
}

async fn both_send_large(one: impl AsyncRead + AsyncWrite, other: impl AsyncRead + AsyncWrite) {
    let both = async { tokio::join!(exchange(alice(one).0), exchange(bob(other))) };
    let (alice, bob) = timeout(PATIENCE, both).await.expect("the two wait for each other");
    assert_eq!(alice, (LARGE, Outcome::Accepted));
    assert_eq!(bob, (LARGE, Outcome::Accepted));
}

#[tokio::test]
async fn both_sides_send_large_messages_through_a_narrow_pipe() {
    let (one, other) = duplex(1024);
    both_send_large(one, other).await;
}

#[tokio::test]
async fn both_sides_send_large_messages_over_tcp() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let one = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (other, _) = listener.accept().await.unwrap();
    both_send_large(one, other).await;
}

/// What a socket holds is no reason to time out, however long it takes to leave.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_request_waits_until_it_has_left_the_socket() {
    use std::os::fd::AsFd;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let one = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut other, _) = listener.accept().await.unwrap();
    let socket = one.as_fd().try_clone_to_owned().unwrap();
    let mut config = Config::default();
    config.transaction_timeout = Duration::from_millis(300);
    let connection = connection(Role::Active, config);
    let mut alice =
        RunLoop::new(one, connection).with_backlog(move || msrp_socket::octets_held(&socket));
    let session = SessionConfig::new(ALICE.parse().unwrap(), BOB.parse().unwrap());
    let session = alice.connection.open(session.bind(Bind::FirstMessage)).unwrap();
    alice.connection.send(session, large()).unwrap();
    // Nobody reads, so most of the message stays in the socket.
    let early = timeout(Duration::from_secs(1), alice.next()).await;
    assert!(early.is_err(), "{early:?}");
    let reader = tokio::spawn(async move {
        let mut octets = vec![0; 1 << 16];
        while let Ok(1..) = other.read(&mut octets).await {}
    });
    let finished = timeout(PATIENCE, async {
        loop {
            if let Some(Event::Finished(finished)) = alice.next().await {
                return finished.outcome;
            }
        }
    });
    assert_eq!(finished.await.unwrap(), Outcome::TimedOut);
    reader.abort();
}

/// `next` is dropped many times before it is ready, and no octet is lost.
#[tokio::test]
async fn next_can_be_cancelled_at_any_place() {
    let (one, other) = duplex(4096);
    let (mut alice, session) = alice(one);
    alice.connection.send(session, large()).unwrap();
    let bob = tokio::spawn(async move {
        let mut bob = bob(other);
        let mut came = 0;
        while let Some(event) = bob.next().await {
            if let Event::Message { body, .. } = event {
                assert!(body.iter().enumerate().all(|(n, octet)| *octet == (n % 251) as u8));
                came += body.len();
            }
        }
        came
    });
    let mut cancelled = 0;
    let outcome = timeout(PATIENCE, async {
        loop {
            tokio::select! {
                biased;
                event = alice.next() => if let Some(Event::Finished(finished)) = event {
                    return finished.outcome;
                },
                () = tokio::task::yield_now() => cancelled += 1,
            }
        }
    });
    assert_eq!(outcome.await.expect("a response"), Outcome::Accepted);
    assert!(cancelled > 100, "{cancelled}");
    drop(alice);
    assert_eq!(bob.await.unwrap(), LARGE);
}

#[tokio::test]
async fn a_stream_that_ends_settles_every_message() {
    let (one, other) = duplex(4096);
    let (mut alice, session) = alice(one);
    alice.connection.send(session, large()).unwrap();
    drop(other);
    let mut events = Vec::new();
    while let Some(event) = alice.next().await {
        events.push(event);
    }
    let outcomes: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Finished(finished) => Some(finished.outcome),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes, [Outcome::ConnectionLost]);
    assert!(matches!(events.last(), Some(Event::Closed(ConnectionEnd::Peer))), "{events:?}");
}

/// Reads the head of a request.
async fn read_head(stream: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"$\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_response_arrives_octet_by_octet() {
    let (one, mut other) = duplex(4096);
    let (mut alice, session) = alice(one);
    let peer = tokio::spawn(async move {
        let head = read_head(&mut other).await;
        let id = head.split(' ').nth(1).unwrap();
        let response =
            format!("MSRP {id} 200 OK\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n-------{id}$\r\n");
        for octet in response.bytes() {
            other.write_u8(octet).await.unwrap();
            tokio::task::yield_now().await;
        }
        other
    });
    let event = timeout(PATIENCE, alice.next()).await.unwrap();
    assert!(
        matches!(&event, Some(Event::SessionOpened { session: opened, .. }) if *opened == session)
    );
    drop(peer.await.unwrap());
}

#[tokio::test]
async fn a_deadline_passes_while_nothing_arrives() {
    let (one, _other) = duplex(4096);
    let mut config = Config::default();
    config.transaction_timeout = Duration::from_millis(50);
    let mut alice = RunLoop::new(one, connection(Role::Active, config));
    let session = SessionConfig::new(ALICE.parse().unwrap(), BOB.parse().unwrap());
    alice.connection.open(session).unwrap();
    let event = timeout(PATIENCE, alice.next()).await.unwrap();
    assert!(matches!(event, Some(Event::SessionClosed { .. })), "{event:?}");
}

#[tokio::test]
async fn closing_tells_the_peer_and_shuts_the_stream_down() {
    let (one, mut other) = duplex(256 * 1024);
    let (mut alice, session) = alice(one);
    alice.connection.send(session, OutgoingMessage::text("Are you there?")).unwrap();
    alice.connection.close();
    while alice.next().await.is_some() {}
    let mut written = String::new();
    timeout(PATIENCE, other.read_to_string(&mut written)).await.expect("end of stream").unwrap();
    assert!(alice.error().is_none());
}
