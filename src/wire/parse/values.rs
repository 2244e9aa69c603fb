//! Values of header fields, and what is tolerated in them.

use super::super::byte_range::ByteRange;
use super::super::grammar;
use super::super::ident;
use super::super::value_error::ValueErrorKind;
use super::{Cause, HeadParser, HeaderName, ParseErrorKind, Part, Span, read, status_code};
use crate::limits::ParseOptions;
use crate::tolerance::Tolerance;

impl HeadParser {
    pub(super) fn message_id(
        &mut self,
        value: Part<'_>,
        options: &ParseOptions,
    ) -> Result<(), Cause> {
        ident::check_visible(value.text).map_err(Cause::Value)?;
        self.fields.message_id = value.span();
        self.check_ident(ParseErrorKind::HeaderValue(HeaderName::MessageId), value, options);
        Ok(())
    }

    /// Checks what is left of an identifier that can be held.
    pub(super) fn check_ident(
        &mut self,
        otherwise: ParseErrorKind,
        id: Part<'_>,
        options: &ParseOptions,
    ) {
        if !ident::is_standard_length(id.text.len()) {
            self.tolerate(Tolerance::IdentLength, otherwise, id, options);
        }
        if !ident::has_standard_characters(id.text) {
            self.tolerate(Tolerance::IdentCharacter, otherwise, id, options);
        } else if !ident::is_standard_start(id.text) {
            self.tolerate(Tolerance::IdentStart, otherwise, id, options);
        }
    }

    pub(super) fn content_type(
        &mut self,
        value: Part<'_>,
        options: &ParseOptions,
    ) -> Result<(), Cause> {
        self.fields.content_type = value.span();
        let read = read(grammar::media_type, value, ValueErrorKind::MediaType);
        let is_loose = || grammar::whole(grammar::loose_media_type, value.text).is_some();
        match read {
            Err(_) if self.allows(Tolerance::EmptyParameter, options, is_loose) => Ok(()),
            read => read.map(|_| ()),
        }
    }

    pub(super) fn byte_range(
        &mut self,
        value: Part<'_>,
        options: &ParseOptions,
    ) -> Result<(), Cause> {
        let read = ByteRange::parse(value.text);
        let is_of_nothing = || value.text == b"0-0/0";
        let range = match read {
            Err(_) if self.allows(Tolerance::WrongByteRange, options, is_of_nothing) => {
                ByteRange::EMPTY
            }
            read => read.map_err(Cause::Value)?,
        };
        self.fields.byte_range = Some(range);
        Ok(())
    }

    pub(super) fn success_report(
        &mut self,
        value: Part<'_>,
        options: &ParseOptions,
    ) -> Result<(), Cause> {
        let read = read(grammar::success_report, value, ValueErrorKind::SuccessReport);
        let is_partial = || value.text.eq_ignore_ascii_case(b"partial");
        let wanted = match read {
            Err(_) if self.allows(Tolerance::PartialSuccessReport, options, is_partial) => false,
            read => read?,
        };
        self.fields.success_report = Some(wanted);
        Ok(())
    }

    /// Whether a value that its rule refuses is tolerated.
    fn allows(
        &mut self,
        tolerance: Tolerance,
        options: &ParseOptions,
        deviates: impl FnOnce() -> bool,
    ) -> bool {
        let is_allowed = options.tolerances.contains(tolerance) && deviates();
        if is_allowed {
            self.fields.tolerated = self.fields.tolerated.with(tolerance);
        }
        is_allowed
    }

    pub(super) fn status(&mut self, value: Part<'_>, options: &ParseOptions) -> Result<(), Cause> {
        let read = read(grammar::status, value, ValueErrorKind::Status);
        let loose = || grammar::whole(grammar::loose_status, value.text);
        let (namespace, code, comment) = match read {
            Err(cause) => {
                let tolerance = Tolerance::MalformedStatus;
                let loose = loose().filter(|_| self.allows(tolerance, options, || true));
                loose.ok_or(cause)?
            }
            Ok(read) => read,
        };
        let comment = comment.unwrap_or_default();
        self.fields.status = Some((namespace, status_code(code)));
        self.fields.status_comment =
            Span::at(value.offset + value.text.len() - comment.len(), comment);
        Ok(())
    }
}
