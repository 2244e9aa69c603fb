//! A receiver that runs for long: what never ends, what comes too late, and what
//! takes up its limits.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::wire::{Lone, Raw, filler, words};
use common::{ALICE, BOB, Pair, Side, alice_opens, bob_expects};
use msrp::wire::FailureReport;
use msrp::{
    Bind, Config, Event, Limits, MediaTypes, MessageMemory, Outcome, OutgoingMessage, ReceiveMode,
    ResponseMode, Role, SessionConfig, SessionTable, StatusCode, Tolerances,
};

const MODES: [ReceiveMode; 2] = [ReceiveMode::Whole, ReceiveMode::Pieces];
const BOB_TWO: &str = "msrp://bob.example:12763/two;tcp";
const SECOND: Duration = Duration::from_secs(1);

fn limited(set: impl FnOnce(&mut Limits)) -> Config {
    let mut config = Config::default();
    set(&mut config.limits);
    config
}

fn bob(config: Config, mode: ReceiveMode) -> Lone {
    Lone::bob_with(config, bob_expects().receive(mode))
}

fn file(len: usize) -> OutgoingMessage {
    OutgoingMessage::new("application/octet-stream".parse().unwrap(), filler(len))
}

/// The first chunk of a message that has more.
fn begun(id: &str) -> Raw {
    Raw::chunk("t.one", id, "1-*/*", "abc", '+')
}

fn whole(id: &str) -> Raw {
    Raw::chunk("t.whole", id, "1-2/2", "Hi", '$')
}

fn messages(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Message { .. })).count()
}

/// The messages that were received, with `again` for duplicates, and why others failed.
fn told(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Message { received, .. } | Event::MessageCompleted { received, .. } => {
                let again = if received.is_duplicate() { " again" } else { "" };
                Some(format!("{}{again}", received.message_id().as_str()))
            }
            Event::MessageFailed { received, reason } => {
                Some(format!("{} {reason:?}", received.message_id().as_str()))
            }
            _ => None,
        })
        .collect()
}

/// A fresh message is accepted, in one chunk and in two.
fn assert_lives(bob: &mut Lone) {
    // An older one may make way, which is reported.
    assert_eq!(words(&bob.give(&whole("fresh1").octets())).last(), Some(&"200"));
    assert_eq!(words(&bob.give(&begun("fresh2").octets())).last(), Some(&"200"));
    let rest = Raw::chunk("t.rest", "fresh2", "4-*/*", "def", '$');
    assert_eq!(words(&bob.give(&rest.octets())), ["200"]);
    let mut events = told(&bob.events());
    events.retain(|event| event.starts_with("fresh"));
    assert_eq!(events, ["fresh1", "fresh2"]);
}

// Bursts.

#[test]
fn bursts_of_more_messages_than_may_be_unfinished_all_arrive() {
    for (count, len) in [(70, 200_000), (300, 10_000)] {
        let mut pair = Pair::with(Config::default(), Config::default(), bob_expects());
        let session = pair.open();
        for _ in 0..4 {
            for _ in 0..count {
                pair.alice.connection.send(session, file(len)).unwrap();
            }
            pair.settle();
            let outcomes = pair.alice.outcomes();
            let accepted = outcomes.iter().filter(|it| it.outcome == Outcome::Accepted).count();
            assert_eq!((accepted, messages(&pair.bob.events())), (count, count));
        }
    }
}

// Messages that do not end.

#[test]
fn abandoned_messages_make_way_for_new_ones() {
    for mode in MODES {
        let mut bob = bob(Config::default(), mode);
        for n in 0..500 {
            // What makes way is reported.
            let expected: &[&str] = if n < 64 { &["200"] } else { &["REPORT", "200"] };
            assert_eq!(words(&bob.give(&begun(&format!("gone{n}")).octets())), expected);
        }
        let events = told(&bob.events());
        let expected: Vec<_> = (0..436).map(|n| format!("gone{n} Evicted")).collect();
        assert_eq!(events, expected, "{mode:?}");
        assert_lives(&mut bob);
    }
}

#[test]
fn an_abandoned_message_has_a_deadline() {
    for mode in MODES {
        let mut bob = bob(Config::default(), mode);
        let before = bob.side.connection.footprint().held;
        bob.give(&begun("gone1").octets());
        bob.advance(60 * SECOND);
        bob.give(&begun("gone2").octets());
        bob.give(&Raw::chunk("t.two", "gone1", "4-*/*", "d", '+').octets());
        bob.events();
        let start = bob.now;
        bob.advance(119 * SECOND);
        assert_eq!(told(&bob.events()), [""; 0]);
        assert_eq!(bob.side.connection.poll_timeout(), Some(start + 120 * SECOND));
        bob.advance(SECOND);
        assert_eq!(told(&bob.events()), ["gone2 TimedOut", "gone1 TimedOut"]);
        assert_eq!(words(&bob.drain()), ["REPORT", "REPORT"]);
        assert_eq!(bob.side.connection.poll_timeout(), None);
        assert_eq!(bob.side.connection.footprint().held, before);
        // What still comes of them has one answer, and no event.
        for _ in 0..3 {
            let late = Raw::chunk("t.late", "gone1", "5-*/*", "e", '+');
            assert_eq!(words(&bob.give(&late.octets())), ["408"]);
        }
        assert_eq!(told(&bob.events()), [""; 0]);
        assert_lives(&mut bob);
    }
}

#[test]
fn any_octet_is_progress() {
    for mode in MODES {
        let mut bob = bob(Config::default(), mode);
        bob.give(&begun("slow").octets());
        for n in 4..40 {
            bob.advance(100 * SECOND);
            // Every other chunk repeats the octet before it.
            let range = format!("{}-*/*", n / 2 + 2);
            let chunk = Raw::chunk("t.more", "slow", &range, "x", '+');
            assert_eq!(words(&bob.give(&chunk.octets())), ["200"]);
        }
        assert_eq!(told(&bob.events()), [""; 0]);
    }
}

#[test]
fn an_empty_chunk_is_no_progress() {
    let mut bob = bob(Config::default(), ReceiveMode::Whole);
    bob.give(&begun("still").octets());
    bob.advance(100 * SECOND);
    bob.give(&Raw::chunk("t.none", "still", "4-*/*", "", '+').octets());
    bob.advance(20 * SECOND);
    assert_eq!(told(&bob.events()), ["still TimedOut"]);
}

#[test]
fn the_one_without_progress_for_the_longest_time_makes_way() {
    for mode in MODES {
        let mut bob = bob(limited(|limits| limits.incoming_messages = 3), mode);
        for id in ["one.", "two.", "thre"] {
            bob.give(&begun(id).octets());
        }
        // All at the same moment: the order counts.
        for (id, at) in [("one.", 4), ("thre", 4), ("one.", 5)] {
            bob.give(&Raw::chunk("t.more", id, &format!("{at}-*/*"), "x", '+').octets());
        }
        for id in ["four", "five", "six."] {
            bob.give(&begun(id).octets());
        }
        assert_eq!(told(&bob.events()), ["two. Evicted", "thre Evicted", "one. Evicted"]);
        let late = Raw::chunk("t.late", "two.", "4-*/*", "x", '$');
        assert_eq!(words(&bob.give(&late.octets())), ["413"]);
        assert_eq!(told(&bob.events()), [""; 0]);
    }
}

#[test]
fn a_message_in_one_chunk_takes_no_place() {
    let mut bob = bob(limited(|limits| limits.incoming_messages = 1), ReceiveMode::Whole);
    bob.give(&begun("long").octets());
    for _ in 0..3 {
        assert_eq!(words(&bob.give(&whole("text").octets())), ["200"]);
    }
    bob.give(&Raw::chunk("t.rest", "long", "4-*/*", "def", '$').octets());
    assert_eq!(told(&bob.events()), ["text", "text again", "text again", "long"]);
}

#[test]
fn a_pause_of_our_own_is_no_silence_of_the_peer() {
    let mut bob = bob(limited(|limits| limits.events = 0), ReceiveMode::Pieces);
    let mut input = bytes::BytesMut::from(&begun("long").octets()[..]);
    while !input.is_empty() {
        bob.side.connection.receive(bob.now, &mut input).unwrap();
        if !input.is_empty() {
            bob.side.connection.poll_event();
        }
    }
    bob.side.feed(bob.now, &begun("next").octets());
    // Events wait: nothing is read for an hour.
    let mut input = bytes::BytesMut::from(&begun("last").octets()[..]);
    bob.side.connection.receive(bob.now, &mut input).unwrap();
    assert!(!bob.side.connection.wants_read());
    while bob.side.connection.poll_transmit(bob.now).is_some() {}
    bob.now += 3_600 * SECOND;
    bob.side.connection.handle_timeout(bob.now);
    let events = bob.events();
    assert_eq!(told(&events), [""; 0]);
    // Reading goes on, and the time starts anew.
    bob.side.connection.handle_timeout(bob.now);
    bob.side.feed(bob.now, &input);
    bob.drain();
    bob.advance(119 * SECOND);
    assert_eq!(told(&bob.events()), [""; 0]);
    for _ in 0..3 {
        bob.advance(SECOND);
    }
    assert_eq!(told(&bob.events()).len(), 3);
}

// What comes after the end.

#[test]
fn late_chunks_of_a_complete_message_leave_no_trace() {
    for mode in MODES {
        let mut bob = bob(Config::default(), mode);
        bob.give(&begun("done").octets());
        bob.give(&Raw::chunk("t.two", "done", "4-6/6", "def", '$').octets());
        bob.give(&whole("text").octets());
        assert_eq!(told(&bob.events()), ["done", "text"]);
        let before = bob.side.connection.footprint();
        for (id, at, text, flag) in [
            ("done", 1, "abc", '+'),
            ("done", 4, "def", '$'),
            ("done", 4, "def", '+'),
            ("done", 2, "bc", '#'),
            ("done", 1, "abc", '#'),
            ("text", 1, "H", '+'),
            ("text", 2, "i", '$'),
            ("done", 90, "beyond", '+'),
        ] {
            let late = Raw::chunk("t.late", id, &format!("{at}-*/*"), text, flag);
            assert_eq!(words(&bob.give(&late.octets())), ["200"], "{id} {at} {flag}");
        }
        // An application that takes pieces has learnt that the first chunk came again.
        let again: &[&str] = match mode {
            ReceiveMode::Whole => &[],
            ReceiveMode::Pieces => &["done Duplicate", "done Duplicate", "text Duplicate"],
        };
        assert_eq!(told(&bob.events()), again);
        assert_eq!(bob.side.connection.footprint(), before);
        assert_lives(&mut bob);
    }
}

#[test]
fn a_message_that_comes_again_in_one_chunk_is_a_duplicate() {
    for mode in MODES {
        let long = filler(5_000);
        let chunk = Raw::send("t.long").message("long").range("1-*/5000").body("a/b", &long);
        for split in [1, 700, 10_000] {
            let mut bob = bob(Config::default(), mode);
            for _ in 0..2 {
                for part in chunk.octets().chunks(split) {
                    bob.side.feed(bob.now, part);
                }
            }
            assert_eq!(words(&bob.drain()), ["200", "200"]);
            assert_eq!(told(&bob.events()), ["long", "long again"]);
        }
    }
}

#[test]
fn reports_on_a_repeated_message_are_repeated() {
    let mut bob = Lone::bob();
    let ask = |raw: Raw| raw.reports("", "yes").octets();
    bob.give(&ask(begun("done")));
    let last = ask(Raw::chunk("t.two", "done", "4-6/6", "def", '$'));
    assert_eq!(words(&bob.give(&last)), ["200", "REPORT"]);
    let sent = bob.give(&ask(begun("done")));
    assert_eq!((words(&sent), sent[1].range()), (vec!["200", "REPORT"], "1-3/*"));
    let sent = bob.give(&last);
    assert_eq!((words(&sent), sent[1].range()), (vec!["200", "REPORT"], "4-6/6"));
}

#[test]
fn late_chunks_of_refused_messages_take_no_place() {
    for mode in MODES {
        let session = bob_expects().receive(mode).max_size(1_000);
        let mut bob = Lone::bob_with(Config::default(), session);
        let before = bob.side.connection.footprint().held;
        for n in 0..100 {
            let id = format!("large{n}");
            for at in [1, 500, 1] {
                let chunk = Raw::chunk("t.part", &id, &format!("{at}-*/2000"), "x", '+');
                assert_eq!(words(&bob.give(&chunk.octets())), ["413"]);
            }
        }
        assert_eq!(told(&bob.events()).len(), 100);
        assert_eq!(bob.side.connection.footprint().held, before);
        assert_lives(&mut bob);
    }
}

#[test]
fn a_limit_of_no_messages_is_told_once_for_each() {
    let mut bob = bob(limited(|limits| limits.incoming_messages = 0), ReceiveMode::Whole);
    for _ in 0..3 {
        assert_eq!(words(&bob.give(&whole("text").octets())), ["413"]);
    }
    assert_eq!(told(&bob.events()), ["text TooManyMessages"]);
}

// Messages that wait for the application.

#[test]
fn unanswered_messages_pause_reading_and_none_is_lost() {
    let session = bob_expects().responses(ResponseMode::Application);
    let mut bob = Lone::bob_with(Config::default(), session);
    bob.give(&begun("long").octets());
    let input: Vec<u8> = (0..200).flat_map(|n| whole(&format!("text{n}")).octets()).collect();
    bob.side.feed(bob.now, &input);
    let (mut told, mut answers) = (0, bob.drain());
    for round in 0.. {
        let keys: Vec<_> = bob
            .events()
            .into_iter()
            .map(|event| match event {
                Event::Message { received, .. } => received.key(),
                other => panic!("{other:?}"),
            })
            .collect();
        if keys.is_empty() {
            break;
        }
        assert!(keys.len() <= 64 && (keys.len() == 64) != bob.side.connection.wants_read());
        told += keys.len();
        // The pause of this side is no silence of the peer.
        if !bob.side.connection.wants_read() {
            bob.advance(3_600 * SECOND);
        }
        for key in keys {
            if round == 1 {
                bob.side.connection.reject(key, StatusCode::FORBIDDEN).unwrap();
            } else {
                bob.side.connection.accept(key).unwrap();
            }
        }
        bob.side.connection.handle_timeout(bob.now);
        bob.side.feed(bob.now, b"");
        answers.extend(bob.drain());
    }
    assert_eq!(told, 200);
    // Each pause of an hour has led to one sign of life, which nobody took any earlier.
    let (signs, answers): (Vec<_>, Vec<_>) = answers.into_iter().partition(|it| it.what == "SEND");
    assert_eq!(signs.len(), 3);
    assert_eq!(answers.len(), 200);
    assert_eq!(answers.iter().filter(|it| it.what == "403").count(), 64);
    assert!(!answers.iter().any(|it| it.what == "413"));
}

// Shares.

#[test]
fn octets_of_one_session_do_not_take_the_room_of_another() {
    let mut bob = bob(limited(|limits| limits.incoming_octets = 100_000), ReceiveMode::Whole);
    bob.table.insert(SessionConfig::expected(BOB_TWO.parse().unwrap())).unwrap();
    let part = |id: &str, len: usize| {
        Raw::send("t.part").message(id).range("1-*/*").body("a/b", &filler(len)).flag('+')
    };
    for n in 0..30 {
        bob.give(&part(&format!("hog{n}"), 10_000).octets());
    }
    let before = told(&bob.events());
    assert!(before.iter().all(|it| it.starts_with("hog") && it.ends_with("Evicted")), "{before:?}");
    // The other session has what it needs, at the expense of the first alone.
    for n in 0..3 {
        let chunk = part(&format!("mine{n}"), 9_000).to(BOB_TWO);
        let sent = bob.give(&chunk.octets());
        assert_eq!(words(&sent).last(), Some(&"200"));
    }
    let during = told(&bob.events());
    assert!(during.iter().all(|it| it.starts_with("hog")), "{during:?}");
    for n in 0..3 {
        let last = Raw::chunk("t.last", &format!("mine{n}"), "9001-*/*", "x", '$').to(BOB_TWO);
        let sent = bob.give(&last.octets());
        assert_eq!(words(&sent).last(), Some(&"200"));
    }
    let mut events = told(&bob.events());
    events.retain(|event| !event.starts_with("hog"));
    assert_eq!(events, ["mine0", "mine1", "mine2"]);
}

#[test]
fn what_alone_exceeds_the_limit_is_refused() {
    let mut bob = bob(limited(|limits| limits.incoming_octets = 20_000), ReceiveMode::Whole);
    bob.give(&begun("small").octets());
    let chunk = Raw::send("t.part").message("large").range("1-*/*").body("a/b", &filler(50_000));
    let octets = chunk.octets();
    for part in octets.chunks(1_000) {
        bob.side.feed(bob.now, part);
    }
    assert_eq!(words(&bob.drain()), ["REPORT", "413"]);
    assert_eq!(told(&bob.events()), ["small Evicted", "large NoRoom"]);
    assert_lives(&mut bob);
}

// Chunks that cannot belong to their message.

#[test]
fn a_later_chunk_without_a_range_is_refused() {
    for mode in MODES {
        for flag in ['+', '$'] {
            let mut bob = bob(Config::default(), mode);
            bob.give(&begun("mid1").octets());
            let chunk = Raw::chunk("t.two", "mid1", "", "XYZ", flag);
            assert_eq!(words(&bob.give(&chunk.octets())), ["400"]);
            assert_eq!(told(&bob.events()), ["mid1 Inconsistent"]);
            let late = Raw::chunk("t.late", "mid1", "4-*/*", "def", '$');
            assert_eq!(words(&bob.give(&late.octets())), ["400"]);
            assert_eq!(told(&bob.events()), [""; 0]);
            assert_lives(&mut bob);
        }
        // One without octets can end the message.
        let mut bob = bob(Config::default(), mode);
        bob.give(&begun("mid1").octets());
        assert_eq!(
            words(&bob.give(&Raw::send("t.two").message("mid1").flag('#').octets())),
            ["200"]
        );
        assert_eq!(told(&bob.events()), ["mid1 Aborted"]);
    }
}

// Weights.

/// What the events weigh that wait when reading pauses.
fn fill_events(bob: &mut Lone, octets: &[u8], capacity: usize, read: usize) -> Vec<Event> {
    let mut input = bytes::BytesMut::with_capacity(capacity);
    for part in octets.chunks(read) {
        if input.capacity() - input.len() < part.len() {
            input.reserve(capacity);
        }
        input.extend_from_slice(part);
        bob.side.connection.receive(bob.now, &mut input).unwrap();
        if !bob.side.connection.wants_read() {
            break;
        }
    }
    bob.events()
}

#[test]
fn heads_count_among_the_octets_of_events() {
    let mut bob = Lone::bob();
    let large = whole("text").header("X-Large", &"x".repeat(15_000)).octets();
    let events = fill_events(&mut bob, &large.repeat(1_000), 64 * 1024, 64 * 1024);
    assert!((60..=80).contains(&events.len()), "{}", events.len());
    // So does the event itself.
    let mut bob = Lone::bob();
    let events = fill_events(&mut bob, &whole("text").octets().repeat(5_000), 64 * 1024, 1_448);
    assert!(events.len() < 2_048, "{}", events.len());
}

#[test]
fn few_octets_do_not_keep_a_large_buffer() {
    let mut bob = bob(Config::default(), ReceiveMode::Pieces);
    let chunk = Raw::send("t.long").message("long").range("1-*/*").body("a/b", &filler(900_000));
    let octets = chunk.open();
    // Each read has a buffer of 64 KiB of its own, as a pool would give it.
    let mut kept = Vec::new();
    for part in octets.chunks(1_448) {
        let mut input = bytes::BytesMut::with_capacity(64 * 1024);
        input.extend_from_slice(part);
        let buffer = input.as_ptr_range();
        bob.side.connection.receive(bob.now, &mut input).unwrap();
        for event in bob.events() {
            if let Event::Piece { data, .. } = event {
                assert!(!buffer.contains(&data.as_ptr()), "a slice of a large buffer");
                kept.push(data);
            }
        }
    }
    assert!(kept.len() > 600);
    // A large share of a buffer is not copied.
    let mut input = bytes::BytesMut::from(&filler(60_000)[..]);
    let buffer = input.as_ptr_range();
    bob.side.connection.receive(bob.now, &mut input).unwrap();
    let events = bob.events();
    let [Event::Piece { data, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(buffer.contains(&data.as_ptr()));
}

#[test]
fn heads_count_among_the_octets_of_unfinished_messages() {
    for mode in MODES {
        let mut bob = bob(limited(|limits| limits.incoming_octets = 100_000), mode);
        let large =
            |n: usize| begun(&format!("large{n}")).header("X-Large", &"x".repeat(15_000)).octets();
        for n in 0..60 {
            bob.give(&large(n));
            let held = bob.side.connection.footprint().held["unfinished octets"];
            assert!(held <= 100_000, "{held}");
        }
        assert_eq!(told(&bob.events()).len(), 54);
    }
}

#[test]
fn heads_of_waiting_messages_pause_reading() {
    let session = bob_expects().responses(ResponseMode::Application);
    let mut bob = Lone::bob_with(limited(|limits| limits.incoming_octets = 100_000), session);
    let large = whole("text").header("X-Large", &"x".repeat(15_000)).octets();
    bob.side.feed(bob.now, &large.repeat(20));
    assert_eq!(messages(&bob.events()), 7);
    assert!(!bob.side.connection.wants_read());
}

// What opens a session, and what is refused outside of messages.

/// Bob before anybody has bound his session.
fn unbound(config: Config, session: SessionConfig) -> Lone {
    let mut bob = Lone::bob_with(Config::default(), bob_expects());
    let table = SessionTable::new(4);
    table.insert(session).unwrap();
    bob.side = Side::new(config, Role::Passive, 3, bob.now).with_table(&table);
    bob.table = table;
    bob
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events
        .iter()
        .map(|event| match event {
            Event::SessionOpened { .. } => "opened",
            Event::SessionClosed { .. } => "closed",
            Event::Message { .. } => "message",
            Event::MessageStarted { .. } => "started",
            Event::Piece { .. } => "piece",
            Event::MessageCompleted { .. } => "completed",
            Event::MessageFailed { .. } => "failed",
            Event::NicknameRequested { .. } => "nickname",
            Event::Tolerated(_) => "tolerated",
            Event::Closed(_) => "end",
            _ => "other",
        })
        .collect()
}

#[test]
fn an_accepted_request_opens_the_session_and_a_refused_one_does_not() {
    let types = || MediaTypes::new("text/plain").unwrap();
    let session = |mode| bob_expects().receive(mode).accept_types(types()).max_size(100);
    let image = || Raw::send("t.image").message("image").range("1-*/*").body("image/png", b"x");
    let refused = [
        (image(), "415"),
        (image().flag('+'), "415"),
        (Raw::chunk("t.big", "big1", "1-*/500", "x", '+'), "413"),
        (Raw::chunk("t.grows", "grows", "1-*/*", &"x".repeat(101), '$'), "413"),
        (Raw::chunk("t.wrong", "wrong", "1-5/5", "four", '$').reports("", "yes"), "400"),
        (Raw::send("t.none").body("text/plain", b"no id"), "400"),
        (Raw::send("t.bare"), "400"),
        (Raw::new("FOO", "t.foo"), "501"),
        (Raw::new("NICKNAME", "t.nick").header("Use-Nickname", "\"Al\""), "501"),
        (Raw::chunk("t.bad", "bad1", "0-1/1", "x", '$'), "400"),
    ];
    for mode in MODES {
        for (request, status) in &refused {
            let mut config = Config::default();
            config.parse.tolerances = Tolerances::none();
            for split in [1, 1_000] {
                let mut bob = unbound(config.clone(), session(mode));
                for part in request.octets().chunks(split) {
                    bob.side.feed(bob.now, part);
                }
                let events = bob.events();
                if names(&events).starts_with(&["opened", "started"]) {
                    // In pieces, the head has been accepted.
                    assert_eq!(names(&events).last(), Some(&"failed"));
                    assert_eq!(mode, ReceiveMode::Pieces);
                    continue;
                }
                assert_eq!((events, bob.side.refused.len()), (vec![], 1), "{request:?}");
                assert_eq!(words(&bob.drain()), [*status], "{request:?}");
                assert_eq!(bob.side.connection.sessions().count(), 0);
                // The next one that is accepted opens it.
                bob.side.feed(bob.now, &whole("text").octets());
                let events = bob.events();
                assert_eq!(names(&events)[0], "opened", "{events:?}");
                assert!(bob.table.is_bound(&BOB.parse().unwrap()));
            }
        }
        for (failure, flag) in [("", '$'), ("no", '$'), ("partial", '$'), ("", '+'), ("", '#')] {
            let mut bob = unbound(Config::default(), session(mode));
            bob.give(
                &Raw::chunk("t.one", "one1", "1-*/*", "x", flag).reports(failure, "").octets(),
            );
            let events = bob.events();
            assert_eq!(names(&events)[0], "opened", "{failure} {flag} {events:?}");
        }
    }
}

#[test]
fn a_session_that_has_not_opened_ends_without_a_word() {
    let mut bob = unbound(Config::default(), bob_expects());
    bob.side.feed(bob.now, &begun("long").open());
    bob.side.feed(bob.now, b"more");
    bob.side.connection.receive_eof();
    assert_eq!(names(&bob.events()), ["end"]);
    assert!(!bob.table.is_bound(&BOB.parse().unwrap()));
}

#[test]
fn a_request_of_the_peer_opens_a_session_that_no_response_opens() {
    for failure in [FailureReport::No, FailureReport::Partial] {
        let session = alice_opens().bind(Bind::FirstMessage);
        let mut side = Side::new(Config::default(), Role::Active, 1, Instant::now());
        let now = Instant::now();
        let key = side.connection.open(session).unwrap();
        side.connection.send(key, OutgoingMessage::text("Hi").failure_report(failure)).unwrap();
        side.drain(now);
        let request = Raw::send("t.bob").to(ALICE).from(BOB).message("bob1").range("1-0/0");
        side.feed(now, &request.octets());
        let events = side.events();
        assert!(names(&events).contains(&"opened"), "{events:?}");
    }
}

#[test]
fn malformed_frames_and_refused_requests_are_told() {
    let mut bob = Lone::bob();
    let long = "x".repeat(300);
    for (frame, status, is_malformed) in [
        (Raw::chunk("t.bad", "bad1", "0-1/1", "x", '$'), Some(400), true),
        (Raw::chunk("t.bad", "bad1", "0-1/1", "x", '$').reports("no", ""), None, true),
        (whole("other").to("msrp://bob.example:12763/other;tcp"), Some(481), false),
        (Raw::new("FOO", "t.foo").header("X-Long", &long), Some(501), false),
        (Raw::send("t.none").body("text/plain", b"no id"), Some(400), false),
        (Raw::report("t.rep", "x123", "000 200 OK").to("msrp://b.example:1/x;tcp"), None, false),
    ] {
        bob.give(&frame.octets());
        assert_eq!(bob.events(), []);
        let refused = bob.side.refused.pop().unwrap();
        assert_eq!(refused.status, status.map(|code| StatusCode::new(code).unwrap()));
        assert_eq!(refused.error.is_some(), is_malformed);
        let octets = frame.octets();
        assert!(octets.starts_with(&refused.octets) && refused.octets.len() <= 256);
        assert!(refused.octets.len() >= 100);
    }
    // Later chunks of a message that has failed are no news.
    bob.give(&Raw::chunk("t.big", "big1", "1-*/5000000", "x", '+').octets());
    bob.give(&Raw::chunk("t.big2", "big1", "2-*/5000000", "x", '+').octets());
    assert_eq!(names(&bob.events()), ["failed"]);
    assert_eq!(bob.side.refused, []);
}

#[test]
fn refused_frames_pause_reading_like_other_events() {
    let mut bob = Lone::bob();
    let bad = Raw::chunk("t.bad", "bad1", "0-1/1", "x", '$').octets();
    assert!(fill_events(&mut bob, &bad.repeat(10_000), 64 * 1024, 1_448).is_empty());
    let told = bob.side.refused.len();
    assert!((500..2_000).contains(&told), "{told}");
}

// Messages that outlive their session.

/// Bob on a new connection, where a session with this memory is open.
fn bob_with_memory(memory: &MessageMemory, mode: ReceiveMode) -> Lone {
    Lone::bob_with(Config::default(), bob_expects().receive(mode).memory(memory.clone()))
}

fn part(id: &str, range: std::ops::Range<usize>, flag: char) -> Raw {
    let at = format!("{}-*/*", range.start + 1);
    Raw::send("t.part").message(id).range(&at).body("a/b", &filler(9_000)[range]).flag(flag)
}

#[test]
fn a_message_goes_on_in_a_new_session() {
    for mode in MODES {
        let memory = MessageMemory::new(4, 100_000);
        let mut bob = bob_with_memory(&memory, mode);
        bob.give(&part("file", 0..3_000, '+').octets());
        bob.give(&part("file", 4_000..5_000, '+').octets());
        bob.side.connection.receive_eof();
        assert_eq!(told(&bob.events()), ["file Interrupted"]);
        assert_eq!(memory.unfinished(), 1);

        let mut bob = bob_with_memory(&memory, mode);
        let rest = part("file", 3_000..9_000, '$');
        assert_eq!(words(&bob.give(&rest.octets())), ["200"]);
        let events = bob.events();
        assert_eq!(told(&events), ["file"], "{mode:?}");
        for event in &events {
            match event {
                Event::Message { received, body } => {
                    assert!(body[..] == filler(9_000));
                    assert_eq!(received.present(), [0..3_000, 4_000..5_000]);
                }
                Event::MessageStarted { received } => {
                    assert_eq!(received.present(), [0..3_000, 4_000..5_000]);
                }
                _ => {}
            }
        }
        assert_eq!(memory.unfinished(), 0);
        // A third session knows that it was complete.
        bob.side.connection.receive_eof();
        let mut bob = bob_with_memory(&memory, mode);
        assert_eq!(words(&bob.give(&part("file", 0..9_000, '$').octets())), ["200"]);
        assert_eq!(words(&bob.give(&part("file", 10..20, '+').octets())), ["200"]);
        assert_eq!(told(&bob.events()), ["file again"]);
        // Another memory does not.
        let mut other = bob_with_memory(&MessageMemory::new(4, 100_000), mode);
        other.give(&part("file", 0..9_000, '$').octets());
        assert_eq!(told(&other.events()), ["file"]);
    }
}

#[test]
fn a_session_that_this_side_closes_leaves_nothing_to_go_on() {
    let memory = MessageMemory::new(4, 100_000);
    let mut bob = bob_with_memory(&memory, ReceiveMode::Whole);
    bob.give(&part("file", 0..3_000, '+').octets());
    bob.side.connection.close_session(bob.session).unwrap();
    assert_eq!(told(&bob.events()), ["file SessionClosed"]);
    assert_eq!(memory.unfinished(), 0);
}

#[test]
fn the_memory_of_messages_is_bounded_in_messages_and_octets() {
    for (memory, kept) in [
        (MessageMemory::new(4, 100_000), 4),
        (MessageMemory::new(100, 10_000), 2),
        (MessageMemory::new(0, 100_000), 0),
        (MessageMemory::new(100, 0), 0),
    ] {
        let mut bob = bob_with_memory(&memory, ReceiveMode::Whole);
        for n in 0..10 {
            bob.give(&part(&format!("file{n}"), 0..3_000, '+').octets());
        }
        bob.side.connection.receive_eof();
        assert_eq!(told(&bob.events()).len(), 10);
        assert_eq!(memory.unfinished(), kept);
        assert_eq!(memory.forget(&"file9".parse().unwrap()), kept > 0);
    }
}
