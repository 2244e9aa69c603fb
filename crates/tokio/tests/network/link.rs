//! A link between two endpoints, in the time of the runtime: rate, delay, stalls, death.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use msrp_tokio::Stream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// What a socket takes ahead of the link, as after `msrp_socket::prepare`.
const QUEUE: usize = 16 * 1024;

/// How late a timer of tokio is at most.
pub const TICK: Duration = Duration::from_millis(1);

/// Octets that leave the link at a time.
const PACKET: usize = 1460;

/// What a link does with octets, both ways.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Octets a second.
    pub rate: u64,
    /// From one end to the other.
    pub delay: Duration,
}

impl Terms {
    pub fn kilobits(rate: u64, delay: Duration) -> Self {
        Self { rate: rate * 1000 / 8, delay }
    }

    /// How long so many octets take, from the first at one end to the last at the other.
    pub fn time_of(&self, octets: usize) -> Duration {
        Duration::from_secs_f64(octets as f64 / self.rate as f64) + self.delay
    }
}

/// Stalls a link, for a while or for ever.
pub type Switch = watch::Sender<bool>;

/// The two ends of a link, and the switch that is on while octets move.
pub fn link(terms: Terms) -> (Stream, Stream, Switch) {
    let (switch, is_on) = watch::channel(true);
    let (near, near_end) = end();
    let (far, far_end) = end();
    let (near_reads, near_writes) = tokio::io::split(near_end.stream);
    let (far_reads, far_writes) = tokio::io::split(far_end.stream);
    tokio::spawn(carry(terms, near_reads, far_writes, near_end.held, is_on.clone()));
    tokio::spawn(carry(terms, far_reads, near_writes, far_end.held, is_on));
    (near, far, switch)
}

/// The side of an end that the link has.
struct End {
    stream: DuplexStream,
    /// Octets that were written here and are not at the other end.
    held: Arc<AtomicUsize>,
}

fn end() -> (Stream, End) {
    let (outside, stream) = tokio::io::duplex(QUEUE);
    let held = Arc::new(AtomicUsize::new(0));
    let counted = Counted { stream: outside, held: Arc::clone(&held) };
    let known = Arc::clone(&held);
    let socket = Stream::holding(counted, move || Some(known.load(Ordering::Relaxed)));
    (socket, End { stream, held })
}

/// Carries octets one way until an end is closed.
async fn carry(
    terms: Terms,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin + Send + 'static,
    held: Arc<AtomicUsize>,
    mut is_on: watch::Receiver<bool>,
) {
    let (under_way, mut arriving) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((due, packet)) = arriving.recv().await {
            sleep_until(due).await;
            if to.write_all(&packet).await.is_err() {
                return;
            }
            held.fetch_sub(packet.len(), Ordering::Relaxed);
        }
        let _ = to.shutdown().await;
    });
    let mut free_at = Instant::now();
    loop {
        let mut packet = vec![0; PACKET];
        let Ok(len @ 1..) = from.read(&mut packet).await else { return };
        packet.truncate(len);
        // Timers have milliseconds, and what one is late is not lost to the link.
        let now = Instant::now();
        let begins = if now < free_at + TICK { free_at } else { now };
        free_at = begins + Duration::from_secs_f64(len as f64 / terms.rate as f64);
        sleep_until(free_at).await;
        if is_on.wait_for(|is_on| *is_on).await.is_err() {
            return;
        }
        if under_way.send((Instant::now() + terms.delay, packet)).is_err() {
            return;
        }
    }
}

/// A stream that counts what is written to it.
struct Counted {
    stream: DuplexStream,
    held: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, octets))?;
        self.held.fetch_add(written, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
