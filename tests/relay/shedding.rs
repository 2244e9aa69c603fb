//! What those hear who give way when there is no memory to keep more.

use msrp::relay::ConnectionId;

use crate::common::wire::{Raw, Sent};
use crate::world::*;

/// So little that those who come one after the other take it all.
const MEMORY: usize = 4_000_000;

struct Scene {
    world: World,
    talk: Talk,
    /// Reads everything and answers nothing.
    sink: ConnectionId,
    /// The path to it.
    path: String,
}

impl Scene {
    fn new() -> Self {
        let mut config = config();
        config.limits.memory_octets = MEMORY;
        config.limits.transactions = 10_000;
        let mut world = World::new(config);
        let talk = world.talk();
        let (sink, path) = client(&mut world, "sink");
        Self { world, talk, sink, path }
    }

    /// Sends chunks with long heads for as long as they are taken. The last one is refused.
    fn fill(&mut self, link: ConnectionId, from: &str, failure: &str) {
        let is_taken = |_: &usize| {
            let id = self.world.id();
            let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').header("X", &"x".repeat(3_000));
            let chunk = chunk.reports(failure, "no").to(&self.path).from(from);
            self.world.give(link, &chunk.octets());
            self.world.octets(self.sink);
            !self.world.told(link).contains(&"408".to_owned())
        };
        assert!((0..1_000).take_while(is_taken).count() > 2);
    }

    /// Many come one after the other, the last of whom find room only if others give way.
    fn many_come(&mut self) {
        for user in 0..30 {
            let link = self.world.accept(tls().user(format!("user{user}")));
            let short = self.world.id();
            let short = Raw::chunk(&short, &short, "1-2/2", "hi", '$').to(&self.path).from(BOB);
            self.world.give(link, &short.octets());
            assert_eq!(self.world.told(link), ["200"]);
            // Nobody hears of what becomes of these.
            for _ in 0..150 {
                let id = self.world.id();
                let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&self.path).from(BOB);
                self.world.give(link, &chunk.header("X", &"x".repeat(3_000)).octets());
                self.world.octets(self.sink);
            }
        }
    }
}

/// A client, and the path to it.
fn client(world: &mut World, user: &str) -> (ConnectionId, String) {
    let (link, token) = world.client_of(user);
    (link, format!("{token} {ALICE}"))
}

/// Silence on them is success (RFC 4976 section 6.4.1).
#[test]
fn what_has_left_and_needs_no_response_gives_way_without_a_report() {
    let mut scene = Scene::new();
    let (mallory, _) = client(&mut scene.world, "mallet");
    scene.fill(mallory, ALICE, "partial");
    scene.many_come();
    assert_eq!(scene.world.told(mallory), [""; 0]);
}

#[test]
fn a_request_for_the_far_end_that_gives_way_gets_its_response() {
    let mut scene = Scene::new();
    let other = scene.world.accept(tls().relay_names(vec!["other.example".to_owned()]));
    let from = |sender: usize| {
        format!("msrps://other.example:2855/m{sender};tcp msrps://{:03000}.example:1/x;tcp", 1)
    };
    let mut passed: Vec<Sent> = Vec::new();
    for number in 0..500 {
        // Each sender may keep half of what those before it have left.
        let extend = Raw::new("EXTEND", &format!("extend{number:04}")).from(&from(number / 100));
        scene.world.give(other, &extend.to(&scene.path).octets());
        passed.extend(scene.world.sent(scene.sink));
    }
    scene.many_come();
    let told = scene.world.sent(other);
    let told: Vec<_> = told.iter().filter(|it| it.id == "extend0000").collect();
    let [response] = told[..] else { panic!("{told:?}") };
    assert_eq!(response.what, "408");
    assert_eq!(response.header("To-Path"), Some(&from(0)[..]));
    assert_eq!(response.header("From-Path"), scene.path.split(' ').next());
    // It has had its response.
    scene.world.answer(scene.sink, &passed[0], "200 OK");
    assert_eq!(scene.world.told(other), [""; 0]);
}

/// An AUTH is kept until the application has decided.
#[test]
fn auths_that_give_way_get_their_responses() {
    let mut scene = Scene::new();
    let links: Vec<_> = (0..20).map(|_| client(&mut scene.world, "mallet").0).collect();
    scene.world.knows_users = false;
    let fields = [("X", &"x".repeat(3_000)[..])];
    let mut waiting = 0;
    for link in links.iter().flat_map(|link| [*link; 9]) {
        let auth = scene.world.credentials(link, ALICE, "mallet", "secret", &fields);
        scene.world.give(link, &auth);
        waiting += usize::from(scene.world.told(link).is_empty());
    }
    // What its credentials say is kept beside each.
    assert!((MEMORY / 10..MEMORY / 8).contains(&(waiting * 6_900)), "{waiting}");
    scene.many_come();
    let told: Vec<_> = links.iter().flat_map(|link| scene.world.told(*link)).collect();
    assert!(told.len() > waiting / 2 && told.iter().all(|status| status == "408"), "{told:?}");
}

/// The octets of it that have left are lost, too.
#[test]
fn a_chunk_that_gives_way_while_it_leaves_is_reported_whole() {
    let mut scene = Scene::new();
    let alice = scene.talk.alice;
    scene.world.stall(scene.talk.bob);
    let body = "x".repeat(150_000);
    let chunk = scene.talk.chunk("long", "long", "1-150000/150000", &body, '$');
    scene.world.give(alice, &chunk.octets());
    assert_eq!(scene.world.told(alice), ["200"]);
    scene.fill(alice, ALICE, "yes");
    scene.many_come();
    let told = scene.world.sent(alice);
    let reports: Vec<_> = told.iter().filter(|it| it.message_id() == "long").collect();
    let ranges: Vec<_> = reports.iter().map(|report| report.range()).collect();
    assert_eq!(ranges, ["1-150000/*"]);
}

/// The next hop cannot use what is left of it.
#[test]
fn of_a_message_that_gives_way_nothing_goes_on() {
    let mut scene = Scene::new();
    let other = scene.world.accept(tls().relay_names(vec!["other.example".to_owned()]));
    let from = format!("msrps://other.example:2855/m;tcp {BOB}");
    let alice = scene.talk.alice;
    scene.world.stall(alice);
    let path = format!("{} {ALICE}", scene.talk.token);
    let send = |world: &mut World, start: usize| {
        let (id, range) = (world.id(), format!("{start}-{}/99999", start + 9));
        let chunk = Raw::chunk(&id, "long", &range, &"x".repeat(10), '+').to(&path).from(&from);
        world.give(other, &chunk.header("X", &"x".repeat(3_000)).octets());
        world.told(other)
    };
    let taken = (0..).take_while(|n| send(&mut scene.world, 10 * n + 1) == ["200"]).count();
    assert!(taken > 50, "{taken}");
    for sender in 1..5 {
        scene.fill(other, &format!("msrps://other.example:2855/m{sender};tcp {BOB}"), "yes");
    }
    scene.many_come();
    // Only what the transport has had before.
    scene.world.unstall(alice);
    let left = scene.world.told(alice).len();
    assert!(left < 10, "{left}");
    let reports = scene.world.told(other).len();
    assert!(reports > 20, "{reports}");
    // Not even when there is memory again.
    scene.world.advance(40 * SECOND);
    scene.world.octets(other);
    assert_eq!(send(&mut scene.world, 10 * taken + 1), ["408"]);
}

/// Its response tells what becomes of it.
#[test]
fn what_is_lost_while_it_arrives_is_kept_no_longer() {
    let mut scene = Scene::new();
    let (other, to_other) = client(&mut scene.world, "other");
    let long = "x".repeat(14_000);
    let begins = |scene: &mut Scene, path: &str| {
        let (link, _) = client(&mut scene.world, "mallet");
        let id = scene.world.id();
        let chunk = Raw::chunk(&id, &id, "1-*/*", "", '$').header("X", &long).to(path);
        scene.world.give(link, &chunk.from(ALICE).open());
        scene.world.told(link).is_empty().then_some((link, id))
    };
    let path = scene.path.clone();
    let arriving: Vec<_> = (0..100).map_while(|_| begins(&mut scene, &path)).collect();
    assert!((20..60).contains(&arriving.len()), "{}", arriving.len());
    scene.world.close(scene.sink);
    assert!((0..20).all(|_| begins(&mut scene, &to_other).is_some()));
    // Nothing is told twice.
    for (link, id) in arriving {
        scene.world.give(link, format!("-------{id}$\r\n").as_bytes());
        assert_eq!(scene.world.told(link), ["408"]);
    }
    scene.world.octets(other);
}

/// Each part waits for a response of its own.
#[test]
fn each_part_of_a_chunk_that_leaves_in_parts_is_kept() {
    let mut scene = Scene::new();
    let (mallory, _) = client(&mut scene.world, "mallet");
    let (path, sink) = (scene.path.clone(), scene.sink);
    let long = Raw::chunk("long", "long", "1-*/*", "", '$').to(&path).from(ALICE);
    scene.world.give(mallory, &long.open());
    let alice = scene.talk.alice;
    let mut parts = 0;
    for number in 0..1_500 {
        scene.world.give(mallory, &[1; 3_000]);
        // What others send interrupts it.
        let id = format!("short{number}");
        let short = Raw::chunk(&id, &id, "1-2/2", "hi", '$').reports("no", "no").to(&path);
        scene.world.give(alice, &short.from(ALICE).octets());
        parts += scene.world.sent(sink).iter().filter(|it| it.message_id() == "long").count();
    }
    assert!(parts > 1_000, "{parts}");
    // That is as much as is kept for one.
    let (second, _) = client(&mut scene.world, "mallet");
    let id = scene.world.id();
    let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&path).from(ALICE);
    scene.world.give(second, &chunk.octets());
    assert_eq!(scene.world.told(second), ["408"]);
}
