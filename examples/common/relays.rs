//! The relays that act on behalf of this side (RFC 4976).

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use msrp::auth::Credentials;
use msrp::uri::RECOMMENDED_PORT;
use msrp::{Authentication, AuthenticationFailure, Event, MsrpUri, RelayRoute};

use super::expected::TlsOptions;
use super::failure::Failure;
use super::link::Link;
use super::next_hop::{self, NextHop};
use super::tell;

/// What the command line says of relays.
#[derive(clap::Args, Default)]
pub(crate) struct RelayOptions {
    /// URI of a relay to go through; several are a chain, the nearest first.
    #[arg(long, value_name = "URI", value_delimiter = ' ')]
    relay: Vec<MsrpUri>,
    /// Name of this side at its relays.
    #[arg(long, value_name = "U", requires = "relay", requires = "password_file")]
    user: Option<String>,
    /// File that holds the password of that user.
    #[arg(long, value_name = "F", requires = "user")]
    password_file: Option<PathBuf>,
    /// Authenticate without TLS. For tests: whoever listens learns the secret
    /// URIs of the session.
    #[arg(long, requires = "relay")]
    plain_auth: bool,
}

/// The relays to go through, at least one.
pub(crate) struct Relays {
    first: MsrpUri,
    outer: Vec<MsrpUri>,
    credentials: Option<Credentials>,
}

impl RelayOptions {
    pub(crate) const fn is_empty(&self) -> bool {
        self.relay.is_empty()
    }

    /// The error says what is wrong with the command line.
    pub(crate) fn check(self) -> Result<Option<Relays>, String> {
        self.relay.iter().try_for_each(next_hop::check_transport)?;
        let plain = self.relay.iter().find(|uri| !uri.is_secure());
        if let Some(uri) = plain {
            if !self.plain_auth {
                return Err(format!("--relay {uri}: use msrps, or --plain-auth for a test"));
            }
            tell(format_args!("warning: {uri} is asked without TLS"));
        }
        let credentials = credentials(self.user, self.password_file)?;
        let mut relays = self.relay.into_iter();
        let Some(first) = relays.next() else { return Ok(None) };
        Ok(Some(Relays { first, outer: relays.collect(), credentials }))
    }
}

fn credentials(user: Option<String>, file: Option<PathBuf>) -> Result<Option<Credentials>, String> {
    let (Some(user), Some(file)) = (user, file) else { return Ok(None) };
    let unreadable = |error| format!("--password-file {}: {error}", file.display());
    let password = fs::read_to_string(&file).map_err(unreadable)?;
    // Editors end the line that it is on.
    let password = password.trim_end_matches(['\r', '\n']);
    Ok(Some(Credentials::new(user, password)))
}

impl Relays {
    /// The relay to connect to.
    pub(crate) fn next_hop(&self, tls: TlsOptions) -> Result<NextHop, String> {
        NextHop::new(self.first.clone(), Some(RECOMMENDED_PORT), tls)
    }

    /// What asks for a route to `own`.
    pub(crate) fn authentication(&self, own: MsrpUri) -> Authentication {
        let first = self.first.clone();
        // The scheme of the first one says how it is connected to.
        let authentication = if first.is_secure() {
            Authentication::over_tls(own, first)
        } else {
            Authentication::without_tls(own, first)
        };
        let authentication = match &self.credentials {
            Some(credentials) => authentication.credentials(credentials.clone()),
            None => authentication,
        };
        self.outer.iter().cloned().fold(authentication, Authentication::outer)
    }

    /// Waits for a route for one session that is over soon.
    pub(crate) fn route(
        &self,
        link: &Link,
        own: MsrpUri,
        deadline: Instant,
    ) -> Result<RelayRoute, Failure> {
        let authentication = self.authentication(own).refresh(false);
        link.with(|it| it.authenticate(authentication))
            .map_err(|error| Failure::on(link, error))?;
        loop {
            match link.next_event(Some(deadline)) {
                None => return Err(Failure::timeout("the relay gave no route in time")),
                Some(Event::Authenticated { route, .. }) => return Ok(route),
                Some(Event::AuthenticationFailed { relay, reason, .. }) => {
                    // What became of a connection is told next.
                    if reason != AuthenticationFailure::ConnectionClosed {
                        return Err(Failure::relay(&relay, reason));
                    }
                }
                Some(Event::Closed(end)) => return Err(Failure::ended(&end)),
                Some(_) => {}
            }
        }
    }
}
