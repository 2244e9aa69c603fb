//! The room, and a queue for each participant: what connections and calls share.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use msrp::{MediaType, MsrpUri, Nickname, StatusCode};
use msrp_chatroom::{Participant, Recipients, Room, RoomError, Seat};
use msrp_cpim::{Address, CpimBuilder};
use tokio::sync::{mpsc, oneshot, watch};

use crate::rendezvous::Roster;

/// The most messages that wait for one participant. A slower participant misses
/// some, and a notice says so (RFC 7701 section 6.4).
const QUEUE: usize = 256;

pub(crate) struct Hall {
    inner: Mutex<Inner>,
    roster: watch::Sender<Arc<Roster>>,
}

struct Inner {
    room: Room,
    members: BTreeMap<Seat, Member>,
    /// Participants whose session is not bound yet, by its URI.
    expected: HashMap<MsrpUri, (Seat, mpsc::Receiver<Bytes>)>,
}

struct Member {
    queue: mpsc::Sender<Bytes>,
    /// Messages that found the queue full.
    missed: u64,
    /// The call ends when this is dropped.
    _call: oneshot::Sender<Infallible>,
}

impl Hall {
    pub(crate) fn new(room: Room) -> Self {
        let inner = Inner { room, members: BTreeMap::new(), expected: HashMap::new() };
        Self { inner: Mutex::new(inner), roster: watch::Sender::default() }
    }

    /// A poisoned lock is safe to use: no change under it can stop halfway.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn room_uri(&self) -> String {
        self.lock().room.uri().to_owned()
    }

    pub(crate) fn roster(&self) -> watch::Receiver<Arc<Roster>> {
        self.roster.subscribe()
    }

    /// Admits a participant whose session has the URI `local`. The receiver ends
    /// when they leave.
    pub(crate) fn join(
        &self,
        participant: Participant,
        local: MsrpUri,
    ) -> Result<(Seat, oneshot::Receiver<Infallible>), RoomError> {
        let mut inner = self.lock();
        let seat = inner.room.join(participant)?;
        let (queue, messages) = mpsc::channel(QUEUE);
        let (call, gone) = oneshot::channel();
        inner.members.insert(seat, Member { queue, missed: 0, _call: call });
        inner.expected.insert(local, (seat, messages));
        self.tell(&inner);
        Ok((seat, gone))
    }

    /// The session with the URI `local` is bound: returns the seat and the queue of
    /// its participant. The queue ends when they leave.
    pub(crate) fn enter(&self, local: &MsrpUri) -> Option<(Seat, mpsc::Receiver<Bytes>)> {
        self.lock().expected.remove(local)
    }

    pub(crate) fn leave(&self, seat: Seat) {
        let mut inner = self.lock();
        inner.room.leave(seat);
        inner.members.remove(&seat);
        inner.expected.retain(|_, (expected, _)| *expected != seat);
        self.tell(&inner);
    }

    /// Queues a message for its recipients. An error is the status for its sender.
    pub(crate) fn message(
        &self,
        seat: Seat,
        content_type: &str,
        body: &Bytes,
    ) -> Result<Recipients, StatusCode> {
        let mut inner = self.lock();
        let recipients = inner.room.message(seat, content_type, body)?;
        for seat in recipients.seats() {
            inner.copy(*seat, body.clone());
        }
        Ok(recipients)
    }

    pub(crate) fn use_nickname(&self, seat: Seat, nickname: Option<&Nickname>) -> StatusCode {
        let mut inner = self.lock();
        let status = inner.room.use_nickname(seat, nickname);
        if status.is_success() {
            self.tell(&inner);
        }
        status
    }

    /// Publishes the roster to all calls if it has changed.
    fn tell(&self, inner: &Inner) {
        let mut roster = Roster::new();
        for seat in inner.room.seats() {
            let Some(participant) = inner.room.participant(seat) else { continue };
            let nickname = inner.room.nickname(seat).map(ToString::to_string);
            let entry = roster.entry(participant.uri().to_owned()).or_default();
            *entry = entry.take().or(nickname);
        }
        self.roster.send_if_modified(|told| {
            let has_changed = **told != roster;
            if has_changed {
                *told = Arc::new(roster);
            }
            has_changed
        });
    }
}

impl Inner {
    fn copy(&mut self, seat: Seat, body: Bytes) {
        let room = self.room.uri().to_owned();
        let Some(to) = self.room.participant(seat).map(|it| it.uri().to_owned()) else { return };
        let Some(member) = self.members.get_mut(&seat) else { return };
        if member.missed > 0
            && let Some(notice) = notice(&room, &to, member.missed)
            && member.queue.try_send(notice).is_ok()
        {
            member.missed = 0;
        }
        if member.queue.try_send(body).is_err() {
            member.missed += 1;
        }
    }
}

/// The notice for a participant whose connection was too slow.
fn notice(room: &str, to: &str, missed: u64) -> Option<Bytes> {
    let text = format!("You have missed {missed} messages: your connection is too slow.");
    let (room, to) = (Address::new(room).ok()?, Address::new(to).ok()?);
    CpimBuilder::new(&room, &to).build(&MediaType::text_plain(), text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use msrp_chatroom::RoomConfig;
    use msrp_cpim::CpimRef;

    use super::*;

    /// All calls share one roster, and a refused nickname does not replace it.
    #[test]
    fn a_roster_that_has_not_changed_is_not_sent() {
        let hall = Hall::new(Room::new("sip:r@h.example", RoomConfig::default()).unwrap());
        let mut calls = [hall.roster(), hall.roster()];
        let mut told = || {
            let is_new = calls.each_ref().map(|call| call.has_changed().unwrap());
            let [one, other] = calls.each_mut().map(|call| Arc::clone(&call.borrow_and_update()));
            assert!(Arc::ptr_eq(&one, &other) && is_new[0] == is_new[1]);
            (is_new[0], one)
        };
        let join = |uri: &str, local: &str| {
            hall.join(Participant::new(uri).unwrap(), local.parse().unwrap()).unwrap()
        };
        let (ada, _ada_gone) = join("sip:ada@h.example", "msrp://h.example:1/a;tcp");
        let (bob, _bob_gone) = join("sip:bob@h.example", "msrp://h.example:1/b;tcp");
        let nickname: Nickname = "Captain".parse().unwrap();
        assert_eq!(hall.use_nickname(ada, Some(&nickname)), StatusCode::OK);
        let (is_new, before) = told();
        assert!(is_new);
        for (seat, status) in [(bob, StatusCode::NICKNAME_IN_USE), (ada, StatusCode::OK)] {
            assert_eq!(hall.use_nickname(seat, Some(&nickname)), status);
            let (is_new, now) = told();
            assert!(!is_new && Arc::ptr_eq(&before, &now));
        }
        hall.leave(ada);
        assert!(told().0);
    }

    // req: 7701-6.4-1, 7701-6.4-2
    #[test]
    fn a_slow_participant_misses_messages_and_gets_a_notice() {
        let (room, ada, bob) = ("sip:r@h.example", "sip:ada@h.example", "sip:bob@h.example");
        let hall = Hall::new(Room::new(room, RoomConfig::default()).unwrap());
        let join = |uri: &str, local: &str| {
            let local: MsrpUri = local.parse().unwrap();
            let seat = hall.join(Participant::new(uri).unwrap(), local.clone()).unwrap();
            (seat, hall.enter(&local).unwrap().1)
        };
        let ((ada_seat, _ada_gone), _) = join(ada, "msrp://h.example:1/a;tcp");
        let (_bob, mut queue) = join(bob, "msrp://h.example:1/b;tcp");
        let (from, to) = (Address::new(ada).unwrap(), Address::new(room).unwrap());
        let text = CpimBuilder::new(&from, &to).build(&MediaType::text_plain(), b"Hi").unwrap();
        let say = || hall.message(ada_seat, "message/cpim", &text).unwrap();
        for _ in 0..QUEUE + 3 {
            say();
        }
        for _ in 0..QUEUE {
            assert_eq!(queue.try_recv().unwrap(), text);
        }
        assert!(queue.try_recv().is_err());
        say();
        let notice = queue.try_recv().unwrap();
        let notice = CpimRef::parse(&notice).unwrap();
        assert_eq!(notice.from(), Some(to));
        assert!(notice.body().starts_with(b"You have missed 3 messages"));
        assert_eq!(queue.try_recv().unwrap(), text);
    }
}
