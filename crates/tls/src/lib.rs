//! TLS for `msrps` URIs as RFC 4975 requires it: for clients and servers,
//! blocking or async.
//!
//! - TLS 1.2 and 1.3 only (RFC 8996).
//! - A server's certificate is checked against the host of the URI (RFC 4975
//!   section 5.4), under the roots of the system, of a file, or of both.
//! - Without a name to check, as with the self-signed certificates of most
//!   endpoints, the certificate is pinned by the fingerprint in the session
//!   description (RFC 8122). [`ServerCheck`] has no value that accepts every
//!   certificate.
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
//! The cryptography is ring's: it builds with a C compiler alone, while
//! aws-lc-rs needs more tools on some systems.

#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]

mod fingerprint;
mod identity;
mod pinned;
mod roots;

use std::path::Path;
use std::sync::Arc;

use msrp::uri::Host;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};
use thiserror::Error;

pub use fingerprint::{Fingerprint, HashFunction};
pub use identity::Identity;
pub use roots::Roots;

use pinned::Pinned;

/// RFC 8996 deprecates older versions.
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// How a client checks a server's certificate.
#[derive(Clone, Debug)]
pub enum ServerCheck {
    /// It is valid for the expected name, under these roots.
    Named(Roots),
    /// It has one of these fingerprints, regardless of its names and issuer.
    Pinned(Fingerprints),
}

/// How a server checks its clients' certificates.
#[derive(Clone, Debug, Default)]
pub enum ClientCheck {
    /// It does not ask for one.
    #[default]
    None,
    /// It requires one that has one of these fingerprints.
    Pinned(Fingerprints),
    /// It asks for one and accepts any whose key the client has, and clients without. For a
    /// server that many sessions share: it compares the fingerprint
    /// ([`Fingerprint::matches`]) once it knows which session the client means, and before
    /// it trusts the client.
    PinnedLater,
    /// It asks for one and accepts clients without. A certificate that is not
    /// valid under these roots ends the handshake. This distinguishes relays
    /// from endpoints (RFC 4976 section 6.1).
    Optional(Roots),
}

/// The fingerprints of a session description, at least one.
#[derive(Clone, Debug)]
pub struct Fingerprints(Vec<Fingerprint>);

impl Fingerprints {
    /// A certificate has to match one of these.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoFingerprint`] if there is none.
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

/// Why TLS cannot be set up, or why a text is not a usable fingerprint.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A list of fingerprints is empty.
    #[error("at least one fingerprint is needed to check a certificate")]
    NoFingerprint,
    /// A fingerprint does not consist of a hash function, a space and pairs of
    /// hexadecimal digits.
    #[error(
        "a fingerprint is written like \"sha-256 4A:AD:B9:...\", two hexadecimal digits per octet"
    )]
    FingerprintSyntax,
    /// A hash function is unsafe or unknown.
    #[error("the hash function must be sha-256, sha-384 or sha-512")]
    HashFunction,
    /// A fingerprint does not have the number of octets of its hash function,
    /// which is given.
    #[error("a fingerprint with this hash function must have {0} octets")]
    FingerprintLength(usize),
    /// The host of a URI is neither an address nor a DNS name, so that no
    /// certificate can be valid for it.
    #[error("the host is neither an IP address nor a DNS name")]
    Name,
    /// No root certificate to check against.
    #[error("there are no root certificates to check with")]
    NoRoots,
    /// A file of certificates or a key cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Its path.
        path: Box<Path>,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// TLS refuses its settings, such as a key that does not belong to its
    /// certificate.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

/// The settings of a client. It presents `identity` to a server that asks for a
/// certificate.
///
/// # Errors
///
/// [`TlsError::Rustls`] if the key does not belong to the certificate.
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

/// The settings of a server with this identity.
///
/// # Errors
///
/// [`TlsError::Rustls`] if the key does not belong to the certificate,
/// [`TlsError::NoRoots`] if `check` has no roots.
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
        ClientCheck::PinnedLater => {
            builder.with_client_cert_verifier(Arc::new(Pinned::later(provider)))
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

/// The name that a server's certificate has to be valid for, and that the client
/// sends as SNI: the host of the URI, even if another name led to its address
/// (RFC 4975 section 5.4). An address is checked against the addresses in the
/// certificate and is not sent (RFC 6066 section 3).
///
/// # Errors
///
/// [`TlsError::Name`] if the host is neither an address nor a DNS name.
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

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
