//! Which servers are relays: those that `--ca` vouches for, whatever the system trusts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::process::Command;

use common::certificates::{Authority, Signed};
use common::client::Client;
use common::process::{PROGRAM, Process, with_users};
use common::{PATIENCE, Scratch, users};
use msrp_tls::{ClientCheck, Identity, server_config};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

const ALICE: &str = "msrps://alice.invalid:7654/jshA7weztas;tcp";
/// The URI of a client that the dialled server claims to serve.
const BEYOND: &str = "msrps://beyond.invalid:7654/kjhd37s2s20w2a;tcp";

/// A relay named localhost on a machine whose system trusts `public`, while `relays`
/// signs the certificates of relays.
struct World {
    public: Authority,
    relays: Authority,
    relay: Process,
    _files: (Signed, Scratch),
}

impl World {
    fn new() -> Self {
        let (public, relays) = (Authority::new(), Authority::new());
        let (signed, users) = (relays.certify("localhost"), Scratch::new("users", &users()));
        let relay = Process::start(
            Command::new(PROGRAM)
                .env("SSL_CERT_FILE", &public.root.0)
                .args(["--tls-listen", "127.0.0.1:0", "--name", "localhost"])
                .args(["--connect-to", "127.0.0.0/8"])
                .args(["--cert".as_ref(), signed.cert.0.as_os_str()])
                .args(["--key".as_ref(), signed.key.0.as_os_str()])
                .args(["--ca".as_ref(), relays.root.0.as_os_str()])
                .args(with_users(&users)),
            1,
        );
        Self { public, relays, relay, _files: (signed, users) }
    }

    /// Has the relay connect to a server with this certificate. The server then forwards
    /// an AUTH of a client. Returns the status of the response.
    async fn auth_from_dialled(&self, server: &Signed) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = format!("msrps://localhost:{port}/si438dsaodes;tcp");

        let address = ([127, 0, 0, 1], self.relay.port(0)).into();
        let stream = self.relays.connect(address, None).await.unwrap();
        let mut alice = Client::over(stream, ALICE);
        let token = alice.authenticate(self.relay.uri(0), "alice").await.unwrap();
        alice.say(&format!("{token} {own}"), "Hello").await;

        let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
        let identity = Identity::from_files(&server.cert.0, &server.key.0).unwrap();
        let acceptor = TlsAcceptor::from(server_config(identity, ClientCheck::None).unwrap());
        let mut server = Client::over(acceptor.accept(stream).await.unwrap(), BEYOND);
        let got = server.expect("SEND").await;
        server.write(&got.response("200 OK")).await;
        server.ask("AUTH", self.relay.uri(0), "").await.kind()
    }
}

// req: 4976-9.2-4
#[tokio::test]
async fn a_server_that_only_the_system_trusts_is_no_relay() {
    let world = World::new();
    // It is an endpoint, which may authenticate as any other client.
    assert_eq!(world.auth_from_dialled(&world.public.certify("localhost")).await, "401");
}

#[tokio::test]
async fn a_server_whose_certificate_is_under_ca_is_a_relay() {
    let world = World::new();
    // The client beyond is not of this relay: its host is not in the certificate.
    assert_eq!(world.auth_from_dialled(&world.relays.certify("localhost")).await, "403");
}
