//! `a=dcsa`: an attribute that belongs to one data channel (RFC 8864 section
//! 5.2).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::StreamId;
use crate::token::is_token;

/// Why a text is no value of `a=dcsa`, or cannot be written as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DcsaError {
    /// It does not begin with a stream id and a space.
    #[error("a dcsa begins with a stream id from 0 to 65534 and a space")]
    Stream,
    /// The name of the attribute is no token.
    #[error("the name of an attribute holds letters, digits and - . _ among others, and no blanks")]
    Name,
    /// The value of the attribute has an octet that would end the line.
    #[error("the value of an attribute has no CR, LF or NUL")]
    Value,
}

/// The value of `a=dcsa`: an attribute, and the stream of the channel that it
/// is about.
///
/// ```
/// use msrp_sdp::Dcsa;
///
/// let attribute: Dcsa = "2 accept-types:message/cpim text/plain".parse()?;
/// assert_eq!(attribute.stream().number(), 2);
/// assert_eq!(attribute.name(), "accept-types");
/// assert_eq!(attribute.value(), Some("message/cpim text/plain"));
/// # Ok::<(), msrp_sdp::DcsaError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dcsa {
    stream: StreamId,
    name: Box<str>,
    value: Option<Box<str>>,
}

impl Dcsa {
    /// An attribute of the channel on `stream`: with a value, or a property
    /// without one.
    ///
    /// # Errors
    ///
    /// [`DcsaError`] where a line could not hold it as it is.
    pub fn new(stream: StreamId, name: &str, value: Option<&str>) -> Result<Self, DcsaError> {
        if !is_token(name) {
            return Err(DcsaError::Name);
        }
        if value.is_some_and(|value| value.contains(['\r', '\n', '\0'])) {
            return Err(DcsaError::Value);
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

    /// What is behind its colon, where there is one.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

impl FromStr for Dcsa {
    type Err = DcsaError;

    fn from_str(text: &str) -> Result<Self, DcsaError> {
        let text = text.trim_start_matches([' ', '\t']);
        let (stream, attribute) = text.split_once([' ', '\t']).ok_or(DcsaError::Stream)?;
        let stream = StreamId::read(stream).ok_or(DcsaError::Stream)?;
        let attribute = attribute.trim_start_matches([' ', '\t']);
        match attribute.split_once(':') {
            Some((name, value)) => Self::new(stream, name, Some(value)),
            None => Self::new(stream, attribute.trim_end_matches([' ', '\t']), None),
        }
    }
}

impl fmt::Display for Dcsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.stream, self.name)?;
        self.value.as_ref().map_or(Ok(()), |value| write!(f, ":{value}"))
    }
}
