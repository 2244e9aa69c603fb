//! A client or endpoint that writes raw requests.

use futures_util::{SinkExt, StreamExt};
use msrp::OsRandom;
use msrp::auth::{Credentials, DigestClient};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::PATIENCE;

pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A stream of octets, or of WebSocket messages.
pub enum Wire {
    Stream(Box<dyn Duplex>),
    WebSocket(Box<WebSocketStream<Box<dyn Duplex>>>),
}

/// A chunk or a response.
#[derive(Clone, Debug)]
pub struct Frame(pub Vec<u8>);

impl Frame {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    pub fn transaction(&self) -> String {
        self.text().split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// The method, or the status code.
    pub fn kind(&self) -> String {
        self.text().split([' ', '\r']).nth(2).unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers(name)
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no {name}: {}", self.text()))
    }

    pub fn headers(&self, name: &str) -> Vec<String> {
        let of = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned());
        self.text().lines().filter_map(of).collect()
    }

    pub fn body(&self) -> Vec<u8> {
        let head = self.0.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let end = self.0.len() - format!("\r\n-------{}$\r\n", self.transaction()).len();
        self.0[head..end].to_vec()
    }

    fn is_whole(octets: &[u8]) -> bool {
        let Some(id) = octets.split(|octet| *octet == b' ').nth(1) else { return false };
        let flagged = octets.strip_suffix(b"\r\n").and_then(<[u8]>::split_last);
        let end = [b"\r\n-------", id].concat();
        flagged.is_some_and(|(_, octets)| !id.is_empty() && octets.ends_with(&end))
    }

    /// A response with that status to this request.
    pub fn response(&self, status: &str) -> String {
        let first = |name| self.header(name).split(' ').next().unwrap().to_owned();
        let (to, from) = (first("From-Path"), first("To-Path"));
        let id = self.transaction();
        format!("MSRP {id} {status}\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n-------{id}$\r\n")
    }
}

/// A request from its lines and an optional body.
pub fn request(id: &str, method: &str, to: &str, from: &str, more: &str) -> String {
    format!(
        "MSRP {id} {method}\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n{more}\r\n-------{id}$\r\n"
    )
    .replace("\r\n\r\n-------", "\r\n-------")
}

/// A SEND with a text.
pub fn send(id: &str, to: &str, from: &str, text: &str) -> String {
    let len = text.len();
    format!(
        "MSRP {id} SEND\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\nMessage-ID: m-{id}\r\n\
         Success-Report: yes\r\nByte-Range: 1-{len}/{len}\r\nContent-Type: text/plain\r\n\r\n\
         {text}\r\n-------{id}$\r\n"
    )
}

/// The success REPORT on a SEND.
pub fn report(id: &str, of: &Frame, from: &str) -> String {
    let (to, message) = (of.header("From-Path"), of.header("Message-ID"));
    let range = of.header("Byte-Range");
    let more = format!("Message-ID: {message}\r\nByte-Range: {range}\r\nStatus: 000 200 OK\r\n");
    request(id, "REPORT", &to, from, &more)
}

pub struct Client {
    pub wire: Wire,
    pub uri: String,
    /// Sends text frames on a WebSocket.
    pub is_textual: bool,
    count: u32,
    input: Vec<u8>,
}

impl Client {
    pub fn over(stream: impl Duplex + 'static, uri: &str) -> Self {
        Self::of(Wire::Stream(Box::new(stream)), uri)
    }

    pub fn of(wire: Wire, uri: &str) -> Self {
        Self { wire, uri: uri.to_owned(), is_textual: false, count: 0, input: Vec::new() }
    }

    pub fn id(&mut self) -> String {
        self.count += 1;
        let name: String =
            self.uri.chars().filter(char::is_ascii_alphanumeric).skip(4).take(6).collect();
        format!("{name}t{}", self.count)
    }

    pub async fn write(&mut self, frame: &str) {
        self.write_octets(frame.as_bytes()).await;
    }

    pub async fn write_octets(&mut self, octets: &[u8]) {
        match &mut self.wire {
            Wire::Stream(stream) => {
                stream.write_all(octets).await.unwrap();
                // TLS keeps what TCP does not take at once.
                stream.flush().await.unwrap();
            }
            Wire::WebSocket(socket) => {
                let message = if self.is_textual {
                    Message::text(std::str::from_utf8(octets).unwrap())
                } else {
                    Message::binary(octets.to_vec())
                };
                socket.send(message).await.unwrap();
            }
        }
    }

    /// The next frame; `None` at the end.
    pub async fn read(&mut self) -> Option<Frame> {
        timeout(PATIENCE, self.read_patiently()).await.expect("a frame, or the end")
    }

    async fn read_patiently(&mut self) -> Option<Frame> {
        loop {
            match &mut self.wire {
                Wire::Stream(stream) => {
                    self.input.push(stream.read_u8().await.ok()?);
                    if Frame::is_whole(&self.input) {
                        return Some(Frame(std::mem::take(&mut self.input)));
                    }
                }
                Wire::WebSocket(socket) => match socket.next().await?.ok()? {
                    Message::Binary(octets) => {
                        assert!(Frame::is_whole(&octets), "one frame a message");
                        return Some(Frame(octets.to_vec()));
                    }
                    Message::Close(_) => return None,
                    _ => {}
                },
            }
        }
    }

    /// The next frame, which must be a response with that status or a request with
    /// that method.
    pub async fn expect(&mut self, kind: &str) -> Frame {
        let frame = self.read().await.unwrap_or_else(|| panic!("the end before {kind}"));
        assert_eq!(frame.kind(), kind, "{}", frame.text());
        frame
    }

    /// Authenticates with the last relay of a path. Returns its Use-Path, or the
    /// response if it is not a 200.
    pub async fn authenticate(&mut self, path: &str, user: &str) -> Result<String, Frame> {
        self.authenticate_with(path, user, user).await
    }

    pub async fn authenticate_with(
        &mut self,
        path: &str,
        user: &str,
        password: &str,
    ) -> Result<String, Frame> {
        let mut digest = DigestClient::new(Credentials::new(user, password));
        let challenge = self.ask("AUTH", path, "").await;
        if challenge.kind() != "401" {
            return Err(challenge);
        }
        let values = challenge.headers("WWW-Authenticate");
        digest.challenged(values.iter().map(String::as_str)).unwrap();
        let last = path.rsplit(' ').next().unwrap();
        let authorization =
            digest.authorization(last, false, &mut OsRandom::new().unwrap()).unwrap().unwrap();
        let answer = self.ask("AUTH", path, &format!("Authorization: {authorization}\r\n")).await;
        if answer.kind() != "200" {
            return Err(answer);
        }
        Ok(answer.header("Use-Path"))
    }

    /// Sends a request and waits for its response.
    pub async fn ask(&mut self, method: &str, to: &str, more: &str) -> Frame {
        let id = self.id();
        let request = request(&id, method, to, &self.uri, more);
        self.write(&request).await;
        let response = self.read().await.expect("a response");
        assert_eq!(response.transaction(), id, "{}", response.text());
        response
    }

    /// Sends a text and waits for the response of the next hop.
    pub async fn say(&mut self, to: &str, text: &str) -> Frame {
        let id = self.id();
        let frame = send(&id, to, &self.uri, text);
        self.write(&frame).await;
        let response = self.read().await.expect("a response");
        assert_eq!(response.transaction(), id, "{}", response.text());
        response
    }
}
