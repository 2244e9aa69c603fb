//! When two URIs are the same one: RFC 4975 section 6.1, without allocating.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

use super::folded::{hash_folded, is_same_folded};
use super::{Host, MsrpUri, UriRef};

impl PartialEq for UriRef<'_> {
    /// Whether both are the same URI by RFC 4975 section 6.1:
    ///
    /// - schemes, host names and transports match without regard to case;
    /// - unnecessary escapes in a host name are decoded first;
    /// - addresses and ports match by value, however they are spelled;
    /// - a missing port or session-id matches only a missing one;
    /// - session-ids match octet for octet, and paths in them are not resolved;
    /// - the userinfo is ignored;
    /// - so are the parameters after the transport. Section 6.1 does not list them among
    ///   what must match, and a peer that does not know a parameter could not repeat it.
    fn eq(&self, other: &Self) -> bool {
        // Most URIs are identical or differ in the session-id.
        self.as_str() == other.as_str()
            || self.session_id() == other.session_id()
                && self.port() == other.port()
                && self.scheme() == other.scheme()
                && self.transport().eq_ignore_ascii_case(other.transport())
                && self.has_host_of(*other)
    }
}

impl UriRef<'_> {
    /// Whether both have the same host, as [`Host`] compares it, but most of the time
    /// without reading an address. An IPv4 address has only one spelling.
    pub(crate) fn has_host_of(self, other: UriRef<'_>) -> bool {
        let (one, other) = (self.host_str(), other.host_str());
        is_same_folded(one, other)
            || (is_literal(one) && is_literal(other) && Host::from(one) == Host::from(other))
    }
}

impl Eq for UriRef<'_> {}

impl Hash for UriRef<'_> {
    /// Agrees with `==`. It omits the transport: URIs rarely differ in nothing else.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.session_id().unwrap_or_default().as_bytes());
        // In one word, because hashers are slow with small pieces. No port is zero.
        let port = u32::from(self.port().unwrap_or_default());
        state.write_u32(u32::from(self.is_secure()) << 16 | port);
        hash_host(self.host_str(), state);
    }
}

fn hash_host<H: Hasher>(text: &str, state: &mut H) {
    if is_literal(text) {
        Host::from(text).hash(state);
    } else {
        hash_folded(text, state);
    }
}

fn is_literal(host: &str) -> bool {
    host.starts_with('[')
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(other)) => is_same_folded(one, other),
            (Self::Ipv4(one), Self::Ipv4(other)) => one == other,
            (Self::Ipv6(one), Self::Ipv6(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Host<'_> {}

impl Hash for Host<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Name(name) => hash_folded(name, state),
            Self::Ipv4(address) => address.hash(state),
            Self::Ipv6(address) => address.hash(state),
        }
    }
}

impl PartialEq for MsrpUri {
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

impl Eq for MsrpUri {}

impl Hash for MsrpUri {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.view().hash(state);
    }
}

impl PartialEq<UriRef<'_>> for MsrpUri {
    fn eq(&self, other: &UriRef<'_>) -> bool {
        self.view() == *other
    }
}

impl PartialEq<MsrpUri> for UriRef<'_> {
    fn eq(&self, other: &MsrpUri) -> bool {
        *self == other.view()
    }
}

/// A URI of either kind, as the key of a look-up in a map.
///
/// [`MsrpUri`] can be borrowed as `dyn UriKey`, and a borrowed URI is one as well, so that
/// a map is searched without copying it: `map.get(&uri as &dyn UriKey)`. The more usual
/// `Borrow<UriRef<'_>>` is impossible, because there is no `UriRef` to return a reference
/// to.
pub(crate) trait UriKey {
    /// The URI to compare and hash.
    fn uri(&self) -> UriRef<'_>;
}

impl UriKey for UriRef<'_> {
    fn uri(&self) -> UriRef<'_> {
        *self
    }
}

impl UriKey for MsrpUri {
    fn uri(&self) -> UriRef<'_> {
        self.view()
    }
}

impl<'a> Borrow<dyn UriKey + 'a> for MsrpUri {
    fn borrow(&self) -> &(dyn UriKey + 'a) {
        self
    }
}

impl PartialEq for dyn UriKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.uri() == other.uri()
    }
}

impl Eq for dyn UriKey + '_ {}

impl Hash for dyn UriKey + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uri().hash(state);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashMap;

    use super::*;

    #[test]
    fn hosts_of_uris_are_compared_as_hosts() {
        let hosts = [
            "192.0.2.7",
            "192.0.2.8",
            "%31%392.0.2.7",
            "192.0.2.07",
            "[::1]",
            "[0:0::0001]",
            "[::2]",
            "[::ffff:192.0.2.7]",
            "[::FFFF:c000:207]",
            "host.example",
            "HOST.ex%61mple",
            "host",
        ];
        let uris = hosts.map(|host| format!("msrp://{host}:9;tcp"));
        let uris: Vec<_> = uris.iter().map(|uri| UriRef::parse(uri).unwrap()).collect();
        for one in &uris {
            for other in &uris {
                let is_same = one.host() == other.host();
                assert_eq!(one.has_host_of(*other), is_same, "{one} {other}");
            }
        }
    }

    #[test]
    fn a_map_of_owned_uris_is_searched_with_a_borrowed_one() {
        let mut sessions: HashMap<MsrpUri, u32> = HashMap::new();
        sessions.insert("msrp://[2001:db8::1]:2855/a;tcp".parse().unwrap(), 1);
        sessions.insert("msrp://host.example.com:2855/b;tcp".parse().unwrap(), 2);
        let find = |text| {
            let uri = UriRef::parse(text).unwrap();
            sessions.get(&uri as &dyn UriKey).copied()
        };
        assert_eq!(find("MSRP://[2001:DB8:0::1]:02855/a;TCP"), Some(1));
        assert_eq!(find("msrp://bob@HOST.ex%61mple.com:2855/b;tcp;x"), Some(2));
        assert_eq!(find("msrp://host.example.com:2855/a;tcp"), None);
    }
}
