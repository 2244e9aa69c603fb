//! A stream in any pieces: the same frames as in one, and those that a plain
//! search for the end-line finds.

use bytes::BytesMut;
use msrp::wire::{Continuation, DecodeError, Decoder, Frame, Head, TransactionId};
use msrp::{ParseOptions, Tolerances};

use super::input::Input;

pub(crate) fn run(data: &[u8]) {
    let mut input = Input(data);
    let options = options(input.octet());
    let cuts = input.take(usize::from(data.first().copied().unwrap_or_default() >> 4));
    let stream = input.0;

    let whole = decode(stream, &[], options);
    assert_eq!(whole, decode(stream, cuts, options));
    if stream.len() <= 2048 {
        assert_eq!(whole, decode(stream, &[1], options));
    }
    if options.tolerances == Tolerances::none() {
        assert_nothing_lost(stream, &whole);
    }
}

/// The low bits choose, the high ones say how many cuts there are.
fn options(choice: u8) -> ParseOptions {
    let mut options = ParseOptions::default();
    if choice & 1 == 1 {
        options.tolerances = Tolerances::none();
    }
    if choice & 2 == 2 {
        (options.head_octets, options.headers, options.path_uris) = (300, 6, 2);
    }
    options
}

/// All that came of a stream.
#[derive(Debug, PartialEq)]
struct Decoded {
    /// The frames; neighbouring pieces of a body are one.
    frames: Vec<Frame>,
    error: Option<DecodeError>,
    tolerated: Tolerances,
    /// What was left in the buffer, where the stream can go on.
    rest: BytesMut,
    is_between_frames: bool,
    finished: Result<(), DecodeError>,
}

fn decode(mut stream: &[u8], cuts: &[u8], options: ParseOptions) -> Decoded {
    let (mut decoder, octets) = (Decoder::new(options), stream.len());
    let (mut frames, mut error, mut rest) = (Vec::new(), None, BytesMut::new());
    let mut cuts = cuts.iter().cycle().map(|cut| usize::from(*cut).max(1));
    while !stream.is_empty() && error.is_none() {
        let cut = cuts.next().unwrap_or(stream.len()).min(stream.len());
        rest.extend_from_slice(&stream[..cut]);
        stream = &stream[cut..];
        error = take_frames(&mut decoder, &mut rest, &mut frames);
    }
    if let Some(error) = &error {
        assert_eq!(decoder.decode(&mut rest).as_ref(), Err(error), "an error is for good");
        rest.clear();
    } else {
        assert_eq!(decoder.position(), (octets - rest.len()) as u64, "its place in the stream");
        assert!(rest.len() <= options.head_octets + 80, "{} octets held back", rest.len());
    }
    let is_between_frames = decoder.is_between_frames();
    let (tolerated, finished) = (decoder.tolerated(), decoder.finish(&rest));
    Decoded { frames, error, tolerated, rest, is_between_frames, finished }
}

fn take_frames(
    decoder: &mut Decoder,
    input: &mut BytesMut,
    frames: &mut Vec<Frame>,
) -> Option<DecodeError> {
    loop {
        match decoder.decode(input) {
            Err(error) => return Some(error),
            Ok(None) => return None,
            Ok(Some(Frame::Body(piece))) => {
                assert!(!piece.is_empty());
                if let Some(Frame::Body(before)) = frames.last_mut() {
                    let mut longer = BytesMut::from(std::mem::take(before));
                    longer.extend_from_slice(&piece);
                    *before = longer.freeze();
                } else {
                    frames.push(Frame::Body(piece));
                }
            }
            Ok(Some(frame)) => frames.push(frame),
        }
    }
}

/// Without tolerances the frames are the stream: written down one behind the
/// other they give its octets, and each body ends where a naive search says.
fn assert_nothing_lost(stream: &[u8], decoded: &Decoded) {
    let mut written = Vec::new();
    let mut open: Option<(TransactionId, bool, usize)> = None;
    for frame in &decoded.frames {
        match frame {
            Frame::Head(head) => open = Some(write_head(&mut written, head)),
            Frame::BadHead(bad) => open = Some(write_head(&mut written, bad.head())),
            Frame::Body(piece) => written.extend_from_slice(piece),
            Frame::End(flag) => {
                let (id, has_body, body) = open.take().unwrap();
                let end_line = format!("-------{id}{}\r\n", char::from(flag.as_byte()));
                if has_body {
                    let found = find_end_line(&stream[body..], &id);
                    assert_eq!(found, Some(written.len() - body));
                    written.extend_from_slice(b"\r\n");
                }
                written.extend_from_slice(end_line.as_bytes());
            }
            _ => {}
        }
    }
    if let Some((id, true, body)) = open {
        assert_eq!(find_end_line(&stream[body..], &id), None);
    }
    assert_eq!(written, &stream[..written.len()]);
    if decoded.error.is_none() {
        assert_eq!(&stream[written.len()..], &decoded.rest[..]);
    }
}

/// Gives the id, whether there is a body, and where it starts.
fn write_head(written: &mut Vec<u8>, head: &Head) -> (TransactionId, bool, usize) {
    written.extend_from_slice(head.octets());
    (head.view().transaction_id(), head.view().has_body(), written.len())
}

fn find_end_line(octets: &[u8], id: &TransactionId) -> Option<usize> {
    let needle = format!("\r\n-------{id}");
    (0..octets.len()).find(|at| {
        let Some([flag, b'\r', b'\n', ..]) = octets[*at..].strip_prefix(needle.as_bytes()) else {
            return false;
        };
        Continuation::from_byte(*flag).is_some()
    })
}
