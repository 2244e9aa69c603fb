//! Deadlines, and what ends when they pass (RFC 4976 sections 6.1, 6.3 and 6.5).

use std::sync::Arc;

use super::Relay;
use super::accounts::principal::Principal;
use super::event::{AuthRequest, ConnectionId, RelayClose, RelayEvent, TokenId};
use super::flows::FlowId;
use super::links::{Link, State};
use super::requests::{Forwarded, Purpose};
use crate::hop::{Answers, Overdue, Transaction};
use crate::time::Instant;
use crate::wire::{FailureReport, StatusCode};

/// A step handles so many deadlines and REPORTs: they take a millisecond or two.
const STEP: usize = 256;

/// What a deadline belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Link(ConnectionId),
    Token(TokenId),
    Auth(AuthRequest),
    Drain,
    /// What is lost has to be reported.
    Losses,
    Flow(FlowId),
    /// Of all flows: some are over.
    Flows,
}

impl Relay {
    /// When [`Relay::handle_timeout`] is due, if nothing else happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// Handles the deadlines that have passed: of transactions, tokens, AUTHs, and
    /// connections that are on probation, idle or stalled. Reports what was lost with
    /// connections that have ended. After 256 deadlines and REPORTs it leaves the
    /// others to the next call, and [`Relay::poll_timeout`] is due at once: let the
    /// connections have their turns before, which would all wait otherwise.
    ///
    /// Deadlines are judged by what the relay knows. After a stop of the process, first pass on
    /// what has arrived and what the transports hold ([`Relay::transport_holds`]).
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        let mut left = STEP;
        while left > 0
            && let Some((due, timer)) = self.timers.first().copied()
            && due <= now
        {
            self.timers.pop_first();
            left -= self.timer_due(now, timer, left);
        }
    }

    /// Handles a deadline. Returns how many that were, `most` at most.
    fn timer_due(&mut self, now: Instant, timer: Timer, most: usize) -> usize {
        match timer {
            Timer::Link(id) => return self.link_due(now, id, most),
            Timer::Losses => return self.report_losses(now, most),
            Timer::Token(id) => self.end_token(id, true),
            Timer::Auth(request) => self.auth_due(now, request),
            Timer::Drain => self.cut_off(),
            Timer::Flow(id) => self.flow_due(now, id),
            Timer::Flows => self.forget_flows(now),
        }
        1
    }

    /// Sets the timer of a connection to its next deadline. A timer that is
    /// already set to an earlier time stays: the deadline is set when it fires.
    pub(super) fn arm(&mut self, id: ConnectionId) {
        let Some(want) = self.links.get(id).and_then(|link| self.next_deadline(link)) else {
            return;
        };
        let Some(link) = self.links.get_mut(id) else { return };
        if link.due.is_some_and(|due| due <= want) {
            return;
        }
        if let Some(due) = link.due.replace(want) {
            self.timers.remove(&(due, Timer::Link(id)));
        }
        self.timers.insert((want, Timer::Link(id)));
    }

    fn next_deadline(&self, link: &Link) -> Option<Instant> {
        let config = &self.config;
        let stalled = link.stalled_since().and_then(|since| since.checked_add(config.stall));
        let of_state = match link.state {
            State::Connecting => link.since.checked_add(link.dial(config.transaction_timeout)),
            State::Up if !link.is_proven => link.since.checked_add(config.probation),
            State::Up => {
                let idle = link.last_used.checked_add(link.idle(config.idle));
                idle.map(|due| due.max(link.in_use_until()))
            }
            State::Closing { since, .. } => since.and_then(|since| since.checked_add(config.stall)),
            State::Closed => return None,
        };
        let of_hop = link.hop.next_deadline(Answers::Read);
        [of_hop, stalled, of_state, self.rests_at(link)].into_iter().flatten().min()
    }

    /// Looks at a connection, and at `most` of its overdue transactions. Returns how many
    /// deadlines that were.
    fn link_due(&mut self, now: Instant, id: ConnectionId, most: usize) -> usize {
        let Some(link) = self.links.get_mut(id) else { return 1 };
        link.due = None;
        if link.hop.pass_time(now) {
            self.events.push_back(RelayEvent::Look { connection: id });
        }
        let mut looked = 0;
        while looked < most
            && let Some(link) = self.links.get_mut(id)
            && let Some(overdue) = link.hop.next_overdue(now, link.answers(now))
        {
            looked += 1;
            if let Overdue::Ended((_, transaction)) = overdue {
                self.timed_out(now, transaction);
            }
        }
        // Expired transactions make room for chunks that wait.
        self.has_octets(id);
        self.close_at_rest(now, id);
        if let Some(reason) = self.overdue(now, id) {
            self.close_overdue(id, reason);
        }
        self.arm(id);
        looked.max(1)
    }

    fn timed_out(&mut self, now: Instant, transaction: Transaction<Purpose>) {
        let source = transaction.purpose.source();
        // Only `yes` makes silence a failure (section 6.4.1).
        if let Purpose::Relayed(Forwarded { relayed, .. }) = transaction.purpose
            && relayed.failure_report() == FailureReport::Yes
        {
            self.counters.timeouts += 1;
            self.report_failure(&relayed, transaction.octets, StatusCode::TIMEOUT);
        }
        self.settled(now, source);
    }

    fn flow_due(&mut self, now: Instant, id: FlowId) {
        if let Some(flow) = self.flows.get_mut(id) {
            flow.due = None;
            self.follow(now, id);
            self.look_at_bound(now, id);
        }
    }

    fn overdue(&self, now: Instant, id: ConnectionId) -> Option<RelayClose> {
        let link = self.links.get(id)?;
        let config = &self.config;
        let is_over = |since: Instant, time| since.checked_add(time).is_some_and(|due| due <= now);
        if link.stalled_since().is_some_and(|since| is_over(since, config.stall)) {
            return Some(RelayClose::Stalled);
        }
        match link.state {
            State::Connecting if is_over(link.since, link.dial(config.transaction_timeout)) => {
                Some(RelayClose::NotConnected)
            }
            State::Up if !link.is_proven => {
                is_over(link.since, config.probation).then_some(RelayClose::Probation)
            }
            State::Up => {
                let is_idle = is_over(link.last_used, link.idle(config.idle));
                (is_idle && link.in_use_until() <= now).then_some(RelayClose::Idle)
            }
            State::Closing { since: Some(since), .. } => {
                is_over(since, config.stall).then_some(RelayClose::Stalled)
            }
            State::Connecting | State::Closing { since: None, .. } | State::Closed => None,
        }
    }

    /// Closes a connection that takes no octets at once, and any other as soon as
    /// its responses have left.
    pub(super) fn close_overdue(&mut self, id: ConnectionId, reason: RelayClose) {
        if matches!(reason, RelayClose::Probation | RelayClose::Idle) {
            return self.shut(id, reason);
        }
        if reason == RelayClose::NotConnected {
            self.own_failed(id);
        }
        self.give_up(id);
        if let Some(link) = self.links.get_mut(id) {
            link.state = State::Closed;
            link.hop.clear();
            link.parting = None;
            self.events.push_back(RelayEvent::Close { connection: id, reason });
        }
    }

    /// Ends a token (section 6.3).
    pub(super) fn end_token(&mut self, id: TokenId, has_expired: bool) {
        let Some(token) = self.tokens.remove(id) else { return };
        self.peers.forget_token(id);
        self.timers.remove(&(token.expires, Timer::Token(id)));
        self.holdings.remove_token(&Principal::User(Arc::clone(&token.username)), id);
        if let super::tokens::Owner::Connection(owner) = token.owner
            && let Some(link) = self.links.get_mut(owner)
        {
            link.tokens.retain(|known| *known != id);
        }
        self.events.push_back(RelayEvent::TokenEnded {
            token: id,
            username: token.username.to_string(),
            usage: token.usage,
            has_expired,
        });
    }
}
