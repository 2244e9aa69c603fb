//! `a=sctp-port` and `a=max-message-size` (RFC 8841 sections 5 and 6).

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use thiserror::Error;

use crate::digits;
use msrp::Framing;

/// Why an attribute of the SCTP association cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SctpAttributeError {
    /// The value of `sctp-port` is no number, or above 65,535.
    #[error("an sctp-port is a number from 0 to 65535")]
    Port,
    /// The value of `max-message-size` is no number, or above 2^64 - 1.
    #[error("a max-message-size is a number of octets, or 0 for no limit")]
    MaxMessageSize,
}

/// The value of `a=sctp-port`: the port of the association within DTLS, which
/// is not that of the `m=` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SctpPort(pub u16);

impl FromStr for SctpPort {
    type Err = SctpAttributeError;

    fn from_str(value: &str) -> Result<Self, SctpAttributeError> {
        number(value).map(Self).ok_or(SctpAttributeError::Port)
    }
}

impl fmt::Display for SctpPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The value of `a=max-message-size`: the most octets of one SCTP message that
/// the side which says so takes. By default, where it is not said, 64 KiB.
///
/// ```
/// use msrp::Framing;
/// use msrp_sdp::MaxMessageSize;
///
/// let said: MaxMessageSize = "100000".parse()?;
/// assert_eq!(said.octets(), Some(100_000));
/// // This side holds whole messages, too, and has a limit of its own.
/// assert_eq!(said.framing(65_536), Some(Framing::Message { max_octets: 65_536 }));
///
/// assert_eq!("0".parse::<MaxMessageSize>()?.octets(), None);
/// assert_eq!(MaxMessageSize::default().octets(), Some(65_536));
/// # Ok::<(), msrp_sdp::SctpAttributeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaxMessageSize(Option<NonZeroU64>);

impl MaxMessageSize {
    /// No limit, which is written as 0.
    pub const UNLIMITED: Self = Self(None);

    /// So many octets. Zero is [`MaxMessageSize::UNLIMITED`].
    #[must_use]
    pub const fn new(octets: u64) -> Self {
        Self(NonZeroU64::new(octets))
    }

    /// The limit in octets, where there is one.
    #[must_use]
    pub fn octets(self) -> Option<u64> {
        self.0.map(NonZeroU64::get)
    }

    /// How a [`Connection`](msrp::Connection) sends to a peer that says this
    /// (RFC 8873 section 5.4): in messages of at most `most` octets, or fewer
    /// where the peer takes fewer. `None` where that is less than
    /// [`Framing::MIN_MESSAGE`]: the head of a chunk has no room there.
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
    type Err = SctpAttributeError;

    fn from_str(value: &str) -> Result<Self, SctpAttributeError> {
        number(value).map(Self::new).ok_or(SctpAttributeError::MaxMessageSize)
    }
}

impl fmt::Display for MaxMessageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.octets().unwrap_or(0).fmt(f)
    }
}

/// A number, with blanks around it or without.
pub(super) fn number<N: FromStr>(text: &str) -> Option<N> {
    digits::exact(text.trim_matches([' ', '\t']))
}
