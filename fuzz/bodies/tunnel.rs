//! One string of octets on both sides of a tunnel: as a message, and as a
//! stream of which messages are made, each of which may be answered.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use msrp::wire::{Decoder, Frame, Head, Method};
use msrp::{Framing, ParseOptions, Random, Tolerance, Tolerances, Tunnel, TunnelError};

use super::input::Input;

pub(crate) fn run(data: &[u8]) {
    let mut input = Input(data);
    let choice = input.octet();
    let max = Framing::MIN_MESSAGE + usize::from(input.short() % 4096);
    let cuts = input.take(usize::from(choice >> 4));
    let mut options = ParseOptions::default();
    if choice & 1 == 1 {
        options.tolerances = Tolerances::none();
    }
    let answers = if choice & 2 == 2 { input.take(4) } else { &[] };
    let case = Case { max, options, answers, octets: input.0 };

    case.assert_message_passes();
    let whole = case.play(&[]);
    assert_eq!(whole, case.play(cuts), "the same messages at whatever octets the stream is cut");
    case.assert_nothing_lost(&whole);
}

struct Case<'a> {
    max: usize,
    options: ParseOptions,
    /// How messages are answered, in turn: not at all where there is nothing.
    answers: &'a [u8],
    octets: &'a [u8],
}

/// What came of a stream.
#[derive(Debug, Default, PartialEq)]
struct Played {
    messages: Vec<Bytes>,
    /// What the stream heard in return.
    answers: Vec<Bytes>,
    error: Option<TunnelError>,
    is_refused: bool,
}

/// Ids that differ by the counter in them only.
struct Constant;

impl Random for Constant {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        octets.fill(7);
        Ok(())
    }
}

impl Case<'_> {
    fn tunnel(&self) -> Tunnel {
        Tunnel::new(self.max, self.options, Constant)
    }

    /// Where no part waits for an answer, the frame of a message is written, and nothing
    /// of the framing that was tolerated.
    fn assert_message_passes(&self) {
        let (mut tunnel, now) = (self.tunnel(), Instant::now());
        let message = Bytes::copy_from_slice(self.octets);
        match tunnel.receive_message(now, message.clone()) {
            Ok(Some(octets)) => {
                let (head, body) = take_apart(&octets, strict_framing(self.options)).unwrap();
                let (mut decoder, mut rest) =
                    (Decoder::new(self.options), BytesMut::from(&message[..]));
                let came_in = decoder.decode(&mut rest).unwrap();
                assert_eq!(head, head_of(came_in.as_ref()));
                assert_eq!(body, body_of(&mut decoder, &mut rest).unwrap());
                assert_eq!(decoder.decode(&mut rest), Ok(None));
                if decoder.tolerated().is_empty() {
                    assert_eq!(octets, message);
                }
            }
            Ok(None) => assert!(message.iter().all(|octet| b"\r\n".contains(octet))),
            Err(error) => {
                assert_eq!(tunnel.receive_message(now, message), Err(error.clone()));
                assert_eq!(tunnel.receive_stream(now, &mut BytesMut::new()), Err(error));
            }
        }
    }

    fn play(&self, cuts: &[u8]) -> Played {
        let (mut tunnel, now) = (self.tunnel(), Instant::now());
        let (mut played, mut input, mut stream) = (Played::default(), BytesMut::new(), self.octets);
        // Squared: 255 octets are few beside a message.
        let mut cuts = cuts.iter().cycle().map(|cut| usize::from(*cut).pow(2).max(1));
        while !stream.is_empty() && played.error.is_none() {
            let cut = cuts.next().unwrap_or(stream.len()).min(stream.len());
            input.extend_from_slice(&stream[..cut]);
            stream = &stream[cut..];
            self.take_messages(&mut tunnel, now, &mut input, &mut played);
        }
        played
    }

    fn take_messages(
        &self,
        tunnel: &mut Tunnel,
        now: Instant,
        input: &mut BytesMut,
        played: &mut Played,
    ) {
        loop {
            played.error = tunnel.receive_stream(now, input).err();
            let Some(message) = tunnel.poll_message() else { return };
            assert!(message.len() <= self.max, "{} octets of {}", message.len(), self.max);
            let (head, _) = take_apart(&message, self.options).expect("exactly one frame");
            played.messages.push(message);
            if let Some(head) = head {
                self.answer(tunnel, now, &head, played);
            }
        }
    }

    fn answer(&self, tunnel: &mut Tunnel, now: Instant, head: &Head, played: &mut Played) {
        let view = head.view();
        let turn = played.messages.len() - 1;
        let Some(choice) = self.answers.get(turn % self.answers.len().max(1)) else { return };
        let status = match choice % 4 {
            0 => return,
            1 => 403,
            _ => 200,
        };
        if view.method() != Some(Method::Send) || played.error.is_some() {
            return;
        }
        played.is_refused |= status == 403;
        let (id, uri) = (view.transaction_id(), "msrp://a.invalid:1/s;tcp");
        let response =
            format!("MSRP {id} {status}\r\nTo-Path: {uri}\r\nFrom-Path: {uri}\r\n-------{id}$\r\n");
        let answer = tunnel.receive_message(now, response).unwrap();
        if let Some(answer) = &answer {
            assert!(take_apart(answer, self.options).is_some());
        }
        played.answers.extend(answer);
    }

    /// The bodies that went in come out, as far as nobody refused them.
    fn assert_nothing_lost(&self, played: &Played) {
        if played.is_refused {
            return;
        }
        let bodies = |message| take_apart(message, self.options).unwrap().1;
        let came_out: Vec<u8> = played.messages.iter().flat_map(bodies).collect();
        let (mut decoder, mut rest) = (Decoder::new(self.options), BytesMut::from(self.octets));
        let (mut went_in, mut ended) = (Vec::new(), 0);
        while let Ok(Some(frame)) = decoder.decode(&mut rest) {
            match frame {
                Frame::Body(piece) => went_in.extend_from_slice(&piece),
                Frame::End(_) => ended = went_in.len(),
                _ => {}
            }
        }
        assert!(went_in.starts_with(&came_out), "octets that never went in");
        if played.error.is_none() {
            assert!(came_out.len() >= ended, "a frame has ended and is not out");
        }
    }
}

/// The same options, but only the framing of RFC 4975.
fn strict_framing(mut options: ParseOptions) -> ParseOptions {
    options.tolerances = options
        .tolerances
        .without(Tolerance::BlankLinesBetweenFrames)
        .without(Tolerance::EmptyBodyWithoutCrlf);
    options
}

/// The head, unless it is a bad one, and the body of octets that are exactly one
/// frame. `None` where they are not.
fn take_apart(octets: &Bytes, options: ParseOptions) -> Option<(Option<Head>, Vec<u8>)> {
    let (mut decoder, mut rest) = (Decoder::new(options), BytesMut::from(&octets[..]));
    let first = decoder.decode(&mut rest).ok()??;
    let body = body_of(&mut decoder, &mut rest)?;
    let is_at_end = rest.is_empty() && decoder.is_between_frames();
    is_at_end.then(|| (head_of(Some(&first)), body))
}

fn head_of(first: Option<&Frame>) -> Option<Head> {
    match first {
        Some(Frame::Head(head)) => Some(head.clone()),
        Some(Frame::BadHead(_)) => None,
        other => panic!("no head: {other:?}"),
    }
}

/// The body up to its end-line. `None` where a frame is cut.
fn body_of(decoder: &mut Decoder, rest: &mut BytesMut) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match decoder.decode(rest).ok()?? {
            Frame::Body(piece) => body.extend_from_slice(&piece),
            Frame::End(_) => return Some(body),
            _ => return None,
        }
    }
}
