//! `msrp send` and `connect` over WebSockets (RFC 7977).
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod processes;

use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use msrp::SessionConfig;
use msrp::uri::Scheme;
use msrp_tokio::Endpoint;
use processes::run;
use serde_json::json;

/// Takes the first text of a session over a WebSocket.
async fn take_text(tell: mpsc::Sender<String>) -> String {
    let endpoint = Endpoint::builder().listen_ws("127.0.0.1:0").await.unwrap().build().unwrap();
    let uri = endpoint.websocket_uri(Scheme::Msrp).unwrap();
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
    let (tell, told) = mpsc::channel();
    let taking = thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(take_text(tell))
    });
    let uri = told.recv().unwrap();
    assert!(uri.ends_with(";ws"), "{uri}");
    let (status, object) = run("send", &["--to", &uri, "--text", "Are you there?"]);
    assert_eq!((status, &object["statusCode"]), (0, &json!(200)), "{object}");
    assert_eq!(taking.join().unwrap(), "Are you there?");
}

#[test]
fn a_server_without_websockets_does_not_speak_msrp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("msrp://{}/abcd1234;ws", listener.local_addr().unwrap());
    let refusing = thread::spawn(move || {
        use std::io::{Read, Write};
        let mut stream = listener.accept().unwrap().0;
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").unwrap();
    });
    let (status, object) = run("connect", &["--to", &uri]);
    refusing.join().unwrap();
    assert_ne!(status, 0);
    assert_eq!(object["error"]["kind"], "notMsrp", "{object}");
    assert!(object["error"]["message"].as_str().unwrap().contains("404"), "{object}");
}
