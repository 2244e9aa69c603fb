//! Where a body is, and where it ends.

use super::*;

// req: 4975-7.1-18
#[test]
fn no_body_is_not_an_empty_body() {
    let none = with_fields("Message-ID: abcd\r\n");
    assert!(!read(&none, &strict()).unwrap().has_body());
    let empty = format!("MSRP abcd SEND\r\n{PATHS}Content-Type: a/b\r\n\r\n\r\n-------abcd$\r\n");
    assert!(read(empty.as_bytes(), &strict()).unwrap().has_body());
    let decoded = decode_whole(empty.as_bytes(), &strict());
    assert!(decoded.chunks[0].body.is_empty() && decoded.error.is_none());
}

/// By erratum 4177, an end-line without a CRLF in front is data.
// req: 4975-7.1-10, 4975-7.1-17
#[test]
fn an_end_line_needs_its_crlf_and_its_seven_hyphens() {
    for inside in [
        "abc-------abcd$\r\n",
        "a\r\n------abcd$\r\n",
        "a\r\n--------abcd$\r\n",
        "\n-------abcd$\r\n",
        "\r-------abcd$\r\n",
        "\r\n-------abcde$\r\n",
        "\r\n-------abc$\r\n",
        "\r\n-------ABCD$\r\n",
        "\r\n-------abcd\r\n",
        "\r\n-------abcd$ \r\n",
        "\r\n-------abcd$\n",
        "\r\n-------abcd$\r",
        "\r\n-------abcd$\rx",
        "\r\n-------abcdx\r\n",
        "\r\n -------abcd$\r\n",
    ] {
        let octets = format!(
            "MSRP abcd SEND\r\n{PATHS}Content-Type: a/b\r\n\r\n{inside}\r\n-------abcd#\r\n"
        );
        let decoded = decode_whole(octets.as_bytes(), &strict());
        assert_eq!(decoded.chunks.len(), 1, "{inside:?}");
        assert_eq!(decoded.chunks[0].body, inside.as_bytes(), "{inside:?}");
        assert_eq!(decoded.error, None);
    }
}

/// What is printed gets into logs, and a session-id there would be a credential.
#[test]
fn a_head_does_not_show_its_session_ids() {
    let octets = with_fields("Use-Path: msrp://lin.example:9402/s3cret;tcp\r\n");
    let head = read(&octets, &strict()).unwrap();
    let shown = format!("{head:?}");
    assert!(shown.contains("abcd") && shown.contains("SEND"), "{shown}");
    for secret in ["m3", "s3cret", "lin.example"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
