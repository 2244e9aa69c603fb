//! Messages to which the applications respond themselves.

use msrp::{IncomingKey, MessageId, Received, ResponseMode, SessionKey, StatusCode};

use crate::common::Seeded;
use crate::plan::{ALICE, BOB, Plan, chance, pick};
use crate::world::{World, name};

/// The messages that wait for a response, with random numbers of their own: other
/// seeds run as they did before.
pub struct Responses {
    rng: Seeded,
    waiting: [Vec<Waiting>; 2],
}

struct Waiting {
    key: IncomingKey,
    session: SessionKey,
    message_id: MessageId,
    serial: usize,
}

impl Responses {
    pub fn of_seed(seed: u64, plan: &mut Plan) -> Option<Self> {
        if seed % 5 != 1 {
            return None;
        }
        for session in &mut plan.sessions {
            session.responses = ResponseMode::Application;
        }
        Some(Self { rng: Seeded(!seed), waiting: Default::default() })
    }

    pub fn are_given(&self) -> bool {
        self.waiting.iter().all(Vec::is_empty)
    }
}

impl World {
    pub fn act_on_responses(&mut self, side: usize) {
        let Some(responses) = &mut self.responses else { return };
        if chance(&mut responses.rng, 20) {
            self.respond_to_message(side);
        }
    }

    /// The application has a whole message.
    pub fn message_waits(&mut self, side: usize, received: &Received, serial: usize) {
        if let Some(responses) = &mut self.responses {
            let (key, session) = (received.key(), received.session());
            let message_id = *received.message_id();
            responses.waiting[side].push(Waiting { key, session, message_id, serial });
        }
    }

    /// Whether a whole message has no response yet.
    pub fn waits_for_response(&self, side: usize, key: IncomingKey) -> bool {
        let responses = self.responses.as_ref();
        responses.is_some_and(|it| it.waiting[side].iter().any(|waiting| waiting.key == key))
    }

    /// Whether a message with the same Message-ID waits.
    pub fn another_waits(&self, side: usize, received: &Received) -> bool {
        let is_it = |it: &Waiting| {
            it.session == received.session() && it.message_id == *received.message_id()
        };
        self.responses.as_ref().is_some_and(|responses| responses.waiting[side].iter().any(is_it))
    }

    /// Responds to a message that waits. Returns whether there was one.
    pub fn respond_to_message(&mut self, side: usize) -> bool {
        let Some(responses) = &mut self.responses else { return false };
        if responses.waiting[side].is_empty() {
            return false;
        }
        let at = responses.rng.below(responses.waiting[side].len() as u64) as usize;
        let Waiting { key, session, serial, .. } = responses.waiting[side].swap_remove(at);
        let statuses = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::STOP_SENDING];
        let status = chance(&mut responses.rng, 20).then(|| pick(&mut responses.rng, &statuses));
        let connection = &mut self.sides[side].connection;
        let was_waiting = match status {
            None => connection.accept(key),
            Some(status) => connection.reject(key, status),
        };
        let was_waiting = was_waiting.is_ok();
        // A message that was rejected before its end has its response.
        let is_over = connection.session(session).is_err();
        assert!(was_waiting || is_over || self.sides[side].rejected.contains(&serial));
        // A message whose session has ended meanwhile has not been received either.
        if status.is_some() || !was_waiting {
            self.sides[side].rejected.insert(serial);
        }
        let connection = &mut self.sides[side].connection;
        assert!(
            connection.accept(key).is_err() && connection.reject(key, statuses[0]).is_err(),
            "two responses"
        );
        self.tell(|_| format!("{} responses {serial}: {status:?}, {was_waiting}", name(side)));
        true
    }

    /// Takes every event, so that every message that waits is known. Returns whether
    /// there were any.
    pub fn hear_of_all(&mut self) -> bool {
        let is_needed = self.nicknames.is_some() || self.responses.is_some();
        let mut were_any = false;
        while is_needed && (self.events(ALICE) | self.events(BOB)) {
            were_any = true;
        }
        were_any
    }
}
