//! The law of order: what leaves a relay spells what came in (RFC 4976 section 3).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use msrp::wire::Continuation;

/// A flow changes its connection when its earlier messages are answered or this old.
const OLD: Duration = Duration::from_secs(2);

/// The least octets of a flow from another relay that waits while it is ended, with the heads.
const LEAST_WAITING: u64 = 4096;

/// The most octets of a head.
const HEAD: u64 = 1024;

/// What one client sends, with so many hops behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    pub from: usize,
    pub hops: usize,
}

/// A part of a message of the ledger that a watch has seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub serial: usize,
    /// The length of the From-Path: a message can pass a relay twice.
    pub hops: usize,
    pub what: What,
}

#[derive(Clone, Copy, Debug)]
pub enum What {
    /// The head of a chunk, and the place of its first octet.
    Head {
        start: u64,
        has_body: bool,
    },
    /// So many octets of its body, up to this place.
    Octets {
        len: u64,
        end: u64,
    },
    End(Continuation),
}

/// A chunk that has come in, as far as it has.
struct Chunk {
    start: u64,
    has_body: bool,
    len: u64,
    flag: Option<Continuation>,
}

/// One passage of a message through a relay.
struct Passage {
    flow: Flow,
    came: Vec<Chunk>,
    /// The chunk of which the next octet leaves, and how many have left.
    next: usize,
    left: u64,
    has_begun_to_leave: bool,
    /// The relay has told the next hop that the sender is lost.
    is_cut: bool,
    /// It had not ended when the relay ended its flow, or one like it.
    may_be_dropped: bool,
}

/// The first chunk of a message has come in.
struct Beginning {
    serial: usize,
    at: Duration,
    came_on: usize,
    /// The wires on which later ones have begun to leave before it.
    overtaken_on: BTreeSet<usize>,
    may_be_dropped: bool,
}

/// All passages through a relay.
#[derive(Default)]
pub struct Order {
    passages: BTreeMap<(usize, usize), Passage>,
    /// By sender and passage: the messages that have not begun to leave, in the order of
    /// their first chunks.
    beginnings: BTreeMap<Flow, Vec<Beginning>>,
}

impl Order {
    /// A part has come in from a sender.
    pub fn came(&mut self, now: Duration, wire: usize, from: usize, seen: Seen) {
        let flow = Flow { from, hops: seen.hops };
        let key = (seen.serial, seen.hops);
        let passage = self.passages.entry(key).or_insert_with(|| Passage::new(flow));
        match seen.what {
            What::Head { start, has_body } => {
                if passage.came.is_empty() {
                    let begun = self.beginnings.entry(flow).or_default();
                    begun.push(Beginning {
                        serial: seen.serial,
                        at: now,
                        came_on: wire,
                        overtaken_on: BTreeSet::new(),
                        may_be_dropped: false,
                    });
                }
                passage.came.push(Chunk { start, has_body, len: 0, flag: None });
            }
            What::Octets { len, .. } => passage.came.last_mut().unwrap().len += len,
            What::End(flag) => passage.came.last_mut().unwrap().flag = Some(flag),
        }
    }

    /// The relay has ended a flow that came from another relay, one of these: what is left of
    /// it keeps its order.
    pub fn may_have_ended(&mut self, is_one: impl Fn(Flow) -> bool) {
        for flow in self.beginnings.keys().copied().collect::<Vec<_>>() {
            if is_from_relay(flow.hops) && is_one(flow) && self.waiting(flow) >= LEAST_WAITING {
                let passages = self.passages.values_mut().filter(|it| it.flow == flow);
                passages.for_each(|it| it.may_be_dropped |= !it.is_whole());
                let begun = self.beginnings.get_mut(&flow).unwrap();
                begun.iter_mut().for_each(|it| it.may_be_dropped = true);
            }
        }
    }

    /// The octets of a flow that have come and not left.
    fn waiting(&self, flow: Flow) -> u64 {
        let passages = self.passages.values().filter(|it| it.flow == flow && !it.is_cut);
        passages.map(Passage::waiting).sum()
    }

    /// A part has left on this wire. `may_be_cut` if its sender may have been lost.
    pub fn went(&mut self, now: Duration, wire: usize, from: usize, seen: Seen, may_be_cut: bool) {
        // It has come in with fewer hops behind it.
        let earlier = (seen.serial, 0)..(seen.serial, seen.hops);
        let (_, passage) = self.passages.range_mut(earlier).next_back().expect("it came in");
        assert_eq!(passage.flow.from, from);
        if !passage.has_begun_to_leave {
            passage.has_begun_to_leave = true;
            let begun = self.beginnings.get_mut(&passage.flow).unwrap();
            begins(begun, now, wire, seen.serial, may_be_cut);
        }
        if passage.may_be_dropped && !passage.goes_on(seen) {
            passage.is_cut = true;
        }
        if !passage.is_cut {
            passage.went(seen, may_be_cut);
        }
    }

    /// Whether everything that has come in has left, but for what was dropped.
    pub fn check_end(&self) {
        for ((serial, hops), passage) in &self.passages {
            let is_all = passage.next == passage.came.len();
            assert!(
                is_all || passage.may_be_dropped,
                "chunks of {serial} stay in a relay behind {hops} hops"
            );
        }
    }
}

/// Whether a message with so many hops behind it comes from another relay.
pub const fn is_from_relay(hops: usize) -> bool {
    hops > 1
}

/// A message begins to leave. One may overtake another only on another connection, which a
/// flow takes once its earlier messages are old: what is stuck on one holds up nothing on the
/// next for long. Where links stall, those of the previous relay have taken such messages,
/// too, and which of two comes in first is not the order in which they were sent.
fn begins(begun: &mut Vec<Beginning>, now: Duration, wire: usize, serial: usize, may_stall: bool) {
    let place = begun.iter().position(|it| it.serial == serial).expect("it came in");
    let this = begun.remove(place);
    let is_overtaken = this.overtaken_on.contains(&wire);
    assert!(!is_overtaken, "{serial} is overtaken on its connection");
    let has_order = |it: &&mut Beginning| !may_stall || it.came_on == this.came_on;
    for earlier in begun[..place].iter_mut().filter(has_order) {
        let is_old = now >= earlier.at + OLD;
        assert!(is_old || earlier.may_be_dropped, "{serial} overtakes {}", earlier.serial);
        earlier.overtaken_on.insert(wire);
    }
}

impl Passage {
    const fn new(flow: Flow) -> Self {
        Self {
            flow,
            came: Vec::new(),
            next: 0,
            left: 0,
            has_begun_to_leave: false,
            is_cut: false,
            may_be_dropped: false,
        }
    }

    /// Whether the whole message has left.
    fn is_whole(&self) -> bool {
        let has_ended =
            self.came.last().is_some_and(|it| it.flag.is_some_and(|it| it != Continuation::More));
        has_ended && self.next == self.came.len()
    }

    fn waiting(&self) -> u64 {
        let chunks = self.came[self.next.min(self.came.len())..].iter();
        chunks.map(|chunk| chunk.len + HEAD).sum::<u64>().saturating_sub(self.left)
    }

    /// Whether a head is that of the next chunk, or of the rest of it.
    fn goes_on(&self, seen: Seen) -> bool {
        match seen.what {
            What::Head { start, .. } => {
                self.now().is_some_and(|now| start == now.start + self.left)
            }
            What::Octets { .. } | What::End(_) => true,
        }
    }

    fn went(&mut self, seen: Seen, may_be_cut: bool) {
        let serial = seen.serial;
        if may_be_cut && matches!(seen.what, What::End(Continuation::Aborted)) {
            self.is_cut |= self.now().is_none_or(|now| now.flag != Some(Continuation::Aborted));
        }
        if self.is_cut {
            return;
        }
        let left = self.left;
        let now = self.now().unwrap_or_else(|| panic!("{serial}: a chunk that never came"));
        match seen.what {
            What::Head { start, has_body } => {
                assert_eq!(start, now.start + left, "{serial}: a chunk out of its place");
                assert_eq!(has_body, now.has_body, "{serial}: a body comes or goes at {start}");
            }
            What::Octets { len, .. } => {
                self.left += len;
                assert!(self.left <= self.now().unwrap().len, "{serial}: octets of another chunk");
            }
            What::End(flag) if left == now.len && now.flag == Some(flag) => {
                (self.next, self.left) = (self.next + 1, 0);
            }
            What::End(flag) => {
                let is_split = flag == Continuation::More && now.has_body;
                assert!(is_split, "{serial}: {flag} behind {left} octets of {}", now.len);
            }
        }
    }

    fn now(&self) -> Option<&Chunk> {
        self.came.get(self.next)
    }
}

/// A message that later ones have overtaken on two connections may leave on neither.
#[test]
#[should_panic(expected = "is overtaken on its connection")]
fn the_law_knows_every_connection_on_which_a_message_is_overtaken() {
    let mut order = Order::default();
    let part = |serial, hops| Seen { serial, hops, what: What::Head { start: 0, has_body: false } };
    for serial in [1, 2, 3] {
        order.came(Duration::ZERO, 0, 0, part(serial, 1));
    }
    for (serial, wire) in [(2, 1), (3, 2), (1, 1)] {
        order.went(OLD, wire, 0, part(serial, 2), false);
    }
}
