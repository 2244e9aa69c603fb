//! Operations of a digest server.

use msrp::Instant;
use msrp::auth::{Algorithm, Authorization, Credentials, DigestClient, DigestServer, Ha1};
use msrp_bench::Seeded;

use crate::{Operation, TIMES, measure};

const URI: &str = "msrps://relay.example:2855;tcp";
const REALM: &str = "relay.example";

/// As many users as the larger `N` of `tools/growth`.
const NAMES: usize = 1_600;

pub(crate) const OPERATIONS: [Operation; 1] =
    [("AUTH with a wrong digest, known users", wrong_digests)];

/// Guesses at names of which the first `n` are known. A server that did less work for an
/// unknown one would reveal by its time which names exist.
fn wrong_digests(n: usize) -> usize {
    let (now, mut random) = (Instant::now(), Seeded(1));
    let algorithms = vec![Algorithm::Sha256];
    let mut server = DigestServer::new(REALM, algorithms, now, &mut random).unwrap();
    let challenge = server.challenges(now, false, &mut random).unwrap()[0].to_string();
    let names = (0..NAMES).step_by(NAMES / TIMES);
    let guesses: Vec<(Authorization, Option<Ha1>)> = names
        .map(|name| {
            let user = format!("user{name:04}");
            let secret = Ha1::new(Algorithm::Sha256, &user, REALM, "secret");
            let mut client = DigestClient::new(Credentials::new(user, "guess"));
            client.challenged([&challenge[..]].into_iter()).unwrap();
            let guess = client.authorization(URI, true, &mut random).unwrap().unwrap();
            (guess, Some(secret).filter(|_| name < n))
        })
        .collect();
    measure(|| {
        for (guess, secret) in &guesses {
            server.verify(now, guess, URI, secret.as_ref(), &mut random).unwrap_err();
        }
    });
    guesses.len()
}
