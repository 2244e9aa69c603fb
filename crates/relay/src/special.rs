//! Addresses that no peer on the Internet has: the registries of special-purpose
//! addresses of IANA (RFC 6890), and multicast.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>, then multicast.
const V4: [Ipv4Net; 19] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 31, 196, 0], 24),
    v4([192, 52, 193, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([192, 175, 48, 0], 24),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([240, 0, 0, 0], 4),
    v4([255, 255, 255, 255], 32),
    v4([224, 0, 0, 0], 4),
];

/// What is allocated for unicast (RFC 4291 section 2.4). The ranges of the registry
/// beyond it, such as `::1`, `fc00::/7` and `fe80::/10`, need no line of their own.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0], 3);

/// The part of <https://www.iana.org/assignments/iana-ipv6-special-registry> within
/// [`GLOBAL_V6`].
const V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0], 23),
    v6([0x2001, 0x0db8, 0], 32),
    v6([0x2002, 0, 0], 16),
    v6([0x2620, 0x004f, 0x8000], 48),
    v6([0x3fff, 0, 0], 20),
];

/// IPv4 addresses behind a translator (RFC 6052 section 2.1).
const TRANSLATED: Ipv6Net = v6([0x0064, 0xff9b, 0], 96);

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c]: [u16; 3], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// Whether an address is special, or the one that is reached by it.
pub(crate) fn is_special(address: IpAddr) -> bool {
    match reached(address) {
        IpAddr::V4(address) => V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            !GLOBAL_V6.contains(&address) || V6.iter().any(|net| net.contains(&address))
        }
    }
}

/// The address that is reached: that of IPv4 within one of IPv6.
pub(crate) fn reached(address: IpAddr) -> IpAddr {
    let address = address.to_canonical();
    if let IpAddr::V6(translated) = address
        && TRANSLATED.contains(&translated)
    {
        let [.., a, b, c, d] = translated.octets();
        return Ipv4Addr::new(a, b, c, d).into();
    }
    address
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn each_registered_range_is_special_to_both_ends() {
        let v4 = V4.iter().flat_map(|net| [net.network(), net.broadcast()]).map(IpAddr::from);
        let v6 = V6.iter().flat_map(|net| [net.network(), net.broadcast()]).map(IpAddr::from);
        for address in v4.chain(v6) {
            assert!(is_special(address), "{address}");
        }
        for address in [
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::",
            "64:ff9b::10.0.0.1",
            "64:ff9b::ffff:ffff",
            "64:ff9b:1::",
            "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
            "100::",
            "100:0:0:1::",
            "2001::",
            "2001:1::1",
            "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
            "2002:7f00:1::",
            "5f00::",
            "fc00::",
            "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(is_special(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn what_lies_beside_the_ranges_is_not() {
        for address in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::",
            "2001:4860:4860::8888",
            "2003::",
            "2606:4700::1",
            "2620:4f:8001::",
            "3ffe::1",
        ] {
            assert!(!is_special(address.parse().unwrap()), "{address}");
        }
    }
}
