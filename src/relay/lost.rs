//! REPORTs on what was acknowledged and has no response of the next hop (RFC 4976 section
//! 6.4.1).

use std::ops::Range;
use std::sync::Arc;

use super::Relay;
use super::event::ConnectionId;
use super::link::Current;
use super::relayed::{Forwarded, Purpose, Relayed, Relaying};
use crate::hop::{Outgoing, Transaction, Unsettled};
use crate::offset::Offset;
use crate::wire::StatusCode;

impl Relay {
    /// Reports the chunks that had not left, or had no response, on a connection
    /// that is lost. A chunk that is still arriving gets its response once it is
    /// complete.
    pub(super) fn report_lost(&mut self, id: ConnectionId, unsettled: Unsettled<Relaying>) {
        let Unsettled { transactions, messages } = &unsettled;
        let lost = in_order(lost(transactions, messages));
        // Each head makes room for the REPORT on it.
        drop(unsettled);
        for (relayed, octets) in lost {
            let source = relayed.source();
            if !self.lose_current(source, id, &relayed) {
                self.report_failure(&relayed, octets, StatusCode::TIMEOUT);
            }
        }
    }

    /// Reports the chunks of a connection that wait on others. The one that is arriving
    /// has no response yet.
    pub(super) fn report_pending(&mut self, source: ConnectionId) {
        let Some(link) = self.links.get(source) else { return };
        let arriving = link.current.relayed().cloned();
        let mut pending = Vec::new();
        for id in link.pending.connections() {
            if let Some(link) = self.links.get_mut(id) {
                let (transactions, messages) = link
                    .hop
                    .missed_by(|purpose| purpose.source() == source, |key| key.source == source);
                pending.extend(lost(transactions, messages));
            }
        }
        pending.retain(|(relayed, _)| arriving.as_ref().is_none_or(|it| !Arc::ptr_eq(it, relayed)));
        let pending = in_order(pending);
        for (relayed, octets) in &pending {
            self.report_failure(relayed, octets.clone(), StatusCode::TIMEOUT);
        }
        pending.iter().for_each(|(relayed, _)| relayed.set_reported());
    }

    /// Marks the chunk that is arriving as lost, if it is this one. Returns whether
    /// it is; it may be lost in several parts.
    pub(super) fn lose_current(
        &mut self,
        source: ConnectionId,
        id: ConnectionId,
        lost: &Arc<Relayed>,
    ) -> bool {
        let Some(link) = self.links.get_mut(source) else { return false };
        match &link.current {
            Current::Passing { head, destination, relayed, .. }
                if *destination == id && Arc::ptr_eq(relayed, lost) =>
            {
                link.current = Current::Lost { head: head.clone(), relayed: Arc::clone(relayed) };
                true
            }
            Current::Lost { relayed, .. } => Arc::ptr_eq(relayed, lost),
            Current::Skipped | Current::Passing { .. } | Current::Whole { .. } => false,
        }
    }
}

/// A SEND, and which octets of it are lost.
type Lost = (Arc<Relayed>, Range<Offset>);

/// The SENDs among what has no response or has not left.
fn lost<'a>(
    transactions: impl IntoIterator<Item = &'a Transaction<Purpose>>,
    messages: impl IntoIterator<Item = &'a Outgoing<Relaying>>,
) -> Vec<Lost> {
    let open = transactions.into_iter().filter_map(|transaction| {
        let Purpose::Relayed(Forwarded { relayed, .. }) = &transaction.purpose else { return None };
        Some((Arc::clone(relayed), transaction.octets.clone()))
    });
    let unsent = messages.into_iter().map(|message| {
        let octets = message.offset..message.queued_end();
        (Arc::clone(&message.heading.relayed), octets)
    });
    open.chain(unsent).collect()
}

/// The same order in every run.
fn in_order(mut lost: Vec<Lost>) -> Vec<Lost> {
    lost.sort_by(|(one, octets), (other, others)| {
        one.order(other).then(octets.start.cmp(&others.start))
    });
    lost
}
