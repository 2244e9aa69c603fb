//! The application's responses to messages that are complete.

use super::Connection;
use super::inbox::Rejection;
use crate::keys::IncomingKey;
use crate::wire::StatusCode;

impl Connection {
    /// Accepts a complete message that waits for its response
    /// ([`AnswerMode::Application`](crate::AnswerMode)): 200, and the success
    /// REPORTs that were asked for. Says whether it waited.
    pub fn accept(&mut self, message: IncomingKey) -> bool {
        match self.inbox.accept(message) {
            Some(receipt) => {
                self.acknowledge(&receipt);
                true
            }
            None => false,
        }
    }

    /// Refuses a message that is arriving: the chunk on its way and every later
    /// one of the message get a response with `status`, of which 413 asks the
    /// sender to stop. Or refuses a complete message that waits for its response
    /// ([`AnswerMode::Application`](crate::AnswerMode)). Says whether there was
    /// such a message. Earlier events, such as [`Event::MessageCompleted`], stand.
    ///
    /// [`Event::MessageCompleted`]: crate::Event::MessageCompleted
    pub fn reject(&mut self, message: IncomingKey, status: StatusCode) -> bool {
        let Some(Rejection { head, event }) = self.inbox.reject(message, status) else {
            return false;
        };
        if let Some(head) = head {
            self.respond(&head.view(), status);
        }
        self.events.extend(event);
        true
    }
}
