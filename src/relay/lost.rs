//! REPORTs on what was acknowledged and has no response of the next hop (RFC 4976 section
//! 6.4.1).
//!
//! A connection can end with more requests than can be reported at once, so they are queued.
//! A connection that the relay closes has its place among them: what is queued before it may
//! be its own, and what is queued later is not.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::Relay;
use super::event::ConnectionId;
use super::flows::FlowId;
use super::links::Current;
use super::requests::waits::Outstanding;
use super::requests::{ChunkKey, Forwarded, Purpose, Relayed, Relaying};
use super::watch::Timer;
use crate::hop::{Missed, Outgoing, Rest, Transaction, Unsettled};
use crate::offset::Offset;
use crate::time::Instant;
use crate::wire::{MessageId, StatusCode};

/// What is lost and not yet reported. It stays charged to those who have sent it.
#[derive(Debug, Default)]
pub(super) struct Losses {
    queue: VecDeque<Loss>,
}

/// What ends together.
#[derive(Debug)]
pub(super) enum Loss {
    /// What was sent on a connection that has ended.
    Sent(Unsettled<Relaying>),
    /// The same, without what has left and needs no response.
    Unanswered(Unsettled<Relaying>),
    /// What waits on other connections and was sent by one that ends.
    Waiting(Outstanding<Relayed>),
    /// What waited of a flow that was ended.
    Dropped(VecDeque<Lost>),
    /// Nothing: this connection closes and gets no REPORT on what is queued later. `None` after
    /// its turn.
    Shut(Option<ConnectionId>),
}

/// What comes next.
enum Next {
    Lost(Lost),
    /// A request that needs no REPORT.
    Unreported,
    /// This connection closes and gets no more REPORTs.
    Told(ConnectionId),
}

/// A SEND of which some octets are lost.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) relayed: Arc<Relayed>,
    pub(super) octets: Range<Offset>,
    /// Whether that is all of it.
    is_whole: bool,
}

impl Losses {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn pop(&mut self) -> Option<Next> {
        while let Some(loss) = self.queue.front_mut() {
            if let Some(next) = loss.pop() {
                return Some(next);
            }
            self.queue.pop_front();
        }
        None
    }
}

impl Loss {
    fn is_empty(&self) -> bool {
        match self {
            Self::Sent(unsettled) | Self::Unanswered(unsettled) => unsettled.is_empty(),
            Self::Waiting(outstanding) => outstanding.is_empty(),
            Self::Dropped(chunks) => chunks.is_empty(),
            Self::Shut(connection) => connection.is_none(),
        }
    }

    fn pop(&mut self) -> Option<Next> {
        let lost = match self {
            Self::Sent(unsettled) => lost(unsettled.pop()?, false),
            Self::Unanswered(unsettled) => lost(unsettled.pop()?, true),
            Self::Waiting(outstanding) => outstanding.pop()?.map(Lost::whole),
            Self::Dropped(chunks) => Some(chunks.pop_front()?),
            Self::Shut(connection) => return connection.take().map(Next::Told),
        };
        Some(lost.map_or(Next::Unreported, Next::Lost))
    }
}

impl Lost {
    /// What has not left of a chunk.
    fn rest(chunk: &Outgoing<Relaying>) -> Self {
        let relayed = Arc::clone(&chunk.heading.relayed);
        Self { relayed, octets: chunk.rest(), is_whole: false }
    }

    fn whole(relayed: Arc<Relayed>) -> Self {
        let octets = relayed.octets();
        Self { relayed, octets, is_whole: true }
    }
}

/// What is lost with a request, unless it is no SEND.
fn lost(missed: Missed<Relaying>, needs_response: bool) -> Option<Lost> {
    match missed {
        Missed::Rest(Rest { heading: Forwarded { relayed, .. }, octets }) => {
            Some(Lost { relayed, octets, is_whole: false })
        }
        Missed::Response(transaction) if needs_response && !transaction.is_missed() => None,
        Missed::Response(Transaction { purpose, octets, .. }) => {
            let Purpose::Relayed(Forwarded { relayed, .. }) = purpose else { return None };
            Some(Lost { relayed, octets, is_whole: false })
        }
    }
}

impl Relay {
    /// Queues what is lost. It is reported in steps of [`Relay::handle_timeout`].
    pub(super) fn lose(&mut self, loss: Loss) {
        if loss.is_empty() {
            return;
        }
        if self.losses.is_empty() {
            self.timers.insert((self.now, Timer::Losses));
        }
        self.losses.queue.push_back(loss);
    }

    /// Queues the chunks of a connection that wait on others. The one that is arriving
    /// has no response yet, and its sender knows that.
    pub(super) fn lose_waiting(&mut self, source: ConnectionId) {
        let Some(link) = self.links.get_mut(source) else { return };
        if let Some(arriving) = link.current.relayed() {
            arriving.set_reported();
        }
        let waiting = std::mem::take(&mut link.pending);
        self.lose(Loss::Waiting(waiting));
    }

    /// Reports the next losses. Returns at how many requests it has looked, `most` at most.
    pub(super) fn report_losses(&mut self, now: Instant, most: usize) -> usize {
        let mut looked = 0;
        while looked < most
            && let Some(next) = self.losses.pop()
        {
            looked += 1;
            match next {
                Next::Lost(lost) => self.report_lost(now, lost),
                Next::Unreported => {}
                Next::Told(connection) => self.told_all(connection),
            }
        }
        if !self.losses.is_empty() {
            self.timers.insert((now, Timer::Losses));
        }
        looked
    }

    pub(super) fn report_lost(&mut self, now: Instant, lost: Lost) {
        let Lost { relayed, octets, is_whole } = lost;
        let source = relayed.source();
        if !self.lose_current(source, &relayed) {
            self.report_failure(&relayed, octets, StatusCode::TIMEOUT);
            if is_whole {
                relayed.set_reported();
            }
        }
        self.settled(now, source);
    }

    /// Drops what has not left of a chunk. The next hop is told once of each message of which
    /// it has a part, and what is still to arrive of that is refused: they are `ended`. Returns
    /// what has to be reported: nothing if the chunk is arriving, since its response tells it.
    pub(super) fn drop_chunk(
        &mut self,
        next: ConnectionId,
        key: ChunkKey,
        ended: &mut HashSet<(FlowId, MessageId)>,
    ) -> Option<Lost> {
        let link = self.links.get_mut(next)?;
        let lost = Lost::rest(link.hop.message_ref(key)?);
        let message = lost.relayed.message();
        let is_first = message.is_none_or(|message| ended.insert(message));
        link.hop.abort(key, is_first);
        if let Some((flow, message_id)) = message
            && let Some(flow) = self.flows.get_mut(flow)
        {
            flow.refuse(&message_id);
        }
        self.counters.dropped += 1;
        let is_arriving = self.lose_current(lost.relayed.source(), &lost.relayed);
        (!is_arriving).then_some(lost)
    }

    /// The chunk that is arriving is lost, if it is this one. Returns whether it is.
    fn lose_current(&mut self, source: ConnectionId, lost: &Arc<Relayed>) -> bool {
        let current = self.links.get(source).and_then(|link| link.current.relayed());
        let is_current = current.is_some_and(|relayed| Arc::ptr_eq(relayed, lost));
        if is_current {
            self.lose_arriving(source);
        }
        is_current
    }

    /// The chunk that is arriving has no destination any more. It gets its response once it
    /// is complete, and no REPORT repeats that.
    pub(super) fn lose_arriving(&mut self, source: ConnectionId) {
        let Some(link) = self.links.get_mut(source) else { return };
        if let Current::Passing { head, relayed, .. } = std::mem::take(&mut link.current) {
            relayed.set_reported();
            link.current = Current::Lost { head, flow: relayed.flow() };
        }
    }
}
