//! The beginning and end of sessions and of the connection (RFC 4975 section 5.4).

use super::Connection;
use super::carried::Purpose;
use super::config::session::{Bind, SessionConfig};
use super::error::SessionError;
use super::event::reason::{CloseReason, ConnectionEnd, Outcome};
use super::event::{Event, Response};
use super::outcome::Tell;
use super::scope::Subject;
use super::session::Session;
use super::table::Binding;
use crate::keys::{SessionKey, UnknownKey};
use crate::uri::{Path, PathRef};
use crate::wire::{
    ByteRange, Continuation, FailureReport, HeadWriter, MessageId, Method, Nickname, TransactionId,
};

/// The most octets of a bodiless request beside its paths, for the longest nickname.
const BODILESS_FIELDS: usize = 512 + 2 * Nickname::MAX_OCTETS;

impl Connection {
    /// Opens a session on this connection. Unless [`SessionConfig::bind`] says
    /// otherwise, a SEND binds it at once (RFC 4975 section 5.4).
    /// [`Event::SessionOpened`] follows when the peer has accepted it. Messages need
    /// not wait for that.
    ///
    /// # Errors
    ///
    /// [`SessionError`], and nothing leaves.
    pub fn open(&mut self, session: SessionConfig) -> Result<SessionKey, SessionError> {
        let remote = session.remote.clone().ok_or(SessionError::NoRemotePath)?;
        let max = self.config.limits.sessions;
        if self.is_closed {
            return Err(SessionError::Closed);
        } else if !self.is_bound {
            return Err(SessionError::NotBound);
        } else if self.sessions.find(session.local.view()).is_some() {
            return Err(SessionError::UriInUse);
        } else if self.sessions.len() >= max {
            return Err(SessionError::TooManySessions { max });
        }
        self.check_paths(&session, &remote)?;
        let bind = session.bind;
        let id = self.add_session(session, remote, None);
        if bind == Bind::Bodiless {
            self.send_bodiless(id, Purpose::Bind(id));
        }
        Ok(id)
    }

    /// Whether the bodiless requests of a session fit into a head.
    fn check_paths(&self, session: &SessionConfig, remote: &Path) -> Result<(), SessionError> {
        let parse = &self.config.parse;
        let max = parse.head_limit().saturating_sub(BODILESS_FIELDS);
        if remote.len() > parse.path_uris {
            Err(SessionError::TooManyUris { max: parse.path_uris })
        } else if remote.as_str().len() + session.local.as_str().len() > max {
            Err(SessionError::PathTooLong { max })
        } else {
            Ok(())
        }
    }

    /// Ends a session. Octets of its messages that have not left do not leave, its
    /// URI is removed from its [`SessionTable`](super::SessionTable), and the response
    /// to later requests for it is 481.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the session has ended, or belongs to another connection.
    pub fn close_session(&mut self, session: SessionKey) -> Result<(), UnknownKey> {
        self.sessions.get(session).ok_or(UnknownKey)?;
        self.retire_session(session, CloseReason::Local, Outcome::SessionClosed, None);
        Ok(())
    }

    /// The sessions on this connection, in the order in which they began.
    pub fn sessions(&self) -> impl Iterator<Item = SessionKey> {
        self.sessions.keys().filter(|session| !self.is_untold(*session))
    }

    /// The configuration of a session, including changes by
    /// [`Connection::update_session`].
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the session has ended, or belongs to another connection.
    pub fn session(&self, session: SessionKey) -> Result<&SessionConfig, UnknownKey> {
        self.sessions.get(session).map(|session| &*session.config).ok_or(UnknownKey)
    }

    pub(super) fn add_session(
        &mut self,
        config: SessionConfig,
        remote: Path,
        binding: Option<Binding>,
    ) -> SessionKey {
        let remembered = self.config.limits.remembered_messages;
        let rate = config.send_rate;
        let session = self.sessions.insert(Session::new(config, remote, binding, remembered));
        if rate.is_some() {
            self.hop.set_rate(session, rate);
        }
        session
    }

    pub(super) fn mark_open(&mut self, id: SessionKey, response: Option<Response>) {
        self.is_bound = true;
        if self.sessions.mark_open(id)
            && let Some(session) = self.sessions.get(id)
        {
            let remote = session.remote.clone();
            self.events.push(Event::SessionOpened { session: id, remote, response });
        }
    }

    /// Sends the bodiless SEND that binds a session or keeps the connection alive.
    pub(super) fn send_bodiless(&mut self, id: SessionKey, purpose: Purpose) {
        let subject = match purpose {
            Purpose::KeepAlive(_) => Subject::KeepAlive,
            Purpose::Bind(_) | Purpose::Chunk(_) | Purpose::Nickname(..) => Subject::Bind,
            #[cfg(feature = "auth")]
            Purpose::Auth(_) => Subject::Bind,
        };
        let Some((transaction, message_id)) =
            self.write_bodiless(id, Some(purpose), FailureReport::Yes)
        else {
            return;
        };
        if let Some(session) = self.sessions.get_mut(id) {
            session.requests.insert(transaction);
            session.bodiless = Some((message_id, subject));
        }
    }

    /// Sends a bodiless SEND that asks for no response.
    pub(super) fn send_sign_of_life(&mut self, id: SessionKey) {
        self.write_bodiless(id, None, FailureReport::No);
    }

    /// Writes a bodiless SEND. Like that of most stacks it has a Message-ID and an empty
    /// Byte-Range. Without random octets the connection ends, and the request with it.
    fn write_bodiless(
        &mut self,
        id: SessionKey,
        purpose: Option<Purpose>,
        failure_report: FailureReport,
    ) -> Option<(TransactionId, MessageId)> {
        let session = self.sessions.get(id)?;
        let message_id = self.hop.ids().message_id();
        let message_id = self.hop.drawn(message_id)?;
        let transaction = self.hop.begin_control_request(purpose)?;
        let (to, from) = (session.remote.view(), PathRef::from(session.config.local.view()));
        let out = self.hop.control();
        let mut head = HeadWriter::request(out, &transaction, Method::Send, to, from)
            .message_id(&message_id)
            .byte_range(ByteRange::EMPTY);
        if failure_report != FailureReport::Yes {
            head = head.failure_report(failure_report);
        }
        let written = head.bodiless(Continuation::Complete);
        debug_assert!(written.is_ok());
        Some((transaction, message_id))
    }

    /// Ends a session and removes it from its table: requests that are still on
    /// their way must not bind it again, and the next session needs new URIs (RFC
    /// 4975 section 5.4).
    pub(super) fn retire_session(
        &mut self,
        id: SessionKey,
        reason: CloseReason,
        outcome: Outcome,
        response: Option<Response>,
    ) -> bool {
        if let Some(binding) = self.sessions.get(id).and_then(Session::binding) {
            binding.retire();
        }
        self.end_session(id, reason, outcome, response)
    }

    /// Ends a session with everything that it owns. Returns whether it was open.
    pub(super) fn end_session(
        &mut self,
        id: SessionKey,
        reason: CloseReason,
        outcome: Outcome,
        response: Option<Response>,
    ) -> bool {
        let tell = match reason {
            CloseReason::Local | CloseReason::TimedOut | CloseReason::Failed(_) => Tell::Peer,
            // A peer that has refused the session must get nothing more in it (RFC
            // 4975 sections 10.8 and 10.10).
            CloseReason::Rejected(_) | CloseReason::Silent | CloseReason::ConnectionClosed => {
                Tell::Nothing
            }
        };
        let is_untold = self.is_untold(id);
        let is_lost = reason != CloseReason::Local;
        if is_untold {
            self.drop_incoming(id, is_lost);
        }
        let Some(session) = self.sessions.remove(id).filter(|_| !is_untold) else { return false };
        self.finish_all(session.outbox, outcome, tell);
        self.drop_nicknames(id, session.nicknames, outcome);
        self.drop_incoming(id, is_lost);
        for request in &session.requests {
            self.hop.complete(request);
        }
        self.hop.set_rate(id, None);
        self.ended_requests.forget(id);
        self.events.push(Event::SessionClosed { session: id, reason, response });
        true
    }

    pub(super) fn end(&mut self, end: ConnectionEnd, outcome: Outcome) {
        let reason = match end {
            ConnectionEnd::Local => CloseReason::Local,
            ConnectionEnd::Silent => CloseReason::Silent,
            ConnectionEnd::Peer
            | ConnectionEnd::Stalled
            | ConnectionEnd::NotBound
            | ConnectionEnd::FrameTimeout
            | ConnectionEnd::Failed(_)
            | ConnectionEnd::RandomFailed(_) => CloseReason::ConnectionClosed,
        };
        let ids: Vec<SessionKey> = self.sessions.keys().collect();
        for id in ids {
            self.end_session(id, reason, outcome, None);
        }
        #[cfg(feature = "auth")]
        self.end_authentications();
        self.hop.forget_transactions();
        self.is_closed = true;
        self.events.push(Event::Closed(end));
    }
}
