//! Who holds a nickname (RFC 7701 section 7.1), and which ones nobody gets.

use std::collections::{BTreeMap, BTreeSet};

use msrp::{Nickname, StatusCode};

use crate::identifier::Identifier;
use crate::profile;
use crate::seat::Seat;

/// A nickname in the one spelling of all nicknames that match it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Spelling(Box<str>);

/// The nicknames of a room.
#[derive(Debug, Default)]
pub(crate) struct Nicknames {
    held: BTreeMap<Spelling, Holding>,
    by_seat: BTreeMap<Seat, (Spelling, Nickname)>,
}

/// A nickname belongs to one user, in each session that asked for it.
#[derive(Debug)]
struct Holding {
    user: Identifier,
    seats: BTreeSet<Seat>,
}

impl Nicknames {
    /// Gives a session a nickname in place of its old one, which stays if the new
    /// one is unavailable (section 7.2).
    pub(crate) fn take(
        &mut self,
        seat: Seat,
        user: &Identifier,
        nickname: &Nickname,
        reserved: &Reserved,
    ) -> StatusCode {
        let Some((spelling, shown)) = prepared(nickname) else {
            return StatusCode::MALFORMED_NICKNAME;
        };
        let is_taken = self.held.get(&spelling).is_some_and(|held| held.user != *user);
        if is_taken || reserved.contains(&spelling, &shown) {
            return StatusCode::NICKNAME_IN_USE;
        }
        self.release(seat);
        let holding = self.held.entry(spelling.clone());
        let fresh = || Holding { user: user.clone(), seats: BTreeSet::new() };
        holding.or_insert_with(fresh).seats.insert(seat);
        self.by_seat.insert(seat, (spelling, shown));
        StatusCode::OK
    }

    /// Takes the nickname of a session back.
    pub(crate) fn release(&mut self, seat: Seat) -> Option<Nickname> {
        let (spelling, nickname) = self.by_seat.remove(&seat)?;
        if let Some(holding) = self.held.get_mut(&spelling) {
            holding.seats.remove(&seat);
            if holding.seats.is_empty() {
                self.held.remove(&spelling);
            }
        }
        Some(nickname)
    }

    pub(crate) fn of(&self, seat: Seat) -> Option<&Nickname> {
        self.by_seat.get(&seat).map(|(_, nickname)| nickname)
    }

    /// The sessions that have a nickname. All of them belong to one user.
    pub(crate) fn holders(&self, nickname: &Nickname) -> impl Iterator<Item = Seat> {
        let holding = prepared(nickname).and_then(|(spelling, _)| self.held.get(&spelling));
        holding.into_iter().flat_map(|holding| holding.seats.iter().copied())
    }
}

/// The spelling of a nickname for comparison, and the nickname to show, without
/// superfluous blanks. `None` if the profile does not allow it.
fn prepared(nickname: &Nickname) -> Option<(Spelling, Nickname)> {
    let shown = profile::enforced(nickname.as_str())?;
    let spelling = Spelling(profile::compared(&shown)?.into());
    Some((spelling, Nickname::new(shown).ok()?))
}

/// Nicknames that a room gives to no one, nor any that looks the same.
#[derive(Debug)]
pub(crate) struct Reserved {
    spellings: BTreeSet<Spelling>,
    looks: BTreeSet<String>,
}

impl Reserved {
    /// Those that the profile allows; nobody gets the others anyway.
    pub(crate) fn new(nicknames: &[Nickname]) -> Self {
        let prepared: Vec<_> = nicknames.iter().filter_map(prepared).collect();
        Self {
            looks: prepared.iter().map(|(_, shown)| profile::look(shown.as_str())).collect(),
            spellings: prepared.into_iter().map(|(spelling, _)| spelling).collect(),
        }
    }

    fn contains(&self, spelling: &Spelling, shown: &Nickname) -> bool {
        self.spellings.contains(spelling)
            || (!self.looks.is_empty() && self.looks.contains(&profile::look(shown.as_str())))
    }
}
