//! The targets that the gateway may connect to. A gateway that connects anywhere is
//! an open proxy into its own network.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use thiserror::Error;

/// The targets allowed on the command line.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    allowed: Vec<Pattern>,
}

impl Policy {
    pub(crate) const fn new(allowed: Vec<Pattern>) -> Self {
        Self { allowed }
    }

    /// Whether the gateway may connect to an address of a host.
    pub(crate) fn permits(&self, host: &str, address: SocketAddr) -> bool {
        if self.allowed.is_empty() {
            return address.ip().to_canonical().is_loopback();
        }
        self.allowed.iter().any(|pattern| pattern.matches(host, address))
    }
}

/// A pattern of `--allow`: a host, and optionally a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    host: HostPattern,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Any,
    /// This name, with any address.
    Name(String),
    /// Any name with this suffix, which includes the leading dot.
    Suffix(String),
    /// Addresses, regardless of the name that resolved to them.
    Net(IpAddr, u8),
}

/// Why a text is not a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "must be HOST or HOST:PORT with a name, *.NAME, an address, ADDRESS/PREFIX or * as the \
     host; an IPv6 address with a port needs brackets"
)]
pub struct PatternError;

impl Pattern {
    fn matches(&self, host: &str, address: SocketAddr) -> bool {
        self.port.is_none_or(|port| port == address.port()) && self.host.matches(host, address.ip())
    }
}

impl HostPattern {
    fn matches(&self, host: &str, address: IpAddr) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        match self {
            Self::Any => true,
            Self::Name(name) => *name == host,
            Self::Suffix(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            Self::Net(net, prefix) => is_within(address.to_canonical(), *net, *prefix),
        }
    }
}

fn is_within(address: IpAddr, net: IpAddr, prefix: u8) -> bool {
    let prefix = u32::from(prefix);
    match (address, net) {
        (IpAddr::V4(address), IpAddr::V4(net)) => {
            let differing = address.to_bits() ^ net.to_bits();
            differing.leading_zeros() >= prefix
        }
        (IpAddr::V6(address), IpAddr::V6(net)) => {
            let differing = address.to_bits() ^ net.to_bits();
            differing.leading_zeros() >= prefix
        }
        _ => false,
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (host, port) = split_port(text)?;
        let port = port.map(parse_port).transpose()?;
        Ok(Self { host: host.parse()?, port })
    }
}

/// The host of a pattern, without brackets, and its port.
fn split_port(text: &str) -> Result<(String, Option<&str>), PatternError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, after) = rest.split_once(']').ok_or(PatternError)?;
        let (prefix, port) = match after.split_once(':') {
            Some((prefix, port)) => (prefix, Some(port)),
            None => (after, None),
        };
        return Ok((format!("{address}{prefix}"), port));
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => Ok((host.to_owned(), Some(port))),
        _ => Ok((text.to_owned(), None)),
    }
}

fn parse_port(text: &str) -> Result<u16, PatternError> {
    text.parse().ok().filter(|port| *port != 0).ok_or(PatternError)
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some((address, prefix)) = text.split_once('/') {
            let address: IpAddr = address.parse().map_err(|_| PatternError)?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.parse().ok().filter(|prefix| *prefix <= bits);
            return Ok(Self::Net(address, prefix.ok_or(PatternError)?));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Net(address, if address.is_ipv4() { 32 } else { 128 }));
        }
        let name = text.strip_prefix('*').unwrap_or(text);
        let is_suffix = name.len() < text.len();
        if is_suffix != name.starts_with('.') || !is_name(name.trim_start_matches('.')) {
            return Err(PatternError);
        }
        let name = name.to_ascii_lowercase();
        Ok(if is_suffix { Self::Suffix(name) } else { Self::Name(name) })
    }
}

/// Whether a text can be looked up as a name.
pub(crate) fn is_name(text: &str) -> bool {
    let is_name_octet = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    (1..=253).contains(&text.len()) && text.bytes().all(is_name_octet)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn permits(patterns: &[&str], host: &str, address: &str) -> bool {
        let patterns = patterns.iter().map(|pattern| pattern.parse().unwrap()).collect();
        Policy::new(patterns).permits(host, address.parse().unwrap())
    }

    #[test]
    fn without_patterns_only_loopback_may_be_reached() {
        for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(permits(&[], "localhost", address), "{address}");
        }
        for address in ["192.0.2.1:1", "10.0.0.1:1", "[::]:1", "0.0.0.0:1", "169.254.169.254:80"] {
            assert!(!permits(&[], "localhost", address), "{address}");
        }
    }

    #[test]
    fn patterns_say_what_may_be_reached_and_nothing_else_may() {
        let table: [(&str, &str, &str, bool); 21] = [
            ("bob.example", "bob.example", "192.0.2.1:7", true),
            ("bob.example", "BOB.example.", "192.0.2.1:7", true),
            ("bob.example", "notbob.example", "192.0.2.1:7", false),
            ("bob.example", "a.bob.example", "192.0.2.1:7", false),
            ("bob.example:7", "bob.example", "192.0.2.1:7", true),
            ("bob.example:7", "bob.example", "192.0.2.1:8", false),
            ("*.example", "bob.example", "192.0.2.1:7", true),
            ("*.example", "example", "192.0.2.1:7", false),
            ("*.example", ".example", "192.0.2.1:7", false),
            ("*.example", "badexample", "192.0.2.1:7", false),
            ("192.0.2.0/24", "anything", "192.0.2.200:7", true),
            ("192.0.2.0/24:7", "anything", "192.0.2.200:8", false),
            ("192.0.2.0/24", "anything", "192.0.3.1:7", false),
            ("192.0.2.0/24", "anything", "[::ffff:192.0.2.9]:7", true),
            ("0.0.0.0/0", "anything", "198.51.100.1:7", true),
            ("0.0.0.0/0", "anything", "[2001:db8::1]:7", false),
            ("2001:db8::/32", "anything", "[2001:db8::1]:7", true),
            ("[2001:db8::1]:7", "anything", "[2001:db8::1]:7", true),
            ("[2001:db8::]/32:8", "anything", "[2001:db8::1]:7", false),
            ("*", "anything", "127.0.0.1:7", true),
            ("*:7", "anything", "127.0.0.1:8", false),
        ];
        for (pattern, host, address, permitted) in table {
            assert_eq!(permits(&[pattern], host, address), permitted, "{pattern} {host} {address}");
        }
        assert!(!permits(&["bob.example"], "localhost", "127.0.0.1:7"));
        assert!(permits(&["a.example", "bob.example"], "bob.example", "192.0.2.1:7"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            ":7",
            "host:",
            "host:0",
            "host:70000",
            "a b",
            "**",
            "*x",
            "*.",
            "10.0.0.0/33",
            "[::1",
            "a/8",
        ] {
            assert_eq!(text.parse::<Pattern>(), Err(PatternError), "{text}");
        }
    }
}
