//! The CPU time of processes.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// The user and system time of these processes so far. `None` where the system does not
/// say it to the microsecond (Linux does), or one has ended.
pub(crate) fn time(processes: &[u32]) -> Option<Duration> {
    processes.iter().map(|process| time_of(*process)).sum()
}

fn time_of(process: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    threads.map(|thread| time_of_thread(&thread.ok()?.path())).sum()
}

fn time_of_thread(thread: &Path) -> Option<Duration> {
    let schedule = fs::read_to_string(thread.join("schedstat")).ok()?;
    let nanoseconds = schedule.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}
