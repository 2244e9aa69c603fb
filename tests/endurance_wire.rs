//! The wire over time: peers whose framing is wrong get an error and not silence, the
//! tunnel writes no framing of another, and analysers find their place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;
use std::time::Instant;

use bytes::BytesMut;
use common::Seeded;
use common::corpus::{decode, strict};
use msrp::wire::{
    ByteRange, Continuation, DecodeError, Decoder, EncodeError, Frame, HeadRef, HeadWriter,
    HeaderName, Method, ParseErrorKind, Parsed,
};
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

/// The positions at which a decoder stands before each frame of a stream, and after its
/// last.
fn positions(stream: &[u8], piece: usize) -> (Vec<u64>, Decoder, BytesMut) {
    let (mut decoder, mut input) = (Decoder::default(), BytesMut::new());
    let mut positions = vec![0];
    for octets in stream.chunks(piece) {
        input.extend_from_slice(octets);
        while let Ok(Some(frame)) = decoder.decode(&mut input) {
            if matches!(frame, Frame::End(_)) {
                positions.push(decoder.position());
            }
        }
    }
    (positions, decoder, input)
}

#[test]
fn a_decoder_knows_its_place_in_the_stream() {
    let bodiless = format!("MSRP abcd SEND\r\n{HEADS}-------abcd$\r\n");
    let text = bodiless.replace("-----", "Content-Type: a/b\r\n\r\nHello\r\n-----");
    let first = bodiless.len() as u64;
    let both = first + text.len() as u64;
    for piece in [1, 7, 4096] {
        let (found, ..) = positions(format!("{bodiless}{text}").as_bytes(), piece);
        assert_eq!(found, [0, first, both]);
        // Within a head it stands at its start.
        let (_, mut decoder, rest) = positions(format!("{bodiless}MSRP ab").as_bytes(), piece);
        assert_eq!(decoder.position(), first);
        assert_eq!(decoder.finish(&rest), Err(DecodeError::Truncated));
        assert_eq!(decoder.position(), first + 7);
        // An error lies where the octet is that cannot be read.
        let (_, decoder, _) = positions(format!("{bodiless}MSRP abcd SEND\nTo").as_bytes(), piece);
        assert_eq!(decoder.position(), first + 14);
    }
}

#[test]
fn a_malformed_head_knows_its_place_in_the_stream() {
    let good = format!("MSRP abcd SEND\r\n{HEADS}-------abcd$\r\n");
    let stream = format!("{good}\r\n{}{good}\r\n\0", good.replace("m1", "mé"));
    for piece in [1, 5, 4096] {
        let (mut decoder, mut input) = (Decoder::default(), BytesMut::new());
        let mut positions = Vec::new();
        for octets in stream.as_bytes().chunks(piece) {
            input.extend_from_slice(octets);
            loop {
                match decoder.decode(&mut input) {
                    Ok(Some(Frame::BadHead(bad))) => positions.push(bad.error().position()),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(DecodeError::Head(error)) => {
                        positions.push(error.position());
                        break;
                    }
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
        let value = stream.find("mé").unwrap() as u64;
        assert_eq!(positions, [value, stream.len() as u64 - 1]);
    }
}

#[test]
fn an_analyser_finds_the_next_frame_after_an_error() {
    let good = format!("MSRP abcd SEND\r\n{HEADS}-------abcd$\r\n");
    for bad in [
        "GET / HTTP/1.1\r\n\r\n",
        "MSRP abcd SEND\nTo-Path: x\n",
        "\0\x01\r\n",
        // No line ends before the frame.
        "\u{feff}",
        "\0\0\0",
        "GET / HTTP/1.1\r\n\r\nsaid MSRP is no MSRP abcd SEND MSRP ",
        "MMSRP MSRP ",
    ] {
        for piece in [1, 3, 4096] {
            let stream = format!("{good}{bad}{good}");
            let (mut decoder, mut input) = (Decoder::default(), BytesMut::new());
            let (mut heads, mut errors) = (0, 0);
            for octets in stream.as_bytes().chunks(piece) {
                input.extend_from_slice(octets);
                loop {
                    match decoder.decode(&mut input) {
                        Ok(Some(Frame::Head(_))) => heads += 1,
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => {
                            errors += 1;
                            decoder.resync();
                        }
                    }
                }
            }
            assert_eq!((heads, errors), (2, 1), "{bad:?}");
            assert_eq!(decoder.position(), stream.len() as u64);
            assert_eq!(decoder.finish(&input), Ok(()));
        }
    }
}

#[test]
fn a_head_that_was_read_can_be_written_again() {
    let octets = format!(
        "MSRP abcd SEND\r\n{HEADS}Byte-Range: 1-5/5\r\nFailure-Report: partial\r\n\
         X-Two: a\r\nX-Two: b\r\nContent-ID: <x>\r\nContent-Type: a/b\r\n\r\n"
    );
    let parsed = HeadRef::parse(octets.as_bytes(), &ParseOptions::default()).unwrap();
    let Parsed::Complete { head, .. } = parsed else { panic!("the head is whole") };
    let write = |range: Option<ByteRange>| {
        let (mut out, id) = (BytesMut::new(), head.transaction_id());
        let paths = (head.to_path(), head.from_path());
        let writer = HeadWriter::request(&mut out, &id, Method::Send, paths.0, paths.1);
        let writer = match range {
            Some(range) => writer.byte_range(range),
            None => writer,
        };
        writer.copy(&head).body(&"a/b".parse().unwrap()).unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    };
    assert_eq!(write(None), octets);
    let other = write(Some(ByteRange::new(3, None, None).unwrap()));
    assert!(other.contains("tcp\r\nByte-Range: 3-*/*\r\nMessage-ID"), "{other}");
    assert_eq!(other.matches("Byte-Range").count(), 1);
    // A response has no Failure-Report, so a copy cannot bring one.
    let (mut out, id) = (BytesMut::new(), head.transaction_id());
    let (to, from) = (head.to_path(), head.from_path());
    let response = HeadWriter::response(&mut out, &id, msrp::StatusCode::OK, "", to, from);
    let refused = response.copy(&head).bodiless(Continuation::Complete);
    assert_eq!(refused, Err(EncodeError::Misplaced(HeaderName::FailureReport)));
    assert!(out.is_empty());
}
