//! `a=sctp-port` and `a=max-message-size` (RFC 8841 sections 5 and 6).

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use msrp::Framing;

use crate::token::is_blank;
use crate::{Error, ErrorKind, digits};

/// Reads `a=sctp-port`: the port of the association within DTLS, which is not that of
/// the `m=` line.
pub(super) fn sctp_port(value: &str) -> Result<u16, Error> {
    number(value).ok_or_else(|| {
        let error = Error::of("sctp-port", ErrorKind::Malformed);
        error.with_expected("a number from 0 to 65535").within(value, value)
    })
}

/// The value of `a=max-message-size`: the most octets of one SCTP message that its side
/// accepts. The default, without the attribute, is 64 KiB.
///
/// ```
/// use msrp::Framing;
/// use msrp_sdp::data_channel::MaxMessageSize;
///
/// let size: MaxMessageSize = "100000".parse()?;
/// assert_eq!(size.octets(), Some(100_000));
/// // This side has a limit of its own, as it holds whole messages.
/// assert_eq!(size.framing(65_536), Some(Framing::Message { max_octets: 65_536 }));
///
/// assert_eq!("0".parse::<MaxMessageSize>()?.octets(), None);
/// assert_eq!(MaxMessageSize::default().octets(), Some(65_536));
/// # Ok::<(), msrp_sdp::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaxMessageSize(Option<NonZeroU64>);

impl MaxMessageSize {
    /// No limit, written as 0.
    pub const UNLIMITED: Self = Self(None);

    /// A limit in octets. Zero is [`MaxMessageSize::UNLIMITED`].
    #[must_use]
    pub const fn new(octets: u64) -> Self {
        Self(NonZeroU64::new(octets))
    }

    /// The limit in octets; `None` without one.
    #[must_use]
    pub fn octets(self) -> Option<u64> {
        self.0.map(NonZeroU64::get)
    }

    /// How a [`Connection`](msrp::Connection) sends to a peer with this limit (RFC 8873
    /// section 5.4): in messages of at most `most` octets, or fewer if the peer accepts
    /// fewer. `None` if that is less than [`Framing::MIN_MESSAGE`], which leaves no room
    /// for the head of a chunk.
    #[must_use]
    pub fn framing(self, most: usize) -> Option<Framing> {
        let peers = self.octets().and_then(|octets| usize::try_from(octets).ok());
        let max_octets = peers.unwrap_or(usize::MAX).min(most);
        (max_octets >= Framing::MIN_MESSAGE).then_some(Framing::Message { max_octets })
    }
}

impl Default for MaxMessageSize {
    fn default() -> Self {
        Self::new(64 * 1024)
    }
}

impl FromStr for MaxMessageSize {
    type Err = Error;

    fn from_str(value: &str) -> Result<Self, Error> {
        number(value).map(Self::new).ok_or_else(|| {
            let error = Error::of("max-message-size", ErrorKind::Malformed);
            error.with_expected("a number of octets").within(value, value)
        })
    }
}

impl fmt::Display for MaxMessageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.octets().unwrap_or(0).fmt(f)
    }
}

/// A number, with or without blanks around it.
pub(super) fn number<N: FromStr>(text: &str) -> Option<N> {
    digits::exact(text.trim_matches(is_blank))
}
