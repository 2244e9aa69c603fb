//! Writing heads and end-lines.
//!
//! The writer takes values that were checked when they were made, and text that it
//! checks itself: nothing it writes can be read as more, fewer or other header fields
//! than it was given.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};
use thiserror::Error;

use super::byte_range::ByteRange;
use super::grammar;
use super::head::HeadRef;
use super::header::{Continuation, FailureReport, HeaderName, is_mime_name};
use super::ident::{MessageId, TransactionId};
use super::media::MediaType;
use super::method::Method;
use super::scan::{self, HYPHENS};
use super::status::{Status, StatusCode};
use crate::uri::PathRef;

/// The most octets of body in a request other than SEND (RFC 4975 section 7.1).
pub(crate) const MAX_CONTROL_BODY: usize = 10_240;

/// A head or a MIME value that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A method name is not capital letters.
    #[error("a method name must be capital letters")]
    Method,
    /// A header field name is not a letter followed by token characters.
    #[error("a header field name must be a letter, then letters, digits and !#$%&'*+-.^_`{{|}}~")]
    HeaderName,
    /// A text has control octets (CR and LF among them), or blanks at an end, which a
    /// reader would strip.
    #[error("a value must not have control octets, or blanks at its ends")]
    Text,
    /// A header field has a function of its own, or MSRP forbids it.
    #[error("HeadWriter::header cannot write {0}")]
    Reserved(String),
    /// A header field occurs a second time.
    #[error("duplicate {0}")]
    Repeated(HeaderName),
    /// A request lacks a header field that it needs.
    #[error("missing {0}")]
    Missing(HeaderName),
    /// A header field is not allowed with this method, or in a response.
    #[error("{0} is not allowed here")]
    Misplaced(HeaderName),
    /// A MIME header field has no body (RFC 4975 section 7.1).
    #[error("a MIME header field needs a body")]
    MimeWithoutBody,
    /// A response has a body, or a request other than SEND one of more than 10,240
    /// octets.
    #[error("a response has no body, and a request other than SEND at most 10,240 octets")]
    Body,
    /// Anything but a SEND has a flag other than `$`: only SENDs are chunked.
    #[error("only a SEND can be continued or aborted")]
    Continuation,
    /// Seven hyphens and the transaction id occur in the body.
    #[error("the end-line occurs in the body; choose another transaction id")]
    EndLineInBody,
    /// A MIME value starts with neither a token nor two around a slash.
    #[error("a MIME value must start with a token, or two around a slash")]
    MimeValue,
    /// The name of a MIME parameter is not a token, or has one of `*'%`.
    #[error("the name of a MIME parameter must be a token without * ' and %")]
    MimeParameter,
}

/// Writes one head, field by field, and what ends it.
///
/// The writer keeps the first fault. The function that ends the head returns it and
/// then leaves nothing in the output.
///
/// ```
/// use bytes::BytesMut;
/// use msrp::{MediaType, MessageId, Path};
/// use msrp::wire::{ByteRange, HeadWriter, Method, TransactionId};
///
/// let to: Path = "msrp://bob.example:12763/kjhd37s2;tcp".parse()?;
/// let from: Path = "msrp://alice.example:7654/jshA7we;tcp".parse()?;
/// let id = TransactionId::new("7fq2k9")?;
/// let mut out = BytesMut::new();
/// HeadWriter::request(&mut out, &id, Method::Send, to.view(), from.view())
///     .message_id(&MessageId::new("4f0b2c81")?)
///     .byte_range(ByteRange::whole(5))
///     .whole_body(&MediaType::new("text/plain")?, b"Hello")?;
/// assert!(out.ends_with(b"\r\n\r\nHello\r\n-------7fq2k9$\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a head is written when `bodiless`, `body` or `whole_body` ends it"]
pub struct HeadWriter<'a> {
    out: &'a mut BytesMut,
    start: usize,
    transaction: TransactionId,
    kind: Kind,
    written: u32,
    has_mime: bool,
    fault: Option<EncodeError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Send,
    Report,
    OtherRequest,
    Response,
}

impl<'a> HeadWriter<'a> {
    /// Begins a request at the end of `out`.
    pub fn request(
        out: &'a mut BytesMut,
        transaction: &TransactionId,
        method: Method<'_>,
        to_path: PathRef<'_>,
        from_path: PathRef<'_>,
    ) -> Self {
        let name = method.as_str();
        // `Method::Other` may hold a name that has its own variant.
        let kind = match Method::from(name) {
            Method::Send => Kind::Send,
            Method::Report => Kind::Report,
            Method::Auth | Method::Nickname | Method::Other(_) => Kind::OtherRequest,
        };
        let mut writer = Self::new(out, transaction, kind);
        if !grammar::is_other_method(name.as_bytes()) {
            writer.blame(EncodeError::Method);
        }
        writer.out.put_slice(name.as_bytes());
        writer.paths(to_path, from_path)
    }

    /// Begins a response at the end of `out`. An empty comment is left out.
    pub fn response(
        out: &'a mut BytesMut,
        transaction: &TransactionId,
        code: StatusCode,
        comment: &str,
        to_path: PathRef<'_>,
        from_path: PathRef<'_>,
    ) -> Self {
        let mut writer = Self::new(out, transaction, Kind::Response);
        writer.out.put_slice(&code.digits());
        writer.comment(comment);
        writer.paths(to_path, from_path)
    }

    fn new(out: &'a mut BytesMut, transaction: &TransactionId, kind: Kind) -> Self {
        let start = out.len();
        out.reserve(512);
        out.put_slice(b"MSRP ");
        out.put_slice(transaction.as_bytes());
        out.put_u8(b' ');
        let transaction = *transaction;
        Self { out, start, transaction, kind, written: 0, has_mime: false, fault: None }
    }

    fn paths(mut self, to_path: PathRef<'_>, from_path: PathRef<'_>) -> Self {
        self.path(HeaderName::ToPath, to_path);
        self.path(HeaderName::FromPath, from_path);
        self
    }

    fn path(&mut self, name: HeaderName, path: PathRef<'_>) {
        self.out.put_slice(b"\r\n");
        self.out.put_slice(name.as_str().as_bytes());
        self.out.put_u8(b':');
        for uri in path.as_str().split(' ').filter(|uri| !uri.is_empty()) {
            self.out.put_u8(b' ');
            self.out.put_slice(uri.as_bytes());
        }
    }

    /// Message-ID.
    pub fn message_id(mut self, id: &MessageId) -> Self {
        self.field(HeaderName::MessageId, id.as_bytes());
        self
    }

    /// Byte-Range.
    pub fn byte_range(mut self, range: ByteRange) -> Self {
        self.name(HeaderName::ByteRange);
        // Writing to a growing buffer does not fail.
        let _ = range.write(self.out);
        self
    }

    /// Success-Report, which a REPORT cannot have.
    pub fn success_report(mut self, wanted: bool) -> Self {
        self.send_only(HeaderName::SuccessReport);
        self.field(HeaderName::SuccessReport, if wanted { b"yes" } else { b"no" });
        self
    }

    /// Failure-Report, which a REPORT cannot have.
    pub fn failure_report(mut self, mode: FailureReport) -> Self {
        self.send_only(HeaderName::FailureReport);
        self.field(HeaderName::FailureReport, mode.as_str().as_bytes());
        self
    }

    /// Status, which a REPORT must have.
    pub fn status(mut self, status: Status<'_>) -> Self {
        self.name(HeaderName::Status);
        self.number(format_args!("{:03} {}", status.namespace, status.code));
        let comment = status.comment.unwrap_or_default();
        if status.namespace > 999 || comment.ends_with(is_blank) {
            self.blame(EncodeError::Text);
        }
        self.comment(comment);
        self
    }

    /// Any other header field.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let known = HeaderName::of(name.as_bytes());
        if !grammar::is_hname(name.as_bytes()) {
            self.blame(EncodeError::HeaderName);
        } else if known.is_some_and(has_own_function) || is_transfer_encoding(name) {
            self.blame(EncodeError::Reserved(name.into()));
        }
        self.has_mime |= is_mime_name(name.as_bytes());
        self.out.put_slice(b"\r\n");
        self.out.put_slice(name.as_bytes());
        self.out.put_slice(b": ");
        if value.starts_with(is_blank) || value.ends_with(is_blank) {
            self.blame(EncodeError::Text);
        }
        self.text(value);
        self
    }

    /// The header fields of a head that was read, in their order, with their values as they
    /// were read. It leaves out the two paths, which begin this head, Content-Type, which
    /// [`body`](Self::body) writes, and what a function of this writer has written
    /// already: another Byte-Range, for example, comes before the copy.
    ///
    /// ```
    /// # use bytes::BytesMut;
    /// # use msrp::{MediaType, ParseOptions};
    /// # use msrp::wire::{ByteRange, HeadRef, HeadWriter, Method, Parsed, TransactionId};
    /// # let octets = b"MSRP 7fq2k9 SEND\r\nTo-Path: msrp://b.example:1/s;tcp\r\n\
    /// #     From-Path: msrp://a.example:1/s;tcp\r\nMessage-ID: 4f0b2c81\r\n\
    /// #     Byte-Range: 1-*/9\r\nX-Extra: 1\r\n\r\n";
    /// # let parsed = HeadRef::parse(octets, &ParseOptions::default())?;
    /// # let Parsed::Complete { head, .. } = parsed else { panic!() };
    /// # let (mut out, id) = (BytesMut::new(), TransactionId::new("9ab3")?);
    /// HeadWriter::request(&mut out, &id, Method::Send, head.to_path(), head.from_path())
    ///     .byte_range(ByteRange::new(5, None, Some(9))?)
    ///     .copy(&head)
    ///     .body(&MediaType::text_plain())?;
    /// # assert!(out.ends_with(
    /// #     b"Byte-Range: 5-*/9\r\nMessage-ID: 4f0b2c81\r\nX-Extra: 1\r\n\
    /// #       Content-Type: text/plain\r\n\r\n"
    /// # ));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn copy(mut self, head: &HeadRef<'_>) -> Self {
        for (name, value) in head.headers() {
            self = match HeaderName::of(name.as_bytes()) {
                Some(HeaderName::ToPath | HeaderName::FromPath | HeaderName::ContentType) => self,
                Some(known) if has_own_function(known) => self.copy_known(known, value),
                Some(_) | None => self.header(name, value),
            };
        }
        self
    }

    fn copy_known(mut self, name: HeaderName, value: &str) -> Self {
        if self.written & bit(name) != 0 {
            return self;
        }
        if matches!(name, HeaderName::SuccessReport | HeaderName::FailureReport) {
            self.send_only(name);
        }
        self.name(name);
        self.text(value);
        self
    }

    /// Ends a head without a body, and the chunk with it.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: the first fault.
    pub fn bodiless(mut self, flag: Continuation) -> Result<(), EncodeError> {
        if self.has_mime {
            self.blame(EncodeError::MimeWithoutBody);
        }
        self.check_flag(flag);
        put_end_line(self.out, self.transaction.as_bytes(), flag);
        self.finish()
    }

    /// Ends the head of a SEND. The caller then writes the body and calls
    /// [`write_end_line`].
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: the first fault.
    pub fn body(mut self, content_type: &MediaType) -> Result<(), EncodeError> {
        if self.kind != Kind::Send {
            self.blame(EncodeError::Body);
        }
        self.content_type(content_type);
        self.finish()
    }

    /// Ends the head and writes the body and the end-line, with the flag `$`.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: the first fault.
    pub fn whole_body(self, content_type: &MediaType, body: &[u8]) -> Result<(), EncodeError> {
        self.body_with_flag(content_type, body, Continuation::Complete)
    }

    /// Ends the head and writes the body and the end-line.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: the first fault.
    pub fn body_with_flag(
        mut self,
        content_type: &MediaType,
        body: &[u8],
        flag: Continuation,
    ) -> Result<(), EncodeError> {
        let may_be_large = self.kind == Kind::Send;
        if self.kind == Kind::Response || (!may_be_large && body.len() > MAX_CONTROL_BODY) {
            self.blame(EncodeError::Body);
        }
        if scan::occurs(self.transaction.as_bytes(), body) {
            self.blame(EncodeError::EndLineInBody);
        }
        self.check_flag(flag);
        self.content_type(content_type);
        self.out.put_slice(body);
        put_end_line(self.out, self.transaction.as_bytes(), flag);
        self.finish()
    }

    fn content_type(&mut self, content_type: &MediaType) {
        self.field(HeaderName::ContentType, content_type.as_str().as_bytes());
        self.out.put_slice(b"\r\n\r\n");
    }

    fn check_flag(&mut self, flag: Continuation) {
        if self.kind != Kind::Send && flag != Continuation::Complete {
            self.blame(EncodeError::Continuation);
        }
    }

    fn finish(mut self) -> Result<(), EncodeError> {
        if self.kind == Kind::Report {
            for name in [HeaderName::MessageId, HeaderName::Status] {
                if self.written & bit(name) == 0 {
                    self.blame(EncodeError::Missing(name));
                }
            }
        }
        match self.fault {
            None => Ok(()),
            Some(fault) => {
                self.out.truncate(self.start);
                Err(fault)
            }
        }
    }

    fn send_only(&mut self, name: HeaderName) {
        if matches!(self.kind, Kind::Report | Kind::Response) {
            self.blame(EncodeError::Misplaced(name));
        }
    }

    fn field(&mut self, name: HeaderName, value: &[u8]) {
        self.name(name);
        self.out.put_slice(value);
    }

    fn name(&mut self, name: HeaderName) {
        if self.written & bit(name) != 0 {
            self.blame(EncodeError::Repeated(name));
        }
        self.written |= bit(name);
        self.out.put_slice(b"\r\n");
        self.out.put_slice(name.as_str().as_bytes());
        self.out.put_slice(b": ");
    }

    fn comment(&mut self, comment: &str) {
        if !comment.is_empty() {
            self.out.put_u8(b' ');
            self.text(comment);
        }
    }

    fn text(&mut self, text: &str) {
        if !grammar::is_hval(text.as_bytes()) {
            self.blame(EncodeError::Text);
        }
        self.out.put_slice(text.as_bytes());
    }

    fn number(&mut self, value: impl std::fmt::Display) {
        if write!(self.out, "{value}").is_err() {
            self.blame(EncodeError::Text);
        }
    }

    fn blame(&mut self, fault: EncodeError) {
        self.fault.get_or_insert(fault);
    }
}

/// Writes the end-line that closes a body: CRLF, seven hyphens, the id of the
/// transaction, the flag, CRLF.
///
/// The caller ensures that the hyphens and the id do not occur in the body, and that
/// only a SEND has a flag other than `$`.
pub fn write_end_line(out: &mut BytesMut, transaction: &TransactionId, flag: Continuation) {
    put_end_line(out, transaction.as_bytes(), flag);
}

fn put_end_line(out: &mut BytesMut, transaction: &[u8], flag: Continuation) {
    out.put_slice(b"\r\n");
    out.put_slice(HYPHENS);
    out.put_slice(transaction);
    out.put_u8(flag.as_byte());
    out.put_slice(b"\r\n");
}

const fn bit(name: HeaderName) -> u32 {
    1 << name as u32
}

const fn has_own_function(name: HeaderName) -> bool {
    matches!(
        name,
        HeaderName::ToPath
            | HeaderName::FromPath
            | HeaderName::MessageId
            | HeaderName::SuccessReport
            | HeaderName::FailureReport
            | HeaderName::ByteRange
            | HeaderName::Status
            | HeaderName::ContentType
    )
}

/// MSRP bodies are always binary (RFC 4975 section 7.1.1).
fn is_transfer_encoding(name: &str) -> bool {
    name.eq_ignore_ascii_case("Content-Transfer-Encoding")
}

const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}
