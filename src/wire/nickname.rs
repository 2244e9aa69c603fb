//! Nicknames: the value of Use-Nickname (RFC 7701 section 7.1).

use std::fmt::{self, Write};
use std::str::FromStr;

use super::value_error::{ValueError, ValueErrorKind};

/// A nickname: 1 to 1,023 octets of text without control characters.
///
/// No nickname, which Use-Nickname writes as `""` (RFC 7701 section 7.3), is `None`.
/// Nicknames are compared octet for octet; a chat room decides which of them look the
/// same to people.
///
/// ```
/// use msrp::Nickname;
///
/// let nickname: Nickname = "Ada \"the Pier\"".parse()?;
/// assert_eq!(nickname.quoted().to_string(), r#""Ada \"the Pier\"""#);
/// # Ok::<(), msrp::wire::ValueError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nickname(Box<str>);

impl Nickname {
    /// The most octets of a nickname.
    pub(crate) const MAX_OCTETS: usize = 1023;

    /// The nickname with this text.
    ///
    /// # Errors
    ///
    /// [`ValueError`] if it is empty, too long or has control characters.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, ValueError> {
        let text = text.into();
        let control = text.bytes().position(|octet| octet.is_ascii_control() && octet != b'\t');
        if text.is_empty() {
            Err(ValueError::new(ValueErrorKind::NicknameEmpty, 0..0))
        } else if text.len() > Self::MAX_OCTETS {
            Err(ValueError::new(ValueErrorKind::NicknameTooLong, 0..text.len()))
        } else if let Some(at) = control {
            Err(ValueError::new(ValueErrorKind::NicknameControl, at..at + 1))
        } else {
            Ok(Self(text))
        }
    }

    /// Reads the value of a Use-Nickname header field; `""` is `None`.
    ///
    /// # Errors
    ///
    /// [`ValueError`] if it does not follow the grammar of section 7.1, or the text in
    /// the quotes is no nickname.
    pub fn parse_quoted(value: &str) -> Result<Option<Self>, ValueError> {
        let whole = |kind| ValueError::new(kind, 0..value.len());
        let quoted = value.strip_prefix('"').ok_or(whole(ValueErrorKind::NicknameUnquoted))?;
        let text = unquoted(quoted).ok_or(whole(ValueErrorKind::NicknameQuoting))?;
        if text.is_empty() {
            return Ok(None);
        }
        Self::new(text).map(Some).map_err(|error| whole(error.kind()))
    }

    /// Reads a value without quotes, as some clients write it.
    pub(crate) fn parse_unquoted(value: &str) -> Result<Self, ValueError> {
        match value.find(['"', '\\']) {
            Some(at) => Err(ValueError::new(ValueErrorKind::NicknameQuoting, at..at + 1)),
            None => Self::new(value),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of Use-Nickname: the text in quotes, escaped where needed.
    pub fn quoted(&self) -> impl fmt::Display {
        Quoted(&self.0)
    }
}

/// The text before the closing quote, without escapes; nothing may follow the quote.
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
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::new(text)
    }
}

impl fmt::Display for Nickname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
