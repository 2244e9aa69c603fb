//! Who holds a nickname (RFC 7701 section 7.1), and when two nicknames are the
//! same: the Nickname profile of PRECIS (RFC 8266, which obsoletes RFC 7700).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use msrp::{Nickname, StatusCode};
use precis_profiles::Nickname as Profile;
use precis_profiles::precis_core::Error;
use precis_profiles::precis_core::profile::{Profile as _, Rules, stabilize};

use crate::identifier::Identifier;
use crate::seat::Seat;

/// A nickname in the one spelling of all nicknames that match it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spelling(Box<str>);

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
        is_reserved: impl Fn(&Spelling) -> bool,
    ) -> StatusCode {
        let Some((spelling, shown)) = prepared(nickname) else {
            return StatusCode::MALFORMED_NICKNAME;
        };
        let is_taken = self.held.get(&spelling).is_some_and(|held| held.user != *user);
        if is_taken || is_reserved(&spelling) {
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
pub(crate) fn prepared(nickname: &Nickname) -> Option<(Spelling, Nickname)> {
    let profile = Profile::new();
    let shown = profile.enforce(nickname.as_str()).ok()?;
    let spelling = stabilize(shown.as_ref(), |text| compared(&profile, text)).ok()?;
    Some((Spelling((*spelling).into()), Nickname::new(&*shown).ok()?))
}

/// One application of the rules of RFC 8266 section 2.4.
fn compared<'a>(profile: &Profile, text: &'a str) -> Result<Cow<'a, str>, Error> {
    let text = profile.prepare(text)?;
    let text = profile.additional_mapping_rule(text)?;
    let text = profile.case_mapping_rule(text)?;
    profile.normalization_rule(text)
}
