//! Middleboxes that carry the connection of a session (RFC 6714, CEMA).

use std::net::IpAddr;

use crate::media::MsrpMedia;
use crate::place::{DISCARD, is_nowhere, is_place_of};
use crate::setup::Setup;
use msrp::Role;
use msrp::uri::Host;

/// The addresses of host names in descriptions, looked up by the application.
///
/// A middlebox is in the way if the `c=` and `m=` lines name another place than the
/// URIs of the path (RFC 6714 section 4.4). Comparing a name with an address takes a
/// look-up, and this crate asks no name service. [`MsrpMedia::names`] lists the names
/// that matter. A name without an entry here equals itself and no address.
///
/// ```
/// use msrp_sdp::Addresses;
///
/// let known = Addresses::new().with("relay.example.com", ["192.0.2.7".parse()?, "2001:db8::7".parse()?]);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses(Vec<(Box<str>, IpAddr)>);

impl Addresses {
    /// Without any names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with the addresses of a name.
    #[must_use]
    pub fn with(mut self, name: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.0.extend(addresses.into_iter().map(|address| (name.into(), address)));
        self
    }

    /// Whether two hosts are the same name or share at least one address (section
    /// 4.4).
    fn are_same(&self, one: Host<'_>, other: Host<'_>) -> bool {
        one == other || self.of(one).any(|address| self.of(other).any(|it| it == address))
    }

    fn of<'a>(&'a self, host: Host<'a>) -> impl Iterator<Item = IpAddr> + 'a {
        let (address, name) = match host {
            Host::Name(name) => (None, Some(name)),
            Host::Ipv4(address) => (Some(IpAddr::V4(address)), None),
            Host::Ipv6(address) => (Some(IpAddr::V6(address)), None),
        };
        let known = self.0.iter();
        let known = known.filter(move |(it, _)| name.is_some_and(|name| same_name(it, name)));
        address.into_iter().chain(known.map(|(_, address)| *address))
    }
}

fn same_name(one: &str, other: &str) -> bool {
    Host::Name(one) == Host::Name(other)
}

/// Whether the `c=` and `m=` lines name a host and port of the path, so that no
/// middlebox has replaced them (section 4.4). A path or lines that lead nowhere are
/// nothing to compare.
pub(crate) fn is_direct(media: &MsrpMedia, addresses: &Addresses) -> bool {
    let Some(host) = media.address().map(Host::from) else { return true };
    if is_nowhere(host) || !media.path().iter().any(is_place_of) {
        return true;
    }
    media.path().iter().any(|uri| {
        // A side that only connects has no port to name (RFC 6135 section 4.2.2).
        let has_no_port = media.setup() == Some(Setup::Active) && media.port() == DISCARD;
        let is_port = has_no_port || uri.port() == Some(media.port());
        is_port && addresses.are_same(host, uri.host())
    })
}

/// Whether the answer to an offer with the extension uses it too (section 4.3). With
/// relays it can only if the side with the relay is the one that waits.
pub(crate) const fn answers_with(
    offer_setup: Option<Setup>,
    offer_is_relayed: bool,
    is_relayed: bool,
) -> bool {
    let offerer_connects = matches!(offer_setup, None | Some(Setup::Active));
    let cannot_wait = matches!(offer_setup, Some(Setup::Passive));
    !(offer_is_relayed && (is_relayed || offerer_connects) || is_relayed && cannot_wait)
}

/// Whether the offerer must offer again without the extension (section 4.2), given
/// an answer whose lines name another place than its path.
pub(crate) fn has_to_fall_back(answer: &MsrpMedia, role: Role, is_relayed: bool) -> bool {
    match role {
        // The peer connects to the path, past the middlebox.
        Role::Passive => !answer.has_cema(),
        // This side's relay connects to the path instead of the middlebox, with or
        // without the extension in the answer.
        Role::Active if is_relayed => true,
        // The middlebox knows no way to the peer's relay.
        Role::Active => !answer.has_cema() && answer.is_relayed(),
    }
}
