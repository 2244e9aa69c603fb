//! NICKNAME, from both sides (RFC 7701 section 7).

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::Connection;
use super::carried::Purpose;
use super::event::{Answer, Event, Outcome};
use crate::keys::{NicknameKey, SessionKey};
use crate::tolerance::Tolerance;
use crate::uri::PathRef;
use crate::wire::{
    Continuation, Head, HeadRef, HeadWriter, HeaderName, Method, Nickname, StatusCode, ValueError,
    ValueErrorKind,
};

/// Why no nickname is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AskError {
    /// The session has ended, or is of another connection.
    #[error("the session is not open on this connection")]
    NoSession,
    /// Too many NICKNAMEs without an answer; see
    /// [`Limits::nicknames`](crate::Limits::nicknames).
    #[error("{max} NICKNAMEs of this session have no answer yet; wait for one")]
    TooMany {
        /// The limit that was reached.
        max: usize,
    },
}

/// A NICKNAME of the peer that has no answer yet. Never used twice on a
/// connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NicknameRequest {
    session: SessionKey,
    number: u64,
}

/// The NICKNAMEs of a session that have no answer yet.
#[derive(Debug, Default)]
pub(super) struct Nicknames {
    asked: BTreeSet<NicknameKey>,
    requested: BTreeMap<NicknameRequest, Head>,
}

impl Connection {
    /// Asks the chat room at the other end of a session for a nickname, `None`
    /// to have none any more (RFC 7701 sections 7.1 to 7.3). Exactly one
    /// [`Event::Nickname`] tells the answer.
    ///
    /// Chat rooms that give nicknames say so by the token `nickname` of the
    /// attribute `chatroom` in their session description; others answer 501.
    ///
    /// # Errors
    ///
    /// [`AskError`]; nothing leaves then.
    pub fn ask_nickname(
        &mut self,
        session: SessionKey,
        nickname: Option<&Nickname>,
    ) -> Result<NicknameKey, AskError> {
        let max = self.config.limits.nicknames;
        let owner = self.sessions.get_mut(session).ok_or(AskError::NoSession)?;
        if owner.nicknames.asked.len() >= max {
            return Err(AskError::TooMany { max });
        }
        let key = self.nickname_keys.fresh();
        owner.nicknames.asked.insert(key);
        let purpose = Purpose::Nickname(session, key);
        // Without random octets the connection ends, and the request with it.
        let Some(transaction) = self.hop.begin_control_request(Some(purpose)) else {
            return Ok(key);
        };
        owner.requests.insert(transaction);
        let (to, from) = (owner.remote.view(), PathRef::from(owner.config.local.view()));
        let value = nickname.map_or_else(|| "\"\"".into(), |name| name.quoted().to_string());
        let head =
            HeadWriter::request(self.hop.control(), &transaction, Method::Nickname, to, from);
        let written =
            head.header(HeaderName::UseNickname.as_str(), &value).bodiless(Continuation::Complete);
        debug_assert!(written.is_ok(), "a nickname can be written");
        Ok(key)
    }

    /// Answers a NICKNAME of the peer ([`Event::NicknameRequested`]): 200 where
    /// the nickname is the peer's now, and otherwise 403 where there are none to
    /// be had, 424 where it is malformed, 425 where it is reserved or in use.
    /// Says whether the request had no answer yet.
    pub fn answer_nickname(&mut self, request: NicknameRequest, status: StatusCode) -> bool {
        let head = self
            .sessions
            .get_mut(request.session)
            .and_then(|owner| owner.nicknames.requested.remove(&request));
        match head {
            Some(head) => {
                self.respond(&head.view(), status);
                true
            }
            None => false,
        }
    }

    /// A NICKNAME of the peer.
    pub(super) fn nickname_requested(&mut self, session: SessionKey, head: &Head) {
        let view = head.view();
        let nickname = match self.use_nickname(&view) {
            Ok(nickname) => nickname,
            Err(_) => return self.respond(&view, StatusCode::MALFORMED_NICKNAME),
        };
        let Some(owner) = self.sessions.get_mut(session) else { return };
        // A client waits for one answer before it asks again.
        if owner.nicknames.requested.len() >= self.config.limits.nicknames {
            return self.respond(&view, StatusCode::FORBIDDEN);
        }
        let request = NicknameRequest { session, number: self.next_nickname_request };
        self.next_nickname_request += 1;
        owner.nicknames.requested.insert(request, head.detached());
        self.events.push(Event::NicknameRequested { session, request, nickname });
    }

    /// The Use-Nickname of a request, which has one.
    fn use_nickname(&mut self, head: &HeadRef<'_>) -> Result<Option<Nickname>, ValueError> {
        let is_name = |name: &str| HeaderName::of(name.as_bytes()) == Some(HeaderName::UseNickname);
        let mut values = head.headers().filter(|(name, _)| is_name(name)).map(|(_, value)| value);
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(ValueErrorKind::NicknameQuoting.into());
        };
        match Nickname::parse_quoted(value) {
            Err(error) if error.kind() == ValueErrorKind::NicknameUnquoted => {
                let nickname = Nickname::parse_unquoted(value)?;
                if self.tolerate(Tolerance::UnquotedNickname) {
                    Ok(Some(nickname))
                } else {
                    Err(error)
                }
            }
            result => result,
        }
    }

    /// A response to a NICKNAME of this side.
    pub(super) fn nickname_answered(
        &mut self,
        session: SessionKey,
        key: NicknameKey,
        answer: Answer,
    ) {
        let outcome = match answer.status {
            status if status.is_success() => Outcome::Accepted,
            StatusCode::TIMEOUT => Outcome::TimedOut,
            status => Outcome::Rejected(status),
        };
        self.settle_nickname(session, key, outcome);
        if answer.status.is_success() {
            self.mark_open(session, Some(answer));
        } else {
            self.session_refused(session, answer);
        }
    }

    /// Tells what became of a NICKNAME, once.
    pub(super) fn settle_nickname(
        &mut self,
        session: SessionKey,
        key: NicknameKey,
        outcome: Outcome,
    ) {
        if let Some(owner) = self.sessions.get_mut(session)
            && owner.nicknames.asked.remove(&key)
        {
            self.events.push(Event::Nickname { session, key, outcome });
        }
    }

    /// A session ends: nobody gives nicknames in it any more, nor has any.
    pub(super) fn drop_nicknames(&mut self, session: SessionKey, outcome: Outcome) {
        let Some(owner) = self.sessions.get_mut(session) else { return };
        let Nicknames { asked, requested } = std::mem::take(&mut owner.nicknames);
        for key in asked {
            self.events.push(Event::Nickname { session, key, outcome });
        }
        for head in requested.into_values() {
            self.respond(&head.view(), StatusCode::NO_SUCH_SESSION);
        }
    }
}
