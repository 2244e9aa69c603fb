//! Message headers, and the namespaces that their prefixes stand for.

use std::borrow::Cow;
use std::fmt;

use crate::address::Address;
use crate::escape::{closing_quote, unescaped};
use crate::format::CPIM_NAMESPACE;
use crate::grammar::{header_name, is_language, is_name, is_token, is_uri};
use crate::mime::{BLANKS, logical_lines};
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// One message header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    prefix: Option<&'a str>,
    name: &'a str,
    parameters: &'a str,
    raw: &'a str,
    scope: Scope<'a>,
}

impl<'a> Header<'a> {
    /// Reads a line without its end, and says which tolerances it needs. `None` if it has no
    /// name.
    pub(crate) fn parse(line: &'a str, scope: Scope<'a>) -> Option<(Self, CpimTolerances)> {
        let (full_name, rest) = line.split_once(':')?;
        let (prefix, name) = header_name(full_name.trim_end_matches(BLANKS))?;
        let mut needed = CpimTolerances::none();
        let (parameters, rest) = parameters(rest).unwrap_or_else(|| {
            needed = needed.with(CpimTolerance::of_unreadable(rest));
            ("", rest)
        });
        let raw = rest.trim_matches(BLANKS);
        if rest.strip_prefix(' ') != Some(raw) || full_name.ends_with(BLANKS) {
            needed = needed.with(CpimTolerance::HeaderSpace);
        }
        Some((Self { prefix, name, parameters, raw, scope }, needed))
    }

    /// The prefix that the sender chose for the namespace.
    #[must_use]
    pub const fn prefix(&self) -> Option<&'a str> {
        self.prefix
    }

    /// The name without its prefix.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The URI of the namespace of the name, which an NS before this header
    /// gives to its prefix or to names without one. `None` if no NS declares the
    /// prefix (RFC 3862 section 3.4).
    #[must_use]
    pub fn namespace(&self) -> Option<&'a str> {
        self.scope.namespace(self.prefix)
    }

    /// Whether this is the header of this name in the namespace of this URI. Letter case
    /// matters unless [`CpimTolerance::HeaderNameCase`] was allowed.
    #[must_use]
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.scope.is_named(self.name, name) && self.namespace() == Some(namespace)
    }

    /// The first parameter of this name, without quotes and escapes.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.parameters;
        while let Some((found, value, after)) = parameter(rest) {
            if found == name {
                let quoted = value.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                return Some(quoted.map_or(Cow::Borrowed(value), unescaped));
            }
            rest = after;
        }
        None
    }

    /// The language of the value: the parameter `lang` (RFC 3862 section 3.3).
    #[must_use]
    pub fn language(&self) -> Option<Cow<'a, str>> {
        self.parameter("lang")
    }

    /// The value as it is written, on one line.
    #[must_use]
    pub const fn raw(&self) -> &'a str {
        self.raw
    }

    /// The value without escapes. It may contain control characters.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        unescaped(self.raw)
    }

    /// The value as an address, if it is one.
    #[must_use]
    pub fn address(&self) -> Option<Address<'a>> {
        Address::parse_leniently(self.raw).ok().map(|(address, _)| address)
    }

    /// Whether RFC 3862 defines this header under this name.
    pub(crate) fn is_core(&self, name: &str) -> bool {
        self.scope.is_named(self.name, name) && self.namespace() == Some(CPIM_NAMESPACE)
    }

    /// Whether this is an NS header, which is one in every namespace.
    pub(crate) fn is_ns(&self) -> bool {
        self.prefix.is_none() && self.scope.is_named(self.name, "NS")
    }

    /// Whether its prefix was declared in another letter case only.
    pub(crate) fn has_prefix_in_other_case(&self) -> bool {
        self.prefix.is_some()
            && self.scope.declared_as(self.prefix).is_none()
            && self.namespace().is_some()
    }

    /// The names in a Require.
    pub(crate) fn required(self) -> impl Iterator<Item = Required<'a>> {
        let names = self.raw.split(',').map(|name| name.trim_matches(BLANKS));
        names.filter(|name| !name.is_empty()).map(move |name| {
            match header_name(name) {
                Some((prefix, name)) => {
                    Required { prefix, name, namespace: self.scope.namespace(prefix) }
                }
                // One that nobody can read is not understood.
                None => Required { prefix: None, name, namespace: None },
            }
        })
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.prefix.map(|prefix| format!("{prefix}.")).unwrap_or_default();
        write!(f, "{prefix}{}:{} {}", self.name, self.parameters, self.raw)
    }
}

/// A header or a feature that a Require names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Required<'a> {
    prefix: Option<&'a str>,
    name: &'a str,
    namespace: Option<&'a str>,
}

impl<'a> Required<'a> {
    /// The prefix that the sender chose for the namespace.
    #[must_use]
    pub const fn prefix(&self) -> Option<&'a str> {
        self.prefix
    }

    /// The name without its prefix.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The URI of the namespace of the name. `None` if no NS before the Require
    /// declares the prefix.
    #[must_use]
    pub const fn namespace(&self) -> Option<&'a str> {
        self.namespace
    }
}

/// What an NS header declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace<'a> {
    prefix: Option<&'a str>,
    uri: &'a str,
}

impl<'a> Namespace<'a> {
    /// Reads the value of an NS, and says which tolerances it needs. After the prefix there
    /// is a space in the examples of RFC 3862, and none in its grammar.
    pub(crate) fn parse(value: &'a str) -> Option<(Self, CpimTolerances)> {
        let mut needed = CpimTolerances::none();
        let (before, uri) = if value.contains(['<', '>']) {
            value.strip_suffix('>')?.split_once('<')?
        } else {
            needed = needed.with(CpimTolerance::BareNamespace);
            value.rsplit_once(BLANKS).unwrap_or(("", value))
        };
        let (prefix, inner) = (before.trim_end_matches(BLANKS), uri.trim_matches(BLANKS));
        if !matches!(before.strip_prefix(prefix), Some("" | " ")) || inner != uri {
            needed = needed.with(CpimTolerance::HeaderSpace);
        }
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
        let is_namespace = prefix.is_none_or(is_name) && is_uri(inner);
        is_namespace.then_some((Self { prefix, uri: inner }, needed))
    }

    /// The prefix, or `None` for the namespace of names without one.
    #[must_use]
    pub const fn prefix(&self) -> Option<&'a str> {
        self.prefix
    }

    /// The URI, which is compared octet by octet.
    #[must_use]
    pub const fn uri(&self) -> &'a str {
        self.uri
    }
}

/// The lines before a header, which say what its prefix means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    pub(crate) before: &'a str,
    /// Whether letter case matters in names.
    pub(crate) is_exact: bool,
}

impl<'a> Scope<'a> {
    fn namespace(self, prefix: Option<&str>) -> Option<&'a str> {
        let default = prefix.is_none().then_some(CPIM_NAMESPACE);
        let in_other_case = || self.declared_in_any_case(prefix?).filter(|_| !self.is_exact);
        self.declared_as(prefix).or(default).or_else(in_other_case)
    }

    /// The URI that the last NS before this gives to exactly this prefix.
    fn declared_as(self, prefix: Option<&str>) -> Option<&'a str> {
        self.declarations().filter(|found| found.prefix == prefix).last().map(|found| found.uri)
    }

    fn declared_in_any_case(self, prefix: &str) -> Option<&'a str> {
        let is_it = |found: &Namespace<'_>| {
            found.prefix.is_some_and(|declared| declared.eq_ignore_ascii_case(prefix))
        };
        self.declarations().filter(is_it).last().map(|found| found.uri)
    }

    fn declarations(self) -> impl Iterator<Item = Namespace<'a>> {
        logical_lines(self.before).filter_map(move |line| self.declared(line))
    }

    /// What an NS line declares.
    fn declared(self, line: &'a str) -> Option<Namespace<'a>> {
        let (name, rest) = line.split_once(':')?;
        if !self.is_named(name.trim_end_matches(BLANKS), "NS") {
            return None;
        }
        let value = parameters(rest).map_or(rest, |(_, value)| value);
        Namespace::parse(value.trim_matches(BLANKS)).map(|(namespace, _)| namespace)
    }

    fn is_named(self, name: &str, wanted: &str) -> bool {
        name == wanted || (!self.is_exact && name.eq_ignore_ascii_case(wanted))
    }
}

/// `*( ";" Parameter )`, and what follows it.
fn parameters(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    while rest.starts_with(';') {
        rest = parameter(rest)?.2;
    }
    text.split_at_checked(text.len() - rest.len())
}

/// The name and the value of `";" Parameter`, and what follows it.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.strip_prefix(';')?.split_once('=')?;
    let len = match rest.strip_prefix('"') {
        Some(quoted) => closing_quote(quoted)? + 2,
        None => rest.find([' ', ';', '\t']).unwrap_or(rest.len()),
    };
    let (value, after) = rest.split_at_checked(len)?;
    let is_value =
        if name == "lang" { is_language(value) } else { value.starts_with('"') || is_token(value) };
    (is_name(name) && is_value).then_some((name, value, after))
}
