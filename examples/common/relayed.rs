//! A receiver behind relays: it listens nowhere, and its peers come through
//! the connection that it opens.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use msrp::{
    AuthenticationFailure, Config, Connection, Event, MsrpUri, OsRandom, RelayRoute, Role,
    SessionTable,
};
use serde_json::json;

use super::expected::TlsOptions;
use super::failure::Failure;
use super::link::Link;
use super::next_hop::{self, NextHop};
use super::receiver::{Inbox, Options};
use super::relays::Relays;

/// How long the connection to the relay may take to come about.
const PATIENCE: Duration = Duration::from_secs(15);

/// A receiver that has relays.
pub(crate) struct Relayed {
    relays: Relays,
    next_hop: NextHop,
    uris: Vec<MsrpUri>,
}

impl Relayed {
    /// The error says what is wrong with the command line.
    pub(crate) fn new(relays: Relays, uris: Vec<MsrpUri>, tls: TlsOptions) -> Result<Self, String> {
        Ok(Self { next_hop: relays.next_hop(tls)?, relays, uris })
    }

    /// Takes messages until the connection ends, or the first one with `once`.
    /// Says whether that was received.
    pub(crate) fn run(self, options: &Options, once: bool) -> Result<bool, Failure> {
        let stream = self.next_hop.connect(Instant::now() + PATIENCE)?;
        let address = stream.socket().peer_addr().map_err(Failure::local)?;
        let uris = match self.uris {
            uris if uris.is_empty() => vec![next_hop::own_uri(&stream).map_err(Failure::local)?],
            uris => uris,
        };
        let table = SessionTable::new(uris.len());
        let link = open(stream, table.clone()).map_err(Failure::local)?;
        for uri in uris {
            table.insert(options.session(uri.clone())).map_err(Failure::local)?;
            let authentication = self.relays.authentication(uri);
            link.with(|it| it.authenticate(authentication))
                .map_err(|error| Failure::on(&link, error))?;
        }
        let tell = |route: &RelayRoute| {
            (options.report)(&json!({
                "event": "listening",
                "addr": address.to_string(),
                "path": route.path().as_str(),
            }));
        };
        let result = take(&link, options, once, tell);
        link.finish();
        result
    }
}

fn open(stream: super::stream::Stream, table: SessionTable) -> io::Result<Link> {
    let random = OsRandom::new()?;
    let mut config = Config::default();
    config.table = Some(table);
    let connection = Connection::new(Arc::new(config), Role::Active, random, Instant::now())?;
    Link::new(stream, connection)
}

fn take(
    link: &Link,
    options: &Options,
    once: bool,
    tell: impl Fn(&RelayRoute),
) -> Result<bool, Failure> {
    let mut inbox = Inbox::new(link, options);
    loop {
        match link.next_event(None) {
            Some(Event::Authenticated { route, .. }) => tell(&route),
            Some(Event::AuthenticationFailed { relay, reason, .. })
                if reason != AuthenticationFailure::ConnectionClosed =>
            {
                return Err(Failure::relay(&relay, reason));
            }
            Some(Event::Closed(end)) => return Err(Failure::ended(&end)),
            Some(event) => inbox.take(event),
            None => {}
        }
        if let Some(is_received) = inbox.result().filter(|_| once) {
            return Ok(is_received);
        }
    }
}
