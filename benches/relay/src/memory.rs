//! The memory of processes.

use std::fs;

/// The sum of the peaks of resident memory of these processes, in KiB.
pub(crate) fn peak(processes: &[u32]) -> u64 {
    processes.iter().filter_map(|process| status(*process, "VmHWM:")).sum()
}

/// The resident memory of a process, in KiB. `None` if it has ended.
pub(crate) fn resident(process: u32) -> Option<u64> {
    status(process, "VmRSS:")
}

/// Resets the peaks to the current resident memory. If that is not permitted, the
/// peaks stay, and growth beyond them still shows.
pub(crate) fn forget_peak(processes: &[u32]) {
    for process in processes {
        let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
    }
}

fn status(process: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}
