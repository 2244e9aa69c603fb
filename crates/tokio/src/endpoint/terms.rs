//! What a session is opened with.

use std::net::SocketAddr;

use msrp::uri::{Host, Scheme};
use msrp::{MsrpUri, OsRandom, Path, SessionConfig, session_id};

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
        is_secure: bool,
        local: Option<SocketAddr>,
    ) -> Result<SessionConfig, Error> {
        match self {
            Self::Whole(config) => Ok((**config).clone()),
            Self::Peer(path, configure) => {
                let scheme = if is_secure { Scheme::Msrps } else { Scheme::Msrp };
                let local = local.ok_or(Error::NoPublicHost)?;
                let local = own_uri(scheme, local.ip(), local.port())?;
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
    /// A fresh URI of this side for one session on the stream, with its local address, and
    /// `msrps` under TLS. Its session-id is hard to guess (RFC 4975 section 14.1).
    ///
    /// # Errors
    ///
    /// [`Error::NoPublicHost`] if the stream is not a socket, [`Error::Random`].
    pub fn session_uri(&self) -> Result<MsrpUri, Error> {
        let scheme = if self.tls_version().is_some() { Scheme::Msrps } else { Scheme::Msrp };
        let local = self.local_address().ok_or(Error::NoPublicHost)?;
        own_uri(scheme, local.ip(), local.port())
    }
}

/// A fresh URI. Its session-id is hard to guess (RFC 4975 section 14.1).
pub(super) fn own_uri<'a>(
    scheme: Scheme,
    host: impl Into<Host<'a>>,
    port: u16,
) -> Result<MsrpUri, Error> {
    let id = session_id(&mut OsRandom::new()?)?;
    let uri = MsrpUri::builder(scheme, host, port).session_id(&id);
    uri.build().map_err(|_| Error::NoPublicHost)
}
