//! The grammar of RFC 4975 section 9 in nom, one rule a function, each named
//! as its rule. URIs have theirs in [`crate::uri`].
//!
//! Every rule takes what it matches and leaves the rest, and the caller looks
//! whether that is the end of the line: where the input ends within a line, that
//! line just does not match yet. No rule allocates or says more than "does not
//! match": which header field was wrong is known to the caller.

use nom::branch::alt;
use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::char;
use nom::combinator::{consumed, map, opt, recognize, verify};
use nom::multi::many0_count;
use nom::sequence::{delimited, pair, preceded, separated_pair};
use nom::{IResult, Parser};

use super::byte_range::ByteRange;
use super::header::{FailureReport, HeaderName};

type Parsed<'a, T> = IResult<&'a [u8], T, ()>;

/// What follows the transaction id in a start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartWord<'a> {
    Method(&'a [u8]),
    Status { code: u16, comment: Option<&'a [u8]> },
}

/// `pMSRP SP transact-id SP`, except that the length of the id is the caller's
/// matter; the id, and what is behind the space.
pub(crate) fn start(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (id, rest) = ident(line.strip_prefix(b"MSRP ")?)?;
    Some((id, rest.strip_prefix(b" ")?))
}

/// `method` or `status-code [SP comment]`, and what is behind it.
#[inline]
pub(crate) fn start_word(input: &[u8]) -> Option<(StartWord<'_>, &[u8])> {
    if input.first()?.is_ascii_alphabetic() {
        let (name, rest) = input.split_at_checked(run(METHOD, input))?;
        return Some((StartWord::Method(name), rest));
    }
    let response = pair(status_code, opt(preceded(char(' '), utf8text)));
    let (rest, (code, comment)) = outcome(response, input)?;
    Some((StartWord::Status { code, comment }, rest))
}

/// Whether a method name is `1*UPALPHA`.
pub(crate) fn is_standard_method(name: &[u8]) -> bool {
    name.iter().all(u8::is_ascii_uppercase)
}

fn status_code(input: &[u8]) -> Parsed<'_, u16> {
    let [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = input else {
        return Err(nom::Err::Error(()));
    };
    Ok((rest, [a, b, c].into_iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))))
}

fn utf8text(input: &[u8]) -> Parsed<'_, &[u8]> {
    match input.split_at_checked(run(TEXT, input)) {
        Some((text, rest)) if std::str::from_utf8(text).is_ok() => Ok((rest, text)),
        _ => Err(nom::Err::Error(())),
    }
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

/// The header fields that nearly every chunk has, spelt as they usually are, and
/// what is behind the space: one comparison of a few octets, where [`hname`]
/// looks at each.
#[inline]
pub(crate) fn usual_hname(line: &[u8]) -> Option<(HeaderName, &[u8])> {
    let field = |name, spelt| Some((name, line.strip_prefix::<[u8]>(spelt)?));
    match line {
        [b'T', ..] => field(HeaderName::ToPath, b"To-Path: "),
        [b'F', b'r', ..] => field(HeaderName::FromPath, b"From-Path: "),
        [b'M', ..] => field(HeaderName::MessageId, b"Message-ID: "),
        [b'B', ..] => field(HeaderName::ByteRange, b"Byte-Range: "),
        [b'C', ..] => field(HeaderName::ContentType, b"Content-Type: "),
        [b'F', ..] => field(HeaderName::FailureReport, b"Failure-Report: "),
        [b'S', ..] => field(HeaderName::SuccessReport, b"Success-Report: "),
        _ => None,
    }
}

/// `ident`, except that its length is the caller's matter.
#[inline]
pub(crate) fn ident(input: &[u8]) -> Option<(&[u8], &[u8])> {
    input.first()?.is_ascii_alphanumeric().then_some(())?;
    input.split_at_checked(run(IDENT, input))
}

/// The value of Byte-Range, and what is behind it.
#[inline(always)]
pub(crate) fn byte_range(input: &[u8]) -> Option<(ByteRange, &[u8])> {
    let (start, rest) = number(input)?;
    let (end, rest) = number_or_star(rest.strip_prefix(b"-")?)?;
    let (total, rest) = number_or_star(rest.strip_prefix(b"/")?)?;
    Some((ByteRange::new(start, end, total).ok()?, rest))
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
        let digit = u64::from(digit - b'0');
        // One comparison spares two checks of all digits but a twentieth.
        number = if number < u64::MAX / 10 {
            number * 10 + digit
        } else {
            number.checked_mul(10)?.checked_add(digit)?
        };
        rest = after;
    }
    (rest.len() < input.len()).then_some((number, rest))
}

/// The value of Success-Report, and what is behind it.
pub(crate) fn success_report(input: &[u8]) -> Option<(bool, &[u8])> {
    match failure_report(input)? {
        (FailureReport::Yes, rest) => Some((true, rest)),
        (FailureReport::No, rest) => Some((false, rest)),
        (FailureReport::Partial, _) => None,
    }
}

/// The value of Failure-Report, and what is behind it.
#[inline]
pub(crate) fn failure_report(input: &[u8]) -> Option<(FailureReport, &[u8])> {
    match input.first()? {
        b'y' | b'Y' => Some((FailureReport::Yes, word(b"yes", input)?)),
        b'n' | b'N' => Some((FailureReport::No, word(b"no", input)?)),
        b'p' | b'P' => Some((FailureReport::Partial, word(b"partial", input)?)),
        _ => None,
    }
}

/// What is behind `word`, which is mostly spelt in lower case.
#[inline]
fn word<'a, const N: usize>(word: &[u8; N], input: &'a [u8]) -> Option<&'a [u8]> {
    let (start, rest) = input.split_first_chunk::<N>()?;
    (start == word || start.eq_ignore_ascii_case(word)).then_some(rest)
}

/// The value of Status: namespace, code and comment.
pub(crate) fn status(text: &[u8]) -> Option<(u16, u16, Option<&[u8]>)> {
    let codes = separated_pair(status_code, char(' '), status_code);
    let rule = pair(codes, opt(preceded(char(' '), utf8text)));
    complete(map(rule, |((namespace, code), comment)| (namespace, code, comment)), text)
}

/// `type "/" subtype`, and what is behind it.
#[inline]
pub(crate) fn essence(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, behind) = input.split_at_checked(run(TOKEN, input)).filter(|(t, _)| !t.is_empty())?;
    let behind = behind.strip_prefix(b"/")?;
    let (_, rest) = behind.split_at_checked(run(TOKEN, behind)).filter(|(t, _)| !t.is_empty())?;
    input.split_at_checked(input.len() - rest.len())
}

/// The value of Content-Type; gives the length of `type "/" subtype`.
///
/// Blanks around semicolons are not in the rule of RFC 4975 and are in that
/// of MIME, whose text the field carries.
pub(crate) fn media_type_essence(text: &[u8]) -> Option<usize> {
    let (essence, parameters) = essence(text)?;
    complete(many0_count(gen_param), parameters).map(|_| essence.len())
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
const IDENT: u8 = 16;

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
    let ident = octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'+' | b'%' | b'=');
    (token as u8 * TOKEN)
        | (text as u8 * TEXT)
        | (method as u8 * METHOD)
        | (quoted as u8 * QUOTED)
        | (ident as u8 * IDENT)
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
