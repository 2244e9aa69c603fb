//! The addresses that the relay may connect to. A To-Path can name any host; a
//! relay without a policy would open its own network to its users.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The networks of `--connect-to`.
#[derive(Clone, Debug)]
pub(crate) struct Policy(Vec<IpNet>);

impl Policy {
    pub(crate) const fn new(nets: Vec<IpNet>) -> Self {
        Self(nets)
    }

    /// Keeps the addresses that the relay may connect to. It connects to these
    /// without another look-up, which might return others.
    pub(crate) fn permitted(&self, found: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        found.into_iter().filter(|address| self.permits(address.ip().to_canonical())).collect()
    }

    fn permits(&self, address: IpAddr) -> bool {
        if self.0.is_empty() {
            !is_near(address)
        } else {
            self.0.iter().any(|net| net.contains(&address))
        }
    }
}

/// This machine, its link, broadcast and multicast.
fn is_near(address: IpAddr) -> bool {
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    is_link_local || address.is_loopback() || address.is_unspecified() || address.is_multicast()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn permits(nets: &[&str], address: &str) -> bool {
        let policy = Policy::new(nets.iter().map(|net| net.parse().unwrap()).collect());
        !policy.permitted([SocketAddr::new(address.parse().unwrap(), 2855)]).is_empty()
    }

    #[test]
    fn without_nets_all_but_what_is_near_may_be_reached() {
        for near in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",
            "::",
            "169.254.169.254",
            "fe80::1",
            "224.0.0.1",
        ] {
            assert!(!permits(&[], near), "{near}");
        }
        for far in ["192.0.2.1", "10.0.0.1", "2001:db8::1"] {
            assert!(permits(&[], far), "{far}");
        }
    }

    #[test]
    fn with_nets_only_these_may_be_reached() {
        assert!(permits(&["127.0.0.0/8"], "127.0.0.1"));
        assert!(permits(&["10.0.0.0/8", "2001:db8::/32"], "2001:db8::1"));
        assert!(permits(&["10.0.0.0/8"], "::ffff:10.1.2.3"));
        assert!(!permits(&["10.0.0.0/8"], "192.0.2.1"));
        assert!(!permits(&["0.0.0.0/0"], "2001:db8::1"));
    }
}
