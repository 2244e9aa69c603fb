//! Calls between two users of a Kamailio that is registrar, SIP proxy and MSRP relay at once,
//! and of our relay.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../examples/call/tests/common/mod.rs"]
mod call;
#[path = "../../../crates/cli/tests/processes/mod.rs"]
mod processes;

use call::Call;
use msrp::auth::Algorithm;
use msrp_interop::{Kamailio, OurRelay, PASSWORD, USER, built, needed};
use processes::{Folder, hash, random_octets};

/// A user of a Kamailio, as arguments.
struct User {
    arguments: Vec<String>,
}

impl User {
    fn new(kamailio: &Kamailio, name: &str, folder: &Folder) -> Self {
        let password = folder.0.join("password");
        std::fs::write(&password, format!("{PASSWORD}\n")).unwrap();
        let registrar = kamailio.sip_uri();
        let password = password.to_str().unwrap();
        let arguments = ["--registrar", &registrar, "--user", name, "--password-file", password];
        Self { arguments: arguments.map(str::to_owned).to_vec() }
    }

    /// The same through its relay, with or without TLS.
    fn behind_relay(mut self, kamailio: &Kamailio, is_secure: bool) -> Self {
        let certificate = kamailio.certificate();
        let (secure, plain) = (kamailio.secure_uri(), kamailio.uri());
        let relay = if is_secure {
            &["--relay", &*secure, "--ca", certificate.to_str().unwrap()][..]
        } else {
            &["--relay", &*plain, "--plain-auth"]
        };
        self.arguments.extend(relay.iter().map(|it| (*it).to_owned()));
        self
    }

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        self.arguments.iter().map(String::as_str).chain(more.iter().copied()).collect()
    }
}

fn kamailio() -> Option<Kamailio> {
    needed(built("msrp-call", "-p msrp-call"))?;
    needed(Kamailio::start())
}

/// Alice calls Bob by name, says something and sends a file.
fn call(kamailio: &Kamailio, folder: &Folder, (alice, bob): (&User, &User), tls: bool) {
    let octets = random_octets(300_001);
    let file = folder.0.join("talk.pdf");
    std::fs::write(&file, &octets).unwrap();
    let inbox = folder.0.join("inbox");
    let (listener, uri) = Call::listen(&inbox, &bob.arguments(&["--once"]));
    assert_eq!(uri, kamailio.sip_uri().replace("sip:", "sip:bob@"));
    let said = ["--say", "Are you there?", "--send", file.to_str().unwrap(), "--tls"];
    let said = if tls { &said[..] } else { &said[..4] };
    let (status, events) = Call::dial(&uri, &alice.arguments(said)).end();
    assert_eq!(status, 0, "{events:?}");
    let (status, events) = listener.end();
    assert_eq!(status, 0);
    assert_eq!(events[0]["peer"], kamailio.sip_uri().replace("sip:", "sip:alice@"));
    assert_eq!(events[0]["tls"], tls);
    assert_eq!(events[1]["text"], "Are you there?");
    assert_eq!(events[2]["sha256"], hash(&octets));
}

fn users(kamailio: &Kamailio, folder: &Folder) -> (User, User) {
    (User::new(kamailio, "alice", folder), User::new(kamailio, "bob", folder))
}

#[test]
fn users_of_a_registrar_call_each_other_by_name() {
    let Some(kamailio) = kamailio() else { return };
    for tls in [false, true] {
        let folder = Folder::new();
        let (alice, bob) = users(&kamailio, &folder);
        call(&kamailio, &folder, (&alice, &bob), tls);
    }
}

#[test]
fn users_of_a_registrar_talk_through_its_relay() {
    let Some(kamailio) = kamailio() else { return };
    for tls in [false, true] {
        let folder = Folder::new();
        let (alice, bob) = users(&kamailio, &folder);
        let alice = alice.behind_relay(&kamailio, tls);
        let bob = bob.behind_relay(&kamailio, tls);
        call(&kamailio, &folder, (&alice, &bob), tls);
    }
}

#[test]
fn one_side_alone_has_a_relay() {
    let Some(kamailio) = kamailio() else { return };
    let folder = Folder::new();
    let (alice, bob) = users(&kamailio, &folder);
    let alice = alice.behind_relay(&kamailio, false);
    call(&kamailio, &folder, (&alice, &bob), false);
    let (alice, bob) = users(&kamailio, &folder);
    let bob = bob.behind_relay(&kamailio, false);
    call(&kamailio, &folder, (&alice, &bob), false);
}

#[test]
fn two_users_of_our_relay_talk_without_a_registrar() {
    if needed(built("msrp-call", "-p msrp-call")).is_none() {
        return;
    }
    let Some(relay) = needed(OurRelay::start(Algorithm::Sha256)) else { return };
    let (folder, octets) = (Folder::new(), random_octets(300_001));
    let (file, password) = (folder.0.join("talk.pdf"), folder.0.join("password"));
    std::fs::write(&file, &octets).unwrap();
    std::fs::write(&password, PASSWORD).unwrap();
    let (uri, password) = (relay.uri(), password.to_str().unwrap());
    let user = ["--relay", &uri, "--plain-auth", "--user", USER, "--password-file", password];
    let inbox = folder.0.join("inbox");
    let (bob, to) = Call::listen(&inbox, &[&user[..], &["--once"]].concat());
    let said = ["--say", "Ahoy", "--send", file.to_str().unwrap()];
    let (status, events) = Call::dial(&to, &[&user[..], &said].concat()).end();
    assert_eq!(status, 0, "{events:?}");
    let (status, events) = bob.end();
    assert_eq!((status, &events[1]["text"]), (0, &"Ahoy".into()));
    assert_eq!(events[2]["sha256"], hash(&octets));
}

#[test]
fn a_wrong_password_is_told() {
    let Some(kamailio) = kamailio() else { return };
    let folder = Folder::new();
    let alice = User::new(&kamailio, "alice", &folder);
    std::fs::write(folder.0.join("password"), "guess").unwrap();
    let to = kamailio.sip_uri().replace("sip:", "sip:bob@");
    let (status, events) = Call::dial(&to, &alice.arguments(&["--say", "Hello"])).end();
    assert_eq!((status, &events[0]["error"]["kind"]), (1, &"registrar".into()), "{events:?}");
}

#[test]
fn a_user_who_has_left_is_not_found() {
    let Some(kamailio) = kamailio() else { return };
    let folder = Folder::new();
    let bob = User::new(&kamailio, "bob", &folder);
    let (bob, uri) = Call::listen(&folder.0.join("inbox"), &bob.arguments(&["--once"]));
    let alice = User::new(&kamailio, "alice", &folder);
    let said = alice.arguments(&["--say", "Hello"]);
    assert_eq!(Call::dial(&uri, &said).end().0, 0);
    assert_eq!(bob.end().0, 0);
    let (status, events) = Call::dial(&uri, &said).end();
    assert_eq!((status, &events[0]["error"]["kind"]), (1, &"refused".into()), "{events:?}");
    assert!(events[0]["error"]["message"].as_str().unwrap().contains("404"), "{events:?}");
}
