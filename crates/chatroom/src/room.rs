//! The room: who is in it, under which URIs and nicknames.

use std::collections::{BTreeMap, BTreeSet};

use msrp::{Nickname, StatusCode};
use msrp_cpim::CPIM_TYPE;

use crate::config::RoomConfig;
use crate::error::RoomError;
use crate::identifier::Identifier;
use crate::nicknames::{Nicknames, Reserved};
use crate::participant::Participant;
use crate::passing::{Abandoned, Passing};
use crate::seat::Seat;

/// A chat room. The documentation of the crate has the picture.
#[derive(Debug)]
pub struct Room {
    uri: Box<str>,
    identifier: Identifier,
    config: RoomConfig,
    reserved: Reserved,
    participants: BTreeMap<Seat, Participant>,
    /// The user of each URI, and the sessions.
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

/// A session that has left, and what ends with it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Left {
    /// The participant.
    pub participant: Participant,
    /// The nickname of the session. It is free unless another session of the user
    /// has it.
    pub nickname: Option<Nickname>,
    /// Whether the user has no other session in the room.
    pub was_last: bool,
    /// The messages of the session that had not ended.
    pub abandoned: Vec<Abandoned>,
}

impl Room {
    /// An empty room. Messages to all of its participants go to `uri`.
    ///
    /// # Errors
    ///
    /// [`RoomError::Uri`].
    pub fn new(uri: &str, config: RoomConfig) -> Result<Self, RoomError> {
        Ok(Self {
            uri: uri.into(),
            identifier: Identifier::new(uri)?,
            reserved: Reserved::new(&config.reserved_nicknames),
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

    /// The policy of the room, and its limits.
    #[must_use]
    pub const fn config(&self) -> &RoomConfig {
        &self.config
    }

    pub(crate) const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// Lets a participant in with one session. Further sessions of a user have
    /// seats of their own, and no nickname until they ask for it (RFC 7701
    /// section 7.1).
    ///
    /// # Errors
    ///
    /// [`RoomError`] says why the participant cannot join. The room is unchanged.
    pub fn join(&mut self, participant: Participant) -> Result<Seat, RoomError> {
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

    fn check_join(&self, participant: &Participant) -> Result<(), RoomError> {
        let max = self.config.sessions;
        let is_taken = |identifier: &Identifier| {
            let known = self.known.get(identifier);
            known.is_some_and(|known| known.user != participant.user)
                || *identifier == self.identifier
        };
        if self.participants.len() >= max {
            Err(RoomError::Full { max })
        } else if !participant.accept_types().accepts(CPIM_TYPE) {
            Err(RoomError::NoCpim)
        } else if participant.identifiers.iter().any(is_taken) {
            Err(RoomError::UriTaken)
        } else if !self.config.several_sessions && self.has_user(&participant.user) {
            Err(RoomError::AlreadyHere)
        } else {
            Ok(())
        }
    }

    fn has_user(&self, user: &Identifier) -> bool {
        self.participants.values().any(|participant| participant.user == *user)
    }

    /// Removes a session that has ended: it receives nothing more, and its
    /// nickname is free. `None` if there is no such session.
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

    /// The participant in a session.
    #[must_use]
    pub fn participant(&self, seat: Seat) -> Option<&Participant> {
        self.participants.get(&seat)
    }

    /// The sessions that the room knows by a URI. All of them belong to one user.
    pub fn find(&self, uri: &str) -> impl Iterator<Item = Seat> {
        let seats = Identifier::new(uri).ok().and_then(|uri| self.seats_known_by(&uri));
        seats.into_iter().flatten()
    }

    pub(crate) fn seats_known_by(&self, uri: &Identifier) -> Option<Vec<Seat>> {
        self.known.get(uri).map(|known| known.seats.iter().copied().collect())
    }

    /// Gives a session the nickname for which a NICKNAME request asks, or takes
    /// its nickname away for `None` (RFC 7701 section 7.3).
    ///
    /// Returns the status code of the response: 200 on success, 403 if the room
    /// has no nicknames or no such session, 424 if the profile of RFC 8266 does
    /// not allow the nickname, and 425 if it is reserved, looks like a reserved one or
    /// belongs to another user. Unless it is 200, the session keeps its nickname.
    #[must_use = "the request needs a response with this status code"]
    pub fn use_nickname(&mut self, seat: Seat, nickname: Option<&Nickname>) -> StatusCode {
        let participant = self.participants.get(&seat).filter(|_| self.config.nicknames);
        let Some(participant) = participant else { return StatusCode::FORBIDDEN };
        match nickname {
            None => {
                self.nicknames.release(seat);
                StatusCode::OK
            }
            Some(nickname) => {
                self.nicknames.take(seat, &participant.user, nickname, &self.reserved)
            }
        }
    }

    /// The nickname of a session, without superfluous blanks.
    #[must_use]
    pub fn nickname(&self, seat: Seat) -> Option<&Nickname> {
        self.nicknames.of(seat)
    }

    /// The sessions that have a nickname, in any spelling that matches. All of
    /// them belong to one user.
    pub fn find_nickname(&self, nickname: &Nickname) -> impl Iterator<Item = Seat> {
        self.nicknames.holders(nickname)
    }
}
