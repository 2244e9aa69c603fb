//! Clients that make work for the relay, beside a pair that only talks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use common::certificates::Authority;
use common::client::{Client, request};
use common::{ALICE, BOB, Scratch, plain_options, users};
use msrp_relay::Server;
use tokio::task::{LocalSet, spawn_local};

/// Connections that do nothing but send AUTHs, or begin a handshake.
const FLOODS: usize = 200;
/// The relay answers so many AUTHs on each connection until it closes that.
const MOST_AUTHS: usize = 10;
/// So many AUTHs, or handshakes, may be answered before a text goes on: those of a few turns.
const BEFORE_A_TEXT: usize = FLOODS / 2;
/// The flood lasts for longer than so many texts.
const TEXTS: usize = 10;

/// Two clients, and the path from the one to the other.
async fn pair(relay: SocketAddr, uri: &str) -> (Client, Client, String) {
    let mut path = String::new();
    let mut clients = Vec::new();
    for (own, user) in [(ALICE, "alice"), (BOB, "bob")] {
        let stream = tokio::net::TcpStream::connect(relay).await.unwrap();
        let mut client = Client::over(stream, own);
        path += &format!("{} ", client.authenticate(uri, user).await.unwrap());
        clients.push(client);
    }
    let (bob, alice) = (clients.pop().unwrap(), clients.pop().unwrap());
    (alice, bob, path + BOB)
}

fn connect(relay: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(relay).unwrap();
    stream.set_nonblocking(true).unwrap();
    stream
}

/// Sends so many AUTHs on each connection.
fn send_auths(floods: &mut [TcpStream], uri: &str, count: usize) {
    let auths = request("a", "AUTH", uri, ALICE, "").repeat(count);
    for stream in floods {
        stream.write_all(auths.as_bytes()).unwrap();
    }
}

/// One text, and the response to it.
async fn text(alice: &mut Client, bob: &mut Client, path: &str) {
    assert_eq!(alice.say(path, "Hello").await.kind(), "200");
    let got = bob.expect("SEND").await;
    bob.write(&got.response("200 OK")).await;
}

/// How many AUTHs were answered since the last call.
fn answered(floods: &mut [TcpStream]) -> usize {
    let mut octets = Vec::new();
    for stream in floods {
        // Until there are no more for now, or for ever.
        let _ = stream.read_to_end(&mut octets);
    }
    String::from_utf8(octets).unwrap().matches(" 401 ").count()
}

/// All of them share one thread with the relay, which has not read any AUTH when the text
/// comes. What it does before the text goes on is counted, not timed.
#[tokio::test]
async fn auths_of_strangers_delay_no_client() {
    let file = Scratch::new("users", &users());
    let mut options = plain_options();
    options.users = Some(file.0.clone());
    let server = Server::bind(options).unwrap();
    let relay = server.addresses().tcp.unwrap();
    let uri = server.uris()[0].to_string();
    let test = async {
        spawn_local(async { server.run().await.unwrap() });
        let (mut alice, mut bob, path) = pair(relay, &uri).await;
        let mut floods: Vec<_> = (0..FLOODS).map(|_| connect(relay)).collect();
        send_auths(&mut floods, &uri, 1);
        let mut before = 0;
        while before < FLOODS {
            text(&mut alice, &mut bob, &path).await;
            before += answered(&mut floods);
        }
        send_auths(&mut floods, &uri, MOST_AUTHS);
        for _ in 0..TEXTS {
            text(&mut alice, &mut bob, &path).await;
            let before = answered(&mut floods);
            assert!(before < BEFORE_A_TEXT, "{before} AUTHs before a text");
        }
    };
    LocalSet::new().run_until(test).await;
}

/// How many have got the first octets of an answer.
fn greeted(floods: &[TcpStream]) -> usize {
    floods.iter().filter(|stream| matches!(stream.peek(&mut [0]), Ok(1))).count()
}

/// The relay has accepted all of them before they say anything.
#[tokio::test]
async fn handshakes_of_strangers_delay_no_client() {
    let (authority, file) = (Authority::new(), Scratch::new("users", &users()));
    let signed = authority.certify("localhost");
    let mut options = authority.relay_options(&signed);
    options.listen = "127.0.0.1:0".parse().ok();
    options.plain_auth = true;
    options.users = Some(file.0.clone());
    let server = Server::bind(options).unwrap();
    let addresses = server.addresses();
    let uri = server.uris().iter().find(|uri| !uri.is_secure()).unwrap().to_string();
    let test = async {
        spawn_local(async { server.run().await.unwrap() });
        let (mut alice, mut bob, path) = pair(addresses.tcp.unwrap(), &uri).await;
        let mut floods: Vec<_> = (0..FLOODS).map(|_| connect(addresses.tls.unwrap())).collect();
        for _ in 0..FLOODS {
            text(&mut alice, &mut bob, &path).await;
        }
        let hello = authority.hello();
        for stream in &mut floods {
            stream.write_all(&hello).unwrap();
        }
        let mut last = 0;
        for _ in 0..TEXTS {
            text(&mut alice, &mut bob, &path).await;
            let all = greeted(&floods);
            let before = all - std::mem::replace(&mut last, all);
            assert!(before < BEFORE_A_TEXT, "{before} handshakes before a text");
        }
        while greeted(&floods) < FLOODS {
            text(&mut alice, &mut bob, &path).await;
        }
    };
    LocalSet::new().run_until(test).await;
}
