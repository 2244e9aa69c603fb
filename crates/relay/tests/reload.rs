//! SIGHUP: the users and the certificates are read anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fmt::Write;
use std::process::Command;

use common::certificates::Authority;
use common::client::Client;
use common::process::{PROGRAM, Process, with_users};
use common::{ALICE, BOB, REALM, Scratch, users};
use msrp_relay::user_line;

fn line(user: &str, password: &str) -> String {
    user_line(user, REALM, password).unwrap() + "\n"
}

#[tokio::test]
async fn a_user_who_is_struck_out_is_out_at_once() {
    let file = Scratch::new("users", &users());
    let mut relay = Process::plain(&file);
    let (mut alice, mut bob) = (relay.client(ALICE, 0).await, relay.client(BOB, 0).await);
    let of_alice = alice.authenticate(relay.uri(0), "alice").await.unwrap();
    let of_bob = bob.authenticate(relay.uri(0), "bob").await.unwrap();
    let to_alice = format!("{of_bob} {of_alice} {ALICE}");
    assert_eq!(bob.say(&to_alice, "Hello").await.kind(), "200");
    alice.expect("SEND").await;

    std::fs::write(&file.0, line("bob", "bob")).unwrap();
    relay.signal("HUP");
    assert!(alice.read().await.is_none(), "the end");
    relay.logs("token ended");
    relay.logs("users reloaded");
    let status = bob.expect("REPORT").await.header("Status");
    assert!(status.starts_with("000 408"), "{status}");
    assert_eq!(bob.say(&to_alice, "Hello?").await.kind(), "481");
    let mut alice = relay.client(ALICE, 0).await;
    assert_eq!(alice.authenticate(relay.uri(0), "alice").await.unwrap_err().kind(), "401");
    bob.authenticate(relay.uri(0), "bob").await.unwrap();
}

#[tokio::test]
async fn who_gets_another_password_has_to_authenticate_anew() {
    let file = Scratch::new("users", &users());
    let relay = Process::plain(&file);
    let (mut alice, mut bob) = (relay.client(ALICE, 0).await, relay.client(BOB, 0).await);
    alice.authenticate(relay.uri(0), "alice").await.unwrap();
    bob.authenticate(relay.uri(0), "bob").await.unwrap();
    // Bob's password is the same, without its SHA-256.
    let of_bob = line("bob", "bob");
    let (of_bob, _) = of_bob.rsplit_once(':').unwrap();
    std::fs::write(&file.0, format!("{}{of_bob}\n", line("alice", "sesame"))).unwrap();
    relay.signal("HUP");
    assert!(alice.read().await.is_none(), "the end");
    let mut alice = relay.client(ALICE, 0).await;
    alice.authenticate_with(relay.uri(0), "alice", "sesame").await.unwrap();
    assert_eq!(bob.ask("AUTH", relay.uri(0), "").await.kind(), "401");
}

#[tokio::test]
async fn sha_256_is_offered_once_every_user_has_it() {
    let (alice, bob) = (line("alice", "alice"), line("bob", "bob"));
    let (old_bob, _) = bob.rsplit_once(':').unwrap();
    let file = Scratch::new("users", &format!("{alice}{old_bob}\n"));
    let mut relay = Process::plain(&file);
    let mut client = relay.client(ALICE, 0).await;
    for (text, offered) in [
        (format!("{alice}{bob}"), &["SHA-256", "MD5"][..]),
        (format!("{alice}{old_bob}\n"), &["MD5"]),
    ] {
        std::fs::write(&file.0, text).unwrap();
        relay.signal("HUP");
        relay.logs("users reloaded");
        let challenge = client.ask("AUTH", relay.uri(0), "").await;
        let challenges = challenge.headers("WWW-Authenticate");
        assert_eq!(challenges.len(), offered.len(), "{challenges:?}");
        assert!(challenges.iter().zip(offered).all(|(it, name)| it.contains(name)));
        client.authenticate(relay.uri(0), "alice").await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_changes_nothing() {
    let file = Scratch::new("users", &users());
    let mut relay = Process::plain(&file);
    let mut alice = relay.client(ALICE, 0).await;
    alice.authenticate(relay.uri(0), "alice").await.unwrap();
    std::fs::write(&file.0, format!("{}bob\n", line("carol", "carol"))).unwrap();
    relay.signal("HUP");
    let why = relay.logs("users not reloaded: ");
    assert!(why.contains("line 2"), "{why}");
    alice.authenticate(relay.uri(0), "alice").await.unwrap();
}

/// So many that reading them takes seconds in a program that is not optimized.
#[tokio::test]
async fn reading_many_users_holds_nobody_up() {
    let file = Scratch::new("users", &users());
    let mut relay = Process::plain(&file);
    let mut alice = relay.client(ALICE, 0).await;
    alice.authenticate(relay.uri(0), "alice").await.unwrap();
    let hashes = line("alice", "alice");
    let (_, hashes) = hashes.split_once(':').unwrap();
    let mut many = users();
    for number in 0..300_000 {
        write!(many, "user{number}:{hashes}").unwrap();
    }
    std::fs::write(&file.0, many).unwrap();

    let nowhere = format!("{}/none;tcp {BOB}", relay.uri(0).trim_end_matches(";tcp"));
    relay.signal("HUP");
    let reading = std::thread::spawn(move || {
        relay.logs("users reloaded");
        relay
    });
    let mut answered = 0;
    while !reading.is_finished() {
        assert_eq!(alice.say(&nowhere, "Hello?").await.kind(), "481");
        answered += 1;
    }
    // Were they read in between, the second answer would come after them.
    assert!(answered > 10, "{answered}");
    reading.join().unwrap();
}

#[tokio::test]
async fn certificates_are_read_anew() {
    let (old, new) = (Authority::new(), Authority::new());
    let (first, second) = (old.certify("localhost"), new.certify("localhost"));
    let users = Scratch::new("users", &users());
    let mut relay = Process::start(
        Command::new(PROGRAM)
            .args(["--tls-listen", "127.0.0.1:0", "--name", "localhost"])
            .args(["--cert".as_ref(), first.cert.0.as_os_str()])
            .args(["--key".as_ref(), first.key.0.as_os_str()])
            .args(with_users(&users)),
        1,
    );
    let address = ([127, 0, 0, 1], relay.port(0)).into();
    let mut alice = Client::over(old.connect(address, None).await.unwrap(), ALICE);
    alice.authenticate(relay.uri(0), "alice").await.unwrap();

    std::fs::copy(&second.cert.0, &first.cert.0).unwrap();
    relay.signal("HUP");
    // The key is still that of the other one.
    relay.logs("certificates not reloaded: ");
    assert!(old.connect(address, None).await.is_ok());

    std::fs::copy(&second.key.0, &first.key.0).unwrap();
    relay.signal("HUP");
    relay.logs("certificates reloaded");
    assert!(old.connect(address, None).await.is_err());
    let mut bob = Client::over(new.connect(address, None).await.unwrap(), BOB);
    bob.authenticate(relay.uri(0), "bob").await.unwrap();
    // Whoever is there stays.
    alice.authenticate(relay.uri(0), "alice").await.unwrap();
}

/// The roots of relays change: who is no relay under the new ones has to go.
#[tokio::test]
async fn a_relay_that_ca_no_longer_vouches_for_is_out() {
    let (old, new) = (Authority::new(), Authority::new());
    let (own, inner) = (old.certify("localhost"), old.certify("inner.example"));
    let root = std::fs::read_to_string(&old.root.0).unwrap();
    let (roots, users) = (Scratch::new("roots", &root), Scratch::new("users", &users()));
    let mut relay = Process::start(
        Command::new(PROGRAM)
            .args(["--tls-listen", "127.0.0.1:0", "--name", "localhost"])
            .args(["--cert".as_ref(), own.cert.0.as_os_str()])
            .args(["--key".as_ref(), own.key.0.as_os_str()])
            .args(["--ca".as_ref(), roots.0.as_os_str()])
            .args(with_users(&users)),
        1,
    );
    let address = ([127, 0, 0, 1], relay.port(0)).into();
    let mut inner = Client::over(old.connect(address, Some(&inner)).await.unwrap(), ALICE);
    // It is a relay: what it forwards has to have its name.
    assert_eq!(inner.ask("AUTH", relay.uri(0), "").await.kind(), "403");
    let mut bob = Client::over(old.connect(address, None).await.unwrap(), BOB);
    let of_bob = bob.authenticate(relay.uri(0), "bob").await.unwrap();

    relay.signal("HUP");
    relay.logs("certificates reloaded");
    assert_eq!(inner.ask("AUTH", relay.uri(0), "").await.kind(), "403");
    std::fs::write(&roots.0, root + &std::fs::read_to_string(&new.root.0).unwrap()).unwrap();
    relay.signal("HUP");
    relay.logs("certificates reloaded");
    assert_eq!(inner.ask("AUTH", relay.uri(0), "").await.kind(), "403");

    // What it has sent, and nobody has answered, is reported before.
    assert_eq!(inner.say(&format!("{of_bob} {BOB}"), "Hello").await.kind(), "200");
    bob.expect("SEND").await;
    std::fs::copy(&new.root.0, &roots.0).unwrap();
    relay.signal("HUP");
    let status = inner.expect("REPORT").await.header("Status");
    assert!(status.starts_with("000 408"), "{status}");
    assert!(inner.read().await.is_none(), "the end");
    bob.authenticate(relay.uri(0), "bob").await.unwrap();
}
