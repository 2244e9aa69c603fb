//! What the clients of one relay can do to each other at another one.

use crate::common::wire::Raw;
use crate::neighbours::chat;
use crate::wire::End;
use crate::world::*;

/// What the second relay keeps at most, all in all.
const MEMORY: usize = 8_000_000;

/// A client of one relay, with its tokens, and its accomplices at the other, who answer
/// nothing.
struct Scene {
    world: World,
    /// A sound pair across both.
    pair: [usize; 2],
    mallory: usize,
    tokens: Vec<String>,
    /// The paths to the accomplices.
    sinks: Vec<String>,
}

impl Scene {
    fn new(tokens: usize, sinks: usize, do_read: bool) -> Self {
        let mut configs = [config(0), config(1)];
        configs[1].limits.memory_octets = MEMORY;
        let mut world = World::with(configs.into(), 1);
        let pair = world.pair([&[0], &[1]]);
        let mallory = world.raw(0, Vec::new());
        let tokens = (0..tokens).map(|_| world.token(mallory)).collect();
        let sinks = (0..sinks).map(|_| {
            let (sink, token) = world.raw_client(1);
            world.raws[sink].is_mute = true;
            if !do_read {
                world.slow(End::Raw(sink), 0);
            }
            format!("{token} {}", world.raws[sink].own)
        });
        let sinks = sinks.collect();
        Self { world, pair, mallory, tokens, sinks }
    }

    /// Sends so many requests, each under another token and to another accomplice in turn.
    fn send(&mut self, count: usize, request: impl Fn(&str) -> Raw) {
        for number in 0..count {
            let (token, sink) =
                (&self.tokens[number % self.tokens.len()], &self.sinks[number % self.sinks.len()]);
            let raw = &mut self.world.raws[self.mallory];
            let (id, own) = (raw.id(), raw.own.clone());
            let path = format!("{token} {sink}");
            raw.says(&request(&id).to(&path).from(&own));
        }
    }

    /// The pair notices nothing.
    fn stays_sound(mut self) {
        chat(&mut self.world, self.pair, seconds(40));
    }
}

fn chunk(id: &str, head: usize) -> Raw {
    Raw::chunk(id, id, "1-2/2", "hi", '$').header("X", &"x".repeat(head))
}

#[test]
fn heads_without_a_response_stop_nobody() {
    for (tokens, sinks) in [(1, 1), (1, 30), (30, 1), (30, 30)] {
        let mut scene = Scene::new(tokens, sinks, true);
        scene.send(600, |id| chunk(id, 12_000));
        scene.stays_sound();
    }
}

#[test]
fn heads_on_which_only_failures_are_told_stop_nobody() {
    let mut scene = Scene::new(10, 10, true);
    scene.send(600, |id| chunk(id, 12_000).reports("partial", "no"));
    scene.stays_sound();
}

#[test]
fn heads_for_those_who_read_nothing_stop_nobody() {
    for (tokens, sinks) in [(1, 1), (10, 10)] {
        let mut scene = Scene::new(tokens, sinks, false);
        scene.send(600, |id| chunk(id, 12_000));
        scene.stays_sound();
    }
}

#[test]
fn requests_of_which_the_far_end_says_nothing_stop_nobody() {
    let mut scene = Scene::new(3, 3, true);
    scene.send(5_000, |id| Raw::new("EXTEND", id));
    scene.stays_sound();
}

#[test]
fn many_sessions_stop_nobody() {
    let mut scene = Scene::new(40, 40, true);
    for _ in 0..40 {
        scene.send(40, |id| chunk(id, 1).reports("no", "no"));
        scene.tokens.rotate_left(1);
    }
    scene.stays_sound();
}
