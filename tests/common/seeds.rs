//! Runs the seeds of a simulator in parallel, and prints how to run one again.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A simulator: the name of its test, and the prefix of its environment variables.
pub struct Simulator {
    pub test: &'static str,
    pub variable: &'static str,
    /// Runs one seed, which prints its steps if it is the only one.
    pub run: fn(seed: u64, is_told: bool),
}

impl Simulator {
    /// Runs the seed or the number of seeds that the environment names, or else
    /// `seeds`. Panics if one fails.
    pub fn run(&self, seeds: u64) {
        if let Some(seed) = self.number("SEED") {
            return (self.run)(seed, true);
        }
        let seeds = self.number("SEEDS").unwrap_or(seeds);
        let next = AtomicU64::new(0);
        let threads = thread::available_parallelism().map_or(1, usize::from).min(4);
        let failed: Vec<u64> = thread::scope(|scope| {
            let workers: Vec<_> =
                (0..threads).map(|_| scope.spawn(|| self.work(&next, seeds))).collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        assert!(failed.is_empty(), "{} of {seeds} seeds failed: {failed:?}", failed.len());
    }

    /// Runs seeds until all have run, or too many have failed.
    fn work(&self, next: &AtomicU64, seeds: u64) -> Vec<u64> {
        let mut failed = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds || failed.len() > 10 {
                return failed;
            }
            let run = self.run;
            if catch_unwind(|| run(seed, false)).is_err() {
                let Self { test, variable, .. } = self;
                eprintln!("replay with: {variable}_SEED={seed} cargo test --test {test}");
                failed.push(seed);
            }
        }
    }

    fn number(&self, what: &str) -> Option<u64> {
        let variable = format!("{}_{what}", self.variable);
        std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
    }
}
