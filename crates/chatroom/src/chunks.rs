//! Passing on messages chunk by chunk, while they arrive (RFC 7701 section 6.1).

use msrp::{Instant, MessageId, StatusCode};
use msrp_cpim::CpimRef;

use crate::message::{TOLERATED, check_type};
use crate::passing::Abandoned;
use crate::recipients::Recipients;
use crate::room::Room;
use crate::seat::Seat;

impl Room {
    /// Says who receives a message whose first octets have arrived.
    ///
    /// `None` means that the headers of its wrapper are incomplete: call again
    /// with `start` and the octets that follow it. That is never more than
    /// [`MAX_HEAD_OCTETS`](msrp_cpim::MAX_HEAD_OCTETS). The room reads the
    /// headers again only after a blank line, so that small pieces cost little.
    ///
    /// Every later chunk goes to the same recipients
    /// ([`Room::continue_message`]), regardless of who joins in the meantime.
    /// [`Room::end_message`] ends the message. `message_id` is the Message-ID in
    /// the session of the sender.
    ///
    /// # Errors
    ///
    /// The status code for the response to the sender: those of
    /// [`Room::message`], and 413 if the room passes on as many messages as its
    /// limits allow. The message has ended then.
    pub fn begin_message(
        &mut self,
        now: Instant,
        from: Seat,
        message_id: MessageId,
        content_type: &str,
        start: &[u8],
    ) -> Result<Option<Recipients>, StatusCode> {
        let seen = self.passing.seen(from, message_id);
        let recipients = self.recipients_of_start(from, content_type, start, seen);
        let result = recipients.and_then(|recipients| {
            let number = self.find_or_begin(from, message_id)?;
            let due = now.checked_add(self.config().chunk_timeout);
            self.passing.set_seen(number, start.len());
            Ok(self.passing.wait(number, due, recipients))
        });
        if result.is_err() {
            self.end_message(from, message_id);
        }
        result
    }

    /// Says who receives another chunk of a message, and starts to wait for the
    /// next one. `None` means that the recipients are still unknown: call
    /// [`Room::begin_message`].
    ///
    /// # Errors
    ///
    /// 413 if there is no such message: it never began, has ended, or
    /// [`Room::handle_timeout`] gave it up. Answer what still arrives of it with
    /// that status, and pass nothing on.
    pub fn continue_message(
        &mut self,
        now: Instant,
        from: Seat,
        message_id: MessageId,
    ) -> Result<Option<Recipients>, StatusCode> {
        let due = now.checked_add(self.config().chunk_timeout);
        let number = self.passing.find(from, message_id).ok_or(StatusCode::STOP_SENDING)?;
        Ok(self.passing.wait(number, due, None))
    }

    /// Ends a message, because its last chunk has arrived or its sender has
    /// given it up. Returns its recipients, if they were known.
    pub fn end_message(&mut self, from: Seat, message_id: MessageId) -> Option<Recipients> {
        let number = self.passing.find(from, message_id)?;
        self.passing.end(number)
    }

    /// When to call [`Room::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.passing.next_deadline()
    }

    /// Gives up a message whose next chunk did not arrive in time. Call it until
    /// it returns `None`.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Abandoned> {
        self.passing.take_overdue(now)
    }

    fn recipients_of_start(
        &self,
        from: Seat,
        content_type: &str,
        start: &[u8],
        seen: usize,
    ) -> Result<Option<Recipients>, StatusCode> {
        check_type(content_type)?;
        if self.participant(from).is_none() {
            return Err(StatusCode::FORBIDDEN);
        }
        if !CpimRef::head_may_end(start, seen) {
            return Ok(None);
        }
        let head =
            CpimRef::parse_start_with(start, TOLERATED).map_err(|_| StatusCode::BAD_REQUEST)?;
        head.map(|head| self.recipients(from, &head)).transpose()
    }

    fn find_or_begin(&mut self, from: Seat, id: MessageId) -> Result<u64, StatusCode> {
        if let Some(number) = self.passing.find(from, id) {
            return Ok(number);
        }
        let (max, max_of_session) = (self.config().messages, self.config().messages_of_session);
        if self.passing.len() >= max || self.passing.count_from(from) >= max_of_session {
            return Err(StatusCode::STOP_SENDING);
        }
        Ok(self.passing.begin(from, id))
    }
}
