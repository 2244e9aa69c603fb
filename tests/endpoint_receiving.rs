//! Incoming requests (RFC 4975 sections 7.3, 7.3.1 and 12).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::wire::{Lone, Raw, Sent, filler, words};
use common::{ALICE, BOB, bob_expects};
use msrp::{
    Config, Event, FailReason, IncomingKey, Limits, MediaTypes, ReceiveMode, SessionConfig,
    StatusCode, Tolerance, Tolerances,
};

fn strict() -> Config {
    let mut config = Config::default();
    config.parse.tolerances = Tolerances::none();
    config
}

fn limited(set: impl FnOnce(&mut Limits)) -> Config {
    let mut config = Config::default();
    set(&mut config.limits);
    config
}

fn pieces() -> SessionConfig {
    bob_expects().receive(ReceiveMode::Pieces)
}

/// The events, in words.
fn told(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| match event {
            Event::Message { received: message, body } => {
                let duplicate = if message.is_duplicate() { " again" } else { "" };
                format!(
                    "{}={}{duplicate}",
                    message.message_id().as_str(),
                    String::from_utf8_lossy(body)
                )
            }
            Event::MessageStarted { received: message } => {
                format!("{} starts", message.message_id().as_str())
            }
            Event::Piece { offset, data, .. } => {
                format!("{offset}:{}", String::from_utf8_lossy(data))
            }
            Event::MessageCompleted { received: message, total } => {
                format!("{} has {total}", message.message_id().as_str())
            }
            Event::MessageFailed { received: message, reason } => {
                format!("{} failed: {reason:?}", message.message_id().as_str())
            }
            Event::Tolerated(tolerance) => format!("{tolerance:?}"),
            other => format!("{other:?}"),
        })
        .collect()
}

/// Gives Bob requests. Returns his responses to each, and his events at the end.
fn run(bob: &mut Lone, requests: &[Raw]) -> (Vec<String>, Vec<String>) {
    let mut answers = Vec::new();
    for request in requests {
        let sent = bob.give(&request.octets());
        answers.push(words(&sent).join(" "));
    }
    (answers, told(&bob.events()))
}

fn key_of(events: &[Event]) -> IncomingKey {
    events
        .iter()
        .find_map(|event| match event {
            Event::MessageStarted { received: message } => Some(message.key()),
            _ => None,
        })
        .unwrap()
}

// req: 4975-7.2-1 4975-7.2-2 4975-7.2-3 4975-7.2-5 4975-5.3-1 4975-7.1.1-11 4975-10.1-1
#[test]
fn the_octets_of_a_response() {
    let mut bob = Lone::bob();
    bob.side.feed(bob.now, &Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').octets());
    let octets = bob.side.drain(bob.now);
    let expected =
        format!("MSRP tid.1 200 OK\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n-------tid.1$\r\n");
    assert_eq!(String::from_utf8(octets).unwrap(), expected);
}

// req: 4975-5.3-1
#[test]
fn the_response_does_not_wait_for_the_application() {
    let mut bob = Lone::bob();
    let mut input =
        bytes::BytesMut::from(&Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').octets()[..]);
    bob.side.connection.receive(bob.now, &mut input).unwrap();
    // No event has been taken so far.
    assert!(bob.poll().starts_with(b"MSRP tid.1 200 OK\r\n"));
}

// req: 4975-7.2-3 4975-7.2-4 4975-12-2 4975-10.9-1
#[test]
fn a_response_to_send_goes_to_the_last_hop_and_to_other_methods_along_the_whole_path() {
    let through = format!("msrp://relay.example:2855/r1;tcp {ALICE}");
    let mut bob = Lone::bob();
    let sent = bob.give(&Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').from(&through).octets());
    assert_eq!(sent[0].header("To-Path"), Some("msrp://relay.example:2855/r1;tcp"));
    for method in ["AUTH", "NICKNAME", "FOO"] {
        let sent = bob.give(&Raw::new(method, "tid.2").from(&through).octets());
        assert_eq!(words(&sent), ["501"], "{method}");
        assert_eq!(sent[0].header("To-Path"), Some(&through[..]));
        assert_eq!(sent[0].header("From-Path"), Some(BOB));
        assert_eq!((sent[0].body.as_ref(), sent[0].flag), (None, '$'));
    }
    // An unknown method with a body is skipped whole.
    let sent = bob.give(&Raw::new("FOO", "tid.3").body("text/plain", b"secret").octets());
    assert_eq!(words(&sent), ["501"]);
    assert_eq!(told(&bob.events()), ["mid1=Hi"]);
}

// req: 4975-12-2 4975-7.1.4-3
#[test]
fn an_unknown_method_that_wants_no_response_gets_none() {
    let mut bob = Lone::bob();
    let (answers, _) = run(
        &mut bob,
        &[
            Raw::new("FOO", "tid.1").header("Failure-Report", "no"),
            Raw::new("FOO", "tid.2").header("Failure-Report", "partial"),
        ],
    );
    assert_eq!(answers, ["", "501"]);
}

// req: 4975-12-1
#[test]
fn unknown_header_fields_are_ignored() {
    let mut bob = Lone::bob();
    let request = Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').header("X-Foo", "bar; baz");
    assert_eq!(run(&mut bob, &[request]), (vec!["200".into()], vec!["mid1=Hi".into()]));
}

// req: 4975-7.3-1 4975-7.3-2 4975-7.1.4-3 4975-7.1.4-5
#[test]
fn a_request_for_another_path_is_refused_with_481_and_ignored() {
    let two = format!("msrp://relay.example:2855/r1;tcp {BOB}");
    let other = "msrp://bob.example:12763/other;tcp";
    for path in [
        &two[..],
        other,
        "msrps://bob.example:12763/kjhd37s2s20w2a;tcp",
        "msrp://bob.example:12763/KJHD37s2s20w2a;tcp",
    ] {
        let mut bob = Lone::bob();
        let chunk = |id: &str| Raw::chunk(id, "mid1", "1-2/2", "Hi", '$').to(path);
        let (answers, events) = run(
            &mut bob,
            &[
                chunk("tid.1"),
                chunk("tid.2").reports("partial", "yes"),
                chunk("tid.3").reports("no", "yes"),
                Raw::send("tid.4").to(path),
                Raw::report("tid.5", "mid1", "000 200 OK").to(path),
                Raw::new("FOO", "tid.6").to(path),
            ],
        );
        assert_eq!(answers, ["481", "481", "", "481", "", "481"], "{path}");
        assert_eq!(events, [""; 0]);
    }
}

// req: 4975-6.1-1 4975-7.3-1
#[test]
fn a_session_is_found_by_a_uri_that_is_equal_and_spelt_otherwise() {
    let mut bob = Lone::bob();
    let request = Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$')
        .to("MSRP://any@BOB.example:12763/kjhd37s2s20w2a;TCP");
    let (answers, events) = run(&mut bob, &[request]);
    assert_eq!((&answers[0][..], &events[0][..]), ("200", "mid1=Hi"));
}

// req: 4975-7.3.1-1
#[test]
fn one_chunk_without_byte_range_is_the_whole_message() {
    let mut bob = Lone::bob();
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::chunk("tid.1", "mid1", "", "Hi", '$'),
            Raw::chunk("tid.2", "mid2", "1-*/*", "Ho", '$'),
            Raw::chunk("tid.3", "mid3", "1-2/*", "Hu", '$'),
        ],
    );
    assert_eq!(answers, ["200", "200", "200"]);
    assert_eq!(events, ["mid1=Hi", "mid2=Ho", "mid3=Hu"]);
}

// req: 4975-7.1-18 4975-7.1.1-25 4975-5.4-4
#[test]
fn a_bodiless_send_is_no_message_and_an_empty_one_is() {
    let mut bob = Lone::bob();
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::send("tid.1").message("none").range("1-0/0"),
            Raw::chunk("tid.2", "empty", "1-0/0", "", '$'),
            Raw::chunk("tid.3", "bare", "", "", '$'),
        ],
    );
    assert_eq!(answers, ["200", "200", "200"]);
    assert_eq!(events, ["empty=", "bare="]);
}

// req: 4975-7.3.1-3 4975-7.3.1-4 4975-7.1.1-20 4975-7.1.1-25 4976-3-3
#[test]
fn chunks_in_any_order_make_the_message() {
    let chunks = [
        Raw::chunk("tid.1", "mid1", "1-*/10", "abc", '+'),
        Raw::chunk("tid.2", "mid1", "4-*/10", "d", '+'),
        Raw::chunk("tid.3", "mid1", "5-8/*", "efgh", '+'),
        Raw::chunk("tid.4", "mid1", "9-10/10", "ij", '$'),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1], [3, 0, 1, 2]] {
        for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
            let mut bob = Lone::bob_with(Config::default(), bob_expects().receive(mode));
            let (answers, mut events) = run(&mut bob, &order.map(|n: usize| chunks[n].clone()));
            assert_eq!(answers, ["200"; 4]);
            if mode == ReceiveMode::Whole {
                assert_eq!(events, ["mid1=abcdefghij"], "{order:?}");
            } else {
                assert_eq!(events.remove(0), "mid1 starts");
                assert_eq!(events.pop().unwrap(), "mid1 has 10", "{order:?}");
                events.sort();
                assert_eq!(events, ["0:abc", "3:d", "4:efgh", "8:ij"]);
            }
        }
    }
}

// req: 4975-7.3.1-6
#[test]
fn pieces_arrive_before_the_chunk_has_ended() {
    let mut bob = Lone::bob_with(Config::default(), pieces());
    let sent = bob.give(&Raw::chunk("tid.1", "mid1", "1-*/*", "abc", '$').open());
    assert_eq!(sent, []);
    assert_eq!(told(&bob.events()), ["mid1 starts", "0:abc"]);
    let sent = bob.give(b"def\r\n-------tid.1$\r\n");
    assert_eq!(words(&sent), ["200"]);
    assert_eq!(told(&bob.events()), ["3:def", "mid1 has 6"]);
}

// req: 4975-7.3.1-5
#[test]
fn if_chunks_overlap_the_last_one_wins() {
    let mut bob = Lone::bob();
    let (_, events) = run(
        &mut bob,
        &[
            Raw::chunk("tid.1", "mid1", "1-*/8", "aaaaaa", '+'),
            Raw::chunk("tid.2", "mid1", "4-*/8", "bbbbb", '+'),
            Raw::chunk("tid.3", "mid1", "1-*/8", "c", '+'),
            Raw::chunk("tid.4", "mid1", "8-8/8", "d", '$'),
        ],
    );
    assert_eq!(events, ["mid1=caabbbbd"]);
}

// req: 4975-7.3.1-2 4975-7.3.1-3
#[test]
fn the_octets_count_and_not_what_byte_range_says_of_them() {
    let mut bob = Lone::bob();
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::chunk("tid.1", "mid1", "1-5/9", "abc", '+'),
            Raw::chunk("tid.2", "mid1", "4-9/9", "def", '$'),
            Raw::chunk("tid.3", "mid2", "1-7/7", "Hi", '$'),
        ],
    );
    assert_eq!(answers, ["200"; 3]);
    assert_eq!(events, ["WrongByteRange", "mid1=abcdef", "mid2=Hi"]);
    for wrong in ["1-7/7", "1-2/7", "1-3/3", "1-*/3"] {
        let mut bob = Lone::bob_with(strict(), bob_expects());
        let (answers, events) = run(&mut bob, &[Raw::chunk("tid.1", "mid1", wrong, "Hi", '$')]);
        assert_eq!(answers, ["400"], "{wrong}");
        assert_eq!(events, ["mid1 failed: Inconsistent"]);
    }
}

// req: 4975-7.3.1-3
#[test]
fn ends_that_contradict_each_other_are_refused_with_400() {
    let mut bob = Lone::bob();
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::chunk("tid.1", "mid1", "5-6/6", "ef", '$'),
            Raw::chunk("tid.2", "mid1", "7-8/8", "gh", '+'),
            Raw::chunk("tid.3", "mid1", "1-4/6", "abcd", '+'),
            Raw::chunk("tid.4", "mid2", "3-4/4", "cd", '$'),
            Raw::chunk("tid.5", "mid2", "2-3/3", "bc", '$'),
        ],
    );
    assert_eq!(answers, ["200", "400", "400", "200", "400"]);
    assert_eq!(events, ["mid1 failed: Inconsistent", "mid2 failed: Inconsistent"]);
}

// req: 4975-7.1-13
#[test]
fn a_hash_ends_the_message_wherever_it_stands() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        let session = bob_expects().receive(mode);
        // In its only chunk, in a later one, in an empty one, without a body.
        let aborts = [
            vec![Raw::chunk("tid.1", "mid1", "1-*/9", "abc", '#')],
            vec![
                Raw::chunk("tid.1", "mid1", "1-*/9", "abc", '+'),
                Raw::chunk("tid.2", "mid1", "4-*/9", "d", '#'),
            ],
            vec![
                Raw::chunk("tid.1", "mid1", "1-*/9", "abc", '+'),
                Raw::chunk("tid.2", "mid1", "4-*/9", "", '#'),
            ],
            vec![
                Raw::chunk("tid.1", "mid1", "1-*/9", "abc", '+'),
                Raw::send("tid.2").message("mid1").range("4-*/9").flag('#'),
            ],
        ];
        for abort in aborts {
            let mut bob = Lone::bob_with(Config::default(), session.clone());
            let (answers, events) = run(&mut bob, &abort);
            assert_eq!(answers, vec!["200"; abort.len()]);
            let failed = events.iter().filter(|event| *event == "mid1 failed: Aborted").count();
            assert_eq!(failed, 1, "{events:?}");
            assert!(!events.iter().any(|event| event.contains("has") || event.contains('=')));
            // The same Message-ID may start again, and is not a duplicate.
            let (_, events) = run(&mut bob, &[Raw::chunk("tid.9", "mid1", "1-2/2", "Hi", '$')]);
            assert!(!events.last().unwrap().ends_with("again"), "{events:?}");
        }
    }
}

// req: 4975-7.1-18 4975-7.3.1-3
#[test]
fn a_bodiless_send_can_end_a_message() {
    let mut bob = Lone::bob();
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::chunk("tid.1", "mid1", "1-*/*", "abc", '+'),
            Raw::send("tid.2").message("mid1").range("4-3/3").flag('$'),
        ],
    );
    assert_eq!(answers[0], "200");
    // A range that starts after its end makes the head malformed.
    assert!(answers[1] == "200" || answers[1] == "400", "{answers:?}");
    let mut bob = Lone::bob();
    let (answers, ended) = run(
        &mut bob,
        &[
            Raw::chunk("tid.1", "mid1", "1-*/*", "abc", '+'),
            Raw::send("tid.2").message("mid1").range("4-*/3").flag('$'),
        ],
    );
    assert!(ended == ["mid1=abc"] || answers[1] == "400", "{answers:?} {events:?}");
    let mut bob = Lone::bob();
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::chunk("tid.1", "mid1", "1-*/*", "abc", '+'),
            Raw::send("tid.2").message("mid1").range("4-*/*").flag('$'),
        ],
    );
    assert_eq!(answers, ["200", "200"]);
    assert_eq!(events, ["mid1=abc"]);
}

// req: 4975-5.4-16 4975-5.4-17 4975-5.4-18
#[test]
fn a_duplicate_is_marked_and_acknowledged_all_the_same() {
    let mut bob = Lone::bob();
    let chunk = |id: &str| Raw::chunk(id, "mid1", "1-2/2", "Hi", '$').reports("", "yes");
    let (answers, events) = run(&mut bob, &[chunk("tid.1"), chunk("tid.2"), chunk("tid.3")]);
    assert_eq!(answers, ["200 REPORT"; 3]);
    assert_eq!(events, ["mid1=Hi", "mid1=Hi again", "mid1=Hi again"]);
}

// req: 4975-5.4-16
#[test]
fn so_many_message_ids_are_remembered_as_the_limit_says() {
    let mut bob = Lone::bob_with(limited(|limits| limits.remembered_messages = 2), bob_expects());
    let chunk = |name: &str| Raw::chunk("tid.1", name, "1-2/2", "Hi", '$');
    let (_, events) = run(&mut bob, &["one.", "two.", "thre", "two.", "one."].map(chunk));
    assert_eq!(events, ["one.=Hi", "two.=Hi", "thre=Hi", "two.=Hi again", "one.=Hi"]);
}

// req: 4975-5.4-19
#[test]
fn a_message_can_begin_in_its_middle() {
    let mut bob = Lone::bob_with(Config::default(), pieces());
    let (answers, events) = run(&mut bob, &[Raw::chunk("tid.1", "mid1", "4-6/6", "def", '$')]);
    assert_eq!(answers, ["200"]);
    assert_eq!(events, ["mid1 starts", "3:def"]);
}

/// The responses, by Failure-Report, by error, by number of chunks.
// req: 4975-7.1.4-1 4975-7.1.4-3 4975-7.1.4-4 4975-7.1.4-5 4975-7.2-1 4975-7.2-7
// req: 4975-7.3.1-7 4975-5.3-3 4975-7.1.1-10
#[test]
fn failure_report_decides_which_responses_leave() {
    let types = MediaTypes::new("text/plain").unwrap();
    for (mode, good, bad) in
        [("", "200", true), ("yes", "200", true), ("partial", "", true), ("no", "", false)]
    {
        let say = |code: &'static str| if bad { code } else { "" };
        let session = bob_expects().accept_types(types.clone()).max_size(8);
        let fresh = || Lone::bob_with(Config::default(), session.clone());
        let (answers, events) = run(
            &mut fresh(),
            &[
                Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').reports(mode, ""),
                Raw::chunk("tid.2", "mid2", "1-*/4", "ab", '+').reports(mode, ""),
                Raw::chunk("tid.3", "mid2", "3-*/4", "cd", '$').reports(mode, ""),
            ],
        );
        assert_eq!(answers, [good; 3], "good, {mode}");
        assert_eq!(events, ["mid1=Hi", "mid2=abcd"]);

        let image = |id: &str, range: &str, flag: char| {
            Raw::send(id)
                .message("mid3")
                .range(range)
                .reports(mode, "yes")
                .body("image/png", b"ab")
                .flag(flag)
        };
        let (answers, events) = run(&mut fresh(), &[image("tid.1", "1-2/2", '$')]);
        assert_eq!(answers, [say("415")], "type, {mode}");
        assert_eq!(events, ["mid3 failed: UnsupportedType"]);
        let (answers, events) =
            run(&mut fresh(), &[image("tid.1", "1-*/4", '+'), image("tid.2", "3-*/4", '$')]);
        assert_eq!(answers, [say("415"), say("415")], "type in chunks, {mode}");
        assert_eq!(events, ["mid3 failed: UnsupportedType"]);

        let (answers, events) = run(
            &mut fresh(),
            &[Raw::chunk("tid.1", "mid4", "1-9/9", "123456789", '$').reports(mode, "yes")],
        );
        assert_eq!(answers, [say("413")], "size, {mode}");
        assert_eq!(events, ["mid4 failed: TooLarge"]);
        let (answers, events) = run(
            &mut fresh(),
            &[
                Raw::chunk("tid.1", "mid4", "1-*/*", "12345", '+').reports(mode, "yes"),
                Raw::chunk("tid.2", "mid4", "6-*/*", "6789", '+').reports(mode, "yes"),
                Raw::chunk("tid.3", "mid4", "10-*/*", "A", '$').reports(mode, "yes"),
            ],
        );
        assert_eq!(answers, [good, say("413"), say("413")], "size in chunks, {mode}");
        assert_eq!(events, ["mid4 failed: TooLarge"]);
    }
}

// req: 4975-10.5-1
#[test]
fn a_chunk_that_grows_too_large_is_refused_within_it_and_once() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        let session = bob_expects().max_size(2500).receive(mode);
        let mut bob = Lone::bob_with(Config::default(), session);
        let open = Raw::send("tid.1")
            .message("mid1")
            .range("1-*/*")
            .body("text/plain", &filler(2000))
            .open();
        assert_eq!(bob.give(&open), []);
        let sent = bob.give(&filler(600));
        assert_eq!(words(&sent), ["413"], "{mode:?}");
        assert_eq!(bob.give(&filler(9000)), []);
        assert_eq!(bob.give(b"\r\n-------tid.1#\r\n"), []);
        let failed = told(&bob.events());
        assert_eq!(failed.iter().filter(|event| event.contains("failed")).count(), 1, "{failed:?}");
        // The connection continues.
        let (answers, _) = run(&mut bob, &[Raw::chunk("tid.2", "mid2", "1-2/2", "Hi", '$')]);
        assert_eq!(answers, ["200"]);
    }
}

// req: 4975-14.5-4
#[test]
fn an_announced_size_is_not_believed() {
    let huge = bob_expects().max_size(u64::MAX);
    let mut bob = Lone::bob_with(Config::default(), huge);
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::chunk("tid.1", "mid1", "1-*/18446744073709551615", "abc", '+'),
            Raw::chunk("tid.2", "mid2", "1-*/18446744073709551616", "abc", '+'),
            Raw::chunk("tid.3", "mid3", "18446744073709551615-*/*", "abc", '+'),
        ],
    );
    assert_eq!(answers[0], "200");
    assert_eq!(answers[1], "400");
    assert_ne!(answers[2], "200", "{events:?}");
    let mut bob = Lone::bob();
    let (answers, events) =
        run(&mut bob, &[Raw::chunk("tid.1", "mid1", "1-*/18446744073709551615", "abc", '+')]);
    assert_eq!((&answers[0][..], &events[0][..]), ("413", "mid1 failed: TooLarge"));
}

// req: 4975-7.3.1-8 4975-13-5 4975-7.3.1-7 4975-14.3-1
#[test]
fn containers_are_taken_and_what_is_in_cpim_is_looked_at() {
    let types = || MediaTypes::new("text/plain").unwrap().wrapped("text/html").unwrap();
    let cpim = |inner: &str| {
        format!("From: <im:a@a.example>\r\nTo: <im:b@b.example>\r\n\r\nContent-Type: {inner}\r\n\r\nbody").into_bytes()
    };
    let ask = |id: &str, kind: &str, body: &[u8]| {
        Raw::send(id).message(id).range(&format!("1-{0}/{0}", body.len())).body(kind, body)
    };
    let mut bob = Lone::bob_with(Config::default(), bob_expects().accept_types(types()));
    let (answers, events) = run(
        &mut bob,
        &[
            ask("tid.1", "multipart/mixed; boundary=x", b"--x--"),
            ask("tid.2", "multipart/alternative; boundary=x", b"--x--"),
            ask("tid.3", "message/cpim", &cpim("text/html")),
            ask("tid.4", "message/cpim", &cpim("image/png")),
            ask("tid.5", "text/html", b"<p>"),
            ask("tid.6", "TEXT/Plain;charset=utf-8", b"x"),
            ask("tid.7", "multipart/signed; boundary=x", b"--x--"),
            ask("tid.8", "message/cpim", &cpim("\r\n text/html;\r\n\tcharset=utf-8")),
        ],
    );
    assert_eq!(answers, ["200", "200", "200", "415", "415", "200", "200", "200"]);
    let failed: Vec<_> = events.iter().filter(|event| event.contains("failed")).collect();
    assert_eq!(failed, ["tid.4 failed: UnsupportedType", "tid.5 failed: UnsupportedType"]);
}

// req: 4975-7.3.1-7
#[test]
fn what_is_in_cpim_is_looked_at_in_a_message_of_several_chunks_too() {
    let types = MediaTypes::new("text/plain").unwrap();
    let mut bob = Lone::bob_with(Config::default(), bob_expects().accept_types(types));
    let cpim = b"From: <im:a@a.example>\r\n\r\nContent-Type: image/png\r\n\r\nbody";
    let (one, two) = cpim.split_at(30);
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::send("tid.1").message("mid1").range("1-*/*").body("message/cpim", one).flag('+'),
            Raw::send("tid.2").message("mid1").range("31-*/*").body("message/cpim", two),
        ],
    );
    assert_eq!(answers, ["200", "415"]);
    assert_eq!(events, ["mid1 failed: UnsupportedType"]);
}

// req: 4975-7.1-4
#[test]
fn a_message_without_a_type_is_refused_with_400() {
    let mut bob = Lone::bob();
    let typeless = |id: &str, range: &str, body: &str, flag: char| {
        let text = format!(
            "MSRP {id} SEND\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\nMessage-ID: mid1\r\nByte-Range: {range}\r\n\r\n{body}\r\n-------{id}{flag}\r\n"
        );
        text.into_bytes()
    };
    assert_eq!(words(&bob.give(&typeless("tid.1", "1-2/2", "Hi", '$'))), ["400"]);
    assert_eq!(told(&bob.events()), ["mid1 failed: Inconsistent"]);
    // Some stacks omit it from later chunks.
    let mut bob = Lone::bob();
    bob.give(&Raw::chunk("tid.1", "mid1", "1-*/4", "ab", '+').octets());
    assert_eq!(words(&bob.give(&typeless("tid.2", "3-4/4", "cd", '$'))), ["200"]);
    assert_eq!(told(&bob.events()), ["MissingContentType", "mid1=abcd"]);
    let mut bob = Lone::bob_with(strict(), bob_expects());
    bob.give(&Raw::chunk("tid.1", "mid1", "1-*/4", "ab", '+').octets());
    assert_eq!(words(&bob.give(&typeless("tid.2", "3-4/4", "cd", '$'))), ["400"]);
}

// req: 4975-7.1.1-2
#[test]
fn a_message_without_a_message_id_is_refused_with_400() {
    let mut bob = Lone::bob();
    let (answers, events) = run(&mut bob, &[Raw::send("tid.1").body("text/plain", b"Hi")]);
    assert_eq!((answers, events), (vec!["400".into()], vec![]));
}

// req: 4975-7.1-10 4975-7.2-1
#[test]
fn a_malformed_request_is_refused_with_400_and_affects_no_other() {
    let mut bob = Lone::bob();
    bob.give(&Raw::chunk("tid.1", "good", "1-*/4", "ab", '+').octets());
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::chunk("tid.2", "bad1", "0-2/2", "Hi", '$'),
            Raw::chunk("tid.3", "bad2", "1-2/2", "Hi", '$').header("Failure-Report", "maybe"),
            Raw::send("tid.4").header("Message-ID", "bad 3"),
            Raw::chunk("tid.5", "bad4", "x", "Hi", '$').reports("no", ""),
            Raw::report("tid.6", "bad5", "abc").to(BOB).from(ALICE),
            Raw::chunk("tid.7", "good", "3-*/4", "cd", '$'),
        ],
    );
    assert_eq!(answers, ["400", "400", "400", "", "", "200"]);
    assert_eq!(events, ["good=abcd"]);
}

// req: 4975-7.3.1-7 4975-10.5-1
#[test]
fn the_application_can_reject_a_message_that_is_coming_in() {
    // Within a chunk: the response leaves at once, and again for every later chunk.
    let mut bob = Lone::bob_with(Config::default(), pieces());
    bob.give(&Raw::chunk("tid.1", "mid1", "1-*/99", "abc", '+').open());
    let key = key_of(&bob.events());
    assert!(bob.side.connection.reject(key, StatusCode::FORBIDDEN).is_ok());
    assert!(bob.side.connection.reject(key, StatusCode::FORBIDDEN).is_err());
    assert_eq!(words(&bob.drain()), ["403"]);
    assert_eq!(bob.give(b"more\r\n-------tid.1+\r\n"), []);
    let (answers, events) = run(&mut bob, &[Raw::chunk("tid.2", "mid1", "8-*/99", "x", '$')]);
    assert_eq!(answers, ["403"]);
    assert_eq!(events, ["mid1 failed: Rejected"]);
    // Between chunks: a REPORT on the octets so far, and the response to the next one.
    let mut bob = Lone::bob_with(Config::default(), pieces());
    bob.give(&Raw::chunk("tid.1", "mid1", "1-*/99", "abc", '+').octets());
    let key = key_of(&bob.events());
    assert!(bob.side.connection.reject(key, StatusCode::STOP_SENDING).is_ok());
    let sent = bob.drain();
    assert_eq!(words(&sent), ["REPORT"]);
    assert_eq!(sent[0].range(), "1-3/99");
    let (answers, _) = run(&mut bob, &[Raw::chunk("tid.2", "mid1", "4-*/99", "x", '+')]);
    assert_eq!(answers, ["413"]);
    // After the end there is nothing to reject.
    let mut bob = Lone::bob_with(Config::default(), pieces());
    bob.give(&Raw::chunk("tid.1", "mid1", "1-3/3", "abc", '$').octets());
    let key = key_of(&bob.events());
    assert!(bob.side.connection.reject(key, StatusCode::STOP_SENDING).is_err());
}

// req: 4975-7.2-1
#[test]
fn responses_leave_in_the_order_of_their_requests_and_once_each() {
    let mut bob = Lone::bob();
    let octets: Vec<u8> = (0..50)
        .flat_map(|n| {
            Raw::chunk(&format!("tid{n}"), &format!("mid{n}"), "1-2/2", "Hi", '$').octets()
        })
        .collect();
    let sent = bob.give(&octets);
    let ids: Vec<_> = sent.iter().map(|frame: &Sent| frame.id.clone()).collect();
    assert_eq!(ids, (0..50).map(|n| format!("tid{n}")).collect::<Vec<_>>());
}

#[test]
fn too_many_ranges_are_refused_and_too_many_messages_make_way_with_413() {
    let config = limited(|limits| (limits.message_ranges, limits.incoming_messages) = (2, 2));
    let mut bob = Lone::bob_with(config, bob_expects());
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::chunk("tid.1", "mid1", "1-*/*", "a", '+'),
            Raw::chunk("tid.2", "mid1", "3-*/*", "c", '+'),
            Raw::chunk("tid.3", "mid2", "1-*/*", "a", '+'),
            Raw::chunk("tid.4", "mid3", "1-*/*", "a", '+'),
            Raw::chunk("tid.5", "mid1", "5-*/*", "e", '+'),
        ],
    );
    // The one without progress for the longest time makes way, not the newcomer.
    assert_eq!(answers, ["200", "200", "200", "REPORT 200", "413"]);
    assert_eq!(events, ["mid1 failed: Evicted"]);
    let (answers, events) = run(
        &mut bob,
        &[
            Raw::chunk("tid.6", "mid2", "3-*/*", "a", '+'),
            Raw::chunk("tid.7", "mid2", "5-*/*", "a", '+'),
            Raw::chunk("tid.8", "mid4", "1-*/*", "a", '+'),
        ],
    );
    assert_eq!(answers, ["200", "413", "200"]);
    assert_eq!(events, ["mid2 failed: TooManyRanges"]);
}

// The memory of refused messages is bounded like that of incoming ones.
#[test]
fn the_memory_of_refused_messages_is_limited() {
    let types = MediaTypes::new("text/plain").unwrap();
    let config = limited(|limits| {
        limits.incoming_messages = 2;
        limits.remembered_messages = 2;
    });
    let mut bob = Lone::bob_with(config, bob_expects().accept_types(types));
    let image = |name: &str| {
        Raw::send("tid.1").message(name).range("1-*/9").body("image/png", b"a").flag('+')
    };
    let (answers, events) = run(&mut bob, &["one.", "two.", "thre", "four", "one."].map(image));
    assert_eq!(answers, ["415"; 5]);
    let failed = ["one.", "two.", "thre", "four", "one."]
        .map(|name| format!("{name} failed: UnsupportedType"));
    assert_eq!(events, failed);
    // An incoming message is never forgotten for them.
    run(&mut bob, &[Raw::chunk("tid.2", "good", "1-*/4", "ab", '+')]);
    run(&mut bob, &["five", "six.", "sevn"].map(image));
    let (answers, events) = run(&mut bob, &[Raw::chunk("tid.3", "good", "3-*/4", "cd", '$')]);
    assert_eq!((&answers[0][..], &events[0][..]), ("200", "good=abcd"));
}

// req: 4975-7.2-6
#[test]
fn what_a_message_says_can_be_read() {
    let mut bob = Lone::bob();
    bob.give(&Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').header("X-Foo", "bar").octets());
    let events = bob.events();
    let [Event::Message { received: message, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(message.session(), bob.session);
    assert_eq!(message.content_type(), "text/plain");
    assert_eq!(message.announced_size(), Some(2));
    assert!(message.head().headers().any(|header| header == ("X-Foo", "bar")));
}

#[test]
fn a_session_that_ends_ends_what_is_coming_in() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        let mut bob = Lone::bob_with(Config::default(), bob_expects().receive(mode));
        bob.give(&Raw::chunk("tid.1", "mid1", "1-*/9", "abc", '+').octets());
        bob.give(&Raw::chunk("tid.2", "mid2", "1-*/9", "abc", '+').open());
        assert!(bob.side.connection.close_session(bob.session).is_ok());
        let answered = String::from_utf8(bob.side.drain(bob.now)).unwrap();
        assert!(answered.starts_with("MSRP tid.2 481 "), "{answered}");
        let sent = bob.give(b"\r\n-------tid.2+\r\n");
        assert_eq!(sent, []);
        let events = bob.events();
        let failed: Vec<_> = events
            .iter()
            .filter(|event| {
                matches!(event, Event::MessageFailed { reason: FailReason::SessionClosed, .. })
            })
            .collect();
        assert_eq!(failed.len(), 2, "{events:?}");
        assert!(matches!(events.last(), Some(Event::SessionClosed { .. })));
    }
}

// A body may contain any octets: an end-line without a CRLF before it is data
// (erratum 4177).
// req: 4975-9-12 4975-7.1-17 4975-7.1-10
#[test]
fn near_misses_of_the_end_line_are_body() {
    let body = b"\0\r\n-------tid.2$\r\n-------tid.1\r\n-------tid.1$x------tid.1$\r\nabc-------tid.1$\r\n\r\n";
    let mut bob = Lone::bob();
    let request = Raw::send("tid.1").message("mid1").range("1-*/*").body("text/plain", body);
    for octet in request.octets() {
        bob.side.feed(bob.now, &[octet]);
    }
    let events = bob.events();
    let [Event::Message { body: got, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(&got[..], body);
    assert!(!events.contains(&Event::Tolerated(Tolerance::WrongByteRange)));
}

#[test]
fn a_limit_of_no_ranges_lets_only_whole_messages_in() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        let config = limited(|limits| limits.message_ranges = 0);
        let mut bob = Lone::bob_with(config, bob_expects().receive(mode));
        let (answers, events) = run(&mut bob, &[Raw::chunk("tid.1", "mid1", "1-*/4", "ab", '+')]);
        assert_eq!(answers, ["413"]);
        assert_eq!(events.last().unwrap(), "mid1 failed: TooManyRanges");
    }
}
