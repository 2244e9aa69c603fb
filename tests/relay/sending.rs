//! Forwarding SEND through one relay, octet by octet (RFC 4976 sections 3 and
//! 6.4.1, RFC 7977 section 8).

use msrp::Framing;

use crate::common::wire::{Raw, filler};
use crate::world::*;

// req: 4976-3-1 4976-6.4.1-9 4976-6.4.1-2 4976-6.4-3
#[test]
fn a_send_moves_on_with_its_fields() {
    scripted(|world| {
        let talk = world.talk();
        let request = talk
            .request("SEND", "6aef")
            .header("Success-Report", "yes")
            .range("1-9/9")
            .header("X-Color", "blue; with=\"spaces\"")
            .header("Message-ID", "87652")
            .header("x-color", "again")
            .header("Failure-Report", "yes")
            .body("text/plain;charset=utf-8", "grüezi!!".as_bytes());
        world.give(talk.alice, &request.octets());
        let token = &talk.token;
        let expected = format!(
            "MSRP 6aef 200 OK\r\nTo-Path: {ALICE}\r\nFrom-Path: {token}\r\n-------6aef$\r\n"
        );
        assert_eq!(world.text(talk.alice), expected);
        let octets = world.text(talk.bob);
        let id = octets.split(' ').nth(1).unwrap();
        assert_ne!(id, "6aef");
        let expected = format!(
            "MSRP {id} SEND\r\nTo-Path: {BOB}\r\nFrom-Path: {token} {ALICE}\r\n\
             Byte-Range: 1-9/9\r\nSuccess-Report: yes\r\nX-Color: blue; with=\"spaces\"\r\n\
             Message-ID: 87652\r\nx-color: again\r\nFailure-Report: yes\r\n\
             Content-Type: text/plain;charset=utf-8\r\n\r\ngrüezi!!\r\n-------{id}$\r\n"
        );
        assert_eq!(octets, expected);
    });
}

/// What an endpoint tolerates passes, with its octets as they are.
#[test]
fn a_send_beside_the_grammar_moves_on() {
    scripted(|world| {
        let talk = world.talk();
        let token = &talk.token;
        for (id, rest, passed) in [
            (
                "-abc",
                "Content-Type: text/plain;\r\n\r\nHi\r\n",
                "Content-Type: text/plain;\r\n\r\nHi\r\n",
            ),
            ("+abc", "Success-Report: partial\r\n", "Success-Report: partial\r\n"),
            ("=abc", "\r\n", "\r\n\r\n"),
        ] {
            world.give(
                talk.alice,
                format!(
                    "MSRP {id} SEND\r\nTo-Path: {token} {BOB}\r\nFrom-Path: {ALICE}\r\n\
                     Message-ID: m1\r\nByte-Range: 1-*/*\r\n{rest}-------{id}$\r\n"
                )
                .as_bytes(),
            );
            let answer = world.text(talk.alice);
            assert!(answer.starts_with(&format!("MSRP {id} 200 OK\r\n")), "{answer}");
            assert!(answer.ends_with(&format!("\r\n-------{id}$\r\n")), "{answer}");
            let octets = world.text(talk.bob);
            let own = octets.split(' ').nth(1).unwrap().to_owned();
            assert!(octets.ends_with(&format!("\r\n{passed}-------{own}$\r\n")), "{octets}");
            world.settle();
        }
    });
}

/// Back to the client, under its token.
// req: 4976-6.4-2 4976-3-1
#[test]
fn a_send_to_the_client_has_the_same_way() {
    scripted(|world| {
        let talk = world.talk();
        let request = talk.back("SEND", "juh7").message("b1").range("1-3/3");
        world.give(talk.bob, &request.body("text/plain", b"yes").octets());
        let answer = world.one(talk.bob);
        assert_eq!(answer.header("To-Path"), Some(BOB));
        assert_eq!(answer.header("From-Path"), Some(&talk.token[..]));
        let sent = world.one(talk.alice);
        assert_eq!(sent.header("To-Path"), Some(ALICE));
        assert_eq!(sent.header("From-Path"), Some(&*format!("{} {BOB}", talk.token)));
        assert_eq!(sent.body.as_deref(), Some(&b"yes"[..]));
    });
}

/// The Byte-Range has what is known when the head leaves.
// req: 4976-6.4.1-8
#[test]
fn the_range_is_what_is_passed_on() {
    let long = String::from_utf8(filler(2049)).unwrap();
    let cases = [
        ("1-5/5", "hello", '$', "1-5/5"),
        ("1-*/*", "hello", '$', "1-5/*"),
        ("1-*/5", "hello", '$', "1-5/5"),
        ("6-*/10", "world", '$', "6-10/10"),
        ("6-9/10", "worl", '+', "6-9/10"),
        ("6-*/*", "world", '#', "6-10/*"),
        ("", "hello", '$', "1-5/*"),
        // The octets count, not the range that was announced.
        ("1-9/9", "hello", '#', "1-5/9"),
        ("1-2049/2049", &long, '$', "1-*/2049"),
        ("11-*/*", &long, '+', "11-*/*"),
        ("1-0/0", "", '$', "1-0/0"),
    ];
    for (told, body, flag, passed) in cases {
        scripted(|world| {
            let talk = world.talk();
            world.give(talk.alice, &talk.chunk("c1", "m1", told, body, flag).octets());
            assert_eq!(world.one(talk.alice).what, "200");
            let sent = world.one(talk.bob);
            assert_eq!(sent.short(), format!("SEND {passed}{flag}"), "{told}");
            assert_eq!(sent.body.as_deref(), Some(body.as_bytes()));
        });
    }
}

// req: 7977-6-3
#[test]
fn a_send_without_a_body_is_passed_on() {
    for range in ["1-0/0", ""] {
        scripted(|world| {
            let talk = world.talk();
            world.give(talk.alice, &talk.request("SEND", "b1").message("m1").range(range).octets());
            assert_eq!(world.one(talk.alice).what, "200");
            let sent = world.one(talk.bob);
            assert_eq!((sent.range(), sent.body.clone(), sent.flag), (range, None, '$'));
        });
    }
}

// req: 4976-6.4.1-1 4976-6.4.1-2
#[test]
fn a_send_is_answered_as_it_asks() {
    let cases = [("", true), ("yes", true), ("partial", false), ("no", false)];
    for (asked, is_answered) in cases {
        scripted(|world| {
            let talk = world.talk();
            for body in [None, Some("hello")] {
                let mut request =
                    talk.request("SEND", "c1").message("m1").range("1-5/5").reports(asked, "");
                if let Some(body) = body {
                    request = request.body("text/plain", body.as_bytes());
                }
                world.give(talk.alice, &request.octets());
                // With or without a response of the next hop.
                let expected: &[&str] = if is_answered { &["200"] } else { &[] };
                assert_eq!(world.told(talk.alice), expected, "{asked}");
                assert_eq!(world.sent(talk.bob).len(), 1);
            }
        });
    }
}

// req: 4976-6.4.1-1
#[test]
fn a_refusal_is_told_unless_it_is_not_to_be() {
    for (asked, is_answered) in [("", true), ("yes", true), ("partial", true), ("no", false)] {
        scripted(|world| {
            let talk = world.talk();
            let path = format!("msrps://a.example:9000/unknown;tcp {BOB}");
            let request = talk.chunk("c1", "m1", "1-5/5", "hello", '$').to(&path);
            world.give(talk.alice, &request.reports(asked, "").octets());
            assert_eq!(world.told(talk.alice).len(), usize::from(is_answered), "{asked}");
        });
    }
}

/// The forwarded chunk has a new id, which its body may contain.
// req: 4976-6.4-3
#[test]
fn an_end_line_in_the_body_ends_nothing() {
    let mut bodies = Vec::new();
    for body in ["\r\n-------other$\r\n", "-------", "\r\n-------c1", "\r\n-------c1!\r\n"] {
        bodies.push(body.repeat(3));
        bodies.push(format!("{}{}", "x".repeat(3000), body.repeat(900)));
    }
    for body in bodies {
        scripted(|world| {
            let talk = world.talk();
            world.give(talk.alice, &talk.chunk("c1", "m1", "1-*/*", &body, '$').octets());
            let whole: Vec<u8> =
                world.sent(talk.bob).into_iter().flat_map(|it| it.body.unwrap()).collect();
            assert_eq!(whole, body.as_bytes());
        });
    }
}

/// This Alice knows the random source of the relay and so its next ids: she sends
/// an end-line for each.
// req: 4976-6.4-3
#[test]
fn an_end_line_for_the_next_transaction_ends_nothing() {
    for padding in [0, 4096] {
        // A relay with the same source shows the ids.
        let mut ids = Vec::new();
        let mut world = World::new(config());
        let talk = world.talk();
        for n in 0..8 {
            let chunk = talk.chunk(&format!("c{n}"), "m0", "1-2/2", "hi", '$');
            world.give(talk.alice, &chunk.octets());
            let sent = world.one(talk.bob);
            world.answer(talk.bob, &sent, "200 OK");
            ids.push(sent.id);
        }
        let mut body = "y".repeat(padding);
        for id in &ids {
            body += &format!("\r\n-------{id}$\r\n");
        }
        let mut world = World::new(config());
        let talk = world.talk();
        world.give(talk.alice, &talk.chunk("c1", "m1", "1-*/*", &body, '$').octets());
        let sent = world.sent(talk.bob);
        let whole: Vec<u8> = sent.iter().flat_map(|it| it.body.clone().unwrap()).collect();
        assert_eq!(whole, body.as_bytes());
        assert!(sent.len() > 1 || !ids.contains(&sent[0].id));
    }
}

/// Two clients that use the same id towards one peer.
// req: 4976-6.4-3
#[test]
fn ids_do_not_clash() {
    scripted(|world| {
        let talk = world.talk();
        let (carol, token) = world.client(CAROL);
        let mut ids = std::collections::BTreeSet::new();
        for n in 0..40 {
            world.give(talk.alice, &talk.chunk("same", "m1", "1-2/2", "hi", '$').octets());
            let id = format!("m{n}");
            let chunk = Raw::chunk("same", &id, "1-2/2", "ho", '$');
            world.give(carol, &chunk.to(&format!("{token} {BOB}")).from(CAROL).octets());
            for sent in world.sent(talk.bob) {
                assert!(ids.insert(sent.id));
            }
        }
        assert_eq!(ids.len(), 80);
    });
}

const DF7: &str = "msrps://df7jal23ls0d.invalid:2855/98cjs;ws";
const JK9: &str = "msrps://jk9awp14vj8x.invalid:2855/76qwe;ws";

/// Two browsers at one relay, which is named twice (RFC 7977 section 8.3).
// req: 7977-5.1-3 4976-6.4-1 4976-6.4-2
#[test]
fn two_clients_of_one_relay() {
    let mut world = World::new(config());
    let browser = || tls().user("x").framing(Framing::Message { max_octets: 4096 });
    let links = [DF7, JK9].map(|own| {
        let link = world.accept(browser());
        world.give_message(link, &auth("auth1", own).octets());
        (link, world.one(link).header("Use-Path").unwrap().to_string())
    });
    let [(df7, first), (jk9, second)] = links;
    let to = format!("{first} {second} {JK9}");
    let chunk = Raw::chunk("kjh6", "87652", "1-*/*", "I sent that file.", '$').to(&to).from(DF7);
    world.give_message(df7, &chunk.octets());
    let answer = world.one(df7);
    assert_eq!(
        (answer.header("To-Path"), answer.header("From-Path")),
        (Some(DF7), Some(&first[..]))
    );
    let sent = world.one(jk9);
    assert_eq!(sent.header("To-Path"), Some(JK9));
    let back = format!("{second} {first} {DF7}");
    assert_eq!(sent.header("From-Path"), Some(&back[..]));
    assert_eq!(sent.body.as_deref(), Some(&b"I sent that file."[..]));

    // The REPORT takes the same way back.
    let report = Raw::new("REPORT", "yh67").to(&back).from(JK9).message("87652");
    let report = report.range("1-17/17").header("Status", "000 200 OK");
    world.give_message(jk9, &report.octets());
    assert!(world.octets(jk9).is_empty());
    let passed = world.one(df7);
    assert_eq!((&passed.what[..], passed.header("To-Path")), ("REPORT", Some(DF7)));
    assert_eq!(passed.header("From-Path"), Some(&*format!("{first} {second} {JK9}")));

    // With one token only, or in the wrong order, the request is refused.
    for (to, status) in
        [(format!("{first} {JK9}"), "408"), (format!("{second} {first} {JK9}"), "403")]
    {
        let chunk = Raw::chunk("kjh7", "87653", "1-2/2", "hi", '$').to(&to).from(DF7);
        world.give_message(df7, &chunk.octets());
        assert_eq!(world.told(df7), [status], "{to}");
    }
    assert!(world.octets(jk9).is_empty() && world.wanted().is_empty());
}
