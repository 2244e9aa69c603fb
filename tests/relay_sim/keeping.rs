//! Hostile clients that make a relay keep as much as it may, each of one kind.

use msrp::auth::{Credentials, DigestClient};

use crate::client::PASSWORD;
use crate::common::Seeded;
use crate::hostile::Hostile;
use crate::plan::{pick, relay_host, scheme};
use crate::world::World;

/// What a relay is to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Heads of requests that get no response.
    Heads,
    /// Octets that nobody reads.
    Bodies,
    /// Responses that nobody reads.
    Responses,
    /// AUTHs that wait for their turn: guesses at the passwords of sound clients.
    Guesses,
    /// Counts of nonces: one AUTH after the other succeeds.
    Nonces,
}

impl Kept {
    pub const ALL: [Self; 5] =
        [Self::Heads, Self::Bodies, Self::Responses, Self::Guesses, Self::Nonces];

    /// Whether the relay knows the user from the handshake. The others authenticate.
    pub const fn is_known(self) -> bool {
        matches!(self, Self::Heads | Self::Bodies | Self::Responses)
    }
}

/// The most frames that a hostile client has ready.
const READY: usize = 200;

impl World {
    /// One action of such a client.
    pub fn makes_keep(&mut self, number: usize, kept: Kept) {
        if !self.is_there(&self.hostiles[number]) {
            return self.comes_again(number);
        }
        let victim = format!("client{}", self.rng.below(self.clients.len() as u64));
        let scheme = scheme(self.plan.is_secure);
        let count = 1 + self.rng.below(50);
        let (hostile, rng) = (&mut self.hostiles[number], &mut self.rng);
        if hostile.out.len() >= READY {
            return;
        }
        let address = format!("{scheme}://{}:2855;tcp", relay_host(hostile.relay));
        let own_name = format!("mallory{number}");
        match (kept, hostile.way(scheme)) {
            (Kept::Guesses, _) => hostile.answers(rng, &address, &victim, "a guess"),
            (Kept::Nonces, _) => hostile.answers(rng, &address, &own_name, PASSWORD),
            (_, None) => hostile.asks(&address, 1),
            (Kept::Responses, Some(_)) => {
                hostile.reads = false;
                hostile.asks(&address, count);
            }
            (Kept::Heads, Some(way)) => hostile.sends(&way, READY, "hello"),
            (Kept::Bodies, Some(way)) => {
                hostile.reads = false;
                hostile.sends(&way, 4, &"x".repeat(pick(rng, &[100, 2_000, 20_000])));
            }
        }
    }
}

impl Hostile {
    fn asks(&mut self, address: &str, count: u64) {
        let own = self.own(scheme_of(address));
        for _ in 0..count {
            self.frame("AUTH", address, &own, "", "");
        }
    }

    /// Messages to itself. It never answers one.
    fn sends(&mut self, way: &str, count: usize, body: &str) {
        let (own, len) = (self.own(scheme_of(way)), body.len());
        for _ in 0..count {
            let fields = format!(
                "Message-ID: {}\r\nByte-Range: 1-{len}/{len}\r\nContent-Type: text/plain\r\n",
                self.id()
            );
            self.frame("SEND", way, &own, &fields, body);
        }
    }

    /// It answers all challenges and asks for more.
    fn answers(&mut self, rng: &mut Seeded, address: &str, user: &str, password: &str) {
        let own = self.own(scheme_of(address));
        for challenge in std::mem::take(&mut self.challenges) {
            let mut client = DigestClient::new(Credentials::new(user, password));
            client.challenged([&*challenge].into_iter()).unwrap();
            let answer = client.authorization(address, true, rng).unwrap().unwrap();
            self.frame("AUTH", address, &own, &format!("Authorization: {answer}\r\n"), "");
        }
        self.asks(address, 8);
    }
}

fn scheme_of(uri: &str) -> &str {
    uri.split_once(':').unwrap().0
}
