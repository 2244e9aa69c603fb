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

use super::{About, Command, Ending, Handle, Reply, Sessions};
use crate::api::show;
use crate::dial::Stream;
use crate::exchange::{Message, Sent, farewell, fault_of_end, is_unanswered};
use crate::fault::{Fault, Kind, chain};

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
    ending: Option<Ending>,
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
                () = sleep_until(idle_at), if self.ending.is_none() => self.end(Ending::Idle),
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
            Command::Close(ending) => self.end(ending),
        }
    }

    fn send(&mut self, ticket: u64, message: Message, reply: oneshot::Sender<Reply>) {
        let Message { id, len, outgoing, .. } = message;
        match self.run.connection.send(self.session, outgoing) {
            Ok(key) => {
                self.waiting.insert(key, Waiting { ticket, reply, id, len, reported: Vec::new() });
            }
            Err(error) => {
                let _ = reply.send(Err(refusal(error)));
            }
        }
    }

    /// Closes the connection, which gives every message its outcome and ends the
    /// session.
    fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
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
            Event::Finished(finished) => self.finished(*finished),
            Event::SessionClosed { session, reason, .. } if session == self.session => {
                return self.session_end(reason);
            }
            Event::Closed(end) => return Some(self.connection_end(&end)),
            Event::SessionOpened { .. }
            | Event::SessionClosed { .. }
            | Event::MessageStarted { .. }
            | Event::Piece { .. }
            | Event::MessageCompleted { .. }
            | Event::MessageFailed { .. }
            | Event::BodyRoom { .. }
            | Event::NicknameRequested { .. }
            | Event::Nickname { .. }
            | Event::Authenticated { .. }
            | Event::AuthenticationFailed { .. }
            | Event::Tolerated(_)
            | _ => {}
        }
        None
    }

    fn finished(&mut self, finished: Finished) {
        self.handle.log.push("outcome", &show::Outcome::new(&finished));
        let Some(waiting) = self.waiting.remove(&finished.message) else { return };
        let fault = match finished.outcome {
            Outcome::TimedOut if is_unanswered(&finished) => Some(Fault::timeout()),
            Outcome::ConnectionLost | Outcome::SessionClosed => {
                Some(Fault::new(Kind::Closed, "the session has ended"))
            }
            Outcome::Accepted
            | Outcome::Sent
            | Outcome::Delivered
            | Outcome::Unreported
            | Outcome::Rejected(_)
            | Outcome::TimedOut
            | Outcome::Aborted
            | _ => None,
        };
        // Fails if the request was cancelled.
        let _ = waiting.reply.send(Ok(Sent { finished, reported: waiting.reported, fault }));
    }

    /// The session has its own connection. If that has ended too, its event says more.
    fn session_end(&self, reason: CloseReason) -> Option<show::Closed> {
        match reason {
            CloseReason::Rejected(status) => Some(show::Closed::by_status("rejected", status)),
            CloseReason::Failed(status) => Some(show::Closed::by_status("failed", status)),
            CloseReason::TimedOut => {
                Some(show::Closed::new("timeout", "the peer did not respond in time"))
            }
            CloseReason::Local | CloseReason::ConnectionClosed | _ => None,
        }
    }

    fn connection_end(&self, end: &ConnectionEnd) -> show::Closed {
        if self.ending.is_some() {
            return self.local_end();
        }
        let fault = fault_of_end(&self.run, end);
        let is_msrp = fault.kind != Kind::NotMsrp;
        let reason = if is_msrp { "connectionClosed" } else { "notMsrp" };
        show::Closed::new(reason, fault.message)
    }

    fn local_end(&self) -> show::Closed {
        match self.ending {
            Some(ending) => show::Closed::new(ending.reason(), ending.to_string()),
            None => show::Closed::new("closed", "the session has ended"),
        }
    }
}

/// Whether an event shows that the session is in use.
const fn is_activity(event: &Event) -> bool {
    matches!(event, Event::Message { .. } | Event::Finished(_) | Event::Reported { .. })
}

/// Why a message cannot be sent.
fn refusal(error: SendError) -> Fault {
    match error {
        SendError::UnknownKey(_) => Fault::new(Kind::Closed, "the session has ended"),
        SendError::TypeNotAccepted(_) => Fault::field("contentType", error),
        SendError::MessageIdInUse => Fault::field("messageId", error),
        SendError::NotSending
        | SendError::TooLarge { .. }
        | SendError::SingleMessage
        | SendError::TooManyMessages { .. }
        | SendError::HeadTooLong { .. }
        | SendError::Random(_)
        | SendError::Header(_)
        | SendError::BodyFinished
        | SendError::Full { .. }
        | SendError::BeyondTotal { .. }
        | SendError::Short { .. }
        | SendError::TooManyNicknames { .. }
        | SendError::NotWanted
        | SendError::ReportTooLarge
        | _ => Fault::new(Kind::Busy, chain(error)),
    }
}
