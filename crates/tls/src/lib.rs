//! TLS for `msrps` URIs, configured as RFC 4975 asks for it: for clients and
//! servers, blocking or not.
//!
//! - TLS 1.2 and 1.3 only (RFC 8996).
//! - A server's certificate is checked against the host of the URI (RFC 4975
//!   section 5.4), under the roots of the system, of a file, or of both.
//! - Where there is no name to check, as with the self-signed certificates of
//!   most endpoints, the certificate is pinned by the fingerprint that came
//!   with the session description (RFC 8122). A check that is relaxed without a
//!   fingerprint would be none: [`ServerCheck`] has no such value.
//!
//! ```no_run
//! use std::net::TcpStream;
//! use msrp::MsrpUri;
//! use msrp_tls::{Roots, ServerCheck, client_config, server_name};
//!
//! let uri: MsrpUri = "msrps://bob.example:2855/kjhd37s2s20w2a;tcp".parse()?;
//! let config = client_config(ServerCheck::Named(Roots::system()?), None)?;
//! let client = rustls::ClientConnection::new(config, server_name(uri.host())?)?;
//! let stream = TcpStream::connect("bob.example:2855")?;
//! let mut stream = rustls::StreamOwned::new(client, stream);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The cryptography is ring's: it builds with a C compiler alone, where
//! aws-lc-rs would need more tools on some systems.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod fingerprint;
mod identity;
mod pinned;
mod roots;

use std::sync::Arc;

use msrp::uri::Host;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};
use thiserror::Error;

pub use fingerprint::{Fingerprint, FingerprintError, HashFunction};
pub use identity::Identity;
pub use roots::Roots;

use pinned::Pinned;

/// RFC 8996 has retired what is older.
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// How a client knows that a server is the one it wants.
#[derive(Clone, Debug)]
pub enum ServerCheck {
    /// Its certificate is for the name that is asked for, under these roots.
    Named(Roots),
    /// Its certificate has one of these fingerprints, whatever names are in it
    /// and whoever has signed it.
    Pinned(Fingerprints),
}

/// Whether a server asks its clients for a certificate.
#[derive(Clone, Debug, Default)]
pub enum ClientCheck {
    /// It does not.
    #[default]
    None,
    /// It does, and the certificate has one of these fingerprints.
    Pinned(Fingerprints),
    /// It does, and takes clients without one. A certificate that is shown is
    /// signed under these roots, or there is no connection: so relays know each
    /// other from endpoints (RFC 4976 section 6.1).
    Optional(Roots),
}

/// The fingerprints of a session description, at least one.
#[derive(Clone, Debug)]
pub struct Fingerprints(Vec<Fingerprint>);

impl Fingerprints {
    /// All of these, any of which will do.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoFingerprint`] where there is none: nothing would be
    /// checked at all.
    pub fn new(fingerprints: impl IntoIterator<Item = Fingerprint>) -> Result<Self, TlsError> {
        let all: Vec<Fingerprint> = fingerprints.into_iter().collect();
        if all.is_empty() { Err(TlsError::NoFingerprint) } else { Ok(Self(all)) }
    }
}

impl From<Fingerprint> for Fingerprints {
    fn from(fingerprint: Fingerprint) -> Self {
        Self(vec![fingerprint])
    }
}

/// Why TLS cannot be set up.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate was to be taken whatever its names, and no fingerprint
    /// was given.
    #[error("give a fingerprint: without one nothing of the certificate would be checked")]
    NoFingerprint,
    /// The host of a URI is neither an address nor a name that can stand in a
    /// certificate.
    #[error("the host is neither an IP address nor a DNS name")]
    Name,
    /// No root certificate to check against.
    #[error("the system has no root certificates; give some with a file")]
    NoRoots,
    /// A file cannot be used.
    #[error("{path}: {problem}")]
    File {
        /// Its path.
        path: Box<str>,
        /// What is wrong with it.
        problem: Box<str>,
    },
    /// TLS does not take what it was given, a key that does not belong to its
    /// certificate for one.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

/// The settings of a client that checks servers so, and shows itself with
/// `identity` where a server asks.
///
/// # Errors
///
/// [`TlsError::Rustls`] where key and certificate do not belong together.
pub fn client_config(
    check: ServerCheck,
    identity: Option<Identity>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&VERSIONS)?;
    let builder = match check {
        ServerCheck::Named(roots) => builder.with_root_certificates(roots.store()),
        ServerCheck::Pinned(Fingerprints(fingerprints)) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pinned::new(fingerprints, provider))),
    };
    let config = match identity {
        Some(identity) => builder.with_client_auth_cert(identity.chain, identity.key)?,
        None => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

/// The settings of a server of that identity.
///
/// # Errors
///
/// [`TlsError::Rustls`] where key and certificate do not belong together,
/// [`TlsError::NoRoots`] where clients are to be checked under none.
pub fn server_config(
    identity: Identity,
    check: ClientCheck,
) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&VERSIONS)?;
    let builder = match check {
        ClientCheck::None => builder.with_no_client_auth(),
        ClientCheck::Pinned(Fingerprints(fingerprints)) => {
            builder.with_client_cert_verifier(Arc::new(Pinned::new(fingerprints, provider)))
        }
        ClientCheck::Optional(roots) => {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots.store()), provider)
                    .allow_unauthenticated()
                    .build()
                    .map_err(|_| TlsError::NoRoots)?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    Ok(Arc::new(builder.with_single_cert(identity.chain, identity.key)?))
}

/// The name for which a certificate has to be, and which is told to the server
/// as SNI: the host of the URI that is connected to, not the name it was found
/// by (RFC 4975 section 5.4). An address is checked against the certificate's
/// addresses and told to nobody (RFC 6066 section 3).
///
/// # Errors
///
/// [`TlsError::Name`] where no certificate can be for such a host.
pub fn server_name(host: Host<'_>) -> Result<ServerName<'static>, TlsError> {
    match host {
        Host::Ipv4(address) => Ok(ServerName::from(std::net::IpAddr::V4(address))),
        Host::Ipv6(address) => Ok(ServerName::from(std::net::IpAddr::V6(address))),
        Host::Name(name) => ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Name),
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
