//! The gateway against `msrp receive`, a separate process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use common::{ALICE, PATIENCE, Running, with};
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::timeout;

const SEND: &str = "/api/msrp/send";
const CONNECT: &str = "/api/msrp/connect";
const SESSIONS: &str = "/api/msrp/sessions";

/// The running program and its output. Dropping it ends the program.
struct Receive {
    program: Child,
    objects: UnboundedReceiver<Value>,
    port: u16,
    path: String,
}

impl Receive {
    async fn start(arguments: &[&str]) -> Self {
        let mut program = Command::new(executable())
            .args(["receive", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = std::io::BufReader::new(program.stdout.take().unwrap());
        let (sender, objects) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let objects = serde_json::Deserializer::from_reader(stdout).into_iter();
            for object in objects.map_while(Result::ok) {
                let _ = sender.send(object);
            }
        });
        let mut receive = Self { program, objects, port: 0, path: String::new() };
        let listening = receive.next().await;
        let address: std::net::SocketAddr = listening["addr"].as_str().unwrap().parse().unwrap();
        receive.port = address.port();
        receive.path = listening["path"].as_str().unwrap().to_owned();
        receive
    }

    async fn next(&mut self) -> Value {
        timeout(PATIENCE, self.objects.recv()).await.expect("an object").expect("it has ended")
    }

    /// A request with the address and paths only.
    fn target(&self) -> Value {
        json!({
            "host": "127.0.0.1", "port": self.port, "fromPath": ALICE, "toPath": self.path,
        })
    }

    fn message(&self, content: &str) -> Value {
        with(self.target(), json!({ "content": content }))
    }
}

impl Drop for Receive {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Cargo has not built it for this test, because it belongs to another package. It
/// goes into the folder of the gateway, with the same profile.
fn executable() -> &'static Path {
    static EXECUTABLE: OnceLock<PathBuf> = OnceLock::new();
    EXECUTABLE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_msrp-gateway")).parent().unwrap();
        let executable = folder.join("msrp");
        if !executable.exists() {
            build(folder);
        }
        executable
    })
}

fn build(folder: &Path) {
    let profile = match folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        name => name,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "msrp-cli", "--profile", profile, "--target-dir"])
        .arg(folder.parent().unwrap())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .status()
        .unwrap();
    assert!(built.success());
}

#[tokio::test]
async fn a_message_arrives() {
    let (gateway, mut receive) = (Running::start().await, Receive::start(&[]).await);
    let request = with(receive.message("Are you there?"), json!({ "successReport": true }));
    let (status, reply) = gateway.post(SEND, &request).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!((&reply["delivered"], &reply["byteRange"]), (&json!(true), &json!("1-14/14")));
    let message = receive.next().await;
    assert_eq!((&message["event"], &message["bytes"]), (&json!("message"), &json!(14)));
    assert_eq!(message["contentType"], "text/plain");
    assert_eq!(message["messageId"], reply["messageId"]);
    assert_eq!(message["from"], ALICE);
}

#[tokio::test]
async fn octets_arrive_unchanged() {
    let folder = Folder::new();
    let gateway = Running::start().await;
    let mut receive = Receive::start(&["--out", folder.0.to_str().unwrap()]).await;
    let octets: Vec<u8> = (0..1 << 20).map(|n: u32| (n.wrapping_mul(n) >> 7) as u8).collect();
    let binary = json!({
        "contentEncoding": "base64", "contentType": "application/octet-stream",
    });
    let request = with(receive.message(&BASE64_STANDARD.encode(&octets)), binary);
    let (status, reply) = gateway.post(SEND, &request).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    let message = receive.next().await;
    assert!(std::fs::read(message["file"].as_str().unwrap()).unwrap() == octets);
}

/// A folder that is removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("gateway-receive-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn its_refusals_are_reported() {
    let gateway = Running::start().await;
    let small = Receive::start(&["--max-size", "10", "--accept-types", "text/*"]).await;
    let picture = json!({ "contentType": "image/png" });
    let nobody = json!({ "toPath": format!("msrp://127.0.0.1:{}/nobody;tcp", small.port) });
    for (request, code) in [
        (small.message("more than ten octets"), 413),
        (with(small.message("png"), picture), 415),
        (with(small.message("hello"), nobody), 481),
    ] {
        let (status, reply) = gateway.post(SEND, &request).await;
        assert_eq!((status, &reply["statusCode"]), (200, &json!(code)), "{reply}");
        assert_eq!(reply["error"]["kind"], "rejected", "{reply}");
    }
}

#[tokio::test]
async fn it_is_found_by_connect() {
    let (gateway, receive) = (Running::start().await, Receive::start(&[]).await);
    let (status, reply) = gateway.post(CONNECT, &receive.target()).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!(reply["statusCode"], 200);
    let port_alone = json!({ "host": "127.0.0.1", "port": receive.port });
    let (status, reply) = gateway.post(CONNECT, &port_alone).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert!(reply.get("statusCode").is_none());
}

#[tokio::test]
async fn a_session_holds_it_until_it_ends() {
    let (gateway, mut receive) = (Running::start().await, Receive::start(&[]).await);
    let (_, session) = gateway.post(SESSIONS, &receive.target()).await;
    let session = format!("{SESSIONS}/{}", session["id"].as_str().unwrap());
    for text in ["one", "three"] {
        let message = json!({ "content": text, "successReport": true });
        let (status, reply) = gateway.post(&format!("{session}/messages"), &message).await;
        assert_eq!((status, &reply["delivered"]), (200, &json!(true)), "{reply}");
        assert_eq!(receive.next().await["bytes"], text.len());
    }
    let (_, reply) = gateway.post(SEND, &receive.message("me too")).await;
    assert_eq!(reply["statusCode"], 506, "{reply}");
    assert_eq!(gateway.delete(&session).await.0, 200);
}

#[tokio::test]
async fn its_end_ends_the_session() {
    let (gateway, mut receive) = (Running::start().await, Receive::start(&[]).await);
    let (_, session) = gateway.post(SESSIONS, &receive.target()).await;
    let mut events = gateway.events(session["id"].as_str().unwrap()).await;
    receive.program.kill().unwrap();
    let closed = events.named("closed").await;
    assert_eq!(closed["reason"], "connectionClosed", "{closed}");
    assert!(events.next().await.is_none());
}
