//! A relay of another kind sends everything on one connection.

use std::collections::BTreeSet;

use crate::common::wire::Raw;
use crate::wire::End;
use crate::world::*;

/// A relay of another kind before relay 0, which has two clients.
pub struct Scene {
    pub world: World,
    pub foreign: usize,
    pub slow: usize,
    pub sound: usize,
    ids: u32,
}

impl Scene {
    /// One client reads so many octets a second.
    pub fn new(rate: u64) -> Self {
        Self::after(rate, names(), |_| {})
    }

    /// The relay of another kind, with these names in its certificate, connects after this.
    pub fn after(rate: u64, names: Vec<String>, before: impl FnOnce(&mut World)) -> Self {
        let mut world = World::new(1);
        let [slow, sound] = [(); 2].map(|()| world.client(&[0]));
        before(&mut world);
        let foreign = world.raw(0, names);
        world.slow(End::Client(slow), rate);
        Self { world, foreign, slow, sound, ids: 0 }
    }

    /// A message of `len` octets to a client leaves the relay. Returns its Message-ID.
    fn send(&mut self, to: usize, len: usize, failure_report: &str) -> String {
        self.send_of("t", self.foreign, to, len, failure_report)
    }

    /// The same, of the client of this token, on this connection of the relay.
    pub fn send_of(
        &mut self,
        token: &str,
        by: usize,
        to: usize,
        len: usize,
        failure_report: &str,
    ) -> String {
        self.ids += 1;
        let (number, id) = (self.ids, format!("c{:06}", self.ids));
        let body = format!("{number:<len$}");
        let route = self.world.clients[to].route.as_ref().unwrap();
        let path = route.path().to_string();
        let from = format!("{} msrps://{token}.example:7000/a;tcp", client_uri(token));
        let range = format!("1-{len}/{len}");
        let chunk = Raw::chunk(&id, &id, &range, &body, '$').to(&path).from(&from);
        self.world.raws[by].says(&chunk.reports(failure_report, "no"));
        id
    }

    /// The Message-IDs of failure REPORTs, all of which have the status 408.
    fn reported(&self) -> BTreeSet<String> {
        self.reported_on(self.foreign)
    }

    pub fn reported_on(&self, connection: usize) -> BTreeSet<String> {
        let raw = &self.world.raws[connection];
        assert!(raw.reports().iter().all(|status| status == "408"));
        let reports = raw.heard.iter().filter(|it| it.what == "REPORT");
        reports.map(|it| it.message_id().to_owned()).collect()
    }

    /// Sends a message to the sound client every 100 milliseconds. Returns how long the
    /// slowest one took.
    fn chat(&mut self, count: u32) -> std::time::Duration {
        let delays = self.chat_of("t", self.foreign, count);
        delays.into_iter().max().unwrap()
    }

    /// The same, of the client of this token, on this connection. Returns how long each took.
    pub fn chat_of(&mut self, token: &str, by: usize, count: u32) -> Vec<std::time::Duration> {
        let mut sent = Vec::new();
        for _ in 0..count {
            let id = self.send_of(token, by, self.sound, 100, "yes");
            sent.push((u64::from(self.ids), id, self.world.now));
            self.world.run(millis(100));
        }
        self.world.run(seconds(3));
        let reported = self.reported_on(by);
        let delays = sent.iter().map(|(number, id, at)| {
            assert!(!reported.contains(id), "the flow of another is ended");
            self.world.arrival(self.sound, *number).expect("it arrives") - *at
        });
        delays.collect()
    }
}

/// The URI of one of its clients.
pub fn client_uri(token: &str) -> String {
    format!("msrps://foreign.example:2855/{token};tcp")
}

/// The names in its certificate.
pub fn names() -> Vec<String> {
    vec!["foreign.example".to_owned()]
}

/// The slow flow is ended, and the other one is not held up by it.
fn ends_the_slow_flow_alone(mut scene: Scene) {
    let sent: BTreeSet<_> = (0..60).map(|_| scene.send(scene.slow, 10_000, "yes")).collect();
    // Once they have crossed the wire. It is above its bound, but not above what is
    // read for two seconds.
    scene.world.run(millis(100));
    assert!(scene.chat(19) <= millis(20));
    let reported = scene.reported();
    assert!(!reported.is_empty() && reported.is_subset(&sent));
    assert!(scene.world.clients[scene.slow].ends.is_empty());
}

#[test]
fn a_flow_above_its_bound_is_ended_and_no_other() {
    for rate in [0, 1_000] {
        ends_the_slow_flow_alone(Scene::new(rate));
    }
}

/// What this relay has opened is none that the other relay has beside its own.
#[test]
fn a_connection_that_this_relay_has_opened_changes_nothing() {
    for (rate, names) in [(0, names()), (100, names()), (100, Vec::new())] {
        let scene = Scene::after(rate, names.clone(), |world| {
            world.listening.insert("foreign.example".to_owned(), names);
            let (raw, token) = world.raw_client(0);
            let own = world.raws[raw].own.clone();
            let path = format!("{token} msrps://foreign.example:2855/t;tcp {own}");
            let chunk = Raw::chunk("c1", "m1", "1-2/2", "hi", '$').to(&path).from(&own);
            world.raws[raw].says(&chunk);
            world.run(seconds(1));
            let heard = world.raws.last().unwrap().sends.len();
            assert_eq!(heard, 1, "the relay has opened a connection");
        });
        ends_the_slow_flow_alone(scene);
    }
}

/// Nor is that of somebody else who claims to be that relay.
#[test]
fn a_connection_of_somebody_else_changes_nothing() {
    for (rate, names) in [(0, names()), (100, names()), (100, Vec::new())] {
        let scene = Scene::after(rate, names, |world| {
            let (raw, _) = world.raw_client(0);
            let path = world.clients[1].route.as_ref().unwrap().path().to_string();
            let from = "msrps://foreign.example:2855/x;tcp msrps://mallory.example:9/x;tcp";
            let chunk = Raw::chunk("c1", "m1", "1-1/1", "0", '$').to(&path).from(from);
            world.raws[raw].says(&chunk);
            world.run(seconds(1));
            assert_eq!(world.raws[raw].heard.last().unwrap().what, "200");
        });
        ends_the_slow_flow_alone(scene);
    }
}

/// It has no other two seconds soon: the others wait once.
#[test]
fn a_flow_that_goes_on_above_its_bound_holds_up_others_once() {
    let mut scene = Scene::new(0);
    for _ in 0..500 {
        scene.send(scene.slow, 10_000, "yes");
    }
    let slowest = scene.chat(30);
    assert!(slowest >= seconds(1) && slowest <= millis(2_500), "{slowest:?}");
    for _ in 0..5 {
        for _ in 0..500 {
            scene.send(scene.slow, 10_000, "yes");
        }
        // Until 5 MB have crossed the wire, which takes half a second.
        let slowest = scene.chat(30);
        assert!(slowest < seconds(1), "{slowest:?}");
    }
}

/// Two flows to silent clients do not wait one after the other.
#[test]
fn several_flows_above_their_bounds_hold_up_others_once() {
    let mut scene = Scene::new(0);
    let others: Vec<_> = (0..4).map(|_| scene.world.client(&[0])).collect();
    for other in &others {
        scene.world.slow(End::Client(*other), 0);
    }
    for other in others {
        for _ in 0..300 {
            scene.send(other, 10_000, "yes");
        }
    }
    let slowest = scene.chat(30);
    // The wire takes a second for 12 MB.
    assert!(slowest <= millis(3_000), "{slowest:?}");
}

#[test]
fn what_wants_no_report_is_dropped_and_counted() {
    let mut scene = Scene::new(0);
    for _ in 0..60 {
        scene.send(scene.slow, 10_000, "no");
    }
    scene.chat(30);
    assert!(scene.reported().is_empty());
    let dropped = scene.world.relays[0].relay.statistics().dropped;
    assert!((30..=60).contains(&dropped), "{dropped}");
}

/// A part of it was dropped: the sender learns that the rest is of no use.
#[test]
fn the_rest_of_a_message_is_refused_of_which_a_part_was_dropped() {
    let mut scene = Scene::new(0);
    let chunk = |id: &str, range: &str, len: usize, flag| {
        Raw::chunk(id, "file1", range, &"x".repeat(len), flag)
    };
    let from = "msrps://foreign.example:2855/t;tcp msrps://alice.example:7000/a;tcp";
    let route = scene.world.clients[scene.slow].route.as_ref().unwrap();
    let path = route.path().to_string();
    let first = chunk("f1", "1-*/900000", 600_000, '+').to(&path).from(from);
    scene.world.raws[scene.foreign].says(&first);
    scene.world.run(seconds(3));
    let rest = chunk("f2", "600001-*/900000", 300_000, '$').to(&path).from(from);
    scene.world.raws[scene.foreign].says(&rest);
    scene.world.run(seconds(1));
    let heard = &scene.world.raws[scene.foreign].heard;
    let told: Vec<_> = heard.iter().map(|it| (&it.id[..], &it.what[..])).collect();
    assert!(told.contains(&("f2", "408")), "{told:?}");
    assert_eq!(scene.reported().len(), 1);
}

/// What keeps below its bound is left alone, however long it waits.
#[test]
fn a_flow_below_its_bound_waits_as_long_as_it_takes() {
    let mut scene = Scene::new(5_000);
    for _ in 0..20 {
        scene.send(scene.slow, 10_000, "no");
    }
    scene.chat(500);
    assert_eq!(scene.world.clients[scene.slow].arrived.len(), 20);
    assert_eq!(scene.world.relays[0].relay.statistics().dropped, 0);
}
