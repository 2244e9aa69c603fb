//! One attribute.

use std::fmt;

use crate::token::{is_token, is_token_octet};

/// One attribute: `name` or `name:value`.
///
/// Names are compared letter for letter, as SDP has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    name: Box<str>,
    value: Option<Box<str>>,
}

impl Attribute {
    /// An attribute. What a name cannot have (anything but the characters of a
    /// token), what would end the line of a value, and blanks at its end are left
    /// out, so that it reads as it was written and no attribute becomes two.
    #[must_use]
    pub fn new(name: &str, value: Option<&str>) -> Self {
        let name = name.bytes().filter(|octet| is_token_octet(*octet)).map(char::from);
        let is_sendable = |letter: &char| !matches!(letter, '\0' | '\r' | '\n');
        let sendable = |value: &str| value.chars().filter(is_sendable).collect::<String>();
        Self { name: name.collect(), value: value.map(|value| sendable(value).trim_end().into()) }
    }

    /// What stands behind `a=`. `None` where the name is none: without what is
    /// wrong with it, it could be the name of another attribute.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let (name, value) = match line.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (line.trim_end(), None),
        };
        is_token(name).then(|| Self::new(name, value))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands behind the colon; `None` where there is none.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// Both, as the readers of this module take them.
    #[must_use]
    pub fn parts(&self) -> (&str, Option<&str>) {
        (self.name(), self.value())
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
