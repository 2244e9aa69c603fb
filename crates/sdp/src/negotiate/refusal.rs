//! Why there is no session, and what to do about it.

use thiserror::Error;

use crate::Error;

/// Why there is no session, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The two sides accept no type in common (RFC 4975 section 8.6).
    #[error("the two sides accept no media type in common")]
    NoCommonType,
    /// Neither side accepts connections (RFC 6135 sections 4.2.2 and 5), or the one that
    /// does gives no address to connect to.
    #[error("neither side can be reached: one needs a relay or a public address")]
    Unreachable,
    /// The answer leaves open which side connects (RFC 4145 section 4.1).
    #[error("the answer says setup:actpass, which only an offer may")]
    NoRole,
    /// The first URI of the peer's path has another transport than TCP, such as that
    /// of a browser without its relay (RFC 7977 section 5.1).
    #[error("the first URI of the peer's path has a transport other than TCP")]
    Transport,
    /// Only one side has a data channel, and no gateway with CEMA stands between the
    /// two (RFC 8873 section 6).
    #[error("only one side has a data channel, and there is no gateway with CEMA")]
    DataChannel,
    /// Only the offerer wants TLS (RFC 4975 section 14.2).
    #[error("the offer wants TLS and the answerer has none")]
    NotSecure,
    /// Only the answerer wants TLS. An answer has the transport of its offer (RFC 3264
    /// section 6).
    #[error("the offer is without TLS and the answerer wants it")]
    OtherProtocol,
    /// The `m=` line, the path and the fingerprint of one side disagree about TLS:
    /// somebody may have changed one of them.
    #[error("the m= line, the path and the fingerprint of one side disagree about TLS")]
    Contradiction,
    /// A middlebox without CEMA is in the way (RFC 6714 sections 4.2 and 4.3).
    #[error("a middlebox that does not support CEMA is in the way")]
    Middlebox {
        /// Whether this side is the offerer, which offers again without CEMA.
        offered: bool,
    },
    /// The offer is about a file (RFC 5547), and this side does not expect one:
    /// [`Local::accept_file`], [`Local::send_file`].
    ///
    /// [`Local::accept_file`]: crate::Local::accept_file
    /// [`Local::send_file`]: crate::Local::send_file
    #[error("the offer is about a file, which this side does not expect")]
    File,
    /// This side expects a file, and the other side's description has none.
    #[error("the other side's description has no file")]
    NoFile,
    /// Both sides want to send the file, or neither (RFC 5547 section 8).
    #[error("one side must send the file and the other one receive it")]
    FileDirection,
    /// The two sides mean different files, or different transfers.
    #[error("the two sides mean different files or transfers")]
    OtherFile,
    /// The file does not have this range, or the answer has another one (RFC 5547
    /// section 8.3).
    #[error("the range of the file is unavailable")]
    OtherRange,
    /// The offer of a file has no file-transfer-id (RFC 5547 section 8.1).
    #[error("the file has no file-transfer-id")]
    NoTransferId,
    /// The file is larger than its receiver accepts (RFC 5547 section 8.7).
    #[error("the receiver accepts at most {max} octets")]
    FileTooLarge {
        /// The most octets.
        max: u64,
    },
    /// No description can say what this side brings.
    #[error(transparent)]
    Local(#[from] Error),
}

/// What to do about a [`Refusal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// Answer the section with [`refuse`](crate::refuse); if it is the only one,
    /// answer 488 (Not Acceptable Here) instead. After an answer: offer the section
    /// again with port 0, or end the call.
    Refuse,
    /// Send [`Offer::without_cema`](crate::Offer::without_cema) (RFC 6714 section
    /// 4.2), or end the call.
    OfferWithoutCema,
    /// Correct what this side brings.
    Correct,
}

impl Refusal {
    /// The name of its kind, for logs and scripts, such as `no-common-type`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoCommonType => "no-common-type",
            Self::Unreachable => "unreachable",
            Self::NoRole => "no-role",
            Self::Transport => "transport",
            Self::DataChannel => "data-channel",
            Self::NotSecure => "not-secure",
            Self::OtherProtocol => "other-protocol",
            Self::Contradiction => "contradiction",
            Self::Middlebox { .. } => "middlebox",
            Self::File => "file",
            Self::NoFile => "no-file",
            Self::FileDirection => "file-direction",
            Self::OtherFile => "other-file",
            Self::OtherRange => "other-range",
            Self::NoTransferId => "no-transfer-id",
            Self::FileTooLarge { .. } => "file-too-large",
            Self::Local(_) => "local",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::Middlebox { offered: true } => Remedy::OfferWithoutCema,
            Self::Local(_) => Remedy::Correct,
            Self::NoCommonType
            | Self::Unreachable
            | Self::NoRole
            | Self::Transport
            | Self::DataChannel
            | Self::NotSecure
            | Self::OtherProtocol
            | Self::Contradiction
            | Self::Middlebox { offered: false }
            | Self::File
            | Self::NoFile
            | Self::FileDirection
            | Self::OtherFile
            | Self::OtherRange
            | Self::NoTransferId
            | Self::FileTooLarge { .. } => Remedy::Refuse,
        }
    }
}
