//! The last events of a session, kept for readers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

/// The most events to keep, and the most octets. The newest event is kept
/// regardless of its size.
const MAX_ENTRIES: usize = 256;
const MAX_OCTETS: usize = 4 * 1024 * 1024;

/// An event.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Counted from one.
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    /// In JSON.
    pub(crate) data: Arc<str>,
}

/// The last events. Each reader goes at its own pace. A slow reader misses events,
/// and sees the gap in the ids.
#[derive(Debug)]
pub(crate) struct Log {
    entries: Mutex<Entries>,
    /// The id of the last event, and whether the log has ended.
    last: watch::Sender<(u64, bool)>,
}

#[derive(Debug, Default)]
struct Entries {
    queue: VecDeque<Entry>,
    octets: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self { entries: Mutex::default(), last: watch::channel((0, false)).0 }
    }
}

impl Log {
    pub(crate) fn push(&self, name: &'static str, data: &impl Serialize) {
        // The values are structs of strings and numbers, which JSON can express.
        let data: Arc<str> = serde_json::to_string(data).unwrap_or_default().into();
        let id = self.last.borrow().0 + 1;
        let mut entries = self.lock();
        entries.octets += data.len();
        entries.queue.push_back(Entry { id, name, data });
        while entries.queue.len() > MAX_ENTRIES
            || (entries.octets > MAX_OCTETS && entries.queue.len() > 1)
        {
            let Some(oldest) = entries.queue.pop_front() else { break };
            entries.octets -= oldest.data.len();
        }
        drop(entries);
        self.last.send_modify(|last| last.0 = id);
    }

    /// Ends the log: no event follows.
    pub(crate) fn end(&self) {
        self.last.send_modify(|last| last.1 = true);
    }

    /// Waits for an event after the one with id `seen`, and returns the first that is
    /// kept. `None` if the log has ended.
    pub(crate) async fn after(&self, seen: u64) -> Option<Entry> {
        let mut last = self.last.subscribe();
        let ready = last.wait_for(|(id, is_over)| *id > seen || *is_over).await;
        ready.ok()?;
        self.lock().queue.iter().find(|entry| entry.id > seen).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
