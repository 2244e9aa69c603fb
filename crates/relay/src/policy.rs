//! The targets that the relay may connect to. A To-Path can name any host; a relay
//! without a policy would open its own network to its users.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;

use crate::special::{is_special, reached};

/// Ports below are those of other protocols' servers.
const FIRST_PORT: u16 = 1024;

/// The targets of `--connect-to`.
#[derive(Clone, Debug)]
pub(crate) struct Policy(Vec<Target>);

impl Policy {
    pub(crate) const fn new(targets: Vec<Target>) -> Self {
        Self(targets)
    }

    /// Keeps the addresses that the relay may connect to. It connects to these
    /// without another look-up, which might return others.
    ///
    /// Fails if the system does not tell the addresses of this machine.
    pub(crate) fn permitted(
        &self,
        found: impl IntoIterator<Item = SocketAddr>,
    ) -> io::Result<Vec<SocketAddr>> {
        self.permitted_on(own_addresses, found)
    }

    /// The same on a machine with other addresses.
    fn permitted_on(
        &self,
        machine: impl FnOnce() -> io::Result<Vec<IpAddr>>,
        found: impl IntoIterator<Item = SocketAddr>,
    ) -> io::Result<Vec<SocketAddr>> {
        let own = if self.0.is_empty() { machine()? } else { Vec::new() };
        Ok(found.into_iter().filter(|address| self.permits(*address, &own)).collect())
    }

    fn permits(&self, address: SocketAddr, own: &[IpAddr]) -> bool {
        let (ip, port) = (address.ip().to_canonical(), address.port());
        if self.0.is_empty() {
            port >= FIRST_PORT && !is_special(ip) && !own.contains(&reached(ip))
        } else {
            self.0.iter().any(|target| target.contains(ip, port))
        }
    }
}

/// The addresses of this machine's interfaces, as they are now.
fn own_addresses() -> io::Result<Vec<IpAddr>> {
    let interfaces = if_addrs::get_if_addrs()?;
    Ok(interfaces.iter().map(|interface| interface.ip().to_canonical()).collect())
}

/// A target of `--connect-to`: a network, and optionally a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    net: IpNet,
    port: Option<u16>,
}

/// Why a text is not a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be ADDRESS[/PREFIX][:PORT]; an IPv6 address with a port needs brackets")]
pub struct TargetError;

impl Target {
    fn contains(&self, ip: IpAddr, port: u16) -> bool {
        let is_port = self.port.map_or(port >= FIRST_PORT, |wanted| port == wanted);
        is_port && self.net.contains(&ip)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (net, port) = split_port(text).ok_or(TargetError)?;
        let port = port.map(|port| port.parse().map_err(|_| TargetError)).transpose()?;
        if port == Some(0) {
            return Err(TargetError);
        }
        let single = net.parse::<IpAddr>().map(IpNet::from);
        let net = single.or_else(|_| net.parse()).map_err(|_| TargetError)?;
        Ok(Self { net, port })
    }
}

/// The network, without brackets, and the port.
fn split_port(text: &str) -> Option<(String, Option<&str>)> {
    let Some(rest) = text.strip_prefix('[') else {
        return Some(match text.split_once(':') {
            Some((net, port)) if !port.contains(':') => (net.to_owned(), Some(port)),
            _ => (text.to_owned(), None),
        });
    };
    let (address, after) = rest.split_once(']')?;
    let (prefix, port) = match after.split_once(':') {
        Some((prefix, port)) => (prefix, Some(port)),
        None => (after, None),
    };
    Some((format!("{address}{prefix}"), port))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn permits(targets: &[&str], address: &str) -> bool {
        let policy = Policy::new(targets.iter().map(|target| target.parse().unwrap()).collect());
        !policy.permitted([address.parse().unwrap()]).unwrap().is_empty()
    }

    #[test]
    fn without_targets_all_but_special_addresses_and_low_ports_may_be_reached() {
        for denied in [
            "127.0.0.1:2855",
            "[::1]:2855",
            "[::ffff:127.0.0.1]:2855",
            "169.254.169.254:2855",
            "10.0.0.1:2855",
            "192.168.1.1:2855",
            "100.64.0.1:2855",
            "[fd00::1]:2855",
            "8.8.8.8:1023",
            "8.8.8.8:443",
            "8.8.8.8:0",
            "[2606:4700::1]:25",
        ] {
            assert!(!permits(&[], denied), "{denied}");
        }
        for permitted in ["8.8.8.8:1024", "[2606:4700::1]:2855", "[::ffff:8.8.8.8]:65535"] {
            assert!(permits(&[], permitted), "{permitted}");
        }
    }

    #[test]
    fn the_addresses_of_this_machine_may_not_be_reached() {
        let own = own_addresses().unwrap();
        assert!(own.contains(&IpAddr::from([127, 0, 0, 1])), "{own:?}");
        let this = IpAddr::from([8, 8, 8, 8]);
        for spelling in ["8.8.8.8:2855", "[::ffff:8.8.8.8]:2855", "[64:ff9b::8.8.8.8]:2855"] {
            let found: SocketAddr = spelling.parse().unwrap();
            let permitted = |targets: &[&str], own: &[IpAddr]| {
                let targets = targets.iter().map(|target| target.parse().unwrap()).collect();
                Policy::new(targets).permitted_on(|| Ok(own.to_vec()), [found]).unwrap()
            };
            assert_eq!(permitted(&[], &own), [found]);
            assert_eq!(permitted(&[], &[this]), []);
            assert_eq!(permitted(&["8.8.8.8", "64:ff9b::/96"], &[this]), [found]);
        }
    }

    #[test]
    fn with_targets_only_these_may_be_reached() {
        assert!(permits(&["127.0.0.0/8"], "127.0.0.1:2855"));
        assert!(permits(&["10.0.0.0/8", "2001:db8::/32"], "[2001:db8::1]:2855"));
        assert!(permits(&["10.0.0.0/8"], "[::ffff:10.1.2.3]:2855"));
        assert!(!permits(&["10.0.0.0/8"], "8.8.8.8:2855"));
        assert!(!permits(&["0.0.0.0/0"], "[2606:4700::1]:2855"));
    }

    #[test]
    fn a_low_port_has_to_be_named() {
        assert!(!permits(&["10.0.0.0/8"], "10.0.0.1:443"));
        for (target, address, permitted) in [
            ("10.0.0.0/8:443", "10.0.0.1:443", true),
            ("10.0.0.0/8:443", "10.0.0.1:2855", false),
            ("10.0.0.1:443", "10.0.0.1:443", true),
            ("10.0.0.1:443", "10.0.0.2:443", false),
            ("[::1]:443", "[::1]:443", true),
            ("[2001:db8::]/32:443", "[2001:db8::1]:443", true),
            ("[2001:db8::]/32", "[2001:db8::1]:443", false),
        ] {
            assert_eq!(permits(&[target], address), permitted, "{target} {address}");
        }
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for text in
            ["", ":7", "host", "10.0.0.0/33", "10.0.0.1:0", "10.0.0.1:", "[::1", "10.0.0.1:x"]
        {
            assert_eq!(text.parse::<Target>(), Err(TargetError), "{text}");
        }
    }
}
