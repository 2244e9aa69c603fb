//! Where a connection leads.

use std::sync::Arc;

use msrp::uri::{Host, RECOMMENDED_PORT, UriRef};
use msrp_sdp::SessionPlan;
use msrp_tls::Fingerprint;

use super::terms::Carrier;
use crate::error::Error;

/// Where to connect, and what has to be true of the other end. [`Endpoint::dial`] takes one
/// that no path names, such as a media anchor.
///
/// [`Endpoint::dial`]: crate::Endpoint::dial
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Target {
    host: Box<str>,
    port: u16,
    is_secure: bool,
    is_websocket: bool,
    /// The host is a domain that may name others for its relay.
    is_service: bool,
    /// The name of the certificate. `None`: the host.
    name: Option<Box<str>>,
    /// The certificate has one of these, or else the name.
    fingerprints: Vec<Fingerprint>,
}

impl Target {
    /// A host over TCP: a name, or an address without brackets.
    pub fn tcp(host: &str, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            is_secure: false,
            is_websocket: false,
            is_service: false,
            name: None,
            fingerprints: Vec::new(),
        }
    }

    /// A host over TLS, whose certificate is for its name.
    pub fn tls(host: &str, port: u16) -> Self {
        Self { is_secure: true, ..Self::tcp(host, port) }
    }

    /// Asks there for a WebSocket (RFC 7977), at the root of the host. Without TLS it needs
    /// [`Builder::plain_websocket`](crate::Builder::plain_websocket).
    #[cfg(feature = "websocket")]
    pub const fn websocket(mut self) -> Self {
        self.is_websocket = true;
        self
    }

    /// Expects a certificate for another name than that of the host: it is to be for the host
    /// of the URI, wherever the connection goes (RFC 4975 section 5.4).
    pub fn server_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Expects a certificate with this fingerprint, or another one that was given before,
    /// whatever its name and issuer (RFC 8122).
    pub fn fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprints.push(fingerprint);
        self
    }

    /// The host to connect to.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is over TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether the connection is a WebSocket.
    #[must_use]
    pub const fn is_websocket(&self) -> bool {
        self.is_websocket
    }

    #[cfg(feature = "srv")]
    pub(super) const fn is_service(&self) -> bool {
        self.is_service
    }

    /// What the URIs of this side say of the connection.
    pub(super) const fn carrier(&self) -> Carrier {
        Carrier::new(self.is_secure, self.is_websocket)
    }

    /// The name that the certificate is to be for, unless there are fingerprints.
    pub(super) fn certified_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.host)
    }

    pub(super) fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// The first hop of a path.
    pub(super) fn of_uri(uri: UriRef<'_>) -> Result<Self, Error> {
        Self::of_uri_at(uri, None)
    }

    /// A relay. One without a port is found by the records of its domain, or else at the
    /// default port (RFC 4976 section 8). WebSockets have neither.
    pub(super) fn of_relay(uri: UriRef<'_>) -> Result<Self, Error> {
        let is_websocket = uri.transport().eq_ignore_ascii_case("ws");
        let target = Self::of_uri_at(uri, (!is_websocket).then_some(RECOMMENDED_PORT))?;
        // There is no service for relays without TLS.
        let is_service = uri.port().is_none() && uri.is_secure();
        Ok(Self { is_service, ..target })
    }

    fn of_uri_at(uri: UriRef<'_>, default: Option<u16>) -> Result<Self, Error> {
        let is_websocket = uri.transport().eq_ignore_ascii_case("ws");
        let is_known = uri.transport().eq_ignore_ascii_case("tcp")
            || (is_websocket && cfg!(feature = "websocket"));
        if !is_known {
            return Err(Error::Transport(uri.host_str().into()));
        }
        let host = match uri.host() {
            Host::Ipv6(address) => address.to_string(),
            Host::Ipv4(_) | Host::Name(_) => uri.host_str().to_ascii_lowercase(),
        };
        let port = uri.port().or(default).ok_or_else(|| Error::NoPort(uri.host_str().into()))?;
        Ok(Self { is_secure: uri.is_secure(), is_websocket, ..Self::tcp(&host, port) })
    }

    /// What two descriptions have agreed on.
    pub(super) fn of_plan(target: &msrp_sdp::Target, plan: &SessionPlan) -> Result<Self, Error> {
        Ok(Self {
            is_secure: target.is_secure(),
            fingerprints: fingerprints(plan)?,
            ..Self::tcp(&target.host().to_ascii_lowercase(), target.port())
        })
    }

    /// The other end, for people.
    pub(super) fn hop(&self) -> Arc<str> {
        let kind = match (self.is_websocket, self.is_secure) {
            (false, false) => "",
            (false, true) => " (TLS)",
            (true, false) => " (WebSocket)",
            (true, true) => " (WebSocket, TLS)",
        };
        // The records of the domain name hosts and ports.
        let is_elsewhere = self.is_service && cfg!(feature = "srv");
        let place = if is_elsewhere { self.host.to_string() } else { self.authority() };
        format!("{place}{kind}").into()
    }

    /// Host and port as in a URI.
    pub(super) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// What the certificate of the peer has to match; empty if its name is to be checked.
///
/// # Errors
///
/// [`Error::UnsafeFingerprints`] if there is something to match and no way to do so.
pub(super) fn fingerprints(plan: &SessionPlan) -> Result<Vec<Fingerprint>, Error> {
    plan.fingerprints()
        // Both crates write a fingerprint as RFC 8122 does.
        .map(|it| it.to_string().parse().map_err(|_| Error::UnsafeFingerprints(it.function())))
        .collect()
}
