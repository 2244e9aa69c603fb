//! Random octets, and the identifiers made of them.

use crate::wire::{MessageId, TransactionId};

/// A source of random octets for transaction ids and Message-IDs.
///
/// Transaction ids frame chunks, so that they must not be guessed by whoever
/// writes a body (RFC 4975 section 7.1): outside of tests the source has to be
/// a cryptographic one, such as [`OsRandom`].
///
/// ```
/// use msrp::Random;
///
/// /// The same octets in every run, for a test.
/// struct Counter(u8);
///
/// impl Random for Counter {
///     fn fill(&mut self, octets: &mut [u8]) {
///         for octet in octets {
///             self.0 = self.0.wrapping_add(1);
///             *octet = self.0;
///         }
///     }
/// }
/// ```
pub trait Random {
    /// Fills `octets` with random ones.
    fn fill(&mut self, octets: &mut [u8]);
}

impl<R: Random + ?Sized> Random for Box<R> {
    fn fill(&mut self, octets: &mut [u8]) {
        (**self).fill(octets);
    }
}

/// The operating system has no random octets to give.
#[cfg(feature = "getrandom")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's source of random octets is not to be had")]
pub struct RandomUnavailable;

/// The operating system's random octets.
#[cfg(feature = "getrandom")]
#[derive(Clone, Debug)]
pub struct OsRandom(());

#[cfg(feature = "getrandom")]
impl OsRandom {
    /// Draws from the source once, to know that it is there.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] where it is not.
    pub fn new() -> Result<Self, RandomUnavailable> {
        getrandom::fill(&mut [0; 1]).map_err(|_| RandomUnavailable)?;
        Ok(Self(()))
    }
}

#[cfg(feature = "getrandom")]
impl Random for OsRandom {
    fn fill(&mut self, octets: &mut [u8]) {
        // A source that has given once does not fail later on any supported
        // system. Were it to, ids would still differ by the counter behind
        // them: see `IdSource`.
        if getrandom::fill(octets).is_err() {
            octets.fill(0);
        }
    }
}

/// One source for many users, asked for many octets at a time.
#[cfg(feature = "auth")]
#[derive(Clone)]
pub(crate) struct RandomPool(std::sync::Arc<std::sync::Mutex<Pool>>);

#[cfg(feature = "auth")]
struct Pool {
    random: Box<dyn Random + Send>,
    octets: [u8; POOL_OCTETS],
    given: usize,
}

#[cfg(feature = "auth")]
const POOL_OCTETS: usize = 2048;

#[cfg(feature = "auth")]
impl RandomPool {
    pub(crate) fn new(random: impl Random + Send + 'static) -> Self {
        let pool = Pool { random: Box::new(random), octets: [0; POOL_OCTETS], given: POOL_OCTETS };
        Self(std::sync::Arc::new(std::sync::Mutex::new(pool)))
    }
}

#[cfg(feature = "auth")]
impl Random for RandomPool {
    fn fill(&mut self, octets: &mut [u8]) {
        // Nobody panics while holding it, and octets are octets if one did.
        let mut pool = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Pool { random, octets: pool_octets, given } = &mut *pool;
        if octets.len() > POOL_OCTETS - *given {
            random.fill(pool_octets);
            *given = 0;
        }
        match pool_octets.get_mut(*given..*given + octets.len()) {
            Some(fresh) => {
                octets.copy_from_slice(fresh);
                // What was given once is not kept.
                fresh.fill(0);
                *given += octets.len();
            }
            None => random.fill(octets),
        }
    }
}

#[cfg(feature = "auth")]
impl std::fmt::Debug for RandomPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RandomPool").finish_non_exhaustive()
    }
}

/// A fresh session-id of 100 random bits, for the URI of a new session: it has
/// to be hard to guess (RFC 4975 section 14.1 asks for 80).
#[must_use]
pub fn session_id(random: &mut impl Random) -> String {
    String::from_utf8_lossy(&letters(random)).into_owned()
}

/// Characters of an id: five bits each, a hundred in all.
const ID_LETTERS: usize = 20;

/// The most characters of a transaction id from [`IdSource`].
pub(crate) const MAX_OWN_ID: usize = ID_LETTERS + COUNTER_LETTERS;

/// Characters of the counter behind an id that the source has repeated.
const COUNTER_LETTERS: usize = 8;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

fn letters(random: &mut (impl Random + ?Sized)) -> [u8; ID_LETTERS] {
    let mut octets = [0; ID_LETTERS];
    random.fill(&mut octets);
    octets.map(letter)
}

fn letter(octet: u8) -> u8 {
    ALPHABET.get(usize::from(octet % 32)).copied().unwrap_or(b'a')
}

/// Where transaction ids and Message-IDs come from.
pub(crate) struct IdSource {
    random: Box<dyn Random + Send>,
    /// What the source gave last for a transaction id.
    last: [u8; ID_LETTERS],
    spare: u64,
}

impl IdSource {
    pub(crate) fn new(random: impl Random + Send + 'static) -> Self {
        Self { random: Box::new(random), last: [0; ID_LETTERS], spare: 0 }
    }

    /// The source itself, for what is no identifier.
    #[cfg(feature = "auth")]
    pub(crate) fn random(&mut self) -> &mut dyn Random {
        &mut *self.random
    }

    pub(crate) fn message_id(&mut self) -> MessageId {
        MessageId::parse(&letters(&mut *self.random)).unwrap_or(MessageId::NONE)
    }

    /// A transaction id that `is_free` says yes to. Should the source repeat
    /// itself, a counter makes the ids differ, so that this always ends, and so
    /// that a body which holds the end-line of one id leaves under the next.
    pub(crate) fn transaction_id(
        &mut self,
        mut is_free: impl FnMut(&TransactionId) -> bool,
    ) -> TransactionId {
        let mut text = [0; MAX_OWN_ID];
        loop {
            let fresh = letters(&mut *self.random);
            if fresh == self.last {
                self.spare += 1;
            }
            self.last = fresh;
            let (id, counter) = text.split_at_mut(ID_LETTERS);
            id.copy_from_slice(&fresh);
            let len = ID_LETTERS + write_counter(self.spare, counter);
            if let Some(id) = text.get(..len).and_then(|text| TransactionId::parse(text).ok())
                && is_free(&id)
            {
                return id;
            }
            self.spare += 1;
        }
    }
}

/// Writes `count` in letters, the least first, nothing for zero.
fn write_counter(mut count: u64, out: &mut [u8]) -> usize {
    let mut len = 0;
    for place in out {
        if count == 0 {
            break;
        }
        *place = letter((count % 32) as u8);
        count /= 32;
        len += 1;
    }
    len
}

impl std::fmt::Debug for IdSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdSource").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    struct Stuck;

    impl Random for Stuck {
        fn fill(&mut self, octets: &mut [u8]) {
            octets.fill(0);
        }
    }

    // req: 4975-7.1-1, 4975-7.1-16
    #[test]
    fn a_source_that_is_stuck_gives_no_transaction_id_twice() {
        let mut ids = IdSource::new(Stuck);
        let made: HashSet<_> = (0..1000).map(|_| ids.transaction_id(|_| true)).collect();
        assert_eq!(made.len(), 1000);
    }
}
