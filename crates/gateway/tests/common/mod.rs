//! A gateway under test, its client, and its peers.
#![allow(dead_code, unreachable_pub)]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use msrp::{OutgoingMessage, SessionConfig};
use msrp_gateway::{Gateway, Options};
use msrp_tokio::{Endpoint, Stream};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub const ALICE: &str = "msrp://alice.invalid:7654/jshA7weztas;tcp";
/// The longest wait in these tests.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running gateway. Dropping it stops it.
pub struct Running {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    pub task: JoinHandle<()>,
}

impl Running {
    pub async fn start() -> Self {
        Self::with(options()).await
    }

    pub async fn with(options: Options) -> Self {
        let gateway = Gateway::bind(options).await.unwrap();
        let address = gateway.local_addr();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(gateway.run(async {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), task }
    }

    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.request("POST", path, body.to_string()).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.request("GET", path, String::new()).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        self.request("DELETE", path, String::new()).await
    }

    pub async fn request(&self, method: &str, path: &str, body: String) -> (u16, Value) {
        json_of(self.raw(request(method, path, body)).await).await
    }

    pub async fn raw(&self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        timeout(PATIENCE, sender.send_request(request)).await.expect("a response").unwrap()
    }

    /// The events of a session as (name, data).
    pub async fn events(&self, session: &str) -> Events {
        let path = format!("/api/msrp/sessions/{session}/events");
        let response = self.raw(request("GET", &path, String::new())).await;
        assert_eq!(response.status(), 200);
        Events { body: response.into_body(), text: String::new() }
    }
}

pub fn request(method: &str, path: &str, body: String) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("Host", "localhost")
        .header("Content-Type", "application/json")
        .body(Full::from(body))
        .unwrap()
}

pub async fn json_of(response: Response<Incoming>) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let value = serde_json::from_slice(&body);
    (status, value.unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned())))
}

pub fn options() -> Options {
    let mut options = Options::new();
    options.listen = "127.0.0.1:0".parse().unwrap();
    options.token = None;
    options
}

/// Server-sent events as they arrive.
pub struct Events {
    body: Incoming,
    text: String,
}

impl Events {
    /// The next event; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        timeout(PATIENCE, self.read_next()).await.expect("an event")
    }

    async fn read_next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(event) = parse_event(&event) {
                    return Some(event);
                }
                continue;
            }
            let frame = self.body.frame().await?;
            let data = frame.ok()?.into_data().unwrap();
            self.text += std::str::from_utf8(&data).unwrap();
        }
    }

    pub async fn named(&mut self, name: &str) -> Value {
        let (found, data) = self.next().await.unwrap_or_else(|| panic!("no event {name}"));
        assert_eq!(found, name, "{data}");
        data
    }
}

fn parse_event(text: &str) -> Option<(String, Value)> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    Some((field("event: ")?.to_owned(), serde_json::from_str(field("data: ")?).unwrap()))
}

/// A request to send to a peer on that port.
pub fn send_to(port: u16) -> Value {
    json!({
        "host": "127.0.0.1",
        "port": port,
        "fromPath": ALICE,
        "toPath": uri(port),
        "content": "Are you there?",
    })
}

/// The request with these fields replaced. Null removes a field.
pub fn with(mut request: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        if value.is_null() {
            request.as_object_mut().unwrap().remove(name);
        } else {
            request[name] = value.clone();
        }
    }
    request
}

pub fn uri(port: u16) -> String {
    format!("msrp://127.0.0.1:{port}/kjhd37s2s20w2a;tcp")
}

/// A peer that runs `serve` on each connection.
pub async fn peer<F, Fut>(serve: F) -> u16
where
    F: Fn(TcpStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    port
}

/// Reads a request up to its end-line.
pub struct Asked {
    pub text: String,
    pub transaction: String,
}

impl Asked {
    pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let mut octets = Vec::new();
        loop {
            octets.push(stream.read_u8().await.ok()?);
            let text = String::from_utf8_lossy(&octets);
            let transaction = text.split(' ').nth(1).unwrap_or_default();
            if !transaction.is_empty()
                && ["$", "+", "#"]
                    .iter()
                    .any(|flag| text.ends_with(&format!("\r\n-------{transaction}{flag}\r\n")))
            {
                let transaction = transaction.to_owned();
                return Some(Self { text: text.into_owned(), transaction });
            }
        }
    }

    /// Accepts the SEND that binds the session, and reads the message behind it.
    pub async fn message(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Self {
        let bind = Self::read(stream).await.unwrap();
        assert!(!bind.text.contains("Content-Type"), "{}", bind.text);
        stream.write_all(bind.response("200 OK").as_bytes()).await.unwrap();
        Self::read(stream).await.unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap()
    }

    /// A response with that status.
    pub fn response(&self, status: &str) -> String {
        let id = &self.transaction;
        format!(
            "MSRP {id} {status}\r\nTo-Path: {}\r\nFrom-Path: {}\r\n-------{id}$\r\n",
            self.header("From-Path"),
            self.header("To-Path")
        )
    }
}

/// A receiver made of an endpoint of `msrp-tokio`. It passes on its messages, sends a
/// message `echo ...` back, and closes on `bye`.
pub struct Receiver {
    pub port: u16,
    pub messages: mpsc::UnboundedReceiver<Vec<u8>>,
}

pub async fn receiver() -> Receiver {
    let (sender, messages) = mpsc::unbounded_channel();
    let port = peer(move |stream| receive(stream, sender.clone())).await;
    Receiver { port, messages }
}

pub async fn receive<S>(stream: S, messages: mpsc::UnboundedSender<Vec<u8>>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + PeerPort + 'static,
{
    receive_as(stream.local_uri(), stream, messages).await;
}

/// The URI of this side of a stream.
pub trait PeerPort {
    fn local_uri(&self) -> String;
}

impl PeerPort for TcpStream {
    fn local_uri(&self) -> String {
        uri(self.local_addr().unwrap().port())
    }
}

pub async fn receive_as<S>(uri: String, stream: S, messages: mpsc::UnboundedSender<Vec<u8>>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let endpoint = Endpoint::builder().build().unwrap();
    let config = SessionConfig::expected(uri.parse().unwrap()).max_size(16 << 20);
    let session = endpoint.expect(config);
    endpoint.serve(Stream::new(stream)).unwrap();
    let Ok(mut session) = session.await else { return };
    while let Some(mut message) = session.next().await {
        let mut body = Vec::new();
        if message.read_to_end(&mut body).await.is_err() {
            continue;
        }
        if let Some(echo) = body.strip_prefix(b"echo ") {
            let echo = OutgoingMessage::new(message.content_type().clone(), echo.to_vec());
            session.send(echo).await.unwrap();
        }
        let is_last = body == b"bye";
        let _ = messages.send(body);
        if is_last {
            break;
        }
    }
    drop(session);
    endpoint.close().await;
}
