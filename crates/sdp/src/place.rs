//! Hosts and ports that lead somewhere.

use std::net::Ipv4Addr;

use msrp::uri::{Host, UriRef};

/// The port of a side that nobody connects to (RFC 4145 section 4.1).
pub(crate) const DISCARD: u16 = 9;

/// Whether somebody can be reached there. A side that cannot be reached writes the
/// discard port, an unspecified address or a name that never resolves (RFC 2606 section
/// 2).
pub(crate) fn is_place(host: Host<'_>, port: u16) -> bool {
    !matches!(port, 0 | DISCARD) && !is_nowhere(host) && is_host(host)
}

/// The same for the place of a URI.
pub(crate) fn is_place_of(uri: UriRef<'_>) -> bool {
    is_place(uri.host(), uri.port().unwrap_or_default())
}

/// Whether a host says that nobody can be reached there: an address that no single host
/// has, or a name that stands for none.
pub(crate) fn is_nowhere(host: Host<'_>) -> bool {
    match host {
        Host::Ipv4(address) => is_of_no_host(address),
        Host::Ipv6(address) => {
            let is_mapped = address.to_ipv4_mapped().is_some_and(is_of_no_host);
            address.is_unspecified() || address.is_multicast() || is_mapped
        }
        Host::Name(name) => is_nowhere_by_name(name.strip_suffix('.').unwrap_or(name)),
    }
}

const fn is_of_no_host(address: Ipv4Addr) -> bool {
    address.is_unspecified() || address.is_multicast() || address.is_broadcast()
}

/// A name under `.invalid`, one without letters and digits, such as `-`, or a spelling of
/// 0.0.0.0 that resolvers read, such as `0` or `0x0.0`.
fn is_nowhere_by_name(name: &str) -> bool {
    let is_zero = |part: &str| {
        let digits = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")).unwrap_or(part);
        !digits.is_empty() && digits.bytes().all(|digit| digit == b'0')
    };
    let top = name.rsplit('.').next().unwrap_or_default();
    top.eq_ignore_ascii_case("invalid")
        || !name.contains(char::is_alphanumeric)
        || name.split('.').all(is_zero)
}

/// Whether this is an IP address, or a name that can be looked up.
fn is_host(host: Host<'_>) -> bool {
    let is_letter = |octet: u8| octet.is_ascii_alphanumeric() || b"-._%".contains(&octet);
    match host {
        Host::Name(name) => name.bytes().all(is_letter),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    }
}
