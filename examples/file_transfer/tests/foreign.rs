//! Files of other programs stay as they are, regardless of what a peer offers.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;

use common::{Scene, contents, sha_1};

/// Browsers call their unfinished downloads `.part` too.
#[test]
fn an_unfinished_download_of_another_program_is_not_touched() {
    let scene = Scene::new("download");
    scene.make("thesis.pdf", 5000);
    fs::write(scene.out("thesis.pdf.part"), "half a thesis").unwrap();
    for _ in 0..2 {
        let (_, fetch) = scene.transfer(&["offer", "thesis.pdf"], &["fetch"]);
        assert_eq!(fetch.status, 0);
        scene.forget_descriptions();
    }
    assert_eq!(fs::read_to_string(scene.out("thesis.pdf.part")).unwrap(), "half a thesis");
    assert_eq!(scene.names(), ["thesis (2).pdf", "thesis.pdf", "thesis.pdf.part"]);
}

/// A peer that could send a note could turn any file into a part.
#[test]
fn no_peer_sends_a_note() {
    let scene = Scene::new("note");
    scene.make("other.bin", 5000);
    let note = note_of(&scene, "mine", "other.bin");
    fs::write(scene.path("mine.part.json"), note).unwrap();
    fs::write(scene.out("mine.part"), "my own").unwrap();
    for offer in [&["offer", "mine.part.json", "other.bin"][..], &["offer", "other.bin"]] {
        let (_, fetch) = scene.transfer(offer, &["fetch"]);
        assert_eq!(fetch.status, 0);
        scene.forget_descriptions();
    }
    assert_eq!(fs::read_to_string(scene.out("mine.part")).unwrap(), "my own");
    assert_eq!(scene.names(), ["mine.part", "mine.part_json", "other (2).bin", "other.bin"]);
}

/// A link is neither a part nor a note.
#[test]
fn nothing_is_written_through_a_link() {
    for is_note_a_link in [false, true] {
        let scene = Scene::new("link");
        scene.make("x.bin", 5000);
        fs::write(scene.path("mine"), "my own").unwrap();
        fs::write(scene.path("note"), note_of(&scene, "x.bin", "x.bin")).unwrap();
        let (part, note) = (scene.out("x.bin.part"), scene.out("x.bin.part.json"));
        if is_note_a_link {
            fs::rename(scene.path("mine"), &part).unwrap();
            std::os::unix::fs::symlink(scene.path("note"), &note).unwrap();
        } else {
            fs::rename(scene.path("note"), &note).unwrap();
            std::os::unix::fs::symlink(scene.path("mine"), &part).unwrap();
        }
        let (_, fetch) = scene.transfer(&["offer", "x.bin"], &["fetch"]);
        assert_eq!(fetch.status, 0);
        assert_eq!(fs::read_to_string(&part).unwrap(), "my own");
        assert_eq!(fs::read(scene.out("x.bin")).unwrap(), contents("x.bin", 5000));
    }
}

#[test]
fn a_note_has_a_limited_size() {
    let scene = Scene::new("long");
    scene.make("x.bin", 5000);
    let note = note_of(&scene, "x.bin", "x.bin");
    fs::write(scene.out("x.bin.part"), "my own").unwrap();
    fs::write(scene.out("x.bin.part.json"), " ".repeat(16 * 1024) + &note).unwrap();
    let (_, fetch) = scene.transfer(&["offer", "x.bin"], &["fetch"]);
    assert_eq!(fetch.status, 0);
    assert_eq!(fs::read_to_string(scene.out("x.bin.part")).unwrap(), "my own");
}

/// The note of a part with that name and the hash of `file`.
fn note_of(scene: &Scene, name: &str, file: &str) -> String {
    format!(r#"{{"name":"{name}","selector":"hash:{}"}}"#, sha_1(&scene.path(file)))
}
