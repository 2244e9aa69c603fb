//! Connects to a host and port, with or without TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use msrp::MsrpUri;
use msrp::uri::Scheme;
use msrp_tls::{Fingerprint, Roots, ServerCheck, client_config};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion};

use crate::fault::{Fault, Kind, chain};
use crate::policy::Policy;

/// A stream over TCP or TLS.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

pub(crate) type Stream = Box<dyn Transport>;

/// Where to connect.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// A name or an address; an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Option<TlsTarget>,
}

/// The server that TLS expects.
#[derive(Clone, Debug)]
pub(crate) struct TlsTarget {
    pub(crate) name: ServerName<'static>,
    pub(crate) fingerprint: Option<Fingerprint>,
}

/// An open connection.
pub(crate) struct Dialed {
    pub(crate) stream: Stream,
    /// A URI of this side for one session on it.
    pub(crate) own_uri: MsrpUri,
    pub(crate) connect_time: Duration,
    pub(crate) tls: Option<TlsFacts>,
}

/// The result of the TLS handshake.
pub(crate) struct TlsFacts {
    pub(crate) version: &'static str,
    pub(crate) peer_name: String,
}

/// Connects to permitted targets only.
#[derive(Debug)]
pub(crate) struct Dialer {
    policy: Policy,
    /// `None` without root certificates to check names with.
    named: Option<Arc<ClientConfig>>,
}

impl Dialer {
    pub(crate) fn new(policy: Policy, roots: Option<Roots>) -> Result<Self, msrp_tls::TlsError> {
        let named = roots.map(|roots| client_config(ServerCheck::Named(roots), None));
        Ok(Self { policy, named: named.transpose()? })
    }

    pub(crate) async fn dial(&self, target: &Target) -> Result<Dialed, Fault> {
        let addresses = self.resolve(target).await?;
        let start = Instant::now();
        let tcp = connect(&addresses).await?;
        let own_uri = own_uri(&tcp, target.tls.is_some())?;
        let Some(tls) = &target.tls else {
            let connect_time = start.elapsed();
            return Ok(Dialed { stream: Box::new(tcp), own_uri, connect_time, tls: None });
        };
        let connector = TlsConnector::from(self.client_config(tls)?);
        let stream = connector
            .connect(tls.name.clone(), tcp)
            .await
            .map_err(|error| Fault::new(Kind::Tls, format!("TLS failed: {error}")))?;
        let connect_time = start.elapsed();
        let facts = TlsFacts {
            version: version_name(stream.get_ref().1.protocol_version()),
            peer_name: tls.name.to_str().into_owned(),
        };
        Ok(Dialed { stream: Box::new(stream), own_uri, connect_time, tls: Some(facts) })
    }

    /// Looks a host up once, so that the checked addresses are the ones used.
    async fn resolve(&self, target: &Target) -> Result<Vec<SocketAddr>, Fault> {
        let found = lookup_host((target.host.as_str(), target.port)).await;
        let found: Vec<SocketAddr> =
            found.map_err(|_| Fault::new(Kind::UnknownHost, "the host has no address"))?.collect();
        let permitted = self.policy.permitted(&target.host, found);
        if permitted.is_empty() {
            let message = "this gateway does not connect to that host and port; see --allow";
            return Err(Fault::new(Kind::NotAllowed, message));
        }
        Ok(permitted)
    }

    fn client_config(&self, tls: &TlsTarget) -> Result<Arc<ClientConfig>, Fault> {
        let no_tls = |error: msrp_tls::TlsError| Fault::new(Kind::Tls, chain(error));
        match (&tls.fingerprint, &self.named) {
            (Some(fingerprint), _) => {
                client_config(ServerCheck::Pinned(fingerprint.clone().into()), None).map_err(no_tls)
            }
            (None, Some(named)) => Ok(Arc::clone(named)),
            (None, None) => Err(no_tls(msrp_tls::TlsError::NoRoots)),
        }
    }
}

/// Connects to the first address that accepts.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Fault> {
    let mut fault = Fault::new(Kind::UnknownHost, "the host has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Each write is a complete chunk, so waiting would only delay it.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => fault = no_connection(&error),
        }
    }
    Err(fault)
}

fn own_uri(tcp: &TcpStream, is_secure: bool) -> Result<MsrpUri, Fault> {
    let scheme = if is_secure { Scheme::Msrps } else { Scheme::Msrp };
    msrp_socket::session_uri(scheme, tcp).map_err(|error| no_connection(&error))
}

fn no_connection(error: &std::io::Error) -> Fault {
    let is_refused = error.kind() == std::io::ErrorKind::ConnectionRefused;
    let kind = if is_refused { Kind::Refused } else { Kind::Unreachable };
    Fault::new(kind, format!("cannot connect: {error}"))
}

const fn version_name(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "unknown",
    }
}
