//! Keys, which name a session, a message or a request of a connection.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

use thiserror::Error;

use crate::random::{Random, RandomError};

/// The key belongs to another connection, or to something that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the key belongs to another connection, or to something that has ended")]
pub struct UnknownKey;

/// The part that all keys of one connection share, and no others have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tag {
    /// Differs between processes.
    random: [u8; 4],
    /// Differs within a process, even where the random part does not.
    number: usize,
}

impl Tag {
    pub(crate) fn draw(random: &mut impl Random) -> Result<Self, RandomError> {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let mut octets = [0; 4];
        random.fill(&mut octets)?;
        Ok(Self { random: octets, number })
    }

    const fn tag(self) -> Self {
        self
    }
}

/// A key is a serial number within something: a connection, known by its tag, or
/// one of its sessions.
pub(crate) trait Key {
    type Scope;

    fn new(scope: Self::Scope, serial: u64) -> Self;
}

/// Draws the keys of one kind on one connection, each once.
#[derive(Debug)]
pub(crate) struct Keys<K> {
    tag: Tag,
    next: u64,
    kind: PhantomData<fn() -> K>,
}

impl<K: Key> Keys<K> {
    pub(crate) const fn new(tag: Tag) -> Self {
        Self { tag, next: 0, kind: PhantomData }
    }

    pub(crate) fn fresh(&mut self) -> K
    where
        K: Key<Scope = Tag>,
    {
        self.fresh_in(self.tag)
    }

    pub(crate) fn fresh_in(&mut self, scope: K::Scope) -> K {
        let key = K::new(scope, self.next);
        self.next += 1;
        key
    }
}

impl MessageKey {
    /// The session that owns the message.
    #[must_use]
    pub const fn session(self) -> SessionKey {
        self.scope
    }
}

impl NicknameRequest {
    pub(crate) const fn session(self) -> SessionKey {
        self.scope
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.random))
    }
}

macro_rules! keys {
    ($($(#[$attribute:meta])* $name:ident in $scope:ty;)+) => {
        $(
            $(#[$attribute])*
            ///
            /// A connection uses a key once, and every method refuses a key of
            /// another connection with [`UnknownKey`]. Keys of one connection are
            /// in the order in which it gave them. `Display` writes a key for a
            /// log, and is the same in every run from the same random octets.
            #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name {
                serial: u64,
                scope: $scope,
            }

            impl Key for $name {
                type Scope = $scope;

                fn new(scope: $scope, serial: u64) -> Self {
                    Self { serial, scope }
                }
            }

            impl $name {
                const fn tag(self) -> Tag {
                    self.scope.tag()
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{:?}-{}", self.tag(), self.serial)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, concat!(stringify!($name), "({})"), self)
                }
            }
        )+
    };
}

keys! {
    /// A session of a connection.
    SessionKey in Tag;
    /// An outgoing message.
    MessageKey in SessionKey;
    /// An incoming message.
    IncomingKey in Tag;
    /// A NICKNAME that this side has sent (RFC 7701 section 7).
    NicknameKey in Tag;
    /// A NICKNAME of the peer that waits for its response (RFC 7701 section 7).
    NicknameRequest in SessionKey;
}

#[cfg(feature = "auth")]
keys! {
    /// An authentication with a relay, or a chain of them (RFC 4976 section 5.1).
    AuthKey in Tag;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    struct Fixed;

    impl Random for Fixed {
        fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
            octets.fill(7);
            Ok(())
        }
    }

    #[test]
    fn keys_of_two_connections_differ_even_with_one_seed() {
        let [mut one, mut other] = [(); 2].map(|()| Keys::new(Tag::draw(&mut Fixed).unwrap()));
        let (one, other): (SessionKey, SessionKey) = (one.fresh(), other.fresh());
        assert_ne!(one, other);
        assert_eq!(one.to_string(), other.to_string());
        assert_eq!(format!("{one:?}"), "SessionKey(07070707-0)");
    }
}
