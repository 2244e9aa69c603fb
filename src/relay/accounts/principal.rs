//! Whose budget a connection, a dial or a token takes from.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use crate::relay::config::Peer;
use crate::relay::event::ConnectionId;

/// The holder of a budget. One that takes all of its own leaves the others theirs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::relay) enum Principal {
    /// A user who has authenticated, or for whom the relay connects.
    User(Arc<str>),
    /// The relay whose certificate names it so.
    Relay(Arc<str>),
    /// A source without a user: an IPv4 address, or the first one of a /64.
    Source(IpAddr),
    /// A connection of which nothing is known.
    Connection(ConnectionId),
}

impl Principal {
    /// Who holds a connection on which nobody has authenticated yet, as far as the
    /// application knows the peer.
    pub(in crate::relay) fn of(peer: &Peer) -> Option<Self> {
        match (&peer.user, peer.relay_names.first(), peer.address) {
            (_, Some(name), _) => Some(Self::Relay(name.to_ascii_lowercase().into())),
            (Some(user), None, _) => Some(Self::user(user)),
            (None, None, address) => address.map(|address| Self::Source(source(address))),
        }
    }

    pub(in crate::relay) fn user(name: &str) -> Self {
        Self::User(name.into())
    }

    /// Whether it has shown who it is.
    pub(in crate::relay) const fn is_member(&self) -> bool {
        matches!(self, Self::User(_) | Self::Relay(_))
    }

    pub(in crate::relay) const fn is_relay(&self) -> bool {
        matches!(self, Self::Relay(_))
    }
}

/// A client of another relay, who sends behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::relay) struct SenderId(pub(in crate::relay) u64);

/// Who has one IPv6 address has its whole /64.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_ipv4_address_and_a_64_of_ipv6_are_sources() {
        let of = |text: &str| source(text.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }
}
