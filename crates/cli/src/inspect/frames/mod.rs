//! The frames of recorded streams.

mod capture;
mod flows;
mod fragments;
mod ladder;
mod landmarks;
mod missing;
mod order;
mod record;
mod segment;
mod stream;
mod websocket;
mod whole;
mod wire;

use self::capture::Capture;
use self::flows::Flows;
use self::ladder::Ladder;
use self::record::Record;
use self::segment::Segments;
use self::stream::Stream;
use super::{Fault, Input, report, report_unread};
use crate::Ending;
use crate::output::tell;

/// The octets of a stream that are looked at together.
const PIECE: usize = 16 * 1024;

/// Prints each chunk and response of recorded streams.
///
/// The file is the octets of one stream, or a capture in the format pcap or pcapng, whose
/// TCP streams are put together, out of fragments of IP too, and taken out of WebSockets.
/// Streams without MSRP, such as those under TLS, are passed over. Where octets are missing or
/// are not MSRP, reading goes on at the next frame. Octets that come more than 1 MiB behind
/// later ones count as missing. Standard error tells what was passed over.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The recording; - for standard input.
    #[arg(default_value = "-")]
    file: Input,
    /// Print a ladder for people, and no JSON.
    #[arg(long)]
    ladder: bool,
}

impl Arguments {
    pub(super) fn run(&self) -> anyhow::Result<Ending> {
        let octets = self.file.read()?;
        let mut show = Show { ladder: self.ladder.then(Ladder::default), is_read: true };
        let broken = match Capture::of(&octets) {
            Some(capture) => capture_frames(capture, &mut show).err(),
            None => {
                stream_frames(&octets, &mut show);
                None
            }
        };
        let is_read = show.end();
        Ok(broken.map_or(is_read.into(), |fault| report_unread(Vec::new(), &fault)))
    }
}

fn stream_frames(octets: &[u8], show: &mut Show) {
    let mut stream = Stream::new();
    for piece in octets.chunks(PIECE) {
        stream.push(piece);
        stream.take().for_each(|record| show.record(&record));
    }
    stream.finish();
    stream.take().for_each(|record| show.record(&record));
}

fn capture_frames(capture: Capture<'_>, show: &mut Show) -> Result<(), Fault> {
    let (mut flows, mut segments) = (Flows::default(), Segments::default());
    let read = capture.segments(&mut segments, |segment, arrival| {
        flows.take(segment, arrival, |record| show.record(&record));
    });
    let passed_over = flows.finish(|record| show.record(&record));
    for (what, count) in [
        ("of the streams, without MSRP in clear", passed_over.streams as u64),
        ("compressed messages of WebSockets", passed_over.compressed as u64),
        ("octets of TCP, which came too late to be put in order", passed_over.late),
        ("fragments of IP, without the rest of their packets", segments.passed_over() as u64),
        ("packets, of protocols that are not known here", segments.not_understood() as u64),
    ] {
        if count > 0 {
            tell(format_args!("passed over: {count} {what}"));
        }
    }
    read
}

/// Shows records, one after the other or together.
struct Show {
    ladder: Option<Ladder>,
    is_read: bool,
}

impl Show {
    fn record(&mut self, record: &Record) {
        self.is_read &= record.fault.is_none();
        match &mut self.ladder {
            Some(ladder) => ladder.push(record),
            None => report(record.to_json(), record.tolerated(), record.fault.as_ref()),
        }
    }

    /// Whether everything was read.
    fn end(self) -> bool {
        if let Some(ladder) = self.ladder {
            ladder.print();
        }
        self.is_read
    }
}
