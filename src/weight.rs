//! What kept things weigh.
//!
//! Every limit in octets counts these weights: the octets of heads and bodies, and a
//! constant for each entry, so that many small things weigh what they take up. Tables
//! and queues grow by doubling, so a process can hold up to twice the weight.

use crate::wire::Head;

/// One entry of a queue or table, with the keys that find it.
pub(crate) const ENTRY: usize = 512;

/// One of the separate runs of octets of a message.
pub(crate) const RUN: usize = 64;

/// A head that is kept, beside its entry.
pub(crate) const fn of_head(head: &Head) -> usize {
    head.octets().len()
}
