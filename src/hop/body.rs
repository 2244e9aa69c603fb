//! The queued octets of an outgoing message.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

/// The octets of a message that the application has provided and the transport
/// has not yet taken.
#[derive(Debug, Default)]
pub(crate) struct BodyQueue {
    pieces: VecDeque<Bytes>,
    len: usize,
    finished: bool,
}

impl BodyQueue {
    pub(crate) fn whole(body: Bytes) -> Self {
        let mut queue = Self { finished: true, ..Self::default() };
        queue.push(body);
        queue
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push_back(piece);
        }
    }

    pub(crate) const fn finish(&mut self) {
        self.finished = true;
    }

    pub(crate) const fn is_finished(&self) -> bool {
        self.finished
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Octets that may leave now. The last one waits until it is known whether
    /// more follow, since the continuation flag of its chunk depends on it.
    /// Otherwise an interrupted message could end in an empty chunk, and only an
    /// empty Byte-Range that starts at 1 exists (RFC 4975 section 7.1.1).
    pub(crate) const fn available(&self) -> usize {
        if self.finished { self.len } else { self.len.saturating_sub(1) }
    }

    /// Takes at most `max` octets off the front, without copying.
    pub(crate) fn take(&mut self, max: usize) -> Bytes {
        let max = max.min(self.available());
        let Some(front) = self.pieces.front_mut() else { return Bytes::new() };
        let piece = if front.len() <= max {
            self.pieces.pop_front().unwrap_or_default()
        } else {
            front.split_to(max)
        };
        self.len -= piece.len();
        piece
    }

    /// Takes up to `max` octets off the front as one piece. It copies them only if
    /// they are in several pieces.
    pub(crate) fn take_joined(&mut self, max: usize) -> Bytes {
        let first = self.take(max);
        if first.len() == max || self.available() == 0 {
            return first;
        }
        let mut joined = BytesMut::from(&first[..]);
        while joined.len() < max && self.available() > 0 {
            let piece = self.take(max - joined.len());
            joined.put_slice(&piece);
        }
        joined.freeze()
    }

    /// Puts back the last octets of what [`BodyQueue::take`] returned.
    pub(crate) fn put_back(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push_front(piece);
        }
    }

    pub(super) fn copy_to(&self, out: &mut BytesMut) {
        for piece in &self.pieces {
            out.put_slice(piece);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self { finished: true, ..Self::default() };
    }
}
