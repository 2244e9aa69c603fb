//! What two descriptions have agreed upon.

use super::cema::DISCARD;
use super::chatroom::Chatroom;
use super::file::{FileAttributes, FileTransferId};
use super::fingerprint::Fingerprint;
use super::local::Local;
use super::media::MsrpMedia;
use msrp::uri::{Host, MsrpUri, Path, UriRef};
use msrp::{Direction, Role, SessionConfig};

/// What to do for a session, and the session that comes of it.
///
/// ```no_run
/// use msrp_sdp::{Connect, SessionPlan};
/// use msrp::{Connection, SessionTable};
///
/// # fn example(plan: SessionPlan, table: SessionTable, connect: impl Fn(&str, u16, bool) -> Connection) -> Result<(), Box<dyn std::error::Error>> {
/// let config = plan.session_config();
/// match plan.connect() {
///     // A connection there may be already: several sessions share one.
///     Connect::To(target) => {
///         let mut connection = connect(target.host(), target.port(), target.is_secure());
///         connection.open(config)?;
///     }
///     // The listener's connections bind it from the table.
///     Connect::Await => table.insert(config)?,
///     // On the connection to the relay: opened or awaited, by `plan.role()`.
///     Connect::Relay => {}
///     // On the channel, opened or awaited likewise.
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
    /// This side as it was described.
    local: MsrpMedia,
    peer: MsrpMedia,
    direction: Direction,
    file: Option<FileAttributes>,
}

/// Room for the message/cpim around a file.
const WRAPPER_OCTETS: u64 = 16 * 1024;

/// How the transport connection of a session comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connect {
    /// This side opens it, or uses one that it has to the same place (RFC 4975
    /// section 5.4).
    To(Target),
    /// The peer, or its relay, opens it to the address of this side's URI.
    Await,
    /// There is one already: to this side's relay.
    Relay,
    /// It is the data channel that was described.
    DataChannel,
}

/// Where to connect to: over TCP, and TLS where it is secure.
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

    /// Whether the connection is under TLS. This side is the TLS client (RFC 6135
    /// section 6).
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The first hop of a path (RFC 4975 section 8.3). `None` where it cannot be
    /// connected to over TCP.
    pub(super) fn of_path(path: &Path) -> Option<Self> {
        let first = path.first();
        let is_tcp = first.transport().eq_ignore_ascii_case("tcp");
        is_tcp.then(|| Self {
            host: host_text(first.host()),
            port: first.port().unwrap_or_default(),
            is_secure: first.is_secure(),
        })
    }

    /// The `c=` and `m=` lines (RFC 6714), or the path where they name no place.
    pub(super) fn of_lines(media: &MsrpMedia) -> Option<Self> {
        match media.address() {
            Some(address) if media.port() != DISCARD && is_host(address) => Some(Self {
                host: host_text(Host::from(address)),
                port: media.port(),
                is_secure: media.path().first().is_secure(),
            }),
            _ => Self::of_path(media.path()),
        }
    }
}

/// Whether an address is one, or a name that could be looked up.
fn is_host(address: &str) -> bool {
    let is_letter = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    match Host::from(address) {
        Host::Name(name) => !name.is_empty() && name.bytes().all(is_letter),
        _ => true,
    }
}

fn host_text(host: Host<'_>) -> Box<str> {
    match host {
        Host::Ipv6(address) => address.to_string().into(),
        host => host.to_string().into(),
    }
}

/// What a later exchange of descriptions means for a session that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Update {
    /// Nothing has changed, and nothing is done.
    Unchanged,
    /// The session goes on with other parameters: types, sizes, direction, or the
    /// fingerprints that the next connection of the peer is checked by.
    /// [`Connection::update_session`](msrp::Connection::update_session) gives
    /// them to it, and [`SessionTable::update`](msrp::SessionTable::update) to
    /// the table that it is bound from.
    Parameters,
    /// A side has another URI or path, or another file is transferred: the old
    /// session is closed, and the new one begins.
    NewSession,
}

impl SessionPlan {
    pub(super) fn new(
        role: Role,
        connect: Connect,
        own: &Local,
        local: MsrpMedia,
        peer: MsrpMedia,
        file: Option<FileAttributes>,
    ) -> Self {
        let direction = meet(local.direction, peer.direction.reversed());
        Self { role, connect, to_path: own.to_path(&peer.path), local, peer, direction, file }
    }

    /// Which side binds the session by its first SEND, at once (RFC 4975 section
    /// 5.4). With a relay or a data channel that is not the side which opened the
    /// transport connection.
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

    /// The path of requests to the peer: this side's relays, and the path that the
    /// peer has told.
    #[must_use]
    pub const fn to_path(&self) -> &Path {
        &self.to_path
    }

    /// Which way messages go, as this side sees it: what both have said.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// What this side has said.
    #[must_use]
    pub const fn local(&self) -> &MsrpMedia {
        &self.local
    }

    /// What the peer has said: its types and limit, its fingerprints, whether it
    /// wants CPIM.
    #[must_use]
    pub const fn peer(&self) -> &MsrpMedia {
        &self.peer
    }

    /// The fingerprints of which the peer's certificate has to match one, under
    /// TLS (RFC 8122 section 5.1). Where there are none, it is known by its name.
    /// With a relay of either side there are none: it has a certificate of its own
    /// (RFC 6135 section 4.3).
    pub fn fingerprints(&self) -> impl Iterator<Item = &Fingerprint> {
        let is_relayed = self.local.is_relayed() || self.peer.is_relayed();
        let known = if is_relayed { &[][..] } else { &self.peer.fingerprints };
        Fingerprint::strongest(known)
    }

    /// What the peer does of chat rooms.
    #[must_use]
    pub const fn chatroom(&self) -> Option<&Chatroom> {
        self.peer.chatroom.as_ref()
    }

    /// The file of the session: what its sender says of it, and what the other side
    /// knows beside that. Its receiver holds it against what has come
    /// ([`FileSelector::fit`](super::FileSelector::fit)).
    #[must_use]
    pub const fn file(&self) -> Option<&FileAttributes> {
        self.file.as_ref()
    }

    /// The session: for [`Connection::open`](msrp::Connection::open) where this
    /// side's role is active, for a [`SessionTable`](msrp::SessionTable) where it
    /// is passive. Who takes a file and has named no limit takes as much as the file
    /// was said to have, and 16 KiB more for a wrapper around it.
    pub fn session_config(&self) -> SessionConfig {
        let local = MsrpUri::from(self.uri());
        let mut config = SessionConfig::new(local, self.to_path.clone())
            .accept_types(self.local.types.clone())
            .peer_accept_types(self.peer.types.clone())
            .direction(self.direction)
            .single_message(self.file.is_some());
        if let Some(octets) = self.local.max_size.or_else(|| self.incoming_size()) {
            config = config.max_size(octets);
        }
        if let Some(octets) = self.peer.max_size {
            config = config.peer_max_size(octets);
        }
        config
    }

    /// The octets of the file that comes, with room for a wrapper.
    fn incoming_size(&self) -> Option<u64> {
        let file = self.file.as_ref().filter(|_| self.local.direction.may_receive())?;
        Some(file.selector.size()?.saturating_add(WRAPPER_OCTETS))
    }

    /// What this plan means for the session of an earlier one, after descriptions
    /// were exchanged again (RFC 4975 section 8.4). Who connects counts in the
    /// first exchange alone: the connection of a session that goes on stays.
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

/// The direction that both of two directions of one side allow.
pub(super) const fn meet(one: Direction, other: Direction) -> Direction {
    let send = one.may_send() && other.may_send();
    let receive = one.may_receive() && other.may_receive();
    match (send, receive) {
        (true, true) => Direction::SendReceive,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::ReceiveOnly,
        (false, false) => Direction::Inactive,
    }
}
