//! What may stand before the body of a message/cpim, and the tolerances that it needs.

use memchr::memchr_iter;

use crate::address::Address;
use crate::date_time::DateTime;
use crate::error::{Fault, ParseErrorKind};
use crate::format::{CORE_HEADERS, IMDN_HEADERS, IMDN_NAMESPACE};
use crate::grammar::header_name;
use crate::header::{Header, Namespace, Scope};
use crate::limits::MAX_HEADERS;
use crate::message::CpimRef;
use crate::mime::{
    BLANKS, MimeHeader, MimeHeaders, has_fields, is_content_field, is_own_field,
    is_unreadable_name, lines_in_context, logical_lines, logical_octets,
};
use crate::text::Source;
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// The MIME header fields that decide what the body is.
const SINGLE_FIELDS: [&str; 3] =
    ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"];

/// Checks headers, and collects the tolerances that they need.
pub(crate) struct Check {
    allowed: CpimTolerances,
    tolerated: CpimTolerances,
    /// The number of names in Require headers.
    required: usize,
}

impl Check {
    pub(crate) const fn new(allowed: CpimTolerances) -> Self {
        Self { allowed, tolerated: CpimTolerances::none(), required: 0 }
    }

    /// The tolerances that were needed so far.
    pub(crate) const fn tolerated(&self) -> CpimTolerances {
        self.tolerated
    }

    /// Notes that `part` needs a tolerance.
    pub(crate) fn tolerate<'a>(
        &mut self,
        needed: CpimTolerance,
        part: &'a (impl AsRef<[u8]> + ?Sized),
    ) -> Result<(), Fault<'a>> {
        self.tolerate_all(CpimTolerances::none().with(needed), part)
    }

    fn tolerate_all<'a>(
        &mut self,
        needed: CpimTolerances,
        part: &'a (impl AsRef<[u8]> + ?Sized),
    ) -> Result<(), Fault<'a>> {
        self.tolerated = self.tolerated.union(needed);
        let refused = needed.minus(self.allowed).iter().next();
        let fault = |tolerance| Fault::new(ParseErrorKind::NotTolerated(tolerance), part);
        refused.map_or(Ok(()), |tolerance| Err(fault(tolerance)))
    }

    /// What can be said of the octets before the body, without their meaning.
    pub(crate) fn octets<'a>(
        &mut self,
        head: &'a [u8],
        headers: &'a [u8],
    ) -> Result<(), Fault<'a>> {
        if let Some(part) = Source::new(head).unreadable() {
            self.tolerate(CpimTolerance::NotUtf8, part)?;
        }
        self.line_ends(head)?;
        self.folded_lines(headers)
    }

    fn line_ends<'a>(&mut self, head: &'a [u8]) -> Result<(), Fault<'a>> {
        let is_bare = |at: &usize| !head.split_at(*at).0.ends_with(b"\r");
        let bare = memchr_iter(b'\n', head).find(is_bare).and_then(|at| head.get(at..=at));
        bare.map_or(Ok(()), |lf| self.tolerate(CpimTolerance::BareLf, lf))
    }

    /// MIME header fields may be folded, wherever they stand and if their names can be read.
    fn folded_lines<'a>(&mut self, headers: &'a [u8]) -> Result<(), Fault<'a>> {
        let may_be_field = self.allowed.contains(CpimTolerance::MissingBlankLine);
        let is_wrong =
            |line: &&[u8]| line.contains(&b'\n') && !(may_be_field && is_own_field(line));
        let wrong = logical_octets(headers).find(is_wrong);
        wrong.map_or(Ok(()), |line| self.tolerate(CpimTolerance::FoldedHeader, line))
    }

    pub(crate) fn message_headers<'a>(&mut self, headers: &'a str) -> Result<(), Fault<'a>> {
        let (mut unreadable, mut is_any_readable) = (None, false);
        for (index, (before, line)) in lines_in_context(headers).enumerate() {
            if index >= MAX_HEADERS {
                return Err(Fault::new(ParseErrorKind::TooManyHeaders, line));
            }
            if self.message_line(before, line)? {
                is_any_readable = true;
            } else {
                unreadable.get_or_insert(line);
            }
        }
        let wrong = unreadable.filter(|_| !is_any_readable);
        wrong.map_or(Ok(()), |line| Err(Fault::new(ParseErrorKind::Header, line)))
    }

    /// Whether a line can be read. One without a name is passed over.
    fn message_line<'a>(&mut self, before: &'a str, line: &'a str) -> Result<bool, Fault<'a>> {
        if is_unreadable_name(line) {
            self.tolerate(CpimTolerance::NotUtf8, line)?;
        } else if is_content_field(line) && self.allowed.contains(CpimTolerance::MissingBlankLine) {
            self.tolerate(CpimTolerance::MissingBlankLine, line)?;
            self.mime_line(line)?;
        } else {
            self.control_characters(line)?;
            let is_exact = !self.allowed.contains(CpimTolerance::HeaderNameCase);
            let Some((header, needed)) = Header::parse(line, Scope { before, is_exact }) else {
                self.tolerate(CpimTolerance::UnreadableHeader, line)?;
                return Ok(false);
            };
            self.tolerate_all(needed, line)?;
            self.message_header(header)?;
        }
        Ok(true)
    }

    /// Some readers end a line at a CR, and a text at a NUL. Tabs around a value are blanks.
    fn control_characters<'a>(&mut self, line: &'a str) -> Result<(), Fault<'a>> {
        if line.contains(['\r', '\0']) {
            return Err(Fault::new(ParseErrorKind::ControlCharacter, line));
        }
        let value = line.split_once(':').map_or(line, |(_, value)| value).trim_matches(BLANKS);
        let is_control = |letter: char| letter.is_ascii_control();
        let needed = CpimTolerance::ControlCharacter;
        if value.contains(is_control) { self.tolerate(needed, line) } else { Ok(()) }
    }

    fn message_header<'a>(&mut self, header: Header<'a>) -> Result<(), Fault<'a>> {
        let is_it = |name: &&&str| match **name {
            "NS" => header.is_ns(),
            name => header.is_core(name),
        };
        if header.has_prefix_in_other_case() {
            self.tolerate(CpimTolerance::HeaderNameCase, header.name())?;
        }
        let Some(&name) = CORE_HEADERS.iter().find(is_it) else {
            return self.imdn_header(header);
        };
        if header.name() != name {
            self.tolerate(CpimTolerance::HeaderNameCase, header.name())?;
        }
        let value = header.raw();
        match name {
            "From" | "To" | "cc" => self.address(value),
            "NS" => self.namespace(value),
            "DateTime" if DateTime::parse(value).is_err() => {
                self.tolerate(CpimTolerance::DateTimeFormat, value)
            }
            "Require" => self.require(value),
            _ => Ok(()),
        }
    }

    fn imdn_header<'a>(&mut self, header: Header<'a>) -> Result<(), Fault<'a>> {
        let is_it = |name: &&&str| header.is(IMDN_NAMESPACE, name);
        let Some(&name) = IMDN_HEADERS.iter().find(is_it) else { return Ok(()) };
        if header.name() != name {
            self.tolerate(CpimTolerance::HeaderNameCase, header.name())?;
        }
        match name {
            "Original-To" | "IMDN-Record-Route" | "IMDN-Route" => self.address(header.raw()),
            _ => Ok(()),
        }
    }

    fn address<'a>(&mut self, value: &'a str) -> Result<(), Fault<'a>> {
        match Address::parse_leniently(value) {
            Ok((_, needed)) => self.tolerate_all(needed, value),
            Err(part) => self.tolerate(CpimTolerance::UnreadableAddress, part),
        }
    }

    fn namespace<'a>(&mut self, value: &'a str) -> Result<(), Fault<'a>> {
        match Namespace::parse(value) {
            Some((_, needed)) => self.tolerate_all(needed, value),
            None => self.tolerate(CpimTolerance::of_unreadable(value), value),
        }
    }

    fn require<'a>(&mut self, value: &'a str) -> Result<(), Fault<'a>> {
        let names = || value.split(',').map(|name| name.trim_matches(BLANKS));
        self.required += names().count();
        if self.required > MAX_HEADERS {
            return Err(Fault::new(ParseErrorKind::TooManyHeaders, value));
        }
        for wrong in names().filter(|name| header_name(name).is_none()) {
            self.tolerate(CpimTolerance::of_unreadable(wrong), wrong)?;
        }
        if value.contains(BLANKS) {
            self.tolerate(CpimTolerance::HeaderSpace, value)?;
        }
        Ok(())
    }

    pub(crate) fn fields<'a>(&mut self, message: &'a CpimRef<'_>) -> Result<(), Fault<'a>> {
        self.single_headers(message)?;
        let (fields, lines) = (message.mime_headers(), message.blocks().1);
        if let Some(excess) = fields.iter().nth(MAX_HEADERS) {
            return Err(Fault::new(ParseErrorKind::TooManyHeaders, excess.raw()));
        }
        self.mime_headers(fields, lines)?;
        match fields.get("Content-Type") {
            None => self.tolerate(CpimTolerance::MissingContentType, lines.split_at(lines.len()).1),
            Some(_) => Ok(()),
        }
    }

    /// Who sent the message and when must not depend on its reader.
    fn single_headers<'a>(&mut self, message: &'a CpimRef<'_>) -> Result<(), Fault<'a>> {
        for name in ["From", "DateTime"] {
            if let Some(second) = message.resembling(name).nth(1) {
                self.tolerate(CpimTolerance::RepeatedHeader, second.raw())?;
            }
        }
        Ok(())
    }

    /// Checks the header fields of a part, the text of this source.
    pub(crate) fn part<'a>(&mut self, source: Source<'_>, lines: &'a str) -> Result<(), Fault<'a>> {
        if source.unreadable().is_some() {
            self.tolerate(CpimTolerance::NotUtf8, "")?;
        }
        self.mime_headers(MimeHeaders::new(lines), lines)
    }

    /// Checks fields, and the lines among which they stand.
    fn mime_headers<'a>(
        &mut self,
        fields: MimeHeaders<'a>,
        lines: &'a str,
    ) -> Result<(), Fault<'a>> {
        if let Some(line) = logical_lines(lines).next().filter(|_| !has_fields(lines)) {
            return Err(Fault::new(ParseErrorKind::MimeHeader, line));
        }
        logical_lines(lines).try_for_each(|line| self.mime_line(line))?;
        SINGLE_FIELDS.iter().try_for_each(|name| self.single_field(fields, name))
    }

    fn mime_line<'a>(&mut self, line: &'a str) -> Result<(), Fault<'a>> {
        match MimeHeader::name_of(line) {
            // The octets of the message have been checked for UTF-8.
            None if is_unreadable_name(line) => Ok(()),
            None => self.tolerate(CpimTolerance::UnreadableHeader, line),
            Some(_) if MimeHeader::parse(line).is_none() => {
                Err(Fault::new(ParseErrorKind::MimeHeader, line))
            }
            Some(name) if name.ends_with(BLANKS) => self.tolerate(CpimTolerance::HeaderSpace, line),
            Some(_) => Ok(()),
        }
    }

    /// What the body is must not depend on its reader, either.
    fn single_field<'a>(
        &mut self,
        fields: MimeHeaders<'a>,
        name: &'static str,
    ) -> Result<(), Fault<'a>> {
        let mut values = fields.iter().filter(|field| field.is(name)).map(|field| field.raw());
        let first = values.next();
        for value in values {
            if Some(value) != first {
                return Err(Fault::new(ParseErrorKind::Repeated(name), value));
            }
            self.tolerate(CpimTolerance::RepeatedHeader, value)?;
        }
        Ok(())
    }
}
