//! The grammar of RFC 4975 section 9 in nom, one rule a function, each named
//! as its rule. URIs have theirs in [`crate::uri`].
//!
//! Every rule runs over one complete line, so nothing here can be incomplete,
//! and no rule allocates or says more than "does not match": which header
//! field was wrong is known to the caller.

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while, take_while_m_n, take_while1};
use nom::character::complete::{char, u64 as number};
use nom::combinator::{all_consuming, consumed, map, map_opt, opt, recognize, value, verify};
use nom::multi::many0_count;
use nom::sequence::{delimited, pair, preceded, separated_pair, terminated};
use nom::{IResult, Parser};

use super::header::{ByteRange, FailureReport};

type Parsed<'a, T> = IResult<&'a [u8], T, ()>;

/// What follows the transaction id in a start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartWord<'a> {
    Method(&'a [u8]),
    Status { code: u16, comment: Option<&'a [u8]> },
}

/// `pMSRP SP transact-id SP`, the octets of the id unchecked.
pub(crate) fn start(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rule = delimited(tag(&b"MSRP "[..]), take_while1(|octet| octet != b' '), char(' '));
    outcome(rule, line).map(|(rest, id)| (id, rest))
}

/// `method` or `status-code [SP comment]`, to the end of the line.
pub(crate) fn start_word(rest: &[u8]) -> Option<StartWord<'_>> {
    let response = pair(status_code, opt(preceded(char(' '), utf8text)));
    let word = alt((
        map(all_consuming(response), |(code, comment)| StartWord::Status { code, comment }),
        map(all_consuming(method), StartWord::Method),
    ));
    complete(word, rest)
}

fn method(input: &[u8]) -> Parsed<'_, &[u8]> {
    verify(take_while1(|octet: u8| is(octet, METHOD)), |name: &[u8]| {
        name.first().is_some_and(u8::is_ascii_alphabetic)
    })
    .parse_complete(input)
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
    let name = verify(take_while1(|octet: u8| is(octet, TOKEN)), |name: &[u8]| {
        name.first().is_some_and(u8::is_ascii_alphabetic)
    });
    outcome(terminated(name, char(':')), line).map(|(value, name)| (name, value))
}

/// `hval`: text without control octets but HTAB.
pub(crate) fn hval(value: &[u8]) -> Option<&[u8]> {
    complete(utf8text, value)
}

/// The value of Byte-Range.
pub(crate) fn byte_range(value: &[u8]) -> Option<ByteRange> {
    let rule = (number, char('-'), number_or_star, char('/'), number_or_star);
    complete(
        map_opt(rule, |(start, _, end, _, total)| ByteRange::new(start, end, total).ok()),
        value,
    )
}

fn number_or_star(input: &[u8]) -> Parsed<'_, Option<u64>> {
    alt((map(number, Some), value(None, char('*')))).parse_complete(input)
}

/// The value of Success-Report.
pub(crate) fn success_report(text: &[u8]) -> Option<bool> {
    complete(alt((value(true, yes), value(false, no))), text)
}

/// The value of Failure-Report.
pub(crate) fn failure_report(text: &[u8]) -> Option<FailureReport> {
    let partial = value(FailureReport::Partial, tag_no_case(&b"partial"[..]));
    let rule = alt((value(FailureReport::Yes, yes), value(FailureReport::No, no), partial));
    complete(rule, text)
}

fn yes(input: &[u8]) -> Parsed<'_, &[u8]> {
    tag_no_case(&b"yes"[..]).parse_complete(input)
}

fn no(input: &[u8]) -> Parsed<'_, &[u8]> {
    tag_no_case(&b"no"[..]).parse_complete(input)
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
    take_while1(|octet: u8| is(octet, TOKEN)).parse_complete(input)
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

#[expect(clippy::indexing_slicing, reason = "an octet indexes a table of 256")]
const fn is(octet: u8, class: u8) -> bool {
    CLASSES[octet as usize] & class != 0
}
