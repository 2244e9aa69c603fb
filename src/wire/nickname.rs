//! Nicknames: the value of Use-Nickname (RFC 7701 section 7.1).

use std::fmt::{self, Write};
use std::str::FromStr;

use thiserror::Error;

/// The most octets of a nickname.
const MAX_OCTETS: usize = 1023;

/// A nickname: 1 to 1,023 octets of text without control characters, as it was
/// asked for. No nickname is no value of this type: Use-Nickname has `""` for it
/// (RFC 7701 section 7.3), and this crate `None`.
///
/// Compared octet for octet. Which names are the same to people, a chat room
/// decides (`chatroom::Room`).
///
/// ```
/// use msrp::Nickname;
///
/// let nickname: Nickname = "Ada \"the Pier\"".parse()?;
/// assert_eq!(nickname.quoted().to_string(), r#""Ada \"the Pier\"""#);
/// # Ok::<(), msrp::wire::NicknameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nickname(Box<str>);

/// The text is no nickname, or the value none of Use-Nickname.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NicknameError {
    /// No octets.
    #[error("a nickname has a character at least; to have none is to ask for None")]
    Empty,
    /// More octets than a nickname has.
    #[error("a nickname has at most 1,023 octets; shorten it")]
    TooLong,
    /// A character that no quoted string can hold.
    #[error("a nickname has no control characters")]
    Control,
    /// A value without the quotes.
    #[error("the value of Use-Nickname is not in quotes")]
    Unquoted,
    /// A quote that is not closed, or text behind it, or a backslash that
    /// escapes neither a quote nor a backslash.
    #[error("the quoted string of Use-Nickname is not well-formed")]
    Malformed,
}

impl Nickname {
    /// Takes a text for a nickname.
    ///
    /// # Errors
    ///
    /// [`NicknameError`] where it cannot be one.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, NicknameError> {
        let text = text.into();
        if text.is_empty() {
            Err(NicknameError::Empty)
        } else if text.len() > MAX_OCTETS {
            Err(NicknameError::TooLong)
        } else if text.bytes().any(|octet| octet.is_ascii_control() && octet != b'\t') {
            Err(NicknameError::Control)
        } else {
            Ok(Self(text))
        }
    }

    /// Reads the value of a Use-Nickname header field; `""` is `None`.
    ///
    /// # Errors
    ///
    /// [`NicknameError`] where it is not of the grammar of section 7.1.
    pub fn from_value(value: &str) -> Result<Option<Self>, NicknameError> {
        let quoted = value.strip_prefix('"').ok_or(NicknameError::Unquoted)?;
        let text = unquoted(quoted).ok_or(NicknameError::Malformed)?;
        if text.is_empty() { Ok(None) } else { Self::new(text).map(Some) }
    }

    /// Reads a value without its quotes, as some clients write it.
    pub(crate) fn from_unquoted(value: &str) -> Result<Self, NicknameError> {
        if value.contains(['"', '\\']) {
            return Err(NicknameError::Malformed);
        }
        Self::new(value)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of Use-Nickname: the text in quotes, with what escapes it
    /// needs.
    pub fn quoted(&self) -> impl fmt::Display {
        Quoted(&self.0)
    }
}

/// What is before the closing quote, without escapes; nothing may follow it.
fn unquoted(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut letters = quoted.chars();
    loop {
        match letters.next()? {
            '"' => return letters.next().is_none().then_some(text),
            '\\' => text.push(letters.next().filter(|letter| is_escaped(*letter))?),
            letter => text.push(letter),
        }
    }
}

const fn is_escaped(letter: char) -> bool {
    matches!(letter, '"' | '\\')
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars() {
            if is_escaped(letter) {
                f.write_char('\\')?;
            }
            f.write_char(letter)?;
        }
        f.write_char('"')
    }
}

impl FromStr for Nickname {
    type Err = NicknameError;

    fn from_str(text: &str) -> Result<Self, NicknameError> {
        Self::new(text)
    }
}

impl fmt::Display for Nickname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
