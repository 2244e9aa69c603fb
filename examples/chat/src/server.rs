//! The room's side: calls and MSRP connections.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Parser;
use msrp::wire::ByteRange;
use msrp::{
    Config, Connection, Event, MediaType, MediaTypes, MsrpUri, Nickname, OsRandom, OutgoingMessage,
    RandomError, Received, ReportMode, ResponseMode, Role, SessionConfig, SessionKey, SessionTable,
    StatusCode, session_id,
};
use msrp_chatroom::{Participant, Room, RoomConfig, RoomError, Seat, report_body};
use msrp_cpim::CpimRef;
use msrp_sdp::{Chatroom, Connect, Local, MediaDescription, MsrpMedia};
use msrp_tokio_loop::RunLoop;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::hall::Hall;
use crate::rendezvous::Invite;

/// The most octets of a message.
const MAX_SIZE: u64 = 64 * 1024;

/// The most messages to one participant that wait for their response.
const UNDER_WAY: usize = 64;

/// How long a participant may take from the call to the session, and from the
/// connection to the first session on it.
const PATIENCE: Duration = Duration::from_secs(30);

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
    /// The host is invalid in a URI.
    #[error("--host")]
    Host(#[from] msrp::uri::UriError),
    /// The random source has failed.
    #[error(transparent)]
    Random(#[from] RandomError),
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
#[derive(Debug)]
pub struct Server {
    calls: TcpListener,
    connections: TcpListener,
    addresses: Addresses,
    max_participants: usize,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
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

/// What all tasks share.
struct Shared {
    hall: Hall,
    table: SessionTable,
    config: Arc<Config>,
    /// The beginning of every session's URI.
    authority: String,
    random: OsRandom,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl Server {
    /// Opens a room.
    ///
    /// # Errors
    ///
    /// [`StartError`] says which option is wrong.
    pub async fn bind(options: Options) -> Result<Self, StartError> {
        let (calls, rendezvous) = listen(options.listen).await?;
        let (connections, msrp) = listen(options.msrp).await?;
        let mut room = RoomConfig::default();
        room.sessions = options.max_participants;
        room.reserved_nicknames = options.reserved;
        let table = SessionTable::new(options.max_participants);
        let mut config = Config::default();
        config.limits.outgoing_messages = UNDER_WAY;
        config.keep_alive = Some(Duration::from_secs(60));
        let host = options.host.unwrap_or_else(|| host_of(msrp.ip()));
        let shared = Shared {
            hall: Hall::new(Room::new(&options.room, room)?),
            table,
            config: Arc::new(config),
            authority: format!("msrp://{host}:{}", msrp.port()),
            random: OsRandom::new()?,
        };
        shared.fresh_uri()?;
        Ok(Self {
            calls,
            connections,
            addresses: Addresses { rendezvous, msrp },
            max_participants: options.max_participants,
            shared: Arc::new(shared),
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
        let mut tasks = JoinSet::new();
        let mut stop = self.stop.subscribe();
        loop {
            // Two connections for each participant, and some more to refuse.
            let has_room = tasks.len() < 2 * self.max_participants + 64;
            tokio::select! {
                Ok((stream, _)) = self.calls.accept(), if has_room => {
                    tasks.spawn(call(Arc::clone(&self.shared), stream));
                }
                Ok((stream, _)) = self.connections.accept(), if has_room => {
                    let stop = self.stop.subscribe();
                    tasks.spawn(serve(Arc::clone(&self.shared), stream, stop));
                }
                Some(_) = tasks.join_next() => {}
                _ = stop.wait_for(|stopped| *stopped) => break,
            }
        }
        let _ = timeout(Duration::from_secs(2), tasks.join_all()).await;
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listener = TcpListener::bind(address).await;
    let bound = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (local, listener) = bound.map_err(|error| StartError::Listen(address, error))?;
    Ok((listener, local))
}

fn host_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

impl Shared {
    /// A URI for one session. It cannot be guessed.
    fn fresh_uri(&self) -> Result<MsrpUri, StartError> {
        let id = session_id(&mut self.random.clone())?;
        Ok(format!("{}/{id};tcp", self.authority).parse::<MsrpUri>()?)
    }

    /// Reads a call: the participant, their session, and the answer to the offer.
    fn invited(&self, uri: &str, offer: &str) -> Result<Invited, String> {
        let section: MediaDescription =
            offer.parse().map_err(|error: msrp_sdp::Error| error.to_string())?;
        let offer = MsrpMedia::parse(&section).map_err(|error| error.to_string())?;
        let local = self.fresh_uri().map_err(|error| error.to_string())?;
        let (answer, plan) = msrp_sdp::answer(&offer, description(local.clone()))
            .map_err(|error| error.to_string())?;
        if *plan.connect() != Connect::Await {
            return Err("the client must open the connection (a=setup:active)".into());
        }
        let takes_private = offer.chatroom().is_some_and(Chatroom::has_private_messages);
        let participant = Participant::new(uri).map_err(|error| error.to_string())?;
        let participant = participant
            .with_private_messages(takes_private)
            .with_accept_types(offer.types().clone());
        Ok(Invited {
            participant,
            answer: answer.description().to_string(),
            session: plan
                .session_config()
                .responses(ResponseMode::Application)
                .reports(ReportMode::Manual)
                .nicknames(true)
                .max_size(MAX_SIZE),
            local,
        })
    }
}

struct Invited {
    participant: Participant,
    session: SessionConfig,
    local: MsrpUri,
    answer: String,
}

/// What the room accepts (RFC 7701 sections 5.2 and 8).
fn description(local: MsrpUri) -> Local {
    let types = MediaTypes::new("message/cpim").and_then(|types| types.wrapped("*"));
    let local = Local::new(local).with_max_size(MAX_SIZE);
    let local = local.with_chatroom(Chatroom::new().with_nicknames().with_private_messages());
    match types {
        Ok(types) => local.with_types(types),
        Err(_) => local,
    }
}

/// A call, from JOIN to its end.
async fn call(shared: Arc<Shared>, stream: TcpStream) {
    let Ok(Ok(invite)) = timeout(PATIENCE, Invite::receive(stream)).await else { return };
    let invited = match shared.invited(&invite.uri, &invite.offer) {
        Ok(invited) => invited,
        Err(why) => return drop(invite.refuse(&why).await),
    };
    let local = invited.local;
    let (seat, gone) = match shared.hall.join(invited.participant, local.clone()) {
        Ok(joined) => joined,
        Err(error) => return drop(invite.refuse(&error.to_string()).await),
    };
    if let Err(error) = shared.table.insert(invited.session) {
        shared.hall.leave(seat);
        return drop(invite.refuse(&error.to_string()).await);
    }
    let room = shared.hall.room_uri();
    if let Ok(call) = invite.accept(&room, &invited.answer).await {
        let roster = shared.hall.roster();
        let never_bound = async {
            sleep(PATIENCE).await;
            if shared.table.is_bound(&local) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = call.run(roster, gone) => {}
            () = never_bound => {}
        }
    }
    shared.hall.leave(seat);
    shared.table.remove(&local);
}

/// A task for the session of a participant.
enum Job {
    Copy(Bytes),
    /// The participant has left.
    Leave,
}

/// A connection, from its first octet to its last.
async fn serve(shared: Arc<Shared>, stream: TcpStream, mut stop: watch::Receiver<bool>) {
    let config = Arc::clone(&shared.config);
    let random = shared.random.clone();
    // Without random octets the connection is dropped.
    let Ok(connection) = Connection::new(config, Role::Passive, random, Instant::now()) else {
        return;
    };
    let connection = connection.with_table(shared.table.clone());
    let (jobs, mut waiting) = mpsc::channel(UNDER_WAY);
    let mut line = Line {
        shared,
        run_loop: RunLoop::new(stream, connection),
        seats: BTreeMap::new(),
        under_way: 0,
        jobs,
    };
    let unbound = sleep(PATIENCE);
    tokio::pin!(unbound);
    let (mut has_stopped, mut was_asked) = (false, false);
    loop {
        tokio::select! {
            event = line.run_loop.next() => match event {
                Some(event) => line.event(event),
                None => break,
            },
            Some((session, job)) = waiting.recv(), if line.under_way < UNDER_WAY => {
                line.work(session, job);
            }
            () = &mut unbound, if !was_asked => {
                was_asked = true;
                if line.seats.is_empty() {
                    line.run_loop.connection.close();
                }
            }
            _ = stop.wait_for(|stopped| *stopped), if !has_stopped => {
                has_stopped = true;
                line.run_loop.connection.close();
            }
        }
    }
    for seat in line.seats.values() {
        line.shared.hall.leave(*seat);
    }
}

struct Line {
    shared: Arc<Shared>,
    run_loop: RunLoop<TcpStream>,
    seats: BTreeMap<SessionKey, Seat>,
    under_way: usize,
    jobs: mpsc::Sender<(SessionKey, Job)>,
}

impl Line {
    fn event(&mut self, event: Event) {
        match event {
            Event::SessionOpened { session, .. } => self.opened(session),
            Event::SessionClosed { session, .. } => {
                if let Some(seat) = self.seats.remove(&session) {
                    self.shared.hall.leave(seat);
                }
                if self.seats.is_empty() {
                    self.run_loop.connection.close();
                }
            }
            Event::Message { received, body } => self.message(&received, &body),
            Event::NicknameRequested { session, request, nickname } => {
                let status = match self.seats.get(&session) {
                    Some(seat) => self.shared.hall.use_nickname(*seat, nickname.as_ref()),
                    None => StatusCode::FORBIDDEN,
                };
                // The session and its requests may have ended in the meantime.
                let _ = self.run_loop.connection.respond_to_nickname(request, status);
            }
            Event::Finished(_) => self.under_way = self.under_way.saturating_sub(1),
            _ => {}
        }
    }

    /// The session of a participant is bound: its queue feeds it from now on.
    fn opened(&mut self, session: SessionKey) {
        let connection = &mut self.run_loop.connection;
        let local = connection.session(session).map(|config| config.local.clone());
        let Some((seat, mut messages)) =
            local.ok().and_then(|local| self.shared.hall.enter(&local))
        else {
            let _ = connection.close_session(session);
            return;
        };
        self.seats.insert(session, seat);
        let jobs = self.jobs.clone();
        tokio::spawn(async move {
            while let Some(body) = messages.recv().await {
                if jobs.send((session, Job::Copy(body))).await.is_err() {
                    return;
                }
            }
            let _ = jobs.send((session, Job::Leave)).await;
        });
    }

    /// Responds to a message by the rules of the room (RFC 7701 section 6.3).
    fn message(&mut self, message: &Received, body: &Bytes) {
        let connection = &mut self.run_loop.connection;
        let seat = self.seats.get(&message.session());
        let result = seat
            .ok_or(StatusCode::FORBIDDEN)
            .and_then(|seat| self.shared.hall.message(*seat, message.content_type(), body));
        let is_private = match result {
            Ok(recipients) => {
                let _ = connection.accept(message.key());
                recipients.is_private()
            }
            Err(status) => {
                let _ = connection.reject(message.key(), status);
                return;
            }
        };
        // The connection sends no report that was not requested.
        let range = ByteRange::whole(body.len() as u64);
        let wrapped = (CpimRef::parse(body).ok())
            .filter(|_| is_private)
            .and_then(|cpim| report_body(&cpim).ok().flatten());
        let _ = match (wrapped, MediaType::new("message/cpim")) {
            (Some(wrapped), Ok(cpim)) => {
                connection.report_with_body(message, StatusCode::OK, range, &cpim, &wrapped)
            }
            _ => connection.report(message, StatusCode::OK, range),
        };
    }

    fn work(&mut self, session: SessionKey, job: Job) {
        let connection = &mut self.run_loop.connection;
        match (job, MediaType::new("message/cpim")) {
            (Job::Copy(body), Ok(cpim)) => {
                let sent = connection.send(session, OutgoingMessage::new(cpim, body));
                self.under_way += usize::from(sent.is_ok());
            }
            _ => drop(connection.close_session(session)),
        }
    }
}
