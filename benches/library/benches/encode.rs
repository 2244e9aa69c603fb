//! Writing heads and end-lines, beside a copy of the same octets.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Duration;

use bytes::BytesMut;
use criterion::{Criterion, criterion_group, criterion_main};
use msrp::wire::{Continuation, FailureReport, HeadWriter, Method};
use msrp::{MediaType, StatusCode};
use msrp_bench::{RESPONSE, SEND, parse};

fn send(c: &mut Criterion) {
    let head = parse(SEND);
    let media_type: MediaType = head.content_type().unwrap().parse().unwrap();
    let (id, message_id) = (head.transaction_id(), head.message_id().unwrap());
    let range = head.byte_range().unwrap();
    let mut out = BytesMut::with_capacity(4096);
    let mut group = c.benchmark_group("write a SEND");
    group.bench_function("memcpy", |b| {
        b.iter(|| {
            out.clear();
            out.extend_from_slice(black_box(SEND));
        });
    });
    group.bench_function("encode", |b| {
        b.iter(|| {
            out.clear();
            let (to, from) = (head.to_path(), head.from_path());
            HeadWriter::request(&mut out, &id, Method::Send, to, from)
                .message_id(&message_id)
                .byte_range(range)
                .failure_report(FailureReport::Partial)
                .body(&media_type)
                .unwrap();
        });
    });
    assert_eq!(out, SEND);
}

fn response(c: &mut Criterion) {
    let head = parse(RESPONSE);
    let id = head.transaction_id();
    let mut out = BytesMut::with_capacity(4096);
    let mut group = c.benchmark_group("write a response");
    group.bench_function("memcpy", |b| {
        b.iter(|| {
            out.clear();
            out.extend_from_slice(black_box(RESPONSE));
        });
    });
    group.bench_function("encode", |b| {
        b.iter(|| {
            out.clear();
            let (to, from) = (head.to_path(), head.from_path());
            HeadWriter::response(&mut out, &id, StatusCode::OK, "OK", to, from)
                .bodiless(Continuation::Complete)
                .unwrap();
        });
    });
    assert_eq!(out, RESPONSE);
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    targets = send, response
}
criterion_main!(benches);
