//! Octets that are meant to be UTF-8, and often are Latin-1.

use std::borrow::Cow;
use std::iter::once;
use std::ops::Range;

use memchr::memchr_iter;

use crate::mime::{is_own_field, logical_octets};

/// What some writers put before a text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Octets to be read as text. Those that are no UTF-8 become U+FFFD, and a folded line of the
/// message headers becomes one line. MIME header fields among them stay as they are: these
/// may be folded.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    octets: &'a [u8],
    /// How many of them are message headers, at the start.
    headers: usize,
    /// Whether there may be MIME header fields among these.
    has_fields: bool,
}

impl<'a> Source<'a> {
    /// Octets without message headers.
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self::with_headers(octets, 0, false)
    }

    /// Octets that begin with so many octets of message headers.
    pub(crate) const fn with_headers(octets: &'a [u8], headers: usize, has_fields: bool) -> Self {
        Self { octets, headers, has_fields }
    }

    /// The message headers, and what follows them.
    fn blocks(self) -> (&'a [u8], &'a [u8]) {
        self.octets.split_at_checked(self.headers).unwrap_or((self.octets, b""))
    }

    pub(crate) fn text(self) -> Cow<'a, str> {
        match str::from_utf8(self.octets) {
            Ok(text) if self.folds().next().is_none() => Cow::Borrowed(text),
            _ => Cow::Owned(self.pieces().map(|piece| piece.text).collect()),
        }
    }

    /// The first octets that are no UTF-8.
    pub(crate) fn unreadable(self) -> Option<&'a [u8]> {
        let mut invalid = self.octets.utf8_chunks().map(|chunk| chunk.invalid());
        invalid.find(|invalid| !invalid.is_empty())
    }

    /// The octets at a place of the text.
    pub(crate) fn octets_of(self, place: &Range<usize>) -> &'a [u8] {
        self.octets.get(self.place(place)).unwrap_or_default()
    }

    /// Where a place of the text stands in the octets.
    pub(crate) fn place(self, place: &Range<usize>) -> Range<usize> {
        self.position(place.start)..self.position(place.end)
    }

    fn position(self, position: usize) -> usize {
        let (mut of_text, mut of_octets) = (0, 0);
        for piece in self.pieces() {
            let within = position - of_text;
            if within < piece.text.len() {
                let is_literal = piece.octets == piece.text.len();
                return of_octets + if is_literal { within } else { 0 };
            }
            of_text += piece.text.len();
            of_octets += piece.octets;
        }
        of_octets
    }

    fn pieces(self) -> impl Iterator<Item = Piece<'a>> {
        let (headers, rest) = self.blocks();
        joined(headers, self.folds()).chain(pieces(rest))
    }

    /// Where headers are folded: the line ends that blanks follow, and these.
    fn folds(self) -> impl Iterator<Item = Range<usize>> {
        let mut end = 0;
        logical_octets(self.blocks().0).flat_map(move |line| {
            let start = end;
            end += line.len() + 1;
            let is_kept = self.has_fields && is_own_field(line);
            let folds = folds(if is_kept { b"" } else { line });
            folds.map(move |fold| start + fold.start..start + fold.end)
        })
    }
}

/// A piece of text, and the number of octets for which it stands.
struct Piece<'a> {
    text: &'a str,
    octets: usize,
}

fn pieces(octets: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    octets.utf8_chunks().flat_map(|chunk| {
        let (valid, invalid) = (chunk.valid(), chunk.invalid());
        let shown = if invalid.is_empty() { "" } else { "\u{fffd}" };
        [Piece { text: valid, octets: valid.len() }, Piece { text: shown, octets: invalid.len() }]
    })
}

/// The pieces of lines of which some continue the one before them, after a space.
fn joined(
    headers: &[u8],
    folds: impl Iterator<Item = Range<usize>>,
) -> impl Iterator<Item = Piece<'_>> {
    let mut start = 0;
    let folds = folds.map(|fold| (fold, " "));
    folds.chain(once((headers.len()..headers.len(), ""))).flat_map(move |(fold, space)| {
        let line = headers.get(start..fold.start).unwrap_or_default();
        start = fold.end;
        pieces(line).chain([Piece { text: space, octets: fold.len() }])
    })
}

fn folds(line: &[u8]) -> impl Iterator<Item = Range<usize>> {
    memchr_iter(b'\n', line).filter_map(|at| {
        let (before, after) = (line.get(..at)?, line.get(at + 1..)?);
        let blanks = after.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
        let start = before.strip_suffix(b"\r").unwrap_or(before).len();
        (blanks > 0).then_some(start..at + 1 + blanks)
    })
}
