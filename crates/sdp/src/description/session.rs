//! A session description as a whole.

use std::fmt;

use super::{MediaDescription, Origin};
use crate::aside::Aside;
use crate::tolerance::{SdpTolerances, Tolerated};

/// A session description: who made it, and its media sections.
///
/// For programs that have no SDP parser of their own. It keeps the `o=` line and, of
/// each section, the `m=` line, the address of the `c=` line and the attributes. It
/// ignores other lines. What precedes the first section and applies to all of them
/// (RFC 8866 section 5.7, RFC 8122 section 5) is copied into the sections that do
/// not say otherwise.
///
/// Lines may end in CRLF or LF; they are written with CRLF. A fragment without
/// `v=`, `o=`, `s=` and `t=` is read as well. What is wrong stays with its line or its
/// section, by a named [`SdpTolerance`](crate::SdpTolerance).
///
/// ```
/// use msrp_sdp::{Origin, SdpTolerance, SdpTolerances, SessionDescription};
///
/// let text = "v=0\r\no=alice 1 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
///             m=message 7654 TCP/MSRP *\r\na=accept-types:text/plain\r\n";
/// let description: SessionDescription = text.parse()?;
/// assert_eq!(description.media()[0].address(), Some("192.0.2.1"));
///
/// // A description that changes nothing keeps its version (RFC 4975 section 8.4).
/// let same = description.revised(description.media().to_vec());
/// assert_eq!(same.origin().map(Origin::version), Some(7));
/// let other = description.revised(vec![description.media()[0].clone().closed()]);
/// assert_eq!(other.origin().map(Origin::version), Some(8));
///
/// let broken = "v=0\r\nhello\r\nm=audio x RTP/AVP 0\r\nm=message 7654 TCP/MSRP *\r\n";
/// let read: SessionDescription = broken.parse()?;
/// assert!(read.tolerated().contains(SdpTolerance::JunkLine));
/// assert!(read.media()[0].fault().is_some() && read.media()[1].fault().is_none());
/// let error = SessionDescription::parse_with(broken, SdpTolerances::none()).unwrap_err();
/// assert_eq!(error.line(), Some(2));
/// # Ok::<(), msrp_sdp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    pub(super) origin: Option<Origin>,
    pub(super) media: Vec<MediaDescription>,
    pub(super) tolerated: Tolerated,
}

impl SessionDescription {
    /// A session description of these sections.
    #[must_use]
    pub const fn new(origin: Origin, media: Vec<MediaDescription>) -> Self {
        Self { origin: Some(origin), media, tolerated: Aside(SdpTolerances::none()) }
    }

    /// Who made the description; `None` in a fragment, or if the line is unreadable.
    #[must_use]
    pub const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The media sections, of any media.
    #[must_use]
    pub fn media(&self) -> &[MediaDescription] {
        &self.media
    }

    /// The deviations from the RFCs that were read over, in all of its sections.
    #[must_use]
    pub const fn tolerated(&self) -> SdpTolerances {
        self.tolerated.0
    }

    /// The next description of the same session. Its version is one higher, or the
    /// same if the sections are the same (RFC 4975 section 8.4).
    #[must_use]
    pub fn revised(&self, media: Vec<MediaDescription>) -> Self {
        let mut origin = self.origin.clone();
        if media != self.media
            && let Some(origin) = &mut origin
        {
            origin.version = origin.version.saturating_add(1);
        }
        Self { origin, media, tolerated: Tolerated::default() }
    }
}

impl fmt::Display for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "v=0\r\n{origin}\r\ns=-\r\nt=0 0\r\n")?;
        }
        self.media.iter().try_for_each(|section| section.fmt(f))
    }
}
