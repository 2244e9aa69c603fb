//! Digest for AUTH: the three header fields, and client against server.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod exchanges;
mod reading;
mod serving;
mod writing;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use common::Seeded;
use msrp::auth::{
    Algorithm, AuthErrorKind, AuthenticationInfo, Authorization, Challenge, Credentials,
    DigestClient, DigestServer, Ha1, MAX_PARAMETERS, Rejection,
};
use proptest::prelude::*;

const URI: &str = "msrps://alice@relay.example.com:2855;tcp";
const REALM: &str = "relay.example.com";
const BOTH: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Md5];

/// A relay and a client that knows the password, in virtual time.
struct Scene {
    now: Instant,
    random: Seeded,
    server: DigestServer,
    client: DigestClient,
}

impl Scene {
    fn new(algorithms: &[Algorithm]) -> Self {
        let (now, mut random) = (Instant::now(), Seeded(7));
        let server = DigestServer::new(REALM, algorithms.to_vec(), now, &mut random).unwrap();
        Self { now, random, server, client: alice() }
    }

    fn with_window(nonces: usize) -> Self {
        let mut scene = Self::new(&BOTH);
        scene.server = scene.server.replay_window(nonces);
        scene
    }

    /// The WWW-Authenticate values of a 401 reach the client.
    fn challenge(&mut self, stale: bool) -> Result<(), AuthErrorKind> {
        let values = self.challenges(stale);
        self.client.challenged(values.iter().map(String::as_str)).map_err(|it| it.kind())
    }

    fn challenges(&mut self, stale: bool) -> Vec<String> {
        let challenges = self.server.challenges(self.now, stale, &mut self.random).unwrap();
        challenges.iter().map(ToString::to_string).collect()
    }

    /// The value of Authorization that the client sends.
    fn authorization(&mut self) -> String {
        self.client.authorization(URI, true, &mut self.random).unwrap().unwrap().to_string()
    }

    /// The Authentication-Info of the 200, or the reason of the refusal.
    fn verify(&mut self, value: &str) -> Result<String, Rejection> {
        self.verify_for(value, URI)
    }

    fn verify_for(&mut self, value: &str, uri: &str) -> Result<String, Rejection> {
        let value = Authorization::parse(value).unwrap();
        let ha1 = Ha1::new(value.algorithm(), value.username(), REALM, "secret");
        let info = self.server.verify(self.now, &value, uri, Some(&ha1), &mut self.random)?;
        Ok(info.to_string())
    }

    /// A request that the server accepts, and whose response the client accepts.
    fn exchange(&mut self) -> String {
        let value = self.authorization();
        let info = self.verify(&value).unwrap();
        self.client.accepted(Some(&info)).unwrap();
        value
    }
}

fn alice() -> DigestClient {
    DigestClient::new(Credentials::new("alice", "secret"))
}

/// The parameter of a written value, as it stands there.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let list = value.strip_prefix("Digest ").unwrap_or(value);
    list.split(", ").find_map(|it| it.strip_prefix(name)?.strip_prefix('='))
}

/// The same octets every time, for a known nonce or cnonce.
struct Fixed(u8);

impl msrp::Random for Fixed {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        octets.fill(self.0);
        Ok(())
    }
}
