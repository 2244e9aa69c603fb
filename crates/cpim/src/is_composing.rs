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

use crate::aside::Aside;
use crate::named::named;
use crate::tolerance::CpimTolerances;
use crate::xml::push_element;

/// The media type of the XML.
pub const IS_COMPOSING_TYPE: &str = "application/im-iscomposing+xml";

/// How many seconds an active state holds if the message does not say (RFC 3994
/// section 3.5).
pub const DEFAULT_REFRESH: u32 = 120;

named! {
    /// Whether somebody is writing.
    #[non_exhaustive]
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
    tolerated: Aside<CpimTolerances>,
}

impl IsComposing {
    /// A message with a state and nothing else.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self {
            state,
            content_type: None,
            last_active: None,
            refresh: None,
            tolerated: Aside(CpimTolerances::none()),
        }
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

    /// Sets for how many seconds an active state holds without another message. 0 is no
    /// such time (RFC 3994 section 5): the default holds then, and nothing is written.
    #[must_use]
    pub fn with_refresh(self, seconds: u32) -> Self {
        Self { refresh: Some(seconds).filter(|seconds| *seconds > 0), ..self }
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

    /// The deviations in the document that was read. They do not count when two are compared.
    #[must_use]
    pub const fn tolerated(&self) -> CpimTolerances {
        self.tolerated.0
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
    use crate::aside::Aside;
    use crate::date_time::DateTime;
    use crate::error::{ParseError, ParseErrorKind};
    use crate::tolerance::CpimTolerance;
    use crate::xml::{Limits, Text, number};

    const NAMESPACE: &str = "urn:ietf:params:xml:ns:im-iscomposing";

    impl IsComposing {
        /// Reads a document. An unknown state is [`State::Idle`] (RFC 3994 section
        /// 4). A refresh that is no positive number counts as missing; one beyond 32 bits is
        /// the largest.
        ///
        /// # Errors
        ///
        /// [`ParseErrorKind::Xml`], [`ParseErrorKind::Root`] or
        /// [`ParseErrorKind::Missing`].
        pub fn parse(document: &[u8]) -> Result<Self, ParseError> {
            let text = Text::checked(document, &Limits::SMALL)?;
            let xml = text.parse(NAMESPACE, "isComposing")?;
            let missing = || xml.fault(ParseErrorKind::Missing("state"));
            let word = xml.text("state").ok_or_else(missing)?;
            let state = word.to_ascii_lowercase().parse::<State>();
            let (last_active, refresh) = (xml.text("lastactive"), xml.text("refresh"));
            let seconds = refresh.as_deref().and_then(number).filter(|seconds| *seconds > 0);
            let mut tolerated = xml.tolerated();
            if state.as_ref().is_ok_and(|state| state.as_str() != word) {
                tolerated = tolerated.with(CpimTolerance::StateCase);
            }
            if refresh.is_some() && seconds.is_none() {
                tolerated = tolerated.with(CpimTolerance::RefreshFormat);
            }
            if last_active.as_deref().is_some_and(|text| DateTime::parse(text).is_err()) {
                tolerated = tolerated.with(CpimTolerance::DateTimeFormat);
            }
            Ok(Self {
                state: state.unwrap_or(State::Idle),
                content_type: xml.text("contenttype"),
                last_active,
                refresh: seconds,
                tolerated: Aside(tolerated),
            })
        }
    }
}
