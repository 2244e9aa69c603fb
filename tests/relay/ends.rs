//! What the relay has acknowledged is delivered and answered, or reported, however a
//! connection or the relay itself ends (RFC 4976 section 6.4.1).

use msrp::relay::RelayClose;

use crate::common::wire::{Raw, filler};
use crate::world::*;

fn letters(len: usize) -> String {
    String::from_utf8(filler(len)).unwrap()
}

#[test]
fn a_draining_relay_lets_what_is_there_leave_and_be_answered() {
    scripted(|world| {
        let talk = world.talk();
        world.stall(talk.bob);
        for id in ["c1", "c2", "c3"] {
            world.give(talk.alice, &talk.chunk(id, id, "1-2/2", "hi", '$').octets());
        }
        world.drain(30 * SECOND);
        assert!(world.relay.accept(world.now, tls()).is_none());
        world.advance(5 * SECOND);
        world.unstall(talk.bob);
        let sent = world.sent(talk.bob);
        assert_eq!(sent.len(), 3);
        assert_eq!(world.told(talk.alice), ["200", "200", "200"]);
        world.answer(talk.bob, &sent[0], "200 OK");
        world.advance(5 * SECOND);
        // The other two can fail, and their sender has to hear of it.
        world.answer(talk.bob, &sent[1], "413 Stop");
        assert_eq!(world.told(talk.alice), ["REPORT"]);
        world.advance(5 * SECOND);
        assert_eq!(world.closes(), []);
        world.answer(talk.bob, &sent[2], "200 OK");
        world.advance(2 * SECOND);
        let closes = world.closes();
        assert_eq!(closes.len(), 2);
        for (link, reason) in closes {
            assert_eq!(reason, RelayClose::Drained);
            world.close(link);
        }
        assert!(world.relay.is_drained());
    });
}

/// The answer to the last chunk is no reason to hang up before the REPORT behind it.
#[test]
fn a_success_report_under_way_is_not_cut_off() {
    for failure in ["yes", "partial", "no"] {
        scripted(|world| {
            let talk = world.talk();
            let chunk = talk.chunk("c1", "m1", "1-2/2", "hi", '$').reports(failure, "yes");
            world.give(talk.alice, &chunk.octets());
            world.octets(talk.alice);
            let sent = world.one(talk.bob);
            world.drain(30 * SECOND);
            if failure == "yes" {
                world.advance(10 * SECOND);
                world.answer(talk.bob, &sent, "200 OK");
            }
            world.advance(SECOND);
            let report = talk.back("REPORT", "r1").message("m1").range("1-2/2");
            world.give(talk.bob, &report.header("Status", "000 200 OK").octets());
            assert_eq!(world.told(talk.alice), ["REPORT"], "{failure}");
            world.advance(2 * SECOND);
            assert_eq!(world.closes().len(), 2);
        });
    }
}

#[test]
fn a_relay_is_drained_once_it_is_asked_to_be_and_nobody_is_left() {
    let mut world = World::new(config());
    assert!(!world.relay.is_drained());
    let (alice, _) = world.client(ALICE);
    world.drain(30 * SECOND);
    assert!(!world.relay.is_drained());
    world.advance(2 * SECOND);
    assert_eq!(world.closes(), [(alice, RelayClose::Drained)]);
    world.close(alice);
    assert!(world.relay.is_drained());
}

/// Whoever asks again is in more of a hurry, or changes nothing.
#[test]
fn the_deadline_for_draining_only_comes_forward() {
    for others in [&[20, 10, 30][..], &[10, 20], &[30, 10, 10]] {
        let mut world = World::new(config());
        let talk = world.talk();
        world.give(talk.alice, &talk.chunk("c1", "m1", "1-2/2", "hi", '$').octets());
        for seconds in others {
            world.drain(*seconds * SECOND);
        }
        world.advance(10 * SECOND - SECOND / 100);
        assert_eq!(world.told(talk.alice), ["200"]);
        world.advance(SECOND / 100);
        assert_eq!(world.told(talk.alice), ["REPORT"], "{others:?}");
    }
}

/// Nothing is worth waiting for where nothing has happened for a while.
#[test]
fn a_quiet_connection_is_drained_at_once() {
    scripted(|world| {
        let talk = world.talk();
        world.advance(2 * SECOND);
        world.drain(30 * SECOND);
        let closes = [talk.alice, talk.bob].map(|link| (link, RelayClose::Drained));
        assert_eq!(world.closes(), closes);
    });
}

#[test]
fn what_is_unanswered_when_draining_ends_is_reported_first() {
    for (asked, is_told) in [("yes", true), ("partial", false), ("no", false)] {
        scripted(|world| {
            let talk = world.talk();
            for (id, range) in [("c1", "1-5/10"), ("c2", "6-10/10")] {
                let chunk = talk.chunk(id, "m1", range, "hello", '+').reports(asked, "");
                world.give(talk.alice, &chunk.octets());
            }
            world.octets(talk.alice);
            assert_eq!(world.sent(talk.bob).len(), 2);
            world.drain(20 * SECOND);
            // It keeps both busy.
            for _ in 0..19 {
                world.advance(SECOND);
                let busy = talk.request("NICKNAME", "n1").header("Use-Nickname", "\"Ali\"");
                world.give(talk.alice, &busy.octets());
                let busy = world.one(talk.bob);
                world.answer(talk.bob, &busy, "200 OK");
                assert_eq!(world.told(talk.alice), ["200"]);
            }
            world.stall(talk.alice);
            world.advance(SECOND);
            let expected = if is_told { vec!["1-5/*", "6-10/*"] } else { vec![] };
            let told = world.sent(talk.alice);
            assert!(told.iter().all(|report| report.what == "REPORT"));
            assert_eq!(told.iter().map(|it| it.range()).collect::<Vec<_>>(), expected, "{asked}");
            // The connection is not closed before they have left.
            if is_told {
                assert_eq!(world.closes(), [(talk.bob, RelayClose::Drained)]);
                world.unstall(talk.alice);
                assert_eq!(world.closes(), [(talk.alice, RelayClose::Drained)]);
            } else {
                assert_eq!(world.closes().len(), 2);
            }
        });
    }
}

/// Octets that have not left at all are lost, however they were sent.
#[test]
fn what_has_not_left_when_draining_ends_is_reported() {
    for (asked, reports) in [("yes", 2), ("partial", 2), ("no", 0)] {
        scripted(|world| {
            let talk = world.talk();
            world.give(talk.alice, &talk.request("FOO", "f1").octets());
            world.octets(talk.bob);
            world.stall(talk.bob);
            world.give(talk.alice, &talk.request("FOO", "f2").octets());
            for (id, range) in [("c1", "1-5/10"), ("c2", "6-10/10")] {
                let chunk = talk.chunk(id, "m1", range, "hello", '+').reports(asked, "");
                world.give(talk.alice, &chunk.octets());
            }
            world.octets(talk.alice);
            world.drain(20 * SECOND);
            world.advance(20 * SECOND);
            assert_eq!(world.sent(talk.alice).len(), reports, "{asked}");
        });
    }
}

/// Neither end gets half a message without a word.
#[test]
fn a_chunk_that_arrives_when_draining_ends_is_not_acknowledged() {
    scripted(|world| {
        let talk = world.talk();
        let octets = talk.chunk("c1", "m1", "1-*/*", &letters(9000), '$').octets();
        world.give(talk.alice, &octets[..6000]);
        world.drain(5 * SECOND);
        world.advance(5 * SECOND);
        assert_eq!(world.closes().len(), 2);
        assert!(world.octets(talk.alice).is_empty());
        assert_eq!(world.sent(talk.bob).last().map(|sent| sent.flag), Some('#'));
    });
}

#[test]
fn a_draining_relay_waits_for_the_connection_it_has_asked_for() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let chunk = Raw::chunk("c1", "m1", "1-5/5", "hello", '$').from(ALICE);
        world.give(alice, &chunk.to(&format!("{token} {BOB}")).octets());
        world.drain(30 * SECOND);
        world.advance(5 * SECOND);
        assert_eq!(world.closes(), []);
        let bob = world.dial(BOB);
        assert_eq!(world.told(bob), ["SEND 1-5/5$"]);
    });
}

/// The relay closes the connection of a sender whose chunks wait elsewhere.
// req: 4976-6.4.1-5
#[test]
fn who_is_shut_out_hears_of_what_is_not_yet_answered() {
    let elsewhere = Raw::chunk("c9", "m9", "1-2/2", "hi", '$');
    let elsewhere = elsewhere.to("msrps://b.example:9000/x;tcp").from(ALICE).octets();
    for last in [b"GET / HTTP/1.1\r\n\r\n".to_vec(), elsewhere] {
        for (asked, reports) in [("yes", 3), ("no", 0)] {
            scripted(|world| {
                let talk = world.talk();
                let send = |world: &mut World, id: &str| {
                    let chunk = talk.chunk(id, id, "1-2/2", "hi", '$').reports(asked, "");
                    world.give(talk.alice, &chunk.octets());
                };
                send(world, "c1");
                world.stall(talk.bob);
                send(world, "c2");
                send(world, "c3");
                world.octets(talk.alice);
                world.give(talk.alice, &last);
                let told = world.told(talk.alice);
                assert_eq!(told, vec!["REPORT"; reports], "{asked}");
                assert_eq!(world.closes().len(), 1);
            });
        }
    }
}
