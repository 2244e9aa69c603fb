//! What reading and carrying costs in memory, counted by the allocator.
//!
//! Tests run in threads of one process, so each thread has a count of its own.
#![allow(unsafe_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use common::wire::{frames, response};
use common::{ALICE, BOB, Pair, Seeded, alice_opens, bob_expects};
use msrp::wire::{DecodeError, HeadRef, ParseErrorKind, Parsed};
use msrp::{
    Config, Connection, ConnectionError, Event, OutgoingMessage, ParseOptions, ReceiveMode, Role,
    SessionConfig,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(allocations: usize, octets: isize) {
    // A thread that is ending has no counters any more, and no test to count for.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + allocations));
    let _ = HELD.try_with(|held| {
        held.set(held.get() + octets);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // Both are there while octets move from one to the other.
        count(1, new_size as isize);
        let place = unsafe { System.realloc(place, layout, new_size) };
        count(0, -(layout.size() as isize));
        place
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, -(layout.size() as isize));
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many allocations `work` makes.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// The most octets that `work` holds at once, beyond those held before.
fn peak(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    PEAK.set(before);
    work();
    usize::try_from(PEAK.get() - before).unwrap()
}

/// What `work` returns, and the octets that it holds.
fn held<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    let kept = work();
    (kept, usize::try_from(HELD.get() - before).unwrap())
}

/// A chunk for Bob's session: its Byte-Range, its body and its flag.
fn chunk(message: usize, range: &str, body: &[u8], flag: char) -> Vec<u8> {
    let head = format!(
        "MSRP tr{message:06} SEND\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\n\
         Message-ID: message{message}\r\nByte-Range: {range}\r\nContent-Type: text/plain\r\n\r\n"
    );
    let end = format!("\r\n-------tr{message:06}{flag}\r\n");
    [head.as_bytes(), body, end.as_bytes()].concat()
}

fn small_message(number: usize) -> Vec<u8> {
    chunk(number, "1-5/5", b"Hello", '$')
}

/// Bob, to whom Alice has bound a session.
fn bob(session: SessionConfig) -> Connection {
    let mut pair = Pair::with(Config::default(), Config::default(), session);
    pair.open();
    pair.bob.connection
}

/// Hands octets to a connection and forgets what becomes of them.
fn feed(connection: &mut Connection, input: &mut BytesMut) -> Result<(), ConnectionError> {
    let now = Instant::now();
    let result = connection.receive(now, input);
    while connection.poll_event().is_some() {}
    while connection.poll_transmit(now).is_some() {}
    result
}

#[test]
fn the_counters_count() {
    let mut held = Vec::new();
    assert_eq!(allocations(|| held = vec![1_u8; 100]), 1);
    assert_eq!(peak(|| drop(vec![1_u8; 1000])), 1000);
    assert_eq!(peak(|| drop(std::mem::take(&mut held))), 0);
}

#[test]
fn reading_a_head_allocates_nothing() {
    let octets = small_message(1);
    let options = ParseOptions::default();
    let count = allocations(|| {
        let Ok(Parsed::Complete { head, .. }) = HeadRef::parse(&octets, &options) else {
            panic!("the head is all there");
        };
        assert!(head.message_id().is_some() && head.byte_range().is_some());
        let uris = head.to_path().iter().chain(head.from_path().iter());
        assert!(uris.into_iter().all(|uri| uri.port().is_some() && uri.session_id().is_some()));
    });
    assert_eq!(count, 0);
}

/// Allocations of a small message on its way from octets to its event, with
/// `count` of them in the buffer.
fn allocations_of_small_messages(count: usize) -> usize {
    let mut connection = bob(bob_expects());
    let mut input = BytesMut::with_capacity(64 * KIB);
    let now = Instant::now();
    let mut last = 0;
    // The first rounds fill what the connection keeps for later ones.
    for round in 0..=600 / count {
        (0..count).for_each(|n| input.extend_from_slice(&small_message(round * count + n)));
        last = allocations(|| {
            connection.receive(now, &mut input).unwrap();
            for _ in 0..count {
                assert!(matches!(connection.poll_event(), Some(Event::Message { .. })));
            }
        });
        assert!(input.is_empty() && connection.poll_event().is_none());
        while connection.poll_transmit(now).is_some() {}
    }
    last
}

#[test]
fn a_small_message_makes_three_allocations() {
    assert!(allocations_of_small_messages(1) <= 3, "{}", allocations_of_small_messages(1));
}

#[test]
fn many_small_messages_in_one_buffer_make_no_more_each() {
    let (one, many) = (allocations_of_small_messages(1), allocations_of_small_messages(100));
    assert!(many <= 100 * one, "{many} for a hundred, {one} for one");
}

/// A streamed transfer from one side to the other, with nothing but one buffer
/// between them.
fn transfer(total: usize) -> usize {
    let config = || {
        let mut config = Config::default();
        config.transmit_octets = 16 * KIB;
        config
    };
    let expected = bob_expects().receive(ReceiveMode::Pieces).max_size(u64::MAX);
    let mut pair = Pair::with(config(), config(), expected);
    let session = pair.open();
    let (mut alice, mut bob) = (pair.alice.connection, pair.bob.connection);
    let piece = Bytes::from_static(&[b'x'; 16 * KIB]);
    let media_type = "application/octet-stream".parse().unwrap();
    let message = OutgoingMessage::streamed(media_type, Some(total as u64));
    let key = alice.send(session, message).unwrap();
    let (mut left, mut received, mut completed) = (total, 0, false);
    let mut wire = BytesMut::with_capacity(64 * KIB);
    let now = Instant::now();
    let peak = peak(|| {
        while !completed {
            while let Ok(mut body) = alice.body(key) {
                match left {
                    0 => body.finish().unwrap(),
                    _ if body.room() < piece.len() => break,
                    _ => body.write(piece.clone()).unwrap(),
                }
                left -= piece.len().min(left);
            }
            while let Some(mut transmit) = alice.poll_transmit(now) {
                while transmit.has_remaining() {
                    wire.extend_from_slice(transmit.chunk());
                    transmit.advance(transmit.chunk().len());
                }
                bob.receive(now, &mut wire).unwrap();
                while let Some(event) = bob.poll_event() {
                    match event {
                        Event::Piece { data, .. } => received += data.len(),
                        Event::MessageCompleted { .. } => completed = true,
                        _ => {}
                    }
                }
            }
            while alice.poll_event().is_some() {}
        }
    });
    assert_eq!(received, total);
    peak
}

#[test]
fn a_transfer_of_any_size_takes_less_than_a_mebibyte() {
    let total = if cfg!(debug_assertions) { 64 * MIB } else { 1024 * MIB };
    let peak = transfer(total);
    assert!(peak < MIB, "{peak} octets for both sides");
}

#[test]
fn a_head_without_end_is_given_up_early() {
    let mut connection = bob(bob_expects());
    let line = [b"X-Filler: ".as_slice(), &[b'a'; 90], b"\r\n"].concat();
    let mut result = Ok(());
    let peak = peak(|| {
        let mut input = BytesMut::from(&b"MSRP a1b2c3d4 SEND\r\n"[..]);
        for _ in 0..10_000 {
            input.extend_from_slice(&line);
            result = feed(&mut connection, &mut input);
            if result.is_err() {
                break;
            }
        }
    });
    let Err(ConnectionError::Decode(DecodeError::Head(error))) = result else {
        panic!("{result:?}");
    };
    assert_eq!(error.kind(), ParseErrorKind::HeadTooLong { limit: 16 * KIB });
    assert!(peak < 64 * KIB, "{peak}");
}

#[test]
fn a_line_without_end_is_given_up_early() {
    let mut connection = bob(bob_expects());
    let mut result = Ok(());
    let peak = peak(|| {
        let mut input = BytesMut::from(&b"MSRP a1b2c3d4 SEND\r\nX-Filler: "[..]);
        for _ in 0..10_000 {
            input.extend_from_slice(&[b'a'; 100]);
            result = feed(&mut connection, &mut input);
            if result.is_err() {
                break;
            }
        }
    });
    assert!(result.is_err());
    assert!(peak < 64 * KIB, "{peak}");
}

// req: 4975-14.5-4
#[test]
fn no_number_in_a_byte_range_sizes_an_allocation() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        for range in [
            "1-*/18446744073709551615",
            "1-18446744073709551615/18446744073709551615",
            "18446744073709551600-*/*",
            "18446744073709551615-18446744073709551615/18446744073709551615",
        ] {
            let mut connection = bob(bob_expects().receive(mode).max_size(u64::MAX));
            let mut input = BytesMut::with_capacity(4 * KIB);
            let peak = peak(|| {
                for flag in ['+', '$'] {
                    input.extend_from_slice(&chunk(1, range, b"0123456789", flag));
                    feed(&mut connection, &mut input).unwrap();
                }
            });
            assert!(peak < 16 * KIB, "{peak} for {range}");
        }
    }
}

#[test]
fn a_message_takes_memory_for_the_octets_that_came() {
    let mut connection = bob(bob_expects().max_size(u64::MAX));
    let mut input = BytesMut::with_capacity(4 * KIB);
    let (parts, body) = (200_u64, [b'x'; KIB]);
    let peak = peak(|| {
        for part in (0..parts).rev() {
            // A gap of a gibibyte between any two parts.
            let range = format!("{}-*/{}", (part << 30) + 1, 1_u64 << 60);
            input.extend_from_slice(&chunk(1, &range, &body, '+'));
            feed(&mut connection, &mut input).unwrap();
        }
    });
    let received = usize::try_from(parts).unwrap() * body.len();
    assert!((received..3 * received).contains(&peak), "{peak} for {received}");
}

#[test]
fn a_message_above_the_limit_stops_taking_memory() {
    let mut connection = bob(bob_expects().max_size(MIB as u64));
    let head = chunk(1, "1-*/*", b"", '+');
    let head = head.strip_suffix(b"\r\n-------tr000001+\r\n").unwrap();
    let mut input = BytesMut::with_capacity(64 * KIB);
    let peak = peak(|| {
        input.extend_from_slice(head);
        for _ in 0..1024 {
            input.extend_from_slice(&[b'x'; 16 * KIB]);
            feed(&mut connection, &mut input).unwrap();
        }
    });
    assert!(peak < 5 * MIB, "{peak}");
}

/// A connection with one session that has carried so many messages.
fn idle(messages: usize) -> usize {
    let (config, now) = (Arc::new(Config::default()), Instant::now());
    let (alice, octets) = held(|| {
        let alice = Connection::new(config.clone(), Role::Active, Seeded(1), now);
        let mut alice = Box::new(alice.unwrap());
        let session = alice.open(alice_opens()).unwrap();
        for _ in 0..messages {
            alice.send(session, OutgoingMessage::text("Hello")).unwrap();
        }
        while let Some(mut transmit) = alice.poll_transmit(now) {
            for frame in frames(&transmit.copy_to_bytes(transmit.remaining())) {
                let mut answer = BytesMut::from(&response(&frame.id, "200 OK")[..]);
                alice.receive(now, &mut answer).unwrap();
            }
        }
        while alice.poll_event().is_some() {}
        alice
    });
    assert!(alice.is_flushed());
    octets
}

#[test]
fn an_idle_connection_holds_little() {
    let octets = idle(0);
    assert!(octets < 11 * KIB, "{octets}");
}

#[test]
fn a_burst_leaves_no_empty_tables() {
    let octets = idle(1000);
    assert!(octets < 256 * KIB, "{octets}");
}
