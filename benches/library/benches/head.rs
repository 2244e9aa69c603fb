//! Parsing heads, beside an HTTP parser on heads of the same shape.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use msrp_bench::{
    HTTP_REQUEST, HTTP_RESPONSE, RESPONSE, SEND, http_request, http_response, parse,
    take_uris_apart,
};

fn requests(c: &mut Criterion) {
    assert_eq!(SEND.len(), HTTP_REQUEST.len());
    let mut group = c.benchmark_group("send");
    group.bench_function("httparse", |b| b.iter(|| http_request(black_box(HTTP_REQUEST))));
    group.bench_function("parse", |b| b.iter(|| black_box(parse(black_box(SEND)))));
    group.bench_function("parse and take URIs apart", |b| {
        b.iter(|| take_uris_apart(&parse(black_box(SEND))));
    });
}

fn responses(c: &mut Criterion) {
    assert_eq!(RESPONSE.len(), HTTP_RESPONSE.len());
    let mut group = c.benchmark_group("response");
    group.bench_function("httparse", |b| b.iter(|| http_response(black_box(HTTP_RESPONSE))));
    group.bench_function("parse", |b| b.iter(|| black_box(parse(black_box(RESPONSE)))));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = requests, responses
}
criterion_main!(benches);
