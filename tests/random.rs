//! Sources of random octets that fail: an error or a closed connection, never zeros.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use common::wire::{Raw, Sent, frames_and_rest};
use common::{ALICE, BOB, Failing, Side, alice_opens};
use msrp::{
    Config, Connection, ConnectionEnd, Event, Framing, Nickname, Outcome, OutgoingMessage,
    ParseOptions, RandomError, Role, Tunnel, TunnelError, session_id,
};

/// The id that twenty zero octets make.
const OF_ZEROS: &str = "aaaaaaaaaaaaaaaaaaaa";

fn dry() -> RandomError {
    RandomError::new("the source has run dry")
}

#[test]
fn an_error_has_its_cause() {
    let error = dry();
    assert_eq!(error.to_string(), "the source of random octets failed");
    assert_eq!(error.source().unwrap().to_string(), "the source has run dry");
    assert_ne!(error, RandomError::new("another reason"));
}

#[test]
fn a_session_id_is_not_made_of_what_a_failing_source_leaves() {
    assert_eq!(session_id(&mut Failing::after(19)), Err(dry()));
    assert!(session_id(&mut Failing::after(20)).is_ok());
}

#[test]
fn a_connection_is_not_made_without_random_octets() {
    let config = Arc::new(Config::default());
    let made = Connection::new(config, Role::Active, Failing::after(0), Instant::now());
    assert_eq!(made.unwrap_err(), dry());
}

/// Alice does everything that draws octets, until the source fails.
struct Run {
    alice: Side,
    now: Instant,
    octets: Vec<u8>,
    accepted: usize,
}

impl Run {
    fn new(config: Config, octets: usize) -> Option<Self> {
        let now = Instant::now();
        let source = Failing::after(octets);
        let connection = Connection::new(Arc::new(config), Role::Active, source, now).ok()?;
        let (input, events, sent) = (BytesMut::new(), Vec::new(), Vec::new());
        let alice = Side { connection, input, events, refused: Vec::new(), sent };
        Some(Self { alice, now, octets: Vec::new(), accepted: 0 })
    }

    fn drain(&mut self) {
        let octets = self.alice.drain(self.now);
        self.octets.extend_from_slice(&octets);
    }

    fn play(&mut self) {
        let Ok(session) = self.alice.connection.open(alice_opens()) else { return };
        self.drain();
        for n in 0..3 {
            for len in [10, 5000] {
                let body = vec![b'x' + n; len];
                let message = OutgoingMessage::new("text/plain".parse().unwrap(), body);
                self.accepted += usize::from(self.alice.connection.send(session, message).is_ok());
            }
            let nickname = Nickname::new("Alice").unwrap();
            let _ = self.alice.connection.ask_nickname(session, Some(&nickname));
            // A REPORT follows.
            let message = format!("m{n}");
            let chunk = Raw::chunk(&format!("bob{n}"), &message, "1-2/2", "hi", '$');
            let chunk = chunk.to(ALICE).from(BOB).header("Success-Report", "yes");
            self.alice.feed(self.now, &chunk.octets());
            self.drain();
        }
    }
}

/// Every id that Alice has made.
fn own_ids(sent: &[Sent]) -> Vec<&str> {
    let requests = sent.iter().filter(|it| !it.what.starts_with(|c: char| c.is_ascii_digit()));
    requests.map(|it| &*it.id).collect()
}

fn play_with(config: &Config) {
    let (mut ended, mut lasted) = (0, 0);
    for octets in 0..700 {
        let Some(mut run) = Run::new(config.clone(), octets) else {
            // The tag of its keys takes four octets.
            assert!(octets < 4);
            continue;
        };
        run.play();
        let (sent, _) = frames_and_rest(&run.octets);
        let ids = own_ids(&sent);
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{octets}: {ids:?}");
        let text = String::from_utf8_lossy(&run.octets);
        assert!(!text.contains(OF_ZEROS), "{octets}: {text}");

        let end = run.alice.events.iter().find_map(|event| match event {
            Event::Closed(end) => Some(end.clone()),
            _ => None,
        });
        if end.is_none() {
            lasted += 1;
            assert!(!run.alice.connection.is_closed());
            continue;
        }
        ended += 1;
        assert_eq!(end, Some(ConnectionEnd::RandomFailed(dry())));
        assert!(run.alice.connection.is_closed() && run.alice.connection.is_flushed());
        let outcomes = run.alice.outcomes();
        assert_eq!(outcomes.len(), run.accepted);
        assert!(outcomes.iter().all(|it| it.outcome == Outcome::ConnectionLost));
        assert!(run.alice.drain(run.now).is_empty());
    }
    assert!(ended > 200 && lasted > 100, "{ended} ended, {lasted} lasted");
}

#[test]
fn a_source_that_fails_later_ends_the_connection() {
    play_with(&Config::default());
}

#[test]
fn a_source_that_fails_later_ends_a_connection_of_messages() {
    let mut config = Config::default();
    config.framing = Framing::Message { max_octets: Framing::MIN_MESSAGE };
    play_with(&config);
}

#[test]
fn a_connection_that_is_closed_after_its_source_has_failed_is_flushed() {
    let mut config = Config::default();
    config.turn_octets = 2048;
    // Enough for the session and the first chunks of two messages.
    for octets in 1..200 {
        let Some(mut run) = Run::new(config.clone(), octets) else { continue };
        let Ok(session) = run.alice.connection.open(alice_opens()) else { continue };
        for n in 0..2 {
            let message = OutgoingMessage::new("text/plain".parse().unwrap(), vec![n; 100_000]);
            let message = message.message_id(msrp::MessageId::new(&format!("number{n}")).unwrap());
            run.alice.connection.send(session, message).unwrap();
        }
        let _ = run.alice.connection.poll_transmit(run.now);
        run.alice.connection.close();
        run.drain();
        assert!(run.alice.connection.is_flushed(), "{octets}");
    }
}

#[test]
fn a_tunnel_that_cannot_name_a_part_ends() {
    let max = Framing::MIN_MESSAGE;
    let mut tunnel = Tunnel::new(max, ParseOptions::default(), Failing::after(25));
    let body = "x".repeat(3 * max);
    let chunk = Raw::chunk("d93k0001", "m1", "1-6144/6144", &body, '$').octets();
    let (now, mut input) = (Instant::now(), BytesMut::from(&chunk[..]));
    assert_eq!(tunnel.receive_stream(now, &mut input), Ok(()));
    let part = tunnel.poll_message().unwrap();
    assert!(!String::from_utf8_lossy(&part).contains(OF_ZEROS));
    let failed = tunnel.receive_stream(now, &mut input);
    assert_eq!(failed, Err(TunnelError::Random(dry())));
    assert_eq!(tunnel.poll_message(), None);
}
