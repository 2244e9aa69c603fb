//! Hostile clients.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use msrp::Framing;
use msrp::wire::{Decoder, Frame, HeaderName};

use crate::keeping::Kept;
use crate::plan::{Pace, pick, relay_host, scheme};
use crate::wire::End;
use crate::world::World;

/// What a hostile client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Anything.
    Any,
    /// Nothing.
    Silent,
    /// It authenticates, and no more.
    Idle,
    /// It sends one chunk that never ends to itself, so many octets a second.
    Sending(u64),
    /// It makes its relay keep as much as it can of one kind.
    Keeping(Kept),
}

pub struct Hostile {
    pub relay: usize,
    /// When it has come.
    pub since: Duration,
    /// As whom the relay knows it.
    user: Option<String>,
    pub address: Option<IpAddr>,
    pub habit: Habit,
    pub wire: Option<usize>,
    pub out: VecDeque<Bytes>,
    /// Whether it reads what arrives.
    pub reads: bool,
    number: usize,
    decoder: Decoder,
    input: BytesMut,
    tokens: Vec<String>,
    /// The challenges that it has not answered.
    pub challenges: VecDeque<String>,
    has_begun: bool,
    next_id: u32,
}

impl Hostile {
    pub fn new(number: usize, relay: usize, user: Option<String>, habit: Habit) -> Self {
        Self {
            relay,
            since: Duration::ZERO,
            user,
            address: None,
            habit,
            wire: None,
            out: VecDeque::new(),
            reads: true,
            number,
            decoder: Decoder::default(),
            input: BytesMut::new(),
            tokens: Vec::new(),
            challenges: VecDeque::new(),
            has_begun: false,
            next_id: 0,
        }
    }

    /// How fast its connection takes what it sends.
    pub const fn pace(&self) -> Option<Pace> {
        match self.habit {
            Habit::Sending(rate) => Some(Pace { rate, lump: 4 * rate as usize }),
            Habit::Any | Habit::Silent | Habit::Idle | Habit::Keeping(_) => None,
        }
    }

    /// It reads, and no longer sends of itself.
    pub fn rests(&mut self) {
        self.reads = true;
        if matches!(self.habit, Habit::Sending(_)) {
            self.habit = Habit::Idle;
        }
    }

    /// Who answers for it.
    pub fn holder(&self) -> String {
        self.user.clone().unwrap_or_else(|| format!("stranger {} {:?}", self.number, self.address))
    }

    /// The next octets that it sends.
    pub fn next_octets(&mut self, scheme: &str) -> Option<Bytes> {
        if self.out.is_empty() && matches!(self.habit, Habit::Sending(_)) {
            let token = self.tokens.last()?.clone();
            if std::mem::replace(&mut self.has_begun, true) {
                return Some(Bytes::from_static(&[b'x'; 512]));
            }
            let (own, id) = (self.own(scheme), self.id());
            let head = format!(
                "MSRP {id} SEND\r\nTo-Path: {token} {own}\r\nFrom-Path: {own}\r\n\
                 Message-ID: {id}\r\nByte-Range: 1-*/*\r\nContent-Type: text/plain\r\n\r\n"
            );
            return Some(head.into());
        }
        self.out.pop_front()
    }

    /// Finds its tokens and challenges in what arrives.
    pub fn hears(&mut self, octets: &[u8]) {
        self.input.extend_from_slice(octets);
        while let Ok(Some(frame)) = self.decoder.decode(&mut self.input) {
            let Frame::Head(head) = frame else { continue };
            let head = head.view();
            self.tokens.extend(head.header(HeaderName::UsePath).map(str::to_owned));
            self.challenges.extend(head.header(HeaderName::WwwAuthenticate).map(str::to_owned));
        }
    }

    /// Its way to itself, once it has a token.
    pub fn way(&self, scheme: &str) -> Option<String> {
        Some(format!("{} {}", self.tokens.last()?, self.own(scheme)))
    }

    pub fn own(&self, scheme: &str) -> String {
        format!("{scheme}://mallory{}.example:9/m;tcp", self.number)
    }

    pub fn id(&mut self) -> String {
        self.next_id += 1;
        format!("hostile{}x{}", self.number, self.next_id)
    }

    pub fn frame(&mut self, what: &str, to: &str, from: &str, fields: &str, body: &str) {
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
    /// A hostile client comes. The relay may have no room for it.
    pub fn comes(&mut self, mut hostile: Hostile) {
        hostile.since = self.now;
        let (relay, user, number) = (hostile.relay, hostile.user.clone(), hostile.number);
        self.hostiles.push(hostile);
        let wire = self.accept(relay, End::Hostile(number), Framing::Stream, user);
        self.hostiles[number].wire = wire;
    }

    /// One whose connection has ended comes again.
    pub fn comes_again(&mut self, number: usize) {
        let hostile = &self.hostiles[number];
        let fresh = Hostile {
            address: hostile.address,
            ..Hostile::new(number, hostile.relay, hostile.user.clone(), hostile.habit)
        };
        let (relay, user) = (fresh.relay, fresh.user.clone());
        if let Some(wire) = self.hostiles[number].wire {
            self.hang_up(wire, 0);
        }
        self.hostiles[number] = fresh;
        let wire = self.accept(relay, End::Hostile(number), Framing::Stream, user);
        self.hostiles[number].wire = wire;
    }

    /// It asks for a token.
    pub fn asks(&mut self, number: usize) {
        let scheme = scheme(self.plan.is_secure);
        let hostile = &mut self.hostiles[number];
        let address = format!("{scheme}://{}:2855;tcp", relay_host(hostile.relay));
        let own = hostile.own(scheme);
        hostile.frame("AUTH", &address, &own, "", "");
    }

    /// One action of a hostile client.
    // req: 4976-6.4-1 4976-9.1-3
    pub fn misbehave(&mut self, number: usize) {
        if let Habit::Keeping(kept) = self.hostiles[number].habit {
            return self.makes_keep(number, kept);
        }
        let scheme = scheme(self.plan.is_secure);
        let stolen = self.stolen_paths();
        let rng = &mut self.rng;
        let hostile = &mut self.hostiles[number];
        let address = format!("{scheme}://{}:2855", relay_host(hostile.relay));
        let own = hostile.own(scheme);
        let unknown = format!("{address}/unknown{};tcp", rng.next());
        let token = hostile.tokens.last().cloned().unwrap_or_else(|| unknown.clone());
        match rng.below(12) {
            0 if hostile.user.is_some() => {
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
