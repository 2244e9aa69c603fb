//! What the headers of a message/cpim say about notifications.

use msrp::mime::MimeValue;

use crate::address::Address;
use crate::format::IMDN_NAMESPACE;
use crate::message::CpimRef;
use crate::named::named;

/// The media type of the XML of a notification.
pub const IMDN_TYPE: &str = "message/imdn+xml";

/// Whether a media type with parameters is [`IMDN_TYPE`].
pub(super) fn is_notification_type(content_type: &str) -> bool {
    MimeValue::new(content_type).main().eq_ignore_ascii_case(IMDN_TYPE)
}

named! {
    /// What a sender asks for: a value of Disposition-Notification (RFC 5438
    /// section 7.1.1.3).
    #[non_exhaustive]
    pub enum NotifyRequest: "value of Disposition-Notification" {
        /// A notification that the message was delivered.
        PositiveDelivery = "positive-delivery",
        /// A notification that the message could not be delivered.
        NegativeDelivery = "negative-delivery",
        /// A notification that an intermediary processed or stored the message.
        Processing = "processing",
        /// A notification that the message was displayed, as far as a client can
        /// tell.
        Display = "display",
    }
}

/// The headers of RFC 5438 in a message/cpim, under any prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImdnHeaders<'a>(&'a CpimRef<'a>);

impl<'a> ImdnHeaders<'a> {
    /// The headers of this message.
    #[must_use]
    pub const fn of(message: &'a CpimRef<'a>) -> Self {
        Self(message)
    }

    /// The Message-ID that notifications refer to, as it is written. `None` if
    /// there are different ones, because it is unclear which one counts.
    #[must_use]
    pub fn message_id(&self) -> Option<&'a str> {
        let mut values = self.0.find(IMDN_NAMESPACE, "Message-ID").map(|header| header.raw());
        let first = values.next().filter(|value| !value.is_empty())?;
        values.all(|value| value == first).then_some(first)
    }

    /// The notifications that the sender asks for, without unknown values. A
    /// notification asks for none (RFC 5438 section 7.2.1).
    pub fn requests(&self) -> impl Iterator<Item = NotifyRequest> {
        let is_asked = !self.is_notification();
        let headers = self.0.find(IMDN_NAMESPACE, "Disposition-Notification");
        let values = headers.filter(move |_| is_asked).flat_map(|header| header.raw().split(','));
        values.filter_map(|value| {
            // Parameters may follow. RFC 5438 defines none.
            let name = value.split(';').next().unwrap_or_default();
            name.trim_matches(' ').parse().ok()
        })
    }

    /// The recipient before an intermediary sent the message to another one.
    #[must_use]
    pub fn original_to(&self) -> Option<Address<'a>> {
        self.addresses("Original-To").next()
    }

    /// The intermediaries that notifications must pass, in the order of their
    /// headers. Those in a notification do not count (RFC 5438 section 7.2.1).
    pub fn record_route(&self) -> impl Iterator<Item = Address<'a>> {
        let counts = !self.is_notification();
        self.addresses("IMDN-Record-Route").filter(move |_| counts)
    }

    /// The intermediaries on the route of this notification, in their order.
    pub fn route(&self) -> impl Iterator<Item = Address<'a>> {
        self.addresses("IMDN-Route")
    }

    /// Whether the message is a notification: its Content-Disposition says so, or
    /// its Content-Type is [`IMDN_TYPE`].
    #[must_use]
    pub fn is_notification(&self) -> bool {
        let fields = self.0.mime_headers();
        let disposition = fields.get("Content-Disposition").map(|field| field.value().main());
        disposition.is_some_and(|main| main.eq_ignore_ascii_case("notification"))
            || self.0.content_type().is_some_and(|content_type| is_notification_type(&content_type))
    }

    fn addresses(&self, name: &'static str) -> impl Iterator<Item = Address<'a>> {
        self.0.find(IMDN_NAMESPACE, name).filter_map(|header| header.address())
    }
}
