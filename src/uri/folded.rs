//! Host names without regard to case and to unnecessary escapes.

use std::hash::Hasher;

use super::class::is_unreserved;

/// Whether both are the same once folded.
pub(super) fn is_same_folded(one: &str, other: &str) -> bool {
    // Most are identical.
    one == other || one.eq_ignore_ascii_case(other) || folded(one).eq(folded(other))
}

/// Writes in runs that depend only on the folded text, so that equal texts are written
/// alike.
pub(super) fn hash_folded<H: Hasher>(text: &str, state: &mut H) {
    let mut octets = folded(text);
    let mut run = [0; 32];
    loop {
        let mut len = 0;
        for (place, octet) in run.iter_mut().zip(&mut octets) {
            *place = octet;
            len += 1;
        }
        state.write(run.get(..len).unwrap_or_default());
        if len < run.len() {
            break state.write_u8(u8::MAX);
        }
    }
}

/// The octets of `text` in lower case and with unreserved octets unescaped
/// (RFC 3986 section 6.2.2). All other escapes stay, as three octets.
pub(crate) fn folded(text: &str) -> impl Iterator<Item = u8> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (octet, after) = match rest {
            [b'%', high, low, after @ ..] => match unescaped(*high, *low) {
                Some(octet) => (octet, after),
                None => rest.split_first().map(|(octet, after)| (*octet, after))?,
            },
            [octet, after @ ..] => (*octet, after),
            [] => return None,
        };
        rest = after;
        Some(octet.to_ascii_lowercase())
    })
}

fn unescaped(high: u8, low: u8) -> Option<u8> {
    let digit = |octet| char::from(octet).to_digit(16);
    let octet = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    is_unreserved(octet).then_some(octet)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Folding twice is the same as once, and so is folding after changing the case.
        #[test]
        fn folding_is_stable(text in "([a-zA-Z0-9.~_-]|%[0-9a-fA-F]{2}){0,40}") {
            let once: Vec<u8> = folded(&text).collect();
            let again: Vec<u8> = folded(str::from_utf8(&once).unwrap()).collect();
            prop_assert_eq!(&once, &again);
            let shouted: Vec<u8> = folded(&text.to_ascii_uppercase()).collect();
            prop_assert_eq!(&once, &shouted);
        }
    }

    #[test]
    fn only_unreserved_octets_are_unescaped() {
        let fold = |text| String::from_utf8(folded(text).collect()).unwrap();
        assert_eq!(fold("%41%7e%2D%2e%5F%39"), "a~-._9");
        assert_eq!(fold("%3B%40%2F%25%C3%A9%00"), "%3b%40%2f%25%c3%a9%00");
        assert_eq!(fold("%2541"), "%2541");
    }
}
