//! What the headers of a message/cpim say about notifications.

use msrp::mime::MimeValue;

use crate::address::Address;
use crate::message::CpimRef;

/// The namespace of the headers that RFC 5438 defines.
pub const IMDN_NAMESPACE: &str = "urn:ietf:params:imdn";

/// The media type of a notification's XML.
pub const IMDN_TYPE: &str = "message/imdn+xml";

/// Whether a media type with parameters is [`IMDN_TYPE`].
pub(super) fn is_notification_type(content_type: &str) -> bool {
    MimeValue::new(content_type).main().eq_ignore_ascii_case(IMDN_TYPE)
}

/// The headers of RFC 5438 in a message/cpim, whatever prefix its sender has
/// chosen for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImdnHeaders<'a>(CpimRef<'a>);

impl<'a> ImdnHeaders<'a> {
    /// Those of this message.
    #[must_use]
    pub const fn of(message: &CpimRef<'a>) -> Self {
        Self(*message)
    }

    /// The Message-ID under which notifications come back, as it is written.
    /// `None` where there are several, since nobody knows which is meant.
    #[must_use]
    pub fn message_id(&self) -> Option<&'a str> {
        let mut headers = self.0.find(IMDN_NAMESPACE, "Message-ID");
        let only = headers.next().filter(|_| headers.next().is_none())?;
        Some(only.raw_value()).filter(|value| !value.is_empty())
    }

    /// What the sender wants to hear of. Values that are not known are left
    /// out, and a notification asks for nothing (RFC 5438 section 7.2.1).
    pub fn requests(&self) -> impl Iterator<Item = NotifyRequest> + use<'a> {
        let is_asked = !self.is_notification();
        let headers = self.0.find(IMDN_NAMESPACE, "Disposition-Notification");
        let values = headers.filter(move |_| is_asked).flat_map(|it| it.raw_value().split(','));
        values.filter_map(|value| {
            // Parameters may follow, and none is known.
            let name = value.split(';').next().unwrap_or_default();
            NotifyRequest::from_name(name.trim_matches(' '))
        })
    }

    /// Whom the message was for before an intermediary has changed that.
    #[must_use]
    pub fn original_to(&self) -> Option<Address<'a>> {
        self.addresses("Original-To").next()
    }

    /// The intermediaries that want to see the notifications, in the order in
    /// which they stand. In a notification they count for nothing
    /// (section 7.2.1).
    pub fn record_route(&self) -> impl Iterator<Item = Address<'a>> + use<'a> {
        let is_heard = !self.is_notification();
        self.addresses("IMDN-Record-Route").filter(move |_| is_heard)
    }

    /// The intermediaries that a notification has to go through, in this order.
    pub fn route(&self) -> impl Iterator<Item = Address<'a>> + use<'a> {
        self.addresses("IMDN-Route")
    }

    /// Whether the message is itself a notification: its Content-Disposition
    /// says so, or it wraps one.
    #[must_use]
    pub fn is_notification(&self) -> bool {
        let fields = self.0.mime_headers();
        let disposition = fields.get("Content-Disposition").map(|field| field.value().main());
        disposition.is_some_and(|main| main.eq_ignore_ascii_case("notification"))
            || self.0.content_type().is_some_and(|content_type| is_notification_type(&content_type))
    }

    fn addresses(&self, name: &'static str) -> impl Iterator<Item = Address<'a>> + use<'a> {
        self.0.find(IMDN_NAMESPACE, name).filter_map(|header| header.address())
    }
}

/// What a sender asks to be told: a value of Disposition-Notification (RFC 5438
/// section 7.1.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotifyRequest {
    /// That the message was delivered.
    PositiveDelivery,
    /// That it could not be.
    NegativeDelivery,
    /// That an intermediary has processed or stored it.
    Processing,
    /// That it was displayed, as far as one can know.
    Display,
}

impl NotifyRequest {
    pub(super) const ALL: [Self; 4] =
        [Self::PositiveDelivery, Self::NegativeDelivery, Self::Processing, Self::Display];

    /// The value as it is written. Letter case matters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PositiveDelivery => "positive-delivery",
            Self::NegativeDelivery => "negative-delivery",
            Self::Processing => "processing",
            Self::Display => "display",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|request| request.as_str() == name)
    }
}
