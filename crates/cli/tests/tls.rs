//! `msrp send`, `receive` and `connect` over TLS, with certificates generated for
//! each test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod processes;

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use processes::{Folder, Receiver, Running, command, free_port, hash, random_octets, run, uri};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::server::Acceptor;
use serde_json::{Value, json};

// req: 4975-5.4-6, 4975-14.2-1
#[test]
fn the_certificate_is_for_the_host_of_the_uri() {
    for host in ["localhost", "127.0.0.1"] {
        let mut server = Server::start(host, Authority::new().certify(host));
        let (status, object) = server.run("connect", &["--ca", &server.ca]);
        assert_eq!((status, &object["statusCode"]), (0, &json!(200)), "{object}");
        assert_eq!(object["tlsVersion"], "TLS 1.3");
        assert_eq!((&object["peerName"], &object["host"]), (&json!(host), &json!(host)));
        assert!(object["connectTime"].is_f64() && object["rtt"].is_f64());
        let (status, object) = server.run("send", &["--ca", &server.ca]);
        assert_eq!((status, &object["statusCode"]), (0, &json!(200)), "{object}");
        let message = server.receiver.next();
        assert_eq!(message["event"], "message");
        assert!(message["from"].as_str().unwrap().starts_with("msrps://"), "{message}");
    }
}

// req: 4975-5.4-6
#[test]
fn a_certificate_for_another_name_is_refused() {
    let server = Server::start("localhost", Authority::new().certify("other.example"));
    server.assert_refused(&["--ca", &server.ca], "not valid for name");
}

// req: 4975-5.4-6
#[test]
fn an_expired_certificate_is_refused() {
    let mut params = params("localhost");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    let server = Server::start("localhost", Authority::new().sign(params));
    server.assert_refused(&["--ca", &server.ca], "expired");
}

// req: 4975-5.4-6
#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    let server = Server::start("localhost", Authority::new().certify("localhost"));
    let other = server.folder.0.join("other.pem");
    fs::write(&other, Authority::called("another authority").0.pem()).unwrap();
    server.assert_refused(&["--ca", other.to_str().unwrap()], "UnknownIssuer");
    // The system does not trust it either, with or without roots.
    server.assert_refused(&[], "TLS failed: ");
}

// req: 4975-5.4-7, 4975-14.4-5
#[test]
fn a_fingerprint_replaces_names_and_issuers() {
    let server = Server::start("127.0.0.1", Identity::self_signed("other.example"));
    let pinned = ["--fingerprint", &server.fingerprint];
    let (status, object) = server.run("connect", &pinned);
    assert_eq!((status, &object["peerName"]), (0, &json!("127.0.0.1")), "{object}");
    assert_eq!(server.run("send", &pinned).0, 0);
}

// req: 4975-5.4-8, 4975-14.4-2
#[test]
fn another_fingerprint_is_refused() {
    let server = Server::start("localhost", Authority::new().certify("localhost"));
    server.assert_refused(&["--fingerprint", &other_fingerprint()], "FingerprintMismatch");
}

#[test]
fn a_file_arrives_unchanged() {
    let mut server = Server::start("localhost", Authority::new().certify("localhost"));
    let octets = random_octets(5 << 20);
    let file = server.folder.0.join("file");
    fs::write(&file, &octets).unwrap();
    let file = file.to_str().unwrap();
    let (status, sent) =
        server.run("send", &["--ca", &server.ca, "--file", file, "--success-report"]);
    assert_eq!((status, &sent["delivered"]), (0, &json!(true)), "{sent}");
    let received = server.receiver.next();
    assert_eq!(received["bytes"], 5 << 20);
    assert_eq!(received["sha256"], hash(&octets));
}

// req: 4975-5.4-5
#[test]
fn both_ends_speak_tls_or_neither_does() {
    let plain = Receiver::start(&[]);
    let to = plain.path.replace("msrp:", "msrps:");
    let (status, object) = run("connect", &["--to", &to, "--timeout", "5000"]);
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("tls")), "{object}");
    assert_eq!((&object["tlsVersion"], &object["peerName"]), (&Value::Null, &Value::Null));
    let server = Server::start("localhost", Authority::new().certify("localhost"));
    let to = server.receiver.path.replace("msrps:", "msrp:");
    let (status, object) = run("connect", &["--to", &to, "--timeout", "5000"]);
    assert_eq!((status, &object["success"]), (1, &json!(false)), "{object}");
    // That peer failed; the next one is served.
    assert_eq!(server.run("connect", &["--ca", &server.ca]).0, 0);
}

// req: 4975-14.2-2 4976-9.2-2
#[test]
fn the_client_sends_the_host_name() {
    // An address is not a name (RFC 6066 section 3).
    for (host, expected) in [("localhost", Some("localhost")), ("127.0.0.1", None)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let mut socket = listener.accept().unwrap().0;
            let mut hello = Acceptor::default();
            loop {
                hello.read_tls(&mut socket).unwrap();
                if let Some(accepted) = hello.accept().unwrap() {
                    return accepted.client_hello().server_name().map(str::to_owned);
                }
            }
        });
        let to = uri(&format!("{host}:{port}")).replace("msrp:", "msrps:");
        let (_, object) = run("connect", &["--to", &to, "--fingerprint", &other_fingerprint()]);
        assert_eq!(object["error"]["kind"], "tls", "{object}");
        assert_eq!(server.join().unwrap().as_deref(), expected);
    }
}

#[test]
fn a_handshake_has_a_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = uri(&listener.local_addr().unwrap().to_string()).replace("msrp:", "msrps:");
    thread::spawn(move || drop(listener.accept().unwrap().0.read_to_end(&mut Vec::new())));
    let start = Instant::now();
    let fingerprint = other_fingerprint();
    let (status, object) =
        run("connect", &["--to", &to, "--fingerprint", &fingerprint, "--timeout", "300"]);
    assert_eq!((status, &object["error"]["kind"]), (1, &json!("timeout")), "{object}");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn wrong_usage_exits_with_2() {
    let folder = Folder::new();
    let (ca, identity) = Authority::new().certify("localhost");
    let [ca, cert, key] = [("ca", ca), ("cert", identity.0), ("key", identity.1)].map(|it| {
        let file = folder.0.join(it.0);
        fs::write(&file, it.1).unwrap();
        file.to_str().unwrap().to_owned()
    });
    let (plain, secure) = ("msrp://127.0.0.1:9/abc;tcp", "msrps://127.0.0.1:9/abc;tcp");
    let fingerprint = other_fingerprint();
    let listen = ["--listen", "127.0.0.1:0"];
    let wrong: [(&str, &[&str]); 12] = [
        ("send", &["--ca", &ca]),
        ("send", &["--to", plain, "--ca", &ca]),
        ("connect", &["--to", plain, "--fingerprint", &fingerprint]),
        ("connect", &["--to", secure, "--ca", &ca, "--fingerprint", &fingerprint]),
        ("connect", &["--to", secure, "--ca", "no/such/file"]),
        ("connect", &["--to", secure, "--ca", &key]),
        ("connect", &["--to", secure, "--fingerprint", "sha-1 AB:CD"]),
        ("receive", &[&listen[..], &["--cert", &cert]].concat()),
        ("receive", &[&listen[..], &["--key", &key]].concat()),
        ("receive", &[&listen[..], &["--cert", &ca, "--key", &key]].concat()),
        ("receive", &[&listen[..], &["--cert", &cert, "--key", &key, "--path", plain]].concat()),
        ("receive", &[&listen[..], &["--path", secure]].concat()),
    ];
    for (subcommand, arguments) in wrong {
        let output = Running(command(subcommand, arguments).spawn().unwrap()).output();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{subcommand} {arguments:?}: {message}");
        assert!(message.contains("error: "), "{subcommand} {arguments:?}: {message}");
    }
}

/// A `receive` with a certificate.
struct Server {
    receiver: Receiver,
    folder: Folder,
    ca: String,
    fingerprint: String,
}

impl Server {
    /// Serves a session under that host, with the certificate of an identity and the
    /// certificate of its authority.
    fn start(host: &str, (ca, identity): (String, Identity)) -> Self {
        let folder = Folder::new();
        let [ca, cert, key] = [("ca.pem", ca), ("cert.pem", identity.0), ("key.pem", identity.1)]
            .map(|(name, pem)| {
                let file = folder.0.join(name);
                fs::write(&file, pem).unwrap();
                file.to_str().unwrap().to_owned()
            });
        let port = free_port();
        let path = uri(&format!("{host}:{port}")).replace("msrp:", "msrps:");
        let arguments = ["--cert", &cert, "--key", &key, "--path", &path];
        let receiver = Receiver::start_at(&format!("127.0.0.1:{port}"), &arguments);
        let fingerprint = receiver.listening["fingerprint"].as_str().unwrap().to_owned();
        Self { receiver, folder, ca, fingerprint }
    }

    /// Runs a subcommand against it.
    fn run(&self, subcommand: &str, arguments: &[&str]) -> (i32, Value) {
        run(subcommand, &[&["--to", &self.receiver.path], arguments].concat())
    }

    /// Both `send` and `connect` fail with that kind.
    fn assert_refused(&self, arguments: &[&str], why: &str) {
        for subcommand in ["send", "connect"] {
            let (status, object) = self.run(subcommand, arguments);
            assert_eq!((status, &object["success"]), (1, &json!(false)), "{object}");
            assert_eq!(object["error"]["kind"], "tls", "{object}");
            let message = object["error"]["message"].as_str().unwrap();
            assert!(message.contains(why), "{message}");
        }
    }
}

/// A certificate and its key in PEM.
struct Identity(String, String);

impl Identity {
    /// A self-signed certificate.
    fn self_signed(name: &str) -> (String, Self) {
        let key = KeyPair::generate().unwrap();
        let pem = params(name).self_signed(&key).unwrap().pem();
        (pem.clone(), Self(pem, key.serialize_pem()))
    }
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        Self::called("a test's own authority")
    }

    fn called(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn certify(&self, name: &str) -> (String, Identity) {
        self.sign(params(name))
    }

    fn sign(&self, params: CertificateParams) -> (String, Identity) {
        let key = KeyPair::generate().unwrap();
        let pem = params.signed_by(&key, &self.0).unwrap().pem();
        (self.0.pem(), Identity(pem, key.serialize_pem()))
    }
}

/// A fingerprint that no certificate has.
fn other_fingerprint() -> String {
    format!("sha-256 {}", ["AB"; 32].join(":"))
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}
