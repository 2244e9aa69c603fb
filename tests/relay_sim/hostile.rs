//! Hostile clients.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::plan::{pick, relay_host, scheme};
use crate::world::World;

pub struct Hostile {
    relay: usize,
    pub out: VecDeque<Bytes>,
    /// Whether it reads what arrives.
    pub reads: bool,
    /// Whether the relay has it as a user.
    is_authenticated: bool,
    number: usize,
    heard: Vec<u8>,
    tokens: Vec<String>,
    next_id: u32,
}

impl Hostile {
    pub const fn new(number: usize, relay: usize, is_authenticated: bool) -> Self {
        Self {
            relay,
            out: VecDeque::new(),
            reads: true,
            is_authenticated,
            number,
            heard: Vec::new(),
            tokens: Vec::new(),
            next_id: 0,
        }
    }

    /// Finds its tokens in what arrives.
    pub fn hears(&mut self, octets: &[u8]) {
        self.heard.extend_from_slice(octets);
        let text = String::from_utf8_lossy(&self.heard).into_owned();
        for line in text.split("\r\n").filter_map(|line| line.strip_prefix("Use-Path: ")) {
            if line.ends_with(";tcp") && !self.tokens.iter().any(|token| token == line) {
                self.tokens.push(line.to_owned());
            }
        }
        let keep = self.heard.len().saturating_sub(2_000);
        self.heard.drain(..keep);
    }

    fn id(&mut self) -> String {
        self.next_id += 1;
        format!("hostile{}x{}", self.number, self.next_id)
    }

    fn frame(&mut self, what: &str, to: &str, from: &str, fields: &str, body: &str) {
        let id = self.id();
        let body = if body.is_empty() { String::new() } else { format!("\r\n{body}\r\n") };
        let text = format!(
            "MSRP {id} {what}\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n{fields}{body}-------{id}$\r\n"
        );
        self.out.push_back(text.into());
    }
}

const CHUNK: &str = "Message-ID: hostile1\r\nByte-Range: 1-5/5\r\nContent-Type: text/plain\r\n";
const REPORT: &str = "Message-ID: reported1\r\nByte-Range: 1-5/5\r\nStatus: 000 481\r\n";

impl World {
    /// One action of a hostile client.
    // req: 4976-6.4-1 4976-9.1-3
    pub fn misbehave(&mut self, number: usize) {
        let scheme = scheme(self.plan.is_secure);
        let stolen = self.stolen_paths();
        let rng = &mut self.rng;
        let hostile = &mut self.hostiles[number];
        let address = format!("{scheme}://{}:2855", relay_host(hostile.relay));
        let own = format!("{scheme}://mallory{number}.example:9/m;tcp");
        let unknown = format!("{address}/unknown{};tcp", rng.next());
        let token = hostile.tokens.last().cloned().unwrap_or_else(|| unknown.clone());
        match rng.below(12) {
            0 if hostile.is_authenticated => {
                hostile.frame("AUTH", &format!("{address};tcp"), &own, "", "");
            }
            0 => {
                let fields = "Authorization: Digest username=\"client0\", nonce=\"x\"\r\n";
                hostile.frame("AUTH", &format!("{address};tcp"), &own, fields, "");
            }
            1 => hostile.frame("SEND", &format!("{unknown} {own}"), &own, CHUNK, "hello"),
            2 | 3 => {
                // From another client's token, to a peer that is not its owner.
                let to = format!("{} {own}", pick_of(rng, &stolen).unwrap_or(unknown));
                hostile.frame("SEND", &to, &own, CHUNK, "hello");
            }
            4 => {
                let to = [&token; 6].map(String::as_str).join(" ");
                hostile.frame("SEND", &format!("{to} {own}"), &own, CHUNK, "hello");
            }
            5 => hostile.frame("200 OK", &token, &own, "", ""),
            6 => hostile.frame("481 No", &format!("{unknown} {own}"), &own, "", ""),
            7 => hostile.frame("REPORT", &format!("{unknown} {own}"), &own, REPORT, ""),
            8 => hostile.frame("REPORT", &format!("{token} {own}"), &own, REPORT, ""),
            9 => {
                for _ in 0..50 {
                    hostile.frame("SEND", &format!("{token} {own}"), &own, CHUNK, "hello");
                }
            }
            10 => hostile.reads = !hostile.reads,
            _ if rng.below(10) == 0 => {
                let garbage: Vec<u8> = (0..100).map(|_| rng.next() as u8).collect();
                hostile.out.push_back(garbage.into());
            }
            _ => {
                let nowhere = pick(rng, &["nowhere.example:2855", "relay0.example:1"]);
                let to = format!("{token} {scheme}://{nowhere}/x;tcp");
                hostile.frame("SEND", &to, &own, CHUNK, "hello");
            }
        }
    }

    /// The tokens of others.
    fn stolen_paths(&self) -> Vec<String> {
        let routes = self.clients.iter().filter_map(|client| client.route.as_ref());
        routes
            .flat_map(|route| {
                route.use_path().view().iter().map(|uri| uri.to_string()).collect::<Vec<_>>()
            })
            .collect()
    }
}

fn pick_of(rng: &mut crate::common::Seeded, from: &[String]) -> Option<String> {
    if from.is_empty() { None } else { Some(from[rng.below(from.len() as u64) as usize].clone()) }
}
