//! The notifications that a recipient sends for one message.

use bytes::Bytes;
use msrp::MediaType;

use super::disposition::{Disposition, DispositionKind};
use super::headers::{IMDN_TYPE, ImdnHeaders, NotifyRequest};
use super::notification::Notification;
use crate::address::Address;
use crate::builder::CpimBuilder;
use crate::date_time::DateTime;
use crate::error::BuildError;
use crate::message::CpimRef;
use crate::xml::is_beyond_xml;

/// Writes the notifications that the recipient of a message sends: each kind
/// once, and only those that the sender asked for.
///
/// It copies what it needs of the message, and may outlive it until the message
/// is displayed.
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
    /// The notifications for this message, from this recipient.
    ///
    /// # Errors
    ///
    /// [`BuildError::NotificationOfNotification`] if the message is a
    /// notification itself, and [`BuildError::Missing`] if it has no From or
    /// DateTime, or not exactly one Message-ID that a document can repeat.
    pub fn new(message: &CpimRef<'_>, recipient: &Address<'_>) -> Result<Self, BuildError> {
        let headers = ImdnHeaders::of(message);
        if headers.is_notification() {
            return Err(BuildError::NotificationOfNotification);
        }
        let sender = message.from().ok_or(BuildError::Missing("From"))?;
        // Repeated as it was written, even if RFC 3339 does not allow it.
        let date_time = message.single("DateTime").ok_or(BuildError::Missing("DateTime"))?;
        let message_id = headers.message_id().filter(|it| !it.contains(is_beyond_xml));
        let message_id = message_id.ok_or(BuildError::Missing("Message-ID"))?;
        let is_wanted = |request: &NotifyRequest| headers.requests().any(|it| it == *request);
        let subject = message.subjects().next().map(|subject| {
            (subject.language().map(|language| language.into_owned()), subject.text().into_owned())
        });
        Ok(Self {
            message_id: message_id.to_owned(),
            date_time: date_time.raw().to_owned(),
            subject,
            sender: sender.into_owned(),
            recipient: recipient.clone().into_owned(),
            original_recipient: headers.original_to().map(|address| address.uri().to_owned()),
            route: headers.record_route().map(Address::into_owned).collect(),
            wanted: NotifyRequest::ALL.iter().copied().filter(is_wanted).collect(),
            sent: Vec::new(),
        })
    }

    /// Whether the sender asked for this notification, and none of its kind was
    /// sent. A forbidden or an unknown delivery satisfies both requests about
    /// delivery (RFC 5438 section 5.1).
    #[must_use]
    pub fn wants(&self, disposition: Disposition) -> bool {
        use NotifyRequest::{Display, NegativeDelivery, PositiveDelivery};
        let satisfied: &[NotifyRequest] = match disposition {
            Disposition::Delivered => &[PositiveDelivery],
            Disposition::DeliveryFailed => &[NegativeDelivery],
            Disposition::DeliveryForbidden | Disposition::DeliveryError => {
                &[PositiveDelivery, NegativeDelivery]
            }
            Disposition::Displayed | Disposition::DisplayForbidden | Disposition::DisplayError => {
                &[Display]
            }
            Disposition::Processed
            | Disposition::Stored
            | Disposition::ProcessingForbidden
            | Disposition::ProcessingError => &[],
        };
        let is_asked = satisfied.iter().any(|request| self.wanted.contains(request));
        is_asked && !self.sent.contains(&disposition.kind())
    }

    /// The address to send a notification to: the first intermediary that it
    /// must pass, or else the sender (RFC 5438 section 7.2.1).
    #[must_use]
    pub fn next_hop(&self) -> &Address<'static> {
        self.route.first().unwrap_or(&self.sender)
    }

    /// Writes the whole message/cpim of a notification, with a Message-ID of its
    /// own and the time at which it is sent.
    ///
    /// # Errors
    ///
    /// [`BuildError::NotRequested`], [`BuildError::AlreadySent`] and
    /// [`BuildError::ProcessingNotification`] if it must not be sent, and
    /// [`BuildError::MessageId`] and [`BuildError::SameMessageId`] for a wrong
    /// Message-ID. After an error the same notification may be tried again.
    pub fn notify(
        &mut self,
        disposition: Disposition,
        message_id: &str,
        now: &DateTime<'_>,
    ) -> Result<Bytes, BuildError> {
        let kind = disposition.kind();
        if kind == DispositionKind::Processing {
            return Err(BuildError::ProcessingNotification);
        }
        if self.sent.contains(&kind) {
            return Err(BuildError::AlreadySent);
        }
        if !self.wants(disposition) {
            return Err(BuildError::NotRequested);
        }
        if message_id == self.message_id {
            return Err(BuildError::SameMessageId);
        }
        let mut builder = CpimBuilder::new(&self.recipient, &self.sender)
            .date_time(now)
            .imdn_message_id(message_id)
            .mime_header("Content-Disposition", "notification");
        for address in &self.route {
            builder = builder.imdn_route(address);
        }
        let content_type = MediaType::new(IMDN_TYPE).map_err(|_| BuildError::MimeHeader)?;
        let built =
            builder.build(&content_type, self.notification(disposition).to_xml().as_bytes())?;
        self.sent.push(kind);
        Ok(built)
    }

    fn notification(&self, disposition: Disposition) -> Notification {
        let recipient = self.recipient.uri();
        let plain = Notification::new(&self.message_id, &self.date_time, recipient, disposition);
        let original = self.original_recipient.as_deref().unwrap_or(recipient);
        let notification = plain.with_original_recipient(original);
        match &self.subject {
            Some((language, text)) => notification.with_subject(language.as_deref(), text),
            None => notification,
        }
    }
}
