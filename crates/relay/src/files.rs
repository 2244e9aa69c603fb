//! The limit of open files, from which that of connections follows.

use std::fmt;
use std::time::{Duration, Instant};

/// Files that are neither connections nor look-ups: listeners, HTTP, the users file.
const OTHERS: usize = 32;
/// The sockets of one look-up: both families of addresses, each asked three times.
const LOOK_UP: usize = 6;
/// The least number of files for connections that are closing, and for look-ups.
const LEAST_REST: usize = 32;
/// The time between two lines of the log about connections that cannot be accepted.
const QUIET: Duration = Duration::from_secs(60);

/// How many sockets there may be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    /// Connections, from before their handshake until their end.
    pub(crate) connections: usize,
    /// Connections that have ended and whose last octets are on their way.
    pub(crate) closing: usize,
    /// Names that are looked up.
    pub(crate) look_ups: usize,
}

impl Places {
    /// Raises the process's limit of files as far as this number of connections needs
    /// it. Warns if the system permits fewer.
    pub(crate) fn for_connections(wanted: usize) -> Self {
        let ideal = wanted.saturating_mul(2).saturating_add(OTHERS);
        let files = rlimit::increase_nofile_limit(ideal as u64).unwrap_or_else(|error| {
            tracing::warn!("the limit of open files is not known: {error}");
            ideal as u64
        });
        let places = Self::within(usize::try_from(files).unwrap_or(usize::MAX), wanted);
        if places.connections < wanted {
            tracing::warn!(
                "the limit of {files} open files leaves room for {} connections only: raise it \
                 (ulimit -n, or LimitNOFILE of systemd), or lower --max-connections",
                places.connections
            );
        }
        places
    }

    fn within(files: usize, wanted: usize) -> Self {
        let reserve = (OTHERS + LEAST_REST).min(files / 2);
        let connections = wanted.min(files - reserve).max(1);
        let rest = files.saturating_sub(connections).saturating_sub(OTHERS);
        let look_ups = (rest / 2 / LOOK_UP).max(1);
        let closing = rest.saturating_sub(look_ups * LOOK_UP).max(1);
        Self { connections, closing, look_ups }
    }
}

/// Counts the connections that were not accepted, and logs now and then why.
#[derive(Debug, Default)]
pub(crate) struct AcceptErrors {
    count: u64,
    told: Option<(Instant, u64)>,
}

impl AcceptErrors {
    pub(crate) fn add(&mut self, error: &dyn fmt::Display) {
        self.count += 1;
        let (last, before) = self.told.unzip();
        if last.is_none_or(|last| last.elapsed() >= QUIET) {
            let errors = self.count - before.unwrap_or(0);
            tracing::warn!(errors, "cannot accept connections: {error}");
            self.told = Some((Instant::now(), self.count));
        }
    }

    pub(crate) const fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_what_else_is_open() {
        for files in [16, 64, 100, 256, 1024, 1 << 20] {
            let Places { connections, closing, look_ups } = Places::within(files, 10_000);
            assert!((files / 2..=10_000).contains(&connections) || files > 20_000, "{files}");
            assert!(connections + closing + LOOK_UP * look_ups < files, "{files}");
        }
        let plenty = Places::within(20_032, 10_000);
        assert_eq!(plenty, Places { connections: 10_000, closing: 5_002, look_ups: 833 });
    }
}
