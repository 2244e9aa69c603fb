//! Where peers reach this side.

use std::net::SocketAddr;

use msrp::MsrpUri;
use msrp::uri::Scheme;
use msrp_sdp::Local;

use super::terms::Carrier;
use super::{Endpoint, Shared};
use crate::error::Error;

impl Endpoint {
    /// What this side brings to a session, for an offer or an answer: a fresh URI with the
    /// real address and port of the listener, of that for TLS if there is one, and the
    /// fingerprint of its certificate.
    ///
    /// # Errors
    ///
    /// [`Error::NotListening`], [`Error::NoPublicHost`], [`Error::Random`].
    pub fn local(&self) -> Result<Local, Error> {
        let Shared { listening, settings, .. } = &**self.shared();
        let tls = Carrier::new(true, false);
        let is_secure = listening.iter().any(|listening| listening.carrier == tls);
        let local = Local::new(self.own_uri(Carrier::new(is_secure, false))?);
        Ok(match settings.tls.fingerprint().filter(|_| is_secure) {
            Some(fingerprint) => local.with_fingerprint(fingerprint),
            None => local,
        })
    }

    /// A fresh URI for one session that a peer binds on a listener of this scheme. Its
    /// session-id is hard to guess (RFC 4975 section 14.1).
    ///
    /// # Errors
    ///
    /// As [`Endpoint::local`].
    pub fn uri(&self, scheme: Scheme) -> Result<MsrpUri, Error> {
        self.own_uri(Carrier::new(scheme == Scheme::Msrps, false))
    }

    /// The same for a session that a peer binds over a WebSocket. No description has it:
    /// there a WebSocket is behind a relay (RFC 7977 section 5.2.2).
    ///
    /// # Errors
    ///
    /// As [`Endpoint::local`].
    #[cfg(feature = "websocket")]
    pub fn websocket_uri(&self, scheme: Scheme) -> Result<MsrpUri, Error> {
        self.own_uri(Carrier::new(scheme == Scheme::Msrps, true))
    }

    /// A fresh URI on a listener.
    fn own_uri(&self, carrier: Carrier) -> Result<MsrpUri, Error> {
        let Shared { listening, settings, .. } = &**self.shared();
        let listener = listening.iter().find(|it| it.carrier == carrier);
        let address = listener.ok_or(Error::NotListening)?.address;
        match &settings.public_host {
            Some(host) => carrier.own_uri(&**host, address.port()),
            None if address.ip().is_unspecified() => Err(Error::NoPublicHost),
            None => carrier.own_uri(address.ip(), address.port()),
        }
    }

    /// The addresses that it listens on.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.shared().listening.iter().map(|listening| listening.address)
    }
}
