//! What this side brings to a session.

#[cfg(feature = "auth")]
use msrp::RelayRoute;
use msrp::uri::{Host, MsrpUri, Path, UriRef};
use msrp::{Direction, MediaTypes, SessionConfig};

use crate::cema::Addresses;
use crate::chatroom::Chatroom;
use crate::file::FileAttributes;
use crate::fingerprint::Fingerprint;
use crate::media::{FORMATS, MESSAGE, MsrpMedia, is_data_channel};
use crate::place::{DISCARD, is_place, is_place_of};
use crate::plan::{SessionPlan, with_wrapper};
use crate::protocol::Protocol;
use crate::setup::Setup;
use crate::tolerance::{SdpTolerances, Tolerated};
use crate::{Error, ErrorKind};

/// What this side brings to a session: its URI, how it can be reached, and what it
/// accepts. The same value makes an [`Offer`](crate::Offer) or goes into an
/// [`answer`](crate::answer()), and again into later ones of the same session.
///
/// The URI belongs to this session alone and must be hard to guess (RFC 4975 sections
/// 8.2 and 14.1): [`session_id`](msrp::session_id) makes its last part. A
/// [`SessionTable`](msrp::SessionTable) refuses a URI that is taken.
///
/// Bind the socket before making the URI, so that it has the real address and port: some
/// peers connect to any URI, the discard port included, or compare it with where the
/// requests come from. A side without a listening socket says so in its `m=` line.
///
/// ```
/// use msrp::MediaTypes;
/// use msrp_sdp::Local;
///
/// let local = Local::new("msrp://192.0.2.1:7654/jshA7weztas;tcp".parse()?)
///     .with_types(MediaTypes::new("message/cpim text/plain")?)
///     .with_max_size(1 << 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Local {
    uri: MsrpUri,
    /// The Use-Path of this side's relays, the nearest first.
    relays: Option<Path>,
    is_reachable: bool,
    lines: Option<(Box<str>, u16)>,
    types: MediaTypes,
    max_size: Option<u64>,
    direction: Direction,
    file: Option<FilePart>,
    fingerprints: Vec<Fingerprint>,
    cema: Option<Addresses>,
    chatroom: Option<Chatroom>,
    tolerances: SdpTolerances,
    /// The session so far, in a later exchange.
    earlier: Option<Box<SessionPlan>>,
}

/// This side's part in the transfer of a file.
#[derive(Clone, Debug)]
pub(crate) enum FilePart {
    Send(FileAttributes),
    Ask(FileAttributes),
    Accept,
}

impl Local {
    /// A side that accepts connections at the address and port of its URI, or one end
    /// of a data channel if the transport of the URI is `dc`. Where the URI leads nowhere, as
    /// with port 9 or `0.0.0.0`, and [`lines`](Self::lines) do not lead to it either, it is
    /// [`unreachable`](Self::unreachable).
    pub fn new(uri: MsrpUri) -> Self {
        Self {
            uri,
            relays: None,
            is_reachable: true,
            lines: None,
            types: MediaTypes::any(),
            max_size: None,
            direction: Direction::default(),
            file: None,
            fingerprints: Vec::new(),
            cema: None,
            chatroom: None,
            tolerances: SdpTolerances::all(),
            earlier: None,
        }
    }

    /// A side that accepts no connections, typically behind a NAT. It connects itself,
    /// or there is no session (RFC 6135 section 4.2.2).
    pub fn unreachable(uri: MsrpUri) -> Self {
        Self { is_reachable: false, ..Self::new(uri) }
    }

    /// A side that is reached through relays of its own, and always connects to the
    /// first of them (RFC 6135 section 4.5).
    #[cfg(feature = "auth")]
    pub fn relayed(route: &RelayRoute) -> Self {
        Self::through(route.local().clone(), route.use_path().clone())
    }

    /// The same from the Use-Path of the relays: the nearest to this side first.
    pub fn through(uri: MsrpUri, use_path: Path) -> Self {
        Self { relays: Some(use_path), ..Self::new(uri) }
    }

    /// Sets the address and port of the `c=` and `m=` lines, for a path whose authority
    /// cannot be looked up (3GPP TS 24.247 section 8.3.1). Default: those of the URI, under
    /// CEMA of the first relay. The port of an active side stays 9 (RFC 4145 section 4.1).
    ///
    /// A peer with CEMA takes lines that differ from the path for those of a middlebox.
    pub fn lines(mut self, address: &str, port: u16) -> Self {
        self.lines = Some((unbracketed(address).into(), port));
        self
    }

    /// The same side in another session. An offer after a failure needs a new URI (RFC
    /// 4975 section 5.4), and with relays a new route.
    pub fn with_uri(mut self, uri: MsrpUri) -> Self {
        self.uri = uri;
        self
    }

    /// The same side in a later exchange about the session of `plan`: an offer of its
    /// own, or the answer to the peer's (RFC 4975 section 8.4). If neither side has
    /// moved, the connection stays as it was agreed, whichever side offers, and so
    /// does the transfer of a file.
    pub fn continuing(mut self, plan: &SessionPlan) -> Self {
        self.earlier = Some(Box::new(plan.clone()));
        self
    }

    /// Sets the media types that it accepts. Default: all. A list should have what
    /// every endpoint accepts, such as `message/cpim`; this crate does not add it (RFC
    /// 4975 section 8.6).
    pub fn with_types(mut self, types: MediaTypes) -> Self {
        self.types = types;
        self
    }

    /// Sets the most octets of a message that it accepts. The description says this
    /// limit (`max-size`, RFC 4975 section 8.6), and the session enforces it.
    /// [`u64::MAX`] is no limit: the description does not name one.
    ///
    /// Default: [`SessionConfig::DEFAULT_MAX_SIZE`]. For the receiver of a file it is the
    /// size of the file and 16 KiB more for a wrapper around it. For a file of
    /// unknown size there is none: a receiver that has one sets it here.
    pub const fn with_max_size(mut self, octets: u64) -> Self {
        self.max_size = Some(octets);
        self
    }

    /// Sends a file, and nothing else, in this session: offers it, or gives it to the
    /// peer that asks for it (RFC 5547). An answer has the id and range of the offer.
    pub fn send_file(mut self, file: FileAttributes) -> Self {
        self.file = Some(FilePart::Send(file));
        self
    }

    /// Asks for a file, which the peer sends in this session.
    pub fn ask_for_file(mut self, file: FileAttributes) -> Self {
        self.file = Some(FilePart::Ask(file));
        self
    }

    /// Accepts the file that the peer offers. Without this, an offer of a file is
    /// refused.
    pub fn accept_file(mut self) -> Self {
        self.file = Some(FilePart::Accept);
        self
    }

    /// Sets which way messages flow, from this side's point of view. Default: both
    /// ways. A file sets a direction of its own.
    pub const fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Adds a fingerprint of this side's certificate. A self-signed certificate needs
    /// one (RFC 4975 section 14.4). Every certificate that may be shown needs one with
    /// SHA-256, and one with the hash function of its own signature (RFC 8122 section
    /// 5.1). A section without TLS names none.
    pub fn with_fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprints.push(fingerprint);
        self
    }

    /// Lets a middlebox carry the connection (RFC 6714), and refuses if one is in the
    /// way that does not support the extension. The comparison uses these addresses.
    /// Default: the path alone says where to connect.
    ///
    /// A data channel always has the attribute of this extension (RFC 8873 section
    /// 4.4), which means nothing more there.
    pub fn with_cema(mut self, addresses: Addresses) -> Self {
        self.cema = Some(addresses);
        self
    }

    /// The same without CEMA, for a middlebox that does not support it.
    pub(crate) fn without_cema(mut self) -> Self {
        self.cema = None;
        self
    }

    /// Sets which parts of RFC 7701 it supports. Default: none.
    pub fn with_chatroom(mut self, chatroom: Chatroom) -> Self {
        self.chatroom = Some(chatroom);
        self
    }

    /// Sets the deviations that it accepts of an offer and answer. Default: all. Those of
    /// the peer's lines are for their reader
    /// ([`MsrpMedia::parse_with`](crate::MsrpMedia::parse_with)).
    pub const fn tolerating(mut self, tolerances: SdpTolerances) -> Self {
        self.tolerances = tolerances;
        self
    }

    /// This side's URI in the session.
    #[must_use]
    pub const fn uri(&self) -> &MsrpUri {
        &self.uri
    }

    /// The path that the peer learns: the outermost relay first, the URI last.
    #[must_use]
    pub fn path(&self) -> Path {
        match &self.relays {
            Some(use_path) => use_path.reversed().with_last(self.uri.view()),
            None => self.uri.clone().into(),
        }
    }

    /// The media types that it accepts.
    #[must_use]
    pub const fn types(&self) -> &MediaTypes {
        &self.types
    }

    /// The most octets of a message that it accepts; `None` for the default of
    /// [`with_max_size`](Self::with_max_size).
    #[must_use]
    pub const fn max_size(&self) -> Option<u64> {
        self.max_size
    }

    /// Which way messages flow: the direction that a file sets, or the one of
    /// [`with_direction`](Self::with_direction).
    #[must_use]
    pub const fn direction(&self) -> Direction {
        match self.file {
            None => self.direction,
            Some(FilePart::Send(_)) => Direction::SendOnly,
            Some(FilePart::Ask(_) | FilePart::Accept) => Direction::ReceiveOnly,
        }
    }

    /// The fingerprints of its certificates.
    #[must_use]
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// The addresses that CEMA compares with; `None` without CEMA.
    #[must_use]
    pub const fn cema(&self) -> Option<&Addresses> {
        self.cema.as_ref()
    }

    /// Which parts of RFC 7701 it supports.
    #[must_use]
    pub const fn chatroom(&self) -> Option<&Chatroom> {
        self.chatroom.as_ref()
    }

    pub(crate) const fn file(&self) -> Option<&FilePart> {
        self.file.as_ref()
    }

    pub(crate) const fn tolerances(&self) -> SdpTolerances {
        self.tolerances
    }

    pub(crate) fn earlier(&self) -> Option<&SessionPlan> {
        self.earlier.as_deref()
    }

    /// The path of requests to a peer with this path.
    pub(crate) fn to_path(&self, peer: &Path) -> Path {
        match &self.relays {
            Some(use_path) => use_path.followed_by(peer.view()),
            None => peer.clone(),
        }
    }

    /// The session so far, if neither side has moved.
    pub(crate) fn continued_with(&self, peer: &MsrpMedia) -> Option<&SessionPlan> {
        let earlier = self.earlier()?;
        let is_same = earlier.uri() == self.uri && earlier.peer().path == peer.path;
        is_same.then_some(earlier)
    }

    pub(crate) const fn is_relayed(&self) -> bool {
        self.relays.is_some()
    }

    /// Whether a peer, or its relay, can connect to this side or its relay.
    pub(crate) fn is_reachable(&self) -> bool {
        self.is_relayed() || self.is_reachable && (self.is_data_channel() || self.has_place())
    }

    /// Whether its lines or its URI lead somewhere.
    fn has_place(&self) -> bool {
        let lines = self.lines.as_ref();
        lines.is_some_and(|(address, port)| is_place(Host::from(&**address), *port))
            || is_place_of(self.uri.view())
    }

    pub(crate) fn is_data_channel(&self) -> bool {
        is_data_channel(self.uri.view())
    }

    /// Whether a description can say what this side brings.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let path = self.path();
        let is_websocket = self.uri.transport().eq_ignore_ascii_case("ws");
        let missing = |part| Error::of("path", ErrorKind::Missing).with_part(part);
        let not_allowed = |part| Error::of("path", ErrorKind::NotAllowed).with_part(part);
        if path.iter().any(|uri| uri.port().is_none()) {
            Err(missing("port"))
        } else if self.uri.session_id().is_none() {
            Err(missing("session-id"))
        } else if is_websocket && !self.is_relayed() {
            // Nobody can connect to a browser (RFC 7977 section 5.1).
            Err(missing("relay of a WebSocket URI"))
        } else if !path.first().is_secure() && path.iter().any(UriRef::is_secure) {
            // Nobody would connect to it (see `MsrpMedia::is_consistent`).
            Err(Error::of("path", ErrorKind::Conflict).with_part("a plain first hop and msrps"))
        } else if self.types.types().next().is_none() {
            Err(Error::of("accept-types", ErrorKind::Missing))
        } else if self.is_data_channel() && !self.uri.is_secure() {
            Err(not_allowed("scheme").with_expected("msrps on a data channel"))
        } else if self.is_data_channel() && self.is_relayed() {
            // The end of a data channel has none (RFC 8873 section 6).
            Err(not_allowed("relay of a data channel"))
        } else {
            Ok(())
        }
    }

    /// What this side says, with or without CEMA, of a session that may be for a file.
    pub(crate) fn media(
        &self,
        protocol: Protocol,
        setup: Setup,
        cema: bool,
        direction: Direction,
        file: Option<FileAttributes>,
    ) -> MsrpMedia {
        let path = self.path();
        let place = Self::place(&path, cema);
        let of_place = || (unbracketed(place.host_str()).into(), place.port().unwrap_or(DISCARD));
        let (address, port) = self.lines.clone().unwrap_or_else(of_place);
        let port = if setup == Setup::Active { DISCARD } else { port };
        // A certificate is part of TLS alone.
        let fingerprints =
            if protocol.is_secure() { self.fingerprints.clone() } else { Vec::new() };
        MsrpMedia {
            name: MESSAGE.into(),
            formats: FORMATS.into(),
            address: Some(address),
            port,
            path: path.clone(),
            types: self.types.clone(),
            max_size: self.said_max_size(file.as_ref()),
            direction,
            setup: Some(setup),
            cema: cema || self.is_data_channel(),
            fingerprints,
            protocol,
            chatroom: self.chatroom.clone(),
            file,
            tolerated: Tolerated::default(),
        }
    }

    /// Of which URI of its path the lines speak: of the endpoint (RFC 4975 section 8.1),
    /// under CEMA of its relay (RFC 6714 sections 4.2 and 4.3).
    fn place(path: &Path, cema: bool) -> UriRef<'_> {
        if cema { path.first() } else { path.last() }
    }

    /// The protocol of an offer: that of the session so far, which an answer may have
    /// taken over.
    pub(crate) fn offered_protocol(&self, cema: bool) -> Protocol {
        let earlier = self.earlier().filter(|plan| plan.uri() == self.uri);
        let earlier = earlier.map(|plan| plan.local().protocol.clone());
        earlier.unwrap_or_else(|| Protocol::new(Self::place(&self.path(), cema).is_secure()))
    }

    /// The value of `a=max-size`, if there is a limit.
    fn said_max_size(&self, file: Option<&FileAttributes>) -> Option<u64> {
        let size = file.and_then(|file| file.selector.size());
        let default = match &self.file {
            Some(FilePart::Ask(_) | FilePart::Accept) => size.map_or(u64::MAX, with_wrapper),
            Some(FilePart::Send(_)) | None => SessionConfig::DEFAULT_MAX_SIZE,
        };
        Some(self.max_size.unwrap_or(default)).filter(|limit| *limit != u64::MAX)
    }

    /// The value of `a=setup` in an offer (RFC 6135 section 4.2.2).
    pub(crate) fn offered_setup(&self) -> Setup {
        if self.is_reachable() { Setup::Actpass } else { Setup::Active }
    }
}

/// A host without the brackets of an IPv6 address, which a `c=` line does not have.
pub(crate) fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
