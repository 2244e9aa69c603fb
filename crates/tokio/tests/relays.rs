//! Sessions through a relay.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use common::{Folder, octets, streamed};
use msrp::auth::Credentials;
use msrp::{AuthenticationFailure, MsrpUri, OutgoingMessage, RelayAccount, SessionConfig};
use msrp_relay::{Handle, Options, Server, user_line};
use msrp_sdp::{MediaDescription, MsrpMedia, Offer};
use msrp_tls::{Fingerprints, HashFunction, Identity, ServerCheck};
use msrp_tokio::{Endpoint, Error, Route, Session};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

const REALM: &str = "relay.test";

/// A relay that runs on its own thread. Dropping it ends the relay.
struct Relay {
    uri: String,
    address: SocketAddr,
    #[cfg(feature = "websocket")]
    websocket: Option<SocketAddr>,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    _users: Folder,
}

impl Relay {
    fn new() -> Self {
        Self::at("127.0.0.1:0".parse().unwrap())
    }

    fn at(address: SocketAddr) -> Self {
        Self::with(|options| {
            options.listen = Some(address);
            options.ws_listen = Some("127.0.0.1:0".parse().unwrap());
            options.plain_auth = true;
        })
    }

    /// A relay that takes TLS alone, and the fingerprint of its certificate.
    fn secure() -> (Self, Fingerprints) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = Folder::new();
        let (cert, key) = (folder.0.join("cert.pem"), folder.0.join("key.pem"));
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let identity = Identity::from_files(&cert, &key).unwrap();
        let relay = Self::with(|options| {
            options.tls_listen = Some("127.0.0.1:0".parse().unwrap());
            (options.cert, options.key) = (Some(cert), Some(key));
            options.name = Some("localhost".to_owned());
        });
        (relay, identity.fingerprint(HashFunction::Sha256).unwrap().into())
    }

    fn with(configure: impl FnOnce(&mut Options)) -> Self {
        let folder = Folder::new();
        let users = folder.0.join("users");
        let lines = ["alice", "bob"].map(|user| user_line(user, REALM, user).unwrap());
        std::fs::write(&users, lines.join("\n")).unwrap();
        let mut options = Options::new(REALM);
        options.users = Some(users);
        options.connect_to = vec!["127.0.0.0/8".parse().unwrap()];
        options.drain_seconds = Duration::ZERO;
        configure(&mut options);
        let server = Server::bind(options).unwrap();
        let (addresses, handle) = (server.addresses(), server.handle());
        let (uri, address) = match addresses.tls {
            Some(address) => (format!("msrps://localhost:{};tcp", address.port()), address),
            None => (format!("msrp://{};tcp", addresses.tcp.unwrap()), addresses.tcp.unwrap()),
        };
        #[cfg(feature = "websocket")]
        let websocket = addresses.ws;
        let thread = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(server.run()).unwrap();
        });
        Self {
            uri,
            address,
            #[cfg(feature = "websocket")]
            websocket,
            handle,
            thread: Some(thread),
            _users: folder,
        }
    }

    fn account(&self, user: &str) -> RelayAccount {
        Self::account_at(&self.uri, user)
    }

    /// As a browser reaches it.
    #[cfg(feature = "websocket")]
    fn websocket_account(&self, user: &str) -> RelayAccount {
        Self::account_at(&format!("msrp://{};ws", self.websocket.unwrap()), user)
    }

    fn account_at(uri: &str, user: &str) -> RelayAccount {
        let uri: MsrpUri = uri.parse().unwrap();
        RelayAccount::new(uri).credentials(Credentials::new(user, user))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.handle.drain();
        self.thread.take().unwrap().join().unwrap();
    }
}

async fn endpoint() -> Endpoint {
    let endpoint = Endpoint::builder().plain_auth(true);
    #[cfg(feature = "websocket")]
    let endpoint = endpoint.plain_websocket(true);
    endpoint.bind("127.0.0.1:0").await.unwrap()
}

/// A session from Alice, who is behind the relay, to Bob.
async fn call(
    alices: &Endpoint,
    route: &Route,
    bobs: &Endpoint,
    bob: msrp_sdp::Local,
) -> (Session, Session) {
    let offer = Offer::new(route.local().unwrap()).unwrap();
    let section: MediaDescription = offer.description().to_string().parse().unwrap();
    let (answer, bobs_plan) = msrp_sdp::answer(&MsrpMedia::parse(&section).unwrap(), bob).unwrap();
    let plan = msrp_sdp::complete(&offer, &answer).unwrap();
    let (alice, bob) = tokio::join!(alices.session(plan), bobs.session(bobs_plan));
    (alice.unwrap(), bob.unwrap())
}

async fn talk(alice: &Session, bob: &mut Session) {
    let text = OutgoingMessage::text("Through the relay").success_report(true);
    let sent = alice.send(text).await.unwrap();
    assert_eq!(bob.next().await.unwrap().text().await.unwrap(), "Through the relay");
    sent.delivered().await.unwrap();
}

#[tokio::test]
async fn an_endpoint_behind_a_relay_talks_to_one_that_is_not() {
    let relay = Relay::new();
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let route = alices.relay(relay.account("alice")).await.unwrap();
    let (mut alice, mut bob) = call(&alices, &route, &bobs, bobs.local().unwrap()).await;
    talk(&alice, &mut bob).await;
    talk(&bob, &mut alice).await;
}

#[tokio::test]
async fn two_endpoints_behind_one_relay_send_a_file() {
    let relay = Relay::new();
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let route = alices.relay(relay.account("alice")).await.unwrap();
    let bobs_route = bobs.relay(relay.account("bob")).await.unwrap();
    let (alice, mut bob) = call(&alices, &route, &bobs, bobs_route.local().unwrap()).await;
    send_file(&alice, &mut bob).await;
}

async fn send_file(alice: &Session, bob: &mut Session) {
    let reader = std::io::Cursor::new(octets(1_000_000));
    let sent = alice.send_from(reader, streamed(Some(1_000_000))).await.unwrap();
    let mut read = Vec::new();
    bob.next().await.unwrap().read_to_end(&mut read).await.unwrap();
    assert!(read == octets(1_000_000));
    sent.delivered().await.unwrap();
}

#[cfg(feature = "websocket")]
#[tokio::test]
async fn a_client_on_a_websocket_talks_through_the_relay() {
    let relay = Relay::new();
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let route = alices.relay(relay.websocket_account("alice")).await.unwrap();
    assert_eq!(route.current().unwrap().local().transport(), "ws");
    let (mut alice, mut bob) = call(&alices, &route, &bobs, bobs.local().unwrap()).await;
    talk(&alice, &mut bob).await;
    talk(&bob, &mut alice).await;
    send_file(&alice, &mut bob).await;
    send_file(&bob, &mut alice).await;
}

#[cfg(feature = "websocket")]
#[tokio::test]
async fn two_clients_on_websockets_of_one_relay_send_a_file() {
    let relay = Relay::new();
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let route = alices.relay(relay.websocket_account("alice")).await.unwrap();
    let bobs_route = bobs.relay(relay.websocket_account("bob")).await.unwrap();
    let (alice, mut bob) = call(&alices, &route, &bobs, bobs_route.local().unwrap()).await;
    send_file(&alice, &mut bob).await;
}

#[tokio::test]
async fn two_endpoints_behind_a_relay_talk_under_tls() {
    let (relay, fingerprints) = Relay::secure();
    let endpoint = || {
        let check = ServerCheck::Pinned(fingerprints.clone());
        Endpoint::builder().server_check(check).build().unwrap()
    };
    let (alices, bobs) = (endpoint(), endpoint());
    let route = alices.relay(relay.account("alice")).await.unwrap();
    let bobs_route = bobs.relay(relay.account("bob")).await.unwrap();
    let (mut alice, mut bob) = call(&alices, &route, &bobs, bobs_route.local().unwrap()).await;
    talk(&alice, &mut bob).await;
    talk(&bob, &mut alice).await;
    assert!(alice.tls_version().is_some() && bob.tls_version().is_some());
    let is_secure = |session: &Session| session.remote().unwrap().iter().all(|it| it.is_secure());
    assert!(is_secure(&alice) && is_secure(&bob));
}

#[tokio::test]
async fn a_relay_with_another_certificate_gets_no_password() {
    let (relay, _) = Relay::secure();
    let (_other, fingerprints) = Relay::secure();
    let alices = Endpoint::builder().server_check(ServerCheck::Pinned(fingerprints));
    let error = alices.build().unwrap().relay(relay.account("alice")).await.unwrap_err();
    assert!(matches!(error, Error::Handshake { .. }), "{error}");
}

/// Answers each AUTH on one connection with the next token, good for two seconds.
async fn grant_for_seconds(listener: TcpListener) {
    let (socket, _) = listener.accept().await.unwrap();
    let relay = socket.local_addr().unwrap();
    let (reads, mut writes) = socket.into_split();
    let mut lines = BufReader::new(reads).lines();
    let (mut id, mut from, mut token) = (String::new(), String::new(), 0);
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(start) = line.strip_prefix("MSRP ") {
            id = start.strip_suffix(" AUTH").unwrap().to_owned();
        } else if let Some(path) = line.strip_prefix("From-Path: ") {
            from = path.to_owned();
        } else if line == format!("-------{id}$") {
            token += 1;
            let response = format!(
                "MSRP {id} 200 OK\r\nTo-Path: {from}\r\nFrom-Path: msrp://{relay};tcp\r\n\
                 Use-Path: msrp://{relay}/token{token};tcp\r\nExpires: 2\r\n-------{id}$\r\n"
            );
            writes.write_all(response.as_bytes()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_route_is_renewed_before_it_expires() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri: MsrpUri = format!("msrp://{};tcp", listener.local_addr().unwrap()).parse().unwrap();
    let relay = tokio::spawn(grant_for_seconds(listener));
    let alices = endpoint().await;
    let mut route = alices.relay(RelayAccount::new(uri)).await.unwrap();
    let mut before = route.current().unwrap();
    for token in 2..4 {
        let after = route.changed().await.unwrap();
        assert!(after.path().to_string().contains(&format!("token{token}")), "{}", after.path());
        // Whoever has an offer of the old one finds the same session.
        assert_eq!(after.local(), before.local());
        before = after;
    }
    drop((route, alices));
    relay.await.unwrap();
}

#[tokio::test]
async fn routes_of_one_endpoint_share_the_connection_with_the_relay() {
    let relay = Relay::new();
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let (one, two) =
        tokio::join!(alices.relay(relay.account("alice")), alices.relay(relay.account("alice")));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one.current().unwrap().local(), two.current().unwrap().local());
    let (first, _bob) = call(&alices, &one, &bobs, bobs.local().unwrap()).await;
    let (second, mut bob) = call(&alices, &two, &bobs, bobs.local().unwrap()).await;
    let port = |route: &Route| route.current().unwrap().local().port();
    assert_eq!(port(&one), port(&two));
    // The route of a session that has ended goes alone.
    drop((first, one));
    talk(&second, &mut bob).await;
}

#[tokio::test]
async fn a_relay_that_refuses_says_why() {
    let relay = Relay::new();
    let alices = endpoint().await;
    let mallory = RelayAccount::new(relay.account("alice").uri)
        .credentials(Credentials::new("alice", "guessed"));
    let error = alices.relay(mallory).await.unwrap_err();
    assert!(
        matches!(error, Error::Relay { reason: AuthenticationFailure::Unauthorized, .. }),
        "{error}"
    );
    let careful = Endpoint::builder().build().unwrap();
    let error = careful.relay(relay.account("alice")).await.unwrap_err();
    assert!(matches!(error, Error::PlainAuth(_)), "{error}");
}

#[tokio::test]
async fn a_route_is_made_again_after_its_connection_was_lost() {
    let relay = Relay::new();
    let address = relay.address;
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let mut route = alices.relay(relay.account("alice")).await.unwrap();
    let before = route.current().unwrap();
    let (alice, _bob) = call(&alices, &route, &bobs, bobs.local().unwrap()).await;
    drop(relay);
    let ended = alice.sender().closed().await;
    assert!(ended.to_string().contains(&address.to_string()), "{ended}");

    let _relay = Relay::at(address);
    let after = route.changed().await.unwrap();
    assert_ne!(after.local(), before.local());
    let (alice, mut bob) = call(&alices, &route, &bobs, bobs.local().unwrap()).await;
    talk(&alice, &mut bob).await;
}

#[tokio::test]
async fn a_session_without_its_route_is_an_error() {
    let relay = Relay::new();
    let alices = endpoint().await;
    let route = alices.relay(relay.account("alice")).await.unwrap();
    let offer = Offer::new(route.local().unwrap()).unwrap();
    let section: MediaDescription = offer.description().to_string().parse().unwrap();
    let bobs = endpoint().await;
    let offered = MsrpMedia::parse(&section).unwrap();
    let (answer, _) = msrp_sdp::answer(&offered, bobs.local().unwrap()).unwrap();
    let plan = msrp_sdp::complete(&offer, &answer).unwrap();
    drop(route);
    while !matches!(alices.session(plan.clone()).await, Err(Error::NoRoute)) {
        tokio::task::yield_now().await;
    }
}

/// Neither session has a description: paths are all that the sides know.
#[tokio::test]
async fn paths_alone_lead_through_a_relay() {
    let relay = Relay::new();
    let (alices, bobs) = (endpoint().await, endpoint().await);
    let alice = alices.relay(relay.account("alice")).await.unwrap();
    let bob = bobs.relay(relay.account("bob")).await.unwrap();
    let path = bob.current().unwrap().path();
    let expected = SessionConfig::expected(bob.current().unwrap().local().clone());
    let mut sessions = bobs.expect_each(expected).unwrap();
    let session = alices.connect_through(&alice, &path, |config| config).unwrap();
    let sent = session.send("Are you there?").await.unwrap();
    let mut bobs_session = sessions.next().await.unwrap();
    assert_eq!(bobs_session.next().await.unwrap().text().await.unwrap(), "Are you there?");
    sent.delivered().await.unwrap();
    session.opened().await.unwrap();
    assert_eq!(session.hop(), relay.address.to_string());

    drop(relay);
    session.sender().closed().await;
    let error = alices.connect_through(&alice, &path, |config| config).unwrap_err();
    assert!(matches!(error, Error::NoRoute | Error::Session(_)), "{error}");
}
