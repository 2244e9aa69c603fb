//! Digest for AUTH: the values of the three header fields, and a client that is
//! challenged and accepted by them.

use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::time::{Duration, Instant};

use msrp::Random;
use msrp::auth::{
    AuthenticationInfo, Authorization, Challenge, Credentials, DigestClient, DigestServer, Ha1,
};

const URI: &str = "msrps://alice@relay.example.com;tcp";

/// Up to four values, one a line. Each is read as each of the fields, and all
/// of them come to one client, the last as an Authentication-Info.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines: Vec<&str> = text.splitn(4, '\n').collect();
    for line in &lines {
        let challenge = read_back::<Challenge>(line);
        let authorization = read_back::<Authorization>(line);
        read_back::<AuthenticationInfo>(line);
        if let Some(challenge) = challenge {
            assert_answered(&challenge);
        }
        if let Some(authorization) = authorization {
            assert_never_taken(&authorization);
        }
    }
    assert_client_goes_on(&lines);
}

/// What is read is written so that it reads the same, and ends no line.
fn read_back<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(line: &str) -> Option<T> {
    let value: T = line.parse().ok()?;
    let written = value.to_string();
    assert!(!written.contains(|letter: char| letter.is_ascii_control() && letter != '\t'));
    assert_eq!(written.parse::<T>().unwrap(), value);
    assert_eq!(written.parse::<T>().unwrap().to_string(), written);
    Some(value)
}

/// Whatever the challenge is, there is an answer to it that reads back.
fn assert_answered(challenge: &Challenge) {
    let mut client = client();
    client.challenged([challenge.to_string().as_str()].into_iter()).unwrap();
    for count in 1..3 {
        let answer = client.authorization(URI, count == 1, &mut Counter(0)).unwrap().unwrap();
        assert_eq!((answer.realm(), answer.nonce()), (challenge.realm(), challenge.nonce()));
        assert_eq!((answer.nonce_count(), answer.opaque()), (count, challenge.opaque()));
        assert_eq!(answer.algorithm(), challenge.algorithm());
        assert_eq!(read_back::<Authorization>(&answer.to_string()), Some(answer));
    }
}

/// A server takes no nonce that it has not made.
fn assert_never_taken(authorization: &Authorization) {
    let (now, mut random) = (Instant::now(), Counter(9));
    let algorithms = vec![authorization.algorithm()];
    let mut server =
        DigestServer::new(authorization.realm(), algorithms, now, &mut random).unwrap();
    let (name, realm) = (authorization.username(), authorization.realm());
    let ha1 = Ha1::new(authorization.algorithm(), name, realm, "secret");
    let late = now + Duration::from_secs(1);
    assert!(server.check(late, authorization, URI).is_err());
    assert!(server.verify(late, authorization, URI, Some(&ha1), &mut random).is_err());
}

fn assert_client_goes_on(lines: &[&str]) {
    let mut client = client();
    let challenged = client.challenged(lines.iter().copied());
    let sent = client.authorization(URI, true, &mut Counter(1)).unwrap();
    assert_eq!(challenged.is_ok(), sent.is_some());
    let accepted = client.accepted(lines.last().copied());
    let Some(sent) = sent else { return };
    let next = client.authorization(URI, true, &mut Counter(2)).unwrap().unwrap();
    let next_is_new = next.nonce() != sent.nonce();
    assert!(!next_is_new || accepted.is_ok());
    assert_eq!(next.nonce_count(), if next_is_new { 1 } else { 2 });
}

fn client() -> DigestClient {
    DigestClient::new(Credentials::new("alice", "secret"))
}

struct Counter(u8);

impl Random for Counter {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        for octet in octets {
            self.0 = self.0.wrapping_add(1);
            *octet = self.0;
        }
        Ok(())
    }
}
