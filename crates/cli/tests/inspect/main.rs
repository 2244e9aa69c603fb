//! `inspect` as a process: what it prints of recordings, descriptions and bodies.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../processes/mod.rs"]
mod processes;

mod bodies;
mod captures;
mod descriptions;
mod frames;
mod late;
mod packets;
mod transfers;

use std::fs;
use std::path::{Path, PathBuf};

use processes::{Folder, Running, command};
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Runs a form to its end: the exit status, and the objects that it prints.
pub(crate) fn inspect(arguments: &[&str]) -> (i32, Vec<Value>) {
    let output = Running(command("inspect", arguments).spawn().unwrap()).output();
    let text = String::from_utf8(output.stdout).unwrap();
    let objects = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), objects)
}

/// The one object of a form, which reads its input.
pub(crate) fn read(arguments: &[&str]) -> Value {
    let (status, mut objects) = inspect(arguments);
    assert_eq!((status, objects.len()), (0, 1), "{arguments:?}: {objects:?}");
    assert_eq!(objects[0]["error"], Value::Null);
    objects.remove(0)
}

/// The one object of a form that does not read its input, or refuses it.
pub(crate) fn unread(arguments: &[&str]) -> Value {
    let (status, mut objects) = inspect(arguments);
    assert_eq!((status, objects.len()), (1, 1), "{arguments:?}: {objects:?}");
    objects.remove(0)
}

/// The text of an input that is not read, at the octets of its error.
pub(crate) fn wrong(object: &Value, input: &[u8]) -> String {
    let octets = object["error"]["octets"].as_array().unwrap();
    let at = |index: usize| usize::try_from(octets[index].as_u64().unwrap()).unwrap();
    String::from_utf8_lossy(&input[at(0)..at(1)]).into_owned()
}

/// A case of a deployed stack.
pub(crate) fn case(name: &str) -> String {
    format!("{ROOT}/tests/cases/{name}")
}

/// A file with this text, in a folder that is removed with the test.
pub(crate) fn file(folder: &Folder, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.0.join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// All files of a folder of the repository, and of those in it.
pub(crate) fn files(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let mut found: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { files(path) } else { vec![path] })
        .collect();
    found.sort();
    found
}

/// Asserts that a form gives objects of its shape for any input, and a status that fits.
pub(crate) fn assert_shape(arguments: &[&str], input: &Path) {
    let path = input.display().to_string();
    let (status, objects) = inspect(&[&arguments[..1], &[path.as_str()], &arguments[1..]].concat());
    assert!(matches!(status, 0 | 1), "{path}: {status}");
    assert!(!objects.is_empty() || fs::read(input).unwrap().is_empty(), "{path}");
    let len = fs::metadata(input).unwrap().len();
    for object in &objects {
        assert!(object["tolerated"].is_array(), "{path}: {object}");
        let error = &object["error"];
        if !error.is_null() {
            assert!(error["kind"].is_string() && error["message"].is_string(), "{path}: {object}");
            let at = |index: usize| error["octets"][index].as_u64().unwrap();
            assert!(at(0) <= at(1) && at(1) <= len, "{path}: {object}");
        }
    }
    if status == 1 {
        let is_told = |it: &Value| !it["error"].is_null() || !it["refusal"].is_null();
        assert!(objects.iter().any(is_told), "{path}");
    }
}

#[test]
fn wrong_usage_has_a_status_of_its_own() {
    let offer = case("T01-plain-offer-tls-local.sdp");
    let wrong: [&[&str]; 7] = [
        &[],
        &["no-such-form", &offer],
        &["sdp", "/no/such/file"],
        &["answer", &offer],
        &["answer", &offer, "--local", "no URI"],
        &["complete", "-", "-", "--local", "msrp://h:1/s;tcp"],
        &["answer", &offer, "--local", "msrp://h:1/s;tcp", "--active", "--passive"],
    ];
    for arguments in wrong {
        assert_eq!(inspect(arguments), (2, Vec::new()), "{arguments:?}");
    }
}
