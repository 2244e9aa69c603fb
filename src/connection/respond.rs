//! The application's responses to incoming messages.

use super::Connection;
use crate::keys::{IncomingKey, UnknownKey};
use crate::wire::StatusCode;

impl Connection {
    /// Accepts a complete message that waits for its response
    /// ([`ResponseMode::Application`](crate::ResponseMode)): the response is 200,
    /// and the success REPORTs that the sender asked for follow.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the message does not wait, or belongs to another connection.
    pub fn accept(&mut self, message: IncomingKey) -> Result<(), UnknownKey> {
        let receipt = self.inbox.accept(message).ok_or(UnknownKey)?;
        self.acknowledge(&receipt);
        Ok(())
    }

    /// Refuses a message that has not ended, or a complete one that waits for its
    /// response ([`ResponseMode::Application`](crate::ResponseMode)).
    ///
    /// `status` is the response to the chunk that is arriving and to every later
    /// one; 413 asks the sender to stop. Between two chunks a REPORT says it, with 413
    /// if `status` would end the session. A message that has not ended fails with
    /// [`FailReason::Rejected`](crate::FailReason::Rejected).
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the message has ended and does not wait, or belongs to another
    /// connection.
    pub fn reject(&mut self, message: IncomingKey, status: StatusCode) -> Result<(), UnknownKey> {
        let dropped = self.inbox.reject(message, status).ok_or(UnknownKey)?;
        self.drop_message(dropped);
        self.report_lost();
        Ok(())
    }
}
