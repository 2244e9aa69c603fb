//! One participant of a room, for any user interface: call [`Client::next`] for
//! what happens, and the other functions between two of them.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
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
use tokio::net::{TcpStream, ToSocketAddrs};

use crate::heard::heard;
use crate::names::{self, FindError};
use crate::rendezvous::{Called, Change, Roster};
use crate::words;

/// How long others show that somebody is writing, in seconds, unless it is said
/// again.
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
    /// What was sent and has no outcome yet, where its failure is of interest.
    said: HashMap<MessageKey, String>,
    asked: HashMap<NicknameKey, Option<Nickname>>,
    is_finishing: bool,
}

/// Something that happened in the room.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Told {
    /// Somebody is there.
    Joined {
        /// Who.
        uri: String,
    },
    /// Somebody has left.
    Left {
        /// Who, and under which nickname.
        uri: String,
        /// Their nickname, if they had one.
        nickname: Option<String>,
    },
    /// Somebody's nickname has changed.
    Renamed {
        /// Who.
        uri: String,
        /// What they are called now; `None` for no nickname.
        nickname: Option<String>,
    },
    /// Somebody has said something.
    Heard {
        /// Who.
        from: String,
        /// Whether this participant alone has heard it.
        is_private: bool,
        /// What. It may hold anything; see [`words::shown`].
        text: String,
    },
    /// Somebody is writing, or not any more.
    Typing {
        /// Who.
        from: String,
        /// Whether they are.
        is_active: bool,
    },
    /// A message has not got through.
    Refused {
        /// The text.
        text: String,
        /// Why, in words.
        why: String,
    },
    /// The nickname is this participant's now, or there is none any more.
    Named(Option<Nickname>),
    /// The nickname that was asked for is not to be had.
    NotNamed {
        /// The nickname.
        nickname: Option<Nickname>,
        /// Why, in words.
        why: String,
    },
}

/// Why somebody is not in the room.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JoinFault {
    /// The room cannot be reached, or says no.
    #[error("the room says: {0}")]
    Call(#[from] io::Error),
    /// The session cannot be agreed on.
    #[error("the room's description: {0}")]
    Description(Box<dyn std::error::Error + Send + Sync>),
    /// There is no source of random octets.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Why something is not sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SayFault {
    /// It cannot be wrapped.
    #[error(transparent)]
    Wrap(#[from] BuildError),
    /// That is nobody's URI.
    #[error(transparent)]
    Address(#[from] ParseError),
    /// It cannot be sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// That is no nickname, or no media type.
    #[error(transparent)]
    Value(#[from] ValueError),
}

impl Client {
    /// Joins the room that waits for calls there, under a URI of one's own.
    ///
    /// # Errors
    ///
    /// [`JoinFault`] says why not.
    pub async fn join(room: impl ToSocketAddrs, uri: &str) -> Result<Self, JoinFault> {
        let mut random = OsRandom::new()?;
        // Nobody connects to a client: the port is the one that discards.
        let local = format!("msrp://client.invalid:9/{};tcp", session_id(&mut random)?);
        let local: MsrpUri = local.parse().map_err(fault)?;
        let offer = Offer::new(description(local).map_err(fault)?).map_err(fault)?;
        let call = Called::invite(room, uri, &offer.description().to_string()).await?;
        let answer: MediaDescription = call.answer.parse().map_err(fault)?;
        let plan = msrp_sdp::complete(&offer, &MsrpMedia::parse(&answer).map_err(fault)?);
        let plan = plan.map_err(fault)?;
        let Connect::To(target) = plan.connect() else {
            return Err(fault("the room is to be connected to"));
        };
        let stream = TcpStream::connect((target.host(), target.port())).await?;
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

    /// Who is there, as far as has been told.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Whether that is the participant's own URI, however it is spelt.
    #[must_use]
    pub fn is_me(&self, uri: &str) -> bool {
        is_same_uri(uri, &self.uri)
    }

    /// What somebody is called: their nickname, or the user in their URI; with the
    /// URI behind it where they could be taken for somebody else. It may hold
    /// anything; see [`words::shown`].
    #[must_use]
    pub fn name_of(&self, uri: &str) -> String {
        let (uri, nickname) = names::entry(&self.roster, uri).unwrap_or((uri, None));
        names::called(&self.roster, uri, nickname)
    }

    /// The same of somebody who has left, with the nickname they had.
    #[must_use]
    pub fn name_of_left(&self, uri: &str, nickname: Option<&str>) -> String {
        names::called(&self.roster, uri, nickname)
    }

    /// Whose name that is: their URI, their nickname or the user in their URI.
    ///
    /// # Errors
    ///
    /// [`FindError`] where it is nobody's, or several have it.
    pub fn find(&self, name: &str) -> Result<&str, FindError> {
        names::find(&self.roster, name)
    }

    /// Says something to everybody.
    ///
    /// # Errors
    ///
    /// [`SayFault`]; nobody hears it then.
    pub fn say(&mut self, text: &str) -> Result<(), SayFault> {
        let room = self.room.clone();
        self.say_to(&room, text)
    }

    /// Says something to one participant, whose URI this is.
    ///
    /// # Errors
    ///
    /// [`SayFault`]; nobody hears it then.
    pub fn say_to(&mut self, to: &str, text: &str) -> Result<(), SayFault> {
        let body = self.wrapped(to, "text/plain;charset=utf-8", text)?;
        let key = self.send(body)?;
        self.said.insert(key, text.to_owned());
        Ok(())
    }

    /// Tells everybody whether this participant is writing (RFC 3994).
    ///
    /// # Errors
    ///
    /// [`SayFault`]; nobody is told then.
    pub fn typing(&mut self, is_active: bool) -> Result<(), SayFault> {
        let state = if is_active { State::Active } else { State::Idle };
        let status =
            IsComposing::new(state).with_content_type("text/plain").with_refresh(TYPING_SECONDS);
        let room = self.room.clone();
        let body = self.wrapped(&room, IS_COMPOSING_TYPE, &status.to_xml())?;
        self.send(body).map(|_| ())
    }

    /// Asks for a nickname, or with `None` for no nickname any more.
    ///
    /// # Errors
    ///
    /// [`SayFault`] where it cannot be asked for.
    pub fn ask_nickname(&mut self, nickname: Option<&str>) -> Result<(), SayFault> {
        let nickname = nickname.map(Nickname::new).transpose()?;
        let key = self.run_loop.connection.ask_nickname(self.session, nickname.as_ref())?;
        self.asked.insert(key, nickname);
        Ok(())
    }

    /// Leaves the room once all that was said and asked for has its answer.
    pub fn finish(&mut self) {
        self.is_finishing = true;
        self.leave_if_finished();
    }

    fn leave_if_finished(&mut self) {
        if self.is_finishing && self.said.is_empty() && self.asked.is_empty() {
            self.leave();
        }
    }

    /// Leaves the room at once; [`Client::next`] comes to its end.
    pub fn leave(&mut self) {
        self.run_loop.connection.close();
    }

    /// The next thing that happens. `None` once the participant has left, or the
    /// room has ended. Safe to cancel.
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
            Event::Message { received: message, body } if !message.is_duplicate() => {
                heard(&body, &self.room)
            }
            Event::Finished(outcome) => {
                let text = self.said.remove(&outcome.message)?;
                let why = why_not(outcome.outcome, words::of_message)?;
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

    fn wrapped(&self, to: &str, content_type: &str, text: &str) -> Result<Bytes, SayFault> {
        let (from, to) = (Address::new(&self.uri)?, Address::new(to)?);
        let now = DateTime::utc(SystemTime::now());
        let media_type = MediaType::new(content_type)?;
        Ok(CpimBuilder::new(&from, &to).date_time(&now).build(&media_type, text.as_bytes())?)
    }

    fn send(&mut self, body: Bytes) -> Result<MessageKey, SayFault> {
        let message = OutgoingMessage::new(MediaType::new("message/cpim")?, body);
        Ok(self.run_loop.connection.send(self.session, message)?)
    }
}

/// What this client takes (RFC 7701 sections 5.2 and 8).
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
        Outcome::TimedOut => Some("the room has not answered".into()),
        _ => Some("the session has ended".into()),
    }
}

fn fault(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> JoinFault {
    JoinFault::Description(error.into())
}
