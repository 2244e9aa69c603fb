//! That somebody is writing (RFC 3994): `application/im-iscomposing+xml`.
//!
//! ```
//! use msrp_cpim::is_composing::{IsComposing, State};
//! use msrp::{MediaType, OutgoingMessage};
//!
//! let status = IsComposing::new(State::Active).content_type("text/plain").refresh(90);
//! let content_type = MediaType::new(msrp_cpim::is_composing::IS_COMPOSING_TYPE)?;
//! let message = OutgoingMessage::new(content_type, status.to_xml());
//! # let _ = message;
//! # Ok::<(), msrp::wire::MediaTypeError>(())
//! ```

use crate::xml::push_element;

/// The media type of the XML.
pub const IS_COMPOSING_TYPE: &str = "application/im-iscomposing+xml";

/// How long somebody counts as writing where nothing is said, in seconds
/// (RFC 3994).
pub const DEFAULT_REFRESH: u32 = 120;

/// Whether somebody is writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody is.
    Idle,
    /// Somebody is.
    Active,
}

/// A status message.
///
/// It is written always and read with the feature `xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsComposing {
    state: State,
    content_type: Option<String>,
    last_active: Option<String>,
    refresh: Option<u32>,
}

impl IsComposing {
    /// The state and no more.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state, content_type: None, last_active: None, refresh: None }
    }

    /// What is being written: a media type, or the first part of one, such as
    /// `audio`.
    #[must_use]
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        Self { content_type: Some(content_type.into()), ..self }
    }

    /// When somebody has written last, in the text of RFC 3339.
    #[must_use]
    pub fn last_active(self, date_time: impl Into<String>) -> Self {
        Self { last_active: Some(date_time.into()), ..self }
    }

    /// For how many seconds an active state holds, unless it is said again.
    #[must_use]
    pub fn refresh(self, seconds: u32) -> Self {
        Self { refresh: Some(seconds), ..self }
    }

    /// Whether somebody is writing.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What is being written.
    #[must_use]
    pub fn written_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// When somebody has written last, in whatever text the peer has given.
    #[must_use]
    pub fn last_active_at(&self) -> Option<&str> {
        self.last_active.as_deref()
    }

    /// For how many seconds an active state holds, which is
    /// [`DEFAULT_REFRESH`] where the peer does not say.
    #[must_use]
    pub fn refresh_seconds(&self) -> u32 {
        self.refresh.unwrap_or(DEFAULT_REFRESH)
    }

    /// The document in UTF-8.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
        out.push_str("<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\">\r\n");
        let state = if self.state == State::Active { "active" } else { "idle" };
        push_element(&mut out, "state", state);
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
pub use self::read::IsComposingError;

#[cfg(feature = "xml")]
mod read {
    use thiserror::Error;

    use super::{IsComposing, State};
    use crate::xml::{Unreadable, child, parse, text_of};

    const NAMESPACE: &str = "urn:ietf:params:xml:ns:im-iscomposing";

    /// Why a document is no status message.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
    #[non_exhaustive]
    pub enum IsComposingError {
        /// No well-formed XML in UTF-8, one with a DTD, or one of more than
        /// 64 KiB, 1,024 nodes, 1,024 equals signs or 16 times `xmlns`.
        #[error(
            "a status is XML in UTF-8 without a DTD, of at most 64 KiB, 1024 nodes, 1024 equals signs \
             and 16 times xmlns"
        )]
        Xml,
        /// Another root than `isComposing`.
        #[error("the root is not isComposing in urn:ietf:params:xml:ns:im-iscomposing")]
        Root,
        /// No state.
        #[error("the element state is missing")]
        State,
    }

    impl IsComposing {
        /// Reads a document. A state that is not known is [`State::Idle`], and
        /// a refresh that is no number is none.
        ///
        /// # Errors
        ///
        /// [`IsComposingError`] says what is wrong with it.
        pub fn parse(document: &[u8]) -> Result<Self, IsComposingError> {
            let document = parse(document).map_err(|Unreadable| IsComposingError::Xml)?;
            let root = document.root_element();
            if !root.has_tag_name((NAMESPACE, "isComposing")) {
                return Err(IsComposingError::Root);
            }
            let text = |name| child(root, name).map(|node| text_of(node).trim().to_owned());
            let state = match text("state").ok_or(IsComposingError::State)?.as_str() {
                "active" => State::Active,
                _ => State::Idle,
            };
            let refresh = text("refresh").and_then(|seconds| seconds.parse().ok());
            let (content_type, last_active) = (text("contenttype"), text("lastactive"));
            Ok(Self { state, content_type, last_active, refresh })
        }
    }
}
