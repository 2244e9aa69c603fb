//! `msrp send` and `connect` over WebSockets (RFC 7977).
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod processes;

use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use msrp::SessionConfig;
use msrp::uri::Scheme;
use msrp_tls::{HashFunction, Identity};
use msrp_tokio::Endpoint;
use processes::{command, run};
use serde_json::json;

fn identity() -> Identity {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_der();
    Identity::new(vec![made.cert.der().clone()], key.try_into().unwrap())
}

/// Takes the first text of a session over a WebSocket.
async fn take_text(identity: Identity, tell: mpsc::Sender<String>) -> String {
    let endpoint = Endpoint::builder().identity(identity).listen_wss("127.0.0.1:0").await;
    let endpoint = endpoint.unwrap().build().unwrap();
    let uri = endpoint.websocket_uri(Scheme::Msrps).unwrap();
    let expecting = endpoint.expect(SessionConfig::expected(uri.clone()));
    tell.send(uri.to_string()).unwrap();
    let mut session = expecting.await.unwrap();
    let text = session.next().await.unwrap().text().await.unwrap();
    session.close().await;
    endpoint.close().await;
    text
}

#[test]
fn a_text_goes_over_a_websocket() {
    let identity = identity();
    let fingerprint = identity.fingerprint(HashFunction::Sha256).unwrap().to_string();
    let (tell, told) = mpsc::channel();
    let taking = thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(take_text(identity, tell))
    });
    let uri = told.recv().unwrap();
    assert!(uri.ends_with(";ws"), "{uri}");
    let text = ["--text", "Are you there?", "--fingerprint", &fingerprint];
    let (status, object) = run("send", &[&["--to", &uri], &text[..]].concat());
    assert_eq!((status, &object["statusCode"]), (0, &json!(200)), "{object}");
    assert_eq!(taking.join().unwrap(), "Are you there?");
}

#[test]
fn a_websocket_without_tls_is_wrong_usage() {
    let output = command("connect", &["--to", "msrp://127.0.0.1:9/abcd1234;ws"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("a WebSocket needs TLS; use msrps"), "{error}");
}

#[test]
fn a_relay_without_websockets_does_not_speak_msrp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = format!("msrp://{};ws", listener.local_addr().unwrap());
    let refusing = thread::spawn(move || {
        use std::io::{Read, Write};
        let mut stream = listener.accept().unwrap().0;
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").unwrap();
    });
    let path = "msrp://bob.example:7777/abcd1234;tcp";
    let (status, object) = run("connect", &["--to", path, "--relay", &relay, "--plain-auth"]);
    refusing.join().unwrap();
    assert_ne!(status, 0);
    assert_eq!(object["error"]["kind"], "notMsrp", "{object}");
    assert!(object["error"]["message"].as_str().unwrap().contains("404"), "{object}");
}
