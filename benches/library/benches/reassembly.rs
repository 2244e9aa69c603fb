//! Reassembling messages, beside appending the same octets to a vector.
#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use msrp::reassembly::Reassembler;
use msrp_bench::{MIB, Seeded, random_octets};

const BODY: usize = 16 * MIB;
const CHUNK: usize = 2048;

/// The offsets of the chunks, in order.
fn in_order() -> Vec<usize> {
    (0..BODY).step_by(CHUNK).collect()
}

/// The offsets of the chunks, shuffled (Fisher and Yates).
fn shuffled() -> Vec<usize> {
    let (mut places, mut random) = (in_order(), Seeded(7));
    for last in (1..places.len()).rev() {
        let other = random.next_u64() % (last as u64 + 1);
        places.swap(last, usize::try_from(other).unwrap());
    }
    places
}

fn append(body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    for chunk in body.chunks(CHUNK) {
        whole.extend_from_slice(chunk);
    }
    whole
}

fn reassemble(body: &[u8], places: &[usize]) -> usize {
    let mut message = Reassembler::new(BODY as u64, places.len());
    for place in places {
        message.insert(*place as u64, &body[*place..*place + CHUNK]).unwrap();
    }
    message.finish(BODY as u64).unwrap();
    message.into_body().unwrap().len()
}

fn reassembly(c: &mut Criterion) {
    let body = random_octets(BODY);
    let mut group = c.benchmark_group("16 MiB in chunks of 2048");
    group.throughput(Throughput::Bytes(BODY as u64));
    group.bench_function("Vec append", |b| b.iter(|| append(&body)));
    let places = in_order();
    group.bench_function("in order", |b| b.iter(|| reassemble(&body, &places)));
    let places = shuffled();
    group.bench_function("shuffled", |b| b.iter(|| reassemble(&body, &places)));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    targets = reassembly
}
criterion_main!(benches);
