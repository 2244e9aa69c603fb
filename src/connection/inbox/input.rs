//! The buffer that the input lies in, of which pieces are slices.

/// The buffer that the input lies in.
///
/// A piece that is a slice keeps the whole buffer in memory. Few octets of a large
/// buffer are therefore copied, and a slice is kept where it is at least half of it.
#[derive(Debug, Default)]
pub(in crate::connection) struct InputBuffer {
    /// The octets of its allocation, as far as that is known.
    size: usize,
    /// What was left of it after the last call.
    left: usize,
}

impl InputBuffer {
    /// A call begins with so much capacity. More than was left is another allocation.
    pub(in crate::connection) const fn begin(&mut self, capacity: usize) {
        if capacity > self.left {
            self.size = capacity;
        }
    }

    /// The call leaves so much capacity.
    pub(in crate::connection) const fn end(&mut self, capacity: usize) {
        self.left = capacity;
    }

    /// Whether a slice of so many octets may keep the buffer.
    pub(super) const fn is_worth(&self, len: usize) -> bool {
        len >= self.size / 2
    }
}
