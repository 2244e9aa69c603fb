//! Reading a head line by line, as its octets arrive.
//!
//! The parser keeps its place between calls, and what it has learnt as spans
//! into the head. A line is searched for its end once, and not even that where
//! it is one of the usual ones. A request without a body has no blank line
//! before its end-line (RFC 4975 section 7.1), so the end of a head is known by
//! either.

mod error;
mod fields;
mod usual;

use memchr::memchr;

pub use error::ParseError;
pub(crate) use fields::{Fields, Kind, PathField, Span};

use super::grammar::{self, StartWord};
use super::header::{Continuation, HeaderName, is_mime_name};
use super::ident::{self, MAX_IDENT};
use super::scan;
use super::status::StatusCode;
use crate::limits::ParseOptions;
use crate::tolerance::Tolerance;
use crate::uri::{UriErrorKind, grammar as uri_grammar};

/// How a head ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeadEnd {
    /// Octets of the head: with its blank line, or up to the end-line of a
    /// bodiless chunk.
    pub(crate) len: usize,
    /// The flag of the end-line that follows directly, and its octets.
    pub(crate) end_line: Option<(Continuation, usize)>,
}

/// Reads one head, however its octets are cut.
#[derive(Clone, Debug)]
pub(crate) struct HeadParser {
    pub(crate) fields: Fields,
    /// The first fault that leaves framing intact.
    pub(crate) fault: Option<ParseError>,
    line_start: usize,
    searched: usize,
    headers: usize,
    has_mime: bool,
}

const START: &[u8] = b"MSRP ";
const CRLF: &[u8] = b"\r\n";

impl HeadParser {
    pub(crate) const fn new() -> Self {
        Self {
            fields: Fields::EMPTY,
            fault: None,
            line_start: 0,
            searched: 0,
            headers: 0,
            has_mime: false,
        }
    }

    /// Whether no octet has been looked at.
    pub(crate) const fn is_at_start(&self) -> bool {
        self.searched == 0
    }

    /// Reads on in `input`, which starts with the head and may have grown since
    /// the last call. `None`: the head goes on behind what is there.
    pub(crate) fn advance(
        &mut self,
        input: &[u8],
        options: &ParseOptions,
    ) -> Result<Option<HeadEnd>, ParseError> {
        // A line that is an end-line may lie behind the last octet of a head.
        let reach = options.head_limit().saturating_add(scan::MAX_END_LINE);
        self.usual_lines(input, options);
        while let Some(found) = line_feed(input.get(self.searched..).unwrap_or_default()) {
            let next = self.searched + found + 1;
            if next > reach {
                return Err(beyond_limit(input, options));
            }
            self.searched = next;
            let line = input.get(self.line_start..next).unwrap_or_default();
            // A lone LF ends no line: it is a control octet within one.
            let Some(line) = line.strip_suffix(b"\r\n") else { continue };
            if let Some(end) = self.line(input, line, options)? {
                return if end.len > options.head_limit() {
                    Err(too_long(options))
                } else {
                    self.close(end, options);
                    Ok(Some(end))
                };
            }
            self.line_start = next;
            self.usual_lines(input, options);
        }
        self.searched = self.searched.max(input.len());
        if input.len() > reach || !may_be_msrp(input) {
            Err(beyond_limit(input, options))
        } else {
            Ok(None)
        }
    }

    fn line(
        &mut self,
        head: &[u8],
        line: &[u8],
        options: &ParseOptions,
    ) -> Result<Option<HeadEnd>, ParseError> {
        if self.line_start == 0 {
            self.start_line(line, options)?;
            return Ok(None);
        }
        if line.is_empty() {
            self.fields.has_body = true;
            return Ok(Some(HeadEnd { len: self.line_start + CRLF.len(), end_line: None }));
        }
        if line.starts_with(b"-")
            && let Some(flag) = scan::end_line(line, self.fields.transaction.of(head))
        {
            let end_line = Some((flag, line.len() + CRLF.len()));
            return Ok(Some(HeadEnd { len: self.line_start, end_line }));
        }
        self.header(line, options);
        Ok(None)
    }

    fn start_line(&mut self, line: &[u8], options: &ParseOptions) -> Result<(), ParseError> {
        let start = grammar::start(line).filter(|(id, _)| id.len() <= MAX_IDENT);
        let (id, rest) = start.ok_or(ParseError::NotMsrp)?;
        self.fields.transaction = Span::at(START.len(), id);
        self.fields.section = Span::at(line.len() + CRLF.len(), &[]);
        if !ident::is_standard_length(id.len()) {
            self.tolerate(Tolerance::IdentLength, ParseError::TransactionId, options);
        }
        let offset = line.len() - rest.len();
        match whole(grammar::start_word(rest)) {
            Some(StartWord::Method(name)) => {
                self.fields.word = Span::at(offset, name);
                if !grammar::is_standard_method(name) {
                    self.tolerate(Tolerance::MethodName, ParseError::StartLine, options);
                }
            }
            Some(StartWord::Status { code, comment }) => {
                self.fields.kind = Kind::Response(status_code(code));
                let comment = comment.unwrap_or_default();
                self.fields.word = Span::at(line.len() - comment.len(), comment);
            }
            None => self.blame(ParseError::StartLine),
        }
        Ok(())
    }

    fn header(&mut self, line: &[u8], options: &ParseOptions) {
        self.headers += 1;
        if self.headers > options.headers {
            return self.blame(ParseError::TooManyHeaders { limit: options.headers });
        }
        let Some((name, raw)) = field(line) else {
            return self.blame(ParseError::HeaderLine { position: self.headers });
        };
        let value = self.trim(raw, self.line_start + line.len(), options);
        if !self.fields.content_type.is_empty() {
            self.tolerate_deviation(Tolerance::ContentTypeNotLast, options);
        }
        match name {
            FieldName::Known(known) => self.known_header(known, value, options),
            FieldName::Other(name) => {
                self.has_mime |= is_mime_name(name);
                self.text_header(value);
            }
        }
    }

    /// The value without the one space in front of it, and without what more
    /// blanks a tolerance takes away. `raw` ends at `end` of the head.
    fn trim<'a>(&mut self, raw: &'a [u8], end: usize, options: &ParseOptions) -> Value<'a> {
        let (missing, value) = match raw.strip_prefix(b" ") {
            Some(value) => (false, value),
            None => (true, raw),
        };
        if missing {
            self.tolerate_deviation(Tolerance::MissingHeaderSpace, options);
        }
        let from = trim_start(value);
        let text = trim_end(from);
        if text.len() != value.len() {
            self.tolerate_deviation(Tolerance::ExtraHeaderSpace, options);
        }
        Value { text, offset: end - from.len() }
    }

    fn known_header(&mut self, name: HeaderName, value: Value<'_>, options: &ParseOptions) {
        if self.is_repeated(name) {
            return self.blame(ParseError::Repeated(name));
        }
        let known = match name {
            HeaderName::ToPath | HeaderName::FromPath => self.path(name, value, options),
            HeaderName::MessageId => self.message_id(value, options),
            HeaderName::ContentType => {
                self.fields.content_type = value.span();
                grammar::media_type_essence(value.text).is_some()
            }
            HeaderName::ByteRange => {
                self.fields.byte_range = whole(grammar::byte_range(value.text));
                self.fields.byte_range.is_some()
            }
            HeaderName::SuccessReport => {
                self.fields.success_report = whole(grammar::success_report(value.text));
                self.fields.success_report.is_some()
            }
            HeaderName::FailureReport => {
                self.fields.failure_report = whole(grammar::failure_report(value.text));
                self.fields.failure_report.is_some()
            }
            HeaderName::Status => self.status(value),
            HeaderName::ContentId
            | HeaderName::ContentDescription
            | HeaderName::ContentDisposition => {
                self.has_mime = true;
                return self.text_header(value);
            }
            _ => return self.text_header(value),
        };
        if !known {
            self.blame(ParseError::HeaderValue(name));
        }
    }

    /// Whether a header field that frames or routes is there a second time:
    /// two hops that choose differently would see two different messages.
    fn is_repeated(&self, name: HeaderName) -> bool {
        let fields = &self.fields;
        match name {
            HeaderName::ToPath => !fields.to_path.text.is_empty(),
            HeaderName::FromPath => !fields.from_path.text.is_empty(),
            HeaderName::MessageId => !fields.message_id.is_empty(),
            HeaderName::ContentType => !fields.content_type.is_empty(),
            HeaderName::ByteRange => fields.byte_range.is_some(),
            HeaderName::SuccessReport => fields.success_report.is_some(),
            HeaderName::FailureReport => fields.failure_report.is_some(),
            HeaderName::Status => fields.status.is_some(),
            _ => false,
        }
    }

    fn path(&mut self, name: HeaderName, value: Value<'_>, options: &ParseOptions) -> bool {
        let fields = &mut self.fields;
        let (place, field) = match name {
            HeaderName::ToPath => (1, &mut fields.to_path),
            _ => (2, &mut fields.from_path),
        };
        let out_of_order = self.headers != place;
        match uri_grammar::path(value.text, options.path_uris) {
            Ok(shape) => {
                *field = PathField::new(value.span(), shape);
                if shape.extra_spaces {
                    self.tolerate_deviation(Tolerance::ExtraHeaderSpace, options);
                }
            }
            Err(error) => match error.kind() {
                UriErrorKind::TooManyUris { limit } => {
                    self.blame(ParseError::TooManyUris { limit });
                    return true;
                }
                _ => return false,
            },
        }
        if out_of_order {
            self.tolerate_deviation(Tolerance::PathOrder, options);
        }
        true
    }

    fn message_id(&mut self, value: Value<'_>, options: &ParseOptions) -> bool {
        if ident::check_characters(value.text).is_err() {
            return false;
        }
        self.fields.message_id = value.span();
        if !ident::is_standard_length(value.text.len()) {
            self.tolerate(
                Tolerance::IdentLength,
                ParseError::HeaderValue(HeaderName::MessageId),
                options,
            );
        }
        true
    }

    fn status(&mut self, value: Value<'_>) -> bool {
        let Some((namespace, code, comment)) = grammar::status(value.text) else {
            return false;
        };
        let comment = comment.unwrap_or_default();
        self.fields.status = Some((namespace, status_code(code)));
        self.fields.status_comment =
            Span::at(value.offset + value.text.len() - comment.len(), comment);
        true
    }

    fn text_header(&mut self, value: Value<'_>) {
        if grammar::hval(value.text).is_none() {
            self.blame(ParseError::HeaderLine { position: self.headers });
        }
    }

    /// What can be said only when the last header field is there.
    fn close(&mut self, end: HeadEnd, options: &ParseOptions) {
        let fields = &mut self.fields;
        let blank_line = if fields.has_body { CRLF.len() } else { 0 };
        let start = fields.section;
        fields.section = Span {
            start: start.end,
            end: u16::try_from(end.len - blank_line).unwrap_or(u16::MAX).max(start.end),
        };
        for (name, path) in [
            (HeaderName::ToPath, fields.to_path.text),
            (HeaderName::FromPath, fields.from_path.text),
        ] {
            if path.is_empty() {
                self.blame(ParseError::Missing(name));
            }
        }
        let described = self.has_mime || !self.fields.content_type.is_empty();
        if described && !self.fields.has_body {
            self.tolerate_deviation(Tolerance::ContentTypeWithoutBody, options);
        }
    }

    fn tolerate_deviation(&mut self, tolerance: Tolerance, options: &ParseOptions) {
        self.tolerate(tolerance, ParseError::NotTolerated(tolerance), options);
    }

    fn tolerate(&mut self, tolerance: Tolerance, otherwise: ParseError, options: &ParseOptions) {
        if options.tolerances.contains(tolerance) {
            self.fields.tolerated = self.fields.tolerated.with(tolerance);
        } else {
            self.blame(otherwise);
        }
    }

    /// Keeps the first fault; reading goes on, for the sake of the answer.
    fn blame(&mut self, fault: ParseError) {
        self.fault.get_or_insert(fault);
    }
}

/// Where the first LF is. The blank line at the end of a head needs no search.
fn line_feed(input: &[u8]) -> Option<usize> {
    if input.starts_with(CRLF) { Some(1) } else { memchr(b'\n', input) }
}

/// The value of a header field and where in the head it lies.
#[derive(Clone, Copy)]
struct Value<'a> {
    text: &'a [u8],
    offset: usize,
}

impl Value<'_> {
    fn span(self) -> Span {
        Span::at(self.offset, self.text)
    }
}

enum FieldName<'a> {
    Known(HeaderName),
    Other(&'a [u8]),
}

/// The name of a header field, and what is behind its colon.
fn field(line: &[u8]) -> Option<(FieldName<'_>, &[u8])> {
    let (name, raw) = grammar::hname(line)?;
    let name = HeaderName::of(name).map_or(FieldName::Other(name), FieldName::Known);
    Some((name, raw))
}

/// What a rule read, where nothing is behind it.
fn whole<T>(read: Option<(T, &[u8])>) -> Option<T> {
    read.and_then(|(found, rest)| rest.is_empty().then_some(found))
}

fn trim_start(mut value: &[u8]) -> &[u8] {
    while let Some((b' ' | b'\t', rest)) = value.split_first() {
        value = rest;
    }
    value
}

fn trim_end(mut value: &[u8]) -> &[u8] {
    while let Some((b' ' | b'\t', rest)) = value.split_last() {
        value = rest;
    }
    value
}

fn status_code(digits: u16) -> StatusCode {
    StatusCode::new(digits).unwrap_or(StatusCode::BAD_REQUEST)
}

fn too_long(options: &ParseOptions) -> ParseError {
    ParseError::HeadTooLong { limit: options.head_limit() }
}

/// Why a line that ends behind every limit is refused: the same, whether it is
/// seen whole or octet by octet.
fn beyond_limit(input: &[u8], options: &ParseOptions) -> ParseError {
    if may_be_msrp(input) { too_long(options) } else { ParseError::NotMsrp }
}

fn may_be_msrp(input: &[u8]) -> bool {
    input.iter().zip(START).all(|(octet, expected)| octet == expected)
}
