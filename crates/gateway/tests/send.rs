//! `POST /api/msrp/send`, against an endpoint and against scripted peers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Asked, PATIENCE, Running, peer, receiver, request, send_to, with};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

const SEND: &str = "/api/msrp/send";

#[tokio::test]
async fn a_message_arrives_and_its_response_is_shown() {
    let (gateway, mut receiver) = (Running::start().await, receiver().await);
    let (status, reply) = gateway.post(SEND, &send_to(receiver.port)).await;
    assert_eq!(status, 200, "{reply}");
    assert_eq!(reply["success"], true);
    assert_eq!(reply["host"], "127.0.0.1");
    assert_eq!(reply["port"], receiver.port);
    assert_eq!(reply["statusCode"], 200);
    assert_eq!(reply["statusText"], "OK");
    assert_eq!(reply["byteRange"], "1-14/14");
    assert_eq!(reply["chunks"], 1);
    assert!(reply["transactionId"].as_str().unwrap().len() >= 4);
    assert!(reply["messageId"].as_str().unwrap().len() >= 4);
    assert!(reply["rtt"].as_f64().unwrap() > 0.0);
    for absent in ["error", "delivered", "reports"] {
        assert!(reply.get(absent).is_none(), "{reply}");
    }
    assert_eq!(receiver.messages.recv().await.unwrap(), b"Are you there?");
}

#[tokio::test]
async fn the_fields_appear_in_the_msrp_request() {
    let gateway = Running::start().await;
    let (seen, mut requests) = mpsc::unbounded_channel();
    let port = peer(move |mut stream| {
        let seen = seen.clone();
        async move {
            let asked = Asked::message(&mut stream).await;
            stream.write_all(asked.response("200 OK").as_bytes()).await.unwrap();
            seen.send(asked.text).unwrap();
            let _ = stream.read_u8().await;
        }
    })
    .await;
    let relays = "msrp://relay.invalid:9000/r1;tcp msrp://bob.invalid:8888/s1;tcp";
    let fields = json!({
        "toPath": relays,
        "fromPath": "msrp://r.invalid:1/x;tcp msrp://alice.invalid:7654/jsh;tcp",
        "contentType": "text/html;charset=utf-8",
        "messageId": "12339sdqwer",
        "failureReport": "partial",
        "content": "AP8=",
        "contentEncoding": "base64",
        "timeout": 300,
    });
    let (_, reply) = gateway.post(SEND, &with(send_to(port), fields)).await;
    assert_eq!(reply["messageId"], "12339sdqwer");
    let text = requests.recv().await.unwrap();
    for line in [
        format!("To-Path: {relays}"),
        "From-Path: msrp://alice.invalid:7654/jsh;tcp".to_owned(),
        "Message-ID: 12339sdqwer".to_owned(),
        "Failure-Report: partial".to_owned(),
        "Content-Type: text/html;charset=utf-8".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

// wild: 41
#[tokio::test]
async fn without_from_path_it_is_where_the_connection_comes_from() {
    let gateway = Running::start().await;
    let (seen, mut requests) = mpsc::unbounded_channel();
    let port = peer(move |mut stream| {
        let seen = seen.clone();
        async move {
            let address = stream.peer_addr().unwrap();
            let asked = Asked::message(&mut stream).await;
            stream.write_all(asked.response("200 OK").as_bytes()).await.unwrap();
            seen.send((asked.header("From-Path").to_owned(), address)).unwrap();
            let _ = stream.read_u8().await;
        }
    })
    .await;
    let request = with(send_to(port), json!({ "fromPath": null }));
    let (_, reply) = gateway.post(SEND, &request).await;
    assert_eq!(reply["success"], true, "{reply}");
    let (from, address) = timeout(PATIENCE, requests.recv()).await.unwrap().unwrap();
    assert!(from.starts_with(&format!("msrp://{address}/")) && from.ends_with(";tcp"), "{from}");
}

#[tokio::test]
async fn binary_content_arrives_unchanged() {
    let (gateway, mut receiver) = (Running::start().await, receiver().await);
    let fields = json!({
        "content": "AP+A", "contentEncoding": "base64", "contentType": "application/octet-stream",
    });
    let (status, reply) = gateway.post(SEND, &with(send_to(receiver.port), fields)).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!(receiver.messages.recv().await.unwrap(), [0, 255, 128]);
}

#[tokio::test]
async fn a_success_report_is_waited_for() {
    let (gateway, receiver) = (Running::start().await, receiver().await);
    let request = with(send_to(receiver.port), json!({ "successReport": true }));
    let (status, reply) = gateway.post(SEND, &request).await;
    assert_eq!(status, 200);
    assert_eq!(reply["delivered"], true);
    assert_eq!(reply["reports"], json!([{ "byteRange": "1-14/14", "statusCode": 200 }]));
}

#[tokio::test]
async fn a_missing_report_is_not_a_failure() {
    let gateway = Running::start().await;
    let port = answering("200 OK").await;
    let request = with(send_to(port), json!({ "successReport": true, "timeout": 300 }));
    let (status, reply) = gateway.post(SEND, &request).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!((&reply["delivered"], &reply["reports"]), (&json!(false), &json!([])));
}

#[tokio::test]
async fn a_failure_report_overrides_the_response() {
    let gateway = Running::start().await;
    let port = peer(|mut stream| async move {
        let asked = Asked::message(&mut stream).await;
        let report = format!(
            "MSRP x8y7z6 REPORT\r\nTo-Path: {}\r\nFrom-Path: {}\r\nMessage-ID: {}\r\n\
             Byte-Range: 1-14/14\r\nStatus: 000 403 no\r\n-------x8y7z6$\r\n",
            asked.header("From-Path"),
            asked.header("To-Path"),
            asked.header("Message-ID"),
        );
        let both = asked.response("200 OK") + &report;
        stream.write_all(both.as_bytes()).await.unwrap();
        let _ = stream.read_u8().await;
    })
    .await;
    let request = with(send_to(port), json!({ "successReport": true }));
    let (status, reply) = gateway.post(SEND, &request).await;
    assert_eq!((status, &reply["success"]), (200, &json!(false)), "{reply}");
    assert_eq!(reply["statusCode"], 403);
    assert_eq!(reply["reports"], json!([{ "statusCode": 403 }]));
    assert_eq!(reply["delivered"], false);
}

#[tokio::test]
async fn without_failure_reports_no_response_is_awaited() {
    let gateway = Running::start().await;
    let port = peer(|mut stream| async move { while stream.read_u8().await.is_ok() {} }).await;
    for wanted in [json!("no"), json!(false), json!("partial")] {
        // Whoever waits for a response fails with its timeout.
        let request = with(send_to(port), json!({ "failureReport": wanted }));
        let (status, reply) = gateway.post(SEND, &request).await;
        assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
        assert!(reply.get("statusCode").is_none());
    }
}

#[tokio::test]
async fn a_report_can_arrive_without_a_response() {
    let (gateway, receiver) = (Running::start().await, receiver().await);
    let wanted = json!({ "failureReport": "no", "successReport": true, "timeout": 500 });
    let (status, reply) = gateway.post(SEND, &with(send_to(receiver.port), wanted.clone())).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    assert_eq!(reply["delivered"], true);
    let silent = peer(|mut stream| async move { while stream.read_u8().await.is_ok() {} }).await;
    let reply = assert_fails(&gateway, &with(send_to(silent), wanted), 504, "timeout").await;
    assert_eq!(reply["delivered"], false);
}

/// A peer that responds to every request with that status.
async fn answering(status: &'static str) -> u16 {
    peer(move |mut stream| async move {
        while let Some(asked) = Asked::read(&mut stream).await {
            stream.write_all(asked.response(status).as_bytes()).await.unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn a_rejection_by_the_peer_is_http_200() {
    let gateway = Running::start().await;
    for (line, code, text) in [
        ("400 Bad", 400, "Bad"),
        ("403 Keep out", 403, "Keep out"),
        ("408 Later hop", 408, "Later hop"),
        ("413 Too much", 413, "Too much"),
        ("415 What is that", 415, "What is that"),
        ("481", 481, "No Such Session"),
        ("501 Send?", 501, "Send?"),
        ("506 Elsewhere", 506, "Elsewhere"),
        ("299 Hm", 299, "Hm"),
    ] {
        let (status, reply) = gateway.post(SEND, &send_to(answering(line).await)).await;
        assert_eq!(status, 200, "{line} {reply}");
        assert_eq!(reply["success"], false, "{line} {reply}");
        assert_eq!(reply["statusCode"], code, "{reply}");
        assert_eq!(reply["statusText"], text, "{reply}");
        assert_eq!(reply["error"]["kind"], "rejected", "{reply}");
        assert!(reply["transactionId"].is_string(), "{reply}");
    }
}

#[tokio::test]
async fn a_response_may_arrive_octet_by_octet() {
    let gateway = Running::start().await;
    let port = peer(|mut stream| async move {
        stream.set_nodelay(true).unwrap();
        let asked = Asked::message(&mut stream).await;
        for octet in asked.response("200 OK").bytes() {
            stream.write_u8(octet).await.unwrap();
            tokio::task::yield_now().await;
        }
        let _ = stream.read_u8().await;
    })
    .await;
    let (status, reply) = gateway.post(SEND, &send_to(port)).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
}

async fn assert_fails(gateway: &Running, request: &Value, status: u16, kind: &str) -> Value {
    let (found, reply) = gateway.post(SEND, request).await;
    assert_eq!((found, reply["error"]["kind"].as_str()), (status, Some(kind)), "{reply}");
    assert_eq!(reply["success"], false);
    reply
}

#[tokio::test]
async fn an_unreachable_peer_is_502() {
    let gateway = Running::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let reply = assert_fails(&gateway, &send_to(port), 502, "refused").await;
    assert_eq!(reply["port"], port);
    assert!(reply["messageId"].is_string());
}

#[tokio::test]
async fn silence_is_504_within_the_timeout() {
    let gateway = Running::start().await;
    let silent = peer(|mut stream| async move { while stream.read_u8().await.is_ok() {} }).await;
    let request = with(send_to(silent), json!({ "timeout": 200 }));
    assert_fails(&gateway, &request, 504, "timeout").await;
    // A peer that does not even read.
    let deaf = peer(|stream| async move {
        tokio::time::sleep(PATIENCE).await;
        drop(stream);
    })
    .await;
    let large = "x".repeat(1024 * 1024);
    let request = with(send_to(deaf), json!({ "timeout": 300, "content": large }));
    assert_fails(&gateway, &request, 504, "timeout").await;
    // A peer that sends half of a response.
    let half = peer(|mut stream| async move {
        let asked = Asked::message(&mut stream).await;
        let response = asked.response("200 OK");
        stream.write_all(&response.as_bytes()[..response.len() / 2]).await.unwrap();
        let _ = stream.read_u8().await;
    })
    .await;
    let request = with(send_to(half), json!({ "timeout": 200 }));
    assert_fails(&gateway, &request, 504, "timeout").await;
}

#[tokio::test]
async fn a_peer_that_speaks_something_else_is_502() {
    let gateway = Running::start().await;
    for garbage in [
        &b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..],
        b"220 mail.example ESMTP\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"MSRP \r\n\r\n\r\n",
    ] {
        let port = peer(move |mut stream: TcpStream| async move {
            Asked::message(&mut stream).await;
            stream.write_all(garbage).await.unwrap();
            let _ = stream.read_u8().await;
        })
        .await;
        let request = with(send_to(port), json!({ "timeout": 3000 }));
        assert_fails(&gateway, &request, 502, "notMsrp").await;
    }
}

#[tokio::test]
async fn a_peer_that_closes_at_any_place_is_502() {
    let gateway = Running::start().await;
    let at_once = peer(|stream| async move { drop(stream) }).await;
    assert_fails(&gateway, &send_to(at_once), 502, "closed").await;
    let unanswered = peer(|mut stream| async move {
        Asked::message(&mut stream).await;
    })
    .await;
    assert_fails(&gateway, &send_to(unanswered), 502, "closed").await;
    let mid_request = peer(|mut stream| async move {
        stream.read_exact(&mut [0; 1000]).await.unwrap();
    })
    .await;
    let large = with(send_to(mid_request), json!({ "content": "x".repeat(1024 * 1024) }));
    assert_fails(&gateway, &large, 502, "closed").await;
    for len in (1..100).step_by(7) {
        let within = peer(move |mut stream| async move {
            let asked = Asked::message(&mut stream).await;
            stream.write_all(&asked.response("200 OK").as_bytes()[..len]).await.unwrap();
        })
        .await;
        assert_fails(&gateway, &send_to(within), 502, "closed").await;
    }
}

#[tokio::test]
async fn an_early_rejection_is_read_while_the_message_cannot_leave() {
    let gateway = Running::start().await;
    let port = peer(|mut stream| async move {
        let mut head = vec![0; 600];
        stream.read_exact(&mut head).await.unwrap();
        let text = String::from_utf8_lossy(&head).into_owned();
        let transaction = text.split(' ').nth(1).unwrap().to_owned();
        let asked = Asked { text, transaction };
        stream.write_all(asked.response("413 Too much").as_bytes()).await.unwrap();
        // Stays open long enough for the response to be read.
        let mut rest = vec![0; 64 * 1024];
        while matches!(stream.read(&mut rest).await, Ok(len) if len > 0) {}
    })
    .await;
    let large = with(send_to(port), json!({ "content": "x".repeat(1024 * 1024) }));
    let (status, reply) = gateway.post(SEND, &large).await;
    assert_eq!((status, &reply["statusCode"]), (200, &json!(413)), "{reply}");
}

#[tokio::test]
async fn two_hundred_at_once_arrive() {
    let (gateway, mut receiver) = (Running::start().await, receiver().await);
    let sends = (0..200).map(|n| {
        let request = with(send_to(receiver.port), json!({ "content": format!("message {n}") }));
        let gateway = &gateway;
        async move { gateway.post(SEND, &request).await }
    });
    for (status, reply) in futures_util::future::join_all(sends).await {
        assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
    }
    let mut came = Vec::new();
    for _ in 0..200 {
        came.push(receiver.messages.recv().await.unwrap());
    }
    came.sort();
    came.dedup();
    assert_eq!(came.len(), 200);
}

#[tokio::test]
async fn content_above_the_limit_is_413() {
    let mut options = common::options();
    options.max_size = 1000;
    let (gateway, receiver) = (Running::with(options).await, receiver().await);
    let send = |len: usize| {
        let request = with(send_to(receiver.port), json!({ "content": "x".repeat(len) }));
        let gateway = &gateway;
        async move { gateway.post(SEND, &request).await }
    };
    assert_eq!(send(1000).await.0, 200);
    for len in [1001, 500_000] {
        let (status, reply) = send(len).await;
        assert_eq!((status, &reply["error"]["kind"]), (413, &json!("tooLarge")), "{reply}");
    }
}

#[tokio::test]
async fn a_client_that_disconnects_cancels_its_exchange() {
    let gateway = Running::start().await;
    let (ended, mut ends) = mpsc::unbounded_channel();
    let port = peer(move |mut stream| {
        let ended = ended.clone();
        async move {
            Asked::message(&mut stream).await;
            ended.send("asked").unwrap();
            while stream.read_u8().await.is_ok() {}
            ended.send("gone").unwrap();
        }
    })
    .await;
    let mut client = TcpStream::connect(gateway.address).await.unwrap();
    let body = with(send_to(port), json!({ "timeout": 600_000 })).to_string();
    let head = format!(
        "POST {SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    client.write_all((head + &body).as_bytes()).await.unwrap();
    assert_eq!(ends.recv().await, Some("asked"));
    drop(client);
    let gone = timeout(PATIENCE, ends.recv()).await;
    assert_eq!(gone.expect("the exchange ends with its client"), Some("gone"));
}

#[tokio::test]
async fn the_number_of_exchanges_is_limited() {
    let mut options = common::options();
    options.max_exchanges = 1;
    let gateway = Running::with(options).await;
    let (asked, mut was_asked) = mpsc::unbounded_channel();
    let silent = peer(move |mut stream| {
        let asked = asked.clone();
        async move {
            Asked::read(&mut stream).await;
            asked.send(()).unwrap();
            while stream.read_u8().await.is_ok() {}
        }
    })
    .await;
    let first = with(send_to(silent), json!({ "timeout": 1000 }));
    let second = async {
        was_asked.recv().await.unwrap();
        gateway.post(SEND, &first).await
    };
    let (first, second) = tokio::join!(gateway.post(SEND, &first), second);
    assert_eq!(first.0, 504);
    assert_eq!((second.0, &second.1["error"]["kind"]), (503, &json!("busy")));
}

#[tokio::test]
async fn the_error_of_an_invalid_request_names_the_field() {
    let gateway = Running::start().await;
    let table = [
        ("host", json!(null)),
        ("host", json!("")),
        ("host", json!("bad host")),
        ("host", json!("a\r\nb")),
        ("host", json!("a/b")),
        ("host", json!("user@host")),
        ("host", json!(5)),
        ("port", json!(0)),
        ("port", json!(65536)),
        ("port", json!(-1)),
        ("port", json!("2855")),
        ("fromPath", json!("alice")),
        ("fromPath", json!("msrp://u:p@a.invalid:1/s;tcp")),
        ("fromPath", json!("msrp://a.invalid:1/s;tcp\r\nX: y")),
        ("toPath", json!(null)),
        ("toPath", json!("")),
        ("toPath", json!("http://a.invalid:1/s;tcp")),
        ("toPath", json!("msrp://a.invalid:1/s")),
        ("toPath", json!("msrp://u:p@a.invalid:1/s;tcp")),
        ("toPath", json!("msrp://a.invalid:1/s;tcp\n")),
        ("toPath", json!("msrp://a.invalid:1/s;tcp  msrp://b.invalid:1/s;tcp")),
        ("toPath", json!(["msrp://a.invalid:1/s;tcp"])),
        ("content", json!(null)),
        ("content", json!(7)),
        ("contentType", json!("text")),
        ("contentType", json!("text/plain\r\nX: y")),
        ("contentEncoding", json!("gzip")),
        ("messageId", json!("no")),
        ("messageId", json!("with space")),
        ("messageId", json!("a\r\nTo-Path: x")),
        ("timeout", json!(0)),
        ("timeout", json!(1_000_000_000)),
        ("timeout", json!(-5)),
        ("tls", json!("yes")),
        ("fingerprint", json!("sha-256 AB")),
        ("successReport", json!("perhaps")),
        ("failureReport", json!("perhaps")),
        ("conntentType", json!("text/plain")),
    ];
    for (field, value) in table {
        let request = with(send_to(9), json!({ field: value }));
        let (status, reply) = gateway.post(SEND, &request).await;
        assert_eq!(status, 400, "{field} {value} {reply}");
        assert_eq!(reply["error"]["kind"], "invalidRequest", "{reply}");
        assert_eq!(reply["error"]["field"], field, "{value} {reply}");
        let message = reply["error"]["message"].as_str().unwrap();
        assert!(message.contains(field) && message.len() > field.len() + 5, "{message}");
    }
    let base64 = json!({ "content": "no!", "contentEncoding": "base64" });
    let (status, reply) = gateway.post(SEND, &with(send_to(9), base64)).await;
    assert_eq!((status, &reply["error"]["field"]), (400, &json!("content")));
    let secure = json!({ "toPath": "msrps://a.invalid:1/s;tcp", "tls": false });
    let (status, reply) = gateway.post(SEND, &with(send_to(9), secure)).await;
    assert_eq!((status, &reply["error"]["field"]), (400, &json!("tls")));
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let gateway = Running::start().await;
    for body in ["", "{", "[]", "null", "{} {}", "{\"host\":\"a\",\"host\":\"b\"}"] {
        let (status, reply) = gateway.request("POST", SEND, body.to_owned()).await;
        assert_eq!((status, &reply["error"]["kind"]), (400, &json!("invalidRequest")), "{body}");
    }
    // A type that a foreign page can send without a preflight request.
    let mut other = request("POST", SEND, send_to(9).to_string());
    other.headers_mut().insert("Content-Type", "text/plain".parse().unwrap());
    assert_eq!(gateway.raw(other).await.status(), 415);
}
