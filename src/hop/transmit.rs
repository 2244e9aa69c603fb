//! Octets to write to the transport.

use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Octets to write to the transport: all of them, in order.
///
/// A [`bytes::Buf`] of up to three slices: heads and small bodies in one, a slice
/// of a large body without a copy, and an end-line. [`Buf::chunks_vectored`] fills
/// the slices of a vectored write.
///
/// The next call of `poll_transmit` confirms that this one has left: the deadlines of
/// its transactions start then, unless
/// [`Connection::transport_holds`](crate::Connection::transport_holds) says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "octets that are not written are missing from the stream"]
pub struct Transmit {
    head: Bytes,
    body: Bytes,
    tail: Bytes,
}

impl Transmit {
    pub(crate) const fn new(head: Bytes, body: Bytes, tail: Bytes) -> Self {
        Self { head, body, tail }
    }

    const fn parts(&self) -> [&Bytes; 3] {
        [&self.head, &self.body, &self.tail]
    }
}

impl Buf for Transmit {
    fn remaining(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.parts().into_iter().find(|part| !part.is_empty()).map_or(&[], |part| &part[..])
    }

    /// Stops at the end if `count` exceeds what remains.
    fn advance(&mut self, mut count: usize) {
        for part in [&mut self.head, &mut self.body, &mut self.tail] {
            let step = count.min(part.len());
            part.advance(step);
            count -= step;
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let parts = self.parts().into_iter().filter(|part| !part.is_empty());
        let mut filled = 0;
        for (slot, part) in slices.iter_mut().zip(parts) {
            *slot = IoSlice::new(part);
            filled += 1;
        }
        filled
    }
}
