//! How names become addresses.

use std::io;
use std::net::SocketAddr;

use tokio::net::lookup_host;

#[cfg(feature = "srv")]
use super::dns;

/// Who looks up names.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// DNS servers. If there are none, the system looks up names.
    #[cfg(feature = "srv")]
    pub(super) servers: Vec<SocketAddr>,
}

impl Names {
    /// The addresses of a host, at least one: families take turns, beginning with that of
    /// the first (RFC 8305 section 4).
    pub(super) async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let found = self.look_up(host, port).await?;
        if found.is_empty() {
            return Err(io::Error::other("it has no address"));
        }
        Ok(take_turns(found))
    }

    async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        #[cfg(feature = "srv")]
        if !self.servers.is_empty() {
            let found = dns::resolver(&self.servers)?.lookup_ip(dns::name(host)?).await;
            let found = found.map_err(io::Error::other)?;
            return Ok(found.iter().map(|address| SocketAddr::new(address, port)).collect());
        }
        Ok(lookup_host((host, port)).await?.collect())
    }
}

fn take_turns(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let is_first_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == is_first_v6);
    let mut second = second.into_iter();
    let mut order = Vec::new();
    for address in first {
        order.push(address);
        order.extend(second.next());
    }
    order.extend(second);
    order
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn address_families_take_turns() {
        let addresses = |all: &[&str]| -> Vec<SocketAddr> {
            all.iter().map(|address| address.parse().unwrap()).collect()
        };
        let found = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"]);
        let order = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"]);
        assert_eq!(take_turns(found), order);
    }
}
