//! The sound clients: pairs who send each other a short message now and then.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::BytesMut;
use msrp::StatusCode;
use msrp::wire::{Decoder, Frame, Head, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use super::{Percentiles, source, user};
use crate::account::Account;
use crate::frames::{Route, SMALL, end_line, head};

/// The network of their addresses.
const NETWORK: u8 = 1;
/// The time between two messages of a pair.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the last messages may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What has become of the messages of a pair.
#[derive(Debug)]
struct Talk<'a> {
    start: Instant,
    arrived: AtomicU64,
    figures: &'a Figures,
}

/// What has become of the messages of all pairs.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    sent: AtomicU64,
    /// The times of those that have arrived: all, and since the last line.
    times: Mutex<(Vec<Duration>, usize)>,
}

impl Figures {
    fn arrived(&self, sent: Instant) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.0.push(sent.elapsed());
    }

    /// Those since the last call.
    pub(crate) fn since_last(&self) -> Percentiles {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let new = times.0.get(times.1..).unwrap_or_default().to_vec();
        times.1 = times.0.len();
        Percentiles::of(new)
    }

    pub(crate) fn whole(&self) -> Percentiles {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        Percentiles::of(times.0.clone())
    }

    pub(crate) fn check(&self) -> Result<()> {
        let sent = self.sent.load(Ordering::Relaxed);
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let arrived = times.0.len() as u64;
        ensure!(sent == arrived && sent > 0, "of {sent} messages {arrived} have arrived");
        Ok(())
    }
}

/// Lets all pairs talk until `end`.
pub(crate) async fn run(
    relay: SocketAddr,
    pairs: usize,
    end: Instant,
    figures: Arc<Figures>,
) -> Result<()> {
    let mut tasks = JoinSet::new();
    for number in 0..pairs {
        let (source, user) = (source(NETWORK, number), user("sound", number));
        let open = move || Account::open_from(source, relay, &user);
        let (alice, bob) = spawn_blocking(move || (open(), open())).await?;
        let pair = Pair::new(alice?, bob?)?;
        let figures = Arc::clone(&figures);
        tasks.spawn(async move {
            pair.talk(end, &figures).await.with_context(|| format!("pair {number}"))
        });
        // The others have their turns meanwhile.
        sleep(PAUSE / pairs as u32).await;
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

/// Alice, who sends, and Bob.
struct Pair {
    alice: TcpStream,
    bob: TcpStream,
    route: Route,
    of_bob: String,
}

impl Pair {
    fn new(alice: Account, bob: Account) -> Result<Self> {
        let to = format!("{} {} {}", alice.token, bob.token, bob.own);
        let route = Route { to, from: alice.own };
        Ok(Self {
            alice: unblocked(alice.stream)?,
            bob: unblocked(bob.stream)?,
            route,
            of_bob: format!("To-Path: {}\r\nFrom-Path: {}\r\n", bob.token, bob.own),
        })
    }

    async fn talk(self, end: Instant, figures: &Figures) -> Result<()> {
        let (alice_in, alice_out) = self.alice.into_split();
        let (bob_in, bob_out) = self.bob.into_split();
        let talk = Talk { start: Instant::now(), arrived: AtomicU64::new(0), figures };
        tokio::select! {
            ended = receive(bob_in, bob_out, &self.of_bob, &talk) => ended.context("Bob"),
            ended = answers(alice_in) => ended.context("Alice"),
            ended = send(alice_out, &self.route, end, &talk) => ended.context("Alice"),
        }
    }
}

pub(super) fn unblocked(stream: std::net::TcpStream) -> Result<TcpStream> {
    stream.set_nonblocking(true)?;
    Ok(TcpStream::from_std(stream)?)
}

/// Sends messages with their times in microseconds, and then waits for the last ones.
async fn send(
    mut stream: OwnedWriteHalf,
    route: &Route,
    end: Instant,
    talk: &Talk<'_>,
) -> Result<()> {
    let mut number = 0_u64;
    while Instant::now() < end {
        let id = format!("m{number:08}");
        let mut octets = head(route, &id, &id, (1, Some(SMALL), SMALL));
        octets.extend(format!("{:0SMALL$}", talk.start.elapsed().as_micros()).into_bytes());
        octets.extend(end_line(&id, '$'));
        talk.figures.sent.fetch_add(1, Ordering::Relaxed);
        stream.write_all(&octets).await?;
        number += 1;
        sleep(PAUSE).await;
    }
    while talk.arrived.load(Ordering::Relaxed) < number && end.elapsed() < PATIENCE {
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Reads Alice's responses: any but 200, and every REPORT, tells of a lost message.
async fn answers(stream: OwnedReadHalf) -> Result<()> {
    let mut frames = Frames::new(stream);
    loop {
        let (head, _) = frames.next().await?;
        if head.view().status_code() != Some(StatusCode::OK) {
            bail!("not a 200: {:?}", head.view());
        }
    }
}

async fn receive(
    stream: OwnedReadHalf,
    mut responses: OwnedWriteHalf,
    paths: &str,
    talk: &Talk<'_>,
) -> Result<()> {
    let mut frames = Frames::new(stream);
    loop {
        let (head, body) = frames.next().await?;
        if head.view().method() != Some(Method::Send) {
            bail!("not a SEND: {:?}", head.view());
        }
        let micros = std::str::from_utf8(&body)?.parse()?;
        talk.figures.arrived(talk.start + Duration::from_micros(micros));
        talk.arrived.fetch_add(1, Ordering::Relaxed);
        let id = head.view().transaction_id();
        let response = format!("MSRP {id} 200 OK\r\n{paths}-------{id}$\r\n");
        responses.write_all(response.as_bytes()).await?;
    }
}

/// The frames of a stream, whole.
struct Frames {
    stream: OwnedReadHalf,
    decoder: Decoder,
    input: BytesMut,
}

impl Frames {
    fn new(stream: OwnedReadHalf) -> Self {
        Self { stream, decoder: Decoder::default(), input: BytesMut::new() }
    }

    async fn next(&mut self) -> Result<(Head, BytesMut)> {
        let (mut head, mut body) = (None, BytesMut::new());
        loop {
            match self.decoder.decode(&mut self.input)? {
                Some(Frame::Head(new)) => head = Some(new),
                Some(Frame::Body(piece)) => body.extend_from_slice(&piece),
                Some(Frame::End(_)) => return Ok((head.context("no head")?, body)),
                Some(Frame::BadHead(bad)) => bail!("{bad:?}"),
                Some(other) => bail!("{other:?}"),
                None => {
                    let read = self.stream.read_buf(&mut self.input).await?;
                    ensure!(read > 0, "the relay has closed the connection");
                }
            }
        }
    }
}
