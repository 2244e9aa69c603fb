//! Telling the peer what became of its messages: responses and REPORTs
//! (RFC 4975 sections 7.1.2 to 7.1.4 and 7.2).

use thiserror::Error;

use super::Connection;
use super::chunk::{Chunk, Receipt, Whole};
use super::config::ReportMode;
use super::event::Received;
use crate::keys::SessionKey;
use crate::uri::PathRef;
use crate::wire::encode::MAX_CONTROL_BODY;
use crate::wire::scan::occurs;
use crate::wire::{
    ByteRange, Continuation, FailureReport, HeadRef, HeadWriter, MediaType, MessageId, Method,
    Status, StatusCode, TransactionId,
};

/// What a REPORT has for a body.
type Content<'a> = (&'a MediaType, &'a [u8]);

/// How often an id is thrown away because the body has its end-line in it: a
/// body of that many octets cannot hold more of them.
const MAX_TRIES: usize = MAX_CONTROL_BODY / END_LINE_PREFIX;

/// Octets that an end-line has at the least: seven hyphens and a transaction id.
const END_LINE_PREFIX: usize = 11;

/// Why a message cannot be reported on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The sender did not ask for such reports (RFC 4975 sections 7.1.3 and
    /// 7.1.4).
    #[error("the sender of the message did not ask for this report")]
    NotWanted,
    /// The session has ended: the REPORT would not arrive (section 7.1.2).
    #[error("the session is not open on this connection")]
    NoSession,
    /// The body of the REPORT is larger than 10,240 octets (section 7.1).
    #[error("the body of a REPORT has at most 10,240 octets")]
    BodyTooLarge,
}

impl Connection {
    /// Sends a REPORT on a message: a success where `status` is 200, where the
    /// session's [`ReportMode`](crate::ReportMode) is `Manual`; a failure that
    /// showed only after the message was accepted otherwise.
    ///
    /// # Errors
    ///
    /// [`ReportError`] where the sender did not ask for it or the session has
    /// ended.
    pub fn report(
        &mut self,
        message: &Received,
        status: StatusCode,
        range: ByteRange,
    ) -> Result<(), ReportError> {
        self.report_on(message, status, range, None)
    }

    /// The same with a body, for information: nobody has to read it (RFC 4975
    /// section 7.1.2). Those of a chat room on private messages have one (RFC
    /// 7701 section 6.2).
    ///
    /// # Errors
    ///
    /// [`ReportError`], also where the body has more than 10,240 octets.
    pub fn report_with_body(
        &mut self,
        message: &Received,
        status: StatusCode,
        range: ByteRange,
        content_type: &MediaType,
        body: &[u8],
    ) -> Result<(), ReportError> {
        if body.len() > MAX_CONTROL_BODY {
            return Err(ReportError::BodyTooLarge);
        }
        self.report_on(message, status, range, Some((content_type, body)))
    }

    fn report_on(
        &mut self,
        message: &Received,
        status: StatusCode,
        range: ByteRange,
        body: Option<Content<'_>>,
    ) -> Result<(), ReportError> {
        let head = message.head();
        let is_wanted = if status.is_success() {
            head.success_report()
        } else {
            head.failure_report() != FailureReport::No
        };
        if !is_wanted {
            return Err(ReportError::NotWanted);
        }
        let id = &message.message_id;
        let is_written = self.write_report(message.session, id, &head, (status, range), body);
        if is_written { Ok(()) } else { Err(ReportError::NoSession) }
    }

    /// Writes a REPORT on the SEND that `head` is of: back along its whole
    /// path, from this side's URI in the session.
    fn write_report(
        &mut self,
        session: SessionKey,
        message_id: &MessageId,
        head: &HeadRef<'_>,
        (status, range): (StatusCode, ByteRange),
        body: Option<Content<'_>>,
    ) -> bool {
        // Without random octets the connection ends, and its sessions with it.
        let Some(id) = self.fresh_report_id(body) else { return false };
        let Some(owner) = self.sessions.get(session) else { return false };
        let from = PathRef::from(owner.config.local.view());
        let report =
            HeadWriter::request(self.hop.control(), &id, Method::Report, head.from_path(), from)
                .message_id(message_id)
                .byte_range(range)
                .status(Status::new(status));
        let written = match body {
            None => report.bodiless(Continuation::Complete),
            Some((content_type, body)) => report.whole_body(content_type, body),
        };
        written.is_ok()
    }

    /// An id whose end-line is not in the body. A second is hardly ever needed.
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

    /// Accepts a frame: a 200 and the success REPORTs that its sender asked for.
    pub(super) fn acknowledge(&mut self, receipt: &Receipt) {
        match receipt {
            Receipt::Traffic(head) => self.respond(&head.view(), StatusCode::OK),
            Receipt::Part(chunk) => self.acknowledge_chunk(chunk),
            Receipt::Whole(whole) => {
                self.acknowledge_chunk(&whole.last);
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

    fn report_whole(&mut self, whole: &Whole) {
        let head = whole.head().view();
        if whole.last.terms.reports == ReportMode::Whole && head.success_report() {
            self.report_success(&whole.last, &head, ByteRange::whole(whole.total));
        }
    }

    fn report_success(&mut self, chunk: &Chunk, head: &HeadRef<'_>, range: ByteRange) {
        let success = (StatusCode::OK, range);
        // A session that has ended reports on nothing.
        let _ = self.write_report(chunk.session, &chunk.message_id, head, success, None);
    }

    /// Answers a request if its sender wants to hear that (section 7.2).
    pub(super) fn respond(&mut self, head: &HeadRef<'_>, status: StatusCode) {
        if head.has_paths() {
            // For a request that has found its session the last URI is this
            // side's in the session.
            self.hop.respond(head, status, head.to_path().last());
        }
    }
}
