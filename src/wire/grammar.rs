//! The grammar of RFC 4975 section 9 in nom, one rule a function, each named
//! as its rule. URIs have theirs in [`crate::uri`].
//!
//! Every rule runs over one complete line, so nothing here can be incomplete,
//! and no rule allocates or says more than "does not match": which header
//! field was wrong is known to the caller.

use nom::branch::alt;
use nom::bytes::complete::{take_while, take_while_m_n, take_while1};
use nom::character::complete::char;
use nom::combinator::{consumed, map, opt, recognize, verify};
use nom::multi::many0_count;
use nom::sequence::{delimited, pair, preceded, separated_pair, terminated};
use nom::{IResult, Parser};

use super::header::{ByteRange, FailureReport, HeaderName};

type Parsed<'a, T> = IResult<&'a [u8], T, ()>;

/// What follows the transaction id in a start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartWord<'a> {
    Method(&'a [u8]),
    Status { code: u16, comment: Option<&'a [u8]> },
}

/// `pMSRP SP transact-id SP`, the octets of the id unchecked.
pub(crate) fn start(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_prefix(b"MSRP ")?;
    let end = rest.iter().position(|octet| *octet == b' ').filter(|end| *end > 0)?;
    Some((rest.get(..end)?, rest.get(end + 1..)?))
}

/// `method` or `status-code [SP comment]`, to the end of the line.
pub(crate) fn start_word(rest: &[u8]) -> Option<StartWord<'_>> {
    if is_method(rest) {
        return Some(StartWord::Method(rest));
    }
    let response = pair(status_code, opt(preceded(char(' '), utf8text)));
    complete(map(response, |(code, comment)| StartWord::Status { code, comment }), rest)
}

fn is_method(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_alphabetic) && name.iter().all(|o| is(*o, METHOD))
}

/// Whether a method name is `1*UPALPHA`.
pub(crate) fn is_standard_method(name: &[u8]) -> bool {
    name.iter().all(u8::is_ascii_uppercase)
}

fn status_code(input: &[u8]) -> Parsed<'_, u16> {
    let digits = take_while_m_n(3, 3, |octet: u8| octet.is_ascii_digit());
    map(digits, |digits: &[u8]| {
        digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))
    })
    .parse_complete(input)
}

fn utf8text(input: &[u8]) -> Parsed<'_, &[u8]> {
    verify(take_while(|octet: u8| is(octet, TEXT)), |text: &[u8]| {
        text.is_ascii() || std::str::from_utf8(text).is_ok()
    })
    .parse_complete(input)
}

/// `hname ":"`, giving the name and what follows the colon.
pub(crate) fn hname(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = line.split_at_checked(run(TOKEN, line))?;
    let value = rest.strip_prefix(b":")?;
    name.first()?.is_ascii_alphabetic().then_some((name, value))
}

/// `hval`: text without control octets but HTAB.
pub(crate) fn hval(value: &[u8]) -> Option<&[u8]> {
    complete(utf8text, value)
}

/// The header fields that SENDs and REPORTs have, spelt as they usually are: one
/// comparison of a few octets, where [`hname`] looks at each.
#[inline]
pub(crate) fn usual_hname(line: &[u8]) -> Option<(HeaderName, &[u8])> {
    let field = |name, spelt| Some((name, line.strip_prefix::<[u8]>(spelt)?));
    match line {
        [b'T', ..] => field(HeaderName::ToPath, b"To-Path:"),
        [b'F', b'r', ..] => field(HeaderName::FromPath, b"From-Path:"),
        [b'M', ..] => field(HeaderName::MessageId, b"Message-ID:"),
        [b'B', ..] => field(HeaderName::ByteRange, b"Byte-Range:"),
        [b'C', ..] => field(HeaderName::ContentType, b"Content-Type:"),
        [b'F', ..] => field(HeaderName::FailureReport, b"Failure-Report:"),
        [b'S', b'u', ..] => field(HeaderName::SuccessReport, b"Success-Report:"),
        [b'S', ..] => field(HeaderName::Status, b"Status:"),
        _ => None,
    }
}

/// The value of Byte-Range.
pub(crate) fn byte_range(value: &[u8]) -> Option<ByteRange> {
    let (start, rest) = number(value)?;
    let (end, rest) = number_or_star(rest.strip_prefix(b"-")?)?;
    let (total, rest) = number_or_star(rest.strip_prefix(b"/")?)?;
    if rest.is_empty() { ByteRange::new(start, end, total).ok() } else { None }
}

#[inline]
fn number_or_star(input: &[u8]) -> Option<(Option<u64>, &[u8])> {
    match input {
        [b'*', rest @ ..] => Some((None, rest)),
        _ => number(input).map(|(number, rest)| (Some(number), rest)),
    }
}

#[inline]
fn number(input: &[u8]) -> Option<(u64, &[u8])> {
    let (mut rest, mut number) = (input, 0_u64);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        rest = after;
    }
    (rest.len() < input.len()).then_some((number, rest))
}

/// The value of Success-Report.
pub(crate) fn success_report(text: &[u8]) -> Option<bool> {
    let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
    if is(b"yes") { Some(true) } else { is(b"no").then_some(false) }
}

/// The value of Failure-Report.
pub(crate) fn failure_report(text: &[u8]) -> Option<FailureReport> {
    use FailureReport::{No, Partial, Yes};
    [Yes, No, Partial].into_iter().find(|mode| text.eq_ignore_ascii_case(mode.as_str().as_bytes()))
}

/// The value of Status: namespace, code and comment.
pub(crate) fn status(text: &[u8]) -> Option<(u16, u16, Option<&[u8]>)> {
    let codes = separated_pair(status_code, char(' '), status_code);
    let rule = pair(codes, opt(preceded(char(' '), utf8text)));
    complete(map(rule, |((namespace, code), comment)| (namespace, code, comment)), text)
}

/// The value of Content-Type; gives the length of `type "/" subtype`.
///
/// Blanks around semicolons are not in the rule of RFC 4975 and are in that
/// of MIME, whose text the field carries.
pub(crate) fn media_type_essence(text: &[u8]) -> Option<usize> {
    let essence = map(recognize((token, char('/'), token)), <[u8]>::len);
    complete(terminated(essence, many0_count(gen_param)), text)
}

fn gen_param(input: &[u8]) -> Parsed<'_, &[u8]> {
    let value = preceded(char('='), alt((quoted_string, token)));
    recognize((blanks, char(';'), blanks, token, opt(value))).parse_complete(input)
}

fn quoted_string(input: &[u8]) -> Parsed<'_, &[u8]> {
    let escape = pair(char('\\'), alt((char('\\'), char('"'))));
    let inner = alt((take_while1(|octet: u8| is(octet, QUOTED)), recognize(escape)));
    let text = verify(recognize(many0_count(inner)), |text: &[u8]| {
        text.is_ascii() || std::str::from_utf8(text).is_ok()
    });
    let (rest, (all, _)) = consumed(delimited(char('"'), text, char('"'))).parse_complete(input)?;
    Ok((rest, all))
}

fn token(input: &[u8]) -> Parsed<'_, &[u8]> {
    match input.split_at_checked(run(TOKEN, input)) {
        Some((token, rest)) if !token.is_empty() => Ok((rest, token)),
        _ => Err(nom::Err::Error(())),
    }
}

fn blanks(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(is_blank).parse_complete(input)
}

/// SP or HTAB.
pub(crate) const fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// Whether `name` is a header field name: a letter, then token characters.
pub(crate) fn is_hname(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_alphabetic) && name.iter().all(|o| is(*o, TOKEN))
}

/// What the rule took and what is left, or nothing where it does not match.
fn outcome<'a, T, P>(mut rule: P, input: &'a [u8]) -> Option<(&'a [u8], T)>
where
    P: Parser<&'a [u8], Output = T, Error = ()>,
{
    rule.parse_complete(input).ok()
}

/// What the rule took, where it took all of `input`.
fn complete<'a, T, P>(rule: P, input: &'a [u8]) -> Option<T>
where
    P: Parser<&'a [u8], Output = T, Error = ()>,
{
    outcome(rule, input).and_then(|(rest, found)| rest.is_empty().then_some(found))
}

const TOKEN: u8 = 1;
const TEXT: u8 = 2;
const METHOD: u8 = 4;
const QUOTED: u8 = 8;

/// The character classes of every octet: one load tells all.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut octet = 0;
    while octet < classes.len() {
        classes[octet] = classes_of(octet as u8);
        octet += 1;
    }
    classes
};

const fn classes_of(octet: u8) -> u8 {
    let token = matches!(octet,
        0x21 | 0x23..=0x27 | 0x2a..=0x2b | 0x2d..=0x2e | 0x30..=0x39 | 0x41..=0x5a | 0x5e..=0x7e);
    let text = octet == b'\t' || (octet >= b' ' && octet != 0x7f);
    let method = octet.is_ascii_alphanumeric() || octet == b'_' || octet == b'-';
    let quoted = text && octet != b'"' && octet != b'\\';
    (token as u8 * TOKEN) | (text as u8 * TEXT) | (method as u8 * METHOD) | (quoted as u8 * QUOTED)
}

/// How many octets at the start of `input` are of `class`.
#[inline]
fn run(class: u8, input: &[u8]) -> usize {
    // By eights: the compiler unrolls what has a fixed length.
    let (eights, rest) = input.as_chunks::<8>();
    let outside = |octet: &u8| !is(*octet, class);
    for (index, eight) in eights.iter().enumerate() {
        if let Some(place) = eight.iter().position(outside) {
            return index * 8 + place;
        }
    }
    eights.len() * 8 + rest.iter().position(outside).unwrap_or(rest.len())
}

#[expect(clippy::indexing_slicing, reason = "an octet indexes a table of 256")]
const fn is(octet: u8, class: u8) -> bool {
    CLASSES[octet as usize] & class != 0
}
