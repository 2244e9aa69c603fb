//! The octets of a message, for the one who reads it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use msrp::{Received, StatusCode, UnknownKey};
use tokio::io::ReadBuf;

use super::error::MessageError;
use super::save::{Saving, Steps};
use crate::link::{Arrival, Handle, Step};

/// The most octets that wait for those before them. A sender of chunks in another order
/// than that of their octets can make a reader keep this much.
const MAX_AHEAD: usize = 4 * 1024 * 1024;

/// Octets of a message, at their place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Zero-based offset of the first octet.
    pub offset: u64,
    /// The octets.
    pub octets: Bytes,
}

/// Takes the octets of a message from its link.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) handle: Arc<Handle>,
    pub(super) received: Received,
    /// Octets that wait for those before them.
    ahead: BTreeMap<u64, Bytes>,
    ahead_octets: usize,
    /// The octets before this were read.
    pub(super) position: u64,
    /// Its size, once it is complete.
    pub(super) end: Option<u64>,
    /// The sender has its REPORT, or gets none.
    is_reported: bool,
    is_saving: bool,
}

impl Reader {
    pub(super) const fn new(handle: Arc<Handle>, received: Received) -> Self {
        Self {
            handle,
            received,
            ahead: BTreeMap::new(),
            ahead_octets: 0,
            position: 0,
            end: None,
            is_reported: false,
            is_saving: false,
        }
    }

    /// Gives what has arrived, and what follows, to a task that saves it.
    pub(super) fn save(&mut self, folder: &Path, gathered: Vec<u8>) -> Saving {
        let mut read = std::mem::take(&mut self.ahead);
        self.ahead_octets = 0;
        read.insert(0, gathered.into());
        // Until the file is safe, the message does not count as read.
        self.is_saving = true;
        let (handle, received) = (Arc::clone(&self.handle), self.received.clone());
        Saving::start(Steps { handle, received }, folder, read)
    }

    pub(super) fn look<T>(&self, at: impl FnOnce(&Arrival) -> T) -> Option<T> {
        self.handle.link.take(|state| state.arrival(self.received.key()).map(at))
    }

    pub(super) fn poll_piece(
        &mut self,
        cx: &Context<'_>,
    ) -> Poll<Result<Option<Piece>, MessageError>> {
        if self.end.is_some() {
            return Poll::Ready(Ok(None));
        }
        let key = self.received.key();
        match ready!(self.handle.link.take(|state| state.poll_step(key, cx))) {
            Step::Piece(offset, octets) => Poll::Ready(Ok(Some(Piece { offset, octets }))),
            Step::Complete(total) => {
                self.end = Some(total);
                self.report(total);
                Poll::Ready(Ok(None))
            }
            Step::Failed(reason) => {
                let id = *self.received.message_id();
                Poll::Ready(Err(MessageError::Failed { id, reason }))
            }
        }
    }

    /// The next octets in order; `None` at the end.
    pub(super) fn poll_chunk(
        &mut self,
        cx: &Context<'_>,
    ) -> Poll<Result<Option<Bytes>, MessageError>> {
        loop {
            if let Some(octets) = self.next_in_order() {
                return Poll::Ready(Ok(Some(octets)));
            }
            let Some(Piece { offset, octets }) = ready!(self.poll_piece(cx))? else {
                let is_whole = self.end == Some(self.position);
                let end = if is_whole { Ok(None) } else { Err(MessageError::OutOfOrder) };
                return Poll::Ready(end);
            };
            self.ahead_octets += octets.len();
            if let Some(earlier) = self.ahead.insert(offset, octets) {
                self.ahead_octets -= earlier.len();
            }
            if self.ahead_octets > MAX_AHEAD && !self.has_next() {
                self.stop();
                return Poll::Ready(Err(MessageError::OutOfOrder));
            }
        }
    }

    fn has_next(&self) -> bool {
        self.ahead.first_key_value().is_some_and(|(offset, _)| *offset <= self.position)
    }

    /// Octets at the position, without those that were read.
    fn next_in_order(&mut self) -> Option<Bytes> {
        while self.has_next() {
            let (offset, mut octets) = self.ahead.pop_first()?;
            self.ahead_octets -= octets.len();
            let read = usize::try_from(self.position - offset).unwrap_or(usize::MAX);
            octets.advance(read.min(octets.len()));
            if !octets.is_empty() {
                self.position += octets.len() as u64;
                return Some(octets);
            }
        }
        None
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), MessageError>> {
        let Some(mut octets) = ready!(self.poll_chunk(cx))? else { return Poll::Ready(Ok(())) };
        let len = octets.len().min(buffer.remaining());
        buffer.put_slice(&octets.split_to(len));
        if !octets.is_empty() {
            self.position -= octets.len() as u64;
            self.ahead_octets += octets.len();
            self.ahead.insert(self.position, octets);
        }
        Poll::Ready(Ok(()))
    }

    fn report(&mut self, total: u64) {
        if !self.is_reported {
            self.is_reported = self.handle.link.with(|state| state.report(&self.received, total));
        }
    }

    /// Stops the sender.
    pub(super) fn stop(&mut self) {
        // The message may have failed in the meantime.
        let _ = self.refuse(StatusCode::STOP_SENDING);
    }

    pub(super) fn refuse(&mut self, status: StatusCode) -> Result<(), UnknownKey> {
        let was_reported = std::mem::replace(&mut self.is_reported, true);
        let (received, end) = (&self.received, self.end);
        self.handle.link.with(|state| {
            let total = end.or_else(|| state.arrival(received.key())?.total());
            state.refuse_message(received, status, total.filter(|_| !was_reported))
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let reports = !self.is_reported && !self.is_saving;
        self.handle.link.with(|state| state.drop_message(self.received.key(), reports));
    }
}
