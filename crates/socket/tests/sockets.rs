//! Sockets of this machine: what they take, and what they hold.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use msrp::uri::Scheme;
use msrp_socket::{UNSENT_OCTETS, octets_held, prepare, session_uri, wait_writable};

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let active = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (active, listener.accept().unwrap().0)
}

/// Writes until the socket takes no more. Returns how much it took.
fn fill(mut socket: &TcpStream) -> usize {
    socket.set_nonblocking(true).unwrap();
    let mut written = 0;
    loop {
        match socket.write(&[7; 4096]) {
            Ok(octets) => written += octets,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return written,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_full_socket_says_what_it_holds_and_when_it_takes_more() {
    let (active, mut passive) = pair();
    prepare(&active).unwrap();
    assert!(active.nodelay().unwrap());
    assert_eq!(octets_held(&active), Some(0));
    let written = fill(&active);
    let held = octets_held(&active).unwrap();
    assert!(held > 0 && held <= written, "{held} of {written}");
    assert!(!wait_writable(&active, Some(Duration::from_millis(20))).unwrap());
    let mut read = 0;
    let mut buffer = vec![0; 1 << 16];
    while read < written {
        read += passive.read(&mut buffer).unwrap();
    }
    assert!(wait_writable(&active, None).unwrap());
    // The last acknowledgement may be on its way.
    while octets_held(&active) != Some(0) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_prepared_socket_takes_less_ahead_of_its_peer() {
    let (plain, _other) = pair();
    let (prepared, _peer) = pair();
    prepare(&prepared).unwrap();
    let (many, few) = (fill(&plain), fill(&prepared));
    assert!(few + UNSENT_OCTETS as usize <= many, "{few} of {many}");
}

#[test]
fn a_socket_whose_peer_has_gone_is_no_reason_to_wait() {
    let (active, passive) = pair();
    fill(&active);
    drop(passive);
    assert!(wait_writable(&active, Some(Duration::from_secs(10))).unwrap());
}

// wild: 41
#[test]
fn a_session_is_called_by_where_its_requests_come_from() {
    let (active, passive) = pair();
    let uri = session_uri(Scheme::Msrps, &active).unwrap();
    let address = passive.peer_addr().unwrap();
    assert!(uri.as_str().starts_with(&format!("msrps://{address}/")), "{uri}");
    assert_ne!(session_uri(Scheme::Msrps, &active).unwrap(), uri);
}

#[test]
fn an_ipv4_address_is_one_in_the_uri_too() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mapped = format!("[::ffff:127.0.0.1]:{}", listener.local_addr().unwrap().port());
    let active = TcpStream::connect(mapped).unwrap();
    let uri = session_uri(Scheme::Msrp, &active).unwrap();
    assert!(uri.as_str().starts_with("msrp://127.0.0.1:"), "{uri}");
}
