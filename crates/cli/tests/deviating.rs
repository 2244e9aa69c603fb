//! What peers send that no session of ours would.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod processes;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use processes::{Folder, Receiver};

/// A SEND to `path` of a text, with these fields before its Content-Type.
fn send(path: &str, fields: &str) -> String {
    format!(
        "MSRP abcd SEND\r\nTo-Path: {path}\r\nFrom-Path: msrp://127.0.0.1:7777/me;tcp\r\n\
         {fields}Content-Type: text/plain\r\n\r\nHello\r\n-------abcd$\r\n"
    )
}

/// Neither the name of a message nor that of its file leads out of the folder.
#[test]
fn every_message_is_stored_in_the_folder() {
    let folder = Folder::new();
    let out = folder.0.join("out");
    let mut receiver = Receiver::start(&["--out", out.to_str().unwrap()]);
    let address = receiver.path.split('/').nth(2).unwrap();
    let mut peer = TcpStream::connect(address).unwrap();
    let mut responses = BufReader::new(peer.try_clone().unwrap()).lines().map(Result::unwrap);
    for (fields, name) in [
        ("Message-ID: a/../../b.c\r\n", "msrp-a_______b_c.txt"),
        ("Message-ID: \\\\host\\d\r\n", "msrp-__host_d.txt"),
        ("Message-ID: m001\r\nContent-Disposition: attachment; filename=\"..\"\r\n", "file.txt"),
        (
            "Message-ID: m002\r\nContent-Disposition: attachment; filename*=utf-8''%2e%2e%2fx\r\n",
            "x.txt",
        ),
    ] {
        peer.write_all(send(&receiver.path, fields).as_bytes()).unwrap();
        assert_eq!(responses.find(|line| line.starts_with("MSRP ")).unwrap(), "MSRP abcd 200 OK");
        assert_eq!(receiver.next()["file"], out.join(name).to_str().unwrap());
    }
}
