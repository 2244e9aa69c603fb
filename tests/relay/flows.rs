//! Flows on connections with other relays (RFC 4976 section 6.4).

use msrp::relay::ConnectionId;

use crate::common::wire::{Raw, filler};
use crate::world::*;

/// The most flows of one token that the relay tells apart.
const FLOWS_OF_TOKEN: usize = 1024;

/// More than a flow has outstanding on a connection that others share.
const LARGE: usize = 40_000;

/// Alice, and the relays to which she sends.
struct Scene {
    world: World,
    alice: ConnectionId,
    token: String,
    /// The connections, and the host to which each leads.
    links: Vec<(ConnectionId, String)>,
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new(config());
        let (alice, token) = world.client(ALICE);
        Self { world, alice, token, links: Vec::new() }
    }

    /// Sends a chunk of a message to a session at another relay.
    fn send(&mut self, message: &str, host: &str, session: &str, len: usize, flag: char) {
        let id = self.world.id();
        let path = format!("{} msrps://{host}:2855/{session};tcp {BOB}", self.token);
        let body = String::from_utf8(filler(len)).unwrap();
        let total = if flag == '+' { len + 1 } else { len };
        let chunk = Raw::chunk(&id, message, &format!("1-{len}/{total}"), &body, flag);
        let chunk = chunk.reports("no", "no").to(&path).from(ALICE);
        self.world.give(self.alice, &chunk.octets());
        self.connect();
    }

    /// Establishes the connections that the relay asks for.
    fn connect(&mut self) {
        for (link, uri) in self.world.wanted() {
            self.world.relay.connected(self.world.now, link, tls());
            self.world.settle();
            let host = uri.trim_start_matches("msrps://").split(':').next().unwrap();
            self.links.push((link, host.to_owned()));
        }
    }

    /// Uses all the flows of the token.
    fn crowd(&mut self) {
        for n in 0..FLOWS_OF_TOKEN {
            self.send(&format!("m{n}"), "b.example", &format!("s{n}"), 2, '$');
        }
        self.arrived();
    }

    /// The Message-IDs that have arrived at a host. Each SEND is for the host to which its
    /// connection leads.
    fn arrived(&mut self) -> Vec<(String, String)> {
        let mut arrived = Vec::new();
        for (link, host) in self.links.clone() {
            for sent in self.world.sent(link) {
                let to = sent.header("To-Path").unwrap();
                assert!(to.starts_with(&format!("msrps://{host}:")), "{to} at {host}");
                arrived.push((host.clone(), sent.message_id().to_owned()));
            }
        }
        arrived
    }
}

fn at(host: &str, message: &str) -> (String, String) {
    (host.to_owned(), message.to_owned())
}

/// Those beyond the limit are one flow, to whichever relays they lead.
#[test]
fn flows_beyond_the_limit_reach_their_own_relays() {
    let mut scene = Scene::new();
    scene.crowd();
    scene.send("large", "b.example", "t1", LARGE, '$');
    scene.send("other", "c.example", "t2", 2, '$');
    let expected = [at("b.example", "large"), at("c.example", "other")];
    assert_eq!(scene.arrived(), expected);
}

#[test]
fn messages_of_one_id_beyond_the_limit_reach_their_own_relays() {
    let mut scene = Scene::new();
    scene.crowd();
    scene.send("same", "b.example", "t1", 2, '+');
    scene.send("same", "c.example", "t2", 2, '$');
    let expected = [at("b.example", "same"), at("c.example", "same")];
    assert_eq!(scene.arrived(), expected);
}

/// Those that are over make room.
#[test]
fn new_flows_are_told_apart_after_a_crowd() {
    let mut scene = Scene::new();
    scene.crowd();
    scene.world.advance(61 * SECOND);
    let common = scene.links.len();
    scene.send("large", "b.example", "t1", LARGE, '$');
    assert_eq!(scene.links.len(), common + 1);
    assert_eq!(scene.arrived(), [at("b.example", "large")]);
}
