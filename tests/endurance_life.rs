//! How long a connection lives: keep-alives, silence, and peers that stop.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Buf;
use common::wire::{Lone, Raw, filler, frames, response, words};
use common::{BOB, Pair, Side, alice_opens, bob_expects, path};
use msrp::{
    CloseReason, Config, ConnectionEnd, Event, Framing, MediaType, Outcome, OutgoingMessage, Role,
    SessionConfig, SessionTable,
};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn kept_alive_every(interval: Duration) -> Config {
    let mut config = Config::default();
    config.keep_alive = Some(interval);
    config
}

fn binary(body: Vec<u8>) -> OutgoingMessage {
    let media_type: MediaType = "application/octet-stream".parse().unwrap();
    OutgoingMessage::new(media_type, body)
}

/// Alice with so many sessions, all of which Bob has accepted.
fn alice_with_sessions(config: Config, count: usize) -> Lone {
    let mut alice = Lone::alice_with(config, alice_opens());
    for number in 1..count {
        let local = format!("msrp://alice.example:7654/session{number};tcp");
        let session = SessionConfig::new(local.parse().unwrap(), path(BOB));
        alice.side.connection.open(session).unwrap();
    }
    answer_all(&mut alice);
    alice.events();
    alice
}

fn answer_all(alice: &mut Lone) {
    for frame in alice.drain() {
        alice.answer(&frame, "200 OK");
    }
}

/// The reasons of all sessions that have ended, and the end of the connection.
fn ends(events: &[Event]) -> (Vec<CloseReason>, Option<ConnectionEnd>) {
    let reasons = events.iter().filter_map(|event| match event {
        Event::SessionClosed { reason, .. } => Some(*reason),
        _ => None,
    });
    let end = events.iter().find_map(|event| match event {
        Event::Closed(end) => Some(end.clone()),
        _ => None,
    });
    (reasons.collect(), end)
}

/// Lets time pass from deadline to deadline, at most until `until`. Nothing of what
/// leaves arrives anywhere.
fn run_dry(side: &mut Side, now: Instant, until: Instant) -> Instant {
    let mut at = now;
    while !side.connection.is_closed()
        && let Some(due) = side.connection.poll_timeout()
        && due <= until
    {
        at = at.max(due);
        side.connection.handle_timeout(at);
        side.drain(at);
        let next = side.connection.poll_timeout();
        assert!(next.is_none_or(|next| next > at), "a deadline that has passed is due again");
    }
    at
}

// Keep-alives.

#[test]
fn one_keep_alive_serves_the_whole_connection() {
    let mut alice = alice_with_sessions(kept_alive_every(20 * SECOND), 256);
    for _ in 0..3 {
        alice.advance(20 * SECOND - MILLISECOND);
        assert_eq!(alice.drain(), []);
        alice.advance(MILLISECOND);
        let sent = alice.drain();
        assert_eq!(words(&sent), ["SEND"]);
        alice.answer(&sent[0], "200 OK");
        assert_eq!(alice.events(), []);
    }
}

#[test]
fn a_dead_connection_ends_with_all_of_its_sessions() {
    for count in [1, 2, 256] {
        let mut alice = alice_with_sessions(kept_alive_every(20 * SECOND), count);
        let start = alice.now;
        let end = run_dry(&mut alice.side, start, start + 3600 * SECOND);
        assert_eq!(end, start + 80 * SECOND);
        let (reasons, end) = ends(&alice.events());
        assert_eq!(reasons, vec![CloseReason::Silent; count]);
        assert_eq!(end, Some(ConnectionEnd::Silent));
        assert_eq!(alice.side.connection.poll_timeout(), None);
    }
}

#[test]
fn any_octet_answers_a_keep_alive() {
    let answers: [&[u8]; 5] = [
        b"\r\n",
        b"M",
        b"MSRP abcd 200 OK\r\n",
        &response("unknown", "200 OK"),
        &Raw::send("tid1").to("msrp://alice.example:7654/none;tcp").message("m").octets(),
    ];
    for answer in answers {
        let mut alice = alice_with_sessions(kept_alive_every(20 * SECOND), 3);
        alice.advance(20 * SECOND);
        assert_eq!(words(&alice.drain()), ["SEND"]);
        alice.advance(29 * SECOND);
        alice.side.feed(alice.now, answer);
        alice.drain();
        // The time of its transaction passes without an end of anything.
        alice.advance(SECOND);
        assert_eq!(ends(&alice.events()), (vec![], None), "{answer:?}");
        alice.drain();
        alice.advance(19 * SECOND);
        assert_eq!(words(&alice.drain()), ["SEND"], "{answer:?}");
    }
}

#[test]
fn every_response_answers_a_keep_alive() {
    for status in ["200 OK", "400 Bad", "403 No", "408 Late", "500 What", "999 Odd"] {
        let mut alice = alice_with_sessions(kept_alive_every(20 * SECOND), 2);
        for _ in 0..3 {
            alice.advance(20 * SECOND);
            let sent = alice.drain();
            assert_eq!(words(&sent), ["SEND"], "{status}");
            alice.answer(&sent[0], status);
            assert_eq!(ends(&alice.events()), (vec![], None), "{status}");
        }
    }
}

#[test]
fn looking_again_at_the_same_octets_is_no_sign_of_life() {
    let mut config = kept_alive_every(20 * SECOND);
    config.frame_timeout = None;
    let mut alice = alice_with_sessions(config, 1);
    alice.side.input.extend_from_slice(b"MSRP tid SEND\r\nTo-Path: ");
    let start = alice.now;
    while !alice.side.connection.is_closed() {
        alice.side.connection.receive(alice.now, &mut alice.side.input).unwrap();
        alice.drain();
        alice.advance(SECOND);
    }
    assert_eq!(alice.now, start + 80 * SECOND);
}

#[test]
fn traffic_either_way_makes_keep_alives_unnecessary() {
    let mut alice = alice_with_sessions(kept_alive_every(20 * SECOND), 1);
    for round in 0..20 {
        alice.advance(15 * SECOND);
        if round % 2 == 0 {
            alice.side.feed(alice.now, b"\r\n");
        } else {
            alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
        }
        for frame in alice.drain() {
            assert!(frame.body.is_some());
            alice.answer(&frame, "200 OK");
        }
    }
}

#[test]
fn without_a_session_or_a_relay_there_is_nobody_to_ask() {
    let now = Instant::now();
    let mut config = kept_alive_every(20 * SECOND);
    config.bind_timeout = None;
    for role in [Role::Active, Role::Passive] {
        let mut side = Side::new(config.clone(), role, 1, now);
        assert_eq!(run_dry(&mut side, now, now + 3600 * SECOND), now);
        assert_eq!(side.sent, b"");
    }
}

#[test]
fn the_session_that_was_asked_may_end() {
    let mut alice = alice_with_sessions(kept_alive_every(20 * SECOND), 2);
    alice.advance(20 * SECOND);
    assert_eq!(words(&alice.drain()), ["SEND"]);
    alice.side.connection.close_session(alice.session).unwrap();
    alice.events();
    // Its keep-alive still asks whether the peer lives.
    let start = alice.now;
    let end = run_dry(&mut alice.side, start, start + 3600 * SECOND);
    assert_eq!(end, start + 60 * SECOND);
    assert_eq!(ends(&alice.events()), (vec![CloseReason::Silent], Some(ConnectionEnd::Silent)));
}

#[cfg(feature = "auth")]
mod relay {
    use super::*;
    use msrp::{AuthKey, Authentication};

    const OWN: &str = "msrps://alice.example:9892/98cjs;tcp";
    const INTRA: &str = "msrps://intra.example;tcp";
    const EXTRA: &str = "msrps://extra.example;tcp";
    const ROUTE: &str = "msrps://intra.example:9000/jui787s2f;tcp";

    /// A client that asks its relay, and another one through it.
    fn asking() -> (Side, AuthKey, Instant) {
        let now = Instant::now();
        let mut side = Side::new(kept_alive_every(20 * SECOND), Role::Active, 3, now);
        let authentication =
            Authentication::over_tls(OWN.parse().unwrap(), INTRA.parse::<msrp::MsrpUri>().unwrap())
                .outer(EXTRA.parse::<msrp::MsrpUri>().unwrap())
                .refresh(false);
        let key = side.connection.authenticate(authentication).unwrap();
        (side, key, now)
    }

    /// A client that has its route.
    fn waiting() -> (Side, Instant) {
        let (mut side, key, now) = asking();
        for _ in 0..2 {
            answer(&mut side, now, &format!("200 OK\r\nUse-Path: {ROUTE}"));
        }
        assert!(matches!(side.events()[..], [Event::Authenticated { key: k, .. }] if k == key));
        (side, now)
    }

    /// Answers the one request that leaves now.
    fn answer(side: &mut Side, now: Instant, status: &str) {
        let sent = frames(&side.drain(now));
        assert_eq!(sent.len(), 1);
        let (to, from) = (sent[0].header("From-Path").unwrap(), sent[0].header("To-Path").unwrap());
        let (status, fields) = status.split_once("\r\n").unwrap_or((status, ""));
        let break_after = if fields.is_empty() { "" } else { "\r\n" };
        let id = &sent[0].id;
        let text = format!(
            "MSRP {id} {status}\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n\
             {fields}{break_after}-------{id}$\r\n"
        );
        side.feed(now, text.as_bytes());
    }

    #[test]
    fn a_client_that_waits_at_its_relay_keeps_the_connection_alive() {
        let (mut side, mut now) = waiting();
        for status in ["200 OK", "481 No session", "403 No", "501 What"] {
            now += 20 * SECOND;
            side.connection.handle_timeout(now);
            answer(&mut side, now, status);
            let sent = frames(&side.sent);
            let sent = sent.last().unwrap();
            assert_eq!((sent.what.as_str(), sent.body.is_none()), ("SEND", true));
            assert_eq!(sent.header("To-Path"), Some(INTRA));
            assert_eq!(sent.header("From-Path"), Some(OWN));
            assert_eq!(side.events(), [], "{status}");
        }
    }

    #[test]
    fn a_relay_that_is_dead_is_noticed() {
        let (mut side, now) = waiting();
        assert_eq!(run_dry(&mut side, now, now + 3600 * SECOND), now + 80 * SECOND);
        assert_eq!(side.events(), [Event::Closed(ConnectionEnd::Silent)]);
        assert_eq!(side.connection.poll_timeout(), None);
    }

    #[test]
    fn a_relay_that_has_granted_nothing_is_not_asked() {
        let (mut side, _, now) = asking();
        answer(&mut side, now, "403 No");
        side.events();
        assert_eq!(side.connection.poll_timeout(), None);
    }

    #[test]
    fn an_open_session_goes_before_the_relay() {
        let (mut side, now) = waiting();
        side.connection.open(alice_opens()).unwrap();
        answer(&mut side, now, "200 OK");
        side.connection.handle_timeout(now + 20 * SECOND);
        let sent = frames(&side.drain(now + 20 * SECOND));
        assert_eq!(sent[0].header("To-Path"), Some(BOB));
    }
}

// Slow links.

/// A link with a send buffer that takes everything at once and drains slowly.
struct SlowLink {
    octets: VecDeque<u8>,
    rate: usize,
}

impl SlowLink {
    fn new(rate: usize) -> Self {
        Self { octets: VecDeque::new(), rate }
    }

    /// What arrives within one second.
    fn second(&mut self) -> Vec<u8> {
        self.octets.drain(..self.rate.min(self.octets.len())).collect()
    }
}

/// The outcome of a message, if it has one now. No session and no connection has ended.
fn outcome_of_the_living(pair: &mut Pair) -> Option<Outcome> {
    let mut outcome = None;
    for event in pair.alice.events().into_iter().chain(pair.bob.events()) {
        match event {
            Event::Finished(finished) => outcome = Some(finished.outcome),
            Event::SessionClosed { reason, .. } => panic!("{reason}"),
            Event::Closed(end) => panic!("{end}"),
            _ => {}
        }
    }
    outcome
}

/// A file of 75 seconds from Alice to Bob at 32 kbit/s, one second at a time.
#[test]
fn a_slow_transfer_outlives_the_keep_alives_behind_it() {
    for keeps in [[true, false], [false, true], [true, true]] {
        let [alice, bob] = keeps.map(|keeps| {
            let mut config = Config::default();
            config.keep_alive = keeps.then_some(20 * SECOND);
            config
        });
        let mut pair = Pair::with(alice, bob, bob_expects());
        let session = pair.open();
        pair.alice.connection.send(session, binary(filler(300_000))).unwrap();
        let mut up = SlowLink::new(4_000);
        let mut outcome = None;
        for _ in 0..200 {
            pair.advance(SECOND);
            up.octets.extend(pair.alice.drain(pair.now));
            let arrived = up.second();
            if !arrived.is_empty() {
                pair.bob.feed(pair.now, &arrived);
            }
            let back = pair.bob.drain(pair.now);
            pair.alice.feed(pair.now, &back);
            outcome = outcome_of_the_living(&mut pair).or(outcome);
        }
        assert!(outcome.is_some());
    }
}

/// The transport takes everything, and says what it holds.
#[test]
fn a_deep_send_queue_that_drains_is_life() {
    let mut config = kept_alive_every(20 * SECOND);
    config.transaction_timeout = 30 * SECOND;
    let mut pair = Pair::with(config, Config::default(), bob_expects());
    let session = pair.open();
    pair.alice.connection.send(session, binary(filler(300_000))).unwrap();
    let mut up = SlowLink::new(1_000);
    let mut outcome = None;
    for _ in 0..400 {
        if outcome.is_some() {
            break;
        }
        pair.advance(SECOND);
        up.octets.extend(pair.alice.drain(pair.now));
        let arrived = up.second();
        pair.alice.connection.transport_holds(pair.now, up.octets.len());
        // The receiver gives no sign of life before the end of the only chunk.
        if !arrived.is_empty() {
            pair.bob.feed(pair.now, &arrived);
        }
        let back = pair.bob.drain(pair.now);
        pair.alice.feed(pair.now, &back);
        outcome = outcome_of_the_living(&mut pair).or(outcome);
    }
    assert_eq!(outcome, Some(Outcome::Accepted));
    // While octets leave nobody needs to ask, and none waits in the queue behind them.
    let sent = frames(&pair.alice.sent);
    assert_eq!(sent.iter().filter(|frame| frame.what == "SEND" && frame.body.is_none()).count(), 1);
}

#[test]
fn a_deep_send_queue_that_stands_still_is_not() {
    let mut config = kept_alive_every(20 * SECOND);
    // The application goes on all the time.
    config.transaction_timeout = 3600 * SECOND;
    let mut alice = alice_with_sessions(config, 2);
    let start = alice.now;
    let mut held = 0;
    while !alice.side.connection.is_closed() {
        alice.side.connection.transport_holds(alice.now, held);
        alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
        held += alice.side.drain(alice.now).len();
        alice.side.connection.transport_holds(alice.now, held);
        alice.advance(SECOND);
    }
    assert_eq!(alice.now, start + 60 * SECOND);
    let (reasons, end) = ends(&alice.events());
    assert_eq!((reasons, end), (vec![CloseReason::Silent; 2], Some(ConnectionEnd::Silent)));
}

// A transport that takes nothing more.

#[test]
fn a_link_that_dies_within_a_file_ends_the_connection() {
    for keep_alive in [None, Some(20 * SECOND), Some(200 * SECOND)] {
        let mut config = Config::default();
        config.keep_alive = keep_alive;
        let mut alice = alice_with_sessions(config, 2);
        alice.side.connection.send(alice.session, binary(filler(5_000_000))).unwrap();
        for _ in 0..3 {
            assert!(!alice.poll().is_empty());
            alice.now += SECOND;
        }
        let stuck = alice.now - SECOND;
        for _ in 0..39 {
            alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
        }
        // The writer blocks: nobody asks for octets any more.
        let until = alice.now + 3600 * SECOND;
        let mut at = alice.now;
        while let Some(due) = alice.side.connection.poll_timeout()
            && due <= until
        {
            at = at.max(due);
            alice.side.connection.handle_timeout(at);
        }
        assert_eq!(at, stuck + 60 * SECOND, "{keep_alive:?}");
        let events = alice.events();
        let (reasons, end) = ends(&events);
        assert_eq!((reasons, end), (vec![CloseReason::Silent; 2], Some(ConnectionEnd::Silent)));
        let outcomes = events.iter().filter_map(|event| match event {
            Event::Finished(finished) => Some(finished.outcome),
            _ => None,
        });
        assert_eq!(outcomes.collect::<Vec<_>>(), [Outcome::ConnectionLost; 40]);
        assert_eq!(alice.side.connection.poll_timeout(), None);
        assert!(alice.side.connection.poll_transmit(at).is_none());
    }
}

#[test]
fn octets_that_nobody_fetches_wait_as_well() {
    let mut alice = alice_with_sessions(Config::default(), 1);
    alice.advance(3600 * SECOND);
    alice.drain();
    alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
    let start = alice.now;
    let mut at = start;
    while let Some(due) = alice.side.connection.poll_timeout() {
        at = at.max(due);
        alice.side.connection.handle_timeout(at);
    }
    assert_eq!(at, start + 60 * SECOND);
    assert_eq!(ends(&alice.events()).1, Some(ConnectionEnd::Silent));
}

#[test]
fn octets_of_the_peer_are_life_although_none_leaves() {
    let mut alice = alice_with_sessions(Config::default(), 1);
    alice.side.connection.send(alice.session, binary(filler(5_000_000))).unwrap();
    assert!(!alice.poll().is_empty());
    for _ in 0..10 {
        alice.advance(59 * SECOND);
        alice.side.feed(alice.now, b"\r\n");
    }
    assert_eq!(ends(&alice.events()), (vec![], None));
    alice.advance(60 * SECOND);
    assert_eq!(ends(&alice.events()).1, Some(ConnectionEnd::Silent));
}

#[test]
fn silence_while_nothing_waits_is_normal() {
    let mut alice = alice_with_sessions(Config::default(), 1);
    let streamed = OutgoingMessage::streamed("text/plain".parse().unwrap(), None);
    let key = alice.side.connection.send(alice.session, streamed).unwrap();
    alice.side.connection.body(key).unwrap().write("ab").unwrap();
    alice.side.drain(alice.now);
    // The chunk is open, and the application has nothing more for now.
    let start = alice.now;
    run_dry(&mut alice.side, start, start + 3600 * SECOND);
    assert_eq!(ends(&alice.events()), (vec![], None));
}

// Connections that bind nothing.

fn passive(config: Config) -> Lone {
    let (now, table) = (Instant::now(), SessionTable::new(16));
    table.insert(bob_expects()).unwrap();
    let mut side = Side::new(config, Role::Passive, 2, now).with_table(&table);
    // A key of some session, which these tests do not use.
    let session = Lone::alice().session;
    side.drain(now);
    Lone { side, session, now, table }
}

fn bind() -> Vec<u8> {
    Raw::send("bind0").message("bind0").range("1-0/0").octets()
}

#[test]
fn a_connection_that_binds_nothing_ends() {
    let unknown = Raw::send("tid1").to("msrp://bob.example:12763/none;tcp").message("m").octets();
    let inputs: [&[u8]; 5] = [b"", b"\r\n", b"MSRP", &bind()[..20], &unknown];
    for input in inputs {
        let mut bob = passive(Config::default());
        assert_eq!(bob.side.connection.poll_timeout(), Some(bob.now + 30 * SECOND));
        // One octet each second does not help.
        for octet in input {
            bob.advance(MILLISECOND * 100);
            bob.side.feed(bob.now, &[*octet]);
            bob.drain();
        }
        let start = bob.now - 100 * MILLISECOND * input.len() as u32;
        assert_eq!(run_dry(&mut bob.side, bob.now, start + 3600 * SECOND), start + 30 * SECOND);
        assert_eq!(ends(&bob.events()).1, Some(ConnectionEnd::NotBound), "{input:?}");
        assert_eq!(bob.side.connection.poll_timeout(), None);
    }
}

#[test]
fn a_peer_that_binds_nothing_still_gets_its_responses() {
    let mut bob = passive(Config::default());
    let unknown = Raw::send("tid1").to("msrp://bob.example:12763/none;tcp").message("m").octets();
    bob.advance(29 * SECOND);
    bob.side.feed(bob.now, &unknown);
    bob.advance(SECOND);
    assert_eq!(ends(&bob.events()).1, Some(ConnectionEnd::NotBound));
    assert_eq!(words(&bob.drain()), ["481"]);
}

#[test]
fn a_connection_that_is_bound_or_active_may_be_idle() {
    let mut bob = passive(Config::default());
    bob.advance(29 * SECOND);
    bob.give(&bind());
    assert_eq!(bob.side.connection.poll_timeout(), None);
    let alice = Side::new(Config::default(), Role::Active, 1, bob.now);
    assert_eq!(alice.connection.poll_timeout(), None);
    let mut config = Config::default();
    config.bind_timeout = None;
    assert_eq!(passive(config).side.connection.poll_timeout(), None);
}

#[test]
fn a_pause_of_our_own_does_not_count_as_not_bound() {
    let mut config = Config::default();
    config.limits.control_octets = 0;
    let mut bob = passive(config);
    bob.advance(20 * SECOND);
    let unknown = Raw::send("tid1").to("msrp://bob.example:12763/none;tcp").message("m").octets();
    bob.side.feed(bob.now, &unknown);
    assert!(!bob.side.connection.wants_read());
    bob.advance(25 * SECOND);
    assert_eq!(words(&bob.drain()), ["481"]);
    assert_eq!(bob.side.connection.poll_timeout(), Some(bob.now + 10 * SECOND));
    assert_eq!(words(&bob.give(&bind())), ["200"]);
    assert_eq!(bob.side.connection.poll_timeout(), None);
}

// Peers that stop within a frame.

#[test]
fn a_frame_that_stops_anywhere_ends_the_connection() {
    let chunk = Raw::chunk("tid1", "mid1", "1-*/4", "abcd", '$').octets();
    for len in 1..chunk.len() {
        let mut bob = Lone::bob();
        bob.give(&chunk[..len]);
        assert_eq!(bob.side.connection.poll_timeout(), Some(bob.now + 30 * SECOND), "{len}");
        bob.advance(30 * SECOND);
        let (reasons, end) = ends(&bob.events());
        let expected = (vec![CloseReason::ConnectionClosed], Some(ConnectionEnd::FrameTimeout));
        assert_eq!((reasons, end), expected, "{len}");
        assert_eq!(bob.side.connection.poll_timeout(), None);
    }
}

#[test]
fn a_frame_that_goes_on_is_waited_for() {
    let chunk = Raw::chunk("tid1", "mid1", "1-*/4", "abcd", '$').octets();
    let mut bob = Lone::bob();
    for octet in &chunk {
        bob.advance(29 * SECOND);
        bob.side.feed(bob.now, &[*octet]);
    }
    assert_eq!(words(&bob.drain()), ["200"]);
    assert_eq!(bob.side.connection.poll_timeout(), None);
    let mut config = Config::default();
    config.frame_timeout = None;
    let mut bob = Lone::bob_with(config, bob_expects());
    bob.give(&chunk[..10]);
    assert_eq!(bob.side.connection.poll_timeout(), None);
}

#[test]
fn a_pause_of_our_own_is_not_a_stop_within_a_frame() {
    let mut config = Config::default();
    config.limits.events = 0;
    let mut bob = Lone::bob_with(config, bob_expects());
    let mut input = Raw::chunk("tid1", "mid1", "1-4/4", "abcd", '$').octets();
    input.extend(&Raw::chunk("tid2", "mid2", "1-4/4", "abcd", '$').octets()[..50]);
    bob.side.input.extend_from_slice(&input);
    bob.side.connection.receive(bob.now, &mut bob.side.input).unwrap();
    bob.side.connection.poll_transmit(bob.now);
    bob.side.connection.poll_transmit(bob.now);
    assert!(!bob.side.connection.wants_read());
    // The application takes its time.
    bob.now += 3600 * SECOND;
    bob.side.connection.handle_timeout(bob.now);
    assert_eq!(bob.side.connection.poll_timeout(), None);
    bob.now += 3600 * SECOND;
    assert!(bob.side.connection.poll_event().is_some());
    assert!(bob.side.connection.wants_read());
    bob.side.connection.handle_timeout(bob.now);
    assert_eq!(bob.side.connection.poll_timeout(), Some(bob.now + 30 * SECOND));
    bob.advance(30 * SECOND);
    assert_eq!(ends(&bob.events()).1, Some(ConnectionEnd::FrameTimeout));
}

#[test]
fn a_message_transport_has_no_unfinished_frames() {
    let mut config = Config::default();
    config.framing = Framing::Message { max_octets: 4096 };
    let mut bob = passive(config);
    bob.side.connection.receive_message(bob.now, bind()).unwrap();
    bob.side.drain(bob.now);
    let chunk = Raw::chunk("tid1", "mid1", "1-4/8", "abcd", '+').octets();
    bob.side.connection.receive_message(bob.now, chunk).unwrap();
    bob.side.drain(bob.now);
    bob.advance(3600 * SECOND);
    assert!(!bob.side.connection.is_closed());
}

// A peer that reads nothing.

#[test]
fn a_peer_that_reads_slowly_is_not_given_up() {
    let mut config = Config::default();
    config.limits.control_octets = 0;
    let mut bob = Lone::bob_with(config, bob_expects());
    for n in 0..10 {
        let request = Raw::send(&format!("tid{n}")).message("ka").range("1-0/0").octets();
        bob.side.input.extend_from_slice(&request);
    }
    for _ in 0..10 {
        bob.side.connection.receive(bob.now, &mut bob.side.input).unwrap();
        bob.advance(29 * SECOND);
        let mut transmit = bob.side.connection.poll_transmit(bob.now).unwrap();
        let octets = transmit.copy_to_bytes(transmit.remaining());
        assert_eq!(words(&frames(&octets)), ["200"]);
    }
    assert_eq!(ends(&bob.events()), (vec![], None));
}
