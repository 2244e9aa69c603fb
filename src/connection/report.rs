//! Telling the peer what became of its messages: responses and REPORTs
//! (RFC 4975 sections 7.1.2 to 7.1.4 and 7.2).

use thiserror::Error;

use super::Connection;
use super::event::Received;
use crate::hop::SessionId;
use crate::uri::PathRef;
use crate::wire::{
    ByteRange, Continuation, FailureReport, HeadRef, HeadWriter, MessageId, Method, Status,
    StatusCode,
};

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
        let head = message.head();
        let is_wanted = if status.is_success() {
            head.success_report()
        } else {
            head.failure_report() != FailureReport::No
        };
        if !is_wanted {
            return Err(ReportError::NotWanted);
        }
        if self.write_report(message.session, &message.message_id, &head, status, range) {
            Ok(())
        } else {
            Err(ReportError::NoSession)
        }
    }

    /// Writes a REPORT on the SEND that `head` is of: back along its whole
    /// path, from this side's URI in the session.
    pub(super) fn write_report(
        &mut self,
        session: SessionId,
        message_id: &MessageId,
        head: &HeadRef<'_>,
        status: StatusCode,
        range: ByteRange,
    ) -> bool {
        let Some(owner) = self.sessions.get(session) else { return false };
        let id = self.hop.begin_control_request(None);
        let from = PathRef::from(owner.config.local.view());
        let report =
            HeadWriter::request(self.hop.control(), &id, Method::Report, head.from_path(), from)
                .message_id(message_id)
                .byte_range(range)
                .status(Status::new(status));
        report.bodiless(Continuation::Complete).is_ok()
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
