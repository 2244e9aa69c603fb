//! Why octets do not fit.

/// Why a chunk does not fit into its message, or a range into its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReassemblyError {
    /// The message would be larger than the receiver accepts.
    #[error("the message is larger than the limit; answer 413 to stop it, or raise the limit")]
    TooLarge,
    /// There would be more separate ranges than the receiver tracks.
    #[error("there are too many gaps; answer 413 to stop the message, or raise the limit")]
    TooManyGaps,
    /// An octet lies past the end of the message.
    #[error("the chunk goes past the end of the message; answer 400")]
    PastEnd,
    /// Two chunks with the flag `$` end at different places.
    #[error("two last chunks disagree about the size of the message; answer 400")]
    TotalMismatch,
}
