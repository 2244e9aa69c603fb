//! A text read line by line.

use std::str::FromStr;

use super::field::field;
use super::{
    Attribute, MAX_ATTRIBUTES, MAX_SDP_OCTETS, MAX_SECTIONS, MediaDescription, Origin,
    SessionDescription,
};
use crate::{Error, ErrorKind};

const DESCRIPTION: &str = "session description";

/// Attributes of the session that each of its media sections inherits unless it has
/// one of its own. The last four are values of one property.
const INHERITED: [&[&str]; 3] =
    [&["fingerprint"], &["setup"], &["sendrecv", "sendonly", "recvonly", "inactive"]];

impl FromStr for SessionDescription {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_SDP_OCTETS {
            return Err(Error::of_text(DESCRIPTION, ErrorKind::TooLong { limit: MAX_SDP_OCTETS }));
        }
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            let read = reader.line(line.trim_end_matches('\r'));
            read.map_err(|error| error.with_line(index + 1))?;
        }
        reader.finish()
    }
}

/// The first media section of a session description, or of a fragment of one.
impl FromStr for MediaDescription {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let description: SessionDescription = text.parse()?;
        let first = description.media.into_iter().next();
        first.ok_or_else(|| Error::of_line("m=", ErrorKind::Missing))
    }
}

/// The lines of a text so far.
#[derive(Default)]
struct Reader {
    origin: Option<Origin>,
    session: Lines,
    sections: Vec<(MediaDescription, Lines)>,
}

/// The lines below an `m=` line, or before the first one.
#[derive(Default)]
struct Lines {
    address: Option<Box<str>>,
    attributes: Vec<Attribute>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), Error> {
        if line.trim().is_empty() {
            return Ok(());
        }
        let (kind, value) = line.split_once('=').ok_or_else(not_a_line)?;
        match kind.trim() {
            "m" => self.section(MediaDescription::from_fields(value)?)?,
            "o" if self.sections.is_empty() => self.origin = Some(Origin::from_fields(value)?),
            "c" => {
                let lines = self.lines();
                lines.address = lines.address.take().or_else(|| address(value));
            }
            // An attribute whose name is no token cannot be meant for MSRP.
            "a" => self.lines().attributes.extend(value.parse::<Attribute>()),
            kind if kind.len() == 1 => {}
            _ => return Err(not_a_line()),
        }
        Ok(())
    }

    fn section(&mut self, media: MediaDescription) -> Result<(), Error> {
        if self.sections.len() >= MAX_SECTIONS {
            return Err(too_many(MAX_SECTIONS, "media sections"));
        }
        self.sections.push((media, Lines::default()));
        Ok(())
    }

    fn lines(&mut self) -> &mut Lines {
        self.sections.last_mut().map_or(&mut self.session, |(_, lines)| lines)
    }

    fn finish(self) -> Result<SessionDescription, Error> {
        let Self { origin, session, sections } = self;
        let media = sections.into_iter().map(|(media, lines)| lines.complete(media, &session));
        let media: Vec<MediaDescription> = media.collect();
        let is_ours = |it: &&MediaDescription| matches!(it.media(), "message" | "application");
        if media.iter().filter(is_ours).any(|it| it.attributes().len() > MAX_ATTRIBUTES) {
            return Err(too_many(MAX_ATTRIBUTES, "attributes in a media section"));
        }
        Ok(SessionDescription { origin, media })
    }
}

impl Lines {
    /// The section with these lines, and with what it inherits from the session.
    fn complete(self, mut media: MediaDescription, session: &Self) -> MediaDescription {
        media.address = self.address.or_else(|| session.address.clone());
        media.attributes = self.attributes;
        // A certificate is part of TLS alone.
        let is_plain = matches!(media.protocol(), "TCP/MSRP" | "TCP/MRSP");
        for names in INHERITED.iter().filter(|names| !(is_plain && names.contains(&"fingerprint")))
        {
            let is_named = |attribute: &&Attribute| names.contains(&attribute.name());
            if media.attributes.iter().find(is_named).is_none() {
                media.attributes.extend(session.attributes.iter().filter(is_named).cloned());
            }
        }
        media
    }
}

fn not_a_line() -> Error {
    Error::of_text(DESCRIPTION, ErrorKind::Malformed).with_expected("x=value")
}

fn too_many(limit: usize, part: &'static str) -> Error {
    Error::of_text(DESCRIPTION, ErrorKind::TooMany { limit }).with_part(part)
}

/// The address of a `c=` line, without the suffixes of a multicast address. An
/// example of RFC 8873 has `IP6` twice, so that the last field counts.
fn address(value: &str) -> Option<Box<str>> {
    let address = value.split_ascii_whitespace().skip(2).last()?;
    let address = field(address.split('/').next().unwrap_or_default());
    (!address.is_empty()).then_some(address)
}
