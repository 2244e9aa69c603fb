//! Connections to targets that no path names.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::uri;
use msrp::SessionConfig;
use msrp_tokio::{Endpoint, Error, Target};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_session_runs_over_a_connection_to_another_host_than_its_path() {
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let alices = Endpoint::builder().build().unwrap();
    let bob_uri = uri("msrp://anchor.invalid:9/kjhd37s2s20w2a;tcp");
    let bob = bobs.expect(SessionConfig::expected(bob_uri.clone()));
    let port = bobs.addresses().next().unwrap().port();
    let stream = alices.dial(&Target::tcp("127.0.0.1", port)).await.unwrap();
    assert_eq!(stream.tls_version(), None);
    let local = stream.session_uri().unwrap();
    assert!(local.to_string().starts_with("msrp://127.0.0.1:"), "{local}");
    let alice = alices.connect_over(stream, SessionConfig::new(local, bob_uri.into()));
    let (alice, bob) = tokio::join!(alice, bob);
    alice.unwrap().send("Are you there?").await.unwrap();
    assert_eq!(bob.unwrap().next().await.unwrap().text().await.unwrap(), "Are you there?");
}

#[tokio::test]
async fn only_permitted_addresses_are_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let permitting = |wanted: bool| {
        let permits = move |host: &str, address: std::net::SocketAddr| {
            assert_eq!((host, address.port()), ("localhost", port));
            wanted
        };
        Endpoint::builder().permit(permits).build().unwrap()
    };
    let target = Target::tcp("localhost", port);
    let error = permitting(false).dial(&target).await.unwrap_err();
    assert!(matches!(error, Error::NotPermitted { .. }), "{error}");
    let path = format!("msrp://localhost:{port}/s1;tcp").parse().unwrap();
    let error = permitting(false).connect_to(path, |config| config).await.unwrap_err();
    assert!(matches!(error, Error::NotPermitted { .. }), "{error}");
    let stream = permitting(true).dial(&target).await.unwrap();
    // The first connection that has come is the permitted one.
    let (_, peer) = listener.accept().await.unwrap();
    assert_eq!(stream.session_uri().unwrap().port(), Some(peer.port()));
}
