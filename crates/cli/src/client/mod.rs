//! The active side: from a path to a session.

mod expected;
mod next_hop;
mod relays;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use msrp::{Config, Connection, MsrpUri, OsRandom, Path, Role, SessionConfig, SessionKey};
use serde_json::{Value, json};

pub(crate) use self::expected::TlsOptions;
pub(crate) use self::next_hop::{NextHop, own_uri};
pub(crate) use self::relays::{RelayOptions, Relays};
use crate::failure::Failure;
use crate::link::Link;

/// Time limit for a whole exchange, in milliseconds.
pub(crate) const DEFAULT_TIMEOUT: u64 = 15_000;

/// Parses `--timeout`: at most a day.
pub(crate) fn timeout() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=24 * 60 * 60 * 1000)
}

/// A path, and how to reach it.
pub(crate) struct Target {
    path: Path,
    relays: Option<Relays>,
    next_hop: NextHop,
}

/// A connection on which a session opens.
pub(crate) struct Client {
    pub(crate) link: Link,
    pub(crate) session: SessionKey,
    pub(crate) connect_time: Duration,
}

impl Target {
    /// The hops of a path. The client connects to the first of them, or to the
    /// first relay if there is one. An error is wrong usage.
    pub(crate) fn new(
        hops: Vec<MsrpUri>,
        relays: RelayOptions,
        tls: TlsOptions,
    ) -> anyhow::Result<Self> {
        let path = Path::new(hops).context("--to")?;
        let relays = relays.check()?;
        let next_hop = match &relays {
            Some(relays) => relays.next_hop(tls)?,
            None => NextHop::new(path.first().to_uri(), None, tls)?,
        };
        Ok(Self { path, relays, next_hop })
    }

    /// The name that the server's certificate is checked against, with `msrps`.
    pub(crate) fn peer_name(&self) -> Option<String> {
        self.next_hop.peer_name()
    }

    /// The first fields of every result.
    pub(crate) fn object(&self) -> Value {
        let (host, port) = (self.next_hop.host(), self.next_hop.port());
        json!({ "success": false, "host": host, "port": port })
    }

    /// Connects and opens a session with a bodiless SEND: acceptors in use take the first
    /// request for no more than that, and answer 200 to a text that they drop.
    pub(crate) fn open(
        &self,
        from: Option<MsrpUri>,
        config: Config,
        deadline: Instant,
    ) -> Result<Client, Failure> {
        let random = OsRandom::new().map_err(Failure::local)?;
        let start = Instant::now();
        let stream = self.next_hop.connect(deadline)?;
        let connect_time = start.elapsed();
        let from = match from {
            Some(uri) => uri,
            None => own_uri(&stream)?,
        };
        let connection = Connection::new(Arc::new(config), Role::Active, random, Instant::now())
            .map_err(Failure::local)?;
        let link = Link::new(stream, connection).map_err(Failure::local)?;
        match self.open_session(&link, from, deadline) {
            Ok(session) => Ok(Client { link, session, connect_time }),
            Err(failure) => {
                link.finish();
                Err(failure)
            }
        }
    }

    fn open_session(
        &self,
        link: &Link,
        from: MsrpUri,
        deadline: Instant,
    ) -> Result<SessionKey, Failure> {
        let path = match &self.relays {
            Some(relays) => relays.route(link, from.clone(), deadline)?.to_path(&self.path),
            None => self.path.clone(),
        };
        let session = SessionConfig::new(from, path);
        link.with(|it| it.open(session)).map_err(|error| Failure::on(link, error))
    }
}
