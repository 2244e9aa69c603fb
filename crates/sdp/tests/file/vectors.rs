//! The examples that RFC 5547 and RFC 8873 print.

use std::fs;
use std::path::Path;

use msrp_sdp::file::{ContentDisposition, FileAttributes, HashAlgorithm};

/// Every media section of the vectors that has a file.
fn files() -> Vec<(String, FileAttributes)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let mut files = Vec::new();
    for path in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".sdp") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (_, section) in text.split("m=").map(|section| (&name, section)) {
            let lines = section.lines().filter_map(|line| {
                // The attributes of a data channel follow its stream id (RFC 8864).
                let dcsa = line.strip_prefix("a=dcsa:").and_then(|line| line.split_once(' '));
                dcsa.map(|(_, line)| line).or_else(|| line.strip_prefix("a="))
            });
            let pairs: Vec<_> = lines
                .filter(|line| line.starts_with("file-"))
                .map(|line| line.split_once(':').map_or((line, None), |(n, v)| (n, Some(v))))
                .collect();
            if let Some(file) = FileAttributes::parse(pairs.iter().copied()).unwrap() {
                assert_written(&name, &pairs, &file);
                files.push((name.clone(), file));
            }
        }
    }
    files
}

/// The written lines are the printed ones, in the same order.
fn assert_written(name: &str, printed: &[(&str, Option<&str>)], file: &FileAttributes) {
    let written = file.attributes();
    let written: Vec<_> = written.iter().map(|(name, value)| (*name, value.as_deref())).collect();
    assert_eq!(written, printed, "{name}");
}

#[test]
fn printed_attributes_are_read_and_written_as_they_are() {
    let files = files();
    assert!(files.iter().filter(|(name, _)| name.starts_with("rfc5547")).count() >= 8);
    for (name, file) in &files {
        let is_capability = name == "rfc5547-9.3-1.sdp";
        assert_eq!(file.selector.is_empty(), is_capability, "{name}");
        assert_eq!(file.transfer_id.is_none(), is_capability, "{name}");
    }
    let (_, data_channel) = files.iter().find(|(name, _)| name == "rfc8873-4.8-1.sdp").unwrap();
    assert!(data_channel.selector.hash(&HashAlgorithm::SHA_256).is_some());
}

#[test]
fn printed_content_dispositions_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    for (name, filename, size) in [
        ("rfc5547-9.1-1.cpim", "My cool picture.jpg", 4092),
        ("rfc5547-9.2-1.cpim", "My cool photo.jpg", 1931),
        ("rfc5547-9.2-2.cpim", "Sunset.jpg", 1931),
    ] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let (_, value) = text.split_once("Content-Disposition: ").unwrap();
        let (value, _) = value.split_once("Content-Type").unwrap();
        let disposition: ContentDisposition = value.trim_end().parse().unwrap();
        assert_eq!(disposition.filename.as_deref(), Some(filename));
        assert_eq!(disposition.size, Some(size));
        assert!(disposition.date.creation().is_some());
    }
}
