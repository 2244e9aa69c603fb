//! Nonces that a server recognizes without storing them.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::digest::hex;
use crate::random::{Random, RandomError};
use crate::time::Instant;

/// The time at which a nonce was made, and a salt that tells it from others of that time.
/// The order is that of the times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NonceId {
    /// Milliseconds since the start of the server.
    millis: u64,
    salt: [u8; 8],
}

impl NonceId {
    #[cfg(test)]
    pub(super) const fn made_at(millis: u64) -> Self {
        Self { millis, salt: [0; 8] }
    }

    fn octets(self) -> [u8; ID_OCTETS] {
        let mut octets = [0; ID_OCTETS];
        let (millis, salt) = octets.split_at_mut(8);
        millis.copy_from_slice(&self.millis.to_be_bytes());
        salt.copy_from_slice(&self.salt);
        octets
    }

    fn read(octets: [u8; ID_OCTETS]) -> Option<Self> {
        let (millis, salt) = octets.split_first_chunk()?;
        Some(Self { millis: u64::from_be_bytes(*millis), salt: salt.try_into().ok()? })
    }
}

const ID_OCTETS: usize = 16;
const TAG_OCTETS: usize = 16;

/// Makes nonces and recognizes them: each is its time, a salt, and a keyed hash over both
/// and the realm (RFC 7616 section 3.3).
#[derive(Clone)]
pub(super) struct NonceMaker {
    keyed: Hmac<Sha256>,
    start: Instant,
}

impl NonceMaker {
    /// Times before `start` count as `start`.
    pub(super) fn new(
        start: Instant,
        realm: &str,
        random: &mut dyn Random,
    ) -> Result<Self, RandomError> {
        let mut key = [0; 64];
        random.fill(&mut key)?;
        let mut keyed = Hmac::<Sha256>::new(&key.into());
        // The other parts have fixed lengths, so no two inputs are hashed alike.
        keyed.update(realm.as_bytes());
        Ok(Self { keyed, start })
    }

    pub(super) fn nonce(
        &self,
        now: Instant,
        random: &mut dyn Random,
    ) -> Result<String, RandomError> {
        let mut salt = [0; 8];
        random.fill(&mut salt)?;
        let id = NonceId { millis: self.millis(now), salt }.octets();
        Ok(hex(&id) + &hex(&self.tag(&id)))
    }

    /// The same for every challenge, and of no use without this maker. The id of a nonce
    /// is longer, so that no nonce has it for its tag.
    pub(super) fn opaque(&self) -> String {
        hex(&self.tag(b"opaque"))
    }

    /// The id of a nonce, if this maker made it.
    pub(super) fn id(&self, nonce: &str) -> Option<NonceId> {
        let octets = from_hex::<{ ID_OCTETS + TAG_OCTETS }>(nonce)?;
        let (id, tag) = octets.split_first_chunk()?;
        bool::from(tag.ct_eq(&self.tag(id))).then(|| NonceId::read(*id)).flatten()
    }

    pub(super) fn age(&self, id: NonceId, now: Instant) -> Duration {
        Duration::from_millis(self.millis(now).saturating_sub(id.millis))
    }

    fn millis(&self, now: Instant) -> u64 {
        let millis = now.saturating_duration_since(self.start).as_millis();
        u64::try_from(millis).unwrap_or(u64::MAX)
    }

    fn tag(&self, id: &[u8]) -> [u8; TAG_OCTETS] {
        let whole: [u8; 32] = self.keyed.clone().chain_update(id).finalize().into_bytes().into();
        let mut tag = [0; TAG_OCTETS];
        for (octet, hashed) in tag.iter_mut().zip(whole) {
            *octet = hashed;
        }
        tag
    }
}

impl fmt::Debug for NonceMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NonceMaker").finish_non_exhaustive()
    }
}

/// Reads lower-case digits, as [`hex`] writes them, so that a nonce has only one
/// spelling.
fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !odd.is_empty() {
        return None;
    }
    let mut octets = [0; N];
    for (octet, [high, low]) in octets.iter_mut().zip(pairs) {
        *octet = digit(*high)? << 4 | digit(*low)?;
    }
    Some(octets)
}

const fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}
