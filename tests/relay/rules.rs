//! What the relay forwards and what it refuses, by attack (RFC 4976 sections 6.2 and
//! 6.4).

use msrp::Framing;
use msrp::relay::{Peer, RelayClose, Security};

use crate::common::wire::Raw;
use crate::world::*;

fn text(to: &str, from: &str) -> Vec<u8> {
    Raw::chunk("attack", "m1", "1-2/2", "hi", '$').to(to).from(from).octets()
}

// req: 4976-6.4-1
#[test]
fn only_what_was_handed_out_is_a_token() {
    scripted(|world| {
        let talk = world.talk();
        let other = "msrps://a.example:9000/AAAAAAAAAAAAAAAAAAAA;tcp";
        let cut = talk.token.replacen(";tcp", "x;tcp", 1);
        let open = talk.token.replacen("msrps", "msrp", 1);
        let cases = [other, &cut, &open, RELAY, &talk.token.replace("tcp", "ws")];
        for token in cases {
            world.give(talk.alice, &text(&format!("{token} {BOB}"), ALICE));
            assert_eq!(world.one(talk.alice).what, "481", "{token}");
            assert!(world.octets(talk.bob).is_empty());
        }
        assert!(world.wanted().is_empty());
    });
}

// req: 4976-6.4-2
#[test]
fn third_parties_are_not_joined() {
    scripted(|world| {
        let talk = world.talk();
        let mallory = world.accept(tls());
        for next in [CAROL, BOB, "msrps://alice.example:7965/other;tcp"] {
            world.give(mallory, &text(&format!("{} {next}", talk.token), CAROL));
            assert_eq!(world.one(mallory).what, "403", "{next}");
        }
        // The same holds for a peer of the client that owns the token.
        world.give(talk.bob, &text(&format!("{} {CAROL}", talk.token), BOB));
        assert_eq!(world.one(talk.bob).what, "403");
        assert!(world.wanted().is_empty());
        assert!(world.octets(talk.alice).is_empty() && world.octets(talk.bob).is_empty());
    });
}

/// A token of its own does not let a client use that of another.
// req: 4976-6.4-2 4976-6.3-6
#[test]
fn a_token_of_another_client_leads_to_that_client_alone() {
    scripted(|world| {
        let talk = world.talk();
        let (carol, own) = world.client(CAROL);
        world.give(carol, &text(&format!("{} {BOB}", talk.token), CAROL));
        assert_eq!(world.one(carol).what, "403");
        world.give(carol, &text(&format!("{own} {} {BOB}", talk.token), CAROL));
        assert_eq!(world.one(carol).what, "403");
        world.give(carol, &text(&format!("{} {ALICE}", talk.token), CAROL));
        assert_eq!(world.one(carol).what, "200");
        assert_eq!(world.one(talk.alice).what, "SEND");
        assert!(world.octets(talk.bob).is_empty());
    });
}

/// The owner of a token may send to any peer.
#[test]
fn the_owner_of_a_token_sends_to_whom_it_likes() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        for peer in [BOB, CAROL] {
            world.give(alice, &text(&format!("{token} {peer}"), ALICE));
            assert_eq!(world.one(alice).what, "200");
            let link = world.dial(peer);
            assert_eq!(world.one(link).header("To-Path"), Some(peer));
        }
        assert_eq!(world.relay.statistics().connects, 2);
    });
}

// req: 4976-6.2-1
#[test]
fn a_request_for_somebody_else_drops_the_connection() {
    let elsewhere = [
        "msrps://b.example:9000/token;tcp",
        "msrps://a.example:9001/token;tcp",
        "msrps://a.example.org:9000/token;tcp",
    ];
    for first in elsewhere {
        for method in ["SEND", "REPORT", "FOO"] {
            scripted(|world| {
                let talk = world.talk();
                let request = Raw::new(method, "stray").to(&format!("{first} {BOB}")).from(ALICE);
                let request = request.message("m1").header("Status", "000 200 OK");
                world.give(talk.alice, &request.octets());
                assert_eq!(world.closes(), [(talk.alice, RelayClose::NotForThisRelay)], "{first}");
                // Nothing more is read from it.
                world.give(talk.alice, &text(&format!("{} {BOB}", talk.token), ALICE));
                assert!(world.octets(talk.alice).is_empty());
                assert!(world.octets(talk.bob).is_empty());
            });
        }
    }
}

#[test]
fn loops_are_refused() {
    scripted(|world| {
        let talk = world.talk();
        let own = &talk.token;
        let five = [&own[..]; 5].join(" ");
        let cases = [
            (format!("{own} {own} {BOB}"), "400"),
            (format!("{own} {own} {ALICE}"), "400"),
            (format!("{five} {BOB}"), "400"),
            // To the relay itself, by its URI or by another client's token.
            (format!("{own} {RELAY}"), "481"),
            (format!("{own} msrps://a.example:9000/nobody;tcp {BOB}"), "481"),
            (own.clone(), "481"),
        ];
        for (to, status) in cases {
            world.give(talk.alice, &text(&to, ALICE));
            assert_eq!(world.one(talk.alice).what, status, "{to}");
        }
        // URIs in From-Path count as well.
        let been = [&own[..]; 4].join(" ");
        world.give(talk.alice, &text(&format!("{own} {BOB}"), &format!("{been} {ALICE}")));
        assert_eq!(world.told(talk.alice), ["400"]);
        assert!(world.octets(talk.bob).is_empty() && world.wanted().is_empty());
    });
}

#[test]
fn two_of_its_own_uris_are_as_many_as_needed() {
    let mut strict = config();
    strict.limits.own_uris = 1;
    scripted_with(strict, |world| {
        let talk = world.talk();
        let (_, other) = world.client(CAROL);
        world.give(talk.alice, &text(&format!("{} {other} {CAROL}", talk.token), ALICE));
        assert_eq!(world.one(talk.alice).what, "400");
    });
}

// req: 4976-8-1
#[test]
fn hops_that_cannot_be_reached_are_refused() {
    scripted(|world| {
        let talk = world.talk();
        let cases = [
            ("msrps://df7jal23ls0d.invalid:2855/98cjs;ws", "408"),
            ("msrps://bob.example/foo;tcp", "400"),
        ];
        for (next, status) in cases {
            world.give(talk.alice, &text(&format!("{} {next}", talk.token), ALICE));
            assert_eq!(world.one(talk.alice).what, status, "{next}");
        }
        assert!(world.wanted().is_empty());
    });
}

/// There is no path for a response; the connection stays open.
#[test]
fn a_path_that_is_too_long_is_not_read() {
    scripted(|world| {
        let talk = world.talk();
        for (len, told) in [(15, Some("200")), (16, None), (100, None), (15, Some("200"))] {
            let path = vec![BOB; len].join(" ");
            world.give(talk.alice, &text(&format!("{} {path}", talk.token), ALICE));
            let sent = world.sent(talk.bob);
            assert_eq!(sent.len(), usize::from(told.is_some()), "{len}");
            for request in &sent {
                world.answer(talk.bob, request, "200 OK");
            }
            assert_eq!(world.told(talk.alice).first().map(String::as_str), told, "{len}");
        }
        assert_eq!(world.closes(), []);
    });
}

/// A request in the same state is (RFC 4976 section 6.4.3).
#[test]
fn a_malformed_response_is_not_answered() {
    scripted(|world| {
        let talk = world.talk();
        let before = world.relay.statistics().refused;
        for field in [("Byte-Range", "two"), ("Byte-Range", "1-x/2")] {
            let request = talk.request("EXTEND", "e001").header(field.0, field.1);
            world.give(talk.alice, &request.octets());
            assert_eq!(world.told(talk.alice), ["400"], "{field:?}");
            let request = talk.request("EXTEND", "e001");
            world.give(talk.alice, &request.octets());
            let asked = world.one(talk.bob);
            world.give(talk.bob, &response(&asked, "200 OK", &[field]));
            assert_eq!(world.told(talk.bob), [""; 0], "{field:?}");
        }
        assert_eq!(world.relay.statistics().refused, before + 2);
    });
}

/// A peer that claims to be Bob on an unencrypted connection gets nothing for Bob.
#[test]
fn a_secure_peer_is_not_learnt_on_an_open_connection() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let open = world.accept(Peer::new(Security::Plain));
        world.give(open, &text(&format!("{token} {ALICE}"), BOB));
        assert_eq!(world.one(open).what, "200");
        let taken = world.one(alice);
        world.answer(alice, &taken, "200 OK");
        world.give(alice, &text(&format!("{token} {BOB}"), ALICE));
        let bob = world.dial(BOB);
        assert_eq!(world.one(bob).what, "SEND");
        assert!(world.octets(open).is_empty());
    });
}

/// Requests to a peer use the connection that it has opened.
// req: 4976-6.4.2-2
#[test]
fn a_peer_is_answered_where_it_has_come_in() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let message = Framing::Message { max_octets: 4096 };
        let carol = "msrps://df7jal23ls0d.invalid:2855/98cjs;ws";
        for (peer, uri) in [(tls(), BOB), (tls().framing(message), carol)] {
            let link = world.accept(peer);
            if uri == carol {
                world.give_message(link, &text(&format!("{token} {ALICE}"), uri));
            } else {
                world.give(link, &text(&format!("{token} {ALICE}"), uri));
            }
            assert_eq!(world.one(link).what, "200");
            world.octets(alice);
            world.give(alice, &text(&format!("{token} {uri}"), ALICE));
            assert_eq!(world.one(link).header("To-Path"), Some(uri));
        }
        assert!(world.wanted().is_empty());
    });
}
