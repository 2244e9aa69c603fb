//! The packets of a capture, in the format pcap or pcapng.

use std::io::Cursor;
use std::time::Duration;

use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};

use super::Fault;
use super::record::Arrival;
use super::segment::{Segment, Segments};

/// A capture, which is as large as its file.
pub(super) struct Capture<'a>(&'a [u8]);

/// What is wrong with a capture.
#[derive(Debug)]
enum CaptureErrorKind {
    /// It ends in the middle of a packet.
    TruncatedCapture,
    MalformedCapture,
}

/// What a capture says of the packets that follow.
#[derive(Default)]
struct Interfaces(Vec<Interface>);

#[derive(Clone, Copy)]
struct Interface {
    link: Linktype,
    /// Units of time in a second.
    resolution: u64,
    /// Seconds to be added to each time.
    offset: i64,
}

struct Packet<'a> {
    link: Linktype,
    time: Duration,
    octets: &'a [u8],
}

impl<'a> Capture<'a> {
    /// `None` for octets that are no capture.
    pub(super) fn of(octets: &'a [u8]) -> Option<Self> {
        const MAGIC: [[u8; 4]; 5] = [
            [0xa1, 0xb2, 0xc3, 0xd4],
            [0xd4, 0xc3, 0xb2, 0xa1],
            [0xa1, 0xb2, 0x3c, 0x4d],
            [0x4d, 0x3c, 0xb2, 0xa1],
            [0x0a, 0x0d, 0x0d, 0x0a],
        ];
        MAGIC.iter().any(|magic| octets.starts_with(magic)).then_some(Self(octets))
    }

    /// Gives each TCP segment. An error lies at the octets of the file that are left.
    pub(super) fn segments(
        self,
        segments: &mut Segments,
        mut take: impl FnMut(&Segment<'_>, Arrival),
    ) -> Result<(), Fault> {
        let (mut number, mut interfaces) = (0, Interfaces::default());
        self.blocks(|block| {
            let Some(packet) = interfaces.packet(block) else { return };
            number += 1;
            segments.packet(packet.link, packet.octets, number, |segment| {
                let (from, to, time) = (segment.from, segment.to, packet.time);
                take(segment, Arrival { from, to, packet: number, time });
            });
        })
    }

    fn blocks(&self, mut take: impl FnMut(&PcapBlockOwned<'_>)) -> Result<(), Fault> {
        let (mut at, mut is_refilled) = (0, false);
        let fault = |kind: CaptureErrorKind, message: &str, at: usize| {
            Fault::of_text(&kind, message, at as u64..self.0.len() as u64)
        };
        let malformed = |at| fault(CaptureErrorKind::MalformedCapture, "this is no packet", at);
        let capacity = self.0.len().max(64 * 1024);
        let mut reader = create_reader(capacity, Cursor::new(self.0)).map_err(|_| malformed(at))?;
        loop {
            match reader.next() {
                Ok((octets, block)) => {
                    take(&block);
                    at += octets;
                    reader.consume(octets);
                    is_refilled = false;
                }
                Err(PcapError::Eof) => return Ok(()),
                Err(PcapError::Incomplete(_)) if !is_refilled => {
                    reader.refill().map_err(|_| malformed(at))?;
                    is_refilled = true;
                }
                Err(PcapError::Incomplete(_) | PcapError::UnexpectedEof) => {
                    let message = "the capture ends within a packet";
                    return Err(fault(CaptureErrorKind::TruncatedCapture, message, at));
                }
                Err(_) => return Err(malformed(at)),
            }
        }
    }
}

impl Interfaces {
    fn packet<'a>(&mut self, block: &'a PcapBlockOwned<'_>) -> Option<Packet<'a>> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let resolution =
                    if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                self.0 = vec![Interface { link: header.network, resolution, offset: 0 }];
                None
            }
            PcapBlockOwned::Legacy(packet) => {
                let interface = self.0.first()?;
                let ticks = u64::from(packet.ts_sec) * interface.resolution;
                let time = interface.time(ticks + u64::from(packet.ts_usec));
                Some(Packet { link: interface.link, time, octets: packet.data })
            }
            PcapBlockOwned::NG(block) => self.packet_of(block),
        }
    }

    fn packet_of<'a>(&mut self, block: &'a Block<'_>) -> Option<Packet<'a>> {
        match block {
            Block::SectionHeader(_) => self.0.clear(),
            Block::InterfaceDescription(interface) => self.0.push(Interface {
                link: interface.linktype,
                resolution: interface.ts_resolution().unwrap_or(1_000_000).max(1),
                offset: interface.ts_offset(),
            }),
            Block::EnhancedPacket(packet) => {
                let interface = self.0.get(packet.if_id as usize)?;
                let time = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let octets = packet.data.get(..packet.caplen as usize).unwrap_or(packet.data);
                return Some(Packet { link: interface.link, time: interface.time(time), octets });
            }
            Block::SimplePacket(packet) => {
                let interface = self.0.first()?;
                let octets = packet.data.get(..packet.origlen as usize).unwrap_or(packet.data);
                return Some(Packet { link: interface.link, time: Duration::ZERO, octets });
            }
            Block::NameResolution(_)
            | Block::InterfaceStatistics(_)
            | Block::SystemdJournalExport(_)
            | Block::DecryptionSecrets(_)
            | Block::ProcessInformation(_)
            | Block::Custom(_)
            | Block::Unknown(_) => {}
        }
        None
    }
}

impl Interface {
    fn time(&self, ticks: u64) -> Duration {
        let seconds = (ticks / self.resolution).saturating_add_signed(self.offset);
        let rest = u128::from(ticks % self.resolution) * 1_000_000_000;
        let nanoseconds = rest / u128::from(self.resolution);
        Duration::new(seconds, u32::try_from(nanoseconds).unwrap_or_default())
    }
}
