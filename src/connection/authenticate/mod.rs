//! The use of relays: AUTH from the client's side (RFC 4976 section 5.1).

mod fallback;
mod flow;
mod running;

use std::time::Duration;

use super::Connection;
use super::carried::Purpose;
use super::config::Role;
use super::event::Event;
use super::event::authentication::{AuthenticateError, AuthenticationFailure};
use crate::auth::Credentials;
use crate::keys::{AuthKey, UnknownKey};
use crate::time::Instant;
use crate::tolerance::Tolerance;
use crate::uri::{Host, MsrpUri, Path, PathRef};
use crate::wire::{
    ByteRange, Continuation, EncodeError, HeadRef, HeadWriter, HeaderName, Method, StatusCode,
};
use flow::{Flow, Next, Request};
pub(super) use running::Authentications;
use running::{Granted, Running, WaitsFor};

/// The default of [`Authentication::fallback_wait`].
const FALLBACK_WAIT: Duration = Duration::from_secs(5);

/// What a client asks for: the use of one relay, or of a chain of relays.
///
/// AUTH requires TLS (RFC 4976 section 8). A [`Connection`] does not see its
/// transport, so the application states it by the constructor that it calls.
///
/// ```
/// use msrp::Authentication;
/// use msrp::auth::Credentials;
///
/// let authentication = Authentication::over_tls(
///     "msrps://alice.example:9892/98cjs;tcp".parse()?,
///     "msrps://intra.example;tcp".parse::<msrp::MsrpUri>()?,
/// )
/// .outer("msrps://extra.example;tcp".parse::<msrp::MsrpUri>()?)
/// .credentials(Credentials::new("alice", "her password"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Authentication {
    local: MsrpUri,
    first: RelayAccount,
    outer: Vec<RelayAccount>,
    credentials: Option<Credentials>,
    expires: Option<u32>,
    uri_parameter: UriParameter,
    fallback_wait: Duration,
    refreshes: bool,
    is_secured: bool,
}

/// A relay, and the credentials for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RelayAccount {
    /// The URI of the relay. It has no session-id, and need not have a port.
    pub uri: MsrpUri,
    /// The credentials for this relay. Default: `None`, those of
    /// [`Authentication::credentials`].
    pub credentials: Option<Credentials>,
}

impl RelayAccount {
    /// A relay that uses [`Authentication::credentials`].
    #[must_use]
    pub const fn new(uri: MsrpUri) -> Self {
        Self { uri, credentials: None }
    }

    /// Sets the credentials for this relay.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }
}

impl From<MsrpUri> for RelayAccount {
    fn from(uri: MsrpUri) -> Self {
        Self::new(uri)
    }
}

/// Whether Authorization has a `uri` parameter. RFC 7616 requires it, and the
/// examples of RFC 4976 lack it. Some relays accept only one of the two forms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UriParameter {
    /// With `uri`. If the relay responds with 401, or not within
    /// [`Authentication::fallback_wait`], one more AUTH without `uri` follows. A wrong
    /// password is therefore tried twice.
    #[default]
    Fallback,
    /// With `uri`.
    Always,
    /// Without `uri`.
    Never,
}

impl Authentication {
    /// Authenticates with a relay on a connection over TLS, or over a WebSocket on
    /// TLS, whose certificate is that of the relay's host.
    ///
    /// `local` is this side's URI in the session to come. Connect before making it, so
    /// that it has the real local address and port: relays in use compare them with where
    /// the requests come from, or connect to whatever they name, port 9 included. The URI
    /// of a relay has no session-id, and need not have a port.
    pub fn over_tls(local: MsrpUri, relay: impl Into<RelayAccount>) -> Self {
        Self::new(local, relay.into(), true)
    }

    /// Authenticates with a relay of the scheme `msrp` without TLS, for tests on
    /// one machine. The password itself is not sent, but the URIs that the relay
    /// grants are, and anyone who reads them can take part in the session.
    pub fn without_tls(local: MsrpUri, relay: impl Into<RelayAccount>) -> Self {
        Self::new(local, relay.into(), false)
    }

    const fn new(local: MsrpUri, first: RelayAccount, is_secured: bool) -> Self {
        Self {
            local,
            first,
            outer: Vec::new(),
            credentials: None,
            expires: None,
            uri_parameter: UriParameter::Fallback,
            fallback_wait: FALLBACK_WAIT,
            refreshes: true,
            is_secured,
        }
    }

    /// Adds a relay that is reached through those before it.
    pub fn outer(mut self, relay: impl Into<RelayAccount>) -> Self {
        self.outer.push(relay.into());
        self
    }

    /// Sets the credentials for every relay that has none in its
    /// [`RelayAccount`]. A client that the transport has authenticated needs none
    /// (RFC 7977 section 5.3.1).
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets the longest lifetime to ask for, in whole seconds and at least one. If
    /// a relay responds with 423, the next AUTH asks for a lifetime within its
    /// bounds. Default: the relay chooses.
    pub fn expires(mut self, lifetime: Duration) -> Self {
        self.expires = Some(u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX).max(1));
        self
    }

    /// Sets whether Authorization has a `uri` parameter. Default:
    /// [`UriParameter::Fallback`].
    pub const fn uri_parameter(mut self, mode: UriParameter) -> Self {
        self.uri_parameter = mode;
        self
    }

    /// Sets how long [`UriParameter::Fallback`] waits for the response to an AUTH with
    /// `uri`. Default 5 seconds: a relay that is silent to that form may close the
    /// connection within
    /// [`Config::transaction_timeout`](crate::Config::transaction_timeout), which is
    /// the most that it waits.
    pub const fn fallback_wait(mut self, wait: Duration) -> Self {
        self.fallback_wait = wait;
        self
    }

    /// Sets whether another route follows after three quarters of the lifetime of
    /// a route. Default: yes.
    pub const fn refresh(mut self, wanted: bool) -> Self {
        self.refreshes = wanted;
        self
    }

    /// Checks the schemes against the transport: with TLS those of all relays,
    /// without it that of the first.
    fn check_schemes(&self) -> Result<(), AuthenticateError> {
        let first = &self.first.uri;
        if !self.is_secured {
            let needs_tls = first.is_secure().then(|| AuthenticateError::NeedsTls(first.clone()));
            return needs_tls.map_or(Ok(()), Err);
        }
        let mut relays = std::iter::once(first).chain(self.outer.iter().map(|relay| &relay.uri));
        let plain = relays.find(|uri| !uri.is_secure());
        plain.map_or(Ok(()), |uri| Err(AuthenticateError::NotSecured(uri.clone())))
    }
}

impl Connection {
    /// Authenticates with the relay at the other end of this connection, and
    /// through it with the outer relays (RFC 4976 section 5.1).
    /// [`Event::Authenticated`] has the route, and
    /// [`Event::AuthenticationFailed`] says why there is none. Sessions on the
    /// connection continue meanwhile.
    ///
    /// A route serves one session: authenticate once for each. Unless
    /// [`Authentication::refresh`] is off, further routes follow under the same
    /// key, each before the previous one expires. A session that outlives its
    /// route uses the next one in a new offer to its peer. No session changes by
    /// itself.
    ///
    /// # Errors
    ///
    /// [`AuthenticateError`], and nothing leaves.
    pub fn authenticate(
        &mut self,
        authentication: Authentication,
    ) -> Result<AuthKey, AuthenticateError> {
        let max = self.config.limits.authentications;
        if self.is_closed {
            return Err(AuthenticateError::Closed);
        } else if self.role == Role::Passive {
            return Err(AuthenticateError::Passive);
        } else if self.authentications.running.len() >= max {
            return Err(AuthenticateError::TooMany { max });
        }
        authentication.check_schemes()?;
        let key = self.authentications.insert(Flow::new(authentication));
        self.send_auth(key);
        Ok(key)
    }

    /// Stops an authentication: no further route follows under its key. Routes
    /// that were granted stay valid.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the authentication has ended, or belongs to another connection.
    pub fn stop_authentication(&mut self, key: AuthKey) -> Result<(), UnknownKey> {
        let Running { waits_for, .. } =
            self.authentications.running.remove(&key).ok_or(UnknownKey)?;
        self.authentications.undecided.remove(&key);
        match waits_for {
            WaitsFor::Nothing => {}
            WaitsFor::Response(transaction) => drop(self.hop.complete(&transaction)),
            WaitsFor::Refresh(due) => drop(self.authentications.refreshes.remove(&(due, key))),
        }
        Ok(())
    }

    /// A response to an AUTH.
    pub(super) fn auth_responded(
        &mut self,
        key: AuthKey,
        asked: Instant,
        head: &HeadRef<'_>,
        status: StatusCode,
    ) {
        let use_path = if status.is_success() { self.use_path(head) } else { None };
        if let Some(flow) = self.authentications.flow(key) {
            let next = flow.responded(asked, head, status, use_path);
            self.proceed(key, next);
        }
    }

    /// The Use-Path of a response, if it is usable.
    fn use_path(&mut self, head: &HeadRef<'_>) -> Option<Path> {
        let text = head.header(HeaderName::UsePath)?;
        let path = PathRef::parse(text, self.config.parse.path_uris).ok()?;
        // Section 4.2 requires names and ports.
        let is_complete =
            path.iter().all(|uri| matches!(uri.host(), Host::Name(_)) && uri.port().is_some());
        (is_complete || self.tolerate(Tolerance::UsePathAddress)).then(|| path.to_path())
    }

    /// No response to an AUTH came in time.
    pub(super) fn auth_timed_out(&mut self, key: AuthKey) {
        if let Some(flow) = self.authentications.flow(key) {
            let next = flow.timed_out();
            self.proceed(key, next);
        }
    }

    /// Asks for the routes whose refresh is due.
    pub(super) fn refresh_routes(&mut self, now: Instant) {
        while let Some((due, key)) = self.authentications.refreshes.first().copied()
            && due <= now
        {
            self.authentications.refreshes.pop_first();
            self.send_auth(key);
        }
    }

    /// The connection ends: authentications that have no route yet have failed.
    pub(super) fn end_authentications(&mut self) {
        self.authentications.refreshes.clear();
        self.authentications.undecided.clear();
        for (key, Running { flow, .. }) in std::mem::take(&mut self.authentications.running) {
            if flow.is_asking() {
                let (relay, reason) =
                    (flow.relay().clone(), AuthenticationFailure::ConnectionClosed);
                self.events.push(Event::AuthenticationFailed { key, relay, reason });
            }
        }
    }

    fn proceed(&mut self, key: AuthKey, next: Next) {
        self.authentications.undecided.remove(&key);
        match next {
            Next::Ask => self.send_auth(key),
            Next::Done { route, refresh } => {
                self.authentications.granted(key);
                match refresh {
                    Some(due) => self.authentications.refresh_at(key, due),
                    None => drop(self.authentications.running.remove(&key)),
                }
                self.events.push(Event::Authenticated { key, route });
            }
            Next::Failed(reason) => {
                if let Some(Running { flow, .. }) = self.authentications.running.remove(&key) {
                    let relay = flow.relay().clone();
                    self.events.push(Event::AuthenticationFailed { key, relay, reason });
                }
            }
        }
    }

    /// Sends a bodiless SEND to the relay itself. It belongs to no session, so a relay
    /// refuses it (RFC 4976 section 6.4), which is an answer as well.
    pub(super) fn keep_relay_alive(&mut self) {
        let message_id = self.hop.ids().message_id();
        let Some(message_id) = self.hop.drawn(message_id) else { return };
        let Some(Granted { local, relay }) = self.authentications.relay.as_deref() else { return };
        let purpose = Purpose::KeepAlive(None);
        let Some(transaction) = self.hop.begin_control_request(Some(purpose)) else { return };
        let (to, from) = (PathRef::from(relay.view()), PathRef::from(local.view()));
        let written = HeadWriter::request(self.hop.control(), &transaction, Method::Send, to, from)
            .message_id(&message_id)
            .byte_range(ByteRange::EMPTY)
            .bodiless(Continuation::Complete);
        debug_assert!(written.is_ok());
    }

    fn send_auth(&mut self, key: AuthKey) {
        let Some(running) = self.authentications.running.get_mut(&key) else { return };
        let request = running.flow.request(self.hop.ids());
        let local = PathRef::from(running.flow.local().view());
        // Without random octets the connection ends, and the authentication with it.
        let Some(request) = self.hop.drawn(request) else { return };
        let purpose = Purpose::Auth(key);
        let Some(transaction) = self.hop.begin_control_request(Some(purpose)) else { return };
        running.waits_for = WaitsFor::Response(transaction);
        let to = request.to_path.view();
        let head = HeadWriter::request(self.hop.control(), &transaction, Method::Auth, to, local);
        let written = request.write(head);
        debug_assert!(written.is_ok(), "values of msrp::auth can be written");
        self.authentications.asks(key);
    }
}

impl Request {
    fn write(&self, mut head: HeadWriter<'_>) -> Result<(), EncodeError> {
        if let Some(expires) = self.expires {
            head = head.header(HeaderName::Expires.as_str(), &expires.to_string());
        }
        if let Some(authorization) = &self.authorization {
            let value = authorization.to_string();
            head = head.header(HeaderName::Authorization.as_str(), &value);
        }
        head.bodiless(Continuation::Complete)
    }
}
