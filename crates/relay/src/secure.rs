//! TLS: the identity of this relay and the checks of others.

use std::sync::Arc;

use msrp_tls::{ClientCheck, Identity, Roots, ServerCheck, TlsError, client_config, server_config};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, CommonState, ServerConfig};
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

    /// The names of a server that is a relay. Other servers, which the roots of the
    /// system vouch for, have none: they are endpoints.
    pub(crate) fn relay_names(&self, tls: &CommonState, name: &ServerName<'_>) -> Vec<String> {
        let chain = tls.peer_certificates().unwrap_or_default();
        let is_relay = self.relays.as_ref().is_some_and(|roots| roots.vouch_for(chain, name));
        if is_relay { peer_names(tls) } else { Vec::new() }
    }
}

/// The DNS names in the peer's certificate, if it has presented one. They
/// identify a relay (RFC 4976 section 9.2).
pub(crate) fn peer_names(tls: &CommonState) -> Vec<String> {
    let leaf = tls.peer_certificates().and_then(|chain| chain.first());
    let Some(leaf) = leaf.and_then(|leaf| EndEntityCert::try_from(leaf).ok()) else {
        return Vec::new();
    };
    leaf.valid_dns_names().map(str::to_owned).collect()
}
