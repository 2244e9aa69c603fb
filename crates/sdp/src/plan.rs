//! What two descriptions have agreed on.

use msrp::uri::{Host, MsrpUri, Path, UriRef};
use msrp::{Direction, Role, SessionConfig};

use crate::chatroom::Chatroom;
use crate::file::{FileAttributes, FileTransferId};
use crate::fingerprint::Fingerprint;
use crate::media::MsrpMedia;
use crate::place::{is_place, is_place_of};
use crate::tolerance::{SdpTolerances, Tolerated};

/// What two descriptions have agreed on: how to connect, and which session to open.
///
/// ```no_run
/// use msrp_sdp::{Connect, SessionPlan};
/// use msrp::{Connection, SessionTable};
///
/// # fn example(plan: SessionPlan, table: SessionTable, connect: impl Fn(&str, u16, bool) -> Connection) -> Result<(), Box<dyn std::error::Error>> {
/// let config = plan.session_config();
/// match plan.connect() {
///     // Or a connection to there that is open already: sessions can share one.
///     Connect::To(target) => {
///         let mut connection = connect(target.host(), target.port(), target.is_secure());
///         connection.open(config)?;
///     }
///     // The listener's connections bind it from the table.
///     Connect::Await => table.insert(config)?,
///     // On the connection to the relay: opened or awaited, by `plan.role()`.
///     Connect::Relay => {}
///     // On the data channel: likewise.
///     Connect::DataChannel => {}
///     _ => {}
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPlan {
    role: Role,
    connect: Connect,
    to_path: Path,
    local: MsrpMedia,
    peer: MsrpMedia,
    direction: Direction,
    file: Option<FileAttributes>,
    tolerated: Tolerated,
}

/// How the transport connection of a session comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connect {
    /// This side opens it, or uses one that it has to the same host and port (RFC
    /// 4975 section 5.4).
    To(Target),
    /// The peer, or its relay, opens it to the address of this side's URI.
    Await,
    /// It exists already: the connection to this side's relay.
    Relay,
    /// It is the data channel of the description.
    DataChannel,
}

/// Where to connect, over TCP or over TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: Box<str>,
    port: u16,
    is_secure: bool,
}

impl Target {
    /// The name or IP address to connect to, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether TLS protects the connection. This side is the TLS client (RFC 6135
    /// section 6).
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The first hop of a path (RFC 4975 section 8.3). `None` if its transport is not
    /// TCP, or it leads nowhere.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        let first = path.first();
        let is_tcp = first.transport().eq_ignore_ascii_case("tcp");
        (is_tcp && is_place_of(first)).then(|| Self {
            host: host_text(first.host()),
            port: first.port().unwrap_or_default(),
            is_secure: first.is_secure(),
        })
    }

    /// The `c=` and `m=` lines (RFC 6714). `None` if they lead nowhere.
    pub(crate) fn of_lines(media: &MsrpMedia) -> Option<Self> {
        let host = Host::from(media.address()?);
        is_place(host, media.port()).then(|| Self {
            host: host_text(host),
            port: media.port(),
            is_secure: media.path().first().is_secure(),
        })
    }
}

fn host_text(host: Host<'_>) -> Box<str> {
    match host {
        Host::Ipv6(address) => address.to_string().into(),
        Host::Ipv4(_) | Host::Name(_) => host.to_string().into(),
    }
}

/// What a later exchange of descriptions means for an existing session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Update {
    /// Nothing has changed; do nothing.
    Unchanged,
    /// The session continues with other parameters: types, sizes, direction, or the
    /// fingerprints that the peer's next connection is checked against.
    /// [`Connection::update_session`](msrp::Connection::update_session) applies them
    /// to the session, and [`SessionTable::update`](msrp::SessionTable::update) to
    /// the table that it is bound from.
    Parameters,
    /// A side has another URI or path, or the file is another one: close the old
    /// session and open the new one.
    NewSession,
}

/// The most octets of a message with a file of `size` octets, which message/cpim may
/// wrap.
pub(crate) const fn with_wrapper(size: u64) -> u64 {
    const WRAPPER_OCTETS: u64 = 16 * 1024;
    size.saturating_add(WRAPPER_OCTETS)
}

impl SessionPlan {
    /// The plan of a side whose requests take `to_path`.
    pub(crate) fn new(
        (role, connect): (Role, Connect),
        to_path: Path,
        local: MsrpMedia,
        peer: MsrpMedia,
        file: Option<FileAttributes>,
    ) -> Self {
        let direction = meet(local.direction, peer.direction.reversed());
        let tolerated = peer.tolerated;
        Self { role, connect, to_path, local, peer, direction, file, tolerated }
    }

    /// The same with deviations of offer and answer that were accepted.
    pub(crate) fn tolerating(mut self, tolerated: Tolerated) -> Self {
        self.tolerated = self.tolerated.and(tolerated);
        self
    }

    /// The deviations from the RFCs that were accepted: those in the peer's section, and
    /// those in how the two descriptions fit together.
    #[must_use]
    pub const fn tolerated(&self) -> SdpTolerances {
        self.tolerated.0
    }

    /// Which side binds the session with an immediate SEND (RFC 4975 section 5.4):
    /// the active one. With a relay or a data channel that may differ from the side
    /// that opened the transport connection.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// How the transport connection comes about.
    #[must_use]
    pub const fn connect(&self) -> &Connect {
        &self.connect
    }

    /// This side's URI in the session.
    #[must_use]
    pub fn uri(&self) -> UriRef<'_> {
        self.local.path.last()
    }

    /// The path of requests to the peer: this side's relays, then the peer's path.
    #[must_use]
    pub const fn to_path(&self) -> &Path {
        &self.to_path
    }

    /// Which way messages flow, from this side's point of view, as both sides allow.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// What this side says in its description.
    #[must_use]
    pub const fn local(&self) -> &MsrpMedia {
        &self.local
    }

    /// What the peer says in its description.
    #[must_use]
    pub const fn peer(&self) -> &MsrpMedia {
        &self.peer
    }

    /// The fingerprints under TLS: the peer's certificate must match one of them (RFC
    /// 8122 section 5.1). If there are none, its name identifies it. With a relay on
    /// either side there are none, as the relay shows a certificate of its own (RFC
    /// 6135 section 4.3).
    pub fn fingerprints(&self) -> impl Iterator<Item = &Fingerprint> {
        let is_relayed = self.local.is_relayed() || self.peer.is_relayed();
        let known = if is_relayed { &[][..] } else { &self.peer.fingerprints };
        Fingerprint::strongest(known)
    }

    /// Which parts of RFC 7701 the peer supports.
    #[must_use]
    pub const fn chatroom(&self) -> Option<&Chatroom> {
        self.peer.chatroom.as_ref()
    }

    /// The file of the session: what its sender says of it, completed by what the
    /// other side knows. Its receiver compares it with what arrives
    /// ([`FileSelector::fit`](crate::file::FileSelector::fit)).
    #[must_use]
    pub const fn file(&self) -> Option<&FileAttributes> {
        self.file.as_ref()
    }

    /// The session: for [`Connection::open`](msrp::Connection::open) if this side's
    /// role is active, for a [`SessionTable`](msrp::SessionTable) if it is passive.
    /// Its [`max_size`](SessionConfig::max_size) is what this side's description says. If
    /// that names no limit, there is none. The exception is a file whose size the peer
    /// announces: the limit is that size, and 16 KiB more for a wrapper around the file.
    pub fn session_config(&self) -> SessionConfig {
        let local = MsrpUri::from(self.uri());
        let mut config = SessionConfig::new(local, self.to_path.clone())
            .accept_types(self.local.types.clone())
            .peer_accept_types(self.peer.types.clone())
            .direction(self.direction)
            .single_message(self.file.is_some())
            .max_size(self.local.max_size.or_else(|| self.incoming_size()).unwrap_or(u64::MAX));
        if let Some(octets) = self.peer.max_size {
            config = config.peer_max_size(octets);
        }
        config
    }

    /// The octets of the file to be received, with room for a wrapper.
    fn incoming_size(&self) -> Option<u64> {
        let file = self.file.as_ref().filter(|_| self.local.direction.may_receive())?;
        file.selector.size().map(with_wrapper)
    }

    /// What this plan means for the session of an earlier one, after another exchange
    /// of descriptions (RFC 4975 section 8.4). Only the first exchange says who
    /// connects: a session that continues keeps its connection.
    #[must_use]
    pub fn update_of(&self, earlier: &Self) -> Update {
        let same_place = self.uri() == earlier.uri() && self.to_path == earlier.to_path;
        if !same_place || self.transfer_id() != earlier.transfer_id() {
            Update::NewSession
        } else if self.parameters() == earlier.parameters() {
            Update::Unchanged
        } else {
            Update::Parameters
        }
    }

    fn transfer_id(&self) -> Option<&FileTransferId> {
        self.file.as_ref()?.transfer_id.as_ref()
    }

    fn parameters(&self) -> impl PartialEq {
        let of = |media: &MsrpMedia| (media.types.clone(), media.max_size, media.chatroom.clone());
        (self.direction, of(&self.local), of(&self.peer))
    }
}

/// The ways that both directions allow.
pub(crate) const fn meet(one: Direction, other: Direction) -> Direction {
    let send = one.may_send() && other.may_send();
    let receive = one.may_receive() && other.may_receive();
    match (send, receive) {
        (true, true) => Direction::SendReceive,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::ReceiveOnly,
        (false, false) => Direction::Inactive,
    }
}
