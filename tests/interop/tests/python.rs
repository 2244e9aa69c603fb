//! The command `msrp` and our relay with a client that reads `opaque` from every challenge,
//! keeps the last of several header fields, loses what the first SEND of a session holds,
//! and reports only where Failure-Report is explicit.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../../crates/cli/tests/processes/mod.rs"]
mod processes;

use msrp::auth::Algorithm;
use msrp_interop::{Kamailio, OurRelay, PASSWORD, PythonClient, USER, built, needed};
use processes::{Folder, Receiver, hash, run};

/// Variables of the client's environment.
type Variables = [(&'static str, &'static str)];

fn client(variables: &Variables, arguments: &[&str], input: &str) -> Option<PythonClient> {
    needed(built("msrp", "-p msrp-cli"))?;
    needed(PythonClient::start(variables, arguments, input))
}

#[test]
fn a_text_arrives_and_is_reported_on() {
    let Some(mut peer) = client(&[], &["accept"], "") else { return };
    let path = peer.line().unwrap();
    let (status, sent) = run("send", &["--to", &path, "--text", "Ahoy", "--success-report"]);
    assert_eq!((status, &sent["delivered"]), (0, &true.into()), "{sent}");
    assert_eq!(peer.line().unwrap(), "Ahoy");
}

/// Behind that relay, it receives from the command and sends to it.
fn both_ways_behind(uri: &str, variables: &Variables) {
    let Some(mut peer) = client(variables, &["receive", uri], "") else { return };
    let path = peer.line().unwrap();
    assert!(path.contains(' '), "{path}");
    let (folder, mut arguments) = (Folder::new(), vec!["--plain-auth", "--user", USER]);
    let password = folder.0.join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    arguments.extend(["--relay", uri, "--password-file", password.to_str().unwrap()]);
    let to = [&arguments[..], &["--to", &path, "--text", "Ahoy", "--success-report"]].concat();
    let (status, sent) = run("send", &to);
    assert_eq!((status, &sent["delivered"]), (0, &true.into()), "{sent}");
    assert_eq!(peer.line().unwrap(), "Ahoy");

    let mut receiver = Receiver::behind_relay(&arguments);
    let path = receiver.path.clone();
    let Some(mut sender) = client(variables, &["send", &path, uri], "Hello there") else { return };
    assert_eq!(sender.line().unwrap(), "200");
    assert_eq!(receiver.next()["sha256"], hash(b"Hello there"));
}

#[test]
fn it_receives_and_sends_through_our_relay() {
    for best in [Algorithm::Md5, Algorithm::Sha256] {
        let Some(relay) = needed(OurRelay::start(best)) else { return };
        both_ways_behind(&relay.uri(), &[]);
    }
}

/// Which has no `opaque` in its challenges.
#[test]
fn it_receives_and_sends_through_kamailio() {
    let Some(relay) = needed(Kamailio::start()) else { return };
    both_ways_behind(&relay.uri(), &[("NO_OPAQUE", "")]);
}
