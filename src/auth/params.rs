//! The parameters of a digest header field: read leniently, written strictly.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::MAX_PARAMETERS;
use super::error::{AuthError, AuthErrorKind};

/// What is behind the scheme, which is `Digest` in any letter case.
pub(super) fn without_scheme(value: &str) -> Result<&str, AuthErrorKind> {
    let value = value.trim_start_matches(is_blank);
    let (scheme, rest) = value.split_once(is_blank).unwrap_or((value, ""));
    if scheme.eq_ignore_ascii_case("Digest") { Ok(rest) } else { Err(AuthErrorKind::Scheme) }
}

/// The parameters of these names, each where it is there. Names are of any
/// letter case, and other parameters are passed over.
pub(super) fn read<'a, const N: usize>(
    list: &'a str,
    names: [&'static str; N],
) -> Result<[Option<Value<'a>>; N], AuthErrorKind> {
    // A header field has none (RFC 4975 section 9), and none is ever written.
    if list.contains(is_control) {
        return Err(AuthErrorKind::Malformed);
    }
    let mut values = [None; N];
    let mut rest = behind_commas(list);
    for _ in 0..MAX_PARAMETERS {
        if rest.is_empty() {
            break;
        }
        let (name, value, behind) = parameter(rest)?;
        rest = behind_commas(behind);
        let known = names.iter().zip(&mut values).find(|(it, _)| it.eq_ignore_ascii_case(name));
        let Some((name, place)) = known else { continue };
        if place.is_some() {
            return Err(AuthErrorKind::Repeated(name));
        }
        *place = value;
    }
    if rest.is_empty() { Ok(values) } else { Err(AuthErrorKind::TooManyParameters) }
}

/// The error of `value`, with the place of the parameter that is wrong.
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
    let mut rest = behind_commas(without_scheme(value).unwrap_or(value));
    while let Ok((name, _, after)) = parameter(rest) {
        if name.eq_ignore_ascii_case(wrong) {
            place = value.len() - rest.len()..value.len() - after.len();
        }
        rest = behind_commas(after);
    }
    AuthError::new(kind, place)
}

fn behind_commas(text: &str) -> &str {
    text.trim_start_matches(|letter| is_blank(letter) || letter == ',')
}

type Parameter<'a> = (&'a str, Option<Value<'a>>, &'a str);

/// A name, its value where there is one, and what is behind the value.
fn parameter(text: &str) -> Result<Parameter<'_>, AuthErrorKind> {
    let end = text.find([',', '=']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = name.trim_end_matches(is_blank);
    if name.is_empty() || name.contains(|letter| is_blank(letter) || letter == '"') {
        return Err(AuthErrorKind::Malformed);
    }
    let Some(rest) = rest.strip_prefix('=') else { return Ok((name, None, rest)) };
    let rest = rest.trim_start_matches(is_blank);
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted_value(quoted)?,
        None => bare_value(rest),
    };
    Ok((name, value, rest))
}

/// What is before the closing quote, behind which only a comma may follow.
fn quoted_value(text: &str) -> Result<(Option<Value<'_>>, &str), AuthErrorKind> {
    let mut is_escaped = false;
    let closing = text.find(|letter| {
        let closes = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        closes
    });
    let (inner, rest) = closing.map(|end| text.split_at(end)).ok_or(AuthErrorKind::Malformed)?;
    let rest = rest.strip_prefix('"').unwrap_or_default().trim_start_matches(is_blank);
    if rest.is_empty() || rest.starts_with(',') {
        Ok((Some(Value::Quoted(inner)), rest))
    } else {
        Err(AuthErrorKind::Malformed)
    }
}

/// What is before the next comma. A quote at its end is one that was closed
/// and never opened: deployed relays write `nc=00000001"`.
fn bare_value(text: &str) -> (Option<Value<'_>>, &str) {
    let (value, rest) = text.split_at(text.find(',').unwrap_or(text.len()));
    let value = value.trim_matches(is_blank).trim_end_matches('"');
    ((!value.is_empty()).then_some(Value::Bare(value)), rest)
}

/// A value as it stands in the header field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Bare(&'a str),
    /// Between its quotes, with the escapes.
    Quoted(&'a str),
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

    /// The value in an allocation of its own.
    pub(super) fn owned(self) -> String {
        self.text().into_owned()
    }

    /// The value of `nc`: at most eight hexadecimal digits of any letter case.
    pub(super) fn nonce_count(self) -> Result<u32, AuthErrorKind> {
        let text = self.text();
        let is_count = matches!(text.len(), 1..=8) && text.bytes().all(|o| o.is_ascii_hexdigit());
        let count = is_count.then(|| u32::from_str_radix(&text, 16).ok()).flatten();
        count.ok_or(AuthErrorKind::Value("nc"))
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

/// The value, or that it is missing.
pub(super) fn needed<'a>(
    value: Option<Value<'a>>,
    name: &'static str,
) -> Result<Value<'a>, AuthErrorKind> {
    value.ok_or(AuthErrorKind::Missing(name))
}

/// Looks for `auth` among the values of `qop`, which only a challenge has more
/// than one of.
pub(super) fn needs_qop_auth(value: Option<Value<'_>>) -> Result<(), AuthErrorKind> {
    let text = needed(value, "qop")?.text();
    let mut options = text.split(',').map(|option| option.trim_matches(is_blank));
    if options.any(|option| option.eq_ignore_ascii_case("auth")) {
        Ok(())
    } else {
        Err(AuthErrorKind::Qop)
    }
}

/// A text as a quoted-string. It has no control characters, which none can
/// carry: it was read, or is [`sendable`].
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

/// The text without what a quoted-string cannot carry, so that what is hashed
/// is what is written.
pub(super) fn sendable(mut text: String) -> String {
    text.retain(|letter| !is_control(letter));
    text
}

fn is_control(letter: char) -> bool {
    letter.is_ascii_control() && letter != '\t'
}

const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}
