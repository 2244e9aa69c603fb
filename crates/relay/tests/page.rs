//! The page in a real browser, over the WebDriver protocol. `.ci/run pages` runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::client::{Client, report, request};
use common::{BOB, PATIENCE, Running};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// A running driver. Dropping it ends it.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Browser {
    port: u16,
    session: String,
    _driver: Driver,
}

impl Drop for Browser {
    /// Ends the browser, which would outlive the driver.
    fn drop(&mut self) {
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.port)) else { return };
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let _ =
            write!(stream, "DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\n\r\n", self.session);
        let _ = stream.read(&mut [0]);
    }
}

impl Browser {
    async fn start() -> Self {
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .spawn()
            .expect("chromedriver is installed; see .ci/run pages");
        let driver = Driver(driver);
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
        let arguments =
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
        let options = json!({ "goog:chromeOptions": { "args": arguments } });
        let wanted = json!({ "capabilities": { "alwaysMatch": options } });
        let created = webdriver(port, "POST", "/session", &wanted).await;
        let session = created["sessionId"].as_str().unwrap_or_else(|| panic!("{created}"));
        Self { port, session: session.to_owned(), _driver: driver }
    }

    async fn command(&self, method: &str, path: &str, body: Value) -> Value {
        let path = format!("/session/{}/{path}", self.session);
        webdriver(self.port, method, &path, &body).await
    }

    /// Runs a script and waits for the promise that it returns.
    async fn run(&self, script: &str) -> Value {
        self.command("POST", "execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Waits until a script returns a value.
    async fn until(&self, script: &str) -> Value {
        for _ in 0..200 {
            let found = self.run(&format!("return {script} ?? null")).await;
            if !found.is_null() {
                return found;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{script} gives nothing");
    }
}

async fn webdriver(port: u16, method: &str, path: &str, body: &Value) -> Value {
    let body = if method == "GET" { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let reply = body_of(stream).await;
    let reply: Value = serde_json::from_slice(&reply).unwrap();
    reply["value"].clone()
}

/// The body of a response. The driver keeps the connection open.
async fn body_of(mut stream: TcpStream) -> Vec<u8> {
    let mut octets = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut octets).await.unwrap(), 0);
        let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&octets[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap();
        if octets.len() >= end + 4 + length.trim().parse::<usize>().unwrap() {
            return octets.split_off(end + 4);
        }
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Serves the page and its script.
async fn site() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap_or_default();
            let is_script = request[..read].starts_with(b"GET /client.js ");
            let (kind, text) = if is_script {
                ("text/javascript", include_str!("client.js"))
            } else {
                ("text/html", include_str!("page.html"))
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n",
                text.len()
            );
            let _ = stream.write_all((head + text).as_bytes()).await;
        }
    });
    port
}

#[tokio::test]
#[ignore = "needs Chromium; run .ci/run pages"]
async fn a_page_talks_with_an_endpoint_and_with_another_page() {
    let (relay, site) = (Running::plain(), site().await);
    let browser = Browser::start().await;
    let url = format!("http://localhost:{site}/");
    browser.command("POST", "url", json!({ "url": url })).await;
    let (socket, uri) = (relay.addresses.ws.unwrap(), relay.uri("msrp", "tcp"));
    let start = |name: &str, user: &str| {
        format!(
            "window.{name} = new Client('ws://{socket}/', '{uri}');
             return {name}.authenticate('{user}', '{user}')"
        )
    };
    let alice = browser.run(&start("alice", "alice")).await;
    let alice = alice.as_str().unwrap_or_else(|| panic!("{alice}"));
    let refused = start("mallory", "alice").replace("'alice')", "'a guess')");
    let refused = browser.run(&refused).await;
    assert_eq!(refused["error"], "javascript error", "{refused}");

    // With an endpoint over TCP.
    let mut bob =
        Client::over(TcpStream::connect(relay.addresses.tcp.unwrap()).await.unwrap(), BOB);
    let of_bob = bob.authenticate(uri, "bob").await.unwrap();
    let said = browser.run(&format!("return alice.say('{of_bob} {BOB}', 'Grüße')")).await;
    assert_eq!(said, "200");
    let got = bob.expect("SEND").await;
    assert_eq!(got.body(), "Grüße".as_bytes());
    bob.write(&got.response("200 OK")).await;
    let id = bob.id();
    bob.write(&report(&id, &got, BOB)).await;
    assert_eq!(browser.until("alice.reports[0]").await, "000 200 OK");
    assert_eq!(bob.say(&format!("{of_bob} {alice}"), "Ebenso").await.kind(), "200");
    assert_eq!(browser.until("alice.texts[0]").await, "Ebenso");

    // With another client in the browser.
    let carol = browser.run(&start("carol", "bob")).await;
    let carol = carol.as_str().unwrap_or_else(|| panic!("{carol}"));
    assert_eq!(browser.run(&format!("return alice.say('{carol}', 'Hello')")).await, "200");
    assert_eq!(browser.until("carol.texts[0]").await, "Hello");
    assert_eq!(browser.until("alice.reports[1]").await, "000 200 OK");
    assert_eq!(browser.run(&format!("return carol.say('{alice}', 'Hello too')")).await, "200");
    assert_eq!(browser.until("alice.texts[1]").await, "Hello too");
}

#[tokio::test]
#[ignore = "needs Chromium; run .ci/run pages"]
async fn a_page_answers_as_it_is_asked_and_notices_the_end_of_its_relay() {
    let (relay, site) = (Running::plain(), site().await);
    let browser = Browser::start().await;
    let url = format!("http://localhost:{site}/");
    browser.command("POST", "url", json!({ "url": url })).await;
    let (socket, uri) = (relay.addresses.ws.unwrap(), relay.uri("msrp", "tcp"));
    let start = format!(
        "window.alice = new Client('ws://{socket}/', '{uri}');
         return alice.authenticate('alice', 'alice')"
    );
    let alice = browser.run(&start).await;
    let alice = alice.as_str().unwrap_or_else(|| panic!("{alice}"));
    let own = browser.run("return alice.own.match(/\\/([0-9a-f]+);ws$/)[1].length * 4").await;
    assert!(own.as_u64().unwrap() >= 80, "{own} bits of a session-id");

    // Under `no` and `partial` no 200 leaves.
    browser
        .run(
            "window.answers = [];
             const write = alice.write;
             alice.write = (id, what, ...more) => { answers.push(what); write.call(alice, id, what, ...more); };",
        )
        .await;
    let mut bob =
        Client::over(TcpStream::connect(relay.addresses.tcp.unwrap()).await.unwrap(), BOB);
    let of_bob = bob.authenticate(uri, "bob").await.unwrap();
    for (nth, wish) in ["no", "partial", "yes"].into_iter().enumerate() {
        let more = format!(
            "Message-ID: m{nth}\r\nFailure-Report: {wish}\r\nContent-Type: text/plain\r\n\r\n{wish}\r\n"
        );
        let (id, path) = (bob.id(), format!("{of_bob} {alice}"));
        bob.write(&request(&id, "SEND", &path, BOB, &more)).await;
        assert_eq!(browser.until(&format!("alice.texts[{nth}]")).await, wish);
    }
    assert_eq!(browser.until("answers").await, json!(["200 OK"]));

    drop(relay);
    let said = browser.run(&format!("return alice.say('{of_bob} {BOB}', 'Hello?')")).await;
    assert!(said["message"].as_str().unwrap().contains("the relay has closed the connection"));
}
