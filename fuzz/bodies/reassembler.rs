//! Chunks in any order against a map with one entry for each octet.

use std::collections::BTreeMap;
use std::ops::Range;

use msrp::reassembly::{Reassembler, ReassemblyError, Tracker};

use super::input::Input;

/// The rules said in the plainest way.
#[derive(Clone)]
struct Model {
    octets: BTreeMap<u64, u8>,
    total: Option<u64>,
    max_octets: u64,
    max_ranges: usize,
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input(data);
    let max_octets = place(&mut input);
    let max_ranges = usize::from(input.octet() % 8);
    let model = Model { octets: BTreeMap::new(), total: None, max_octets, max_ranges };
    let mut all =
        (model, Reassembler::new(max_octets, max_ranges), Tracker::new(max_octets, max_ranges));
    while !input.is_empty() {
        step(&mut input, &mut all);
        assert_same(&all);
    }
    let (model, message, _) = all;
    match message.into_body() {
        Ok(body) => assert_eq!(Some(body.to_vec()), model.body()),
        Err(message) => {
            assert_eq!(model.body(), None);
            assert!(!message.is_complete());
        }
    }
}

fn step(input: &mut Input<'_>, (model, message, tracker): &mut (Model, Reassembler, Tracker)) {
    let is_insert = input.below(8) != 0;
    let offset = place(input);
    if is_insert {
        let data = input.string();
        let expected = model.insert(offset, data);
        assert_eq!(message.insert(offset, data), expected);
        assert_eq!(tracker.insert(offset, data.len() as u64), expected);
    } else {
        let expected = model.finish(offset);
        assert_eq!(message.finish(offset), expected);
        assert_eq!(tracker.finish(offset), expected);
    }
}

fn assert_same((model, message, tracker): &(Model, Reassembler, Tracker)) {
    let ranges = model.ranges();
    assert_eq!(message.ranges().iter().collect::<Vec<_>>(), ranges);
    assert_eq!(tracker.ranges(), message.ranges());
    assert_eq!(message.received(), model.octets.len() as u64);
    assert_eq!((message.total(), tracker.total()), (model.total, model.total));
    let is_complete = model.total == Some(model.octets.len() as u64);
    assert_eq!((message.is_complete(), tracker.is_complete()), (is_complete, is_complete));
}

/// Close to zero, where octets meet, or close to the last number there is.
fn place(input: &mut Input<'_>) -> u64 {
    match input.octet() {
        255 => u64::MAX - u64::from(input.octet()),
        254 => input.long(),
        253 => u64::from(input.short()),
        near => u64::from(near),
    }
}

impl Model {
    fn insert(&mut self, offset: u64, data: &[u8]) -> Result<(), ReassemblyError> {
        if data.is_empty() {
            return Ok(());
        }
        let Some(end) = offset.checked_add(data.len() as u64) else {
            return Err(ReassemblyError::TooLarge);
        };
        if end > self.max_octets {
            return Err(ReassemblyError::TooLarge);
        }
        if self.total.is_some_and(|total| end > total) {
            return Err(ReassemblyError::PastEnd);
        }
        let mut after = self.clone();
        after.octets.extend((offset..end).zip(data.iter().copied()));
        if after.ranges().len() > self.max_ranges {
            return Err(ReassemblyError::TooManyGaps);
        }
        *self = after;
        Ok(())
    }

    fn finish(&mut self, total: u64) -> Result<(), ReassemblyError> {
        if self.total.is_some_and(|known| known != total) {
            return Err(ReassemblyError::TotalMismatch);
        }
        if total > self.max_octets {
            return Err(ReassemblyError::TooLarge);
        }
        if self.octets.range(total..).next().is_some() {
            return Err(ReassemblyError::PastEnd);
        }
        self.total = Some(total);
        Ok(())
    }

    fn ranges(&self) -> Vec<Range<u64>> {
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for at in self.octets.keys() {
            match ranges.last_mut() {
                Some(last) if last.end == *at => last.end += 1,
                _ => ranges.push(*at..at + 1),
            }
        }
        ranges
    }

    fn body(&self) -> Option<Vec<u8>> {
        let is_complete = self.total == Some(self.octets.len() as u64);
        is_complete.then(|| self.octets.values().copied().collect())
    }
}
