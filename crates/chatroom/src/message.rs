//! Who receives a message, and whether its sender may send it (RFC 7701 section
//! 6).

use bytes::Bytes;
use msrp::mime::MimeValue;
use msrp::{MediaType, StatusCode};
use msrp_cpim::{BuildError, CPIM_TYPE, CpimBuilder, CpimRef, CpimTolerance, CpimTolerances};

use crate::identifier::Identifier;
use crate::participant::Participant;
use crate::recipients::Recipients;
use crate::room::Room;
use crate::seat::Seat;

impl Room {
    /// Says who receives a whole message.
    ///
    /// A message to the room goes to every session but the one that sent it, the
    /// sender's other sessions included. A message to a participant goes to every
    /// session that the room knows by that URI and that accepts private messages.
    /// Sessions that do not accept the wrapped type receive nothing, and no one
    /// learns of that (section 6.1) but from [`Recipients::unable`].
    ///
    /// # Errors
    ///
    /// The status code for the response to the sender: 415 if the message is no
    /// `message/cpim`, 400 if it cannot be read, 403 if From is no URI of the
    /// sender or To is not exactly one address, 404 if To is unknown, and 428 if
    /// the recipient accepts no private messages.
    pub fn message(
        &self,
        from: Seat,
        content_type: &str,
        body: &[u8],
    ) -> Result<Recipients, StatusCode> {
        check_type(content_type)?;
        let message = CpimRef::parse_with(body, TOLERATED).map_err(|_| StatusCode::BAD_REQUEST)?;
        self.recipients(from, &message)
    }

    /// Says who receives a message whose wrapper has been read.
    pub(crate) fn recipients(
        &self,
        from: Seat,
        message: &CpimRef<'_>,
    ) -> Result<Recipients, StatusCode> {
        self.check_sender(from, message)?;
        let to = only_recipient(message)?;
        let mut recipients = if to == *self.identifier() {
            let seats = self.seats().filter(|seat| *seat != from).collect();
            Recipients { seats, unable: Vec::new(), is_private: false }
        } else {
            let seats = self.private_recipients(&to)?;
            Recipients { seats, unable: Vec::new(), is_private: true }
        };
        let wrapped = message.content_type();
        let wrapped = wrapped.as_deref().unwrap_or("text/plain");
        let accepts = |seat: &Seat| self.accepts_wrapped(*seat, wrapped);
        (recipients.seats, recipients.unable) = recipients.seats.into_iter().partition(accepts);
        Ok(recipients)
    }

    /// From must be a URI of the sender (sections 6.1 and 6.3).
    fn check_sender(&self, from: Seat, message: &CpimRef<'_>) -> Result<(), StatusCode> {
        let claimed = message.from().and_then(|address| Identifier::new(address.uri()).ok());
        let is_own = self.participant(from).is_some_and(|participant| {
            claimed.is_some_and(|claimed| participant.identifiers.contains(&claimed))
        });
        is_own.then_some(()).ok_or(StatusCode::FORBIDDEN)
    }

    fn private_recipients(&self, to: &Identifier) -> Result<Vec<Seat>, StatusCode> {
        let mut seats = self.seats_known_by(to).ok_or(StatusCode::NOT_FOUND)?;
        seats.retain(|seat| self.participant(*seat).is_some_and(Participant::private_messages));
        if seats.is_empty() || !self.config().private_messages {
            return Err(StatusCode::PRIVATE_MESSAGES_UNSUPPORTED);
        }
        Ok(seats)
    }

    fn accepts_wrapped(&self, seat: Seat, wrapped: &str) -> bool {
        self.participant(seat).is_some_and(|known| known.accept_types().accepts_wrapped(wrapped))
    }
}

/// What the room reads over. Those who receive a folded header may take its second line for
/// another From or To.
pub(crate) const TOLERATED: CpimTolerances =
    CpimTolerances::all().without(CpimTolerance::FoldedHeader);

/// A room accepts `message/cpim` only (section 6.3).
pub(crate) fn check_type(content_type: &str) -> Result<(), StatusCode> {
    let is_cpim = MimeValue::new(content_type).main().eq_ignore_ascii_case(CPIM_TYPE);
    is_cpim.then_some(()).ok_or(StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

/// The one To of a message (section 6.2), which must be the only one for every
/// reader.
fn only_recipient(message: &CpimRef<'_>) -> Result<Identifier, StatusCode> {
    let addresses = message.to().count();
    match message.resembling("To").count() {
        0 => Err(StatusCode::NOT_FOUND),
        // One that nobody can read may be meant as several, like a malformed one.
        1 if addresses == 1 => {
            let to = message.to().next().and_then(|to| Identifier::new(to.uri()).ok());
            to.ok_or(StatusCode::NOT_FOUND)
        }
        _ => Err(StatusCode::FORBIDDEN),
    }
}

/// The body of a REPORT on a private message: a `message/cpim` with the From and
/// the To of the message, around nothing (section 6.2). `None` if the message
/// lacks one of them. Pass it to
/// [`Connection::report_with_body`](msrp::Connection::report_with_body).
///
/// # Errors
///
/// [`BuildError::TooLong`] if the addresses exceed the limits.
pub fn report_body(message: &CpimRef<'_>) -> Result<Option<Bytes>, BuildError> {
    let (Some(from), Some(to)) = (message.from(), message.to().next()) else { return Ok(None) };
    CpimBuilder::new(&from, &to).build(&MediaType::text_plain(), b"").map(Some)
}
