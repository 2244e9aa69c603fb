//! Access control, limits and shutdown.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Asked, PATIENCE, Running, json_of, peer, receiver, request, send_to};
use msrp_gateway::{Gateway, StartError};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

const SEND: &str = "/api/msrp/send";

#[tokio::test]
async fn another_address_needs_a_token() {
    let mut options = common::options();
    options.listen = "0.0.0.0:0".parse().unwrap();
    let error = Gateway::bind(options.clone()).await.unwrap_err();
    assert!(matches!(error, StartError::NoToken(_)));
    assert!(error.to_string().contains("--token"), "{error}");
    options.token = Some(String::new());
    assert!(matches!(Gateway::bind(options.clone()).await, Err(StartError::EmptyToken)));
    options.token = Some("s3cret".to_owned());
    Gateway::bind(options).await.unwrap();
}

#[tokio::test]
async fn the_token_must_be_right() {
    let mut options = common::options();
    options.token = Some("s3cret".to_owned());
    let (gateway, receiver) = (Running::with(options).await, receiver().await);
    for (authorization, status) in [
        (None, 401),
        (Some("Bearer wrong!"), 401),
        (Some("Bearer s3cre"), 401),
        (Some("Bearer s3cretx"), 401),
        (Some("Basic s3cret"), 401),
        (Some("s3cret"), 401),
        (Some("Bearer s3cret"), 200),
        (Some("bearer s3cret"), 200),
    ] {
        let mut send = request("POST", SEND, send_to(receiver.port).to_string());
        if let Some(value) = authorization {
            send.headers_mut().insert("Authorization", value.parse().unwrap());
        }
        let (found, reply) = json_of(gateway.raw(send).await).await;
        assert_eq!(found, status, "{authorization:?} {reply}");
    }
    for (path, status) in [("/healthz", 200), ("/", 200), ("/api/msrp/sessions", 401)] {
        assert_eq!(gateway.get(path).await.0, status, "{path}");
    }
}

/// A browser carries requests of any page to 127.0.0.1, and DNS can resolve any name
/// to it.
#[tokio::test]
async fn foreign_pages_are_not_served() {
    let gateway = Running::start().await;
    let own = gateway.address.to_string();
    for (host, origin, status) in [
        (own.as_str(), None, 200),
        (own.as_str(), Some(format!("http://{own}")), 200),
        ("localhost:8787", Some("http://localhost:8787".to_owned()), 200),
        ("[::1]:8787", None, 200),
        (own.as_str(), Some("http://evil.example".to_owned()), 403),
        (own.as_str(), Some("null".to_owned()), 403),
        ("evil.example:8787", Some("http://evil.example:8787".to_owned()), 403),
        ("127.0.0.1.evil.example", None, 403),
    ] {
        let mut list = request("GET", "/api/msrp/sessions", String::new());
        list.headers_mut().insert("Host", host.parse().unwrap());
        if let Some(origin) = &origin {
            list.headers_mut().insert("Origin", origin.parse().unwrap());
        }
        assert_eq!(gateway.raw(list).await.status(), status, "{host} {origin:?}");
    }
}

#[tokio::test]
async fn an_unknown_resource_is_404_in_json() {
    let gateway = Running::start().await;
    for path in ["/nothing", "/api/msrp/nothing", "/api/msrp/sessions/none"] {
        let (status, reply) = gateway.get(path).await;
        assert_eq!((status, &reply["error"]["kind"]), (404, &json!("notFound")), "{path} {reply}");
    }
    assert_eq!(gateway.get(SEND).await.0, 405);
}

/// Reads the response until the gateway closes. The clock is paused, and advances
/// while nothing else happens.
async fn reply_to(octets: &[u8]) -> (String, Duration) {
    let gateway = Running::start().await;
    let start = tokio::time::Instant::now();
    let mut client = TcpStream::connect(gateway.address).await.unwrap();
    client.write_all(octets).await.unwrap();
    let mut reply = String::new();
    let read = client.read_to_string(&mut reply);
    timeout(Duration::from_secs(120), read).await.unwrap().unwrap();
    (reply, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn the_head_of_a_request_has_a_time_limit() {
    for head in ["GET /healthz HTTP/1.1\r\nHost: loc", ""] {
        let (reply, waited) = reply_to(head.as_bytes()).await;
        assert!(!reply.contains(" 200 "), "{reply}");
        assert!(waited >= Duration::from_secs(9), "{head:?} had {waited:?}");
        assert!(waited <= Duration::from_secs(15), "{head:?} had {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_of_a_request_has_a_time_limit() {
    let request = format!(
        "POST {SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: 100\r\n\r\n{{\"host\":"
    );
    let (reply, waited) = reply_to(request.as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
    assert!(reply.contains("the body did not arrive"), "{reply}");
    assert!(waited >= Duration::from_secs(29), "it had {waited:?}");
    assert!(waited <= Duration::from_secs(45), "it had {waited:?}");
}

#[tokio::test]
async fn the_number_of_connections_is_limited() {
    let mut options = common::options();
    options.max_connections = 1;
    let gateway = Running::with(options).await;
    let first = TcpStream::connect(gateway.address).await.unwrap();
    let mut second = TcpStream::connect(gateway.address).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    second.write_all(request).await.unwrap();
    let mut octets = [0; 12];
    let early = timeout(Duration::from_millis(300), second.read_exact(&mut octets)).await;
    assert!(early.is_err(), "served beside the first");
    drop(first);
    timeout(PATIENCE, second.read_exact(&mut octets)).await.expect("a response").unwrap();
    assert_eq!(&octets, b"HTTP/1.1 200");
}

/// A peer that responds when the test tells it to.
async fn waiting_peer() -> (u16, mpsc::UnboundedReceiver<()>, mpsc::UnboundedSender<()>) {
    let (asked, was_asked) = mpsc::unbounded_channel();
    let (go, may_go) = mpsc::unbounded_channel::<()>();
    let may_go = std::sync::Arc::new(tokio::sync::Mutex::new(may_go));
    let port = peer(move |mut stream| {
        let (asked, may_go) = (asked.clone(), std::sync::Arc::clone(&may_go));
        async move {
            let request = Asked::message(&mut stream).await;
            asked.send(()).unwrap();
            may_go.lock().await.recv().await;
            stream.write_all(request.response("200 OK").as_bytes()).await.unwrap();
            let _ = stream.read_u8().await;
        }
    })
    .await;
    (port, was_asked, go)
}

#[tokio::test]
async fn running_requests_finish_and_new_ones_are_503() {
    let mut gateway = Running::start().await;
    let other = receiver().await;
    let session = json!({
        "host": "127.0.0.1", "port": other.port,
        "fromPath": common::ALICE, "toPath": common::uri(other.port),
    });
    let (_, session) = gateway.post("/api/msrp/sessions", &session).await;
    let mut events = gateway.events(session["id"].as_str().unwrap()).await;
    let (port, mut was_asked, go) = waiting_peer().await;
    let address = gateway.address;
    let running = tokio::spawn(async move {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream))
                .await
                .unwrap();
        tokio::spawn(connection);
        let send = request("POST", SEND, send_to(port).to_string());
        json_of(sender.send_request(send).await.unwrap()).await
    });
    was_asked.recv().await.unwrap();
    gateway.stop();
    assert_eq!(events.named("closed").await["reason"], "shutdown");
    let (status, reply) = gateway.post(SEND, &send_to(port)).await;
    assert_eq!((status, &reply["error"]["kind"]), (503, &json!("shuttingDown")), "{reply}");
    assert_eq!(gateway.get("/healthz").await.0, 503);
    go.send(()).unwrap();
    let (status, reply) = running.await.unwrap();
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    timeout(PATIENCE, &mut gateway.task).await.expect("the gateway ends").unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut_off() {
    let mut options = common::options();
    let grace = Duration::from_secs(7);
    options.grace = grace;
    let mut gateway = Running::with(options).await;
    let (port, mut was_asked, _go) = waiting_peer().await;
    let mut client = TcpStream::connect(gateway.address).await.unwrap();
    let body = send_to(port).to_string();
    let head = format!(
        "POST {SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    client.write_all((head + &body).as_bytes()).await.unwrap();
    was_asked.recv().await.unwrap();
    // From here on nothing happens but that time passes.
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    gateway.stop();
    timeout(PATIENCE, &mut gateway.task).await.expect("the gateway ends").unwrap();
    let waited = start.elapsed();
    assert!(waited >= grace && waited < 2 * grace, "{waited:?}");
}

/// The program itself, ended by SIGTERM, and its log.
#[tokio::test]
async fn the_program_ends_on_sigterm_and_logs_no_secrets() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_msrp-gateway"))
        .args(["--listen", "127.0.0.1:0"])
        .env("RUST_LOG", "debug")
        .env("MSRP_GATEWAY_TOKEN", "t0ken-of-the-test")
        .env("NO_COLOR", "1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(program.stderr.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    let address = line.trim().rsplit_once("http://").unwrap().1.to_owned();
    let receiver = receiver().await;
    for (token, status) in
        [("t0ken-of-the-test", "200"), ("t0ken-of-a-guess", "401"), ("t0ken-of-the-test", "200")]
    {
        let mut client = TcpStream::connect(&address).await.unwrap();
        let body = send_to(receiver.port).to_string();
        let head = format!(
            "POST {SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Authorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        client.write_all((head + &body).as_bytes()).await.unwrap();
        let mut reply = String::new();
        client.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{reply}");
    }
    let id = program.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let ended = tokio::task::spawn_blocking(move || {
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut log, &mut rest).unwrap();
        (program.wait().unwrap(), rest)
    });
    let (status, log) = timeout(PATIENCE, ended).await.expect("the program ends").unwrap();
    assert!(status.success(), "{status}");
    assert!(log.contains("sent"), "{log}");
    assert!(log.contains("authentication failed: address=127.0.0.1 (wrong token)"), "{log}");
    for secret in ["t0ken-of", "kjhd37s2s20w2a", "jshA7weztas", "Are you there?"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
