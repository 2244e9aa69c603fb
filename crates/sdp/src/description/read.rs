//! A text read line by line.

use std::borrow::Cow;
use std::str::FromStr;

use super::field::{field, fields};
use super::lines::{Lines, is_ours, too_many};
use super::{
    DESCRIPTION, MAX_SDP_OCTETS, MAX_SECTIONS, MediaDescription, Origin, SessionDescription,
};
use crate::token::has_extra_blanks;
use crate::tolerance::{Reading, SdpTolerance, SdpTolerances};
use crate::{Error, ErrorKind};

/// Read with every tolerance.
impl FromStr for SessionDescription {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse_with(text, SdpTolerances::all())
    }
}

/// The first media section of a session description, or of a fragment of one, read
/// with every tolerance.
impl FromStr for MediaDescription {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let description: SessionDescription = text.parse()?;
        let first = description.media.into_iter().next();
        first.ok_or_else(|| Error::of_line("m=", ErrorKind::Missing))
    }
}

impl SessionDescription {
    /// Reads a description with these tolerances.
    ///
    /// # Errors
    ///
    /// [`Error`] with its line. What is wrong in one section alone is a
    /// [`fault`](MediaDescription::fault) of that section, if
    /// [`SdpTolerance::MalformedSection`] is among the tolerances.
    pub fn parse_with(text: &str, tolerances: SdpTolerances) -> Result<Self, Error> {
        Reader::new(tolerances).read(text)
    }

    /// Reads the octets of a description, such as the body of a SIP message.
    ///
    /// # Errors
    ///
    /// [`Error`], as with [`parse_with`](Self::parse_with).
    pub fn from_octets(octets: &[u8], tolerances: SdpTolerances) -> Result<Self, Error> {
        let mut reader = Reader::new(tolerances);
        let text = String::from_utf8_lossy(octets);
        if let Cow::Owned(_) = text {
            let error = Error::of_text(DESCRIPTION, ErrorKind::Malformed).with_expected("UTF-8");
            reader.reading.tolerate(SdpTolerance::NotUtf8, error)?;
        }
        reader.read(&text)
    }
}

/// The lines of a text so far.
struct Reader {
    reading: Reading,
    origin: Option<Origin>,
    session: Lines,
    sections: Vec<(MediaDescription, Lines)>,
}

impl Reader {
    fn new(tolerances: SdpTolerances) -> Self {
        let (session, sections) = (Lines::default(), Vec::new());
        Self { reading: Reading::new(tolerances), origin: None, session, sections }
    }

    fn read(mut self, text: &str) -> Result<SessionDescription, Error> {
        if text.len() > MAX_SDP_OCTETS {
            return Err(Error::of_text(DESCRIPTION, ErrorKind::TooLong { limit: MAX_SDP_OCTETS }));
        }
        let text = self.without_end(text)?;
        if text.split("\r\n").any(|it| it.contains('\r')) {
            self.reading.tolerate(SdpTolerance::LineEnds, not_a_line().with_line(1))?;
        }
        for (index, line) in split(text).enumerate() {
            let read = self.without_mark(line).and_then(|line| self.line(line));
            read.map_err(|error| error.with_line(index + 1))?;
            self.take_note();
        }
        self.finish()
    }

    /// The text before the NUL that ends a string of C.
    fn without_end<'a>(&mut self, text: &'a str) -> Result<&'a str, Error> {
        let Some(rest) = text.strip_suffix('\0') else { return Ok(text) };
        self.reading.tolerate(SdpTolerance::ExtraBlanks, not_a_line())?;
        Ok(rest)
    }

    /// The line after byte order marks, which some write at the joints of a text.
    fn without_mark<'a>(&mut self, line: &'a str) -> Result<&'a str, Error> {
        let rest = line.trim_start_matches('\u{feff}');
        if rest != line {
            self.reading.tolerate(SdpTolerance::ByteOrderMark, not_a_line())?;
        }
        Ok(rest)
    }

    fn line(&mut self, line: &str) -> Result<(), Error> {
        if line.trim().is_empty() {
            return self.reading.tolerate(SdpTolerance::ExtraBlanks, not_a_line());
        }
        let Some((kind, value)) = line.split_once('=').filter(|(kind, _)| kind.trim().len() == 1)
        else {
            return self.reading.tolerate(SdpTolerance::JunkLine, not_a_line());
        };
        let letter = kind.trim().to_ascii_lowercase();
        let has_fields = matches!(&*letter, "m" | "o" | "c");
        if kind.len() > 1 || has_fields && has_extra_blanks(value) {
            self.reading.tolerate(SdpTolerance::ExtraBlanks, not_a_line())?;
        }
        if (has_fields || letter == "a") && letter != kind.trim() {
            let error = not_a_line().with_expected("a lower-case letter before =");
            self.reading.tolerate(SdpTolerance::LetterCase, error)?;
        }
        match &*letter {
            "m" => self.section(value),
            "o" if self.sections.is_empty() => self.origin(value),
            "c" => self.connection(value),
            "a" => self.attribute(value),
            _ => Ok(()),
        }
    }

    fn section(&mut self, value: &str) -> Result<(), Error> {
        if self.sections.len() >= MAX_SECTIONS {
            return Err(too_many(MAX_SECTIONS, "media sections"));
        }
        let media = MediaDescription::from_fields(value, &mut self.reading)?;
        self.sections.push((media, Lines::default()));
        Ok(())
    }

    fn origin(&mut self, value: &str) -> Result<(), Error> {
        match Origin::from_fields(value) {
            Ok(origin) => _ = self.origin.get_or_insert(origin),
            Err(error) => self.reading.tolerate(SdpTolerance::MalformedOrigin, error)?,
        }
        Ok(())
    }

    fn connection(&mut self, value: &str) -> Result<(), Error> {
        let Some(address) = address(value) else {
            let error = Error::of_line("c=", ErrorKind::Malformed);
            let error = error.with_expected("IN IP4 address");
            return self.reading.tolerate(SdpTolerance::JunkLine, error);
        };
        let is_ours = self.sections.last().is_none_or(|(media, _)| is_ours(media));
        if is_ours && self.lines().address.is_some() {
            let error = Error::of_line("c=", ErrorKind::Duplicate);
            self.reading.tolerate(SdpTolerance::SeveralAddresses, error)?;
        }
        self.lines().address.get_or_insert(address);
        Ok(())
    }

    /// An attribute whose name is no token cannot be meant for MSRP.
    fn attribute(&mut self, text: &str) -> Result<(), Error> {
        let (name, value) = text.split_at(text.find(':').unwrap_or(text.len()));
        if name.trim() != name {
            self.reading.tolerate(SdpTolerance::ExtraBlanks, not_a_line())?;
        }
        match format!("{}{value}", name.trim()).parse() {
            Ok(attribute) => self.lines().attributes.push(attribute),
            Err(error) => self.reading.tolerate(SdpTolerance::JunkLine, error)?,
        }
        Ok(())
    }

    fn lines(&mut self) -> &mut Lines {
        self.sections.last_mut().map_or(&mut self.session, |(_, lines)| lines)
    }

    /// What has been read over belongs to the section of the line.
    fn take_note(&mut self) {
        let used = self.reading.take();
        let lines = self.lines();
        lines.tolerated = lines.tolerated.and(used);
    }

    fn finish(self) -> Result<SessionDescription, Error> {
        let Self { mut reading, origin, session, sections } = self;
        let complete = |(media, lines): (_, Lines)| lines.complete(media, &session, &mut reading);
        let media = sections.into_iter().map(complete).collect::<Result<Vec<_>, Error>>()?;
        let tolerated = media.iter().fold(session.tolerated, |all, it| all.and(it.tolerated));
        Ok(SessionDescription { origin, media, tolerated })
    }
}

/// Splits a text into lines, whether they end in CRLF, in LF or in CR.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split_terminator('\n');
    lines.flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn not_a_line() -> Error {
    Error::of_text(DESCRIPTION, ErrorKind::Malformed).with_expected("x=value")
}

/// The address of a `c=` line, without the suffixes of a multicast address. An
/// example of RFC 8873 has `IP6` twice.
fn address(value: &str) -> Option<Box<str>> {
    let address = fields(value)?.skip(2).find(|field| !matches!(*field, "IP4" | "IP6"))?;
    let address = field(address.split('/').next().unwrap_or_default());
    (!address.is_empty()).then_some(address)
}
