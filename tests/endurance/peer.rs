//! A peer made by hand: what it has read, and the frames that it writes.

use std::time::Duration;

use crate::common::wire::{Sent, frames_and_rest};

/// The peer of one session.
#[derive(Clone)]
pub struct PeerSession {
    /// The URI of the endpoint under test.
    pub ours: String,
    pub theirs: String,
    /// Messages that it has begun: Message-ID and octets so far.
    pub begun: Vec<(String, usize)>,
    pub finished: Vec<String>,
    /// Message-IDs of the endpoint under test.
    pub heard: Vec<String>,
}

/// A request that waits for the peer's response.
pub struct Request {
    pub sent: Sent,
    pub session: usize,
    pub at: Duration,
}

#[derive(Default)]
pub struct Peer {
    pub sessions: Vec<PeerSession>,
    pub requests: Vec<Request>,
    /// Requests that have their response, or will not get one.
    pub old: Vec<String>,
    /// Responses that it has read: transaction id and status.
    pub responses: Vec<(String, String)>,
    unread: Vec<u8>,
    next: u64,
}

impl Peer {
    pub fn fresh(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{:06}", self.next)
    }

    pub fn add_session(&mut self, number: usize) -> usize {
        self.sessions.push(PeerSession {
            ours: format!("msrp://us.example:2855/s{number};tcp"),
            theirs: format!("msrp://them.example:2855/t{number};tcp"),
            begun: Vec::new(),
            finished: Vec::new(),
            heard: Vec::new(),
        });
        self.sessions.len() - 1
    }

    /// Reads octets of the endpoint under test.
    pub fn read(&mut self, octets: &[u8], now: Duration) {
        self.unread.extend_from_slice(octets);
        let (frames, rest) = frames_and_rest(&self.unread);
        self.unread = rest;
        for sent in frames {
            self.frame(sent, now);
        }
    }

    fn frame(&mut self, sent: Sent, now: Duration) {
        if sent.what.starts_with(|first: char| first.is_ascii_digit()) {
            self.responses.push((sent.id, sent.what));
            return;
        }
        let from = sent.header("From-Path").unwrap().to_owned();
        let session = self.sessions.iter().position(|it| it.ours == from).unwrap();
        let id = sent.message_id().to_owned();
        let heard = &mut self.sessions[session].heard;
        if sent.what == "SEND" && sent.body.is_some() && heard.last() != Some(&id) {
            heard.push(id);
        }
        if sent.what != "REPORT" {
            self.requests.push(Request { sent, session, at: now });
        }
    }

    /// A request to the endpoint under test: its transaction id and octets.
    pub fn request(
        &mut self,
        session: usize,
        method: &str,
        fields: &str,
        body: Option<&[u8]>,
        flag: char,
    ) -> (String, Vec<u8>) {
        let id = self.fresh("tr");
        let PeerSession { ours, theirs, .. } = &self.sessions[session];
        let mut out =
            format!("MSRP {id} {method}\r\nTo-Path: {ours}\r\nFrom-Path: {theirs}\r\n{fields}")
                .into_bytes();
        if let Some(body) = body {
            out.extend_from_slice(b"Content-Type: text/plain\r\n\r\n");
            out.extend_from_slice(body);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("-------{id}{flag}\r\n").as_bytes());
        (id, out)
    }

    pub fn response(&self, session: usize, id: &str, status: u16) -> Vec<u8> {
        let PeerSession { ours, theirs, .. } = &self.sessions[session];
        format!(
            "MSRP {id} {status:03} whatever\r\nTo-Path: {ours}\r\nFrom-Path: {theirs}\r\n-------{id}$\r\n"
        )
        .into_bytes()
    }

    /// The status of the response to one of its requests.
    pub fn status_of(&self, id: &str) -> Option<&str> {
        let found = self.responses.iter().rev().find(|(response, _)| response == id);
        found.map(|(_, status)| &status[..])
    }
}
