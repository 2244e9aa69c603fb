//! The values of attributes, as they occur once, several times or not at all.

use std::collections::HashSet;

use msrp::Direction;

use crate::fingerprint::Fingerprint;
use crate::setup::Setup;
use crate::token::{has_extra_blanks, is_blank};
use crate::tolerance::{Reading, SdpTolerance};
use crate::{Error, ErrorKind, digits};

/// The name of an attribute and the text after its colon.
pub(crate) type Parts<'a> = (&'a str, Option<&'a str>);

/// The attributes of a session that a data channel may have as well (RFC 8873 section 9.3).
pub(crate) const SESSION_ATTRIBUTES: [&str; 16] = [
    "path",
    "setup",
    "msrp-cema",
    "accept-types",
    "accept-wrapped-types",
    "max-size",
    "sendonly",
    "recvonly",
    "inactive",
    "sendrecv",
    "file-selector",
    "file-transfer-id",
    "file-disposition",
    "file-date",
    "file-icon",
    "file-range",
];

/// Those that a section has besides.
pub(super) const SECTION_ATTRIBUTES: [&str; 2] = ["fingerprint", "chatroom"];

/// The attributes, with these names in lower case. Takes note of capital letters in them,
/// and of extra blanks in their values.
pub(crate) fn in_lower_case<'a>(
    attributes: &[Parts<'a>],
    names: impl IntoIterator<Item = &'static str> + Clone,
    reading: &mut Reading,
) -> Result<Vec<Parts<'a>>, Error> {
    let mut lower = |(name, value): &Parts<'a>| {
        let mut names = names.clone().into_iter();
        let Some(known) = names.find(|it| it.eq_ignore_ascii_case(name)) else {
            return Ok((*name, *value));
        };
        if known != *name {
            let error = Error::of(known, ErrorKind::Malformed).with_part("name");
            reading.tolerate(SdpTolerance::LetterCase, error.with_expected("lower case"))?;
        }
        if value.is_some_and(is_loose) {
            let error = Error::of(known, ErrorKind::Malformed).with_part("blank");
            reading.tolerate(SdpTolerance::ExtraBlanks, error)?;
        }
        Ok((known, *value))
    };
    attributes.iter().map(&mut lower).collect()
}

/// Whether a value has extra blanks outside of its quotes.
fn is_loose(value: &str) -> bool {
    let outside: Vec<_> = value.split('"').step_by(2).collect();
    has_extra_blanks(&outside.join("\""))
}

/// The value of the one attribute with this name, as `read` understands its text, which is
/// empty without a colon. A text that counts as none contradicts no other.
pub(crate) fn one<'a, T: PartialEq>(
    attributes: &[Parts<'a>],
    name: &'static str,
    reading: &mut Reading,
    read: impl Fn(&'a str, &mut Reading) -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let mut found = None;
    for (index, text) in all(attributes, name).enumerate() {
        let value = read(text, reading).map_err(|error| error.of_occurrence(index))?;
        let Some(value) = value else { continue };
        let error = Error::of(name, ErrorKind::Duplicate).of_occurrence(index);
        match &found {
            None => found = Some(value),
            Some(earlier) if *earlier == value => {
                reading.tolerate(SdpTolerance::RepeatedAttribute, error)?;
            }
            Some(_) => return Err(error),
        }
    }
    Ok(found)
}

/// The entries of the attributes with this name, as `read` understands a line. Each occurs
/// once, in any letter case.
pub(super) fn list<'a>(
    attributes: &[Parts<'a>],
    name: &'static str,
    reading: &mut Reading,
    read: impl Fn(&'a str, &mut Reading) -> Result<Vec<String>, Error>,
) -> Result<Option<Vec<String>>, Error> {
    let mut seen = HashSet::new();
    let mut lists = Vec::new();
    for (index, line) in all(attributes, name).enumerate() {
        let entries = read(line, reading).map_err(|error| error.of_occurrence(index));
        let mut entries = entries?;
        entries.retain(|entry| seen.insert(entry.to_ascii_lowercase()));
        if !lists.is_empty() {
            let is_known = entries.is_empty();
            let it =
                if is_known { SdpTolerance::RepeatedAttribute } else { SdpTolerance::SplitList };
            let error = Error::of(name, ErrorKind::Duplicate).of_occurrence(index);
            reading.tolerate(it, error)?;
        }
        lists.push(entries);
    }
    Ok((!lists.is_empty()).then(|| lists.concat()))
}

/// The texts of the attributes with this name.
pub(crate) fn all<'a>(attributes: &[Parts<'a>], name: &str) -> impl Iterator<Item = &'a str> {
    let named = attributes.iter().filter(move |(it, _)| *it == name);
    named.map(|(_, value)| value.unwrap_or_default())
}

/// A number beyond 64 bits is a limit that no message can reach, and no number is none.
pub(super) fn parse_max_size(text: &str, reading: &mut Reading) -> Result<Option<u64>, Error> {
    let value = text.trim_matches(is_blank);
    let size = digits::saturating(value);
    if size.is_none() {
        let error = Error::of("max-size", ErrorKind::Malformed);
        let error = error.with_expected("a number of octets").within(text, value);
        reading.tolerate(SdpTolerance::UnreadableAttribute, error)?;
    }
    Ok(size)
}

pub(super) fn parse_direction(
    attributes: &[Parts<'_>],
    reading: &mut Reading,
) -> Result<Direction, Error> {
    let mut named = attributes.iter().filter_map(|(name, _)| name.parse::<Direction>().ok());
    let direction = named.next().unwrap_or_default();
    for (index, other) in named.enumerate() {
        let error = Error::of(other.as_str(), ErrorKind::Duplicate);
        if other != direction {
            return Err(error);
        }
        reading.tolerate(SdpTolerance::RepeatedAttribute, error.of_occurrence(index + 1))?;
    }
    Ok(direction)
}

/// `holdconn` counts as none (RFC 6135 section 4.2.1), and so does what cannot be read.
pub(super) fn parse_setup(text: &str, reading: &mut Reading) -> Result<Option<Setup>, Error> {
    let value = text.trim_matches(is_blank);
    let lower = value.to_ascii_lowercase();
    let setup = match lower.parse::<Setup>() {
        Ok(setup) => Some(setup),
        Err(_) if lower == "holdconn" => None,
        Err(error) => {
            let error = error.within(text, value);
            reading.tolerate(SdpTolerance::UnreadableAttribute, error)?;
            return Ok(None);
        }
    };
    if value != lower {
        // Read as none, it would turn the roles around.
        let error = Error::of("setup", ErrorKind::Unknown).with_part("role");
        reading.tolerate(SdpTolerance::LetterCase, error)?;
    }
    Ok(setup)
}

/// The fingerprints with a known hash function. If there are others alone, nothing
/// can be checked, which is not the same as nothing to check.
pub(super) fn parse_fingerprints(
    attributes: &[Parts<'_>],
    reading: &mut Reading,
) -> Result<Vec<Fingerprint>, Error> {
    let mut known = Vec::new();
    let mut unusable = None;
    for (index, text) in all(attributes, "fingerprint").enumerate() {
        match Fingerprint::read(text, reading).map_err(|error| error.of_occurrence(index)) {
            Ok(fingerprint) => known.push(fingerprint),
            Err(error) if error.kind() == ErrorKind::Unknown => unusable = Some(error),
            Err(error) => return Err(error),
        }
    }
    match unusable {
        Some(error) if known.is_empty() => Err(error),
        Some(_) | None => Ok(known),
    }
}
