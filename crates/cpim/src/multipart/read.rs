//! The parts of a body, where they are.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use msrp::mime::{MimeHeader, MimeHeaders, MimeValue, TooLong, head_block, logical_lines};
use thiserror::Error;

/// The most octets of a boundary that is read. RFC 2046 allows 70, and no more
/// are written.
pub const MAX_BOUNDARY_OCTETS: usize = 256;

/// The most octets of the header fields of one part, which have at most 512
/// lines.
pub const MAX_PART_HEAD_OCTETS: usize = 16 * 1024;

/// How many multipart bodies may stand one in the other.
pub const MAX_DEPTH: usize = 8;

/// Why a body has no parts, or one of them cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MultipartError {
    /// The media type is no multipart.
    #[error("the media type is not multipart/…")]
    NotMultipart,
    /// No boundary among the parameters of the media type, or one of more than
    /// [`MAX_BOUNDARY_OCTETS`].
    #[error("the media type needs a boundary of at most {MAX_BOUNDARY_OCTETS} octets")]
    Boundary,
    /// More than [`MAX_DEPTH`] inside one another.
    #[error("parts may go at most {MAX_DEPTH} deep")]
    TooDeep,
    /// The header fields of a part are none, or no UTF-8, or lack the blank
    /// line behind them.
    #[error("a part is header fields, a blank line and a body")]
    Head,
    /// More than [`MAX_PART_HEAD_OCTETS`] of header fields, or 512 lines.
    #[error("a part may have at most {MAX_PART_HEAD_OCTETS} octets of header fields on 512 lines")]
    HeadTooLong,
}

/// A body of several parts.
///
/// What is before the first boundary and behind the last is passed over. Where
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
    /// The body of this media type.
    ///
    /// # Errors
    ///
    /// [`MultipartError`] where the type is no multipart or has no boundary
    /// that can be one.
    pub fn new(content_type: &str, body: &'a [u8]) -> Result<Self, MultipartError> {
        Self::nested(MimeValue::new(content_type), body, 1)
    }

    fn nested(
        content_type: MimeValue<'_>,
        body: &'a [u8],
        depth: usize,
    ) -> Result<Self, MultipartError> {
        let essence = content_type.main();
        if !is_multipart(essence) {
            return Err(MultipartError::NotMultipart);
        }
        if depth > MAX_DEPTH {
            return Err(MultipartError::TooDeep);
        }
        let boundary = content_type.parameter("boundary").unwrap_or_default();
        // A blank at its end would be none of the delimiter's (RFC 2046).
        let boundary = boundary.trim_end_matches(' ');
        if !(1..=MAX_BOUNDARY_OCTETS).contains(&boundary.len()) {
            return Err(MultipartError::Boundary);
        }
        let start = content_type.parameter("start").map(Cow::into_owned);
        Ok(Self { essence: essence.to_owned(), boundary: boundary.to_owned(), start, body, depth })
    }

    /// `multipart/…`, as it is written.
    #[must_use]
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The parts, one after the other. One that cannot be read is an error, and
    /// those behind it still come.
    pub fn parts(&self) -> impl Iterator<Item = Result<Part<'a>, MultipartError>> + use<'a> {
        let depth = self.depth;
        let mut scan = Scan::new(&self.boundary, self.body);
        std::iter::from_fn(move || scan.next_part()).map(move |part| Part::read(part, depth))
    }

    /// The part that says most of those that are understood, for an
    /// alternative: the last of them (RFC 2046 section 5.1.4).
    pub fn preferred(&self, mut is_understood: impl FnMut(&Part<'a>) -> bool) -> Option<Part<'a>> {
        self.parts().filter_map(Result::ok).filter(|part| is_understood(part)).last()
    }

    /// The part that the others belong to, for a related body: the one whose
    /// Content-ID is the parameter `start`, or the first (RFC 2387
    /// section 3.2).
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
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    head: &'a str,
    body: &'a [u8],
    depth: usize,
}

impl<'a> Part<'a> {
    fn read(part: &'a [u8], depth: usize) -> Result<Self, MultipartError> {
        let found = head_block(part, MAX_PART_HEAD_OCTETS);
        let found = found.map_err(|TooLong| MultipartError::HeadTooLong)?;
        // `MIME-part-headers [ CRLF *OCTET ]`: without a body, there need not
        // be a blank line.
        let (head, body) = found.unwrap_or((part, b""));
        let head = std::str::from_utf8(head).map_err(|_| MultipartError::Head)?;
        let is_head = logical_lines(head).all(|line| MimeHeader::read(line).is_some());
        is_head.then_some(Self { head, body, depth }).ok_or(MultipartError::Head)
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> MimeHeaders<'a> {
        MimeHeaders::new(self.head)
    }

    /// The media type with its parameters. Where none is given it is
    /// `text/plain; charset=us-ascii` (RFC 2045 section 5.2).
    #[must_use]
    pub fn content_type(&self) -> Cow<'a, str> {
        const DEFAULT: Cow<'static, str> = Cow::Borrowed("text/plain; charset=us-ascii");
        self.headers().get("Content-Type").map_or(DEFAULT, |field| field.text())
    }

    /// The media type without its parameters, as it is written.
    #[must_use]
    pub fn essence(&self) -> &'a str {
        let field = self.headers().get("Content-Type");
        field.map_or("text/plain", |field| field.value().main())
    }

    /// The octets of the part, still in the Content-Transfer-Encoding that its
    /// header fields may name.
    #[must_use]
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The parts of this part.
    ///
    /// # Errors
    ///
    /// As [`Multipart::new`], and [`MultipartError::TooDeep`].
    pub fn multipart(&self) -> Result<Multipart<'a>, MultipartError> {
        let field = self.headers().get("Content-Type").ok_or(MultipartError::NotMultipart)?;
        Multipart::nested(field.value(), self.body, self.depth + 1)
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
    /// Where the next part begins; `None` behind the last.
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
        // Behind the last boundary there is nothing where its two hyphens were
        // forgotten.
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
            let behind = self.body.get(at + len..)?;
            if before.is_empty() || before.ends_with(b"\n") {
                let (is_last, rest) = match behind.strip_prefix(b"--") {
                    Some(rest) => (true, rest),
                    None => (false, behind),
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
    /// Where the part behind it begins; `None` for the last delimiter.
    next: Option<usize>,
}

/// How many octets there are to the end of the line, where nothing but blanks
/// is before it.
fn rest_of_line(text: &[u8]) -> Option<usize> {
    let blanks = text.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    match text.get(blanks..)? {
        [] => Some(blanks),
        [b'\n', ..] => Some(blanks + 1),
        [b'\r', b'\n', ..] => Some(blanks + 2),
        _ => None,
    }
}
