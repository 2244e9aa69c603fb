//! Addresses: `[ Formal-name ] "<" URI ">"`.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::error::{Fault, ParseError, ParseErrorKind};
use crate::escape::{closing_quote, unescaped, write_escaped};
use crate::grammar::{is_token, is_uri};
use crate::mime::BLANKS;
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// An address with an optional display name: the value of From, To and cc
/// (RFC 3862 section 4.1).
///
/// Two addresses are equal if their names and URIs are equal as text. This crate
/// does not know the comparison rules of URI schemes.
///
/// ```
/// use msrp_cpim::Address;
///
/// let address = Address::parse(r#""Bob \"Bobby\" B." <sip:bob@example.com>"#)?;
/// assert_eq!(address.display_name(), Some("Bob \"Bobby\" B."));
/// assert_eq!(address.uri(), "sip:bob@example.com");
/// assert_eq!(address, Address::new("sip:bob@example.com")?.with_display_name("Bob \"Bobby\" B."));
/// # Ok::<(), msrp_cpim::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address<'a> {
    display_name: Option<Cow<'a, str>>,
    uri: Cow<'a, str>,
}

impl<'a> Address<'a> {
    /// The address of an absolute URI, which comes without angle brackets.
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::Uri`] if the text has no scheme, or contains a space, a
    /// control character, a quote or an angle bracket.
    pub fn new(uri: &'a str) -> Result<Self, ParseError> {
        if is_uri(uri) {
            Ok(Self { display_name: None, uri: Cow::Borrowed(uri) })
        } else {
            Err(ParseError::new(ParseErrorKind::Uri, 0..uri.len()))
        }
    }

    /// The same address with a display name, which may be any text. An empty
    /// one removes the name.
    #[must_use]
    pub fn with_display_name(self, name: impl Into<Cow<'a, str>>) -> Self {
        Self { display_name: Some(name.into()).filter(|name| !name.is_empty()), ..self }
    }

    /// Reads the value of a header. It must follow RFC 3862, except that a space
    /// may follow a quoted name, as in all that is deployed.
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::Address`] if the text is no address.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        let strictly = |(address, needed): (Self, CpimTolerances)| {
            if needed.is_empty() { Ok(address) } else { Err(text) }
        };
        let fault = |part| Fault::new(ParseErrorKind::Address, part).within(text.as_bytes());
        Self::parse_leniently(text).and_then(strictly).map_err(fault)
    }

    /// Reads the value of a header, and says which tolerances it needs. The
    /// error is the part that is wrong.
    pub(crate) fn parse_leniently(text: &'a str) -> Result<(Self, CpimTolerances), &'a str> {
        let (name, rest) = match text.strip_prefix('"') {
            Some(quoted) => quoted_name(quoted).ok_or(text)?,
            None => match text.find('<') {
                Some(at) => text.split_at(at),
                None => return bare_uri(text).ok_or(text),
            },
        };
        let is_quoted = text.starts_with('"');
        let mut needed = CpimTolerances::none();
        if !is_quoted && !is_formal_name(name) {
            needed = needed.with(CpimTolerance::UnquotedName);
            if name.contains('"') {
                return Err(name);
            }
        }
        let at = rest.trim_start_matches(BLANKS);
        let (inner, after) = at.strip_prefix('<').and_then(|it| it.split_once('>')).ok_or(rest)?;
        let uri = inner.trim_matches(BLANKS);
        if uri != inner || !matches!(rest.strip_suffix(at), Some("" | " ")) {
            needed = needed.with(CpimTolerance::HeaderSpace);
        }
        if !after.is_empty() {
            needed = needed.with(CpimTolerance::TextAfterAddress);
            if !is_parameters(after) {
                return Err(after);
            }
        }
        let name = if is_quoted { name } else { name.trim_matches(BLANKS) };
        let address = Self::new(uri).map_err(|_| uri)?;
        Ok((address.with_display_name(unescaped(name)), needed))
    }

    /// The name for display, without quotes and escapes. It may contain control
    /// characters.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    /// The URI as it is written, without angle brackets.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The same address, with text of its own.
    #[must_use]
    pub fn into_owned(self) -> Address<'static> {
        Address {
            display_name: self.display_name.map(|name| Cow::Owned(name.into_owned())),
            uri: Cow::Owned(self.uri.into_owned()),
        }
    }
}

/// A URI without angle brackets, and the tolerances that it needs. Parameters are those of
/// the header, as in SIP (RFC 3261 section 20). A comma could separate two addresses.
fn bare_uri(text: &str) -> Option<(Address<'_>, CpimTolerances)> {
    let (uri, parameters) = text.split_at(text.find(';').unwrap_or(text.len()));
    let mut needed = CpimTolerances::none().with(CpimTolerance::BareAddress);
    if !parameters.is_empty() {
        needed = needed.with(CpimTolerance::TextAfterAddress);
    }
    let is_alone = !uri.contains(',') && (parameters.is_empty() || is_parameters(parameters));
    let address = Address::new(uri.trim_end_matches(BLANKS)).ok();
    address.filter(|_| is_alone).map(|address| (address, needed))
}

/// What stands before the closing quote, and what follows it.
fn quoted_name(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_at(closing_quote(text)?);
    Some((name, rest.strip_prefix('"')?))
}

/// Whether a semicolon comes first, and no second address follows that another
/// reader could take for the intended one.
fn is_parameters(text: &str) -> bool {
    text.trim_start_matches(BLANKS).starts_with(';') && !text.contains(['<', '"', ','])
}

/// Nothing, or `1*( Token SP )`.
fn is_formal_name(text: &str) -> bool {
    text.is_empty() || text.strip_suffix(' ').is_some_and(is_words)
}

fn is_words(text: &str) -> bool {
    text.split(' ').all(is_token)
}

/// The value of a header.
impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.display_name {
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
