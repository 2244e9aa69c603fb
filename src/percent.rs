//! Octets behind percent signs, as parameters of MIME, names of files and labels
//! of data channels have them (RFC 2231, RFC 5547, RFC 8864).

use memchr::memchr_iter;

/// The text with such octets decoded, once. A percent sign without two digits
/// behind it stands for itself.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let (octet, behind) = encoded(rest).unwrap_or((*first, behind));
        octets.push(octet);
        rest = behind;
    }
    octets
}

/// The same, or `None` where a percent sign would stand for itself.
pub(crate) fn decoded_strictly(text: &str) -> Option<Vec<u8>> {
    let is_encoded = |at| text.as_bytes().get(at..).and_then(encoded).is_some();
    memchr_iter(b'%', text.as_bytes()).all(is_encoded).then(|| decoded(text))
}

/// An octet that begins with a percent sign, and what is behind it.
fn encoded(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, behind @ ..] = text else { return None };
    Some((digit(*high)? << 4 | digit(*low)?, behind))
}

const fn digit(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    }
}
