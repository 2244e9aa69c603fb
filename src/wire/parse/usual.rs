//! The lines that nearly every chunk has, spelled as they usually are.
//!
//! A rule finds the end of a value by itself, which saves the search for the end of the
//! line. Any other line is left to the general reader in [`super`], and so is one that
//! has not arrived whole.

use super::super::fast;
use super::super::grammar;
use super::super::header::HeaderName;
use super::super::ident;
use super::{CRLF, HeadParser, Kind, PathField, START, Span, status_code};
use crate::limits::ParseOptions;
use crate::uri::fast as uri_fast;

impl HeadParser {
    /// Reads lines up to the first unusual one.
    pub(super) fn usual_lines(&mut self, input: &[u8], options: &ParseOptions) {
        // A line is tried here only once: trying again after every octet that arrives
        // would take time quadratic in its length.
        while self.searched == self.line_start
            && let Some(rest) = self.usual_line(input, options)
        {
            self.line_start = input.len() - rest.len();
            self.searched = self.line_start;
        }
    }

    /// Reads one line, and gives what follows it.
    #[inline]
    fn usual_line<'a>(&mut self, input: &'a [u8], options: &ParseOptions) -> Option<&'a [u8]> {
        if self.line_start == 0 {
            self.usual_start_line(input)
        } else {
            self.usual_header(input, options)
        }
    }

    fn usual_start_line<'a>(&mut self, input: &'a [u8]) -> Option<&'a [u8]> {
        let (id, after_id) = fast::start(input)?;
        let transaction = Span::at(START.len(), standard(id)?);
        let method = grammar::other_method(after_id).ok().map(|(rest, name)| (name, rest));
        let rest = if let Some((name, rest)) = to_crlf(method) {
            self.fields.word = Span::at(input.len() - after_id.len(), name);
            rest
        } else {
            let ((code, comment), rest) = to_crlf(fast::response(after_id))?;
            let comment = comment.unwrap_or_default();
            let end = input.len() - rest.len() - CRLF.len();
            self.fields.kind = Kind::Response(status_code(code));
            self.fields.word = Span::at(end - comment.len(), comment);
            rest
        };
        self.fields.transaction = transaction;
        self.fields.section = Span::at(input.len() - rest.len(), &[]);
        Some(rest)
    }

    fn usual_header<'a>(&mut self, input: &'a [u8], options: &ParseOptions) -> Option<&'a [u8]> {
        let (name, text) = fast::usual_name(input.get(self.line_start..)?)?;
        if self.headers >= options.headers || !self.fields.content_type.is_empty() {
            return None;
        }
        let offset = input.len() - text.len();
        let fields = &mut self.fields;
        let rest = match name {
            HeaderName::ToPath if self.headers == 0 => {
                usual_path(&mut fields.to_path, text, offset, options)
            }
            HeaderName::FromPath if self.headers == 1 && !fields.to_path.text.is_empty() => {
                usual_path(&mut fields.from_path, text, offset, options)
            }
            HeaderName::MessageId if fields.message_id.is_empty() => {
                let (id, rest) = to_crlf(fast::ident(text))?;
                fields.message_id = Span::at(offset, standard(id)?);
                Some(rest)
            }
            HeaderName::ContentType => {
                let (essence, rest) = to_crlf(fast::essence(text))?;
                fields.content_type = Span::at(offset, essence);
                Some(rest)
            }
            HeaderName::ByteRange => keep(&mut fields.byte_range, fast::byte_range(text)),
            HeaderName::SuccessReport => {
                keep(&mut fields.success_report, fast::success_report(text))
            }
            HeaderName::FailureReport => {
                keep(&mut fields.failure_report, fast::failure_report(text))
            }
            HeaderName::ToPath
            | HeaderName::FromPath
            | HeaderName::MessageId
            | HeaderName::Status
            | HeaderName::Expires
            | HeaderName::MinExpires
            | HeaderName::MaxExpires
            | HeaderName::UsePath
            | HeaderName::WwwAuthenticate
            | HeaderName::Authorization
            | HeaderName::AuthenticationInfo
            | HeaderName::UseNickname
            | HeaderName::ContentId
            | HeaderName::ContentDescription
            | HeaderName::ContentDisposition => None,
        }?;
        self.headers += 1;
        Some(rest)
    }
}

fn usual_path<'a>(
    field: &mut PathField,
    text: &'a [u8],
    offset: usize,
    options: &ParseOptions,
) -> Option<&'a [u8]> {
    let (shape, rest) = uri_fast::path_to_cr(text, options.path_uris)?;
    let after = rest.strip_prefix(CRLF)?;
    let value = text.get(..text.len() - rest.len())?;
    *field = PathField::new(Span::at(offset, value), shape);
    Some(after)
}

fn standard(id: &[u8]) -> Option<&[u8]> {
    (ident::is_standard_length(id.len()) && ident::is_standard_start(id)).then_some(id)
}

/// Keeps what a rule read, if the line ends there and the field is the first of its name.
#[inline]
fn keep<'a, T>(field: &mut Option<T>, read: Option<(T, &'a [u8])>) -> Option<&'a [u8]> {
    if field.is_some() {
        return None;
    }
    let (value, rest) = to_crlf(read)?;
    *field = Some(value);
    Some(rest)
}

/// What a rule read, and what follows the line, if the line ends there.
#[inline]
fn to_crlf<T>(read: Option<(T, &[u8])>) -> Option<(T, &[u8])> {
    let (found, rest) = read?;
    Some((found, rest.strip_prefix(CRLF)?))
}
