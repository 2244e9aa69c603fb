//! How transfers end: exit statuses, kinds of errors, signals.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;
use std::time::{Duration, Instant};

use common::{Scene, contents};

const OCTETS: usize = 40 << 20;

#[test]
fn each_side_says_why_by_a_stable_kind() {
    let scene = Scene::new("kinds");
    scene.make("x.bin", 1000);
    for (fetch, kind) in
        [(["--accept-size", "10"], "unwanted"), (["--accept-type", "image/*"], "unwanted")]
    {
        let (offer, fetch) =
            scene.transfer(&["offer", "x.bin"], &[&["fetch"], &fetch[..]].concat());
        assert_eq!((offer.status, fetch.status), (1, 1));
        assert_eq!((offer.kind(0), fetch.kind(0)), (&"refused".into(), &kind.into()));
        scene.forget_descriptions();
    }
    for (selector, kind) in [("name:\"y.bin\"", "no-match"), ("size:1000", "ambiguous")] {
        scene.make("z.bin", 1000);
        let serve = ["offer", "--serve", "x.bin", "z.bin"];
        let (offer, fetch) = scene.pull(&["fetch", "--selector", selector], &serve);
        assert_eq!((offer.kind(0), fetch.kind(0)), (&kind.into(), &"refused".into()));
        scene.forget_descriptions();
    }
}

/// Nothing that the other side does is wrong usage of this one.
#[test]
fn what_the_other_side_does_wrong_exits_with_1() {
    let scene = Scene::new("theirs");
    scene.make("x.bin", 1000);
    let offer = scene.offer(&["offer", "x.bin"]);
    scene.wait_for("offer.sdp");
    let whole = scene.read("offer.sdp");
    let path = whole.lines().find(|line| line.starts_with("a=path:")).unwrap().to_owned();
    drop(offer);
    for (text, kind) in [
        (String::new(), "description"),
        (whole.trim_end().to_owned(), "description"),
        (whole.split("m=").next().unwrap().to_owned(), "description"),
        (whole.replace(&format!("{path}\r\n"), ""), "description"),
        (whole.replace("a=sendonly", "a=recvonly"), "file-direction"),
        (whole.replace("a=accept-types:*", "a=accept-types:"), "description"),
    ] {
        fs::write(scene.path("offer.sdp"), &text).unwrap();
        let fetch = scene.answer(&["fetch", "--timeout", "1"]).end();
        assert_eq!(fetch.status, 1, "{text}");
        assert_eq!(fetch.only()["error"]["kind"], kind, "{text}");
    }
    fs::remove_file(scene.path("offer.sdp")).unwrap();
    let ended = scene.answer(&["offer", "x.bin", "--timeout", "1"]).end();
    assert_eq!((ended.status, &ended.only()["error"]["kind"]), (1, &"no-description".into()));
}

/// Such a certificate could be anybody's. The answer already refuses the file.
#[test]
fn tls_without_a_fingerprint_that_pins_a_certificate_is_refused() {
    let scene = Scene::new("fingerprint");
    scene.make("x.bin", 1000);
    let offer = scene.offer(&["offer", "x.bin", "--tls"]);
    scene.wait_for("offer.sdp");
    let whole = scene.read("offer.sdp");
    drop(offer);
    let line = whole.lines().find(|line| line.starts_with("a=fingerprint:")).unwrap();
    let unsafe_line = format!("a=fingerprint:sha-1 {}", ["AB"; 20].join(":"));
    for other in [String::new(), format!("{unsafe_line}\r\n")] {
        let text = whole.replace(&format!("{line}\r\n"), &other);
        fs::write(scene.path("offer.sdp"), text).unwrap();
        let fetch = scene.answer(&["fetch", "--timeout", "1"]).end();
        assert_eq!((fetch.status, fetch.kind(0)), (1, &"tls".into()), "{other}");
        assert!(scene.read("answer.sdp").contains("m=message 0 "), "{other}");
    }
}

#[test]
fn an_answer_has_the_lines_of_its_offer() {
    let scene = Scene::new("lines");
    scene.make("x.bin", 10);
    scene.make("y.bin", 10);
    let offer = scene.offer(&["offer", "x.bin", "y.bin"]);
    let _fetch = scene.answer_in("theirs.sdp", &["fetch", "--timeout", "1"]);
    scene.wait_for("theirs.sdp");
    let answer = scene.read("theirs.sdp");
    let (first, _) = answer.rsplit_once("m=").unwrap();
    fs::write(scene.path("cut.sdp"), first).unwrap();
    fs::rename(scene.path("cut.sdp"), scene.path("answer.sdp")).unwrap();
    let offer = offer.end();
    assert_eq!((offer.status, &offer.only()["error"]["kind"]), (1, &"description".into()));
}

/// Whoever is interrupted says so, and the other side learns it at once.
#[test]
fn a_signal_ends_a_transfer_and_what_has_arrived_stays() {
    for is_sender_interrupted in [true, false] {
        let scene = Scene::new("signal");
        scene.make("large.bin", OCTETS);
        let (offer, fetch) = scene.start(&["offer", "large.bin"], &["fetch"]);
        let part = scene.out("large.bin.part");
        let patience = Instant::now() + Duration::from_secs(60);
        while fs::metadata(&part).map_or(0, |it| it.len()) < 1 << 20 {
            assert!(Instant::now() < patience);
            std::thread::sleep(Duration::from_millis(1));
        }
        if is_sender_interrupted {
            offer.interrupt()
        } else {
            fetch.interrupt()
        }
        let (offer, fetch) = (offer.end(), fetch.end());
        assert_eq!((offer.status, fetch.status), (1, 1));
        let (sender, receiver) = if is_sender_interrupted {
            ("stopped", "not-received")
        } else {
            ("undelivered", "stopped")
        };
        assert_eq!((offer.kind(0), fetch.kind(0)), (&sender.into(), &receiver.into()));
        assert_eq!(scene.names(), ["large.bin.part", "large.bin.part.json"]);
        let there = fs::read(&part).unwrap();
        assert_eq!(fetch.line(0)["bytes"], there.len());
        assert!(there == contents("large.bin", OCTETS)[..there.len()]);
    }
}

/// Each file takes longer than the other side waits for an octet.
#[test]
fn no_slow_transfer_is_given_up() {
    let scene = Scene::new("rate");
    for name in ["x.bin", "y.bin"] {
        scene.make(name, 14_000);
    }
    let offer = ["offer", "x.bin", "y.bin", "--rate", "8k", "--timeout", "2"];
    let (offer, fetch) = scene.transfer(&offer, &["fetch", "--timeout", "2"]);
    assert_eq!((offer.status, fetch.status), (0, 0));
    assert_eq!(scene.names(), ["x.bin", "y.bin"]);
}
