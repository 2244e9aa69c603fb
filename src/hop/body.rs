//! The queued octets of an outgoing message.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

/// Pieces up to this size are joined.
const SMALL_PIECE: usize = 1024;

/// The most octets of a piece that is joined from small ones.
const JOINED: usize = 4096;

/// The octets of a message that the application has provided and the transport
/// has not yet taken.
#[derive(Debug, Default)]
pub(crate) struct BodyQueue {
    pieces: VecDeque<Bytes>,
    /// The last octets, joined from small pieces.
    joined: BytesMut,
    len: usize,
    finished: bool,
}

impl BodyQueue {
    pub(crate) fn whole(body: Bytes) -> Self {
        let mut queue = Self { finished: true, ..Self::default() };
        queue.add(body);
        queue
    }

    /// Adds octets. Small pieces are joined, which copies them: kept apart, each would
    /// hold several times its size, and the buffer that it was cut from.
    pub(crate) fn push(&mut self, piece: Bytes) {
        if piece.len() > SMALL_PIECE {
            self.end_joined();
            self.add(piece);
        } else {
            if self.joined.len() + piece.len() > JOINED {
                self.end_joined();
            }
            self.len += piece.len();
            self.joined.put_slice(&piece);
        }
    }

    fn add(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push_back(piece);
        }
    }

    /// No more octets are joined to the last piece.
    fn end_joined(&mut self) {
        if !self.joined.is_empty() {
            self.pieces.push_back(self.joined.split().freeze());
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
        if self.pieces.is_empty() {
            let piece = self.joined.split_to(max.min(self.joined.len())).freeze();
            self.len -= piece.len();
            return piece;
        }
        let Some(front) = self.pieces.front_mut() else { return Bytes::new() };
        let piece = if front.len() <= max {
            self.pieces.pop_front().unwrap_or_default()
        } else {
            let piece = front.split_to(max);
            if front.len() <= SMALL_PIECE {
                // The rest would hold the buffer that both were cut from.
                *front = Bytes::copy_from_slice(front);
            }
            piece
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
        out.put_slice(&self.joined);
    }

    pub(super) fn clear(&mut self) {
        *self = Self { finished: true, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_octet_that_waits_does_not_hold_the_buffer() {
        let mut queue = BodyQueue::default();
        queue.push(Bytes::from(vec![7; 65_536]));
        let taken = queue.take(usize::MAX);
        assert_eq!((taken.len(), queue.len()), (65_535, 1));
        assert!(taken.is_unique());
    }

    #[test]
    fn octets_written_one_at_a_time_hold_little_more_than_their_size() {
        let mut queue = BodyQueue::default();
        let read = Bytes::from(vec![7; 65_536]);
        for at in 0..262_144 {
            queue.push(read.slice(at % 65_536..=at % 65_536));
        }
        drop(read);
        let held = queue.joined.capacity() + queue.pieces.capacity() * size_of::<Bytes>();
        assert!(queue.pieces.len() <= 262_144 / JOINED);
        assert!(held < 3 * JOINED + 4096, "{held}");
        assert_eq!((queue.len(), queue.take(usize::MAX).len()), (262_144, JOINED));
    }
}
