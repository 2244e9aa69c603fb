//! Captures, made packet by packet.

use std::net::{IpAddr, SocketAddr};

/// How a packet is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Ethernet,
    Vlan,
    Raw,
    Loopback,
    Cooked,
    Cooked2,
}

impl Link {
    pub(crate) const ALL: [Self; 6] =
        [Self::Ethernet, Self::Vlan, Self::Raw, Self::Loopback, Self::Cooked, Self::Cooked2];

    const fn number(self) -> u32 {
        match self {
            Self::Ethernet | Self::Vlan => 1,
            Self::Raw => 101,
            Self::Loopback => 0,
            Self::Cooked => 113,
            Self::Cooked2 => 276,
        }
    }

    fn header(self, is_ipv4: bool) -> Vec<u8> {
        let kind: [u8; 2] = if is_ipv4 { [0x08, 0x00] } else { [0x86, 0xdd] };
        match self {
            Self::Ethernet => [&[2; 12][..], &kind].concat(),
            Self::Vlan => [&[2; 12][..], &[0x81, 0, 0, 7], &kind].concat(),
            Self::Raw => Vec::new(),
            Self::Loopback => vec![2, 0, 0, 0],
            Self::Cooked => [&[0; 14][..], &kind].concat(),
            Self::Cooked2 => [&kind[..], &[0; 18]].concat(),
        }
    }
}

/// A segment of TCP.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) sequence: u32,
    pub(crate) acknowledged: u32,
    pub(crate) is_first: bool,
    pub(crate) octets: Vec<u8>,
}

impl Segment {
    fn tcp(&self) -> Vec<u8> {
        let flags = if self.is_first { 0x02 } else { 0x10 };
        let ports = [self.from.port().to_be_bytes(), self.to.port().to_be_bytes()].concat();
        let numbers = [self.sequence.to_be_bytes(), self.acknowledged.to_be_bytes()].concat();
        [&ports[..], &numbers, &[0x50, flags, 0xff, 0xff, 0, 0, 0, 0], &self.octets].concat()
    }

    /// Over IP, with padding after it as on short frames of Ethernet.
    pub(crate) fn packet(&self, link: Link) -> Vec<u8> {
        let tcp = self.tcp();
        let ip = match (self.from.ip(), self.to.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let len = u16::try_from(20 + tcp.len()).unwrap().to_be_bytes();
                let start = [0x45, 0, len[0], len[1], 0, 0, 0x40, 0, 64, 6, 0, 0];
                [&start[..], &from.octets(), &to.octets()].concat()
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let len = u16::try_from(tcp.len()).unwrap().to_be_bytes();
                let start = [0x60, 0, 0, 0, len[0], len[1], 6, 64];
                [&start[..], &from.octets(), &to.octets()].concat()
            }
            _ => panic!("one version of IP"),
        };
        [link.header(self.from.is_ipv4()), ip, tcp, vec![0; 6]].concat()
    }

    /// In fragments of IP with so many octets, a multiple of eight.
    pub(crate) fn fragments(&self, link: Link, id: u8, octets: usize) -> Vec<Vec<u8>> {
        let tcp = self.tcp();
        let count = tcp.len().div_ceil(octets);
        let fragment = |(index, part): (usize, &[u8])| {
            let place = u16::try_from(index * octets / 8).unwrap();
            let more = u16::from(index + 1 < count);
            let ip = match (self.from.ip(), self.to.ip()) {
                (IpAddr::V4(from), IpAddr::V4(to)) => {
                    let len = u16::try_from(20 + part.len()).unwrap().to_be_bytes();
                    let place = (place | more << 13).to_be_bytes();
                    let start = [0x45, 0, len[0], len[1], 0, id, place[0], place[1], 64, 6, 0, 0];
                    [&start[..], &from.octets(), &to.octets()].concat()
                }
                (IpAddr::V6(from), IpAddr::V6(to)) => {
                    let len = u16::try_from(8 + part.len()).unwrap().to_be_bytes();
                    let place = (place << 3 | more).to_be_bytes();
                    let start = [0x60, 0, 0, 0, len[0], len[1], 44, 64];
                    let extension = [6, 0, place[0], place[1], 0, 0, 0, id];
                    [&start[..], &from.octets(), &to.octets(), &extension].concat()
                }
                _ => panic!("one version of IP"),
            };
            [link.header(self.from.is_ipv4()), ip, part.to_vec()].concat()
        };
        tcp.chunks(octets).enumerate().map(fragment).collect()
    }
}

/// A capture in the format pcap. Packets are a millisecond apart.
pub(crate) fn pcap(link: Link, segments: &[Segment]) -> Vec<u8> {
    let packets: Vec<_> = segments.iter().map(|segment| segment.packet(link)).collect();
    pcap_of(link, &packets)
}

/// The same of packets.
pub(crate) fn pcap_of(link: Link, packets: &[Vec<u8>]) -> Vec<u8> {
    let header = [0xa1b2_c3d4, 0x0002_0004_u32.rotate_left(16), 0, 0, 0xffff, link.number()];
    let mut out = header.map(u32::to_le_bytes).concat();
    for (index, packet) in packets.iter().enumerate() {
        let len = u32::try_from(packet.len()).unwrap();
        let time = 1000 * u32::try_from(index).unwrap();
        out.extend([1_700_000_000, time, len, len].map(u32::to_le_bytes).concat());
        out.extend(packet);
    }
    out
}

/// The same in the format pcapng.
pub(crate) fn pcapng(link: Link, segments: &[Segment]) -> Vec<u8> {
    let block = |kind: u32, body: Vec<u8>| {
        let body = [&body[..], &vec![0; body.len().wrapping_neg() % 4]].concat();
        let len = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
        [&kind.to_le_bytes()[..], &len, &body, &len].concat()
    };
    let section = [0x1a2b_3c4d_u32, 1, u32::MAX, u32::MAX].map(u32::to_le_bytes).concat();
    let mut out = block(0x0a0d_0d0a, section);
    out.extend(block(1, [link.number(), 0xffff].map(u32::to_le_bytes).concat()));
    for (index, segment) in segments.iter().enumerate() {
        let packet = segment.packet(link);
        let len = u32::try_from(packet.len()).unwrap();
        let time = 1_700_000_000_000_000 + 1000 * index as u64;
        let (high, low) = (u32::try_from(time >> 32).unwrap(), time as u32);
        let head = [0, high, low, len, len].map(u32::to_le_bytes).concat();
        out.extend(block(6, [head, packet].concat()));
    }
    out
}
