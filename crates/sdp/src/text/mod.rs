//! Session descriptions as text (RFC 8866), as far as MSRP is in them.

mod attribute;
mod origin;
mod section;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use self::attribute::Attribute;
pub use self::origin::Origin;
pub use self::section::MediaDescription;

/// The most octets of a session description that is read.
pub const MAX_SDP_OCTETS: usize = 64 * 1024;

/// The most media sections of a session description.
pub const MAX_SECTIONS: usize = 64;

/// The most attributes of a media section that MSRP may be in (of `message` or
/// `application`), with those that count for all sections.
pub const MAX_ATTRIBUTES: usize = 256;

/// Why a text is no session description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SdpError {
    /// More than [`MAX_SDP_OCTETS`].
    #[error("a session description may have at most {MAX_SDP_OCTETS} octets")]
    TooLong,
    /// A line that does not begin with a letter and an equals sign.
    #[error("line {line} is not of the form \"x=value\"")]
    Line {
        /// Which one, counted from one.
        line: usize,
    },
    /// An `m=` line without media, port, protocol and formats.
    #[error("line {line} is not of the form \"m=media port protocol formats\"")]
    Media {
        /// Which one, counted from one.
        line: usize,
    },
    /// An `o=` line without its six fields.
    #[error("line {line} is not of the form \"o=user id version IN IP4 address\"")]
    Origin {
        /// Which one, counted from one.
        line: usize,
    },
    /// No `m=` line where there has to be one.
    #[error("the text has no m= line")]
    NoMedia,
    /// More than [`MAX_SECTIONS`].
    #[error("a session description may have at most {MAX_SECTIONS} media sections")]
    TooManySections,
    /// More than [`MAX_ATTRIBUTES`].
    #[error("a media section may have at most {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes,
}

/// A session description: who made it, and its media sections.
///
/// For programs that have no SDP of their own. Kept are the `o=` line and of each
/// section the `m=` line, the address of its `c=` line and its attributes; other
/// lines are read over. What stands before the first section and counts for all
/// of them (RFC 8866 section 5.7, RFC 8122 section 5) is copied into those that
/// say nothing of it.
///
/// Lines may end in CRLF or LF; they are written with CRLF. A fragment without
/// `v=`, `o=`, `s=` and `t=` is read as well.
///
/// ```
/// use msrp_sdp::{MediaDescription, Origin, SessionDescription};
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
/// # Ok::<(), msrp_sdp::SdpError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    origin: Option<Origin>,
    media: Vec<MediaDescription>,
}

impl SessionDescription {
    /// A session description of these sections.
    #[must_use]
    pub const fn new(origin: Origin, media: Vec<MediaDescription>) -> Self {
        Self { origin: Some(origin), media }
    }

    /// Who made it; `None` in a fragment.
    #[must_use]
    pub const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Its media sections, of whatever media.
    #[must_use]
    pub fn media(&self) -> &[MediaDescription] {
        &self.media
    }

    /// The next description of the same session. Its version is one higher, or
    /// the same where nothing has changed (RFC 4975 section 8.4).
    #[must_use]
    pub fn revised(&self, media: Vec<MediaDescription>) -> Self {
        let mut origin = self.origin.clone();
        if media != self.media
            && let Some(origin) = &mut origin
        {
            origin.version = origin.version.saturating_add(1);
        }
        Self { origin, media }
    }
}

impl FromStr for SessionDescription {
    type Err = SdpError;

    fn from_str(text: &str) -> Result<Self, SdpError> {
        if text.len() > MAX_SDP_OCTETS {
            return Err(SdpError::TooLong);
        }
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            reader.line(index + 1, line.trim_end_matches('\r'))?;
        }
        reader.finish()
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

/// What has been read of a text.
#[derive(Default)]
struct Reader {
    origin: Option<Origin>,
    session: Section,
    sections: Vec<(MediaDescription, Section)>,
}

/// What lines below an `m=` line, or before the first, have said.
#[derive(Default)]
struct Section {
    address: Option<Box<str>>,
    attributes: Vec<Attribute>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), SdpError> {
        if line.trim().is_empty() {
            return Ok(());
        }
        let error = SdpError::Line { line: number };
        let (kind, value) = line.split_once('=').ok_or(error)?;
        match kind.trim() {
            "m" => {
                let media = MediaDescription::from_line(value);
                let media = media.ok_or(SdpError::Media { line: number })?;
                if self.sections.len() >= MAX_SECTIONS {
                    return Err(SdpError::TooManySections);
                }
                self.sections.push((media, Section::default()));
            }
            "o" if self.sections.is_empty() => {
                let origin = Origin::from_line(value).ok_or(SdpError::Origin { line: number })?;
                self.origin = Some(origin);
            }
            "c" => {
                let section = self.section();
                section.address = section.address.take().or_else(|| address_of(value));
            }
            "a" => {
                self.section().attributes.extend(Attribute::from_line(value));
            }
            kind if kind.len() == 1 => {}
            _ => return Err(error),
        }
        Ok(())
    }

    fn section(&mut self) -> &mut Section {
        self.sections.last_mut().map_or(&mut self.session, |(_, section)| section)
    }

    fn finish(self) -> Result<SessionDescription, SdpError> {
        let Self { origin, session, sections } = self;
        let media = sections.into_iter().map(|(media, section)| media.filled(section, &session));
        let media: Vec<MediaDescription> = media.collect();
        let is_ours = |it: &&MediaDescription| matches!(it.media(), "message" | "application");
        if media.iter().filter(is_ours).any(|it| it.attributes().len() > MAX_ATTRIBUTES) {
            return Err(SdpError::TooManyAttributes);
        }
        Ok(SessionDescription { origin, media })
    }
}

/// The address of a `c=` line, without what a multicast address has behind it.
/// `IP6` is there twice in an example of RFC 8873, so that the last field counts.
fn address_of(value: &str) -> Option<Box<str>> {
    let address = value.split_ascii_whitespace().skip(2).last()?;
    let address = field(address.split('/').next().unwrap_or_default());
    (!address.is_empty()).then_some(address)
}

fn address_type(address: &str) -> &'static str {
    if address.contains(':') { "IP6" } else { "IP4" }
}

/// A text without what would end a field or a line.
fn field(text: &str) -> Box<str> {
    text.chars().filter(|letter| !letter.is_control() && !letter.is_whitespace()).collect()
}
