//! The Content-Disposition of a message with a file.

use msrp_sdp::ErrorKind::Malformed;
use msrp_sdp::file::{ContentDisposition, FileAttributes, FileDate, FileDisposition};
use proptest::prelude::*;

use super::{fault, hostile_text, reads_back};

const CREATION: &str = "Mon, 15 May 2006 15:01:31 +0300";

fn read(value: &str) -> ContentDisposition {
    value.parse().unwrap_or_else(|error| panic!("{value}: {error}"))
}

// req: 5547-6-3
#[test]
fn it_says_what_the_session_description_says() {
    let date = format!("creation:\"{CREATION}\"");
    let file = FileAttributes::parse([
        ("file-selector", Some(r#"name:"a %22b%22.jpg" type:image/jpeg size:4092"#)),
        ("file-disposition", Some("attachment")),
        ("file-date", Some(date.as_str())),
    ]);
    let disposition = ContentDisposition::of(&file.unwrap().unwrap());
    assert_eq!(
        reads_back(&disposition),
        format!(r#"attachment; filename="a \"b\".jpg"; creation-date="{CREATION}"; size=4092"#)
    );
    let bare = FileAttributes::parse([("file-selector", Some("size:1"))]).unwrap().unwrap();
    assert_eq!(ContentDisposition::of(&bare).to_string(), "render; size=1");
}

#[test]
fn spelling_does_not_matter() {
    let mut expected = ContentDisposition::new(FileDisposition::RENDER);
    expected.filename = Some("My cool picture.jpg".into());
    expected.date = FileDate::default().with_creation(CREATION).unwrap();
    expected.size = Some(4092);
    for value in [
        format!(r#"render; filename="My cool picture.jpg"; creation-date="{CREATION}"; size=4092"#),
        format!(
            "render; filename=\"My cool picture.jpg\";\r\n   creation-date=\"{CREATION}\";\r\n\tsize=4092"
        ),
        format!(
            r#" Render ;SIZE="4092";; x=y ;creation-date="{CREATION}";read-date="GMT";filename=My cool picture.jpg ;"#
        ),
        format!(
            r#"render;size=4092;filename="other";filename*=utf-8'en'My%20cool%20picture.jpg;creation-date="{CREATION}""#
        ),
    ] {
        assert_eq!(read(&value), expected, "{value}");
    }
    assert_eq!(read("inline").disposition.as_str(), "inline");
    assert_eq!(read(r"attachment; filename=C:\x").filename.as_deref(), Some(r"C:\x"));
    assert_eq!(read(r#"attachment; filename="a\\b\"c""#).filename.as_deref(), Some(r#"a\b"c"#));
    assert_eq!(read("attachment; size=-1; filename=").size, None);
}

#[test]
fn what_is_no_disposition_is_refused() {
    for value in ["", ";size=1", "a b", "a/b", "\"attachment\""] {
        assert_eq!(
            fault(value.parse::<ContentDisposition>()),
            ("Content-Disposition", Malformed, Some("disposition type")),
            "{value}"
        );
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(name in hostile_text(), size: Option<u64>) {
        let mut disposition = ContentDisposition::new(FileDisposition::ATTACHMENT);
        disposition.filename = Some(name.clone());
        disposition.size = size;
        let written = disposition.to_string();
        prop_assert!(written.is_ascii() && !written.contains(|letter: char| letter.is_control()));
        disposition.filename = disposition.filename.filter(|name| !name.is_empty());
        prop_assert_eq!(written.parse(), Ok(disposition));
    }

    #[test]
    fn no_text_brings_the_reader_down(value in r#"(a|filename|size|\*|=|"|\\|;|'|%|[0-9]| ){0,30}"#) {
        if let Ok(disposition) = value.parse::<ContentDisposition>() {
            reads_back(&disposition);
        }
    }
}
