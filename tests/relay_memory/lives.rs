//! Whatever comes and goes leaves nothing behind.

use std::time::Duration;

use crate::common::wire::Raw;
use crate::flood::{ALICE, Flood, response, tls};

type Life = (&'static str, fn(&mut Flood));

/// The lives of those who come to a relay.
const LIVES: [Life; 7] = [
    ("a client", client),
    ("a client that leaves a token", token),
    ("a peer", peer),
    ("a target that cannot be reached", nowhere),
    ("a target", target),
    ("another relay", relay),
    ("a client of another relay", sender),
];

/// How many come before and while what is held is compared.
const CROWD: usize = 300;
/// What is due has happened, and what is remembered is forgotten.
const LATER: Duration = Duration::from_secs(2 * 3600);
/// A collection may keep its place for some more.
const SLACK: isize = 4096;

#[test]
fn what_has_gone_leaves_nothing() {
    for (name, life) in LIVES {
        let mut flood = Flood::new();
        let mut crowd = || {
            (0..CROWD).for_each(|_| life(&mut flood));
            flood.wait(LATER);
            // What is forgotten one after the other.
            (0..8).for_each(|_| client(&mut flood));
            flood.wait(LATER);
            flood.held()
        };
        let (_, before, after) = (crowd(), crowd(), crowd());
        assert!(after <= before + SLACK, "{name}: {before} octets, then {after}");
    }
}

fn client(flood: &mut Flood) {
    let (link, _) = flood.client();
    flood.close(link);
}

/// Its token is another relay's, so that it outlives the connection.
fn token(flood: &mut Flood) {
    let name = format!("r{}.example", flood.number());
    let link = flood.reader(tls().relay_names(vec![name.clone()]).user("alice"));
    let from = format!("msrps://{name}:2855/{};tcp {ALICE}", flood.number());
    flood.token(link, &from).expect("a token");
    flood.close(link);
}

fn peer(flood: &mut Flood) {
    let (client, token) = flood.client();
    let peer = flood.peer(&token);
    let (id, from) = (flood.id(), flood.uri("peer.example"));
    let send = Raw::send(&id).to(&format!("{token} {ALICE}")).from(&from).message(&id);
    flood.give(peer, &send.range("1-0/0").octets());
    flood.close(peer);
    flood.close(client);
}

/// A message to a host that nobody else names.
fn send(flood: &mut Flood, path: &str) {
    let (client, token) = flood.client();
    let (id, host) = (flood.id(), format!("h{}.example", flood.number()));
    let to = format!("{token} msrps://{host}:2855/x;tcp{path}");
    let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&to).from(ALICE);
    flood.give(client, &chunk.octets());
    for link in flood.wanted() {
        if !path.is_empty() {
            flood.connected(link, tls().relay_names(vec![host.clone()]));
            let request = flood.told(link).remove(0);
            flood.give(link, &response(&request, "200 OK", &[]));
        }
        flood.close(link);
    }
    flood.close(client);
}

fn nowhere(flood: &mut Flood) {
    send(flood, "");
}

fn target(flood: &mut Flood) {
    send(flood, " msrps://bob.example:9/b;tcp");
}

fn relay(flood: &mut Flood) {
    let (client, token) = flood.client();
    let name = format!("r{}.example", flood.number());
    let relay = flood.relay(&name, &token);
    flood.close(relay);
    flood.close(client);
}

/// Nothing that it has asked is answered.
fn sender(flood: &mut Flood) {
    let (client, token) = flood.client();
    let link = flood.relay("r.example", &token);
    let from = format!("msrps://r.example:2855/{};tcp {ALICE}", flood.number());
    for method in ["SEND", "EXTEND"] {
        let id = flood.id();
        let request = Raw::new(method, &id).to(&format!("{token} {ALICE}")).from(&from);
        flood.give(link, &request.message(&id).range("1-0/0").octets());
    }
    flood.close(link);
    flood.close(client);
}
