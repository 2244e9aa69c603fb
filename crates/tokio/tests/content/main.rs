//! What may be shown and stored of what peers send.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod browser;
mod files;
mod hanging;
mod json;
mod names;
mod types;
mod visible;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Pieces that do harm somewhere, in any order, among any other characters.
fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(HOSTILE).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[ -~]{0,8}",
        " {0,40}",
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

const HOSTILE: &[&str] = &[
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\u{9b}1m",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\x7f",
    "\u{85}",
    "\u{ad}",
    "\u{34f}",
    "\u{61c}",
    "\u{115f}",
    "\u{180e}",
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{200e}",
    "\u{200f}",
    "\u{2028}",
    "\u{2029}",
    "\u{202a}",
    "\u{202e}",
    "\u{2060}",
    "\u{2066}",
    "\u{2069}",
    "\u{2800}",
    "\u{3164}",
    "\u{fe0f}",
    "\u{feff}",
    "\u{ffa0}",
    "\u{fff9}",
    "\u{fffe}",
    "\u{e000}",
    "\u{e0001}",
    "\u{e007f}",
    "\u{e0100}",
    "\u{10ffff}",
    "\u{300}",
    "\u{338}",
    "\u{20e3}",
    "\u{94d}",
    "\u{627}",
    "\u{5d0}",
    "\u{2764}",
    "\u{1f468}",
    "\u{1f3f4}",
    "1",
    "<bob> ",
    "日本",
    "\u{3000}",
    "\u{a0}",
    "\u{1820}",
    "[U+200B]",
];

/// Whether this may be in text that people are shown.
fn is_seen(letter: char) -> bool {
    use icu_properties::props::{BidiControl, BinaryProperty, DefaultIgnorableCodePoint};
    !letter.is_control()
        && !matches!(letter, '\u{2028}' | '\u{2029}')
        && !BidiControl::for_char(letter)
        && !DefaultIgnorableCodePoint::for_char(letter)
}
