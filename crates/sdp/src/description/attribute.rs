//! One attribute.

use std::fmt;
use std::str::FromStr;

use crate::token::{is_token, is_token_octet};
use crate::{Error, ErrorKind};

/// One attribute: `name` or `name:value`, without the `a=`.
///
/// Names are case-sensitive (RFC 8866 section 5.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    name: Box<str>,
    value: Option<Box<str>>,
}

impl Attribute {
    /// An attribute. Characters that a name must not have (all but those of a token), and
    /// characters that would end the line (NUL, CR and LF), are left out. So the attribute
    /// reads as it was written, and never becomes two.
    #[must_use]
    pub fn new(name: &str, value: Option<&str>) -> Self {
        let name = name.bytes().filter(|octet| is_token_octet(*octet)).map(char::from);
        let value = value.map(|value| value.replace(ends_line, "").into());
        Self { name: name.collect(), value }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text after the colon; `None` without a colon.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// Name and value, as the readers of this crate take them.
    #[must_use]
    pub fn parts(&self) -> (&str, Option<&str>) {
        (self.name(), self.value())
    }
}

/// What follows `a=`. An error if the name is not a token, or the value has a NUL, CR or
/// LF: without the characters that are wrong it could be another attribute.
impl FromStr for Attribute {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self, Error> {
        let (name, value) = match line.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (line.trim_end(), None),
        };
        if !is_token(name) {
            let error = Error::of_line("a=", ErrorKind::Malformed).with_part("name");
            return Err(error.with_expected("a token").within(line, name));
        }
        if value.is_some_and(|value| value.contains(ends_line)) {
            let error = Error::of_line("a=", ErrorKind::Malformed).with_part("value");
            return Err(error.with_expected("no NUL, CR or LF").within(line, line));
        }
        Ok(Self::new(name, value))
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}:{value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

const fn ends_line(letter: char) -> bool {
    matches!(letter, '\0' | '\r' | '\n')
}
