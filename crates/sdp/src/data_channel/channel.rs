//! One MSRP session over a data channel, and whether it is in order.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;

use thiserror::Error;

use super::super::local::is_data_channel;
use super::super::media::{MediaError, MsrpMedia};
use super::{Dcmap, Dcsa, Reliability, StreamId};
use msrp::uri::Scheme;
use msrp::{Tolerance, Tolerances};

/// The subprotocol of a `dcmap` (RFC 8873 section 3.1).
const MSRP: &str = "msrp";

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
    /// What it says of its session cannot be read.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// A URI for a data channel has another scheme than `msrps` (section 4.2).
    #[error("the URI of a data channel has the scheme msrps")]
    Scheme,
    /// The URI of this side is for another transport (section 4.1).
    #[error("the URI of a data channel ends with ;dc")]
    Transport,
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
/// use msrp::MediaTypes;
/// use msrp_sdp::{DataChannel, Local, Offer, StreamId};
///
/// let local = Local::new("msrps://192.0.2.7:54111/si438dsaodes;dc".parse()?)
///     .types(MediaTypes::new("message/cpim text/plain")?);
/// let chat = DataChannel::new(StreamId::new(2).unwrap(), "chat", Offer::new(local)?.media())?;
/// assert_eq!(
///     chat.to_string(),
///     "a=dcmap:2 label=\"chat\";subprotocol=\"msrp\"\r\n\
///      a=dcsa:2 accept-types:message/cpim text/plain\r\n\
///      a=dcsa:2 path:msrps://192.0.2.7:54111/si438dsaodes;dc\r\n\
///      a=dcsa:2 setup:actpass\r\n\
///      a=dcsa:2 msrp-cema\r\n"
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
    /// What its side says. Where the path does not end with `;dc`, a gateway
    /// stands between, which passes on the path of an endpoint with another
    /// transport (RFC 8873 section 6).
    pub media: MsrpMedia,
    /// The tolerances that were needed.
    pub tolerated: Tolerances,
}

impl DataChannel {
    /// The channel of a session that this side offers ([`Offer::media`]) or
    /// answers ([`answer`]).
    ///
    /// [`Offer::media`]: crate::Offer::media
    /// [`answer`]: crate::answer
    ///
    /// # Errors
    ///
    /// [`DataChannelError::Transport`] where the session is not for a data channel,
    /// [`DataChannelError::Attribute`] where it has what no data channel can say.
    pub fn new(stream: StreamId, label: &str, media: &MsrpMedia) -> Result<Self, DataChannelError> {
        if !is_data_channel(media.path().last()) {
            return Err(DataChannelError::Transport);
        }
        let mut channel = Self::read(Dcmap::new(stream).with_label(label).with_subprotocol(MSRP));
        for attribute in media.attributes() {
            let (name, value) = attribute.parts();
            match Dcsa::new(stream, name, value) {
                Ok(nested) if is_defined(name) => channel.attributes.push(nested),
                _ => return Err(DataChannelError::Attribute),
            }
        }
        Ok(channel)
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

    /// What it says of its session, if that is in order (RFC 8873 sections 3.1 and
    /// 4.2 to 4.5): the channel reliable and ordered, with `path`, `setup` and
    /// `msrp-cema`, and the scheme of a URI for data channels `msrps`.
    ///
    /// [`Tolerance::BareIpv6Address`] is the one that can be needed.
    ///
    /// # Errors
    ///
    /// [`DataChannelError`]: what is missing or wrong. Such a channel is not
    /// opened; in an answer its lines are left out.
    pub fn session(&self, tolerances: Tolerances) -> Result<ChannelSession, DataChannelError> {
        if self.is_repeated {
            return Err(DataChannelError::Repeated("dcmap"));
        }
        if self.map.reliability() != Reliability::Reliable {
            return Err(DataChannelError::Unreliable);
        }
        if !self.map.is_ordered() {
            return Err(DataChannelError::Unordered);
        }
        let (media, tolerated) = self.read_media(tolerances)?;
        if media.setup().is_none() {
            return Err(DataChannelError::Missing(SETUP));
        }
        if !media.has_cema() {
            return Err(DataChannelError::Missing(MSRP_CEMA));
        }
        if media.path().iter().any(|uri| is_data_channel(uri) && uri.scheme() != Scheme::Msrps) {
            return Err(DataChannelError::Scheme);
        }
        Ok(ChannelSession { media, tolerated })
    }

    /// Reads the attributes as they are, and with brackets in the path only where
    /// they cannot be read so.
    fn read_media(
        &self,
        tolerances: Tolerances,
    ) -> Result<(MsrpMedia, Tolerances), DataChannelError> {
        let attributes: Vec<_> = self.attributes().collect();
        let error = match MsrpMedia::from_parts(&attributes) {
            Ok(media) => return Ok((media, Tolerances::none())),
            Err(error) => error,
        };
        let is_path = matches!(error, MediaError::Path(_));
        if !is_path || !tolerances.contains(Tolerance::BareIpv6Address) {
            return Err(error.into());
        }
        let path = self.attributes().find(|(name, _)| *name == PATH).and_then(|(_, value)| value);
        let path = bracketed(path.unwrap_or_default());
        let patched: Vec<_> = attributes
            .into_iter()
            .map(|(name, value)| (name, if name == PATH { Some(&*path) } else { value }))
            .collect();
        let media = MsrpMedia::from_parts(&patched).map_err(|_| error)?;
        Ok((media, Tolerances::none().with(Tolerance::BareIpv6Address)))
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
}

impl fmt::Display for DataChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a=dcmap:{}\r\n", self.map)?;
        self.attributes.iter().try_for_each(|attribute| write!(f, "a=dcsa:{attribute}\r\n"))
    }
}

fn is_defined(name: &str) -> bool {
    DEFINED.iter().any(|defined| **defined == *name)
}

/// A path with the addresses of its URIs in brackets.
fn bracketed(path: &str) -> String {
    let uris: Vec<Cow<'_, str>> = path.trim().split(' ').map(with_brackets).collect();
    uris.join(" ")
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
