//! A media section for MSRP, taken apart: what one side of a session says.

use thiserror::Error;

use super::chatroom::Chatroom;
use super::digits;
use super::file::{FileAttributeError, FileAttributes};
use super::fingerprint::{Fingerprint, FingerprintError};
use super::setup::Setup;
use super::text::{Attribute, MediaDescription};
use msrp::Direction;
use msrp::MediaTypes;
use msrp::ParseOptions;
use msrp::uri::{Host, Path, PathRef, UriError, UriRef};
use msrp::wire::MediaTypeError;

/// Why a media section cannot be read as one for MSRP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MediaError {
    /// Other media than `message`, or another protocol than `TCP/MSRP` and
    /// `TCP/TLS/MSRP`. Answer with [`refuse`](super::refuse).
    #[error("the media section is not for MSRP")]
    NotMsrp,
    /// Its port is 0: refused in an answer, ended in an offer.
    #[error("the media section is closed: its port is 0")]
    Closed,
    /// An attribute that has to be there is not (RFC 4975 sections 8.2 and 8.6).
    #[error("the attribute {0} is missing")]
    Missing(&'static str),
    /// An attribute is there twice, so that its readers could differ.
    #[error("the attribute {0} is there twice")]
    Repeated(&'static str),
    /// The path is none.
    #[error("path: {0}")]
    Path(#[from] UriError),
    /// A URI of the path has no port (RFC 4975 section 8.2).
    #[error("every URI of the path needs a port")]
    NoPort,
    /// The last URI of the path names no session (RFC 4975 section 6).
    #[error("the last URI of the path needs a session-id")]
    NoSessionId,
    /// `accept-types` or `accept-wrapped-types` is no list of media types.
    #[error("accepted types: {0}")]
    Types(#[from] MediaTypeError),
    /// `max-size` is no number.
    #[error("max-size is a number of octets")]
    MaxSize,
    /// A fingerprint that cannot be read, so that nobody could be known by it.
    #[error("fingerprint: {0}")]
    Fingerprint(#[from] FingerprintError),
    /// The file, its transfer or its range is not clear.
    #[error(transparent)]
    File(#[from] FileAttributeError),
}

/// What one side of a session says in its media section: the attributes of
/// RFC 4975 section 8 and of its extensions, as values.
///
/// Read leniently: any order, blanks where there should be none, unknown
/// attributes, `a=connection` (which RFC 6135 section 4.4 ignores), `TCP/MRSP`
/// for `TCP/MSRP`, any formats, fingerprints of unknown hash functions beside a
/// known one. Written strictly.
///
/// The `c=` and `m=` lines do not tell where to connect (RFC 4975 section 8.1):
/// the path does. They count in CEMA alone ([`Local::cema`](super::Local::cema)).
///
/// ```
/// use msrp_sdp::{MediaDescription, MsrpMedia, Setup};
///
/// let section = MediaDescription::parse(
///     "m=message 7654 TCP/MSRP *\r\nc=IN IP4 192.0.2.1\r\na=setup:actpass\r\n\
///      a=accept-types:text/plain\r\na=path:msrp://192.0.2.1:7654/jshA7weztas;tcp\r\n",
/// )?;
/// let media = MsrpMedia::read(&section)?;
/// assert_eq!(media.path().last().port(), Some(7654));
/// assert_eq!(media.setup(), Some(Setup::Actpass));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MsrpMedia {
    pub(super) path: Path,
    pub(super) types: MediaTypes,
    pub(super) max_size: Option<u64>,
    pub(super) direction: Direction,
    pub(super) setup: Option<Setup>,
    pub(super) cema: bool,
    pub(super) fingerprints: Vec<Fingerprint>,
    pub(super) chatroom: Option<Chatroom>,
    pub(super) file: Option<FileAttributes>,
    /// Of the `c=` and `m=` lines. A data channel has none of its own.
    pub(super) address: Option<Box<str>>,
    pub(super) port: u16,
}

impl MsrpMedia {
    /// Reads a section.
    ///
    /// # Errors
    ///
    /// [`MediaError`]; a section that cannot be read is answered with
    /// [`refuse`](super::refuse).
    pub fn read(section: &MediaDescription) -> Result<Self, MediaError> {
        let protocols = ["TCP/MSRP", "TCP/TLS/MSRP", "TCP/MRSP", "TCP/TLS/MRSP"];
        let is_msrp = protocols.iter().any(|it| it.eq_ignore_ascii_case(section.protocol()));
        if !is_msrp || section.media() != "message" {
            return Err(MediaError::NotMsrp);
        }
        if section.is_closed() {
            return Err(MediaError::Closed);
        }
        let attributes: Vec<_> = section.parts().collect();
        let mut media = Self::from_parts(&attributes)?;
        if one(&attributes, "accept-types")?.is_none() {
            return Err(MediaError::Missing("accept-types"));
        }
        media.address = section.address().map(Into::into);
        media.port = section.port();
        Ok(media)
    }

    /// Reads attributes alone, each a name and what is behind its colon. Without
    /// `accept-types`, which a data channel may leave out (RFC 8873 section 4.4),
    /// every type is taken.
    pub(super) fn from_parts(attributes: &[Parts<'_>]) -> Result<Self, MediaError> {
        let path = one(attributes, "path")?.ok_or(MediaError::Missing("path"))?;
        let chatroom = one(attributes, "chatroom")?;
        Ok(Self {
            path: read_path(path)?,
            types: read_types(attributes)?,
            max_size: one(attributes, "max-size")?.map(read_max_size).transpose()?,
            direction: read_direction(attributes)?,
            setup: one(attributes, "setup")?.and_then(Setup::from_name),
            cema: one(attributes, "msrp-cema")?.is_some(),
            fingerprints: read_fingerprints(attributes)?,
            chatroom: chatroom.map(|value| value.parse().unwrap_or_default()),
            file: FileAttributes::read(attributes.iter().copied())?,
            address: None,
            port: 0,
        })
    }

    /// The section, for a description: with the address and port of this side's
    /// URI (RFC 4975 section 8.1).
    #[must_use]
    pub fn description(&self) -> MediaDescription {
        let place = if self.cema { self.path.first() } else { self.path.last() };
        let protocol = if place.is_secure() { "TCP/TLS/MSRP" } else { "TCP/MSRP" };
        let section = MediaDescription::new("message", self.port, protocol, "*");
        let section = match &self.address {
            Some(address) => section.with_address(address),
            None => section,
        };
        section.with_attributes(self.attributes())
    }

    /// The attributes alone: of a data channel, to be wrapped in `dcsa`, or for a
    /// SIP stack that writes the lines itself.
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

    /// The way to the side that says this: relays first, its own URI last.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }

    /// The media types it takes.
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

    /// The most octets of a message that it takes.
    #[must_use]
    pub const fn max_size(&self) -> Option<u64> {
        self.max_size
    }

    /// Which way messages go, as it sees it.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Which side connects. `None` is the model of RFC 4975: the offerer does.
    #[must_use]
    pub const fn setup(&self) -> Option<Setup> {
        self.setup
    }

    /// Whether it has the attribute `msrp-cema` (RFC 6714).
    #[must_use]
    pub const fn has_cema(&self) -> bool {
        self.cema
    }

    /// Fingerprints of its certificates; none where it is known by name.
    #[must_use]
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// What it does of chat rooms (RFC 7701); `None` where it does nothing of it.
    #[must_use]
    pub const fn chatroom(&self) -> Option<&Chatroom> {
        self.chatroom.as_ref()
    }

    /// The file that it is about (RFC 5547).
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

    /// Whether its end of the session is under TLS, or DTLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.path.last().is_secure()
    }

    /// Whether it is reached through relays of its own.
    #[must_use]
    pub fn is_relayed(&self) -> bool {
        self.path.len() > 1
    }

    /// The names in its `c=` line and path, to be looked up before it is answered
    /// ([`Local::cema`](super::Local::cema)) or taken for an answer
    /// ([`Offer::with_addresses`](super::Offer::with_addresses)). The same one can
    /// be there more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let hosts = self.path.iter().map(UriRef::host);
        let hosts = self.address().map(Host::from).into_iter().chain(hosts);
        hosts.filter_map(|host| if let Host::Name(name) = host { Some(name) } else { None })
    }
}

/// The name of an attribute, and what is behind its colon.
pub(super) type Parts<'a> = (&'a str, Option<&'a str>);

/// The value of the one attribute of a name; empty where it has none.
fn one<'a>(attributes: &[Parts<'a>], name: &'static str) -> Result<Option<&'a str>, MediaError> {
    let mut values = all(attributes, name);
    let value = values.next();
    if values.next().is_some() { Err(MediaError::Repeated(name)) } else { Ok(value) }
}

fn all<'a>(attributes: &[Parts<'a>], name: &str) -> impl Iterator<Item = &'a str> {
    let named = attributes.iter().filter(move |(it, _)| *it == name);
    named.map(|(_, value)| value.unwrap_or_default().trim())
}

fn read_path(value: &str) -> Result<Path, MediaError> {
    let value = words(value);
    let path = PathRef::parse(&value, ParseOptions::default().path_uris)?;
    if path.iter().any(|uri| uri.port().is_none()) {
        Err(MediaError::NoPort)
    } else if path.last().session_id().is_none() {
        Err(MediaError::NoSessionId)
    } else {
        Ok(path.to_path())
    }
}

/// The words of a list with one space between two, whatever is there.
fn words(list: &str) -> String {
    list.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same for media types, whose parameters some set off with a blank.
fn media_types(list: &str) -> String {
    words(list).replace("; ", ";").replace(" ;", ";")
}

fn read_types(attributes: &[Parts<'_>]) -> Result<MediaTypes, MediaError> {
    let types = match one(attributes, "accept-types")? {
        Some("") => return Err(MediaError::Missing("accept-types")),
        Some(list) => MediaTypes::new(&media_types(list))?,
        None => MediaTypes::any(),
    };
    match one(attributes, "accept-wrapped-types")? {
        Some(list) => Ok(types.wrapped(&media_types(list))?),
        None => Ok(types),
    }
}

/// Numbers of more than 64 bits are no limit that a message could reach.
fn read_max_size(value: &str) -> Result<u64, MediaError> {
    digits::saturating(value).ok_or(MediaError::MaxSize)
}

fn read_direction(attributes: &[Parts<'_>]) -> Result<Direction, MediaError> {
    let mut named = attributes.iter().filter_map(|(name, _)| name.parse::<Direction>().ok());
    let direction = named.next().unwrap_or_default();
    let is_clear = named.all(|other| other == direction);
    if is_clear { Ok(direction) } else { Err(MediaError::Repeated("sendrecv")) }
}

/// The fingerprints of hash functions that may be used. Where there are others
/// alone, nobody can be known by them, which is not as if there were none.
fn read_fingerprints(attributes: &[Parts<'_>]) -> Result<Vec<Fingerprint>, MediaError> {
    let mut known = Vec::new();
    let mut unusable = None;
    for text in all(attributes, "fingerprint") {
        match text.parse() {
            Ok(fingerprint) => known.push(fingerprint),
            Err(FingerprintError::Function) => unusable = Some(FingerprintError::Function),
            Err(error) => return Err(error.into()),
        }
    }
    match unusable {
        Some(error) if known.is_empty() => Err(error.into()),
        _ => Ok(known),
    }
}
