//! Connects to a host and port, by an endpoint of its own for each request.

use std::sync::Arc;
use std::time::Duration;

use msrp::{Config, MsrpUri};
use msrp_tls::{Roots, ServerCheck};
use msrp_tokio::{Endpoint, Error, Stream};
use tokio::time::Instant;

use crate::fault::{Fault, Kind, chain};
use crate::policy::Policy;

/// Where to connect.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) hop: msrp_tokio::Target,
    /// The name that its certificate is for.
    pub(crate) peer_name: Option<String>,
}

/// An open connection, and the endpoint to use it with.
pub(crate) struct Dialed {
    pub(crate) endpoint: Endpoint,
    pub(crate) stream: Stream,
    pub(crate) connect_time: Duration,
}

impl Dialed {
    /// The URI of this side for a session: the one that is wanted, or a fresh one.
    pub(crate) fn local(&self, wanted: Option<MsrpUri>) -> Result<MsrpUri, Fault> {
        Ok(wanted.map_or_else(|| self.stream.session_uri(), Ok)?)
    }
}

/// Connects to permitted targets only.
#[derive(Debug)]
pub(crate) struct Dialer {
    policy: Arc<Policy>,
    /// `None` without root certificates to check names with.
    roots: Option<Roots>,
}

impl Dialer {
    pub(crate) fn new(policy: Policy, roots: Option<Roots>) -> Self {
        Self { policy: policy.into(), roots }
    }

    /// Connects until then. `configure` is for the connection.
    pub(crate) async fn dial(
        &self,
        target: &Target,
        until: Instant,
        configure: impl FnOnce(&mut Config),
    ) -> Result<Dialed, Fault> {
        let endpoint = self.endpoint(until, configure)?;
        let start = Instant::now();
        let stream = endpoint.dial(&target.hop).await?;
        Ok(Dialed { endpoint, stream, connect_time: start.elapsed() })
    }

    fn endpoint(
        &self,
        until: Instant,
        configure: impl FnOnce(&mut Config),
    ) -> Result<Endpoint, Fault> {
        let policy = Arc::clone(&self.policy);
        let builder = Endpoint::builder()
            .config(configure)
            .connect_timeout(until.saturating_duration_since(Instant::now()))
            .permit(move |host, address| policy.permits(host, address));
        let builder = match &self.roots {
            Some(roots) => builder.server_check(ServerCheck::Named(roots.clone())),
            None => builder,
        };
        Ok(builder.build()?)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Resolve { .. } => Self::new(Kind::UnknownHost, "the host has no address"),
            Error::NotPermitted { .. } => {
                let message = "this gateway does not connect to that host and port; see --allow";
                Self::new(Kind::NotAllowed, message)
            }
            Error::Connect { ref source, .. } => {
                let is_refused = source.kind() == std::io::ErrorKind::ConnectionRefused;
                let kind = if is_refused { Kind::Refused } else { Kind::Unreachable };
                Self::new(kind, format!("cannot connect: {source}"))
            }
            Error::ConnectTimeout { .. } => Self::timeout(),
            Error::Handshake { ref source, .. } => {
                Self::new(Kind::Tls, format!("TLS failed: {source}"))
            }
            Error::Tls(_) => Self::new(Kind::Tls, chain(error)),
            Error::Random(error) => error.into(),
            // Checks before should have prevented the others.
            Error::Bind { .. }
            | Error::NoIdentity
            | Error::Session(_)
            | Error::Ended(_)
            | Error::NoPort(_)
            | Error::Transport(_)
            | Error::NotListening
            | Error::NoPublicHost
            | Error::DataChannel
            | Error::Relay { .. }
            | Error::Authenticate(_)
            | Error::PlainAuth(_)
            | Error::NoRoute
            | Error::Closed
            | _ => Self::new(Kind::InvalidRequest, chain(error)),
        }
    }
}
