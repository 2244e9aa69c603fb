//! A receiver behind relays. It does not listen: peers reach it on the connection
//! that it opens to the first relay.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use msrp::{
    AuthenticationFailure, Connection, Event, MsrpUri, OsRandom, RelayRoute, Role, SessionTable,
};
use serde_json::json;

use super::{Inbox, Options};
use crate::client::{NextHop, Relays, TlsOptions, own_uri};
use crate::failure::Failure;
use crate::link::{self, Link, Stream};

/// Time limit for connecting to the relay.
const PATIENCE: Duration = Duration::from_secs(15);

/// A receiver behind relays.
pub(crate) struct Relayed {
    relays: Relays,
    next_hop: NextHop,
    uris: Vec<MsrpUri>,
}

impl Relayed {
    /// An error is wrong usage.
    pub(crate) fn new(relays: Relays, uris: Vec<MsrpUri>, tls: TlsOptions) -> anyhow::Result<Self> {
        Ok(Self { next_hop: relays.next_hop(tls)?, relays, uris })
    }

    /// Takes messages until the connection ends, with `once` only the first.
    /// Returns whether that was received.
    pub(crate) fn run(self, options: &Options, once: bool) -> Result<bool, Failure> {
        let stream = self.next_hop.connect(Instant::now() + PATIENCE)?;
        let address = stream.socket().peer_addr().map_err(Failure::local)?;
        let uris = match self.uris {
            uris if uris.is_empty() => vec![own_uri(&stream)?],
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

fn open(stream: Stream, table: SessionTable) -> io::Result<Link> {
    let random = OsRandom::new()?;
    let config = Arc::new(link::config());
    let connection = Connection::new(config, Role::Active, random, Instant::now())?;
    Link::new(stream, connection.with_table(table))
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
