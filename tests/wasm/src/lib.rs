//! Two connections in one WebAssembly module, with the clock and the random
//! octets of JavaScript. `run.js` calls `deliver` in node.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]

use std::error::Error;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use msrp::{
    Config, Connection, Event, Instant, OsRandom, Outcome, OutgoingMessage, Role, SessionConfig,
    SessionTable,
};
use wasm_bindgen::prelude::wasm_bindgen;

const ALICE: &str = "msrp://alice.example:9/jshA7weztas;tcp";
const BOB: &str = "msrp://bob.example:12763/kjhd37s2s20w2a;tcp";

/// Sends a text from one connection to the other.
///
/// # Errors
///
/// The reason, if the text does not arrive or is not acknowledged.
#[wasm_bindgen]
pub fn deliver() -> Result<String, String> {
    exchange("Hey Bob").map_err(|error| error.to_string())
}

fn exchange(text: &str) -> Result<String, Box<dyn Error>> {
    let table = SessionTable::new(1);
    table.insert(SessionConfig::expected(BOB.parse()?))?;
    let mut bob = Side::new(Config::default(), Role::Passive)?;
    bob.connection = bob.connection.with_table(table);
    let mut alice = Side::new(Config::default(), Role::Active)?;

    let session = alice.connection.open(SessionConfig::new(ALICE.parse()?, BOB.parse()?))?;
    alice.connection.send(session, OutgoingMessage::text(text))?;
    while alice.write_to(&mut bob)? | bob.write_to(&mut alice)? {}
    match (bob.received, alice.outcome) {
        (Some(text), Some(Outcome::Accepted)) => Ok(text),
        (received, outcome) => Err(format!("{received:?}, {outcome:?}").into()),
    }
}

/// A connection, its unread octets, and what it has told so far.
struct Side {
    connection: Connection,
    input: BytesMut,
    received: Option<String>,
    outcome: Option<Outcome>,
}

impl Side {
    fn new(config: Config, role: Role) -> Result<Self, Box<dyn Error>> {
        let random = OsRandom::new()?;
        let connection = Connection::new(Arc::new(config), role, random, Instant::now())?;
        Ok(Self { connection, input: BytesMut::new(), received: None, outcome: None })
    }

    /// Whether there was anything to write.
    fn write_to(&mut self, peer: &mut Self) -> Result<bool, Box<dyn Error>> {
        let mut has_written = false;
        while let Some(mut transmit) = self.connection.poll_transmit(Instant::now()) {
            has_written = true;
            let octets = transmit.copy_to_bytes(transmit.remaining());
            peer.input.extend_from_slice(&octets);
            peer.connection.receive(Instant::now(), &mut peer.input)?;
        }
        peer.take_events();
        self.take_events();
        Ok(has_written)
    }

    fn take_events(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Message { body, .. } => {
                    self.received = Some(String::from_utf8_lossy(&body).into_owned());
                }
                Event::Finished(outcome) => self.outcome = Some(outcome.outcome),
                _ => {}
            }
        }
    }
}
