//! One participant of a room, for any user interface: [`Client::next`] returns
//! what happens, and a [`Speaker`] says something meanwhile.

use std::io;
use std::net::IpAddr;

use msrp::uri::Scheme;
use msrp::wire::ValueError;
use msrp::{MediaTypes, MsrpUri, OsRandom, RandomError, session_id};
use msrp_chatroom::is_same_uri;
use msrp_cpim::is_composing::IS_COMPOSING_TYPE;
use msrp_cpim::{BuildError, CPIM_TYPE, ParseError};
use msrp_sdp::{Chatroom, Connect, Local, MediaDescription, MsrpMedia, Offer};
use msrp_tokio::{Endpoint, Message, Session};
use thiserror::Error;
use tokio::net::{TcpSocket, TcpStream, ToSocketAddrs, lookup_host};
use tokio::sync::mpsc;

use crate::heard::heard;
use crate::names::{self, FindError};
use crate::rendezvous::{Called, Change, Roster};
use crate::speaker::Speaker;
use crate::told::Told;

/// The most octets of a message.
const MAX_SIZE: u64 = 1024 * 1024;

/// The most participants who have left that are remembered.
const MAX_LEFT: usize = 64;

/// A participant.
#[derive(Debug)]
pub struct Client {
    /// `None` once this side has left, or the room has ended.
    session: Option<Session>,
    call: Option<Called>,
    speaker: Speaker,
    /// What has become of what was said.
    outcomes: mpsc::UnboundedReceiver<Told>,
    /// A message that is being read.
    reading: Option<Message>,
    roster: Roster,
    /// Those who have left, under whose names their last messages still arrive.
    left: Roster,
    is_finishing: bool,
    has_left: bool,
}

/// Why a client cannot join, or cannot send something.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The room is unreachable, or refuses the call.
    #[error("the room says")]
    Call(#[from] io::Error),
    /// The two sides cannot agree on a session.
    #[error("the room's description")]
    Description(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The session cannot be opened.
    #[error(transparent)]
    Session(#[from] msrp_tokio::Error),
    /// The random source has failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The text cannot be wrapped in message/cpim.
    #[error(transparent)]
    Wrap(#[from] BuildError),
    /// The URI is invalid.
    #[error(transparent)]
    Address(#[from] ParseError),
    /// The session does not take the message.
    #[error(transparent)]
    Send(#[from] msrp_tokio::SendError),
    /// The nickname or media type is invalid.
    #[error(transparent)]
    Value(#[from] ValueError),
}

impl Client {
    /// Joins the room that listens for calls at `room`, as the user `uri`.
    ///
    /// # Errors
    ///
    /// [`ClientError`] says why it cannot join.
    pub async fn join(room: impl ToSocketAddrs, uri: &str) -> Result<Self, ClientError> {
        let call = TcpStream::connect(room).await?;
        // Bound before the offer is made, so that the URI has the real address and port.
        let socket = bound_at(call.local_addr()?.ip())?;
        let address = socket.local_addr()?;
        let id = session_id(&mut OsRandom::new()?)?;
        let local = MsrpUri::builder(Scheme::Msrp, address.ip(), address.port());
        let local = local.session_id(&id).build().map_err(fault)?;
        let offer = Offer::new(description(local).map_err(fault)?).map_err(fault)?;
        let call = Called::invite(call, uri, &offer.description().to_string()).await?;
        let answer: MediaDescription = call.answer.parse().map_err(fault)?;
        let plan = msrp_sdp::complete(&offer, &MsrpMedia::parse(&answer).map_err(fault)?);
        let plan = plan.map_err(fault)?;
        let Connect::To(target) = plan.connect() else {
            return Err(fault("the room does not wait for a connection (a=setup:passive)"));
        };
        let mut found = lookup_host((target.host(), target.port())).await?;
        let target = found.find(|target| target.is_ipv4() == address.is_ipv4());
        let stream = socket.connect(target.ok_or_else(|| fault("no address"))?).await?;
        let endpoint = Endpoint::builder().build()?;
        let session = endpoint.connect_over(stream, plan.session_config()).await?;
        let (speaker, outcomes) = Speaker::new(session.sender(), uri, &call.room);
        Ok(Self {
            session: Some(session),
            call: Some(call),
            speaker,
            outcomes,
            reading: None,
            roster: Roster::new(),
            left: Roster::new(),
            is_finishing: false,
            has_left: false,
        })
    }

    /// What says something in the room, while others wait for [`Client::next`].
    #[must_use]
    pub fn speaker(&self) -> Speaker {
        self.speaker.clone()
    }

    /// The participant's own URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.speaker.uri()
    }

    /// The URI of the room.
    #[must_use]
    pub fn room(&self) -> &str {
        self.speaker.room()
    }

    /// The participants, as far as the room has reported them.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Whether that is the participant's own URI, in any spelling.
    #[must_use]
    pub fn is_me(&self, uri: &str) -> bool {
        is_same_uri(uri, self.uri())
    }

    /// The name of a participant, without hidden characters: the nickname, or the user in the
    /// URI; followed by the URI, spelled out, if they could be mistaken for another.
    #[must_use]
    pub fn name_of(&self, uri: &str) -> String {
        let entry = names::entry(&self.roster, uri).or_else(|| names::entry(&self.left, uri));
        let (uri, nickname) = entry.unwrap_or((uri, None));
        names::called(&self.roster, uri, nickname)
    }

    /// A name by which [`Client::find`] finds the participant with that URI, and nobody else.
    #[must_use]
    pub fn handle_of(&self, uri: &str) -> String {
        let nickname = names::entry(&self.roster, uri).and_then(|(_, nickname)| nickname);
        let name = nickname.filter(|name| self.find(name).is_ok()).unwrap_or(uri);
        name.to_owned()
    }

    /// The same for a participant who has left, with the nickname they had.
    #[must_use]
    pub fn name_of_left(&self, uri: &str, nickname: Option<&str>) -> String {
        names::called(&self.roster, uri, nickname)
    }

    /// The URI of the participant with that name: the URI itself, a nickname, or the
    /// user in a URI.
    ///
    /// # Errors
    ///
    /// [`FindError`] if no participant has the name, or several have it.
    pub fn find(&self, name: &str) -> Result<&str, FindError> {
        names::find(&self.roster, name)
    }

    /// Leaves the room once all that was said and asked has its outcome.
    pub fn finish(&mut self) {
        self.is_finishing = true;
    }

    /// Leaves the room. What was said still gets its outcome; then [`Client::next`] returns
    /// `None`.
    pub fn leave(&mut self) {
        self.has_left = true;
        self.end();
    }

    /// Whether this side has left. If not, [`Client::next`] returns `None` because the room
    /// has ended, or the way to it.
    #[must_use]
    pub const fn has_left(&self) -> bool {
        self.has_left
    }

    /// Waits for the next thing to happen. Returns `None` once the participant has
    /// left, or the room has ended. Cancel safe.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            let is_over = self.session.is_none();
            let told = tokio::select! {
                biased;
                Some(outcome) = self.outcomes.recv() => Some(outcome),
                () = self.speaker.fell_silent(), if is_over || self.is_finishing => {
                    if is_over && self.outcomes.is_empty() {
                        return None;
                    }
                    self.leave();
                    None
                }
                message = next_message(&mut self.session, &mut self.reading), if !is_over => {
                    self.message(message)
                }
                change = next_change(&mut self.call), if !is_over => self.change(change),
            };
            if told.is_some() {
                return told;
            }
        }
    }

    fn message(&mut self, message: Option<Incoming>) -> Option<Told> {
        match message {
            Some(body) => heard(&body?, self.room()),
            None => {
                self.end();
                None
            }
        }
    }

    fn change(&mut self, change: Option<Change>) -> Option<Told> {
        match change {
            None => {
                self.end();
                None
            }
            Some(Change::Here { uri, nickname }) => {
                match self.roster.insert(uri.clone(), nickname.clone()) {
                    None => Some(Told::Joined { uri }),
                    Some(before) => (before != nickname).then_some(Told::Renamed { uri, nickname }),
                }
            }
            Some(Change::Gone { uri }) => {
                let nickname = self.roster.remove(&uri)?;
                self.remember(&uri, nickname.clone());
                Some(Told::Left { uri, nickname })
            }
        }
    }

    fn remember(&mut self, uri: &str, nickname: Option<String>) {
        self.left.insert(uri.to_owned(), nickname);
        if self.left.len() > MAX_LEFT {
            self.left.pop_first();
        }
    }

    /// Hangs up, and ends the session.
    fn end(&mut self) {
        (self.call, self.reading) = (None, None);
        if let Some(session) = self.session.take() {
            self.speaker.close(session);
        }
    }
}

/// The octets of a message. `None` if its rest does not come.
type Incoming = Option<bytes::Bytes>;

/// The next message, whole; `None` after the last one. Cancel safe.
async fn next_message(
    session: &mut Option<Session>,
    reading: &mut Option<Message>,
) -> Option<Incoming> {
    let session = session.as_mut()?;
    let message = match reading {
        Some(message) => message,
        None => reading.insert(session.next().await?),
    };
    let octets = message.bytes().await;
    *reading = None;
    Some(octets.ok())
}

/// A socket at this address of this machine, and any free port.
fn bound_at(address: IpAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.bind((address, 0).into())?;
    Ok(socket)
}

/// What this client accepts (RFC 7701 sections 5.2 and 8).
fn description(local: MsrpUri) -> Result<Local, ValueError> {
    let types = MediaTypes::new(CPIM_TYPE)?.wrapped("text/plain")?.wrapped("text/html")?;
    let types = types.wrapped(IS_COMPOSING_TYPE)?;
    let chatroom = Chatroom::new().with_nicknames().with_private_messages();
    let local = Local::unreachable(local).with_types(types).with_max_size(MAX_SIZE);
    Ok(local.with_chatroom(chatroom))
}

async fn next_change(call: &mut Option<Called>) -> Option<Change> {
    match call {
        Some(call) => call.next().await,
        None => std::future::pending().await,
    }
}

fn fault(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ClientError {
    ClientError::Description(error.into())
}
