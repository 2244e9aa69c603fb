//! Folders of files.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;

use common::{Scene, contents};

fn album(name: &str) -> Scene {
    let scene = Scene::new(name);
    fs::create_dir_all(scene.path("photos/2024/may")).unwrap();
    for name in ["photos/cat.png", "photos/2024/dog.png", "photos/2024/may/dog.png"] {
        scene.make(name, 1000);
    }
    std::os::unix::fs::symlink(scene.path("out"), scene.path("photos/link")).unwrap();
    scene
}

#[test]
fn a_folder_is_offered_with_all_its_files() {
    let scene = album("flat");
    let (offer, fetch) = scene.transfer(&["offer", "photos"], &["fetch"]);
    assert_eq!((offer.status, fetch.status), (0, 0));
    let names = [0, 1, 2].map(|line| offer.line(line)["name"].as_str().unwrap().to_owned());
    assert_eq!(names, ["photos/2024/dog.png", "photos/2024/may/dog.png", "photos/cat.png"]);
    // No peer makes folders unless the user says so.
    assert_eq!(scene.names(), ["cat.png", "dog (2).png", "dog.png"]);
}

#[test]
fn folders_are_made_inside_if_the_user_says_so() {
    let scene = album("folders");
    let (offer, fetch) = scene.transfer(&["offer", "photos"], &["fetch", "--folders"]);
    assert_eq!((offer.status, fetch.status), (0, 0));
    assert_eq!(scene.names(), ["photos"]);
    for name in ["photos/cat.png", "photos/2024/dog.png", "photos/2024/may/dog.png"] {
        assert_eq!(fs::read(scene.out(name)).unwrap(), contents(name, 1000));
    }
    assert_eq!(fetch.line(2)["path"], "out/photos/cat.png");
}

#[test]
fn hostile_folders_are_not_made() {
    for name in ["..%2Fup.bin", "%2Ftmp%2Fup.bin", "a%2F..%2F..%2Fup.bin", ".ssh%2Fup.bin"] {
        let scene = Scene::new("hostile-folders");
        scene.make("x.bin", 1000);
        let offer = scene.offer(&["offer", "x.bin"]);
        scene.wait_for("offer.sdp");
        let text = scene.read("offer.sdp").replace("name:\"x.bin\"", &format!("name:\"{name}\""));
        fs::write(scene.path("offer.sdp"), text).unwrap();
        let fetch = scene.answer(&["fetch", "--folders"]);
        let (offer, fetch) = (offer.end(), fetch.end());
        assert_eq!((offer.status, fetch.status), (0, 0), "{name}");
        assert_eq!(scene.names(), ["up.bin"], "{name}");
    }
}

/// What was interrupted keeps its folder.
#[test]
fn a_file_in_a_folder_is_resumed() {
    let scene = Scene::new("resumed-folder");
    scene.make("x.bin", 10_000);
    let hash = common::sha_1(&scene.path("x.bin"));
    let note = format!(r#"{{"name":"a/b/x.bin","selector":"size:10000 hash:{hash}"}}"#);
    fs::write(scene.out("x.bin.part"), &contents("x.bin", 10_000)[..6000]).unwrap();
    fs::write(scene.out("x.bin.part.json"), note).unwrap();
    let fetch = ["fetch", "--resume", "--folders"];
    let (offer, fetch) = scene.pull(&fetch, &["offer", "--serve", "x.bin"]);
    assert_eq!((offer.status, fetch.status, &fetch.line(0)["bytes"]), (0, 0, &4000.into()));
    assert_eq!(fs::read(scene.out("a/b/x.bin")).unwrap(), contents("x.bin", 10_000));
}

#[test]
fn files_in_folders_are_served_by_their_names() {
    let scene = album("served");
    let serve = ["offer", "--serve", "photos"];
    let fetch = [
        "fetch",
        "--selector",
        "name:\"cat.png\"",
        "--selector",
        "name:\"dog.png\"",
        "--selector",
        "name:\"photos%2F2024%2Fdog.png\"",
    ];
    let (offer, _) = scene.pull(&fetch, &serve);
    assert_eq!(offer.kind(1), "ambiguous");
    assert_eq!(scene.names(), ["cat.png", "dog.png"]);
    let dog = "photos/2024/dog.png";
    assert_eq!(fs::read(scene.out("dog.png")).unwrap(), contents(dog, 1000));
}
