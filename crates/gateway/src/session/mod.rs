//! Sessions that outlive the request that created them.

mod log;
mod task;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use msrp::{OsRandom, Outcome};
use msrp_tokio::Sender;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::exchange::{self, Message, closed, refusal, unanswered};
use crate::fault::{Fault, Kind};

pub(crate) use log::Log;
pub(crate) use task::run;

/// The properties that a session was created with.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct About {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) from_path: String,
    pub(crate) to_path: String,
    pub(crate) tls: bool,
}

/// Why this side ends a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Deleted,
    Idle,
    Shutdown,
}

impl Ending {
    /// The reason in the event `closed`.
    const fn reason(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Idle => "idle",
            Self::Shutdown => "shutdown",
        }
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Deleted => "the session was ended by a request",
            Self::Idle => "the session was idle for too long",
            Self::Shutdown => "the gateway is shutting down",
        })
    }
}

/// A session as requests see it.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) id: String,
    pub(crate) about: About,
    pub(crate) log: Log,
    sender: Sender,
    started: Instant,
    state: watch::Sender<State>,
    /// Why this side ends it.
    ending: OnceLock<Ending>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    last_active: Instant,
    /// When it ended, and why.
    ended: Option<(Instant, &'static str)>,
}

/// A session as the interface shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View<'a> {
    id: &'a str,
    #[serde(flatten)]
    about: &'a About,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Milliseconds since its start.
    age: u64,
    /// Milliseconds since its last activity.
    idle: u64,
}

impl Handle {
    fn new(id: String, about: About, sender: Sender) -> Arc<Self> {
        let started = Instant::now();
        let (state, _) = watch::channel(State { last_active: started, ended: None });
        let (log, ending) = (Log::default(), OnceLock::new());
        Arc::new(Self { id, about, log, sender, started, state, ending })
    }

    pub(crate) fn view(&self) -> View<'_> {
        let State { last_active, ended } = *self.state.borrow();
        View {
            id: &self.id,
            about: &self.about,
            state: if ended.is_some() { "closed" } else { "open" },
            reason: ended.map(|(_, reason)| reason),
            age: millis(self.started.elapsed()),
            idle: millis(last_active.elapsed()),
        }
    }

    /// Sends a message and waits for its outcome. Dropping the future cancels the
    /// message, unless its Failure-Report is `partial`, for which silence is success.
    pub(crate) async fn send(&self, message: Message) -> Result<exchange::Sent, Fault> {
        self.touch();
        let sent = self.sender.send(message.outgoing).await.map_err(refusal)?;
        let _cancelled = (!message.is_partial).then(|| AbortOnDrop(&sent));
        let finished = sent.finished().await.ok_or_else(closed)?;
        let is_cut = matches!(finished.outcome, Outcome::ConnectionLost | Outcome::SessionClosed);
        let fault = if is_cut { Some(closed()) } else { unanswered(&finished) };
        Ok(exchange::Sent { finished, fault })
    }

    /// Ends the session at once. The first reason counts.
    pub(crate) fn close(&self, ending: Ending) {
        if !self.has_ended() {
            self.ending.get_or_init(|| ending);
            self.sender.abort();
        }
    }

    pub(crate) async fn closed(&self) {
        // The sender lives as long as `self`.
        let _ = self.state.subscribe().wait_for(|state| state.ended.is_some()).await;
    }

    fn close_if_idle(&self, timeout: Duration) {
        if self.last_active().elapsed() >= timeout {
            self.close(Ending::Idle);
        }
    }

    fn ending(&self) -> Option<Ending> {
        self.ending.get().copied()
    }

    fn has_ended(&self) -> bool {
        self.state.borrow().ended.is_some()
    }

    fn last_active(&self) -> Instant {
        self.state.borrow().last_active
    }

    fn touch(&self) {
        self.state.send_modify(|state| state.last_active = Instant::now());
    }

    fn end(&self, reason: &'static str) {
        self.state.send_modify(|state| state.ended = Some((Instant::now(), reason)));
    }
}

/// Cancels a message, if it has no outcome.
struct AbortOnDrop<'a>(&'a msrp_tokio::Sent);

impl Drop for AbortOnDrop<'_> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The sessions by id. A session that has ended stays visible for as long as an
/// idle one would have lived.
#[derive(Debug)]
pub(crate) struct Sessions {
    by_id: Mutex<HashMap<String, Arc<Handle>>>,
    max: usize,
    pub(crate) timeout: Duration,
}

impl Sessions {
    pub(crate) fn new(max: usize, timeout: Duration) -> Self {
        Self { by_id: Mutex::default(), max, timeout }
    }

    /// Whether there is room for one more.
    pub(crate) fn check_room(&self) -> Result<(), Fault> {
        make_room(&mut self.lock(), self.max, self.timeout)
    }

    /// Registers an open session. Its id reveals nothing about the MSRP session, and
    /// is as hard to guess.
    fn insert(&self, about: About, sender: Sender) -> Result<Arc<Handle>, Fault> {
        let mut random = OsRandom::new()?;
        let handle = Handle::new(msrp::session_id(&mut random)?, about, sender);
        let mut by_id = self.lock();
        make_room(&mut by_id, self.max, self.timeout)?;
        by_id.insert(handle.id.clone(), Arc::clone(&handle));
        Ok(handle)
    }

    pub(crate) fn get(&self, id: &str) -> Result<Arc<Handle>, Fault> {
        let unknown = || Fault::new(Kind::NotFound, "there is no session with that id");
        self.lock().get(id).cloned().ok_or_else(unknown)
    }

    /// Removes a session from the list. Holders of its handle still see its end.
    pub(crate) fn remove(&self, id: &str) -> Result<Arc<Handle>, Fault> {
        let handle = self.get(id)?;
        self.lock().remove(id);
        Ok(handle)
    }

    /// All sessions, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Handle>> {
        let mut all: Vec<_> = self.lock().values().cloned().collect();
        all.sort_by_key(|handle| handle.started);
        all
    }

    pub(crate) async fn close_all(&self) {
        let all = self.all();
        for handle in &all {
            handle.close(Ending::Shutdown);
        }
        for handle in &all {
            handle.closed().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Handle>>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes sessions that ended long ago, and at the limit the one that ended first.
fn make_room(
    by_id: &mut HashMap<String, Arc<Handle>>,
    max: usize,
    timeout: Duration,
) -> Result<(), Fault> {
    let ended = |handle: &Handle| handle.state.borrow().ended.map(|(at, _)| at);
    by_id.retain(|_, handle| ended(handle).is_none_or(|at| at.elapsed() < timeout));
    if by_id.len() < max {
        return Ok(());
    }
    let oldest =
        by_id.values().filter_map(|handle| ended(handle).map(|at| (at, handle.id.clone()))).min();
    match oldest {
        Some((_, id)) => {
            by_id.remove(&id);
            Ok(())
        }
        None => {
            let message = "too many sessions; end one, or raise --max-sessions";
            Err(Fault::new(Kind::Busy, message))
        }
    }
}
