//! Where in a description an error lies.

use std::ops::Range;

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
        let end = if octets.contains(&b'\n') { b'\n' } else { b'\r' };
        let lines = octets.split_inclusive(|octet| *octet == end).map(|line| {
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
        let both = lines.iter().chain(self.session());
        let mut named = both.filter_map(|line| Some((line, line.value(error.attribute())?)));
        let found = named.nth(error.occurrence());
        let octets = match (found, lines) {
            (Some((line, value)), _) => line.part(value, error.octets()),
            (None, [first, .., last]) => first.start..last.range().end,
            (None, lines) => lines.first().map_or(0..0, Line::range),
        };
        Fault::at(&error.kind(), error, octets)
    }

    /// The error of a description without sections.
    pub(super) fn no_section(&self) -> Fault {
        Fault::at(&ErrorKind::Missing, &"missing m= line", 0..self.end())
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

impl Line<'_> {
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.octets.len()
    }

    fn starts_section(&self) -> bool {
        self.after("m").is_some()
    }

    /// What follows `kind=`.
    fn after(&self, kind: &str) -> Option<&[u8]> {
        let equals = self.octets.iter().position(|octet| *octet == b'=')?;
        let (found, value) = self.octets.split_at(equals);
        (found.trim_ascii() == kind.as_bytes()).then_some(&value[1..])
    }

    /// Where the value of an attribute starts, or of a line such as `m=`, if this is one.
    fn value(&self, name: &str) -> Option<usize> {
        let value = match name.strip_suffix('=') {
            Some(kind) => self.after(kind)?,
            None => {
                let attribute = self.after("a")?;
                let colon = attribute.iter().position(|octet| *octet == b':');
                let (found, value) = attribute.split_at(colon.unwrap_or(attribute.len()));
                found.eq_ignore_ascii_case(name.as_bytes()).then_some(value)?
            }
        };
        let value = value.strip_prefix(b":").unwrap_or(value);
        Some(self.octets.len() - value.len())
    }

    /// The octets of the value that an error names, or the line.
    fn part(&self, value: usize, octets: Option<Range<usize>>) -> Range<usize> {
        let Some(octets) = octets else { return self.range() };
        let within = |at: usize| (self.start + value + at).min(self.range().end);
        within(octets.start)..within(octets.end)
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    const TEXT: &[u8] =
        b"v=0\r\na=fingerprint:sha-1 x\r\nm=audio 1 RTP/AVP 0\r\nm=message 9 TCP/TLS/MSRP *\r\n\
        a=accept-types:*\r\na=path:msrp://a b\r\n";

    /// The octets of the error of the MSRP section of this text.
    fn wrong(text: &[u8]) -> String {
        let read: msrp_sdp::SessionDescription =
            std::str::from_utf8(text).unwrap().parse().unwrap();
        let error = msrp_sdp::MsrpMedia::parse(&read.media()[1]).unwrap_err();
        let octets = Lines::new(text).fault_in(1, &error).to_json()["octets"].clone();
        let at = |index: usize| octets[index].as_u64().unwrap() as usize;
        String::from_utf8(text[at(0)..at(1)].to_vec()).unwrap()
    }

    #[test]
    fn an_error_of_an_attribute_lies_in_its_value() {
        assert!("msrp://a b".contains(&wrong(TEXT)), "{}", wrong(TEXT));
    }

    #[test]
    fn an_error_of_an_inherited_attribute_lies_before_the_sections() {
        let text = String::from_utf8_lossy(TEXT).replace("msrp://a b", "msrps://a:1/s;tcp");
        assert!("a=fingerprint:sha-1 x".contains(&wrong(text.as_bytes())));
    }

    #[test]
    fn what_is_missing_is_missing_in_its_section() {
        let text = String::from_utf8_lossy(TEXT).replace("a=path:msrp://a b\r\n", "");
        assert_eq!(wrong(text.as_bytes()), "m=message 9 TCP/TLS/MSRP *\r\na=accept-types:*");
    }
}
