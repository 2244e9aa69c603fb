//! The grammar of RFC 4975 section 9 in nom, one function for each rule and named after
//! it. The rules of URIs are in [`crate::uri`]. [`super::fast`] reads what nearly every
//! chunk has.
//!
//! Every rule takes what it matches and leaves the rest. The caller checks whether
//! that is the end of the line, and the length of an identifier; it knows which header
//! field is wrong, so no rule needs to say more than "does not match".

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, one_of};
use nom::combinator::{
    all_consuming, eof, map, map_opt, opt, peek, recognize, rest, value, verify,
};
use nom::multi::many0_count;
use nom::sequence::{delimited, pair, preceded, separated_pair, terminated};
use nom::{AsChar, IResult, Parser};

#[cfg(any(test, fuzzing))]
use super::header::Continuation;
use super::header::FailureReport;
use crate::uri::grammar::{is_token_octet, token};

/// What follows the octets that a rule took, and what it made of those.
type Parsed<'a, T> = IResult<&'a [u8], T, ()>;

/// What follows the transaction id in a start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartWord<'a> {
    Method(&'a [u8]),
    Status { code: u16, comment: Option<&'a [u8]> },
}

/// The start of both start lines, giving the transaction id.
///
/// ```abnf
/// pMSRP SP transact-id SP
/// pMSRP = %x4D.53.52.50 ; MSRP in caps
/// transact-id = ident
/// ```
#[cfg(any(test, fuzzing))]
pub(crate) fn start(input: &[u8]) -> Parsed<'_, &[u8]> {
    delimited(tag("MSRP "), ident, char(' ')).parse_complete(input)
}

/// The start of a start line whose transaction id has any visible characters, as
/// [`Tolerance::IdentCharacter`](crate::Tolerance::IdentCharacter) allows. None of them
/// makes its end-line ambiguous.
pub(crate) fn loose_start(input: &[u8]) -> Parsed<'_, &[u8]> {
    let id = take_while1(|octet: u8| octet.is_ascii_graphic());
    delimited(tag("MSRP "), id, char(' ')).parse_complete(input)
}

/// The rest of both start lines.
///
/// ```abnf
/// req-start  = pMSRP SP transact-id SP method CRLF
/// resp-start = pMSRP SP transact-id SP status-code [SP comment] CRLF
/// ```
pub(crate) fn start_word(input: &[u8]) -> Parsed<'_, StartWord<'_>> {
    alt((
        map(method, StartWord::Method),
        map(response, |(code, comment)| StartWord::Status { code, comment }),
    ))
    .parse_complete(input)
}

/// ```abnf
/// status-code [SP comment]
/// comment = utf8text
/// ```
pub(crate) fn response(input: &[u8]) -> Parsed<'_, (u16, Option<&[u8]>)> {
    pair(status_code, opt(preceded(char(' '), utf8text))).parse_complete(input)
}

/// ```abnf
/// method = mSEND / mREPORT / other-method
/// ```
///
/// Other letters, digits, underscores and hyphens are read as well, as
/// [`Tolerance::MethodName`](crate::Tolerance::MethodName) allows.
fn method(input: &[u8]) -> Parsed<'_, &[u8]> {
    let is_method = |octet: u8| octet.is_alphanum() || matches!(octet, b'_' | b'-');
    verify(take_while1(is_method), |name: &[u8]| name.first().is_some_and(u8::is_ascii_alphabetic))
        .parse_complete(input)
}

/// ```abnf
/// other-method = 1*UPALPHA
/// ```
pub(crate) fn other_method(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while1(|octet: u8| octet.is_ascii_uppercase()).parse_complete(input)
}

/// Whether `name` is a method name that needs no tolerance.
pub(crate) fn is_other_method(name: &[u8]) -> bool {
    is_whole(other_method, name)
}

/// ```abnf
/// status-code = 3DIGIT
/// namespace = 3(DIGIT)
/// ```
pub(crate) fn status_code(input: &[u8]) -> Parsed<'_, u16> {
    map_opt(take_while_m_n(3, 3, |octet: u8| octet.is_dec_digit()), decimal).parse_complete(input)
}

/// ```abnf
/// Status = "Status:" SP namespace SP status-code [SP comment]
/// ```
pub(crate) fn status(input: &[u8]) -> Parsed<'_, (u16, u16, Option<&[u8]>)> {
    let codes = separated_pair(status_code, char(' '), status_code);
    let rule = pair(codes, opt(preceded(char(' '), utf8text)));
    map(rule, |((namespace, code), comment)| (namespace, code, comment)).parse_complete(input)
}

/// What [`Tolerance::MalformedStatus`](crate::Tolerance::MalformedStatus) allows in place of a
/// `Status`: any blanks, any number of digits in its namespace or none, and any comment, which
/// is none if it is no `utf8text`.
pub(crate) fn loose_status(input: &[u8]) -> Parsed<'_, (u16, u16, Option<&[u8]>)> {
    let namespace = verify(map_opt(digit1, decimal), |namespace| *namespace <= 999);
    let namespace = opt(terminated(namespace, pair(some_blanks, peek(known_code))));
    let comment = map(rest, |text: &[u8]| Some(text).filter(|text| is_hval(text)));
    let comment = alt((value(None, eof), preceded(some_blanks, comment)));
    map((namespace, known_code, comment), |(namespace, code, comment)| {
        (namespace.unwrap_or_default(), code, comment)
    })
    .parse_complete(input)
}

/// A `status-code` that is no namespace.
fn known_code(input: &[u8]) -> Parsed<'_, u16> {
    verify(status_code, |code| *code >= 100).parse_complete(input)
}

fn some_blanks(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while1(is_blank).parse_complete(input)
}

/// ```abnf
/// ident = ALPHANUM  3*31ident-char
/// ident-char = ALPHANUM / "." / "-" / "+" / "%" / "="
/// ```
///
/// The first character and the length are up to the caller.
#[cfg(any(test, fuzzing))]
pub(crate) fn ident(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while1(is_ident_char).parse_complete(input)
}

pub(crate) const fn is_ident_char(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'+' | b'%' | b'=')
}

/// The name of a header field and its colon.
///
/// ```abnf
/// ext-header = hname ":" SP hval CRLF
/// ```
pub(crate) fn field_name(input: &[u8]) -> Parsed<'_, &[u8]> {
    terminated(hname, char(':')).parse_complete(input)
}

/// ```abnf
/// hname = ALPHA *token
/// ```
fn hname(input: &[u8]) -> Parsed<'_, &[u8]> {
    let first = take_while_m_n(1, 1, |octet: u8| octet.is_alpha());
    recognize(pair(first, take_while(is_token_octet))).parse_complete(input)
}

/// Whether `name` is a header field name.
pub(crate) fn is_hname(name: &[u8]) -> bool {
    is_whole(hname, name)
}

/// ```abnf
/// hval = utf8text
/// ```
pub(crate) fn is_hval(value: &[u8]) -> bool {
    is_whole(utf8text, value)
}

/// ```abnf
/// utf8text = *(HTAB / %x20-7E / UTF8-NONASCII)
/// ```
///
/// `UTF8-NONASCII` is UTF-8 as the standard library has it, without sequences of five
/// and six octets (RFC 3629).
fn utf8text(input: &[u8]) -> Parsed<'_, &[u8]> {
    verify(take_while(is_text_octet), is_utf8).parse_complete(input)
}

pub(crate) fn is_utf8(text: &[u8]) -> bool {
    text.is_ascii() || std::str::from_utf8(text).is_ok()
}

pub(crate) const fn is_text_octet(octet: u8) -> bool {
    matches!(octet, b'\t' | 0x20..=0x7E | 0x80..)
}

/// ```abnf
/// Byte-Range = "Byte-Range:" SP range-start "-" range-end "/" total
/// range-start = 1*DIGIT
/// range-end   = 1*DIGIT / "*"
/// total       = 1*DIGIT / "*"
/// ```
///
/// The numbers are not checked against each other.
pub(crate) fn byte_range(input: &[u8]) -> Parsed<'_, (u64, Option<u64>, Option<u64>)> {
    let start = terminated(number, char('-'));
    let end = terminated(number_or_star, char('/'));
    (start, end, number_or_star).parse_complete(input)
}

/// `1*DIGIT`.
fn number(input: &[u8]) -> Parsed<'_, u64> {
    map_opt(digit1, decimal).parse_complete(input)
}

/// `1*DIGIT / "*"`.
fn number_or_star(input: &[u8]) -> Parsed<'_, Option<u64>> {
    alt((value(None, char('*')), map(number, Some))).parse_complete(input)
}

fn decimal<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// ```abnf
/// Success-Report = "Success-Report:" SP ("yes" / "no" )
/// ```
pub(crate) fn success_report(input: &[u8]) -> Parsed<'_, bool> {
    alt((value(true, tag_no_case("yes")), value(false, tag_no_case("no")))).parse_complete(input)
}

/// ```abnf
/// Failure-Report = "Failure-Report:" SP ("yes" / "no" / "partial" )
/// ```
pub(crate) fn failure_report(input: &[u8]) -> Parsed<'_, FailureReport> {
    let word = |report: FailureReport| value(report, tag_no_case(report.as_str()));
    alt((word(FailureReport::Yes), word(FailureReport::No), word(FailureReport::Partial)))
        .parse_complete(input)
}

/// ```abnf
/// media-type = type "/" subtype *( ";" gen-param )
/// ```
///
/// Gives `type "/" subtype`. Blanks around semicolons are no part of this rule but of
/// MIME's, whose text the header field carries.
pub(crate) fn media_type(input: &[u8]) -> Parsed<'_, &[u8]> {
    let parameter = preceded((blanks, char(';'), blanks), gen_param);
    terminated(essence, many0_count(parameter)).parse_complete(input)
}

/// A media type whose parameters may be empty, or their names or values, as
/// [`Tolerance::EmptyParameter`](crate::Tolerance::EmptyParameter) allows.
pub(crate) fn loose_media_type(input: &[u8]) -> Parsed<'_, &[u8]> {
    let value = preceded(char('='), opt(pval));
    let parameter = (blanks, char(';'), blanks, opt(token), opt(value));
    terminated(essence, many0_count(parameter)).parse_complete(input)
}

/// ```abnf
/// type "/" subtype
/// type = token
/// subtype = token
/// ```
pub(crate) fn essence(input: &[u8]) -> Parsed<'_, &[u8]> {
    recognize((token, char('/'), token)).parse_complete(input)
}

/// ```abnf
/// gen-param = pname [ "=" pval ]
/// pname = token
/// ```
fn gen_param(input: &[u8]) -> Parsed<'_, &[u8]> {
    recognize(pair(token, opt(preceded(char('='), pval)))).parse_complete(input)
}

/// ```abnf
/// pval  = token / quoted-string
/// ```
fn pval(input: &[u8]) -> Parsed<'_, &[u8]> {
    alt((token, quoted_string)).parse_complete(input)
}

/// ```abnf
/// quoted-string = DQUOTE *(qdtext / qd-esc) DQUOTE
/// qd-esc = (BACKSLASH BACKSLASH) / (BACKSLASH DQUOTE)
/// ```
fn quoted_string(input: &[u8]) -> Parsed<'_, &[u8]> {
    let qd_esc = recognize(pair(char('\\'), one_of("\\\"")));
    let text = recognize(many0_count(alt((take_while1(is_qdtext), qd_esc))));
    delimited(char('"'), verify(text, is_utf8), char('"')).parse_complete(input)
}

/// ```abnf
/// qdtext = SP / HTAB / %x21 / %x23-5B / %x5D-7E / UTF8-NONASCII
/// ```
const fn is_qdtext(octet: u8) -> bool {
    is_text_octet(octet) && !matches!(octet, b'"' | b'\\')
}

/// ```abnf
/// end-line = "-------" transact-id continuation-flag CRLF
/// continuation-flag = "+" / "$" / "#"
/// ```
///
/// The transaction id must be known, because it may itself end with a flag. Streams
/// are searched by [`super::scan`], which this rule checks.
#[cfg(any(test, fuzzing))]
pub(crate) fn end_line<'a>(
    transaction: &[u8],
) -> impl Parser<&'a [u8], Output = Continuation, Error = ()> {
    let continuation_flag = map_opt(one_of("+$#"), |flag| Continuation::from_byte(flag as u8));
    delimited(pair(tag("-------"), tag(transaction)), continuation_flag, tag("\r\n"))
}

fn blanks(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(is_blank).parse_complete(input)
}

/// SP or HTAB.
pub(crate) const fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// What a rule makes of the whole of `input`.
pub(crate) fn whole<'a, T>(
    rule: impl Parser<&'a [u8], Output = T, Error = ()>,
    input: &'a [u8],
) -> Option<T> {
    all_consuming(rule).parse_complete(input).ok().map(|(_, found)| found)
}

fn is_whole<'a>(
    rule: impl Parser<&'a [u8], Output = &'a [u8], Error = ()>,
    input: &'a [u8],
) -> bool {
    whole(rule, input).is_some()
}
