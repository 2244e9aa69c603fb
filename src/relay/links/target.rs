//! Where a connection leads: one value for every spelling of it.

use std::net::{IpAddr, Ipv4Addr};

use crate::uri::{Host, UriRef, folded};

/// The port of an AUTH whose URI names none (RFC 4976 section 8).
const DEFAULT_PORT: u16 = 2855;

/// The scheme, host and port of a URI. Clients spell the URIs to which a relay
/// connects: if two spellings were two targets, one host would be many connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::relay) struct Target {
    is_secure: bool,
    place: Place,
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::relay) struct Place {
    host: Named,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Named {
    Address(IpAddr),
    Name(String),
}

impl Target {
    pub(in crate::relay) fn of(uri: UriRef<'_>) -> Self {
        Self { is_secure: uri.is_secure(), place: Place::of(uri) }
    }
}

impl Place {
    pub(in crate::relay) fn of(uri: UriRef<'_>) -> Self {
        let host = match uri.host() {
            Host::Ipv4(address) => Named::Address(address.into()),
            Host::Ipv6(address) => Named::Address(IpAddr::V6(address).to_canonical()),
            Host::Name(name) => named(name),
        };
        Self { host, port: uri.port().unwrap_or(DEFAULT_PORT) }
    }
}

/// A name without regard to case, unnecessary escapes and the dot of the root, or the
/// address that a resolver reads in it.
fn named(name: &str) -> Named {
    let mut octets: Vec<u8> = folded(name).collect();
    octets.pop_if(|last| *last == b'.');
    let name = String::from_utf8_lossy(&octets).into_owned();
    numeric(&name).map_or(Named::Name(name), |address| Named::Address(address.into()))
}

/// The IPv4 address in one to four numbers, in base 8, 10 or 16, as the resolvers of
/// most systems read it: `0x7f.1` is 127.0.0.1.
fn numeric(name: &str) -> Option<Ipv4Addr> {
    let (octets, last) = name.rsplit_once('.').map_or((None, name), |(a, b)| (Some(a), b));
    let mut bits: u32 = 0;
    let mut free: u32 = 32;
    for octet in octets.into_iter().flat_map(|octets| octets.split('.')) {
        free = free.checked_sub(8).filter(|free| *free > 0)?;
        bits = bits << 8 | u32::from(u8::try_from(number(octet)?).ok()?);
    }
    let last = number(last).filter(|last| last.checked_shr(free).unwrap_or(0) == 0)?;
    Some((bits.checked_shl(free).unwrap_or(0) | last).into())
}

fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x', ..] => (text.get(2..)?, 16),
        [b'0', _, ..] => (text.get(1..)?, 8),
        _ => (text, 10),
    };
    let is_number = digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    u32::from_str_radix(digits, radix).ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn target(uri: &str) -> Target {
        Target::of(UriRef::parse(uri).unwrap())
    }

    #[test]
    fn spellings_of_one_target_are_equal() {
        let spellings: [&[&str]; 3] = [
            &[
                "msrps://bob.example:2855/a;tcp",
                "MSRPS://me@BOB.Example:02855/b;tcp",
                "msrps://bob.example/a;tcp",
                "msrps://b%6Fb.example.:2855/c;tcp;x=1",
            ],
            &[
                "msrp://127.0.0.1:9/a;tcp",
                "msrp://[::ffff:127.0.0.1]:9/a;tcp",
                "msrp://[0:0:0:0:0:FFFF:7f00:1]:9/a;tcp",
                "msrp://127.1:9/a;tcp",
                "msrp://0x7F.0.1:9/a;tcp",
                "msrp://0177.0.0.01:9/a;tcp",
                "msrp://2130706433:9/a;tcp",
            ],
            &["msrp://[2001:db8::1]:9/a;tcp", "msrp://[2001:DB8:0:0::0001]:9/a;tcp"],
        ];
        for same in spellings {
            for uri in same {
                assert_eq!(target(uri), target(same.first().unwrap()), "{uri}");
            }
        }
    }

    #[test]
    fn other_targets_differ() {
        let others = [
            "msrp://bob.example:1/a;tcp",
            "msrp://bob.example:2/a;tcp",
            "msrps://bob.example:1/a;tcp",
            "msrp://bob.example.net:1/a;tcp",
            "msrp://127.0.0.1:1/a;tcp",
            "msrp://127.0.0.2:1/a;tcp",
            "msrp://0.0.0.0:1/a;tcp",
            "msrp://[::1]:1/a;tcp",
        ];
        for (place, one) in others.iter().enumerate() {
            for other in others.get(place + 1..).unwrap() {
                assert_ne!(target(one), target(other), "{one} {other}");
            }
        }
    }

    #[test]
    fn numbers_that_are_no_address_are_names() {
        for name in [
            "1.2.3.4.5",
            "1.2.3.4.0",
            "256.1",
            "1.2.3.256",
            "4294967296",
            "0x",
            "08",
            "1..2",
            "",
            "+1",
        ] {
            assert_eq!(numeric(name), None, "{name}");
        }
        assert_eq!(numeric("4294967295"), Some(Ipv4Addr::BROADCAST));
        assert_eq!(numeric("1.2.65535"), Some([1, 2, 255, 255].into()));
        assert_eq!(numeric("0"), Some(Ipv4Addr::UNSPECIFIED));
    }
}
