//! Calls between two users of a Kamailio that is registrar, SIP proxy and MSRP relay.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../examples/call/tests/common/mod.rs"]
mod call;
#[path = "../../../crates/cli/tests/processes/mod.rs"]
mod processes;

use call::Call;
use msrp_interop::{Kamailio, PASSWORD, built, needed};
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

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        self.arguments.iter().map(String::as_str).chain(more.iter().copied()).collect()
    }
}

fn kamailio() -> Option<Kamailio> {
    needed(built("msrp-call", "-p msrp-call"))?;
    needed(Kamailio::start())
}

#[test]
fn users_of_a_registrar_call_each_other_by_name() {
    let Some(kamailio) = kamailio() else { return };
    for tls in [&[][..], &["--tls"]] {
        let (folder, octets) = (Folder::new(), random_octets(300_001));
        let file = folder.0.join("talk.pdf");
        std::fs::write(&file, &octets).unwrap();
        let inbox = folder.0.join("inbox");
        let bob = User::new(&kamailio, "bob", &folder);
        let (bob, uri) = Call::listen(&inbox, &bob.arguments(&["--once"]));
        assert_eq!(uri, kamailio.sip_uri().replace("sip:", "sip:bob@"));
        let said = [&["--say", "Are you there?", "--send", file.to_str().unwrap()], tls].concat();
        let alice = User::new(&kamailio, "alice", &folder);
        let (status, events) = Call::dial(&uri, &alice.arguments(&said)).end();
        assert_eq!(status, 0, "{events:?}");
        let (status, events) = bob.end();
        assert_eq!(status, 0);
        assert_eq!(events[0]["peer"], kamailio.sip_uri().replace("sip:", "sip:alice@"));
        assert_eq!(events[0]["tls"], !tls.is_empty());
        assert_eq!(events[1]["text"], "Are you there?");
        assert_eq!(events[2]["sha256"], hash(&octets));
    }
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
