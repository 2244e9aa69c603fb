//! Two endpoints on a data channel.

use bytes::Buf;
use msrp::{
    Config, ConnectionEnd, Event, Outcome, OutgoingMessage, Role, SessionConfig, SessionTable,
};
use msrp_sdp::data_channel::MaxMessageSize;
use std::time::Instant;

use super::common::{Side, path};
use super::uri;

/// Two endpoints on one channel; Bob waits for a session.
struct Channel {
    alice: Side,
    bob: Side,
    now: Instant,
}

const ALICE: &str = "msrps://192.0.2.1:54111/si438dsaodesaaaa;dc";
const BOB: &str = "msrps://192.0.2.2:51444/di551fsaodesaaaa;dc";

impl Channel {
    fn new() -> Self {
        let now = Instant::now();
        let mut config = Config::default();
        config.framing = MaxMessageSize::default().framing(16_384).unwrap();
        let alice = Side::new(config.clone(), Role::Active, 1, now);
        let table = SessionTable::new(1);
        table.insert(SessionConfig::new(uri(BOB), path(ALICE))).unwrap();
        let bob = Side::new(config, Role::Passive, 2, now).with_table(&table);
        Self { alice, bob, now }
    }

    fn open(&mut self, remote: &str) -> msrp::SessionKey {
        let session = SessionConfig::new(uri(ALICE), path(remote));
        self.alice.connection.open(session).unwrap()
    }

    fn settle(&mut self) {
        while carry(&mut self.alice, &mut self.bob, self.now)
            | carry(&mut self.bob, &mut self.alice, self.now)
        {}
    }
}

/// Carries messages. Returns whether there were any.
fn carry(from: &mut Side, to: &mut Side, now: Instant) -> bool {
    let mut moved = false;
    while let Some(mut transmit) = from.connection.poll_transmit(now) {
        let message = transmit.copy_to_bytes(transmit.remaining());
        to.connection.receive_message(now, message).unwrap();
        moved = true;
    }
    to.take_events();
    moved
}

// req: 8873-4.4-5
#[test]
fn a_request_for_another_uri_is_refused() {
    let mut channel = Channel::new();
    channel.open("msrps://192.0.2.2:51444/other1fsaodesaaaa;dc");
    channel.settle();
    let refused = channel.alice.events().into_iter().any(|event| {
        matches!(event, Event::SessionClosed { response: Some(response), .. } if response.status.as_u16() == 481)
    });
    assert!(refused);
    assert!(channel.bob.events().is_empty());
}

// req: 8873-5.2-1, 8873-5.3-2
#[test]
fn a_session_fails_with_its_channel() {
    let mut channel = Channel::new();
    let session = channel.open(BOB);
    channel.settle();
    let opened = |event: &Event| matches!(event, Event::SessionOpened { .. });
    assert!(channel.alice.events().iter().any(opened));
    assert!(channel.bob.events().iter().any(opened));
    channel.alice.connection.send(session, OutgoingMessage::text("Are you there?")).unwrap();
    assert!(channel.alice.connection.poll_transmit(channel.now).is_some());
    channel.alice.connection.receive_eof();
    let events = channel.alice.events();
    assert!(events.iter().any(|event| {
        matches!(event, Event::Finished(finished) if finished.outcome == Outcome::ConnectionLost)
    }));
    assert_eq!(events.last(), Some(&Event::Closed(ConnectionEnd::Peer)));
}
