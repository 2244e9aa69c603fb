//! The sessions that a listener waits for, across all its connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::session::SessionConfig;
use super::error::SessionError;
use super::session_ids::{SessionIds, only};
use crate::uri::{MsrpUri, UriKey, UriRef};
use crate::wire::StatusCode;

/// Sessions that peers may bind, shared by the connections of a listener.
///
/// [`Connection::with_table`](crate::Connection::with_table) joins a connection to
/// the table. The To-Path of a request names the session: the first one binds it to
/// its connection. The response is 481 if the table has no such URI, and 506 if
/// another connection holds it (RFC 4975 section 5.4). When the connection that
/// holds a session ends, the session can be bound again. Clones share the table.
///
/// # Telling sessions apart
///
/// Each expected session has a URI of its own, which the application has given to one
/// peer. When a session opens, its URI identifies the peer.
///
/// ```
/// use std::collections::HashMap;
///
/// use msrp::{Connection, Event, MsrpUri};
///
/// # use std::sync::Arc;
/// # use bytes::{Buf, BytesMut};
/// # use msrp::{Config, Instant, Random, RandomError, Role, SessionConfig, SessionTable};
/// # struct Counter(u8);
/// # impl Random for Counter {
/// #     fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
/// #         for octet in octets {
/// #             self.0 = self.0.wrapping_mul(5).wrapping_add(7);
/// #             *octet = self.0;
/// #         }
/// #         Ok(())
/// #     }
/// # }
/// # fn carry(from: &mut Connection, to: &mut Connection, input: &mut BytesMut) {
/// #     while let Some(mut transmit) = from.poll_transmit(Instant::now()) {
/// #         input.extend_from_slice(&transmit.copy_to_bytes(transmit.remaining()));
/// #     }
/// #     to.receive(Instant::now(), input).unwrap();
/// # }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let table = SessionTable::new(100);
/// let mut peers: HashMap<MsrpUri, &str> = HashMap::new();
/// for (peer, session_id) in [("Alice", "kjhd37s2"), ("Carol", "9dq2kx7v")] {
///     let local: MsrpUri = format!("msrp://bob.example:12763/{session_id};tcp").parse()?;
///     table.insert(SessionConfig::expected(local.clone()))?;
///     // This URI goes into the session description for this peer.
///     peers.insert(local, peer);
/// }
///
/// // For each connection that the listener accepts:
/// # let config = Arc::new(Config::default());
/// # let random = Counter(1);
/// let bob = Connection::new(config.clone(), Role::Passive, random, Instant::now())?;
/// let mut bob = bob.with_table(table.clone());
/// # let mut carol = Connection::new(config, Role::Active, Counter(2), Instant::now())?;
/// # carol.open(SessionConfig::new(
/// #     "msrp://carol.example:7654/jshA7weztas;tcp".parse()?,
/// #     "msrp://bob.example:12763/9dq2kx7v;tcp".parse()?,
/// # ))?;
/// # carry(&mut carol, &mut bob, &mut BytesMut::new());
/// # let mut opened: Vec<&str> = Vec::new();
/// // In its run loop:
/// while let Some(event) = bob.poll_event() {
///     if let Event::SessionOpened { session, .. } = event {
///         let peer = peers.get(&bob.session(session)?.local);
///         println!("{session}: {peer:?}");
/// #         opened.extend(peer.copied());
///         // Later events name the session by its key.
///     }
/// }
/// # assert_eq!(opened, ["Carol"]);
/// # Ok(())
/// # }
/// ```
///
/// ```
/// use msrp::{SessionConfig, SessionTable};
///
/// let table = SessionTable::new(100);
/// table.insert(SessionConfig::expected("msrp://192.0.2.7:2855/kjhd37s2;tcp".parse()?))?;
/// assert_eq!(table.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SessionTable {
    entries: Arc<Mutex<Entries>>,
    max_sessions: usize,
}

#[derive(Debug, Default)]
struct Entries {
    by_uri: HashMap<MsrpUri, Entry>,
    session_ids: SessionIds,
    bindings: u64,
}

#[derive(Debug)]
struct Entry {
    config: SessionConfig,
    /// The number of the binding that holds it.
    holder: Option<u64>,
}

impl SessionTable {
    /// An empty table for at most `max_sessions` sessions.
    #[must_use]
    pub fn new(max_sessions: usize) -> Self {
        Self { entries: Arc::default(), max_sessions }
    }

    /// Adds a session that a peer may bind.
    ///
    /// # Errors
    ///
    /// [`SessionError::UriInUse`] if a session with its URI is in the table,
    /// [`SessionError::TooManySessions`] if the table is full.
    pub fn insert(&self, config: SessionConfig) -> Result<(), SessionError> {
        let entries = &mut *self.lock();
        if entries.by_uri.contains_key(&config.local) {
            Err(SessionError::UriInUse)
        } else if entries.by_uri.len() >= self.max_sessions {
            Err(SessionError::TooManySessions { max: self.max_sessions })
        } else {
            entries.insert(Entry { config, holder: None });
            Ok(())
        }
    }

    /// Removes a session, and returns whether it was in the table. If it is bound,
    /// the connection that holds it keeps it.
    pub fn remove(&self, local: &MsrpUri) -> bool {
        self.lock().remove(local)
    }

    /// Replaces the configuration of a session after a later exchange of session
    /// descriptions, and returns whether the session was in the table. It applies
    /// when the session is bound again. For a session that is bound now, also call
    /// [`Connection::update_session`](crate::Connection::update_session).
    pub fn update(&self, config: SessionConfig) -> bool {
        match self.lock().by_uri.get_mut(&config.local) {
            Some(entry) => {
                entry.config = config;
                true
            }
            None => false,
        }
    }

    /// Whether a connection holds the session with this URI.
    #[must_use]
    pub fn is_bound(&self, local: &MsrpUri) -> bool {
        self.lock().by_uri.get(local).is_some_and(|entry| entry.holder.is_some())
    }

    /// The number of sessions in the table, bound or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().by_uri.len()
    }

    /// Whether the table is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The URI with this session-id, here or among `others`, if there is only one.
    pub(super) fn find_session_id(&self, session_id: &str, others: &[MsrpUri]) -> Option<MsrpUri> {
        let entries = self.lock();
        only(others.iter().chain(entries.session_ids.find(session_id))).cloned()
    }

    /// Binds the session with this URI. The error is the status of the response.
    pub(crate) fn bind(&self, uri: UriRef<'_>) -> Result<(SessionConfig, Binding), StatusCode> {
        let entries = &mut *self.lock();
        let key: &dyn UriKey = &uri;
        let entry = entries.by_uri.get_mut(key).ok_or(StatusCode::NO_SUCH_SESSION)?;
        if entry.holder.is_some() {
            return Err(StatusCode::SESSION_IN_USE);
        }
        entries.bindings += 1;
        entry.holder = Some(entries.bindings);
        let config = entry.config.clone();
        let local = config.local.clone();
        Ok((config, Binding { table: self.clone(), local, number: entries.bindings }))
    }

    /// A panic under the lock cannot leave the entries inconsistent.
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn insert(&mut self, entry: Entry) {
        let uri = entry.config.local.clone();
        self.session_ids.insert(&uri);
        self.by_uri.insert(uri, entry);
    }

    /// Returns whether there was an entry.
    fn remove(&mut self, uri: &MsrpUri) -> bool {
        self.session_ids.remove(uri);
        self.by_uri.remove(uri).is_some()
    }
}

/// The hold of a session on its entry, released when it is dropped.
#[derive(Debug)]
pub(crate) struct Binding {
    table: SessionTable,
    local: MsrpUri,
    number: u64,
}

impl Binding {
    /// Removes the entry: the session must not be bound again.
    pub(crate) fn retire(&self) {
        let mut entries = self.table.lock();
        if entries.by_uri.get(&self.local).is_some_and(|entry| self.holds(entry)) {
            entries.remove(&self.local);
        }
    }

    /// The entry may have been removed meanwhile, and another inserted.
    fn holds(&self, entry: &Entry) -> bool {
        entry.holder == Some(self.number)
    }
}

impl Drop for Binding {
    fn drop(&mut self) {
        if let Some(entry) = self.table.lock().by_uri.get_mut(&self.local)
            && self.holds(entry)
        {
            entry.holder = None;
        }
    }
}
