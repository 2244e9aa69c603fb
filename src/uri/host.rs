//! The host of a URI: a name or an address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::folded::folded;

/// The host of a URI. Names are compared without regard to case and to unnecessary
/// escapes, as in URIs.
///
/// A text becomes the variant that it spells. An IPv6 address may have its brackets or
/// not:
///
/// ```
/// use msrp::uri::Host;
///
/// assert_eq!(Host::from("192.0.2.7"), Host::Ipv4([192, 0, 2, 7].into()));
/// assert_eq!(Host::from("::1").to_string(), "[::1]");
/// assert_eq!(Host::from("host.example.com"), Host::Name("host.example.com"));
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Host<'a> {
    /// A name to look up, as it was written: its case and its escapes stay.
    Name(&'a str),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
}

impl<'a> From<&'a str> for Host<'a> {
    fn from(text: &'a str) -> Self {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        match ipv6(bare.unwrap_or(text).as_bytes()) {
            Some(address) => Self::Ipv6(address),
            None => ipv4(text).map_or(Self::Name(text), Self::Ipv4),
        }
    }
}

impl From<IpAddr> for Host<'_> {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::Ipv4(address),
            IpAddr::V6(address) => Self::Ipv6(address),
        }
    }
}

impl From<Ipv4Addr> for Host<'_> {
    fn from(address: Ipv4Addr) -> Self {
        Self::Ipv4(address)
    }
}

impl From<Ipv6Addr> for Host<'_> {
    fn from(address: Ipv6Addr) -> Self {
        Self::Ipv6(address)
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ipv4(address) => write!(f, "{address}"),
            Self::Ipv6(address) => write!(f, "[{address}]"),
        }
    }
}

/// The IPv4 address in `text`, in which digits may be escaped (RFC 3986
/// section 6.2.2.2): otherwise `%31` would evade a rule for addresses.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == '%') {
        return None;
    }
    let mut plain = [0; "255.255.255.255".len()];
    let mut len = 0;
    for octet in folded(text) {
        *plain.get_mut(len)? = octet;
        len += 1;
    }
    str::from_utf8(plain.get(..len)?).ok()?.parse().ok()
}

/// The IPv6 address in `text`, by the rule `IPv6address` of RFC 3986. The
/// standard library accepts the same but takes twice as long, which matters if every
/// peer has such an address.
pub(super) fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let mut groups = Groups::default();
    let mut rest = text;
    if let [b':', b':', after @ ..] = rest {
        groups.elide()?;
        rest = after;
    }
    while !rest.is_empty() {
        let (group, after) = h16(rest)?;
        if after.first() == Some(&b'.') {
            groups.push_ipv4(rest)?;
            break;
        }
        groups.push(group)?;
        rest = match after {
            [b':', b':', after @ ..] => {
                groups.elide()?;
                after
            }
            [b':', after @ ..] if !after.is_empty() => after,
            [] => after,
            _ => return None,
        };
    }
    groups.address()
}

/// One to four hexadecimal digits, and what follows them.
fn h16(text: &[u8]) -> Option<(u16, &[u8])> {
    let (first, mut rest) = text.split_first()?;
    let mut group = hexdig(*first)?;
    for _ in 1..4 {
        let [octet, after @ ..] = rest else { break };
        let Some(digit) = hexdig(*octet) else { break };
        group = group << 4 | digit;
        rest = after;
    }
    Some((group, rest))
}

fn hexdig(octet: u8) -> Option<u16> {
    char::from(octet).to_digit(16).and_then(|digit| u16::try_from(digit).ok())
}

/// The groups of an IPv6 address as they are read.
#[derive(Default)]
struct Groups {
    groups: [u16; 8],
    len: usize,
    /// Before which group `::` stands.
    elided: Option<usize>,
}

impl Groups {
    fn push(&mut self, group: u16) -> Option<()> {
        *self.groups.get_mut(self.len)? = group;
        self.len += 1;
        Some(())
    }

    fn push_ipv4(&mut self, text: &[u8]) -> Option<()> {
        let address: Ipv4Addr = str::from_utf8(text).ok()?.parse().ok()?;
        let [a, b, c, d] = address.octets();
        self.push(u16::from_be_bytes([a, b]))?;
        self.push(u16::from_be_bytes([c, d]))
    }

    fn elide(&mut self) -> Option<()> {
        self.elided.replace(self.len).is_none().then_some(())
    }

    fn address(mut self) -> Option<Ipv6Addr> {
        match self.elided {
            // `::` stands for one group of zeros or more.
            Some(place) if self.len < 8 => {
                self.groups.get_mut(place..)?.rotate_right(8 - self.len);
            }
            None if self.len == 8 => {}
            _ => return None,
        }
        Some(Ipv6Addr::from(self.groups))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn std_ipv6(text: &str) -> Option<Ipv6Addr> {
        text.parse().ok()
    }

    proptest! {
        #[test]
        fn ipv6_reads_what_the_standard_library_reads(
            groups in prop::collection::vec(prop_oneof![7 => "[0-9a-fA-F]{1,4}", 1 => Just(String::new())], 0..10),
            ipv4 in prop::option::weighted(0.2, "[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}"),
        ) {
            let groups: Vec<String> = groups.into_iter().chain(ipv4).collect();
            let text = groups.join(":");
            prop_assert_eq!(ipv6(text.as_bytes()), std_ipv6(&text), "{}", text);
        }

        #[test]
        fn ipv6_refuses_what_the_standard_library_refuses(text in "[0-9a-f:.]{0,24}|[0-9a-fg:]{0,12}") {
            prop_assert_eq!(ipv6(text.as_bytes()), std_ipv6(&text), "{}", text);
        }

        #[test]
        fn addresses_are_read_as_they_are_written(address: IpAddr) {
            let host = Host::from(address);
            for text in [host.to_string(), address.to_string()] {
                prop_assert_eq!(Host::from(&*text), host, "{}", text);
            }
        }
    }

    #[test]
    fn an_escape_does_not_hide_an_address() {
        assert_eq!(Host::from("%31%392.0%2E2.7"), Host::Ipv4(Ipv4Addr::new(192, 0, 2, 7)));
    }

    #[test]
    fn what_looks_like_an_address_and_is_none_is_a_name() {
        for text in [
            "192.0.2.01",
            "192.0.2",
            "256.0.2.1",
            "192.0.2.1.",
            "192.0.2.1111111111",
            "%",
            "[192.0.2.1]",
            "[v1.a]",
        ] {
            assert!(matches!(Host::from(text), Host::Name(name) if name == text), "{text}");
        }
    }
}
