//! One MSRP session over a data channel.

use std::fmt;

use msrp::uri::Scheme;

use super::{Dcmap, Dcsa, Reliability, StreamId};
use crate::media::{MsrpMedia, SESSION_ATTRIBUTES, is_data_channel};
use crate::tolerance::{Reading, SdpTolerances};
use crate::{Error, ErrorKind};

/// The subprotocol of a `dcmap` (RFC 8873 section 3.1).
const MSRP: &str = "msrp";

const DCMAP: &str = "dcmap";
const PATH: &str = "path";
const SETUP: &str = "setup";
const MSRP_CEMA: &str = "msrp-cema";

/// An MSRP session over a data channel, as one side describes it.
///
/// Its `Display` is the lines of the section, each with its CRLF:
///
/// ```
/// use msrp::MediaTypes;
/// use msrp_sdp::data_channel::{DataChannel, StreamId};
/// use msrp_sdp::{Local, Offer};
///
/// let local = Local::new("msrps://192.0.2.7:54111/si438dsaodes;dc".parse()?)
///     .with_types(MediaTypes::new("message/cpim text/plain")?);
/// let chat = DataChannel::new(StreamId::new(2).unwrap(), "chat", Offer::new(local)?.media())?;
/// assert_eq!(
///     chat.to_string(),
///     "a=dcmap:2 label=\"chat\";subprotocol=\"msrp\"\r\n\
///      a=dcsa:2 accept-types:message/cpim text/plain\r\n\
///      a=dcsa:2 max-size:1048576\r\n\
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
    /// Whether the stream has another `dcmap`.
    is_duplicate: bool,
}

impl DataChannel {
    /// The channel of a session that this side offers ([`Offer::media`]) or answers
    /// ([`answer`]).
    ///
    /// [`Offer::media`]: crate::Offer::media
    /// [`answer`]: crate::answer()
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotAllowed`] if the session is not for a data channel, or has an
    /// attribute that a data channel must not have.
    pub fn new(stream: StreamId, label: &str, media: &MsrpMedia) -> Result<Self, Error> {
        if !is_data_channel(media.path().last()) {
            return Err(not_allowed(PATH, "transport").with_expected("dc"));
        }
        let map = Dcmap::new(stream).with_label(label).with_subprotocol(MSRP);
        let mut channel = Self::of(map);
        for attribute in media.attributes() {
            let (name, value) = attribute.parts();
            match Dcsa::new(stream, name, value) {
                Ok(nested) if is_defined(name) => channel.attributes.push(nested),
                Ok(_) | Err(_) => return Err(not_allowed("dcsa", "attribute")),
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

    /// The attributes of the session, as an `m=message` section would have them: names,
    /// and the text after their colons.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.attributes.iter().map(|it| (it.name(), it.value()))
    }

    /// What the channel says of its session, if that is valid (RFC 8873 sections 3.1
    /// and 4.2 to 4.5): the channel is reliable and ordered, has `path`, `setup` and
    /// `msrp-cema`, and the URI of a data channel has the scheme `msrps`.
    ///
    /// # Errors
    ///
    /// [`Error`] says what is missing or wrong. Do not open such a channel, and leave
    /// its lines out of the answer.
    pub fn session(&self, tolerances: SdpTolerances) -> Result<MsrpMedia, Error> {
        let missing = |attribute| Error::of(attribute, ErrorKind::Missing);
        if self.is_duplicate {
            return Err(Error::of(DCMAP, ErrorKind::Duplicate).of_occurrence(1));
        }
        self.check_map()?;
        let attributes: Vec<_> = self.attributes().collect();
        let media = MsrpMedia::from_parts(&attributes, &mut Reading::new(tolerances))?;
        if media.setup().is_none() {
            return Err(missing(SETUP));
        }
        if !media.has_cema() {
            return Err(missing(MSRP_CEMA));
        }
        if media.path().iter().any(|uri| is_data_channel(uri) && uri.scheme() != Scheme::Msrps) {
            return Err(not_allowed(PATH, "scheme").with_expected("msrps on a data channel"));
        }
        Ok(media)
    }

    /// MSRP needs a channel that neither loses nor reorders messages (section 3.1).
    fn check_map(&self) -> Result<(), Error> {
        match self.map.reliability() {
            Reliability::Retransmissions(_) => Err(not_allowed(DCMAP, "max-retr")),
            Reliability::Milliseconds(_) => Err(not_allowed(DCMAP, "max-time")),
            Reliability::Reliable if !self.map.is_ordered() => {
                Err(not_allowed(DCMAP, "ordered=false"))
            }
            Reliability::Reliable => Ok(()),
        }
    }

    /// A channel without attributes so far.
    pub(super) const fn of(map: Dcmap) -> Self {
        Self { map, attributes: Vec::new(), is_duplicate: false }
    }

    pub(super) fn mark_duplicate(&mut self) {
        self.is_duplicate = true;
    }

    /// Adds an attribute that the peer has written, if RFC 8873 defines it.
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

const fn not_allowed(attribute: &'static str, part: &'static str) -> Error {
    Error::of(attribute, ErrorKind::NotAllowed).with_part(part)
}

fn is_defined(name: &str) -> bool {
    SESSION_ATTRIBUTES.iter().any(|defined| defined.eq_ignore_ascii_case(name))
}
