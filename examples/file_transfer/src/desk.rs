//! One connection and the files that it carries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use msrp::wire::ByteRange;
use msrp::{Connection, Event, IncomingKey, MessageKey, Received, SessionKey, StatusCode};
use msrp_tokio_loop::RunLoop;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::timeout;

use crate::endpoint::Carrier;
use crate::receive::{Checked, Incoming, Receiving, Unchecked};
use crate::send::{Outgoing, Sending};
use crate::tell::{Done, text};

/// The transfer of a session.
pub(crate) enum Job {
    Send(Outgoing),
    Receive(Incoming),
}

impl Job {
    pub(crate) fn failed(self, error: &str) -> Done {
        match self {
            Self::Send(job) => job.done(0, Some(error.into())),
            Self::Receive(job) => job.failed(0, error),
        }
    }
}

/// The jobs whose sessions are not open yet, by this side's URI of the session.
#[derive(Clone, Default)]
pub(crate) struct Jobs(Arc<Mutex<HashMap<String, Job>>>);

impl Jobs {
    pub(crate) fn put(&self, uri: &str, job: Job) {
        self.with(|jobs| jobs.insert(uri.to_owned(), job));
    }

    pub(crate) fn take(&self, uri: &str) -> Option<Job> {
        self.with(|jobs| jobs.remove(uri))
    }

    pub(crate) fn take_all(&self) -> Vec<Job> {
        self.with(std::mem::take).into_values().collect()
    }

    fn with<T>(&self, action: impl FnOnce(&mut HashMap<String, Job>) -> T) -> T {
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A connection with its transfers.
pub(crate) struct Desk {
    run_loop: RunLoop<Carrier>,
    jobs: Jobs,
    /// Sessions that this side is opening, with its URIs.
    opened: HashMap<SessionKey, String>,
    sending: HashMap<SessionKey, Sending>,
    receiving: HashMap<SessionKey, Receiving>,
    /// The number of files being checked.
    checking: usize,
    checked: (UnboundedSender<Checked>, UnboundedReceiver<Checked>),
    done: UnboundedSender<Done>,
    idle: Duration,
}

/// What all connections share.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) jobs: Jobs,
    pub(crate) done: UnboundedSender<Done>,
    /// How long a connection may be idle.
    pub(crate) idle: Duration,
}

impl Desk {
    pub(crate) fn new(run_loop: RunLoop<Carrier>, house: House) -> Self {
        let House { jobs, done, idle } = house;
        Self {
            run_loop,
            jobs,
            opened: HashMap::new(),
            sending: HashMap::new(),
            receiving: HashMap::new(),
            checking: 0,
            checked: mpsc::unbounded_channel(),
            done,
            idle,
        }
    }

    /// Opens these sessions. Their jobs are waiting.
    pub(crate) fn open(&mut self, configs: Vec<msrp::SessionConfig>) {
        for config in configs {
            let uri = config.local.to_string();
            match self.run_loop.connection.open(config) {
                Ok(session) => drop(self.opened.insert(session, uri)),
                Err(error) => self.fail_job(&uri, &text(error)),
            }
        }
    }

    /// Runs until the connection ends. The side that opened it closes it when all
    /// transfers are done.
    pub(crate) async fn run(mut self) {
        let is_opener = !self.opened.is_empty();
        loop {
            tokio::select! {
                event = timeout(self.idle, self.run_loop.next()) => match event {
                    Ok(Some(event)) => self.take(event),
                    Ok(None) => break,
                    Err(_) if self.checking > 0 => {}
                    Err(_) => {
                        self.fail_all("the connection was idle for too long");
                        self.run_loop.connection.close();
                    }
                },
                Some(checked) = self.checked.1.recv() => self.settle(checked),
            }
            if is_opener && self.is_idle() {
                self.run_loop.connection.close();
            }
        }
        let error = self.run_loop.error().map(text);
        self.fail_all(error.as_deref().unwrap_or("the connection has ended"));
        // Checks continue after the connection has ended.
        while self.checking > 0 {
            let Some(checked) = self.checked.1.recv().await else { return };
            self.settle(checked);
        }
    }

    fn is_idle(&self) -> bool {
        let is_busy = self.checking > 0 || !self.sending.is_empty() || !self.receiving.is_empty();
        !is_busy && self.opened.is_empty()
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::SessionOpened { session, .. } => self.begin(session),
            Event::BodyRoom { message } => self.feed(message),
            Event::Finished(finished) => {
                if let Some(sending) = self.sending.remove(&finished.session) {
                    self.tell(sending.ended(&finished));
                    // A session carries one file (RFC 5547 section 8.7).
                    let _ = self.run_loop.connection.close_session(finished.session);
                }
            }
            Event::MessageStarted { received } => {
                let receiving = self.receiving.get_mut(&received.session());
                let begun =
                    receiving.map_or_else(|| Err("no file".into()), |it| it.begin(&received));
                if let Err(error) = begun {
                    self.refuse(received.key(), received.session(), &error);
                }
            }
            Event::Piece { incoming, offset, data } => {
                let mut all = self.receiving.iter_mut();
                let Some((session, receiving)) = all.find(|(_, it)| it.is(incoming)) else {
                    return;
                };
                let session = *session;
                if let Err(error) = receiving.take(offset, &data) {
                    self.refuse(incoming, session, &error);
                }
            }
            Event::MessageCompleted { received, total } => {
                let receiving = self.receiving.remove(&received.session());
                match receiving.map(|it| it.completed(received.clone(), total)) {
                    Some(Ok(unchecked)) => self.check(unchecked),
                    Some(Err(done)) => {
                        self.report(&received, total, false);
                        self.tell(done);
                    }
                    // It was complete before it was refused, so its chunk already has
                    // a response.
                    None => self.report(&received, total, false),
                }
            }
            Event::MessageFailed { received, reason } => {
                self.fail(received.session(), &format!("the message failed: {reason}"));
            }
            Event::SessionClosed { session, reason, .. } => {
                self.fail(session, &format!("the session has ended: {reason}"));
            }
            _ => {}
        }
    }

    /// Starts the job of a session that has opened.
    fn begin(&mut self, session: SessionKey) {
        self.opened.remove(&session);
        let connection = &mut self.run_loop.connection;
        let uri = connection.session(session).map(|it| it.local.to_string());
        match uri.ok().and_then(|uri| self.jobs.take(&uri)) {
            Some(Job::Send(job)) => match job.start(connection, session) {
                Ok(sending) => drop(self.sending.insert(session, sending)),
                Err(done) => {
                    let _ = connection.close_session(session);
                    self.tell(done);
                }
            },
            Some(Job::Receive(job)) => drop(self.receiving.insert(session, job.start())),
            None => drop(connection.close_session(session)),
        }
    }

    fn feed(&mut self, message: MessageKey) {
        if let Some(sending) = self.sending.values_mut().find(|it| it.key == message) {
            sending.feed(&mut self.run_loop.connection);
        }
    }

    /// Checks a file on another thread: the connection may be receiving others.
    fn check(&mut self, unchecked: Unchecked) {
        self.checking += 1;
        let checked = self.checked.0.clone();
        tokio::task::spawn_blocking(move || drop(checked.send(unchecked.check())));
    }

    /// Reports the result of a check to the sender.
    fn settle(&mut self, checked: Checked) {
        self.checking -= 1;
        let Checked { message, total, done } = checked;
        self.report(&message, total, done.error.is_none());
        self.tell(done);
    }

    fn report(&mut self, message: &Received, total: u64, is_right: bool) {
        let status = if is_right { StatusCode::OK } else { StatusCode::STOP_SENDING };
        // The file stays even if the sender has gone.
        let _ = self.run_loop.connection.report(message, status, ByteRange::whole(total));
    }

    /// Asks the sender to stop with 413 (RFC 5547 section 8.4).
    fn refuse(&mut self, message: IncomingKey, session: SessionKey, error: &str) {
        let _ = self.run_loop.connection.reject(message, StatusCode::STOP_SENDING);
        self.fail(session, error);
    }

    fn fail(&mut self, session: SessionKey, error: &str) {
        if let Some(uri) = self.opened.remove(&session) {
            self.fail_job(&uri, error);
        }
        if let Some(receiving) = self.receiving.remove(&session) {
            self.tell(receiving.failed(error));
        }
        // A message being sent has its own outcome.
    }

    fn fail_job(&self, uri: &str, error: &str) {
        if let Some(job) = self.jobs.take(uri) {
            self.tell(job.failed(error));
        }
    }

    fn fail_all(&mut self, error: &str) {
        for uri in std::mem::take(&mut self.opened).into_values() {
            self.fail_job(&uri, error);
        }
        for receiving in std::mem::take(&mut self.receiving).into_values() {
            self.tell(receiving.failed(error));
        }
        let connection: &mut Connection = &mut self.run_loop.connection;
        for sending in self.sending.values() {
            let _ = connection.abort(sending.key);
        }
    }

    fn tell(&self, done: Done) {
        // The endpoint receives until all files are done.
        let _ = self.done.send(done);
    }
}
