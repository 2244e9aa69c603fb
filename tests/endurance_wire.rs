//! The wire over time: peers whose framing is wrong get an error and not silence, the
//! tunnel writes no framing of another, and analysers find their place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;
use std::time::Instant;

use common::Seeded;
use common::corpus::{decode, strict};
use msrp::wire::{DecodeError, ParseErrorKind};
use msrp::{Framing, ParseOptions, Tunnel};

fn case(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/cases/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The kind and the place of the error that a stream ends with, the same in one piece
/// and octet by octet.
fn error_of(stream: &[u8], options: &ParseOptions) -> Option<(ParseErrorKind, usize)> {
    let whole = decode([stream], options);
    assert_eq!(decode(stream.chunks(1), options), whole);
    match whole.error {
        Some(DecodeError::Head(error)) => Some((error.kind(), error.place().start)),
        Some(DecodeError::Truncated) | None => None,
        Some(other) => panic!("{other:?}"),
    }
}

fn not_msrp_at(stream: &[u8], at: usize) {
    for options in [ParseOptions::default(), strict()] {
        let expected = Some((ParseErrorKind::NotMsrp, at));
        assert_eq!(error_of(stream, &options), expected, "{}", stream.escape_ascii());
    }
}

const HEADS: &str = "To-Path: msrp://b.example:2855/s;tcp\r\n\
    From-Path: msrp://a.example:2855/s;tcp\r\nMessage-ID: m1\r\n";

#[test]
fn a_start_line_without_its_crlf_is_an_error_at_once() {
    not_msrp_at(&case("W17-lf-only.bin"), "MSRP jjjj SEND".len());
    not_msrp_at(b"MSRP jjjj SEND\n", 14);
    not_msrp_at(b"MSRP jjjj SEND\rTo-Path", 14);
    not_msrp_at(b"MSRP jjjj SEND\r\r\n", 14);
    not_msrp_at(b"MSRP jjjj 200 O\nK\r\n", 15);
    not_msrp_at(b"MSRP jjjj\n", 9);
    not_msrp_at(b"MSRP \n", 5);
    not_msrp_at(b"MSRP\n", 4);
    not_msrp_at(b"MSRP jjjj lower case\nand more\r\n", 20);
    not_msrp_at(b"\n", 0);
}

#[test]
fn between_frames_only_crlf_is_a_keep_alive() {
    let frame = format!("MSRP abcd SEND\r\n{HEADS}-------abcd$\r\n");
    for wrong in ["\n", "\rM", "\r\r\n", "\n\r\n"] {
        not_msrp_at(format!("{frame}{wrong}").as_bytes(), 0);
    }
    let blank = format!("{frame}\r\n\r\n{frame}");
    assert_eq!(error_of(blank.as_bytes(), &ParseOptions::default()), None);
}

#[test]
fn an_end_line_in_lf_within_a_head_is_an_error_at_once() {
    let start = "MSRP abcd SEND\r\n";
    for head in [HEADS.replace("\r\n", "\n"), HEADS.into(), format!("{HEADS}\n")] {
        let stream = format!("{start}{head}-------abcd$\n");
        let at = stream.rfind('\n').unwrap();
        not_msrp_at(stream.as_bytes(), at);
        not_msrp_at(format!("{stream}MSRP abce SEND\r\n\r\n\r\n-------abce$\r\n").as_bytes(), at);
    }
}

#[test]
fn a_lone_lf_in_a_header_field_costs_its_own_chunk_only() {
    for lone in ["X: a\nb\r\n", "X: a\n-------abce$\nb\r\n", "X: a\n-------abcd\n\r\n"] {
        let stream = format!("MSRP abcd SEND\r\n{HEADS}{lone}-------abcd$\r\n").repeat(2);
        let decoded = decode([stream.as_bytes()], &ParseOptions::default());
        assert_eq!(decode(stream.as_bytes().chunks(1), &ParseOptions::default()), decoded);
        assert_eq!(decoded.error, None);
        let faults: Vec<_> =
            decoded.chunks.iter().map(|chunk| chunk.head.as_ref().unwrap_err()).collect();
        let kinds: Vec<_> = faults.iter().map(|bad| bad.error().kind()).collect();
        assert_eq!(kinds, [ParseErrorKind::HeaderLine { position: 4 }; 2]);
    }
}

/// What the stream gets for one message, which a strict peer must be able to read.
fn tunnelled(message: &[u8]) -> Vec<u8> {
    let mut tunnel = Tunnel::new(Framing::MIN_MESSAGE, ParseOptions::default(), Seeded(1));
    tunnel.receive_message(Instant::now(), message.to_vec()).unwrap().unwrap().to_vec()
}

#[test]
fn a_tunnel_writes_the_frame_of_a_message_and_no_tolerated_framing() {
    let bodiless = format!("MSRP abcd SEND\r\n{HEADS}-------abcd$\r\n");
    let empty = format!("MSRP abcd SEND\r\n{HEADS}Content-Type: a/b\r\n\r\n\r\n-------abcd+\r\n");
    let body = empty.replace("\r\n\r\n\r\n", "\r\n\r\n\r\nx-------abcd$\r\n\r\n");
    let bad = bodiless.replace("Message-ID: m1", "Message ID");
    let response = "MSRP abcd 200 OK\r\nTo-Path: msrp://b.example:2855/s;tcp\r\n\
        From-Path: msrp://a.example:2855/s;tcp\r\n-------abcd$\r\n";
    for frame in [&bodiless[..], &empty, &body, &bad, response] {
        assert_eq!(tunnelled(frame.as_bytes()), frame.as_bytes());
        for (before, after) in [("\r\n", ""), ("", "\r\n"), ("\r\n\r\n", "\r\n\r\n")] {
            let message = format!("{before}{frame}{after}");
            assert_eq!(tunnelled(message.as_bytes()), frame.as_bytes(), "{message:?}");
            let short = message.replace("\r\n\r\n\r\n-------", "\r\n\r\n-------");
            assert_eq!(tunnelled(short.as_bytes()), frame.as_bytes(), "{short:?}");
        }
    }
    let octets = &case("tunnel-blank-lines.bin")[3..];
    assert_eq!(tunnelled(octets), octets.strip_suffix(b"\r\n").unwrap());
}
