//! What a hop carries for its owner.

use std::fmt::Debug;

use bytes::BytesMut;

use crate::wire::{ByteRange, EncodeError, FailureReport, TransactionId};

/// The owner of a hop: an endpoint, or a relay.
pub(crate) trait Owner: Debug {
    /// What takes turns on the connection: a session, or the previous hop.
    type Source: Copy + Debug + Ord;
    /// The key of an outgoing message, or of a chunk that a relay forwards.
    type Message: Copy + Debug + Ord;
    /// What the response to a request is for.
    type Purpose: Debug;
    /// What writes the heads of a message's chunks.
    type Heading: Heading<Self>;

    /// The source of a request, among whose transactions it has its place.
    fn source_of(purpose: &Self::Purpose) -> Option<Self::Source>;

    /// The message of a request, if its place ends with it.
    fn message_of(purpose: &Self::Purpose) -> Option<Self::Message>;
}

/// The content of the heads of a message's chunks, except their Byte-Range.
pub(crate) trait Heading<O: Owner + ?Sized>: Debug {
    /// Writes the head of a chunk whose body follows.
    fn write(
        &self,
        out: &mut BytesMut,
        id: &TransactionId,
        range: ByteRange,
    ) -> Result<(), EncodeError>;

    fn failure_report(&self) -> FailureReport;

    /// What the responses to the chunks of a message are for.
    fn purpose(&self, message: O::Message) -> O::Purpose;
}
