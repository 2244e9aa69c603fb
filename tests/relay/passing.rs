//! Responses and requests other than SEND (RFC 4976 sections 6.4.2 and
//! 6.4.3).

use msrp::relay::{ConnectionId, Peer, RelayClose};
use msrp::{Tolerance, Tolerances};

use crate::common::wire::{Raw, Sent, filler};
use crate::world::*;

// req: 4976-6.4.2-1
#[test]
fn other_requests_are_passed_on_and_answered_by_their_end() {
    for method in ["NICKNAME", "FOO", "A_B-9"] {
        for body in [None, Some("left as it is")] {
            scripted(|world| {
                let talk = world.talk();
                let mut request = talk.request(method, "n1").header("Use-Nickname", "\"Ali\"");
                if let Some(body) = body {
                    request = request.body("text/plain", body.as_bytes());
                }
                world.give(talk.alice, &request.octets());
                // The relay itself does not respond.
                assert!(world.octets(talk.alice).is_empty());
                let sent = world.one(talk.bob);
                assert_eq!((&sent.what[..], sent.header("To-Path")), (method, Some(BOB)));
                let from = format!("{} {ALICE}", talk.token);
                assert_eq!(sent.header("From-Path"), Some(&from[..]));
                assert_eq!(sent.header("Use-Nickname"), Some("\"Ali\""));
                assert_eq!(sent.body.as_deref(), body.map(str::as_bytes));
                assert_ne!(sent.id, "n1");

                world.give(talk.bob, &response(&sent, "425 Taken", &[("X-Why", "so")]));
                let expected = format!(
                    "MSRP n1 425 Taken\r\nTo-Path: {ALICE}\r\nFrom-Path: {} {BOB}\r\n\
                     X-Why: so\r\n-------n1$\r\n",
                    talk.token
                );
                assert_eq!(world.text(talk.alice), expected);
                // A response is forwarded once.
                world.answer(talk.bob, &sent, "200 OK");
                assert!(world.octets(talk.alice).is_empty());
            });
        }
    }
}

/// As one responds to a SEND.
// wild: 76
#[test]
fn a_response_that_names_this_relay_alone_finds_its_way_back() {
    let usual = Tolerances::usual();
    for tolerances in [usual, usual.without(Tolerance::ShortPathInResponse)] {
        let mut config = config();
        config.parse.tolerances = tolerances;
        scripted_with(config, |world| {
            let talk = world.talk();
            world.give(talk.alice, &talk.request("NICKNAME", "n1").octets());
            let id = world.one(talk.bob).id;
            let paths = format!("To-Path: {}\r\nFrom-Path: {BOB}\r\n", talk.token);
            world.give(talk.bob, format!("MSRP {id} 200 OK\r\n{paths}-------{id}$\r\n").as_bytes());
            let passed = format!(
                "MSRP n1 200 OK\r\nTo-Path: {ALICE}\r\nFrom-Path: {} {BOB}\r\n-------n1$\r\n",
                talk.token
            );
            let is_tolerated = tolerances.contains(Tolerance::ShortPathInResponse);
            assert_eq!(world.text(talk.alice), if is_tolerated { passed } else { String::new() });
        });
    }
}

/// In both directions.
// req: 4976-6.4.2-1 4976-3-1
#[test]
fn a_report_is_passed_on_and_not_answered() {
    scripted(|world| {
        let talk = world.talk();
        let report = talk.back("REPORT", "r1").message("m1").range("1-5/5");
        world.give(talk.bob, &report.header("Status", "000 200 OK").octets());
        let sent = world.one(talk.alice);
        let expected = format!(
            "MSRP {} REPORT\r\nTo-Path: {ALICE}\r\nFrom-Path: {} {BOB}\r\nMessage-ID: m1\r\n\
             Byte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n",
            sent.id, talk.token
        );
        assert_eq!(sent.head, expected);
        world.answer(talk.alice, &sent, "200 OK");
        assert!(world.octets(talk.bob).is_empty());
        assert_eq!(world.relay.statistics().dropped_responses, 1);
    });
}

// req: 4976-6.4.2-3
#[test]
fn unknown_methods_may_be_blocked() {
    let mut config = config();
    config.forward_unknown_methods = false;
    scripted_with(config, |world| {
        let talk = world.talk();
        world.give(talk.alice, &talk.request("FOO", "f1").octets());
        assert_eq!(world.told(talk.alice), ["501"]);
        assert!(world.octets(talk.bob).is_empty());
        world.give(talk.alice, &talk.request("NICKNAME", "n1").octets());
        assert_eq!(world.told(talk.bob), ["NICKNAME"]);
    });
}

#[test]
fn a_request_that_is_too_large_to_hold_is_refused() {
    let mut config = config();
    config.limits.whole_octets = 100;
    for (octets, is_passed) in [(100, true), (101, false), (5000, false)] {
        scripted_with(config.clone(), |world| {
            let talk = world.talk();
            let body = "b".repeat(octets);
            let request = talk.request("FOO", "f1").body("text/plain", body.as_bytes());
            world.give(talk.alice, &request.octets());
            let told: &[&str] = if is_passed { &[] } else { &["413"] };
            assert_eq!(world.told(talk.alice), told);
            assert_eq!(world.sent(talk.bob).len(), usize::from(is_passed));
        });
    }
}

// req: 4976-6.4.3-1
#[test]
fn responses_that_belong_to_nothing_are_dropped() {
    scripted(|world| {
        let talk = world.talk();
        world.give(talk.alice, &talk.request("FOO", "f1").octets());
        let sent = world.one(talk.bob);
        let good = String::from_utf8(response(&sent, "200 OK", &[])).unwrap();
        let bob = talk.bob;
        let cases = [
            // With no transaction, and with the transaction of another hop.
            (bob, good.replace(&sent.id, "unknown1")),
            (bob, good.replace(&sent.id, "f1")),
            (talk.alice, good.clone()),
            // For another relay.
            (bob, good.replace("a.example", "b.example")),
        ];
        for (n, (link, text)) in cases.into_iter().enumerate() {
            world.give(link, text.as_bytes());
            assert_eq!(world.relay.statistics().dropped_responses, 1 + n as u64, "{text}");
        }
        assert!(world.octets(talk.alice).is_empty() && world.octets(bob).is_empty());
        assert_eq!(world.closes(), []);
        // The correct response still counts.
        world.give(bob, good.as_bytes());
        assert_eq!(world.one(talk.alice).id, "f1");
    });
}

/// The framing is intact, so the connection stays open.
// req: 4976-6.4.3-2
#[test]
fn a_response_that_cannot_be_parsed_is_dropped() {
    scripted(|world| {
        let talk = world.talk();
        world.give(talk.alice, &talk.chunk("c1", "m1", "1-5/5", "hello", '$').octets());
        world.octets(talk.alice);
        let sent = world.one(talk.bob);
        for broken in ["To-Path: nonsense", "To-Path msrps"] {
            let text = format!("MSRP {} 413 No\r\n{broken}\r\n-------{}$\r\n", sent.id, sent.id);
            world.give(talk.bob, text.as_bytes());
            assert!(world.octets(talk.alice).is_empty(), "{broken}");
            assert!(world.octets(talk.bob).is_empty(), "{broken}");
        }
        assert_eq!(world.closes(), []);
        world.answer(talk.bob, &sent, "413 No");
        assert_eq!(world.told(talk.alice), ["REPORT"]);
    });
}

// req: 4976-6.4.3-6 4976-3-4
#[test]
fn a_response_for_a_connection_that_has_gone_is_dropped() {
    scripted(|world| {
        let talk = world.talk();
        world.give(talk.alice, &talk.request("FOO", "f1").octets());
        let sent = world.one(talk.bob);
        world.close(talk.alice);
        world.answer(talk.bob, &sent, "200 OK");
        assert!(world.wanted().is_empty());
        assert!(world.octets(talk.bob).is_empty());
        assert_eq!(world.relay.statistics().dropped_responses, 1);
    });
}

/// The response to a malformed request in intact framing is 400.
#[test]
fn a_request_that_cannot_be_parsed_is_refused() {
    scripted(|world| {
        let talk = world.talk();
        let broken = talk.request("SEND", "c1").message("m1").range("x-y/z");
        world.give(talk.alice, &broken.body("text/plain", b"hello").octets());
        assert_eq!(world.told(talk.alice), ["400"]);
        assert!(world.octets(talk.bob).is_empty());
    });
}

/// A client that guesses passwords at a further relay does so through this one.
// req: 4976-6.3-11 4976-6.3-12
#[test]
fn failures_at_another_relay_count_for_a_client() {
    let outer = "msrps://b.example:9000;tcp";
    let names = || tls().relay_names(vec!["b.example".into()]);
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let to = format!("{token} {outer}");
        let guess = Raw::new("AUTH", "g1").to(&to).from(ALICE);
        let with = guess.clone().header("Authorization", "Digest username=\"a\"");
        // Without credentials, and with a stale nonce, nothing has failed.
        let mut link = None;
        let fresh = ("WWW-Authenticate", "Digest realm=\"b\", qop=\"auth\", nonce=\"n\"");
        let stale =
            ("WWW-Authenticate", "Digest realm=\"b\", qop=\"auth\", nonce=\"n\", stale=TRUE");
        for (request, challenge, is_failure) in
            [(&guess, fresh, false), (&with, stale, false), (&with, fresh, true)]
        {
            for n in 0..5 {
                assert_eq!(world.closes(), []);
                world.give(alice, &request.octets());
                let outer_link = *link.get_or_insert_with(|| world.dial_as(outer, names()));
                let passed = world.one(outer_link);
                assert_eq!(passed.header("To-Path"), Some(outer));
                world.give(outer_link, &response(&passed, "401 Unauthorized", &[challenge]));
                let told = world.one(alice);
                assert_eq!((&told.what[..], &told.id[..]), ("401", "g1"));
                if is_failure && n == 4 {
                    assert_eq!(world.closes(), [(alice, RelayClose::AuthFailures)]);
                }
            }
        }
    });
}

/// A URI without a port is allowed only in AUTH (section 8).
// req: 4976-8-1
#[test]
fn an_auth_may_lead_to_a_relay_without_port() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let outer = "msrps://b.example;tcp";
        let to = format!("{token} {outer}");
        world.give(alice, &Raw::new("AUTH", "g1").to(&to).from(ALICE).octets());
        let link = world.dial(outer);
        assert_eq!(world.told(link), ["AUTH"]);
        world.give(alice, &Raw::new("FOO", "g2").to(&to).from(ALICE).octets());
        assert_eq!(world.told(alice), ["400"]);
    });
}

const OUTER: &str = "msrps://b.example:2855/s;tcp";

/// A message that is too large for a connection that others share.
fn large(id: &str, to: &str, from: &str) -> Vec<u8> {
    let body = String::from_utf8(filler(40_000)).unwrap();
    let chunk = Raw::chunk(id, id, "1-40000/40000", &body, '$').reports("no", "no");
    chunk.to(to).from(from).octets()
}

/// Establishes the connections that the relay asks for.
fn connect(world: &mut World, peer: &Peer) -> Vec<ConnectionId> {
    let wanted = world.wanted().into_iter().map(|(link, _)| link);
    let links: Vec<_> = wanted.collect();
    for link in &links {
        world.relay.connected(world.now, *link, peer.clone());
        world.settle();
    }
    links
}

/// It says for whom it is before anything else, to the next relay itself.
#[test]
fn a_connection_for_one_client_says_so_to_the_next_relay() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    world.give(alice, &large("c1", &format!("{token} {OUTER} {BOB}"), ALICE));
    let own = connect(&mut world, &tls())[1];
    let sent = world.sent(own);
    let paths = |sent: &Sent| {
        [sent.header("To-Path"), sent.header("From-Path")].map(|it| it.unwrap().to_owned())
    };
    let (said, chunk) = (&sent[0], &sent[1]);
    assert_eq!((&said.what[..], said.header("Status")), ("REPORT", Some("000 200 For one client")));
    assert_eq!(paths(said), [OUTER.to_owned(), token.clone()]);
    assert_eq!(paths(chunk), [format!("{OUTER} {BOB}"), format!("{token} {ALICE}")]);
}

/// What is for a client reaches it, whatever its status says.
#[test]
fn a_report_to_a_client_says_nothing_to_the_relay() {
    scripted(|world| {
        let talk = world.talk();
        let report = talk.request("REPORT", "r1").message("m1").range("1-5/5");
        let report = report.header("Status", "000 200 For one client");
        world.give(talk.alice, &report.octets());
        assert_eq!(world.told(talk.bob), ["REPORT"]);
    });
}

/// Those of other methods are few and small, and their responses may be awaited where
/// tokens are bound to a connection.
#[test]
fn only_messages_leave_the_connection_that_others_share() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let to = format!("{token} {OUTER} {BOB}");
    world.give(alice, &large("c1", &to, ALICE));
    let links = connect(&mut world, &tls());
    let [common, own] = links[..] else { panic!("{links:?}") };
    assert_eq!((world.sent(common).len(), world.sends(own).len()), (0, 1));
    world.give(alice, &Raw::new("NICKNAME", "n1").to(&to).from(ALICE).octets());
    assert_eq!(world.told(common), ["NICKNAME"]);

    // The same holds towards a client behind another relay.
    let names = tls().relay_names(vec!["inner.example".into()]);
    let inner = world.accept(names.clone());
    let back = format!("msrps://inner.example:2855/t1;tcp {CAROL}");
    let token = world.token(inner, &back);
    let bob = world.accept(tls());
    let to = format!("{token} {back}");
    world.give(bob, &large("c2", &to, BOB));
    let own = connect(&mut world, &names)[0];
    assert_eq!((world.sends(own).len(), world.sent(inner).len()), (1, 0));
    world.give(bob, &Raw::new("NICKNAME", "n2").to(&to).from(BOB).octets());
    assert_eq!(world.told(inner), ["NICKNAME"]);
}

/// A relay that does not know this one binds tokens to the connection of their AUTH, so
/// that what uses them may not leave it.
// req: 4976-6.3-6
#[test]
fn no_message_leaves_the_connection_to_which_its_token_may_be_bound() {
    for (has_authenticated, names) in
        [(true, vec![]), (false, vec![]), (true, vec!["b.example".to_owned()])]
    {
        let mut world = World::new(config());
        let (alice, token) = world.client(ALICE);
        let method = if has_authenticated { "AUTH" } else { "NICKNAME" };
        let outer = Raw::new(method, "r1").to(&format!("{token} {OUTER}")).from(ALICE);
        world.give(alice, &outer.octets());
        let peer = tls().relay_names(names.clone());
        let common = connect(&mut world, &peer)[0];
        assert_eq!(world.told(common), [method]);
        world.give(alice, &large("c1", &format!("{token} {OUTER} {BOB}"), ALICE));
        let is_bound = has_authenticated && names.is_empty();
        assert_eq!(world.wanted().len(), usize::from(!is_bound), "{method} {names:?}");
        assert_eq!(world.sent(common).len(), usize::from(is_bound), "{method} {names:?}");
    }
}

/// Nothing is kept of it, since nobody responds to it.
#[test]
fn a_report_passes_where_no_memory_is_left_for_its_sender() {
    let mut config = config();
    config.limits.memory_octets = 400_000;
    let mut world = World::new(config);
    let talk = world.talk();
    let long = "x".repeat(4_000);
    let is_full = (0..200).any(|number| {
        let id = format!("c{number:03}");
        let chunk = talk.chunk(&id, &id, "1-2/2", "hi", '$').header("X", &long);
        world.give(talk.alice, &chunk.octets());
        world.told(talk.alice) == ["408"]
    });
    assert!(is_full);
    world.octets(talk.bob);
    let report = talk.request("REPORT", "r1").message("m1").range("1-5/5");
    let report = report.header("Status", "000 200 OK").header("X", &long);
    world.give(talk.alice, &report.octets());
    assert_eq!(world.told(talk.bob), ["REPORT"]);
}
