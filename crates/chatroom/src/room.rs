//! The room: who is in it, by which URIs and nicknames.

use std::collections::{BTreeMap, BTreeSet};

use msrp::{Nickname, StatusCode};

use crate::config::RoomConfig;
use crate::identifier::Identifier;
use crate::nicknames::{Nicknames, Spelling, prepared};
use crate::participant::{JoinError, Participant, ParticipantError};
use crate::passing::{Abandoned, Passing};
use crate::seat::Seat;

/// A chat room.
///
/// The module's front page has the picture.
#[derive(Debug)]
pub struct Room {
    uri: Box<str>,
    identifier: Identifier,
    config: RoomConfig,
    reserved: BTreeSet<Spelling>,
    participants: BTreeMap<Seat, Participant>,
    /// Whose each URI is, and in which sessions.
    known: BTreeMap<Identifier, Known>,
    nicknames: Nicknames,
    pub(crate) passing: Passing,
    next: u64,
}

#[derive(Debug)]
struct Known {
    user: Identifier,
    seats: BTreeSet<Seat>,
}

/// Somebody who has left, and what of them ends with that.
#[derive(Debug)]
#[non_exhaustive]
pub struct Left {
    /// Who it was.
    pub participant: Participant,
    /// The nickname of the session, which others may have now unless the user
    /// has it in another session.
    pub nickname: Option<Nickname>,
    /// Whether the user has no other session in the room.
    pub was_last: bool,
    /// Their messages that were not through.
    pub abandoned: Vec<Abandoned>,
}

impl Room {
    /// An empty room, which messages to all are addressed to by `uri`.
    ///
    /// # Errors
    ///
    /// [`ParticipantError`] where the text is no URI.
    pub fn new(uri: &str, config: RoomConfig) -> Result<Self, ParticipantError> {
        let reserved = config.reserved_nicknames.iter().filter_map(prepared);
        Ok(Self {
            uri: uri.into(),
            identifier: Identifier::new(uri).ok_or(ParticipantError)?,
            reserved: reserved.map(|(spelling, _)| spelling).collect(),
            config,
            participants: BTreeMap::new(),
            known: BTreeMap::new(),
            nicknames: Nicknames::default(),
            passing: Passing::default(),
            next: 0,
        })
    }

    /// The URI of the room.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// What the room was made with.
    #[must_use]
    pub const fn config(&self) -> &RoomConfig {
        &self.config
    }

    pub(crate) const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// Lets somebody in, in one session. Who comes in further ones has a seat
    /// for each, and a nickname in none of them until they ask for it (RFC 7701
    /// section 7.1).
    ///
    /// # Errors
    ///
    /// [`JoinError`]; nothing has changed then.
    pub fn join(&mut self, participant: Participant) -> Result<Seat, JoinError> {
        self.check_join(&participant)?;
        let seat = Seat(self.next);
        self.next += 1;
        for identifier in &participant.identifiers {
            let known = self.known.entry(identifier.clone());
            let fresh = || Known { user: participant.user.clone(), seats: BTreeSet::new() };
            known.or_insert_with(fresh).seats.insert(seat);
        }
        self.participants.insert(seat, participant);
        Ok(seat)
    }

    fn check_join(&self, participant: &Participant) -> Result<(), JoinError> {
        let max = self.config.sessions;
        let is_taken = |identifier: &Identifier| {
            let known = self.known.get(identifier);
            known.is_some_and(|known| known.user != participant.user)
                || *identifier == self.identifier
        };
        if self.participants.len() >= max {
            Err(JoinError::Full { max })
        } else if !participant.accepts.accepts("message/cpim") {
            Err(JoinError::NoCpim)
        } else if participant.identifiers.iter().any(is_taken) {
            Err(JoinError::UriTaken)
        } else if !self.config.several_sessions && self.has_user(&participant.user) {
            Err(JoinError::AlreadyHere)
        } else {
            Ok(())
        }
    }

    fn has_user(&self, user: &Identifier) -> bool {
        self.participants.values().any(|participant| participant.user == *user)
    }

    /// A session has ended: nothing goes to it any more, and its nickname is
    /// free. `None` where there is no such session.
    pub fn leave(&mut self, seat: Seat) -> Option<Left> {
        let participant = self.participants.remove(&seat)?;
        for identifier in &participant.identifiers {
            if let Some(known) = self.known.get_mut(identifier) {
                known.seats.remove(&seat);
                if known.seats.is_empty() {
                    self.known.remove(identifier);
                }
            }
        }
        Some(Left {
            nickname: self.nicknames.release(seat),
            was_last: !self.has_user(&participant.user),
            abandoned: self.passing.leave(seat),
            participant,
        })
    }

    /// The sessions in the room, in the order in which they joined.
    pub fn seats(&self) -> impl Iterator<Item = Seat> {
        self.participants.keys().copied()
    }

    /// Who is in a session.
    #[must_use]
    pub fn participant(&self, seat: Seat) -> Option<&Participant> {
        self.participants.get(&seat)
    }

    /// The sessions that are known by a URI: those of one user, if any.
    pub fn find(&self, uri: &str) -> impl Iterator<Item = Seat> {
        let seats = Identifier::new(uri).and_then(|uri| self.seats_known_by(&uri));
        seats.into_iter().flatten()
    }

    pub(crate) fn seats_known_by(&self, uri: &Identifier) -> Option<Vec<Seat>> {
        self.known.get(uri).map(|known| known.seats.iter().copied().collect())
    }

    /// What a NICKNAME of a session is answered, `None` being the wish to have
    /// no nickname (RFC 7701 section 7.3): 200 where it is done, 403 where
    /// there are none to be had here, 424 where the nickname is none by the
    /// profile of RFC 8266, 425 where it is reserved, or another user's. In all
    /// cases but the first the session keeps the nickname that it has.
    #[must_use = "the NICKNAME is answered with it"]
    pub fn use_nickname(&mut self, seat: Seat, nickname: Option<&Nickname>) -> StatusCode {
        let Some(participant) = self.participants.get(&seat) else {
            return StatusCode::FORBIDDEN;
        };
        match nickname {
            _ if !self.config.nicknames => StatusCode::FORBIDDEN,
            None => {
                self.nicknames.release(seat);
                StatusCode::OK
            }
            Some(nickname) => {
                let is_reserved = |spelling: &Spelling| self.reserved.contains(spelling);
                self.nicknames.take(seat, &participant.user, nickname, is_reserved)
            }
        }
    }

    /// The nickname of a session, without blanks at its ends.
    #[must_use]
    pub fn nickname(&self, seat: Seat) -> Option<&Nickname> {
        self.nicknames.of(seat)
    }

    /// The sessions that have a nickname, however it is spelt: those of one
    /// user, if any.
    pub fn find_nickname(&self, nickname: &Nickname) -> impl Iterator<Item = Seat> {
        self.nicknames.holders(nickname)
    }
}
