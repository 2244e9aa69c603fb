//! The async endpoint beside raw TCP and beside the bare core: one large message, and short
//! messages.
//!
//! Each round runs all of them in turns, and the ratios are those of the medians.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use msrp::uri::Scheme;
use msrp::{
    Config, Connection, Event, OsRandom, OutgoingMessage, ReceiveMode, Role, SessionConfig,
    SessionTable,
};
use msrp_bench::MIB;
use msrp_tokio::{Endpoint, Sent, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ROUNDS: usize = 3;

/// The octets of the large message.
const LARGE: usize = 1024 * MIB;

/// The octets of one read or write of the application.
const STEP: usize = 64 * 1024;

/// Short messages, and how many of them have no outcome at a time.
const SHORT: usize = 100_000;
const AT_A_TIME: usize = 500;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut raw, mut ours, mut core, mut rate) = (vec![], vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            raw.push(speed(raw_tcp().await));
            ours.push(speed(one_large().await));
            core.push(speed(bare_core()));
            rate.push(SHORT as f64 / many_short().await.as_secs_f64());
        }
        let [raw, ours, core, rate] = [raw, ours, core, rate].map(median);
        println!("raw TCP               {raw:>8.0} MB/s");
        println!("bare core, in memory  {core:>8.0} MB/s");
        println!("async endpoint        {ours:>8.0} MB/s, {:.2} of raw TCP", ours / raw);
        println!("short messages        {rate:>8.0} a second");
    });
}

fn speed(took: Duration) -> f64 {
    LARGE as f64 / took.as_secs_f64() / 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn raw_tcp() -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let start = Instant::now();
    let writing = tokio::spawn(async move {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let octets = vec![7; STEP];
        for _ in 0..LARGE / STEP {
            socket.write_all(&octets).await.unwrap();
        }
    });
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut octets = vec![0; STEP];
    while let Ok(1..) = socket.read(&mut octets).await {}
    writing.await.unwrap();
    start.elapsed()
}

async fn sessions() -> (Session, Session) {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let far = bobs.uri(Scheme::Msrp).unwrap();
    let bob = bobs.expect(SessionConfig::expected(far.clone()).max_size(u64::MAX));
    let alice = alices.connect_to(far.into(), |config| config.max_size(u64::MAX));
    let (alice, bob) = tokio::join!(alice, bob);
    (alice.unwrap(), bob.unwrap())
}

async fn one_large() -> Duration {
    let (alice, mut bob) = sessions().await;
    let start = Instant::now();
    let writing = tokio::spawn(async move {
        let kind = "application/octet-stream".parse().unwrap();
        let message = OutgoingMessage::streamed(kind, Some(LARGE as u64));
        let mut upload = alice.sender().upload(message).await.unwrap();
        let octets = vec![7; STEP];
        for _ in 0..LARGE / STEP {
            upload.write_all(&octets).await.unwrap();
        }
        upload.shutdown().await.unwrap();
        upload.sent().delivered().await.unwrap();
    });
    let mut message = bob.next().await.unwrap();
    let mut octets = vec![0; STEP];
    while message.read(&mut octets).await.unwrap() > 0 {}
    writing.await.unwrap();
    start.elapsed()
}

async fn many_short() -> Duration {
    let (alice, mut bob) = sessions().await;
    let start = Instant::now();
    let reading = tokio::spawn(async move {
        for _ in 0..SHORT {
            bob.next().await.unwrap().text().await.unwrap();
        }
        bob
    });
    let mut waiting: Vec<Sent> = Vec::new();
    for _ in 0..SHORT / AT_A_TIME {
        for _ in 0..AT_A_TIME {
            waiting.push(alice.send("Are you there? I have been waiting for you.").await.unwrap());
        }
        for sent in waiting.drain(..) {
            sent.accepted().await.unwrap();
        }
    }
    drop(reading.await.unwrap());
    start.elapsed()
}

/// Two connections that hand each other their octets, in pieces as the endpoint does.
fn bare_core() -> Duration {
    let far = "msrp://127.0.0.1:2855/kjhd37s2s20w2a;tcp".parse::<msrp::MsrpUri>().unwrap();
    let near = "msrp://127.0.0.1:2856/jshA7weztas;tcp".parse().unwrap();
    let config = Arc::new(Config::default());
    let now = Instant::now();
    let table = SessionTable::new(1);
    let expected = SessionConfig::expected(far.clone()).max_size(u64::MAX);
    table.insert(expected.receive(ReceiveMode::Pieces)).unwrap();
    let random = OsRandom::new().unwrap();
    let bob = Connection::new(Arc::clone(&config), Role::Passive, random.clone(), now).unwrap();
    let mut bob = bob.with_table(table);
    let mut alice = Connection::new(config, Role::Active, random, now).unwrap();
    let session = alice.open(SessionConfig::new(near, far.into())).unwrap();
    let kind = "application/octet-stream".parse().unwrap();
    let message = OutgoingMessage::streamed(kind, Some(LARGE as u64));
    let message = alice.send(session, message).unwrap();
    let octets = Bytes::from(vec![7; STEP]);
    let (mut left, mut inputs) = (LARGE, [BytesMut::new(), BytesMut::new()]);
    let start = Instant::now();
    loop {
        if left > 0 {
            let mut body = alice.body(message).unwrap();
            while left > 0 && body.room() >= STEP {
                body.write(octets.clone()).unwrap();
                left -= STEP;
            }
            if left == 0 {
                body.finish().unwrap();
            }
        }
        carry(&mut alice, &mut bob, &mut inputs[0]);
        while let Some(event) = bob.poll_event() {
            drop(event);
        }
        carry(&mut bob, &mut alice, &mut inputs[1]);
        while let Some(event) = alice.poll_event() {
            if let Event::Finished(_) = event {
                return start.elapsed();
            }
        }
    }
}

fn carry(from: &mut Connection, to: &mut Connection, input: &mut BytesMut) {
    let now = Instant::now();
    while let Some(mut transmit) = from.poll_transmit(now) {
        while transmit.has_remaining() {
            let len = transmit.chunk().len();
            input.extend_from_slice(transmit.chunk());
            transmit.advance(len);
        }
        to.receive(now, input).unwrap();
    }
}
