//! The passive side: sessions that peers open, and their messages.

mod inbox;
mod relayed;
mod store;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use msrp::{MediaTypes, MsrpUri, ReceiveMode, SessionConfig};
use msrp_tokio::{Endpoint, Error, Sessions};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::interrupt::interrupted;

/// How long the connections have for their last octets.
const LINGER: Duration = Duration::from_secs(2);

/// How messages are received.
pub(crate) struct Options {
    /// Folder for their files; `None` keeps no files.
    pub(crate) out: Option<PathBuf>,
    /// Largest message in octets.
    pub(crate) max_size: u64,
    /// The media types that are accepted.
    pub(crate) accept_types: MediaTypes,
    /// Called with the object of each message.
    pub(crate) report: fn(&Value),
}

impl Options {
    /// A session that a peer may open.
    fn session(&self, uri: MsrpUri) -> SessionConfig {
        SessionConfig::expected(uri)
            .accept_types(self.accept_types.clone())
            .max_size(self.max_size)
            .receive(ReceiveMode::Pieces)
    }
}

/// An endpoint, and the sessions that peers may open on it.
pub(crate) struct Receiver {
    host: Arc<Host>,
    notes: mpsc::UnboundedReceiver<Note>,
}

/// What the tasks of a receiver share.
struct Host {
    endpoint: Endpoint,
    options: Options,
    note: mpsc::UnboundedSender<Note>,
}

/// What has ended, and whether it was received.
#[derive(Clone, Copy)]
enum Note {
    Message(bool),
    /// A session with messages. All of them were received, or not.
    Session(bool),
}

impl Receiver {
    pub(crate) fn new(endpoint: Endpoint, options: Options) -> Self {
        let (note, notes) = mpsc::unbounded_channel();
        Self { host: Arc::new(Host { endpoint, options, note }), notes }
    }

    /// Lets peers open the session of this URI, one after another.
    pub(crate) fn expect(&self, uri: MsrpUri) -> Result<(), Error> {
        self.host.expect(uri).map(drop)
    }

    /// Waits until a session that has brought messages has ended. Returns whether all of
    /// them were received.
    pub(crate) async fn session_ended(&mut self) -> bool {
        self.noted(|note| match note {
            Note::Session(is_received) => Some(is_received),
            Note::Message(_) => None,
        })
        .await
    }

    /// Waits until a message has ended. Returns whether it was received.
    async fn message_ended(&mut self) -> bool {
        self.noted(|note| match note {
            Note::Message(is_received) => Some(is_received),
            Note::Session(_) => None,
        })
        .await
    }

    async fn noted(&mut self, wanted: fn(Note) -> Option<bool>) -> bool {
        loop {
            // This side has a sender, so that there is always another note.
            if let Some(found) = self.notes.recv().await.and_then(wanted) {
                return found;
            }
        }
    }

    /// Ends all connections, and stores what is complete. Another signal does not wait for
    /// that.
    pub(crate) async fn close(self) {
        let Self { host, mut notes } = self;
        let closing = async {
            let _ = timeout(LINGER, host.endpoint.close()).await;
            drop(host);
            // Every task that receives has a sender.
            while notes.recv().await.is_some() {}
        };
        tokio::select! {
            () = closing => {}
            () = interrupted() => {}
        }
    }
}

impl Host {
    fn expect(self: &Arc<Self>, uri: MsrpUri) -> Result<AbortHandle, Error> {
        let sessions = self.endpoint.expect_each(self.options.session(uri))?;
        Ok(tokio::spawn(serve(sessions, Arc::clone(self))).abort_handle())
    }
}

async fn serve(mut sessions: Sessions, host: Arc<Host>) {
    while let Some(session) = sessions.next().await {
        tokio::spawn(inbox::receive(session, Arc::clone(&host)));
    }
}
