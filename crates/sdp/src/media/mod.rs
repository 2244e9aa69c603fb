//! What one side of a session says in its media section.

mod types;
mod values;

pub(crate) use self::values::{Parts, SESSION_ATTRIBUTES, all, in_lower_case, one};

use std::borrow::Cow;

use msrp::uri::{Host, Path, UriRef};
use msrp::{Direction, MediaTypes};

use self::values::{
    SECTION_ATTRIBUTES, list, parse_direction, parse_fingerprints, parse_max_size, parse_setup,
};
use crate::chatroom::Chatroom;
use crate::description::{Attribute, MediaDescription};
use crate::file::FileAttributes;
use crate::fingerprint::Fingerprint;
use crate::path;
use crate::protocol::Protocol;
use crate::setup::Setup;
use crate::tolerance::{Reading, SdpTolerance, SdpTolerances, Tolerated};
use crate::{Error, ErrorKind};

/// The media and the formats of RFC 4975 section 8.1.
pub(crate) const MESSAGE: &str = "message";
pub(crate) const FORMATS: &str = "*";

/// What one side of a session says in its media section: the attributes of RFC 4975
/// section 8 and of its extensions, as values.
///
/// Read leniently: in any order, with unknown attributes, with `a=connection` (which RFC
/// 6135 section 4.4 ignores), with any formats, and with fingerprints of unknown hash
/// functions beside a known one. What breaks a rule has a name in
/// [`SdpTolerance`](crate::SdpTolerance). Written strictly.
///
/// The path says where to connect, not the `c=` and `m=` lines (RFC 4975 section
/// 8.1). Only CEMA uses these ([`Local::with_cema`](crate::Local::with_cema)).
///
/// ```
/// use msrp_sdp::{MediaDescription, MsrpMedia, Setup};
///
/// let section: MediaDescription =
///     "m=message 7654 TCP/MSRP *\r\nc=IN IP4 192.0.2.1\r\na=setup:actpass\r\n\
///      a=accept-types:text/plain\r\na=path:msrp://192.0.2.1:7654/jshA7weztas;tcp\r\n"
///         .parse()?;
/// let media = MsrpMedia::parse(&section)?;
/// assert_eq!(media.path().last().port(), Some(7654));
/// assert_eq!(media.setup(), Some(Setup::Actpass));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MsrpMedia {
    /// The media and the formats of the `m=` line. An answer repeats those of its offer.
    pub(crate) name: Cow<'static, str>,
    pub(crate) formats: Cow<'static, str>,
    pub(crate) protocol: Protocol,
    pub(crate) path: Path,
    pub(crate) types: MediaTypes,
    pub(crate) max_size: Option<u64>,
    pub(crate) direction: Direction,
    pub(crate) setup: Option<Setup>,
    pub(crate) cema: bool,
    pub(crate) fingerprints: Vec<Fingerprint>,
    pub(crate) chatroom: Option<Chatroom>,
    pub(crate) file: Option<FileAttributes>,
    /// The address of the `c=` line and the port of the `m=` line. A data channel has
    /// neither.
    pub(crate) address: Option<Box<str>>,
    pub(crate) port: u16,
    pub(crate) tolerated: Tolerated,
}

impl MsrpMedia {
    /// Reads a section, with every tolerance.
    ///
    /// # Errors
    ///
    /// [`Error`]. A section that cannot be read is answered with
    /// [`refuse`](crate::refuse), unless it is [closed](ErrorKind::Closed) itself.
    pub fn parse(section: &MediaDescription) -> Result<Self, Error> {
        Self::parse_with(section, SdpTolerances::all())
    }

    /// Reads a section with these tolerances.
    ///
    /// # Errors
    ///
    /// [`Error`], as with [`parse`](Self::parse).
    pub fn parse_with(
        section: &MediaDescription,
        tolerances: SdpTolerances,
    ) -> Result<Self, Error> {
        let mut reading = Reading::new(tolerances);
        if let Some(fault) = section.fault() {
            return Err(fault.clone());
        }
        let Some(protocol) = protocol_of(section, &mut reading) else {
            return Err(Error::of_line("m=", ErrorKind::NotMsrp));
        };
        if section.is_closed() {
            return Err(Error::of_line("m=", ErrorKind::Closed));
        }
        let attributes: Vec<_> = section.parts().collect();
        let media = Self::from_parts(&attributes, &mut reading)?;
        let has_types = |(name, _): &Parts<'_>| name.eq_ignore_ascii_case("accept-types");
        if !attributes.iter().any(has_types) {
            return Err(Error::of("accept-types", ErrorKind::Missing));
        }
        Ok(Self {
            protocol,
            name: section.media().to_owned().into(),
            formats: section.formats().to_owned().into(),
            address: section.address().map(Into::into),
            port: section.port(),
            tolerated: section.tolerated.and(media.tolerated).and(reading.take()),
            ..media
        })
    }

    /// Reads attributes alone, each a name and the text after its colon. Without
    /// `accept-types`, which a data channel may leave out (RFC 8873 section 4.4),
    /// every type is accepted.
    pub(crate) fn from_parts(
        attributes: &[Parts<'_>],
        reading: &mut Reading,
    ) -> Result<Self, Error> {
        let names = SESSION_ATTRIBUTES.into_iter().chain(SECTION_ATTRIBUTES);
        let attributes = &*in_lower_case(attributes, names, reading)?;
        let path =
            one(attributes, "path", reading, |text, reading| path::parse(text, reading).map(Some))?;
        let path = path.ok_or_else(|| Error::of("path", ErrorKind::Missing))?;
        let tokens = |line: &str, _: &mut Reading| {
            Ok(line.split_ascii_whitespace().map(str::to_owned).collect())
        };
        let chatroom = list(attributes, "chatroom", reading, tokens)?;
        let direction = parse_direction(attributes, reading)?;
        let file = FileAttributes::read(attributes.iter().copied(), reading)?;
        if let Some(file) = &file {
            file.check_transfer(direction, reading)?;
        }
        Ok(Self {
            name: MESSAGE.into(),
            formats: FORMATS.into(),
            protocol: Protocol::new(path.last().is_secure()),
            path,
            types: types::parse(attributes, reading)?,
            max_size: one(attributes, "max-size", reading, parse_max_size)?,
            direction,
            setup: one(attributes, "setup", reading, parse_setup)?,
            cema: one(attributes, "msrp-cema", reading, |_, _| Ok(Some(())))?.is_some(),
            fingerprints: parse_fingerprints(attributes, reading)?,
            chatroom: chatroom.map(|tokens| tokens.join(" ").parse().unwrap_or_default()),
            file,
            address: None,
            port: 0,
            tolerated: reading.take(),
        })
    }

    /// The section to send, with the address and port of this side's URI (RFC 4975
    /// section 8.1).
    #[must_use]
    pub fn description(&self) -> MediaDescription {
        let section = MediaDescription::new(&self.name, self.port, self.protocol(), &self.formats);
        let section = match &self.address {
            Some(address) => section.with_address(address),
            None => section,
        };
        section.with_attributes(self.attributes())
    }

    /// The attributes alone, for the `dcsa` lines of a data channel or for a SIP stack
    /// that writes the lines itself.
    #[must_use]
    pub fn attributes(&self) -> Vec<Attribute> {
        let list = |types: Vec<&str>| (!types.is_empty()).then(|| types.join(" "));
        let flag = |name, is_there: bool| is_there.then(|| Attribute::new(name, None));
        let with = |name, value: &str| Some(Attribute::new(name, Some(value)));
        let max_size = self.max_size.map(|size| size.to_string());
        let fingerprints = self.fingerprints.iter().map(ToString::to_string);
        let fingerprints = fingerprints.map(|text| with("fingerprint", &text));
        let chatroom = self.chatroom.as_ref();
        let single = [
            flag(self.direction.as_str(), self.direction != Direction::SendReceive),
            list(self.types.types().collect()).and_then(|text| with("accept-types", &text)),
            list(self.types.wrapped_types().collect())
                .and_then(|text| with("accept-wrapped-types", &text)),
            max_size.and_then(|text| with("max-size", &text)),
            with("path", self.path.as_str()),
            self.setup.and_then(|setup| with("setup", setup.as_str())),
            flag("msrp-cema", self.cema),
            chatroom.map(|room| Attribute::new("chatroom", room.value().as_deref())),
        ];
        let file = self.file.iter().flat_map(FileAttributes::attributes);
        let file = file.map(|(name, value)| Attribute::new(name, value.as_deref()));
        single.into_iter().chain(fingerprints).flatten().chain(file).collect()
    }

    /// The path to this side: its relays first, its own URI last.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }

    /// The media types that it accepts.
    #[must_use]
    pub const fn types(&self) -> &MediaTypes {
        &self.types
    }

    /// Whether it names `message/cpim` first: it wants every message wrapped in
    /// that (RFC 4975 section 13).
    #[must_use]
    pub fn prefers_cpim(&self) -> bool {
        self.types.types().next().is_some_and(|first| first.eq_ignore_ascii_case("message/cpim"))
    }

    /// The most octets of a message that it accepts.
    #[must_use]
    pub const fn max_size(&self) -> Option<u64> {
        self.max_size
    }

    /// Which way messages flow, from its point of view.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Which side connects. `None` means that the offerer does, as in RFC 4975.
    #[must_use]
    pub const fn setup(&self) -> Option<Setup> {
        self.setup
    }

    /// Whether it has the attribute `msrp-cema` (RFC 6714).
    #[must_use]
    pub const fn has_cema(&self) -> bool {
        self.cema
    }

    /// The fingerprints of its certificates; empty if its name identifies it.
    #[must_use]
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// Which parts of RFC 7701 it supports.
    #[must_use]
    pub const fn chatroom(&self) -> Option<&Chatroom> {
        self.chatroom.as_ref()
    }

    /// The file of the section (RFC 5547).
    #[must_use]
    pub const fn file(&self) -> Option<&FileAttributes> {
        self.file.as_ref()
    }

    /// The address of its `c=` line, as it was written.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// The port of its `m=` line.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The protocol of its `m=` line, as it was written. An answer repeats that of its
    /// offer.
    #[must_use]
    pub fn protocol(&self) -> &str {
        self.protocol.as_str()
    }

    /// The same with this media and these formats.
    pub(crate) fn of_media(self, name: &str, formats: &str) -> Self {
        Self { name: name.to_owned().into(), formats: formats.to_owned().into(), ..self }
    }

    /// Whether its `m=` line asks for TLS; of a data channel, which has DTLS, whether
    /// its URI is an `msrps` one.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.protocol.is_secure()
    }

    /// The deviations from the RFCs that were read over.
    #[must_use]
    pub const fn tolerated(&self) -> SdpTolerances {
        self.tolerated.0
    }

    /// Whether the `m=` line, the path and the fingerprints agree about TLS. Where there
    /// is any, the connection to the first URI must have it, so that nobody takes it
    /// away by changing one of them. Behind a relay with TLS the `m=` line may be that
    /// of a plain endpoint, or repeat that of a plain offer.
    pub(crate) fn is_consistent(&self) -> bool {
        let is_secure = self.path.first().is_secure();
        let wants_tls = self.is_secure() || self.path.iter().any(UriRef::is_secure);
        let is_covered = self.is_secure() || self.is_relayed() && is_secure;
        if wants_tls { is_secure && is_covered } else { self.fingerprints.is_empty() }
    }

    /// Whether it is reached through relays of its own.
    #[must_use]
    pub fn is_relayed(&self) -> bool {
        self.path.len() > 1
    }

    /// The host names in its `c=` line and path, to be looked up before
    /// [`answer`](crate::answer) ([`Local::with_cema`](crate::Local::with_cema)) or
    /// [`complete`](crate::complete)
    /// ([`Offer::with_addresses`](crate::Offer::with_addresses)). May repeat a name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let hosts = self.path.iter().map(UriRef::host);
        let hosts = self.address().map(Host::from).into_iter().chain(hosts);
        hosts.filter_map(|host| if let Host::Name(name) = host { Some(name) } else { None })
    }
}

/// Whether a URI is the end of a data channel (RFC 8873 section 4.2).
pub(crate) fn is_data_channel(uri: UriRef<'_>) -> bool {
    uri.transport().eq_ignore_ascii_case("dc")
}

/// The protocol of a section for MSRP.
fn protocol_of(section: &MediaDescription, reading: &mut Reading) -> Option<Protocol> {
    let media = section.media();
    let is_message = media == "message"
        || media.eq_ignore_ascii_case("message") && reading.tolerates(SdpTolerance::LetterCase);
    Protocol::read(section.protocol(), reading).filter(|_| is_message)
}
