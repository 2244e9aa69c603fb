//! The program: signals, users file, metrics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::process::Command;

use common::client::Client;
use common::http::{get, metric};
use common::process::{PROGRAM, Process};
use common::{ALICE, BOB, REALM, Running, Scratch, plain_options, users};

#[tokio::test]
async fn the_users_are_read_again_and_the_end_is_orderly() {
    let file = Scratch::new("users", "");
    let mut relay = Process::plain(&file);
    let mut alice = relay.client(ALICE, 0).await;
    let refused = alice.authenticate(relay.uri(0), "alice").await.unwrap_err();
    assert_ne!(refused.kind(), "200");

    std::fs::write(&file.0, users()).unwrap();
    relay.signal("HUP");
    relay.logs("users reloaded");
    let mut alice = relay.client(ALICE, 0).await;
    let token = alice.authenticate(relay.uri(0), "alice").await.unwrap();

    relay.signal("TERM");
    assert!(alice.read().await.is_none());
    assert!(relay.child.wait().unwrap().success());
    let log = relay.rest();
    let session = token.split(['/', ';']).nth(3).unwrap();
    assert!(!log.contains(session), "a token is in the log: {log}");
}

/// One line for each, in which no name can forge another line or address.
#[tokio::test]
async fn a_failed_auth_is_in_the_log_with_address_and_user() {
    let file = Scratch::new("users", &users());
    let mut relay = Process::plain(&file);
    let mut client = relay.client(ALICE, 0).await;
    for (user, logged) in [
        ("alice", "127.0.0.1 user=\"alice\" (wrong password)"),
        ("carol", "127.0.0.1 user=\"carol\" (unknown user)"),
        ("a address=192.0.2.1", "127.0.0.1 user=\"a address=192.0.2.1\" (unknown user)"),
    ] {
        client.authenticate_with(relay.uri(0), user, "a guess").await.unwrap_err();
        let line = relay.logs("authentication failed: address=");
        assert_eq!(line.trim_end(), logged);
    }
}

#[test]
fn a_users_line_is_computed_from_a_password_file() {
    let password = Scratch::new("password", "alice\n");
    let made = Command::new(PROGRAM)
        .args(["hash", "--realm", REALM, "--user", "alice", "--password-file"])
        .arg(&password.0)
        .output()
        .unwrap();
    let line = String::from_utf8(made.stdout).unwrap();
    assert!(made.status.success() && users().contains(&line), "{line}");
}

#[test]
fn options_that_conflict_are_reported() {
    let made =
        Command::new(PROGRAM).args(["--listen", "127.0.0.1:0", "--realm", REALM]).output().unwrap();
    assert!(!made.status.success());
    assert!(String::from_utf8(made.stderr).unwrap().contains("--name"));
}

#[tokio::test]
async fn relayed_messages_are_counted() {
    let mut options = plain_options();
    options.metrics = "127.0.0.1:0".parse().ok();
    let relay = Running::with(options);
    let metrics = relay.addresses.metrics.unwrap();
    let connect = async |uri| {
        Client::over(
            tokio::net::TcpStream::connect(relay.addresses.tcp.unwrap()).await.unwrap(),
            uri,
        )
    };
    let (mut alice, mut bob) = (connect(ALICE).await, connect(BOB).await);
    let uri = relay.uri("msrp", "tcp");
    let of_alice = alice.authenticate(uri, "alice").await.unwrap();
    let of_bob = bob.authenticate(uri, "bob").await.unwrap();
    assert!(alice.authenticate_with(uri, "alice", "a guess").await.is_err());
    alice.say(&format!("{of_alice} {of_bob} {BOB}"), "Hello").await;
    bob.expect("SEND").await;

    let text = get(metrics, "/metrics");
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("text/plain; version=0.0.4"));
    assert_eq!(metric(&text, "msrp_relay_connections"), 2);
    assert_eq!(metric(&text, "msrp_relay_tokens"), 2);
    assert_eq!(metric(&text, "msrp_relay_auth_accepted_total"), 2);
    assert_eq!(metric(&text, "msrp_relay_auth_failed_total"), 1);
    assert!(metric(&text, "msrp_relay_body_octets_total") >= 5);
    assert!(get(metrics, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(get(metrics, "/").starts_with("HTTP/1.1 404"));
}
