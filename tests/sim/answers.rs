//! Messages that the applications answer themselves.

use msrp::{IncomingKey, MessageId, Received, ResponseMode, SessionKey, StatusCode};

use crate::common::Seeded;
use crate::plan::{ALICE, BOB, Plan, chance, pick};
use crate::world::{World, name};

/// What waits for an answer, and random numbers of their own: other seeds go as
/// they went before.
pub struct Answers {
    rng: Seeded,
    waiting: [Vec<Waiting>; 2],
}

struct Waiting {
    key: IncomingKey,
    session: SessionKey,
    message_id: MessageId,
    serial: usize,
}

impl Answers {
    pub fn of_seed(seed: u64, plan: &mut Plan) -> Option<Self> {
        if seed % 5 != 1 {
            return None;
        }
        for session in &mut plan.sessions {
            session.answers = ResponseMode::Application;
        }
        Some(Self { rng: Seeded(!seed), waiting: Default::default() })
    }

    pub fn are_given(&self) -> bool {
        self.waiting.iter().all(Vec::is_empty)
    }
}

impl World {
    pub fn act_on_answers(&mut self, side: usize) {
        let Some(answers) = &mut self.answers else { return };
        if chance(&mut answers.rng, 20) {
            self.answer_message(side);
        }
    }

    /// The application has a message whole.
    pub fn message_waits(&mut self, side: usize, received: &Received, serial: usize) {
        if let Some(answers) = &mut self.answers {
            let (key, session) = (received.key(), received.session());
            let message_id = *received.message_id();
            answers.waiting[side].push(Waiting { key, session, message_id, serial });
        }
    }

    /// Whether a message that is whole has had no answer yet.
    pub fn waits_for_answer(&self, side: usize, key: IncomingKey) -> bool {
        let answers = self.answers.as_ref();
        answers.is_some_and(|it| it.waiting[side].iter().any(|waiting| waiting.key == key))
    }

    /// Whether one with the same Message-ID waits.
    pub fn another_waits(&self, side: usize, received: &Received) -> bool {
        let is_it = |it: &Waiting| {
            it.session == received.session() && it.message_id == *received.message_id()
        };
        self.answers.as_ref().is_some_and(|answers| answers.waiting[side].iter().any(is_it))
    }

    /// Answers one that waits. Says whether any did.
    pub fn answer_message(&mut self, side: usize) -> bool {
        let Some(answers) = &mut self.answers else { return false };
        if answers.waiting[side].is_empty() {
            return false;
        }
        let at = answers.rng.below(answers.waiting[side].len() as u64) as usize;
        let Waiting { key, session, serial, .. } = answers.waiting[side].swap_remove(at);
        let statuses = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::STOP_SENDING];
        let status = chance(&mut answers.rng, 20).then(|| pick(&mut answers.rng, &statuses));
        let connection = &mut self.sides[side].connection;
        let was_waiting = match status {
            None => connection.accept(key),
            Some(status) => connection.reject(key, status),
        };
        let was_waiting = was_waiting.is_ok();
        // What was rejected before its end was heard of has its answer.
        let is_over = connection.session(session).is_err();
        assert!(was_waiting || is_over || self.sides[side].rejected.contains(&serial));
        // Nor is anything received whose session has ended meanwhile.
        if status.is_some() || !was_waiting {
            self.sides[side].rejected.insert(serial);
        }
        let connection = &mut self.sides[side].connection;
        assert!(
            connection.accept(key).is_err() && connection.reject(key, statuses[0]).is_err(),
            "two answers"
        );
        self.tell(|_| format!("{} answers {serial}: {status:?}, {was_waiting}", name(side)));
        true
    }

    /// Takes every event, so that nothing is owed an answer unheard. Says whether
    /// there were any.
    pub fn hear_of_all(&mut self) -> bool {
        let is_needed = self.nicknames.is_some() || self.answers.is_some();
        let mut were_any = false;
        while is_needed && (self.events(ALICE) | self.events(BOB)) {
            were_any = true;
        }
        were_any
    }
}
