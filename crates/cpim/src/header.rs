//! Message headers, and the namespaces that their prefixes stand for.

use std::borrow::Cow;

use msrp::mime::{closing_quote, logical_lines};

use crate::address::Address;
use crate::error::CpimError;
use crate::escape::unescaped;
use crate::format::CPIM_NAMESPACE;
use crate::grammar::{header_name, is_language, is_name, is_token, is_uri};
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// One message header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    prefix: Option<&'a str>,
    name: &'a str,
    parameters: &'a str,
    value: &'a str,
    scope: Scope<'a>,
}

impl<'a> Header<'a> {
    /// Reads a line without its end, and says what that took.
    pub(super) fn read(
        line: &'a str,
        scope: Scope<'a>,
    ) -> Result<(Self, CpimTolerances), CpimError> {
        if line.contains(|letter: char| letter.is_ascii_control() && letter != '\t') {
            return Err(CpimError::ControlCharacter);
        }
        let (full_name, rest) = line.split_once(':').ok_or(CpimError::Header)?;
        let (prefix, name) = header_name(full_name).ok_or(CpimError::Header)?;
        let (parameters, rest) = parameters(rest).ok_or(CpimError::Header)?;
        let value = rest.trim_matches([' ', '\t']);
        if value.contains('\t') {
            return Err(CpimError::ControlCharacter);
        }
        let mut tolerated = CpimTolerances::none();
        if rest.strip_prefix(' ') != Some(value) {
            tolerated = tolerated.with(CpimTolerance::HeaderSpace);
        }
        Ok((Self { prefix, name, parameters, value, scope }, tolerated))
    }

    /// The prefix that the sender has chosen for the namespace.
    #[must_use]
    pub const fn prefix(&self) -> Option<&'a str> {
        self.prefix
    }

    /// The name without its prefix.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The URI of the namespace that the name belongs to: the one that an NS
    /// before this header has given to its prefix, or as the default. `None`
    /// where there is no NS for the prefix (RFC 3862 section 3.4).
    #[must_use]
    pub fn namespace(&self) -> Option<&'a str> {
        self.scope.namespace(self.prefix)
    }

    /// Whether this is the header of this name in the namespace of this URI.
    #[must_use]
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && self.namespace() == Some(namespace)
    }

    /// The parameters as they are written, each with its semicolon.
    #[must_use]
    pub const fn raw_parameters(&self) -> &'a str {
        self.parameters
    }

    /// The first parameter of this name, without quotes and escapes.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.parameters;
        while let Some((found, value, behind)) = parameter(rest) {
            if found == name {
                let quoted = value.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                return Some(quoted.map_or(Cow::Borrowed(value), unescaped));
            }
            rest = behind;
        }
        None
    }

    /// The language of the value: the parameter `lang` (section 3.3).
    #[must_use]
    pub fn language(&self) -> Option<Cow<'a, str>> {
        self.parameter("lang")
    }

    /// The value as it is written.
    #[must_use]
    pub const fn raw_value(&self) -> &'a str {
        self.value
    }

    /// The value without escapes. It may hold control characters.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        unescaped(self.value)
    }

    /// The value as an address, where it is one.
    #[must_use]
    pub fn address(&self) -> Option<Address<'a>> {
        Address::read(self.value).map(|(address, _)| address)
    }

    /// Whether this is a header of RFC 3862 itself.
    pub(super) fn is_core(&self, name: &str) -> bool {
        self.scope.is_named(self.name, name) && self.namespace() == Some(CPIM_NAMESPACE)
    }

    pub(super) fn is_ns(&self) -> bool {
        self.prefix.is_none() && self.scope.is_named(self.name, "NS")
    }

    /// The names that a Require lists.
    pub(super) fn required(self) -> impl Iterator<Item = Required<'a>> {
        self.value.split(',').filter_map(move |name| {
            let (prefix, name) = header_name(name.trim_matches(' '))?;
            Some(Required { prefix, name, namespace: self.scope.namespace(prefix) })
        })
    }
}

impl std::fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let prefix = self.prefix.map(|prefix| format!("{prefix}.")).unwrap_or_default();
        write!(f, "{prefix}{}:{} {}", self.name, self.parameters, self.value)
    }
}

/// The name of a header or a feature that a Require asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Required<'a> {
    prefix: Option<&'a str>,
    name: &'a str,
    namespace: Option<&'a str>,
}

impl<'a> Required<'a> {
    /// The prefix that the sender has chosen for the namespace.
    #[must_use]
    pub const fn prefix(&self) -> Option<&'a str> {
        self.prefix
    }

    /// The name without its prefix.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The URI of the namespace, or `None` where no NS before the Require gives
    /// one to the prefix.
    #[must_use]
    pub const fn namespace(&self) -> Option<&'a str> {
        self.namespace
    }
}

/// What an NS declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace<'a> {
    prefix: Option<&'a str>,
    uri: &'a str,
}

impl<'a> Namespace<'a> {
    /// Reads the value of an NS. Behind the prefix there is a space in the
    /// examples of RFC 3862 and none in its grammar.
    pub(super) fn read(value: &'a str) -> Option<Self> {
        let namespace = Self::split(value)?;
        let is_namespace = namespace.prefix.is_none_or(is_name) && is_uri(namespace.uri);
        is_namespace.then_some(namespace)
    }

    fn split(value: &'a str) -> Option<Self> {
        let (prefix, uri) = value.strip_suffix('>')?.split_once('<')?;
        let prefix = prefix.strip_suffix(' ').unwrap_or(prefix);
        Some(Self { prefix: Some(prefix).filter(|prefix| !prefix.is_empty()), uri })
    }

    /// The prefix, or `None` for the namespace of names without one.
    #[must_use]
    pub const fn prefix(&self) -> Option<&'a str> {
        self.prefix
    }

    /// The URI, which is compared octet for octet.
    #[must_use]
    pub const fn uri(&self) -> &'a str {
        self.uri
    }
}

/// The lines before a header, which say what its prefix means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scope<'a> {
    pub(super) before: &'a str,
    /// Whether letter case matters in the names of RFC 3862.
    pub(super) is_exact: bool,
}

impl<'a> Scope<'a> {
    fn namespace(self, prefix: Option<&str>) -> Option<&'a str> {
        let declared = logical_lines(self.before).filter_map(|line| self.declared(line));
        let last = declared.filter(|found| found.prefix == prefix).last();
        let default = prefix.is_none().then_some(CPIM_NAMESPACE);
        last.map(|found| found.uri).or(default)
    }

    /// What an NS line declares, which was checked when its turn was.
    fn declared(self, line: &'a str) -> Option<Namespace<'a>> {
        let (_, rest) = line.split_once(':').filter(|(name, _)| self.is_named(name, "NS"))?;
        let (_, value) = parameters(rest)?;
        Namespace::split(value.trim_matches([' ', '\t']))
    }

    fn is_named(self, name: &str, wanted: &str) -> bool {
        name == wanted || (!self.is_exact && name.eq_ignore_ascii_case(wanted))
    }
}

/// `*( ";" Parameter )` and what is behind it.
fn parameters(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    while rest.starts_with(';') {
        rest = parameter(rest)?.2;
    }
    text.split_at_checked(text.len() - rest.len())
}

/// The name and the value of `";" Parameter`, and what is behind it.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.strip_prefix(';')?.split_once('=')?;
    let len = match rest.strip_prefix('"') {
        Some(quoted) => closing_quote(quoted)? + 2,
        None => rest.find([' ', ';', '\t']).unwrap_or(rest.len()),
    };
    let (value, behind) = rest.split_at_checked(len)?;
    let is_value =
        if name == "lang" { is_language(value) } else { value.starts_with('"') || is_token(value) };
    (is_name(name) && is_value).then_some((name, value, behind))
}
