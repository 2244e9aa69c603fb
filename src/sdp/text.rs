//! Session descriptions as text (RFC 8866), as far as MSRP is in them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The most octets of a session description that is read.
pub const MAX_SDP_OCTETS: usize = 64 * 1024;

/// The most media sections of a session description.
pub const MAX_SECTIONS: usize = 64;

/// The most attributes of a media section, and of what stands before the first.
pub const MAX_ATTRIBUTES: usize = 256;

/// Attributes of the session that count for each of its media sections that
/// says nothing of its own. The last four are one of four names.
const INHERITED: [&[&str]; 3] =
    [&["fingerprint"], &["setup"], &["sendrecv", "sendonly", "recvonly", "inactive"]];

/// Why a text is no session description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SdpError {
    /// More than [`MAX_SDP_OCTETS`].
    #[error("a session description may have at most {MAX_SDP_OCTETS} octets")]
    TooLong,
    /// A line that does not begin with a letter and an equals sign.
    #[error("line {line} is not of the form \"x=value\"")]
    Line {
        /// Which one, counted from one.
        line: usize,
    },
    /// An `m=` line without media, port, protocol and formats.
    #[error("line {line} is not of the form \"m=media port protocol formats\"")]
    Media {
        /// Which one, counted from one.
        line: usize,
    },
    /// An `o=` line without its six fields.
    #[error("line {line} is not of the form \"o=user id version IN IP4 address\"")]
    Origin {
        /// Which one, counted from one.
        line: usize,
    },
    /// No `m=` line where there has to be one.
    #[error("the text has no m= line")]
    NoMedia,
    /// More than [`MAX_SECTIONS`].
    #[error("a session description may have at most {MAX_SECTIONS} media sections")]
    TooManySections,
    /// More than [`MAX_ATTRIBUTES`].
    #[error("a media section may have at most {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes,
}

/// A session description: who made it, and its media sections.
///
/// For programs that have no SDP of their own. Kept are the `o=` line and of each
/// section the `m=` line, the address of its `c=` line and its attributes; other
/// lines are read over. What stands before the first section and counts for all
/// of them (RFC 8866 section 5.7, RFC 8122 section 5) is copied into those that
/// say nothing of it.
///
/// Lines may end in CRLF or LF; they are written with CRLF. A fragment without
/// `v=`, `o=`, `s=` and `t=` is read as well.
///
/// ```
/// use msrp::sdp::{MediaDescription, Origin, SessionDescription};
///
/// let text = "v=0\r\no=alice 1 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
///             m=message 7654 TCP/MSRP *\r\na=accept-types:text/plain\r\n";
/// let description: SessionDescription = text.parse()?;
/// assert_eq!(description.media()[0].address(), Some("192.0.2.1"));
///
/// // A description that changes nothing keeps its version (RFC 4975 section 8.4).
/// let same = description.revised(description.media().to_vec());
/// assert_eq!(same.origin().map(Origin::version), Some(7));
/// let other = description.revised(vec![description.media()[0].clone().closed()]);
/// assert_eq!(other.origin().map(Origin::version), Some(8));
/// # Ok::<(), msrp::sdp::SdpError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    origin: Option<Origin>,
    media: Vec<MediaDescription>,
}

impl SessionDescription {
    /// A session description of these sections.
    #[must_use]
    pub const fn new(origin: Origin, media: Vec<MediaDescription>) -> Self {
        Self { origin: Some(origin), media }
    }

    /// Who made it; `None` in a fragment.
    #[must_use]
    pub const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Its media sections, of whatever media.
    #[must_use]
    pub fn media(&self) -> &[MediaDescription] {
        &self.media
    }

    /// The next description of the same session. Its version is one higher, or
    /// the same where nothing has changed (RFC 4975 section 8.4).
    #[must_use]
    pub fn revised(&self, media: Vec<MediaDescription>) -> Self {
        let mut origin = self.origin.clone();
        if media != self.media
            && let Some(origin) = &mut origin
        {
            origin.version = origin.version.saturating_add(1);
        }
        Self { origin, media }
    }
}

impl FromStr for SessionDescription {
    type Err = SdpError;

    fn from_str(text: &str) -> Result<Self, SdpError> {
        if text.len() > MAX_SDP_OCTETS {
            return Err(SdpError::TooLong);
        }
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            reader.line(index + 1, line.trim_end_matches('\r'))?;
        }
        Ok(reader.finish())
    }
}

impl fmt::Display for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "v=0\r\n{origin}\r\ns=-\r\nt=0 0\r\n")?;
        }
        self.media.iter().try_for_each(|section| section.fmt(f))
    }
}

/// What has been read of a text.
#[derive(Default)]
struct Reader {
    origin: Option<Origin>,
    session: Section,
    sections: Vec<(MediaDescription, Section)>,
}

/// What lines below an `m=` line, or before the first, have said.
#[derive(Default)]
struct Section {
    address: Option<Box<str>>,
    attributes: Vec<Attribute>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), SdpError> {
        if line.trim().is_empty() {
            return Ok(());
        }
        let error = SdpError::Line { line: number };
        let (kind, value) = line.split_once('=').ok_or(error)?;
        match kind.trim() {
            "m" => {
                let media = MediaDescription::from_line(value);
                let media = media.ok_or(SdpError::Media { line: number })?;
                if self.sections.len() >= MAX_SECTIONS {
                    return Err(SdpError::TooManySections);
                }
                self.sections.push((media, Section::default()));
            }
            "o" if self.sections.is_empty() => {
                let origin = Origin::from_line(value).ok_or(SdpError::Origin { line: number })?;
                self.origin = Some(origin);
            }
            "c" => {
                let section = self.section();
                section.address = section.address.take().or_else(|| address_of(value));
            }
            "a" => {
                let section = self.section();
                if section.attributes.len() >= MAX_ATTRIBUTES {
                    return Err(SdpError::TooManyAttributes);
                }
                section.attributes.extend(Attribute::from_line(value));
            }
            kind if kind.len() == 1 => {}
            _ => return Err(error),
        }
        Ok(())
    }

    fn section(&mut self) -> &mut Section {
        self.sections.last_mut().map_or(&mut self.session, |(_, section)| section)
    }

    fn finish(self) -> SessionDescription {
        let Self { origin, session, sections } = self;
        let media = sections.into_iter().map(|(media, section)| media.filled(section, &session));
        SessionDescription { origin, media: media.collect() }
    }
}

/// The address of a `c=` line, without what a multicast address has behind it.
/// `IP6` is there twice in an example of RFC 8873, so that the last field counts.
fn address_of(value: &str) -> Option<Box<str>> {
    let address = value.split_ascii_whitespace().skip(2).last()?;
    let address = field(address.split('/').next().unwrap_or_default());
    (!address.is_empty()).then_some(address)
}

/// The `o=` line: who made a session description, and which one it is
/// (RFC 8866 section 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    user: Box<str>,
    id: u64,
    version: u64,
    address: Box<str>,
}

impl Origin {
    /// The origin of a new session. `id` has to be another one for each session
    /// that this user describes at this address; `user` is `-` where there is none
    /// to name. Blanks and controls are left out of both texts.
    #[must_use]
    pub fn new(user: &str, id: u64, address: &str) -> Self {
        let user = field(user);
        let user = if user.is_empty() { "-".into() } else { user };
        Self { user, id, version: 1, address: field(address) }
    }

    fn from_line(value: &str) -> Option<Self> {
        let mut fields = value.split_ascii_whitespace();
        let user = fields.next()?;
        let (id, version) = (number(fields.next()?)?, number(fields.next()?)?);
        let read = Self { version, ..Self::new(user, id, fields.nth(2)?) };
        (!read.address.is_empty()).then_some(read)
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The number of the session.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The number of this description of it.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, id, version, address } = self;
        write!(f, "o={user} {id} {version} IN {} {address}", address_type(address))
    }
}

/// Digits of any number: RFC 8866 has no limit, and those that are too large for
/// 64 bits all count as the largest.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// One media section: the fields of its `m=` line, the address of its `c=` line
/// and its attributes.
///
/// The common ground of this module and the SDP of a SIP stack: a stack with a
/// parser of its own makes one of what it has read, with what stands at session
/// level, and takes one apart to write it. Without one,
/// [`MediaDescription::parse`] reads it, and `Display` writes its lines.
///
/// ```
/// use msrp::sdp::MediaDescription;
///
/// let section = MediaDescription::new("message", 7654, "TCP/MSRP", "*")
///     .with_address("192.0.2.1")
///     .with_attribute("accept-types", Some("text/plain"))
///     .with_attribute("path", Some("msrp://192.0.2.1:7654/jshA7weztas;tcp"));
/// assert!(section.to_string().starts_with("m=message 7654 TCP/MSRP *\r\nc=IN IP4 192.0.2.1\r\n"));
/// assert_eq!(MediaDescription::parse(&section.to_string())?, section);
/// # Ok::<(), msrp::sdp::SdpError>(())
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
    fn from_line(value: &str) -> Option<Self> {
        let mut fields = value.split_ascii_whitespace();
        let (media, port, protocol) = (fields.next()?, fields.next()?, fields.next()?);
        let port = number(port.split('/').next()?)?.try_into().ok()?;
        let formats: Vec<_> = fields.collect();
        let read = Self::new(media, port, protocol, &formats.join(" "));
        let has_all = [&read.media, &read.protocol, &read.formats].iter().all(|it| !it.is_empty());
        has_all.then_some(read)
    }

    /// The section with the lines below it, and with what the session says.
    fn filled(mut self, section: Section, session: &Section) -> Self {
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

fn address_type(address: &str) -> &'static str {
    if address.contains(':') { "IP6" } else { "IP4" }
}

/// A text without what would end a field or a line.
fn field(text: &str) -> Box<str> {
    text.chars().filter(|letter| !letter.is_control() && !letter.is_whitespace()).collect()
}

/// One attribute: `name` or `name:value`.
///
/// Names are compared letter for letter, as SDP has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    name: Box<str>,
    value: Option<Box<str>>,
}

impl Attribute {
    /// An attribute. What a name cannot have (anything but the characters of a
    /// token), what would end the line of a value, and blanks at its end are left
    /// out, so that it reads as it was written and no attribute becomes two.
    #[must_use]
    pub fn new(name: &str, value: Option<&str>) -> Self {
        let name = name.chars().filter(|letter| is_token(*letter)).collect();
        let is_sendable = |letter: &char| !matches!(letter, '\0' | '\r' | '\n');
        let sendable = |value: &str| value.chars().filter(is_sendable).collect::<String>();
        Self { name, value: value.map(|value| sendable(value).trim_end().into()) }
    }

    /// What stands behind `a=`. `None` where the name is none: without what is
    /// wrong with it, it could be the name of another attribute.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let (name, value) = match line.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (line.trim_end(), None),
        };
        let is_name = !name.is_empty() && name.chars().all(is_token);
        is_name.then(|| Self::new(name, value))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands behind the colon; `None` where there is none.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// Both, as the readers of this module take them.
    #[must_use]
    pub fn parts(&self) -> (&str, Option<&str>) {
        (self.name(), self.value())
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}:{value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// `token-char` of RFC 8866 section 9.
fn is_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`{|}~".contains(letter)
}
