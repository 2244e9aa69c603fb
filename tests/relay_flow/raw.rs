//! A peer that keeps to nothing: a hostile client, or a relay of another kind.

use std::collections::VecDeque;
use std::net::IpAddr;

use bytes::{Bytes, BytesMut};

use crate::common::wire::{Raw, Sent, frames_and_rest};
use crate::wire::End;
use crate::world::{World, relay_uri};

#[derive(Default)]
pub struct RawPeer {
    pub relay: usize,
    pub own: String,
    /// The address of a stranger, whom the relay does not know as a user.
    pub address: Option<IpAddr>,
    pub out: VecDeque<Bytes>,
    /// What it has read that was no SEND.
    pub heard: Vec<Sent>,
    /// The SENDs that it has read whole.
    pub sends: Vec<Sent>,
    /// Whether it answers nothing.
    pub is_mute: bool,
    input: Vec<u8>,
    ids: u32,
}

impl RawPeer {
    pub fn id(&mut self) -> String {
        self.ids += 1;
        format!("raw{}x{}", self.relay, self.ids)
    }

    /// Takes what has arrived, and answers requests.
    pub fn hears(&mut self, input: &mut BytesMut) {
        self.input.extend_from_slice(&input.split());
        let (frames, rest) = frames_and_rest(&self.input);
        self.input = rest;
        for frame in frames {
            if frame.what == "SEND" {
                if !self.is_mute {
                    self.answer(&frame);
                }
                self.sends.push(frame);
            } else {
                self.heard.push(frame);
            }
        }
    }

    fn answer(&mut self, request: &Sent) {
        let first = |name| request.header(name).unwrap().split(' ').next().unwrap().to_owned();
        let (to, from) = (first("From-Path"), first("To-Path"));
        let id = &request.id;
        let text =
            format!("MSRP {id} 200 OK\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n-------{id}$\r\n");
        self.out.push_back(text.into());
    }

    pub fn says(&mut self, frame: &Raw) {
        self.out.push_back(frame.octets().into());
    }

    /// Says that its connection is for one client, whose URI at a relay this is.
    pub fn says_for_one(&mut self, client: &str) {
        let (id, to) = (self.id(), relay_uri(self.relay).to_string());
        let report = Raw::new("REPORT", &id).to(&to).from(client).message("none").range("1-0/*");
        self.says(&report.header("Status", "000 200 For one client"));
    }

    /// The statuses of the failure REPORTs that it has read.
    pub fn reports(&self) -> Vec<String> {
        let reports = self.heard.iter().filter(|it| it.what == "REPORT");
        reports.map(|it| it.header("Status").unwrap()[4..7].to_owned()).collect()
    }
}

impl World {
    /// A connection to a relay that takes its requests from a test.
    pub fn raw(&mut self, relay: usize, names: Vec<String>) -> usize {
        let number = self.new_raw(relay);
        self.accept(relay, End::Raw(number), names);
        number
    }

    /// A stranger comes from this address. The relay may have no room.
    pub fn stranger(&mut self, relay: usize, address: IpAddr) -> usize {
        let number = self.new_raw(relay);
        self.raws[number].address = Some(address);
        self.comes(relay, End::Raw(number), Vec::new());
        number
    }

    pub fn new_raw(&mut self, relay: usize) -> usize {
        let number = self.raws.len();
        let own = format!("msrps://raw{number}.example:9/r{number};tcp");
        self.raws.push(RawPeer { relay, own, ..Default::default() });
        number
    }

    /// The same, with a token.
    pub fn raw_client(&mut self, relay: usize) -> (usize, String) {
        let number = self.raw(relay, Vec::new());
        let token = self.token(number);
        (number, token)
    }

    /// The relay grants a raw client a token.
    pub fn token(&mut self, number: usize) -> String {
        let raw = &mut self.raws[number];
        let id = raw.id();
        let to = relay_uri(raw.relay).to_string();
        let auth = Raw::new("AUTH", &id).to(&to).from(&raw.own.clone());
        raw.says(&auth);
        let known = raw.heard.len();
        self.run_until(|world| world.raws[number].heard.len() > known);
        let granted = &self.raws[number].heard[known];
        granted.header("Use-Path").unwrap().to_owned()
    }
}
