//! The media types of a section (RFC 4975 section 8.6).

use msrp::MediaTypes;
use msrp::wire::ValueError;

use super::values::{Parts, all, list};
use crate::path::single_spaced;
use crate::token::is_blank;
use crate::tolerance::{Reading, SdpTolerance};
use crate::{Error, ErrorKind};

const TYPES: &str = "accept-types";
const WRAPPED: &str = "accept-wrapped-types";

/// The types of `a=accept-types` and `a=accept-wrapped-types`. Without the first, every
/// type is accepted.
pub(super) fn parse(attributes: &[Parts<'_>], reading: &mut Reading) -> Result<MediaTypes, Error> {
    let types = match list(attributes, TYPES, reading, |line, it| entries(TYPES, line, it))? {
        Some(entries) if entries.is_empty() => return Err(no_type(attributes)),
        Some(entries) => MediaTypes::new(&entries.join(" ")).map_err(malformed(TYPES))?,
        None => MediaTypes::any(),
    };
    match list(attributes, WRAPPED, reading, |line, it| entries(WRAPPED, line, it))? {
        Some(entries) => types.wrapped(&entries.join(" ")).map_err(malformed(WRAPPED)),
        None => Ok(types),
    }
}

/// The media types of a line that can be read.
fn entries(
    attribute: &'static str,
    line: &str,
    reading: &mut Reading,
) -> Result<Vec<String>, Error> {
    let types = |list: &str| {
        let types = MediaTypes::new(list)?;
        Ok(types.types().map(str::to_owned).collect::<Vec<_>>())
    };
    let spaced = single_spaced(line);
    // Without the blanks that some write around a semicolon.
    let list = spaced.replace("; ", ";").replace(" ;", ";");
    let cause = match types(&list) {
        Ok(types) if list == spaced => return Ok(types),
        Ok(types) => {
            let error = Error::of(attribute, ErrorKind::Malformed).with_part("blank");
            return reading.tolerate(SdpTolerance::ExtraBlanks, error).map(|()| types);
        }
        Err(cause) => cause,
    };
    let error = malformed(attribute)(cause).within(line, line.trim_matches(is_blank));
    reading.tolerate(SdpTolerance::UnreadableType, error)?;
    let entries = list.split([' ', ',']).map(|entry| match types(entry) {
        Ok(types) => types,
        Err(_) => separated(entry).iter().filter_map(|entry| types(entry).ok()).flatten().collect(),
    });
    Ok(entries.flatten().collect())
}

/// The types that semicolons separate. What has an equals sign is a parameter.
fn separated(entry: &str) -> Vec<String> {
    let mut types: Vec<String> = Vec::new();
    for piece in entry.split(';') {
        match types.last_mut() {
            Some(last) if piece.contains('=') => *last += &format!(";{piece}"),
            Some(_) | None => types.push(piece.to_owned()),
        }
    }
    types
}

/// A list without any type that could be sent.
fn no_type(attributes: &[Parts<'_>]) -> Error {
    let is_empty = all(attributes, TYPES).all(|line| line.trim_matches(is_blank).is_empty());
    Error::of(TYPES, if is_empty { ErrorKind::Missing } else { ErrorKind::Malformed })
}

fn malformed(attribute: &'static str) -> impl Fn(ValueError) -> Error {
    move |cause| Error::of(attribute, ErrorKind::Malformed).with_cause(cause)
}
