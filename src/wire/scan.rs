//! Finding the end-line in body octets.
//!
//! An end-line is CRLF, seven hyphens, the transaction id of the start line, a
//! continuation flag and CRLF (RFC 4975 section 7.1). Anything less is body: an id may
//! hold `+`, so that only the CRLF after a flag shows that it is one, and the same text
//! without a CRLF in front is data (erratum 4177).

use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter};

use super::header::Continuation;
use super::ident::MAX_IDENT;

pub(crate) const HYPHENS: &[u8] = b"-------";

/// What every end-line starts with: the CRLF that is not part of the body.
pub(crate) const PREFIX: &[u8] = b"\r\n-------";

/// Flag and CRLF.
const TAIL: usize = 3;

/// The most octets of an end-line, including the CRLF in front.
pub(crate) const MAX_END_LINE: usize = PREFIX.len() + MAX_IDENT + TAIL;

/// The length in octets from which a body is searched for the whole needle. Building
/// that finder costs as much as reading a small head, but it passes near-misses at
/// memory speed.
const LONG_BODY: u64 = 4096;

/// The flag, if `line` (without its CRLF) is the end-line of `transaction`.
pub(crate) fn end_line(line: &[u8], transaction: &[u8]) -> Option<Continuation> {
    let flag = line.strip_prefix(HYPHENS)?.strip_prefix(transaction)?;
    match flag {
        [flag] => Continuation::from_byte(*flag),
        _ => None,
    }
}

/// The flag, if `input` starts with the end-line of `transaction`.
#[cfg(any(test, fuzzing))]
pub(super) fn end_line_at(transaction: &[u8], input: &[u8]) -> Option<Continuation> {
    match classify(&[HYPHENS, transaction].concat(), input) {
        Candidate::EndLine(flag) => Some(flag),
        Candidate::Unfinished | Candidate::Body => None,
    }
}

/// Finds the prefix of any end-line; built once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PrefixFinder(&'static Finder<'static>);

static PREFIX_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(PREFIX));

impl PrefixFinder {
    pub(crate) fn new() -> Self {
        Self(&PREFIX_FINDER)
    }
}

/// What the octets of a body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// This many octets are body; what follows may be the start of an end-line.
    Body(usize),
    /// `body` octets are body, and an end-line of `end_line` octets follows.
    End { body: usize, end_line: usize, flag: Continuation },
}

/// The search for one end-line, across the pieces in which a body arrives.
#[derive(Clone, Debug)]
pub(crate) struct BodyScanner {
    needle: [u8; PREFIX.len() + MAX_IDENT],
    needle_len: usize,
    passed: u64,
    finder: Option<Box<Finder<'static>>>,
}

enum Candidate {
    EndLine(Continuation),
    Unfinished,
    Body,
}

impl BodyScanner {
    pub(crate) fn new(transaction: &[u8]) -> Self {
        let mut needle = [0; PREFIX.len() + MAX_IDENT];
        for (place, octet) in needle.iter_mut().zip(PREFIX.iter().chain(transaction)) {
            *place = *octet;
        }
        let needle_len = (PREFIX.len() + transaction.len()).min(needle.len());
        Self { needle, needle_len, passed: 0, finder: None }
    }

    fn needle(&self) -> &[u8] {
        self.needle.get(..self.needle_len).unwrap_or_default()
    }

    /// Whether no octet has been found to be body yet.
    pub(crate) const fn is_at_start(&self) -> bool {
        self.passed == 0
    }

    /// Searches `input`, the octets after those that earlier calls found to be body.
    /// It looks again only at what it held back.
    pub(crate) fn scan(&mut self, prefix: &PrefixFinder, input: &[u8]) -> Scanned {
        let scanned = self.search(prefix, input);
        if let Scanned::Body(octets) = scanned {
            self.passed += octets as u64;
        }
        scanned
    }

    fn search(&mut self, prefix: &PrefixFinder, input: &[u8]) -> Scanned {
        let short = usize::try_from(LONG_BODY.saturating_sub(self.passed)).unwrap_or_default();
        let mut from = 0;
        if short > 0 {
            let to = short.min(input.len());
            match self.search_with(prefix.0, input, from, to) {
                Ok(scanned) => return scanned,
                Err(unseen) => from = unseen,
            }
            if to == input.len() {
                return self.hold_back(input, from);
            }
        }
        if self.finder.is_none() {
            self.finder = Some(Box::new(Finder::new(self.needle()).into_owned()));
        }
        let finder = self.finder.as_deref().unwrap_or(prefix.0);
        match self.search_with(finder, input, from, input.len()) {
            Ok(scanned) => scanned,
            Err(unseen) => self.hold_back(input, unseen),
        }
    }

    /// Searches for an end-line that starts in `from..to`. The error is the first place
    /// where one could start that the finder cannot see.
    fn search_with(
        &self,
        finder: &Finder<'_>,
        input: &[u8],
        from: usize,
        to: usize,
    ) -> Result<Scanned, usize> {
        let found_octets = finder.needle().len();
        let id = self.needle().get(found_octets..).unwrap_or_default();
        let mut unseen = from;
        for found in finder.find_iter(input.get(from..to).unwrap_or_default()) {
            let at = from + found;
            let after = at + found_octets;
            match classify(id, input.get(after..).unwrap_or_default()) {
                Candidate::EndLine(flag) => {
                    return Ok(Scanned::End { body: at, end_line: self.needle_len + TAIL, flag });
                }
                Candidate::Unfinished => return Ok(Scanned::Body(at)),
                // What has just matched contains no second CR.
                Candidate::Body => unseen = after,
            }
        }
        Err(unseen.max(to.saturating_sub(found_octets - 1)))
    }

    /// The input is body up to the first octet, at `from` or later, that may begin an
    /// end-line whose rest has not arrived.
    fn hold_back(&self, input: &[u8], from: usize) -> Scanned {
        let tail = input.get(from..).unwrap_or_default();
        let held = memchr_iter(b'\r', tail)
            .map(|at| from + at)
            .find(|at| matches!(self.candidate(input, *at), Candidate::Unfinished));
        Scanned::Body(held.unwrap_or(input.len()))
    }

    fn candidate(&self, input: &[u8], at: usize) -> Candidate {
        classify(self.needle(), input.get(at..).unwrap_or_default())
    }

    /// The end-line of an empty body, without a CRLF of its own: it directly follows the
    /// blank line of the head. The outer `None` means that more octets are needed.
    pub(crate) fn bare_end_line(&self, input: &[u8]) -> Option<Option<(Continuation, usize)>> {
        let needle = self.needle().get(2..).unwrap_or_default();
        match classify(needle, input) {
            Candidate::EndLine(flag) => Some(Some((flag, needle.len() + TAIL))),
            Candidate::Unfinished => None,
            Candidate::Body => Some(None),
        }
    }
}

/// Whether `input` starts with the needle, a flag and CRLF.
fn classify(needle: &[u8], input: &[u8]) -> Candidate {
    let Some(tail) = input.strip_prefix(needle) else {
        return if needle.starts_with(input) { Candidate::Unfinished } else { Candidate::Body };
    };
    match tail {
        [] => Candidate::Unfinished,
        [flag, rest @ ..] => match (Continuation::from_byte(*flag), rest) {
            (Some(flag), [b'\r', b'\n', ..]) => Candidate::EndLine(flag),
            (Some(_), [] | [b'\r']) => Candidate::Unfinished,
            _ => Candidate::Body,
        },
    }
}

/// Searches outgoing body octets for the seven hyphens and the transaction id, which
/// must not occur anywhere in the body that they close, with any flag (RFC 4975
/// section 7.1).
#[derive(Clone, Debug)]
pub(crate) struct EndLineGuard {
    needle: Vec<u8>,
    finder: Finder<'static>,
    /// The last octets that left, one fewer than the needle is long.
    tail: Vec<u8>,
}

impl EndLineGuard {
    pub(crate) fn new(transaction: &[u8]) -> Self {
        let needle = [HYPHENS, transaction].concat();
        let finder = Finder::new(&needle).into_owned();
        Self { tail: Vec::with_capacity(2 * needle.len()), needle, finder }
    }

    /// How many octets of `body` may leave under this id without completing the needle.
    pub(crate) fn allow(&mut self, body: &[u8]) -> usize {
        let allowed = self.across(body).or_else(|| self.within(body)).unwrap_or(body.len());
        self.remember(body.get(..allowed).unwrap_or_default());
        allowed
    }

    /// Where a needle that began in octets that have left would be complete.
    fn across(&self, body: &[u8]) -> Option<usize> {
        memchr(b'-', &self.tail)?;
        let reach = body.len().min(self.needle.len() - 1);
        let joint = [self.tail.as_slice(), body.get(..reach).unwrap_or_default()].concat();
        let end = self.finder.find(&joint)? + self.needle.len();
        Some((end - 1).saturating_sub(self.tail.len()))
    }

    fn within(&self, body: &[u8]) -> Option<usize> {
        self.finder.find(body)
    }

    fn remember(&mut self, body: &[u8]) {
        let keep = self.needle.len() - 1;
        let fresh = body.get(body.len().saturating_sub(keep)..).unwrap_or_default();
        self.tail.extend_from_slice(fresh);
        let surplus = self.tail.len().saturating_sub(keep);
        self.tail.drain(..surplus);
    }
}

/// Whether seven hyphens and `transaction` occur anywhere in `body`.
pub(crate) fn occurs(transaction: &[u8], body: &[u8]) -> bool {
    let mut from = 0;
    while let Some(found) = memchr(b'-', body.get(from..).unwrap_or_default()) {
        let rest = body.get(from + found..).unwrap_or_default();
        if rest.strip_prefix(HYPHENS).is_some_and(|rest| rest.starts_with(transaction)) {
            return true;
        }
        from += found + 1;
    }
    false
}
