//! Sessions that outlive the request that created them.

mod log;
mod task;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use msrp::OsRandom;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use crate::exchange::{Message, Sent};
use crate::fault::{Fault, Kind};

pub(crate) use log::Log;
pub(crate) use task::{Starting, run};

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

/// A command of a request to the task that runs a session.
#[derive(Debug)]
enum Command {
    Send {
        ticket: u64,
        message: Box<Message>,
        reply: oneshot::Sender<Reply>,
    },
    /// The request with that ticket no longer waits for its message.
    Cancel(u64),
    Close(&'static str),
}

type Reply = Result<Sent, Fault>;

/// A session as requests see it.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) id: String,
    pub(crate) about: About,
    pub(crate) log: Log,
    started: Instant,
    state: watch::Sender<State>,
    commands: mpsc::UnboundedSender<Command>,
    tickets: Mutex<u64>,
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
    fn new(id: String, about: About, commands: mpsc::UnboundedSender<Command>) -> Arc<Self> {
        let started = Instant::now();
        let (state, _) = watch::channel(State { last_active: started, ended: None });
        let (log, tickets) = (Log::default(), Mutex::default());
        Arc::new(Self { id, about, log, started, state, commands, tickets })
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
    pub(crate) async fn send(&self, message: Message) -> Reply {
        let ticket = self.next_ticket();
        let is_partial = message.is_partial;
        let (reply, sent) = oneshot::channel();
        let command = Command::Send { ticket, message: Box::new(message), reply };
        self.commands.send(command).map_err(|_| closed())?;
        let _guard = (!is_partial).then(|| CancelOnDrop { ticket, commands: &self.commands });
        sent.await.map_err(|_| closed())?
    }

    pub(crate) fn close(&self, reason: &'static str) {
        // Fails if the session has ended.
        let _ = self.commands.send(Command::Close(reason));
    }

    pub(crate) async fn closed(&self) {
        // The sender lives as long as `self`.
        let _ = self.state.subscribe().wait_for(|state| state.ended.is_some()).await;
    }

    fn next_ticket(&self) -> u64 {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        *tickets += 1;
        *tickets
    }

    fn touch(&self) {
        self.state.send_modify(|state| state.last_active = Instant::now());
    }

    fn end(&self, reason: &'static str) {
        self.state.send_modify(|state| state.ended = Some((Instant::now(), reason)));
    }
}

struct CancelOnDrop<'a> {
    ticket: u64,
    commands: &'a mpsc::UnboundedSender<Command>,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Cancel(self.ticket));
    }
}

fn closed() -> Fault {
    Fault::new(Kind::Closed, "the session has ended")
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
    fn insert(
        &self,
        about: About,
        commands: mpsc::UnboundedSender<Command>,
    ) -> Result<Arc<Handle>, Fault> {
        let mut random = OsRandom::new()?;
        let handle = Handle::new(msrp::session_id(&mut random)?, about, commands);
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
            handle.close("shutdown");
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
