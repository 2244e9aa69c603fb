//! When everybody is sound again, everything works.

use msrp::{Outcome, OutgoingMessage};

use crate::endurance::ledger::content;
use crate::endurance::plan::{ALICE, BOB, secs};
use crate::endurance::world::World;

impl World {
    /// Sessions that have ended have successors.
    pub fn check_sessions(&self) {
        for slot in 0..self.plan.slots.len() {
            let has_session = self.ends[ALICE].app.session(slot).is_some();
            assert!(has_session, "slot {slot} has no session although all is calm");
        }
    }

    /// A fresh message in every session is accepted, in one chunk and in two, both
    /// ways. Alice comes first: her first message may be what opens the session.
    pub fn check_liveness(&mut self) {
        for side in [ALICE, BOB] {
            for slot in 0..self.plan.slots.len() {
                for len in [100, 3_000] {
                    self.check_message(side, slot, len);
                }
            }
        }
    }

    fn check_message(&mut self, side: usize, slot: usize, len: usize) {
        let index = self.ledger.entries.len();
        let text = OutgoingMessage::new("text/plain".parse().unwrap(), content(index, len));
        let is_sent = if len > 2_048 {
            self.send_in_two_chunks(side, slot, len)
        } else {
            self.send(side, slot, text, len).is_some()
        };
        assert!(is_sent, "side {side} cannot send in slot {slot}");
        self.run_until(self.now + secs(30));
        let entry = &self.ledger.entries[index];
        assert_eq!(
            entry.outcome,
            Some(Outcome::Accepted),
            "liveness: side {side}, slot {slot}, message {index} of {len}"
        );
        assert_eq!(entry.received, 1);
    }

    /// A streamed message that has to wait for another.
    fn send_in_two_chunks(&mut self, side: usize, slot: usize, len: usize) -> bool {
        let index = self.ledger.entries.len();
        let plain = "text/plain".parse().unwrap();
        if self.plan.configs[side].chunk_octets.is_some_and(|most| most < len)
            || self.plan.configs[side].limits.body_writer_octets < len
            || self.plan.configs[1 - side].limits.incoming_messages < 2
        {
            let message = OutgoingMessage::new(plain, content(index, len));
            return self.send(side, slot, message, len).is_some();
        }
        let message = OutgoingMessage::streamed(plain, Some(len as u64));
        let Some(key) = self.send(side, slot, message, len) else { return false };
        let body = content(index, len);
        let halves = [body[..len / 2].to_vec(), body[len / 2..].to_vec()];
        for (number, half) in halves.into_iter().enumerate() {
            let mut writer = self.ends[side].connection.body(key).unwrap();
            writer.write(half).unwrap();
            if number == 0 {
                self.run_until(self.now + secs(1));
                self.interrupt(side, slot);
                self.run_until(self.now + secs(1));
            } else {
                writer.finish().unwrap();
            }
        }
        true
    }

    fn interrupt(&mut self, side: usize, slot: usize) {
        let index = self.ledger.entries.len();
        let plain = "text/plain".parse().unwrap();
        let message = OutgoingMessage::new(plain, content(index, 1));
        assert!(self.send(side, slot, message, 1).is_some());
    }
}
