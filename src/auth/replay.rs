//! Which nonce counts have been used.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::nonce::NonceId;

/// The most nonces of all users together, so many that nobody fills them alone.
const ALL_NONCES: usize = 65_536;

/// The last count of each nonce that a user has used, for each user apart: one who uses
/// many makes none of another's stale.
///
/// It holds at most `limit` nonces of a user and drops the oldest first. From then on it
/// accepts no nonce of this user that is as old as a dropped one, so that dropping a nonce
/// never allows a replay.
#[derive(Clone, Debug)]
pub(super) struct ReplayWindow {
    users: HashMap<Arc<str>, Used>,
    /// Every nonce that is stored, the oldest first.
    by_age: BTreeSet<(NonceId, Arc<str>)>,
    /// The newest nonce that was dropped of a user of whom nothing is stored any more.
    dropped: Option<NonceId>,
    pub(super) limit: usize,
}

/// What is stored of one user.
#[derive(Clone, Debug, Default)]
struct Used {
    counts: BTreeMap<NonceId, u32>,
    /// The newest nonce that was dropped.
    dropped: Option<NonceId>,
}

/// What the window knows of a nonce and a count of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    First,
    Again,
    /// The window has dropped nonces as old as this one.
    Forgotten,
}

impl ReplayWindow {
    pub(super) fn new(limit: usize) -> Self {
        Self { users: HashMap::new(), by_age: BTreeSet::new(), dropped: None, limit }
    }

    /// Whether a use of the nonce by this user may have been forgotten.
    pub(super) fn has_forgotten(&self, user: &str, nonce: NonceId) -> bool {
        let of_user = self.users.get(user).and_then(|used| used.dropped);
        of_user.max(self.dropped).is_some_and(|dropped| nonce <= dropped)
    }

    /// Drops the nonces that are too old by `is_old`, and notes a use. Counts only rise,
    /// because AUTH requests are not pipelined (RFC 4976 section 9.1) and so never overtake
    /// each other.
    pub(super) fn note(
        &mut self,
        user: &str,
        nonce: NonceId,
        count: u32,
        is_old: impl Fn(NonceId) -> bool,
    ) -> Use {
        while self.by_age.first().is_some_and(|(nonce, _)| is_old(*nonce)) {
            self.drop_oldest();
        }
        if self.has_forgotten(user, nonce) {
            return Use::Forgotten;
        }
        let last = self.users.get(user).and_then(|used| used.counts.get(&nonce));
        if count <= last.copied().unwrap_or_default() {
            return Use::Again;
        }
        let user: Arc<str> = match self.users.get_key_value(user) {
            Some((known, _)) => Arc::clone(known),
            None => user.into(),
        };
        let used = self.users.entry(Arc::clone(&user)).or_default();
        used.counts.insert(nonce, count);
        let beyond = used.counts.keys().next().copied().filter(|_| used.counts.len() > self.limit);
        self.by_age.insert((nonce, Arc::clone(&user)));
        if let Some(oldest) = beyond {
            self.drop_nonce(oldest, &user);
        }
        while self.by_age.len() > ALL_NONCES {
            self.drop_oldest();
        }
        Use::First
    }

    fn drop_oldest(&mut self) {
        if let Some((nonce, user)) = self.by_age.first().cloned() {
            self.drop_nonce(nonce, &user);
        }
    }

    fn drop_nonce(&mut self, nonce: NonceId, user: &Arc<str>) {
        self.by_age.remove(&(nonce, Arc::clone(user)));
        let Some(used) = self.users.get_mut(user) else { return };
        used.counts.remove(&nonce);
        used.dropped = used.dropped.max(Some(nonce));
        if used.counts.is_empty() {
            self.dropped = self.dropped.max(used.dropped);
            self.users.remove(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_users_together_have_a_limit() {
        let mut window = ReplayWindow::new(2);
        let users = 0..=ALL_NONCES as u64;
        for number in users {
            let nonce = NonceId::made_at(number + 1);
            let used = window.note(&format!("user{number}"), nonce, 1, |_| false);
            assert_eq!(used, Use::First);
            assert!(window.by_age.len() <= ALL_NONCES);
        }
        assert_eq!(window.by_age.len(), ALL_NONCES);
        // The oldest one has made way, and is not taken again.
        let mut note =
            |user, millis, count| window.note(user, NonceId::made_at(millis), count, |_| false);
        assert_eq!(note("user0", 1, 2), Use::Forgotten);
        assert_eq!(note("user1", 2, 1), Use::Again);
        assert_eq!(note("user1", 2, 2), Use::First);
    }

    #[test]
    fn nothing_is_kept_of_nonces_that_are_too_old() {
        let mut window = ReplayWindow::new(2);
        for millis in [1, 2] {
            window.note(&format!("user{millis}"), NonceId::made_at(millis), 1, |_| false);
        }
        let is_old = |nonce| nonce <= NonceId::made_at(2);
        window.note("user3", NonceId::made_at(3), 1, is_old);
        assert_eq!((window.by_age.len(), window.users.len()), (1, 1));
        assert!(window.has_forgotten("user1", NonceId::made_at(1)));
        assert!(!window.has_forgotten("user3", NonceId::made_at(3)));
    }
}
