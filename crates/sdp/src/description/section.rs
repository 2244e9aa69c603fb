//! One media section.

use std::fmt;

use super::Attribute;
use super::field::{address_type, field, fields};
use crate::aside::Aside;
use crate::digits;
use crate::tolerance::{Reading, SdpTolerance, SdpTolerances, Tolerated};
use crate::{Error, ErrorKind};

/// One media section: the fields of its `m=` line, the address of its `c=` line
/// and its attributes.
///
/// The common ground of this crate and the SDP of a SIP stack. A stack with a parser
/// of its own builds one from what it has read, the session level included, and takes
/// one apart to write it. Without a parser, `FromStr` reads the first section of a
/// description, and `Display` writes its lines.
///
/// ```
/// use msrp_sdp::MediaDescription;
///
/// let section = MediaDescription::new("message", 7654, "TCP/MSRP", "*")
///     .with_address("192.0.2.1")
///     .with_attribute("accept-types", Some("text/plain"))
///     .with_attribute("path", Some("msrp://192.0.2.1:7654/jshA7weztas;tcp"));
/// assert!(section.to_string().starts_with("m=message 7654 TCP/MSRP *\r\nc=IN IP4 192.0.2.1\r\n"));
/// assert_eq!(section.to_string().parse(), Ok(section));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaDescription {
    media: Box<str>,
    port: u16,
    protocol: Box<str>,
    formats: Box<str>,
    pub(super) address: Option<Box<str>>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) fault: Aside<Option<Box<Error>>>,
    pub(crate) tolerated: Tolerated,
}

impl MediaDescription {
    /// A section without an address and attributes. Blanks and control characters,
    /// which these fields cannot have, are left out; one space separates formats.
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
            fault: Aside::default(),
            tolerated: Tolerated::default(),
        }
    }

    /// Reads what follows `m=`. A number of ports after a slash is ignored.
    pub(super) fn from_fields(value: &str, reading: &mut Reading) -> Result<Self, Error> {
        if let Some(read) = Self::read(value, reading) {
            return Ok(read);
        }
        let error = Error::of_line("m=", ErrorKind::Malformed);
        let error = error.with_expected("media port protocol formats");
        reading.tolerate(SdpTolerance::MalformedSection, error.clone())?;
        Ok(Self { fault: Aside(Some(Box::new(error))), ..Self::remains(value) })
    }

    fn read(value: &str, reading: &mut Reading) -> Option<Self> {
        let mut fields = fields(value)?;
        let (media, port, protocol) = (fields.next()?, fields.next()?, fields.next()?);
        let port = digits::exact(port.split('/').next()?)?;
        let formats: Vec<_> = fields.collect();
        let mut read = Self::new(media, port, protocol, &formats.join(" "));
        if read.formats.is_empty()
            && media.eq_ignore_ascii_case("message")
            && reading.tolerates(SdpTolerance::MissingFormat)
        {
            read.formats = "*".into();
        }
        let has_all = [&read.media, &read.protocol, &read.formats].iter().all(|it| !it.is_empty());
        has_all.then_some(read)
    }

    /// What there is of an unreadable line, so that it can be refused: a section keeps its
    /// place among the others (RFC 3264 section 6).
    fn remains(value: &str) -> Self {
        let mut fields = value.split_ascii_whitespace();
        let [media, _, protocol] = [(); 3].map(|()| fields.next());
        let formats: Vec<_> = fields.collect();
        let read = Self::new(
            media.unwrap_or_default(),
            0,
            protocol.unwrap_or_default(),
            &formats.join(" "),
        );
        let or = |field: Box<str>, none: &str| if field.is_empty() { none.into() } else { field };
        Self {
            media: or(read.media, "-"),
            protocol: or(read.protocol, "-"),
            formats: or(read.formats, "*"),
            ..read
        }
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

    /// The same with these attributes after its own.
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

    /// Why the section cannot be read, although the others can. It is still to be
    /// answered, with [`refuse`](crate::refuse).
    #[must_use]
    pub fn fault(&self) -> Option<&Error> {
        self.fault.0.as_deref()
    }

    /// The deviations from the RFCs in its own lines that were read over.
    #[must_use]
    pub const fn tolerated(&self) -> SdpTolerances {
        self.tolerated.0
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

    /// The formats, separated by one space.
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

    /// The attributes as names and values, as the readers of this crate take them.
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
