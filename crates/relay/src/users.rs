//! The users file: who may use the relay, and the hash of each password.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use msrp::auth::{Algorithm, Ha1};

use crate::fault::StartError;
use crate::options::Options;

/// The users by name and realm.
#[derive(Default)]
pub(crate) struct Users(HashMap<(String, String), Secrets>);

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} users", self.len())
    }
}

/// H(user:realm:password) by each algorithm.
struct Secrets {
    md5: Ha1,
    sha256: Option<Ha1>,
}

impl Users {
    /// Those of `--users`, if it is given.
    pub(crate) fn of(options: &Options) -> Result<Self, StartError> {
        options.users.as_deref().map_or_else(|| Ok(Self::default()), Self::read)
    }

    fn read(path: &Path) -> Result<Self, StartError> {
        let text = std::fs::read_to_string(path);
        Self::parse(&text.map_err(|error| StartError::Users(path.into(), error))?)
    }

    fn parse(text: &str) -> Result<Self, StartError> {
        let mut users = Self::default();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (user, secrets) = entry(line).ok_or(StartError::UsersLine(number))?;
            if users.0.insert(user, secrets).is_some() {
                return Err(StartError::DuplicateUser(number));
            }
        }
        Ok(users)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a user has the same password as in an older file. A secret for another
    /// algorithm may have come or gone.
    pub(crate) fn agrees(&self, old: &Self, user: &str, realm: &str) -> bool {
        let key = (user.to_owned(), realm.to_owned());
        let both = self.0.get(&key).zip(old.0.get(&key));
        both.is_some_and(|(new, old)| new.md5 == old.md5)
    }

    pub(crate) fn secret(&self, user: &str, realm: &str, algorithm: Algorithm) -> Option<Ha1> {
        let secrets = self.0.get(&(user.to_owned(), realm.to_owned()))?;
        match algorithm {
            Algorithm::Md5 => Some(secrets.md5.clone()),
            Algorithm::Sha256 => secrets.sha256.clone(),
            _ => None,
        }
    }

    /// The algorithms for which every user of a realm has a secret. A client uses the
    /// best that it is offered.
    pub(crate) fn algorithms(&self, realm: &str) -> Vec<Algorithm> {
        let mut of_realm = self.0.iter().filter(|((_, of), _)| of == realm);
        if of_realm.all(|(_, secrets)| secrets.sha256.is_some()) {
            vec![Algorithm::Sha256, Algorithm::Md5]
        } else {
            vec![Algorithm::Md5]
        }
    }
}

fn entry(line: &str) -> Option<((String, String), Secrets)> {
    let mut fields = line.split(':');
    let (user, realm) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let md5 = Ha1::from_hex(Algorithm::Md5, fields.next()?)?;
    let sha256 = match fields.next() {
        Some(hex) => Some(Ha1::from_hex(Algorithm::Sha256, hex)?),
        None => None,
    };
    let is_whole = fields.next().is_none() && !user.is_empty() && !realm.is_empty();
    is_whole.then_some(((user, realm), Secrets { md5, sha256 }))
}

/// The line of a user. `None` if a name is empty or contains a character that the
/// file cannot express.
#[must_use]
pub fn user_line(user: &str, realm: &str, password: &str) -> Option<String> {
    let hex = |algorithm| Ha1::new(algorithm, user, realm, password).to_hex();
    let line = format!("{user}:{realm}:{}:{}", hex(Algorithm::Md5), hex(Algorithm::Sha256));
    let is_safe = !line.contains(char::is_control) && !line.starts_with([' ', '#']);
    (is_safe && entry(&line).is_some()).then_some(line)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_line_that_was_made_reads_back() {
        let line = user_line("alice", "example.com", "sesame").unwrap();
        let text = format!("# users\n\n{line}\n");
        let users = Users::parse(&text).unwrap();
        for algorithm in Algorithm::ALL.iter().copied() {
            let wanted = Ha1::new(algorithm, "alice", "example.com", "sesame");
            assert!(users.secret("alice", "example.com", algorithm) == Some(wanted));
        }
        assert!(users.secret("bob", "example.com", Algorithm::Md5).is_none());
        assert!(users.secret("alice", "example.org", Algorithm::Md5).is_none());
        assert!(!text.contains("sesame"));
    }

    #[test]
    fn sha_256_is_offered_where_every_user_has_it() {
        let alice = user_line("alice", "example.com", "sesame").unwrap();
        let bob = user_line("bob", "example.com", "open").unwrap();
        let (old_bob, _) = bob.rsplit_once(':').unwrap();
        let offered = |text: String| Users::parse(&text).unwrap().algorithms("example.com").len();
        assert_eq!(offered(format!("{alice}\n{bob}")), 2);
        assert_eq!(offered(format!("{alice}\n{old_bob}")), 1);
    }

    #[test]
    fn wrong_lines_are_reported_by_number() {
        let line = user_line("alice", "example.com", "sesame").unwrap();
        for wrong in
            ["alice", "alice:example.com:12", &format!("{line}:"), &line.replacen("alice", "", 1)]
        {
            let result = Users::parse(&format!("{line}\n{wrong}"));
            assert!(matches!(result, Err(StartError::UsersLine(2))), "{wrong}");
        }
        assert!(matches!(
            Users::parse(&format!("{line}\n{line}")),
            Err(StartError::DuplicateUser(2))
        ));
    }

    #[test]
    fn names_that_would_break_the_file_make_no_line() {
        for user in ["", "a:b", "a\nb", "#a", " a"] {
            assert!(user_line(user, "example.com", "sesame").is_none(), "{user}");
        }
        assert!(user_line("alice", "", "sesame").is_none());
    }
}
