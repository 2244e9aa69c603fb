//! A peer that knows the hash of an interrupted file cannot destroy its part.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;

use common::{Ended, Scene, contents, sha_1};

const OCTETS: usize = 100_000;

/// A folder with a file's first octets.
fn broken(name: &str, octets: usize) -> Scene {
    let scene = Scene::new(name);
    scene.make("big.bin", OCTETS);
    leave(&scene, "big.bin", &contents("big.bin", OCTETS)[..octets]);
    scene
}

/// Stores a part of the file.
fn leave(scene: &Scene, name: &str, octets: &[u8]) {
    let hash = sha_1(&scene.path("big.bin"));
    let note = format!(r#"{{"name":"big.bin","selector":"size:{OCTETS} hash:{hash}"}}"#);
    fs::write(scene.out(&format!("{name}.part")), octets).unwrap();
    fs::write(scene.out(&format!("{name}.part.json")), note).unwrap();
}

/// Pushes other octets under the hash of the file.
fn push_junk(scene: &Scene) -> Ended {
    scene.make("junk", OCTETS);
    let offer = scene.offer(&["offer", "junk"]);
    scene.wait_for("offer.sdp");
    let text = scene.read("offer.sdp");
    let (junk, big) = (Scene::selector_in(&text), sha_1(&scene.path("big.bin")));
    let lie = format!("a=file-selector:size:{OCTETS} hash:{big}");
    fs::write(scene.path("offer.sdp"), text.replace(&junk, &lie)).unwrap();
    let fetch = scene.answer_in("theirs.sdp", &["fetch", "--timeout", "5"]);
    scene.wait_for("theirs.sdp");
    let answer = scene.read("theirs.sdp");
    let answer = answer.replace(&Scene::selector_in(&answer), &junk);
    fs::write(scene.path("theirs.sdp"), answer).unwrap();
    fs::rename(scene.path("theirs.sdp"), scene.path("answer.sdp")).unwrap();
    drop(offer.end());
    scene.forget_descriptions();
    fetch.end()
}

fn resume(scene: &Scene) -> (Ended, Ended) {
    scene.pull(&["fetch", "--resume"], &["offer", "--serve", "big.bin"])
}

#[test]
fn other_octets_under_the_same_hash_do_no_harm() {
    let scene = broken("junk", 90_000);
    let fetch = push_junk(&scene);
    assert_eq!((fetch.status, &fetch.line(0)["bytes"]), (1, &OCTETS.into()));
    assert!(fetch.message(0).contains("sha-1"));
    assert_eq!(fs::metadata(scene.out("big.bin.part")).unwrap().len(), 90_000);
    let (_, fetch) = resume(&scene);
    assert_eq!((fetch.status, &fetch.line(0)["bytes"]), (0, &10_000.into()));
    assert_eq!(fs::read(scene.out("big.bin")).unwrap(), contents("big.bin", OCTETS));
    assert_eq!(scene.names(), ["big.bin"]);
}

/// The longest part is continued. The others are deleted when the file is complete.
#[test]
fn the_longest_of_several_parts_is_continued() {
    let scene = broken("several", 90_000);
    leave(&scene, "big (2).bin", &contents("big.bin", OCTETS)[..95_000]);
    let (_, fetch) = resume(&scene);
    assert_eq!((fetch.status, &fetch.line(0)["bytes"]), (0, &5_000.into()));
    assert_eq!(scene.names(), ["big.bin"]);

    // If that was not a part of the file, the other one still exists.
    let scene = broken("spoilt", 90_000);
    leave(&scene, "big (2).bin", &contents("junk", OCTETS)[..95_000]);
    assert_eq!(resume(&scene).1.status, 1);
    assert_eq!(scene.names(), ["big.bin.part", "big.bin.part.json"]);
    scene.forget_descriptions();
    assert_eq!(resume(&scene).1.status, 0);
    assert_eq!(scene.names(), ["big.bin"]);
}

/// A receiver that was killed before the check checks the file after resuming.
#[test]
fn a_complete_part_is_checked() {
    let scene = broken("whole", OCTETS);
    let (_, fetch) = resume(&scene);
    assert_eq!((fetch.status, &fetch.line(0)["bytes"]), (0, &1.into()));
    assert_eq!(fs::read(scene.out("big.bin")).unwrap(), contents("big.bin", OCTETS));
    assert_eq!(scene.names(), ["big.bin"]);
}
