//! Memory that a burst leaves behind.

use std::collections::{HashMap, VecDeque};

/// Tables of up to so many entries keep their memory for the next ones.
const FEW: usize = 256;

/// A table that can give back memory.
pub(crate) trait Spare {
    /// Gives back the memory of a table that has become empty after many entries.
    fn give_back(&mut self);
}

impl<T> Spare for VecDeque<T> {
    fn give_back(&mut self) {
        if self.is_empty() && self.capacity() > FEW {
            *self = Self::new();
        }
    }
}

impl<K, V> Spare for HashMap<K, V> {
    fn give_back(&mut self) {
        if self.is_empty() && self.capacity() > FEW {
            *self = Self::new();
        }
    }
}
