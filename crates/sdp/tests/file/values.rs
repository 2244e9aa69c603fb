//! The other attributes, and all attributes together.

use msrp_sdp::ErrorKind::{Duplicate, Malformed, Missing, OutOfRange, UnclosedQuote};
use msrp_sdp::file::{
    FileAttributes, FileDate, FileDisposition, FileIcon, FileRange, FileTransferId,
    MAX_TRANSFER_ID_OCTETS,
};
use proptest::prelude::*;

use super::common::Seeded;
use super::{fault, reads_back};

const CREATION: &str = "Mon, 15 May 2006 15:01:31 +0300";

// req: 5547-6-9
#[test]
fn each_date_occurs_at_most_once() {
    let all = format!(
        r#"creation:"{CREATION}" modification:"16 May 2006 09:00 -0000" read:"Tue, 1 Jan 2030 00:00:60 +1400""#
    );
    let date: FileDate = all.parse().unwrap();
    assert_eq!(date.creation(), Some(CREATION));
    assert_eq!(date.modification(), Some("16 May 2006 09:00 -0000"));
    assert_eq!(date.read(), Some("Tue, 1 Jan 2030 00:00:60 +1400"));
    assert_eq!(reads_back(&date), all);

    for kind in ["creation", "modification", "read"] {
        let twice = format!(r#"{kind}:"{CREATION}" x:y {}:"{CREATION}""#, kind.to_uppercase());
        assert_eq!(fault(twice.parse::<FileDate>()), ("file-date", Duplicate, Some(kind)));
    }
}

// req: 5547-6-10
#[test]
fn a_date_has_a_numeric_zone() {
    let read = |date: &str| format!(r#"read:"{date}""#).parse::<FileDate>();
    for date in [
        "Mon, 15 May 2006 15:01:31 GMT",
        "Mon, 15 May 2006 15:01:31 EST",
        "Mon, 15 May 2006 15:01:31",
        "Mon, 15 May 2006 15:01:31 +03:00",
        "Mon, 15 May 2006 15:01:31 +030",
        "Mon, 15 May 2006 15:01:31 0300",
        "Mon, 15 May 2006 15:01:31 ++300",
        "Mon, 15 May 2006 15:01:31 +0360",
        "Mon, 15 May 2006 24:01:31 +0300",
        "Mon, 15 May 2006 15:60:31 +0300",
        "Mon, 15 May 2006 15:01:61 +0300",
        "Mon, 15 May 2006 15:01:31:00 +0300",
        "Mon, 15 May 2006 15 +0300",
        "Mon, 32 May 2006 15:01:31 +0300",
        "Mon, 0 May 2006 15:01:31 +0300",
        "31 Feb 2028 15:01:31 +0300",
        "30 Feb 2028 15:01:31 +0300",
        "29 Feb 2026 15:01:31 +0300",
        "29 Feb 2100 15:01:31 +0300",
        "31 Apr 2026 15:01:31 +0300",
        "15 May 1899 15:01:31 +0300",
        "Mon, 015 May 2006 15:01:31 +0300",
        "Mon, 15 Mai 2006 15:01:31 +0300",
        "Mon, 15 May 06 15:01:31 +0300",
        "Mon 15 May 2006 15:01:31 +0300",
        "Montag, 15 May 2006 15:01:31 +0300",
        "15 May 2006 15:01:31 +0300 (CEST)",
        "2006-05-15T15:01:31+03:00",
        "",
    ] {
        assert_eq!(fault(read(date)), ("file-date", Malformed, Some("read")), "{date}");
    }
    for date in [
        "mon,  5 MAY 2006  15:01 +0300",
        "29 Feb 2028 15:01 +0300",
        "29 Feb 2000 15:01 +0300",
        "31 Dec 999999999 15:01 +0300",
    ] {
        assert!(read(date).is_ok(), "{date}");
    }
    let folded = FileDate::default().with_read("Mon,\r\n 15 May 2006 15:01:31 +0300");
    assert_eq!(fault(folded), ("file-date", Malformed, Some("read")));
    assert_eq!(fault("read:\"".parse::<FileDate>()), ("file-date", UnclosedQuote, None));
    assert_eq!(fault("seen:\"1\" x".parse::<FileDate>()), ("file-date", Missing, Some("date")));
}

#[test]
fn dispositions_are_tokens() {
    assert_eq!(FileDisposition::default(), FileDisposition::RENDER);
    assert_eq!("Attachment".parse(), Ok(FileDisposition::ATTACHMENT));
    assert_eq!(" Inline ".parse::<FileDisposition>().unwrap().as_str(), "inline");
    for value in ["", "a b", "a;b", "\"render\"", "é"] {
        assert!(value.parse::<FileDisposition>().is_err(), "{value}");
    }
}

#[test]
fn icons_are_named_by_content_id() {
    let icon: FileIcon = "CID:id2@alicepc.example.com".parse().unwrap();
    assert_eq!(icon.content_id(), "id2@alicepc.example.com");
    assert_eq!(reads_back(&icon), "cid:id2@alicepc.example.com");
    for value in ["", "cid:", "id2@x", "http://x/y", "cid:<id2@x>", "cid:a b", "cid:é"] {
        assert!(value.parse::<FileIcon>().is_err(), "{value}");
    }
}

// req: 5547-8.1-2
#[test]
fn a_fresh_id_has_32_random_characters() {
    let mut random = Seeded(1);
    let ids: std::collections::HashSet<_> =
        (0..1000).map(|_| FileTransferId::generate(&mut random).unwrap()).collect();
    assert_eq!(ids.len(), 1000);
    for id in ids {
        assert_eq!(id.as_str().len(), 32);
        reads_back(&id);
    }
}

#[test]
fn ids_are_tokens_of_some_length() {
    let longest = "x".repeat(MAX_TRANSFER_ID_OCTETS);
    assert_eq!(longest.parse::<FileTransferId>().unwrap().as_str(), longest);
    for value in ["", "a b", "a/b", "<a>", "[a]", &format!("{longest}x")] {
        assert_eq!(
            fault(value.parse::<FileTransferId>()),
            ("file-transfer-id", Malformed, None),
            "{value}"
        );
    }
    let every = "!#$%&'*+-.09AZ^_`az{|}~";
    assert_eq!(every.parse::<FileTransferId>().unwrap().to_string(), every);
}

// req: 5547-6-11
#[test]
fn ranges_count_from_one_and_may_be_open() {
    let read = |value: &str| value.parse::<FileRange>();
    assert_eq!(read("1-*"), Ok(FileRange::WHOLE));
    assert_eq!(read(" 007 - 9 ").unwrap().to_string(), "7-9");
    for (value, error) in [
        ("0-5", ("file-range", OutOfRange, Some("start"))),
        ("0-*", ("file-range", OutOfRange, Some("start"))),
        ("5-4", ("file-range", OutOfRange, Some("stop"))),
        ("", ("file-range", Malformed, None)),
        ("5", ("file-range", Malformed, None)),
        ("-5", ("file-range", Malformed, None)),
        ("5-", ("file-range", Malformed, None)),
        ("*-5", ("file-range", Malformed, None)),
        ("1--5", ("file-range", Malformed, None)),
        ("1-2-3", ("file-range", Malformed, None)),
        ("1-18446744073709551616", ("file-range", Malformed, None)),
    ] {
        assert_eq!(fault(read(value)), error, "{value}");
    }
}

#[test]
fn all_attributes_together() {
    let section = [
        ("sendonly", None),
        ("file-range", Some("1-4092")),
        ("path", Some("msrp://host.example:7654/jshA7we;tcp")),
        ("file-date", Some(r#"creation:"Mon, 15 May 2006 15:01:31 +0300""#)),
        ("file-transfer-id", Some("Q6LMoGymJdh0IKIgD6wD0jkcfgva4xvE")),
        ("file-icon", Some("cid:id2@alicepc.example.com")),
        ("file-disposition", Some("render")),
        ("file-selector", Some("type:image/jpeg size:4092")),
    ];
    let file = FileAttributes::parse(section).unwrap().unwrap();
    let written = file.attributes();
    let names: Vec<_> = written.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "file-selector",
            "file-transfer-id",
            "file-disposition",
            "file-date",
            "file-icon",
            "file-range",
        ]
    );
    for (name, value) in &written {
        assert!(section.contains(&(*name, value.as_deref())), "{name}");
    }
    assert_eq!(read_again(&file), file);
}

fn read_again(file: &FileAttributes) -> FileAttributes {
    let written = file.attributes();
    let pairs = written.iter().map(|(name, value)| (*name, value.as_deref()));
    FileAttributes::parse(pairs).unwrap().unwrap()
}

#[test]
fn no_selector_is_no_file_and_a_repeated_attribute_is_none() {
    let other = [("file-transfer-id", Some("x")), ("sendonly", None)];
    assert_eq!(FileAttributes::parse(other), Ok(None));
    for (name, value) in [
        ("file-selector", "size:1"),
        ("file-transfer-id", "x"),
        ("file-disposition", "render"),
        ("file-date", r#"read:"Mon, 15 May 2006 15:01:31 +0300""#),
        ("file-icon", "cid:x"),
        ("file-range", "1-*"),
    ] {
        let twice = [(name, Some(value)), ("file-selector", Some("size:1")), (name, Some(value))];
        let read = FileAttributes::parse(twice);
        assert_eq!(fault(read), (name, Duplicate, None));
    }
}

/// Attributes that only inform may be malformed; those that say which file may not.
#[test]
fn hints_may_be_wrong_and_the_rest_may_not() {
    let with =
        |name, value| FileAttributes::parse([("file-selector", Some("size:1")), (name, value)]);
    for name in ["file-disposition", "file-date", "file-icon"] {
        for value in [None, Some(""), Some("\"")] {
            let file = with(name, value).unwrap().unwrap();
            assert_eq!(file.attributes().len(), 1, "{name}");
        }
    }
    assert_eq!(fault(with("file-range", None)), ("file-range", Malformed, None));
    assert_eq!(fault(with("file-transfer-id", Some(""))), ("file-transfer-id", Malformed, None));
    let selector = FileAttributes::parse([("file-selector", Some("size:x"))]);
    assert_eq!(fault(selector), ("file-selector", Malformed, Some("size")));
}

proptest! {
    #[test]
    fn no_text_panics_a_reader(value in ".*", date in r#"(creation|read|x|:|"|,| |[0-9]|Mon|May|\+){0,20}"#) {
        for value in [&value, &date] {
            value.parse::<FileDate>().ok().map(|it| reads_back(&it));
            value.parse::<FileDisposition>().ok().map(|it| reads_back(&it));
            value.parse::<FileIcon>().ok().map(|it| reads_back(&it));
            value.parse::<FileRange>().ok().map(|it| reads_back(&it));
            value.parse::<FileTransferId>().ok().map(|it| reads_back(&it));
        }
    }
}
