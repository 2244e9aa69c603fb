//! Who sends and who receives: `[ Formal-name ] "<" URI ">"`.

use std::borrow::Cow;
use std::fmt::{self, Write};

use msrp::mime::closing_quote;
use thiserror::Error;

use crate::escape::{unescaped, write_escaped};
use crate::grammar::{is_token, is_uri};
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// An address with the display name that its owner may have: the value of From,
/// To and cc (RFC 3862 section 4.1).
///
/// Two are equal where both texts are; no URI scheme's own rules are known
/// here.
///
/// ```
/// use msrp_cpim::Address;
///
/// let address = Address::parse(r#""Bob \"Bobby\" B." <sip:bob@example.com>"#)?;
/// assert_eq!(address.display_name(), Some("Bob \"Bobby\" B."));
/// assert_eq!(address.uri(), "sip:bob@example.com");
/// assert_eq!(address, Address::new("sip:bob@example.com")?.named("Bob \"Bobby\" B."));
/// # Ok::<(), msrp_cpim::AddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address<'a> {
    name: Option<Cow<'a, str>>,
    uri: Cow<'a, str>,
}

/// The text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an address is an absolute URI in angle brackets, with or without a name before them")]
pub struct AddressError;

impl<'a> Address<'a> {
    /// The address of this URI, which is absolute and stands without its angle
    /// brackets.
    ///
    /// # Errors
    ///
    /// [`AddressError`] where the URI has no scheme, or a space, a control
    /// character, a quote or an angle bracket in it.
    pub fn new(uri: &'a str) -> Result<Self, AddressError> {
        let uri = is_uri(uri).then_some(Cow::Borrowed(uri)).ok_or(AddressError)?;
        Ok(Self { name: None, uri })
    }

    /// The same address with a display name, which may be any text. An empty
    /// one is none.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'a, str>>) -> Self {
        Self { name: Some(name.into()).filter(|name| !name.is_empty()), ..self }
    }

    /// Reads the value of a header, to the letter of RFC 3862 but for a space
    /// behind a quoted name, which everyone writes.
    ///
    /// # Errors
    ///
    /// [`AddressError`] where the text is none.
    pub fn parse(text: &'a str) -> Result<Self, AddressError> {
        match Self::read(text) {
            Some((address, tolerated)) if tolerated.is_empty() => Ok(address),
            _ => Err(AddressError),
        }
    }

    /// Reads the value of a header, and says what that took.
    pub(super) fn read(text: &'a str) -> Option<(Self, CpimTolerances)> {
        let mut tolerated = CpimTolerances::none();
        let (name, rest) = match text.strip_prefix('"') {
            Some(quoted) => quoted_name(quoted)?,
            None => text.split_at(text.find('<')?),
        };
        let is_quoted = text.starts_with('"');
        if !is_quoted && !is_formal_name(name) {
            tolerated = tolerated.with(CpimTolerance::UnquotedName);
            if name.contains('"') {
                return None;
            }
        }
        let (uri, behind) = rest.strip_prefix('<')?.split_once('>')?;
        if !behind.is_empty() {
            tolerated = tolerated.with(CpimTolerance::TextBehindAddress);
            if !is_parameters(behind) {
                return None;
            }
        }
        let name = if is_quoted { name } else { name.trim_matches(' ') };
        Some((Self::new(uri).ok()?.named(unescaped(name)), tolerated))
    }

    /// The name for people, without quotes and escapes. It may hold control
    /// characters.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The URI as it is written, without its angle brackets.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The same address in allocations of its own.
    #[must_use]
    pub fn into_owned(self) -> Address<'static> {
        Address {
            name: self.name.map(|name| Cow::Owned(name.into_owned())),
            uri: Cow::Owned(self.uri.into_owned()),
        }
    }
}

/// What is before the closing quote, and what is behind it less a space.
fn quoted_name(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_at(closing_quote(text)?);
    let rest = rest.strip_prefix('"')?;
    Some((name, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// Something behind a semicolon, and no second address, which another reader
/// might take for the one that is meant.
fn is_parameters(text: &str) -> bool {
    text.trim_start_matches([' ', '\t']).starts_with(';') && !text.contains(['<', '"', ','])
}

/// Nothing, or `1*( Token SP )`.
fn is_formal_name(text: &str) -> bool {
    text.is_empty() || text.strip_suffix(' ').is_some_and(is_words)
}

fn is_words(text: &str) -> bool {
    text.split(' ').all(is_token)
}

/// As it is written in a header.
impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            None => {}
            Some(name) if is_words(name) => write!(f, "{name} ")?,
            Some(name) => {
                f.write_char('"')?;
                write_escaped(f, name, Some('"'))?;
                f.write_str("\" ")?;
            }
        }
        write!(f, "<{}>", self.uri)
    }
}
