//! The notifications that one received message gets.

use bytes::Bytes;
use msrp::MediaType;
use thiserror::Error;

use super::headers::{IMDN_TYPE, ImdnHeaders, NotifyRequest};
use super::notification::{Disposition, DispositionKind, Notification};
use crate::address::Address;
use crate::builder::CpimBuilder;
use crate::date_time::DateTime;
use crate::error::CpimBuildError;
use crate::message::CpimRef;

/// Why there is no notification.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// The message is a notification itself.
    #[error("no notification is sent for a notification (RFC 5438 section 7.2.1)")]
    Notification,
    /// The message lacks what notifications need, or has several Message-IDs.
    #[error("the message does not have the one {0} that notifications need")]
    Missing(&'static str),
    /// The sender has not asked for this one.
    #[error("the sender has not asked for this notification")]
    NotWanted,
    /// There was one of this kind already.
    #[error("there is one notification of each kind at most (RFC 5438 section 7.2.1)")]
    Repeated,
    /// A recipient has not processed, but delivered and displayed.
    #[error("only an intermediary sends processing notifications (RFC 5438 section 7.2.1)")]
    Processing,
    /// The Message-ID is that of the message.
    #[error("a notification has a Message-ID of its own")]
    SameMessageId,
    /// The message/cpim cannot be written.
    #[error(transparent)]
    Build(#[from] CpimBuildError),
}

/// Makes the notifications that the recipient of a message sends back, each
/// kind once and no other than the sender has asked for.
///
/// It holds what it needs of the message, and can be kept until the message is
/// displayed.
#[derive(Clone, Debug)]
pub struct Notifier {
    message_id: String,
    date_time: String,
    subject: Option<(Option<String>, String)>,
    sender: Address<'static>,
    recipient: Address<'static>,
    original_recipient: Option<String>,
    route: Vec<Address<'static>>,
    wanted: Vec<NotifyRequest>,
    sent: Vec<DispositionKind>,
}

impl Notifier {
    /// For this message, and this recipient of it.
    ///
    /// # Errors
    ///
    /// [`NotifyError`] where the message is a notification itself, or has no
    /// From, DateTime or Message-ID.
    pub fn new(message: &CpimRef<'_>, recipient: &Address<'_>) -> Result<Self, NotifyError> {
        let headers = ImdnHeaders::of(message);
        if headers.is_notification() {
            return Err(NotifyError::Notification);
        }
        let sender = message.from().ok_or(NotifyError::Missing("From"))?;
        // Given back as it was written, whether or not it is of RFC 3339.
        let date_time = message.core("DateTime").next().ok_or(NotifyError::Missing("DateTime"))?;
        let message_id = headers.message_id().ok_or(NotifyError::Missing("Message-ID"))?;
        let is_wanted = |request: &NotifyRequest| headers.requests().any(|it| it == *request);
        let subject = message.subjects().next().map(|subject| {
            (subject.language().map(|language| language.into_owned()), subject.text().into_owned())
        });
        Ok(Self {
            message_id: message_id.to_owned(),
            date_time: date_time.raw_value().to_owned(),
            subject,
            sender: sender.into_owned(),
            recipient: recipient.clone().into_owned(),
            original_recipient: headers.original_to().map(|address| address.uri().to_owned()),
            route: headers.record_route().map(Address::into_owned).collect(),
            wanted: NotifyRequest::ALL.into_iter().filter(is_wanted).collect(),
            sent: Vec::new(),
        })
    }

    /// Whether the sender wants to hear of this, and has not heard of its kind.
    /// That notifications are refused, or that nobody knows what has become of
    /// the message, answers either request for delivery (RFC 5438 section 5.1).
    #[must_use]
    pub fn wants(&self, disposition: Disposition) -> bool {
        use NotifyRequest::{Display, NegativeDelivery, PositiveDelivery};
        let answered: &[NotifyRequest] = match (disposition, disposition.kind()) {
            (Disposition::Delivered, _) => &[PositiveDelivery],
            (Disposition::DeliveryFailed, _) => &[NegativeDelivery],
            (_, DispositionKind::Delivery) => &[PositiveDelivery, NegativeDelivery],
            (_, DispositionKind::Display) => &[Display],
            (_, DispositionKind::Processing) => &[],
        };
        let is_asked = answered.iter().any(|request| self.wanted.contains(request));
        is_asked && !self.sent.contains(&disposition.kind())
    }

    /// Where a notification goes: to the first of the intermediaries that want
    /// to see it, or to the sender (RFC 5438 section 7.2.1).
    #[must_use]
    pub fn next_hop(&self) -> &Address<'static> {
        self.route.first().unwrap_or(&self.sender)
    }

    /// The whole message/cpim of a notification, with a Message-ID of its own
    /// and the time at which it is sent.
    ///
    /// # Errors
    ///
    /// [`NotifyError`] where it must not be sent: the sender has not asked for
    /// it, or its kind was sent before.
    pub fn notify(
        &mut self,
        disposition: Disposition,
        message_id: &str,
        now: &DateTime<'_>,
    ) -> Result<Bytes, NotifyError> {
        let kind = disposition.kind();
        if kind == DispositionKind::Processing {
            return Err(NotifyError::Processing);
        }
        if self.sent.contains(&kind) {
            return Err(NotifyError::Repeated);
        }
        if !self.wants(disposition) {
            return Err(NotifyError::NotWanted);
        }
        if message_id == self.message_id {
            return Err(NotifyError::SameMessageId);
        }
        let mut builder = CpimBuilder::new(&self.recipient, &self.sender)
            .date_time(now)
            .imdn_message_id(message_id)
            .mime_header("Content-Disposition", "notification");
        for address in &self.route {
            builder = builder.imdn_route(address);
        }
        let content_type = MediaType::new(IMDN_TYPE).map_err(|_| CpimBuildError::MimeHeader)?;
        let built =
            builder.build(&content_type, self.notification(disposition).to_xml().as_bytes())?;
        self.sent.push(kind);
        Ok(built)
    }

    fn notification(&self, disposition: Disposition) -> Notification {
        let recipient = self.recipient.uri();
        let plain = Notification::new(&self.message_id, &self.date_time, recipient, disposition);
        let original = self.original_recipient.as_deref().unwrap_or(recipient);
        let notification = plain.original_recipient(original);
        match &self.subject {
            Some((language, text)) => notification.subject(language.as_deref(), text),
            None => notification,
        }
    }
}
