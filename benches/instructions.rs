//! Runs one way of reading a head so many times, for `tools/instructions` to
//! count its instructions: `instructions SHAPE TIMES`.
#![allow(missing_docs, clippy::print_stdout)]

mod common;

use std::hint::black_box;

use common::{
    HTTP_REQUEST, HTTP_RESPONSE, RESPONSE, SEND, http_request, http_response, parse,
    take_uris_apart,
};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let shape = arguments.next().unwrap_or_default();
    let times = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(0_u64);
    for _ in 0..times {
        match shape.as_str() {
            "send" => drop(black_box(parse(black_box(SEND)))),
            "send-uris" => drop(black_box(take_uris_apart(&parse(black_box(SEND))))),
            "http-request" => drop(black_box(http_request(black_box(HTTP_REQUEST)))),
            "response" => drop(black_box(parse(black_box(RESPONSE)))),
            "http-response" => drop(black_box(http_response(black_box(HTTP_RESPONSE)))),
            // `cargo bench` runs this like any other bench, and says --bench.
            _ => return,
        }
    }
}
