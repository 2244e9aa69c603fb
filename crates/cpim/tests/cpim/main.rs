//! message/cpim, IMDN and multipart bodies: what is read, what is tolerated,
//! and what is written.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../../../tests/common/mod.rs"]
mod common;
#[cfg(feature = "xml")]
mod conference;
#[cfg(feature = "compression")]
mod content_encoding;
mod dates;
#[cfg(feature = "xml")]
mod documents;
mod exchange;
mod hostile;
mod imdn;
#[cfg(feature = "xml")]
mod imdn_xml;
mod mime;
mod multipart;
mod not_utf8;
mod places;
mod reading;
mod tolerances;
mod vectors;
mod wrapped;
mod writing;

use msrp::MediaType;
use msrp_cpim::*;

const IMDN: &str = "urn:ietf:params:imdn";

/// A message of these headers, with a body of type text/plain.
fn with(headers: &str) -> Vec<u8> {
    format!("{headers}\r\nContent-Type: text/plain\r\n\r\nHi").into_bytes()
}

fn strict(message: &[u8]) -> Result<CpimRef<'_>, ParseError> {
    CpimRef::parse_with(message, CpimTolerances::none())
}

/// The result without the place of the error.
fn kind<T>(result: Result<T, ParseError>) -> Result<T, ParseErrorKind> {
    result.map_err(|wrong| wrong.kind())
}

fn address(uri: &str) -> Address<'_> {
    Address::new(uri).unwrap()
}

fn text_plain() -> MediaType {
    MediaType::text_plain()
}

/// A body that somebody else has sent.
fn case(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../tests/cases/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
