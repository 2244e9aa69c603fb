//! The room's side: where it listens, and when it ends.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use msrp::Nickname;
use msrp::uri::Scheme;
use msrp_chatroom::{Room, RoomConfig, RoomError};
use msrp_tokio::Endpoint;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::call::{Shared, call};
use crate::hall::Hall;

/// The most messages to one participant that wait for their response.
const UNDER_WAY: usize = 64;

/// How long a room that ends waits for what it has sent.
const FAREWELL: Duration = Duration::from_secs(2);

/// A chat room for MSRP (RFC 7701).
#[derive(Clone, Debug, Parser)]
#[command(version, name = "chat-room")]
#[non_exhaustive]
pub struct Options {
    /// Where to listen for calls, made without SIP.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2856")]
    pub listen: SocketAddr,

    /// Where to listen for MSRP.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2855")]
    pub msrp: SocketAddr,

    /// The host for clients to connect to [default: the address of --msrp].
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,

    /// The URI of the room.
    #[arg(long, value_name = "URI", default_value = "sip:room@chat.invalid")]
    pub room: String,

    /// The largest number of participants.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    pub max_participants: usize,

    /// A nickname that the room gives to no participant. Can be given several times.
    #[arg(long, value_name = "NICKNAME")]
    pub reserved: Vec<Nickname>,
}

impl Options {
    /// The default options, on ports that the system chooses.
    #[must_use]
    pub fn any_port() -> Self {
        Self::parse_from(["chat-room", "--listen", "127.0.0.1:0", "--msrp", "127.0.0.1:0"])
    }
}

/// Why a room cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The listener cannot be opened.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The URI of the room is invalid.
    #[error("--room")]
    Room(#[from] RoomError),
    /// MSRP cannot be listened for, or the host is invalid in a URI.
    #[error("--msrp or --host")]
    Endpoint(#[from] msrp_tokio::Error),
}

/// Where a room listens.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Addresses {
    /// For calls.
    pub rendezvous: SocketAddr,
    /// For MSRP.
    pub msrp: SocketAddr,
}

/// A room that listens.
pub struct Server {
    calls: TcpListener,
    addresses: Addresses,
    max_participants: usize,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// Ends a room.
#[derive(Clone, Debug)]
pub struct Handle(watch::Sender<bool>);

impl Handle {
    /// Ends all sessions and makes [`Server::run`] return.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Server {
    /// Opens a room.
    ///
    /// # Errors
    ///
    /// [`StartError`] says which option is wrong.
    pub async fn bind(options: Options) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen(options.listen, error);
        let calls = TcpListener::bind(options.listen).await.map_err(failed)?;
        let rendezvous = calls.local_addr().map_err(failed)?;
        let endpoint = endpoint(&options).await?;
        let msrp = endpoint.addresses().next().unwrap_or(options.msrp);
        let mut room = RoomConfig::default();
        room.sessions = options.max_participants;
        room.reserved_nicknames = options.reserved;
        let hall = Hall::new(Room::new(&options.room, room)?);
        Ok(Self {
            calls,
            addresses: Addresses { rendezvous, msrp },
            max_participants: options.max_participants,
            shared: Arc::new(Shared { hall, endpoint }),
            stop: watch::Sender::new(false),
        })
    }

    /// Where the room listens.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// A handle that ends the room.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(self.stop.clone())
    }

    /// Runs until [`Handle::stop`].
    pub async fn run(self) {
        let mut calls = JoinSet::new();
        let mut stop = self.stop.subscribe();
        loop {
            // Those beyond the participants are refused.
            let has_room = calls.len() < self.max_participants + 64;
            tokio::select! {
                Ok((stream, _)) = self.calls.accept(), if has_room => {
                    calls.spawn(call(Arc::clone(&self.shared), stream));
                }
                Some(_) = calls.join_next() => {}
                _ = stop.wait_for(|stopped| *stopped) => break,
            }
        }
        calls.shutdown().await;
        let _ = timeout(FAREWELL, self.shared.endpoint.close()).await;
    }
}

async fn endpoint(options: &Options) -> Result<Endpoint, StartError> {
    let builder = Endpoint::builder().max_sessions(options.max_participants).config(|config| {
        config.limits.outgoing_messages = UNDER_WAY;
        config.keep_alive = Some(Duration::from_secs(60));
    });
    let builder = match &options.host {
        Some(host) => builder.public_host(host.as_str()),
        None => builder,
    };
    let endpoint = builder.bind(options.msrp).await?;
    // A host that no URI can have is an error now, and not with the first call.
    endpoint.uri(Scheme::Msrp)?;
    Ok(endpoint)
}
