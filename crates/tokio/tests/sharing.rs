//! Sessions that share a connection.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{open, uri};
use msrp::uri::Scheme;
use msrp::{CloseReason, SessionConfig};
use msrp_tokio::Endpoint;

async fn endpoint() -> Endpoint {
    Endpoint::builder().bind("127.0.0.1:0").await.unwrap()
}

#[tokio::test]
async fn sessions_to_one_host_and_port_share_a_connection() {
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let (one, ones) = open(&alices, &bobs).await;
    let (two, mut twos) = open(&alices, &bobs).await;
    assert_eq!(ones.hop(), twos.hop());
    // The end of one session does not touch the other.
    drop((one, ones));
    let sent = two.send("still here").await.unwrap();
    assert_eq!(twos.next().await.unwrap().text().await.unwrap(), "still here");
    sent.delivered().await.unwrap();
}

#[tokio::test]
async fn sessions_that_are_opened_at_once_share_a_connection() {
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let (one, two) = tokio::join!(open(&alices, &bobs), open(&alices, &bobs));
    assert_eq!(one.1.hop(), two.1.hop());
}

#[tokio::test]
async fn a_session_can_have_a_connection_of_its_own() {
    let alices = Endpoint::builder().share_connections(false).bind("127.0.0.1:0").await.unwrap();
    let bobs = endpoint().await;
    let (one, two) = (open(&alices, &bobs).await, open(&alices, &bobs).await);
    assert_ne!(one.1.hop(), two.1.hop());
}

#[tokio::test]
async fn after_its_last_session_a_connection_ends_and_the_next_session_makes_another() {
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let (alice, bob) = open(&alices, &bobs).await;
    let first = bob.hop().to_owned();
    drop(alice);
    assert_eq!(*bob.sender().closed().await.hop, first);
    let (_alice, bob) = open(&alices, &bobs).await;
    assert_ne!(bob.hop(), first);
}

#[tokio::test]
async fn more_sessions_than_a_connection_takes_get_another_one() {
    let alices = Endpoint::builder().config(|config| config.limits.sessions = 2);
    let alices = alices.bind("127.0.0.1:0").await.unwrap();
    let bobs = endpoint().await;
    let mut sessions = Vec::new();
    for _ in 0..5 {
        sessions.push(open(&alices, &bobs).await);
    }
    let mut hops: Vec<&str> = sessions.iter().map(|(_, bob)| bob.hop()).collect();
    hops.dedup();
    assert_eq!(hops.len(), 3);
}

#[tokio::test]
async fn the_endpoint_can_go_before_its_sessions() {
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let (alice, mut bob) = open(&alices, &bobs).await;
    let address = bobs.addresses().next().unwrap();
    drop((alices, bobs));
    alice.send("still here").await.unwrap().delivered().await.unwrap();
    assert_eq!(bob.next().await.unwrap().text().await.unwrap(), "still here");
    drop(alice);
    assert!(bob.next().await.is_none());
    // Nobody listens any more.
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_program_that_does_not_listen_has_the_address_of_its_connection() {
    let alices = Endpoint::builder().build().unwrap();
    let bobs = endpoint().await;
    let far = bobs.uri(Scheme::Msrp).unwrap();
    let bob = bobs.expect(SessionConfig::expected(far.clone()));
    let alice = alices.connect_to(far.into(), |config| config.max_size(1));
    let (alice, bob) = tokio::join!(alice, bob);
    let (alice, bob) = (alice.unwrap(), bob.unwrap());
    let remote = uri(bob.remote().unwrap().as_str());
    drop(alice);
    let ended = bob.sender().closed().await;
    assert_eq!(ended.reason, CloseReason::ConnectionClosed);
    assert_eq!(*ended.hop, format!("127.0.0.1:{}", remote.port().unwrap()));
}
