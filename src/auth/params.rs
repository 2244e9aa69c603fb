//! The parameters of a digest header field, read leniently and written strictly.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::MAX_PARAMETERS;
use super::error::{AuthError, AuthErrorKind};
use super::grammar;
pub(super) use super::grammar::Value;

/// What follows the scheme, which is `Digest` in any letter case.
pub(super) fn without_scheme(value: &str) -> Result<&str, AuthErrorKind> {
    grammar::digest(value).map(|(rest, _)| rest).map_err(|_| AuthErrorKind::Scheme)
}

/// The values of the parameters of these names, `None` for one that is missing. Names
/// match in any letter case, and other parameters are skipped.
pub(super) fn read<'a, const N: usize>(
    list: &'a str,
    names: [&'static str; N],
) -> Result<[Option<Value<'a>>; N], AuthErrorKind> {
    // A header field cannot carry them (RFC 4975 section 9).
    if list.contains(is_control) {
        return Err(AuthErrorKind::Malformed);
    }
    let mut values = [None; N];
    let mut rest = after_separators(list);
    for _ in 0..MAX_PARAMETERS {
        if rest.is_empty() {
            break;
        }
        let (after, (name, value)) =
            grammar::auth_param(rest).map_err(|_| AuthErrorKind::Malformed)?;
        rest = after_separators(after);
        let known = names.iter().zip(&mut values).find(|(it, _)| it.eq_ignore_ascii_case(name));
        let Some((name, place)) = known else { continue };
        if place.is_some() {
            return Err(AuthErrorKind::Repeated(name));
        }
        *place = value;
    }
    if rest.is_empty() { Ok(values) } else { Err(AuthErrorKind::TooManyParameters) }
}

/// The challenges of one field, which is a list in HTTP (RFC 7235 section 2.1).
pub(super) fn challenges(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let first = rest?;
        rest = after_challenge(first);
        first.strip_suffix(rest.unwrap_or_default())
    })
}

/// What begins with the next challenge, if there is another one.
fn after_challenge(value: &str) -> Option<&str> {
    let first = after_separators(value);
    let mut rest = after_separators(grammar::scheme(first).map_or(first, |(rest, _)| rest));
    while let Ok((after, _)) = grammar::auth_param(rest) {
        rest = after_separators(after);
        if grammar::scheme(rest).is_ok() {
            return Some(rest);
        }
    }
    None
}

/// The error of `value`, at the parameter that is wrong.
#[cold]
pub(super) fn located(value: &str, kind: AuthErrorKind) -> AuthError {
    let wrong = match kind {
        AuthErrorKind::Missing(_) => return AuthError::new(kind, value.len()..value.len()),
        AuthErrorKind::Repeated(name) | AuthErrorKind::Value(name) => name,
        AuthErrorKind::Algorithm => "algorithm",
        AuthErrorKind::Qop => "qop",
        AuthErrorKind::Scheme
        | AuthErrorKind::Malformed
        | AuthErrorKind::TooManyParameters
        | AuthErrorKind::NoChallenge
        | AuthErrorKind::Refused
        | AuthErrorKind::NoncesRefused
        | AuthErrorKind::OtherRequest
        | AuthErrorKind::WrongRelay => return AuthError::new(kind, 0..value.len()),
    };
    let mut place = 0..value.len();
    let mut rest = after_separators(without_scheme(value).unwrap_or(value));
    while let Ok((after, (name, _))) = grammar::auth_param(rest) {
        if name.eq_ignore_ascii_case(wrong) {
            place = value.len() - rest.len()..value.len() - after.len();
        }
        rest = after_separators(after);
    }
    AuthError::new(kind, place)
}

fn after_separators(text: &str) -> &str {
    grammar::separators(text).map_or(text, |(rest, _)| rest)
}

impl<'a> Value<'a> {
    /// The value without quotes and escapes.
    pub(super) fn text(self) -> Cow<'a, str> {
        match self {
            Self::Bare(text) => Cow::Borrowed(text),
            Self::Quoted(text) if !text.contains('\\') => Cow::Borrowed(text),
            Self::Quoted(text) => Cow::Owned(unescaped(text)),
        }
    }

    /// The value without quotes and escapes, allocated.
    pub(super) fn owned(self) -> String {
        self.text().into_owned()
    }

    /// The value of `nc`.
    pub(super) fn nonce_count(self) -> Result<u32, AuthErrorKind> {
        grammar::whole(grammar::nc_value, &self.text()).ok_or(AuthErrorKind::Value("nc"))
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        out.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    out
}

/// The value of a required parameter.
pub(super) fn needed<'a>(
    value: Option<Value<'a>>,
    name: &'static str,
) -> Result<Value<'a>, AuthErrorKind> {
    value.ok_or(AuthErrorKind::Missing(name))
}

/// Checks that `auth` is among the values of `qop`. Only a challenge may have more than
/// one.
pub(super) fn needs_qop_auth(value: Option<Value<'_>>) -> Result<(), AuthErrorKind> {
    let text = needed(value, "qop")?.text();
    let has_auth = grammar::whole(grammar::qop_list, &text).unwrap_or(false);
    has_auth.then_some(()).ok_or(AuthErrorKind::Qop)
}

/// Writes a text as a quoted-string. It has no control characters, which a
/// quoted-string cannot carry: it was read, or is [`sendable`].
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars() {
            if matches!(letter, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(letter)?;
        }
        f.write_char('"')
    }
}

/// The text without the characters that a quoted-string cannot carry, so that the
/// digest is of what is written.
pub(super) fn sendable(mut text: String) -> String {
    text.retain(|letter| !is_control(letter));
    text
}

fn is_control(letter: char) -> bool {
    letter.is_ascii_control() && letter != '\t'
}
