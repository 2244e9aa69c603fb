//! Kamailio starts as a relay, and stops when it is dropped.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use msrp_interop::{Kamailio, needed};

#[test]
fn it_relays_until_it_is_dropped() {
    let Some(relay) = needed(Kamailio::start()) else { return };
    let mut stream = TcpStream::connect(relay.address()).unwrap();
    let (to, from) = (relay.uri(), "msrp://127.0.0.1:9/me;tcp");
    write!(stream, "MSRP ka01 AUTH\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n-------ka01$\r\n")
        .unwrap();
    let mut answer = String::new();
    while !answer.ends_with("-------ka01$\r\n") {
        let mut octets = [0; 1024];
        let len = stream.read(&mut octets).unwrap();
        assert!(len > 0, "{answer}");
        answer.push_str(std::str::from_utf8(&octets[..len]).unwrap());
    }
    assert!(answer.starts_with("MSRP ka01 401 "), "{answer}");
    assert!(answer.contains("\r\nWWW-Authenticate: Digest "), "{answer}");

    let processes = relay.processes();
    assert!(!processes.is_empty());
    drop(relay);
    for process in processes {
        // A zombie process has no command line.
        let command = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        assert_eq!(command, "", "{process} still runs");
    }
}
