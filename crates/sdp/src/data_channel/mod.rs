//! MSRP over WebRTC data channels, in session descriptions (RFC 8873 section 4).
//!
//! All data channels between two peers share one `m=application` section. Its
//! `a=dcmap` lines say which channels there are. Its `a=dcsa` lines have what would be
//! the attributes of an `m=message` section: each MSRP session is read and made as any
//! other, with a URI of transport `dc`.

mod channel;
mod dcmap;
mod dcsa;
mod sctp;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::str::FromStr;

pub use self::channel::DataChannel;
pub use self::dcmap::{Dcmap, Reliability, StreamId};
pub use self::dcsa::Dcsa;
pub use self::sctp::MaxMessageSize;
use self::sctp::sctp_port;
use crate::Error;
use crate::media::{Parts, all, in_lower_case, one};
use crate::tolerance::{Reading, SdpTolerance, SdpTolerances, Tolerated};

const SCTP_PORT: &str = "sctp-port";
const MAX_MESSAGE_SIZE: &str = "max-message-size";
const DCMAP: &str = "dcmap";
const DCSA: &str = "dcsa";

/// The attributes of a section that are about its channels.
const NAMES: [&str; 4] = [SCTP_PORT, MAX_MESSAGE_SIZE, DCMAP, DCSA];

/// The MSRP sessions of an `m=application ... UDP/DTLS/SCTP webrtc-datachannel`
/// section, and what it says about the association that carries them.
///
/// ```
/// use msrp_sdp::SdpTolerances;
/// use msrp_sdp::data_channel::DataChannels;
///
/// let attributes = [
///     ("sctp-port", Some("5000")),
///     ("max-message-size", Some("100000")),
///     ("dcmap", Some("0 label=\"chat\";subprotocol=\"msrp\"")),
///     ("dcsa", Some("0 msrp-cema")),
///     ("dcsa", Some("0 setup:active")),
///     ("dcsa", Some("0 accept-types:text/plain")),
///     ("dcsa", Some("0 path:msrps://192.0.2.7:54111/si438dsaodes;dc")),
/// ];
/// let channels = DataChannels::parse(attributes)?;
/// assert_eq!(channels.max_message_size().octets(), Some(100_000));
///
/// let chat = &channels.channels()[0];
/// assert_eq!(chat.map().label(), Some("chat"));
/// assert!(chat.attributes().any(|it| it == ("accept-types", Some("text/plain"))));
/// let session = chat.session(SdpTolerances::none())?;
/// assert_eq!(session.path().as_str(), "msrps://192.0.2.7:54111/si438dsaodes;dc");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Closing a session
///
/// A session is closed by closing its channel. The next offer leaves out its
/// `dcmap` and `dcsa` lines ([`DataChannels::remove`]). The port of the section stays,
/// since the other channels need it (RFC 8873 section 4.6).
/// [`DataChannels::closed_by`] says which sessions the peer's offer closes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataChannels {
    sctp_port: Option<u16>,
    max_message_size: MaxMessageSize,
    /// In the order of their streams.
    channels: Vec<DataChannel>,
    tolerated: Tolerated,
}

impl DataChannels {
    /// Reads the attributes of the section, each a name and the text after its colon,
    /// in any order, with every tolerance.
    ///
    /// Ignores attributes with other names, channels with other subprotocols, and `dcsa`
    /// lines with an attribute that RFC 8873 does not define (section 4.4). `dcmap` and
    /// `dcsa` lines that cannot be read say nothing ([`SdpTolerance::JunkLine`]).
    /// [`DataChannel::session`] says whether a session is valid. What is kept is never
    /// longer than the input.
    ///
    /// # Errors
    ///
    /// [`Error`] if the port or the message size is malformed, or occurs with another value
    /// as well: nothing could be sent to such a peer.
    pub fn parse<'a>(
        attributes: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<Self, Error> {
        Self::parse_with(attributes, SdpTolerances::all())
    }

    /// Reads the attributes of the section with these tolerances.
    ///
    /// # Errors
    ///
    /// [`Error`], as with [`parse`](Self::parse).
    pub fn parse_with<'a>(
        attributes: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
        tolerances: SdpTolerances,
    ) -> Result<Self, Error> {
        let attributes: Vec<Parts<'a>> = attributes.into_iter().collect();
        let reading = &mut Reading::new(tolerances);
        let attributes = &*in_lower_case(&attributes, NAMES, reading)?;
        let sctp_port = one(attributes, SCTP_PORT, reading, |text, _| sctp_port(text).map(Some))?;
        let max_message_size =
            one(attributes, MAX_MESSAGE_SIZE, reading, |text, _| text.parse().map(Some))?;
        Ok(Self {
            sctp_port,
            max_message_size: max_message_size.unwrap_or_default(),
            channels: channels(attributes, reading)?,
            tolerated: reading.take(),
        })
    }

    /// The deviations from the RFCs that were read over, but for those in what a channel
    /// says of its [`session`](DataChannel::session).
    #[must_use]
    pub const fn tolerated(&self) -> SdpTolerances {
        self.tolerated.0
    }

    /// The port of the SCTP association within DTLS, which is not that of the `m=`
    /// line. It has no default: without it the section is invalid (RFC 8841 section
    /// 5.1).
    #[must_use]
    pub const fn sctp_port(&self) -> Option<u16> {
        self.sctp_port
    }

    /// The most octets of an SCTP message that the author of the section accepts.
    #[must_use]
    pub const fn max_message_size(&self) -> MaxMessageSize {
        self.max_message_size
    }

    /// The channels of MSRP sessions, in the order of their streams.
    #[must_use]
    pub fn channels(&self) -> &[DataChannel] {
        &self.channels
    }

    /// The MSRP session on a stream.
    #[must_use]
    pub fn channel(&self, stream: StreamId) -> Option<&DataChannel> {
        let place = self.channels.binary_search_by_key(&stream, DataChannel::stream).ok()?;
        self.channels.get(place)
    }

    /// Adds a session, or replaces the one on its stream: a later offer may change the
    /// attributes of a session (RFC 8873 section 4.4).
    pub fn insert(&mut self, channel: DataChannel) {
        let stream = channel.stream();
        match self.channels.binary_search_by_key(&stream, DataChannel::stream) {
            Ok(place) => self.channels.splice(place..=place, [channel]).for_each(drop),
            Err(place) => self.channels.insert(place, channel),
        }
    }

    /// Removes the session of a closed channel. Returns whether it was there.
    pub fn remove(&mut self, stream: StreamId) -> bool {
        let before = self.channels.len();
        self.channels.retain(|channel| channel.stream() != stream);
        self.channels.len() < before
    }

    /// The streams whose sessions are missing in `next`, the author's next offer or
    /// answer: close their channels.
    pub fn closed_by<'a>(&'a self, next: &'a Self) -> impl Iterator<Item = StreamId> + 'a {
        let streams = self.channels.iter().map(DataChannel::stream);
        streams.filter(|stream| next.channel(*stream).is_none())
    }
}

/// The channels for MSRP, in the order of their streams.
fn channels(attributes: &[Parts<'_>], reading: &mut Reading) -> Result<Vec<DataChannel>, Error> {
    let mut channels: BTreeMap<StreamId, DataChannel> = BTreeMap::new();
    for map in readable::<Dcmap>(attributes, DCMAP, reading)? {
        match channels.entry(map.stream()) {
            // Of two lines for one stream, neither can be trusted.
            Entry::Occupied(mut channel) => channel.get_mut().mark_duplicate(),
            Entry::Vacant(place) => _ = place.insert(DataChannel::of(map)),
        }
    }
    for nested in readable::<Dcsa>(attributes, DCSA, reading)? {
        if let Some(channel) = channels.get_mut(&nested.stream()) {
            channel.add(nested);
        }
    }
    Ok(channels.into_values().filter(DataChannel::is_msrp).collect())
}

/// The values of the attributes with this name that can be read.
fn readable<T: FromStr<Err = Error>>(
    attributes: &[Parts<'_>],
    name: &'static str,
    reading: &mut Reading,
) -> Result<Vec<T>, Error> {
    let mut read = Vec::new();
    for (index, text) in all(attributes, name).enumerate() {
        match text.parse::<T>() {
            Ok(value) => read.push(value),
            Err(error) => reading.tolerate(SdpTolerance::JunkLine, error.of_occurrence(index))?,
        }
    }
    Ok(read)
}
