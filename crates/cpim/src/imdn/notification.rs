//! The XML of a notification (RFC 5438 section 11).

use crate::xml::{push_element, push_text};

/// What has become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// It was delivered.
    Delivered,
    /// It could not be delivered.
    DeliveryFailed,
    /// The recipient does not say whether it was delivered.
    DeliveryForbidden,
    /// Nobody knows whether it was delivered.
    DeliveryError,
    /// It was displayed.
    Displayed,
    /// The recipient does not say whether it was displayed.
    DisplayForbidden,
    /// Nobody knows whether it was displayed.
    DisplayError,
    /// An intermediary has processed it.
    Processed,
    /// An intermediary keeps it for later.
    Stored,
    /// The intermediary does not say what it has done.
    ProcessingForbidden,
    /// Nobody knows what the intermediary has done.
    ProcessingError,
}

/// What a notification is about. There is at most one of each kind for a
/// message from one recipient (RFC 5438 section 7.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DispositionKind {
    /// Delivery.
    Delivery,
    /// Display.
    Display,
    /// What an intermediary has done.
    Processing,
}

impl Disposition {
    /// Every disposition with its kind and the element of its status.
    const ALL: [(Self, DispositionKind, &'static str); 11] = [
        (Self::Delivered, DispositionKind::Delivery, "delivered"),
        (Self::DeliveryFailed, DispositionKind::Delivery, "failed"),
        (Self::DeliveryForbidden, DispositionKind::Delivery, "forbidden"),
        (Self::DeliveryError, DispositionKind::Delivery, "error"),
        (Self::Displayed, DispositionKind::Display, "displayed"),
        (Self::DisplayForbidden, DispositionKind::Display, "forbidden"),
        (Self::DisplayError, DispositionKind::Display, "error"),
        (Self::Processed, DispositionKind::Processing, "processed"),
        (Self::Stored, DispositionKind::Processing, "stored"),
        (Self::ProcessingForbidden, DispositionKind::Processing, "forbidden"),
        (Self::ProcessingError, DispositionKind::Processing, "error"),
    ];

    /// What the notification is about.
    #[must_use]
    pub fn kind(self) -> DispositionKind {
        self.row().1
    }

    fn row(self) -> (Self, DispositionKind, &'static str) {
        let row = Self::ALL.into_iter().find(|row| row.0 == self);
        row.unwrap_or((self, DispositionKind::Delivery, "error"))
    }
}

impl DispositionKind {
    #[cfg(feature = "xml")]
    const ALL: [Self; 3] = [Self::Delivery, Self::Display, Self::Processing];

    const fn element(self) -> &'static str {
        match self {
            Self::Delivery => "delivery-notification",
            Self::Display => "display-notification",
            Self::Processing => "processing-notification",
        }
    }
}

/// A notification, as its XML says it.
///
/// It is written always and read with the feature `xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    message_id: String,
    date_time: String,
    recipient: Option<String>,
    original_recipient: Option<String>,
    subject: Option<(Option<String>, String)>,
    disposition: Disposition,
}

impl Notification {
    /// What has become of the message with this Message-ID and DateTime, for
    /// the recipient with this URI.
    #[must_use]
    pub fn new(
        message_id: impl Into<String>,
        date_time: impl Into<String>,
        recipient: impl Into<String>,
        disposition: Disposition,
    ) -> Self {
        Self {
            message_id: message_id.into(),
            date_time: date_time.into(),
            recipient: Some(recipient.into()),
            original_recipient: None,
            subject: None,
            disposition,
        }
    }

    /// The same, of a message whose Original-To was this URI.
    #[must_use]
    pub fn original_recipient(self, uri: impl Into<String>) -> Self {
        Self { original_recipient: Some(uri.into()), ..self }
    }

    /// The same, of a message with this Subject and its language.
    #[must_use]
    pub fn subject(self, language: Option<&str>, text: impl Into<String>) -> Self {
        Self { subject: Some((language.map(str::to_owned), text.into())), ..self }
    }

    /// The Message-ID of the message that it is about.
    #[must_use]
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// The DateTime of that message, in whatever text the peer has given.
    #[must_use]
    pub fn date_time(&self) -> &str {
        &self.date_time
    }

    /// The URI of the recipient.
    #[must_use]
    pub fn recipient_uri(&self) -> Option<&str> {
        self.recipient.as_deref()
    }

    /// The URI that the message was sent to at first.
    #[must_use]
    pub fn original_recipient_uri(&self) -> Option<&str> {
        self.original_recipient.as_deref()
    }

    /// The text of the Subject.
    #[must_use]
    pub fn subject_text(&self) -> Option<&str> {
        self.subject.as_ref().map(|(_, text)| text.as_str())
    }

    /// The language of the Subject.
    #[must_use]
    pub fn subject_language(&self) -> Option<&str> {
        self.subject.as_ref().and_then(|(language, _)| language.as_deref())
    }

    /// What has become of the message.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        self.disposition
    }

    /// The document, a [`message/imdn+xml`](super::IMDN_TYPE) in UTF-8. Where
    /// there is no original recipient, the recipient is named for it: the
    /// schema has both or none.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
        out.push_str("<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\">\r\n");
        push_element(&mut out, "message-id", &self.message_id);
        push_element(&mut out, "datetime", &self.date_time);
        if let Some(recipient) = &self.recipient {
            let original = self.original_recipient.as_ref().unwrap_or(recipient);
            push_element(&mut out, "recipient-uri", recipient);
            push_element(&mut out, "original-recipient-uri", original);
        }
        if let Some((language, text)) = &self.subject {
            out.push_str("<subject");
            if let Some(language) = language {
                out.push_str(" xml:lang=\"");
                push_text(&mut out, language);
                out.push('"');
            }
            out.push('>');
            push_text(&mut out, text);
            out.push_str("</subject>\r\n");
        }
        let (_, kind, status) = self.disposition.row();
        let element = kind.element();
        out.extend(["<", element, "><status><", status, "/></status></", element, ">\r\n</imdn>"]);
        out
    }
}

#[cfg(feature = "xml")]
pub use self::read::ImdnError;

#[cfg(feature = "xml")]
mod read {
    use roxmltree::Node;
    use thiserror::Error;

    use super::{Disposition, DispositionKind, Notification};
    use crate::xml::{Unreadable, child, parse, text_of};

    const NAMESPACE: &str = "urn:ietf:params:xml:ns:imdn";
    const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

    /// Why a document is no notification.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
    #[non_exhaustive]
    pub enum ImdnError {
        /// No well-formed XML in UTF-8, one with a DTD, or one of more than
        /// 64 KiB, 1,024 nodes, 1,024 equals signs or 16 times `xmlns`.
        #[error(
            "a notification is XML in UTF-8 without a DTD, of at most 64 KiB, 1024 nodes, 1024 equals signs \
             and 16 times xmlns"
        )]
        Xml,
        /// Another root than `imdn`.
        #[error("the root is not imdn in urn:ietf:params:xml:ns:imdn")]
        Root,
        /// An element that has to be there is missing.
        #[error("the element {0} is missing")]
        Missing(&'static str),
        /// A notification of a kind or a status that is not known.
        #[error("the notification has none of the kinds or statuses of RFC 5438")]
        Disposition,
    }

    impl Notification {
        /// Reads a document. Elements of other namespaces are passed over.
        ///
        /// # Errors
        ///
        /// [`ImdnError`] says what is wrong with it.
        pub fn parse(document: &[u8]) -> Result<Self, ImdnError> {
            let document = parse(document).map_err(|Unreadable| ImdnError::Xml)?;
            let root = document.root_element();
            if !root.has_tag_name((NAMESPACE, "imdn")) {
                return Err(ImdnError::Root);
            }
            let text = |name: &'static str| {
                child(root, name).map(text_of).map(|text| text.trim().to_owned())
            };
            let needed = |name| text(name).ok_or(ImdnError::Missing(name));
            let subject = child(root, "subject").map(|subject| {
                let language = subject.attribute((XML_NAMESPACE, "lang"));
                (language.map(str::to_owned), text_of(subject))
            });
            Ok(Self {
                message_id: needed("message-id")?,
                date_time: needed("datetime")?,
                recipient: text("recipient-uri"),
                original_recipient: text("original-recipient-uri"),
                subject,
                disposition: disposition(root).ok_or(ImdnError::Disposition)?,
            })
        }
    }

    fn disposition(root: Node<'_, '_>) -> Option<Disposition> {
        let of_kind = |kind: &DispositionKind| Some((*kind, child(root, kind.element())?));
        let (kind, element) = DispositionKind::ALL.iter().find_map(of_kind)?;
        let status = child(element, "status")?;
        let is_it = |(_, its_kind, name): &&(_, DispositionKind, &str)| {
            *its_kind == kind && child(status, name).is_some()
        };
        Disposition::ALL.iter().find(is_it).map(|row| row.0)
    }
}
