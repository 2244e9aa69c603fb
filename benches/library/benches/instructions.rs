//! Runs one way of reading several times, so that `tools/instructions` can count
//! its instructions: `instructions SHAPE TIMES`.
#![allow(missing_docs, clippy::print_stdout)]

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;
use msrp::wire::Decoder;
use msrp_bench::{
    HTTP_REQUEST, HTTP_RESPONSE, ID, MIB, READ, RESPONSE, SEND, chunk, drain, http_request,
    http_response, parse, random_octets, take_uris_apart,
};

/// A chunk of 1 MiB: random octets, or near-misses of its end-line.
fn large_chunk(near_miss: Option<&[u8]>) -> Bytes {
    match near_miss {
        Some(unit) => chunk(&unit.repeat(MIB / unit.len())),
        None => chunk(&random_octets(MIB)),
    }
}

fn search(wire: &[u8]) -> usize {
    let needle = format!("\r\n-------{ID}");
    let finder = Finder::new(&needle);
    let mut buffer = BytesMut::with_capacity(READ);
    let count = |read: &[u8]| {
        buffer.clear();
        buffer.extend_from_slice(read);
        finder.find_iter(&buffer).count()
    };
    wire.chunks(READ).map(count).sum()
}

fn decode(wire: &[u8]) -> usize {
    let mut buffer = BytesMut::with_capacity(READ);
    let mut decoder = Decoder::default();
    let take = |read: &[u8]| {
        buffer.extend_from_slice(read);
        drain(&mut decoder, &mut buffer)
    };
    wire.chunks(READ).map(take).sum()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let shape = arguments.next().unwrap_or_default();
    let times = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(0_u64);
    let (task, kind) = shape.split_once(' ').unwrap_or((&shape, ""));
    let near_miss = match kind {
        "hyphens" => Some(b"\r\n------\r\n-------\r-------\n".to_vec()),
        "flag" => Some(format!("\r\n-------{ID}!\r\n").into_bytes()),
        "crlf" => Some(format!("\r\n-------{ID}$-").into_bytes()),
        _ => None,
    };
    let large = large_chunk(near_miss.as_deref());
    for _ in 0..times {
        match task {
            "send" => drop(black_box(parse(black_box(SEND)))),
            "send-uris" => drop(black_box(take_uris_apart(&parse(black_box(SEND))))),
            "http-request" => drop(black_box(http_request(black_box(HTTP_REQUEST)))),
            "response" => drop(black_box(parse(black_box(RESPONSE)))),
            "http-response" => drop(black_box(http_response(black_box(HTTP_RESPONSE)))),
            "search" => drop(black_box(search(black_box(&large)))),
            "decode" => drop(black_box(decode(black_box(&large)))),
            // `cargo bench` runs this like any other bench, with --bench.
            _ => return,
        }
    }
}
