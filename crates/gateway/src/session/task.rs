//! The task of a session: its events, and its idle time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use msrp::{CloseReason, Received};
use msrp_tokio::{Ended, Message, Notice, Notices, Session};
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::{About, Ending, Handle, Sessions};
use crate::api::show;
use crate::exchange::fault_of_end;
use crate::fault::{Fault, Kind};

/// Registers a session and runs it until it ends.
pub(crate) fn run(
    sessions: &Sessions,
    session: Session,
    about: About,
) -> Result<Arc<Handle>, Fault> {
    let notices = session.notices();
    let handle = sessions.insert(about, session.sender())?;
    let task = Task { session, handle: Arc::clone(&handle), arriving: JoinSet::new() };
    tokio::spawn(task.run(notices, sessions.timeout));
    Ok(handle)
}

struct Task {
    session: Session,
    handle: Arc<Handle>,
    /// The messages that have begun.
    arriving: JoinSet<Arrived>,
}

/// A whole message, unless its rest has not come.
type Arrived = io::Result<(Received, Bytes)>;

impl Task {
    async fn run(mut self, mut notices: Notices, idle_timeout: Duration) {
        let ended = self.follow(&mut notices, idle_timeout).await;
        let closed = closed(self.handle.ending(), &ended);
        self.handle.log.push("closed", &closed);
        self.handle.log.end();
        self.handle.end(closed.reason);
    }

    /// Logs what happens until nothing more can.
    async fn follow(&mut self, notices: &mut Notices, idle_timeout: Duration) -> Ended {
        let (mut has_messages, mut has_notices) = (true, true);
        while has_messages || has_notices || !self.arriving.is_empty() {
            let idle_at = self.handle.last_active() + idle_timeout;
            tokio::select! {
                message = self.session.next(), if has_messages => match message {
                    Some(message) => self.receive(message).await,
                    None => has_messages = false,
                },
                notice = notices.next(), if has_notices => match notice {
                    Some(notice) => self.note(&notice),
                    None => has_notices = false,
                },
                Some(arrived) = self.arriving.join_next() => {
                    if let Ok(arrived) = arrived {
                        self.arrived(arrived);
                    }
                }
                () = sleep_until(idle_at), if has_messages => {
                    self.handle.close_if_idle(idle_timeout);
                }
            }
        }
        self.handle.sender.closed().await
    }

    /// A large message does not hold up those behind it.
    async fn receive(&mut self, message: Message) {
        if message.is_complete() {
            let arrived = read(message).await;
            self.arrived(arrived);
        } else {
            self.arriving.spawn(read(message));
        }
    }

    fn arrived(&self, arrived: Arrived) {
        // Its sender knows of one that has failed.
        if let Ok((received, body)) = arrived {
            self.handle.touch();
            self.handle.log.push("message", &show::Message::new(&received, &body));
        }
    }

    fn note(&self, notice: &Notice) {
        let log = &self.handle.log;
        match notice {
            Notice::Reported { message_id, octets, total } => {
                self.handle.touch();
                log.push("report", &show::Report::success(message_id, octets, *total));
            }
            Notice::Finished(finished) => {
                self.handle.touch();
                log.push("outcome", &show::Outcome::new(finished));
            }
            Notice::LateFailure { message_id, status } => {
                log.push("report", &show::Report::failure(message_id, *status));
            }
            Notice::LateSuccess { message_id, octets } => {
                log.push("report", &show::Report::success(message_id, octets, None));
            }
            Notice::Refused(refused) => log.push("refused", &show::Refused::new(refused)),
            _ => {}
        }
    }
}

/// The whole of a message. The session limits its size.
async fn read(mut message: Message) -> Arrived {
    let mut body = Vec::new();
    message.read_to_end(&mut body).await?;
    Ok((message.head().clone(), body.into()))
}

/// The last event of a session.
fn closed(ending: Option<Ending>, ended: &Ended) -> show::Closed {
    match (ending, ended.reason) {
        (Some(ending), _) => show::Closed::new(ending.reason(), ending.to_string()),
        (None, CloseReason::Rejected(status)) => show::Closed::by_status("rejected", status),
        (None, CloseReason::Failed(status)) => show::Closed::by_status("failed", status),
        (None, CloseReason::TimedOut) => {
            show::Closed::new("timeout", "the peer did not respond in time")
        }
        (None, _) => {
            let fault = fault_of_end(ended);
            let is_msrp = fault.kind != Kind::NotMsrp;
            let reason = if is_msrp { "connectionClosed" } else { "notMsrp" };
            show::Closed::new(reason, fault.message)
        }
    }
}
