//! The XML of a notification (RFC 5438 section 11).

use super::disposition::Disposition;
use crate::xml::{push_element, push_text};

/// A notification, as in its XML.
///
/// Writing needs no feature; reading needs the feature `xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    message_id: String,
    date_time: String,
    recipient: Option<String>,
    original_recipient: Option<String>,
    subject: Option<Subject>,
    disposition: Disposition,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Subject {
    language: Option<String>,
    text: String,
}

impl Notification {
    /// A notification that the message with this Message-ID and DateTime came to
    /// this, for the recipient with this URI.
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

    /// Sets the URI of the Original-To of the message.
    #[must_use]
    pub fn with_original_recipient(self, uri: impl Into<String>) -> Self {
        Self { original_recipient: Some(uri.into()), ..self }
    }

    /// Sets the Subject of the message, and its language.
    #[must_use]
    pub fn with_subject(self, language: Option<&str>, text: impl Into<String>) -> Self {
        let subject = Subject { language: language.map(str::to_owned), text: text.into() };
        Self { subject: Some(subject), ..self }
    }

    /// The Message-ID of the message that the notification is about.
    #[must_use]
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// The DateTime of that message, as the peer wrote it.
    #[must_use]
    pub fn date_time(&self) -> &str {
        &self.date_time
    }

    /// The URI of the recipient.
    #[must_use]
    pub fn recipient(&self) -> Option<&str> {
        self.recipient.as_deref()
    }

    /// The URI to which the message was sent at first.
    #[must_use]
    pub fn original_recipient(&self) -> Option<&str> {
        self.original_recipient.as_deref()
    }

    /// The Subject of the message.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_ref().map(|subject| subject.text.as_str())
    }

    /// The language of the Subject.
    #[must_use]
    pub fn subject_language(&self) -> Option<&str> {
        self.subject.as_ref().and_then(|subject| subject.language.as_deref())
    }

    /// What happened to the message.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        self.disposition
    }

    /// The document, a [`message/imdn+xml`](super::IMDN_TYPE) in UTF-8. The
    /// schema wants both URIs or none: the recipient also stands for a missing
    /// original recipient.
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
        if let Some(subject) = &self.subject {
            push_subject(&mut out, subject);
        }
        let (kind, status) = self.disposition.kind_and_status();
        let element = kind.element();
        out.extend(["<", element, "><status><", status, "/></status></", element, ">\r\n</imdn>"]);
        out
    }
}

fn push_subject(out: &mut String, subject: &Subject) {
    out.push_str("<subject");
    if let Some(language) = &subject.language {
        out.push_str(" xml:lang=\"");
        push_text(out, language);
        out.push('"');
    }
    out.push('>');
    push_text(out, &subject.text);
    out.push_str("</subject>\r\n");
}

#[cfg(feature = "xml")]
mod read {
    use roxmltree::Node;

    use super::{Disposition, Notification, Subject};
    use crate::error::{ParseError, ParseErrorKind};
    use crate::imdn::disposition::DispositionKind;
    use crate::xml::{child, parse, text_of};

    const NAMESPACE: &str = "urn:ietf:params:xml:ns:imdn";
    const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

    impl Notification {
        /// Reads a document. It ignores elements of other namespaces.
        ///
        /// # Errors
        ///
        /// [`ParseErrorKind::Xml`], [`ParseErrorKind::Root`],
        /// [`ParseErrorKind::Missing`] or [`ParseErrorKind::Disposition`].
        pub fn parse(document: &[u8]) -> Result<Self, ParseError> {
            let document = parse(document, NAMESPACE, "imdn")?;
            let root = document.root_element();
            let text = |name| child(root, name).map(|node| text_of(node).trim().to_owned());
            let needed = |name| {
                let missing = || ParseError::new(ParseErrorKind::Missing(name), root.range());
                text(name).ok_or_else(missing)
            };
            let no_disposition = || ParseError::new(ParseErrorKind::Disposition, root.range());
            Ok(Self {
                message_id: needed("message-id")?,
                date_time: needed("datetime")?,
                recipient: text("recipient-uri"),
                original_recipient: text("original-recipient-uri"),
                subject: child(root, "subject").map(subject),
                disposition: disposition(root).ok_or_else(no_disposition)?,
            })
        }
    }

    fn subject(node: Node<'_, '_>) -> Subject {
        let language = node.attribute((XML_NAMESPACE, "lang")).map(str::to_owned);
        Subject { language, text: text_of(node) }
    }

    /// The first kind that is there decides.
    fn disposition(root: Node<'_, '_>) -> Option<Disposition> {
        let of_kind = |kind: &DispositionKind| Some((*kind, child(root, kind.element())?));
        let (kind, element) = DispositionKind::ALL.iter().find_map(of_kind)?;
        let status = child(element, "status")?;
        let is_it = |disposition: &Disposition| {
            let (its_kind, name) = disposition.kind_and_status();
            its_kind == kind && child(status, name).is_some()
        };
        Disposition::ALL.iter().copied().find(is_it)
    }
}
