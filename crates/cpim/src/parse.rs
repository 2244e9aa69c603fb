//! Reading a message/cpim.

use memchr::memchr_iter;

use crate::address::Address;
use crate::date_time::DateTime;
use crate::error::{Fault, ParseError, ParseErrorKind};
use crate::format::{CORE_HEADERS, IMDN_HEADERS, IMDN_NAMESPACE};
use crate::grammar::{UNREADABLE, header_name};
use crate::header::{Header, Namespace, Scope};
use crate::limits::{MAX_HEAD_OCTETS, MAX_HEADERS};
use crate::message::CpimRef;
use crate::mime::{
    MimeHeader, MimeHeaders, check_fields, head_block, is_content_field, is_unreadable_name,
    lines_in_context, logical_lines,
};
use crate::text::{readable, unreadable};
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// The MIME header fields that decide what the body is.
const SINGLE_FIELDS: [&str; 3] =
    ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"];

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
        Self::parse_start_with(message, allowed)?.ok_or_else(incomplete)
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
    /// As for [`CpimRef::parse`], and the same as for the whole message.
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
        parse_start(octets, allowed)
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

fn parse_start(octets: &[u8], allowed: CpimTolerances) -> Result<Option<CpimRef<'_>>, ParseError> {
    let blocks = Blocks::split(octets, allowed).map_err(|fault| fault.within(octets))?;
    let Some(Blocks { headers, before_mime, mime, body }) = blocks else { return Ok(None) };
    let head = octets.split_at(octets.len() - body.len()).0;
    let mut check = Check { allowed, tolerated: CpimTolerances::none(), required: 0 };
    check.octets(head).map_err(|fault| fault.within(octets))?;
    let mime_at = readable(before_mime).len();
    let mut message = CpimRef {
        head: readable(head),
        headers_end: readable(headers).len(),
        mime: mime_at..mime_at + readable(mime).len(),
        body,
        tolerated: check.tolerated,
        is_exact: !allowed.contains(CpimTolerance::HeaderNameCase),
    };
    let within = |fault: Fault<'_>, text| fault.within_text(text, head, octets);
    check.message_headers(message.blocks().0).map_err(|fault| within(fault, &message.head))?;
    // The fields after them may stand among them.
    message.tolerated = check.tolerated;
    check.fields(&message).map_err(|fault| within(fault, &message.head))?;
    message.tolerated = check.tolerated;
    Ok(Some(message))
}

/// The blocks of lines before a body.
struct Blocks<'a> {
    headers: &'a [u8],
    /// The headers and the blank line behind them.
    before_mime: &'a [u8],
    mime: &'a [u8],
    body: &'a [u8],
}

impl<'a> Blocks<'a> {
    /// `None` if not all of them have arrived.
    fn split(octets: &'a [u8], allowed: CpimTolerances) -> Result<Option<Self>, Fault<'a>> {
        let too_long = |limit| Fault::new(ParseErrorKind::TooLong { max: MAX_HEAD_OCTETS }, limit);
        let first = head_block(octets, MAX_HEAD_OCTETS).map_err(too_long)?;
        let Some((headers, rest)) = first else { return Ok(None) };
        let before_mime = octets.split_at(octets.len() - rest.len()).0;
        let is_one_block =
            allowed.contains(CpimTolerance::MissingBlankLine) && has_content_type(headers);
        let (mime, body) = if is_one_block {
            rest.split_at(0)
        } else {
            let room = MAX_HEAD_OCTETS - before_mime.len().min(MAX_HEAD_OCTETS);
            match head_block(rest, room).map_err(too_long)? {
                Some(found) => found,
                None => return Ok(None),
            }
        };
        Ok(Some(Self { headers, before_mime, mime, body }))
    }
}

fn has_content_type(headers: &[u8]) -> bool {
    let is_type = |line| MimeHeader::parse(line).is_ok_and(|field| field.is("Content-Type"));
    logical_lines(&readable(headers)).any(is_type)
}

/// Who sent the message and when must not depend on its reader.
fn check_single<'a>(message: &'a CpimRef<'_>) -> Result<(), Fault<'a>> {
    for name in ["From", "DateTime"] {
        if let Some(second) = message.resembling(name).nth(1) {
            return Err(Fault::new(ParseErrorKind::Repeated(name), second.raw()));
        }
    }
    Ok(())
}

/// Checks headers, and collects the tolerances that they need.
struct Check {
    allowed: CpimTolerances,
    tolerated: CpimTolerances,
    /// The number of names in Require headers.
    required: usize,
}

impl Check {
    /// Notes that `part` needs a tolerance.
    fn tolerate<'a>(&mut self, needed: CpimTolerance, part: &'a str) -> Result<(), Fault<'a>> {
        self.tolerate_all(CpimTolerances::none().with(needed), part.as_bytes())
    }

    fn tolerate_all<'a>(
        &mut self,
        needed: CpimTolerances,
        part: &'a [u8],
    ) -> Result<(), Fault<'a>> {
        self.tolerated = self.tolerated.union(needed);
        let refused = needed.minus(self.allowed).iter().next();
        let fault = |tolerance| Fault::new(ParseErrorKind::NotTolerated(tolerance), part);
        refused.map_or(Ok(()), |tolerance| Err(fault(tolerance)))
    }

    /// What can be said of the octets before the body, without their meaning.
    fn octets<'a>(&mut self, head: &'a [u8]) -> Result<(), Fault<'a>> {
        let needed = CpimTolerances::none().with(CpimTolerance::NotUtf8);
        unreadable(head).map_or(Ok(()), |part| self.tolerate_all(needed, part))?;
        self.line_ends(head)
    }

    fn fields<'a>(&mut self, message: &'a CpimRef<'_>) -> Result<(), Fault<'a>> {
        check_single(message)?;
        self.mime_headers(message.mime_headers(), message.blocks().1)
    }

    fn line_ends<'a>(&mut self, head: &'a [u8]) -> Result<(), Fault<'a>> {
        let is_bare = |at: &usize| !head.split_at(*at).0.ends_with(b"\r");
        let bare = memchr_iter(b'\n', head).find(is_bare).and_then(|at| head.get(at..=at));
        let needed = CpimTolerances::none().with(CpimTolerance::BareLf);
        bare.map_or(Ok(()), |lf| self.tolerate_all(needed, lf))
    }

    fn message_headers<'a>(&mut self, headers: &'a str) -> Result<(), Fault<'a>> {
        let is_exact = !self.allowed.contains(CpimTolerance::HeaderNameCase);
        for (index, (before, line)) in lines_in_context(headers).enumerate() {
            if index >= MAX_HEADERS {
                return Err(Fault::new(ParseErrorKind::TooManyHeaders, line));
            }
            if is_unreadable_name(line) {
                self.tolerate(CpimTolerance::NotUtf8, line)?;
            } else if is_content_field(line)
                && self.allowed.contains(CpimTolerance::MissingBlankLine)
            {
                self.tolerate(CpimTolerance::MissingBlankLine, line)?;
                MimeHeader::parse(line)?;
            } else {
                let (header, needed) = Header::parse(line, Scope { before, is_exact })?;
                self.tolerate_all(needed, line.as_bytes())?;
                self.message_header(header)?;
            }
        }
        Ok(())
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
            "NS" if value.contains(UNREADABLE) => self.tolerate(CpimTolerance::NotUtf8, value),
            "NS" if Namespace::parse(value).is_none() => {
                Err(Fault::new(ParseErrorKind::Value(name), value))
            }
            "NS" if Namespace::is_bare(value) => self.tolerate(CpimTolerance::BareNamespace, value),
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
            Ok((_, needed)) => self.tolerate_all(needed, value.as_bytes()),
            Err(part) => self.tolerate(CpimTolerance::UnreadableAddress, part),
        }
    }

    fn require<'a>(&mut self, value: &'a str) -> Result<(), Fault<'a>> {
        let names = || value.split(',').map(|name| name.trim_matches(' '));
        self.required += names().count();
        if self.required > MAX_HEADERS {
            return Err(Fault::new(ParseErrorKind::TooManyHeaders, value));
        }
        let is_wrong = |name: &&str| header_name(name).is_none() && !name.contains(UNREADABLE);
        if let Some(wrong) = names().find(is_wrong) {
            return Err(Fault::new(ParseErrorKind::Value("Require"), wrong));
        }
        if value.contains(' ') {
            self.tolerate(CpimTolerance::HeaderSpace, value)?;
        }
        Ok(())
    }

    fn mime_headers<'a>(
        &mut self,
        fields: MimeHeaders<'a>,
        lines: &'a str,
    ) -> Result<(), Fault<'a>> {
        check_fields(lines)?;
        if let Some(excess) = fields.iter().nth(MAX_HEADERS) {
            return Err(Fault::new(ParseErrorKind::TooManyHeaders, excess.raw()));
        }
        for name in SINGLE_FIELDS {
            if let Some(second) = fields.iter().filter(|field| field.is(name)).nth(1) {
                return Err(Fault::new(ParseErrorKind::Repeated(name), second.raw()));
            }
        }
        match fields.get("Content-Type") {
            None => self.tolerate(CpimTolerance::MissingContentType, lines.split_at(lines.len()).1),
            Some(_) => Ok(()),
        }
    }
}
