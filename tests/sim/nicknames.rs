//! Nicknames that the applications ask for and give.

use std::collections::BTreeMap;

use msrp::{Nickname, NicknameKey, NicknameRequest, Outcome, SendError, SessionKey, StatusCode};

use crate::common::Seeded;
use crate::plan::pick;
use crate::world::{World, name};

/// The nicknames of both sides, with random numbers of their own: seeds without
/// nicknames run as they did before.
pub struct Nicknames {
    rng: Seeded,
    /// The outcome of each request, by its number.
    asked: Vec<Option<Outcome>>,
    /// The status of the response to it.
    answers: Vec<Option<StatusCode>>,
    keys: [BTreeMap<NicknameKey, usize>; 2],
    waiting: [Vec<(NicknameRequest, usize)>; 2],
}

impl Nicknames {
    pub fn of_seed(seed: u64) -> Option<Self> {
        seed.is_multiple_of(3).then(|| Self {
            rng: Seeded(!seed),
            asked: Vec::new(),
            answers: Vec::new(),
            keys: Default::default(),
            waiting: Default::default(),
        })
    }

    /// Whether no request waits for its response.
    pub fn are_at_rest(&self) -> bool {
        self.waiting.iter().all(Vec::is_empty) && self.all_have_outcomes()
    }

    pub fn all_have_outcomes(&self) -> bool {
        self.asked.iter().all(Option::is_some)
    }
}

impl World {
    pub fn act_on_nicknames(&mut self, side: usize) {
        let Some(nicknames) = &mut self.nicknames else { return };
        match nicknames.rng.below(30) {
            0 => self.ask_nickname(side),
            1 => drop(self.respond_to_nickname(side)),
            _ => {}
        }
    }

    fn ask_nickname(&mut self, side: usize) {
        let Some(nicknames) = &mut self.nicknames else { return };
        let known: Vec<SessionKey> = self.sides[side].known.keys().copied().collect();
        if known.is_empty() {
            return;
        }
        let session = pick(&mut nicknames.rng, &known);
        let number = nicknames.asked.len();
        let nickname: Nickname = number.to_string().parse().unwrap();
        let connection = &mut self.sides[side].connection;
        match connection.ask_nickname(session, Some(&nickname)) {
            Ok(key) => {
                nicknames.asked.push(None);
                nicknames.answers.push(None);
                assert!(nicknames.keys[side].insert(key, number).is_none(), "a key is used twice");
            }
            Err(SendError::UnknownKey(_)) => {
                assert!(connection.session(session).is_err())
            }
            Err(SendError::TooManyNicknames { max }) => {
                let open = nicknames.keys[side]
                    .values()
                    .filter(|number| nicknames.asked[**number].is_none());
                assert!(open.count() >= max);
            }
            Err(error) => panic!("{error}"),
        }
        self.tell(|_| format!("{} asks for nickname {number}", name(side)));
    }

    pub fn nickname_requested(
        &mut self,
        side: usize,
        request: NicknameRequest,
        nickname: Option<&Nickname>,
    ) {
        let is_hostile = self.is_hostile();
        let number = nickname.and_then(|nickname| nickname.as_str().parse().ok());
        let Some(nicknames) = &mut self.nicknames else { return };
        assert!(is_hostile || number.is_some());
        nicknames.waiting[side].push((request, number.unwrap_or(usize::MAX)));
    }

    /// Responds to a request that waits. Returns whether there was one.
    pub fn respond_to_nickname(&mut self, side: usize) -> bool {
        let Some(nicknames) = &mut self.nicknames else { return false };
        if nicknames.waiting[side].is_empty() {
            return false;
        }
        let at = nicknames.rng.below(nicknames.waiting[side].len() as u64) as usize;
        let (request, number) = nicknames.waiting[side].swap_remove(at);
        let status = pick(
            &mut nicknames.rng,
            &[StatusCode::OK, StatusCode::NICKNAME_IN_USE, StatusCode::MALFORMED_NICKNAME],
        );
        let connection = &mut self.sides[side].connection;
        if connection.respond_to_nickname(request, status).is_ok()
            && let Some(answer) = nicknames.answers.get_mut(number)
        {
            *answer = Some(status);
        }
        assert!(
            connection.respond_to_nickname(request, status).is_err(),
            "an answer is given twice"
        );
        self.tell(|_| format!("{} answers nickname {number}: {status}", name(side)));
        true
    }

    pub fn nickname_settled(&mut self, side: usize, key: NicknameKey, outcome: Outcome) {
        let is_hostile = self.is_hostile();
        let is_closed = self.sides[side].connection.is_closed();
        let nicknames = self.nicknames.as_mut().expect("somebody has asked");
        let number = nicknames.keys[side][&key];
        let was = nicknames.asked[number].replace(outcome);
        assert_eq!(was, None, "nickname {number} has two outcomes");
        if is_hostile {
            return;
        }
        let answer = nicknames.answers[number];
        let is_right = match outcome {
            Outcome::Accepted => answer == Some(StatusCode::OK),
            // The limit, and a session that has ended.
            Outcome::Rejected(StatusCode::FORBIDDEN | StatusCode::NO_SUCH_SESSION) => {
                answer.is_none()
            }
            Outcome::Rejected(status) => answer == Some(status),
            Outcome::ConnectionLost => is_closed,
            Outcome::TimedOut | Outcome::SessionClosed => true,
            _ => false,
        };
        assert!(
            is_right,
            "nickname {number} has the response {answer:?} and the outcome {outcome:?}"
        );
    }
}
