//! Outgoing connections.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use msrp::MsrpUri;
use msrp::relay::{Peer, Security};
use msrp::uri::RECOMMENDED_PORT;
use msrp_tls::{TlsError, server_name};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::look_ups::LookUps;
use crate::names;
use crate::policy::Policy;
use crate::secure::Secure;
use crate::transport::{Stream, Transport};

#[derive(Clone, Debug)]
pub(crate) struct Dialler {
    pub(crate) policy: Policy,
    pub(crate) secure: Rc<RefCell<Secure>>,
    pub(crate) patience: Duration,
    /// Places for names that are looked up.
    pub(crate) look_ups: Rc<LookUps>,
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub(crate) enum DialError {
    #[error("its transport is not tcp")]
    Transport,
    #[error("no address and port of it may be connected to; --connect-to can permit them")]
    NotAllowed,
    #[error("TLS failed")]
    Tls(#[from] TlsError),
    #[error("no connection in time")]
    TimedOut,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Dialler {
    /// Opens a connection to the host and port of a URI, for one who dials so many hosts.
    pub(crate) async fn dial(
        &self,
        uri: &MsrpUri,
        dials: usize,
    ) -> Result<(Peer, Transport), DialError> {
        // A WebSocket client does not listen (RFC 7977 section 5.1).
        if !uri.transport().eq_ignore_ascii_case("tcp") {
            return Err(DialError::Transport);
        }
        timeout(self.patience, self.open(uri, dials)).await.map_err(|_| DialError::TimedOut)?
    }

    async fn open(&self, uri: &MsrpUri, dials: usize) -> Result<(Peer, Transport), DialError> {
        let tcp = connect(&self.resolve(uri, dials).await?).await?;
        if !uri.is_secure() {
            return Ok((Peer::new(Security::Plain), Transport::Stream(Stream::Tcp(tcp))));
        }
        let config = self.secure.borrow().client.clone().ok_or(TlsError::NoRoots)?;
        let tls = TlsConnector::from(config).connect(server_name(uri.host())?, tcp).await?;
        let tls = tls.into();
        let peer = Peer::new(Security::Tls).relay_names(self.secure.borrow().relay_names(&tls));
        Ok((peer, Transport::Stream(Stream::Tls(Box::new(tls)))))
    }

    /// RFC 4976 section 8 requires an SRV look-up for a name without a port. The relay uses
    /// the usual port instead.
    async fn resolve(&self, uri: &MsrpUri, dials: usize) -> Result<Vec<SocketAddr>, DialError> {
        let host = uri.host().to_string();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = uri.port().unwrap_or(RECOMMENDED_PORT);
        let found = names::addresses(host, port, &self.look_ups, dials).await?;
        let permitted = self.policy.permitted(found)?;
        if permitted.is_empty() { Err(DialError::NotAllowed) } else { Ok(permitted) }
    }
}

/// Connects to the first address that accepts.
async fn connect(addresses: &[SocketAddr]) -> std::io::Result<TcpStream> {
    let mut result = Err(std::io::ErrorKind::NotFound.into());
    for address in addresses {
        result = TcpStream::connect(address).await;
        if let Ok(stream) = &result {
            // Fails if the peer has gone, which the next read notices.
            let _ = msrp_socket::prepare(stream);
            break;
        }
    }
    result
}
