//! Responses (RFC 4975 section 7.2).

use super::{Hop, Owner};
use crate::uri::{PathRef, UriRef};
use crate::wire::{
    Continuation, EncodeError, FailureReport, HeadRef, HeadWriter, Method, StatusCode,
};

impl<O: Owner> Hop<O> {
    /// Responds to a request that has its paths, if its Failure-Report asks for
    /// this response.
    pub(crate) fn respond(&mut self, head: &HeadRef<'_>, status: StatusCode, from: UriRef<'_>) {
        self.respond_to(head, status, from, head.from_path());
    }

    /// Responds along the path to the sender of a request whose From-Path may be missing.
    pub(crate) fn respond_to(
        &mut self,
        head: &HeadRef<'_>,
        status: StatusCode,
        from: UriRef<'_>,
        sender: PathRef<'_>,
    ) {
        let written = self.write_response(head, status, from, sender, |response| response);
        debug_assert!(written.is_ok(), "what was read can be written");
    }

    /// Responds with additional header fields.
    #[cfg(feature = "auth")]
    pub(crate) fn respond_with(
        &mut self,
        head: &HeadRef<'_>,
        status: StatusCode,
        from: UriRef<'_>,
        fields: impl for<'a> FnOnce(HeadWriter<'a>) -> HeadWriter<'a>,
    ) -> Result<(), EncodeError> {
        self.write_response(head, status, from, head.from_path(), fields)
    }

    fn write_response(
        &mut self,
        head: &HeadRef<'_>,
        status: StatusCode,
        from: UriRef<'_>,
        sender: PathRef<'_>,
        fields: impl for<'a> FnOnce(HeadWriter<'a>) -> HeadWriter<'a>,
    ) -> Result<(), EncodeError> {
        if !wants_response(head, status) {
            return Ok(());
        }
        let is_send = head.method() == Some(Method::Send);
        let to = if is_send { PathRef::from(sender.first()) } else { sender };
        let (id, comment) = (head.transaction_id(), status.reason());
        let response = HeadWriter::response(self.control(), &id, status, comment, to, from.into());
        fields(response).bodiless(Continuation::Complete)
    }
}

/// There is no response to a REPORT. For other requests, Failure-Report decides.
fn wants_response(head: &HeadRef<'_>, status: StatusCode) -> bool {
    match (head.method(), head.failure_report()) {
        (None | Some(Method::Report), _) | (_, FailureReport::No) => false,
        (_, FailureReport::Yes) => true,
        (_, FailureReport::Partial) => !status.is_success(),
    }
}
