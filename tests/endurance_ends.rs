//! Whatever ends a connection ends all that was on it, and says so.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::Duration;

use common::wire::{Lone, Raw, filler};
use common::{ALICE, BOB, alice_opens, path};
use msrp::{Config, Event, MessageKey, NicknameKey, OutgoingMessage, ResponseMode, SessionConfig};

const SECOND: Duration = Duration::from_secs(1);

/// A connection on which everything is under way, and its keys.
struct Busy {
    alice: Lone,
    messages: Vec<MessageKey>,
    nickname: NicknameKey,
    #[cfg(feature = "auth")]
    authentication: msrp::AuthKey,
}

impl Busy {
    fn new() -> Self {
        let mut config = Config::default();
        config.keep_alive = Some(20 * SECOND);
        config.silence_timeout = 10 * SECOND;
        config.frame_timeout = Some(5 * SECOND);
        config.limits.control_octets = 2_000;
        config.limits.nicknames = 100;
        let session = alice_opens().nicknames(true).responses(ResponseMode::Application);
        let mut alice = Lone::alice_with(config, session);
        let send =
            |alice: &mut Lone, message| alice.side.connection.send(alice.session, message).unwrap();
        // One waits for its response, one for REPORTs, one has begun, one has not.
        let unanswered = send(&mut alice, OutgoingMessage::text("x"));
        alice.drain();
        let unreported = send(&mut alice, OutgoingMessage::text("x").success_report(true));
        for request in alice.drain() {
            alice.answer(&request, "200 OK");
        }
        let begun = OutgoingMessage::streamed("text/plain".parse().unwrap(), None);
        let begun = send(&mut alice, begun);
        alice.side.connection.body(begun).unwrap().write(filler(5_000)).unwrap();
        alice.side.drain(alice.now);
        let queued = send(&mut alice, OutgoingMessage::text("x"));
        let messages = vec![unanswered, unreported, begun, queued];
        // A second session, which the peer has not accepted.
        let second = "msrp://alice.example:7654/second;tcp".parse().unwrap();
        alice.side.connection.open(SessionConfig::new(second, path(BOB))).unwrap();
        let nickname = "Alice".parse().unwrap();
        let nickname = alice.side.connection.ask_nickname(alice.session, Some(&nickname)).unwrap();
        #[cfg(feature = "auth")]
        let authentication = {
            let relay: msrp::MsrpUri = "msrps://intra.example;tcp".parse().unwrap();
            let local = "msrps://alice.example:9892/98cjs;tcp".parse().unwrap();
            let asked = msrp::Authentication::over_tls(local, relay);
            alice.side.connection.authenticate(asked).unwrap()
        };
        // The peer has begun a message, waits for the response to another, and asks
        // for a nickname.
        for raw in [
            Raw::chunk("in1", "in1", "1-*/9", "abc", '+'),
            Raw::chunk("in2", "in2", "1-3/3", "abc", '$'),
            Raw::new("NICKNAME", "in3").header("Use-Nickname", "\"Bob\""),
        ] {
            alice.side.feed(alice.now, &raw.to(ALICE).from(BOB).octets());
        }
        alice.side.drain(alice.now);
        alice.events();
        Self {
            alice,
            messages,
            nickname,
            #[cfg(feature = "auth")]
            authentication,
        }
    }

    /// Requests of the peer that it does not read the responses to.
    fn fill_control(&mut self) {
        for n in 0..50 {
            let request = Raw::send(&format!("full{n}")).message("ka").range("1-0/0");
            self.alice.side.input.extend_from_slice(&request.to(ALICE).from(BOB).octets());
        }
        let (side, now) = (&mut self.alice.side, self.alice.now);
        side.connection.receive(now, &mut side.input).unwrap();
        assert!(!side.connection.wants_read());
    }

    fn wait(&mut self) {
        while let Some(due) = self.alice.side.connection.poll_timeout() {
            self.alice.now = self.alice.now.max(due);
            self.alice.side.connection.handle_timeout(self.alice.now);
        }
    }
}

/// What ends a connection, and a part of the reason that is told.
type End = (&'static str, fn(&mut Busy));

/// Ends a connection in every way there is.
fn all_ends() -> [End; 7] {
    [
        ("closed by this side", |busy| busy.alice.side.connection.close()),
        ("closed by the peer", |busy| busy.alice.side.connection.receive_eof()),
        ("no sign of life", |busy| {
            busy.alice.side.connection.poll_transmit(busy.alice.now);
            busy.wait();
        }),
        ("does not read", |busy| {
            busy.fill_control();
            busy.wait();
        }),
        ("stopped within", |busy| {
            busy.alice.side.feed(busy.alice.now, b"MSRP tid SEND\r\n");
            busy.alice.advance(5 * SECOND);
        }),
        ("before the end-line", |busy| {
            busy.alice.side.feed(busy.alice.now, b"MSRP tid SEND\r\n");
            busy.alice.side.connection.receive_eof();
        }),
        ("must start with MSRP", |busy| {
            busy.alice.side.feed(busy.alice.now, b"GET / HTTP/1.1\r\n")
        }),
    ]
}

#[test]
fn every_end_of_a_connection_is_the_end_of_all_that_was_on_it() {
    for (name, end) in all_ends() {
        let mut busy = Busy::new();
        end(&mut busy);
        let now = busy.alice.now;
        let events = busy.alice.events();
        let connection = &mut busy.alice.side.connection;
        assert!(connection.is_closed(), "{name}");
        let Some(Event::Closed(how)) = events.last() else { panic!("{name}: {events:?}") };
        assert!(how.to_string().contains(name), "{name}: {how}");

        let count = |wanted: &dyn Fn(&Event) -> bool| events.iter().filter(|it| wanted(it)).count();
        assert_eq!(count(&|it| matches!(it, Event::Closed(_))), 1, "{name}");
        assert_eq!(count(&|it| matches!(it, Event::SessionClosed { .. })), 2, "{name}");
        for key in &busy.messages {
            let is_its_end = |it: &Event| match it {
                Event::Finished(finished) => finished.message == *key,
                _ => false,
            };
            assert_eq!(count(&is_its_end), 1, "{name}: {key:?} in {events:?}");
        }
        let is_nickname = |it: &Event| match it {
            Event::Nickname { key, .. } => *key == busy.nickname,
            _ => false,
        };
        assert_eq!(count(&is_nickname), 1, "{name}");
        assert_eq!(count(&|it| matches!(it, Event::MessageFailed { .. })), 1, "{name}");
        #[cfg(feature = "auth")]
        {
            let is_its_end = |it: &Event| match it {
                Event::AuthenticationFailed { key, .. } => *key == busy.authentication,
                _ => false,
            };
            assert_eq!(count(&is_its_end), 1, "{name}");
        }

        // Nothing goes on.
        assert_eq!(connection.poll_timeout(), None, "{name}");
        while connection.poll_transmit(now).is_some() {}
        assert_eq!(connection.poll_timeout(), None, "{name}");
        connection.handle_timeout(now + 3600 * SECOND);
        assert_eq!(connection.poll_event(), None, "{name}");
        assert!(!connection.wants_read(), "{name}");
    }
}
