//! For whom a relay has made a connection, and how the next one knows.
//!
//! Where a relay sends the flows of many, none may hold up the others. Where it sends those
//! of one client, they are slowed down and lose nothing. Nothing on the wire tells these
//! apart, so a relay of this kind says for whom it has made a connection beside the common
//! one: in a REPORT to the next relay itself, before anything else. Nobody responds to a
//! REPORT, and one on an unknown message is to be ignored (RFC 4975 section 7.1.2). No
//! client can say it through its relay, which adds its own URI to what it passes on.

use super::Relay;
use super::event::ConnectionId;
use super::flows::{FlowId, Previous};
use super::links::Link;
use crate::offset::Offset;
use crate::uri::UriRef;
use crate::wire::{ByteRange, Continuation, HeadRef, HeadWriter, Method, Status, StatusCode};

/// The comment of its status.
const FOR_ONE: &str = "For one client";

impl Relay {
    /// Says to the next relay that a connection is for the client alone that has this URI here.
    pub(super) fn say_for_whom(&mut self, id: ConnectionId, next: UriRef<'_>, client: UriRef<'_>) {
        let Some(hop) = self.links.get_mut(id).map(|link| &mut link.hop) else { return };
        let message_id = hop.ids().message_id();
        let Some(message_id) = hop.drawn(message_id) else { return };
        let Some(id) = hop.begin_control_request(None) else { return };
        let (control, to, from) = (hop.control(), next.into(), client.into());
        let written = HeadWriter::request(control, &id, Method::Report, to, from)
            .message_id(&message_id)
            .byte_range(ByteRange::from_offsets(Offset::START, Some(Offset::START), None))
            .status(Status { comment: Some(FOR_ONE), ..Status::new(StatusCode::OK) })
            .bodiless(Continuation::Complete);
        debug_assert!(written.is_ok(), "what was read can be written");
    }

    /// Whether a REPORT says for whom the previous relay has made a connection.
    pub(super) fn says_for_whom(&self, head: &HeadRef<'_>) -> bool {
        let (to, from) = (head.to_path(), head.from_path());
        let is_by_relay = to.len() == 1 && from.len() == 1 && self.is_own(to.first());
        is_by_relay && head.status().is_some_and(|status| status.comment == Some(FOR_ONE))
    }

    /// Notes for whom the previous relay has made a connection, as it says once, before anything
    /// else.
    pub(super) fn note_for_whom(&mut self, source: ConnectionId, client: UriRef<'_>) {
        let is_first = |link: &&mut Link| !link.is_proven && link.previous == Previous::Sender;
        match self.links.get_mut(source).filter(is_first) {
            Some(link) => link.previous = Previous::RelayFor(client.to_uri()),
            None => self.useless(source),
        }
    }

    /// Notes that the previous relay sends a flow of the client that has this URI there. If it
    /// has not said that the connection is for that client alone, it is for all.
    pub(super) fn note_previous_relay(
        &mut self,
        source: ConnectionId,
        client: UriRef<'_>,
        flow: FlowId,
    ) {
        let Some(link) = self.links.get_mut(source) else { return };
        match &link.previous {
            Previous::RelayFor(known) if known.view() == client => {
                if let Some(flow) = self.flows.get_mut(flow) {
                    flow.apart = Some(source);
                }
            }
            Previous::RelayFor(_) => {
                link.previous = Previous::Relay;
                self.read_on(source);
            }
            Previous::Sender | Previous::Relay => link.previous = Previous::Relay,
        }
    }
}
