//! Flows on connections with other relays (RFC 4976 section 6.4).

use std::collections::BTreeSet;

use msrp::relay::{ConnectionId, RelayClose, RelayConfig};

use crate::common::wire::{Raw, filler};
use crate::world::*;

/// The most flows of one token that the relay tells apart.
pub const FLOWS_OF_TOKEN: usize = 1024;

/// More than a flow has outstanding on a connection that others share.
pub const LARGE: usize = 40_000;

/// Alice, and the relays to which she sends.
pub struct Scene {
    pub world: World,
    pub alice: ConnectionId,
    pub token: String,
    /// The connections, and the host to which each leads.
    pub links: Vec<(ConnectionId, String)>,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(config())
    }

    pub fn with(config: RelayConfig) -> Self {
        let mut world = World::new(config);
        let (alice, token) = world.client(ALICE);
        Self { world, alice, token, links: Vec::new() }
    }

    /// Sends a chunk of a message to a session at another relay.
    pub fn send(&mut self, message: &str, host: &str, session: &str, len: usize, flag: char) {
        let total = if flag == '+' { len + 1 } else { len };
        self.send_range(message, host, session, &format!("1-{len}/{total}"), len, flag);
    }

    /// Sends a message that does not say how long it is.
    fn send_unsized(&mut self, message: &str, session: &str) {
        self.send_range(message, "b.example", session, "1-2/*", 2, '$');
    }

    pub fn send_range(
        &mut self,
        message: &str,
        host: &str,
        session: &str,
        range: &str,
        len: usize,
        flag: char,
    ) {
        let id = self.world.id();
        let path = format!("{} msrps://{host}:2855/{session};tcp {BOB}", self.token);
        let body = String::from_utf8(filler(len)).unwrap();
        let chunk = Raw::chunk(&id, message, range, &body, flag);
        let chunk = chunk.reports("no", "no").to(&path).from(ALICE);
        self.world.give(self.alice, &chunk.octets());
        self.connect();
    }

    /// From now on, another client sends, of this user.
    fn client(&mut self, user: &str) -> ConnectionId {
        (self.alice, self.token) = self.world.client_of(user);
        self.alice
    }

    /// Closes the connections that the relay asks to close. Returns them, and why.
    fn close(&mut self) -> Vec<(ConnectionId, RelayClose)> {
        let closes = self.world.closes();
        for (link, _) in &closes {
            self.world.close(*link);
            self.links.retain(|(known, _)| known != link);
        }
        closes
    }

    /// Establishes the connections that the relay asks for.
    pub fn connect(&mut self) {
        for (link, uri) in self.world.wanted() {
            self.world.relay.connected(self.world.now, link, tls());
            self.world.settle();
            let host = uri.trim_start_matches("msrps://").split(':').next().unwrap();
            self.links.push((link, host.to_owned()));
        }
    }

    /// Uses all the flows of the token: the next relay answers to nothing.
    fn crowd(&mut self) {
        for n in 0..FLOWS_OF_TOKEN {
            let (id, message) = (self.world.id(), format!("m{n}"));
            let path = format!("{} msrps://b.example:2855/s{n};tcp {BOB}", self.token);
            let chunk = Raw::chunk(&id, &message, "1-2/2", "hi", '$').to(&path).from(ALICE);
            self.world.give(self.alice, &chunk.octets());
            self.connect();
        }
        self.arrived();
    }

    /// The Message-IDs that have arrived at a host. Each SEND is for the host to which its
    /// connection leads.
    pub fn arrived(&mut self) -> Vec<(String, String)> {
        let mut arrived = Vec::new();
        for (link, host) in self.links.clone() {
            for sent in self.world.sends(link) {
                let to = sent.header("To-Path").unwrap();
                assert!(to.starts_with(&format!("msrps://{host}:")), "{to} at {host}");
                arrived.push((host.clone(), sent.message_id().to_owned()));
            }
        }
        arrived
    }
}

pub fn at(host: &str, message: &str) -> (String, String) {
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

/// A stranger who knows the token has as many as there are.
#[test]
fn what_strangers_send_to_a_client_takes_no_flow_of_what_it_sends() {
    let mut scene = Scene::new();
    let stranger = scene.world.accept(tls());
    for n in 0..FLOWS_OF_TOKEN {
        let id = scene.world.id();
        let from = format!("msrps://f.example:2855/s{n};tcp msrps://z.example:1/z;tcp");
        let chunk =
            Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&format!("{} {ALICE}", scene.token));
        scene.world.give(stranger, &chunk.from(&from).octets());
        assert_eq!(scene.world.told(stranger), ["200"]);
        scene.world.octets(scene.alice);
    }
    scene.send("large", "b.example", "t1", LARGE, '$');
    assert_eq!(scene.links.len(), 2, "a common connection, and one for the flow");
    assert_eq!(scene.arrived(), [at("b.example", "large")]);
}

/// Nor does the client itself find no room for one more: one that is idle gives way.
#[test]
fn flows_that_are_idle_give_way_to_new_ones() {
    let mut scene = Scene::new();
    for n in 0..FLOWS_OF_TOKEN {
        scene.send(&format!("m{n}"), "b.example", &format!("s{n}"), 2, '$');
    }
    scene.arrived();
    let common = scene.links.len();
    scene.send("large", "b.example", "t1", LARGE, '$');
    assert_eq!(scene.links.len(), common + 1);
    assert_eq!(scene.arrived(), [at("b.example", "large")]);
}

/// However many have had a connection of their own.
#[test]
fn flows_whose_own_connections_have_ended_make_room() {
    let mut scene = Scene::new();
    for n in 0..FLOWS_OF_TOKEN {
        scene.send_unsized(&format!("m{n}"), &format!("s{n}"));
    }
    scene.arrived();
    assert!(scene.links.len() > 1);
    scene.world.advance(200 * SECOND);
    assert!(scene.close().iter().all(|(_, reason)| *reason == RelayClose::Idle));
    assert_eq!(scene.links.len(), 1);
    scene.send("large", "b.example", "t1", LARGE, '$');
    assert_eq!(scene.links.len(), 2);
}

/// Of the connections beside the common one, nobody keeps more than the others can have.
#[test]
fn the_largest_holder_makes_room_for_a_flow() {
    let mut config = config();
    config.limits.principal_connections = 40;
    const OWN: usize = 10;
    let mut scene = Scene::with(config);
    for client in 0..4 {
        scene.client("mallet");
        for n in 0..4 {
            scene.world.advance(SECOND);
            scene.send("large", "b.example", &format!("s{client}n{n}"), LARGE, '$');
        }
    }
    assert_eq!(scene.links.len(), 1 + OWN);
    assert_eq!(scene.close(), []);
    for (n, user) in ["bob", "carol", "dave"].into_iter().enumerate() {
        let oldest = scene.links[1].0;
        scene.client(user);
        scene.send("large", "b.example", &format!("t{n}"), LARGE, '$');
        assert_eq!(scene.close(), [(oldest, RelayClose::Evicted)]);
        assert_eq!(scene.links.len(), 1 + OWN);
    }
    // It has the others' places no longer.
    scene.client("mallet");
    scene.send("large", "b.example", "t9", LARGE, '$');
    assert_eq!(scene.close(), []);
    assert_eq!(scene.links.len(), 1 + OWN);
}

/// Nor does it cost the flows of others that one of a greedy user gives way before it is
/// made.
#[test]
fn a_connection_that_gives_way_bars_no_other() {
    let mut config = config();
    config.limits.principal_connections = 16;
    let mut world = World::new(config);
    let send = |world: &mut World, link, token: &str, session: &str| {
        let id = world.id();
        let path = format!("{token} msrps://b.example:2855/{session};tcp {BOB}");
        let chunk = Raw::chunk(&id, &id, "1-2/*", "hi", '$').to(&path).from(ALICE);
        world.give(link, &chunk.octets());
        world.wanted().len()
    };
    let (mallet, token) = world.client(ALICE);
    assert_eq!(send(&mut world, mallet, &token, "s0"), 2);
    for session in ["s1", "s2", "s3"] {
        assert_eq!(send(&mut world, mallet, &token, session), 1);
    }
    for user in ["bob", "carol"] {
        let link = world.accept(tls());
        let granted = world.auth_as(link, ALICE, user, "secret", &[]);
        let token = granted.header("Use-Path").unwrap().to_owned();
        assert_eq!(send(&mut world, link, &token, user), 1);
    }
    assert_eq!(world.closes().len(), 2);
}

/// The next relay tells by the token for whom a connection was made.
#[test]
fn no_connection_beside_the_common_one_is_for_two_tokens() {
    let mut scene = Scene::new();
    let tokens = [(); 6].map(|()| {
        let granted = scene.world.auth_as(scene.alice, ALICE, "alice", "secret", &[]);
        granted.header("Use-Path").unwrap().to_owned()
    });
    for n in 0..12 {
        scene.token = tokens[n % tokens.len()].clone();
        scene.send(&format!("m{n}"), "b.example", &format!("s{n}"), LARGE, '$');
    }
    let common = scene.links[0].0;
    for (link, _) in scene.links.clone() {
        let sent = scene.world.sent(link);
        let of = sent.iter().map(|it| it.header("From-Path").unwrap().split(' ').next().unwrap());
        let tokens: BTreeSet<_> = of.collect();
        assert_eq!(tokens.len(), usize::from(link != common), "{tokens:?}");
    }
}

/// The receiver does not answer for what others send to it.
#[test]
fn a_connection_for_a_flow_takes_from_the_budget_of_its_sender() {
    let mut config = config();
    config.limits.user_dials = 1;
    let mut world = World::new(config);
    let inner = world.accept(tls().relay_names(vec!["inner.example".into()]));
    let back = format!("msrps://inner.example:9000/token;tcp {CAROL}");
    let granted = world.auth_as(inner, &back, "alice", "secret", &[]);
    let path =
        format!("{} {back}", granted.header("Use-Path").unwrap().rsplit(' ').next().unwrap());
    let (alice, token) = world.client(ALICE);
    let bob = world.accept(tls());
    world.auth_as(bob, BOB, "bob", "secret", &[]);
    let body = String::from_utf8(filler(LARGE)).unwrap();
    let range = format!("1-{LARGE}/{LARGE}");
    let chunk = Raw::chunk("c1", "m1", &range, &body, '$').to(&path).from(BOB);
    world.give(bob, &chunk.octets());
    assert_eq!(world.told(bob), ["200"]);
    assert_eq!(world.wanted().len(), 1);
    let chunk = Raw::chunk("c1", "m1", "1-2/2", "hi", '$').to(&format!("{token} {BOB}"));
    world.give(alice, &chunk.from(ALICE).octets());
    assert_eq!(world.told(alice), ["200"]);
}

/// The unfinished messages of a flow that the relay remembers.
const MESSAGES: usize = 64;

/// As little memory as it takes to fill the part of it that is for flows.
fn little_memory() -> RelayConfig {
    let mut config = config();
    config.limits.memory_octets = 2 * 1024 * 1024;
    config
}

impl Scene {
    /// Opens flows with as many unfinished messages as they remember, to which the next relay
    /// does or does not respond.
    fn fill(&mut self, flows: usize, are_answered: bool) {
        for n in 0..flows {
            for m in 0..MESSAGES {
                let (id, message) = (self.world.id(), format!("m{n}x{m}"));
                let path = format!("{} msrps://b.example:2855/s{n};tcp {BOB}", self.token);
                let chunk = Raw::chunk(&id, &message, "1-2/3", "hi", '+').to(&path).from(ALICE);
                let failure = if are_answered || m > 0 { "no" } else { "yes" };
                self.world.give(self.alice, &chunk.reports(failure, "no").octets());
                self.connect();
            }
            self.arrived();
        }
    }
}

/// However much of the memory for flows others use, a newcomer is not thrown in with anybody.
#[test]
fn whoever_comes_when_others_have_filled_the_memory_for_flows_has_flows() {
    for are_answered in [true, false] {
        let mut scene = Scene::with(little_memory());
        for user in ["mallet", "malvin", "malice", "moll"] {
            scene.client(user);
            scene.fill(18, are_answered);
        }
        let links = scene.links.len();
        scene.client("dave");
        scene.send("large", "b.example", "t1", LARGE, '$');
        assert_eq!(scene.links.len(), links + 1, "a connection for the flow");
        assert_eq!(scene.arrived(), [at("b.example", "large")]);
    }
}

/// Nor do they fill it for good: the next newcomers find room as well.
#[test]
fn those_who_come_after_that_have_flows_as_well() {
    let mut scene = Scene::with(little_memory());
    for user in ["mallet", "malvin", "malice", "moll"] {
        scene.client(user);
        scene.fill(18, false);
    }
    for n in 0..20 {
        let links = scene.links.len();
        scene.client(&format!("user{n}"));
        scene.send("large", "b.example", &format!("t{n}"), LARGE, '$');
        assert_eq!(scene.links.len(), links + 1, "{n}");
        assert_eq!(scene.arrived(), [at("b.example", "large")]);
    }
}

/// What one client of a relay leaves behind takes nothing from the relay's other clients.
#[test]
fn idle_flows_of_a_relay_do_not_stop_its_clients() {
    let mut scene = Scene::with(little_memory());
    scene.alice = scene.world.accept(tls().relay_names(vec!["inner.example".into()]));
    let mut token = |user: &str| {
        let back = format!("msrps://inner.example:9000/{user};tcp {ALICE}");
        let granted = scene.world.auth_as(scene.alice, &back, user, "secret", &[]);
        let token = granted.header("Use-Path").unwrap().rsplit(' ').next().unwrap().to_owned();
        (token, back)
    };
    let [(mallet, from_mallet), (carol, from_carol)] = ["mallet", "carol"].map(&mut token);
    for n in 0..60 {
        for m in 0..MESSAGES {
            let (id, path) = (scene.world.id(), format!("{mallet} msrps://b.example/s{n};tcp"));
            let path = path.replace("b.example/", "b.example:2855/") + " " + BOB;
            let chunk = Raw::chunk(&id, &format!("m{n}x{m}"), "1-2/3", "hi", '+').to(&path);
            let chunk = chunk.from(&from_mallet).reports("no", "no");
            scene.world.give(scene.alice, &chunk.octets());
            scene.connect();
        }
        scene.arrived();
    }
    scene.world.told(scene.alice);
    let links = scene.links.len();
    let path = format!("{carol} msrps://b.example:2855/c;tcp {BOB}");
    let chunk = Raw::chunk("c1", "hello", "1-2/*", "hi", '$').to(&path).from(&from_carol);
    scene.world.give(scene.alice, &chunk.octets());
    scene.connect();
    assert_eq!(scene.world.told(scene.alice), ["200"]);
    assert_eq!(scene.links.len(), links + 1, "a connection for the flow");
    assert_eq!(scene.arrived(), [at("b.example", "hello")]);
}

/// The connection that others share has ended, and there may be no room for another.
#[test]
fn a_session_with_a_connection_of_its_own_needs_no_other() {
    let mut scene = Scene::new();
    scene.send("begun", "b.example", "s", LARGE, '+');
    let (common, _) = scene.links[0].clone();
    assert_eq!(scene.links.len(), 2);
    scene.world.close(common);
    scene.links.remove(0);
    scene.send("next", "b.example", "s", 2, '$');
    assert_eq!(scene.links.len(), 1);
    assert_eq!(scene.arrived().last(), Some(&at("b.example", "next")));
}

/// Nor does what is sent to a client of another relay, on its way to that one.
#[test]
fn what_reaches_the_owner_of_a_token_by_its_own_connection_needs_no_other() {
    let mut scene = Scene::new();
    let inner = scene.world.accept(tls().relay_names(vec!["inner.example".to_owned()]));
    let back = format!("msrps://inner.example:2855/token;tcp {ALICE}");
    let granted = scene.world.auth_as(inner, &back, "carol", "secret", &[]);
    let token = granted.header("Use-Path").unwrap().rsplit(' ').next().unwrap();
    let path = format!("{token} {back}");
    let bob = scene.world.accept(tls());
    let send = |scene: &mut Scene, message: &str, len: usize, flag| {
        let range = format!("1-{len}/{}", if flag == '+' { len + 1 } else { len });
        let body = String::from_utf8(filler(len)).unwrap();
        let chunk = Raw::chunk(&scene.world.id(), message, &range, &body, flag);
        scene.world.give(bob, &chunk.reports("no", "no").to(&path).from(BOB).octets());
        scene.connect();
    };
    send(&mut scene, "begun", LARGE, '+');
    scene.world.close(inner);
    send(&mut scene, "next", 2, '$');
    assert_eq!(scene.links.len(), 1);
    assert_eq!(scene.arrived().last(), Some(&at("inner.example", "next")));
}
