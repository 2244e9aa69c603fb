//! Responses and REPORTs on messages of the peer (RFC 4975 sections 7.1.2 to
//! 7.1.4 and 7.2).

use std::iter;

use super::Connection;
use super::config::session::ReportMode;
use super::error::SendError;
use super::event::received::Received;
use super::inbox::chunk::{Chunk, Receipt, Whole};
use crate::hop::END_LINE_OVERHEAD;
use crate::keys::{SessionKey, UnknownKey};
use crate::uri::{MsrpUri, Path, PathRef};
use crate::wire::encode::MAX_CONTROL_BODY;
use crate::wire::scan::occurs;
use crate::wire::{
    ByteRange, Continuation, FailureReport, HeadRef, HeadWriter, MediaType, MessageId, Method,
    Status, StatusCode, TransactionId,
};

/// The body of a REPORT, after its Content-Type.
type Content<'a> = (&'a MediaType, &'a [u8]);

/// The most transaction ids that are drawn because the body contains the end-line
/// of the one before: the largest body has room for no more end-lines.
const MAX_TRIES: usize = MAX_CONTROL_BODY / END_LINE_PREFIX;

/// The octets of the shortest end-line: seven hyphens and a transaction id.
const END_LINE_PREFIX: usize = 11;

impl Connection {
    /// Sends a REPORT on a message. A `status` of 200 reports success, for a
    /// session whose [`ReportMode`] is `Manual`. Any other reports a failure that
    /// occurred after the message was accepted.
    ///
    /// # Errors
    ///
    /// [`SendError::NotWanted`] if the sender did not ask for it, and
    /// [`SendError::UnknownKey`] if the session has ended or `message` belongs to
    /// another connection.
    pub fn report(
        &mut self,
        message: &Received,
        status: StatusCode,
        range: ByteRange,
    ) -> Result<(), SendError> {
        self.report_on(message, status, range, None)
    }

    /// Sends a REPORT with a body, which its receiver may ignore (RFC 4975 section
    /// 7.1.2). A chat room reports on private messages this way (RFC 7701 section
    /// 6.2).
    ///
    /// # Errors
    ///
    /// Those of [`Connection::report`], and [`SendError::ReportTooLarge`] if the body
    /// has more than 10,240 octets.
    pub fn report_with_body(
        &mut self,
        message: &Received,
        status: StatusCode,
        range: ByteRange,
        content_type: &MediaType,
        body: &[u8],
    ) -> Result<(), SendError> {
        if body.len() > MAX_CONTROL_BODY {
            return Err(SendError::ReportTooLarge);
        }
        self.report_on(message, status, range, Some((content_type, body)))
    }

    fn report_on(
        &mut self,
        message: &Received,
        status: StatusCode,
        range: ByteRange,
        body: Option<Content<'_>>,
    ) -> Result<(), SendError> {
        self.sessions.get(message.session).ok_or(UnknownKey)?;
        let head = message.head();
        let is_wanted = if status.is_success() {
            head.success_report()
        } else {
            head.failure_report() != FailureReport::No
        };
        if !is_wanted {
            return Err(SendError::NotWanted);
        }
        let id = &message.message_id;
        self.write_report(message.session, id, &head, (status, range), body)
    }

    /// Writes a REPORT on the SEND with this head. It goes back along the whole
    /// path, from this side's URI in the session.
    pub(super) fn write_report(
        &mut self,
        session: SessionKey,
        message_id: &MessageId,
        head: &HeadRef<'_>,
        (status, range): (StatusCode, ByteRange),
        body: Option<Content<'_>>,
    ) -> Result<(), SendError> {
        // Without random octets the connection ends, and the REPORT with it.
        let Some(id) = self.fresh_report_id(body) else { return Ok(()) };
        let Some(owner) = self.sessions.get(session) else {
            return Err(UnknownKey.into());
        };
        let from = PathRef::from(owner.config.local.view());
        let begin = self.hop.control().len();
        let report =
            HeadWriter::request(self.hop.control(), &id, Method::Report, head.from_path(), from)
                .message_id(message_id)
                .byte_range(range)
                .status(Status::new(status));
        let written = match body {
            None => report.bodiless(Continuation::Complete),
            Some((content_type, body)) => report.whole_body(content_type, body),
        };
        written?;
        let body_len = body.map_or(0, |(_, body)| body.len());
        self.check_report(begin, body_len)
    }

    /// Takes a REPORT back whose head keeps this side's own limit no longer.
    fn check_report(&mut self, begin: usize, body: usize) -> Result<(), SendError> {
        let max = self.config.parse.head_limit();
        let control = self.hop.control();
        if control.len() - begin > max + body + END_LINE_OVERHEAD {
            control.truncate(begin);
            return Err(SendError::HeadTooLong { max });
        }
        Ok(())
    }

    /// A transaction id whose end-line does not occur in the body.
    fn fresh_report_id(&mut self, body: Option<Content<'_>>) -> Option<TransactionId> {
        let mut id = self.hop.begin_control_request(None)?;
        for _ in 0..MAX_TRIES {
            let is_in_body = body.is_some_and(|(_, body)| occurs(id.as_bytes(), body));
            if !is_in_body {
                break;
            }
            id = self.hop.begin_control_request(None)?;
        }
        Some(id)
    }

    /// Responds to a frame, with the success REPORTs that its sender asked for.
    pub(super) fn acknowledge(&mut self, receipt: &Receipt) {
        match receipt {
            Receipt::Refused(head, status) => self.respond(&head.view(), *status),
            Receipt::Traffic(head) => self.respond(&head.view(), StatusCode::OK),
            Receipt::Part(chunk) => self.acknowledge_chunk(chunk),
            Receipt::Repeated(chunk) => self.acknowledge_repeated(chunk),
            Receipt::Whole(whole) => {
                for chunk in iter::once(&*whole.last).chain(&whole.repeated) {
                    self.acknowledge_chunk(chunk);
                }
                self.report_whole(whole);
            }
        }
    }

    fn acknowledge_chunk(&mut self, chunk: &Chunk) {
        let head = chunk.head.view();
        self.respond(&head, StatusCode::OK);
        if chunk.terms.reports == ReportMode::EachChunk && head.success_report() {
            self.report_success(chunk, &head, chunk.range());
        }
    }

    /// The sender of a chunk of a message that was complete before may lack its
    /// REPORTs, too.
    fn acknowledge_repeated(&mut self, chunk: &Chunk) {
        let head = chunk.head.view();
        self.respond(&head, StatusCode::OK);
        if chunk.terms.reports != ReportMode::Manual && head.success_report() {
            self.report_success(chunk, &head, chunk.range());
        }
    }

    fn report_whole(&mut self, whole: &Whole) {
        let head = whole.head().view();
        if whole.last.terms.reports == ReportMode::Whole && head.success_report() {
            self.report_success(&whole.last, &head, ByteRange::whole(whole.total));
        }
    }

    fn report_success(&mut self, chunk: &Chunk, head: &HeadRef<'_>, range: ByteRange) {
        let success = (StatusCode::OK, range);
        let written = self.write_report(chunk.session, &chunk.message_id, head, success, None);
        debug_assert!(written.is_ok(), "the session is open, and what was parsed can be written");
    }

    /// Responds to a request if its sender asks for a response (section 7.2).
    pub(super) fn respond(&mut self, head: &HeadRef<'_>, status: StatusCode) {
        if head.has_paths() {
            // If the request is for a session, the last URI is this side's there.
            self.hop.respond(head, status, head.to_path().last());
        } else if let Some((local, peer)) = self.ends_of(head) {
            self.hop.respond_to(head, status, local.view(), peer.view());
        }
    }

    /// Both ends of the session of a request that lacks a path: of the one that its To-Path
    /// names, or else of the only one. It is bound to this connection: nobody else may learn
    /// the peer's path.
    fn ends_of(&self, head: &HeadRef<'_>) -> Option<(MsrpUri, Path)> {
        let session = if head.has_to_path() {
            self.sessions.find(head.to_path().last())
        } else {
            self.sessions.only()
        };
        let session = self.sessions.get(session?)?;
        let from_path = head.has_from_path().then(|| head.from_path().to_path());
        let peer = from_path.unwrap_or_else(|| session.remote.clone());
        Some((session.config.local.clone(), peer))
    }
}
