//! What the clients of another relay have each of what is kept for that one.

use std::time::Duration;

use msrp::relay::{ConnectionId, Peer, RelayConfig};

use crate::common::wire::{Raw, Sent};
use crate::world::*;

/// So little memory that each of these clients could take all that is kept for their relay.
const MEMORY: usize = 4_000_000;

const HOUR: Duration = Duration::from_secs(3_600);

/// The host of the other relay.
const OTHER: &str = "other.example";

/// Mallory and Carol are clients of another relay, which sends to clients of this one.
struct Scene {
    world: World,
    peer: Peer,
    /// The connections of the other relay.
    links: Vec<ConnectionId>,
    /// Mallory's accomplices, who answer nothing, and the paths to them.
    sinks: Vec<(ConnectionId, String)>,
    /// The client to whom Carol sends.
    bob: ConnectionId,
    to_bob: String,
    /// The failure REPORTs that Carol gets.
    reports: usize,
}

const CAROL: &str = "carol;tcp msrps://carol.example:7000/c;tcp";
const MALLORY: &str = "mallory;tcp msrps://mallory.example:7000/m;tcp";

impl Scene {
    fn new(peer: Peer) -> Self {
        let mut config = config();
        config.limits.memory_octets = MEMORY;
        Self::with(config, peer)
    }

    fn with(config: RelayConfig, peer: Peer) -> Self {
        let mut world = World::new(config);
        let link = world.accept(peer.clone());
        let (bob, to_bob) = client(&mut world, "bob");
        let (links, sinks) = (vec![link], Vec::new());
        let mut scene = Self { world, peer, links, sinks, bob, to_bob, reports: 0 };
        scene.sink();
        assert_eq!(scene.carol_says(), ["200"]);
        scene
    }

    fn sink(&mut self) {
        let user = format!("sink{}", self.sinks.len());
        self.sinks.push(client(&mut self.world, &user));
    }

    /// Another connection of the other relay, which it has made for Mallory.
    fn link(&mut self) {
        let link = self.world.accept(self.peer.clone());
        self.links.push(link);
        // Only then may heads be long.
        let (to, chunk) = (self.sinks[0].1.clone(), self.chunk(1));
        assert_eq!(self.give(self.links.len() - 1, MALLORY, &to, chunk), ["200"]);
    }

    /// Gives a request of a client of the other relay. Returns what is told.
    fn give(&mut self, link: usize, from: &str, to: &str, request: Raw) -> Vec<String> {
        let link = self.links[link % self.links.len()];
        assert!(self.world.relay.wants_read(link));
        let from = format!("msrps://{OTHER}:2855/{from}");
        self.world.give(link, &request.to(to).from(&from).octets());
        for sink in 0..self.sinks.len() {
            self.world.octets(self.sinks[sink].0);
        }
        let told = self.world.sent(link);
        let is_of_carol = |it: &&Sent| it.what == "REPORT" && it.head.contains("/carol;tcp ");
        self.reports += told.iter().filter(is_of_carol).count();
        told.into_iter().filter(|it| it.what != "REPORT").map(|it| it.what).collect()
    }

    /// Mallory, as this one, sends to an accomplice.
    fn mallory_says(&mut self, number: usize, from: &str, request: Raw) {
        let to = self.sinks[number % self.sinks.len()].1.clone();
        self.give(number, from, &to, request);
    }

    fn chunk(&mut self, octets: usize) -> Raw {
        let id = self.world.id();
        Raw::chunk(&id, &id, "1-2/2", "hi", '$').header("X", &"x".repeat(octets))
    }

    /// Carol sends to Bob, who does not answer before he is asked.
    fn carol_says(&mut self) -> Vec<String> {
        let (to, chunk) = (self.to_bob.clone(), self.chunk(500));
        self.give(0, CAROL, &to, chunk)
    }

    fn bob_answers(&mut self) {
        for request in self.world.sent(self.bob) {
            self.world.answer(self.bob, &request, "200 OK");
        }
    }

    /// How many short messages of Carol without a response are taken, up to 20.
    fn taken_of_carol(&mut self) -> usize {
        let taken = (0..20).take_while(|_| self.carol_says() == ["200"]).count();
        self.bob_answers();
        taken
    }
}

impl Scene {
    /// Nothing happens until every token has expired and every connection was idle.
    fn is_quiet(&mut self) {
        self.world.advance(2 * HOUR);
        for (link, _) in self.world.closes() {
            self.world.close(link);
        }
        self.links.clear();
        self.sinks.clear();
        self.world.knows_users = true;
    }

    /// How many long messages of Mallory are taken.
    fn taken_of_mallory(&mut self) -> usize {
        self.sink();
        self.link();
        let path = self.sinks[0].1.clone();
        let is_taken = |_: &usize| {
            let chunk = self.chunk(10_000);
            self.give(0, MALLORY, &path, chunk) == ["200"]
        };
        (0..1_000).take_while(is_taken).count()
    }
}

/// A client of this relay, and the path to it.
fn client(world: &mut World, user: &str) -> (ConnectionId, String) {
    let (link, token) = world.client_of(user);
    (link, format!("{token} {ALICE}"))
}

/// What Mallory does, and how many messages of Carol without a response are taken at least.
type Attack = (&'static str, usize, fn(&mut Scene));

const ATTACKS: [Attack; 13] = [
    ("long heads", 20, |scene| {
        for number in 0..300 {
            let chunk = scene.chunk(14_000);
            scene.mallory_says(number, MALLORY, chunk);
        }
    }),
    ("long heads on which only failures are told", 20, |scene| {
        for number in 0..300 {
            let chunk = scene.chunk(14_000).reports("partial", "no");
            scene.mallory_says(number, MALLORY, chunk);
        }
    }),
    ("many short heads", 20, |scene| {
        for number in 0..2_000 {
            let chunk = scene.chunk(1);
            scene.mallory_says(number, MALLORY, chunk);
        }
    }),
    ("to many", 20, |scene| {
        (0..50).for_each(|_| scene.sink());
        for number in 0..500 {
            let chunk = scene.chunk(9_000);
            scene.mallory_says(number, MALLORY, chunk);
        }
    }),
    ("on many connections", 20, |scene| {
        (0..8).for_each(|_| scene.link());
        for number in 0..500 {
            let chunk = scene.chunk(9_000);
            scene.mallory_says(number, MALLORY, chunk);
        }
    }),
    ("as many", 20, |scene| {
        for number in 0..500 {
            let chunk = scene.chunk(9_000);
            let from = format!("mallory;tcp msrps://mallory{number}.example:7000/m;tcp");
            scene.mallory_says(number, &from, chunk);
        }
    }),
    ("under many tokens", 8, |scene| {
        for number in 0..500 {
            let (token, chunk) = (number % 20, scene.chunk(9_000));
            scene.mallory_says(number, &mallory(token), chunk);
        }
    }),
    // Each finds half of what the one before has left.
    ("under one token after the other", 12, |scene| {
        for number in 0..480 {
            let (token, chunk) = (number / 40, scene.chunk([14_000, 1][number % 2]));
            scene.mallory_says(number, &mallory(token), chunk);
        }
    }),
    ("for those who read nothing", 20, |scene| {
        (0..20).for_each(|_| scene.sink());
        for sink in 0..scene.sinks.len() {
            scene.world.stall(scene.sinks[sink].0);
        }
        for number in 0..300 {
            let chunk = scene.chunk(9_000);
            scene.mallory_says(number, MALLORY, chunk);
        }
    }),
    ("sessions that are over", 20, |scene| {
        (0..40).for_each(|_| scene.sink());
        for number in 0..1_000 {
            let chunk = scene.chunk(1).reports("no", "no");
            let from = format!("mallory{};tcp msrps://mallory.example:7000/m;tcp", number / 40);
            scene.mallory_says(number, &from, chunk);
        }
    }),
    ("requests for the far end", 20, |scene| {
        for number in 0..2_000 {
            let from = format!("{MALLORY} msrps://{:0800}.example:1/x;tcp", number);
            let id = scene.world.id();
            scene.mallory_says(number, &from, Raw::new("EXTEND", &id));
        }
    }),
    ("as a client of this relay, too", 20, |scene| {
        let from = format!("msrps://{OTHER}:2855/{MALLORY}");
        let told = scene.world.auth_as(scene.links[0], &from, "mallet", "secret", &[]);
        assert_eq!(told.what, "200");
        let (link, path) = client(&mut scene.world, "mallet");
        for _ in 0..300 {
            let chunk = scene.chunk(14_000).from(BOB);
            scene.world.give(link, &chunk.to(&path).octets());
            scene.world.octets(link);
        }
    }),
    ("AUTHs on which nobody decides", 20, |scene| {
        scene.world.knows_users = false;
        for number in 0..200 {
            let from = format!("msrps://{OTHER}:2855/{MALLORY}");
            let link = scene.links[number % scene.links.len()];
            let long = "x".repeat(12_000);
            let auth = scene.world.credentials(link, &from, "mallet", "secret", &[("X", &long)]);
            scene.world.give(link, &auth);
            scene.world.octets(link);
        }
    }),
];

/// By certificate, and by address.
fn relays() -> [Peer; 2] {
    [tls().relay_names(vec![OTHER.to_owned()]), tls().address([192, 0, 2, 9].into())]
}

#[test]
fn one_client_of_another_relay_takes_no_room_of_the_others_there() {
    for peer in relays() {
        for (name, least, attack) in ATTACKS {
            // Who answers too many challenges is shut out, unless it has a certificate.
            if name.starts_with("AUTH") && peer.relay_names.is_empty() {
                continue;
            }
            let mut scene = Scene::new(peer.clone());
            attack(&mut scene);
            let taken = scene.taken_of_carol();
            assert!(taken >= least, "{name}: {taken}, {peer:?}");
            assert_eq!(scene.reports, 0, "{name}, {peer:?}");
        }
    }
}

/// It pays for what it does itself.
#[test]
fn the_client_that_takes_most_is_refused() {
    for peer in relays() {
        let mut scene = Scene::new(peer);
        let path = scene.sinks[0].1.clone();
        let told: Vec<_> = (0..60)
            .flat_map(|_| {
                let chunk = scene.chunk(14_000);
                scene.give(0, MALLORY, &path, chunk)
            })
            .collect();
        let taken = told.iter().filter(|status| *status == "200").count();
        assert!((10..40).contains(&taken), "{taken}");
        assert_eq!(told.last().map(|status| &status[..]), Some("408"));
    }
}

/// When the next hop has had its time, all of it is free again.
#[test]
fn a_quiet_hour_gives_all_of_it_back() {
    for (name, _, attack) in ATTACKS {
        let [before, after] = [false, true].map(|is_attacked| {
            let mut scene = Scene::new(relays()[0].clone());
            if is_attacked {
                attack(&mut scene);
            }
            scene.is_quiet();
            scene.taken_of_mallory()
        });
        assert!(before > 10 && before == after, "{name}: {after} of {before}");
    }
}

/// What waits for the relay at the host `next.example`, which takes nothing, when a client
/// has sent to so many sessions there for as long as it was read. Nothing is refused.
fn waits_of(
    world: &mut World,
    link: ConnectionId,
    from: impl Fn(usize) -> String,
    token: &str,
    sessions: usize,
) -> usize {
    let before = world.relay.statistics();
    for number in 0..8_000 {
        if !world.relay.wants_read(link) {
            break;
        }
        let session = number % sessions;
        let to = format!("{token} msrps://next.example:2855/s{session};tcp {BOB}");
        let id = world.id();
        let chunk = Raw::chunk(&id, &id, "1-3000/3000", &"x".repeat(3_000), '$');
        world.give(link, &chunk.reports("no", "no").to(&to).from(&from(number)).octets());
        for (dialled, _) in world.wanted() {
            world.relay.connected(world.now, dialled, tls());
            world.settle();
            world.stall(dialled);
        }
    }
    let after = world.relay.statistics();
    assert_eq!((after.refused, after.dropped), (before.refused, 0));
    usize::try_from(after.octets).unwrap()
}

/// One session would have as much.
#[test]
fn many_sessions_of_a_client_fill_a_queue_no_more_than_one_would() {
    let max = config().limits.queue_octets;
    for sessions in [1, 1_000] {
        let mut world = World::new(config());
        let (alice, token) = world.client(ALICE);
        let waits = waits_of(&mut world, alice, |_| ALICE.to_owned(), &token, sessions);
        assert!(waits < max + max / 4, "{sessions}: {waits}");
    }
}

/// The connection on which they come is read for others. Neither is it of use to send to one
/// session under many tokens.
#[test]
fn many_sessions_of_a_client_of_another_relay_fill_a_queue_no_more_than_one_would() {
    let max = 4 * config().limits.queue_octets;
    let from = |token| format!("msrps://{OTHER}:2855/{}", mallory(token));
    for (sessions, tokens) in [(1, 1), (1_000, 1), (1, 1_000)] {
        let mut world = World::new(config());
        let link = world.accept(tls().relay_names(vec![OTHER.to_owned()]));
        let told = world.auth_as(link, &from(0), "mallet", "secret", &[]);
        let token = told.header("Use-Path").unwrap().rsplit(' ').next().unwrap();
        let waits = waits_of(&mut world, link, |number| from(number % tokens), token, sessions);
        assert!(waits < max + max / 4, "{sessions}, {tokens}: {waits}");
    }
}

/// A client that claims to be a relay: its token leads back to itself.
fn claimed(number: usize) -> String {
    format!("msrps://{OTHER}:2855/x{number};tcp {ALICE}")
}

#[test]
fn a_client_that_claims_to_send_for_many_fills_a_queue_no_more_than_another() {
    let max = config().limits.queue_octets;
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let waits = waits_of(&mut world, alice, claimed, &token, 1);
    assert!(waits < max + max / 4, "{waits}");
}

#[test]
fn a_client_that_claims_to_send_for_many_waits_for_responses_as_another() {
    let mut config = config();
    config.limits.transactions = 4;
    let mut world = World::new(config);
    let talk = world.talk();
    for number in 0..10 {
        let request = talk.request("NICKNAME", &world.id());
        world.give(talk.alice, &request.from(&claimed(number)).octets());
    }
    assert_eq!(world.told(talk.bob), ["NICKNAME"; 4]);
    assert_eq!(world.told(talk.alice), ["408"; 6]);
}

/// Nobody vouches for what comes on a connection without a certificate.
#[test]
fn a_stranger_that_claims_to_send_for_many_waits_for_responses_as_one() {
    let mut config = config();
    config.limits.transactions = 4;
    for (peer, taken) in relays().into_iter().zip([10, 4]) {
        let mut world = World::new(config.clone());
        let (alice, token) = world.client(ALICE);
        let link = world.accept(peer.clone());
        for number in 0..10 {
            let from = format!("msrps://{OTHER}:2855/x{number};tcp {BOB}");
            let request = Raw::new("NICKNAME", &world.id()).to(&format!("{token} {ALICE}"));
            world.give(link, &request.from(&from).octets());
        }
        assert_eq!(world.told(alice).len(), taken, "{peer:?}");
        assert_eq!(world.told(link), vec!["408"; 10 - taken], "{peer:?}");
    }
}

/// What is no SEND waits for nothing, whatever waits of its sender.
#[test]
fn a_request_that_is_no_send_does_not_stop_a_connection_that_others_share() {
    const BOUND: usize = 64 * 1024;
    for peer in relays() {
        let mut config = config();
        config.limits.queue_octets = BOUND;
        let mut scene = Scene::with(config, peer);
        let (sink, to) = scene.sinks[0].clone();
        scene.world.stall(sink);
        // The first is handed over. The last ones make it too much, and are little each.
        for number in 0..8 {
            let octets =
                [1, BOUND - 1_500, 3_000][usize::from(number > 0) + usize::from(number > 4)];
            let (id, body) = (scene.world.id(), "x".repeat(octets));
            let chunk = Raw::chunk(&id, &id, &format!("1-{octets}/{octets}"), &body, '$');
            scene.give(0, &mallory(number), &to, chunk.reports("no", "no"));
        }
        let nickname = Raw::new("NICKNAME", &scene.world.id());
        scene.give(0, &mallory(1), &to, nickname);
        assert_eq!(scene.carol_says(), ["200"]);
    }
}

/// One of the tokens that Mallory has at the other relay, and who uses it.
fn mallory(token: usize) -> String {
    format!("mallory{token};tcp msrps://mallory.example:7000/m;tcp")
}
