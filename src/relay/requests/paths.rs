//! The paths of a frame on its way through this relay (RFC 4976 section 6.4).

use std::ops::Range;

use crate::uri::{PathRef, UriRef};

/// The paths of a frame that is forwarded.
pub(in crate::relay) struct Paths<'a> {
    /// The URIs of the relay at the front of To-Path, in their order.
    pub(in crate::relay) own: Vec<UriRef<'a>>,
    /// The rest of To-Path.
    pub(in crate::relay) to: PathRef<'a>,
    /// From-Path, as it has come.
    pub(in crate::relay) from: PathRef<'a>,
}

/// Where parts of From-Path were written.
pub(super) struct Spans {
    /// The URI of the relay to which the frame was sent.
    pub(super) own: Range<usize>,
    /// What had come as From-Path.
    pub(super) from: Range<usize>,
}

impl Paths<'_> {
    /// Writes To-Path without the URIs of the relay, and From-Path with them at its
    /// front, the last one passed first.
    pub(super) fn write(&self, text: &mut Vec<u8>) -> Spans {
        text.extend_from_slice(b"To-Path: ");
        text.extend_from_slice(self.to.as_str().as_bytes());
        text.extend_from_slice(b"\r\nFrom-Path: ");
        let mut spans = Spans { own: 0..0, from: 0..0 };
        for uri in self.own.iter().rev() {
            spans.own = append(text, uri.as_str());
            text.push(b' ');
        }
        spans.from = append(text, self.from.as_str());
        text.extend_from_slice(b"\r\n");
        spans
    }

    /// The From-Path with which it leaves.
    pub(in crate::relay) fn way_back(&self) -> Box<str> {
        let uris = self.own.iter().rev().map(|uri| uri.as_str()).chain([self.from.as_str()]);
        uris.collect::<Vec<_>>().join(" ").into()
    }
}

fn append(text: &mut Vec<u8>, part: &str) -> Range<usize> {
    let start = text.len();
    text.extend_from_slice(part.as_bytes());
    start..text.len()
}
