//! What waits in a relay, all in all.

use msrp::relay::{ConnectionId, Peer, RelayClose};

use crate::common::wire::Raw;
use crate::world::*;

const MEMORY: usize = 1_000_000;
/// An octet that occurs in no head.
const FILLING: u8 = 1;
/// The octets of one read.
const READ: usize = 5_000;

/// A client of this user that sends to a peer which reads nothing.
struct Sender {
    link: ConnectionId,
    peer: ConnectionId,
    given: usize,
}

impl Sender {
    /// It begins a long chunk.
    fn new(world: &mut World, user: &str, number: usize) -> Self {
        let link = world.accept(tls());
        let told = world.auth_as(link, ALICE, user, "secret", &[]);
        let token = told.header("Use-Path").unwrap().to_owned();
        let uri = format!("msrps://{user}{number}.example:9/x;tcp");
        let peer = world.reach(link, &token, &uri);
        world.stall(peer);
        let chunk = Raw::chunk("long", "long", "1-*/*", "", '$');
        world.give(link, &chunk.to(&format!("{token} {uri}")).from(ALICE).open());
        Self { link, peer, given: 0 }
    }

    /// Sends so many octets.
    fn send(&mut self, world: &mut World, octets: usize) {
        for _ in 0..octets / READ {
            world.give(self.link, &[FILLING; READ]);
            self.given += READ;
        }
    }

    /// Sends for as long as it is read.
    fn fill(&mut self, world: &mut World) {
        while world.relay.wants_read(self.link) {
            world.give(self.link, &[FILLING; READ]);
            self.given += READ;
            assert!(self.given < 2 * MEMORY, "nobody stops it");
        }
    }
}

/// The heads of requests without a response are held, too.
#[test]
fn who_gets_no_responses_takes_no_memory_of_others() {
    let mut config = config();
    config.limits.memory_octets = MEMORY;
    let mut world = World::new(config);
    let [mallory, alice] = ["mallet", "alice"].map(|user| {
        let link = world.accept(tls());
        let told = world.auth_as(link, ALICE, user, "secret", &[]);
        let token = told.header("Use-Path").unwrap().to_owned();
        let uri = format!("msrps://{user}.example:9/x;tcp");
        let peer = world.reach(link, &token, &uri);
        (link, peer, format!("{token} {uri}"))
    });
    let send = |world: &mut World, (link, peer, path): &(ConnectionId, ConnectionId, String)| {
        let id = world.id();
        let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').header("X", &"x".repeat(10_000));
        world.give(*link, &chunk.to(path).from(ALICE).octets());
        world.octets(*peer);
        world.one(*link).what
    };
    let told: Vec<_> = (0..200).map(|_| send(&mut world, &mallory)).collect();
    let taken = told.iter().filter(|status| *status == "200").count();
    assert!((MEMORY / 10..MEMORY / 9 + 20_000).contains(&(taken * 11_000)), "{taken}");
    assert_eq!(told.last().map(|status| &status[..]), Some("408"));
    // Others have as much.
    assert!((0..9).all(|_| send(&mut world, &alice) == "200"));
    // All of it is free again when the next hop has had its time.
    world.advance(40 * SECOND);
    world.octets(mallory.0);
    assert!((0..10).all(|_| send(&mut world, &mallory) == "200"));
}

/// A source sends to somebody who never answers, as much as the relay keeps for it.
fn keep(world: &mut World, number: usize, sink: ConnectionId, path: &str) -> usize {
    keep_some(world, source(number), sink, path, 1_001)
}

/// The same, so many requests at most.
fn keep_some(world: &mut World, peer: Peer, sink: ConnectionId, path: &str, most: usize) -> usize {
    let link = world.accept(peer);
    let send = |world: &mut World, octets: usize| {
        let id = world.id();
        let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').header("X", &"x".repeat(octets));
        world.give(link, &chunk.to(path).from(BOB).octets());
        world.octets(sink);
        world.told(link) == ["200"]
    };
    // A stranger's heads are short.
    let kept = usize::from(send(world, 1)) + (1..most).take_while(|_| send(world, 3_000)).count();
    world.close(link);
    kept
}

fn sink(world: &mut World) -> (ConnectionId, String) {
    let sink = world.accept(tls());
    let told = world.auth_as(sink, ALICE, "mallet", "secret", &[]);
    let token = told.header("Use-Path").unwrap().to_owned();
    (sink, format!("{token} {ALICE}"))
}

/// Alice and Bob, beside one to whom others send what is kept.
fn talk_beside_a_sink() -> (World, Talk, ConnectionId, String) {
    let mut config = config();
    config.limits.memory_octets = 4 * MEMORY;
    let mut world = World::new(config);
    let talk = world.talk();
    let (sink, path) = sink(&mut world);
    (world, talk, sink, path)
}

#[test]
fn who_comes_again_still_has_what_is_kept() {
    let mut config = config();
    config.limits.memory_octets = MEMORY;
    let mut world = World::new(config);
    let (sink, path) = sink(&mut world);
    let first = keep(&mut world, 1, sink, &path);
    assert!(first > 20, "{first}");
    let again: usize = (0..20).map(|_| keep(&mut world, 1, sink, &path)).sum();
    assert_eq!(again, 0);
    // Others have as much, and so does this one after the time of the next hop.
    assert!(keep(&mut world, 2, sink, &path) > first / 2);
    world.advance(40 * SECOND);
    world.octets(sink);
    assert_eq!(keep(&mut world, 1, sink, &path), first);
}

/// The responses of a connection that closes leave in their time, and count until then.
#[test]
fn who_comes_again_still_has_what_leaves_before_the_last_connection_closes() {
    let mut config = config();
    config.limits.memory_octets = MEMORY;
    let mut world = World::new(config);
    let (sink, path) = sink(&mut world);
    let first = keep(&mut world, 1, sink, &path);
    for _ in 0..20 {
        let link = world.accept(tls().address([198, 18, 0, 2].into()));
        world.stall(link);
        let long = format!("msrps://bob.example:8145/{};tcp", "x".repeat(700));
        // The last refusal closes the connection.
        for _ in 0..5 {
            let id = world.id();
            let send = Raw::send(&id).to(&format!("{path}x")).from(&long).message(&id);
            world.give(link, &send.range("1-0/0").octets());
        }
        assert!(!world.relay.wants_read(link));
    }
    assert_eq!(world.closes(), []);
    let again = keep(&mut world, 2, sink, &path);
    assert!(again < first / 2, "{again} of {first}");
}

#[test]
fn what_waits_within_a_share_stays_however_much_is_kept_for_others() {
    let mut config = config();
    config.limits.memory_octets = 4 * MEMORY;
    let mut world = World::new(config);
    let victim = Sender::new(&mut world, "alice", 0);
    world.give(victim.link, &[FILLING; READ]);
    let (sink, path) = sink(&mut world);
    let kept: usize = (1..200).map(|source| keep(&mut world, source, sink, &path)).sum();
    assert!(kept * 3_000 > 3 * MEMORY, "{kept}");
    assert_eq!(world.closes(), []);
    assert!(world.relay.wants_read(victim.link));
}

/// Those who keep most give of it instead.
#[test]
fn no_queue_gives_way_for_what_others_keep() {
    let mut config = config();
    config.limits.memory_octets = 4 * MEMORY;
    let mut world = World::new(config);
    let mut victim = Sender::new(&mut world, "alice", 0);
    victim.send(&mut world, 240_000);
    let (sink, path) = sink(&mut world);
    let mut free = 4 * MEMORY - victim.given;
    // Each keeps as much as those before have left for it.
    for number in 0..38 {
        let most = free / 9 / 3_900;
        let user = tls().user(format!("user{number}"));
        assert_eq!(keep_some(&mut world, user, sink, &path, most), most);
        free -= most * 3_700;
    }
    assert!(free < 4 * MEMORY / 16, "{free}");
    assert_eq!(world.closes(), []);
    // A newcomer finds what is left for newcomers.
    let mut newcomer = Sender::new(&mut world, "carol", 0);
    newcomer.send(&mut world, 60_000);
    assert!(world.relay.wants_read(newcomer.link) && world.relay.wants_read(victim.link));
    assert_eq!(world.closes(), []);
}

/// Nor for what many strangers keep, however little each of them does.
#[test]
fn no_queue_gives_way_for_what_strangers_keep() {
    for (strangers, most) in [(400, 1_001), (2_500, 1)] {
        let mut config = config();
        config.limits.memory_octets = 4 * MEMORY;
        let mut world = World::new(config);
        let (sink, path) = sink(&mut world);
        for number in 0..strangers {
            keep_some(&mut world, source(number), sink, &path, most);
        }
        let before = world.relay.statistics().dropped;
        let mut senders: Vec<_> =
            (0..10).map(|n| Sender::new(&mut world, &format!("user{n}"), n)).collect();
        senders.iter_mut().for_each(|sender| sender.send(&mut world, 240_000));
        assert_eq!(world.closes(), []);
        assert!(world.relay.statistics().dropped > before);
    }
}

/// Those before have left ever less for each, and give of it to one who keeps little.
#[test]
fn who_comes_late_finds_memory_as_well() {
    let (mut world, talk, sink, path) = talk_beside_a_sink();
    let kept = (0..100).map(|source| keep(&mut world, source, sink, &path));
    let least = kept.min().unwrap();
    assert!(least >= 4, "{least}");
    let before = world.relay.statistics().dropped;
    for n in 0..10 {
        let id = format!("late{n}");
        world.give(talk.alice, &talk.chunk(&id, &id, "1-2/2", "hi", '$').octets());
        assert_eq!(world.told(talk.alice), ["200"], "{n}");
    }
    // No more is taken from the others than that.
    let dropped = world.relay.statistics().dropped - before;
    assert!(dropped < 40, "{dropped}");
}

/// They may have any number of addresses.
#[test]
fn strangers_leave_half_of_what_is_kept_to_clients() {
    let (mut world, talk, sink, path) = talk_beside_a_sink();
    let kept: Vec<_> = (0..400).map(|source| keep(&mut world, source, sink, &path)).collect();
    assert!(kept.iter().all(|kept| *kept > 0), "{kept:?}");
    let before = world.relay.statistics().dropped;
    let is_taken = |number: &usize| {
        let id = format!("m{number}");
        let chunk = talk.chunk(&id, &id, "1-2/2", "hi", '$').header("X", &"x".repeat(3_000));
        world.give(talk.alice, &chunk.octets());
        world.told(talk.alice) == ["200"]
    };
    let taken = (0..1_000).take_while(is_taken).count();
    assert!(taken * 3_700 > 4 * MEMORY / 2 / 10, "{taken}");
    // There is enough: nobody has to give any of it.
    assert_eq!(world.relay.statistics().dropped, before);
}

/// However many connections a user has, and many users.
#[test]
fn all_that_waits_has_one_budget_and_everybody_a_part() {
    let mut config = config();
    config.limits.memory_octets = MEMORY;
    let mut world = World::new(config);
    let mut many: Vec<_> = (0..20).map(|n| Sender::new(&mut world, "mallet", n)).collect();
    many.iter_mut().for_each(|sender| sender.fill(&mut world));
    let greedy: usize = many.iter().map(|sender| sender.given).sum();
    // Of each, one read is with the transport and one above the limit.
    let most = MEMORY / 2 + many.len() * (2 * READ + 4_096);
    assert!((MEMORY / 3..most).contains(&greedy), "{greedy}");

    let mut modest = Sender::new(&mut world, "alice", 0);
    modest.fill(&mut world);
    assert!(modest.given >= MEMORY / 8, "{}", modest.given);

    // Everything arrives.
    for sender in many.iter().chain([&modest]) {
        world.unstall(sender.peer);
        let body = world.octets(sender.peer).iter().filter(|octet| **octet == FILLING).count();
        // The last octet waits for the end of the chunk.
        assert!(body + 1 >= sender.given, "{body} of {}", sender.given);
        assert!(world.relay.wants_read(sender.link));
    }
}

/// Nobody waits for a REPORT: whoever sends one is read on.
#[test]
fn reports_for_one_who_reads_nothing_are_dropped() {
    let mut config = config();
    config.limits.control_octets = 10_000;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let peer = world.accept(tls());
    world.stall(alice);
    for n in 0..100 {
        let report = Raw::report(&format!("r{n}"), "m", "000 200 OK").range("1-2/2").from(BOB);
        world.give(peer, &report.to(&format!("{token} {ALICE}")).octets());
        assert!(world.relay.wants_read(peer));
    }
    let dropped = world.relay.statistics().dropped_reports;
    assert!((40..80).contains(&dropped), "{dropped}");
    world.unstall(alice);
    assert_eq!(world.sent(alice).len() as u64, 100 - dropped);
}

#[test]
fn responses_for_one_who_reads_nothing_are_dropped() {
    let mut config = config();
    config.limits.control_octets = 10_000;
    let mut world = World::new(config);
    let Talk { alice, bob, token } = world.talk();
    let talk = Talk { alice, bob, token };
    for n in 0..100 {
        world.give(alice, &talk.request("EXTEND", &format!("e{n}")).octets());
    }
    world.stall(alice);
    for request in world.sent(bob) {
        world.give(bob, &response(&request, "200 OK", &[("X", &"x".repeat(1_000))]));
        assert!(world.relay.wants_read(bob));
    }
    assert!(!world.relay.wants_read(alice));
    assert!(world.relay.statistics().dropped_responses > 80);
    world.unstall(alice);
    assert!(world.relay.wants_read(alice));
}

/// Of those who take nothing, the one for whom most waits.
#[test]
fn the_largest_queue_makes_room_for_a_newcomer() {
    let mut config = config();
    config.limits.memory_octets = MEMORY;
    config.limits.queue_octets = MEMORY / 4;
    let mut world = World::new(config);
    let mut senders: Vec<_> =
        (0..8).map(|n| Sender::new(&mut world, &format!("user{n}"), n)).collect();
    senders.iter_mut().for_each(|sender| sender.fill(&mut world));
    let closed: Vec<_> = world.closes().into_iter().map(|(link, _)| link).collect();
    let largest = senders.iter().max_by_key(|sender| sender.given).unwrap();
    assert_eq!(closed.first(), Some(&largest.peer));
    assert!(closed.len() < senders.len());
    let newcomer = senders.last().unwrap();
    assert!(!closed.contains(&newcomer.peer));
    assert!(newcomer.given > 2 * READ, "{}", newcomer.given);
}

/// A WebSocket holds what has come of a message.
#[test]
fn the_longest_incomplete_message_of_a_user_gives_way() {
    let mut config = config();
    config.limits.memory_octets = MEMORY;
    let mut world = World::new(config);
    let links = ["mallet", "mallet", "alice"].map(|user| {
        let link = world.accept(tls());
        world.auth_as(link, ALICE, user, "secret", &[]);
        link
    });
    let [long, short, other] = links;
    world.relay.input_holds(long, MEMORY / 10);
    world.relay.input_holds(other, MEMORY / 20);
    world.settle();
    assert!(world.closes().is_empty());
    world.relay.input_holds(short, MEMORY / 40);
    world.settle();
    assert_eq!(world.closes(), [(long, RelayClose::Evicted)]);
    // Once complete, it takes no memory.
    world.relay.input_holds(short, 0);
    world.relay.input_holds(short, MEMORY / 10);
    world.settle();
    assert!(world.closes().is_empty());
}

/// Those who keep most give it, with each request that is kept.
#[test]
fn no_more_is_given_than_newcomers_lack() {
    let (mut world, _, sink, path) = talk_beside_a_sink();
    let mut given = Vec::new();
    for number in 0..110 {
        let user = tls().user(format!("user{number}"));
        world.accept(user.clone());
        for _ in 0..12 {
            let before = world.relay.statistics().dropped;
            keep_some(&mut world, user.clone(), sink, &path, 2);
            given.push(world.relay.statistics().dropped - before);
        }
    }
    let most = given.iter().max().unwrap();
    assert!((1..4 * MEMORY as u64 / 16 / 4_000).contains(most), "{most}");
    // Nothing waits for their connections.
    assert_eq!(world.closes(), []);
    let mut newcomer = Sender::new(&mut world, "carol", 0);
    newcomer.send(&mut world, 150_000);
    assert!(world.relay.wants_read(newcomer.link), "newcomers lack memory");
}

#[test]
fn queues_of_one_length_stay_however_little_is_left() {
    let mut config = config();
    config.limits.memory_octets = 4 * MEMORY;
    let mut world = World::new(config);
    let user = |number: usize| format!("user{number}");
    let mut senders: Vec<_> =
        (0..20).map(|number| Sender::new(&mut world, &user(number), 0)).collect();
    for _ in 0..4 * MEMORY / READ / 21 {
        senders.iter_mut().for_each(|sender| sender.send(&mut world, READ));
    }
    let given: usize = senders.iter().map(|sender| sender.given).sum();
    assert!(4 * MEMORY - given < 4 * MEMORY / 16, "{given}");
    assert_eq!(world.closes(), []);
}

/// However many have begun one, each with as much as the one before has left for it.
#[test]
fn who_begins_a_message_late_finds_memory_as_well() {
    let mut config = config();
    config.limits.memory_octets = MEMORY;
    let mut world = World::new(config);
    let mut begin = |user: &str, octets: usize| {
        let link = world.accept(tls());
        world.auth_as(link, ALICE, user, "secret", &[]);
        world.relay.input_holds(link, octets);
        world.settle();
        (link, world.closes())
    };
    let mut links = Vec::new();
    let mut free = MEMORY;
    while free > MEMORY / 14 {
        let octets = free / 9 - 1_000;
        let (link, closes) = begin(&format!("user{}", links.len()), octets);
        assert_eq!(closes, []);
        free -= octets + 1_100;
        links.push(link);
    }
    // The one who holds most gives way.
    let (_, closes) = begin("alice", 12_000);
    assert_eq!(closes, [(links[0], RelayClose::Evicted)]);
}

/// How many SENDs of a newcomer without a response are taken, after a quiet hour.
fn taken_after_a_quiet_hour(sessions: usize) -> usize {
    let mut config = config();
    config.limits.memory_octets = 4 * MEMORY;
    config.max_expires = 10_000 * SECOND;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let path = format!("{token} {ALICE}");
    let long = "1".repeat(3_900);
    for number in 0..sessions {
        // A few from each place, each of which may have a part of the memory.
        let link = world.accept(tls().address([192, 0, 2, (number / 50) as u8].into()));
        for session in ["first".to_owned(), format!("{long}{number}")] {
            let id = world.id();
            let from = format!("msrps://f.example:2855/{session};tcp {BOB}");
            let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&path).from(&from);
            world.give(link, &chunk.reports("no", "no").octets());
        }
        world.octets(alice);
        world.close(link);
    }
    world.advance(3_600 * SECOND);
    let (sink, token) = world.client(ALICE);
    let path = format!("{token} {ALICE}");
    let link = world.accept(tls());
    (0..1_000)
        .take_while(|number| {
            let id = world.id();
            let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&path).from(BOB);
            let text = "x".repeat(if *number == 0 { 1 } else { 3_000 });
            world.give(link, &chunk.header("X", &text).octets());
            world.octets(sink);
            world.told(link) == ["200"]
        })
        .count()
}

/// What is known of sessions with other relays is forgotten, though none comes later.
#[test]
fn sessions_take_no_memory_after_a_quiet_hour() {
    assert_eq!(taken_after_a_quiet_hour(300), taken_after_a_quiet_hour(0));
}
