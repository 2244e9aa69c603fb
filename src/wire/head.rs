//! Heads: the start line and header fields of one chunk or response.

use std::fmt;

use bytes::Bytes;

use super::byte_range::ByteRange;
use super::header::{Continuation, FailureReport, HeaderName};
use super::ident::{MessageId, TransactionId};
use super::method::Method;
use super::parse::{Fields, HeadParser, Kind, ParseError, PathField, Span};
use super::status::{Status, StatusCode};
use super::{fast, grammar};
use crate::limits::ParseOptions;
use crate::tolerance::Tolerances;
use crate::uri::PathRef;

/// A head, borrowed from the octets it was read from.
///
/// Reading one copies and allocates nothing. Its paths have been checked, and are split
/// into their parts on demand.
///
/// ```
/// use msrp::ParseOptions;
/// use msrp::wire::{HeadRef, Method, Parsed};
///
/// let octets = b"MSRP 7fq2k9 SEND\r\n\
///     To-Path: msrp://bob.example:12763/kjhd37s2;tcp\r\n\
///     From-Path: msrp://alice.example:7654/jshA7we;tcp\r\n\
///     Message-ID: 4f0b2c81\r\n\
///     Byte-Range: 1-5/5\r\n\
///     Content-Type: text/plain\r\n\
///     \r\n\
///     Hello\r\n\
///     -------7fq2k9$\r\n";
/// let Parsed::Complete { head, len, .. } = HeadRef::parse(octets, &ParseOptions::default())?
/// else {
///     panic!("the head is all there");
/// };
/// assert_eq!(head.method(), Some(Method::Send));
/// assert_eq!(head.to_path().first().port(), Some(12763));
/// assert!(head.has_body());
/// assert_eq!(&octets[len..len + 5], b"Hello");
/// # Ok::<(), msrp::wire::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HeadRef<'a> {
    octets: &'a [u8],
    fields: Fields,
}

/// A header field.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) known: Option<HeaderName>,
    pub(crate) name: &'a [u8],
    /// Without the blanks around it.
    pub(crate) value: &'a [u8],
}

impl<'a> Field<'a> {
    /// The field in a line without its CRLF.
    fn of(line: &'a [u8]) -> Option<Self> {
        let (known, name, value) = match fast::usual_name(line) {
            Some((known, value)) => (Some(known), line.get(..known.as_str().len())?, value),
            None => {
                let (value, name) = grammar::field_name(line).ok()?;
                (HeaderName::of(name), name, value)
            }
        };
        Some(Self { known, name, value: without_blanks(value) })
    }
}

fn without_blanks(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// What [`HeadRef::parse`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// A whole head.
    Complete {
        /// The head.
        head: HeadRef<'a>,
        /// Its length in octets: where the body starts, or the end-line of a bodiless
        /// chunk.
        len: usize,
        /// After a head without a body: the flag of its end-line, and the length of that
        /// line in octets.
        end_line: Option<(Continuation, usize)>,
    },
    /// The input ends within the head.
    Incomplete,
}

impl<'a> HeadRef<'a> {
    /// Reads the head that `input` starts with.
    ///
    /// # Errors
    ///
    /// [`ParseError`] if `input` does not start with a head, if the head deviates in a
    /// way that `options` do not tolerate, or if it exceeds a limit.
    pub fn parse(input: &'a [u8], options: &ParseOptions) -> Result<Parsed<'a>, ParseError> {
        let mut parser = HeadParser::new();
        let Some(end) = parser.advance(input, options)? else {
            return Ok(Parsed::Incomplete);
        };
        match parser.fault {
            Some(fault) => Err(fault),
            None => {
                let octets = input.get(..end.len).unwrap_or_default();
                let head = HeadRef { octets, fields: parser.fields };
                Ok(Parsed::Complete { head, len: end.len, end_line: end.end_line })
            }
        }
    }

    fn text(&self, span: Span) -> &'a str {
        std::str::from_utf8(span.of(self.octets)).unwrap_or_default()
    }

    fn optional_text(&self, span: Span) -> Option<&'a str> {
        if span.is_empty() { None } else { Some(self.text(span)) }
    }

    fn path(&self, field: &PathField) -> PathRef<'a> {
        // The parser has checked the paths.
        let first = (field.uris > 0).then_some(field.first);
        PathRef::from_checked(self.text(field.text), usize::from(field.uris), first)
    }

    /// The transaction id of the start line.
    #[must_use]
    pub fn transaction_id(&self) -> TransactionId {
        let octets = self.fields.transaction.of(self.octets);
        // The parser has checked the id.
        TransactionId::parse(octets).unwrap_or(TransactionId::NONE)
    }

    /// The method of a request, `None` for a response.
    #[must_use]
    pub fn method(&self) -> Option<Method<'a>> {
        match self.fields.kind {
            Kind::Request => {
                let word = self.fields.word;
                let known = Method::known(word.of(self.octets));
                known.or_else(|| Some(Method::from(self.text(word))))
            }
            Kind::Response(_) => None,
        }
    }

    /// The status code of a response, `None` for a request.
    #[must_use]
    pub const fn status_code(&self) -> Option<StatusCode> {
        match self.fields.kind {
            Kind::Request => None,
            Kind::Response(code) => Some(code),
        }
    }

    /// The comment after the status code of a response.
    #[must_use]
    pub fn comment(&self) -> Option<&'a str> {
        match self.fields.kind {
            Kind::Request => None,
            Kind::Response(_) => self.optional_text(self.fields.word),
        }
    }

    /// To-Path: the next hop first, the target last. A response with
    /// [`Tolerance::MalformedResponse`](crate::Tolerance::MalformedResponse) may have
    /// none, and an empty path here.
    #[must_use]
    pub fn to_path(&self) -> PathRef<'a> {
        self.path(&self.fields.to_path)
    }

    /// From-Path: the previous hop first, the sender last. It can be empty where
    /// [`to_path`](Self::to_path) can.
    #[must_use]
    pub fn from_path(&self) -> PathRef<'a> {
        self.path(&self.fields.from_path)
    }

    /// Message-ID.
    #[must_use]
    pub fn message_id(&self) -> Option<MessageId> {
        MessageId::parse(self.fields.message_id.of(self.octets)).ok()
    }

    /// Byte-Range.
    #[must_use]
    pub const fn byte_range(&self) -> Option<ByteRange> {
        self.fields.byte_range
    }

    /// Success-Report; absent means no.
    #[must_use]
    pub fn success_report(&self) -> bool {
        self.fields.success_report.unwrap_or_default()
    }

    /// Failure-Report; absent means yes.
    #[must_use]
    pub fn failure_report(&self) -> FailureReport {
        self.fields.failure_report.unwrap_or_default()
    }

    /// Status, which a REPORT has.
    #[must_use]
    pub fn status(&self) -> Option<Status<'a>> {
        let (namespace, code) = self.fields.status?;
        let comment = self.optional_text(self.fields.status_comment);
        Some(Status { namespace, code, comment })
    }

    /// Content-Type, as it is written.
    #[must_use]
    pub fn content_type(&self) -> Option<&'a str> {
        self.optional_text(self.fields.content_type)
    }

    /// The value of the first header field of this name.
    #[must_use]
    pub fn header(&self, name: HeaderName) -> Option<&'a str> {
        let mut fields = self.fields();
        let field = fields.find(|field| field.known == Some(name))?;
        std::str::from_utf8(field.value).ok()
    }

    /// The header fields in order, each as its name and its value without the blanks
    /// around it.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        self.fields().filter_map(|field| {
            let (name, value) = (std::str::from_utf8(field.name), std::str::from_utf8(field.value));
            Some((name.ok()?, value.ok()?))
        })
    }

    /// The same as octets.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'a>> + Clone {
        let mut rest = self.fields.section.of(self.octets);
        std::iter::from_fn(move || {
            loop {
                let (line, after) = rest.split_at_checked(memchr::memchr(b'\n', rest)?)?;
                rest = after.get(1..)?;
                if let Some(field) = line.strip_suffix(b"\r").and_then(Field::of) {
                    return Some(field);
                }
            }
        })
    }

    /// Whether a body follows, which may be empty. A request without a body differs from
    /// one with an empty body (RFC 4975 section 7.1).
    #[must_use]
    pub const fn has_body(&self) -> bool {
        self.fields.has_body
    }

    /// The deviations from the grammar that were tolerated.
    #[must_use]
    pub const fn tolerated(&self) -> Tolerances {
        self.fields.tolerated
    }

    /// The length of the head in octets.
    #[cfg(feature = "auth")]
    pub(crate) const fn size(&self) -> usize {
        self.octets.len()
    }

    /// Whether To-Path and From-Path are present, as they are in every request that was
    /// read without a fault.
    pub(crate) const fn has_paths(&self) -> bool {
        self.has_to_path() && self.has_from_path()
    }

    /// Whether To-Path is present.
    pub(crate) const fn has_to_path(&self) -> bool {
        !self.fields.to_path.text.is_empty()
    }

    /// Whether From-Path is present.
    pub(crate) const fn has_from_path(&self) -> bool {
        !self.fields.from_path.text.is_empty()
    }
}

impl fmt::Debug for HeadRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Head");
        debug.field("transaction_id", &self.transaction_id());
        match self.fields.kind {
            Kind::Request => debug.field("method", &self.text(self.fields.word)),
            Kind::Response(code) => debug.field("status_code", &code),
        };
        debug.field("has_body", &self.has_body()).finish_non_exhaustive()
    }
}

/// A head that owns its octets, a slice of the input that it was read from.
///
/// [`Head::view`] gives access to its fields.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    octets: Bytes,
    fields: Fields,
}

impl Head {
    pub(crate) const fn new(octets: Bytes, fields: Fields) -> Self {
        Self { octets, fields }
    }

    /// The head, borrowed.
    #[must_use]
    pub fn view(&self) -> HeadRef<'_> {
        HeadRef { octets: &self.octets, fields: self.fields }
    }

    /// A copy that does not keep the input buffer alive.
    pub(crate) fn detached(&self) -> Self {
        Self { octets: Bytes::copy_from_slice(&self.octets), fields: self.fields }
    }

    pub(crate) fn transaction_octets(&self) -> &[u8] {
        self.fields.transaction.of(&self.octets)
    }

    /// The octets of the head, up to its body or end-line.
    #[must_use]
    pub const fn octets(&self) -> &Bytes {
        &self.octets
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}
