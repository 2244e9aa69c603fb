//! Offer and answer, and the session that they agree on.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Instant;

use msrp::uri::{MsrpUri, Scheme, UriError};
use msrp::wire::ValueError;
use msrp::{
    Config, Connection, MediaTypes, OsRandom, RandomError, ReceiveMode, Role, SessionError,
    SessionTable, session_id,
};
use msrp_sdp::data_channel::{DataChannel, DataChannels, MaxMessageSize, StreamId};
use msrp_sdp::{Local, Offer, Refusal, SdpTolerances, SessionPlan};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::crypto::from_feature_flags;
use str0m::error::{IceError, SdpError};
use str0m::{Candidate, Rtc, RtcError};
use thiserror::Error;

use crate::channel::MsrpChannel;
use crate::describe::{merged, section};
use crate::peer::Peer;

/// The most octets of an outgoing channel message, even if the peer takes larger
/// ones: complete messages wait in memory for their turn.
const MOST_OCTETS: usize = 64 * 1024;

/// The most octets in the send buffer of the channel.
const CHANNEL_OCTETS: usize = 4 * MOST_OCTETS;

/// The media types that this side accepts.
const ACCEPT_TYPES: &str = "text/plain application/octet-stream";

/// Why there is no session.
#[derive(Debug, Error)]
pub enum NegotiateError {
    /// The socket cannot be opened.
    #[error("cannot open a socket")]
    Socket(#[from] io::Error),
    /// WebRTC has failed.
    #[error("WebRTC failed")]
    Rtc(#[from] RtcError),
    /// WebRTC cannot use the address of the socket.
    #[error("WebRTC cannot use the address of the socket")]
    Candidate(#[from] IceError),
    /// WebRTC cannot read the description.
    #[error("WebRTC cannot read the description")]
    Description(#[from] SdpError),
    /// The description has no MSRP session, or not the one of the offer.
    #[error("the peer's description has no MSRP session on a stream that was offered")]
    NoSession,
    /// The peer's description is invalid, or this side's session cannot be described.
    #[error(transparent)]
    Sdp(#[from] msrp_sdp::Error),
    /// The two sides do not agree.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The peer takes only messages that are too small for an MSRP chunk.
    #[error("the peer's max-message-size is too small for the head of a chunk")]
    MessageSize,
    /// The random source has failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The URI of this side is invalid.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// The list of media types is invalid.
    #[error(transparent)]
    MediaTypes(#[from] ValueError),
    /// The session cannot be opened.
    #[error(transparent)]
    Open(#[from] SessionError),
}

/// This side's part of the session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The name of the channel. An answerer uses the offerer's.
    pub label: String,
    /// Whether this side wants to open the session itself.
    pub is_active: bool,
    /// The largest message that this side wants on the channel.
    pub max_message_size: MaxMessageSize,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            label: "chat".into(),
            is_active: false,
            max_message_size: MaxMessageSize::new(MOST_OCTETS as u64),
        }
    }
}

/// The side that offers a session, until it has the answer.
#[derive(Debug)]
pub struct Offerer {
    side: Side,
    channel: ChannelId,
    pending: SdpPendingOffer,
    session: Offer,
    stream: StreamId,
    offer: String,
}

/// What both sides have: a socket with WebRTC on it.
#[derive(Debug)]
struct Side {
    socket: UdpSocket,
    address: SocketAddr,
    rtc: Rtc,
}

impl Offerer {
    /// Offers a session on stream 0, from a socket on any port of `ip`.
    ///
    /// # Errors
    ///
    /// [`NegotiateError`].
    pub fn new(ip: IpAddr, session: &Session) -> Result<Self, NegotiateError> {
        let mut side = Side::new(ip)?;
        let stream = StreamId::new(0).ok_or(NegotiateError::NoSession)?;
        let session_offer = Offer::new(side.local(session.is_active)?)?;
        let described = DataChannel::new(stream, &session.label, session_offer.media())?;
        let mut changes = side.rtc.sdp_api();
        let channel = changes.add_channel_with_config(channel_config(&described));
        let (offer, pending) = changes.apply().ok_or(NegotiateError::NoSession)?;
        let offer = merged(&offer.to_sdp_string(), session.max_message_size, &described);
        Ok(Self { side, channel, pending, session: session_offer, stream, offer })
    }

    /// The description for the peer.
    #[must_use]
    pub fn offer(&self) -> &str {
        &self.offer
    }

    /// Takes the peer's answer.
    ///
    /// # Errors
    ///
    /// [`NegotiateError`].
    pub fn accept(mut self, answer: &str) -> Result<Peer, NegotiateError> {
        let theirs = DataChannels::parse(section(answer))?;
        let channel = theirs.channel(self.stream).ok_or(NegotiateError::NoSession)?;
        let session = channel.session(SdpTolerances::all())?;
        let plan = msrp_sdp::complete(&self.session, &session)?;

        let answer = SdpAnswer::from_sdp_string(answer)?;
        self.side.rtc.sdp_api().accept_answer(self.pending, answer)?;
        let connection = connection(&plan, theirs.max_message_size())?;
        Ok(self.side.peer(MsrpChannel::new(connection, self.channel)))
    }
}

/// Answers an offer, from a socket on any port of `ip`: the session, and the
/// description for the offerer.
///
/// # Errors
///
/// [`NegotiateError`].
pub fn answer(
    ip: IpAddr,
    session: &Session,
    offer: &str,
) -> Result<(Peer, String), NegotiateError> {
    let theirs = DataChannels::parse(section(offer))?;
    let offered = theirs.channels().first().ok_or(NegotiateError::NoSession)?;
    let mut side = Side::new(ip)?;
    let local = side.local(session.is_active)?;
    let (media, plan) = msrp_sdp::answer(&offered.session(SdpTolerances::all())?, local)?;

    let label = offered.map().label().unwrap_or_default();
    let described = DataChannel::new(offered.stream(), label, &media)?;
    let answer = side.rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(offer)?)?;
    let channel = side.rtc.direct_api().create_data_channel(channel_config(&described));
    let answer = merged(&answer.to_sdp_string(), session.max_message_size, &described);
    let connection = connection(&plan, theirs.max_message_size())?;
    Ok((side.peer(MsrpChannel::new(connection, channel)), answer))
}

impl Side {
    fn new(ip: IpAddr) -> Result<Self, NegotiateError> {
        let socket = UdpSocket::bind((ip, 0))?;
        let address = socket.local_addr()?;
        let mut rtc = Rtc::builder()
            .set_crypto_provider(Arc::new(from_feature_flags()))
            .set_sctp_max_buffered_amount(CHANNEL_OCTETS)
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp")?);
        Ok(Self { socket, address, rtc })
    }

    /// A session with a URI that cannot be guessed. Its address is not used for routing
    /// (RFC 8873 section 4.4).
    fn local(&self, is_active: bool) -> Result<Local, NegotiateError> {
        let (ip, port) = (self.address.ip(), self.address.port());
        let uri = MsrpUri::builder(Scheme::Msrps, ip, port)
            .session_id(&session_id(&mut OsRandom::new()?)?)
            .transport("dc")
            .build()?;
        // An unreachable side opens the session, which is all that matters here.
        let local = if is_active { Local::unreachable(uri) } else { Local::new(uri) };
        // Pieces are not held in memory.
        Ok(local.with_types(MediaTypes::new(ACCEPT_TYPES)?).with_max_size(u64::MAX))
    }

    fn peer(self, session: MsrpChannel) -> Peer {
        Peer::new(self.socket, self.address, self.rtc, session)
    }
}

/// The channel as both descriptions define it. Nothing is negotiated in the channel.
fn channel_config(channel: &DataChannel) -> ChannelConfig {
    let map = channel.map();
    ChannelConfig {
        label: map.label().unwrap_or_default().into(),
        ordered: map.is_ordered(),
        reliability: Reliability::Reliable,
        negotiated: Some(map.stream().number()),
        protocol: map.subprotocol().unwrap_or_default().into(),
    }
}

/// The connection of one session. The active side opens the session at once, so
/// that its first SEND leaves as soon as the channel is open (RFC 8873 section 5.2).
fn connection(
    plan: &SessionPlan,
    max_message_size: MaxMessageSize,
) -> Result<Connection, NegotiateError> {
    let session = plan.session_config().receive(ReceiveMode::Pieces);
    let mut config = Config::default();
    config.framing = max_message_size.framing(MOST_OCTETS).ok_or(NegotiateError::MessageSize)?;
    // A message is as large as both sides take, not as the step on a stream.
    config.transmit_octets = MOST_OCTETS;
    config.turn_octets = MOST_OCTETS;
    config.limits.sessions = 1;
    let table = SessionTable::new(1);
    let random = OsRandom::new()?;
    let mut connection = Connection::new(Arc::new(config), plan.role(), random, Instant::now())?;
    connection = connection.with_table(table.clone());
    match plan.role() {
        Role::Active => drop(connection.open(session)?),
        Role::Passive => table.insert(session)?,
    }
    Ok(connection)
}
