//! What a hop carries for the floor above it.

use std::fmt::Debug;
use std::hash::Hash;

use bytes::BytesMut;

use crate::wire::{ByteRange, EncodeError, FailureReport, TransactionId};

/// The owner of a hop: an endpoint, or a relay.
pub(crate) trait Owner: Debug {
    /// Whose messages take turns: a session, or the previous hop.
    type Source: Copy + Debug + Ord + Hash;
    /// One message that leaves, or a chunk that is passed on.
    type Message: Copy + Debug + Ord;
    /// What is done with the response to a request.
    type Purpose: Debug;
    /// Where the heads of a message's chunks come from.
    type Heading: Heading<Self>;
}

/// What the heads of a message's chunks say, apart from their Byte-Range.
pub(crate) trait Heading<O: Owner + ?Sized>: Debug {
    /// Writes the head of a chunk whose body follows.
    fn write(
        &self,
        out: &mut BytesMut,
        id: &TransactionId,
        range: ByteRange,
    ) -> Result<(), EncodeError>;

    fn failure_report(&self) -> FailureReport;

    /// What the responses to the chunks of this message are for.
    fn purpose(&self, message: O::Message) -> O::Purpose;
}
