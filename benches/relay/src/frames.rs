//! Frames, written before the measurement.

use std::fmt::Write as _;

/// The number of distinct transaction ids, larger than any window.
pub(crate) const DISTINCT: usize = 4096;

/// The octets of a small message.
pub(crate) const SMALL: usize = 200;

/// The paths of every chunk of a pass.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) to: String,
    pub(crate) from: String,
}

/// A round of small messages, one after the other, each with its own id.
pub(crate) struct SmallMessages {
    octets: Vec<u8>,
    /// The end of each message.
    ends: Vec<usize>,
}

impl SmallMessages {
    pub(crate) fn new(route: &Route) -> Self {
        let body = "A boat for two. ".repeat(SMALL).into_bytes();
        let body = body.get(..SMALL).unwrap_or_default();
        let (mut octets, mut ends) = (Vec::new(), Vec::new());
        for number in 0..DISTINCT {
            let id = format!("s{number:05}x");
            octets.extend(head(route, &id, &id, (1, Some(SMALL), SMALL)));
            octets.extend_from_slice(body);
            octets.extend(end_line(&id, '$'));
            ends.push(octets.len());
        }
        Self { octets, ends }
    }

    /// The octets of up to `count` messages from `first` on that are contiguous, and
    /// their number.
    pub(crate) fn run(&self, first: usize, count: usize) -> (&[u8], usize) {
        let first = first % DISTINCT;
        let last = (first + count).min(DISTINCT);
        let place = |number: usize| match number.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        (self.octets.get(place(first)..place(last)).unwrap_or_default(), last - first)
    }
}

/// The head of a SEND. The range counts from one.
pub(crate) fn head(
    route: &Route,
    id: &str,
    message: &str,
    (start, end, total): (usize, Option<usize>, usize),
) -> Vec<u8> {
    let Route { to, from } = route;
    let end = end.map_or("*".to_owned(), |end| end.to_string());
    let mut head = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        head,
        "MSRP {id} SEND\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\nMessage-ID: {message}\r\n\
         Byte-Range: {start}-{end}/{total}\r\nContent-Type: text/plain\r\n\r\n"
    );
    head.into_bytes()
}

pub(crate) fn end_line(id: &str, flag: char) -> Vec<u8> {
    format!("\r\n-------{id}{flag}\r\n").into_bytes()
}
