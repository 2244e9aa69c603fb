//! Media types, and the lists of those that a session accepts.

use super::*;

#[test]
fn a_media_type_is_a_type_a_subtype_and_parameters() {
    let good = [
        ("text/plain", "text/plain"),
        ("TEXT/Plain;charset=utf-8", "TEXT/Plain"),
        ("text/plain; charset=\"utf-8\"", "text/plain"),
        ("a/b ;c=d ; e", "a/b"),
        ("a/b;c=\"x\\\"y\\\\;z\"", "a/b"),
        ("a/b;c=\"é☂\"", "a/b"),
        (
            "application/vnd.gsma.rcs-ft-http+xml;charset=utf-8",
            "application/vnd.gsma.rcs-ft-http+xml",
        ),
    ];
    for (text, essence) in good {
        let media_type = MediaType::new(text).unwrap();
        assert_eq!((media_type.as_str(), media_type.essence()), (text, essence));
    }
    let bad = [
        "",
        "text",
        "text/",
        "/plain",
        "text /plain",
        "text/ plain",
        "text/plain ",
        " text/plain",
        "text/plain;",
        "text/plain;=b",
        "text/plain;a=",
        "text/plain;a=\"b",
        "text/plain;a=b c",
        "text/plain,text/html",
        "text/pl\u{e4}in",
        "text/plain\r\nX: y",
        "text/plain;a=\"\u{0}\"",
        "text/plain;a=\"\\x\"",
        "text/plain/x",
        "te(xt)/plain",
    ];
    for text in bad {
        assert!(MediaType::new(text).is_err(), "{text:?}");
    }
    assert_eq!(MediaType::text_plain(), MediaType::new("text/plain").unwrap());
}

/// The header field is read if, and only if, `MediaType` accepts its value.
#[test]
fn content_types_are_media_types() {
    for text in ["text/plain", "a/b;c", "a", "a/b;", "a/b;c=\"", "a/b c"] {
        let octets =
            format!("MSRP abcd SEND\r\n{PATHS}Content-Type: {text}\r\n\r\nx\r\n-------abcd$\r\n");
        let read = read(octets.as_bytes(), &strict());
        assert_eq!(read.is_ok(), MediaType::new(text).is_ok(), "{text}");
        if let Err(error) = read {
            assert_eq!(error.kind(), ParseErrorKind::HeaderValue(HeaderName::ContentType));
            assert_eq!(&octets[error.place()], text);
            assert!(error.source().is_some_and(|cause| cause.is::<ValueError>()));
        }
    }
}

// req: 4975-8.6-2, 4975-8.6-13
#[test]
fn lists_of_types_match_by_star_and_without_parameters() {
    let all = MediaTypes::new("text/plain *").unwrap();
    let images = MediaTypes::new("text/plain;charset=utf-8  image/*").unwrap();
    for (media_type, is_image) in [
        ("text/plain", true),
        ("Text/PLAIN; charset=latin-1", true),
        ("image/png", true),
        ("IMAGE/x", true),
        ("images/png", false),
        ("image", false),
        ("text/html", false),
        ("text/plainer", false),
        ("text/plai", false),
        ("", false),
    ] {
        assert_eq!(images.accepts(media_type), is_image, "{media_type}");
        assert!(all.accepts(media_type) && MediaTypes::any().accepts(media_type));
    }
    for list in ["text", "text/plain,text/html", "text/ plain", "/", "image/", "é/a"] {
        assert!(MediaTypes::new(list).is_err(), "{list}");
        assert!(MediaTypes::any().wrapped(list).is_err(), "{list}");
    }
}

/// A star is a wildcard only if it is the whole subtype.
// req: 4975-8.6-2
#[test]
fn a_star_within_a_subtype_is_a_character() {
    let types = MediaTypes::new("text/pl*").unwrap();
    assert!(!types.accepts("text/plain"));
    assert!(types.accepts("text/pl*"));
}

#[test]
fn the_lists_are_there_to_be_written() {
    let types = MediaTypes::new("message/cpim text/plain;charset=utf-8 */*").unwrap();
    let types = types.wrapped("text/html  image/*").unwrap().wrapped("*").unwrap();
    assert_eq!(types.types().collect::<Vec<_>>(), ["message/cpim", "text/plain", "*"]);
    assert_eq!(types.wrapped_types().collect::<Vec<_>>(), ["text/html", "image/*", "*"]);
    assert_eq!(MediaTypes::any().types().collect::<Vec<_>>(), ["*"]);
    assert_eq!(MediaTypes::any().wrapped_types().count(), 0);
    // They read back the same.
    let list = |entries: Vec<&str>| entries.join(" ");
    let again = MediaTypes::new(&list(types.types().collect())).unwrap();
    assert_eq!(again.wrapped(&list(types.wrapped_types().collect())).unwrap(), types);
}

// req: 4975-7.3.1-8, 4975-8.6-3, 4975-8.6-4, 4975-8.6-5, 4975-8.6-6, 4975-8.6-9, 4975-8.6-10, 4975-13-5
#[test]
fn what_every_endpoint_takes_is_taken_and_sent_only_if_listed() {
    let ours = MediaTypes::new("text/plain").unwrap().wrapped("text/html image/*").unwrap();
    let theirs = ours.clone().listed_only();
    for container in ["message/cpim", "Multipart/Mixed;boundary=x", "multipart/alternative"] {
        assert!(ours.accepts(container) && ours.accepts_wrapped(container));
        assert!(!theirs.accepts(container) && !theirs.accepts_wrapped(container));
    }
    assert!(!ours.accepts("multipart/related"));
    for types in [ours, theirs] {
        assert!(types.accepts("text/plain") && types.accepts_wrapped("text/plain"));
        assert!(!types.accepts("text/html") && types.accepts_wrapped("text/html"));
        assert!(!types.accepts("image/gif") && types.accepts_wrapped("image/gif"));
        assert!(!types.accepts_wrapped("audio/ogg"));
    }
    let none = MediaTypes::new("").unwrap();
    assert!(none.accepts("message/cpim") && !none.accepts("text/plain"));
}
