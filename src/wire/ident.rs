//! Transaction ids and Message-IDs: the `ident` rule of RFC 4975 section 9,
//! held inline, so that neither reading nor tracking one allocates.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::grammar::is_ident_char;
use super::value_error::{ValueError, ValueErrorKind};
use crate::fault::character;

/// The most characters that an identifier may have with a tolerance; RFC 4975 allows
/// 32, and UUIDs have 36.
pub(crate) const MAX_IDENT: usize = 64;

#[derive(Clone, Copy)]
struct Ident {
    len: u8,
    octets: [u8; MAX_IDENT],
}

impl Ident {
    /// The identifier in `text`, of 1 to [`MAX_IDENT`] characters.
    fn parse(text: &[u8]) -> Result<Self, ValueError> {
        check_visible(text)?;
        let mut octets = [0; MAX_IDENT];
        let (Some(place), Ok(len)) = (octets.get_mut(..text.len()), u8::try_from(text.len()))
        else {
            return Err(wrong_length(text.len()));
        };
        place.copy_from_slice(text);
        Ok(Self { len, octets })
    }

    fn as_bytes(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// Checks that an identifier can be held: it has visible characters, and not too many.
/// More is up to the caller.
pub(crate) fn check_visible(text: &[u8]) -> Result<(), ValueError> {
    if text.is_empty() || text.len() > MAX_IDENT {
        return Err(wrong_length(text.len()));
    }
    check_characters(text, |octet| octet.is_ascii_graphic())
}

fn check_characters(text: &[u8], is_allowed: impl Fn(u8) -> bool) -> Result<(), ValueError> {
    match text.iter().position(|octet| !is_allowed(*octet)) {
        None => Ok(()),
        Some(at) => Err(ValueError::new(ValueErrorKind::IdentCharacter, character(text, at))),
    }
}

/// Whether each character is one that RFC 4975 section 9 allows in an identifier.
pub(crate) fn has_standard_characters(text: &[u8]) -> bool {
    text.iter().all(|octet| is_ident_char(*octet))
}

const fn wrong_length(len: usize) -> ValueError {
    ValueError::new(ValueErrorKind::IdentLength, 0..len)
}

/// Whether an identifier begins as RFC 4975 section 9 demands.
pub(crate) fn is_standard_start(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether a length is one that RFC 4975 section 9 allows.
pub(crate) const fn is_standard_length(len: usize) -> bool {
    4 <= len && len <= 32
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name(Ident);

        impl $name {
            /// Reads an identifier of 4 to 32 characters (RFC 4975 section 9).
            ///
            /// # Errors
            ///
            /// [`ValueError`] if the length or a character is not allowed.
            pub fn new(text: &str) -> Result<Self, ValueError> {
                let octets = text.as_bytes();
                if !is_standard_length(octets.len()) {
                    Err(wrong_length(octets.len()))
                } else if !is_standard_start(octets) {
                    Err(ValueError::new(ValueErrorKind::IdentCharacter, character(octets, 0)))
                } else {
                    check_characters(octets, is_ident_char)?;
                    Ident::parse(octets).map(Self)
                }
            }

            /// Takes the place of a missing identifier; equal to none that was read.
            pub(crate) const NONE: Self = Self(Ident { len: 0, octets: [0; MAX_IDENT] });

            /// An identifier as a peer sent it: 1 to 64 visible characters.
            pub(crate) fn parse(text: &[u8]) -> Result<Self, ValueError> {
                Ident::parse(text).map(Self)
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The identifier as octets.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_bytes() == other.as_bytes()
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.as_bytes().hash(state);
            }
        }

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }
    };
}

identifier! {
    /// The identifier of one transaction, which also frames its request: the
    /// end-line repeats it (RFC 4975 section 7.1).
    TransactionId
}

identifier! {
    /// The identifier of one message, the same in each of its chunks and in the
    /// REPORTs on it (RFC 4975 section 7.1.1). Compared octet for octet.
    MessageId
}
