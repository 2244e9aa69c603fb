//! `POST /api/msrp/connect`, over TCP and TLS, and sends over TLS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use common::{ALICE, Asked, Running, peer, receive_as, receiver, uri};
use msrp_tls::{ClientCheck, Fingerprint, HashFunction, Identity, server_config};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

const CONNECT: &str = "/api/msrp/connect";
const SEND: &str = "/api/msrp/send";

#[tokio::test]
async fn without_paths_tcp_is_tried() {
    let (gateway, receiver) = (Running::start().await, receiver().await);
    for host in ["127.0.0.1", "localhost", "::ffff:127.0.0.1", "[::ffff:127.0.0.1]"] {
        let request = json!({ "host": host, "port": receiver.port });
        let (status, reply) = gateway.post(CONNECT, &request).await;
        assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
        assert!(reply["connectTime"].as_f64().unwrap() > 0.0);
        for absent in ["tlsVersion", "peerName", "statusCode", "rtt", "error"] {
            assert!(reply.get(absent).is_none(), "{reply}");
        }
    }
}

fn with_paths(port: u16) -> Value {
    json!({ "host": "127.0.0.1", "port": port, "fromPath": ALICE, "toPath": uri(port) })
}

#[tokio::test]
async fn with_paths_a_bodiless_send_gets_a_response() {
    let (gateway, receiver) = (Running::start().await, receiver().await);
    let (status, reply) = gateway.post(CONNECT, &with_paths(receiver.port)).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!((&reply["statusCode"], &reply["statusText"]), (&json!(200), &json!("OK")));
    assert!(reply["transactionId"].is_string() && reply["rtt"].is_number(), "{reply}");
    // A session that does not exist.
    let mut request = with_paths(receiver.port);
    request["toPath"] = json!(format!("msrp://127.0.0.1:{}/other;tcp", receiver.port));
    let (status, reply) = gateway.post(CONNECT, &request).await;
    assert_eq!((status, &reply["success"]), (200, &json!(false)), "{reply}");
    assert_eq!(reply["statusCode"], 481);
    assert_eq!(reply["error"]["kind"], "rejected");
    assert!(reply["connectTime"].is_number());
}

#[tokio::test]
async fn failures_after_connecting_are_distinguished() {
    let gateway = Running::start().await;
    let closing = peer(|mut stream| async move {
        Asked::read(&mut stream).await;
    })
    .await;
    let garbage = peer(|mut stream: TcpStream| async move {
        stream.write_all(b"220 hello\r\n").await.unwrap();
        let _ = stream.read_u8().await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let silent = peer(|mut stream: TcpStream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    for (port, status, kind) in
        [(closing, 502, "closed"), (garbage, 502, "notMsrp"), (silent, 504, "timeout")]
    {
        let mut request = with_paths(port);
        request["timeout"] = json!(500);
        let (found, reply) = gateway.post(CONNECT, &request).await;
        assert_eq!((found, &reply["error"]["kind"]), (status, &json!(kind)), "{reply}");
        assert!(reply["connectTime"].is_number(), "{reply}");
    }
}

#[tokio::test]
async fn to_path_is_enough_and_from_path_is_not() {
    let (gateway, receiver) = (Running::start().await, receiver().await);
    let mut request = with_paths(receiver.port);
    request.as_object_mut().unwrap().remove("fromPath");
    let (status, reply) = gateway.post(CONNECT, &request).await;
    assert_eq!((status, &reply["statusCode"]), (200, &json!(200)), "{reply}");
    let request = json!({ "host": "127.0.0.1", "fromPath": ALICE });
    let (status, reply) = gateway.post(CONNECT, &request).await;
    assert_eq!((status, &reply["error"]["field"]), (400, &json!("toPath")));
}

#[tokio::test]
async fn a_host_without_address_is_502() {
    let mut options = common::options();
    options.allow = vec!["*".parse().unwrap()];
    let gateway = Running::with(options).await;
    let request = json!({ "host": "nobody.invalid", "timeout": 5000 });
    let (status, reply) = gateway.post(CONNECT, &request).await;
    assert!(
        (status, &reply["error"]["kind"]) == (502, &json!("unknownHost"))
            || (status, &reply["error"]["kind"]) == (504, &json!("timeout")),
        "{status} {reply}"
    );
}

#[tokio::test]
async fn targets_that_are_not_allowed_are_not_connected_to() {
    let (connected, mut connections) = mpsc::unbounded_channel();
    let port = peer(move |_| {
        connected.send(()).unwrap();
        async {}
    })
    .await;
    for (allow, host, allowed) in [
        (vec![], "127.0.0.1".to_owned(), true),
        (vec![], "192.0.2.1".to_owned(), false),
        (vec!["bob.invalid".to_owned()], "127.0.0.1".to_owned(), false),
        (vec!["127.0.0.0/8".to_owned()], "127.0.0.1".to_owned(), true),
        (vec![format!("localhost:{port}")], "localhost".to_owned(), true),
        (vec!["localhost:1".to_owned()], "localhost".to_owned(), false),
    ] {
        let mut options = common::options();
        options.allow = allow.iter().map(|pattern| pattern.parse().unwrap()).collect();
        let gateway = Running::with(options).await;
        let request = json!({ "host": host, "port": port });
        let (status, reply) = gateway.post(CONNECT, &request).await;
        if allowed {
            assert_eq!(status, 200, "{allow:?} {reply}");
            connections.recv().await.unwrap();
        } else {
            assert_eq!((status, &reply["error"]["kind"]), (403, &json!("notAllowed")), "{allow:?}");
            assert!(connections.try_recv().is_err());
        }
    }
}

/// A certificate authority, and a file with its certificate.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file =
            std::env::temp_dir().join(format!("msrp-gateway-{}-{name}.pem", std::process::id()));
        std::fs::write(&file, issuer.pem()).unwrap();
        Self { issuer, file }
    }

    fn certify(&self, name: &str, last_year: i32) -> (Identity, Fingerprint) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(last_year, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let fingerprint = Fingerprint::of(HashFunction::Sha256, certificate.der());
        let key = key.serialize_der().try_into().unwrap();
        (Identity::new(vec![certificate.der().clone()], key), fingerprint)
    }

    async fn gateway(&self) -> Running {
        let mut options = common::options();
        options.ca = Some(self.file.clone());
        Running::with(options).await
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// An endpoint of this crate that listens with TLS, under that host.
async fn secure_receiver(
    identity: Identity,
    host: &str,
) -> (u16, mpsc::UnboundedReceiver<Vec<u8>>) {
    let acceptor = TlsAcceptor::from(server_config(identity, ClientCheck::None).unwrap());
    let (sender, messages) = mpsc::unbounded_channel();
    let host: Arc<str> = host.into();
    let port = peer(move |stream| {
        let (acceptor, sender, host) = (acceptor.clone(), sender.clone(), Arc::clone(&host));
        async move {
            let uri = secure_uri(&host, stream.local_addr().unwrap().port());
            if let Ok(stream) = acceptor.accept(stream).await {
                receive_as(uri, stream, sender).await;
            }
        }
    })
    .await;
    (port, messages)
}

fn secure_uri(host: &str, port: u16) -> String {
    format!("msrps://{host}:{port}/kjhd37s2s20w2a;tcp")
}

fn secure_send(host: &str, port: u16) -> Value {
    json!({
        "host": "127.0.0.1",
        "port": port,
        "fromPath": "msrps://alice.invalid:7654/jshA7weztas;tcp",
        "toPath": secure_uri(host, port),
        "content": "Are you there?",
    })
}

// req: 4975-5.4
#[tokio::test]
async fn the_certificate_is_for_the_host_of_the_uri() {
    let authority = Authority::new("right");
    let (identity, _) = authority.certify("bob.invalid", 2099);
    let (port, mut messages) = secure_receiver(identity, "bob.invalid").await;
    let gateway = authority.gateway().await;
    let (status, reply) = gateway.post(SEND, &secure_send("bob.invalid", port)).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!(messages.recv().await.unwrap(), b"Are you there?");
    let mut request = secure_send("bob.invalid", port);
    request.as_object_mut().unwrap().remove("content");
    let (status, reply) = gateway.post(CONNECT, &request).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!(reply["tlsVersion"], "TLS 1.3");
    assert_eq!(reply["peerName"], "bob.invalid");
    assert_eq!(reply["statusCode"], 200);
}

#[tokio::test]
async fn large_messages_pass_through_tls() {
    let authority = Authority::new("large");
    let (identity, _) = authority.certify("127.0.0.1", 2099);
    let (port, mut messages) = secure_receiver(identity, "127.0.0.1").await;
    let mut request = secure_send("127.0.0.1", port);
    request["content"] = json!("0123456789abcdef".repeat(60_000));
    request["successReport"] = json!(true);
    let (status, reply) = authority.gateway().await.post(SEND, &request).await;
    assert_eq!((status, &reply["delivered"]), (200, &json!(true)), "{reply}");
    assert_eq!(messages.recv().await.unwrap().len(), 960_000);
}

#[tokio::test]
async fn certificates_that_cannot_be_trusted_are_502() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let gateway = ours.gateway().await;
    for (authority, name, year) in [
        (&ours, "mallory.invalid", 2099),
        (&ours, "bob.invalid", 2002),
        (&theirs, "bob.invalid", 2099),
    ] {
        let (identity, _) = authority.certify(name, year);
        let (port, mut messages) = secure_receiver(identity, "bob.invalid").await;
        let (status, reply) = gateway.post(SEND, &secure_send("bob.invalid", port)).await;
        assert_eq!((status, &reply["error"]["kind"]), (502, &json!("tls")), "{name} {reply}");
        assert!(messages.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_fingerprint_stands_for_name_and_authority() {
    let theirs = Authority::new("pinned");
    let (identity, fingerprint) = theirs.certify("whatever.invalid", 2002);
    let (_, other) = theirs.certify("whatever.invalid", 2099);
    let (port, mut messages) = secure_receiver(identity, "bob.invalid").await;
    let gateway = Running::start().await;
    let mut request = secure_send("bob.invalid", port);
    request["fingerprint"] = json!(fingerprint.to_string());
    let (status, reply) = gateway.post(SEND, &request).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!(messages.recv().await.unwrap(), b"Are you there?");
    request["fingerprint"] = json!(other.to_string());
    let (status, reply) = gateway.post(SEND, &request).await;
    assert_eq!((status, &reply["error"]["kind"]), (502, &json!("tls")), "{reply}");
}

#[tokio::test]
async fn tls_with_a_peer_that_has_none_is_502_or_504() {
    let gateway = Running::start().await;
    let talking = peer(|mut stream: TcpStream| async move {
        stream.write_all(b"MSRP what is this\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let silent = peer(|mut stream: TcpStream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    for (port, status, kind) in [(talking, 502, "tls"), (silent, 504, "timeout")] {
        let any = vec!["AB"; 32].join(":");
        let mut request = secure_send("bob.invalid", port);
        request["fingerprint"] = json!(format!("sha-256 {any}"));
        request["timeout"] = json!(500);
        let (found, reply) = gateway.post(SEND, &request).await;
        assert_eq!((found, &reply["error"]["kind"]), (status, &json!(kind)), "{reply}");
    }
}
