//! Where in a description an error lies.

use std::ops::Range;

use msrp_sdp::data_channel::{Dcmap, Dcsa, StreamId};
use msrp_sdp::{Error, ErrorKind};

use crate::inspect::fault::Fault;

/// The lines of a description, each with its place.
pub(super) struct Lines<'a>(Vec<Line<'a>>);

struct Line<'a> {
    octets: &'a [u8],
    start: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        let mut start = 0;
        let lines = octets.chunk_by(|octet, next| !ends_line(*octet, *next)).map(|line| {
            let octets = line.trim_ascii_end();
            start += line.len();
            Line { octets, start: start - line.len() }
        });
        Self(lines.collect())
    }

    /// An error of the description as a whole.
    pub(super) fn fault(&self, error: &Error) -> Fault {
        let line = error.line().and_then(|line| self.0.get(line - 1));
        Fault::at(&error.kind(), error, line.map_or(0..self.end(), Line::range))
    }

    /// An error of the section with this index.
    pub(super) fn fault_in(&self, section: usize, error: &Error) -> Fault {
        let lines = self.section(section);
        // A section inherits attributes of the session.
        let values = lines.iter().chain(self.session());
        let values = values.filter_map(|line| line.value(error.attribute()));
        fault_among(values, lines, error)
    }

    /// An error of the session on a data channel of that section.
    pub(super) fn fault_of_channel(
        &self,
        section: usize,
        stream: StreamId,
        error: &Error,
    ) -> Fault {
        let lines = self.section(section);
        let values = lines.iter().filter_map(|line| line.value_on(stream, error.attribute()));
        fault_among(values, lines, error)
    }

    /// The error of a description without sections.
    pub(super) fn no_section(&self) -> Fault {
        Fault::of_text(&ErrorKind::Missing, "missing m= line", 0..self.end() as u64)
    }

    fn end(&self) -> usize {
        self.0.last().map_or(0, |line| line.range().end)
    }

    fn session(&self) -> &[Line<'a>] {
        let end = self.0.iter().position(Line::starts_section).unwrap_or(self.0.len());
        self.0.get(..end).unwrap_or_default()
    }

    fn section(&self, index: usize) -> &[Line<'a>] {
        let mut starts = (0..self.0.len()).filter(|at| self.0[*at].starts_section()).skip(index);
        let start = starts.next().unwrap_or(self.0.len());
        self.0.get(start..starts.next().unwrap_or(self.0.len())).unwrap_or_default()
    }
}

/// Whether a line ends between these octets: after CRLF, LF, or a CR of its own.
const fn ends_line(octet: u8, next: u8) -> bool {
    octet == b'\n' || octet == b'\r' && next != b'\n'
}

/// An error of one of these values, or else of all the lines.
fn fault_among<'a>(
    mut values: impl Iterator<Item = Value<'a>>,
    lines: &[Line<'a>],
    error: &Error,
) -> Fault {
    let octets = match (values.nth(error.occurrence()), lines) {
        (Some(value), _) => value.part(error.octets()),
        (None, [first, .., last]) => first.start..last.range().end,
        (None, lines) => lines.first().map_or(0..0, Line::range),
    };
    Fault::at(&error.kind(), error, octets)
}

impl<'a> Line<'a> {
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.octets.len()
    }

    fn starts_section(&self) -> bool {
        self.after("m").is_some()
    }

    /// What follows `kind=`.
    fn after(&self, kind: &str) -> Option<&'a [u8]> {
        let equals = self.octets.iter().position(|octet| *octet == b'=')?;
        let (mut found, value) = self.octets.split_at(equals);
        while let Some(rest) = found.strip_prefix("\u{feff}".as_bytes()) {
            found = rest;
        }
        found.trim_ascii().eq_ignore_ascii_case(kind.as_bytes()).then_some(&value[1..])
    }

    /// The value of an attribute, or of a line such as `m=`, if this is one.
    fn value(&self, name: &str) -> Option<Value<'a>> {
        let octets = match name.strip_suffix('=') {
            Some(kind) => self.after(kind)?,
            None => value_of(name, self.after("a")?)?,
        };
        Some(Value { line: self.range(), octets })
    }

    /// The value of an attribute of a data channel, or the one that names the channel.
    fn value_on(&self, stream: StreamId, name: &str) -> Option<Value<'a>> {
        let attribute = self.after("a")?;
        let octets = if name == "dcmap" {
            let value = value_of(name, attribute)?;
            let map: Dcmap = str::from_utf8(value).ok()?.parse().ok()?;
            (map.stream() == stream).then_some(value)?
        } else {
            let value = value_of("dcsa", attribute)?;
            let nested: Dcsa = str::from_utf8(value).ok()?.parse().ok()?;
            let is_it = nested.stream() == stream && nested.name().eq_ignore_ascii_case(name);
            let start = value.len() - nested.value().map_or(0, str::len);
            value.get(start..).filter(|_| is_it)?
        };
        Some(Value { line: self.range(), octets })
    }
}

/// What follows the colon of an attribute with this name.
fn value_of<'a>(name: &str, attribute: &'a [u8]) -> Option<&'a [u8]> {
    let colon = attribute.iter().position(|octet| *octet == b':').unwrap_or(attribute.len());
    let (found, value) = attribute.split_at(colon);
    let is_named = found.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
    is_named.then(|| value.strip_prefix(b":").unwrap_or(value))
}

/// The value at the end of a line.
struct Value<'a> {
    line: Range<usize>,
    octets: &'a [u8],
}

impl Value<'_> {
    /// The octets of the value that an error names, or the line.
    fn part(self, octets: Option<Range<usize>>) -> Range<usize> {
        let Some(part) = octets else { return self.line };
        let start = self.line.end - self.octets.len();
        let within = |at: usize| start + self.read_at(at);
        within(part.start)..within(part.end)
    }

    /// Where the octet is that stands at `place` of the text that was read. Each octet that is
    /// no UTF-8 became a U+FFFD there.
    fn read_at(&self, mut place: usize) -> usize {
        let mut at = 0;
        for chunk in self.octets.utf8_chunks() {
            if place <= chunk.valid().len() {
                return at + place;
            }
            at += chunk.valid().len() + chunk.invalid().len();
            place =
                place.saturating_sub(chunk.valid().len() + char::REPLACEMENT_CHARACTER.len_utf8());
        }
        self.octets.len()
    }
}

#[cfg(test)]
mod tests {
    use msrp_sdp::{MsrpMedia, SdpTolerances, SessionDescription};

    use super::Lines;

    const TEXT: &[u8] =
        b"v=0\r\na=fingerprint:sha-1 x\r\nm=audio 1 RTP/AVP 0\r\nm=message 9 TCP/TLS/MSRP *\r\n\
        a=accept-types:*\r\na=path:msrp://a:x1/s;tcp\r\n";

    /// What the octets of the error of the second section of this text say.
    fn wrong(text: &[u8]) -> String {
        let read = SessionDescription::from_octets(text, SdpTolerances::all()).unwrap();
        let error = MsrpMedia::parse(&read.media()[1]).unwrap_err();
        let octets = Lines::new(text).fault_in(1, &error).to_json()["octets"].clone();
        let at = |index: usize| octets[index].as_u64().unwrap() as usize;
        String::from_utf8_lossy(&text[at(0)..at(1)]).into_owned()
    }

    #[test]
    fn an_error_of_an_attribute_lies_in_its_value() {
        assert_eq!(wrong(TEXT), "x1");
        let text = String::from_utf8_lossy(TEXT);
        let marked = format!("\u{feff}{}", text.replacen("v=0\r\n", "", 1));
        for text in [
            text.replace("\r\n", "\r"),
            text.replace("\r\n", "\n\r"),
            marked,
            text.replace("m=", "M=").replace("a=path", " A = Path "),
        ] {
            assert_eq!(wrong(text.as_bytes()), "x1", "{text:?}");
        }
    }

    #[test]
    fn octets_that_are_no_utf_8_count_once() {
        let text = b"m=audio 1 RTP/AVP 0\r\nm=message 9 TCP/MSRP *\r\na=path:msrp://a:1/s;tcp\r\n\
            a=file-selector:name:\"\xe9t\xe9 \xc3\" size:1 size:23\r\n";
        assert_eq!(wrong(text), "23");
    }

    #[test]
    fn an_error_of_an_inherited_attribute_lies_before_the_sections() {
        let text = String::from_utf8_lossy(TEXT).replace("msrp://a:x1/s;tcp", "msrps://a:1/s;tcp");
        assert_eq!(wrong(text.as_bytes()), "x");
    }

    #[test]
    fn what_is_missing_is_missing_in_its_section() {
        let text = String::from_utf8_lossy(TEXT).replace("a=path:msrp://a:x1/s;tcp\r\n", "");
        assert_eq!(wrong(text.as_bytes()), "m=message 9 TCP/TLS/MSRP *\r\na=accept-types:*");
    }
}
