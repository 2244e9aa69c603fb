//! Frames that are refused outside of any message.

use bytes::Bytes;

use super::Connection;
use super::event::Event;
use super::event::reason::FailReason;
use super::event::received::Received;
use super::event::refused::Refused;
use super::session::Session;
use crate::keys::SessionKey;
use crate::wire::{BadHead, Head, ParseError, StatusCode};

/// The most octets of a refused frame that its event has.
const SHOWN: usize = 256;

impl Connection {
    /// A malformed head in intact framing affects only its request.
    pub(super) fn bad_request(&mut self, bad: &BadHead) {
        let status = bad.error().kind().status();
        let error = Some(bad.error().clone());
        self.tell_refused(bad.head(), status, error, None);
    }

    /// Refuses a request outside of any message.
    pub(super) fn refuse_request(&mut self, head: &Head, status: StatusCode) {
        self.tell_refused(head, Some(status), None, None);
    }

    /// Refuses the first chunk of a message whose session is not open.
    pub(super) fn refuse_unopened(
        &mut self,
        head: &Head,
        status: StatusCode,
        message: (Received, FailReason),
    ) {
        self.tell_refused(head, Some(status), None, Some(message));
    }

    fn tell_refused(
        &mut self,
        head: &Head,
        status: Option<StatusCode>,
        error: Option<ParseError>,
        message: Option<(Received, FailReason)>,
    ) {
        let before = self.hop.control_len();
        if let Some(status) = status {
            self.respond(&head.view(), status);
        }
        let has_responded = self.hop.control_len() > before;
        let octets = head.octets();
        let octets = Bytes::copy_from_slice(octets.get(..SHOWN).unwrap_or(octets));
        let status = status.filter(|_| has_responded);
        self.events.push(Event::Refused(Box::new(Refused { octets, error, status, message })));
    }

    /// Gives a session that the application does not know of back to its table, after a
    /// request for it was refused: the next request may come on another connection.
    pub(super) fn release_untold(&mut self, session: SessionKey) {
        if self.is_untold(session) {
            self.drop_incoming(session, false);
            self.sessions.remove(session);
            self.hop.set_rate(session, None);
        }
    }

    /// Whether the peer has named a session of the table, but none of its requests for
    /// it has been accepted: it is held for the peer, not open, and the application does
    /// not know of it (RFC 4975 section 5.4).
    pub(super) fn is_untold(&self, session: SessionKey) -> bool {
        let is_bound = |owner: &Session| owner.binding().is_some();
        !self.sessions.is_open(session) && self.sessions.get(session).is_some_and(is_bound)
    }
}
