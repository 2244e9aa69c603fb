//! The digest rules of RFC 4976 section 7 in nom, each named as its rule.
//!
//! They read more than the ABNF allows, because deployed stacks write it (RFC 7616
//! allows part of it): any number of blanks and commas between parameters, blanks
//! around `=`, a quoted string where the ABNF has a token and the other way round, and
//! words in any letter case. The caller has refused control characters.

use nom::branch::alt;
use nom::bytes::complete::{take_till, take_while, take_while_m_n, take_while1};
use nom::character::complete::{anychar, char, satisfy};
use nom::combinator::{all_consuming, eof, map, map_opt, not, opt, peek, recognize, verify};
use nom::multi::{fold_many0, many0_count};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

/// The text after what a rule took, and what the rule made of that.
type Parsed<'a, T> = IResult<&'a str, T, ()>;

/// A value as it stands in the header field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Bare(&'a str),
    /// Between its quotes, with the escapes.
    Quoted(&'a str),
}

/// The start of WWW-Authenticate and Authorization.
///
/// ```abnf
/// WWW-Authenticate = "WWW-Authenticate:" SP "Digest" SP digest-param
///                    *("," SP digest-param)
/// credentials      = "Digest" SP digest-response
///                    *( "," SP digest-response)
/// ```
pub(super) fn digest(input: &str) -> Parsed<'_, &str> {
    let word = verify(take_till(is_blank), |word: &str| word.eq_ignore_ascii_case("Digest"));
    delimited(blanks, word, opt(satisfy(is_blank))).parse_complete(input)
}

/// The scheme of a challenge with parameters, and the blanks after it. A name that `=` follows
/// is a parameter instead.
///
/// ```abnf
/// challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ] ; RFC 7235
/// ```
pub(super) fn scheme(input: &str) -> Parsed<'_, &str> {
    terminated(name, (take_while1(is_blank), not(char('=')))).parse_complete(input)
}

/// What stands between two parameters, and may stand before the first and after the
/// last.
///
/// ```abnf
/// "," SP
/// ```
pub(super) fn separators(input: &str) -> Parsed<'_, &str> {
    take_while(|letter| is_blank(letter) || letter == ',').parse_complete(input)
}

/// Any `digest-param`, `digest-response` or `ainfo`: each has the form of an
/// `auth-param`.
///
/// ```abnf
/// auth-param = token "=" ( token / quoted-string )
/// ```
///
/// The value may be missing or empty, and both give `None`.
pub(super) fn auth_param(input: &str) -> Parsed<'_, (&str, Option<Value<'_>>)> {
    let quoted = map(quoted_string, |text| Some(Value::Quoted(text)));
    let value = preceded((blanks, char('='), blanks), alt((quoted, bare_value)));
    terminated(pair(name, map(opt(value), Option::flatten)), end_of_parameter).parse_complete(input)
}

/// The `token` before the `=`: what cannot end it or begin a value.
fn name(input: &str) -> Parsed<'_, &str> {
    take_while1(|letter| !is_blank(letter) && !matches!(letter, ',' | '=' | '"'))
        .parse_complete(input)
}

/// The `token` after the `=`: all that comes before the next comma.
///
/// A quote at its end was closed and never opened: deployed relays write
/// `nc=00000001"`.
fn bare_value(input: &str) -> Parsed<'_, Option<Value<'_>>> {
    let text = preceded(not(char('"')), take_till(|letter| letter == ','));
    map(text, |text: &str| {
        let text = text.trim_matches(is_blank).trim_end_matches('"');
        (!text.is_empty()).then_some(Value::Bare(text))
    })
    .parse_complete(input)
}

/// ```abnf
/// quoted-string = DQUOTE *(qdtext / qd-esc) DQUOTE
/// ```
///
/// A backslash escapes any character (RFC 7616 uses the rule of RFC 7230). Gives what
/// stands between the quotes.
fn quoted_string(input: &str) -> Parsed<'_, &str> {
    let qdtext = take_while1(|letter| !matches!(letter, '"' | '\\'));
    let qd_esc = recognize(pair(char('\\'), anychar));
    let text = recognize(many0_count(alt((qdtext, qd_esc))));
    delimited(char('"'), text, char('"')).parse_complete(input)
}

/// Blanks, and then a comma or the end, which stay.
fn end_of_parameter(input: &str) -> Parsed<'_, ()> {
    let end = alt((recognize(char(',')), eof));
    map((blanks, peek(end)), |_| ()).parse_complete(input)
}

/// Whether `auth` is one of the values.
///
/// ```abnf
/// qop-list  = qop-value *( "," qop-value )
/// qop-value = "auth" / token
/// ```
pub(super) fn qop_list(input: &str) -> Parsed<'_, bool> {
    let (rest, first) = qop_value(input)?;
    let others = preceded(char(','), qop_value);
    fold_many0(others, || first, |found, is_auth| found || is_auth).parse_complete(rest)
}

fn qop_value(input: &str) -> Parsed<'_, bool> {
    let text = take_till(|letter| letter == ',');
    map(text, |text: &str| text.trim_matches(is_blank).eq_ignore_ascii_case("auth"))
        .parse_complete(input)
}

/// ```abnf
/// nc-value = 8LHEX
/// LHEX     = DIGIT / %x61-66 ;lowercase a-f
/// ```
///
/// Fewer digits and capital letters are read as well.
pub(super) fn nc_value(input: &str) -> Parsed<'_, u32> {
    let digits = take_while_m_n(1, 8, |letter: char| letter.is_ascii_hexdigit());
    map_opt(digits, |digits| u32::from_str_radix(digits, 16).ok()).parse_complete(input)
}

fn blanks(input: &str) -> Parsed<'_, &str> {
    take_while(is_blank).parse_complete(input)
}

/// SP or HTAB.
pub(super) const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}

/// What a rule makes of the whole of `input`.
pub(super) fn whole<'a, T>(
    rule: impl Parser<&'a str, Output = T, Error = ()>,
    input: &'a str,
) -> Option<T> {
    all_consuming(rule).parse_complete(input).ok().map(|(_, found)| found)
}
