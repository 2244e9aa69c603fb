//! A certificate authority and the certificates that it signs.

use std::sync::Arc;

use msrp_relay::Options;
use msrp_tls::{Identity, Roots, ServerCheck, client_config};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConnection;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{Running, Scratch, options};

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub root: Scratch,
}

/// A certificate and its key.
pub struct Signed {
    pub cert: Scratch,
    pub key: Scratch,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let root = Scratch::new("root", &issuer.pem());
        Self { issuer, root }
    }

    pub fn certify(&self, name: &str) -> Signed {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Signed {
            cert: Scratch::new("cert", &certificate.pem()),
            key: Scratch::new("key", &key.serialize_pem()),
        }
    }

    /// A relay named localhost that listens for TLS and secure WebSockets.
    pub fn relay(&self) -> Running {
        let signed = self.certify("localhost");
        Running::with(self.relay_options(&signed))
    }

    pub fn relay_options(&self, signed: &Signed) -> Options {
        let mut options = options();
        options.tls_listen = "127.0.0.1:0".parse().ok();
        options.wss_listen = "127.0.0.1:0".parse().ok();
        options.name = Some("localhost".into());
        options.cert = Some(signed.cert.0.clone());
        options.key = Some(signed.key.0.clone());
        options.ca = Some(self.root.0.clone());
        options
    }

    /// The first octets of a client's handshake.
    pub fn hello(&self) -> Vec<u8> {
        let roots = Roots::from_file(&self.root.0).unwrap();
        let config = client_config(ServerCheck::Named(roots), None).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut hello = Vec::new();
        ClientConnection::new(config, name).unwrap().write_tls(&mut hello).unwrap();
        hello
    }

    /// A TLS connection of a client that trusts this authority.
    pub async fn connect(
        &self,
        address: std::net::SocketAddr,
        identity: Option<&Signed>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let roots = Roots::from_file(&self.root.0).unwrap();
        let identity =
            identity.map(|signed| Identity::from_files(&signed.cert.0, &signed.key.0).unwrap());
        let config = client_config(ServerCheck::Named(roots), identity).unwrap();
        let tcp = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::clone(&config)).connect(name, tcp).await
    }
}
