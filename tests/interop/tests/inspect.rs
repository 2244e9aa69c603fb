//! `msrp inspect frames` reads the packets of a capture as tshark does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use msrp_interop::{Dissected, built, capture, dissect_capture, needed};
use serde_json::Value;

#[test]
fn a_capture_of_the_corpus_is_read_as_tshark_reads_it() {
    let Some(msrp) = needed(built("msrp", "-p msrp-cli")) else { return };
    let messages = corpus(&msrp);
    let folder = tempfile::tempdir().unwrap();
    let packets = folder.path().join("packets");
    let Some(()) = needed(capture(&messages, &packets)) else { return };
    let Some(theirs) = needed(dissect_capture(&packets)) else { return };
    let ours = frames(&msrp, &packets);
    assert_eq!((theirs.len(), ours.len()), (messages.len(), messages.len()));
    assert!(ours.len() > 150, "{} messages", ours.len());
    for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(ours["packet"], index as u64 + 1, "{ours}");
        compare(ours, theirs, &messages[index]);
    }
}

/// The well-formed chunks and responses of the corpus.
fn corpus(msrp: &Path) -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let mut files = Vec::new();
    for folder in [corpus.join("bad"), corpus] {
        files.extend(fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    }
    files.retain(|path: &PathBuf| path.extension().is_some_and(|it| it == "msrp"));
    files.sort();
    let of_file = |path: &PathBuf| {
        let octets = fs::read(path).unwrap();
        let read = frames(msrp, path).into_iter();
        let read = read.filter(|it| it["error"].is_null() && it["transactionId"].is_string());
        read.map(|frame| {
            let at =
                |index: usize| usize::try_from(frame["octets"][index].as_u64().unwrap()).unwrap();
            octets[at(0)..at(1)].to_vec()
        })
        .collect::<Vec<_>>()
    };
    files.iter().flat_map(of_file).collect()
}

fn frames(msrp: &Path, file: &Path) -> Vec<Value> {
    let output = Command::new(msrp).args(["inspect", "frames"]).arg(file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn compare(ours: &Value, theirs: &Dissected, octets: &[u8]) {
    let text = |key: &str| ours[key].as_str().map(str::to_owned).into_iter().collect::<Vec<_>>();
    let path = |key: &str| {
        let uris = ours[key].as_array().unwrap().iter().map(|uri| uri.as_str().unwrap());
        vec![uris.collect::<Vec<_>>().join(" ")]
    };
    // A range may have leading zeros, which only its header field shows.
    let range = ours["headers"].as_array().unwrap().iter();
    let range = range.filter(|header| header["name"] == "Byte-Range");
    let range = range.map(|header| header["value"].as_str().unwrap().trim().to_owned());
    let status = ours["statusCode"].as_u64().map(|code| code.to_string());
    for (field, expected) in [
        ("method", text("method")),
        ("status.code", status.into_iter().collect()),
        ("to.path", path("toPath")),
        ("from.path", path("fromPath")),
        ("messageid", text("messageId")),
        ("byte.range", range.collect()),
        ("content.type", text("contentType")),
    ] {
        let found: Vec<_> = theirs.values(field).into_iter().map(without_extra_blanks).collect();
        assert_eq!(found, expected, "{field} of\n{}", octets.escape_ascii());
    }
    let id = ours["transactionId"].as_str().unwrap();
    assert!(theirs.values("transaction.id").contains(&id), "{}", octets.escape_ascii());
}

/// tshark shows blanks as they were written.
fn without_extra_blanks(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}
