//! Handshakes over blocking sockets, with certificates generated for each test.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use msrp::uri::Host;
use msrp_tls::{
    ClientCheck, Fingerprint, Fingerprints, HashFunction, Identity, Roots, ServerCheck, TlsError,
    client_config, server_config, server_name,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, ServerConfig, ServerConnection, StreamOwned,
};

/// A certificate authority for the tests.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        Self::called("a test's own authority")
    }

    fn called(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn roots(&self) -> Roots {
        let file = Scratch::new(&self.0.pem());
        Roots::from_file(&file.0).unwrap()
    }

    fn certify(&self, names: &[&str]) -> Identity {
        self.sign(CertificateParams::new(owned(names)).unwrap())
    }

    fn sign(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity::new(vec![certificate.der().clone()], der(&key))
    }
}

fn self_signed(names: &[&str]) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(owned(names)).unwrap().self_signed(&key).unwrap();
    Identity::new(vec![certificate.der().clone()], der(&key))
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn der(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(key.serialize_der().into())
}

/// A file that is removed when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(text: &str) -> Self {
        let name = format!("msrp-tls-{}-{:?}.pem", std::process::id(), thread::current().id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Completes a handshake and sends one octet to the server and back. Returns the
/// client's result.
fn handshake(
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    host: &str,
) -> std::io::Result<(ProtocolVersion, Option<String>)> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(server).unwrap(), stream);
        let mut octet = [0];
        stream.read_exact(&mut octet).and_then(|()| stream.write_all(&octet)).ok()?;
        stream.conn.server_name().map(str::to_owned)
    });
    let client = ClientConnection::new(client, server_name(Host::from(host)).unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(address).unwrap());
    stream.write_all(b"?")?;
    stream.read_exact(&mut [0])?;
    let version = stream.conn.protocol_version().unwrap();
    drop(stream);
    Ok((version, serving.join().unwrap()))
}

fn named(authority: &Authority) -> Arc<ClientConfig> {
    client_config(ServerCheck::Named(authority.roots()), None).unwrap()
}

fn serve(identity: Identity) -> Arc<ServerConfig> {
    server_config(identity, ClientCheck::None).unwrap()
}

fn assert_refused<T: std::fmt::Debug>(result: std::io::Result<T>, why: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

// req: 4975-5.4
#[test]
fn a_certificate_for_the_host_of_the_uri_is_accepted() {
    let authority = Authority::new();
    let server = serve(authority.certify(&["bob.example"]));
    let (version, sni) = handshake(server, named(&authority), "bob.example").unwrap();
    assert_eq!(version, ProtocolVersion::TLSv1_3);
    assert_eq!(sni.as_deref(), Some("bob.example"));
}

#[test]
fn an_address_is_checked_against_addresses_and_not_sent() {
    let authority = Authority::new();
    for (host, other) in [("127.0.0.1", "127.0.0.2"), ("[::1]", "[::2]")] {
        let bare = host.trim_matches(['[', ']']);
        let server = serve(authority.certify(&[bare]));
        let (_, sni) = handshake(Arc::clone(&server), named(&authority), host).unwrap();
        assert_eq!(sni, None);
        assert_refused(handshake(server, named(&authority), other), "not valid for name");
    }
}

#[test]
fn roots_vouch_for_what_is_issued_under_them_for_that_name() {
    let (ours, other) = (Authority::new(), Authority::called("another"));
    let chain = |authority: &Authority| {
        let params = CertificateParams::new(owned(&["bob.example"])).unwrap();
        let signed = params.signed_by(&KeyPair::generate().unwrap(), &authority.0).unwrap();
        vec![signed.der().clone()]
    };
    let name = |host| server_name(Host::from(host)).unwrap();
    let roots = ours.roots();
    assert!(roots.vouch_for(&chain(&ours), &name("bob.example")));
    assert!(!roots.vouch_for(&chain(&ours), &name("mallory.example")));
    assert!(!roots.vouch_for(&chain(&other), &name("bob.example")));
    assert!(!roots.vouch_for(&[], &name("bob.example")));
    assert!(roots.vouch_for_client(&chain(&ours)));
    assert!(!roots.vouch_for_client(&chain(&other)) && !roots.vouch_for_client(&[]));
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let server = serve(authority.certify(&["mallory.example"]));
    assert_refused(handshake(server, named(&authority), "bob.example"), "not valid for name");
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = Authority::new();
    let mut params = CertificateParams::new(owned(&["bob.example"])).unwrap();
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(2002, 1, 1);
    let server = serve(authority.sign(params));
    assert_refused(handshake(server, named(&authority), "bob.example"), "expired");
}

#[test]
fn an_unknown_authority_is_refused() {
    let server = serve(Authority::called("somebody").certify(&["bob.example"]));
    assert_refused(handshake(server, named(&Authority::new()), "bob.example"), "UnknownIssuer");
}

#[test]
fn tls_1_2_is_used_if_the_server_has_nothing_newer() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(owned(&["bob.example"])).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], der(&key))
        .unwrap();
    let client = pinned(Fingerprint::of(HashFunction::Sha256, certificate.der()));
    let (version, _) = handshake(Arc::new(server), client, "bob.example").unwrap();
    assert_eq!(version, ProtocolVersion::TLSv1_2);
}

fn pinned(fingerprint: Fingerprint) -> Arc<ClientConfig> {
    client_config(ServerCheck::Pinned(fingerprint.into()), None).unwrap()
}

#[test]
fn a_pinned_certificate_needs_no_name_and_no_authority() {
    let identity = self_signed(&["whatever.example"]);
    for function in [HashFunction::Sha256, HashFunction::Sha384, HashFunction::Sha512] {
        let fingerprint = identity.fingerprint(function).unwrap();
        let fingerprint = fingerprint.to_string().to_lowercase().parse().unwrap();
        handshake(serve(identity.clone()), pinned(fingerprint), "192.0.2.7").unwrap();
    }
}

// req: 8122-5.1-3, 4975-14.4-2
#[test]
fn a_certificate_that_is_not_pinned_is_refused() {
    let (wanted, other) = (self_signed(&["bob.example"]), self_signed(&["bob.example"]));
    let client = pinned(wanted.fingerprint(HashFunction::Sha256).unwrap());
    assert_refused(handshake(serve(other), client, "bob.example"), "FingerprintMismatch");
}

#[test]
fn a_check_without_a_fingerprint_cannot_be_made() {
    assert!(matches!(Fingerprints::new([]), Err(TlsError::NoFingerprint)));
}

#[test]
fn a_client_is_recognized_by_its_fingerprint() {
    let authority = Authority::new();
    let (alice, mallory) = (self_signed(&["alice"]), self_signed(&["alice"]));
    let wanted = alice.fingerprint(HashFunction::Sha256).unwrap();
    let server = authority.certify(&["bob.example"]);
    let server = server_config(server, ClientCheck::Pinned(wanted.into())).unwrap();
    let show = |identity| {
        let client = client_config(ServerCheck::Named(authority.roots()), identity).unwrap();
        handshake(Arc::clone(&server), client, "bob.example")
    };
    show(Some(alice)).unwrap();
    assert!(show(Some(mallory)).is_err());
    assert!(show(None).is_err());
}

#[test]
fn a_certificate_whose_fingerprint_is_checked_later_may_be_any_or_none() {
    let authority = Authority::new();
    let server = server_config(authority.certify(&["bob.example"]), ClientCheck::PinnedLater);
    let server = server.unwrap();
    let show = |identity| {
        let client = client_config(ServerCheck::Named(authority.roots()), identity).unwrap();
        handshake(Arc::clone(&server), client, "bob.example")
    };
    show(None).unwrap();
    show(Some(self_signed(&["msrp.invalid"]))).unwrap();
}

// req: 4976-6.1-1
#[test]
fn an_optional_certificate_must_be_valid_if_it_is_presented() {
    let (authority, other) = (Authority::new(), Authority::called("another authority"));
    let server = authority.certify(&["relay.example"]);
    let server = server_config(server, ClientCheck::Optional(authority.roots())).unwrap();
    let show = |identity| {
        let client = client_config(ServerCheck::Named(authority.roots()), identity).unwrap();
        handshake(Arc::clone(&server), client, "relay.example")
    };
    show(None).unwrap();
    show(Some(authority.certify(&["other.relay.example"]))).unwrap();
    assert!(show(Some(other.certify(&["other.relay.example"]))).is_err());
    assert!(show(Some(self_signed(&["other.relay.example"]))).is_err());
}

/// An error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[test]
fn unusable_files_are_named() {
    let missing = PathBuf::from("/nowhere/chain.pem");
    let error = chain(&Roots::from_file(&missing).unwrap_err());
    assert!(error.starts_with("cannot read /nowhere/chain.pem: "), "{error}");
    let empty = Scratch::new("no certificate\n");
    let error = chain(&Identity::from_files(&empty.0, &empty.0).unwrap_err());
    assert!(error.contains("no items found"), "{error}");
}

#[test]
fn a_chain_and_a_key_are_read_from_files() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(owned(&["bob.example"])).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let both = Scratch::new(&(certificate.pem() + &key.serialize_pem()));
    let identity = Identity::from_files(&both.0, &both.0).unwrap();
    let fingerprint = Fingerprint::of(HashFunction::Sha256, certificate.der());
    handshake(serve(identity), pinned(fingerprint), "bob.example").unwrap();
}

#[test]
fn weak_or_malformed_fingerprints_are_refused() {
    let octets = vec!["AB"; 32].join(":");
    assert!(format!("SHA-256 {octets}").parse::<Fingerprint>().is_ok());
    for (text, error) in [
        (format!("sha-1 {}", vec!["AB"; 20].join(":")), TlsError::HashFunction),
        (format!("md5 {}", vec!["AB"; 16].join(":")), TlsError::HashFunction),
        (format!("sha-512 {octets}"), TlsError::FingerprintLength(64)),
        (format!("sha-256 {octets}:AB"), TlsError::FingerprintLength(32)),
        (format!("sha-256 {}", octets.replace(':', "")), TlsError::FingerprintSyntax),
        (format!("sha-256 {}", octets.replacen("AB", "+1", 1)), TlsError::FingerprintSyntax),
        ("sha-256".to_owned(), TlsError::FingerprintSyntax),
    ] {
        let refused = text.parse::<Fingerprint>().unwrap_err();
        assert_eq!(refused.to_string(), error.to_string(), "{text}");
    }
}
