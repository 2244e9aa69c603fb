//! Incoming requests: the session that each is for, and what it carries (RFC 4975
//! sections 7.3 and 7.3.1).

use bytes::Bytes;

use super::Connection;
use super::event::Event;
use super::inbox::chunk::{Ended, Fault, Known, Refusal};
use super::inbox::{Dropped, Lost, Remains};
use super::scope::{Carrier, Scope, Subject, scope};
use super::session::Session;
use super::session_ids::only;
use crate::keys::SessionKey;
use crate::time::Instant;
use crate::tolerance::Tolerance;
use crate::uri::UriRef;
use crate::wire::{ByteRange, Continuation, FailureReport, Head, HeadRef, Method, StatusCode};

impl Connection {
    pub(super) fn request(&mut self, now: Instant, head: Head, method: RequestKind) {
        let view = head.view();
        let session = match self.session_of(&view) {
            Ok(session) => session,
            Err(status) => return self.refuse_request(&head, status),
        };
        match method {
            RequestKind::Send if self.is_bodiless(session, &view) => {
                self.inbox.begin_bodiless(session, head);
            }
            RequestKind::Send => self.begin_chunk(now, session, head),
            RequestKind::Report => self.reported(now, session, &view),
            RequestKind::Nickname if self.gives_nicknames(session) => {
                self.nickname_requested(session, &head);
            }
            // SEND and REPORT are always understood, extensions are not (sections
            // 10.9 and 12).
            RequestKind::Nickname | RequestKind::Other => {
                self.refuse_request(&head, StatusCode::UNKNOWN_METHOD);
            }
        }
        self.release_unless_arriving(session);
    }

    fn release_unless_arriving(&mut self, session: SessionKey) {
        if !self.inbox.is_arriving_in(session) {
            self.release_untold(session);
        }
    }

    fn gives_nicknames(&self, session: SessionKey) -> bool {
        self.sessions.get(session).is_some_and(|owner| owner.config.nicknames)
    }

    /// The session a request is for.
    fn session_of(&mut self, head: &HeadRef<'_>) -> Result<SessionKey, StatusCode> {
        // At an endpoint only the last URI of the path is left (section 7.3).
        if head.to_path().len() != 1 {
            return Err(StatusCode::NO_SUCH_SESSION);
        }
        let local = head.to_path().first();
        match self.session_at(local, head) {
            Err(StatusCode::NO_SUCH_SESSION) => self.session_by_id_alone(local, head),
            found => found,
        }
    }

    /// The session of exactly this URI. The first request for a session of the
    /// table binds it, if it is accepted (section 5.4).
    fn session_at(
        &mut self,
        local: UriRef<'_>,
        head: &HeadRef<'_>,
    ) -> Result<SessionKey, StatusCode> {
        if let Some(session) = self.sessions.find(local) {
            return Ok(session);
        }
        let table = self.table.as_ref().ok_or(StatusCode::NO_SUCH_SESSION)?;
        // A REPORT is about a message of a session that is already bound.
        if self.sessions.len() >= self.config.limits.sessions
            || head.method() == Some(Method::Report)
        {
            return Err(StatusCode::NO_SUCH_SESSION);
        }
        let (config, binding) = table.bind(local)?;
        let remote = config.remote.clone().unwrap_or_else(|| head.from_path().to_path());
        Ok(self.add_session(config, remote, Some(binding)))
    }

    /// The session with the session-id of this URI, here or in the table, if there
    /// is only one.
    fn session_by_id_alone(
        &mut self,
        local: UriRef<'_>,
        head: &HeadRef<'_>,
    ) -> Result<SessionKey, StatusCode> {
        if !self.config.parse.tolerances.contains(Tolerance::SessionIdAlone) {
            return Err(StatusCode::NO_SUCH_SESSION);
        }
        let uri = local.session_id().and_then(|session_id| {
            let here = self.sessions.find_session_id(session_id);
            match &self.table {
                Some(table) => table.find_session_id(session_id, here),
                None => only(here).cloned(),
            }
        });
        let session = self.session_at(uri.ok_or(StatusCode::NO_SUCH_SESSION)?.view(), head)?;
        self.tolerate(Tolerance::SessionIdAlone);
        Ok(session)
    }

    /// Whether a SEND has no body, or only the blank line before one: a message that
    /// begins has a Content-Type. Should octets follow, they make it a chunk.
    fn is_bodiless(&self, session: SessionKey, head: &HeadRef<'_>) -> bool {
        if !head.has_body() {
            return true;
        }
        let is_tolerated = self.config.parse.tolerances.contains(Tolerance::BlankLineWithoutBody);
        let is_of_known = |id| {
            let terms = self.sessions.get(session).map(|owner| &owner.config);
            let known = terms.map(|terms| self.inbox.known(session, terms, &id));
            self.inbox.refused(session, &id).is_some() || known != Some(Known::Nothing)
        };
        is_tolerated && head.content_type().is_none() && !head.message_id().is_some_and(is_of_known)
    }

    fn begin_chunk(&mut self, now: Instant, session: SessionKey, head: Head) {
        let view = head.view();
        let Some(message_id) = view.message_id() else {
            return self.refuse_request(&head, StatusCode::BAD_REQUEST);
        };
        if let Some(status) = self.inbox.refused(session, &message_id) {
            return self.respond(&view, status);
        }
        let Some(owner) = self.sessions.get(session) else { return };
        let known = self.inbox.known(session, &owner.config, &message_id);
        let is_later = known != Known::Nothing;
        let lacks_type = is_later && view.content_type().is_none();
        if lacks_type && !self.tolerate(Tolerance::MissingContentType) {
            return self.refuse_request(&head, StatusCode::BAD_REQUEST);
        }
        self.inbox.hear(now, self.life.read_since(now));
        let Some(owner) = self.sessions.get(session) else { return };
        let (inbox, events) = (&mut self.inbox, &mut self.events);
        let result = inbox.begin(session, &owner.config, (message_id, head), events);
        if let Ok(Some(_)) = result {
            self.mark_open(session, None);
        }
        self.tell_or_refuse(result);
    }

    /// A piece of the body of the current frame.
    pub(super) fn body_piece(&mut self, now: Instant, piece: Bytes) {
        if let Some((session, head)) = self.inbox.take_bodiless() {
            self.begin_chunk(now, session, head);
            self.release_unless_arriving(session);
        }
        self.inbox.hear(now, self.life.read_since(now));
        let result = self.inbox.piece(piece, &mut self.events);
        self.tell_or_refuse(result);
    }

    /// The end-line of the current frame.
    pub(super) fn end_line(&mut self, flag: Continuation) {
        if !self.inbox.agrees(flag) && !self.tolerate(Tolerance::WrongByteRange) {
            if let Some(refusal) = self.inbox.refuse_current(Fault::INCONSISTENT) {
                self.refuse(*refusal);
            }
            return;
        }
        self.check_bodiless();
        let ended = self.inbox.end(flag, &mut self.events);
        self.report_lost();
        match ended {
            Ok(Ended { session, receipt, event }) => {
                if let Some(session) = session {
                    self.accepted(session, event.is_some());
                }
                if let Some(receipt) = receipt {
                    self.acknowledge(&receipt);
                }
                self.events.extend(event);
            }
            Err(refusal) => self.refuse(*refusal),
        }
    }

    /// Tells what deviates in a SEND without a body whose end-line has arrived, or refuses
    /// it.
    fn check_bodiless(&mut self) {
        let Some((session, head)) = self.inbox.take_bodiless() else { return };
        let view = head.view();
        if view.message_id().is_none() && !self.tolerate(Tolerance::MissingMessageId) {
            self.refuse_request(&head, StatusCode::BAD_REQUEST);
            return self.release_untold(session);
        }
        if view.has_body() {
            self.tolerate(Tolerance::BlankLineWithoutBody);
        }
        self.inbox.begin_bodiless(session, head);
    }

    /// A request of the peer in a session is accepted, which opens it (section 5.4). If
    /// this side has sent a SEND to bind it, the response to that opens it, unless there
    /// is an event of the session before.
    fn accepted(&mut self, session: SessionKey, has_event: bool) {
        let awaits_response = self.sessions.get(session).is_some_and(Session::sends_binding);
        if has_event || !awaits_response {
            self.mark_open(session, None);
        }
    }

    fn tell_or_refuse(&mut self, result: Result<Option<Event>, Box<Refusal>>) {
        self.report_lost();
        match result {
            Ok(event) => self.events.extend(event),
            Err(refusal) => self.refuse(*refusal),
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        let Refusal { head, status, message, reason } = refusal;
        if self.is_untold(message.session) {
            let session = message.session;
            self.refuse_unopened(&head, status, (message, reason));
            return self.release_untold(session);
        }
        self.respond(&head.view(), status);
        self.events.push(Event::MessageFailed { received: message, reason });
    }

    /// When an unfinished incoming message may be due. A pause of this side is no
    /// silence of the peer.
    pub(super) fn next_incoming_deadline(&self) -> Option<Instant> {
        if self.wants_read() { self.inbox.next_deadline(self.life.resumed()) } else { None }
    }

    /// Drops the incoming messages whose rest has not come in time.
    pub(super) fn expire_incoming(&mut self, now: Instant) {
        if !self.wants_read() {
            return;
        }
        let since = self.life.resumed();
        while let Some(dropped) = self.inbox.expire(now, since) {
            self.drop_message(dropped);
        }
        self.report_lost();
    }

    /// A message that failed by no fault of the chunk that is arriving.
    pub(super) fn drop_message(&mut self, dropped: Dropped) {
        let Dropped { heads, status, event } = dropped;
        for head in heads {
            self.respond(&head.view(), status);
        }
        self.events.extend(event);
    }

    /// Reports octets that were acknowledged and then dropped: nothing is lost without
    /// a word (RFC 4975 section 7.1.4). The REPORT concerns the message alone: 413
    /// stands for a status that would end the session, as 408 with a Byte-Range does
    /// (section 7.3.2).
    pub(super) fn report_lost(&mut self) {
        for Lost { received, octets, status } in self.inbox.take_lost() {
            let head = received.head();
            let start = octets.start.saturating_add(1);
            let range = ByteRange::new(start, Some(octets.end), received.announced_size());
            if let Ok(range) = range
                && head.failure_report() != FailureReport::No
            {
                let scope = scope(status, Subject::Message, Carrier::ReportOnOctets);
                let is_mild = scope == Scope::Subject;
                let status = if is_mild { status } else { StatusCode::STOP_SENDING };
                let (session, id) = (received.session, &received.message_id);
                // A session that has ended gets no REPORT.
                let _ = self.write_report(session, id, &head, (status, range), None);
            }
        }
    }

    /// Drops the unfinished incoming messages of a session that ends.
    pub(super) fn drop_incoming(&mut self, session: SessionKey, is_lost: bool) {
        let is_untold = self.is_untold(session);
        let Remains { unanswered, failed } = self.inbox.close_session(session, is_lost);
        for head in unanswered {
            self.respond(&head.view(), StatusCode::NO_SUCH_SESSION);
        }
        if !is_untold {
            self.events.extend(failed);
        }
    }
}

/// The methods that an endpoint tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Send,
    Report,
    Nickname,
    Other,
}
