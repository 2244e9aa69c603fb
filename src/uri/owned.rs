//! The owned URI.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::spans::Spans;
use super::{Host, Scheme, UriBuilder, UriError, UriErrorKind, UriRef, grammar};

/// An MSRP URI that owns its text. Cloning it only counts a reference.
///
/// It is read and compared like [`UriRef`], which [`MsrpUri::view`] gives.
///
/// ```
/// use msrp::uri::MsrpUri;
///
/// let uri: MsrpUri = "msrp://host.example.com:2855/Kx81;tcp".parse()?;
/// assert_eq!(uri.port(), Some(2855));
/// assert_eq!(uri.to_string(), "msrp://host.example.com:2855/Kx81;tcp");
/// # Ok::<(), msrp::uri::UriError>(())
/// ```
#[derive(Clone)]
pub struct MsrpUri {
    text: Arc<str>,
    spans: Spans,
}

impl MsrpUri {
    /// Begins a URI of these parts, with the transport `tcp` and without a session-id.
    /// `host` is a name, an address or the [`Host`] of another URI.
    ///
    /// The port is required, because a URI in SDP needs one (RFC 4975 section 6).
    pub fn builder<'a>(scheme: Scheme, host: impl Into<Host<'a>>, port: u16) -> UriBuilder<'a> {
        UriBuilder::new(scheme, host.into(), port)
    }

    /// This URI with the given session-id, which replaces its own if it has one.
    ///
    /// # Errors
    ///
    /// [`UriErrorKind::SessionId`] if the grammar forbids it, and
    /// [`UriErrorKind::TooLong`] if the result is too long.
    pub fn with_session_id(&self, session_id: &str) -> Result<Self, UriError> {
        if !grammar::is_whole(grammar::session_id, session_id) {
            return Err(UriErrorKind::SessionId.into());
        }
        let (before, _) =
            self.text.split_at_checked(self.spans.authority_end()).unwrap_or_default();
        let (_, after) =
            self.text.split_at_checked(self.spans.session_id_end()).unwrap_or_default();
        format!("{before}/{session_id}{after}").parse()
    }

    /// See [`UriRef::parameters`].
    pub fn parameters(&self) -> impl Iterator<Item = (&str, Option<&str>)> + Clone {
        self.view().parameters()
    }

    /// The borrowed URI.
    #[must_use]
    pub fn view(&self) -> UriRef<'_> {
        UriRef::from_spans(&self.text, self.spans)
    }

    /// The text, shared.
    pub(super) fn text(&self) -> &Arc<str> {
        &self.text
    }
}

macro_rules! lend {
    ($($name:ident -> $output:ty;)*) => {
        impl MsrpUri {
            $(
                #[doc = concat!("See [`UriRef::", stringify!($name), "`].")]
                #[must_use]
                pub fn $name(&self) -> $output {
                    self.view().$name()
                }
            )*
        }
    };
}

lend! {
    as_str -> &str;
    scheme -> Scheme;
    is_secure -> bool;
    userinfo -> Option<&str>;
    has_password -> bool;
    host -> Host<'_>;
    host_str -> &str;
    port -> Option<u16>;
    has_required_port -> bool;
    session_id -> Option<&str>;
    transport -> &str;
}

impl<'a> From<&'a MsrpUri> for UriRef<'a> {
    fn from(uri: &'a MsrpUri) -> Self {
        uri.view()
    }
}

impl From<UriRef<'_>> for MsrpUri {
    fn from(uri: UriRef<'_>) -> Self {
        Self { text: uri.as_str().into(), spans: uri.spans() }
    }
}

impl FromStr for MsrpUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        UriRef::parse(text).map(Self::from)
    }
}

impl TryFrom<&str> for MsrpUri {
    type Error = UriError;

    fn try_from(text: &str) -> Result<Self, UriError> {
        text.parse()
    }
}

impl fmt::Display for MsrpUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

impl fmt::Debug for MsrpUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MsrpUri({})", self.text)
    }
}
