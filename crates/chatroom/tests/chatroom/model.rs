//! A room compared with the simplest model of one: a list.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use msrp::{MessageId, Nickname, StatusCode};
use msrp_chatroom::{Participant, RoomError};
use proptest::prelude::*;

use super::*;

const USERS: u8 = 4;
const SESSIONS: usize = 6;
const TYPES: [&str; 3] = ["text/plain", "text/html", "image/png"];
const LISTS: [&str; 3] = ["text/plain", "text/*", "*"];
/// The first two match.
const NICKNAMES: [&str; 4] = ["Ada", "ada ", "Bob", "\u{202e}"];

#[derive(Clone, Debug)]
enum Step {
    Join {
        user: u8,
        is_social: bool,
        list: usize,
    },
    Leave(usize),
    Nickname(usize, Option<usize>),
    /// From a session as a user; to the room (0) or a user.
    Send {
        seat: usize,
        from: u8,
        to: u8,
        content_type: usize,
    },
    Begin {
        seat: usize,
        to: u8,
        id: u8,
    },
    GoOn {
        seat: usize,
        id: u8,
    },
    End {
        seat: usize,
        id: u8,
    },
    Wait(u16),
}

#[derive(Clone)]
struct Member {
    seat: Seat,
    user: u8,
    is_social: bool,
    list: usize,
    nickname: Option<usize>,
}

struct Model {
    room: Room,
    now: Instant,
    members: Vec<Member>,
    /// The messages being passed on: their recipients and deadlines.
    passing: BTreeMap<(Seat, u8), (Vec<Seat>, Instant)>,
}

fn uri(user: u8) -> String {
    format!("sip:user{user}@example.com")
}

fn id(number: u8) -> MessageId {
    MessageId::new(&format!("message{number}")).unwrap()
}

impl Model {
    fn new() -> Self {
        let room = room_with(|config| {
            config.sessions = SESSIONS;
            config.messages_of_session = 2;
            config.chunk_timeout = Duration::from_secs(540);
        });
        Self { room, now: Instant::now(), members: Vec::new(), passing: BTreeMap::new() }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Join { user, is_social, list } => self.join(user, is_social, list),
            Step::Leave(at) => self.leave(at),
            Step::Nickname(at, nickname) => self.nickname(at, nickname),
            Step::Send { seat, from, to, content_type } => self.send(seat, from, to, content_type),
            Step::Begin { seat, to, id } => self.begin(seat, to, id),
            Step::GoOn { seat, id } => self.go_on(seat, id),
            Step::End { seat, id } => self.end(seat, id),
            Step::Wait(seconds) => self.wait(seconds),
        }
        self.check();
    }

    fn member(&self, at: usize) -> Option<Member> {
        self.members.get(at % self.members.len().max(1)).cloned()
    }

    fn join(&mut self, user: u8, is_social: bool, list: usize) {
        let participant = Participant::new(&uri(user)).unwrap();
        let participant =
            participant.with_private_messages(is_social).with_accept_types(types(LISTS[list]));
        match self.room.join(participant) {
            Ok(seat) => {
                assert!(self.members.len() < SESSIONS);
                assert!(self.members.iter().all(|member| member.seat != seat));
                self.members.push(Member { seat, user, is_social, list, nickname: None });
            }
            Err(error) => {
                assert_eq!(error, RoomError::Full { max: SESSIONS });
                assert_eq!(self.members.len(), SESSIONS);
            }
        }
    }

    fn leave(&mut self, at: usize) {
        let Some(member) = self.member(at) else { return };
        let left = self.room.leave(member.seat).unwrap();
        self.members.retain(|other| other.seat != member.seat);
        assert_eq!(left.was_last, self.members.iter().all(|other| other.user != member.user));
        assert_eq!(left.nickname.is_some(), member.nickname.is_some());
        for (to, _) in self.passing.values_mut() {
            to.retain(|seat| *seat != member.seat);
        }
        let own = self.passing.keys().filter(|(from, _)| *from == member.seat).count();
        assert_eq!(left.abandoned.len(), own);
        for message in left.abandoned {
            let number = (0..4).find(|number| id(*number) == message.message_id).unwrap();
            let (to, _) = self.passing.remove(&(member.seat, number)).unwrap();
            assert_eq!(message.recipients, to);
        }
    }

    // req: 7701-7-1, 7701-7.2-1
    fn nickname(&mut self, at: usize, nickname: Option<usize>) {
        let Some(member) = self.member(at) else { return };
        let value: Option<Nickname> = nickname.map(|it| NICKNAMES[it].parse().unwrap());
        let is_anothers = nickname.is_some_and(|wanted| {
            let same = |it: usize| it.max(1) == wanted.max(1);
            self.members.iter().any(|it| it.user != member.user && it.nickname.is_some_and(same))
        });
        let expected = match nickname {
            Some(3) => StatusCode::MALFORMED_NICKNAME,
            _ if is_anothers => StatusCode::NICKNAME_IN_USE,
            _ => StatusCode::OK,
        };
        assert_eq!(self.room.use_nickname(member.seat, value.as_ref()), expected);
        if expected == StatusCode::OK {
            self.members.iter_mut().find(|it| it.seat == member.seat).unwrap().nickname = nickname;
        }
    }

    /// The recipients of a message, found by a walk through all members.
    fn expected(&self, sender: &Member, from: u8, to: u8, kind: usize) -> Result<Vec<Seat>, u16> {
        let takes = |member: &Member| match LISTS[member.list] {
            "*" => true,
            "text/*" => TYPES[kind].starts_with("text/"),
            only => only == TYPES[kind],
        };
        if from != sender.user {
            return Err(403);
        }
        if to == 0 {
            let others = self.members.iter().filter(|it| it.seat != sender.seat && takes(it));
            return Ok(others.map(|it| it.seat).collect());
        }
        let them: Vec<_> = self.members.iter().filter(|it| it.user == to).collect();
        if them.is_empty() {
            return Err(404);
        }
        if them.iter().all(|it| !it.is_social) {
            return Err(428);
        }
        Ok(them.into_iter().filter(|it| it.is_social && takes(it)).map(|it| it.seat).collect())
    }

    fn send(&mut self, at: usize, from: u8, to: u8, kind: usize) {
        let Some(member) = self.member(at) else { return };
        let to_uri = if to == 0 { ROOM.to_owned() } else { uri(to) };
        let body = wrapped_as(TYPES[kind], &uri(from), &[&to_uri]);
        let result = self.room.message(member.seat, CPIM, &body);
        let expected = self.expected(&member, from, to, kind);
        assert_eq!(result.map(|it| it.seats().to_vec()).map_err(StatusCode::as_u16), expected);
    }

    fn begin(&mut self, at: usize, to: u8, number: u8) {
        let Some(member) = self.member(at) else { return };
        let to_uri = if to == 0 { ROOM.to_owned() } else { uri(to) };
        let body = wrapped(&uri(member.user), &to_uri);
        let result = self.room.begin_message(self.now, member.seat, id(number), CPIM, &body);
        let key = (member.seat, number);
        let of_session = self.passing.keys().filter(|(from, _)| *from == member.seat).count();
        let due = self.now + Duration::from_secs(540);
        match self.expected(&member, member.user, to, 0) {
            Err(status) => {
                assert_eq!(result.unwrap_err().as_u16(), status);
                self.passing.remove(&key);
            }
            Ok(_) if of_session >= 2 && !self.passing.contains_key(&key) => {
                assert_eq!(result, Err(StatusCode::STOP_SENDING));
            }
            Ok(to) => {
                let known = self.passing.entry(key).or_insert((to, due));
                known.1 = due;
                assert_eq!(result.unwrap().unwrap().seats(), known.0);
            }
        }
    }

    fn go_on(&mut self, at: usize, number: u8) {
        let Some(member) = self.member(at) else { return };
        let result = self.room.continue_message(self.now, member.seat, id(number));
        let known = self.passing.get_mut(&(member.seat, number));
        if let Some((_, due)) = known {
            *due = self.now + Duration::from_secs(540);
        }
        let known = self.passing.get(&(member.seat, number)).map(|(to, _)| Some(&to[..]));
        let result = result.as_ref().map(|it| it.as_ref().map(|it| it.seats()));
        assert_eq!(result, known.ok_or(&StatusCode::STOP_SENDING));
    }

    fn end(&mut self, at: usize, number: u8) {
        let Some(member) = self.member(at) else { return };
        let result = self.room.end_message(member.seat, id(number));
        let known = self.passing.remove(&(member.seat, number)).map(|(to, _)| to);
        assert_eq!(result.map(|it| it.seats().to_vec()), known);
    }

    fn wait(&mut self, seconds: u16) {
        self.now += Duration::from_secs(u64::from(seconds));
        let due = self.passing.iter().filter(|(_, (_, due))| *due <= self.now).count();
        let mut expired = 0;
        while let Some(message) = self.room.handle_timeout(self.now) {
            let number = (0..4).find(|number| id(*number) == message.message_id).unwrap();
            let (to, at) = self.passing.remove(&(message.from, number)).unwrap();
            assert!(at <= self.now && to == message.recipients);
            expired += 1;
        }
        assert_eq!(expired, due);
    }

    fn check(&self) {
        assert!(self.room.seats().eq(self.members.iter().map(|member| member.seat)));
        let due = self.passing.values().map(|(_, due)| *due).min();
        assert_eq!(self.room.poll_timeout(), due);
        for member in &self.members {
            let shown = member.nickname.map(|it| NICKNAMES[it].trim());
            assert_eq!(self.room.nickname(member.seat).map(Nickname::as_str), shown);
            let same = self.members.iter().filter(|other| other.user == member.user);
            assert!(self.room.find(&uri(member.user)).eq(same.map(|other| other.seat)));
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let (user, seat, id) = (1..=USERS, 0..SESSIONS, 0..4u8);
    prop_oneof![
        3 => (user.clone(), any::<bool>(), 0..LISTS.len())
            .prop_map(|(user, is_social, list)| Step::Join { user, is_social, list }),
        1 => seat.clone().prop_map(Step::Leave),
        3 => (seat.clone(), prop::option::weighted(0.8, 0..NICKNAMES.len()))
            .prop_map(|(seat, nickname)| Step::Nickname(seat, nickname)),
        4 => (seat.clone(), user.clone(), 0..=USERS, 0..TYPES.len())
            .prop_map(|(seat, from, to, content_type)| Step::Send { seat, from, to, content_type }),
        4 => (seat.clone(), 0..=USERS, id.clone())
            .prop_map(|(seat, to, id)| Step::Begin { seat, to, id }),
        2 => (seat.clone(), id.clone()).prop_map(|(seat, id)| Step::GoOn { seat, id }),
        2 => (seat, id).prop_map(|(seat, id)| Step::End { seat, id }),
        1 => (0..600u16).prop_map(Step::Wait),
    ]
}

proptest! {
    // req: 7701-6.1-14, 7701-6.2-4, 7701-6.2-5, 7701-6.2-8, 7701-6.3-3, 7701-6.1-9
    #[test]
    fn a_room_is_as_good_as_its_model(steps in prop::collection::vec(step(), 1..60)) {
        let mut model = Model::new();
        for step in &steps {
            model.step(step);
        }
    }
}
