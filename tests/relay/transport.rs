//! What the transport holds: deadlines begin, and connections stall, by what has left it.

use std::time::Duration;

use msrp::relay::{ConnectionId, RelayClose};

use crate::common::wire::{Raw, filler};
use crate::world::*;

fn letters(len: usize) -> String {
    String::from_utf8(filler(len)).unwrap()
}

fn holds(world: &mut World, link: ConnectionId, octets: usize) {
    world.relay.transport_holds(world.now, link, octets);
    world.settle();
}

// req: 4976-6.4.1-3
#[test]
fn the_timer_starts_when_the_octets_have_left_the_transport() {
    scripted(|world| {
        let talk = world.talk();
        holds(world, talk.bob, 0);
        for (id, range) in [("c1", "1-5/10"), ("c2", "6-10/10")] {
            world.give(talk.alice, &talk.chunk(id, "m1", range, "hello", '+').octets());
        }
        world.octets(talk.alice);
        let sent = world.sent(talk.bob);
        let lengths: Vec<usize> = sent
            .iter()
            .map(|it| it.head.len() + 2 + it.len() + format!("\r\n-------{}+\r\n", it.id).len())
            .collect();
        holds(world, talk.bob, lengths[0] + lengths[1]);
        world.advance(40 * SECOND);
        holds(world, talk.bob, lengths[1]);
        world.advance(40 * SECOND);
        // The first has left 40 seconds ago. The second has not.
        assert_eq!(world.one(talk.alice).range(), "1-5/*");
        holds(world, talk.bob, 0);
        world.advance(29 * SECOND);
        assert!(world.octets(talk.alice).is_empty());
        world.advance(SECOND);
        assert_eq!(world.one(talk.alice).range(), "6-10/*");
    });
}

/// The response proves that its request has left, whatever was said before.
#[test]
fn an_answered_chunk_holds_up_nobody() {
    scripted(|world| {
        let talk = world.talk();
        holds(world, talk.bob, 0);
        world.give(talk.alice, &talk.chunk("c1", "m1", "1-5/5", "hello", '$').octets());
        let sent = world.one(talk.bob);
        holds(world, talk.bob, 10_000);
        world.answer(talk.bob, &sent, "200 OK");
        world.octets(talk.alice);
        world.advance(100 * SECOND);
        assert!(world.octets(talk.alice).is_empty());
        assert_eq!(world.closes(), []);
    });
}

/// Octets of which nothing was said yet are no sign of a slow transport: the first chunk
/// has left, and its deadline passes.
#[test]
fn what_may_have_left_puts_off_no_deadline() {
    scripted(|world| {
        let talk = world.talk();
        holds(world, talk.bob, 0);
        let give = |world: &mut World, id: &str, range: &str, is_said: bool| {
            world.give(talk.alice, &talk.chunk(id, "m1", range, "hello", '+').octets());
            if is_said {
                holds(world, talk.bob, 0);
            }
        };
        give(world, "c1", "1-5/15", true);
        world.advance(25 * SECOND);
        give(world, "c2", "6-10/15", true);
        world.advance(4 * SECOND);
        give(world, "c3", "11-15/15", false);
        world.octets(talk.alice);
        world.advance(SECOND);
        assert_eq!(world.one(talk.alice).range(), "1-5/*");
    });
}

/// A slow reader is none that reads nothing, however long one write takes.
#[test]
fn a_transport_that_makes_progress_has_not_stalled() {
    let mut world = World::new(config());
    let talk = world.talk();
    world.stall(talk.bob);
    world.give(talk.alice, &talk.chunk("c1", "m1", "1-*/*", &letters(30_000), '$').octets());
    let mut held = world.octets(talk.bob).len();
    holds(&mut world, talk.bob, held);
    for _ in 0..10 {
        world.advance(50 * SECOND);
        held -= 100;
        holds(&mut world, talk.bob, held);
    }
    assert_eq!(world.closes(), []);
    world.advance(59 * SECOND);
    assert_eq!(world.closes(), []);
    world.advance(SECOND);
    assert_eq!(world.closes(), [(talk.bob, RelayClose::Stalled)]);
}

/// The write was complete, but nothing leaves the system: no deadline would ever begin.
// req: 4976-6.4.1-5
#[test]
fn a_transport_that_gives_nothing_away_has_stalled() {
    scripted(|world| {
        let talk = world.talk();
        holds(world, talk.bob, 0);
        world.advance(200 * SECOND);
        world.give(talk.alice, &talk.chunk("c1", "m1", "1-5/5", "hello", '$').octets());
        let octets = world.octets(talk.bob).len();
        holds(world, talk.bob, octets);
        assert_eq!(world.told(talk.alice), ["200"]);
        world.advance(59 * SECOND);
        assert_eq!(world.closes(), []);
        world.advance(SECOND);
        assert_eq!(world.closes(), [(talk.bob, RelayClose::Stalled)]);
        assert_eq!(world.told(talk.alice), ["REPORT"]);
    });
}

/// However often the transport is given more. Here it is asked rarely, since nothing waits.
#[test]
fn a_transport_that_is_given_little_all_the_time_is_asked_and_has_not_stalled() {
    scripted(|world| {
        let talk = world.talk();
        holds(world, talk.alice, 0);
        world.looks();
        for n in 0..700 {
            let chunk = talk.chunk(&format!("c{n}aaa"), &format!("m{n}"), "1-5/5", "hello", '$');
            world.give(talk.alice, &chunk.octets());
            let sent = world.one(talk.bob);
            world.answer(talk.bob, &sent, "200 OK");
            assert_eq!(world.told(talk.alice), ["200"]);
            world.advance(SECOND / 5);
            if world.looks().contains(&talk.alice) {
                holds(world, talk.alice, 0);
            }
            assert_eq!(world.closes(), [], "after {n}");
        }
    });
}

/// The receiver of a slow link is in use while octets leave, not when they are written.
// req: 4976-6.5-1
#[test]
fn what_has_left_keeps_a_connection_in_use() {
    let mut config = config();
    config.idle = 40 * SECOND;
    let mut world = World::new(config);
    let talk = world.talk();
    holds(&mut world, talk.bob, 0);
    world.give(talk.alice, &talk.chunk("c1", "m1", "1-*/*", &letters(15_000), '$').octets());
    let (mut sent, mut held, mut time) = (Vec::new(), 0, Duration::ZERO);
    while held > 0 || !sent.ends_with(b"$\r\n") {
        let given = world.octets(talk.bob);
        held += given.len();
        sent.extend(given);
        world.advance(SECOND);
        time += SECOND;
        held = held.saturating_sub(110);
        holds(&mut world, talk.bob, held);
        assert!(!world.closes().iter().any(|(link, _)| *link == talk.bob), "after {time:?}");
    }
    assert!(time > 100 * SECOND);
}

/// A line of so many octets a second behind a system that takes all that it gets.
struct Line {
    link: ConnectionId,
    rate: usize,
    arrived: Vec<u8>,
    held: usize,
}

impl Line {
    /// A tenth of a second passes. The relay hears what the system holds when it asks.
    fn run(&mut self, world: &mut World) {
        let given = world.octets(self.link);
        self.held += given.len();
        self.arrived.extend(given);
        world.advance(SECOND / 10);
        self.held = self.held.saturating_sub(self.rate / 10);
        if world.looks().contains(&self.link) {
            holds(world, self.link, self.held);
        }
    }

    fn has_arrived(&self, text: &[u8]) -> bool {
        let arrived = &self.arrived[..self.arrived.len() - self.held];
        arrived.windows(text.len()).any(|it| it == text)
    }
}

/// What somebody else sends does not wait for all that a system takes.
#[test]
fn a_text_is_not_far_behind_a_file_to_a_slow_receiver() {
    for rate in [5_000, 50_000] {
        let mut world = World::new(config());
        let (bob, token) = world.client(BOB);
        let [alice, carol] = [(); 2].map(|()| world.accept(tls()));
        let path = format!("{token} {BOB}");
        let mut line = Line { link: bob, rate, arrived: Vec::new(), held: 0 };
        holds(&mut world, bob, 0);
        let file = Raw::chunk("c1", "file", "1-*/*", &letters(200_000), '$').from(ALICE);
        world.give(alice, &file.to(&path).octets());
        for number in 0..3 {
            (0..10).for_each(|_| line.run(&mut world));
            let (id, text) = (format!("t{number:03}"), format!("the text {number}"));
            let range = format!("1-{0}/{0}", text.len());
            let text_of_carol = Raw::chunk(&id, &id, &range, &text, '$').from(CAROL);
            world.give(carol, &text_of_carol.to(&path).octets());
            let start = world.now;
            while !line.has_arrived(text.as_bytes()) {
                line.run(&mut world);
                let behind = world.now - start;
                assert!(behind <= 3 * SECOND, "{rate}, {number}: {behind:?}");
            }
        }
    }
}

/// Others wait while a step lasts, however many connections have much to report.
#[test]
fn those_that_stall_together_are_reported_in_steps() {
    const CHUNKS: usize = 300;
    let mut world = World::new(config());
    let alice = world.accept(tls());
    let bobs: Vec<(ConnectionId, String)> = (0..4).map(|_| world.client(BOB)).collect();
    for (bob, token) in &bobs {
        holds(&mut world, *bob, 0);
        for number in 0..CHUNKS {
            let chunk = Raw::chunk(&format!("c{number:03}"), "m1", "1-5/5", "hello", '$');
            world.give(alice, &chunk.to(&format!("{token} {BOB}")).from(ALICE).octets());
        }
        let octets = world.octets(*bob).len();
        holds(&mut world, *bob, octets);
    }
    assert_eq!(world.told(alice).len(), 4 * CHUNKS);

    world.now += 60 * SECOND;
    world.settle();
    assert_eq!(world.closes().len(), 4);
    assert_eq!(world.told(alice), vec!["REPORT"; 4 * CHUNKS]);
    assert_eq!(world.made_in_steps, 4 * CHUNKS as u64);
}
