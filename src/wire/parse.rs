//! Reading a head line by line, as its octets arrive.
//!
//! Between calls, the parser keeps its place, and what it has read as spans into the
//! head. It searches each line for its end once, and the usual lines not at all. A
//! request without a body has no blank line before its end-line (RFC 4975 section
//! 7.1), so either of them ends a head.

mod error;
mod fields;
mod start;
mod usual;
mod values;

use std::ops::Range;

use memchr::{memchr, memrchr};
use nom::Parser;

pub(crate) use error::Cause;
pub use error::{ParseError, ParseErrorKind};
pub(crate) use fields::{Fields, Kind, PathField, Span};

use super::grammar;
use super::header::{Continuation, HeaderName, is_mime_name};
use super::scan;
use super::status::StatusCode;
use super::value_error::{ValueError, ValueErrorKind};
use crate::limits::ParseOptions;
use crate::tolerance::Tolerance;
use crate::uri::{UriErrorKind, read as uri_read};

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
    /// Whether a response needs only its transaction id and its status.
    is_lenient: bool,
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
            is_lenient: false,
        }
    }

    /// Whether no octet has been looked at.
    pub(crate) const fn is_at_start(&self) -> bool {
        self.searched == 0
    }

    /// Continues in `input`, which starts with the head and may have grown since the
    /// last call. `None`: the head is not complete yet.
    pub(crate) fn advance(
        &mut self,
        input: &[u8],
        options: &ParseOptions,
    ) -> Result<Option<HeadEnd>, ParseError> {
        self.is_lenient = options.tolerances.contains(Tolerance::MalformedResponse);
        // An end-line may follow the last octet that a head can have.
        let reach = options.head_limit().saturating_add(scan::MAX_END_LINE);
        self.usual_lines(input, options);
        if self.line_start == 0 && !self.reads_start_line(input, reach, options)? {
            return self.incomplete(input, reach, options);
        }
        while let Some(found) = line_feed(input.get(self.searched..).unwrap_or_default()) {
            let next = self.searched + found + 1;
            if next > reach {
                return Err(beyond_limit(input, options));
            }
            self.searched = next;
            let line = input.get(self.line_start..next).unwrap_or_default();
            let Some(line) = line.strip_suffix(b"\r\n") else {
                self.check_lone_line_feed(input, line)?;
                continue;
            };
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
        self.incomplete(input, reach, options)
    }

    fn incomplete(
        &self,
        input: &[u8],
        reach: usize,
        options: &ParseOptions,
    ) -> Result<Option<HeadEnd>, ParseError> {
        if input.len() > reach || !may_be_msrp(input) {
            Err(beyond_limit(input, options))
        } else {
            Ok(None)
        }
    }

    /// A lone LF ends no line: it is a control octet within one, which is malformed. The
    /// end-line of this very chunk before it shows that the peer ends its lines in LF, so
    /// that the end of its frames cannot be found.
    fn check_lone_line_feed(&self, input: &[u8], line: &[u8]) -> Result<(), ParseError> {
        let transaction = self.fields.transaction.of(input);
        let ended = line.strip_suffix(b"\n").unwrap_or(line);
        let last = memrchr(b'\n', ended).map_or(0, |before| before + 1);
        let is_end_line =
            ended.get(last..).and_then(|line| scan::end_line(line, transaction)).is_some();
        if is_end_line {
            let at = self.line_start + ended.len();
            return Err(ParseError::new(ParseErrorKind::NotMsrp, at..at + 1));
        }
        Ok(())
    }

    fn line(
        &mut self,
        head: &[u8],
        line: &[u8],
        options: &ParseOptions,
    ) -> Result<Option<HeadEnd>, ParseError> {
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

    fn header(&mut self, line: &[u8], options: &ParseOptions) {
        self.headers += 1;
        let position = self.headers;
        let line = Part { text: line, offset: self.line_start };
        if position > options.headers {
            let limit = options.headers;
            return self.blame(ParseErrorKind::TooManyHeaders { limit }, line);
        }
        let Ok((raw, name)) = grammar::field_name(line.text) else {
            return self.blame(ParseErrorKind::HeaderLine { position }, line);
        };
        let value = self.trim(raw, line, options);
        if !self.fields.content_type.is_empty() {
            self.tolerate_deviation(Tolerance::ContentTypeNotLast, line, options);
        }
        match HeaderName::of(name) {
            Some(known) => self.known_header(known, value, line, options),
            None => {
                self.has_mime |= is_mime_name(name);
                self.text_header(value, options);
            }
        }
    }

    /// The value without the one space before it, and without the other blanks that a
    /// tolerance allows. `raw` is the end of `line`.
    fn trim<'a>(&mut self, raw: &'a [u8], line: Part<'_>, options: &ParseOptions) -> Part<'a> {
        let (missing, value) = match raw.strip_prefix(b" ") {
            Some(value) => (false, value),
            None => (true, raw),
        };
        if missing {
            self.tolerate_deviation(Tolerance::MissingHeaderSpace, line, options);
        }
        let from = trim_start(value);
        let text = trim_end(from);
        if text.len() != value.len() {
            self.tolerate_deviation(Tolerance::ExtraHeaderSpace, line, options);
        }
        Part { text, offset: line.offset + line.text.len() - from.len() }
    }

    fn known_header(
        &mut self,
        name: HeaderName,
        value: Part<'_>,
        line: Part<'_>,
        options: &ParseOptions,
    ) {
        if self.is_repeated(name) {
            return self.blame(ParseErrorKind::Repeated(name), line);
        }
        let read = match name {
            HeaderName::ToPath | HeaderName::FromPath => self.path(name, value, line, options),
            HeaderName::MessageId => self.message_id(value, options),
            HeaderName::ContentType => self.content_type(value, options),
            HeaderName::ByteRange => self.byte_range(value, options),
            HeaderName::SuccessReport => self.success_report(value, options),
            HeaderName::FailureReport => {
                read(grammar::failure_report, value, ValueErrorKind::FailureReport)
                    .map(|report| self.fields.failure_report = Some(report))
            }
            HeaderName::Status => self.status(value, options),
            HeaderName::ContentId
            | HeaderName::ContentDescription
            | HeaderName::ContentDisposition => {
                self.has_mime = true;
                return self.text_header(value, options);
            }
            HeaderName::Expires
            | HeaderName::MinExpires
            | HeaderName::MaxExpires
            | HeaderName::UsePath
            | HeaderName::WwwAuthenticate
            | HeaderName::Authorization
            | HeaderName::AuthenticationInfo
            | HeaderName::UseNickname => return self.text_header(value, options),
        };
        if let Err(cause) = read {
            self.blame_value(name, value, cause);
        }
    }

    /// Whether a header field that frames or routes occurs again: two hops that choose
    /// differently would see two different messages.
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
            HeaderName::Expires
            | HeaderName::MinExpires
            | HeaderName::MaxExpires
            | HeaderName::UsePath
            | HeaderName::WwwAuthenticate
            | HeaderName::Authorization
            | HeaderName::AuthenticationInfo
            | HeaderName::UseNickname
            | HeaderName::ContentId
            | HeaderName::ContentDescription
            | HeaderName::ContentDisposition => false,
        }
    }

    fn path(
        &mut self,
        name: HeaderName,
        value: Part<'_>,
        line: Part<'_>,
        options: &ParseOptions,
    ) -> Result<(), Cause> {
        let fields = &mut self.fields;
        let (place, field) = if name == HeaderName::ToPath {
            (1, &mut fields.to_path)
        } else {
            (2, &mut fields.from_path)
        };
        let out_of_order = self.headers != place;
        match uri_read::path(value.text, options.path_uris) {
            Ok(shape) => {
                *field = PathField::new(value.span(), shape);
                if shape.extra_spaces {
                    self.tolerate_deviation(Tolerance::ExtraHeaderSpace, line, options);
                }
            }
            Err(error) => {
                let UriErrorKind::TooManyUris { limit } = error.kind() else {
                    return Err(Cause::Uri(error));
                };
                self.blame(ParseErrorKind::TooManyUris { limit }, value);
                return Ok(());
            }
        }
        if out_of_order {
            self.tolerate_deviation(Tolerance::PathOrder, line, options);
        }
        Ok(())
    }

    fn text_header(&mut self, value: Part<'_>, options: &ParseOptions) {
        if grammar::is_hval(value.text) {
            return;
        }
        let otherwise = ParseErrorKind::HeaderLine { position: self.headers };
        if !self.is_response() && value.text.iter().all(|octet| grammar::is_text_octet(*octet)) {
            self.tolerate(Tolerance::NotUtf8, otherwise, value, options);
        } else {
            self.blame(otherwise, value);
        }
    }

    /// Checks what only the last header field decides.
    fn close(&mut self, end: HeadEnd, options: &ParseOptions) {
        let fields = &mut self.fields;
        let blank_line = if fields.has_body { CRLF.len() } else { 0 };
        let start = fields.section;
        fields.section = Span {
            start: start.end,
            end: u16::try_from(end.len - blank_line).unwrap_or(u16::MAX).max(start.end),
        };
        let at_end = Part { text: &[], offset: usize::from(fields.section.end) };
        for (name, path) in [
            (HeaderName::ToPath, fields.to_path.text),
            (HeaderName::FromPath, fields.from_path.text),
        ] {
            if path.is_empty() {
                self.blame(ParseErrorKind::Missing(name), at_end);
            }
        }
        let described = self.has_mime || !self.fields.content_type.is_empty();
        if described && !self.fields.has_body {
            self.tolerate_deviation(Tolerance::ContentTypeWithoutBody, at_end, options);
        }
    }

    fn tolerate_deviation(&mut self, tolerance: Tolerance, part: Part<'_>, options: &ParseOptions) {
        self.tolerate(tolerance, ParseErrorKind::NotTolerated(tolerance), part, options);
    }

    fn tolerate(
        &mut self,
        tolerance: Tolerance,
        otherwise: ParseErrorKind,
        part: Part<'_>,
        options: &ParseOptions,
    ) {
        if options.tolerances.contains(tolerance) {
            self.fields.tolerated = self.fields.tolerated.with(tolerance);
        } else {
            self.blame(otherwise, part);
        }
    }

    /// Keeps the first fault. Reading continues, so that the request can be responded to.
    fn blame(&mut self, kind: ParseErrorKind, part: Part<'_>) {
        self.fault_found(ParseError::new(kind, part.place()));
    }

    fn blame_value(&mut self, name: HeaderName, value: Part<'_>, cause: Cause) {
        let fault = ParseError::new(ParseErrorKind::HeaderValue(name), value.place());
        self.fault_found(fault.with_cause(cause));
    }

    fn fault_found(&mut self, fault: ParseError) {
        if self.is_lenient && self.is_response() && fault.kind().is_of_detail() {
            self.fields.tolerated = self.fields.tolerated.with(Tolerance::MalformedResponse);
        } else {
            self.fault.get_or_insert(fault);
        }
    }

    const fn is_response(&self) -> bool {
        matches!(self.fields.kind, Kind::Response(_))
    }
}

/// Some octets of the head and where they lie.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a [u8],
    offset: usize,
}

impl Part<'_> {
    fn span(self) -> Span {
        Span::at(self.offset, self.text)
    }

    const fn place(self) -> Range<usize> {
        self.offset..self.offset + self.text.len()
    }
}

/// Reads a whole value by a rule.
fn read<'a, T>(
    rule: impl Parser<&'a [u8], Output = T, Error = ()>,
    value: Part<'a>,
    otherwise: ValueErrorKind,
) -> Result<T, Cause> {
    let error = ValueError::new(otherwise, 0..value.text.len());
    grammar::whole(rule, value.text).ok_or(Cause::Value(error))
}

/// Where the first LF is. The blank line at the end of a head needs no search.
fn line_feed(input: &[u8]) -> Option<usize> {
    if input.starts_with(CRLF) { Some(1) } else { memchr(b'\n', input) }
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
    let limit = options.head_limit();
    ParseError::new(ParseErrorKind::HeadTooLong { limit }, 0..limit)
}

/// The error of a frame that does not start with `MSRP `, at the first wrong octet.
fn not_msrp(input: &[u8]) -> ParseError {
    let at = input.iter().zip(START).take_while(|(octet, expected)| octet == expected).count();
    ParseError::new(ParseErrorKind::NotMsrp, at..at + 1)
}

/// The error of a line that exceeds the limit, the same whether it arrives whole or octet
/// by octet.
fn beyond_limit(input: &[u8], options: &ParseOptions) -> ParseError {
    if may_be_msrp(input) { too_long(options) } else { not_msrp(input) }
}

fn may_be_msrp(input: &[u8]) -> bool {
    input.iter().zip(START).all(|(octet, expected)| octet == expected)
}
