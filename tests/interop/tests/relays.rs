//! The command `msrp` through relays: Kamailio, ours, and a chain of both.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../../crates/cli/tests/processes/mod.rs"]
mod processes;

use std::fs;
use std::path::PathBuf;

use msrp::auth::Algorithm;
use msrp_interop::{InteropError, Kamailio, OurRelay, PASSWORD, USER, built, needed};
use processes::{Folder, Receiver, hash, random_octets, run};
use serde_json::Value;

/// A chunk with this number of octets fits into the frames that Kamailio takes.
const CHUNK: &str = "10000";

/// The arguments of one side: its relays and the certificates that it trusts.
#[derive(Clone, Default)]
struct Side {
    arguments: Vec<String>,
    has_relay: bool,
}

impl Side {
    /// Without a relay.
    fn alone() -> Self {
        Self::default()
    }

    /// With relays, the nearest first.
    fn behind(folder: &Folder, relays: &[String]) -> Self {
        let password = folder.0.join("password");
        fs::write(&password, format!("{PASSWORD}\n")).unwrap();
        let password = password.to_str().unwrap();
        let mut side = Self { arguments: Vec::new(), has_relay: true };
        side.add(&["--user", USER, "--password-file", password]);
        relays.iter().for_each(|relay| side.add(&["--relay", relay]));
        if relays[0].starts_with("msrp:") {
            side.add(&["--plain-auth"]);
        }
        side
    }

    fn trusting(mut self, relay: &Kamailio) -> Self {
        self.add(&["--ca", relay.certificate().to_str().unwrap()]);
        self
    }

    fn add(&mut self, arguments: &[&str]) {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    }

    fn receiver(&self) -> Receiver {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        if self.has_relay {
            Receiver::behind_relay(&arguments)
        } else {
            Receiver::start(&arguments)
        }
    }

    /// Sends to a receiver. Returns what both sides print.
    fn send(&self, to: &mut Receiver, content: &[&str]) -> (Value, Value) {
        let mut arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let path = to.path.clone();
        arguments.extend(path.split(' ').flat_map(|uri| ["--to", uri]));
        if self.has_relay {
            // No REPORT can reach the URI of a sender without a relay.
            arguments.push("--success-report");
        }
        arguments.extend(content);
        let (status, sent) = run("send", &arguments);
        assert_eq!(status, 0, "{sent}");
        assert_eq!(sent.get("delivered"), self.has_relay.then_some(&true.into()), "{sent}");
        (sent, to.next())
    }
}

/// A text and a file in chunks arrive, and the sender gets REPORTs if they can reach
/// it.
fn exchange(sender: &Side, receiver: &Side) {
    let mut receiver = receiver.receiver();
    let (sent, received) = sender.send(&mut receiver, &["--text", "Ahoy"]);
    assert_eq!((&received["bytes"], &received["sha256"]), (&4.into(), &hash(b"Ahoy").into()));
    assert_eq!(received["messageId"], sent["messageId"]);

    let (folder, octets) = (Folder::new(), random_octets(300_001));
    let file = folder.0.join("file");
    fs::write(&file, &octets).unwrap();
    let content = ["--file", file.to_str().unwrap(), "--chunk", CHUNK];
    let (sent, received) = sender.send(&mut receiver, &content);
    assert_eq!(received["sha256"], hash(&octets), "{received}");
    assert_eq!(sent["chunks"], 31);
}

/// Kamailio, if it and the command are available.
fn kamailio() -> Option<Kamailio> {
    needed(command())?;
    needed(Kamailio::start())
}

/// Our relay, if it and the command are available.
fn ours(best: Algorithm) -> Option<OurRelay> {
    needed(command())?;
    needed(OurRelay::start(best))
}

fn command() -> Result<PathBuf, InteropError> {
    built("msrp", "-p msrp-cli")
}

// req: 4976-5.1-1 4976-5.1-2 4976-5.1-4 4976-5.1-5 4976-9.1-9
#[test]
fn through_kamailio() {
    let Some(relay) = kamailio() else { return };
    let folder = Folder::new();
    let behind = Side::behind(&folder, &[relay.uri()]);
    exchange(&Side::alone(), &behind);
    exchange(&behind, &Side::alone());
    exchange(&behind, &behind);
}

// req: 4976-9.2-5 4976-9.2-6
#[test]
fn through_kamailio_over_tls() {
    let Some(relay) = kamailio() else { return };
    let folder = Folder::new();
    let behind = Side::behind(&folder, &[relay.secure_uri()]).trusting(&relay);
    exchange(&Side::alone().trusting(&relay), &behind);
    exchange(&behind, &behind);
}

#[test]
fn kamailio_refuses_a_wrong_password() {
    let Some(relay) = kamailio() else { return };
    let folder = Folder::new();
    let behind = Side::behind(&folder, &[relay.uri()]);
    fs::write(folder.0.join("password"), "another").unwrap();
    let arguments: Vec<&str> = behind.arguments.iter().map(String::as_str).collect();
    let (status, told) =
        run("send", &[&arguments[..], &["--to", "msrp://127.0.0.1:9/x;tcp"]].concat());
    assert_eq!((status, &told["error"]["kind"]), (1, &"relay".into()), "{told}");
}

// req: 4976-5.1-2 4976-5.1-4 4976-9.1-9
#[test]
fn through_our_relay() {
    for best in Algorithm::ALL.iter().copied() {
        let Some(relay) = ours(best) else { return };
        let folder = Folder::new();
        let behind = Side::behind(&folder, &[relay.uri()]);
        exchange(&Side::alone(), &behind);
        exchange(&behind, &Side::alone());
        exchange(&behind, &behind);
    }
}

// req: 4976-5.1-8
#[test]
fn through_a_chain_of_our_relay_and_kamailio() {
    let (Some(ours), Some(kamailio)) = (ours(Algorithm::Sha256), kamailio()) else { return };
    for chain in [[ours.uri(), kamailio.uri()], [kamailio.uri(), ours.uri()]] {
        let folder = Folder::new();
        let behind = Side::behind(&folder, &chain);
        exchange(&Side::alone(), &behind);
        exchange(&behind, &Side::alone());
    }
}

#[test]
fn from_one_relay_to_the_other() {
    let (Some(ours), Some(kamailio)) = (ours(Algorithm::Md5), kamailio()) else { return };
    let folder = Folder::new();
    let behind_kamailio = Side::behind(&folder, &[kamailio.uri()]);
    let behind_ours = Side::behind(&folder, &[ours.uri()]);
    exchange(&behind_ours, &behind_kamailio);
    exchange(&behind_kamailio, &behind_ours);
}

/// Our relay over TLS, beside Kamailio.
fn secure(kamailio: &Kamailio) -> Option<OurRelay> {
    needed(OurRelay::over_tls(&kamailio.certificate(), &kamailio.key()))
}

// req: 4976-9.2-5 4976-9.2-6
#[test]
fn through_a_chain_of_our_relay_and_kamailio_over_tls() {
    let Some(kamailio) = kamailio() else { return };
    let Some(ours) = secure(&kamailio) else { return };
    for chain in [[ours.uri(), kamailio.secure_uri()], [kamailio.secure_uri(), ours.uri()]] {
        let folder = Folder::new();
        let behind = Side::behind(&folder, &chain).trusting(&kamailio);
        let behind_ours = Side::behind(&folder, &[ours.uri()]).trusting(&kamailio);
        exchange(&Side::alone().trusting(&kamailio), &behind);
        exchange(&behind_ours, &behind);
        exchange(&behind, &behind_ours);
    }
}

#[test]
fn from_one_relay_to_the_other_over_tls() {
    let Some(kamailio) = kamailio() else { return };
    let Some(ours) = secure(&kamailio) else { return };
    let folder = Folder::new();
    let behind = |uri: String| Side::behind(&folder, &[uri]).trusting(&kamailio);
    let (behind_ours, behind_kamailio) = (behind(ours.uri()), behind(kamailio.secure_uri()));
    exchange(&behind_ours, &behind_kamailio);
    exchange(&behind_kamailio, &behind_ours);
}
