//! The relays that act on behalf of this side (RFC 4976).

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use msrp::auth::Credentials;
use msrp::{Authentication, MsrpUri, UriParameter};
use msrp_tokio::{Endpoint, Route};
use tokio::time::timeout;

use super::next_hop::NextHop;
use super::tls::TlsOptions;
use crate::failure::Failure;
use crate::output::tell;

/// The options for relays.
#[derive(clap::Args, Default)]
pub(crate) struct RelayOptions {
    /// URI of a relay to go through; repeat it for a chain, nearest first.
    #[arg(long, value_name = "URI", value_delimiter = ' ')]
    relay: Vec<MsrpUri>,
    /// User name at the relays.
    #[arg(long, value_name = "NAME", requires = "relay", requires = "password_file")]
    user: Option<String>,
    /// File that holds the user's password.
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Whether the answer to a relay's challenge has the parameter `uri`, which some
    /// relays need and others refuse. "auto" tries it with, and after a refusal or 5
    /// seconds of silence without.
    #[arg(long, value_name = "auto|always|never", default_value = "auto")]
    #[arg(hide_possible_values = true)]
    digest_uri: DigestUri,
    /// Authenticate without TLS, for tests: anyone on the network can read the
    /// secret URIs of the session.
    #[arg(long, requires = "relay")]
    plain_auth: bool,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum DigestUri {
    #[default]
    Auto,
    Always,
    Never,
}

impl From<DigestUri> for UriParameter {
    fn from(wanted: DigestUri) -> Self {
        match wanted {
            DigestUri::Auto => Self::Fallback,
            DigestUri::Always => Self::Always,
            DigestUri::Never => Self::Never,
        }
    }
}

/// The relays to go through, at least one.
#[derive(Clone)]
pub(crate) struct Relays {
    first: MsrpUri,
    outer: Vec<MsrpUri>,
    digest_uri: UriParameter,
    credentials: Option<Credentials>,
}

impl RelayOptions {
    pub(crate) const fn is_empty(&self) -> bool {
        self.relay.is_empty()
    }

    /// The relays, if there are any. An error is wrong usage.
    pub(crate) fn check(self) -> anyhow::Result<Option<Relays>> {
        let plain = self.relay.iter().find(|uri| !uri.is_secure());
        if let Some(uri) = plain {
            if !self.plain_auth {
                bail!("--relay {uri}: use msrps, or --plain-auth for a test");
            }
            tell(format_args!("warning: authenticating with {uri} without TLS"));
        }
        let digest_uri = self.digest_uri.into();
        let credentials = credentials(self.user, self.password_file)?;
        let mut relays = self.relay.into_iter();
        let Some(first) = relays.next() else { return Ok(None) };
        Ok(Some(Relays { first, outer: relays.collect(), digest_uri, credentials }))
    }
}

fn credentials(user: Option<String>, file: Option<PathBuf>) -> anyhow::Result<Option<Credentials>> {
    let (Some(user), Some(file)) = (user, file) else { return Ok(None) };
    let unreadable = || format!("--password-file {}", file.display());
    let password = fs::read_to_string(&file).with_context(unreadable)?;
    // Editors add a line end.
    let password = password.trim_end_matches(['\r', '\n']);
    Ok(Some(Credentials::new(user, password)))
}

impl Relays {
    /// The relay to connect to.
    pub(crate) fn next_hop(&self, tls: TlsOptions) -> anyhow::Result<NextHop> {
        NextHop::of_relay(self.first.clone(), tls)
    }

    /// A route for one session, within `limit`. `own` is the URI of this side; by default it
    /// is a random one.
    pub(crate) async fn route(
        &self,
        endpoint: &Endpoint,
        own: Option<MsrpUri>,
        limit: Duration,
    ) -> Result<Route, Failure> {
        let relays = self.clone();
        let ask = move |authentication| match &own {
            Some(uri) => relays.ask(relays.begin(uri.clone())),
            None => relays.ask(authentication),
        };
        let route = timeout(limit, endpoint.relay_with(self.first.clone(), ask)).await;
        Ok(route.map_err(|_| Failure::timeout("the relay gave no route in time"))??)
    }

    fn begin(&self, own: MsrpUri) -> Authentication {
        let first = self.first.clone();
        if first.is_secure() {
            Authentication::over_tls(own, first)
        } else {
            Authentication::without_tls(own, first)
        }
    }

    /// Adds what the options say.
    fn ask(&self, authentication: Authentication) -> Authentication {
        let authentication = authentication.uri_parameter(self.digest_uri);
        let authentication = match &self.credentials {
            Some(credentials) => authentication.credentials(credentials.clone()),
            None => authentication,
        };
        self.outer.iter().cloned().fold(authentication, Authentication::outer)
    }
}
