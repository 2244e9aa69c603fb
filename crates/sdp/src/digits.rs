//! Numbers in descriptions: digits and nothing else, not even a sign.

use std::str::FromStr;

/// A number that fits its type. Leading zeros, which the RFCs forbid, are read.
pub(super) fn exact<N: FromStr>(text: &str) -> Option<N> {
    if are_digits(text) { text.parse().ok() } else { None }
}

/// A number of any length; one beyond 64 bits becomes the largest of them.
pub(super) fn saturating(text: &str) -> Option<u64> {
    are_digits(text).then(|| text.parse().unwrap_or(u64::MAX))
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}
