//! The room, and a queue for each participant: what calls and sessions share.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use msrp::mime::wrapped_type;
use msrp::{MediaType, Nickname, StatusCode};
use msrp_chatroom::{Participant, Recipients, Room, RoomError, Seat};
use msrp_cpim::is_composing::IS_COMPOSING_TYPE;
use msrp_cpim::{Address, CpimBuilder};
use msrp_tokio::content::spelled;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::rendezvous::Roster;

/// The most messages that wait for one participant.
const QUEUE: usize = 256;

/// How long senders wait for the queue of a participant. After that the participant misses
/// messages, and a notice says so (RFC 7701 section 6.4).
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Hall {
    inner: Mutex<Inner>,
    roster: watch::Sender<Arc<Roster>>,
}

struct Inner {
    room: Room,
    members: BTreeMap<Seat, Member>,
}

struct Member {
    queue: mpsc::Sender<Bytes>,
    /// Messages that were not waited for.
    missed: u64,
    /// The call ends when this is dropped.
    _call: oneshot::Sender<Infallible>,
}

/// What a participant gets on joining.
pub(crate) struct Joined {
    pub(crate) seat: Seat,
    /// The messages for them. It ends when they leave.
    pub(crate) messages: mpsc::Receiver<Bytes>,
    /// It ends when they leave.
    pub(crate) gone: oneshot::Receiver<Infallible>,
}

impl Hall {
    pub(crate) fn new(room: Room) -> Self {
        let inner = Inner { room, members: BTreeMap::new() };
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

    /// Admits a participant.
    pub(crate) fn join(&self, participant: Participant) -> Result<Joined, RoomError> {
        let mut inner = self.lock();
        let seat = inner.room.join(participant)?;
        let (queue, messages) = mpsc::channel(QUEUE);
        let (call, gone) = oneshot::channel();
        inner.members.insert(seat, Member { queue, missed: 0, _call: call });
        self.tell(&inner);
        Ok(Joined { seat, messages, gone })
    }

    pub(crate) fn leave(&self, seat: Seat) {
        let mut inner = self.lock();
        inner.room.leave(seat);
        inner.members.remove(&seat);
        self.tell(&inner);
    }

    /// Passes a message on, once there is room for it with all recipients. An error is the
    /// status for its sender.
    pub(crate) async fn pass_on(
        &self,
        from: Seat,
        content_type: &str,
        body: &Bytes,
    ) -> Result<Recipients, StatusCode> {
        let recipients = self.lock().room.message(from, content_type, body)?;
        let wrapped = wrapped_type(content_type, body);
        let wrapped = wrapped.as_deref().unwrap_or("text/plain");
        let nobody_takes_it = recipients.seats().is_empty() && !recipients.unable().is_empty();
        if nobody_takes_it && is_for_people(wrapped) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let until = Instant::now() + PATIENCE;
        for seat in recipients.seats() {
            self.copy(*seat, body.clone(), until).await;
        }
        if is_for_people(wrapped) {
            self.tell_unable(from, &recipients, wrapped, until).await;
        }
        Ok(recipients)
    }

    /// Gives a participant a copy. Only who has missed nothing is waited for.
    async fn copy(&self, seat: Seat, body: Bytes, until: Instant) {
        let Some((queue, is_behind)) = self.lock().queue(seat) else { return };
        let patience = if is_behind { Duration::ZERO } else { until - Instant::now() };
        if let Err(SendTimeoutError::Timeout(_)) = queue.send_timeout(body, patience).await {
            self.lock().missed(seat);
        }
    }

    /// Tells both sides of a message that some participants do not get.
    async fn tell_unable(&self, from: Seat, to: &Recipients, content_type: &str, until: Instant) {
        let (sender, names) = {
            let inner = self.lock();
            (inner.uri(from), to.unable().iter().filter_map(|seat| inner.uri(*seat)).collect())
        };
        let (Some(sender), names): (Option<String>, Vec<String>) = (sender, names) else { return };
        if names.is_empty() {
            return;
        }
        let sender = spelled(&sender);
        let text = format!("{sender} has sent {content_type}, which your program does not take.");
        for seat in to.unable() {
            self.notify(*seat, &text, until).await;
        }
        let text = format!("{content_type} is not taken by {}.", spelled(&names.join(", ")));
        self.notify(from, &text, until).await;
    }

    async fn notify(&self, seat: Seat, text: &str, until: Instant) {
        let notice = self.lock().notice(seat, text);
        if let Some(notice) = notice {
            self.copy(seat, notice, until).await;
        }
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
    fn uri(&self, seat: Seat) -> Option<String> {
        self.room.participant(seat).map(|it| it.uri().to_owned())
    }

    /// The queue of a participant, and whether they have missed messages. When the queue has
    /// room again, a notice says how many.
    fn queue(&mut self, seat: Seat) -> Option<(mpsc::Sender<Bytes>, bool)> {
        let missed = self.members.get(&seat)?.missed;
        let text = format!("You have missed {missed} messages: your connection is too slow.");
        let notice = (missed > 0).then(|| self.notice(seat, &text)).flatten();
        let member = self.members.get_mut(&seat)?;
        if notice.is_some_and(|notice| member.queue.try_send(notice).is_ok()) {
            member.missed = 0;
        }
        Some((member.queue.clone(), member.missed > 0))
    }

    fn missed(&mut self, seat: Seat) {
        if let Some(member) = self.members.get_mut(&seat) {
            member.missed += 1;
        }
    }

    /// A text of the room for one participant.
    fn notice(&self, seat: Seat, text: &str) -> Option<Bytes> {
        let room = Address::new(self.room.uri()).ok()?;
        let to = Address::new(self.room.participant(seat)?.uri()).ok()?;
        CpimBuilder::new(&room, &to).build(&MediaType::text_plain(), text.as_bytes()).ok()
    }
}

/// Whether a message of this type is meant to be seen, unlike that somebody is writing.
fn is_for_people(content_type: &str) -> bool {
    let essence = msrp::mime::MimeValue::new(content_type).main();
    !essence.eq_ignore_ascii_case(IS_COMPOSING_TYPE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use msrp::MediaTypes;
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
        let join = |uri: &str| hall.join(Participant::new(uri).unwrap()).unwrap();
        let (ada, bob) = (join("sip:ada@h.example"), join("sip:bob@h.example"));
        let nickname: Nickname = "Captain".parse().unwrap();
        assert_eq!(hall.use_nickname(ada.seat, Some(&nickname)), StatusCode::OK);
        let (is_new, before) = told();
        assert!(is_new);
        for (seat, status) in [(bob.seat, StatusCode::NICKNAME_IN_USE), (ada.seat, StatusCode::OK)]
        {
            assert_eq!(hall.use_nickname(seat, Some(&nickname)), status);
            let (is_new, now) = told();
            assert!(!is_new && Arc::ptr_eq(&before, &now));
        }
        hall.leave(ada.seat);
        assert!(told().0);
    }

    const ADA: &str = "sip:ada@h.example";
    const BOB: &str = "sip:bob@h.example";
    const ROOM: &str = "sip:r@h.example";

    fn wrapped(content_type: &str) -> Bytes {
        let (from, to) = (Address::new(ADA).unwrap(), Address::new(ROOM).unwrap());
        CpimBuilder::new(&from, &to).build(&content_type.parse().unwrap(), b"Hi").unwrap()
    }

    fn hall() -> Hall {
        Hall::new(Room::new(ROOM, RoomConfig::default()).unwrap())
    }

    /// The text of a notice.
    fn text(notice: &Bytes) -> String {
        let notice = CpimRef::parse(notice).unwrap();
        assert_eq!(notice.from(), Some(Address::new(ROOM).unwrap()));
        String::from_utf8(notice.body().to_vec()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_sender_waits_for_the_others() {
        let hall = Arc::new(hall());
        let ada = hall.join(Participant::new(ADA).unwrap()).unwrap();
        let mut bob = hall.join(Participant::new(BOB).unwrap()).unwrap();
        let saying = tokio::spawn({
            let hall = Arc::clone(&hall);
            async move {
                for _ in 0..4 * QUEUE {
                    hall.pass_on(ada.seat, "message/cpim", &wrapped("text/plain")).await.unwrap();
                }
            }
        });
        for _ in 0..4 * QUEUE {
            tokio::time::sleep(Duration::from_millis(5)).await;
            assert_eq!(bob.messages.recv().await.unwrap(), wrapped("text/plain"));
        }
        saying.await.unwrap();
    }

    // req: 7701-6.4-1, 7701-6.4-2
    #[tokio::test(start_paused = true)]
    async fn who_stands_still_misses_messages_and_gets_a_notice() {
        let hall = hall();
        let ada = hall.join(Participant::new(ADA).unwrap()).unwrap();
        let mut bob = hall.join(Participant::new(BOB).unwrap()).unwrap();
        let begun = Instant::now();
        for _ in 0..QUEUE + 3 {
            hall.pass_on(ada.seat, "message/cpim", &wrapped("text/plain")).await.unwrap();
        }
        assert_eq!(begun.elapsed(), PATIENCE, "the others wait once");
        for _ in 0..QUEUE {
            assert_eq!(bob.messages.try_recv().unwrap(), wrapped("text/plain"));
        }
        assert!(bob.messages.try_recv().is_err());
        hall.pass_on(ada.seat, "message/cpim", &wrapped("text/plain")).await.unwrap();
        let notice = text(&bob.messages.try_recv().unwrap());
        assert!(notice.starts_with("You have missed 3 messages"), "{notice}");
        assert_eq!(bob.messages.try_recv().unwrap(), wrapped("text/plain"));
    }

    #[tokio::test]
    async fn both_sides_learn_of_a_type_that_one_does_not_take() {
        let hall = hall();
        let mut ada = hall.join(Participant::new(ADA).unwrap()).unwrap();
        let types = MediaTypes::new("message/cpim").unwrap().wrapped("text/plain").unwrap();
        let bob = Participant::new(BOB).unwrap().with_accept_types(types);
        let mut bob = hall.join(bob).unwrap();
        let png = wrapped("image/png");
        let alone = hall.pass_on(ada.seat, "message/cpim", &png).await;
        assert_eq!(alone, Err(StatusCode::UNSUPPORTED_MEDIA_TYPE));

        let mut cleo = hall.join(Participant::new("sip:cleo@h.example").unwrap()).unwrap();
        hall.pass_on(ada.seat, "message/cpim", &png).await.unwrap();
        assert_eq!(cleo.messages.try_recv().unwrap(), png);
        let told = text(&bob.messages.try_recv().unwrap());
        assert_eq!(told, format!("{ADA} has sent image/png, which your program does not take."));
        let told = text(&ada.messages.try_recv().unwrap());
        assert_eq!(told, format!("image/png is not taken by {BOB}."));
        // That somebody is writing is nothing to miss.
        hall.pass_on(ada.seat, "message/cpim", &wrapped(IS_COMPOSING_TYPE)).await.unwrap();
        assert!(bob.messages.try_recv().is_err() && ada.messages.try_recv().is_err());
    }
}
