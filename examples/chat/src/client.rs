//! One participant of a room, for any user interface: [`Client::next`] returns
//! what happens, and the other functions act between two calls of it.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use msrp::uri::Scheme;
use msrp::wire::ValueError;
use msrp::{
    Config, Connection, Event, MediaType, MediaTypes, MessageKey, MsrpUri, Nickname, NicknameKey,
    OsRandom, Outcome, OutgoingMessage, RandomError, Role, SendError, SessionKey, session_id,
};
use msrp_chatroom::is_same_uri;
use msrp_cpim::is_composing::{IS_COMPOSING_TYPE, IsComposing, State};
use msrp_cpim::{Address, BuildError, CpimBuilder, DateTime, ParseError};
use msrp_sdp::{Chatroom, Connect, Local, MediaDescription, MsrpMedia, Offer};
use msrp_tokio_loop::RunLoop;
use thiserror::Error;
use tokio::net::{TcpSocket, TcpStream, ToSocketAddrs, lookup_host};

use crate::heard::heard;
use crate::names::{self, FindError};
use crate::rendezvous::{Called, Change, Roster};
use crate::words;

/// How long others show that somebody is writing, in seconds, unless another
/// notification arrives.
const TYPING_SECONDS: u32 = 60;

/// A participant.
#[derive(Debug)]
pub struct Client {
    run_loop: RunLoop<TcpStream>,
    session: SessionKey,
    call: Option<Called>,
    uri: String,
    room: String,
    roster: Roster,
    /// Texts that were sent and have no outcome yet.
    said: HashMap<MessageKey, String>,
    asked: HashMap<NicknameKey, Option<Nickname>>,
    is_finishing: bool,
}

/// Something that happened in the room.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Told {
    /// A participant has joined.
    Joined {
        /// Who.
        uri: String,
    },
    /// A participant has left.
    Left {
        /// Who.
        uri: String,
        /// Their nickname, if they had one.
        nickname: Option<String>,
    },
    /// The nickname of a participant has changed.
    Renamed {
        /// Who.
        uri: String,
        /// The new nickname; `None` for no nickname.
        nickname: Option<String>,
    },
    /// A message has arrived.
    Heard {
        /// Who.
        from: String,
        /// Whether it was sent to this participant alone.
        is_private: bool,
        /// The text. It may hold any characters; see [`words::shown`].
        text: String,
    },
    /// A participant is writing, or has stopped.
    Typing {
        /// Who.
        from: String,
        /// Whether they are writing.
        is_active: bool,
    },
    /// A message was not delivered.
    Refused {
        /// The text.
        text: String,
        /// Why, in words.
        why: String,
    },
    /// This participant has the nickname now, or none.
    Named(Option<Nickname>),
    /// The room has refused the nickname.
    NotNamed {
        /// The nickname.
        nickname: Option<Nickname>,
        /// Why, in words.
        why: String,
    },
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
    /// The random source has failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The text cannot be wrapped in message/cpim.
    #[error(transparent)]
    Wrap(#[from] BuildError),
    /// The URI is invalid.
    #[error(transparent)]
    Address(#[from] ParseError),
    /// The connection does not take the message.
    #[error(transparent)]
    Send(#[from] SendError),
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
        let mut random = OsRandom::new()?;
        let call = TcpStream::connect(room).await?;
        // Bound before the offer is made, so that the URI has the real address and port.
        let socket = bound_at(call.local_addr()?.ip())?;
        let address = socket.local_addr()?;
        let session_id = session_id(&mut random)?;
        let local = MsrpUri::builder(Scheme::Msrp, address.ip(), address.port());
        let local = local.session_id(&session_id).build().map_err(fault)?;
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
        let config = Arc::new(Config::default());
        let mut connection = Connection::new(config, Role::Active, random, Instant::now())?;
        let session = connection.open(plan.session_config()).map_err(fault)?;
        Ok(Self {
            run_loop: RunLoop::new(stream, connection),
            session,
            uri: uri.to_owned(),
            room: call.room.clone(),
            call: Some(call),
            roster: Roster::new(),
            said: HashMap::new(),
            asked: HashMap::new(),
            is_finishing: false,
        })
    }

    /// The participant's own URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The URI of the room.
    #[must_use]
    pub fn room(&self) -> &str {
        &self.room
    }

    /// The participants, as far as the room has reported them.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Whether that is the participant's own URI, in any spelling.
    #[must_use]
    pub fn is_me(&self, uri: &str) -> bool {
        is_same_uri(uri, &self.uri)
    }

    /// The name of a participant: the nickname, or the user in the URI; followed by
    /// the URI if they could be mistaken for another. It may hold any characters;
    /// see [`words::shown`].
    #[must_use]
    pub fn name_of(&self, uri: &str) -> String {
        let (uri, nickname) = names::entry(&self.roster, uri).unwrap_or((uri, None));
        names::called(&self.roster, uri, nickname)
    }

    /// The same for a participant who has left, with the nickname they had.
    #[must_use]
    pub fn name_of_left(&self, uri: &str, nickname: Option<&str>) -> String {
        names::called(&self.roster, uri, nickname)
    }

    /// The URI of the participant with that name: the URI itself, a nickname, or
    /// the user in a URI.
    ///
    /// # Errors
    ///
    /// [`FindError`] if no participant has the name, or several have it.
    pub fn find(&self, name: &str) -> Result<&str, FindError> {
        names::find(&self.roster, name)
    }

    /// Sends a text to all participants.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if it cannot be sent.
    pub fn say(&mut self, text: &str) -> Result<(), ClientError> {
        let room = self.room.clone();
        self.say_to(&room, text)
    }

    /// Sends a text to the participant with the URI `to`.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if it cannot be sent.
    pub fn say_to(&mut self, to: &str, text: &str) -> Result<(), ClientError> {
        let body = self.wrapped(to, "text/plain;charset=utf-8", text)?;
        let key = self.send(body)?;
        self.said.insert(key, text.to_owned());
        Ok(())
    }

    /// Notifies all participants whether this one is writing (RFC 3994).
    ///
    /// # Errors
    ///
    /// [`ClientError`] if it cannot be sent.
    pub fn typing(&mut self, is_active: bool) -> Result<(), ClientError> {
        let state = if is_active { State::Active } else { State::Idle };
        let status =
            IsComposing::new(state).with_content_type("text/plain").with_refresh(TYPING_SECONDS);
        let room = self.room.clone();
        let body = self.wrapped(&room, IS_COMPOSING_TYPE, &status.to_xml())?;
        self.send(body).map(|_| ())
    }

    /// Requests a nickname, or with `None` gives it up.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if the nickname is invalid or the request cannot be sent.
    pub fn ask_nickname(&mut self, nickname: Option<&str>) -> Result<(), ClientError> {
        let nickname = nickname.map(Nickname::new).transpose()?;
        let key = self.run_loop.connection.ask_nickname(self.session, nickname.as_ref())?;
        self.asked.insert(key, nickname);
        Ok(())
    }

    /// Leaves the room once every message and nickname request has its response.
    pub fn finish(&mut self) {
        self.is_finishing = true;
        self.leave_if_finished();
    }

    fn leave_if_finished(&mut self) {
        if self.is_finishing && self.said.is_empty() && self.asked.is_empty() {
            self.leave();
        }
    }

    /// Leaves the room at once; [`Client::next`] soon returns `None`.
    pub fn leave(&mut self) {
        self.run_loop.connection.close();
    }

    /// Waits for the next thing to happen. Returns `None` once the participant has
    /// left, or the room has ended. Cancel safe.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            let told = tokio::select! {
                event = self.run_loop.next() => self.event(event?),
                change = next_change(&mut self.call) => self.change(change),
            };
            self.leave_if_finished();
            if told.is_some() {
                return told;
            }
        }
    }

    fn event(&mut self, event: Event) -> Option<Told> {
        match event {
            Event::Message { received, body } if !received.is_duplicate() => {
                heard(&body, &self.room)
            }
            Event::Finished(finished) => {
                let text = self.said.remove(&finished.message)?;
                let why = why_not(finished.outcome, words::of_message)?;
                Some(Told::Refused { text, why })
            }
            Event::Nickname { key, outcome, .. } => {
                let nickname = self.asked.remove(&key)?;
                Some(match why_not(outcome, words::of_nickname) {
                    None => Told::Named(nickname),
                    Some(why) => Told::NotNamed { nickname, why },
                })
            }
            Event::SessionClosed { .. } => {
                self.run_loop.connection.close();
                None
            }
            _ => None,
        }
    }

    fn change(&mut self, change: Option<Change>) -> Option<Told> {
        match change {
            None => {
                self.call = None;
                self.run_loop.connection.close();
                None
            }
            Some(Change::Here { uri, nickname }) => {
                match self.roster.insert(uri.clone(), nickname.clone()) {
                    None => Some(Told::Joined { uri }),
                    Some(before) => (before != nickname).then_some(Told::Renamed { uri, nickname }),
                }
            }
            Some(Change::Gone { uri }) => {
                self.roster.remove(&uri).map(|nickname| Told::Left { uri, nickname })
            }
        }
    }

    fn wrapped(&self, to: &str, content_type: &str, text: &str) -> Result<Bytes, ClientError> {
        let (from, to) = (Address::new(&self.uri)?, Address::new(to)?);
        let now = DateTime::utc(SystemTime::now());
        let media_type = MediaType::new(content_type)?;
        Ok(CpimBuilder::new(&from, &to).date_time(&now).build(&media_type, text.as_bytes())?)
    }

    fn send(&mut self, body: Bytes) -> Result<MessageKey, ClientError> {
        let message = OutgoingMessage::new(MediaType::new("message/cpim")?, body);
        Ok(self.run_loop.connection.send(self.session, message)?)
    }
}

/// A socket at this address of this machine, and any free port.
fn bound_at(address: IpAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.bind((address, 0).into())?;
    Ok(socket)
}

/// What this client accepts (RFC 7701 sections 5.2 and 8).
fn description(local: MsrpUri) -> Result<Local, ValueError> {
    let types = MediaTypes::new("message/cpim")?.wrapped("text/plain")?;
    let types = types.wrapped(IS_COMPOSING_TYPE)?;
    let chatroom = Chatroom::new().with_nicknames().with_private_messages();
    Ok(Local::unreachable(local).with_types(types).with_max_size(1 << 20).with_chatroom(chatroom))
}

async fn next_change(call: &mut Option<Called>) -> Option<Change> {
    match call {
        Some(call) => call.next().await,
        None => std::future::pending().await,
    }
}

fn why_not(outcome: Outcome, words: fn(msrp::StatusCode) -> String) -> Option<String> {
    match outcome {
        outcome if outcome.is_success() => None,
        Outcome::Rejected(status) => Some(words(status)),
        Outcome::TimedOut => Some("the room has not responded".into()),
        _ => Some("the session has ended".into()),
    }
}

fn fault(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ClientError {
    ClientError::Description(error.into())
}
