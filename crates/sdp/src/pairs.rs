//! Octets as SDP writes those of a hash: `4A:AD:B9`.

use std::fmt::{self, Write};

/// The octets of upper- or lower-case pairs of digits with colons between them.
pub(super) fn read(text: &str) -> Option<Box<[u8]>> {
    text.split(':').map(octet).collect()
}

fn octet(pair: &str) -> Option<u8> {
    let are_digits = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    if are_digits { u8::from_str_radix(pair, 16).ok() } else { None }
}

/// Writes octets in upper case, as both RFC 8122 and RFC 5547 have them.
pub(super) fn write(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 {
            f.write_char(':')?;
        }
        write!(f, "{octet:02X}")?;
    }
    Ok(())
}
