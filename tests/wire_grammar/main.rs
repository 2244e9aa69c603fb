//! The rules of RFC 4975 section 9, one by one, and the limits on heads.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod byte_range;
#[path = "../common/mod.rs"]
mod common;
mod framing;
mod header_fields;
mod limits;
mod media_types;
mod start_lines;

use std::collections::BTreeSet;
use std::error::Error;

use common::corpus::{decode, decode_whole, strict};
use msrp::wire::{
    ByteRange, DecodeError, FailureReport, HeadRef, HeaderName, Method, ParseError, ParseErrorKind,
    Parsed, Status, TransactionId, ValueError, ValueErrorKind,
};
use msrp::{MediaType, MediaTypes, MessageId, ParseOptions, StatusCode};
use proptest::prelude::*;
use proptest::sample::select;

const PATHS: &str = "To-Path: msrp://lin.example:9402/m3;tcp\r\n\
                     From-Path: msrp://ada.example:7001/q8;tcp\r\n";

fn read<'a>(octets: &'a [u8], options: &ParseOptions) -> Result<HeadRef<'a>, ParseError> {
    match HeadRef::parse(octets, options)? {
        Parsed::Complete { head, .. } => Ok(head),
        Parsed::Incomplete => panic!("incomplete: {}", octets.escape_ascii()),
    }
}

/// A bodiless SEND with `fields`, which are whole lines, after its paths.
fn with_fields(fields: impl AsRef<[u8]>) -> Vec<u8> {
    [format!("MSRP abcd SEND\r\n{PATHS}").as_bytes(), fields.as_ref(), b"-------abcd$\r\n"].concat()
}

/// A response or bodiless request with this start line.
fn with_start(id: &str, word: &str) -> Vec<u8> {
    format!("MSRP {id} {word}\r\n{PATHS}-------{id}$\r\n").into_bytes()
}

fn fault_of(octets: &[u8]) -> Option<ParseErrorKind> {
    read(octets, &strict()).err().map(|error| error.kind())
}
