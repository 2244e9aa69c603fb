//! One MSRP session over a data channel, and whether it is in order.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;

use thiserror::Error;

use super::{Dcmap, Dcsa, Reliability, Setup, StreamId};
use crate::limits::ParseOptions;
use crate::tolerance::{Tolerance, Tolerances};
use crate::uri::{MsrpUri, Path, PathError, PathRef, Scheme, UriRef};

/// The subprotocol of a `dcmap` (RFC 8873 section 3.1).
const MSRP: &str = "msrp";

/// The transport of a URI whose session is on a data channel (section 4.1).
const DC: &str = "dc";

const PATH: &str = "path";
const SETUP: &str = "setup";
const MSRP_CEMA: &str = "msrp-cema";

/// The attributes that may be in a `dcsa` of an MSRP channel (section 9.3).
const DEFINED: [&str; 16] = [
    PATH,
    SETUP,
    MSRP_CEMA,
    "accept-types",
    "accept-wrapped-types",
    "max-size",
    "sendonly",
    "recvonly",
    "inactive",
    "sendrecv",
    "file-selector",
    "file-transfer-id",
    "file-disposition",
    "file-date",
    "file-icon",
    "file-range",
];

/// Why a data channel is none for an MSRP session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DataChannelError {
    /// An attribute that has to be there is missing (RFC 8873 section 4.4).
    #[error("a dcsa with the attribute {0} is missing")]
    Missing(&'static str),
    /// Something is there twice, so that its readers could differ.
    #[error("{0} is there twice for one stream")]
    Repeated(&'static str),
    /// The channel may lose messages (section 3.1).
    #[error("leave max-retr and max-time out of the dcmap: MSRP needs a reliable channel")]
    Unreliable,
    /// The channel may change the order of messages (section 3.1).
    #[error("leave ordered=false out of the dcmap: MSRP needs its messages in order")]
    Unordered,
    /// The path cannot be read.
    #[error("the path of the session: {0}")]
    Path(#[from] PathError),
    /// A URI for a data channel has another scheme than `msrps` (section 4.2).
    #[error("the URI of a data channel has the scheme msrps")]
    Scheme,
    /// The URI of this side is for another transport (section 4.1).
    #[error("the URI of a data channel ends with ;dc")]
    Transport,
    /// The value of `setup` is none.
    #[error("setup is one of active, passive, actpass and holdconn")]
    Setup,
    /// An attribute that may not be in a `dcsa` of an MSRP channel, or one that
    /// is written already.
    #[error("this attribute has no place in the dcsa lines of an MSRP channel, or has it already")]
    Attribute,
}

/// An MSRP session over a data channel, as one side describes it.
///
/// Its `Display` is the lines of the section, each with its CRLF:
///
/// ```
/// use msrp::sdp::{DataChannel, Setup, StreamId};
///
/// let stream = StreamId::new(2).unwrap();
/// let local = "msrps://192.0.2.7:54111/si438dsaodes;dc".parse()?;
/// let chat = DataChannel::new(stream, "chat", &local, Setup::Actpass)?
///     .with_attribute("accept-types", Some("message/cpim text/plain"))?;
/// assert_eq!(
///     chat.to_string(),
///     "a=dcmap:2 label=\"chat\";subprotocol=\"msrp\"\r\n\
///      a=dcsa:2 msrp-cema\r\n\
///      a=dcsa:2 setup:actpass\r\n\
///      a=dcsa:2 path:msrps://192.0.2.7:54111/si438dsaodes;dc\r\n\
///      a=dcsa:2 accept-types:message/cpim text/plain\r\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataChannel {
    map: Dcmap,
    attributes: Vec<Dcsa>,
    /// Whether the stream had another `dcmap` as well.
    is_repeated: bool,
}

/// What an MSRP channel that is in order says of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelSession {
    /// The path of the side that has described it. Where it does not end with
    /// `;dc`, a gateway stands between, which passes on the path of an endpoint
    /// with another transport (RFC 8873 section 6).
    pub path: Path,
    /// Who opens the session.
    pub setup: Setup,
    /// The tolerances that were needed.
    pub tolerated: Tolerances,
}

impl DataChannel {
    /// This side's description of a session: what has to be there and no more.
    /// The path is the one URI, since no relays may be asked for (RFC 8873
    /// section 6).
    ///
    /// # Errors
    ///
    /// [`DataChannelError::Scheme`] and [`DataChannelError::Transport`] where
    /// `local` is not of the form `msrps://...;dc`.
    pub fn new(
        stream: StreamId,
        label: &str,
        local: &MsrpUri,
        setup: Setup,
    ) -> Result<Self, DataChannelError> {
        if !is_for_data_channel(local.view()) {
            return Err(DataChannelError::Transport);
        }
        if local.scheme() != Scheme::Msrps {
            return Err(DataChannelError::Scheme);
        }
        let map = Dcmap::new(stream).with_label(label).with_subprotocol(MSRP);
        Self::read(map)
            .with_attribute(MSRP_CEMA, None)?
            .with_attribute(SETUP, Some(setup.as_str()))?
            .with_attribute(PATH, Some(local.as_str()))
    }

    /// Adds an attribute as it would stand in an `m=message` section: one of
    /// `accept-types`, `accept-wrapped-types`, `max-size`, a direction, or those
    /// of a file (RFC 8873 section 4.4).
    ///
    /// # Errors
    ///
    /// [`DataChannelError::Attribute`] for any other, for one that is there
    /// already, and for a value that would end the line.
    pub fn with_attribute(
        mut self,
        name: &str,
        value: Option<&str>,
    ) -> Result<Self, DataChannelError> {
        let attribute = Dcsa::new(self.stream(), name, value);
        match attribute {
            Ok(attribute) if is_defined(name) && self.values(name).next().is_none() => {
                self.attributes.push(attribute);
                Ok(self)
            }
            _ => Err(DataChannelError::Attribute),
        }
    }

    /// The channel itself.
    #[must_use]
    pub const fn map(&self) -> &Dcmap {
        &self.map
    }

    /// The stream of the channel.
    #[must_use]
    pub const fn stream(&self) -> StreamId {
        self.map.stream()
    }

    /// The attributes of the session, as they would stand in an `m=message`
    /// section: names, and what is behind their colons.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.attributes.iter().map(|it| (it.name(), it.value()))
    }

    /// Whether the session is in order (RFC 8873 sections 3.1 and 4.2 to 4.5):
    /// the channel reliable and ordered, with `path`, `setup` and `msrp-cema`,
    /// and the scheme of a URI for data channels `msrps`.
    ///
    /// [`Tolerance::BareIpv6Address`] is the one that can be needed.
    ///
    /// # Errors
    ///
    /// [`DataChannelError`]: what is missing or wrong. Such a channel is not
    /// opened; in an answer its lines are left out.
    pub fn check(&self, tolerances: Tolerances) -> Result<ChannelSession, DataChannelError> {
        if self.is_repeated {
            return Err(DataChannelError::Repeated("dcmap"));
        }
        if self.map.reliability() != Reliability::Reliable {
            return Err(DataChannelError::Unreliable);
        }
        if !self.map.is_ordered() {
            return Err(DataChannelError::Unordered);
        }
        if self.values(MSRP_CEMA).next().is_none() {
            return Err(DataChannelError::Missing(MSRP_CEMA));
        }
        let setup = self.one(SETUP)?.parse()?;
        let (path, tolerated) = path(self.one(PATH)?, tolerances)?;
        if path.iter().any(|uri| is_for_data_channel(uri) && uri.scheme() != Scheme::Msrps) {
            return Err(DataChannelError::Scheme);
        }
        Ok(ChannelSession { path, setup, tolerated })
    }

    /// A channel of which the attributes are still to come.
    pub(super) const fn read(map: Dcmap) -> Self {
        Self { map, attributes: Vec::new(), is_repeated: false }
    }

    pub(super) fn mark_repeated(&mut self) {
        self.is_repeated = true;
    }

    /// Takes an attribute that the peer has written, if it has a meaning.
    pub(super) fn add(&mut self, attribute: Dcsa) {
        if is_defined(attribute.name()) {
            self.attributes.push(attribute);
        }
    }

    pub(super) fn is_msrp(&self) -> bool {
        self.map.subprotocol().is_some_and(|it| it.eq_ignore_ascii_case(MSRP))
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Option<&'a str>> {
        let named = self.attributes.iter().filter(|it| it.name().eq_ignore_ascii_case(name));
        named.map(Dcsa::value)
    }

    /// The value of an attribute that has to be there, once.
    fn one(&self, name: &'static str) -> Result<&str, DataChannelError> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value.unwrap_or_default()),
            (None, _) => Err(DataChannelError::Missing(name)),
            (Some(_), Some(_)) => Err(DataChannelError::Repeated(name)),
        }
    }
}

impl fmt::Display for DataChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a=dcmap:{}\r\n", self.map)?;
        self.attributes.iter().try_for_each(|attribute| write!(f, "a=dcsa:{attribute}\r\n"))
    }
}

fn is_defined(name: &str) -> bool {
    DEFINED.iter().any(|defined| defined.eq_ignore_ascii_case(name))
}

fn is_for_data_channel(uri: UriRef<'_>) -> bool {
    uri.transport().eq_ignore_ascii_case(DC)
}

/// The path, and what had to be tolerated to read it.
fn path(text: &str, tolerances: Tolerances) -> Result<(Path, Tolerances), PathError> {
    let text = text.trim_matches([' ', '\t']);
    let max_uris = ParseOptions::default().path_uris;
    let error = match PathRef::parse(text, max_uris) {
        Ok(path) => return Ok((path.into(), Tolerances::none())),
        Err(error) => error,
    };
    if !tolerances.contains(Tolerance::BareIpv6Address) {
        return Err(error);
    }
    let uris: Vec<Cow<'_, str>> = text.split(' ').map(with_brackets).collect();
    let text = uris.join(" ");
    let path = PathRef::parse(&text, max_uris).map_err(|_| error)?;
    Ok((path.into(), Tolerances::none().with(Tolerance::BareIpv6Address)))
}

/// `msrps://2001:db8::3:54111/s;dc` with the address in brackets. What is behind
/// the last colon is the port, which such a path cannot be without (RFC 4975
/// section 6).
fn with_brackets(uri: &str) -> Cow<'_, str> {
    let bracketed = || {
        let (scheme, rest) = uri.split_once("://")?;
        let (authority, behind) = rest.split_at(rest.find(['/', ';'])?);
        let (host, port) = authority.rsplit_once(':')?;
        let address: Ipv6Addr = host.parse().ok()?;
        Some(format!("{scheme}://[{address}]:{port}{behind}"))
    };
    bracketed().map_or(Cow::Borrowed(uri), Cow::Owned)
}
