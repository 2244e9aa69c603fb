//! Session descriptions: text, media sections, offer and answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../../../tests/common/mod.rs"]
mod common;

mod attributes;
mod cema;
mod deviating_files;
mod files;
mod later;
mod media;
mod middlebox;
mod protection;
mod roles;
mod sessions;
mod text;
mod tolerances;
mod vectors;

use std::fmt::Debug;

use msrp::{MsrpUri, Path};
use msrp_sdp::{Error, ErrorKind, Local, MediaDescription, MsrpMedia, Offer};

pub(crate) const ALICE: &str = "msrp://192.0.2.1:7654/jshA7weztas;tcp";
pub(crate) const BOB: &str = "msrp://192.0.2.7:12763/kjhd37s2s20w2a;tcp";
/// Two relays, as in the Use-Path of their clients: the nearest first.
pub(crate) const ALICES_RELAY: &str = "msrps://relay-a.example:2855/aRelay81;tcp";
pub(crate) const BOBS_RELAY: &str = "msrps://relay-b.example:2855/bRelay92;tcp";

pub(crate) fn uri(text: &str) -> MsrpUri {
    text.parse().unwrap()
}

pub(crate) fn path(text: &str) -> Path {
    text.parse().unwrap()
}

pub(crate) fn alice() -> Local {
    Local::new(uri(ALICE))
}

pub(crate) fn bob() -> Local {
    Local::new(uri(BOB))
}

pub(crate) fn offer(local: Local) -> Offer {
    Offer::new(local).unwrap()
}

/// The attribute, the kind and the part of the value that an error names.
pub(crate) fn fault<T: Debug>(
    result: Result<T, Error>,
) -> (&'static str, ErrorKind, Option<&'static str>) {
    let error = result.unwrap_err();
    (error.attribute(), error.kind(), error.part())
}

/// A description of a deployed stack.
pub(crate) fn case(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases");
    std::fs::read_to_string(format!("{folder}/{name}.sdp")).unwrap()
}

/// The first section of a text.
pub(crate) fn read_section(text: &str) -> Result<MediaDescription, Error> {
    text.parse()
}

/// A section after its way through a SIP stack as text.
pub(crate) fn carried(section: &MediaDescription) -> MsrpMedia {
    let read = read_section(&section.to_string()).unwrap();
    assert_eq!(&read, section);
    MsrpMedia::parse(&read).unwrap()
}

/// A section for MSRP with these lines after its `m=` and `c=` lines.
pub(crate) fn section(lines: &str) -> MediaDescription {
    let text = format!("m=message 7654 TCP/MSRP *\nc=IN IP4 192.0.2.1\n{lines}");
    read_section(&text).unwrap()
}

/// What such a section says.
pub(crate) fn media(lines: &str) -> MsrpMedia {
    MsrpMedia::parse(&section(lines)).unwrap()
}

/// The two attributes that every section has.
pub(crate) const NEEDED: &str = "a=accept-types:*\na=path:msrp://192.0.2.1:7654/jshA7weztas;tcp\n";
