//! The relay's side: challenges, and the check of the answers.

use std::fmt;
use std::time::Duration;

use super::digest::{self, Algorithm, Ha1};
use super::nonce::{NonceId, NonceMaker};
use super::params::sendable;
use super::replay::{ReplayWindow, Use};
use super::{AuthenticationInfo, Authorization, Challenge};
use crate::random::{Random, RandomError};
use crate::time::Instant;
use crate::uri::UriRef;

const NONCE_LIFETIME: Duration = Duration::from_secs(300);
const REPLAY_WINDOW: usize = 64;

/// Why an Authorization is refused. A relay responds with 401 and fresh challenges,
/// but with 400 to [`Rejection::OtherUri`] (RFC 7616 section 3.4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The nonce is too old, comes from another server or from this one before it
    /// restarted, or was made so long ago that its use is no longer known.
    Stale,
    /// The nonce count has been used: an earlier request is repeated, or the client
    /// has lost count.
    Replayed,
    /// The digest is wrong: it was made with another password, or something was changed.
    Wrong,
    /// The realm is not the server's.
    OtherRealm,
    /// The algorithm was not offered, or is not that of the [`Ha1`].
    OtherAlgorithm,
    /// The parameter `uri` is not the rightmost URI of To-Path.
    OtherUri,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stale => "the nonce is no longer valid",
            Self::Replayed => "the nonce count has been used",
            Self::Wrong => "the digest is wrong",
            Self::OtherRealm => "the realm is not that of the server",
            Self::OtherAlgorithm => "the algorithm was not offered",
            Self::OtherUri => "the parameter uri is not the URI of the request",
        })
    }
}

impl Rejection {
    /// Whether the challenges in the response have `stale=true`: the client should try
    /// again with the same password.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        matches!(self, Self::Stale | Self::Replayed)
    }
}

/// The relay's side of digest: one realm.
///
/// Nonces are not stored. Each carries its time and a keyed hash over it and the realm, so
/// that challenges cost no memory. The server stores the last nonce count of each nonce
/// that was used, for a bounded number of nonces of each user. Beyond it, the oldest nonces
/// of this user become stale; no count is ever accepted twice.
///
#[cfg_attr(feature = "getrandom", doc = "```")]
#[cfg_attr(not(feature = "getrandom"), doc = "```ignore")]
/// use std::time::Instant;
///
/// use msrp::OsRandom;
/// use msrp::auth::{Algorithm, Authorization, Credentials, DigestClient, DigestServer, Ha1};
///
/// let (now, mut random) = (Instant::now(), OsRandom::new()?);
/// let algorithms = vec![Algorithm::Sha256, Algorithm::Md5];
/// let mut server = DigestServer::new("relay.example.com", algorithms, now, &mut random)?;
/// let uri = "msrps://alice@relay.example.com;tcp";
///
/// // An AUTH without Authorization gets a 401 with these WWW-Authenticate.
/// let challenges = server.challenges(now, false, &mut random)?;
/// # let values: Vec<String> = challenges.iter().map(ToString::to_string).collect();
/// # let mut client = DigestClient::new(Credentials::new("alice", "secret"));
/// # client.challenged(values.iter().map(String::as_str))?;
/// # let value = client.authorization(uri, true, &mut random)?.unwrap().to_string();
///
/// // The next one has an Authorization.
/// let authorization = Authorization::parse(&value)?;
/// server.check(now, &authorization, uri).map_err(|rejection| rejection.to_string())?;
/// // The user database gives H(A1) of the user.
/// let ha1 = Ha1::new(authorization.algorithm(), "alice", "relay.example.com", "secret");
/// let info = server.verify(now, &authorization, uri, Some(&ha1), &mut random);
/// let info = info.map_err(|rejection| rejection.to_string())?;
/// println!("Authentication-Info: {info}");
/// # client.accepted(Some(&info.to_string()))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DigestServer {
    realm: String,
    algorithms: Vec<Algorithm>,
    /// Those that were offered before.
    retired: Vec<Algorithm>,
    nonces: NonceMaker,
    nonce_lifetime: Duration,
    used: ReplayWindow,
    /// Of no password, for users who do not exist, one for each algorithm that may be
    /// offered.
    decoys: Vec<Ha1>,
}

impl DigestServer {
    /// A server with a key of its own from `random`, which must be a cryptographic source.
    /// `algorithms` are in any order; without any, the server accepts nothing. Removes
    /// control characters from the realm, because a header field cannot carry them.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source fails.
    pub fn new(
        realm: impl Into<String>,
        algorithms: Vec<Algorithm>,
        now: Instant,
        random: &mut dyn Random,
    ) -> Result<Self, RandomError> {
        let realm = sendable(realm.into());
        let algorithms = strongest_first(&algorithms);
        Ok(Self {
            nonces: NonceMaker::new(now, &realm, random)?,
            decoys: decoys(),
            realm,
            algorithms,
            retired: Vec::new(),
            nonce_lifetime: NONCE_LIFETIME,
            used: ReplayWindow::new(REPLAY_WINDOW),
        })
    }

    /// Sets for how long a nonce is valid. The default is 300 seconds.
    #[must_use]
    pub const fn nonce_lifetime(mut self, lifetime: Duration) -> Self {
        self.nonce_lifetime = lifetime;
        self
    }

    /// Offers these algorithms from now on, such as when the user database has got secrets
    /// for another one. Credentials for one that was offered before are [`Rejection::Stale`]:
    /// the client tries again with another.
    pub fn set_algorithms(&mut self, algorithms: &[Algorithm]) {
        let before = std::mem::replace(&mut self.algorithms, strongest_first(algorithms));
        self.retired = strongest_first(&[&self.retired[..], &before].concat());
    }

    /// Sets for how many nonces of a user the counts are stored. The default is 64, about
    /// 150 octets each, and at most 65,536 of all users. If a user authenticates more often
    /// within the lifetime of a nonce, its slower clients get `stale=true` and try again.
    #[must_use]
    pub const fn replay_window(mut self, nonces: usize) -> Self {
        self.used.limit = nonces;
        self
    }

    /// The realm, for [`Ha1::new`].
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The values of WWW-Authenticate for a 401, one for each algorithm, each for a header
    /// field of its own: the strongest first (RFC 7616 section 3.7) and MD5 last, because
    /// clients that know nothing else may keep the last. Each has an `opaque`, which the
    /// answer need not repeat. `stale` is [`Rejection::is_stale`], or false if the request had
    /// no Authorization.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source fails.
    pub fn challenges(
        &self,
        now: Instant,
        stale: bool,
        random: &mut dyn Random,
    ) -> Result<Vec<Challenge>, RandomError> {
        let nonce = self.nonces.nonce(now, random)?;
        let challenge = |algorithm: &Algorithm| Challenge {
            realm: self.realm.clone(),
            nonce: nonce.clone(),
            // Clients in use read it from every challenge.
            opaque: Some(self.nonces.opaque()),
            stale,
            algorithm: *algorithm,
        };
        Ok(self.algorithms.iter().map(challenge).collect())
    }

    /// Checks all that needs no secret of the user. `uri` is the rightmost URI of To-Path,
    /// spelled as it was received.
    ///
    /// # Errors
    ///
    /// Any [`Rejection`] except [`Rejection::Wrong`] and [`Rejection::Replayed`].
    pub fn check(
        &self,
        now: Instant,
        authorization: &Authorization,
        uri: &str,
    ) -> Result<(), Rejection> {
        self.fresh_nonce(now, authorization, uri).map(|_| ())
    }

    /// Does what [`DigestServer::check`] does, and then checks the digest and the nonce
    /// count, which is accepted once. Gives the value of Authentication-Info for the 200;
    /// it has no `nextnonce` if the random source fails.
    ///
    /// Without an [`Ha1`], the user is unknown. The digest is computed all the same, so that
    /// the time of the response does not reveal which names exist.
    ///
    /// # Errors
    ///
    /// [`Rejection`].
    pub fn verify(
        &mut self,
        now: Instant,
        authorization: &Authorization,
        uri: &str,
        ha1: Option<&Ha1>,
        random: &mut dyn Random,
    ) -> Result<AuthenticationInfo, Rejection> {
        let nonce = self.fresh_nonce(now, authorization, uri)?;
        let is_usable = |ha1: &&Ha1| ha1.algorithm() == authorization.algorithm;
        let secret = ha1.or_else(|| self.decoys.iter().find(is_usable));
        let secret = secret.filter(is_usable).ok_or(Rejection::OtherAlgorithm)?;
        let exchange = authorization.exchange(uri);
        let is_same = digest::is_same(&secret.response(exchange), &authorization.response);
        if ha1.is_none() || !is_same {
            return Err(Rejection::Wrong);
        }
        let rspauth = secret.rspauth(exchange);
        self.take_count(now, nonce, authorization)?;
        Ok(AuthenticationInfo {
            nextnonce: self.nonces.nonce(now, random).ok(),
            rspauth: Some(rspauth),
            cnonce: Some(authorization.cnonce.clone()),
            nc: Some(authorization.nc),
        })
    }

    fn fresh_nonce(
        &self,
        now: Instant,
        authorization: &Authorization,
        uri: &str,
    ) -> Result<NonceId, Rejection> {
        if authorization.realm != self.realm {
            return Err(Rejection::OtherRealm);
        }
        if authorization.uri.as_ref().is_some_and(|named| !is_same_uri(named, uri)) {
            return Err(Rejection::OtherUri);
        }
        if !self.algorithms.contains(&authorization.algorithm) {
            // The challenge was right when it was made. The next one is for another algorithm.
            let was_offered = self.retired.contains(&authorization.algorithm);
            return Err(if was_offered { Rejection::Stale } else { Rejection::OtherAlgorithm });
        }
        let nonce = self.nonces.id(&authorization.nonce).ok_or(Rejection::Stale)?;
        let is_old =
            self.is_old(nonce, now) || self.used.has_forgotten(&authorization.username, nonce);
        if is_old { Err(Rejection::Stale) } else { Ok(nonce) }
    }

    fn is_old(&self, nonce: NonceId, now: Instant) -> bool {
        self.nonces.age(nonce, now) > self.nonce_lifetime
    }

    fn take_count(
        &mut self,
        now: Instant,
        nonce: NonceId,
        authorization: &Authorization,
    ) -> Result<(), Rejection> {
        let (nonces, lifetime) = (&self.nonces, self.nonce_lifetime);
        let is_old = |nonce| nonces.age(nonce, now) > lifetime;
        match self.used.note(&authorization.username, nonce, authorization.nc, is_old) {
            Use::First => Ok(()),
            Use::Again => Err(Rejection::Replayed),
            Use::Forgotten => Err(Rejection::Stale),
        }
    }
}

/// Whoever knows these passwords gains nothing: no user has them.
fn decoys() -> Vec<Ha1> {
    Algorithm::ALL.iter().map(|algorithm| Ha1::new(*algorithm, "", "", "")).collect()
}

fn strongest_first(algorithms: &[Algorithm]) -> Vec<Algorithm> {
    let known = [Algorithm::Sha256, Algorithm::Md5];
    known.into_iter().filter(|known| algorithms.contains(known)).collect()
}

/// Compares MSRP URIs (RFC 4975 section 6.1), or texts if one is not an MSRP URI.
fn is_same_uri(one: &str, other: &str) -> bool {
    match (UriRef::parse(one), UriRef::parse(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
