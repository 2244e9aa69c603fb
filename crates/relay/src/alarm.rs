//! When deadlines are handled: not before what has come while the process was stopped.

use std::time::{Duration, Instant};

/// A process that is so late was stopped, or had no processor.
const LATE: Duration = Duration::from_secs(1);

/// In this time what has come meanwhile is read: a peer that seems silent may only not have been
/// read.
const CATCH_UP: Duration = Duration::from_secs(1);

/// Rings when the relay's next deadline has passed.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    at: Option<Instant>,
    /// When it last rang.
    rang: Option<Instant>,
    /// Until when what has come is read first.
    catches_up: Option<Instant>,
}

impl Alarm {
    /// Sets it to a deadline of the relay. Returns when it rings.
    pub(crate) fn set(&mut self, due: Option<Instant>) -> Option<Instant> {
        self.at = self.ringing_for(due);
        self.at
    }

    /// Whether it rings too late for a deadline.
    pub(crate) fn misses(&self, due: Option<Instant>) -> bool {
        let due = self.ringing_for(due);
        due.is_some_and(|due| self.at.is_none_or(|at| due < at))
    }

    /// It rings. Returns whether deadlines are handled now: if it is late, what has come
    /// meanwhile has a second before them, once.
    pub(crate) fn rings(&mut self, now: Instant) -> bool {
        let last = self.rang.replace(now);
        let since = self.at.max(last);
        let is_late = since.is_some_and(|since| now.saturating_duration_since(since) >= LATE);
        let has_caught_up = self.catches_up.take().is_some();
        if is_late && !has_caught_up {
            self.catches_up = now.checked_add(CATCH_UP);
        }
        self.catches_up.is_none()
    }

    fn ringing_for(&self, due: Option<Instant>) -> Option<Instant> {
        due.map(|due| self.catches_up.map_or(due, |until| until.max(due)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn after_a_stop_deadlines_have_a_second() {
        let start = Instant::now();
        let mut alarm = Alarm::default();
        let due = Some(start + SECOND);
        assert_eq!(alarm.set(due), due);
        let woken = start + 40 * SECOND;
        assert!(!alarm.rings(woken));
        let again = Some(woken + SECOND);
        assert_eq!(alarm.set(due), again);
        assert!(!alarm.misses(due) && !alarm.misses(again));
        // However late that is.
        assert!(alarm.rings(woken + 9 * SECOND));
        assert_eq!(alarm.set(due), due);
    }

    #[test]
    fn many_deadlines_in_steps_are_not_late() {
        let start = Instant::now();
        let mut alarm = Alarm::default();
        for step in 1..100 {
            assert_eq!(alarm.set(Some(start)), Some(start));
            assert!(alarm.rings(start + step * SECOND / 2), "{step}");
        }
    }

    #[test]
    fn what_comes_earlier_is_not_missed() {
        let start = Instant::now();
        let mut alarm = Alarm::default();
        assert!(alarm.misses(Some(start)) && !alarm.misses(None));
        alarm.set(Some(start + SECOND));
        assert!(alarm.misses(Some(start)) && !alarm.misses(Some(start + 2 * SECOND)));
    }
}
