//! Memory that a burst leaves behind.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash};

use bytes::BytesMut;

/// Tables of up to so many entries keep their memory for the next ones.
const FEW: usize = 256;

/// Buffers of up to so many octets keep theirs.
const FEW_OCTETS: usize = 16 * 1024;

/// A table or buffer that can give back memory.
pub(crate) trait Spare {
    /// Gives back the memory of a table that has become empty after many entries, or of a
    /// buffer after many octets.
    fn give_back(&mut self);
}

impl<T> Spare for VecDeque<T> {
    fn give_back(&mut self) {
        if self.is_empty() && self.capacity() > FEW {
            *self = Self::new();
        }
    }
}

impl<K: Eq + Hash, V, S: BuildHasher> Spare for HashMap<K, V, S> {
    fn give_back(&mut self) {
        if self.is_empty() {
            // Its capacity would not count the places of entries that were removed.
            self.shrink_to(FEW / 2);
        }
    }
}

impl Spare for BytesMut {
    fn give_back(&mut self) {
        if self.is_empty() && self.capacity() > FEW_OCTETS {
            *self = Self::new();
        }
    }
}
