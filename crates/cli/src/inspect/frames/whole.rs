//! What an endpoint tolerates in a SEND whose end-line has arrived.

use msrp::wire::{ByteRange, Continuation, HeadRef, Method};
use msrp::{Tolerance, Tolerances};

/// The deviations of a SEND with so many octets.
pub(super) fn deviations(head: &HeadRef<'_>, octets: u64, flag: Continuation) -> Tolerances {
    if head.method() != Some(Method::Send) {
        return Tolerances::none();
    }
    let is_bodiless = octets == 0 && head.content_type().is_none();
    let is_later = head.byte_range().is_some_and(|range| range.start() > 1);
    let found = [
        (Tolerance::MissingMessageId, is_bodiless && head.message_id().is_none()),
        (Tolerance::BlankLineWithoutBody, is_bodiless && head.has_body()),
        (Tolerance::MissingContentType, octets > 0 && is_later && head.content_type().is_none()),
        (
            Tolerance::WrongByteRange,
            !is_bodiless && head.byte_range().is_some_and(|it| !agrees(it, octets, flag)),
        ),
    ];
    let found = found.into_iter().filter_map(|(tolerance, is_there)| is_there.then_some(tolerance));
    found.fold(Tolerances::none(), Tolerances::with)
}

/// Whether so many octets fit a range. A chunk that its sender aborts may end early.
fn agrees(range: ByteRange, octets: u64, flag: Continuation) -> bool {
    let end = Some(range.start().saturating_sub(1).saturating_add(octets));
    let has_end = range.end().is_none() || range.end() == end || flag == Continuation::Aborted;
    let is_last = flag == Continuation::Complete && range.total().is_some();
    has_end && (!is_last || range.total() == end)
}
