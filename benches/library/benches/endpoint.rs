//! Two connections over loopback TCP, beside TCP alone with the same buffers.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::io::{IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use msrp::{
    Config, Connection, Event, Limits, MessageKey, MsrpUri, OutgoingMessage, Path, ReceiveMode,
    Role, SessionConfig, SessionKey, SessionTable,
};
use msrp_bench::{MIB, READ, Seeded, random_octets};

const ALICE: &str = "msrp://127.0.0.1:9/jshA7weztas;tcp";
const BOB: &str = "msrp://127.0.0.1:2855/kjhd37s2s20w2a;tcp";

/// 1 GiB.
const TRANSFER: usize = 1024 * MIB;

/// Messages of one round.
const SMALL: usize = 4000;

fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let active = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (passive, _) = listener.accept().unwrap();
    active.set_nodelay(true).unwrap();
    passive.set_nodelay(true).unwrap();
    (active, passive)
}

/// One side: a connection, its socket and its buffer.
struct Side {
    connection: Connection,
    stream: TcpStream,
    input: BytesMut,
}

impl Side {
    fn new(stream: TcpStream, config: Config, role: Role, seed: u64) -> Self {
        let now = Instant::now();
        let connection = Connection::new(Arc::new(config), role, Seeded(seed), now).unwrap();
        Self { connection, stream, input: BytesMut::new() }
    }

    fn write(&mut self) {
        while let Some(mut transmit) = self.connection.poll_transmit(Instant::now()) {
            while transmit.has_remaining() {
                let mut slices = [IoSlice::new(&[]); 3];
                let count = transmit.chunks_vectored(&mut slices);
                let written = self.stream.write_vectored(&slices[..count]).unwrap();
                transmit.advance(written);
            }
        }
    }

    /// Reads once. Returns whether the peer is still connected.
    fn read(&mut self) -> bool {
        let held = self.input.len();
        self.input.resize(held + READ, 0);
        let len = self.stream.read(&mut self.input[held..]).unwrap_or_default();
        self.input.truncate(held + len);
        if len > 0 {
            self.connection.receive(Instant::now(), &mut self.input).unwrap();
        }
        len > 0
    }
}

fn alice(stream: TcpStream) -> (Side, SessionKey) {
    let mut side = Side::new(stream, Config::default(), Role::Active, 1);
    let to: Path = BOB.parse().unwrap();
    let session = SessionConfig::new(ALICE.parse().unwrap(), to);
    let session = side.connection.open(session).unwrap();
    (side, session)
}

fn bob(stream: TcpStream, mode: ReceiveMode) -> Side {
    let table = SessionTable::new(1);
    let uri: MsrpUri = BOB.parse().unwrap();
    table.insert(SessionConfig::expected(uri).receive(mode).max_size(u64::MAX)).unwrap();
    let mut side = Side::new(stream, Config::default(), Role::Passive, 2);
    side.connection = side.connection.with_table(table);
    side
}

/// Reads until the peer disconnects. Counts messages and their octets.
fn receive_all(mut side: Side) -> (usize, usize) {
    let (mut messages, mut octets) = (0, 0);
    loop {
        while let Some(event) = side.connection.poll_event() {
            match event {
                Event::Message { body, .. } => {
                    messages += 1;
                    octets += body.len();
                }
                Event::Piece { data, .. } => octets += data.len(),
                Event::MessageCompleted { .. } => messages += 1,
                Event::MessageFailed { reason, .. } => panic!("{reason:?}"),
                _ => {}
            }
        }
        side.write();
        if !side.read() {
            return (messages, octets);
        }
    }
}

/// Counts the outcomes among the events.
fn take_outcomes(side: &mut Side) -> usize {
    let mut outcomes = 0;
    while let Some(event) = side.connection.poll_event() {
        if let Event::Finished(outcome) = event {
            assert!(outcome.outcome.is_success(), "{outcome:?}");
            outcomes += 1;
        }
    }
    outcomes
}

/// Writes the same piece to a streamed message until it has all its octets.
fn fill(side: &mut Side, message: MessageKey, piece: &Bytes, left: &mut usize) {
    while let Ok(mut body) = side.connection.body(message) {
        if *left == 0 {
            return body.finish().unwrap();
        }
        if body.room() < piece.len() {
            return;
        }
        body.write(piece.clone()).unwrap();
        *left -= piece.len();
    }
}

fn transfer(piece: &Bytes) {
    let (active, passive) = sockets();
    let receiver = thread::spawn(|| receive_all(bob(passive, ReceiveMode::Pieces)));
    let (mut side, session) = alice(active);
    let media_type = "application/octet-stream".parse().unwrap();
    let message = OutgoingMessage::streamed(media_type, Some(TRANSFER as u64));
    let key = side.connection.send(session, message).unwrap();
    let mut left = TRANSFER;
    loop {
        while side.connection.progress(key).is_ok() {
            fill(&mut side, key, piece, &mut left);
            side.write();
        }
        if take_outcomes(&mut side) == 1 {
            break;
        }
        assert!(side.read());
    }
    drop(side);
    assert_eq!(receiver.join().unwrap(), (1, TRANSFER));
}

fn transfer_raw(piece: &Bytes) {
    let (mut active, mut passive) = sockets();
    let receiver = thread::spawn(move || {
        let (mut buffer, mut octets) = (vec![0; READ], 0);
        loop {
            match passive.read(&mut buffer).unwrap() {
                0 => return octets,
                len => octets += len,
            }
        }
    });
    for _ in 0..TRANSFER / piece.len() {
        active.write_all(piece).unwrap();
    }
    drop(active);
    assert_eq!(receiver.join().unwrap(), TRANSFER);
}

fn small_messages() {
    let (active, passive) = sockets();
    let receiver = thread::spawn(|| receive_all(bob(passive, ReceiveMode::Whole)));
    let (mut side, session) = alice(active);
    assert!(SMALL <= Limits::default().outgoing_messages);
    for _ in 0..SMALL {
        side.connection.send(session, OutgoingMessage::text("Are you there?")).unwrap();
    }
    let mut outcomes = 0;
    loop {
        side.write();
        outcomes += take_outcomes(&mut side);
        if outcomes == SMALL {
            break;
        }
        assert!(side.read());
    }
    drop(side);
    assert_eq!(receiver.join().unwrap().0, SMALL);
}

fn large(c: &mut Criterion) {
    let piece = Bytes::from(random_octets(READ));
    let mut group = c.benchmark_group("1 GiB over loopback");
    group.throughput(Throughput::Bytes(TRANSFER as u64));
    group.bench_function("TCP", |b| b.iter(|| transfer_raw(&piece)));
    group.bench_function("two connections", |b| b.iter(|| transfer(&piece)));
}

fn small(c: &mut Criterion) {
    let mut group = c.benchmark_group("4000 small messages over loopback");
    group.throughput(Throughput::Elements(SMALL as u64));
    group.bench_function("two connections", |b| b.iter(small_messages));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(3));
    targets = large, small
}
criterion_main!(benches);
