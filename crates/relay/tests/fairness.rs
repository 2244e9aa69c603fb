//! Clients that make work for the relay, beside a pair that only talks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use common::client::{Client, request};
use common::{ALICE, BOB, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::spawn;
use tokio::time::sleep;

/// Connections that do nothing but send AUTHs.
const FLOODS: usize = 200;
const ROUND_TRIPS: usize = 200;

/// Two clients, and the path from the one to the other.
async fn pair(relay: &Running) -> (Client, Client, String) {
    let uri = relay.uri("msrp", "tcp");
    let mut path = String::new();
    let mut clients = Vec::new();
    for (own, user) in [(ALICE, "alice"), (BOB, "bob")] {
        let stream = TcpStream::connect(relay.addresses.tcp.unwrap()).await.unwrap();
        let mut client = Client::over(stream, own);
        path += &format!("{} ", client.authenticate(uri, user).await.unwrap());
        clients.push(client);
    }
    let (bob, alice) = (clients.pop().unwrap(), clients.pop().unwrap());
    (alice, bob, path + BOB)
}

/// The median time of a text from one client to the other.
async fn median((alice, bob, path): &mut (Client, Client, String)) -> Duration {
    let mut times = Vec::new();
    for _ in 0..ROUND_TRIPS {
        let start = Instant::now();
        assert_eq!(alice.say(path, "Hello").await.kind(), "200");
        let got = bob.expect("SEND").await;
        times.push(start.elapsed());
        bob.write(&got.response("200 OK")).await;
        sleep(Duration::from_millis(2)).await;
    }
    times.sort();
    times[ROUND_TRIPS / 2]
}

/// Sends AUTHs as fast as the relay takes them, and connects again when it is cut off.
async fn flood(relay: SocketAddr, uri: String) {
    let auths = request("a", "AUTH", &uri, ALICE, "").repeat(200).into_bytes();
    loop {
        let Ok(stream) = TcpStream::connect(relay).await else { continue };
        let (mut input, mut output) = stream.into_split();
        let reader = spawn(async move {
            let mut octets = vec![0; 16 * 1024];
            while matches!(input.read(&mut octets).await, Ok(1..)) {}
        });
        while output.write_all(&auths).await.is_ok() && !reader.is_finished() {}
    }
}

/// On a thread of its own, so that only the relay can delay the pair.
fn floods(relay: SocketAddr, uri: &str) {
    let uri = uri.to_owned();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..FLOODS {
                spawn(flood(relay, uri.clone()));
            }
            std::future::pending::<()>().await;
        });
    });
}

#[tokio::test]
async fn auths_of_strangers_delay_no_client() {
    let relay = Running::plain();
    let mut pair = pair(&relay).await;
    let calm = median(&mut pair).await;
    floods(relay.addresses.tcp.unwrap(), relay.uri("msrp", "tcp"));
    sleep(Duration::from_secs(1)).await;
    let flooded = median(&mut pair).await;
    let limit = 10 * calm + Duration::from_millis(10);
    assert!(flooded < limit, "{flooded:?} instead of {calm:?}");
}
