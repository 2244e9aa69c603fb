//! Whom a message is for, and whether it may be (RFC 7701 section 6).

use bytes::Bytes;

use msrp::mime::MimeValue;
use msrp::{MediaType, StatusCode};
use msrp_cpim::{CPIM_TYPE, CpimBuildError, CpimBuilder, CpimError, CpimRef};

use crate::identifier::Identifier;
use crate::recipients::Recipients;
use crate::room::Room;
use crate::seat::Seat;

impl Room {
    /// Who gets a message that is whole.
    ///
    /// To the room, that is every session but the one it came from, and among
    /// them the sender's others. To a participant, it is every session that the
    /// room knows by that URI and that takes private messages. Sessions that do
    /// not take what is wrapped are left out, and nobody is told (section 6.1).
    ///
    /// # Errors
    ///
    /// What its sender is to be answered: 415 where it is no `message/cpim`, 400
    /// where that cannot be read, 403 where From is none of the sender's URIs or
    /// To is not one address, 404 where To is nobody here, 428 where they take
    /// no private messages.
    pub fn message(
        &self,
        from: Seat,
        content_type: &str,
        body: &[u8],
    ) -> Result<Recipients, StatusCode> {
        check_type(content_type)?;
        let message = CpimRef::parse(body).map_err(status_of)?;
        self.recipients(from, &message)
    }

    /// The same for a message of which the headers of the wrapper are known.
    pub(crate) fn recipients(
        &self,
        from: Seat,
        message: &CpimRef<'_>,
    ) -> Result<Recipients, StatusCode> {
        self.check_sender(from, message)?;
        let to = only_recipient(message)?;
        let mut recipients = if to == *self.identifier() {
            let seats = self.seats().filter(|seat| *seat != from).collect();
            Recipients { seats, is_private: false }
        } else {
            Recipients { seats: self.private_recipients(&to)?, is_private: true }
        };
        let wrapped = message.content_type();
        let wrapped = wrapped.as_deref().unwrap_or("text/plain");
        recipients.seats.retain(|seat| self.takes(*seat, wrapped));
        Ok(recipients)
    }

    /// From has to be a URI of the sender's (sections 6.1 and 6.3).
    fn check_sender(&self, from: Seat, message: &CpimRef<'_>) -> Result<(), StatusCode> {
        let said = message.from().and_then(|address| Identifier::new(address.uri()));
        let is_own = self.participant(from).is_some_and(|participant| {
            said.is_some_and(|said| participant.identifiers.contains(&said))
        });
        is_own.then_some(()).ok_or(StatusCode::FORBIDDEN)
    }

    fn private_recipients(&self, to: &Identifier) -> Result<Vec<Seat>, StatusCode> {
        let mut seats = self.seats_known_by(to).ok_or(StatusCode::NOT_FOUND)?;
        seats.retain(|seat| self.participant(*seat).is_some_and(|known| known.takes_private));
        if seats.is_empty() || !self.config().private_messages {
            return Err(StatusCode::PRIVATE_MESSAGES_UNSUPPORTED);
        }
        Ok(seats)
    }

    fn takes(&self, seat: Seat, wrapped: &str) -> bool {
        self.participant(seat).is_some_and(|known| known.accepts.accepts_wrapped(wrapped))
    }
}

/// Nothing but `message/cpim` comes into a room (section 6.3).
pub(crate) fn check_type(content_type: &str) -> Result<(), StatusCode> {
    let is_cpim = MimeValue::new(content_type).main().eq_ignore_ascii_case(CPIM_TYPE);
    is_cpim.then_some(()).ok_or(StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

/// What the sender of a message is answered that cannot be read. A To that is
/// no address may be several (section 6.2).
pub(crate) fn status_of(error: CpimError) -> StatusCode {
    match error {
        CpimError::Value("To") => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// There is one To (section 6.2), for every reader, and it says something.
fn only_recipient(message: &CpimRef<'_>) -> Result<Identifier, StatusCode> {
    if message.resembling("To").count() > 1 {
        return Err(StatusCode::FORBIDDEN);
    }
    let to = message.to().next().and_then(|to| Identifier::new(to.uri()));
    to.ok_or(StatusCode::NOT_FOUND)
}

/// The body of a REPORT on a private message, of type `message/cpim`: From and
/// To as the message has them, around nothing (section 6.2). Give it to
/// [`Connection::report_with_body`](msrp::Connection::report_with_body).
///
/// # Errors
///
/// [`CpimBuildError`] where From or To cannot be written.
pub fn report_body(message: &CpimRef<'_>) -> Result<Option<Bytes>, CpimBuildError> {
    let (Some(from), Some(to)) = (message.from(), message.to().next()) else { return Ok(None) };
    CpimBuilder::new(&from, &to).build(&MediaType::text_plain(), b"").map(Some)
}
