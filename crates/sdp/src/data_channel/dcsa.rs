//! `a=dcsa`: an attribute of one data channel (RFC 8864 section 5.2).

use std::fmt;
use std::str::FromStr;

use super::StreamId;
use crate::token::{is_blank, is_token};
use crate::{Error, ErrorKind};

/// The value of `a=dcsa`: an attribute of one data channel, and the stream of that
/// channel.
///
/// ```
/// use msrp_sdp::data_channel::Dcsa;
///
/// let attribute: Dcsa = "2 accept-types:message/cpim text/plain".parse()?;
/// assert_eq!(attribute.stream().number(), 2);
/// assert_eq!(attribute.name(), "accept-types");
/// assert_eq!(attribute.value(), Some("message/cpim text/plain"));
/// # Ok::<(), msrp_sdp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dcsa {
    stream: StreamId,
    name: Box<str>,
    value: Option<Box<str>>,
}

impl Dcsa {
    /// An attribute of the channel on `stream`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] if the name is not a token, or if the value has an
    /// octet that would end the line.
    pub fn new(stream: StreamId, name: &str, value: Option<&str>) -> Result<Self, Error> {
        if !is_token(name) {
            return Err(malformed("attribute name").with_expected("a token"));
        }
        if value.is_some_and(|value| value.contains(['\r', '\n', '\0'])) {
            return Err(malformed("attribute value").with_expected("no CR, LF or NUL"));
        }
        Ok(Self { stream, name: name.into(), value: value.map(Into::into) })
    }

    /// The stream of the channel.
    #[must_use]
    pub const fn stream(&self) -> StreamId {
        self.stream
    }

    /// The name of the attribute.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text after its colon; `None` without a colon.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

impl FromStr for Dcsa {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let value = text.trim_start_matches(is_blank);
        let (stream, attribute) = value.split_once(is_blank).unwrap_or_default();
        let stream = StreamId::parse(stream).ok_or_else(|| {
            malformed("stream id").with_expected("0 to 65534 and a space").within(text, value)
        })?;
        let attribute = attribute.trim_start_matches(is_blank);
        let read = match attribute.split_once(':') {
            Some((name, value)) => Self::new(stream, name, Some(value)),
            None => Self::new(stream, attribute.trim_end_matches(is_blank), None),
        };
        read.map_err(|error| error.within(text, attribute))
    }
}

const fn malformed(part: &'static str) -> Error {
    Error::of("dcsa", ErrorKind::Malformed).with_part(part)
}

impl fmt::Display for Dcsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.stream, self.name)?;
        self.value.as_ref().map_or(Ok(()), |value| write!(f, ":{value}"))
    }
}
