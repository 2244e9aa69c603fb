//! One frame of the wire, taken apart.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::panic)]

use bytes::BytesMut;
use msrp::wire::{Continuation, Decoder, Frame, Head};

pub struct Whole {
    pub head: Head,
    pub body: Vec<u8>,
    pub flag: Continuation,
}

/// Takes apart octets that must be exactly one frame.
pub fn whole(octets: &[u8]) -> Whole {
    let mut decoder = Decoder::default();
    let mut rest = BytesMut::from(octets);
    let Some(Frame::Head(head)) = decoder.decode(&mut rest).unwrap() else {
        panic!("no head: {}", String::from_utf8_lossy(octets));
    };
    let mut body = Vec::new();
    let flag = loop {
        match decoder.decode(&mut rest).unwrap() {
            Some(Frame::Body(piece)) => body.extend_from_slice(&piece),
            Some(Frame::End(flag)) => break flag,
            other => panic!("{other:?}"),
        }
    };
    assert!(rest.is_empty(), "octets after the end-line");
    Whole { head, body, flag }
}
