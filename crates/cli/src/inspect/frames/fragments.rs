//! Packets of IP that come in fragments.

use std::collections::BTreeMap;
use std::net::IpAddr;

use etherparse::defrag::IpDefragBuf;
use etherparse::{
    IpFragOffset, IpNumber, Ipv6ExtensionSlice, Ipv6FragmentHeaderSlice, LaxNetSlice,
};

/// The most packets that wait for fragments, each of at most 64 KiB. Beyond that, the oldest
/// is not complete in the capture.
const MAX_WAITING: usize = 256;

/// The packets of which some fragments are here.
#[derive(Default)]
pub(super) struct Fragments {
    waiting: BTreeMap<Key, Waiting>,
    passed_over: usize,
}

/// What the fragments of a packet have in common (RFC 791, RFC 8200 section 4.5).
type Key = (IpAddr, IpAddr, IpNumber, u32);

struct Waiting {
    /// The number of the packet in the capture with its first fragment.
    since: u64,
    fragments: usize,
    octets: IpDefragBuf,
}

/// A fragment of a packet.
struct Fragment<'a> {
    key: Key,
    offset: IpFragOffset,
    more: bool,
    octets: &'a [u8],
}

impl Fragments {
    /// Takes a fragment. Returns the payload of its packet if that is complete.
    pub(super) fn take(&mut self, ip: &LaxNetSlice<'_>, number: u64) -> Option<Vec<u8>> {
        let Fragment { key, offset, more, octets } = Fragment::of(ip)?;
        self.make_room(&key);
        let waiting = self.waiting.entry(key).or_insert_with(|| Waiting {
            since: number,
            fragments: 0,
            octets: IpDefragBuf::new(key.2, Vec::new(), Vec::new()),
        });
        waiting.fragments += 1;
        // One that contradicts the others is left out.
        waiting.octets.add(offset, more, octets).ok()?;
        if !waiting.octets.is_complete() {
            return None;
        }
        self.waiting.remove(&key).map(|whole| whole.octets.take_bufs().0)
    }

    fn make_room(&mut self, key: &Key) {
        if self.waiting.len() < MAX_WAITING || self.waiting.contains_key(key) {
            return;
        }
        let oldest = self.waiting.iter().min_by_key(|(_, it)| it.since).map(|(key, _)| *key);
        let oldest = oldest.and_then(|key| self.waiting.remove(&key));
        self.passed_over += oldest.map_or(0, |it| it.fragments);
    }

    /// How many fragments were passed over, since their packets are not complete.
    pub(super) fn passed_over(&self) -> usize {
        self.waiting.values().fold(self.passed_over, |sum, it| sum + it.fragments)
    }
}

impl<'a> Fragment<'a> {
    /// `None` for a packet that is whole, or carries no TCP.
    fn of(ip: &LaxNetSlice<'a>) -> Option<Self> {
        let fragment = match ip {
            LaxNetSlice::Ipv4(ip) if ip.is_payload_fragmented() => {
                let (header, payload) = (ip.header(), ip.payload());
                let (source, destination) = (header.source_addr(), header.destination_addr());
                let id = header.identification().into();
                Self {
                    key: (source.into(), destination.into(), payload.ip_number, id),
                    offset: header.fragments_offset(),
                    more: header.more_fragments(),
                    octets: payload.payload,
                }
            }
            LaxNetSlice::Ipv6(ip) if ip.is_payload_fragmented() => {
                let (header, payload) = (ip.header(), ip.payload());
                let mut extensions = ip.extensions().clone().into_iter();
                let extension = extensions.find_map(fragmentation)?;
                let (source, destination) = (header.source_addr(), header.destination_addr());
                let id = extension.identification();
                Self {
                    key: (source.into(), destination.into(), payload.ip_number, id),
                    offset: extension.fragment_offset(),
                    more: extension.more_fragments(),
                    octets: payload.payload,
                }
            }
            LaxNetSlice::Ipv4(_) | LaxNetSlice::Ipv6(_) | LaxNetSlice::Arp(_) => return None,
        };
        (fragment.key.2 == IpNumber::TCP).then_some(fragment)
    }
}

fn fragmentation(extension: Ipv6ExtensionSlice<'_>) -> Option<Ipv6FragmentHeaderSlice<'_>> {
    if let Ipv6ExtensionSlice::Fragment(found) = extension { Some(found) } else { None }
}
