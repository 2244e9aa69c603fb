//! The messages in one direction of a WebSocket (RFC 6455).

use std::io::Cursor;

use bytes::{Buf, BytesMut};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use super::stream::Stream;

/// Where the octets stand after the handshake.
#[derive(Default)]
pub(super) struct Frames {
    input: BytesMut,
    frame: Option<Frame>,
    /// Whether the message that is arriving is compressed (RFC 7692).
    is_compressed: bool,
    is_lost: bool,
    /// Whether any octets have come.
    pub(super) has_any: bool,
    /// The compressed messages so far.
    pub(super) compressed: usize,
}

/// The frame that is arriving.
struct Frame {
    is_msrp: bool,
    mask: Option<[u8; 4]>,
    /// The octets of its payload that have arrived.
    at: u64,
    left: u64,
}

impl Frames {
    /// Gives the payload of messages to the stream.
    pub(super) fn push(&mut self, octets: &[u8], stream: &mut Stream) {
        self.has_any |= !octets.is_empty();
        self.input.extend_from_slice(octets);
        while !self.is_lost && (self.frame.is_some() || self.begin()) {
            let Some(frame) = &mut self.frame else { return };
            let here = usize::try_from(frame.left).unwrap_or(usize::MAX).min(self.input.len());
            let mut payload = self.input.split_to(here);
            frame.unmask(&mut payload);
            if frame.is_msrp {
                stream.push(&payload);
            }
            frame.go_on(here as u64);
            if frame.left > 0 {
                return;
            }
            self.frame = None;
        }
    }

    /// Reads the head of a frame, if all of it is here.
    fn begin(&mut self) -> bool {
        let mut cursor = Cursor::new(&self.input[..]);
        match FrameHeader::parse(&mut cursor) {
            Ok(Some((header, left))) => {
                // The position is one in the input.
                let len = usize::try_from(cursor.position()).unwrap_or_default();
                self.input.advance(len);
                let is_msrp = self.is_msrp(&header);
                self.frame = Some(Frame { is_msrp, mask: header.mask, at: 0, left });
                true
            }
            Ok(None) => false,
            Err(_) => {
                self.is_lost = true;
                false
            }
        }
    }

    fn is_msrp(&mut self, header: &FrameHeader) -> bool {
        let is_first = matches!(header.opcode, OpCode::Data(Data::Text | Data::Binary));
        if is_first {
            self.is_compressed = header.rsv1;
            self.compressed += usize::from(header.rsv1);
        }
        (is_first || header.opcode == OpCode::Data(Data::Continue)) && !self.is_compressed
    }

    /// So many octets are missing. Only those of a payload are no loss of the frames.
    pub(super) fn skip(&mut self, octets: u64) {
        match &mut self.frame {
            Some(frame) if octets <= frame.left => frame.go_on(octets),
            _ => self.is_lost = true,
        }
    }

    /// The octets that are left once the frames cannot be told apart.
    pub(super) fn lost(&mut self) -> Option<BytesMut> {
        self.is_lost.then(|| std::mem::take(&mut self.input))
    }
}

impl Frame {
    /// RFC 6455 section 5.3.
    fn unmask(&self, payload: &mut [u8]) {
        let Some(mask) = self.mask else { return };
        let start = (self.at % 4) as usize;
        for (octet, key) in payload.iter_mut().zip(mask.iter().cycle().skip(start)) {
            *octet ^= key;
        }
    }

    const fn go_on(&mut self, octets: u64) {
        self.at += octets;
        self.left -= octets;
    }
}
