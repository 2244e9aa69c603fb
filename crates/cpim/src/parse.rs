//! A message/cpim to its headers and its body.

use memchr::memchr_iter;
use msrp::mime::{
    Block, MimeHeader, MimeHeaders, TooLong, head_block, is_content_field, logical_lines,
};

use crate::address::Address;
use crate::date_time::DateTime;
use crate::error::CpimError;
use crate::format::{CORE_HEADERS, MAX_HEAD_OCTETS, MAX_HEADERS};
use crate::grammar::header_name;
use crate::header::{Header, Namespace, Scope};
use crate::message::CpimRef;
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// The MIME header fields that decide what the body is.
const SINGLE_FIELDS: [&str; 3] =
    ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"];

impl<'a> CpimRef<'a> {
    /// Reads a whole message, with all tolerances.
    ///
    /// # Errors
    ///
    /// [`CpimError`] says what is wrong with the headers. From and To may be
    /// missing: RFC 4975 section 13 obliges senders alone.
    pub fn parse(message: &'a [u8]) -> Result<Self, CpimError> {
        Self::parse_with(message, CpimTolerances::all())
    }

    /// Reads a whole message with the tolerances that are named; with none of
    /// them, RFC 3862 to the letter.
    ///
    /// # Errors
    ///
    /// As [`CpimRef::parse`].
    pub fn parse_with(message: &'a [u8], allowed: CpimTolerances) -> Result<Self, CpimError> {
        Self::parse_start_with(message, allowed)?.ok_or(CpimError::Incomplete)
    }

    /// Reads the headers of a message of which the first octets have come, as
    /// a chat switch does before the end is there. [`CpimRef::body`] is what
    /// has come of the body then.
    ///
    /// `None` where the headers have not ended: come back with more octets.
    /// More than [`MAX_HEAD_OCTETS`] are never needed. Each call looks at all of
    /// them again: where they come in crumbs, ask [`CpimRef::head_may_end`]
    /// first.
    ///
    /// # Errors
    ///
    /// As [`CpimRef::parse`], and never another than for the whole message.
    pub fn parse_start(octets: &'a [u8]) -> Result<Option<Self>, CpimError> {
        Self::parse_start_with(octets, CpimTolerances::all())
    }

    /// Whether it is worth to call [`CpimRef::parse_start`] again, which had
    /// nothing to say of the first `seen` of these octets. Headers end with a
    /// blank line, or at the limit: without one among the octets that are new,
    /// there is nothing to be read. Who asks this looks at each octet a few
    /// times, in however many pieces a peer sends them.
    ///
    /// ```
    /// # use msrp_cpim::CpimRef;
    /// let message = b"From: <sip:ada@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\nHi";
    /// let (mut octets, mut looked) = (Vec::new(), 0);
    /// for crumb in message.chunks(3) {
    ///     let seen = octets.len();
    ///     octets.extend_from_slice(crumb);
    ///     if CpimRef::head_may_end(&octets, seen) {
    ///         looked += 1;
    ///         if let Some(start) = CpimRef::parse_start(&octets)? {
    ///             assert_eq!(start.from().unwrap().uri(), "sip:ada@example.com");
    ///         }
    ///     }
    /// }
    /// assert_eq!(looked, 2);
    /// # Ok::<(), msrp_cpim::CpimError>(())
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

    /// [`CpimRef::parse_start`] with the tolerances that are named.
    ///
    /// # Errors
    ///
    /// As [`CpimRef::parse_start`].
    pub fn parse_start_with(
        octets: &'a [u8],
        allowed: CpimTolerances,
    ) -> Result<Option<Self>, CpimError> {
        let Some((first, rest)) = block(octets, MAX_HEAD_OCTETS)? else { return Ok(None) };
        let headers = text(first)?;
        let has_type = logical_lines(headers).any(|line| is_field(line, "Content-Type"));
        let is_one_block = has_type && allowed.contains(CpimTolerance::MissingBlankLine);
        let (mime, body) = if is_one_block {
            (&[][..], rest)
        } else {
            let room = MAX_HEAD_OCTETS - (octets.len() - rest.len()).min(MAX_HEAD_OCTETS);
            match block(rest, room)? {
                Some(found) => found,
                None => return Ok(None),
            }
        };
        let has_bare_lf = has_bare_lf(octets.split_at(octets.len() - body.len()).0);
        let message = Self { headers, mime: text(mime)?, body, tolerated: CpimTolerances::none() };
        message.checked(has_bare_lf, allowed).map(Some)
    }

    /// The message where all of it is well-formed, with what that took.
    fn checked(mut self, has_bare_lf: bool, allowed: CpimTolerances) -> Result<Self, CpimError> {
        let mut check = Check { allowed, tolerated: CpimTolerances::none(), required: 0 };
        if has_bare_lf {
            check.tolerate(CpimTolerance::BareLf)?;
        }
        check.message_headers(self.headers)?;
        self.tolerated = check.tolerated;
        let is_repeated = |name: &&'static str| self.resembling(name).count() > 1;
        let repeated = ["From", "DateTime"].into_iter().find(is_repeated);
        repeated.map_or(Ok(()), |name| Err(CpimError::Repeated(name)))?;
        check.mime_headers(self.mime_headers(), self.mime)?;
        self.tolerated = check.tolerated;
        Ok(self)
    }
}

/// A block with the errors of this module.
fn block(octets: &[u8], limit: usize) -> Result<Option<Block<'_>>, CpimError> {
    head_block(octets, limit).map_err(|TooLong| CpimError::TooLong)
}

fn text(octets: &[u8]) -> Result<&str, CpimError> {
    std::str::from_utf8(octets).map_err(|_| CpimError::Utf8)
}

fn has_bare_lf(head: &[u8]) -> bool {
    let mut before =
        memchr_iter(b'\n', head).map(|at| at.checked_sub(1).and_then(|at| head.get(at)));
    before.any(|octet| octet != Some(&b'\r'))
}

fn is_field(line: &str, name: &str) -> bool {
    MimeHeader::read(line).is_some_and(|field| field.name().eq_ignore_ascii_case(name))
}

struct Check {
    allowed: CpimTolerances,
    tolerated: CpimTolerances,
    /// Names in Require.
    required: usize,
}

impl Check {
    fn tolerate(&mut self, tolerance: CpimTolerance) -> Result<(), CpimError> {
        self.tolerate_all(CpimTolerances::none().with(tolerance))
    }

    fn tolerate_all(&mut self, needed: CpimTolerances) -> Result<(), CpimError> {
        self.tolerated = self.tolerated.union(needed);
        let refused = needed.minus(self.allowed).iter().next();
        refused.map_or(Ok(()), |tolerance| Err(CpimError::NotTolerated(tolerance)))
    }

    fn message_headers(&mut self, headers: &str) -> Result<(), CpimError> {
        let is_exact = !self.allowed.contains(CpimTolerance::HeaderNameCase);
        let mut lines = logical_lines(headers);
        let mut count = 0;
        loop {
            let before = headers.get(..headers.len() - lines.rest().len()).unwrap_or_default();
            let Some(line) = lines.next() else { return Ok(()) };
            count += 1;
            if count > MAX_HEADERS {
                return Err(CpimError::TooManyHeaders);
            }
            if is_content_field(line) && self.allowed.contains(CpimTolerance::MissingBlankLine) {
                self.tolerate(CpimTolerance::MissingBlankLine)?;
                MimeHeader::read(line).ok_or(CpimError::MimeHeader)?;
                continue;
            }
            let (header, tolerated) = Header::read(line, Scope { before, is_exact })?;
            self.tolerate_all(tolerated)?;
            self.message_header(header)?;
        }
    }

    fn message_header(&mut self, header: Header<'_>) -> Result<(), CpimError> {
        let is_it = |name: &&&str| match **name {
            "NS" => header.is_ns(),
            name => header.is_core(name),
        };
        let Some(&name) = CORE_HEADERS.iter().find(is_it) else { return Ok(()) };
        if header.name() != name {
            self.tolerate(CpimTolerance::HeaderNameCase)?;
        }
        let value = header.raw_value();
        let wrong = CpimError::Value(name);
        match name {
            "From" | "To" | "cc" => {
                let (_, tolerated) = Address::read(value).ok_or(wrong)?;
                self.tolerate_all(tolerated)?;
            }
            "NS" => {
                Namespace::read(value).ok_or(wrong)?;
            }
            "DateTime" if DateTime::parse(value).is_err() => {
                self.tolerate(CpimTolerance::DateTimeFormat)?;
            }
            "Require" => {
                let names = || value.split(',').map(|name| name.trim_matches(' '));
                self.required += names().count();
                if self.required > MAX_HEADERS {
                    return Err(CpimError::TooManyHeaders);
                }
                if names().any(|name| header_name(name).is_none()) {
                    return Err(wrong);
                }
                if value.contains(' ') {
                    self.tolerate(CpimTolerance::HeaderSpace)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn mime_headers(&mut self, fields: MimeHeaders<'_>, lines: &str) -> Result<(), CpimError> {
        let is_field = |line| MimeHeader::read(line).is_some();
        if !logical_lines(lines).all(is_field) {
            return Err(CpimError::MimeHeader);
        }
        if fields.iter().count() > MAX_HEADERS {
            return Err(CpimError::TooManyHeaders);
        }
        let count = |name: &str| {
            fields.iter().filter(|field| field.name().eq_ignore_ascii_case(name)).count()
        };
        if let Some(name) = SINGLE_FIELDS.into_iter().find(|name| count(name) > 1) {
            return Err(CpimError::Repeated(name));
        }
        match fields.get("Content-Type") {
            None => self.tolerate(CpimTolerance::MissingContentType),
            Some(_) => Ok(()),
        }
    }
}
