//! `file-selector`: read in many spellings, written in one.

use msrp::MediaType;
use msrp_sdp::ErrorKind::{Duplicate, HashLength, Malformed, Missing, TooMany, UnclosedQuote};
use msrp_sdp::file::{FileAttributes, FileHash, FileSelector, HashAlgorithm, MAX_HASHES};
use proptest::prelude::*;

use super::{SHA_1, fault, hostile_text, reads_back};

fn read(value: &str) -> FileSelector {
    value.parse().unwrap_or_else(|error| panic!("{value}: {error}"))
}

// req: 5547-5-1
#[test]
fn each_selector_is_read() {
    let value = format!(r#"name:"My cool picture.jpg" type:image/jpeg size:32349 hash:{SHA_1}"#);
    let selector = read(&value);
    assert_eq!(selector.name(), Some("My cool picture.jpg"));
    assert_eq!(selector.media_type().unwrap().as_str(), "image/jpeg");
    assert_eq!(selector.size(), Some(32349));
    assert_eq!(selector.hashes(), [SHA_1.parse().unwrap()]);
    assert_eq!(selector.to_string(), value);
    assert!(selector.suits_push() && !selector.is_empty());
}

#[test]
fn spelling_and_order_do_not_matter() {
    let plain = read(&format!(r#"name:"a b" type:text/plain size:7 hash:{SHA_1}"#));
    let lower = SHA_1.to_lowercase();
    for value in [
        format!(r#"hash:{SHA_1} size:7 type:text/plain name:"a b""#),
        format!("  size:007\thash:{lower}   NAME:\"a%20b\" Type:text/plain  "),
        format!(r#"x:y name:"a b" hash:SHA-1:{} date:"1 2" type:text/plain size:7"#, &lower[6..]),
    ] {
        assert_eq!(read(&value), plain, "{value}");
    }
}

// req: 5547-6-4, 5547-6-5
#[test]
fn what_a_name_may_not_hold_is_percent_encoded() {
    let name = "a\"b\r\nc\0d%e/f\\g:h\u{7f}\u{85}.é日";
    let selector = FileSelector::builder().name(name).build().unwrap();
    let written = reads_back(&selector);
    assert_eq!(
        written, "name:\"a%22b%0D%0Ac%00d%25e%2Ff%5Cg%3Ah%7F%C2%85.é日\"",
        "nothing but what has to be"
    );
    assert_eq!(selector.name(), Some(name));
}

/// Decoding happens once: what looks encoded afterwards is meant literally.
#[test]
fn a_name_is_decoded_once_and_leniently() {
    for (value, name) in [
        (r#"name:"%2e%2E%2fx""#, "../x"),
        (r#"name:"%252e""#, "%2e"),
        (r#"name:"100%""#, "100%"),
        (r#"name:"%zz%4""#, "%zz%4"),
        (r#"name:"%E6%97%A5""#, "日"),
        (r#"name:"%ff.txt""#, "\u{fffd}.txt"),
    ] {
        let selector = read(value);
        assert_eq!(selector.name(), Some(name), "{value}");
        reads_back(&selector);
    }
}

#[test]
fn types_have_their_parameters_in_another_escape() {
    for (value, media_type) in [
        ("type:text/plain", "text/plain"),
        (r#"type:text/plain;charset="utf-8""#, "text/plain;charset=utf-8"),
        (r#"type:a/b;x="1 2";y="%22q%5C""#, r#"a/b;x="1 2";y="\"q\\""#),
        ("type:text/plain;charset=utf-8;", "text/plain;charset=utf-8"),
    ] {
        let selector = read(value);
        assert_eq!(selector.media_type().unwrap().as_str(), media_type, "{value}");
        reads_back(&selector);
        let content_type = MediaType::new(media_type).unwrap();
        let built = FileSelector::builder().media_type(content_type).build().unwrap();
        assert_eq!(built, selector);
    }
    for value in
        ["type:", "type:text", "type:/", "type:a/b;x", r#"type:a/b;x="%0d%0a""#, "type:a/b/c"]
    {
        assert_eq!(
            fault(value.parse::<FileSelector>()),
            ("file-selector", Malformed, Some("type")),
            "{value}"
        );
    }
}

// req: 5547-6-7
#[test]
fn several_hashes_are_taken_and_unknown_ones_kept() {
    let sha_256 = format!("sha-256:{}", vec!["0A"; 32].join(":"));
    let value = format!("hash:{SHA_1} hash:{sha_256} hash:md5:AB:CD");
    let selector = read(&value);
    assert_eq!(selector.hashes().len(), 3);
    assert_eq!(selector.hash(&HashAlgorithm::SHA_256).unwrap().octets(), [10; 32]);
    assert_eq!(selector.hash(&"MD5".parse().unwrap()).unwrap().octets(), [0xab, 0xcd]);
    assert_eq!(selector.to_string(), value);

    let other = SHA_1.replace("72:", "73:");
    let two_of_a_kind = format!("hash:{SHA_1} hash:{other}").parse::<FileSelector>();
    assert_eq!(fault(two_of_a_kind), ("file-selector", Duplicate, Some("hash")));
    let many = |count| vec!["hash:x:00"; count].join(" ").parse::<FileSelector>();
    assert_eq!(many(MAX_HASHES).unwrap().hashes().len(), MAX_HASHES);
    assert_eq!(
        fault(many(MAX_HASHES + 1)),
        ("file-selector", TooMany { limit: MAX_HASHES }, Some("hashes"))
    );
}

// req: 5547-6-6
#[test]
fn a_hash_that_is_written_is_of_sha_1() {
    let sha_1: FileHash = SHA_1.parse().unwrap();
    assert_eq!(sha_1.octets().len(), 20);
    let sha_256 = FileHash::new(HashAlgorithm::SHA_256, [1; 32]).unwrap();
    let builder = FileSelector::builder().hash(sha_256);
    assert_eq!(fault(builder.clone().build()), ("file-selector", Missing, Some("sha-1 hash")));
    let both = builder.hash(sha_1).build().unwrap();
    assert!(both.to_string().contains(&format!("hash:{SHA_1}")));
}

#[test]
fn what_is_no_hash_is_refused() {
    let read = |value: &str| value.parse::<FileHash>();
    for (value, error) in [
        ("", ("file-selector", Malformed, Some("hash algorithm"))),
        ("sha-1", ("file-selector", Malformed, Some("hash algorithm"))),
        (":00", ("file-selector", Malformed, Some("hash algorithm"))),
        ("sha 1:00", ("file-selector", Malformed, Some("hash algorithm"))),
        ("x:", ("file-selector", Malformed, Some("hash"))),
        ("x:0", ("file-selector", Malformed, Some("hash"))),
        ("x:000", ("file-selector", Malformed, Some("hash"))),
        ("x:00:", ("file-selector", Malformed, Some("hash"))),
        ("x:+1", ("file-selector", Malformed, Some("hash"))),
        ("x:é", ("file-selector", Malformed, Some("hash"))),
        ("sha-1:00", ("file-selector", HashLength { expected: 20 }, None)),
        ("sha-256:00", ("file-selector", HashLength { expected: 32 }, None)),
    ] {
        assert_eq!(fault(read(value)), error, "{value}");
    }
    assert_eq!(
        fault(FileHash::new(HashAlgorithm::SHA_1, [0; 32])),
        ("file-selector", HashLength { expected: 20 }, None)
    );
    assert_eq!(
        fault(FileHash::new(HashAlgorithm::SHA_1, [])),
        ("file-selector", Malformed, Some("hash"))
    );
}

// req: 5547-6-1, 5547-8.5-1
#[test]
fn a_capability_has_no_selector_and_nothing_beside_it() {
    for value in [None, Some(""), Some(" ")] {
        let read = FileAttributes::parse([("file-selector", value)]).unwrap().unwrap();
        assert!(read.selector.is_empty());
        assert_eq!(read, FileAttributes::capability());
    }
    assert_eq!(FileAttributes::capability().attributes(), [("file-selector", None)]);
}

// req: 5547-6-2
#[test]
fn a_built_selector_says_something() {
    assert_eq!(
        fault(FileSelector::builder().build()),
        ("file-selector", Missing, Some("name, type, size or hash"))
    );
    assert_eq!(
        fault(FileSelector::builder().name("").build()),
        ("file-selector", Missing, Some("name, type, size or hash"))
    );
    let empty_file = FileSelector::builder().size(0).build().unwrap();
    assert_eq!(reads_back(&empty_file), "size:0");
}

// req: 5547-8.2.1-1
#[test]
fn a_name_alone_does_not_suit_a_push() {
    assert!(!read("name:\"x\"").suits_push());
    for value in ["type:a/b", "size:1", &format!("hash:{SHA_1}")] {
        assert!(read(value).suits_push(), "{value}");
    }
}

#[test]
fn what_is_no_selector_is_refused() {
    for (value, error) in [
        ("name:\"x", ("file-selector", UnclosedQuote, None)),
        ("size:1 name:\"x\" y\"", ("file-selector", UnclosedQuote, None)),
        ("name:\"a\" name:\"b\"", ("file-selector", Duplicate, Some("name"))),
        ("name:bare.txt", ("file-selector", Malformed, None)),
        ("name:\"\"", ("file-selector", Malformed, None)),
        ("name:", ("file-selector", Malformed, None)),
        ("size:1 size:1", ("file-selector", Duplicate, Some("size"))),
        ("type:a/b type:a/b", ("file-selector", Duplicate, Some("type"))),
        ("size:", ("file-selector", Malformed, Some("size"))),
        ("size:-1", ("file-selector", Malformed, Some("size"))),
        ("size:+1", ("file-selector", Malformed, Some("size"))),
        ("size:1.5", ("file-selector", Malformed, Some("size"))),
        ("size:18446744073709551616", ("file-selector", Malformed, Some("size"))),
        ("hash:sha-1:00", ("file-selector", HashLength { expected: 20 }, None)),
    ] {
        assert_eq!(fault(value.parse::<FileSelector>()), error, "{value}");
    }
}

/// A backslash does not keep a quote open, unlike in a Content-Type.
#[test]
fn a_backslash_escapes_nothing_in_a_selector() {
    let selector: FileSelector = r#"type:text/x;a="b\";c="d;e" size:1"#.parse().unwrap();
    let media_type = selector.media_type().unwrap().as_str();
    assert_eq!(media_type, r#"text/x;a="b\\";c="d;e""#);
    let written = r#"type:text/x;a="b%5C";c="d;e" size:1"#;
    assert_eq!(reads_back(&selector), written);
    assert_eq!(selector.size(), Some(1));
}

proptest! {
    #[test]
    fn what_is_built_reads_back(
        name in hostile_text(),
        parameter in "[ -~é]{0,12}",
        size in proptest::option::of(any::<u64>()),
        octets in proptest::array::uniform20(any::<u8>()),
        other in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let escaped = parameter.replace('\\', "\\\\").replace('"', "\\\"");
        let media_type = MediaType::new(&format!("text/x; a=b;p=\"{escaped}\" ;c=\"\"")).unwrap();
        let mut builder = FileSelector::builder()
            .name(&name)
            .media_type(media_type)
            .hash(FileHash::new(HashAlgorithm::SHA_1, octets).unwrap())
            .hash(FileHash::new("other".parse().unwrap(), other).unwrap());
        if let Some(size) = size {
            builder = builder.size(size);
        }
        let selector = builder.build().unwrap();
        let written = reads_back(&selector);
        let name_end = written.find(" type:").unwrap_or(0);
        prop_assert!(!written[..name_end].trim_start_matches("name:").contains(['/', '\\', ':']));
    }

    /// Everything that is read can be written, and reads the same.
    #[test]
    fn what_is_read_reads_back(value in r#"((name:|size:|type:|hash:|x|a/b|"|;|=|%2|[0-9a-f]|:| |sha-1){1,3} ?){0,12}"#) {
        if let Ok(selector) = value.parse::<FileSelector>() {
            reads_back(&selector);
        }
    }

    #[test]
    fn no_text_brings_the_reader_down(value in ".*") {
        if let Ok(selector) = value.parse::<FileSelector>() {
            reads_back(&selector);
        }
    }
}
