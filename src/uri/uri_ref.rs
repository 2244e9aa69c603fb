//! The borrowed URI, through which the other types of this module read theirs.

use std::fmt;

use super::read;
use super::spans::Spans;
use super::{Host, MsrpUri, Scheme, UriError};

/// A borrowed MSRP URI that follows the grammar of RFC 4975 section 9.
///
/// Compared by RFC 4975 section 6.1, see [`UriRef::eq`]; converted to an owned
/// URI by [`UriRef::to_uri`].
///
/// ```
/// use msrp::uri::{Host, Scheme, UriRef};
///
/// let uri = UriRef::parse("msrps://[2001:db8::5]:2855/x1/y;tcp;via=lab")?;
/// assert_eq!(uri.scheme(), Scheme::Msrps);
/// assert_eq!(uri.host(), Host::Ipv6("2001:db8::5".parse().unwrap()));
/// assert_eq!(uri.port(), Some(2855));
/// assert_eq!(uri.session_id(), Some("x1/y"));
/// assert_eq!(uri.transport(), "tcp");
/// assert!(uri.parameters().eq([("via", Some("lab"))]));
/// # Ok::<(), msrp::uri::UriError>(())
/// ```
#[derive(Clone, Copy)]
pub struct UriRef<'a> {
    text: &'a str,
    spans: Spans,
}

impl<'a> UriRef<'a> {
    /// Reads a text that is one URI and nothing else.
    ///
    /// It accepts three things that a URI should not have but that leave it
    /// understandable: a password ([`has_password`]), an IP address without a port
    /// ([`has_required_port`]), and a name that looks like an IP address but is not one,
    /// such as `192.0.2.01`.
    ///
    /// [`has_password`]: Self::has_password
    /// [`has_required_port`]: Self::has_required_port
    ///
    /// # Errors
    ///
    /// [`UriError`] says which part does not follow the grammar.
    pub fn parse(text: &'a str) -> Result<Self, UriError> {
        let spans = read::uri(text.as_bytes())?;
        Ok(Self { text, spans })
    }

    /// A URI whose text has been checked.
    pub(super) fn from_checked(text: &'a str) -> Self {
        Self { text, spans: read::uri(text.as_bytes()).unwrap_or(Spans::EMPTY) }
    }

    pub(super) fn from_spans(text: &'a str, spans: Spans) -> Self {
        Self { text, spans }
    }

    pub(super) fn spans(self) -> Spans {
        self.spans
    }

    /// An owned copy.
    #[must_use]
    pub fn to_uri(self) -> MsrpUri {
        MsrpUri::from(self)
    }

    /// The text, as it was written.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(self) -> Scheme {
        self.spans.scheme
    }

    /// Whether the connection must be protected by TLS or DTLS.
    #[must_use]
    pub fn is_secure(self) -> bool {
        self.scheme().is_secure()
    }

    /// The part of the authority before `@`, with its escapes: the account for which the
    /// session is valid (RFC 4975 section 6). Comparison ignores it.
    #[must_use]
    pub fn userinfo(self) -> Option<&'a str> {
        self.text.get(self.spans.userinfo()?)
    }

    /// Whether the userinfo holds a password, which it must not (RFC 4975
    /// section 6).
    #[must_use]
    pub fn has_password(self) -> bool {
        self.userinfo().is_some_and(|userinfo| userinfo.contains(':'))
    }

    /// The host: a name or an address.
    #[must_use]
    pub fn host(self) -> Host<'a> {
        Host::from(self.host_str())
    }

    /// The host as it was written; an IPv6 address is in brackets.
    #[must_use]
    pub fn host_str(self) -> &'a str {
        self.text.get(self.spans.host()).unwrap_or_default()
    }

    /// The port, if the URI has one. There is no default: the recommended port
    /// must be written out like any other (RFC 4975 section 6).
    #[must_use]
    pub fn port(self) -> Option<u16> {
        self.spans.port.map(u16::from)
    }

    /// Whether the URI has a port or does not need one. RFC 4975 section 6 requires one
    /// after an IP address.
    ///
    /// A name may go without a port, but only in the To-Path of an AUTH request and
    /// the From-Path of its response (RFC 4976 section 8). To check a URI from SDP or from
    /// another request, use [`port`](Self::port).
    #[must_use]
    pub fn has_required_port(self) -> bool {
        self.port().is_some() || matches!(self.host(), Host::Name(_))
    }

    /// The session-id, which names one session at the host. A URI without one names the
    /// host itself, as that of a relay does.
    #[must_use]
    pub fn session_id(self) -> Option<&'a str> {
        self.text.get(self.spans.session_id()?)
    }

    /// The transport as it was written, such as `tcp` or `TCP`.
    #[must_use]
    pub fn transport(self) -> &'a str {
        self.spans.transport().and_then(|span| self.text.get(span)).unwrap_or_default()
    }

    /// The parameters after the transport in order, each a name and an optional value.
    pub fn parameters(self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone {
        let start = usize::from(self.spans.transport_end);
        let parameters = self.text.get(start..).unwrap_or_default();
        parameters.split(';').skip(1).map(|parameter| match parameter.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (parameter, None),
        })
    }
}

impl fmt::Display for UriRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text)
    }
}

impl fmt::Debug for UriRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UriRef({})", self.text)
    }
}

impl<'a> TryFrom<&'a str> for UriRef<'a> {
    type Error = UriError;

    fn try_from(text: &'a str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}
