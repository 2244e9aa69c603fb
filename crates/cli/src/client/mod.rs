//! The active side: from a path to a session.

mod next_hop;
mod relays;
mod tls;

use std::time::{Duration, Instant};

use anyhow::Context;
use msrp::{Config, MsrpUri, Path};
use msrp_tokio::{Endpoint, Route, Session};
use serde_json::{Value, json};

pub(crate) use self::next_hop::NextHop;
pub(crate) use self::relays::{RelayOptions, Relays};
pub(crate) use self::tls::TlsOptions;
use crate::failure::Failure;
use crate::interrupt::interrupted;

/// Time limit for a whole exchange, in milliseconds.
pub(crate) const DEFAULT_TIMEOUT: u64 = 15_000;

/// How long the end of a connection may take.
const LINGER: Duration = Duration::from_secs(2);

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

/// A session that opens.
pub(crate) struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) session: Session,
    pub(crate) connect_time: Duration,
    /// The route of the session, which is as good as long as this exists.
    _route: Option<Route>,
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
            None => NextHop::of_path(path.first().to_uri(), tls)?,
        };
        Ok(Self { path, relays, next_hop })
    }

    /// The name that the server's certificate is checked against, with `msrps`.
    pub(crate) fn peer_name(&self) -> Option<&str> {
        self.next_hop.peer_name()
    }

    /// The first fields of every result.
    pub(crate) fn object(&self) -> Value {
        let (host, port) = (self.next_hop.host(), self.next_hop.port());
        json!({ "success": false, "host": host, "port": port })
    }

    /// Connects within `limit` and opens a session with a bodiless SEND: acceptors in use
    /// take the first request for no more than that, and answer 200 to a text that they
    /// drop. The response is still to come.
    pub(crate) async fn open(
        &self,
        from: Option<MsrpUri>,
        limit: Duration,
        configure: impl FnOnce(&mut Config),
    ) -> Result<Client, Failure> {
        let endpoint = self.next_hop.endpoint().connect_timeout(limit);
        let endpoint = endpoint.config(configure).build()?;
        let start = Instant::now();
        let (session, route) = match &self.relays {
            Some(relays) => {
                let route = relays.route(&endpoint, from, limit).await?;
                let session = endpoint.connect_through(&route, &self.path, |config| config)?;
                (session, Some(route))
            }
            None => (self.connect(&endpoint, from).await?, None),
        };
        Ok(Client { endpoint, session, connect_time: start.elapsed(), _route: route })
    }

    async fn connect(
        &self,
        endpoint: &Endpoint,
        from: Option<MsrpUri>,
    ) -> Result<Session, msrp_tokio::Error> {
        let opened = endpoint.connect_early(self.path.clone(), move |mut config| {
            if let Some(uri) = &from {
                config.local = uri.clone();
            }
            config
        });
        opened.await
    }
}

impl Client {
    /// Ends the session and its connection: sends what is left, and gives the peer a moment
    /// to end its side.
    pub(crate) async fn close(self) {
        let closing = async {
            self.session.close().await;
            self.endpoint.close().await;
        };
        tokio::select! {
            // A peer that does not read is not waited for.
            _ = tokio::time::timeout(LINGER, closing) => {}
            () = interrupted() => {}
        }
    }
}
