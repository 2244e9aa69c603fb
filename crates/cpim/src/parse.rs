//! Reading a message/cpim.

use memchr::memchr_iter;

use crate::check::Check;
use crate::error::{Fault, ParseError, ParseErrorKind};
use crate::limits::MAX_HEAD_OCTETS;
use crate::message::CpimRef;
use crate::mime::{MimeHeader, has_fields, head_block, logical_lines};
use crate::text::{BYTE_ORDER_MARK, Source};
use crate::tolerance::{CpimTolerance, CpimTolerances};

impl<'a> CpimRef<'a> {
    /// Reads a whole message, with all tolerances.
    ///
    /// # Errors
    ///
    /// [`ParseError`] says what is wrong with the headers. From and To may be
    /// missing: RFC 4975 section 13 demands them of senders only.
    pub fn parse(message: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_with(message, CpimTolerances::all())
    }

    /// Reads a whole message with the given tolerances; without any, only what
    /// RFC 3862 allows.
    ///
    /// # Errors
    ///
    /// As for [`CpimRef::parse`].
    pub fn parse_with(message: &'a [u8], allowed: CpimTolerances) -> Result<Self, ParseError> {
        let end = message.len();
        let incomplete = || ParseError::new(ParseErrorKind::Incomplete, end..end);
        parse(message, Extent::Whole, allowed)?.ok_or_else(incomplete)
    }

    /// Reads the headers of a message whose first octets have arrived, as a chat
    /// room does before the end is there. [`CpimRef::body`] is then what has
    /// arrived of the body.
    ///
    /// `None` means that the headers are incomplete: call again with more
    /// octets, at most [`MAX_HEAD_OCTETS`]. Each call reads all of them anew; if
    /// they arrive in small pieces, ask [`CpimRef::head_may_end`] first.
    ///
    /// # Errors
    ///
    /// As for [`CpimRef::parse`], and the same as for the whole message. Without MIME header
    /// fields, the headers are incomplete until a blank line follows in the body.
    pub fn parse_start(octets: &'a [u8]) -> Result<Option<Self>, ParseError> {
        Self::parse_start_with(octets, CpimTolerances::all())
    }

    /// [`CpimRef::parse_start`] with the given tolerances.
    ///
    /// # Errors
    ///
    /// As for [`CpimRef::parse_start`].
    pub fn parse_start_with(
        octets: &'a [u8],
        allowed: CpimTolerances,
    ) -> Result<Option<Self>, ParseError> {
        parse(octets, Extent::Start, allowed)
    }

    /// Whether [`CpimRef::parse_start`] can return another result than for the
    /// first `seen` of these octets, for which it returned `None`: whether a
    /// blank line or the limit lies among the others. This costs a search of
    /// those octets.
    ///
    /// ```
    /// # use msrp_cpim::CpimRef;
    /// let message = b"From: <sip:ada@example.com>\r\n\r\nContent-Type: a/b\r\n\r\nHi";
    /// let (mut octets, mut looked) = (Vec::new(), 0);
    /// for piece in message.chunks(1) {
    ///     let seen = octets.len();
    ///     octets.extend_from_slice(piece);
    ///     if CpimRef::head_may_end(&octets, seen) {
    ///         looked += 1;
    ///         if let Some(start) = CpimRef::parse_start(&octets)? {
    ///             assert_eq!(start.from().unwrap().uri(), "sip:ada@example.com");
    ///         }
    ///     }
    /// }
    /// assert_eq!(looked, 2);
    /// # Ok::<(), msrp_cpim::ParseError>(())
    /// ```
    #[must_use]
    pub fn head_may_end(octets: &[u8], seen: usize) -> bool {
        let (seen, fresh) = octets.split_at_checked(seen).unwrap_or((b"", octets));
        let line_ends = |line: &[u8]| matches!(line, [] | [.., b'\n']);
        let ends_blank_line = |end: usize| {
            let before = octets.get(..seen.len() + end).unwrap_or_default();
            line_ends(before.strip_suffix(b"\r").unwrap_or(before))
        };
        octets.len() >= MAX_HEAD_OCTETS || memchr_iter(b'\n', fresh).any(ends_blank_line)
    }
}

/// How much of a message has arrived.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Start,
    Whole,
}

fn parse(
    octets: &[u8],
    extent: Extent,
    allowed: CpimTolerances,
) -> Result<Option<CpimRef<'_>>, ParseError> {
    let within = |fault: Fault<'_>| fault.within(octets);
    let is_marked = octets.starts_with(BYTE_ORDER_MARK);
    let (mark, message) = octets.split_at(if is_marked { BYTE_ORDER_MARK.len() } else { 0 });
    let blocks = Blocks::split(message, extent, allowed).map_err(within)?;
    let Some(blocks) = blocks else { return Ok(None) };
    let mut check = Check::new(allowed);
    if is_marked {
        check.tolerate(CpimTolerance::ByteOrderMark, mark).map_err(within)?;
    }
    if blocks.lacks_fields {
        check.tolerate(CpimTolerance::MissingBlankLine, blocks.mime).map_err(within)?;
    }
    check.octets(blocks.head, blocks.headers).map_err(within)?;
    let mut message = blocks.message(allowed);
    let within = |fault: Fault<'_>, text| fault.within_text(text, blocks.source(), octets);
    check.message_headers(message.blocks().0).map_err(|fault| within(fault, &message.head))?;
    // The fields after them may stand among them.
    message.tolerated = check.tolerated();
    check.fields(&message).map_err(|fault| within(fault, &message.head))?;
    message.tolerated = check.tolerated();
    Ok(Some(message))
}

/// The blocks of lines before a body.
struct Blocks<'a> {
    /// All of them.
    head: &'a [u8],
    headers: &'a [u8],
    /// The headers and the blank line behind them.
    before_mime: &'a [u8],
    mime: &'a [u8],
    body: &'a [u8],
    /// Whether MIME header fields may stand among the headers, or be missing.
    is_lenient: bool,
    /// Whether the body begins where its MIME header fields should.
    lacks_fields: bool,
}

impl<'a> Blocks<'a> {
    /// `None` if not all of them have arrived.
    fn split(
        octets: &'a [u8],
        extent: Extent,
        allowed: CpimTolerances,
    ) -> Result<Option<Self>, Fault<'a>> {
        let too_long = |limit| Fault::new(ParseErrorKind::TooLong { max: MAX_HEAD_OCTETS }, limit);
        let first = head_block(octets, MAX_HEAD_OCTETS).map_err(too_long)?;
        let Some((headers, rest)) = first else { return Ok(None) };
        let before = |rest: &[u8]| octets.split_at(octets.len() - rest.len()).0;
        let before_mime = before(rest);
        let is_lenient = allowed.contains(CpimTolerance::MissingBlankLine);
        let blocks = |(mime, body), lacks_fields| {
            let head = before(body);
            Some(Self { head, headers, before_mime, mime, body, is_lenient, lacks_fields })
        };
        if is_lenient && has_content_type(headers) {
            return Ok(blocks(rest.split_at(0), false));
        }
        let room = MAX_HEAD_OCTETS - before_mime.len().min(MAX_HEAD_OCTETS);
        let second = head_block(rest, room).map_err(too_long)?;
        let lines = second.map_or(rest, |(mime, _)| mime);
        let is_known = second.is_some() || extent == Extent::Whole;
        if is_lenient && is_known && lacks_fields(lines) {
            return Ok(blocks(rest.split_at(0), true));
        }
        Ok(second.and_then(|second| blocks(second, false)))
    }

    fn source(&self) -> Source<'a> {
        self.source_of(self.head)
    }

    /// Of octets that begin with the headers.
    const fn source_of(&self, octets: &'a [u8]) -> Source<'a> {
        Source::with_headers(octets, self.headers.len(), self.is_lenient)
    }

    /// The message, of which nothing has been checked.
    fn message(&self, allowed: CpimTolerances) -> CpimRef<'a> {
        let octets_of_text = |octets| self.source_of(octets).text().len();
        let mime_at = octets_of_text(self.before_mime);
        CpimRef {
            head: self.source().text(),
            headers_end: octets_of_text(self.headers),
            mime: mime_at..mime_at + Source::new(self.mime).text().len(),
            body: self.body,
            tolerated: CpimTolerances::none(),
            is_exact: !allowed.contains(CpimTolerance::HeaderNameCase),
        }
    }
}

fn has_content_type(headers: &[u8]) -> bool {
    let is_type = |line| MimeHeader::parse(line).is_some_and(|field| field.is("Content-Type"));
    logical_lines(&Source::new(headers).text()).any(is_type)
}

/// Whether there are lines, and none is a MIME header field.
fn lacks_fields(lines: &[u8]) -> bool {
    !lines.is_empty() && !has_fields(&Source::new(lines).text())
}
