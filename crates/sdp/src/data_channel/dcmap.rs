//! `a=dcmap`: which data channels there are (RFC 8864 section 5.1).

use std::fmt::{self, Write};
use std::str::FromStr;

use thiserror::Error;

use super::sctp::number;
use percent_encoding::percent_decode_str;

/// Why a text is no value of `a=dcmap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DcmapError {
    /// It does not begin with a stream id.
    #[error("a dcmap begins with a stream id from 0 to 65534")]
    Stream,
    /// No parameters between semicolons, a quote that is not closed, or a
    /// control octet.
    #[error("the parameters of a dcmap are name=value with semicolons between them")]
    Malformed,
    /// A parameter has a value of the wrong form.
    #[error("the parameter {0} has a value of the wrong form")]
    Value(&'static str),
    /// A parameter is there twice.
    #[error("the parameter {0} is there twice")]
    Repeated(&'static str),
    /// `max-retr` and `max-time` exclude each other.
    #[error("give max-retr or max-time, and not both")]
    RetransmissionsAndTime,
}

/// The SCTP stream of a data channel, the same in both directions: 0 to 65,534.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(u16);

impl StreamId {
    /// `None` for 65,535, which is reserved (RFC 8832 section 6).
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number == u16::MAX { None } else { Some(Self(number)) }
    }

    /// The stream id as a number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        number(text).and_then(Self::new)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How hard a channel tries to deliver a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reliability {
    /// Until it has arrived. MSRP needs this (RFC 8873 section 3.1).
    #[default]
    Reliable,
    /// So many retransmissions: `max-retr`.
    Retransmissions(u32),
    /// So many milliseconds: `max-time`.
    Milliseconds(u32),
}

/// The value of `a=dcmap`: a data channel and its properties.
///
/// Read leniently: blanks, names of parameters in any letter case, values with
/// and without quotes, parameters that are not known. Written strictly; any
/// label can be, with what a quoted string cannot hold behind `%` signs.
///
/// ```
/// use msrp_sdp::{Dcmap, Reliability};
///
/// let map: Dcmap = "2 label=\"50%25 done\";subprotocol=\"msrp\"".parse()?;
/// assert_eq!(map.stream().number(), 2);
/// assert_eq!(map.label(), Some("50% done"));
/// assert!(map.is_ordered() && map.reliability() == Reliability::Reliable);
/// assert_eq!(map.to_string(), "2 label=\"50%25 done\";subprotocol=\"msrp\"");
/// # Ok::<(), msrp_sdp::DcmapError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dcmap {
    stream: StreamId,
    label: Option<Box<str>>,
    subprotocol: Option<Box<str>>,
    is_ordered: bool,
    reliability: Reliability,
    priority: u16,
}

/// What the priority of a channel is where it is not said.
const DEFAULT_PRIORITY: u16 = 256;

impl Dcmap {
    /// A channel that is ordered and reliable, with neither label nor
    /// subprotocol.
    #[must_use]
    pub const fn new(stream: StreamId) -> Self {
        Self {
            stream,
            label: None,
            subprotocol: None,
            is_ordered: true,
            reliability: Reliability::Reliable,
            priority: DEFAULT_PRIORITY,
        }
    }

    /// Names the channel.
    #[must_use]
    pub fn with_label(mut self, label: &str) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Names the protocol that is spoken on it, such as `msrp`.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: &str) -> Self {
        self.subprotocol = Some(subprotocol.into());
        self
    }

    /// Says whether messages arrive in the order in which they were sent.
    /// Default: they do.
    #[must_use]
    pub const fn with_order(mut self, is_ordered: bool) -> Self {
        self.is_ordered = is_ordered;
        self
    }

    /// Says how hard it tries. Default: until everything has arrived.
    #[must_use]
    pub const fn with_reliability(mut self, reliability: Reliability) -> Self {
        self.reliability = reliability;
        self
    }

    /// Says how much the channel counts among others. Default 256.
    #[must_use]
    pub const fn with_priority(mut self, priority: u16) -> Self {
        self.priority = priority;
        self
    }

    /// The stream.
    #[must_use]
    pub const fn stream(&self) -> StreamId {
        self.stream
    }

    /// The name of the channel.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The protocol that is spoken on it.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Whether messages arrive in the order in which they were sent.
    #[must_use]
    pub const fn is_ordered(&self) -> bool {
        self.is_ordered
    }

    /// How hard it tries to deliver a message.
    #[must_use]
    pub const fn reliability(&self) -> Reliability {
        self.reliability
    }

    /// How much the channel counts among others.
    #[must_use]
    pub const fn priority(&self) -> u16 {
        self.priority
    }

    /// Takes a parameter that is known; others are passed over.
    fn set(&mut self, known: Known, value: &str) -> Option<()> {
        match known {
            Known::Label => self.label = Some(unescaped(value)?),
            Known::Subprotocol => self.subprotocol = Some(unescaped(value)?),
            Known::Ordered => self.is_ordered = truth(value)?,
            Known::MaxRetr => self.reliability = Reliability::Retransmissions(number(value)?),
            Known::MaxTime => self.reliability = Reliability::Milliseconds(number(value)?),
            Known::Priority => self.priority = number(value)?,
        }
        Some(())
    }
}

/// The parameters that are known.
#[derive(Clone, Copy)]
enum Known {
    Label,
    Subprotocol,
    Ordered,
    MaxRetr,
    MaxTime,
    Priority,
}

impl Known {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Label, "label"),
        (Self::Subprotocol, "subprotocol"),
        (Self::Ordered, "ordered"),
        (Self::MaxRetr, "max-retr"),
        (Self::MaxTime, "max-time"),
        (Self::Priority, "priority"),
    ];
}

impl FromStr for Dcmap {
    type Err = DcmapError;

    fn from_str(text: &str) -> Result<Self, DcmapError> {
        if text.contains(|letter: char| letter.is_ascii_control() && letter != '\t') {
            return Err(DcmapError::Malformed);
        }
        let text = text.trim_matches(is_blank);
        let (stream, mut rest) = text.split_once(is_blank).unwrap_or((text, ""));
        let mut map = Self::new(StreamId::read(stream).ok_or(DcmapError::Stream)?);
        let mut is_seen = [false; Known::ALL.len()];
        while !rest.is_empty() {
            let (name, value, behind) = parameter(rest)?;
            rest = behind;
            let known = Known::ALL.into_iter().zip(&mut is_seen);
            let mut named = known.filter(|((_, known), _)| known.eq_ignore_ascii_case(name));
            let Some(((known, name), is_seen)) = named.next() else { continue };
            if std::mem::replace(is_seen, true) {
                return Err(DcmapError::Repeated(name));
            }
            map.set(known, value).ok_or(DcmapError::Value(name))?;
        }
        let [.., has_retransmissions, has_time, _] = is_seen;
        if has_retransmissions && has_time {
            return Err(DcmapError::RetransmissionsAndTime);
        }
        Ok(map)
    }
}

/// A name, its value and what is behind the semicolon after it. A parameter
/// without an equals sign has the empty value.
fn parameter(text: &str) -> Result<(&str, &str, &str), DcmapError> {
    let end = text.find([';', '=']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = name.trim_matches(is_blank);
    let Some(rest) = rest.strip_prefix('=') else {
        return Ok((name, "", rest.strip_prefix(';').unwrap_or_default()));
    };
    let rest = rest.trim_start_matches(is_blank);
    let Some(quoted) = rest.strip_prefix('"') else {
        let (value, behind) = rest.split_once(';').unwrap_or((rest, ""));
        return Ok((name, value.trim_end_matches(is_blank), behind));
    };
    let (value, rest) = quoted.split_once('"').ok_or(DcmapError::Malformed)?;
    match rest.trim_start_matches(is_blank) {
        "" => Ok((name, value, "")),
        rest => {
            rest.strip_prefix(';').map(|behind| (name, value, behind)).ok_or(DcmapError::Malformed)
        }
    }
}

/// The text with its escapes undone, where that is UTF-8. A percent sign
/// without two digits stands for itself.
fn unescaped(text: &str) -> Option<Box<str>> {
    String::from_utf8(percent_decode_str(text).collect()).ok().map(String::into_boxed_str)
}

fn truth(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find_map(|(word, truth)| word.eq_ignore_ascii_case(text).then_some(truth))
}

const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}

impl fmt::Display for Dcmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)?;
        let mut separator = ' ';
        let mut parameter = |name: &str, value: &dyn fmt::Display| {
            let result = write!(f, "{separator}{name}={value}");
            separator = ';';
            result
        };
        if let Some(label) = &self.label {
            parameter("label", &Quoted(label))?;
        }
        if let Some(subprotocol) = &self.subprotocol {
            parameter("subprotocol", &Quoted(subprotocol))?;
        }
        if !self.is_ordered {
            parameter("ordered", &false)?;
        }
        match self.reliability {
            Reliability::Reliable => {}
            Reliability::Retransmissions(count) => parameter("max-retr", &count)?,
            Reliability::Milliseconds(time) => parameter("max-time", &time)?,
        }
        if self.priority != DEFAULT_PRIORITY {
            parameter("priority", &self.priority)?;
        }
        Ok(())
    }
}

/// A text between quotes, all of it that is not visible US-ASCII escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for octet in self.0.bytes() {
            match octet {
                b'"' | b'%' => write!(f, "%{octet:02X}")?,
                b' '..=b'~' => f.write_char(char::from(octet))?,
                _ => write!(f, "%{octet:02X}")?,
            }
        }
        f.write_char('"')
    }
}
