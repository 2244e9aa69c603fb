//! NICKNAME, in both directions (RFC 7701 section 7).

use std::collections::{BTreeMap, BTreeSet};

use super::Connection;
use super::carried::Purpose;
use super::error::SendError;
use super::event::reason::Outcome;
use super::event::{Event, Response};
use super::scope::Subject;
use crate::footprint::Footprint;
use crate::keys::{NicknameKey, NicknameRequest, SessionKey, UnknownKey};
use crate::tolerance::Tolerance;
use crate::uri::PathRef;
use crate::wire::{
    Continuation, Head, HeadRef, HeadWriter, HeaderName, Method, Nickname, StatusCode, ValueError,
    ValueErrorKind,
};

/// The NICKNAMEs of a session that have no response yet.
#[derive(Debug, Default)]
pub(super) struct Nicknames {
    asked: BTreeSet<NicknameKey>,
    requested: BTreeMap<NicknameRequest, Head>,
}

impl Nicknames {
    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        footprint.hold("nicknames asked", self.asked.len());
        footprint.hold("nicknames requested", self.requested.len());
    }
}

impl Connection {
    /// Asks the chat room at the other end of a session for a nickname, or releases
    /// the current one with `None` (RFC 7701 sections 7.1 to 7.3). Exactly one
    /// [`Event::Nickname`] follows.
    ///
    /// A chat room that gives nicknames has the token `nickname` in the attribute
    /// `chatroom` of its session description. Others respond with 501.
    ///
    /// # Errors
    ///
    /// [`SendError::UnknownKey`] or [`SendError::TooManyNicknames`], and nothing leaves.
    pub fn ask_nickname(
        &mut self,
        session: SessionKey,
        nickname: Option<&Nickname>,
    ) -> Result<NicknameKey, SendError> {
        let max = self.config.limits.nicknames;
        let owner = self.sessions.get_mut(session).ok_or(UnknownKey)?;
        if owner.nicknames.asked.len() >= max {
            return Err(SendError::TooManyNicknames { max });
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

    /// Responds to a NICKNAME of the peer ([`Event::NicknameRequested`]). With 200
    /// the nickname belongs to the peer. 403 means that nicknames are not allowed,
    /// 424 that this one is malformed, 425 that it is reserved or in use.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the request has its response, its session has ended, or
    /// it belongs to another connection.
    pub fn respond_to_nickname(
        &mut self,
        request: NicknameRequest,
        status: StatusCode,
    ) -> Result<(), UnknownKey> {
        let owner = self.sessions.get_mut(request.session()).ok_or(UnknownKey)?;
        let head = owner.nicknames.requested.remove(&request).ok_or(UnknownKey)?;
        self.respond(&head.view(), status);
        Ok(())
    }

    /// A NICKNAME of the peer.
    pub(super) fn nickname_requested(&mut self, session: SessionKey, head: &Head) {
        let view = head.view();
        let nickname = match self.use_nickname(&view) {
            Ok(nickname) => nickname,
            Err(_) => {
                return self.refuse_request(head, StatusCode::MALFORMED_NICKNAME);
            }
        };
        let Some(owner) = self.sessions.get_mut(session) else { return };
        // A client should wait for the response before it asks again.
        if owner.nicknames.requested.len() >= self.config.limits.nicknames {
            return self.refuse_request(head, StatusCode::FORBIDDEN);
        }
        let request = self.nickname_requests.fresh_in(session);
        owner.nicknames.requested.insert(request, head.detached());
        self.mark_open(session, None);
        self.events.push(Event::NicknameRequested { session, request, nickname });
    }

    /// The Use-Nickname of a request, which must have exactly one.
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
        response: Response,
    ) {
        let outcome = match response.status {
            status if status.is_success() => Outcome::Accepted,
            StatusCode::TIMEOUT => Outcome::TimedOut,
            status => Outcome::Rejected(status),
        };
        self.settle_nickname(session, key, outcome);
        if response.status.is_success() {
            self.mark_open(session, Some(response));
        } else {
            self.apply(session, Subject::Nickname, response);
        }
    }

    /// Tells the application the outcome of a NICKNAME, once.
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

    /// Ends the NICKNAMEs of a session that has ended.
    pub(super) fn drop_nicknames(
        &mut self,
        session: SessionKey,
        Nicknames { asked, requested }: Nicknames,
        outcome: Outcome,
    ) {
        for key in asked {
            self.events.push(Event::Nickname { session, key, outcome });
        }
        for head in requested.into_values() {
            self.respond(&head.view(), StatusCode::NO_SUCH_SESSION);
        }
    }
}
