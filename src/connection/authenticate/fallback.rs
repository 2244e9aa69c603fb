//! AUTHs with the parameter `uri` that a relay may leave without a response because it
//! knows only the form without.

use super::Connection;
use super::running::{Authentications, WaitsFor};
use crate::keys::AuthKey;
use crate::time::Instant;

impl Connection {
    /// When the next AUTH has waited long enough for the other form to be tried.
    pub(in crate::connection) fn next_fallback(&self) -> Option<Instant> {
        self.first_to_fall_back().map(|(due, _)| due)
    }

    /// Tries the other form where the wait is over.
    pub(in crate::connection) fn fall_back(&mut self, now: Instant) {
        while let Some((due, key)) = self.first_to_fall_back()
            && due <= now
        {
            if let Some(WaitsFor::Response(transaction)) = self.authentications.waits_for(key) {
                self.hop.complete(&transaction);
            }
            self.auth_timed_out(key);
        }
    }

    fn first_to_fall_back(&self) -> Option<(Instant, AuthKey)> {
        let keys = self.authentications.undecided.iter().copied();
        let (due, key) = keys.filter_map(|key| Some((self.falls_back_at(key)?, key))).min()?;
        Some((self.answers().missing_at(due)?, key))
    }

    fn falls_back_at(&self, key: AuthKey) -> Option<Instant> {
        let running = self.authentications.running.get(&key)?;
        let WaitsFor::Response(transaction) = &running.waits_for else { return None };
        self.hop.waits_since(transaction)?.checked_add(running.flow.fallback_wait())
    }
}

impl Authentications {
    /// An AUTH leaves. Whether its form is the right one may show in silence.
    pub(super) fn asks(&mut self, key: AuthKey) {
        if self.running.get(&key).is_some_and(|running| running.flow.may_fall_back()) {
            self.undecided.insert(key);
        }
    }

    fn waits_for(&self, key: AuthKey) -> Option<WaitsFor> {
        self.running.get(&key).map(|running| running.waits_for)
    }
}
