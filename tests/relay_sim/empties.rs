//! Chunks without a body, which some senders make: the simulator adds them to what its
//! clients send, before the first chunk of a message, between two and as the last.

use bytes::{Bytes, BytesMut};
use msrp::wire::{Continuation, Decoder, Frame, HeadRef};

use crate::common::Seeded;
use crate::plan::chance;
use crate::watch::serial_of;

/// Adds chunks to the octets of one client.
#[derive(Default)]
pub struct Empties {
    decoder: Decoder,
    input: BytesMut,
    /// Octets that were given before, of a frame that had not ended.
    ahead: usize,
    current: Option<Chunk>,
    count: u64,
}

/// The chunk of a message that is leaving.
struct Chunk {
    /// The header fields of all chunks of the message, as text.
    fields: String,
    /// The place of its next octet.
    place: u64,
    total: String,
}

impl Chunk {
    fn new(head: &HeadRef<'_>) -> Option<Self> {
        serial_of(head).filter(|_| head.has_body())?;
        let range = head.byte_range().unwrap();
        let mut fields =
            format!("To-Path: {}\r\nFrom-Path: {}\r\n", head.to_path(), head.from_path());
        for (name, value) in head.headers() {
            if !["To-Path", "From-Path", "Byte-Range", "Content-Type"].contains(&name) {
                fields += &format!("{name}: {value}\r\n");
            }
        }
        let total = range.total().map_or("*".into(), |total| total.to_string());
        Some(Self { fields, place: range.start(), total })
    }

    fn bodiless(&self, id: &str, flag: char, rng: &mut Seeded) -> String {
        let place = self.place;
        let end = if chance(rng, 50) { "*".into() } else { (place - 1).to_string() };
        format!(
            "MSRP {id} SEND\r\n{}Byte-Range: {place}-{end}/{}\r\n-------{id}{flag}\r\n",
            self.fields, self.total
        )
    }
}

impl Empties {
    /// The octets of a client, with chunks among them: each item of the result is written
    /// by itself.
    pub fn among(&mut self, octets: &Bytes, rng: &mut Seeded) -> Vec<Bytes> {
        self.input.extend_from_slice(octets);
        let given = self.ahead + octets.len();
        let (mut out, mut done, mut frame_start) = (Vec::new(), self.ahead, 0);
        while let Some(frame) = self.decoder.decode(&mut self.input).unwrap() {
            let at = given - self.input.len();
            match frame {
                Frame::Head(head) => {
                    self.current = Chunk::new(&head.view());
                    if self.current.as_ref().is_some_and(|it| it.place == 1) && chance(rng, 20) {
                        assert!(frame_start >= done, "a head leaves in one piece");
                        out.push(octets.slice(done - self.ahead..frame_start - self.ahead));
                        done = frame_start;
                        out.push(self.bodiless('+', rng));
                    }
                }
                Frame::Body(piece) => {
                    if let Some(chunk) = &mut self.current {
                        chunk.place += piece.len() as u64;
                    }
                }
                Frame::End(flag) => {
                    frame_start = at;
                    let whole = octets.slice(done - self.ahead..at - self.ahead);
                    let is_changed = self.current.as_ref().is_some_and(|it| it.place > 1);
                    if is_changed && chance(rng, 20) {
                        out.extend([with_more(&whole), self.bodiless(sign(flag), rng)]);
                    } else {
                        out.push(whole);
                    }
                    self.current = None;
                    done = at;
                }
                _ => unreachable!("a client sends sound frames"),
            }
        }
        out.push(octets.slice(done - self.ahead..));
        self.ahead = self.input.len();
        out.retain(|it| !it.is_empty());
        out
    }

    fn bodiless(&mut self, flag: char, rng: &mut Seeded) -> Bytes {
        self.count += 1;
        let id = format!("empty{}x{:x}", self.count, rng.next());
        self.current.as_ref().unwrap().bodiless(&id, flag, rng).into()
    }
}

/// The same octets, whose end-line says that more follows.
fn with_more(octets: &Bytes) -> Bytes {
    let mut octets = octets.to_vec();
    let flag = octets.len() - 3;
    octets[flag] = b'+';
    octets.into()
}

const fn sign(flag: Continuation) -> char {
    match flag {
        Continuation::Complete => '$',
        Continuation::More => '+',
        Continuation::Aborted => '#',
    }
}
