//! One media section.

use std::fmt;

use super::attribute::Attribute;
use super::{SdpError, Section, SessionDescription, address_type, field};
use crate::digits;

/// Attributes of the session that count for each of its media sections that
/// says nothing of its own. The last four are one of four names.
const INHERITED: [&[&str]; 3] =
    [&["fingerprint"], &["setup"], &["sendrecv", "sendonly", "recvonly", "inactive"]];

/// One media section: the fields of its `m=` line, the address of its `c=` line
/// and its attributes.
///
/// The common ground of this module and the SDP of a SIP stack: a stack with a
/// parser of its own makes one of what it has read, with what stands at session
/// level, and takes one apart to write it. Without one,
/// [`MediaDescription::parse`] reads it, and `Display` writes its lines.
///
/// ```
/// use msrp_sdp::MediaDescription;
///
/// let section = MediaDescription::new("message", 7654, "TCP/MSRP", "*")
///     .with_address("192.0.2.1")
///     .with_attribute("accept-types", Some("text/plain"))
///     .with_attribute("path", Some("msrp://192.0.2.1:7654/jshA7weztas;tcp"));
/// assert!(section.to_string().starts_with("m=message 7654 TCP/MSRP *\r\nc=IN IP4 192.0.2.1\r\n"));
/// assert_eq!(MediaDescription::parse(&section.to_string())?, section);
/// # Ok::<(), msrp_sdp::SdpError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaDescription {
    media: Box<str>,
    port: u16,
    protocol: Box<str>,
    formats: Box<str>,
    address: Option<Box<str>>,
    attributes: Vec<Attribute>,
}

impl MediaDescription {
    /// A section without an address and attributes. Blanks and controls, which
    /// these fields cannot have, are left out; several formats have one space
    /// between them.
    #[must_use]
    pub fn new(media: &str, port: u16, protocol: &str, formats: &str) -> Self {
        let formats = formats.split_ascii_whitespace().map(field);
        let formats: Vec<_> = formats.filter(|format| !format.is_empty()).collect();
        Self {
            media: field(media),
            port,
            protocol: field(protocol),
            formats: formats.join(" ").into(),
            address: None,
            attributes: Vec::new(),
        }
    }

    /// The first media section of a session description, or of a fragment of one.
    ///
    /// # Errors
    ///
    /// [`SdpError`] where the text is none, or has no section.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        let description: SessionDescription = text.parse()?;
        description.media.into_iter().next().ok_or(SdpError::NoMedia)
    }

    /// The value of an `m=` line. A number of ports behind a slash is read over.
    pub(super) fn from_line(value: &str) -> Option<Self> {
        let mut fields = value.split_ascii_whitespace();
        let (media, port, protocol) = (fields.next()?, fields.next()?, fields.next()?);
        let port = digits::exact(port.split('/').next()?)?;
        let formats: Vec<_> = fields.collect();
        let read = Self::new(media, port, protocol, &formats.join(" "));
        let has_all = [&read.media, &read.protocol, &read.formats].iter().all(|it| !it.is_empty());
        has_all.then_some(read)
    }

    /// The section with the lines below it, and with what the session says.
    pub(super) fn filled(mut self, section: Section, session: &Section) -> Self {
        self.address = section.address.or_else(|| session.address.clone());
        self.attributes = section.attributes;
        for names in INHERITED {
            let is_named = |attribute: &&Attribute| names.contains(&attribute.name());
            if self.attributes.iter().find(is_named).is_none() {
                self.attributes.extend(session.attributes.iter().filter(is_named).cloned());
            }
        }
        self
    }

    /// The same with the address of its `c=` line: a name or an IP address.
    #[must_use]
    pub fn with_address(mut self, address: &str) -> Self {
        self.address = Some(field(address));
        self
    }

    /// The same with one more attribute; see [`Attribute::new`].
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: Option<&str>) -> Self {
        self.attributes.push(Attribute::new(name, value));
        self
    }

    /// The same with these attributes behind those it has.
    #[must_use]
    pub fn with_attributes(mut self, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// The same with port 0: refused in an answer, ended in an offer (RFC 3264
    /// sections 6 and 8.2).
    #[must_use]
    pub const fn closed(mut self) -> Self {
        self.port = 0;
        self
    }

    /// Whether its port is 0.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.port == 0
    }

    /// The media: `message`, or `application` for a data channel.
    #[must_use]
    pub fn media(&self) -> &str {
        &self.media
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The protocol, such as `TCP/MSRP`.
    #[must_use]
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// The formats, with one space between two.
    #[must_use]
    pub fn formats(&self) -> &str {
        &self.formats
    }

    /// The address of its `c=` line.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Its attributes, in their order.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The same as names and what is behind their colons, as the readers of this
    /// module take them.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.attributes.iter().map(Attribute::parts)
    }
}

impl fmt::Display for MediaDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { media, port, protocol, formats, .. } = self;
        write!(f, "m={media} {port} {protocol} {formats}\r\n")?;
        if let Some(address) = &self.address {
            write!(f, "c=IN {} {address}\r\n", address_type(address))?;
        }
        self.attributes.iter().try_for_each(|attribute| write!(f, "a={attribute}\r\n"))
    }
}
