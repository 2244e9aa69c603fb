//! REPORTs on octets that do not arrive (RFC 4976 sections 6.4.1
//! and 6.4.3).

use crate::common::wire::{Raw, Sent, filler};
use crate::world::*;

fn letters(len: usize) -> String {
    String::from_utf8(filler(len)).unwrap()
}

fn is_report(told: &Sent, talk: &Talk, message: &str, range: &str, status: &str) {
    assert_eq!(told.what, "REPORT", "{}", told.head);
    assert_eq!(told.header("To-Path"), Some(ALICE));
    assert_eq!(told.header("From-Path"), Some(&talk.token[..]));
    assert_eq!((told.message_id(), told.range()), (message, range));
    assert!(told.header("Status").unwrap().starts_with(&format!("000 {status}")), "{}", told.head);
    assert_eq!(told.flag, '$');
}

// req: 4976-6.4.1-3 4976-6.4.1-4
#[test]
fn silence_is_reported_after_thirty_seconds() {
    scripted(|world| {
        let talk = world.talk();
        world.give(talk.alice, &talk.chunk("c1", "m1", "11-15/20", "hello", '+').octets());
        assert_eq!(world.told(talk.alice), ["200"]);
        assert_eq!(world.sent(talk.bob).len(), 1);
        world.advance(30 * SECOND - SECOND / 1000);
        assert!(world.octets(talk.alice).is_empty());
        world.advance(SECOND / 1000);
        let report = world.one(talk.alice);
        is_report(&report, &talk, "m1", "11-15/*", "408");
        assert_eq!(world.relay.statistics().timeouts, 1);
        // Once.
        world.advance(60 * SECOND);
        assert!(world.octets(talk.alice).is_empty());
    });
}

/// A REPORT goes along the whole From-Path, including the client's own relay.
// req: 4976-6.4.1-4
#[test]
fn a_report_goes_back_along_the_whole_path() {
    scripted(|world| {
        let talk = world.talk();
        let path = format!("msrps://b.example:9000/t;tcp {CAROL}");
        let to = format!("{} {ALICE}", talk.token);
        let chunk = Raw::chunk("c1", "m1", "1-5/5", "hello", '$').to(&to).from(&path);
        world.give(talk.bob, &chunk.octets());
        assert_eq!(world.one(talk.bob).what, "200");
        world.advance(30 * SECOND);
        let report = world.one(talk.bob);
        assert_eq!(report.header("To-Path"), Some(&path[..]));
        assert_eq!(report.header("From-Path"), Some(&talk.token[..]));
        assert_eq!(report.range(), "1-5/*");
    });
}

/// The timer starts at the last octet, not the first.
// req: 4976-6.4.1-3
#[test]
fn the_timer_starts_when_the_chunk_has_left() {
    scripted(|world| {
        let talk = world.talk();
        let chunk = talk.chunk("c1", "m1", "1-*/*", &letters(5000), '$');
        let (open, octets) = (chunk.open(), chunk.octets());
        world.give(talk.alice, &open);
        for _ in 0..5 {
            world.advance(9 * SECOND);
            world.give(talk.alice, b"more");
        }
        assert!(world.octets(talk.alice).is_empty());
        world.give(talk.alice, &octets[open.len()..]);
        assert_eq!(world.told(talk.alice), ["200"]);
        world.advance(29 * SECOND);
        assert!(world.octets(talk.alice).is_empty());
        world.advance(SECOND);
        is_report(&world.one(talk.alice), &talk, "m1", "1-5020/*", "408");
    });
}

/// A receiver takes a frame without octets for dead: the part that has left becomes a
/// chunk with a timer of its own, and the rest follows when it comes.
#[test]
fn a_chunk_does_not_stay_open_while_its_source_is_silent() {
    scripted(|world| {
        let talk = world.talk();
        let chunk = talk.chunk("c1", "m1", "1-*/*", &letters(5000), '$');
        let (open, octets) = (chunk.open(), chunk.octets());
        world.give(talk.alice, &open);
        world.advance(10 * SECOND);
        let part = world.one(talk.bob);
        assert_eq!(part.short(), "SEND 1-*/*+");
        world.advance(29 * SECOND);
        assert!(world.octets(talk.alice).is_empty());
        world.advance(SECOND);
        is_report(&world.one(talk.alice), &talk, "m1", &format!("1-{}/*", part.len()), "408");
        world.give(talk.alice, &octets[open.len()..]);
        assert_eq!(world.told(talk.alice), ["200"]);
        let rest = world.one(talk.bob);
        assert_eq!((rest.flag, part.len() + rest.len()), ('$', 5000));
        world.answer(talk.bob, &rest, "200 OK");
        world.advance(60 * SECOND);
        assert!(world.octets(talk.alice).is_empty());
    });
}

/// No response is possible before the transport has written the end.
// req: 4976-6.4.1-3
#[test]
fn the_timer_waits_for_the_transport() {
    scripted(|world| {
        let talk = world.talk();
        world.stall(talk.bob);
        world.give(talk.alice, &talk.chunk("c1", "m1", "1-5/5", "hello", '$').octets());
        assert_eq!(world.told(talk.alice), ["200"]);
        world.advance(45 * SECOND);
        world.unstall(talk.bob);
        world.advance(29 * SECOND);
        assert!(world.octets(talk.alice).is_empty());
        world.advance(2 * SECOND);
        is_report(&world.one(talk.alice), &talk, "m1", "1-5/*", "408");
    });
}

// req: 4976-6.4.3-3
#[test]
fn an_answer_in_time_ends_the_timer() {
    scripted(|world| {
        let talk = world.talk();
        world.give(talk.alice, &talk.chunk("c1", "m1", "1-5/5", "hello", '$').octets());
        world.octets(talk.alice);
        let sent = world.one(talk.bob);
        world.advance(29 * SECOND);
        world.answer(talk.bob, &sent, "200 OK");
        world.advance(60 * SECOND);
        assert!(world.octets(talk.alice).is_empty());
        // A second response is dropped.
        world.answer(talk.bob, &sent, "413 Stop");
        assert!(world.octets(talk.alice).is_empty());
        assert_eq!(world.relay.statistics().dropped_responses, 1);
    });
}

// req: 4976-6.4.1-5 4976-6.4.3-4
#[test]
fn an_error_of_the_next_hop_is_reported() {
    let cases = [("", true), ("yes", true), ("partial", true), ("no", false)];
    for status in ["400", "403", "408", "413", "415", "481", "506", "999"] {
        for (asked, is_told) in cases {
            scripted(|world| {
                let talk = world.talk();
                let chunk = talk.chunk("c1", "m1", "6-10/10", "hello", '$').reports(asked, "");
                world.give(talk.alice, &chunk.octets());
                world.octets(talk.alice);
                let sent = world.one(talk.bob);
                world.answer(talk.bob, &sent, &format!("{status} Whatever"));
                let told = world.sent(talk.alice);
                assert_eq!(told.len(), usize::from(is_told), "{status} {asked}");
                if let [report] = &told[..] {
                    is_report(report, &talk, "m1", "6-10/*", status);
                }
                world.advance(60 * SECOND);
                assert!(world.octets(talk.alice).is_empty());
            });
        }
    }
}

/// Only Failure-Report `yes` makes silence a failure.
// req: 4976-6.4.1-3
#[test]
fn silence_is_consent_without_yes() {
    for asked in ["partial", "no"] {
        scripted(|world| {
            let talk = world.talk();
            let chunk = talk.chunk("c1", "m1", "1-5/5", "hello", '$').reports(asked, "");
            world.give(talk.alice, &chunk.octets());
            world.octets(talk.bob);
            world.advance(120 * SECOND);
            assert!(world.octets(talk.alice).is_empty(), "{asked}");
        });
    }
}

// req: 4976-6.4.1-5
#[test]
fn what_a_lost_connection_has_not_answered_is_reported() {
    for (asked, reports) in [("", 2), ("yes", 2), ("partial", 2), ("no", 0)] {
        scripted(|world| {
            let talk = world.talk();
            for (id, range) in [("c1", "1-5/15"), ("c2", "6-10/15"), ("c3", "11-15/15")] {
                let chunk = talk.chunk(id, "m1", range, "hello", '+').reports(asked, "");
                world.give(talk.alice, &chunk.octets());
            }
            world.octets(talk.alice);
            let sent = world.sent(talk.bob);
            if asked != "no" {
                world.answer(talk.bob, &sent[1], "200 OK");
            }
            world.close(talk.bob);
            let mut told = world.sent(talk.alice);
            told.sort_by_key(|report| report.range().to_owned());
            assert_eq!(told.len(), reports, "{asked}");
            for (report, range) in told.iter().zip(["1-5/*", "11-15/*"]) {
                is_report(report, &talk, "m1", range, "408");
            }
        });
    }
}

// req: 4976-6.4.1-5
#[test]
fn what_waits_for_a_connection_that_fails_is_reported() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let chunk = Raw::chunk("c1", "m1", "1-5/5", "hello", '$').from(ALICE);
        world.give(alice, &chunk.to(&format!("{token} {BOB}")).octets());
        assert_eq!(world.told(alice), ["200"]);
        let wanted = world.wanted();
        world.relay.closed(wanted[0].0);
        world.settle();
        let report = world.one(alice);
        assert_eq!((&report.what[..], report.range()), ("REPORT", "1-5/*"));
        assert!(report.header("Status").unwrap().starts_with("000 408"));
        assert_eq!(world.relay.statistics().connections, 1);
    });
}

/// The application may also never respond.
// req: 4976-6.4.1-5
#[test]
fn what_waits_for_a_connection_that_does_not_come_is_reported() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let chunk = Raw::chunk("c1", "m1", "1-5/5", "hello", '$').from(ALICE);
        world.give(alice, &chunk.to(&format!("{token} {BOB}")).octets());
        world.octets(alice);
        world.advance(30 * SECOND);
        assert_eq!(world.one(alice).what, "REPORT");
        let closes = world.closes();
        assert_eq!(closes.len(), 1);
        assert_eq!(closes[0].1, msrp::relay::RelayClose::NotConnected);
    });
}

/// The response to the chunk is the failure, and no REPORT repeats it.
// req: 4976-6.4.1-5
#[test]
fn a_destination_that_dies_under_a_chunk() {
    for (asked, told) in [("", "408"), ("partial", "408"), ("no", "")] {
        scripted(|world| {
            let talk = world.talk();
            let chunk = talk.chunk("c1", "m1", "1-*/*", &letters(9000), '$').reports(asked, "");
            let octets = chunk.octets();
            world.give(talk.alice, &octets[..6000]);
            assert!(!world.octets(talk.bob).is_empty());
            world.close(talk.bob);
            assert!(world.octets(talk.alice).is_empty());
            world.give(talk.alice, &octets[6000..]);
            let sent = world.told(talk.alice);
            assert_eq!(sent.join(" "), told, "{asked}");
            // The connection stays open.
            world.give(talk.alice, &talk.chunk("c2", "m2", "1-2/2", "hi", '$').octets());
            assert_eq!(world.told(talk.alice), ["200"]);
            let bob = world.dial(BOB);
            assert_eq!(world.told(bob), ["SEND 1-2/2$"]);
        });
    }
}

/// The octets of a chunk that have left are lost, too.
// req: 4976-6.4.1-5
#[test]
fn a_destination_that_dies_before_it_has_read_a_chunk() {
    let mut small = config();
    small.transmit_octets = 2048;
    let mut world = World::new(small);
    let talk = world.talk();
    world.stall(talk.bob);
    world.give(talk.alice, &talk.chunk("c1", "m1", "101-*/*", &letters(9000), '+').octets());
    assert_eq!(world.told(talk.alice), ["200"]);
    assert!((2048..9000).contains(&world.octets(talk.bob).len()));
    world.close(talk.bob);
    let mut next = 101;
    for report in world.sent(talk.alice) {
        let (range, _) = report.range().split_once('/').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        assert_eq!(start, next.to_string());
        assert_eq!(report.what, "REPORT");
        next = end.parse::<u64>().unwrap() + 1;
    }
    assert_eq!(next, 9101);
}

/// The chunk ends with `#` at the next hop.
#[test]
fn a_sender_that_dies_in_mid_chunk() {
    scripted(|world| {
        let talk = world.talk();
        let octets = talk.chunk("c1", "m1", "1-*/9000", &letters(9000), '$').octets();
        world.give(talk.alice, &octets[..6000]);
        world.close(talk.alice);
        let sent = world.sent(talk.bob);
        assert_eq!(sent.last().unwrap().flag, '#');
        let body: Vec<u8> = sent.into_iter().flat_map(|it| it.body.unwrap_or_default()).collect();
        assert!(body.len() > 4000 && letters(9000).as_bytes().starts_with(&body));
    });
}

// req: 4976-6.4.1-5
#[test]
fn nothing_is_reported_of_a_report() {
    scripted(|world| {
        let talk = world.talk();
        let report = talk.request("REPORT", "r1").message("m1").range("1-5/5");
        world.give(talk.alice, &report.header("Status", "000 200 OK").octets());
        let sent = world.one(talk.bob);
        assert_eq!(sent.what, "REPORT");
        world.answer(talk.bob, &sent, "481 Gone");
        world.close(talk.bob);
        world.advance(60 * SECOND);
        assert!(world.octets(talk.alice).is_empty());
        // There is no response to a REPORT that cannot be forwarded either.
        let stray = talk.request("REPORT", "r2").message("m1").header("Status", "000 200 OK");
        let nowhere = stray.to(&format!("msrps://a.example:9000/none;tcp {BOB}"));
        world.give(talk.alice, &nowhere.octets());
        assert!(world.octets(talk.alice).is_empty());
    });
}

/// There is a REPORT on each chunk into which it was split.
// req: 4976-6.4.1-3 4976-6.4.3-4
#[test]
fn parts_of_a_chunk_are_reported_by_their_own_range() {
    let mut config = config();
    config.turn_octets = 2048;
    config.transmit_octets = 2048;
    let mut world = World::new(config);
    let talk = world.talk();
    let (carol, token) = world.client(CAROL);
    world.stall(talk.bob);
    world.give(talk.alice, &talk.chunk("c1", "m1", "1-*/6000", &letters(6000), '$').octets());
    let other = Raw::chunk("o1", "m2", "1-2/2", "hi", '$').to(&format!("{token} {BOB}"));
    world.give(carol, &other.from(CAROL).octets());
    world.octets(talk.alice);
    world.unstall(talk.bob);
    let sent = world.sent(talk.bob);
    let mine: Vec<_> = sent.iter().filter(|it| it.message_id() == "m1").collect();
    assert!(mine.len() > 1);
    world.answer(talk.bob, mine[1], "413 Enough");
    let start = 1 + mine[0].len();
    let range = format!("{start}-{}/*", start + mine[1].len() - 1);
    is_report(&world.one(talk.alice), &talk, "m1", &range, "413");
}

/// A SEND of a relay whose connection has closed is reported on another one with that
/// relay: one that its certificate names, one on which it has sent, or one to its address.
#[test]
fn a_failure_is_reported_on_another_connection_with_the_previous_relay() {
    const PREVIOUS: &str = "msrps://b.example:2855/t;tcp";
    let named = tls().relay_names(vec!["b.example".into()]);
    for (first, has_sent, is_dialled) in
        [(named.clone(), false, false), (tls(), true, false), (tls(), false, true)]
    {
        let mut world = World::new(config());
        let (alice, token) = world.client(ALICE);
        let send = |id: &str| {
            let from = format!("{PREVIOUS} {BOB}");
            let path = format!("{token} {ALICE}");
            Raw::chunk(id, id, "1-2/2", "hi", '$').to(&path).from(&from).octets()
        };
        let first =
            if is_dialled { world.reach(alice, &token, PREVIOUS) } else { world.accept(first) };
        if has_sent {
            world.give(first, &send("c1"));
            let request = world.one(alice);
            world.answer(alice, &request, "200 OK");
            assert_eq!(world.told(first), ["200"]);
        }
        let second = world.accept(if has_sent { tls() } else { named.clone() });
        world.give(second, &send("c2"));
        assert_eq!(world.told(second), ["200"]);
        world.close(second);
        world.advance(30 * SECOND);
        let report = world.one(first);
        assert_eq!((&report.what[..], report.message_id()), ("REPORT", "c2"));
        assert!(report.header("Status").unwrap().starts_with("000 408"));
        assert_eq!(report.header("To-Path"), Some(&format!("{PREVIOUS} {BOB}")[..]));
    }
}

/// A connection that the relay shuts carries the REPORTs itself.
#[test]
fn a_failure_is_not_reported_on_another_connection_as_well() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let named = tls().relay_names(vec!["b.example".into()]);
        let [first, second] = [(); 2].map(|()| world.accept(named.clone()));
        let chunk = Raw::chunk("c1", "m1", "1-2/2", "hi", '$');
        let chunk = chunk.from(&format!("msrps://b.example:2855/t;tcp {BOB}"));
        world.give(second, &chunk.clone().to(&format!("{token} {ALICE}")).octets());
        world.give(second, &chunk.to(&format!("msrps://c.example:9/x;tcp {ALICE}")).octets());
        assert_eq!(world.told(second), ["200", "REPORT"]);
        world.close(second);
        let request = world.one(alice);
        world.answer(alice, &request, "413 Stop");
        assert!(world.told(first).is_empty());
        assert_eq!(world.relay.statistics().dropped_reports, 0);
    });
}

#[test]
fn a_report_that_has_no_way_back_is_counted() {
    scripted(|world| {
        let talk = world.talk();
        world.give(talk.alice, &talk.chunk("c1", "m1", "1-2/2", "hi", '$').octets());
        world.close(talk.alice);
        world.close(talk.bob);
        let statistics = world.relay.statistics();
        assert_eq!((statistics.reports, statistics.dropped_reports), (0, 1));
    });
}
