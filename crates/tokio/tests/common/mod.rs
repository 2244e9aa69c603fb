//! What the tests share: two endpoints and a session between them.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use msrp::{MsrpUri, OutgoingMessage, SessionConfig};
use msrp_tokio::{Builder, Endpoint, Session, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub const ALICE: &str = "msrp://alice.example:7654/jshA7weztas;tcp";
pub const BOB: &str = "msrp://bob.example:12763/kjhd37s2s20w2a;tcp";

/// Octets that a stream in memory holds, as the queue of a socket.
pub const STREAM_OCTETS: usize = 16 * 1024;

/// Two endpoints, and a session between them.
pub struct Pair {
    pub alice: Session,
    pub bob: Session,
    pub alices: Endpoint,
    pub bobs: Endpoint,
}

pub fn uri(text: &str) -> MsrpUri {
    text.parse().unwrap()
}

pub fn alice_opens() -> SessionConfig {
    SessionConfig::new(uri(ALICE), uri(BOB).into()).max_size(u64::MAX)
}

pub fn bob_expects() -> SessionConfig {
    SessionConfig::expected(uri(BOB)).max_size(u64::MAX)
}

/// A session over a stream in memory.
pub async fn pair() -> Pair {
    pair_of(Endpoint::builder(), Endpoint::builder()).await
}

pub async fn pair_of(alices: Builder, bobs: Builder) -> Pair {
    let (alices, bobs) = (alices.build().unwrap(), bobs.build().unwrap());
    let (near, far) = tokio::io::duplex(STREAM_OCTETS);
    let bob = bobs.expect(bob_expects());
    bobs.serve(Stream::new(far)).unwrap();
    let (alice, bob) = tokio::join!(alices.connect_over(Stream::new(near), alice_opens()), bob);
    Pair { alice: alice.unwrap(), bob: bob.unwrap(), alices, bobs }
}

/// A session over TCP.
pub async fn tcp_pair() -> Pair {
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let alices = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let (alice, bob) = open(&alices, &bobs).await;
    Pair { alice, bob, alices, bobs }
}

/// One more session, for which one endpoint connects to the other.
pub async fn open(alices: &Endpoint, bobs: &Endpoint) -> (Session, Session) {
    let scheme = msrp::uri::Scheme::Msrp;
    let (near, far) = (alices.uri(scheme).unwrap(), bobs.uri(scheme).unwrap());
    let bob = bobs.expect(SessionConfig::expected(far.clone()).max_size(u64::MAX));
    let alice = alices.connect(SessionConfig::new(near, far.into()).max_size(u64::MAX));
    let (alice, bob) = tokio::join!(alice, bob);
    (alice.unwrap(), bob.unwrap())
}

/// Reads a request of Alice, and returns its transaction id.
pub async fn request(stream: &mut DuplexStream) -> String {
    let mut octets = Vec::new();
    loop {
        octets.push(stream.read_u8().await.unwrap());
        let text = String::from_utf8_lossy(&octets);
        let id = text.split(' ').nth(1).unwrap_or_default();
        if !id.is_empty() && text.ends_with(&format!("-------{id}$\r\n")) {
            return id.to_owned();
        }
    }
}

/// Accepts a request of Alice.
pub async fn accept(stream: &mut DuplexStream, id: &str) {
    let response =
        format!("MSRP {id} 200 OK\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n-------{id}$\r\n");
    stream.write_all(response.as_bytes()).await.unwrap();
}

/// A message whose octets follow.
pub fn streamed(total: Option<u64>) -> OutgoingMessage {
    OutgoingMessage::streamed("application/octet-stream".parse().unwrap(), total)
}

/// A folder of its own for a test, which is deleted when this is dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("msrp-tokio-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The names of its files, in order.
    pub fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Octets of which none is like its neighbours.
pub fn octets(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 + at / 251) as u8).collect()
}
