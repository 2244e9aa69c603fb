//! Whether somebody is writing (RFC 3994): `application/im-iscomposing+xml`.
//!
//! ```
//! use msrp::{MediaType, OutgoingMessage};
//! use msrp_cpim::is_composing::{IS_COMPOSING_TYPE, IsComposing, State};
//!
//! let status = IsComposing::new(State::Active).with_content_type("text/plain").with_refresh(90);
//! let message = OutgoingMessage::new(MediaType::new(IS_COMPOSING_TYPE)?, status.to_xml());
//! # let _ = message;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::named::named;
use crate::xml::push_element;

/// The media type of the XML.
pub const IS_COMPOSING_TYPE: &str = "application/im-iscomposing+xml";

/// How many seconds an active state holds if the message does not say (RFC 3994
/// section 3.5).
pub const DEFAULT_REFRESH: u32 = 120;

named! {
    /// Whether somebody is writing.
    pub enum State: "state" {
        /// Nobody is writing.
        Idle = "idle",
        /// Somebody is writing.
        Active = "active",
    }
}

/// A status message.
///
/// Writing needs no feature; reading needs the feature `xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsComposing {
    state: State,
    content_type: Option<String>,
    last_active: Option<String>,
    refresh: Option<u32>,
}

impl IsComposing {
    /// A message with a state and nothing else.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state, content_type: None, last_active: None, refresh: None }
    }

    /// Sets what is being written: a media type, or the first part of one, such
    /// as `audio`.
    #[must_use]
    pub fn with_content_type(self, content_type: impl Into<String>) -> Self {
        Self { content_type: Some(content_type.into()), ..self }
    }

    /// Sets when the user wrote last, as text of RFC 3339.
    #[must_use]
    pub fn with_last_active(self, date_time: impl Into<String>) -> Self {
        Self { last_active: Some(date_time.into()), ..self }
    }

    /// Sets for how many seconds an active state holds without another message.
    #[must_use]
    pub fn with_refresh(self, seconds: u32) -> Self {
        Self { refresh: Some(seconds), ..self }
    }

    /// Whether somebody is writing.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What is being written.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// When the user wrote last, as the peer wrote it.
    #[must_use]
    pub fn last_active(&self) -> Option<&str> {
        self.last_active.as_deref()
    }

    /// For how many seconds an active state holds: [`DEFAULT_REFRESH`] if the
    /// message does not say.
    #[must_use]
    pub fn refresh(&self) -> u32 {
        self.refresh.unwrap_or(DEFAULT_REFRESH)
    }

    /// The document in UTF-8.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
        out.push_str("<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\">\r\n");
        push_element(&mut out, "state", self.state.as_str());
        if let Some(last_active) = &self.last_active {
            push_element(&mut out, "lastactive", last_active);
        }
        if let Some(content_type) = &self.content_type {
            push_element(&mut out, "contenttype", content_type);
        }
        if let Some(refresh) = self.refresh {
            push_element(&mut out, "refresh", &refresh.to_string());
        }
        out.push_str("</isComposing>");
        out
    }
}

#[cfg(feature = "xml")]
mod read {
    use super::{IsComposing, State};
    use crate::error::{ParseError, ParseErrorKind};
    use crate::xml::{child, parse, text_of};

    const NAMESPACE: &str = "urn:ietf:params:xml:ns:im-iscomposing";

    impl IsComposing {
        /// Reads a document. An unknown state is [`State::Idle`] (RFC 3994 section
        /// 4), and a refresh that is no number counts as missing.
        ///
        /// # Errors
        ///
        /// [`ParseErrorKind::Xml`], [`ParseErrorKind::Root`] or
        /// [`ParseErrorKind::Missing`].
        pub fn parse(document: &[u8]) -> Result<Self, ParseError> {
            let document = parse(document, NAMESPACE, "isComposing")?;
            let root = document.root_element();
            let text = |name| child(root, name).map(|node| text_of(node).trim().to_owned());
            let missing = || ParseError::new(ParseErrorKind::Missing("state"), root.range());
            Ok(Self {
                state: text("state").ok_or_else(missing)?.parse().unwrap_or(State::Idle),
                content_type: text("contenttype"),
                last_active: text("lastactive"),
                refresh: text("refresh").and_then(|seconds| seconds.parse().ok()),
            })
        }
    }
}
