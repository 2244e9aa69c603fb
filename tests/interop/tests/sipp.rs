//! Calls with SIPp as the far side. Its scenarios are in `sipp/`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../examples/call/tests/common/mod.rs"]
mod call;
#[path = "../../../crates/cli/tests/processes/mod.rs"]
mod processes;

use call::Call;
use msrp_interop::{Sipp, built, needed};
use processes::{Folder, Receiver, free_port, hash, random_octets};
use serde_json::Value;

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n";

/// A session description with a chat at this path, which waits for the other side.
fn chat(path: &str) -> String {
    let port = port(path);
    format!(
        "{HEAD}m=message {port} TCP/MSRP *\r\na=accept-types:text/plain\r\na=path:{path}\r\n\
         a=setup:passive\r\n"
    )
}

/// A path to a port where nobody listens.
fn nowhere() -> String {
    format!("msrp://127.0.0.1:{}/a1b2c3;tcp", free_port())
}

fn port(path: &str) -> &str {
    path.rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap()
}

/// SIPp waits for a call.
fn answerer(scenario: &str, keys: &[(&str, &str)]) -> Option<Sipp> {
    needed(built("msrp-call", "-p msrp-call"))?;
    needed(Sipp::answerer(scenario, keys))
}

/// A call waits, and SIPp calls it with this description.
fn called(scenario: &str, sdp: &str, arguments: &[&str]) -> Option<(Folder, Call, Sipp)> {
    needed(built("msrp-call", "-p msrp-call"))?;
    let folder = Folder::new();
    let (call, uri) = Call::listen(&folder.0, arguments);
    let sipp = needed(Sipp::caller(scenario, &[("sdp", sdp)], &uri))?;
    Some((folder, call, sipp))
}

/// A process that receives MSRP, for SIPp, which does not.
fn receiver() -> Option<Receiver> {
    needed(built("msrp", "-p msrp-cli")).map(|_| Receiver::start(&[]))
}

fn kind(events: &[Value]) -> &str {
    let failed = events.iter().find(|event| event["event"] == "failed");
    failed.unwrap_or_else(|| panic!("{events:?}"))["error"]["kind"].as_str().unwrap()
}

#[test]
fn it_answers_a_call_and_reads_what_is_said() {
    let Some(mut receiver) = receiver() else { return };
    let sdp = chat(&receiver.path);
    let Some(sipp) = answerer("answer", &[("sdp", &sdp)]) else { return };
    let (status, events) = Call::dial(&sipp.uri(), &["--say", "Are you there?"]).end();
    assert_eq!(status, 0, "{events:?}");
    assert_eq!(receiver.next()["sha256"], hash(b"Are you there?"));
    sipp.finish().unwrap();
}

#[test]
fn it_takes_a_file_by_re_invite() {
    let (folder, octets) = (Folder::new(), random_octets(200_001));
    let file = folder.0.join("talk.pdf");
    std::fs::write(&file, &octets).unwrap();
    let (Some(mut chats), Some(mut files)) = (receiver(), receiver()) else { return };
    let (sdp, inbox) = (chat(&chats.path), files.path.clone());
    let keys = [("sdp", &*sdp), ("inbox", &inbox), ("port", port(&inbox))];
    let Some(sipp) = answerer("answer-file", &keys) else { return };
    let said = ["--say", "Take this", "--send", file.to_str().unwrap()];
    let (status, events) = Call::dial(&sipp.uri(), &said).end();
    assert_eq!(status, 0, "{events:?}");
    assert_eq!(chats.next()["sha256"], hash(b"Take this"));
    assert_eq!(files.next()["sha256"], hash(&octets));
    sipp.finish().unwrap();
}

#[test]
fn it_calls_offers_the_same_again_and_hangs_up() {
    let Some(receiver) = receiver() else { return };
    let Some((_folder, mut call, sipp)) = called("call", &chat(&receiver.path), &[]) else {
        return;
    };
    call.expect("connected");
    sipp.finish().unwrap();
    call.expect("ended");
}

/// RFC 3261 section 13.2.1: the offer is in the 200, and the answer in the ACK.
#[test]
fn it_calls_without_an_offer_and_answers_in_the_ack() {
    let Some(receiver) = receiver() else { return };
    let Some((_folder, mut call, sipp)) = called("late", &chat(&receiver.path), &[]) else {
        return;
    };
    call.expect("connected");
    sipp.finish().unwrap();
    call.expect("ended");
}

#[test]
fn it_calls_without_an_offer_and_is_hung_up_on_as_it_answers_none() {
    let Some((_folder, mut call, sipp)) = called("unanswered", "", &[]) else { return };
    assert_eq!(call.expect("failed")["error"]["kind"], "no-description");
    sipp.finish().unwrap();
}

#[test]
fn it_calls_and_is_hung_up_on_as_nobody_listens_where_it_says() {
    let Some((_folder, mut call, sipp)) = called("hung-up", &chat(&nowhere()), &[]) else { return };
    assert_eq!(call.expect("failed")["error"]["kind"], "msrp");
    sipp.finish().unwrap();
}

#[test]
fn it_rings_until_the_caller_gives_up() {
    let Some(sipp) = answerer("ring", &[]) else { return };
    let (status, events) = Call::dial(&sipp.uri(), &["--ring", "1", "--say", "Hello"]).end();
    assert_eq!((status, kind(&events)), (1, "no-answer"));
    sipp.finish().unwrap();
}

#[test]
fn it_gives_up_while_the_other_side_rings() {
    let sdp = chat("msrp://127.0.0.1:9/a1b2c3;tcp");
    let Some((_folder, mut call, sipp)) = called("cancel", &sdp, &["--ask"]) else { return };
    call.expect("ringing");
    call.expect("cancelled");
    sipp.finish().unwrap();
}

#[test]
fn it_refuses_a_call_and_the_caller_learns_the_status() {
    let Some(sipp) = answerer("refuse", &[]) else { return };
    let (code, events) = Call::dial(&sipp.uri(), &["--say", "Hello"]).end();
    assert_eq!((code, kind(&events)), (1, "refused"));
    let message = events[0]["error"]["message"].as_str().unwrap();
    assert!(message.contains("404 Not Found"), "{message}");
    sipp.finish().unwrap();
}

#[test]
fn an_answer_that_makes_no_session_ends_the_call() {
    let path = nowhere();
    let good = chat(&path);
    let audio = format!("{HEAD}m=audio 4000 RTP/AVP 0\r\n");
    let cases = [
        (audio, "not-msrp"),
        (good.clone(), "msrp"),
        // The port for those who do not listen (RFC 4145 section 4.1).
        (chat("msrp://127.0.0.1:9/a1b2c3;tcp"), "unreachable"),
        (good.replace(&format!("m=message {}", port(&path)), "m=message 0"), "unwanted"),
        (good.replace(";tcp", ";ws"), "transport"),
        (good.replace("TCP/MSRP", "TCP/TLS/MSRP"), "contradiction"),
        (good.replace("a=path:msrp", "a=path:http"), "description"),
        (good.replace("text/plain", "image/png"), "no-common-type"),
        (HEAD.to_owned(), "description"),
        ("garbage".to_owned(), "description"),
        (String::new(), "no-description"),
    ];
    for (sdp, expected) in cases {
        let Some(sipp) = answerer("answer", &[("sdp", &sdp)]) else { return };
        let (status, events) = Call::dial(&sipp.uri(), &["--say", "Hello"]).end();
        assert_eq!((status, kind(&events)), (1, expected), "{sdp}\n{events:?}");
        // The call that was answered is hung up.
        sipp.finish().unwrap();
    }
}

#[test]
fn an_offer_that_makes_no_session_is_refused_and_the_next_one_welcome() {
    let good = chat("msrp://127.0.0.1:9/a1b2c3;tcp");
    let cases = [
        format!("{HEAD}m=audio 4000 RTP/AVP 0\r\n"),
        good.replace("m=message 9", "m=message 0"),
        good.replace(";tcp", ";ws"),
        good.replace("a=path", "a=pat"),
        "garbage".to_owned(),
    ];
    if needed(built("msrp-call", "-p msrp-call")).is_none() {
        return;
    }
    let folder = Folder::new();
    let (mut call, uri) = Call::listen(&folder.0, &["--once"]);
    for sdp in cases {
        let Some(sipp) = needed(Sipp::caller("refused", &[("sdp", &sdp)], &uri)) else { return };
        sipp.finish().unwrap_or_else(|error| panic!("{sdp}\n{error}"));
    }
    let (status, _) = Call::dial(&uri, &["--say", "Hello"]).end();
    assert_eq!(status, 0);
    while call.next().is_some_and(|event| event["event"] == "failed") {}
    assert_eq!(call.expect("message")["text"], "Hello");
}
