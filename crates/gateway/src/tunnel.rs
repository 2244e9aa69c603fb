//! A WebSocket joined to an MSRP stream (RFC 7977). `msrp::Tunnel` finds and splits
//! the chunks; this moves the octets.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use bytes::BytesMut;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use msrp::{OsRandom, ParseOptions, TunnelError};
use msrp_tokio::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// Space in the input buffer for one read, in octets.
const READ_OCTETS: usize = 16 * 1024;
/// How long a client may take to read the last octets.
const FAREWELL: Duration = Duration::from_millis(200);
/// How long to pause the stream if too many parts of its chunks wait for their
/// responses and no deadline is known.
const REST: Duration = Duration::from_secs(1);

/// Why a tunnel has ended.
enum End {
    /// One of the two sides has gone, or has closed in order.
    Over,
    /// One side does not speak MSRP.
    Wrong(TunnelError),
    Idle,
}

struct Tunnel {
    inner: Mutex<msrp::Tunnel>,
    /// Notified of each message, which may be the response to a part.
    responded: Notify,
    /// When octets last went either way.
    last_active: Mutex<Instant>,
}

/// Carries chunks both ways until one side ends, the tunnel is idle for
/// `idle_timeout`, or `stop` is ready.
pub(crate) async fn run(
    socket: WebSocket,
    stream: Stream,
    max_message: usize,
    idle_timeout: Duration,
    stop: impl Future<Output = ()>,
) {
    let Ok(random) = OsRandom::new() else { return };
    let tunnel = Tunnel {
        inner: Mutex::new(msrp::Tunnel::new(max_message, ParseOptions::default(), random)),
        responded: Notify::new(),
        last_active: Mutex::new(Instant::now()),
    };
    let (mut sink, source) = socket.split();
    let (reader, mut writer) = tokio::io::split(stream);
    let close = tokio::select! {
        end = tunnel.to_messages(reader, &mut sink) => close_frame(&end),
        end = tunnel.to_stream(source, &mut writer) => close_frame(&end),
        end = tunnel.idle(idle_timeout) => close_frame(&end),
        () = stop => frame(close_code::AWAY, "the gateway is shutting down"),
    };
    // Fails if the side has gone.
    let _ = timeout(FAREWELL, sink.send(Message::Close(Some(close)))).await;
    let _ = timeout(FAREWELL, writer.shutdown()).await;
}

impl Tunnel {
    async fn to_messages(
        &self,
        mut reader: ReadHalf<Stream>,
        sink: &mut SplitSink<WebSocket, Message>,
    ) -> End {
        let mut input = BytesMut::new();
        loop {
            loop {
                let message = {
                    let mut tunnel = self.lock();
                    let result = tunnel.receive_stream(Instant::now(), &mut input);
                    match (tunnel.poll_message(), result) {
                        (Some(message), _) => message,
                        (None, Err(error)) => return End::Wrong(error),
                        (None, Ok(())) => break,
                    }
                };
                self.touch();
                if sink.send(Message::Binary(message)).await.is_err() {
                    return End::Over;
                }
            }
            if !self.lock().wants_stream() {
                self.rest().await;
                continue;
            }
            input.reserve(READ_OCTETS);
            if !matches!(reader.read_buf(&mut input).await, Ok(1..)) {
                let end = self.lock().receive_stream_eof();
                return end.map_or_else(End::Wrong, |()| End::Over);
            }
        }
    }

    async fn to_stream(
        &self,
        mut source: SplitStream<WebSocket>,
        writer: &mut WriteHalf<Stream>,
    ) -> End {
        while let Some(Ok(message)) = source.next().await {
            let octets = match message {
                Message::Binary(octets) => octets,
                Message::Text(text) => text.into(),
                Message::Close(_) => return End::Over,
                Message::Ping(_) | Message::Pong(_) => continue,
            };
            let octets = match self.lock().receive_message(Instant::now(), octets) {
                Ok(octets) => octets,
                Err(error) => return End::Wrong(error),
            };
            self.responded.notify_one();
            self.touch();
            let Some(mut octets) = octets else { continue };
            if writer.write_all_buf(&mut octets).await.is_err() || writer.flush().await.is_err() {
                return End::Over;
            }
        }
        End::Over
    }

    /// Waits until the tunnel may read more of the stream.
    async fn rest(&self) {
        let due = self.lock().poll_timeout();
        let rest = due.map_or(REST, |due| due.saturating_duration_since(Instant::now()));
        tokio::select! {
            () = self.responded.notified() => {}
            () = sleep(rest) => {}
        }
    }

    async fn idle(&self, idle_timeout: Duration) -> End {
        loop {
            let last = *self.last_active.lock().unwrap_or_else(PoisonError::into_inner);
            match idle_timeout.checked_sub(last.elapsed()) {
                Some(left) if !left.is_zero() => sleep(left).await,
                _ => return End::Idle,
            }
        }
    }

    fn touch(&self) {
        *self.last_active.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn lock(&self) -> MutexGuard<'_, msrp::Tunnel> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn close_frame(end: &End) -> CloseFrame {
    match end {
        End::Over => frame(close_code::NORMAL, "one side has closed"),
        End::Wrong(error) => frame(close_code::PROTOCOL, &error.to_string()),
        End::Idle => frame(close_code::AWAY, "the tunnel was idle for too long"),
    }
}

/// A reason has at most 123 octets (RFC 6455 section 5.5).
fn frame(code: u16, reason: &str) -> CloseFrame {
    let reason: String = reason.chars().filter(char::is_ascii).take(123).collect();
    CloseFrame { code, reason: reason.into() }
}
