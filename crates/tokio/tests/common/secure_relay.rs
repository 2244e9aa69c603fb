//! A relay under TLS.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::thread::JoinHandle;
use std::time::Duration;

use msrp::auth::Credentials;
use msrp::{MsrpUri, RelayAccount};
use msrp_relay::{Handle, Options, Server, user_line};
use msrp_tls::{Roots, ServerCheck};
use msrp_tokio::{Builder, Endpoint};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::common::Folder;

/// Its domain, and the realm of its users.
pub const DOMAIN: &str = "relay.test";

/// A relay under TLS, on its own thread. Dropping it ends the relay.
pub struct Relay {
    /// Where it listens for TLS.
    pub port: u16,
    /// Where it listens for WebSockets over TLS.
    pub websocket_port: u16,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    folder: Folder,
}

impl Relay {
    pub fn new() -> Self {
        Self::certified_for(DOMAIN)
    }

    pub fn certified_for(name: &str) -> Self {
        let folder = Folder::new();
        let file = |name: &str, text: &str| {
            let path = folder.0.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        file("root", &issuer.pem());
        let mut options = Options::new(DOMAIN);
        options.tls_listen = Some("127.0.0.1:0".parse().unwrap());
        options.wss_listen = options.tls_listen;
        options.name = Some(name.into());
        options.cert = Some(file("cert", &certificate.pem()));
        options.key = Some(file("key", &key.serialize_pem()));
        let users = ["alice", "bob"].map(|user| user_line(user, DOMAIN, user).unwrap());
        options.users = Some(file("users", &users.join("\n")));
        options.drain_seconds = Duration::ZERO;
        let server = Server::bind(options).unwrap();
        let handle = server.handle();
        let port = server.addresses().tls.unwrap().port();
        let websocket_port = server.addresses().wss.unwrap().port();
        let thread = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(server.run()).unwrap();
        });
        Self { port, websocket_port, handle, thread: Some(thread), folder }
    }

    /// Its certificate is trusted, for the name that it has.
    pub fn trusting(&self) -> Builder {
        let roots = Roots::from_file(&self.folder.0.join("root")).unwrap();
        Endpoint::builder().server_check(ServerCheck::Named(roots))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.handle.drain();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Alice at the relay.
pub fn account(uri: &str) -> RelayAccount {
    let uri: MsrpUri = uri.parse().unwrap();
    RelayAccount::new(uri).credentials(Credentials::new("alice", "alice"))
}
