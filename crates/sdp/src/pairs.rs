//! Hashes as SDP writes them: the name of a function, and octets such as `4A:AD:B9`.

use std::fmt::{self, Write};

/// Reads pairs of hexadecimal digits, in either case, separated by colons.
pub(super) fn read(text: &str) -> Option<Box<[u8]>> {
    text.split(':').map(octet).collect()
}

fn octet(pair: &str) -> Option<u8> {
    let are_digits = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    if are_digits { u8::from_str_radix(pair, 16).ok() } else { None }
}

/// Writes the digits in upper case, as RFC 8122 and RFC 5547 demand.
pub(super) fn write(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 {
            f.write_char(':')?;
        }
        write!(f, "{octet:02X}")?;
    }
    Ok(())
}

/// A hash whose function is spelt as in `sha1` or `SHA256`, with the hyphen that is missing.
pub(super) fn with_hyphen(hash: &str) -> Option<String> {
    let (family, rest) = hash.split_at_checked(3)?;
    let size = rest.split([':', ' ', '\t']).next()?;
    let is_known = matches!(size, "1" | "224" | "256" | "384" | "512");
    (family.eq_ignore_ascii_case("sha") && is_known).then(|| format!("sha-{rest}"))
}
