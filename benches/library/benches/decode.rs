//! Decoding large bodies, beside a search for the same end-line and a copy of
//! the same octets; and many small messages in one buffer.
#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use memchr::memmem::Finder;
use msrp::wire::{Continuation, Decoder};
use msrp_bench::{ID, KIB, LARGE, READ, chunk, drain, push_chunk, random_octets};

/// A body that repeats `unit`.
fn repeated(unit: &[u8]) -> Vec<u8> {
    unit.iter().copied().cycle().take(LARGE).collect()
}

fn bodies() -> [(&'static str, Vec<u8>); 4] {
    [
        ("random", random_octets(LARGE)),
        ("CRLF and hyphens", repeated(b"\r\n------\r\n-------\r-------\n")),
        ("wrong flag", repeated(format!("\r\n-------{ID}!\r\n").as_bytes())),
        ("no CRLF after", repeated(format!("\r\n-------{ID}$-").as_bytes())),
    ]
}

fn needle() -> Vec<u8> {
    format!("\r\n-------{ID}").into_bytes()
}

/// Each run consumes its own copy, made outside the measured time. The search gets
/// a copy too, so that the caches are in the same state.
fn whole(c: &mut Criterion) {
    for (name, body) in bodies() {
        let wire = chunk(&body);
        let needle = needle();
        let finder = Finder::new(&needle);
        let mut group = c.benchmark_group(format!("64 MiB of {name}, one buffer"));
        group.throughput(Throughput::Bytes(wire.len() as u64));
        let copy = || BytesMut::from(&wire[..]);
        group.bench_function("memmem", |b| {
            let search = |input: BytesMut| (finder.find_iter(&input).count(), input);
            b.iter_batched(copy, search, BatchSize::PerIteration);
        });
        group.bench_function("decode", |b| {
            let decode = |mut input| (drain(&mut Decoder::default(), &mut input), input);
            b.iter_batched(copy, decode, BatchSize::PerIteration);
        });
    }
}

/// Copies into one small buffer stand for the reads, in bench and yardstick.
fn reads(c: &mut Criterion) {
    for (name, body) in bodies() {
        let wire = chunk(&body);
        let needle = needle();
        let finder = Finder::new(&needle);
        let mut group = c.benchmark_group(format!("64 MiB of {name}, reads of 64 KiB"));
        group.throughput(Throughput::Bytes(wire.len() as u64));
        group.bench_function("memcpy", |b| {
            let mut buffer = BytesMut::with_capacity(READ);
            b.iter(|| {
                for read in wire.chunks(READ) {
                    buffer.clear();
                    buffer.extend_from_slice(read);
                }
            });
        });
        group.bench_function("memmem", |b| {
            let mut buffer = BytesMut::with_capacity(READ);
            b.iter(|| {
                let count = |read: &[u8]| {
                    buffer.clear();
                    buffer.extend_from_slice(read);
                    finder.find_iter(&buffer).count()
                };
                wire.chunks(READ).map(count).sum::<usize>()
            });
        });
        group.bench_function("decode", |b| {
            let mut buffer = BytesMut::with_capacity(READ);
            b.iter(|| {
                let mut decoder = Decoder::default();
                let take = |read: &[u8]| {
                    buffer.extend_from_slice(read);
                    drain(&mut decoder, &mut buffer)
                };
                wire.chunks(READ).map(take).sum::<usize>()
            });
        });
    }
}

fn chunks_of_2048(c: &mut Criterion) {
    let body = random_octets(LARGE);
    let mut wire = BytesMut::new();
    for part in body.chunks(2048) {
        push_chunk(&mut wire, part, Continuation::More);
    }
    let wire = wire.freeze();
    let mut group = c.benchmark_group("64 MiB in chunks of 2048");
    group.throughput(Throughput::Bytes(wire.len() as u64));
    let needle = needle();
    let finder = Finder::new(&needle);
    group.bench_function("memmem", |b| b.iter(|| finder.find_iter(&wire).count()));
    group.bench_function("decode", |b| {
        let copy = || BytesMut::from(&wire[..]);
        let decode = |mut input| (drain(&mut Decoder::default(), &mut input), input);
        b.iter_batched(copy, decode, BatchSize::PerIteration);
    });
}

/// The time per message must not depend on the number of messages in the buffer.
fn many_small(c: &mut Criterion) {
    let message = chunk(b"Are you there?");
    let mut group = c.benchmark_group("small messages in one buffer");
    for count in [1, 16, 256, 4096] {
        let wire: Bytes = message.repeat(count).into();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            let mut input = BytesMut::with_capacity(wire.len() + KIB);
            let mut decoder = Decoder::default();
            b.iter(|| {
                input.extend_from_slice(&wire);
                drain(&mut decoder, &mut input)
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    targets = whole, reads, chunks_of_2048, many_small
}
criterion_main!(benches);
