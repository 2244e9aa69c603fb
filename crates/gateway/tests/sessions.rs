//! Sessions that outlive a request, and their events.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{ALICE, Asked, PATIENCE, Running, peer, receiver, uri};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

const SESSIONS: &str = "/api/msrp/sessions";

fn session_to(port: u16) -> Value {
    json!({ "host": "127.0.0.1", "port": port, "fromPath": ALICE, "toPath": uri(port) })
}

async fn open(gateway: &Running, request: &Value) -> String {
    let (status, reply) = gateway.post(SESSIONS, request).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!(reply["statusCode"], 200);
    reply["id"].as_str().unwrap().to_owned()
}

async fn say(gateway: &Running, id: &str, content: &str) -> (u16, Value) {
    gateway.post(&format!("{SESSIONS}/{id}/messages"), &json!({ "content": content })).await
}

#[tokio::test]
async fn messages_go_both_ways_and_every_event_is_shown() {
    let (gateway, mut receiver) = (Running::start().await, receiver().await);
    let id = open(&gateway, &session_to(receiver.port)).await;
    let mut events = gateway.events(&id).await;
    let path = format!("{SESSIONS}/{id}/messages");
    let message = json!({ "content": "echo hello", "successReport": true });
    let (status, reply) = gateway.post(&path, &message).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!((&reply["delivered"], &reply["statusCode"]), (&json!(true), &json!(200)));
    assert_eq!(receiver.messages.recv().await.unwrap(), b"echo hello");
    let mut names = Vec::new();
    for _ in 0..3 {
        let (name, data) = events.next().await.unwrap();
        match name.as_str() {
            "report" => {
                assert_eq!(data["messageId"], reply["messageId"]);
                assert_eq!(data["statusCode"], 200);
            }
            "outcome" => assert_eq!(
                (&data["outcome"], &data["messageId"], &data["byteRange"]),
                (&json!("delivered"), &reply["messageId"], &json!("1-10/10"))
            ),
            "message" => assert_eq!(
                (&data["content"], &data["contentType"]),
                (&json!("hello"), &json!("text/plain"))
            ),
            _ => panic!("{name} {data}"),
        }
        names.push(name);
    }
    names.sort();
    assert_eq!(names, ["message", "outcome", "report"]);
    // A later reader sees the same events.
    let mut later = gateway.events(&id).await;
    for _ in 0..3 {
        later.next().await.unwrap();
    }
    let (_, view) = gateway.get(&format!("{SESSIONS}/{id}")).await;
    assert_eq!((&view["state"], &view["id"]), (&json!("open"), &json!(id)), "{view}");
    assert_eq!(view["toPath"], uri(receiver.port));
    let (status, view) = gateway.delete(&format!("{SESSIONS}/{id}")).await;
    assert_eq!((status, &view["reason"]), (200, &json!("deleted")), "{view}");
    for events in [&mut events, &mut later] {
        assert_eq!(events.named("closed").await["reason"], "deleted");
        assert!(events.next().await.is_none());
    }
    let (status, reply) = gateway.get(&format!("{SESSIONS}/{id}")).await;
    assert_eq!((status, &reply["error"]["kind"]), (404, &json!("notFound")));
    assert_eq!(say(&gateway, &id, "anybody").await.0, 404);
}

#[tokio::test]
async fn sessions_are_listed_and_limited() {
    let mut options = common::options();
    options.max_sessions = 2;
    let (gateway, receiver) = (Running::with(options).await, receiver().await);
    let request = session_to(receiver.port);
    let first = open(&gateway, &request).await;
    let second = open(&gateway, &request).await;
    let (status, reply) = gateway.post(SESSIONS, &request).await;
    assert_eq!((status, &reply["error"]["kind"]), (503, &json!("busy")), "{reply}");
    let (_, list) = gateway.get(SESSIONS).await;
    let ids: Vec<_> = list["sessions"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [first.as_str(), second.as_str()]);
    gateway.delete(&format!("{SESSIONS}/{first}")).await;
    open(&gateway, &request).await;
    // A session that has ended frees its place as well.
    let (status, _) = say(&gateway, &second, "bye").await;
    assert!(status == 200 || status == 502, "{status}");
    let mut events = gateway.events(&second).await;
    while events.next().await.is_some() {}
    open(&gateway, &request).await;
}

#[tokio::test]
async fn a_refused_session_is_not_listed() {
    let (gateway, receiver) = (Running::start().await, receiver().await);
    let mut request = session_to(receiver.port);
    request["toPath"] = json!(format!("msrp://127.0.0.1:{}/other;tcp", receiver.port));
    let (status, reply) = gateway.post(SESSIONS, &request).await;
    assert_eq!((status, &reply["success"]), (200, &json!(false)), "{reply}");
    assert_eq!((&reply["statusCode"], reply.get("id")), (&json!(481), None));
    let (_, list) = gateway.get(SESSIONS).await;
    assert_eq!(list["sessions"], json!([]));
}

/// A peer that accepts the binding SEND, and then runs `then`.
async fn bound_peer<F, Fut>(then: F) -> u16
where
    F: Fn(tokio::net::TcpStream) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    peer(move |mut stream| {
        let then = then.clone();
        async move {
            let asked = Asked::read(&mut stream).await.unwrap();
            stream.write_all(asked.response("200 OK").as_bytes()).await.unwrap();
            then(stream).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_failed_connection_is_reported_once_with_every_open_message() {
    let gateway = Running::start().await;
    let port = bound_peer(|mut stream| async move {
        Asked::read(&mut stream).await.unwrap();
        Asked::read(&mut stream).await.unwrap();
    })
    .await;
    let id = open(&gateway, &session_to(port)).await;
    let mut events = gateway.events(&id).await;
    let (one, other) = tokio::join!(say(&gateway, &id, "one"), say(&gateway, &id, "other"));
    for (status, reply) in [&one, &other] {
        assert_eq!((*status, &reply["error"]["kind"]), (502, &json!("closed")), "{reply}");
    }
    let mut lost: Vec<Value> = Vec::new();
    for _ in 0..2 {
        let outcome = events.named("outcome").await;
        assert_eq!(outcome["outcome"], "connectionLost");
        lost.push(outcome["messageId"].clone());
    }
    assert!(lost.contains(&one.1["messageId"]) && lost.contains(&other.1["messageId"]));
    assert_eq!(events.named("closed").await["reason"], "connectionClosed");
    assert!(events.next().await.is_none());
    let (_, view) = gateway.get(&format!("{SESSIONS}/{id}")).await;
    assert_eq!((&view["state"], &view["reason"]), (&json!("closed"), &json!("connectionClosed")));
    assert_eq!(say(&gateway, &id, "more").await.0, 502);
}

#[tokio::test]
async fn the_reason_of_the_end_is_shown() {
    let gateway = Running::start().await;
    let garbage = bound_peer(|mut stream| async move {
        stream.write_all(b"220 hello\r\n").await.unwrap();
        let _ = stream.read_u8().await;
    })
    .await;
    let id = open(&gateway, &session_to(garbage)).await;
    assert_eq!(gateway.events(&id).await.named("closed").await["reason"], "notMsrp");
    let unknown = bound_peer(|mut stream| async move {
        let asked = Asked::read(&mut stream).await.unwrap();
        stream.write_all(asked.response("481 Who").as_bytes()).await.unwrap();
        let _ = stream.read_u8().await;
    })
    .await;
    let id = open(&gateway, &session_to(unknown)).await;
    let (status, reply) = say(&gateway, &id, "hello").await;
    assert_eq!((status, &reply["statusCode"]), (200, &json!(481)), "{reply}");
    let mut events = gateway.events(&id).await;
    assert_eq!(events.named("outcome").await["statusCode"], 481);
    let closed = events.named("closed").await;
    assert_eq!((&closed["reason"], &closed["statusCode"]), (&json!("rejected"), &json!(481)));
}

#[tokio::test]
async fn an_idle_session_ends() {
    let mut options = common::options();
    options.session_timeout = Duration::from_millis(600);
    let (gateway, receiver) = (Running::with(options).await, receiver().await);
    let id = open(&gateway, &session_to(receiver.port)).await;
    let mut events = gateway.events(&id).await;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert_eq!(say(&gateway, &id, "still here").await.0, 200);
        events.named("outcome").await;
    }
    assert_eq!(events.named("closed").await["reason"], "idle");
}

#[tokio::test]
async fn a_message_whose_client_disconnects_is_cancelled() {
    let gateway = Running::start().await;
    let port = bound_peer(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let id = open(&gateway, &session_to(port)).await;
    let mut events = gateway.events(&id).await;
    let message = json!({ "content": "hello", "timeout": 200 });
    let (status, reply) = gateway.post(&format!("{SESSIONS}/{id}/messages"), &message).await;
    assert_eq!((status, &reply["error"]["kind"]), (504, &json!("timeout")), "{reply}");
    assert_eq!(events.named("outcome").await["outcome"], "aborted");
}

#[tokio::test]
async fn the_limits_of_the_session_hold() {
    let gateway = Running::start().await;
    let (answers, mut answered) = mpsc::unbounded_channel();
    let port = bound_peer(move |mut stream| {
        let answers = answers.clone();
        async move {
            for (kind, body) in [("text/html", "<p>"), ("text/plain", "too long"), ("text/plain", "ok")] {
                let request = format!(
                    "MSRP a1b2c3 SEND\r\nTo-Path: {ALICE}\r\nFrom-Path: {}\r\nMessage-ID: {}\r\n\
                     Byte-Range: 1-{len}/{len}\r\nContent-Type: {kind}\r\n\r\n{body}\r\n-------a1b2c3$\r\n",
                    uri(stream.local_addr().unwrap().port()),
                    format_args!("id-{}", body.len()),
                    len = body.len()
                );
                stream.write_all(request.as_bytes()).await.unwrap();
                let answer = Asked::read(&mut stream).await.unwrap();
                answers.send(answer.text[12..15].to_owned()).unwrap();
            }
            let _ = stream.read_u8().await;
        }
    })
    .await;
    let mut request = session_to(port);
    request["acceptTypes"] = json!("text/plain");
    request["maxSize"] = json!(4);
    let id = open(&gateway, &request).await;
    for code in ["415", "413", "200"] {
        assert_eq!(timeout(PATIENCE, answered.recv()).await.unwrap().unwrap(), code);
    }
    assert_eq!(gateway.events(&id).await.named("message").await["content"], "ok");
}

/// A message of the peer in one chunk.
fn message_from(port: u16, id: &str, kind: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "MSRP t-{id} SEND\r\nTo-Path: {ALICE}\r\nFrom-Path: {}\r\nMessage-ID: {id}\r\n\
         Byte-Range: 1-{len}/{len}\r\nContent-Type: {kind}\r\n\r\n{body}\r\n-------t-{id}$\r\n",
        uri(port)
    )
}

#[tokio::test]
async fn what_people_are_shown_hides_nothing() {
    let gateway = Running::start().await;
    let port = bound_peer(|mut stream| async move {
        let port = stream.local_addr().unwrap().port();
        for (id, kind, body) in [
            ("one-", "text/plain", "a\u{1b}[2Jb\u{202e}c"),
            ("two-", "text/html", "<p>Hello <b>Bob</b></p><script>evil()</script>"),
            ("three", "image/png", "<svg onload=evil()>"),
        ] {
            stream.write_all(message_from(port, id, kind, body).as_bytes()).await.unwrap();
        }
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let id = open(&gateway, &session_to(port)).await;
    let mut events = gateway.events(&id).await;
    let text = events.named("message").await;
    // Programs get what was sent.
    assert_eq!(text["content"], "a\u{1b}[2Jb\u{202e}c");
    assert_eq!(text["shown"], "a\u{241b}[2Jb[U+202E]c");
    let html = events.named("message").await["shown"].as_str().unwrap().to_owned();
    assert!(html.contains("Hello") && !html.contains("evil"), "{html}");
    let image = events.named("message").await["shown"].as_str().unwrap().to_owned();
    assert!(image.ends_with(", 19 octets]") && !image.contains("evil"), "{image}");
}

#[tokio::test]
async fn what_comes_after_an_outcome_and_what_is_refused_are_shown() {
    let gateway = Running::start().await;
    let cancelled = Arc::new(Notify::new());
    let is_cancelled = Arc::clone(&cancelled);
    let port = bound_peer(move |mut stream| {
        let is_cancelled = Arc::clone(&is_cancelled);
        async move {
            let port = stream.local_addr().unwrap().port();
            let asked = Asked::read(&mut stream).await.unwrap();
            is_cancelled.notified().await;
            let report = format!(
                "MSRP late1 REPORT\r\nTo-Path: {ALICE}\r\nFrom-Path: {}\r\nMessage-ID: {}\r\n\
                 Byte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n-------late1$\r\n",
                uri(port),
                asked.header("Message-ID"),
            );
            stream.write_all(report.as_bytes()).await.unwrap();
            let stray = message_from(port, "stray", "text/plain", "x");
            let stray = stray.replace(ALICE, "msrp://nobody.invalid:1/s;tcp");
            stream.write_all(stray.as_bytes()).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    let id = open(&gateway, &session_to(port)).await;
    let mut events = gateway.events(&id).await;
    let message = json!({ "content": "hello", "successReport": true, "timeout": 200 });
    let (_, reply) = gateway.post(&format!("{SESSIONS}/{id}/messages"), &message).await;
    assert_eq!(events.named("outcome").await["outcome"], "aborted");
    cancelled.notify_one();
    let report = events.named("report").await;
    assert_eq!(report["messageId"], reply["messageId"]);
    assert_eq!((&report["statusCode"], &report["byteRange"]), (&json!(200), &json!("1-5/*")));
    assert_eq!(events.named("refused").await["statusCode"], 481);
}

#[tokio::test]
async fn a_large_message_of_the_peer_arrives_whole() {
    let mut options = common::options();
    options.max_size = 8 << 20;
    let (gateway, receiver) = (Running::with(options).await, receiver().await);
    let id = open(&gateway, &session_to(receiver.port)).await;
    let large = "0123456789abcdef".repeat(3 << 16);
    let (status, reply) = say(&gateway, &id, &format!("echo {large}")).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    let mut events = gateway.events(&id).await;
    let message = loop {
        let (name, data) = events.next().await.unwrap();
        if name == "message" {
            break data;
        }
    };
    assert!(message["content"].as_str() == Some(&large));
}

#[tokio::test]
async fn a_message_that_is_not_finished_holds_up_no_end() {
    let gateway = Running::start().await;
    let begun = Arc::new(Notify::new());
    let has_begun = Arc::clone(&begun);
    let port = bound_peer(move |mut stream| {
        let has_begun = Arc::clone(&has_begun);
        async move {
            let port = stream.local_addr().unwrap().port();
            let half = message_from(port, "half", "text/plain", &"x".repeat(100_000));
            let half = half.replace("1-100000/100000", "1-100000/200000");
            stream.write_all(half.replace("-half$", "-half+").as_bytes()).await.unwrap();
            // Its response.
            Asked::read(&mut stream).await.unwrap();
            has_begun.notify_one();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    let id = open(&gateway, &session_to(port)).await;
    let mut events = gateway.events(&id).await;
    timeout(PATIENCE, begun.notified()).await.unwrap();
    let (status, view) = gateway.delete(&format!("{SESSIONS}/{id}")).await;
    assert_eq!((status, &view["reason"]), (200, &json!("deleted")), "{view}");
    assert_eq!(events.named("closed").await["reason"], "deleted");
}

#[tokio::test]
async fn a_quiet_session_is_kept_alive() {
    let gateway = Running::start().await;
    let (seen, mut requests) = mpsc::unbounded_channel();
    let port = bound_peer(move |mut stream| {
        let seen = seen.clone();
        async move {
            let asked = Asked::read(&mut stream).await.unwrap();
            seen.send(asked.text).unwrap();
        }
    })
    .await;
    let mut request = session_to(port);
    request["keepAlive"] = json!(1000);
    open(&gateway, &request).await;
    let asked = timeout(PATIENCE, requests.recv()).await.unwrap().unwrap();
    assert!(asked.contains(" SEND\r\n") && !asked.contains("Content-Type"), "{asked}");
}

#[tokio::test]
async fn a_session_without_from_path_shows_the_one_that_it_has() {
    let (gateway, receiver) = (Running::start().await, receiver().await);
    let request =
        json!({ "host": "127.0.0.1", "port": receiver.port, "toPath": uri(receiver.port) });
    let first = open(&gateway, &request).await;
    let second = open(&gateway, &request).await;
    let mut paths = Vec::new();
    for id in [first, second] {
        let (_, view) = gateway.get(&format!("{SESSIONS}/{id}")).await;
        let from = view["fromPath"].as_str().unwrap().to_owned();
        assert!(from.starts_with("msrp://127.0.0.1:") && !from.contains(":9/"), "{from}");
        paths.push(from);
    }
    assert_ne!(paths[0], paths[1]);
}

#[tokio::test]
async fn the_error_of_an_invalid_session_request_names_the_field() {
    let gateway = Running::start().await;
    for (field, value) in [
        ("acceptTypes", json!("text")),
        ("maxSize", json!(1_000_000_000)),
        ("keepAlive", json!(0)),
        ("toPath", json!("x")),
        ("fromPath", json!("x")),
        ("content", json!("x")),
    ] {
        let mut request = session_to(9);
        request[field] = value;
        let (status, reply) = gateway.post(SESSIONS, &request).await;
        assert_eq!((status, &reply["error"]["field"]), (400, &json!(field)), "{reply}");
    }
}

#[tokio::test]
async fn silence_means_success_for_a_partial_message() {
    let (gateway, mut receiver) = (Running::start().await, receiver().await);
    let id = open(&gateway, &session_to(receiver.port)).await;
    let message = json!({ "content": "hello", "failureReport": "partial", "timeout": 400 });
    let (status, reply) = gateway.post(&format!("{SESSIONS}/{id}/messages"), &message).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert!(reply.get("statusCode").is_none(), "{reply}");
    assert_eq!(receiver.messages.recv().await.unwrap(), b"hello");
    // The message was not cancelled.
    assert_eq!(say(&gateway, &id, "more").await.0, 200);
    assert_eq!(gateway.events(&id).await.named("outcome").await["outcome"], "accepted");
}
