//! A file whose connection is lost goes on in a new session, wherever it was cut (RFC
//! 4975 sections 5.4 and 7.3.2).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::wire::filler;
use common::{Pair, bob_expects};
use msrp::{
    Config, Event, FailReason, Finished, MessageKey, MessageMemory, Outcome, OutgoingMessage,
    ReceiveMode, SessionKey,
};

const SIZE: usize = 100_000;

/// A connection of two sides, of which Bob remembers the messages of earlier ones.
fn connect(memory: &MessageMemory) -> (Pair, SessionKey) {
    let bob = bob_expects().receive(ReceiveMode::Pieces).memory(memory.clone());
    let mut alice = Config::default();
    alice.chunk_octets = Some(10_000);
    let mut pair = Pair::with(alice, Config::default(), bob);
    let session = pair.open();
    (pair, session)
}

/// Writes what there is room for. Returns where the rest begins.
fn write(pair: &mut Pair, message: MessageKey, file: &[u8], from: usize) -> usize {
    let mut body = pair.alice.connection.body(message).unwrap();
    let len = body.room().min(file.len() - from);
    body.write(file[from..from + len].to_vec()).unwrap();
    if from + len == file.len() {
        body.finish().unwrap();
    }
    from + len
}

/// What Bob has of the file: its octets, and the events of its end.
#[derive(Default)]
struct Files {
    octets: Vec<u8>,
    present: Vec<std::ops::Range<u64>>,
    interrupted: usize,
    complete: usize,
}

impl Files {
    fn take(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::MessageStarted { received } => self.present = received.present().to_vec(),
                Event::Piece { offset, data, .. } => {
                    let start = offset as usize;
                    self.octets.resize(self.octets.len().max(start + data.len()), 0);
                    self.octets[start..start + data.len()].copy_from_slice(&data);
                }
                Event::MessageFailed { reason, .. } => {
                    assert_eq!(reason, FailReason::Interrupted);
                    self.interrupted += 1;
                }
                Event::MessageCompleted { .. } => self.complete += 1,
                _ => {}
            }
        }
    }
}

/// Sends the file until `cut` octets of the stream have arrived, and loses the
/// connection.
fn send_until(cut: usize, memory: &MessageMemory, file: &[u8], files: &mut Files) -> Finished {
    let (mut pair, session) = connect(memory);
    let message = OutgoingMessage::streamed("video/mp4".parse().unwrap(), Some(SIZE as u64));
    let message = pair.alice.connection.send(session, message).unwrap();
    write(&mut pair, message, file, 0);
    let stream = pair.alice.drain(pair.now);
    pair.bob.feed(pair.now, &stream[..cut.min(stream.len())]);
    let responses = pair.bob.drain(pair.now);
    pair.alice.feed(pair.now, &responses);
    pair.alice.connection.receive_eof();
    pair.bob.connection.receive_eof();
    files.take(pair.bob.events());
    pair.alice.outcomes().remove(0)
}

#[test]
fn a_file_that_is_cut_anywhere_goes_on_in_a_new_session() {
    let file = filler(SIZE);
    for cut in (100..SIZE).step_by(4_801) {
        let (memory, mut files) = (MessageMemory::new(4, 1 << 20), Files::default());
        let lost = send_until(cut, &memory, &file, &mut files);
        let chunks = cut as u64 / 10_300 * 10_000;
        assert_eq!((lost.outcome, lost.accepted), (Outcome::ConnectionLost, chunks), "{cut}");
        assert_eq!(files.interrupted, usize::from(cut > 400), "{cut}");

        let (mut pair, session) = connect(&memory);
        // Bob has what was accepted, and often more.
        let known = lost.accepted;
        let kind = "video/mp4".parse().unwrap();
        let rest = OutgoingMessage::resume(lost.message_id, kind, known, Some(SIZE as u64));
        let message = pair.alice.connection.send(session, rest).unwrap();
        let mut next = known as usize;
        while next < SIZE {
            next = write(&mut pair, message, &file, next);
            pair.settle();
            files.take(pair.bob.events());
        }
        pair.settle();
        files.take(pair.bob.events());
        assert_eq!(pair.alice.outcomes()[0].outcome, Outcome::Accepted, "{cut}");
        assert!(files.complete == 1 && files.octets == file, "{cut}");
        assert!(files.present.iter().all(|range| range.start == 0), "{:?}", files.present);
    }
}
