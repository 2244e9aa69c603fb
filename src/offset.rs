//! Places in a message.
#![deny(clippy::arithmetic_side_effects)]

/// A zero-based place in a message: the number of octets before it.
///
/// Peers write such numbers, so they are counted with checks alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Offset(u64);

impl Offset {
    /// The start of a message.
    pub(crate) const START: Self = Self(0);

    pub(crate) const fn new(octets: u64) -> Self {
        Self(octets)
    }

    /// The number of octets before this place.
    pub(crate) const fn get(self) -> u64 {
        self.0
    }

    /// The place `octets` further on. `None` if 64 bits cannot count it.
    pub(crate) const fn plus(self, octets: u64) -> Option<Self> {
        match self.0.checked_add(octets) {
            Some(octets) => Some(Self(octets)),
            None => None,
        }
    }

    /// The octets from `start` to here. `None` if `start` lies after this place.
    pub(crate) const fn since(self, start: Self) -> Option<u64> {
        self.0.checked_sub(start.0)
    }
}
