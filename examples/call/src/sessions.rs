//! The MSRP sessions of a call.

use std::collections::HashMap;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use msrp::{Outcome, OutgoingMessage, SessionConfig};
use msrp_sdp::SessionPlan;
use msrp_tokio::{Sender, Sent, Session};
use tokio::fs::File;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::file::Outgoing;
use crate::hear;
use crate::house::House;
use crate::sip::SipError;
use crate::talk::{self, TYPING_HOLDS, Voice};
use crate::terms::{Change, TermsError};

/// How long the other side has to open a session that is agreed on.
const BINDING: Duration = Duration::from_secs(30);

/// How long what has begun may still take when the call is over.
const LAST_WORK: Duration = Duration::from_secs(2);

/// The MSRP sessions of a call, each of a media line.
pub(crate) struct Sessions {
    house: Arc<House>,
    /// The SIP URIs of this side and the other.
    sides: (String, String),
    chat: Option<Chat>,
    /// What ends the session of a line.
    ends: HashMap<usize, CancellationToken>,
    /// Cancelled when the call is over.
    over: CancellationToken,
    tasks: JoinSet<Done>,
    undelivered: usize,
}

/// The session to write to.
struct Chat {
    at: usize,
    sender: Sender,
    voice: Voice,
    /// Since when the other side knows that the user writes.
    writes_since: Option<Instant>,
    updates: mpsc::Sender<SessionConfig>,
}

/// A session that is agreed on. The other side can open it already.
pub(crate) struct Opening {
    at: usize,
    plan: SessionPlan,
    session: Opened,
}

type Opened = Pin<Box<dyn Future<Output = Result<Session, Failure>> + Send>>;

/// What has been done, and how it went.
pub(crate) struct Done {
    pub(crate) what: What,
    pub(crate) result: Result<(), Failure>,
    /// The line that has no session any more.
    pub(crate) freed: Option<usize>,
}

/// What has been done.
pub(crate) enum What {
    /// Listened to the chat.
    Listened,
    /// Received a file.
    Received,
    /// Sent the file of this name.
    Sent(String),
    /// Said this.
    Said(String),
}

impl Sessions {
    pub(crate) fn new(house: Arc<House>, own: String, peer: String) -> Self {
        Self {
            house,
            sides: (own, peer),
            chat: None,
            ends: HashMap::new(),
            over: CancellationToken::new(),
            tasks: JoinSet::new(),
            undelivered: 0,
        }
    }

    /// Prepares the session of a plan: from here on, the other side can open it.
    pub(crate) fn prepare(&self, at: usize, plan: SessionPlan) -> Opening {
        let session = self.house.endpoint.session(plan.clone());
        let opened = async {
            timeout(BINDING, session).await.map_err(|_| Failure::NotBound)?.map_err(Failure::from)
        };
        Opening { at, plan, session: Box::pin(opened) }
    }

    /// Follows what an exchange of descriptions has changed. Returns the sessions that
    /// begin.
    pub(crate) fn follow(&mut self, changes: Vec<Change>) -> Vec<Opening> {
        let mut openings = Vec::new();
        for change in changes {
            match change {
                Change::New(at, plan) => {
                    self.end(at);
                    openings.push(self.prepare(at, plan));
                }
                Change::Update(at, plan) => self.update(at, &plan),
                Change::Closed(at) => self.end(at),
            }
        }
        openings
    }

    fn update(&self, at: usize, plan: &SessionPlan) {
        if let Some(chat) = self.chat.as_ref().filter(|chat| chat.at == at) {
            // The chat may just have ended.
            let _ = chat.updates.try_send(plan.session_config());
        }
    }

    fn end(&mut self, at: usize) {
        if let Some(end) = self.ends.remove(&at) {
            end.cancel();
        }
        self.chat.take_if(|chat| chat.at == at);
    }

    /// Opens sessions, and listens to them.
    pub(crate) async fn open_all(&mut self, openings: Vec<Opening>) -> Result<(), Failure> {
        for opening in openings {
            self.open(opening).await?;
        }
        Ok(())
    }

    /// A chat opens at once, a file beside everything else.
    async fn open(&mut self, opening: Opening) -> Result<(), Failure> {
        let Opening { at, plan, session } = opening;
        let house = Arc::clone(&self.house);
        if let Some(file) = plan.file() {
            let offered = file.selector.clone();
            self.spawn_on(at, What::Received, |end| async move {
                hear::file(&house, session, offered, end).await
            });
        } else {
            let session = session.await?;
            let (own, peer) = self.sides.clone();
            let (updates, updated) = mpsc::channel(1);
            let voice = Voice::new(&plan, own, peer);
            self.chat =
                Some(Chat { at, sender: session.sender(), voice, writes_since: None, updates });
            self.spawn_on(at, What::Listened, |end| async move {
                hear::chat(&house, session, updated, end).await
            });
        }
        Ok(())
    }

    /// Says something. [`next`](Self::next) tells when it is delivered.
    pub(crate) async fn say(&mut self, text: String) -> Result<(), Failure> {
        let chat = self.chat.as_mut().ok_or(Failure::NoChat)?;
        // The text says that the user no longer writes (RFC 3994 section 3.2).
        chat.writes_since = None;
        let sent = chat.sender.send(chat.voice.text(&text)?).await?;
        self.undelivered += 1;
        let over = self.over.clone();
        self.tasks.spawn(async move {
            let given_up = async {
                over.cancelled().await;
                sleep(LAST_WORK).await;
            };
            let result = tokio::select! {
                result = delivered(sent) => result,
                () = given_up => Err(SipError::HungUp.into()),
            };
            Done { what: What::Said(text), result, freed: None }
        });
        Ok(())
    }

    /// Tells the other side that the user writes, and again before it forgets.
    pub(crate) async fn write(&mut self) -> Result<(), Failure> {
        let Some(chat) = self.chat.as_mut() else { return Ok(()) };
        if chat.writes_since.is_some_and(|since| since.elapsed() < TYPING_HOLDS / 2) {
            return Ok(());
        }
        if let Some(notice) = chat.voice.typing()? {
            chat.writes_since = Some(Instant::now());
            chat.sender.send(notice).await?;
        }
        Ok(())
    }

    /// Sends the file of a session. [`next`](Self::next) tells when it is delivered.
    pub(crate) fn send(&mut self, opening: Opening, file: Outgoing) {
        let Opening { at, plan, session } = opening;
        let message = talk::reported(file.message(), talk::patience(&plan));
        self.undelivered += 1;
        self.spawn_on(at, What::Sent(file.name().to_owned()), |end| async move {
            let sent = end.run_until_cancelled(send(session, file, message)).await;
            sent.unwrap_or_else(|| Err(TermsError::Unwanted.into()))
        });
    }

    /// Starts the task of a line, which its end ends.
    fn spawn_on<T>(&mut self, at: usize, what: What, task: impl FnOnce(CancellationToken) -> T)
    where
        T: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let end = self.ends.entry(at).or_default().clone();
        let task = task(end.clone());
        self.tasks.spawn(async move {
            let result = task.await;
            // Another session may have taken the line.
            let freed = Some(at).filter(|_| !end.is_cancelled());
            Done { what, result, freed }
        });
    }

    /// What is done next. Cancel safe.
    pub(crate) async fn next(&mut self) -> Done {
        match self.tasks.join_next().await {
            Some(Ok(done)) => {
                self.note(&done);
                done
            }
            // A task has panicked, which it does not.
            Some(Err(_)) | None => pending().await,
        }
    }

    fn note(&mut self, done: &Done) {
        if matches!(done.what, What::Sent(_) | What::Said(_)) {
            self.undelivered -= 1;
        }
        if let Some(at) = done.freed {
            self.end(at);
        }
    }

    /// Whether everything that this side has sent is delivered, or has failed.
    pub(crate) fn is_settled(&self) -> bool {
        self.undelivered == 0
    }

    /// Ends all sessions. What has arrived is still taken, unless the program is to stop.
    pub(crate) async fn close(&mut self) -> Vec<Done> {
        self.chat = None;
        self.over.cancel();
        self.ends.values().for_each(CancellationToken::cancel);
        let tasks = std::mem::take(&mut self.tasks);
        let stopped = async {
            self.house.stop.cancelled().await;
            sleep(LAST_WORK).await;
        };
        tokio::select! {
            done = tasks.join_all() => done,
            () = stopped => Vec::new(),
        }
    }
}

async fn send(session: Opened, file: Outgoing, message: OutgoingMessage) -> Result<(), Failure> {
    let session = session.await?;
    let opened = File::open(&file.path).await.map_err(|error| file.fails(error))?;
    delivered(session.send_from(opened, message).await?).await?;
    session.close().await;
    Ok(())
}

/// Waits until the other side has the message. If its REPORT has no way back, the word of
/// its relay has to do.
async fn delivered(sent: Sent) -> Result<(), Failure> {
    match sent.delivered().await {
        Err(why) if why.outcome() != Outcome::Unreported => Err(why.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}
