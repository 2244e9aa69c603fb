//! A sound client: an endpoint with a route through its relay.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use msrp::auth::Credentials;
use msrp::{
    Authentication, Config, Connection, Event, MediaType, MessageKey, MsrpUri, Outcome,
    OutgoingMessage, RelayRoute, Role, SessionConfig, SessionKey, SessionTable,
};

use crate::common::Seeded;
use crate::wire::End;
use crate::world::{World, relay_uri};

/// The largest message that a client takes.
const LARGEST: u64 = 64 << 20;

pub struct Client {
    pub connection: Connection,
    pub local: MsrpUri,
    table: SessionTable,
    pub route: Option<RelayRoute>,
    session: Option<SessionKey>,
    /// When each of its messages was sent, by its number.
    sent: BTreeMap<MessageKey, u64>,
    /// The messages that have arrived: their number, and when.
    pub arrived: Vec<(u64, Duration)>,
    /// The outcome of each message that it has sent.
    pub finished: BTreeMap<u64, Outcome>,
    /// What must not happen: its connection or its session ends.
    pub ends: Vec<String>,
}

impl World {
    /// A client that authenticates to these relays, the nearest first.
    pub fn client(&mut self, relays: &[usize]) -> usize {
        let number = self.clients.len();
        let local: MsrpUri =
            format!("msrps://client{number}.example:7000/s{number};tcp").parse().unwrap();
        let table = SessionTable::new(4);
        table.insert(SessionConfig::expected(local.clone()).max_size(LARGEST)).unwrap();
        let random = Seeded(self.rng.next());
        let mut config = Config::default();
        config.limits.incoming_octets = LARGEST;
        let connection = Connection::new(config.into(), Role::Active, random, self.instant());
        let mut connection = connection.unwrap().with_table(table.clone());
        let [first, outer @ ..] = relays else { panic!("a client has a relay") };
        let mut wanted = Authentication::over_tls(local.clone(), relay_uri(*first));
        for relay in outer {
            wanted = wanted.outer(relay_uri(*relay));
        }
        let credentials = Credentials::new(format!("client{number}"), "open sesame");
        connection.authenticate(wanted.credentials(credentials)).unwrap();
        self.clients.push(Client {
            connection,
            local,
            table,
            route: None,
            session: None,
            sent: BTreeMap::new(),
            arrived: Vec::new(),
            finished: BTreeMap::new(),
            ends: Vec::new(),
        });
        self.accept(*first, End::Client(number), Vec::new());
        self.run_until(|world| world.clients[number].route.is_some());
        number
    }

    /// Opens a session from one client to another.
    pub fn open(&mut self, from: usize, to: usize) {
        let theirs = self.clients[to].route.as_ref().unwrap().path();
        let client = &mut self.clients[from];
        let path = client.route.as_ref().unwrap().to_path(&theirs);
        client.table.remove(&client.local);
        let session = SessionConfig::new(client.local.clone(), path).max_size(LARGEST);
        client.session = Some(client.connection.open(session).unwrap());
        self.run_until(|world| world.clients[to].session.is_some());
    }

    /// Two clients with a session.
    pub fn pair(&mut self, relays: [&[usize]; 2]) -> [usize; 2] {
        let pair = relays.map(|relays| self.client(relays));
        self.open(pair[0], pair[1]);
        pair
    }

    /// Sends a message of so many octets, or more: it begins with its number.
    pub fn send(&mut self, from: usize, len: usize) -> u64 {
        let message = |body| OutgoingMessage::new(MediaType::text_plain(), body);
        self.send_as(from, len, message)
    }

    pub fn send_as(
        &mut self,
        from: usize,
        len: usize,
        message: impl Fn(Bytes) -> OutgoingMessage,
    ) -> u64 {
        self.messages += 1;
        let number = self.messages;
        let mut body = number.to_string().into_bytes();
        body.resize(len.max(body.len()), b' ');
        let client = &mut self.clients[from];
        let session = client.session.unwrap();
        let sent = client.connection.send(session, message(body.into()));
        let key = sent.unwrap_or_else(|error| panic!("{error:?}: {:?}", client.ends));
        client.sent.insert(key, number);
        number
    }

    /// A client takes its events. Returns whether there were any.
    pub fn events(&mut self, number: usize) -> bool {
        let now = self.now;
        let client = &mut self.clients[number];
        let mut has_any = false;
        while let Some(event) = client.connection.poll_event() {
            has_any = true;
            match event {
                Event::Authenticated { route, .. } => client.route = Some(route),
                Event::SessionOpened { session, .. } => client.session = Some(session),
                Event::Message { body, .. } => {
                    let text = std::str::from_utf8(&body).unwrap();
                    client.arrived.push((text.trim_end().parse().unwrap(), now));
                }
                Event::Finished(outcome) => {
                    let message = client.sent[&outcome.message];
                    client.finished.insert(message, outcome.outcome);
                }
                event @ (Event::AuthenticationFailed { .. }
                | Event::SessionClosed { .. }
                | Event::LateFailure { .. }
                | Event::Closed(_)) => client.ends.push(format!("{event:?}")),
                _ => {}
            }
        }
        has_any
    }

    /// When a message arrived at a client.
    pub fn arrival(&self, to: usize, message: u64) -> Option<Duration> {
        let mut arrived = self.clients[to].arrived.iter();
        arrived.find(|(number, _)| *number == message).map(|(_, at)| *at)
    }
}
