//! A text behind a file on slow links, beside a text on a TCP connection of its own.
//!
//! Real sockets on both sides of a link that has a rate, a delay, and a queue in front of it as
//! a router has. All connections share it.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod link;

use std::net::SocketAddr;
use std::time::Duration;

use link::{Link, Terms};
use msrp::uri::Scheme;
use msrp::{OutgoingMessage, SessionConfig};
use msrp_tokio::{Endpoint, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

const DELAY: Duration = Duration::from_millis(50);

/// Texts that are sent while a file is on its way.
const TEXTS: u32 = 9;

const TEXT: &str = "Are you there? I have been waiting for you.";

/// How long something took.
struct Took {
    file: Duration,
    /// The median of the texts.
    text: Duration,
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("link          text alone  behind a file  ratio  file keeps");
    for (kilobits, size) in [(256, 640_000), (2_000, 4_000_000), (20_000, 20_000_000)] {
        let terms = Terms { rate: kilobits * 1000 / 8, delay: DELAY };
        let alone = runtime.block_on(apart(terms, size));
        let ours = runtime.block_on(in_one_session(terms, size));
        println!(
            "{kilobits:>6} kbit/s {:>8} ms {:>11} ms {:>6.2} {:>11.3}",
            alone.text.as_millis(),
            ours.text.as_millis(),
            ours.text.as_secs_f64() / alone.text.as_secs_f64(),
            alone.file.as_secs_f64() / ours.file.as_secs_f64(),
        );
    }
}

/// When the texts are sent: in even steps while the file is on its way.
fn pause(terms: Terms, size: usize) -> Duration {
    Duration::from_secs_f64(size as f64 / terms.rate as f64) / (TEXTS + 1)
}

fn median(mut values: Vec<Duration>) -> Duration {
    values.sort();
    values[values.len() / 2]
}

/// The file and the texts have a TCP connection each.
async fn apart(terms: Terms, size: usize) -> Took {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = Link::to(listener.local_addr().unwrap(), terms).await;
    let connect = async || {
        let near = TcpStream::connect(link.address()).await.unwrap();
        near.set_nodelay(true).unwrap();
        (near, listener.accept().await.unwrap().0)
    };
    let (mut file, mut far_file) = connect().await;
    let (mut texts, mut far_texts) = connect().await;

    let start = Instant::now();
    let reading: JoinHandle<Instant> = tokio::spawn(async move {
        far_file.read_to_end(&mut Vec::new()).await.unwrap();
        Instant::now()
    });
    let hearing: JoinHandle<Vec<Instant>> = tokio::spawn(async move {
        let mut heard = Vec::new();
        let mut text = [0; TEXT.len()];
        while far_texts.read_exact(&mut text).await.is_ok() {
            heard.push(Instant::now());
        }
        heard
    });
    tokio::spawn(async move { file.write_all(&vec![7; size]).await.unwrap() });
    let mut said = Vec::new();
    for _ in 0..TEXTS {
        sleep(pause(terms, size)).await;
        said.push(Instant::now());
        texts.write_all(TEXT.as_bytes()).await.unwrap();
    }
    drop(texts);
    took(start, &said, &hearing.await.unwrap(), reading.await.unwrap())
}

/// The file and the texts are messages of one session.
async fn in_one_session(terms: Terms, size: usize) -> Took {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let far = bobs.uri(Scheme::Msrp).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], far.port().unwrap()));
    let link = Link::to(address, terms).await;
    let near = TcpStream::connect(link.address()).await.unwrap();
    let bob = bobs.expect(SessionConfig::expected(far.clone()).max_size(u64::MAX));
    let uri = "msrp://127.0.0.1:2856/jshA7weztas;tcp".parse().unwrap();
    let config = SessionConfig::new(uri, far.into()).max_size(u64::MAX);
    let (alice, bob) = tokio::join!(alices.connect_over(Stream::from(near), config), bob);
    let (alice, mut bob) = (alice.unwrap(), bob.unwrap());

    let start = Instant::now();
    let hearing = tokio::spawn(async move {
        let (mut heard, mut file) = (Vec::new(), None);
        while file.is_none() || heard.len() < TEXTS as usize {
            let mut message = bob.next().await.unwrap();
            if message.content_type().is_text() {
                message.text().await.unwrap();
                heard.push(Instant::now());
            } else {
                file = Some(tokio::spawn(async move {
                    message.read_to_end(&mut Vec::new()).await.unwrap();
                    Instant::now()
                }));
            }
        }
        (heard, file.unwrap().await.unwrap())
    });
    let kind = "application/octet-stream".parse().unwrap();
    let message = OutgoingMessage::streamed(kind, Some(size as u64));
    alice.send_from(std::io::Cursor::new(vec![7; size]), message).await.unwrap();
    let mut said = Vec::new();
    for _ in 0..TEXTS {
        sleep(pause(terms, size)).await;
        said.push(Instant::now());
        alice.send(TEXT).await.unwrap();
    }
    let (heard, whole) = hearing.await.unwrap();
    took(start, &said, &heard, whole)
}

fn took(start: Instant, said: &[Instant], heard: &[Instant], whole: Instant) -> Took {
    let texts = said.iter().zip(heard).map(|(said, heard)| *heard - *said);
    Took { file: whole - start, text: median(texts.collect()) }
}
