//! The octets of a document as text, in UTF-8 or UTF-16 (XML 1.0 section 4.3.3).

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

use crate::text::Source;
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// How octets become text, and places of the text those of the octets.
pub(super) enum Encoding<'a> {
    /// Also what is meant to be UTF-8.
    Utf8(Source<'a>),
    Utf16 {
        octets: &'a [u8],
        /// The order of the octets of a unit.
        unit: fn([u8; 2]) -> u16,
    },
}

impl<'a> Encoding<'a> {
    pub(super) fn of(octets: &'a [u8]) -> Self {
        match utf16_unit(octets) {
            Some(unit) => Self::Utf16 { octets, unit },
            None => Self::Utf8(Source::new(octets)),
        }
    }

    /// The text. What is no letter becomes U+FFFD.
    pub(super) fn text(&self) -> Cow<'a, str> {
        match self {
            Self::Utf8(source) => source.text(),
            Self::Utf16 { octets, unit } => {
                letters(octets, *unit).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
        }
    }

    /// Where a place of the text stands in the octets.
    pub(super) fn place(&self, text: &str, place: &Range<usize>) -> Range<usize> {
        let of_utf16 = |position| {
            // What was no letter was one unit, and so is what stands for it.
            let before = text.get(..position).unwrap_or(text);
            2 * before.encode_utf16().count()
        };
        match self {
            Self::Utf8(source) => source.place(place),
            Self::Utf16 { .. } => of_utf16(place.start)..of_utf16(place.end),
        }
    }

    pub(super) fn tolerated(&self) -> CpimTolerances {
        let (is_utf16, is_unreadable) = match self {
            Self::Utf8(source) => (false, source.unreadable().is_some()),
            Self::Utf16 { octets, unit } => (true, letters(octets, *unit).any(|it| it.is_err())),
        };
        let mut needed = CpimTolerances::none();
        if is_utf16 {
            needed = needed.with(CpimTolerance::Utf16);
        }
        if is_unreadable {
            needed = needed.with(CpimTolerance::NotUtf8);
        }
        needed
    }
}

/// The characters of UTF-16. An odd octet at the end is an error.
fn letters(
    octets: &[u8],
    unit: fn([u8; 2]) -> u16,
) -> impl Iterator<Item = Result<char, std::char::DecodeUtf16Error>> {
    let (units, rest) = octets.as_chunks();
    let rest = rest.first().map(|_| HALF_A_UNIT);
    char::decode_utf16(units.iter().map(move |octets| unit(*octets)).chain(rest))
}

/// A unit that is no letter of its own.
const HALF_A_UNIT: u16 = 0xdc00;

/// The order of octets that are UTF-16, by their byte order mark or else by the first tag.
fn utf16_unit(octets: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    match octets {
        [0xff, 0xfe, ..] => return Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] => return Some(u16::from_be_bytes),
        _ => {}
    }
    let tag = memchr(b'<', octets)?;
    match octets.get(tag - tag % 2..)? {
        [b'<', 0, _, 0, ..] => Some(u16::from_le_bytes),
        [0, b'<', 0, _, ..] => Some(u16::from_be_bytes),
        _ => None,
    }
}
