//! Heads and bodies that several benches share.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use bytes::{Bytes, BytesMut};
use msrp::wire::{Continuation, Decoder, Frame, HeadRef, Parsed, TransactionId, write_end_line};
use msrp::{ParseOptions, Random};

pub const KIB: usize = 1024;
pub const MIB: usize = 1024 * KIB;

/// The body of the decode benches.
pub const LARGE: usize = 64 * MIB;

/// The octets of one read from a transport.
pub const READ: usize = 64 * KIB;

/// The head of a chunk, with about 250 octets.
pub const SEND: &[u8] = b"MSRP 7fq2k9x8 SEND\r\n\
    To-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\n\
    From-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\n\
    Message-ID: 4f0b2c81d97e\r\n\
    Byte-Range: 1-2048/65536\r\n\
    Failure-Report: partial\r\n\
    Content-Type: text/plain\r\n\r\n";

/// An HTTP request as long as [`SEND`], with the same header fields.
pub const HTTP_REQUEST: &[u8] = b"GET /7fq2 HTTP/1.1\r\n\
    To-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\n\
    From-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\n\
    Message-ID: 4f0b2c81d97e\r\n\
    Byte-Range: 1-2048/65536\r\n\
    Failure-Report: partial\r\n\
    Content-Type: text/plain\r\n\r\n";

/// A response with its end-line.
pub const RESPONSE: &[u8] = b"MSRP 7fq2k9x8 200 OK\r\n\
    To-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\n\
    From-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\n\
    -------7fq2k9x8$\r\n";

/// An HTTP response as long as [`RESPONSE`], with the same header fields.
pub const HTTP_RESPONSE: &[u8] = b"HTTP/1.1 200 OK and this is what ity\r\n\
    To-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\n\
    From-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\n\r\n";

/// The transaction id of [`SEND`].
pub const ID: &str = "7fq2k9x8";

pub fn parse(octets: &[u8]) -> HeadRef<'_> {
    match HeadRef::parse(octets, &ParseOptions::default()).unwrap() {
        Parsed::Complete { head, .. } => head,
        Parsed::Incomplete => panic!("the head is complete"),
    }
}

/// Parses every URI of a head. The sum keeps the work from being optimized away.
pub fn take_uris_apart(head: &HeadRef<'_>) -> usize {
    let uris = head.to_path().iter().chain(head.from_path().iter());
    uris.map(|uri| {
        uri.host_str().len()
            + usize::from(uri.port().unwrap_or_default())
            + uri.session_id().map_or(0, str::len)
            + uri.transport().len()
    })
    .sum()
}

pub fn http_request(octets: &[u8]) -> usize {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(octets).unwrap().unwrap()
}

pub fn http_response(octets: &[u8]) -> usize {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    response.parse(octets).unwrap().unwrap()
}

/// Pseudo-random octets, the same in every run.
#[derive(Clone)]
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next_u64(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Random for Seeded {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        for part in octets.chunks_mut(8) {
            part.copy_from_slice(&self.next_u64().to_le_bytes()[..part.len()]);
        }
        Ok(())
    }
}

pub fn random_octets(len: usize) -> Vec<u8> {
    let mut octets = vec![0; len];
    Seeded(1).fill(&mut octets).unwrap();
    octets
}

/// A message of one chunk: [`SEND`] and `body`.
pub fn chunk(body: &[u8]) -> Bytes {
    let mut wire = BytesMut::with_capacity(body.len() + 512);
    push_chunk(&mut wire, body, Continuation::Complete);
    wire.freeze()
}

pub fn push_chunk(wire: &mut BytesMut, body: &[u8], flag: Continuation) {
    wire.extend_from_slice(SEND);
    wire.extend_from_slice(body);
    write_end_line(wire, &TransactionId::new(ID).unwrap(), flag);
}

/// Decodes every frame in `input`, and counts the octets of their bodies.
pub fn drain(decoder: &mut Decoder, input: &mut BytesMut) -> usize {
    let mut octets = 0;
    while let Some(frame) = decoder.decode(input).unwrap() {
        if let Frame::Body(piece) = frame {
            octets += piece.len();
        }
    }
    octets
}
