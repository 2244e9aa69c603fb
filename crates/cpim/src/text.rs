//! Octets that are meant to be UTF-8, and often are Latin-1.

use std::borrow::Cow;
use std::ops::Range;

/// The text of octets, of which those that are no UTF-8 become U+FFFD.
pub(crate) fn readable(octets: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(octets)
}

/// The first octets that are no UTF-8.
pub(crate) fn unreadable(octets: &[u8]) -> Option<&[u8]> {
    octets.utf8_chunks().map(|chunk| chunk.invalid()).find(|invalid| !invalid.is_empty())
}

/// Where a place of the readable text stands in its octets.
pub(crate) fn place_in(octets: &[u8], place: &Range<usize>) -> Range<usize> {
    position_in(octets, place.start)..position_in(octets, place.end)
}

fn position_in(octets: &[u8], position: usize) -> usize {
    let (mut of_text, mut of_octets) = (0, 0);
    for chunk in octets.utf8_chunks() {
        let valid = chunk.valid().len();
        if position <= of_text + valid {
            return of_octets + (position - of_text);
        }
        of_octets += valid + chunk.invalid().len();
        of_text += valid + char::REPLACEMENT_CHARACTER.len_utf8();
        if position < of_text {
            return of_octets;
        }
    }
    of_octets
}
