//! A memory of messages that outlives sessions.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Memory;
use crate::connection::memory::store::Store;
use crate::weight;
use crate::wire::MessageId;

/// What is known of the messages of one peer, beyond the end of a session.
///
/// [`SessionConfig::memory`](crate::SessionConfig::memory) gives it to a session. When
/// the session is lost, its unfinished messages fail with
/// [`FailReason::Interrupted`](crate::FailReason::Interrupted), and go on when their
/// chunks come in a later session with the same memory (RFC 4975 section 5.4). Messages
/// that were complete are known there, so that
/// [`Received::is_duplicate`](crate::Received::is_duplicate) marks what the peer sends
/// again. Clones share the memory.
///
/// Use one memory for each peer, and for one session at a time: it trusts the
/// Message-IDs in it.
///
/// # A file that goes on after its connection was lost
///
/// [`Received::present`](crate::Received::present) says which octets are in the file
/// already. The sender goes on with
/// [`OutgoingMessage::resume`](crate::OutgoingMessage::resume), or sends all of it again
/// under the same Message-ID.
///
/// ```
/// use std::collections::HashMap;
/// use std::io::{self, Seek, SeekFrom, Write};
///
/// use msrp::{Event, FailReason, IncomingKey, MessageId};
///
/// /// The files of one peer, in all of its sessions.
/// struct Files<F> {
///     open: HashMap<IncomingKey, F>,
///     interrupted: HashMap<MessageId, F>,
/// }
///
/// impl<F: Write + Seek> Files<F> {
///     fn store(&mut self, event: Event, create: fn() -> io::Result<F>) -> io::Result<()> {
///         match event {
///             Event::MessageStarted { received } => {
///                 let before = self.interrupted.remove(received.message_id());
///                 let file = match before.filter(|_| !received.present().is_empty()) {
///                     Some(file) => file,
///                     None => create()?,
///                 };
///                 self.open.insert(received.key(), file);
///             }
///             Event::Piece { incoming, offset, data } => {
///                 if let Some(file) = self.open.get_mut(&incoming) {
///                     file.seek(SeekFrom::Start(offset))?;
///                     file.write_all(&data)?;
///                 }
///             }
///             Event::MessageFailed { received, reason: FailReason::Interrupted } => {
///                 let file = self.open.remove(&received.key());
///                 self.interrupted.extend(file.map(|file| (*received.message_id(), file)));
///             }
///             // What is in the file is not the message: delete it.
///             Event::MessageFailed { received, .. } => drop(self.open.remove(&received.key())),
///             Event::MessageCompleted { received, .. } => {
///                 self.open.remove(&received.key());
///             }
///             _ => {}
///         }
///         Ok(())
///     }
/// }
/// # let mut files = Files { open: HashMap::new(), interrupted: HashMap::new() };
/// # files.store(Event::Closed(msrp::ConnectionEnd::Peer), || Ok(io::Cursor::new(vec![0])))?;
/// # Ok::<(), io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MessageMemory {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    complete: Memory<()>,
    unfinished: HashMap<MessageId, Kept>,
    /// The unfinished messages, the oldest first.
    order: BTreeMap<u64, MessageId>,
    weight: usize,
    next: u64,
    max_messages: usize,
    max_octets: usize,
}

/// What has arrived of a message.
#[derive(Debug)]
struct Kept {
    store: Store,
    place: u64,
}

impl MessageMemory {
    /// An empty memory. It remembers the Message-IDs of the last `max_messages` complete
    /// messages, and what has arrived of as many unfinished ones; these take up
    /// `max_octets` octets at most. At a limit the oldest is forgotten.
    #[must_use]
    pub fn new(max_messages: usize, max_octets: usize) -> Self {
        let inner = Inner {
            complete: Memory::new(max_messages),
            unfinished: HashMap::new(),
            order: BTreeMap::new(),
            weight: 0,
            next: 0,
            max_messages,
            max_octets,
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Whether a message of this id was complete.
    #[must_use]
    pub fn is_complete(&self, id: &MessageId) -> bool {
        self.lock().complete.contains(id)
    }

    /// The number of unfinished messages that can go on.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.lock().unfinished.len()
    }

    /// Forgets an unfinished message, and returns whether there was one. It begins anew
    /// if its chunks come again.
    pub fn forget(&self, id: &MessageId) -> bool {
        self.lock().take(id).is_some()
    }

    pub(in crate::connection) fn complete(&self, id: MessageId) {
        let mut inner = self.lock();
        inner.take(&id);
        inner.complete.insert(id, ());
    }

    /// Keeps what has arrived of a message whose session was lost.
    pub(in crate::connection) fn keep(&self, id: MessageId, store: Store) {
        self.lock().keep(id, store);
    }

    /// Takes what has arrived of a message, to go on with it.
    pub(in crate::connection) fn take(&self, id: &MessageId) -> Option<Store> {
        self.lock().take(id)
    }

    /// A panic under the lock cannot leave it inconsistent.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn keep(&mut self, id: MessageId, store: Store) {
        self.take(&id);
        let place = self.next;
        self.next += 1;
        self.weight += weight::ENTRY + store.weight();
        self.order.insert(place, id);
        self.unfinished.insert(id, Kept { store, place });
        while self.unfinished.len() > self.max_messages || self.weight > self.max_octets {
            let Some((_, oldest)) = self.order.first_key_value() else { return };
            let oldest = *oldest;
            self.take(&oldest);
        }
    }

    fn take(&mut self, id: &MessageId) -> Option<Store> {
        let Kept { store, place } = self.unfinished.remove(id)?;
        self.order.remove(&place);
        self.weight = self.weight.saturating_sub(weight::ENTRY + store.weight());
        Some(store)
    }
}
