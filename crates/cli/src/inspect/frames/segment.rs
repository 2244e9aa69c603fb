//! The TCP segment of a packet.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::Linktype;

/// What is needed of a segment to put its stream together.
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    /// Of the first octet.
    pub(super) sequence: u32,
    /// Whether it starts its stream.
    pub(super) is_first: bool,
    /// The next octet that its sender expects.
    pub(super) acknowledged: Option<u32>,
    pub(super) octets: &'a [u8],
}

impl<'a> Segment<'a> {
    /// `None` if the packet is none of TCP over IP, or a fragment of one.
    pub(super) fn of(link: Linktype, packet: &'a [u8]) -> Option<Self> {
        let packet = network(link, packet)?;
        let (source, destination): (IpAddr, IpAddr) = match &packet.net? {
            LaxNetSlice::Ipv4(ip) => {
                (ip.header().source_addr().into(), ip.header().destination_addr().into())
            }
            LaxNetSlice::Ipv6(ip) => {
                (ip.header().source_addr().into(), ip.header().destination_addr().into())
            }
            LaxNetSlice::Arp(_) => return None,
        };
        let Some(TransportSlice::Tcp(tcp)) = packet.transport else { return None };
        Some(Self {
            from: (source, tcp.source_port()).into(),
            to: (destination, tcp.destination_port()).into(),
            // SYN takes the place of an octet.
            sequence: tcp.sequence_number().wrapping_add(tcp.syn().into()),
            is_first: tcp.syn(),
            acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
            octets: tcp.payload(),
        })
    }
}

/// A packet by the type of its link. Others than these do not occur where TCP is captured.
fn network(link: Linktype, packet: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    let cooked = |kind: usize, header: usize| {
        let kind = packet.get(kind..kind + 2)?.try_into().ok()?;
        let kind = EtherType(u16::from_be_bytes(kind));
        Some(LaxSlicedPacket::from_ether_type(kind, packet.get(header..)?))
    };
    match link {
        Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(packet).ok(),
        // Four octets name the family of addresses.
        Linktype::NULL | Linktype::LOOP => LaxSlicedPacket::from_ip(packet.get(4..)?).ok(),
        Linktype::LINUX_SLL => cooked(14, 16),
        Linktype::LINUX_SLL2 => cooked(0, 20),
        _ => LaxSlicedPacket::from_ip(packet).ok(),
    }
}
