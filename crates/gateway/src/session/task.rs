//! The task that runs one session: its run loop, its commands and its idle time.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use msrp::{
    CloseReason, ConnectionEnd, Event, Finished, MessageId, MessageKey, Outcome, SendError,
    SessionKey,
};
use msrp_tokio_loop::RunLoop;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::{About, Command, Handle, Reply, Sessions};
use crate::api::show;
use crate::dial::Stream;
use crate::exchange::{Message, Sent, farewell, fault_of_end, is_unanswered};
use crate::fault::{Fault, Kind};

/// A session whose binding SEND has been accepted.
pub(crate) struct Starting {
    pub(crate) run: RunLoop<Stream>,
    pub(crate) session: SessionKey,
    pub(crate) about: About,
}

/// Registers a session and runs it until it ends.
pub(crate) fn run(sessions: &Sessions, starting: Starting) -> Result<Arc<Handle>, Fault> {
    let (sender, commands) = mpsc::unbounded_channel();
    let handle = sessions.insert(starting.about, sender)?;
    let task = Task {
        run: starting.run,
        session: starting.session,
        handle: Arc::clone(&handle),
        commands,
        waiting: HashMap::new(),
        ending: None,
    };
    tokio::spawn(task.run(sessions.timeout));
    Ok(handle)
}

struct Task {
    run: RunLoop<Stream>,
    session: SessionKey,
    handle: Arc<Handle>,
    commands: mpsc::UnboundedReceiver<Command>,
    /// The requests that wait for the outcomes of messages.
    waiting: HashMap<MessageKey, Waiting>,
    /// Why this side ends the session.
    ending: Option<&'static str>,
}

struct Waiting {
    ticket: u64,
    reply: oneshot::Sender<Reply>,
    id: MessageId,
    len: u64,
    reported: Vec<Range<u64>>,
}

impl Task {
    async fn run(mut self, idle_timeout: std::time::Duration) {
        let mut idle_at = Instant::now() + idle_timeout;
        let end = loop {
            tokio::select! {
                event = self.run.next() => {
                    let Some(event) = event else { break self.local_end() };
                    if is_activity(&event) {
                        self.handle.touch();
                        idle_at = Instant::now() + idle_timeout;
                    }
                    if let Some(end) = self.event(event) {
                        break end;
                    }
                }
                Some(command) = self.commands.recv() => {
                    if let Command::Send { .. } = command {
                        self.handle.touch();
                        idle_at = Instant::now() + idle_timeout;
                    }
                    self.command(command);
                }
                () = sleep_until(idle_at), if self.ending.is_none() => self.end("idle"),
            }
        };
        self.handle.log.push("closed", &end);
        self.handle.log.end();
        self.handle.end(end.reason);
        farewell(self.run).await;
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Send { ticket, message, reply } => self.send(ticket, *message, reply),
            Command::Cancel(ticket) => {
                let key = self.waiting.iter().find(|(_, waiting)| waiting.ticket == ticket);
                if let Some(key) = key.map(|(key, _)| *key) {
                    let _ = self.run.connection.abort(key);
                }
            }
            Command::Close(reason) => self.end(reason),
        }
    }

    fn send(&mut self, ticket: u64, message: Message, reply: oneshot::Sender<Reply>) {
        let Message { id, len, outgoing, .. } = message;
        match self.run.connection.send(self.session, outgoing) {
            Ok(key) => {
                self.waiting.insert(key, Waiting { ticket, reply, id, len, reported: Vec::new() });
            }
            Err(error) => {
                let _ = reply.send(Err(refusal(&error)));
            }
        }
    }

    /// Closes the connection, which gives every message its outcome and ends the
    /// session.
    fn end(&mut self, reason: &'static str) {
        self.ending.get_or_insert(reason);
        self.run.connection.close();
    }

    /// Handles an event. Returns how the session ended if it was the last.
    fn event(&mut self, event: Event) -> Option<show::Closed> {
        let log = &self.handle.log;
        match event {
            Event::Message { received, body } => {
                log.push("message", &show::Message::new(&received, &body));
            }
            Event::Reported { message, octets } => {
                if let Some(waiting) = self.waiting.get_mut(&message) {
                    log.push("report", &show::Report::of(&waiting.id, &octets, waiting.len));
                    waiting.reported.push(octets);
                }
            }
            Event::LateFailure { message_id, status, .. } => {
                log.push("report", &show::Report::late(&message_id, status));
            }
            Event::Finished(outcome) => self.outcome(*outcome),
            Event::SessionClosed { session, reason, .. } if session == self.session => {
                return self.session_end(reason);
            }
            Event::Closed(end) => return Some(self.connection_end(&end)),
            _ => {}
        }
        None
    }

    fn outcome(&mut self, outcome: Finished) {
        self.handle.log.push("outcome", &show::Outcome::new(&outcome));
        let Some(waiting) = self.waiting.remove(&outcome.message) else { return };
        let fault = match outcome.outcome {
            Outcome::TimedOut if is_unanswered(&outcome) => Some(Fault::timeout()),
            Outcome::ConnectionLost | Outcome::SessionClosed => {
                Some(Fault::new(Kind::Closed, "the session has ended"))
            }
            _ => None,
        };
        // Fails if the request was cancelled.
        let _ = waiting.reply.send(Ok(Sent { outcome, reported: waiting.reported, fault }));
    }

    /// The session has its own connection. If that has ended too, its event says more.
    fn session_end(&self, reason: CloseReason) -> Option<show::Closed> {
        match reason {
            CloseReason::Rejected(status) => Some(show::Closed::by_status("rejected", status)),
            CloseReason::Failed(status) => Some(show::Closed::by_status("failed", status)),
            CloseReason::TimedOut => {
                Some(show::Closed::new("timeout", "the peer did not respond in time"))
            }
            _ => None,
        }
    }

    fn connection_end(&self, end: &ConnectionEnd) -> show::Closed {
        if self.ending.is_some() {
            return self.local_end();
        }
        let fault = fault_of_end(&self.run, end);
        let reason = match fault.kind {
            Kind::NotMsrp => "notMsrp",
            _ => "connectionClosed",
        };
        show::Closed::new(reason, fault.message)
    }

    fn local_end(&self) -> show::Closed {
        let reason = self.ending.unwrap_or("closed");
        let message = match reason {
            "idle" => "the session was idle for too long",
            "shutdown" => "the gateway is shutting down",
            _ => "the session was ended by a request",
        };
        show::Closed::new(reason, message)
    }
}

/// Whether an event shows that the session is in use.
const fn is_activity(event: &Event) -> bool {
    matches!(event, Event::Message { .. } | Event::Finished(_) | Event::Reported { .. })
}

/// Why a message cannot be sent.
fn refusal(error: &SendError) -> Fault {
    match error {
        SendError::UnknownKey(_) => Fault::new(Kind::Closed, "the session has ended"),
        SendError::TypeNotAccepted(_) => Fault::field("contentType", error),
        SendError::MessageIdInUse => Fault::field("messageId", error),
        _ => Fault::new(Kind::Busy, error.to_string()),
    }
}
