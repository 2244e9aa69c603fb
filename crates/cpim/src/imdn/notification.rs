//! The XML of a notification (RFC 5438 section 11).

use super::disposition::{Disposition, OtherDisposition};
use crate::aside::Aside;
use crate::tolerance::CpimTolerances;
use crate::xml::{push_element, push_text};

/// A notification, as in its XML.
///
/// Writing needs no feature; reading needs the feature `xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    message_id: String,
    date_time: Option<String>,
    recipient: Option<String>,
    original_recipient: Option<String>,
    subject: Option<Subject>,
    reported: Reported,
    tolerated: Aside<CpimTolerances>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reported {
    Known(Disposition),
    #[cfg_attr(not(feature = "xml"), expect(dead_code, reason = "only reading makes one"))]
    Other(OtherDisposition),
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
            date_time: Some(date_time.into()),
            recipient: Some(recipient.into()),
            original_recipient: None,
            subject: None,
            reported: Reported::Known(disposition),
            tolerated: Aside(CpimTolerances::none()),
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

    /// The DateTime of that message, as the peer wrote it. `None` if it wrote none
    /// ([`CpimTolerance::MissingDateTime`](crate::CpimTolerance::MissingDateTime)).
    #[must_use]
    pub fn date_time(&self) -> Option<&str> {
        self.date_time.as_deref()
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

    /// What happened to the message. `None` if that is
    /// [another disposition](Self::other_disposition) than those of RFC 5438.
    #[must_use]
    pub const fn disposition(&self) -> Option<Disposition> {
        match &self.reported {
            Reported::Known(disposition) => Some(*disposition),
            Reported::Other(_) => None,
        }
    }

    /// What happened to the message in the terms of another specification.
    #[must_use]
    pub const fn other_disposition(&self) -> Option<&OtherDisposition> {
        match &self.reported {
            Reported::Known(_) => None,
            Reported::Other(other) => Some(other),
        }
    }

    /// The deviations in the document that was read. They do not count when two are compared.
    #[must_use]
    pub const fn tolerated(&self) -> CpimTolerances {
        self.tolerated.0
    }

    /// The document, a [`message/imdn+xml`](super::IMDN_TYPE) in UTF-8. The
    /// schema wants both URIs or none: the recipient also stands for a missing
    /// original recipient.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
        out.push_str("<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\">\r\n");
        push_element(&mut out, "message-id", &self.message_id);
        if let Some(date_time) = &self.date_time {
            push_element(&mut out, "datetime", date_time);
        }
        if let Some(recipient) = &self.recipient {
            let original = self.original_recipient.as_ref().unwrap_or(recipient);
            push_element(&mut out, "recipient-uri", recipient);
            push_element(&mut out, "original-recipient-uri", original);
        }
        if let Some(subject) = &self.subject {
            push_subject(&mut out, subject);
        }
        match &self.reported {
            Reported::Known(disposition) => disposition.push(&mut out),
            Reported::Other(other) => other.push(&mut out),
        }
        out.push_str("</imdn>");
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
    use super::{Disposition, Notification, OtherDisposition, Reported, Subject};
    use crate::aside::Aside;
    use crate::date_time::DateTime;
    use crate::error::{ParseError, ParseErrorKind};
    use crate::imdn::disposition::DispositionKind;
    use crate::tolerance::{CpimTolerance, CpimTolerances};
    use crate::xml::{Element, Limits, Text};

    const NAMESPACE: &str = "urn:ietf:params:xml:ns:imdn";
    const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

    impl Notification {
        /// Reads a document. A disposition of RFC 5438 counts before those of other
        /// specifications, and of these the first with a status. Other elements of other
        /// namespaces are passed over.
        ///
        /// # Errors
        ///
        /// [`ParseErrorKind::Xml`], [`ParseErrorKind::Root`],
        /// [`ParseErrorKind::Missing`] or [`ParseErrorKind::Disposition`].
        pub fn parse(document: &[u8]) -> Result<Self, ParseError> {
            let text = Text::checked(document, &Limits::SMALL)?;
            let xml = text.parse(NAMESPACE, "imdn")?;
            let root = xml.root();
            let told = |name| root.child_text(name).filter(|text| !text.is_empty());
            let missing = || xml.fault(ParseErrorKind::Missing("message-id"));
            let no_disposition = || xml.fault(ParseErrorKind::Disposition);
            let date_time = told("datetime");
            let deviation = deviation_of(date_time.as_deref());
            Ok(Self {
                message_id: told("message-id").ok_or_else(missing)?,
                date_time,
                recipient: root.child_text("recipient-uri"),
                original_recipient: root.child_text("original-recipient-uri"),
                subject: root.child("subject").map(subject),
                reported: reported(root).ok_or_else(no_disposition)?,
                tolerated: Aside(deviation.into_iter().fold(xml.tolerated(), CpimTolerances::with)),
            })
        }
    }

    fn deviation_of(date_time: Option<&str>) -> Option<CpimTolerance> {
        match date_time.map(DateTime::parse) {
            Some(Ok(_)) => None,
            Some(Err(_)) => Some(CpimTolerance::DateTimeFormat),
            None => Some(CpimTolerance::MissingDateTime),
        }
    }

    fn subject(element: Element<'_>) -> Subject {
        let language = element.attribute((XML_NAMESPACE, "lang")).map(str::to_owned);
        Subject { language, text: element.text() }
    }

    fn reported(root: Element<'_>) -> Option<Reported> {
        let known = disposition(root).map(Reported::Known);
        let other = || root.all().find_map(other_disposition);
        known.or_else(|| other().or_else(|| without_status(root)).map(Reported::Other))
    }

    /// The first kind that is there decides.
    fn disposition(root: Element<'_>) -> Option<Disposition> {
        let of_kind = |kind: &DispositionKind| Some((*kind, root.child(kind.element())?));
        let (kind, element) = DispositionKind::ALL.iter().find_map(of_kind)?;
        let status = element.child("status")?;
        let is_it = |disposition: &Disposition| {
            let (its_kind, name) = disposition.kind_and_status();
            its_kind == kind && status.child(name).is_some()
        };
        Disposition::ALL.iter().copied().find(is_it)
    }

    /// An element with a status, where either is of another namespace.
    fn other_disposition(element: Element<'_>) -> Option<OtherDisposition> {
        let status = element.all().find(|it| it.name() == "status")?.all().next();
        let is_own = element.extension().is_none();
        let is_of_kind = |kind: &&DispositionKind| is_own && kind.element() == element.name();
        let kind = DispositionKind::ALL.iter().find(is_of_kind).copied();
        let defines = if kind.is_some() { status? } else { element };
        Some(OtherDisposition {
            kind,
            name: element.name().to_owned(),
            namespace: defines.extension()?.to_owned(),
            status: status.map(|status| status.name().to_owned()),
        })
    }

    /// The first element of another namespace, which may have any content (section 11.1.9),
    /// where nothing else says what happened.
    fn without_status(root: Element<'_>) -> Option<OtherDisposition> {
        if DispositionKind::ALL.iter().any(|kind| root.child(kind.element()).is_some()) {
            return None;
        }
        root.all().find_map(|element| {
            let (name, namespace) = (element.name().to_owned(), element.extension()?.to_owned());
            Some(OtherDisposition { kind: None, name, namespace, status: None })
        })
    }
}
