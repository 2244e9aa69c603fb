//! What a session is opened with.

use std::net::SocketAddr;

use msrp::uri::{Host, Scheme};
use msrp::{Framing, MsrpUri, OsRandom, Path, SessionConfig, session_id};

use crate::error::Error;
use crate::link::Stream;

/// What a session is opened with, on a connection that may not exist yet.
pub(super) enum Terms {
    Whole(Box<SessionConfig>),
    /// This side's URI follows from the connection.
    Peer(Path, Box<dyn Fn(SessionConfig) -> SessionConfig + Send + Sync>),
}

impl Terms {
    pub(super) fn config(
        &self,
        carrier: Carrier,
        local: Option<SocketAddr>,
    ) -> Result<SessionConfig, Error> {
        match self {
            Self::Whole(config) => Ok((**config).clone()),
            Self::Peer(path, configure) => {
                let local = local.ok_or(Error::NoPublicHost)?;
                let local = carrier.own_uri(local.ip(), local.port())?;
                Ok(configure(SessionConfig::new(local, path.clone())))
            }
        }
    }
}

impl From<SessionConfig> for Terms {
    fn from(config: SessionConfig) -> Self {
        Self::Whole(config.into())
    }
}

impl Stream {
    /// A fresh URI of this side for one session on the stream, with its local address,
    /// `msrps` under TLS and `ws` for a WebSocket. Its session-id is hard to guess (RFC 4975 section 14.1).
    ///
    /// # Errors
    ///
    /// [`Error::NoPublicHost`] if the stream is not a socket, [`Error::Random`].
    pub fn session_uri(&self) -> Result<MsrpUri, Error> {
        let is_websocket = self.framing() != Framing::Stream;
        let carrier = Carrier::new(self.tls_version().is_some(), is_websocket);
        let local = self.local_address().ok_or(Error::NoPublicHost)?;
        carrier.own_uri(local.ip(), local.port())
    }
}

/// What the URIs of this side say of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Carrier {
    is_secure: bool,
    is_websocket: bool,
}

impl Carrier {
    pub(super) const fn new(is_secure: bool, is_websocket: bool) -> Self {
        Self { is_secure, is_websocket }
    }

    pub(super) const fn is_secure(self) -> bool {
        self.is_secure
    }

    pub(super) const fn is_websocket(self) -> bool {
        self.is_websocket
    }

    /// A fresh URI. Its session-id is hard to guess (RFC 4975 section 14.1).
    pub(super) fn own_uri<'a>(
        self,
        host: impl Into<Host<'a>>,
        port: u16,
    ) -> Result<MsrpUri, Error> {
        let id = session_id(&mut OsRandom::new()?)?;
        let scheme = if self.is_secure { Scheme::Msrps } else { Scheme::Msrp };
        let transport = if self.is_websocket { "ws" } else { "tcp" };
        let uri = MsrpUri::builder(scheme, host, port).transport(transport).session_id(&id);
        uri.build().map_err(|_| Error::NoPublicHost)
    }
}
