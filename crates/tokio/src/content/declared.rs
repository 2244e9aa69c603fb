//! What the sender says of the octets of a message.

use std::borrow::Cow;

use msrp::Received;
use msrp::mime::MimeValue;
use msrp::wire::HeaderName;
use msrp_cpim::CpimRef;

/// What the sender of octets says of them. None of it needs to be true.
///
/// ```
/// use msrp_tokio::content::{Content, Declared, Policy};
///
/// let declared = Declared::new("image/png").named("evil.html");
/// let content = Policy::default().read(&declared, &"<script>".into());
/// assert!(matches!(content, Content::File { name, .. } if name == "evil_html.bin"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Declared<'a> {
    content_type: MimeValue<'a>,
    name: Option<Cow<'a, str>>,
    is_attachment: bool,
    encoding: Cow<'a, str>,
}

impl<'a> Declared<'a> {
    /// Octets with this Content-Type. Every text is one.
    pub const fn new(content_type: &'a str) -> Self {
        Self {
            content_type: MimeValue::new(content_type),
            name: None,
            is_attachment: false,
            encoding: Cow::Borrowed(""),
        }
    }

    /// The body of a message, by the head of its first chunk.
    pub fn of(message: &'a Received) -> Self {
        let declared = Self::new(message.content_type());
        let head = message.head();
        let declared = match head.header(HeaderName::ContentDisposition) {
            Some(value) => declared.disposed(value),
            None => declared,
        };
        let encoding = head.headers().find(|it| it.0.eq_ignore_ascii_case("Content-Encoding"));
        declared.encoded(encoding.map(|it| it.1).unwrap_or_default())
    }

    /// What a message/cpim wraps. Without a Content-Type it is text (RFC 2045 section 5.2).
    pub fn wrapped(message: &'a CpimRef<'_>) -> Self {
        let fields = message.mime_headers();
        let raw = |name| fields.get(name).map(|field| field.raw());
        let declared = Self::new(raw("Content-Type").unwrap_or("text/plain"));
        let declared = match raw("Content-Disposition") {
            Some(value) => declared.disposed(value),
            None => declared,
        };
        declared.encoded(raw("Content-Encoding").unwrap_or_default())
    }

    /// With a Content-Disposition (RFC 2183): its file name, and whether people want to be
    /// asked before they see the content.
    pub fn disposed(mut self, value: &'a str) -> Self {
        let value = MimeValue::new(value);
        self.is_attachment = value.main().eq_ignore_ascii_case("attachment");
        self.name = value.parameter("filename").filter(|name| !name.is_empty()).or(self.name);
        self
    }

    /// With the name of a file, as from a session description (RFC 5547).
    pub fn named(mut self, name: impl Into<Cow<'a, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With a Content-Encoding (RFC 9110 section 8.4).
    pub fn encoded(mut self, value: impl Into<Cow<'a, str>>) -> Self {
        self.encoding = value.into();
        self
    }

    /// The type and subtype, in small letters.
    pub(super) fn essence(&self) -> String {
        self.content_type.main().to_ascii_lowercase()
    }

    pub(super) fn charset(&self) -> Option<Cow<'a, str>> {
        self.content_type.parameter("charset")
    }

    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    pub(super) const fn is_attachment(&self) -> bool {
        self.is_attachment
    }

    pub(super) fn encoding(&self) -> &str {
        &self.encoding
    }
}
