//! What carries a stream: TCP alone, or WebSocket (RFC 6455, RFC 7977).

use bytes::{Buf, BytesMut};
use memchr::memmem;

use super::record::{Arrival, Record};
use super::stream::Stream;
use super::websocket::Frames;

/// The most octets of a head of HTTP.
const MAX_HTTP_HEAD: usize = 16 * 1024;

/// The octets of one direction, and the frames that are found in them.
pub(super) struct Wire {
    layer: Layer,
    stream: Stream,
}

enum Layer {
    /// These octets may begin the handshake of a WebSocket.
    Opening(BytesMut),
    WebSocket(Frames),
    Plain,
}

impl Wire {
    pub(super) fn new() -> Self {
        Self { layer: Layer::Opening(BytesMut::new()), stream: Stream::new() }
    }

    /// A stream whose start was not captured.
    pub(super) fn midway() -> Self {
        Self { layer: Layer::Plain, stream: Stream::midway() }
    }

    pub(super) fn push(&mut self, octets: &[u8]) {
        match &mut self.layer {
            Layer::Plain => self.stream.push(octets),
            Layer::WebSocket(frames) => {
                frames.push(octets, &mut self.stream);
                self.leave_lost_framing();
            }
            Layer::Opening(head) => {
                head.extend_from_slice(octets);
                self.decide();
            }
        }
    }

    /// Ends the opening when its octets tell what it is.
    fn decide(&mut self) {
        let Layer::Opening(head) = &mut self.layer else { return };
        let is_http = [&b"GET "[..], b"HTTP/1."].iter().any(|start| {
            let len = head.len().min(start.len());
            head.get(..len) == start.get(..len)
        });
        let end = memmem::find(head, b"\r\n\r\n").map(|at| at + 4);
        let is_open = end.is_none() && head.len() < MAX_HTTP_HEAD;
        if is_http && is_open {
            return;
        }
        let mut octets = std::mem::take(head);
        self.layer = match end {
            Some(end) if is_http && is_handshake(&octets[..end]) => {
                octets.advance(end);
                Layer::WebSocket(Frames::default())
            }
            _ => Layer::Plain,
        };
        self.push(&octets);
    }

    /// So many octets are missing.
    pub(super) fn skip(&mut self, octets: u64) {
        self.end_opening();
        if let Layer::WebSocket(frames) = &mut self.layer {
            frames.skip(octets);
        }
        self.stream.skip(octets);
        self.leave_lost_framing();
    }

    /// Where the frames of a WebSocket cannot be told apart, the rest is as it is.
    fn leave_lost_framing(&mut self) {
        let Layer::WebSocket(frames) = &mut self.layer else { return };
        if let Some(rest) = frames.lost() {
            self.layer = Layer::Plain;
            self.stream.push(&rest);
        }
    }

    fn end_opening(&mut self) {
        if let Layer::Opening(head) = &mut self.layer {
            let octets = std::mem::take(head);
            self.layer = Layer::Plain;
            self.stream.push(&octets);
        }
    }

    /// No more octets follow.
    pub(super) fn finish(&mut self) {
        self.end_opening();
        self.stream.finish();
    }

    /// Says when the next octets have arrived.
    pub(super) fn arrives(&mut self, arrival: Arrival) {
        self.stream.arrives(arrival);
    }

    /// What has been found since the last call.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Record> {
        self.stream.take()
    }

    pub(super) const fn is_msrp(&self) -> bool {
        self.stream.is_msrp
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stream.is_empty() && !matches!(&self.layer, Layer::WebSocket(frames) if frames.has_any)
    }

    /// Compressed messages that were passed over.
    pub(super) fn compressed(&self) -> usize {
        if let Layer::WebSocket(frames) = &self.layer { frames.compressed } else { 0 }
    }
}

/// Whether a head of HTTP asks for a WebSocket, or grants one.
fn is_handshake(head: &[u8]) -> bool {
    let head = head.to_ascii_lowercase();
    let grants = !head.starts_with(b"http/") || head.get(9..12) == Some(b"101");
    grants && memmem::find(&head, b"\r\nupgrade: websocket\r\n").is_some()
}
