//! The page in a real browser, over the WebDriver protocol. `.ci/run pages` runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use common::{Running, json_of, receiver, request, uri};
use serde_json::{Value, json};
use tokio::net::TcpStream;
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
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1000,1300"],
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let created = webdriver(port, "POST", "/session", &wanted).await;
        let session = created["sessionId"].as_str().unwrap_or_else(|| panic!("{created}"));
        Self { port, session: session.to_owned(), _driver: driver }
    }

    async fn command(&self, method: &str, path: &str, body: Value) -> Value {
        let path = format!("/session/{}/{path}", self.session);
        webdriver(self.port, method, &path, &body).await
    }

    async fn run(&self, script: &str) -> Value {
        self.command("POST", "execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Waits until an element's text contains all of these.
    async fn shows(&self, id: &str, texts: &[&str]) -> String {
        let mut text = String::new();
        for _ in 0..100 {
            let found =
                self.run(&format!("return document.getElementById('{id}').innerText")).await;
            text = found.as_str().unwrap_or_default().to_owned();
            if texts.iter().all(|wanted| text.contains(wanted)) {
                return text;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{texts:?} not in {text}");
    }
}

async fn webdriver(port: u16, method: &str, path: &str, body: &Value) -> Value {
    let body = if method == "GET" { String::new() } else { body.to_string() };
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let (_, reply) = json_of(sender.send_request(request(method, path, body)).await.unwrap()).await;
    reply["value"].clone()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
#[ignore = "needs Chromium; run .ci/run pages"]
async fn the_page_sends_connects_and_shows_sessions() {
    let (gateway, mut receiver) = (Running::start().await, receiver().await);
    let browser = Browser::start().await;
    let url = format!("http://{}/", gateway.address);
    browser.command("POST", "url", json!({ "url": url })).await;
    let set = |name: &str, value: &str| {
        format!("document.getElementById('peer').elements['{name}'].value = '{value}';")
    };
    let port = receiver.port;
    browser.run(&set("port", &port.to_string())).await;

    browser.run("document.getElementById('connect').click()").await;
    browser.shows("response", &["HTTP 200", "connectTime"]).await;

    browser.run(&set("toPath", &uri(port))).await;
    browser.run("document.getElementById('send').click()").await;
    browser.shows("response", &["HTTP 200", "\"success\": true", "1-14/14"]).await;
    assert_eq!(receiver.messages.recv().await.unwrap(), b"Are you there?");

    browser.run("document.getElementById('open').click()").await;
    browser.shows("response", &["\"id\":"]).await;
    browser.shows("sessions", &["open", "Say", "End"]).await;
    browser.run(&set("content", "echo hello <b>there</b>")).await;
    browser.run("document.querySelector('#sessions button').click()").await;
    browser.shows("events", &["outcome {", "message {", "hello <b>there</b>"]).await;
    screenshot(&browser).await;
    browser.run("document.querySelector('#sessions button:last-child').click()").await;
    browser.shows("events", &["closed {", "deleted"]).await;
    browser.shows("sessions", &["None"]).await;

    browser.run(&set("toPath", "nonsense")).await;
    browser.run("document.getElementById('send').click()").await;
    browser.shows("response", &["HTTP 400", "toPath"]).await;

    let unlabelled = browser
        .run("return [...document.querySelectorAll('input, textarea, button')].filter(e => !e.labels?.length && !e.textContent).length")
        .await;
    assert_eq!(unlabelled, json!(0), "controls without a name");
    let log = browser.command("POST", "se/log", json!({ "type": "browser" })).await;
    let errors: Vec<_> = log
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| {
            // The browser logs each status that is not a success.
            entry["level"] == "SEVERE" && entry["source"] != "network"
        })
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    browser.command("DELETE", "window", Value::Null).await;
}

async fn screenshot(browser: &Browser) {
    let Ok(path) = std::env::var("MSRP_PAGE_SCREENSHOT") else { return };
    let picture = browser.command("GET", "screenshot", Value::Null).await;
    let picture = BASE64_STANDARD.decode(picture.as_str().unwrap()).unwrap();
    std::fs::write(path, picture).unwrap();
}
