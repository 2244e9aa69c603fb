//! Files: the attributes of RFC 5547, which offer starts a transfer, names, hashes and
//! Content-Disposition.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../../../tests/common/mod.rs"]
mod common;
mod disposition;
mod fit;
#[cfg(feature = "hash")]
mod hashes;
mod names;
mod ranges;
mod selectors;
mod transfers;
mod values;
mod vectors;

use std::fmt::{Debug, Display};
use std::str::FromStr;

use msrp_sdp::{Error, ErrorKind};
use proptest::prelude::*;

const SHA_1: &str = "sha-1:72:24:5F:E8:65:3D:DA:F3:71:36:2F:86:D4:71:91:3E:E4:A2:CE:2E";

/// Writes a value, which must read the same and stay on one line.
fn reads_back<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(value: &T) -> String {
    let written = value.to_string();
    assert!(!written.contains(['\r', '\n', '\0']), "{written:?}");
    assert_eq!(written.parse::<T>().unwrap(), *value, "{written}");
    written
}

/// The attribute, the kind and the part of the value that an error names.
fn fault<T: Debug>(result: Result<T, Error>) -> (&'static str, ErrorKind, Option<&'static str>) {
    let error = result.unwrap_err();
    (error.attribute(), error.kind(), error.part())
}

/// Texts with many characters that have a meaning somewhere.
fn hostile_text() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        4 => any::<char>(),
        4 => prop::sample::select(vec!['.', '/', '\\', ':', '%', '"', ' ', '-', '_', '~', ';', '=']),
        2 => prop::sample::select(vec!['\0', '\r', '\n', '\t', '\u{7f}', '\u{85}', '\u{2028}']),
        2 => prop::sample::select(vec!['\u{202e}', '\u{200b}', '\u{ff0f}', '\u{2215}', '\u{2024}']),
        6 => prop::char::range('a', 'z'),
        1 => prop::sample::select(vec!['é', '日', '😀']),
    ];
    prop::collection::vec(letter, 0..60).prop_map(String::from_iter)
}
