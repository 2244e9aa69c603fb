//! `a=dcmap`: a data channel and its properties (RFC 8864 section 5.1).

use std::fmt::{self, Write};
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::sctp::number;
use crate::named::named;
use crate::token::is_blank;
use crate::{Error, ErrorKind};

/// The SCTP stream of a data channel, the same in both directions: 0 to 65,534.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(u16);

impl StreamId {
    /// The stream of this number. `None` for 65,535, which is reserved (RFC 8832
    /// section 6).
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number == u16::MAX { None } else { Some(Self(number)) }
    }

    /// The stream id as a number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        number(text).and_then(Self::new)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How long a channel tries to deliver a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reliability {
    /// Until it arrives. MSRP needs this (RFC 8873 section 3.1).
    #[default]
    Reliable,
    /// For this number of retransmissions: `max-retr`.
    Retransmissions(u32),
    /// For this number of milliseconds: `max-time`.
    Milliseconds(u32),
}

/// The value of `a=dcmap`: a data channel and its properties.
///
/// Read leniently: with extra blanks, names of parameters in any letter case, values
/// with and without quotes, and unknown parameters. Written strictly: what a quoted
/// string cannot hold is percent-encoded.
///
/// ```
/// use msrp_sdp::data_channel::{Dcmap, Reliability};
///
/// let map: Dcmap = "2 label=\"50%25 done\";subprotocol=\"msrp\"".parse()?;
/// assert_eq!(map.stream().number(), 2);
/// assert_eq!(map.label(), Some("50% done"));
/// assert!(map.is_ordered() && map.reliability() == Reliability::Reliable);
/// assert_eq!(map.to_string(), "2 label=\"50%25 done\";subprotocol=\"msrp\"");
/// # Ok::<(), msrp_sdp::Error>(())
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

/// The priority of a channel whose `dcmap` names none.
const DEFAULT_PRIORITY: u16 = 256;

impl Dcmap {
    /// An ordered and reliable channel, without label and subprotocol.
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

    /// Sets the name of the channel.
    #[must_use]
    pub fn with_label(mut self, label: &str) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the protocol on the channel, such as `msrp`.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: &str) -> Self {
        self.subprotocol = Some(subprotocol.into());
        self
    }

    /// Sets whether messages arrive in the order in which they were sent. Default: they
    /// do.
    #[must_use]
    pub const fn with_order(mut self, is_ordered: bool) -> Self {
        self.is_ordered = is_ordered;
        self
    }

    /// Sets how long it tries to deliver a message. Default: until it arrives.
    #[must_use]
    pub const fn with_reliability(mut self, reliability: Reliability) -> Self {
        self.reliability = reliability;
        self
    }

    /// Sets the priority among the channels. Default: 256.
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

    /// The protocol on the channel.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Whether messages arrive in the order in which they were sent.
    #[must_use]
    pub const fn is_ordered(&self) -> bool {
        self.is_ordered
    }

    /// How long it tries to deliver a message.
    #[must_use]
    pub const fn reliability(&self) -> Reliability {
        self.reliability
    }

    /// The priority among the channels.
    #[must_use]
    pub const fn priority(&self) -> u16 {
        self.priority
    }

    fn set(&mut self, parameter: Parameter, value: &str) -> Option<()> {
        match parameter {
            Parameter::Label => self.label = Some(unescaped(value)?),
            Parameter::Subprotocol => self.subprotocol = Some(unescaped(value)?),
            Parameter::Ordered => self.is_ordered = truth(value)?,
            Parameter::MaxRetr => self.reliability = Reliability::Retransmissions(number(value)?),
            Parameter::MaxTime => self.reliability = Reliability::Milliseconds(number(value)?),
            Parameter::Priority => self.priority = number(value)?,
        }
        Some(())
    }
}

named! {
    /// A parameter of a `dcmap`.
    enum Parameter ("parameter" of "dcmap", any case) {
        Label = "label",
        Subprotocol = "subprotocol",
        Ordered = "ordered",
        MaxRetr = "max-retr",
        MaxTime = "max-time",
        Priority = "priority",
    }
}

/// Unknown parameters are ignored.
impl FromStr for Dcmap {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fault = |kind, place| Error::of(ATTRIBUTE, kind).within(text, place);
        if text.contains(|letter: char| letter.is_ascii_control() && letter != '\t') {
            return Err(fault(ErrorKind::Malformed, text).with_expected("no control characters"));
        }
        let value = text.trim_matches(is_blank);
        let (stream, mut rest) = value.split_once(is_blank).unwrap_or((value, ""));
        let mut map = Self::new(StreamId::parse(stream).ok_or_else(|| {
            let error = fault(ErrorKind::Malformed, stream).with_part("stream id");
            error.with_expected("0 to 65534")
        })?);
        let mut seen = Vec::with_capacity(Parameter::ALL.len());
        while !rest.is_empty() {
            let (name, value, after) = parameter(rest).map_err(|error| error.within(text, rest))?;
            rest = after;
            let Ok(parameter) = name.parse::<Parameter>() else { continue };
            if seen.contains(&parameter) {
                return Err(fault(ErrorKind::Duplicate, name).with_part(parameter.as_str()));
            }
            seen.push(parameter);
            map.set(parameter, value)
                .ok_or_else(|| fault(ErrorKind::Malformed, value).with_part(parameter.as_str()))?;
        }
        if seen.contains(&Parameter::MaxRetr) && seen.contains(&Parameter::MaxTime) {
            let error = Error::of(ATTRIBUTE, ErrorKind::Conflict);
            return Err(error.with_part("max-retr and max-time"));
        }
        Ok(map)
    }
}

const ATTRIBUTE: &str = "dcmap";

/// A name, its value and what follows the semicolon after it. A parameter without an
/// equals sign has the empty value.
fn parameter(text: &str) -> Result<(&str, &str, &str), Error> {
    let end = text.find([';', '=']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = name.trim_matches(is_blank);
    let Some(rest) = rest.strip_prefix('=') else {
        return Ok((name, "", rest.strip_prefix(';').unwrap_or_default()));
    };
    let rest = rest.trim_start_matches(is_blank);
    let Some(quoted) = rest.strip_prefix('"') else {
        let (value, after) = rest.split_once(';').unwrap_or((rest, ""));
        return Ok((name, value.trim_end_matches(is_blank), after));
    };
    let unclosed = || Error::of(ATTRIBUTE, ErrorKind::UnclosedQuote).within(text, rest);
    let (value, rest) = quoted.split_once('"').ok_or_else(unclosed)?;
    let rest = rest.trim_start_matches(is_blank);
    match rest.strip_prefix(';') {
        Some(after) => Ok((name, value, after)),
        None if rest.is_empty() => Ok((name, value, "")),
        None => {
            let error = Error::of(ATTRIBUTE, ErrorKind::Malformed).within(text, rest);
            Err(error.with_expected("a semicolon between parameters"))
        }
    }
}

/// The text without percent-encoding, if that is UTF-8. A percent sign without two
/// digits stands for itself.
fn unescaped(text: &str) -> Option<Box<str>> {
    String::from_utf8(percent_decode_str(text).collect()).ok().map(String::into_boxed_str)
}

fn truth(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find_map(|(word, truth)| word.eq_ignore_ascii_case(text).then_some(truth))
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

/// A text between quotes, with percent-encoding for all but visible US-ASCII.
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
