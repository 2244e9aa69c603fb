//! TLS: clients by password, relays by certificate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::certificates::Authority;
use common::client::{Client, report};
use common::{ALICE, PATIENCE, Running, options};
use msrp_relay::{Server, StartError};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

const SECURE_ALICE: &str = "msrps://alice.invalid:7654/jshA7weztas;tcp";
const SECURE_BOB: &str = "msrps://bob.invalid:7655/kjhd37s2s20w2a;tcp";

async fn client(relay: &Running, authority: &Authority, uri: &str) -> Client {
    let stream = authority.connect(relay.addresses.tls.unwrap(), None).await.unwrap();
    Client::over(stream, uri)
}

// req: 4976-9.2-1, 4976-6.1-1
#[tokio::test]
async fn clients_over_tls_meet_at_the_relay() {
    let authority = Authority::new();
    let relay = authority.relay();
    let mut alice = client(&relay, &authority, SECURE_ALICE).await;
    let mut bob = client(&relay, &authority, SECURE_BOB).await;
    let uri = relay.uri("msrps", "tcp");
    let of_alice = alice.authenticate(uri, "alice").await.unwrap();
    let of_bob = bob.authenticate(uri, "bob").await.unwrap();
    // req: 4976-4.2-1
    let address = relay.addresses.tls.unwrap();
    assert!(of_alice.starts_with(&format!("msrps://localhost:{}/", address.port())), "{of_alice}");
    let answer = alice.say(&format!("{of_alice} {of_bob} {SECURE_BOB}"), "Hello").await;
    assert_eq!(answer.kind(), "200");
    assert_eq!(bob.expect("SEND").await.body(), b"Hello");
}

// req: 4976-8-4
#[tokio::test]
async fn without_tls_no_password_is_requested() {
    let mut options = options();
    options.listen = "127.0.0.1:0".parse().ok();
    options.name = Some("localhost".into());
    let relay = Running::with(options);
    let tcp = TcpStream::connect(relay.addresses.tcp.unwrap()).await.unwrap();
    let mut alice = Client::over(tcp, ALICE);
    let refused = alice.authenticate(relay.uri("msrp", "tcp"), "alice").await.unwrap_err();
    assert_eq!(refused.kind(), "403");
    assert!(refused.headers("WWW-Authenticate").is_empty());
}

// req: 4976-9.2-4, 4976-5.1-4
#[tokio::test]
async fn two_relays_know_each_other_by_their_certificates() {
    let authority = Authority::new();
    let (first, second) = (authority.relay(), authority.relay());
    let mut alice = client(&first, &authority, SECURE_ALICE).await;
    let one = alice.authenticate(first.uri("msrps", "tcp"), "alice").await.unwrap();
    let beyond = format!("{one} {}", second.uri("msrps", "tcp"));
    let both = alice.authenticate(&beyond, "alice").await.unwrap();
    assert_eq!(both.split(' ').next(), Some(one.as_str()));
    assert_eq!(both.split(' ').count(), 2);

    let mut bob = client(&second, &authority, SECURE_BOB).await;
    let of_bob = bob.authenticate(second.uri("msrps", "tcp"), "bob").await.unwrap();
    let answer = alice.say(&format!("{both} {of_bob} {SECURE_BOB}"), "From afar").await;
    assert_eq!(answer.kind(), "200");
    let got = bob.expect("SEND").await;
    assert_eq!(got.body(), b"From afar");
    bob.write(&got.response("200 OK")).await;
    let id = bob.id();
    bob.write(&report(&id, &got, SECURE_BOB)).await;
    assert_eq!(alice.expect("REPORT").await.header("Status"), "000 200 OK");
}

// req: 4976-9.2-7
#[tokio::test]
async fn clients_need_no_certificate_but_a_wrong_one_is_refused() {
    let (authority, other) = (Authority::new(), Authority::new());
    let relay = authority.relay();
    let address = relay.addresses.tls.unwrap();
    let stranger = other.certify("mallory.example");
    // In TLS 1.3 the client learns it when it reads.
    if let Ok(mut stream) = authority.connect(address, Some(&stranger)).await {
        assert!(stream.read_u8().await.is_err());
    }
    let known = authority.certify("alice.invalid");
    let stream = authority.connect(address, Some(&known)).await.unwrap();
    let mut alice = Client::over(stream, SECURE_ALICE);
    assert!(alice.authenticate(relay.uri("msrps", "tcp"), "alice").await.is_ok());
}

#[tokio::test]
async fn a_relay_whose_certificate_cannot_be_used_does_not_start() {
    let authority = Authority::new();
    let (one, other) = (authority.certify("localhost"), authority.certify("localhost"));
    let mut options = authority.relay_options(&one);
    options.key = Some(other.key.0.clone());
    assert!(matches!(Server::bind(options), Err(StartError::Tls(_))));
}

#[tokio::test]
async fn a_handshake_has_a_time_limit() {
    let authority = Authority::new();
    let signed = authority.certify("localhost");
    let mut options = authority.relay_options(&signed);
    options.connect_seconds = Duration::from_millis(20);
    let relay = Running::with(options);
    for address in [relay.addresses.tls, relay.addresses.wss] {
        let mut stream = TcpStream::connect(address.unwrap()).await.unwrap();
        let end = timeout(PATIENCE, stream.read_u8()).await.expect("the end");
        assert!(end.is_err());
    }
}
