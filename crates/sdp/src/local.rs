//! What this side brings to a session.

use thiserror::Error;

use super::cema::{Addresses, DISCARD};
use super::chatroom::Chatroom;
use super::file::FileAttributes;
use super::fingerprint::Fingerprint;
use super::media::MsrpMedia;
use super::plan::SessionPlan;
use super::setup::Setup;
use msrp::MediaTypes;
#[cfg(feature = "auth")]
use msrp::RelayRoute;
use msrp::uri::{MsrpUri, Path, UriRef};
use msrp::{Direction, Role};

/// What this side brings to a session: its URI, how it can be reached, and what
/// it takes. The same value makes an [`Offer`](super::Offer) or goes into an
/// [`answer`](super::answer), and again into later ones of the same session.
///
/// The URI is of this session alone, and hard to guess (RFC 4975 sections 8.2 and
/// 14.1): [`session_id`](msrp::session_id) makes its last part. A
/// [`SessionTable`](msrp::SessionTable) refuses one that is taken.
///
/// ```
/// use msrp::MediaTypes;
/// use msrp_sdp::Local;
///
/// let local = Local::new("msrp://192.0.2.1:7654/jshA7weztas;tcp".parse()?)
///     .types(MediaTypes::new("message/cpim text/plain")?)
///     .max_size(1 << 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Local {
    pub(super) uri: MsrpUri,
    /// The Use-Path of this side's relays, the nearest first.
    pub(super) relays: Option<Path>,
    is_reachable: bool,
    pub(super) types: MediaTypes,
    pub(super) max_size: Option<u64>,
    direction: Direction,
    pub(super) file: Option<FilePart>,
    fingerprints: Vec<Fingerprint>,
    pub(super) cema: Option<Addresses>,
    chatroom: Option<Chatroom>,
    /// The session that there is, in a later exchange.
    pub(super) earlier: Option<Box<SessionPlan>>,
}

/// This side's part in the transfer of a file.
#[derive(Clone, Debug)]
pub(super) enum FilePart {
    Send(FileAttributes),
    Ask(FileAttributes),
    Accept,
}

/// Why this side's part cannot be described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LocalError {
    /// A URI without a port (RFC 4975 section 8.2).
    #[error("every URI of the path needs a port")]
    NoPort,
    /// No media type that it takes (RFC 4975 section 8.6).
    #[error("name a media type that this side takes")]
    NoTypes,
    /// A URI that names no session (RFC 4975 section 6).
    #[error("the URI needs a session-id")]
    NoSessionId,
    /// A URI of a WebSocket, which nobody can connect to but through a relay
    /// (RFC 7977 section 5.1).
    #[error("a WebSocket is reached through a relay: give the Use-Path that it has given")]
    NoRelay,
    /// A URI of a data channel is always `msrps` (RFC 8873 section 4.2).
    #[error("the URI of a data channel begins with msrps")]
    NotSecure,
    /// The end of a data channel has no relays (RFC 8873 section 6).
    #[error("a data channel has no relays")]
    RelayedDataChannel,
    /// An offer of a file says its type, its size or a hash, and one that asks for a
    /// file says anything of it (RFC 5547 section 8.2).
    #[error("the file selector does not say enough to offer or ask for a file")]
    FileNotDescribed,
    /// A file in an offer has an id of its transfer (RFC 5547 section 8.1).
    #[error("give the file a file-transfer-id")]
    NoTransferId,
}

impl Local {
    /// A side that can be connected to at the address and port of its URI, or
    /// one end of a data channel, where the transport of the URI is `dc`.
    pub fn new(uri: MsrpUri) -> Self {
        Self {
            uri,
            relays: None,
            is_reachable: true,
            types: MediaTypes::any(),
            max_size: None,
            direction: Direction::default(),
            file: None,
            fingerprints: Vec::new(),
            cema: None,
            chatroom: None,
            earlier: None,
        }
    }

    /// A side that nobody can connect to, behind a NAT most often: it connects
    /// itself, or there is no session (RFC 6135 section 4.2.2).
    pub fn unreachable(uri: MsrpUri) -> Self {
        Self { is_reachable: false, ..Self::new(uri) }
    }

    /// A side that is reached through relays of its own, and always connects to
    /// the first of them (RFC 6135 section 4.5).
    #[cfg(feature = "auth")]
    pub fn relayed(route: &RelayRoute) -> Self {
        Self::through(route.local().clone(), route.use_path().clone())
    }

    /// The same, given the Use-Path of the relays: the nearest to this side first.
    pub fn through(uri: MsrpUri, use_path: Path) -> Self {
        Self { relays: Some(use_path), ..Self::new(uri) }
    }

    /// The same side in another session. What is sent again after a failure needs
    /// new URIs (RFC 4975 section 5.4); with relays, a new route.
    pub fn with_uri(mut self, uri: MsrpUri) -> Self {
        self.uri = uri;
        self
    }

    /// The same side in a later exchange about a session that there is: an offer of
    /// its own, or the answer to the peer's (RFC 4975 section 8.4). Where neither
    /// side has moved, what was agreed upon about the connection stays, whoever
    /// offers now, and so does the transfer of a file.
    pub fn continuing(mut self, plan: &SessionPlan) -> Self {
        self.earlier = Some(Box::new(plan.clone()));
        self
    }

    /// The media types it takes. Default: all. A list has what every endpoint
    /// takes in it, such as `message/cpim`, or does not say so (RFC 4975 section
    /// 8.6).
    pub fn types(mut self, types: MediaTypes) -> Self {
        self.types = types;
        self
    }

    /// The most octets of a message that it takes. Default: none is named; the
    /// session then has the limit of its
    /// [`SessionConfig`](msrp::SessionConfig::max_size).
    pub const fn max_size(mut self, octets: u64) -> Self {
        self.max_size = Some(octets);
        self
    }

    /// Sends a file, and nothing else, in this session: offers it, or answers who asks
    /// for it (RFC 5547). An answer takes the id and range of the offer.
    pub fn send_file(mut self, file: FileAttributes) -> Self {
        self.file = Some(FilePart::Send(file));
        self
    }

    /// Asks for a file, which the peer is to send in this session.
    pub fn ask_for_file(mut self, file: FileAttributes) -> Self {
        self.file = Some(FilePart::Ask(file));
        self
    }

    /// Takes the file that the peer offers. Without this an offer of a file is
    /// refused.
    pub fn accept_file(mut self) -> Self {
        self.file = Some(FilePart::Accept);
        self
    }

    /// Which way messages are to go, as this side sees it. Default: both. A file has
    /// a direction of its own.
    pub const fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Adds a fingerprint of this side's certificate, which one that is signed by
    /// nobody else needs (RFC 4975 section 14.4). There has to be one of SHA-256,
    /// and one of the hash function of the certificate's own signature, for every
    /// certificate that may be shown (RFC 8122 section 5.1).
    pub fn fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprints.push(fingerprint);
        self
    }

    /// Offers and accepts that a middlebox carries the connection (RFC 6714), and
    /// refuses where one is in the way and knows nothing of it. Compares with
    /// these addresses. Default: where to connect is in the path alone.
    ///
    /// A data channel always has the attribute of this extension (RFC 8873 section
    /// 4.4), which means nothing more there.
    pub fn cema(mut self, addresses: Addresses) -> Self {
        self.cema = Some(addresses);
        self
    }

    /// What it does of chat rooms. Default: nothing.
    pub fn chatroom(mut self, chatroom: Chatroom) -> Self {
        self.chatroom = Some(chatroom);
        self
    }

    /// The path that its peer is told: the outermost relay first.
    #[must_use]
    pub fn path(&self) -> Path {
        match &self.relays {
            Some(use_path) => use_path.reversed().with_last(self.uri.view()),
            None => self.uri.clone().into(),
        }
    }

    /// The path of requests to a peer that has told its own.
    pub(super) fn to_path(&self, peer: &Path) -> Path {
        match &self.relays {
            Some(use_path) => use_path.followed_by(peer.view()),
            None => peer.clone(),
        }
    }

    /// The session that there is, if neither side has moved.
    pub(super) fn goes_on_with(&self, peer: &MsrpMedia) -> Option<&SessionPlan> {
        let earlier = self.earlier.as_deref()?;
        let is_same = earlier.uri() == self.uri && earlier.peer().path == peer.path;
        is_same.then_some(earlier)
    }

    pub(super) const fn wanted_direction(&self) -> Direction {
        match self.file {
            None => self.direction,
            Some(FilePart::Send(_)) => Direction::SendOnly,
            Some(FilePart::Ask(_) | FilePart::Accept) => Direction::ReceiveOnly,
        }
    }

    pub(super) const fn is_relayed(&self) -> bool {
        self.relays.is_some()
    }

    /// Whether a peer, or its relay, can connect to this side or its relay.
    pub(super) const fn is_reachable(&self) -> bool {
        self.is_reachable || self.is_relayed()
    }

    pub(super) fn is_data_channel(&self) -> bool {
        is_data_channel(self.uri.view())
    }

    pub(super) fn check(&self) -> Result<(), LocalError> {
        let path = self.path();
        if path.iter().any(|uri| uri.port().is_none()) {
            Err(LocalError::NoPort)
        } else if self.uri.session_id().is_none() {
            Err(LocalError::NoSessionId)
        } else if self.uri.transport().eq_ignore_ascii_case("ws") && !self.is_relayed() {
            Err(LocalError::NoRelay)
        } else if self.types.types().next().is_none() {
            Err(LocalError::NoTypes)
        } else if self.is_data_channel() && !self.uri.is_secure() {
            Err(LocalError::NotSecure)
        } else if self.is_data_channel() && self.is_relayed() {
            Err(LocalError::RelayedDataChannel)
        } else {
            Ok(())
        }
    }

    /// What it says of itself, with or without CEMA.
    pub(super) fn media(&self, setup: Setup, cema: bool, direction: Direction) -> MsrpMedia {
        let path = self.path();
        // The lines name the endpoint (RFC 4975 section 8.1), under CEMA its relay
        // (RFC 6714 sections 4.2 and 4.3).
        let place = if cema { path.first() } else { path.last() };
        let port = if setup == Setup::Active { DISCARD } else { place.port().unwrap_or(DISCARD) };
        MsrpMedia {
            address: Some(unbracketed(place.host_str()).into()),
            port,
            path: path.clone(),
            types: self.types.clone(),
            max_size: self.max_size,
            direction,
            setup: Some(setup),
            cema: cema || self.is_data_channel(),
            fingerprints: self.fingerprints.clone(),
            chatroom: self.chatroom.clone(),
            file: None,
        }
    }

    /// The value of `a=setup` that an offer has (RFC 6135 section 4.2.2).
    pub(super) const fn offered_setup(&self) -> Setup {
        if self.is_reachable() { Setup::Actpass } else { Setup::Active }
    }
}

/// The value of `a=setup` that says which role this side has.
pub(super) const fn setup_of(role: Role) -> Setup {
    match role {
        Role::Active => Setup::Active,
        Role::Passive => Setup::Passive,
    }
}

pub(super) fn is_data_channel(uri: UriRef<'_>) -> bool {
    uri.transport().eq_ignore_ascii_case("dc")
}

/// A `c=` line has no brackets around an IPv6 address, as a URI has.
pub(super) fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
