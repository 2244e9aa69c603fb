//! The TCP segments of packets.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice};
use pcap_parser::Linktype;

use super::fragments::Fragments;

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
    fn new(from: IpAddr, to: IpAddr, tcp: &TcpSlice<'a>) -> Self {
        Self {
            from: (from, tcp.source_port()).into(),
            to: (to, tcp.destination_port()).into(),
            // SYN takes the place of an octet.
            sequence: tcp.sequence_number().wrapping_add(tcp.syn().into()),
            is_first: tcp.syn(),
            acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
            octets: tcp.payload(),
        }
    }
}

/// Puts segments together from packets.
#[derive(Default)]
pub(super) struct Segments {
    fragments: Fragments,
    not_understood: usize,
}

impl Segments {
    /// Gives the segment that is complete with a packet. `number` is that of the packet.
    pub(super) fn packet(
        &mut self,
        link: Linktype,
        packet: &[u8],
        number: u64,
        take: impl FnOnce(&Segment<'_>),
    ) {
        let packet = network(link, packet);
        let Some(LaxSlicedPacket { net: Some(net), transport, .. }) = packet else {
            self.not_understood += 1;
            return;
        };
        let Some((from, to)) = ends(&net) else { return };
        match transport {
            Some(TransportSlice::Tcp(tcp)) => take(&Segment::new(from, to, &tcp)),
            None if is_fragment(&net) => {
                let whole = self.fragments.take(&net, number);
                if let Some(tcp) = whole.as_deref().and_then(|it| TcpSlice::from_slice(it).ok()) {
                    take(&Segment::new(from, to, &tcp));
                }
            }
            None => self.not_understood += 1,
            Some(_) => {}
        }
    }

    /// How many packets were passed over whose protocols are not known here, such as PPPoE.
    pub(super) const fn not_understood(&self) -> usize {
        self.not_understood
    }

    /// How many fragments of IP were passed over.
    pub(super) fn passed_over(&self) -> usize {
        self.fragments.passed_over()
    }
}

fn ends(ip: &LaxNetSlice<'_>) -> Option<(IpAddr, IpAddr)> {
    match ip {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            Some((header.source_addr().into(), header.destination_addr().into()))
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            Some((header.source_addr().into(), header.destination_addr().into()))
        }
        LaxNetSlice::Arp(_) => None,
    }
}

fn is_fragment(ip: &LaxNetSlice<'_>) -> bool {
    match ip {
        LaxNetSlice::Ipv4(ip) => ip.is_payload_fragmented(),
        LaxNetSlice::Ipv6(ip) => ip.is_payload_fragmented(),
        LaxNetSlice::Arp(_) => false,
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
