//! Searches that find nothing are not repeated at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A search that can be in vain. It is then left out as often as it has looked at entries, so
/// that it costs each of those who ask for it little.
#[derive(Debug, Default)]
pub(in crate::relay) struct Search {
    left_out: AtomicUsize,
}

impl Search {
    /// Whether to search now.
    pub(in crate::relay) fn is_due(&self) -> bool {
        let left_out = self.left_out.load(Ordering::Relaxed);
        self.left_out.store(left_out.saturating_sub(1), Ordering::Relaxed);
        left_out == 0
    }

    /// It has looked at so many entries, and there is nothing to be found.
    pub(in crate::relay) fn was_in_vain(&self, looked: usize) {
        self.left_out.store(looked, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_left_out_as_often_as_it_has_looked_at_entries() {
        let search = Search::default();
        assert!(search.is_due() && search.is_due());
        search.was_in_vain(2);
        assert_eq!([(); 4].map(|()| search.is_due()), [false, false, true, true]);
    }
}
