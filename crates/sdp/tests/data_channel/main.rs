//! MSRP over data channels: its session descriptions, and a channel that carries it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../../../tests/common/mod.rs"]
mod common;

mod link;
mod sections;
mod values;

use std::error::Error as _;
use std::fmt::{Debug, Write as _};

use msrp::MsrpUri;
use msrp::uri::{PathRef, UriError};
use msrp_sdp::ErrorKind::Malformed;
use msrp_sdp::data_channel::{DataChannel, DataChannels, StreamId};
use msrp_sdp::{Error, ErrorKind, Local, MsrpMedia, Offer, SdpTolerances};

pub(crate) const LOCAL: &str = "msrps://192.0.2.7:54111/si438dsaodes;dc";

pub(crate) fn stream(number: u16) -> StreamId {
    StreamId::new(number).unwrap()
}

pub(crate) fn uri(text: &str) -> MsrpUri {
    text.parse().unwrap()
}

pub(crate) fn local() -> Local {
    Local::new(uri(LOCAL))
}

pub(crate) fn channel(number: u16, local: Local) -> DataChannel {
    DataChannel::new(stream(number), "chat", Offer::new(local).unwrap().media()).unwrap()
}

pub(crate) fn chat(number: u16) -> DataChannel {
    channel(number, local())
}

/// The attribute lines of a text: names, and the text after their colons.
pub(crate) fn attributes(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    text.lines().filter_map(|line| line.strip_prefix("a=")).map(|attribute| {
        attribute.split_once(':').map_or((attribute, None), |(name, value)| (name, Some(value)))
    })
}

pub(crate) fn read(text: &str) -> DataChannels {
    DataChannels::parse(attributes(text)).unwrap()
}

pub(crate) fn check(text: &str) -> Result<MsrpMedia, Error> {
    read(text).channels()[0].session(SdpTolerances::none())
}

/// The lines of a valid session, some of which tests leave out.
pub(crate) const IN_ORDER: &str = "a=dcmap:0 label=\"chat\";subprotocol=\"msrp\"\r\n\
    a=dcsa:0 msrp-cema\r\n\
    a=dcsa:0 setup:active\r\n\
    a=dcsa:0 accept-types:message/cpim text/plain\r\n\
    a=dcsa:0 path:msrps://192.0.2.7:54111/si438dsaodes;dc\r\n";

pub(crate) fn without(part: &str) -> String {
    IN_ORDER.lines().filter(|line| !line.contains(part)).fold(String::new(), |mut text, line| {
        writeln!(text, "{line}\r").unwrap();
        text
    })
}

/// The attribute, the kind and the part of the value that an error names.
pub(crate) fn fault<T: Debug>(
    result: Result<T, Error>,
) -> (&'static str, ErrorKind, Option<&'static str>) {
    let error = result.unwrap_err();
    (error.attribute(), error.kind(), error.part())
}

/// What is wrong with the path of a channel's session.
pub(crate) fn path_error(result: Result<MsrpMedia, Error>) -> UriError {
    let error = result.unwrap_err();
    assert_eq!((error.attribute(), error.kind()), ("path", Malformed));
    *error.source().unwrap().downcast_ref().unwrap()
}

pub(crate) fn wrong_path(path: &str) -> UriError {
    PathRef::parse(path, 16).unwrap_err()
}
