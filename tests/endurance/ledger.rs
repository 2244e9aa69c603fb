//! Every message that was ever sent, and what became of it at both ends.

use std::collections::BTreeMap;
use std::time::Duration;

use msrp::wire::FailureReport;
use msrp::{Footprint, MessageKey, Outcome};

pub struct Entry {
    pub side: usize,
    pub len: usize,
    pub failure_report: FailureReport,
    pub sent_at: Duration,
    pub outcome: Option<Outcome>,
    /// Times that the other application has it whole.
    pub received: usize,
    /// The outcome is one that an application has chosen.
    pub is_excused: bool,
}

#[derive(Default)]
pub struct Ledger {
    pub entries: Vec<Entry>,
    by_key: [BTreeMap<MessageKey, usize>; 2],
}

impl Ledger {
    pub fn add(&mut self, key: MessageKey, entry: Entry) {
        self.by_key[entry.side].insert(key, self.entries.len());
        self.entries.push(entry);
    }

    pub fn find(&self, side: usize, key: MessageKey) -> Option<usize> {
        self.by_key[side].get(&key).copied()
    }

    pub fn finish(&mut self, side: usize, key: MessageKey, outcome: Outcome) -> usize {
        let index = self.find(side, key).expect("only what was sent has an outcome");
        let before = self.entries[index].outcome.replace(outcome);
        assert_eq!(before, None, "message {index} has a second outcome: {outcome:?}");
        index
    }

    /// What this side has sent on a connection that has ended has its outcome.
    pub fn connection_ended(&mut self, side: usize) {
        for (key, index) in std::mem::take(&mut self.by_key[side]) {
            assert!(self.entries[index].outcome.is_some(), "{key} has no outcome: {index}");
        }
    }

    /// Every message has its outcome, and what counts as accepted is there.
    /// `closes` says whether an application closes sessions.
    pub fn check(&self, now: Duration, is_sound: bool, closes: bool) {
        for (index, entry) in self.entries.iter().enumerate() {
            let Some(outcome) = entry.outcome else {
                panic!("message {index} of {} has no outcome at {now:?}", entry.sent_at.as_secs());
            };
            let is_accepted = matches!(outcome, Outcome::Accepted | Outcome::Delivered);
            if is_accepted && entry.failure_report == FailureReport::Yes {
                assert!(entry.received > 0, "message {index} is accepted, and nobody has it");
            }
            if is_sound && !entry.is_excused {
                let is_fine = outcome.is_success() || outcome == Outcome::Unreported;
                assert!(
                    is_fine,
                    "sound, but message {index} of {} is {outcome:?} {}",
                    entry.len,
                    entry.sent_at.as_secs()
                );
                // Without responses nobody knows what a session still had on its way.
                let may_be_lost = closes && entry.failure_report != FailureReport::Yes;
                assert!(entry.received > 0 || may_be_lost, "sound, but message {index} is lost");
            }
        }
    }
}

/// A connection that is at rest holds what one without a past holds.
pub fn assert_alike(found: &Footprint, fresh: &Footprint) {
    // A keep-alive may be under way on the fresh one.
    let exceeds = |(name, count): &(&&str, &usize)| fresh.held.get(**name) < Some(*count);
    let left: Vec<_> = found.held.iter().filter(exceeds).collect();
    assert!(left.is_empty(), "left over: {left:?}");
}

/// The body of a message.
pub fn content(index: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| octet(index, at)).collect()
}

pub fn assert_content(index: usize, offset: u64, octets: &[u8]) {
    let start = usize::try_from(offset).unwrap();
    for (at, &found) in octets.iter().enumerate() {
        assert_eq!(found, octet(index, start + at), "octet {} of message {index}", start + at);
    }
}

fn octet(index: usize, at: usize) -> u8 {
    b'a' + ((index * 7 + at + at / 26) % 26) as u8
}

pub fn message_id(index: usize) -> String {
    format!("m{index:06}")
}

pub fn index_of(id: &str) -> usize {
    id[1..].parse().expect("a Message-ID of this world")
}
