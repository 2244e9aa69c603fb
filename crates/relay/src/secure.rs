//! TLS: the identity of this relay and the checks of others.

use std::sync::Arc;

use msrp_tls::{ClientCheck, Identity, Roots, ServerCheck, TlsError, client_config, server_config};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ServerConfig};
use webpki::EndEntityCert;

use crate::options::Options;

/// The settings of either side.
#[derive(Clone, Debug)]
pub(crate) struct Secure {
    /// `None` without a certificate.
    pub(crate) server: Option<Arc<ServerConfig>>,
    /// `None` without root certificates to check servers with.
    pub(crate) client: Option<Arc<ClientConfig>>,
    /// The roots of relays. `None` without `--ca`: then no server is a relay.
    relays: Option<Arc<Roots>>,
}

impl Secure {
    pub(crate) fn new(options: &Options) -> Result<Self, TlsError> {
        let identity = match (&options.cert, &options.key) {
            (Some(cert), Some(key)) => Some(Identity::from_files(cert, key)?),
            _ => None,
        };
        let (roots, relays) = match &options.ca {
            Some(file) => (Some(Roots::system_and_file(file)?), Some(Roots::from_file(file)?)),
            None => (Roots::system().ok(), None),
        };
        let check = relays.clone().map_or(ClientCheck::None, ClientCheck::Optional);
        let server = identity.clone().map(|identity| server_config(identity, check)).transpose()?;
        let named = |roots| client_config(ServerCheck::Named(roots), identity);
        Ok(Self { server, client: roots.map(named).transpose()?, relays: relays.map(Arc::new) })
    }

    /// The names of a peer that is a relay: one with a certificate under `--ca`. Others
    /// have none here: they are clients, or endpoints that the roots of the system vouch
    /// for.
    pub(crate) fn relay_names(&self, tls: &TlsStream<TcpStream>) -> Vec<String> {
        let (_, state) = tls.get_ref();
        let (Some(roots), Some(chain)) = (&self.relays, state.peer_certificates()) else {
            return Vec::new();
        };
        let names = dns_names(chain);
        let is_relay = match tls {
            TlsStream::Server(_) => roots.vouch_for_client(chain),
            // The handshake has checked the name: only the issuers are in question.
            TlsStream::Client(_) => names.iter().any(|name| {
                let name = ServerName::try_from(name.as_str());
                name.is_ok_and(|name| roots.vouch_for(chain, &name))
            }),
        };
        if is_relay { names } else { Vec::new() }
    }
}

/// The DNS names in a certificate, the first of its chain. They identify a relay (RFC
/// 4976 section 9.2).
fn dns_names(chain: &[CertificateDer<'_>]) -> Vec<String> {
    let leaf = chain.first().and_then(|leaf| EndEntityCert::try_from(leaf).ok());
    leaf.map_or_else(Vec::new, |leaf| leaf.valid_dns_names().map(str::to_owned).collect())
}
