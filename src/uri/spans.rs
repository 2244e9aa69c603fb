//! Where the parts of a URI and of a path are.

use std::num::NonZeroU16;
use std::ops::Range;

use super::Scheme;

/// What the value of To-Path, From-Path or Use-Path holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PathShape {
    /// How many URIs there are, at least one.
    pub(crate) uris: usize,
    /// Whether there are spaces beside the one between two URIs, which the
    /// grammar forbids and deployed stacks send.
    pub(crate) extra_spaces: bool,
    /// The parts of the first URI.
    pub(crate) first: Spans,
}

/// The scheme, the port, and where each part ends, as offsets into the text, which has at
/// most [`MAX_URI_OCTETS`](super::MAX_URI_OCTETS) octets.
///
/// Between two ends stand a delimiter and the part after it. If two ends are equal, the
/// part is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spans {
    pub(super) scheme: Scheme,
    pub(super) port: Option<NonZeroU16>,
    pub(super) host_start: u16,
    pub(super) host_end: u16,
    pub(super) authority_end: u16,
    pub(super) session_id_end: u16,
    pub(super) transport_end: u16,
}

impl Spans {
    pub(crate) const EMPTY: Self = Self {
        scheme: Scheme::Msrp,
        port: None,
        host_start: 0,
        host_end: 0,
        authority_end: 0,
        session_id_end: 0,
        transport_end: 0,
    };

    pub(super) fn userinfo(&self) -> Option<Range<usize>> {
        let start = authority_start(self.scheme);
        let end = usize::from(self.host_start);
        (start < end).then(|| start..end - 1)
    }

    pub(super) fn host(&self) -> Range<usize> {
        usize::from(self.host_start)..usize::from(self.host_end)
    }

    pub(super) fn session_id(&self) -> Option<Range<usize>> {
        after_delimiter(self.authority_end, self.session_id_end)
    }

    pub(super) fn transport(&self) -> Option<Range<usize>> {
        after_delimiter(self.session_id_end, self.transport_end)
    }

    /// Where the slash before the session-id is, or would be.
    pub(super) fn authority_end(&self) -> usize {
        usize::from(self.authority_end)
    }

    /// Where the semicolon before the transport is.
    pub(super) fn session_id_end(&self) -> usize {
        usize::from(self.session_id_end)
    }
}

fn authority_start(scheme: Scheme) -> usize {
    scheme.as_str().len() + "://".len()
}

fn after_delimiter(start: u16, end: u16) -> Option<Range<usize>> {
    (start < end).then(|| usize::from(start) + 1..usize::from(end))
}
