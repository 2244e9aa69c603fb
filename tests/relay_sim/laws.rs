//! The laws that hold after every step and when everything is at rest.

use msrp::wire::FailureReport;

use crate::ledger::Sent;
use crate::plan::{Kind, READ};
use crate::world::World;

impl World {
    /// The limits of a relay bound its queues; a read, the current write and octets
    /// in transit come on top.
    pub fn check_bounds(&self) {
        if self.is_disturbed {
            return;
        }
        for (number, node) in self.relays.iter().enumerate() {
            let config = &self.plan.relays[number];
            let slack = 2 * READ + config.transmit_octets + self.plan.links.capacity + 4_096;
            for (serial, place) in &node.places {
                // On a connection that another relay uses for many sessions, each has as much
                // as that relay may leave there, whatever the limits of this one are. Behind a
                // slow receiver, one that seems to be for one session is read on to see
                // whether it is.
                let least = if place.is_from_relay { 64 * 1024 } else { 0 };
                let is_read_on = place.is_from_relay && self.plan.kind == Kind::Slow;
                let times = if is_read_on { 3 } else { 1 };
                let most = (times * config.limits.queue_octets.max(least) + slack) as u64;
                let waits = place.came.saturating_sub(place.went);
                let is_bounded = waits <= most || self.ledger[*serial].was_aborted;
                assert!(is_bounded, "{waits} octets of {serial} wait in relay {number}");
            }
        }
    }

    /// The laws that hold when everything is at rest.
    pub fn check_end(&self) {
        for node in &self.relays {
            for (id, wire) in &node.wires {
                let is_hostile = self.wires[*wire].is_hostile();
                assert!(is_hostile || node.relay.wants_read(*id), "wire {wire} is not read");
            }
            let is_dropped = node.dropped() > 0 && self.plan.storm.is_none();
            assert!(self.may_fail() || !is_dropped, "a sound flow is ended");
            if !self.is_disturbed {
                node.order.check_end();
            }
        }
        for client in self.clients.iter().filter(|client| !client.has_ended) {
            let connection = client.connection.as_ref().unwrap();
            assert!(connection.wants_read(), "a client is stuck");
        }
        for (serial, sent) in self.ledger.iter().enumerate() {
            self.check_sent(serial, sent);
        }
    }

    // req: 4976-6.4.1-1 4976-6.4.3-2
    fn check_sent(&self, serial: usize, sent: &Sent) {
        let sender = &self.clients[sent.from];
        let is_told =
            sent.has_failed() || sender.is_told_of_a_loss || self.may_miss_reports(sent.from);
        // Only Failure-Report `yes` makes silence a failure: a loss may go unreported.
        let is_owed = match sent.failure_report {
            FailureReport::Yes => true,
            FailureReport::Partial => !self.may_fail(),
            _ => false,
        };
        let is_accounted = sent.completed == 1 || sent.was_aborted || is_told || !is_owed;
        assert!(is_accounted, "{serial} is lost: {:?}", sent.outcome);
        let must_arrive = !self.may_fail() && !sent.was_aborted;
        assert!(!must_arrive || sent.completed == 1, "{serial} has not arrived");
    }

    /// Whether a REPORT may not have reached a client, since its connection has ended. If
    /// the relay that shuts down comes last on the way, and only there, nobody behind it has
    /// one to send, and its own come first. A receiver that has ended and refuses what comes has
    /// no way back through a relay that has gone.
    fn may_miss_reports(&self, client: usize) -> bool {
        let wire = self.clients[client].wire;
        let is_gone = wire.is_some_and(|wire| self.wires[wire].is_gone.contains(&true));
        let [own, its] = [client, client ^ 1].map(|number| &self.clients[number].plan.relays);
        let mut way: Vec<usize> = own.iter().chain(its.iter().rev()).copied().collect();
        way.dedup();
        let last = way.pop();
        let is_last = self.drains == last && last.is_some_and(|last| !way.contains(&last));
        let is_cut_off = self.drains.is_some_and(|relay| way.contains(&relay));
        let is_cut_off = is_cut_off && self.clients[client ^ 1].has_ended;
        is_cut_off || is_gone && !(self.plan.kind == Kind::Draining && is_last)
    }
}
