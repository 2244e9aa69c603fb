//! A link between TCP sockets: a rate, a delay, and a queue.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Octets that leave at a time.
const PACKET: usize = 1460;

/// The packets that wait for the link, of all connections: those of a small router.
const QUEUE: usize = 32;

/// What the link takes of a connection ahead of its queue, in octets.
const AHEAD: u32 = 2048;

/// How late a timer of tokio is at most.
const TICK: Duration = Duration::from_millis(2);

#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// Octets a second, each way.
    pub(crate) rate: u64,
    /// From one end to the other.
    pub(crate) delay: Duration,
}

/// A link, as a proxy before an address.
pub(crate) struct Link(SocketAddr);

impl Link {
    pub(crate) async fn to(target: SocketAddr, terms: Terms) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Connections that are accepted have it from their listener.
        socket.set_recv_buffer_size(AHEAD).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(16).unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, target, terms));
        Self(address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0
    }
}

async fn serve(listener: TcpListener, target: SocketAddr, terms: Terms) {
    let (there, back) = (Line::new(terms), Line::new(terms));
    while let Ok((near, _)) = listener.accept().await {
        let far = TcpStream::connect(target).await.unwrap();
        near.set_nodelay(true).unwrap();
        far.set_nodelay(true).unwrap();
        let (near_reads, near_writes) = near.into_split();
        let (far_reads, far_writes) = far.into_split();
        tokio::spawn(carry(there.clone(), near_reads, far_writes));
        tokio::spawn(carry(back.clone(), far_reads, near_writes));
    }
}

/// One direction, which all connections share.
#[derive(Clone)]
struct Line(mpsc::Sender<Packet>);

struct Packet {
    octets: Vec<u8>,
    to: mpsc::UnboundedSender<(Instant, Vec<u8>)>,
}

impl Line {
    fn new(Terms { rate, delay }: Terms) -> Self {
        let (queue, mut packets) = mpsc::channel::<Packet>(QUEUE);
        tokio::spawn(async move {
            let mut free_at = Instant::now();
            while let Some(Packet { octets, to }) = packets.recv().await {
                // What a timer is late is not lost to the link.
                free_at = free_at.max(Instant::now() - TICK);
                free_at += Duration::from_secs_f64(octets.len() as f64 / rate as f64);
                sleep_until(free_at).await;
                // The other end may be closed.
                let _ = to.send((free_at + delay, octets));
            }
        });
        Self(queue)
    }
}

/// Carries octets one way until an end is closed.
async fn carry(line: Line, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let (under_way, mut arriving) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((due, octets)) = arriving.recv().await {
            sleep_until(due).await;
            if to.write_all(&octets).await.is_err() {
                return;
            }
        }
    });
    loop {
        let mut octets = vec![0; PACKET];
        let Ok(len @ 1..) = from.read(&mut octets).await else { return };
        octets.truncate(len);
        let packet = Packet { octets, to: under_way.clone() };
        if line.0.send(packet).await.is_err() {
            return;
        }
    }
}
