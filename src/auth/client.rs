//! The client's side: answers to challenges, and the check of the relay's own digest.

use std::fmt;

use super::digest::{self, Algorithm, Exchange, Ha1};
use super::error::{AuthError, AuthErrorKind};
use super::params::sendable;
use super::{AuthenticationInfo, Authorization, Challenge};
use crate::random::{Random, RandomError};

/// The most challenges that are answered without a success in between. A relay calls a
/// nonce stale once, or twice if it has restarted; after more, it will not accept any.
const MAX_CHALLENGES: u32 = 4;

/// A name and its password. `Debug` does not show the password.
#[derive(Clone)]
pub struct Credentials {
    username: String,
    password: String,
}

impl Credentials {
    /// Removes control characters from the username, because a header field cannot carry
    /// them.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: sendable(username.into()), password: password.into() }
    }

    /// The name of the user.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// The client's side of digest at one relay: what RFC 4976 section 9.1 calls a
/// protection space, the authority part of the relay's URI.
///
/// It remembers the nonce and how often it was used, so that an AUTH that renews a URI
/// is accepted without another challenge.
///
#[cfg_attr(feature = "getrandom", doc = "```")]
#[cfg_attr(not(feature = "getrandom"), doc = "```ignore")]
/// use msrp::OsRandom;
/// use msrp::auth::{Credentials, DigestClient};
///
/// let mut random = OsRandom::new()?;
/// let mut client = DigestClient::new(Credentials::new("alice", "secret"));
/// let relay = "msrps://alice@relay.example.com;tcp";
/// // The first AUTH has no Authorization: the relay has not challenged yet.
/// assert!(client.authorization(relay, true, &mut random)?.is_none());
///
/// let challenge = r#"Digest realm="relay.example.com", qop="auth", nonce="Xk2""#;
/// client.challenged([challenge].into_iter())?;
/// let authorization = client.authorization(relay, true, &mut random)?.unwrap();
/// println!("Authorization: {authorization}");
/// // The relay responds with 200.
/// client.accepted(Some(r#"qop=auth, nextnonce="Xk3", nc=00000001"#))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DigestClient {
    credentials: Credentials,
    session: Option<Session>,
    /// Challenges since the last success.
    challenges: u32,
}

/// An authentication session, which a challenge begins (RFC 7616 section 3.6).
#[derive(Clone, Debug)]
struct Session {
    realm: String,
    opaque: Option<String>,
    ha1: Ha1,
    nonce: String,
    /// Uses of the nonce so far.
    count: u32,
    /// Whether the relay has accepted a request since the challenge. If so, a further
    /// challenge does not mean that the password is wrong.
    is_proven: bool,
    sent: Option<Sent>,
}

/// A request that has no response yet.
#[derive(Clone, Debug)]
struct Sent {
    nonce: String,
    nc: u32,
    cnonce: String,
    uri: String,
}

impl Sent {
    fn exchange(&self) -> Exchange<'_> {
        Exchange { nonce: &self.nonce, nc: self.nc, cnonce: &self.cnonce, uri: &self.uri }
    }
}

impl DigestClient {
    /// A client that has not been challenged yet.
    #[must_use]
    pub const fn new(credentials: Credentials) -> Self {
        Self { credentials, session: None, challenges: 0 }
    }

    /// Takes the WWW-Authenticate values of a 401, one for each header field, and picks
    /// the best challenge that can be answered: SHA-256 before MD5, and the first of either.
    /// A field with several challenges, as in HTTP, is read, too.
    ///
    /// # Errors
    ///
    /// [`AuthError`] if no challenge can be answered (it is the error of the last one), or
    /// if another answer would not help. After [`AuthErrorKind::Refused`] and
    /// [`AuthErrorKind::NoncesRefused`] the client is as if it were new.
    pub fn challenged<'a>(
        &mut self,
        values: impl Iterator<Item = &'a str>,
    ) -> Result<(), AuthError> {
        let challenge = best(values)?;
        if let Err(error) = self.check_worth(&challenge) {
            (self.session, self.challenges) = (None, 0);
            return Err(error);
        }
        self.challenges += 1;
        let uses = self.uses_of(&challenge);
        self.session = Some(Session::new(&self.credentials, challenge, uses));
        Ok(())
    }

    /// How often the nonce of a challenge was used: some relays give the same one again,
    /// whose count then continues (RFC 7616 section 3.4).
    fn uses_of(&self, challenge: &Challenge) -> u32 {
        let same = self.session.as_ref().filter(|session| session.nonce == challenge.nonce);
        same.map_or(0, |session| session.count)
    }

    /// Checks that an answer to `challenge` could help.
    fn check_worth(&self, challenge: &Challenge) -> Result<(), AuthError> {
        let refused = self.session.as_ref().is_some_and(|session| {
            session.sent.is_some() && !session.is_proven && session.realm == challenge.realm
        });
        if refused && !challenge.stale {
            Err(AuthErrorKind::Refused.into())
        } else if self.challenges >= MAX_CHALLENGES {
            Err(AuthErrorKind::NoncesRefused.into())
        } else {
            Ok(())
        }
    }

    /// The value of Authorization for the next AUTH to `uri`, the rightmost URI of its
    /// To-Path, spelled as there. `with_uri` includes it as the parameter `uri`,
    /// which some relays need and others refuse; the digest is the same.
    ///
    /// `None` before the first challenge, and once the count of the nonce is exhausted.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source fails. The client is then unchanged.
    pub fn authorization(
        &mut self,
        uri: &str,
        with_uri: bool,
        random: &mut dyn Random,
    ) -> Result<Option<Authorization>, RandomError> {
        let Some(session) = &mut self.session else { return Ok(None) };
        let Some(nc) = session.count.checked_add(1) else { return Ok(None) };
        let cnonce = cnonce(random)?;
        session.count = nc;
        let sent = Sent { nonce: session.nonce.clone(), nc, cnonce, uri: uri.to_owned() };
        let authorization = Authorization {
            username: self.credentials.username.clone(),
            realm: session.realm.clone(),
            nonce: sent.nonce.clone(),
            uri: with_uri.then(|| sendable(uri.to_owned())),
            response: session.ha1.response(sent.exchange()),
            algorithm: session.ha1.algorithm(),
            cnonce: sent.cnonce.clone(),
            nc: sent.nc,
            opaque: session.opaque.clone(),
        };
        session.sent = Some(sent);
        Ok(Some(authorization))
    }

    /// Takes the Authentication-Info of a 200, if it has one: checks that it belongs to
    /// the AUTH that was sent last and that its `rspauth` is right, and keeps its
    /// `nextnonce`.
    ///
    /// # Errors
    ///
    /// [`AuthError`] if a check fails; `nextnonce` is then ignored. A value without
    /// `rspauth`, or a 200 without Authentication-Info, is no error: it proves nothing
    /// about the relay, but certificates identify relays (RFC 4976 section 9.4).
    pub fn accepted(&mut self, value: Option<&str>) -> Result<(), AuthError> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let Some(sent) = session.sent.take() else { return Ok(()) };
        let info = value.map(AuthenticationInfo::parse).transpose()?;
        if let Some(info) = info {
            session.check(&sent, &info)?;
            session.turn_to(info.nextnonce);
        }
        session.is_proven = true;
        self.challenges = 0;
        Ok(())
    }
}

impl Session {
    fn new(credentials: &Credentials, challenge: Challenge, count: u32) -> Self {
        let Challenge { realm, nonce, opaque, algorithm, stale: _ } = challenge;
        let Credentials { username, password } = credentials;
        let ha1 = Ha1::new(algorithm, username, &realm, password);
        Self { realm, opaque, ha1, nonce, count, is_proven: false, sent: None }
    }

    fn check(&self, sent: &Sent, info: &AuthenticationInfo) -> Result<(), AuthError> {
        let is_other_cnonce = info.cnonce.as_ref().is_some_and(|cnonce| *cnonce != sent.cnonce);
        if is_other_cnonce || info.nc.is_some_and(|nc| nc != sent.nc) {
            return Err(AuthErrorKind::OtherRequest.into());
        }
        let right = self.ha1.rspauth(sent.exchange());
        match &info.rspauth {
            Some(rspauth) if !digest::is_same(rspauth, &right) => {
                Err(AuthErrorKind::WrongRelay.into())
            }
            _ => Ok(()),
        }
    }

    /// Uses `nextnonce` from now on. If it is the current nonce, its count continues.
    fn turn_to(&mut self, nextnonce: Option<String>) {
        if let Some(nonce) = nextnonce.filter(|it| !it.is_empty() && *it != self.nonce) {
            (self.nonce, self.count) = (nonce, 0);
        }
    }
}

fn best<'a>(values: impl Iterator<Item = &'a str>) -> Result<Challenge, AuthError> {
    let mut best: Option<Challenge> = None;
    let mut error = AuthErrorKind::NoChallenge.into();
    for challenge in values.flat_map(Challenge::each) {
        match challenge {
            Ok(it) if best.as_ref().is_none_or(|best| rank(&it) > rank(best)) => best = Some(it),
            Ok(_) => {}
            Err(wrong) => error = wrong,
        }
    }
    best.ok_or(error)
}

const fn rank(challenge: &Challenge) -> u8 {
    match challenge.algorithm {
        Algorithm::Md5 => 0,
        Algorithm::Sha256 => 1,
    }
}

fn cnonce(random: &mut dyn Random) -> Result<String, RandomError> {
    let mut octets = [0; 16];
    random.fill(&mut octets)?;
    Ok(digest::hex(&octets))
}
