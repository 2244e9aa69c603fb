//! Control frames that wait to leave: complete responses, REPORTs and other short
//! requests.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

use crate::spare::Spare;
use crate::wire::TransactionId;
use crate::wire::scan::{BodyScanner, PrefixFinder, Scanned};

/// Up to so many octets are copied, so that their buffer serves the next frames.
const FEW_OCTETS: usize = 16 * 1024;

/// Control frames that wait to leave, one after the other.
#[derive(Debug, Default)]
pub(super) struct Control {
    frames: BytesMut,
    /// Octets that have left, since the beginning.
    left: u64,
    /// The requests that have a transaction, and where each begins.
    requests: VecDeque<(u64, TransactionId)>,
}

impl Control {
    /// The buffer to which the next frame is written.
    pub(super) const fn buffer(&mut self) -> &mut BytesMut {
        &mut self.frames
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The next frame is a request that has a transaction.
    pub(super) fn begin_request(&mut self, id: TransactionId) {
        self.requests.push_back((self.left.saturating_add(self.frames.len() as u64), id));
    }

    /// Moves every frame to `out`.
    pub(super) fn take_all(&mut self, out: &mut BytesMut) {
        self.left = self.left.saturating_add(self.frames.len() as u64);
        if out.is_empty() && self.frames.len() > FEW_OCTETS {
            *out = std::mem::take(&mut self.frames);
            return;
        }
        out.put_slice(&self.frames);
        self.frames.clear();
        self.frames.give_back();
    }

    /// Takes the first frame.
    pub(super) fn take_frame(&mut self) -> Bytes {
        let frame = self.frames.split_to(first_frame(&self.frames)).freeze();
        self.left = self.left.saturating_add(frame.len() as u64);
        frame
    }

    /// The next request whose octets have been taken.
    pub(super) fn next_taken(&mut self) -> Option<TransactionId> {
        let (start, _) = self.requests.front()?;
        if *start >= self.left {
            return None;
        }
        let (_, id) = self.requests.pop_front()?;
        self.requests.give_back();
        Some(id)
    }

    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.requests.clear();
    }

    /// The number of requests that have a transaction.
    pub(super) fn requests(&self) -> usize {
        self.requests.len()
    }
}

/// The length in octets of the first frame.
fn first_frame(frames: &[u8]) -> usize {
    let id = transaction_of(frames).unwrap_or_default();
    match BodyScanner::new(id).scan(&PrefixFinder::new(), frames) {
        Scanned::End { body, end_line, .. } => (body + end_line).min(frames.len()),
        Scanned::Body(_) => frames.len(),
    }
}

fn transaction_of(frame: &[u8]) -> Option<&[u8]> {
    frame.strip_prefix(b"MSRP ")?.split(|octet| *octet == b' ').next()
}
