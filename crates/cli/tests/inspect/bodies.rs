//! message/cpim, the documents beside it, and bodies of several parts.

use serde_json::{Value, json};

use super::processes::{Folder, Running, command};
use super::{assert_shape, case, file, files, read, unread, wrong};

#[test]
fn any_file_gives_objects_of_one_shape() {
    for folder in ["tests/cases", "fuzz/corpus/cpim", "fuzz/corpus/imdn", "fuzz/corpus/multipart"] {
        for path in files(folder) {
            for form in ["cpim", "imdn", "composing", "multipart"] {
                assert_shape(&[form], &path);
            }
        }
    }
}

#[test]
fn a_message_says_its_headers_and_what_was_read_over() {
    let cut = read(&["cpim", &case("P04-truncated-from.cpim")]);
    assert_eq!(cut["from"], Value::Null);
    assert_eq!(cut["tolerated"], json!(["missing-blank-line", "unreadable-address"]));
    let bare = read(&["cpim", &case("P08-bare-address.cpim")]);
    assert_eq!(bare["from"], json!({ "name": null, "uri": "sip:alice@x.example" }));
    assert_eq!(bare["tolerated"], json!(["bare-address"]));
    assert_eq!((&bare["contentType"], &bare["body"]), (&json!("text/plain"), &json!("Hello")));
    let lower = read(&["cpim", &case("P25-imdn-name-case.cpim")]);
    assert_eq!(lower["imdn"]["messageId"], "5");
    assert_eq!(lower["tolerated"], json!(["header-name-case"]));
}

#[test]
fn octets_that_are_no_utf8_cost_nothing_else() {
    let folder = Folder::new();
    let cpim = b"From: J\xf6rg <sip:j@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi";
    let message = read(&["cpim", &file(&folder, "cpim", cpim)]);
    assert_eq!(message["from"], json!({ "name": "J\u{fffd}rg", "uri": "sip:j@x" }));
    assert_eq!(message["tolerated"], json!(["not-utf8"]));
    let parts = b"--a\r\nContent-Type: text/plain; name=\"\xe9\"\r\n\r\nHi\r\n--a--";
    let body = read(&["multipart", &file(&folder, "parts", parts)]);
    assert_eq!(body["parts"][0]["contentType"], "text/plain; name=\"\u{fffd}\"");
    assert_eq!(body["tolerated"], json!(["not-utf8"]));
}

#[test]
fn an_error_of_a_message_has_its_octets() {
    let folder = Folder::new();
    let text = "Subject: a\r\n b\r\nA: b\rc\r\n\r\nContent-Type: text/plain\r\n\r\nHi";
    let refused = unread(&["cpim", &file(&folder, "cpim", text)]);
    assert_eq!(refused["error"]["kind"], "control-character");
    assert_eq!(wrong(&refused, text.as_bytes()), "A: b\rc");
}

#[test]
fn a_notification_says_what_happened() {
    let delivered = read(&["imdn", &case("X05-leading-crlf.xml")]);
    assert_eq!(delivered["messageId"], "m1");
    assert_eq!(
        (&delivered["disposition"], &delivered["kind"]),
        (&json!("delivered"), &json!("delivery"))
    );
    let other = read(&["imdn", &case("X20-interworking.xml")]);
    assert_eq!(other["disposition"], Value::Null);
    assert_eq!(
        other["otherDisposition"],
        json!({
            "kind": null, "name": "interworking-notification", "status": "legacy-sms",
            "namespace": "urn:oma:xml:cpm:imdn-extensions:1.0",
        })
    );
    assert_eq!(unread(&["imdn", &case("Y07-refresh-huge.xml")])["error"]["kind"], "root");
}

#[test]
fn a_typing_indication_says_its_state() {
    let active = read(&["composing", &case("Y07-refresh-huge.xml")]);
    assert_eq!((&active["state"], &active["refresh"]), (&json!("active"), &json!(u32::MAX)));
}

#[test]
fn a_document_says_what_was_read_over() {
    let around = read(&["imdn", &case("X05-leading-crlf.xml")]);
    assert_eq!(around["tolerated"], json!(["text-around-document"]));
    assert_eq!(read(&["imdn", &case("X20-interworking.xml")])["tolerated"], json!([]));
    assert_eq!(read(&["composing", &case("Y07-refresh-huge.xml")])["tolerated"], json!([]));
    let folder = Folder::new();
    let text = "<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\"><state>idle</state>\
        <lastactive>now</lastactive><refresh>-1</refresh></isComposing>\0";
    let idle = read(&["composing", &file(&folder, "idle", text)]);
    let told = json!(["date-time-format", "refresh-format", "text-around-document"]);
    assert_eq!((&idle["refresh"], &idle["tolerated"]), (&json!(120), &told));
}

#[test]
fn documents_in_utf16_or_without_namespace_or_date_are_read() {
    let folder = Folder::new();
    let text = "<imdn><message-id>m1</message-id>\
        <display-notification><status><displayed/></status></display-notification></imdn>";
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let displayed = read(&["imdn", &file(&folder, "utf16", utf16)]);
    assert_eq!(
        (&displayed["messageId"], &displayed["dateTime"], &displayed["disposition"]),
        (&json!("m1"), &Value::Null, &json!("displayed"))
    );
    let told = json!(["utf-16", "wrong-namespace", "missing-date-time"]);
    assert_eq!(displayed["tolerated"], told);
}

#[test]
fn the_message_of_an_error_has_its_cause() {
    let folder = Folder::new();
    let prefixed = "<i:isComposing><i:state>idle</i:state></i:isComposing>";
    let error = &unread(&["composing", &file(&folder, "prefix", prefixed)])["error"];
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("unknown namespace prefix 'i'"), "{message}");
}

/// The letters of `Hello` in a stream of zlib.
const DEFLATED: &[u8] = b"\x78\x9c\xf3\x48\xcd\xc9\xc9\x07\x00\x05\x8c\x01\xf5";

#[test]
fn a_body_is_shown_without_its_encoding() {
    let folder = Folder::new();
    let cpim = |encoding: &str, body: &[u8]| {
        let head = format!(
            "From: <sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\
             Content-Encoding: {encoding}\r\n\r\n"
        );
        (file(&folder, "cpim", [head.as_bytes(), body].concat()), head.len())
    };
    let (path, _) = cpim("deflate", DEFLATED);
    let message = read(&["cpim", &path]);
    assert_eq!((&message["body"], &message["bodyOctets"]), (&json!("Hello"), &json!(13)));
    for (encoding, body, kind) in [
        ("deflate", &DEFLATED[..9], "corrupt"),
        ("gzip", DEFLATED, "corrupt"),
        ("br", DEFLATED, "unsupported"),
    ] {
        let (path, start) = cpim(encoding, body);
        let message = unread(&["cpim", &path]);
        assert_eq!((&message["from"]["uri"], &message["body"]), (&json!("sip:a@x"), &Value::Null));
        assert_eq!(message["error"]["kind"], kind);
        assert_eq!(message["error"]["octets"], json!([start, start + body.len()]));
    }
    let part = |body: &[u8]| {
        let head = b"--b\r\nContent-Encoding: deflate\r\n\r\n";
        file(&folder, "parts", [head, body, b"\r\n--b--"].concat())
    };
    assert_eq!(read(&["multipart", &part(DEFLATED)])["parts"][0]["body"], "Hello");
    assert_eq!(unread(&["multipart", &part(b"Hello")])["error"]["kind"], "corrupt");
}

/// For those who split the output by lines of Unicode, or look at it.
#[test]
fn an_object_is_one_line_for_everybody() {
    let folder = Folder::new();
    let text = "Subject: a\u{85}b\u{2028}c\u{2029}d\u{9b}2J\u{7f}\r\n\r\n\
        Content-Type: text/plain\r\n\r\nHi";
    let path = file(&folder, "cpim", text);
    let output = Running(command("inspect", &["cpim", &path]).spawn().unwrap()).output();
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(line.trim_end().chars().all(|letter| !letter.is_control() && letter < '\u{2000}'));
    let object: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(object["subjects"][0]["text"], "a\u{85}b\u{2028}c\u{2029}d\u{9b}2J\u{7f}");
}

#[test]
fn what_a_message_requires_is_listed() {
    let folder = Folder::new();
    let text = "NS: x <urn:x>\r\nRequire: x.Burn,y.Mask, \r\n\r\n\r\nHi";
    let message = read(&["cpim", &file(&folder, "cpim", text)]);
    let burn = json!({ "prefix": "x", "name": "Burn", "namespace": "urn:x" });
    let mask = json!({ "prefix": "y", "name": "Mask", "namespace": null });
    assert_eq!(message["require"], json!([burn, mask]));
}

#[test]
fn a_boundary_comes_again() {
    let folder = Folder::new();
    let body = "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n";
    for before in ["-- \r\n", "---- a line of dashes\r\n", "--\r\n--c\r\n", "\u{feff}"] {
        let object = read(&["multipart", &file(&folder, "multipart", format!("{before}{body}"))]);
        let bodies: Vec<_> =
            object["parts"].as_array().unwrap().iter().map(|it| &it["body"]).collect();
        assert_eq!(bodies, ["one", "two"], "{before:?}");
    }
    let quoted = body.replace("--b", "--a\"b\\c");
    assert_eq!(read(&["multipart", &file(&folder, "quoted", quoted)])["parts"][0]["body"], "one");
}

/// A part that cannot be looked into is an error, with its octets.
#[test]
fn a_body_in_a_part_that_cannot_be_read_is_told() {
    let folder = Folder::new();
    let outer = |content_type: &str, inner: &str| {
        format!("--o\r\nContent-Type: {content_type}\r\n\r\n{inner}\r\n--o--")
    };
    let mut deep = "\r\nHello".to_owned();
    for depth in 0..12 {
        let head = format!("Content-Type: multipart/mixed; boundary=d{depth}\r\n\r\n");
        deep = format!("{head}--d{depth}\r\n{deep}\r\n--d{depth}--");
    }
    let unbound = outer("multipart/mixed", "--i\r\n\r\none\r\n--i--");
    for (text, kind, octets) in
        [(&unbound, "boundary", "--i\r\n\r\none\r\n--i--"), (&deep, "too-deep", "--d3")]
    {
        let object = unread(&["multipart", &file(&folder, "multipart", text)]);
        assert_eq!(object["error"]["kind"], kind);
        assert!(wrong(&object, text.as_bytes()).starts_with(octets), "{kind}");
    }
}

#[test]
fn the_boundary_is_found_where_it_is() {
    const FIRST: &str = "--b\r\nContent-Type: text/plain\r\n\r\n";
    const REST: &str = "one\r\n--b\r\nContent-Type: text/html\r\n\r\ntwo\r\n--b--\r\n";
    let folder = Folder::new();
    let with = |before: &str| file(&folder, "multipart", format!("{before}{FIRST}{REST}"));
    for before in [
        "",
        "preamble\r\n",
        "preamble\r\n\r\n",
        "Content-Type: text/plain\r\n\r\npreamble\r\n",
        "Multipart/Mixed; boundary=b\r\n",
        "multipart/mixed; boundary=b\r\n",
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"b\"\r\n\r\n",
        "Content-Type: multipart/mixed; boundary=b\n\n",
    ] {
        let object = read(&["multipart", &with(before)]);
        let content_type = object["contentType"].as_str().unwrap();
        assert_eq!(content_type.to_lowercase(), "multipart/mixed", "{before}");
        let parts = object["parts"].as_array().unwrap();
        let part =
            |index: usize| (parts[index]["contentType"].as_str(), parts[index]["body"].as_str());
        assert_eq!(parts.len(), 2, "{before}");
        assert_eq!(part(0), (Some("text/plain"), Some("one")));
        assert_eq!(part(1), (Some("text/html"), Some("two")));
        let start = (before.len() + FIRST.len()) as u64;
        assert_eq!(parts[0]["octets"], json!([start, start + 3]));
    }
    let given = ["multipart", &with(""), "--content-type", "multipart/related; boundary=b"];
    assert_eq!(read(&given)["contentType"], "multipart/related");
    let other = ["multipart", &with(""), "--content-type", "text/plain"];
    assert_eq!(unread(&other)["error"]["kind"], "not-multipart");
}

#[test]
fn delimiters_that_are_missing_are_told() {
    const BODY: &str = "--b\r\n\r\none\r\n--b--\r\n";
    let folder = Folder::new();
    let path = file(&folder, "other", BODY);
    let other = unread(&["multipart", &path, "--content-type", "multipart/mixed; boundary=zz"]);
    assert_eq!(other["error"]["kind"], "missing-delimiter");
    assert_eq!(other["parts"], json!([]));
    let cut = read(&["multipart", &file(&folder, "cut", "--b\r\n\r\none\r\n")]);
    assert_eq!(cut["tolerated"], json!(["missing-close-delimiter"]));
    assert_eq!(read(&["multipart", &path])["tolerated"], json!([]));
    // Within a part.
    let outer = |inner: &str| {
        let head = "--o\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
        file(&folder, "outer", format!("{head}{inner}\r\n--o--\r\n"))
    };
    assert_eq!(read(&["multipart", &outer("--b\r\n\r\none")])["tolerated"], cut["tolerated"]);
    assert_eq!(unread(&["multipart", &outer("one")])["error"]["kind"], "missing-delimiter");
}

#[test]
fn the_boundary_of_an_inner_body_is_not_that_of_the_outer() {
    const INNER: &str = "--i\r\n\r\none\r\n--i--\r\n";
    let folder = Folder::new();
    let inner = format!("Content-Type: multipart/alternative; boundary=i\r\n\r\n{INNER}");
    for before in ["", "preamble\r\n", "Content-Type: multipart/mixed; boundary=o\r\n\r\n"] {
        let text = format!("{before}--o\r\n{inner}\r\n--o\r\n\r\ntwo\r\n--o--\r\n");
        let object = read(&["multipart", &file(&folder, "multipart", text)]);
        assert_eq!(object["contentType"], "multipart/mixed", "{before}");
        let parts = object["parts"].as_array().unwrap();
        assert_eq!(parts.len(), 2, "{before}");
        assert_eq!(parts[0]["parts"][0]["body"], "one", "{before}");
        assert_eq!(parts[1]["body"], "two", "{before}");
        assert_eq!(parts[1]["contentType"], "text/plain; charset=us-ascii", "{before}");
    }
}

#[test]
fn a_part_that_cannot_be_read_leaves_the_others() {
    let folder = Folder::new();
    let text = "--b\r\n\r\none\r\n--b\r\nA: \0\r\n\r\ntwo\r\n--b--\r\n";
    let object = unread(&["multipart", &file(&folder, "multipart", text)]);
    assert_eq!(object["parts"][0]["body"], "one");
    assert_eq!(object["parts"][1], Value::Null);
    assert_eq!(wrong(&object, text.as_bytes()), "A: \0");
}
