//! Both sides as processes, over loopback.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;
use std::time::{Duration, Instant};

use common::{Scene, contents, sha_1};

#[test]
fn files_are_pushed() {
    let scene = Scene::new("push");
    scene.make("a.txt", 3);
    scene.make("b.bin", 700_001);
    scene.make("empty", 0);
    let (offer, fetch) = scene.transfer(&["offer", "a.txt", "b.bin", "empty"], &["fetch"]);
    assert_eq!((offer.status, fetch.status), (0, 0));
    for (line, name, octets) in [(0, "a.txt", 3), (1, "b.bin", 700_001), (2, "empty", 0)] {
        for side in [&offer, &fetch] {
            assert_eq!(side.line(line)["success"], true);
            assert_eq!(side.line(line)["bytes"], octets);
            assert_eq!(side.line(line)["name"], name);
        }
        assert_eq!(fs::read(scene.out(name)).unwrap(), contents(name, octets));
    }
    assert_eq!(scene.names(), ["a.txt", "b.bin", "empty"], "nothing else is left");
}

#[test]
fn each_file_is_refused_by_itself() {
    let scene = Scene::new("refuse");
    scene.make("small.txt", 100);
    scene.make("large.txt", 2000);
    scene.make("small.png", 100);
    let offer = ["offer", "large.txt", "small.txt", "small.png"];
    let fetch = ["fetch", "--accept-size", "1000", "--accept-type", "text/*"];
    let (offer, fetch) = scene.transfer(&offer, &fetch);
    assert_eq!((offer.status, fetch.status), (1, 1));
    for side in [&offer, &fetch] {
        assert_eq!(side.line(0)["success"], false);
        assert_eq!(side.line(1)["success"], true);
        assert_eq!(side.line(2)["success"], false);
    }
    assert_eq!(scene.names(), ["small.txt"]);
    // Refused: port 0, with selector and id of the offer (RFC 5547 section 8.3).
    let (offer, answer) = (scene.read("offer.sdp"), scene.read("answer.sdp"));
    let refused = answer.split("m=").nth(1).unwrap();
    assert!(refused.starts_with("message 0 TCP/MSRP *"));
    let offered = offer.split("m=").nth(1).unwrap();
    for name in ["a=file-selector:", "a=file-transfer-id:"] {
        let line = offered.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(refused.lines().any(|it| it == line), "{refused}");
    }
}

#[test]
fn a_file_is_pulled_by_its_hash() {
    let scene = Scene::new("pull");
    fs::create_dir(scene.path("shelf")).unwrap();
    for name in ["shelf/one.txt", "shelf/two.txt", "shelf/three.txt"] {
        scene.make(name, 5000);
    }
    let selector = format!("hash:{}", sha_1(&scene.path("shelf/two.txt")));
    let fetch = ["fetch", "--selector", &selector];
    let (offer, fetch) = scene.pull(&fetch, &["offer", "--serve", "shelf"]);
    assert_eq!((offer.status, fetch.status), (0, 0));
    // Only the message says the name.
    assert!(!scene.read("offer.sdp").contains("name:"));
    assert!(!scene.read("answer.sdp").contains("name:"));
    assert_eq!(fs::read(scene.out("two.txt")).unwrap(), contents("shelf/two.txt", 5000));
    assert_eq!(fetch.line(0)["bytes"], 5000);
}

#[test]
fn a_file_that_is_ambiguous_or_missing_is_refused() {
    let scene = Scene::new("ambiguous");
    fs::create_dir(scene.path("shelf")).unwrap();
    for name in ["shelf/one.txt", "shelf/two.txt", "shelf/three.bin"] {
        scene.make(name, 5000);
    }
    let fetch = [
        "fetch",
        "--selector",
        "type:text/plain size:5000",
        "--selector",
        "name:\"four.txt\"",
        "--selector",
        "name:\"three.bin\"",
    ];
    let (offer, fetch) = scene.pull(&fetch, &["offer", "--serve", "shelf"]);
    assert_eq!((offer.status, fetch.status), (1, 1));
    for side in [&offer, &fetch] {
        assert_eq!(side.line(0)["success"], false);
        assert_eq!(side.line(1)["success"], false);
        assert_eq!(side.line(2)["success"], true);
    }
    assert_eq!(scene.names(), ["three.bin"]);
}

const LARGE: usize = 100 << 20;

/// One side is killed in the middle. The receiver asks for the missing octets only.
#[test]
fn a_broken_transfer_is_resumed() {
    for is_sender_killed in [true, false] {
        resume(is_sender_killed);
    }
}

fn resume(is_sender_killed: bool) {
    const OCTETS: usize = 40 << 20;
    let scene = Scene::new("resume");
    scene.make("large.bin", OCTETS);
    let (mut offer, mut fetch) = scene.start(&["offer", "large.bin"], &["fetch"]);
    let part = scene.out("large.bin.part");
    let patience = Instant::now() + Duration::from_secs(60);
    while fs::metadata(&part).map_or(0, |it| it.len()) < 1 << 20 {
        assert!(Instant::now() < patience);
        std::thread::sleep(Duration::from_millis(1));
    }
    let broken = if is_sender_killed {
        offer.kill();
        fetch.end()
    } else {
        fetch.kill();
        offer.end()
    };
    assert_eq!((broken.status, &broken.line(0)["success"]), (1, &false.into()));
    let there = fs::metadata(&part).unwrap().len();
    assert!((1 << 20..OCTETS as u64).contains(&there), "{there}");
    if is_sender_killed {
        assert_eq!(broken.line(0)["bytes"], there);
    }

    scene.forget_descriptions();
    let first_id = id_in(&scene.read("old-offer.sdp"));
    let (offer, fetch) = scene.pull(&["fetch", "--resume"], &["offer", "--serve", "large.bin"]);
    assert_eq!((offer.status, fetch.status), (0, 0));
    let asked = scene.read("offer.sdp");
    assert!(asked.contains(&format!("a=file-range:{}-{OCTETS}\r\n", there + 1)), "{asked}");
    assert_ne!(first_id, id_in(&asked), "resuming is a new transfer");
    for side in [&offer, &fetch] {
        assert_eq!(side.line(0)["bytes"], OCTETS as u64 - there);
    }
    assert!(fs::read(scene.out("large.bin")).unwrap() == contents("large.bin", OCTETS));
    assert_eq!(scene.names(), ["large.bin"]);
}

fn id_in(description: &str) -> String {
    let line = description.lines().find(|line| line.starts_with("a=file-transfer-id:"));
    line.unwrap().to_owned()
}

/// The same with a push: the sender offers the missing octets.
#[test]
fn the_rest_of_a_file_can_be_pushed() {
    let scene = Scene::new("range");
    scene.make("x.bin", 10_000);
    // Half of it arrived earlier.
    let note = format!(
        r#"{{"name":"x.bin","selector":"name:\"x.bin\" size:10000 hash:{}"}}"#,
        sha_1(&scene.path("x.bin"))
    );
    fs::write(scene.out("x.bin.part"), &contents("x.bin", 10_000)[..6000]).unwrap();
    fs::write(scene.out("x.bin.part.json"), note).unwrap();
    // A range that begins after a gap, and one that does not extend to the end.
    for range in ["6002-*", "1-6000"] {
        let (offer, fetch) = scene.transfer(&["offer", "x.bin", "--range", range], &["fetch"]);
        assert_eq!((offer.status, fetch.status), (1, 1), "{range}");
        scene.forget_descriptions();
    }
    let (offer, fetch) = scene.transfer(&["offer", "x.bin", "--range", "5001-*"], &["fetch"]);
    assert_eq!((offer.status, fetch.status), (0, 0));
    assert!(scene.read("answer.sdp").contains("a=file-range:5001-*\r\n"));
    assert_eq!(fetch.line(0)["bytes"], 5000);
    assert_eq!(fs::read(scene.out("x.bin")).unwrap(), contents("x.bin", 10_000));
    assert_eq!(scene.names(), ["x.bin"]);
}

/// The part of an interrupted transfer goes to one of them.
#[test]
fn the_same_octets_twice_are_two_files() {
    let scene = Scene::new("same");
    scene.make("x.bin", 10_000);
    fs::copy(scene.path("x.bin"), scene.path("y.bin")).unwrap();
    let note = format!(r#"{{"name":"x.bin","selector":"hash:{}"}}"#, sha_1(&scene.path("x.bin")));
    fs::write(scene.out("x.bin.part"), "something").unwrap();
    fs::write(scene.out("x.bin.part.json"), note).unwrap();
    let (offer, fetch) = scene.transfer(&["offer", "x.bin", "y.bin"], &["fetch"]);
    assert_eq!((offer.status, fetch.status), (0, 0));
    assert_eq!(scene.names(), ["x.bin", "y.bin"]);
    for name in ["x.bin", "y.bin"] {
        assert_eq!(fs::read(scene.out(name)).unwrap(), contents("x.bin", 10_000));
    }
}

/// A file that does not match its description is deleted, and the sender learns it.
#[test]
fn a_wrong_hash_fails_the_transfer() {
    let scene = Scene::new("hash");
    scene.make("x.bin", 20_000);
    let offer = scene.offer(&["offer", "x.bin"]);
    scene.wait_for("offer.sdp");
    let mut octets = contents("x.bin", 20_000);
    octets[19_999] ^= 1;
    fs::write(scene.path("x.bin"), octets).unwrap();
    let fetch = scene.answer(&["fetch"]);
    let (offer, fetch) = (offer.end(), fetch.end());
    assert_eq!((offer.status, fetch.status), (1, 1));
    let error = fetch.message(0);
    assert!(error.contains("sha-1"), "{error}");
    assert!(offer.message(0).contains("413"));
    assert!(scene.names().is_empty());
}

#[test]
fn hostile_names_stay_in_the_folder() {
    for (name, stored) in [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("%2Fetc%2Fpasswd", "passwd"),
        ("..", "file"),
        ("C%3A%5Cx.txt", "x.txt"),
        ("a%00b%0A", "ab"),
        (".bashrc", "bashrc"),
    ] {
        let scene = Scene::new("names");
        scene.make("x.bin", 1000);
        let offer = scene.offer(&["offer", "x.bin"]);
        scene.wait_for("offer.sdp");
        // Replaces the name in the description.
        let text = scene.read("offer.sdp").replace("name:\"x.bin\"", &format!("name:\"{name}\""));
        fs::write(scene.path("offer.sdp"), text).unwrap();
        let fetch = scene.answer(&["fetch"]);
        let (offer, fetch) = (offer.end(), fetch.end());
        assert_eq!((offer.status, fetch.status), (0, 0), "{name}");
        assert_eq!(scene.names(), [stored], "{name}");
        assert_eq!(fs::read(scene.out(stored)).unwrap(), contents("x.bin", 1000));
    }
}

#[test]
fn nothing_is_overwritten() {
    let scene = Scene::new("twice");
    scene.make("x.tar.gz", 1000);
    fs::write(scene.out("x.tar.gz"), "mine").unwrap();
    fs::write(scene.out("x.tar.gz.part.json"), "mine too").unwrap();
    for _ in 0..2 {
        let (offer, fetch) = scene.transfer(&["offer", "x.tar.gz"], &["fetch"]);
        assert_eq!((offer.status, fetch.status), (0, 0));
        scene.forget_descriptions();
    }
    let names = ["x (2).tar.gz", "x (3).tar.gz", "x.tar.gz", "x.tar.gz.part.json"];
    assert_eq!(scene.names(), names);
    assert_eq!(fs::read_to_string(scene.out("x.tar.gz")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(scene.out("x.tar.gz.part.json")).unwrap(), "mine too");
}

#[test]
fn a_large_file_takes_little_memory() {
    let scene = Scene::new("large");
    scene.make("large.bin", LARGE);
    let (mut offer, mut fetch) = scene.start(&["offer", "large.bin"], &["fetch"]);
    let most = |process: &mut common::Side| process.most_memory().unwrap_or(1);
    let (sender, receiver) = (most(&mut offer), most(&mut fetch));
    let (offer, fetch) = (offer.end(), fetch.end());
    assert_eq!((offer.status, fetch.status), (0, 0));
    assert!(sender.max(receiver) < 48 << 20, "{sender} and {receiver} octets");
    assert_eq!(fs::read(scene.out("large.bin")).unwrap(), contents("large.bin", LARGE));
}

#[test]
fn under_tls_each_side_knows_the_other_by_its_fingerprint() {
    let scene = Scene::new("tls");
    scene.make("x.bin", 300_000);
    let (offer, fetch) = scene.transfer(&["offer", "x.bin", "--tls"], &["fetch"]);
    assert_eq!((offer.status, fetch.status), (0, 0));
    assert!(
        scene.read("answer.sdp").contains("m=message ")
            && scene.read("answer.sdp").contains("TCP/TLS/MSRP")
    );
    assert_eq!(fs::read(scene.out("x.bin")).unwrap(), contents("x.bin", 300_000));

    scene.forget_descriptions();
    let offer = scene.offer(&["offer", "x.bin", "--tls", "--timeout", "5"]);
    scene.wait_for("offer.sdp");
    // The presented certificate is not the described one.
    let text = scene.read("offer.sdp");
    let (before, digit) = text
        .split_once("a=fingerprint:SHA-256 ")
        .or_else(|| text.split_once("a=fingerprint:sha-256 "))
        .unwrap();
    let other = if digit.starts_with('0') { "1" } else { "0" };
    fs::write(
        scene.path("offer.sdp"),
        format!("{before}a=fingerprint:sha-256 {other}{}", &digit[1..]),
    )
    .unwrap();
    let fetch = scene.answer(&["fetch", "--timeout", "2"]);
    let (offer, fetch) = (offer.end(), fetch.end());
    assert_eq!((offer.status, fetch.status), (1, 1));
    assert_eq!(scene.names(), ["x.bin"]);
}

/// A receiver that accepts only message/cpim gets wrapped files, and stores them
/// unwrapped.
#[test]
fn wrapped_files_are_stored_unwrapped() {
    let scene = Scene::new("cpim");
    for (name, octets) in [("a.bin", 0), ("b.bin", 1), ("c.bin", 700_000)] {
        scene.make(name, octets);
    }
    for is_asked_for in [false, true] {
        let more: &[&str] = if is_asked_for { &[] } else { &["--cpim"] };
        let offer = scene.offer(&[&["offer", "a.bin", "b.bin", "c.bin"], more].concat());
        let fetch = scene.answer_in("theirs.sdp", &["fetch", "--accept-size", "700000"]);
        scene.wait_for("theirs.sdp");
        let mut answer = scene.read("theirs.sdp");
        if is_asked_for {
            let wrapped = "a=accept-types:message/cpim\r\na=accept-wrapped-types:*";
            answer = answer.replace("a=accept-types:*", wrapped);
        }
        fs::write(scene.path("theirs.sdp"), answer).unwrap();
        fs::rename(scene.path("theirs.sdp"), scene.path("answer.sdp")).unwrap();
        let (offer, fetch) = (offer.end(), fetch.end());
        assert_eq!((offer.status, fetch.status), (0, 0));
        for (line, name, octets) in [(0, "a.bin", 0), (1, "b.bin", 1), (2, "c.bin", 700_000)] {
            assert_eq!(offer.line(line)["bytes"], octets);
            assert_eq!(fetch.line(line)["bytes"], octets);
            assert_eq!(fs::read(scene.out(name)).unwrap(), contents(name, octets));
            fs::remove_file(scene.out(name)).unwrap();
        }
        scene.forget_descriptions();
    }
    assert!(scene.names().is_empty());
}

/// With pipes for the descriptions, no description stays on the disk.
#[test]
fn descriptions_go_through_pipes() {
    let scene = Scene::new("pipes");
    scene.make("x.bin", 1000);
    let status = scene.shell(
        "mkfifo answer; \"$FT\" offer x.bin --sdp-in answer 2>offer.json \
         | \"$FT\" fetch --out out --sdp-out answer > fetch.json",
    );
    assert_eq!(status, 0);
    assert_eq!(fs::read(scene.out("x.bin")).unwrap(), contents("x.bin", 1000));
    assert!(scene.read("fetch.json").contains("\"success\":true"));
    assert!(scene.read("offer.json").contains("\"success\":true"));
}

#[test]
fn wrong_usage_is_reported() {
    let scene = Scene::new("usage");
    scene.make("x.bin", 10);
    fs::write(scene.path("there.sdp"), "v=0\r\n").unwrap();
    for arguments in [
        &["offer"][..],
        &["offer", "nothing.bin"],
        &["offer", "out"],
        &["offer", "x.bin", "--listen", "0.0.0.0:0"],
        &["offer", "x.bin", "--rate", "0"],
        &["offer", "x.bin", "--range", "0-5"],
        &["offer", "x.bin", "--range", "1-11"],
        &["offer", "x.bin", "--sdp-in", "there.sdp"],
        &["offer", "x.bin", "--serve", "x.bin"],
        &["fetch"],
        &["fetch", "--out", "nowhere"],
        &["fetch", "--out", "out", "--resume"],
        &["fetch", "--out", "out", "--selector", "size:x"],
        &["fetch", "--out", "out", "--selector", ""],
    ] {
        assert_eq!(scene.run(arguments), 2, "{arguments:?}");
    }
}

#[test]
fn a_description_that_is_empty_cut_or_none_fails_the_transfer() {
    let scene = Scene::new("cut");
    scene.make("x.bin", 10);
    let offer = scene.offer(&["offer", "x.bin", "--timeout", "1"]);
    scene.wait_for("offer.sdp");
    let whole = scene.read("offer.sdp");
    // Nobody has answered.
    assert_eq!(offer.end().status, 1);
    let (session, _) = whole.split_once("m=message").unwrap();
    let cut = whole.trim_end();
    for text in ["", "\r\n", "nothing of the kind\r\n", session, cut] {
        fs::write(scene.path("cut.sdp"), text).unwrap();
        let fetch = ["fetch", "--out", "out", "--sdp-in", "cut.sdp", "--sdp-out", "none.sdp"];
        assert_eq!(scene.run(&fetch), 1, "{text:?}");
        assert!(!scene.path("none.sdp").exists(), "{text:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_accepted_that_could_not_be_stored() {
    let scene = Scene::new("unwritable");
    scene.make("x.bin", 10);
    let _offer = scene.offer(&["offer", "x.bin"]);
    scene.wait_for("offer.sdp");
    // No file can be created there, not even by root.
    let fetch = ["fetch", "--out", "/proc", "--sdp-in", "offer.sdp", "--sdp-out", "answer.sdp"];
    assert_eq!(scene.run(&fetch), 2);
    assert!(!scene.path("answer.sdp").exists());
}
