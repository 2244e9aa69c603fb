//! The error of reassembly.

/// Why a chunk does not fit into its message, or a range into its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReassemblyError {
    /// The message is larger than the receiver accepts.
    #[error(
        "the message is larger than the limit; respond with 413 to stop it, or raise the limit"
    )]
    TooLarge,
    /// The message has more separate ranges than the receiver tracks.
    #[error("the message has too many gaps; respond with 413 to stop it, or raise the limit")]
    TooManyGaps,
    /// An octet lies past the end of the message.
    #[error("the chunk ends past the end of the message; respond with 400")]
    PastEnd,
    /// Two chunks with the flag `$` end at different offsets.
    #[error("two last chunks disagree about the size of the message; respond with 400")]
    TotalMismatch,
}
