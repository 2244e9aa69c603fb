//! The values of attributes, as they occur once, several times or not at all.

use std::borrow::Cow;

use msrp::wire::ValueError;
use msrp::{Direction, MediaTypes};

use crate::fingerprint::Fingerprint;
use crate::path::single_spaced;
use crate::setup::Setup;
use crate::tolerance::{Reading, SdpTolerance};
use crate::{Error, ErrorKind, digits};

/// The name of an attribute and the text after its colon.
pub(crate) type Parts<'a> = (&'a str, Option<&'a str>);

/// The attributes of a session, whose names some write in another letter case.
const NAMES: [&str; 18] = [
    "path",
    "setup",
    "msrp-cema",
    "fingerprint",
    "chatroom",
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

pub(super) fn in_lower_case<'a>(
    attributes: &[Parts<'a>],
    reading: &mut Reading,
) -> Result<Vec<Parts<'a>>, Error> {
    let mut lower = |(name, value): &Parts<'a>| {
        let known = NAMES.into_iter().find(|it| it.eq_ignore_ascii_case(name) && it != name);
        let Some(known) = known else { return Ok((*name, *value)) };
        let error = Error::of(known, ErrorKind::Malformed).with_part("name");
        reading.tolerate(SdpTolerance::LetterCase, error.with_expected("lower case"))?;
        Ok((known, *value))
    };
    attributes.iter().map(&mut lower).collect()
}

/// The value of the one attribute with this name; empty without a colon.
pub(super) fn one<'a>(
    attributes: &[Parts<'a>],
    name: &'static str,
    reading: &mut Reading,
) -> Result<Option<&'a str>, Error> {
    let mut values = all(attributes, name);
    let Some(value) = values.next() else { return Ok(None) };
    for other in values {
        let error = Error::of(name, ErrorKind::Duplicate);
        if other.trim() != value.trim() {
            return Err(error);
        }
        reading.tolerate(SdpTolerance::RepeatedAttribute, error)?;
    }
    Ok(Some(value))
}

/// The words of the attributes with this name.
pub(super) fn list<'a>(
    attributes: &[Parts<'a>],
    name: &'static str,
    reading: &mut Reading,
) -> Result<Option<Cow<'a, str>>, Error> {
    let mut values = all(attributes, name);
    let Some(first) = values.next() else { return Ok(None) };
    let mut lines = vec![first];
    for line in values {
        let is_known = lines.iter().any(|it| it.trim() == line.trim());
        let it = if is_known { SdpTolerance::RepeatedAttribute } else { SdpTolerance::SplitList };
        reading.tolerate(it, Error::of(name, ErrorKind::Duplicate))?;
        lines.extend((!is_known).then_some(line));
    }
    Ok(Some(if lines.len() == 1 { first.into() } else { lines.join(" ").into() }))
}

fn all<'a>(attributes: &[Parts<'a>], name: &str) -> impl Iterator<Item = &'a str> {
    let named = attributes.iter().filter(move |(it, _)| *it == name);
    named.map(|(_, value)| value.unwrap_or_default())
}

pub(super) fn parse_types(
    attributes: &[Parts<'_>],
    reading: &mut Reading,
) -> Result<MediaTypes, Error> {
    const TYPES: &str = "accept-types";
    const WRAPPED: &str = "accept-wrapped-types";
    let types = match list(attributes, TYPES, reading)?.as_deref() {
        Some(list) if list.trim().is_empty() => return Err(Error::of(TYPES, ErrorKind::Missing)),
        Some(list) => MediaTypes::new(&media_types(list)).map_err(in_list(TYPES, list))?,
        None => MediaTypes::any(),
    };
    match list(attributes, WRAPPED, reading)?.as_deref() {
        Some(list) => types.wrapped(&media_types(list)).map_err(in_list(WRAPPED, list)),
        None => Ok(types),
    }
}

fn in_list(attribute: &'static str, list: &str) -> impl FnOnce(ValueError) -> Error {
    let error = Error::of(attribute, ErrorKind::Malformed).within(list, list.trim());
    move |cause| error.with_cause(cause)
}

/// A list of media types without the blanks that some write around a semicolon.
fn media_types(list: &str) -> String {
    single_spaced(list).replace("; ", ";").replace(" ;", ";")
}

/// A number beyond 64 bits is a limit that no message can reach.
pub(super) fn parse_max_size(value: &str) -> Result<u64, Error> {
    digits::saturating(value.trim()).ok_or_else(|| {
        let error = Error::of("max-size", ErrorKind::Malformed);
        error.with_expected("a number of octets").within(value, value.trim())
    })
}

pub(super) fn parse_direction(
    attributes: &[Parts<'_>],
    reading: &mut Reading,
) -> Result<Direction, Error> {
    let mut named = attributes.iter().filter_map(|(name, _)| name.parse::<Direction>().ok());
    let direction = named.next().unwrap_or_default();
    for other in named {
        let error = Error::of("sendrecv", ErrorKind::Duplicate);
        if other != direction {
            return Err(error);
        }
        reading.tolerate(SdpTolerance::RepeatedAttribute, error)?;
    }
    Ok(direction)
}

/// Other values than the known ones, such as `holdconn`, count as none.
pub(super) fn parse_setup(
    attributes: &[Parts<'_>],
    reading: &mut Reading,
) -> Result<Option<Setup>, Error> {
    let Some(value) = one(attributes, "setup", reading)?.map(str::trim) else { return Ok(None) };
    let Ok(setup) = value.to_ascii_lowercase().parse::<Setup>() else { return Ok(None) };
    if value != setup.as_str() {
        // Read as none, it would turn the roles around.
        let error = Error::of("setup", ErrorKind::Unknown).with_part("role");
        reading.tolerate(SdpTolerance::LetterCase, error)?;
    }
    Ok(Some(setup))
}

/// The fingerprints with a known hash function. If there are others alone, nothing
/// can be checked, which is not the same as nothing to check.
pub(super) fn parse_fingerprints(attributes: &[Parts<'_>]) -> Result<Vec<Fingerprint>, Error> {
    let mut known = Vec::new();
    let mut unusable = None;
    for text in all(attributes, "fingerprint") {
        match text.parse::<Fingerprint>() {
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
