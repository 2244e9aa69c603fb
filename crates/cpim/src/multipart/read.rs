//! Reading the parts of a body where they stand.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use msrp::mime::MimeValue;

use crate::check::Check;
use crate::error::{Fault, ParseError, ParseErrorKind};
use crate::limits::{MAX_BOUNDARY_OCTETS, MAX_DEPTH, MAX_PART_HEAD_OCTETS};
use crate::mime::{MimeHeaders, has_fields, head_block};
use crate::text::{BYTE_ORDER_MARK, Source};
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// A body of several parts.
///
/// Reading skips what stands before the first boundary and after the last. If
/// the last boundary is missing, the last part ends with the body.
#[derive(Clone)]
pub struct Multipart<'a> {
    essence: String,
    boundary: String,
    start: Option<String>,
    body: &'a [u8],
    depth: usize,
}

impl<'a> Multipart<'a> {
    /// The body of a message with this media type.
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::NotMultipart`] if the media type is another one, and
    /// [`ParseErrorKind::Boundary`] if it has no usable boundary. The place is
    /// one in `content_type`.
    pub fn parse(content_type: &str, body: &'a [u8]) -> Result<Self, ParseError> {
        Self::nested(content_type, body, 1)
    }

    fn nested(content_type: &str, body: &'a [u8], depth: usize) -> Result<Self, ParseError> {
        let wrong = |kind| Err(ParseError::new(kind, 0..content_type.len()));
        let value = MimeValue::new(content_type);
        let essence = value.main();
        if !is_multipart(essence) {
            return wrong(ParseErrorKind::NotMultipart);
        }
        if depth > MAX_DEPTH {
            return wrong(ParseErrorKind::TooDeep);
        }
        let boundary = value.parameter("boundary").unwrap_or_default();
        // A boundary cannot end with a space (RFC 2046 section 5.1.1).
        let boundary = boundary.trim_end_matches(' ');
        if !(1..=MAX_BOUNDARY_OCTETS).contains(&boundary.len()) {
            return wrong(ParseErrorKind::Boundary);
        }
        let start = value.parameter("start").map(Cow::into_owned);
        Ok(Self { essence: essence.to_owned(), boundary: boundary.to_owned(), start, body, depth })
    }

    /// `multipart/…`, as it is written.
    #[must_use]
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The parts, one after the other. A part that cannot be read is an error,
    /// with a place in the body of this multipart, and more parts may follow it. A
    /// body without any delimiter is [`ParseErrorKind::MissingDelimiter`].
    pub fn parts(&self) -> impl Iterator<Item = Result<Part<'a>, ParseError>> + use<'a> {
        let (body, depth) = (self.body, self.depth);
        let mut scan = Scan::new(&self.boundary, body);
        let missing = || Err(ParseError::new(ParseErrorKind::MissingDelimiter, 0..0));
        let missing = scan.delimiter_from(0).is_none().then(missing);
        let parts = std::iter::from_fn(move || scan.next_part());
        missing.into_iter().chain(parts.map(move |part| Part::parse(part, body, depth)))
    }

    /// The deviations outside of the parts: [`CpimTolerance::MissingCloseDelimiter`] and
    /// [`CpimTolerance::ByteOrderMark`]. Those of a part are [`Part::tolerated`].
    #[must_use]
    pub fn tolerated(&self) -> CpimTolerances {
        let none = CpimTolerances::none();
        let is_marked = self.body.starts_with(BYTE_ORDER_MARK);
        let needed = if is_marked { none.with(CpimTolerance::ByteOrderMark) } else { none };
        let closed = self.is_closed();
        if closed { needed } else { needed.with(CpimTolerance::MissingCloseDelimiter) }
    }

    /// Whether a delimiter follows the last part.
    fn is_closed(&self) -> bool {
        let scan = Scan::new(&self.boundary, self.body);
        let mut next = scan.part;
        while let Some(part) = next {
            match scan.delimiter_from(part) {
                Some(found) => next = found.next,
                None => return false,
            }
        }
        true
    }

    /// The best part of an alternative: the last one that `is_understood`
    /// accepts (RFC 2046 section 5.1.4).
    pub fn preferred(&self, mut is_understood: impl FnMut(&Part<'a>) -> bool) -> Option<Part<'a>> {
        self.parts().filter_map(Result::ok).filter(|part| is_understood(part)).last()
    }

    /// The root of a related body: the part whose Content-ID is the parameter
    /// `start`, or else the first (RFC 2387 section 3.2).
    #[must_use]
    pub fn root(&self) -> Option<Part<'a>> {
        let mut parts = self.parts().filter_map(Result::ok);
        let Some(start) = self.start.as_deref() else { return parts.next() };
        let is_start = |part: &Part<'_>| {
            part.headers().get("Content-ID").is_some_and(|field| field.text() == start)
        };
        parts.find(is_start)
    }
}

fn is_multipart(essence: &str) -> bool {
    let kind = essence.split_once('/').map_or("", |(kind, _)| kind);
    kind.eq_ignore_ascii_case("multipart")
}

impl fmt::Debug for Multipart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Multipart({}, {} octets)", self.essence, self.body.len())
    }
}

/// One part of a body.
#[derive(Clone, PartialEq, Eq)]
pub struct Part<'a> {
    head: Cow<'a, str>,
    tolerated: CpimTolerances,
    body: &'a [u8],
    depth: usize,
}

impl<'a> Part<'a> {
    /// Reads a part of `body`.
    fn parse(part: &'a [u8], body: &'a [u8], depth: usize) -> Result<Self, ParseError> {
        // `MIME-part-headers [ CRLF *OCTET ]`: a part without a body needs no
        // blank line.
        let too_long =
            |limit| Fault::new(ParseErrorKind::TooLong { max: MAX_PART_HEAD_OCTETS }, limit);
        let block = head_block(part, MAX_PART_HEAD_OCTETS);
        let block = block.map_err(|limit| too_long(limit).within(body))?;
        let (lines, content) = block.unwrap_or_else(|| part.split_at(part.len()));
        let source = Source::new(lines);
        let head = source.text();
        if !head.is_empty() && !has_fields(&head) {
            let tolerated = CpimTolerances::none().with(CpimTolerance::MissingBlankLine);
            return Ok(Self { head: Cow::Borrowed(""), tolerated, body: part, depth });
        }
        let mut check = Check::new(CpimTolerances::all());
        let checked = check.part(source, &head);
        checked.map_err(|fault| fault.within_text(&head, source, body))?;
        Ok(Self { tolerated: check.tolerated(), head, body: content, depth })
    }

    /// The header fields.
    #[must_use]
    pub fn headers(&self) -> MimeHeaders<'_> {
        MimeHeaders::new(&self.head)
    }

    /// The deviations in the header fields. One that has none and no blank line, either, is
    /// [`CpimTolerance::MissingBlankLine`].
    #[must_use]
    pub const fn tolerated(&self) -> CpimTolerances {
        self.tolerated
    }

    /// The media type with its parameters. The default is
    /// `text/plain; charset=us-ascii` (RFC 2045 section 5.2).
    #[must_use]
    pub fn content_type(&self) -> Cow<'_, str> {
        const DEFAULT: Cow<'static, str> = Cow::Borrowed("text/plain; charset=us-ascii");
        self.headers().get("Content-Type").map_or(DEFAULT, |field| field.text())
    }

    /// The media type without its parameters, as it is written.
    #[must_use]
    pub fn essence(&self) -> &str {
        let field = self.headers().get("Content-Type");
        field.map_or("text/plain", |field| field.value().main())
    }

    /// The octets of the part, still in the Content-Transfer-Encoding that a
    /// header field may name.
    #[must_use]
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The parts of this part.
    ///
    /// # Errors
    ///
    /// As for [`Multipart::parse`], and [`ParseErrorKind::TooDeep`] beyond
    /// [`MAX_DEPTH`]. The place is one in the Content-Type of the part.
    pub fn multipart(&self) -> Result<Multipart<'a>, ParseError> {
        let field = self.headers().get("Content-Type");
        Multipart::nested(field.map_or("", |field| field.raw()), self.body, self.depth + 1)
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({}, {} octets)", self.content_type(), self.body.len())
    }
}

/// Walks from delimiter to delimiter.
struct Scan<'a> {
    /// Two hyphens and the boundary.
    delimiter: memmem::Finder<'static>,
    /// Where the next part starts; `None` after the last.
    part: Option<usize>,
    body: &'a [u8],
}

impl<'a> Scan<'a> {
    fn new(boundary: &str, body: &'a [u8]) -> Self {
        let delimiter = format!("--{boundary}");
        let delimiter = memmem::Finder::new(delimiter.as_bytes()).into_owned();
        let mut scan = Self { delimiter, part: None, body };
        scan.part = scan.delimiter_from(0).and_then(|found| found.next);
        scan
    }

    fn next_part(&mut self) -> Option<&'a [u8]> {
        let start = self.part?;
        let found = self.delimiter_from(start);
        self.part = found.as_ref().and_then(|found| found.next);
        let end = found.map_or(self.body.len(), |found| found.part_end.max(start));
        let part = self.body.get(start..end)?;
        // If the last boundary lacks its two hyphens, what follows is no part.
        let is_left_over =
            self.part.is_none() && end == self.body.len() && part.trim_ascii().is_empty();
        (!is_left_over).then_some(part)
    }

    /// The first delimiter line from here on.
    fn delimiter_from(&self, mut from: usize) -> Option<Delimiter> {
        let len = self.delimiter.needle().len();
        loop {
            let at = from + self.delimiter.find(self.body.get(from..)?)?;
            let before = self.body.get(..at)?;
            let after = self.body.get(at + len..)?;
            if matches!(before, [] | BYTE_ORDER_MARK | [.., b'\n']) {
                let (is_last, rest) = match after.strip_prefix(b"--") {
                    Some(rest) => (true, rest),
                    None => (false, after),
                };
                if let Some(line) = rest_of_line(rest) {
                    // The line end before a delimiter belongs to it.
                    let before = before.strip_suffix(b"\n").unwrap_or(before);
                    let part_end = before.strip_suffix(b"\r").unwrap_or(before).len();
                    let next = self.body.len() - rest.len() + line;
                    return Some(Delimiter { part_end, next: (!is_last).then_some(next) });
                }
            }
            from = at + len;
        }
    }
}

struct Delimiter {
    /// Where the part before it ends.
    part_end: usize,
    /// Where the part after it starts; `None` for the last delimiter.
    next: Option<usize>,
}

/// The number of octets to the end of the line. `None` if there is anything but
/// blanks before it.
fn rest_of_line(text: &[u8]) -> Option<usize> {
    let blanks = text.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    match text.get(blanks..)? {
        [] => Some(blanks),
        [b'\n', ..] => Some(blanks + 1),
        [b'\r', b'\n', ..] => Some(blanks + 2),
        _ => None,
    }
}
