//! What a head says: typed values, and spans into its octets.

use crate::tolerance::Tolerances;
use crate::uri::{PathShape, Spans};
use crate::wire::byte_range::ByteRange;
use crate::wire::header::FailureReport;
use crate::wire::status::StatusCode;

/// Some octets of a head. Sixteen bits are enough for the longest possible head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) start: u16,
    pub(super) end: u16,
}

impl Span {
    /// The span of `part`, a slice that lies at `offset` of the head.
    pub(super) fn at(offset: usize, part: &[u8]) -> Self {
        let place = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        Self { start: place(offset), end: place(offset.saturating_add(part.len())) }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub(crate) fn of(self, head: &[u8]) -> &[u8] {
        head.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default()
    }
}

/// The value of To-Path or From-Path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PathField {
    pub(crate) text: Span,
    /// The number of URIs.
    pub(crate) uris: u16,
    /// The parts of the first URI, which is usually the only one.
    pub(crate) first: Spans,
}

impl PathField {
    const EMPTY: Self = Self { text: Span { start: 0, end: 0 }, uris: 0, first: Spans::EMPTY };

    pub(super) fn new(text: Span, shape: PathShape) -> Self {
        Self { text, uris: u16::try_from(shape.uris).unwrap_or(u16::MAX), first: shape.first }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response(StatusCode),
}

/// What a head says: typed values, and spans for the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) kind: Kind,
    pub(crate) transaction: Span,
    /// The method of a request, the comment of a response.
    pub(crate) word: Span,
    pub(crate) to_path: PathField,
    pub(crate) from_path: PathField,
    pub(crate) message_id: Span,
    pub(crate) content_type: Span,
    pub(crate) status_comment: Span,
    pub(crate) status: Option<(u16, StatusCode)>,
    pub(crate) byte_range: Option<ByteRange>,
    pub(crate) success_report: Option<bool>,
    pub(crate) failure_report: Option<FailureReport>,
    /// The header fields: the lines after the start line.
    pub(crate) section: Span,
    pub(crate) has_body: bool,
    pub(crate) tolerated: Tolerances,
}

impl Fields {
    pub(super) const EMPTY: Self = Self {
        kind: Kind::Request,
        transaction: Span { start: 0, end: 0 },
        word: Span { start: 0, end: 0 },
        to_path: PathField::EMPTY,
        from_path: PathField::EMPTY,
        message_id: Span { start: 0, end: 0 },
        content_type: Span { start: 0, end: 0 },
        status_comment: Span { start: 0, end: 0 },
        status: None,
        byte_range: None,
        success_report: None,
        failure_report: None,
        section: Span { start: 0, end: 0 },
        has_body: false,
        tolerated: Tolerances::none(),
    };
}
