//! The lines of one section, and what it inherits from the session.

use super::{Attribute, DESCRIPTION, MAX_ATTRIBUTES, MediaDescription};
use crate::aside::Aside;
use crate::tolerance::{Reading, SdpTolerance, Tolerated};
use crate::{Error, ErrorKind};

/// Attributes of the session that each of its media sections inherits unless it has
/// one of its own. The last four are values of one property.
const INHERITED: [&[&str]; 3] =
    [&[FINGERPRINT], &["setup"], &["sendrecv", "sendonly", "recvonly", "inactive"]];
const FINGERPRINT: &str = "fingerprint";

/// The lines below an `m=` line, or before the first one.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) address: Option<Box<str>>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) tolerated: Tolerated,
}

impl Lines {
    /// The section with these lines, and with what it inherits from the session.
    pub(super) fn complete(
        self,
        mut media: MediaDescription,
        session: &Self,
        reading: &mut Reading,
    ) -> Result<MediaDescription, Error> {
        media.address = self.address.or_else(|| session.address.clone());
        media.attributes = self.attributes;
        inherit(&mut media, &session.attributes);
        if is_ours(&media) && media.attributes.len() > MAX_ATTRIBUTES {
            let error = too_many(MAX_ATTRIBUTES, "attributes in a media section");
            reading.tolerate(SdpTolerance::MalformedSection, error.clone())?;
            media.fault = Aside(Some(Box::new(error)));
            media.attributes.clear();
        }
        media.tolerated = self.tolerated.and(reading.take());
        Ok(media)
    }
}

fn inherit(media: &mut MediaDescription, session: &[Attribute]) {
    let is_plain = is_plain(media.protocol());
    for names in INHERITED.iter().filter(|names| !(is_plain && names.contains(&FINGERPRINT))) {
        let is_named = |attribute: &&Attribute| is_among(attribute.name(), names);
        if media.attributes.iter().find(is_named).is_none() {
            media.attributes.extend(session.iter().filter(is_named).cloned());
        }
    }
}

/// Whether this is MSRP without TLS, which has no certificates.
fn is_plain(protocol: &str) -> bool {
    is_among(protocol, &["TCP/MSRP", "TCP/MRSP"])
}

/// Whether this is a section for MSRP, or for data channels that may carry it.
pub(super) fn is_ours(media: &MediaDescription) -> bool {
    is_among(media.media(), &["message", "application"])
}

/// In any letter case.
fn is_among(text: &str, texts: &[&str]) -> bool {
    texts.iter().any(|it| it.eq_ignore_ascii_case(text))
}

pub(super) fn too_many(limit: usize, part: &'static str) -> Error {
    Error::of_text(DESCRIPTION, ErrorKind::TooMany { limit }).with_part(part)
}
