//! Random octets, and the identifiers made from them.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::wire::{MessageId, TransactionId};

/// A source of random octets for transaction ids, Message-IDs, tokens and nonces.
///
/// Transaction ids frame chunks, so the author of a body must not be able to guess
/// them (RFC 4975 section 7.1). Except in tests, the source must be cryptographic,
/// such as [`OsRandom`].
///
/// ```
/// use msrp::{Random, RandomError};
///
/// /// The same octets in every run, for a test.
/// struct Counter(u8);
///
/// impl Random for Counter {
///     fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
///         for octet in octets {
///             self.0 = self.0.wrapping_add(1);
///             *octet = self.0;
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Random {
    /// Fills `octets` with random octets.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source cannot fill all of them. The content of
    /// `octets` is then unspecified and is not used.
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError>;
}

impl<R: Random + ?Sized> Random for Box<R> {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
        (**self).fill(octets)
    }
}

/// A source of random octets has failed.
///
/// [`source`](Error::source) returns the reason. Two errors are equal if their
/// reasons have the same text.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the source of random octets failed")]
pub struct RandomError(#[source] Arc<dyn Error + Send + Sync>);

impl RandomError {
    /// The error of a source that failed for `reason`.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(reason.into()))
    }
}

impl PartialEq for RandomError {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for RandomError {}

/// For programs whose errors are [`std::io::Error`].
impl From<RandomError> for std::io::Error {
    fn from(error: RandomError) -> Self {
        Self::other(error)
    }
}

/// The operating system's random octets.
#[cfg(feature = "getrandom")]
#[derive(Clone, Debug)]
pub struct OsRandom(());

#[cfg(feature = "getrandom")]
impl OsRandom {
    /// Draws from the source once, to check that it works.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if it does not.
    pub fn new() -> Result<Self, RandomError> {
        let mut source = Self(());
        source.fill(&mut [0; 1])?;
        Ok(source)
    }
}

#[cfg(feature = "getrandom")]
impl Random for OsRandom {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(octets).map_err(RandomError::new)
    }
}

/// Random octets that were drawn together: a draw is often a system call.
struct Block<const N: usize> {
    octets: [u8; N],
    given: usize,
}

impl<const N: usize> Block<N> {
    const fn new() -> Self {
        Self { octets: [0; N], given: N }
    }

    /// Fills `out` from the block, which is drawn anew from `random` when too few octets
    /// are left.
    fn fill(
        &mut self,
        random: &mut (impl Random + ?Sized),
        out: &mut [u8],
    ) -> Result<(), RandomError> {
        if out.len() > N.saturating_sub(self.given) {
            // The block is empty until the draw succeeds, even if the source panics.
            self.given = N;
            if out.len() > N || random.fill(&mut self.octets).is_err() {
                // A source that cannot fill a block may still have what is needed.
                return random.fill(out);
            }
            self.given = 0;
        }
        let end = self.given.saturating_add(out.len());
        let fresh = self.octets.get_mut(self.given..end);
        let fresh = fresh.ok_or_else(|| RandomError::new("the block is too small"))?;
        out.copy_from_slice(fresh);
        // The block keeps no octet that it has given.
        fresh.fill(0);
        self.given = end;
        Ok(())
    }
}

/// A source for many users, which draws many octets at a time.
#[cfg(feature = "auth")]
#[derive(Clone)]
pub(crate) struct RandomPool(Arc<Mutex<Pool>>);

#[cfg(feature = "auth")]
struct Pool {
    random: Box<dyn Random + Send>,
    block: Block<2048>,
}

#[cfg(feature = "auth")]
impl RandomPool {
    pub(crate) fn new(random: impl Random + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Pool { random: Box::new(random), block: Block::new() })))
    }
}

#[cfg(feature = "auth")]
impl Random for RandomPool {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Pool { random, block } = &mut *pool;
        block.fill(random, octets)
    }
}

#[cfg(feature = "auth")]
impl fmt::Debug for RandomPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomPool").finish_non_exhaustive()
    }
}

/// A new session-id with 100 random bits, for the URI of a session.
///
/// It must be hard to guess: RFC 4975 section 14.1 asks for 80 bits.
///
/// # Errors
///
/// [`RandomError`] if the source fails.
pub fn session_id(random: &mut impl Random) -> Result<String, RandomError> {
    Ok(String::from_utf8_lossy(&letters(random)?).into_owned())
}

/// Characters of an id, each of five random bits.
const ID_LETTERS: usize = 20;

/// The most characters of a transaction id from [`IdSource`].
pub(crate) const MAX_OWN_ID: usize = ID_LETTERS + COUNTER_LETTERS;

/// Most characters of the counter, which follows the random ones once the source
/// has repeated itself.
const COUNTER_LETTERS: usize = 8;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

fn letters(random: &mut (impl Random + ?Sized)) -> Result<[u8; ID_LETTERS], RandomError> {
    let mut octets = [0; ID_LETTERS];
    random.fill(&mut octets)?;
    Ok(octets.map(letter))
}

fn letter(octet: u8) -> u8 {
    ALPHABET.get(usize::from(octet % 32)).copied().unwrap_or(b'a')
}

/// Makes transaction ids and Message-IDs.
pub(crate) struct IdSource {
    /// Never locked: the mutex makes the owner `Sync` although the source need not
    /// be.
    random: Mutex<Box<dyn Random + Send>>,
    block: Block<BLOCK>,
    /// The last random characters of a transaction id.
    last: [u8; ID_LETTERS],
    /// The counter: 0, and then nothing is written, until the source repeats itself
    /// or an id is not free.
    spare: u64,
}

/// Octets for a dozen ids: a connection has few in use at a time, and each connection
/// has such a block.
const BLOCK: usize = 12 * ID_LETTERS;

impl Random for IdSource {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
        let random = self.random.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.block.fill(random, octets)
    }
}

impl IdSource {
    pub(crate) fn new(random: impl Random + Send + 'static) -> Self {
        Self {
            random: Mutex::new(Box::new(random)),
            block: Block::new(),
            last: [0; ID_LETTERS],
            spare: 0,
        }
    }

    pub(crate) fn message_id(&mut self) -> Result<MessageId, RandomError> {
        Ok(MessageId::parse(&letters(self)?).unwrap_or(MessageId::NONE))
    }

    /// A transaction id that `is_free` accepts. A counter makes ids differ even if
    /// the source repeats itself. So the loop ends, and a body that contains the
    /// end-line of one id is sent with another.
    pub(crate) fn transaction_id(
        &mut self,
        mut is_free: impl FnMut(&TransactionId) -> bool,
    ) -> Result<TransactionId, RandomError> {
        let mut text = [0; MAX_OWN_ID];
        loop {
            let fresh = letters(self)?;
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
                return Ok(id);
            }
            self.spare += 1;
        }
    }
}

/// Writes `count` in base 32, least significant digit first; nothing for zero.
/// Returns the number of digits.
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

impl fmt::Debug for IdSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdSource").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    struct Stuck;

    impl Random for Stuck {
        fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
            octets.fill(0);
            Ok(())
        }
    }

    // req: 4975-7.1-1, 4975-7.1-16
    #[test]
    fn a_source_that_is_stuck_gives_no_transaction_id_twice() {
        let mut ids = IdSource::new(Stuck);
        let made: HashSet<_> = (0..1000).map(|_| ids.transaction_id(|_| true).ok()).collect();
        assert_eq!(made.len(), 1000);
    }
}
