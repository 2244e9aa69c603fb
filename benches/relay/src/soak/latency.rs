//! Percentiles of times.

use std::fmt;
use std::time::Duration;

/// A number of times, and how long half and 99 of 100 of them are at most.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Percentiles {
    count: usize,
    p50: Duration,
    p99: Duration,
    longest: Duration,
}

impl Percentiles {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| {
            let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            times.get(place).copied().unwrap_or_default()
        };
        Self { count: times.len(), p50: at(50), p99: at(99), longest: at(100) }
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let Self { count, p50, p99, longest } = *self;
        let (p50, p99, longest) = (ms(p50), ms(p99), ms(longest));
        write!(
            f,
            "{count:8} messages  p50 {p50:7.1} ms  p99 {p99:7.1} ms  longest {longest:7.1} ms"
        )
    }
}
