//! The URI rules of RFC 4975 section 9, of RFC 7977 section 3.1 and of RFC 3986
//! appendix A in nom, each named as its rule. [`super::fast`] reads the same faster
//! and cannot say what is wrong.

use std::num::NonZeroU16;

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1};
use nom::combinator::{all_consuming, consumed, map, map_opt, opt, recognize, value, verify};
use nom::error::{ErrorKind, ParseError};
use nom::multi::{many0_count, many1_count};
use nom::sequence::{delimited, preceded, terminated};
use nom::{Err, IResult, Parser};

use super::class::{self, Class, is_unreserved};
use super::host::ipv6;
use super::spans::Spans;
use super::{Scheme, UriError, UriErrorKind};
use crate::fault::character;

/// What follows the octets that a rule took, and what it made of those.
type Parsed<'a, T> = IResult<&'a [u8], T, Fault>;

/// What is wrong, and how many octets of the input lie from there on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    kind: UriErrorKind,
    left: usize,
    len: usize,
}

impl<'a> ParseError<&'a [u8]> for Fault {
    /// A stand-in, which [`part`] and [`expected`] replace.
    fn from_error_kind(input: &'a [u8], _: ErrorKind) -> Self {
        Self { kind: UriErrorKind::Octet, left: input.len(), len: 0 }
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl Fault {
    /// The error of `input`, in which the fault was found.
    const fn within(self, input: &[u8]) -> UriError {
        let start = input.len() - self.left;
        UriError::new(self.kind, start..start + self.len)
    }
}

#[cold]
pub(super) fn uri_or_error(input: &[u8]) -> Result<Spans, UriError> {
    let octet = |at| UriError::new(UriErrorKind::Octet, character(input, at));
    match msrp_uri(input) {
        Ok(([], spans)) => Ok(spans),
        outcome => match (input.iter().position(|octet| !octet.is_ascii_graphic()), outcome) {
            // Such an octet is the fault, whichever part it stands in.
            (Some(at), _) => Err(octet(at)),
            (None, Err(Err::Error(fault) | Err::Failure(fault))) => Err(fault.within(input)),
            (None, Ok((rest, _))) => Err(octet(input.len() - rest.len())),
            (None, Err(Err::Incomplete(_))) => Err(octet(input.len())),
        },
    }
}

/// Whether the whole of `text` is what `rule` says.
pub(super) fn is_whole<'a>(rule: fn(&'a [u8]) -> Parsed<'a, &'a [u8]>, text: &'a str) -> bool {
    all_consuming(rule).parse(text.as_bytes()).is_ok()
}

/// ```abnf
/// MSRP-URI = msrp-scheme "://" authority
///     ["/" session-id] ";" transport *( ";" URI-parameter)
/// ```
pub(super) fn msrp_uri(input: &[u8]) -> Parsed<'_, Spans> {
    use UriErrorKind as Kind;

    let (rest, (scheme, _, (text, authority), session_id, _, transport, _)) = (
        part(Kind::Scheme, class::HOST_END, msrp_scheme),
        expected(Kind::Scheme, tag("://")),
        consumed(authority),
        opt(preceded(char('/'), part(Kind::SessionId, class::END, session_id))),
        expected(Kind::Transport, char(';')),
        part(Kind::Transport, class::END, transport),
        many0_count(preceded(char(';'), part(Kind::Parameter, class::END, uri_parameter))),
    )
        .parse_complete(input)?;
    let host_start = scheme.as_str().len()
        + "://".len()
        + authority.userinfo.map_or(0, |userinfo| userinfo.len() + "@".len());
    let authority_end = scheme.as_str().len() + "://".len() + text.len();
    let session_id_end = authority_end + session_id.map_or(0, |text| "/".len() + text.len());
    let offset = |at| u16::try_from(at).unwrap_or(u16::MAX);
    let spans = Spans {
        scheme,
        port: authority.port,
        host_start: offset(host_start),
        host_end: offset(host_start + authority.host.len()),
        authority_end: offset(authority_end),
        session_id_end: offset(session_id_end),
        transport_end: offset(session_id_end + ";".len() + transport.len()),
    };
    Ok((rest, spans))
}

/// ```abnf
/// msrp-scheme = "msrp" / "msrps"
/// ```
fn msrp_scheme(input: &[u8]) -> Parsed<'_, Scheme> {
    // The longer first: nom takes the first that matches.
    alt((
        value(Scheme::Msrps, tag_no_case(Scheme::Msrps.as_str())),
        value(Scheme::Msrp, tag_no_case(Scheme::Msrp.as_str())),
    ))
    .parse_complete(input)
}

/// What an authority consists of.
struct Authority<'a> {
    userinfo: Option<&'a [u8]>,
    /// An IPv6 address keeps its brackets.
    host: &'a [u8],
    port: Option<NonZeroU16>,
}

/// ```abnf
/// authority = [ userinfo "@" ] host [ ":" port ]
/// ```
fn authority(input: &[u8]) -> Parsed<'_, Authority<'_>> {
    let rule = (
        opt(terminated(userinfo, char('@'))),
        part(UriErrorKind::Host, class::HOST_END, host),
        opt(preceded(char(':'), part(UriErrorKind::Port, class::PORT_END, port))),
    );
    map(rule, |(userinfo, host, port)| Authority { userinfo, host, port }).parse_complete(input)
}

/// ```abnf
/// userinfo = *( unreserved / pct-encoded / sub-delims / ":" )
/// ```
pub(super) fn userinfo(input: &[u8]) -> Parsed<'_, &[u8]> {
    let plain = |octet| is_unreserved(octet) || is_sub_delim(octet) || octet == b':';
    recognize(many0_count(alt((take_while1(plain), pct_encoded)))).parse_complete(input)
}

/// ```abnf
/// host = IP-literal / IPv4address / reg-name
/// ```
///
/// Every `IPv4address` is a `reg-name`.
fn host(input: &[u8]) -> Parsed<'_, &[u8]> {
    alt((ip_literal, reg_name)).parse_complete(input)
}

/// ```abnf
/// IP-literal = "[" ( IPv6address / IPvFuture  ) "]"
/// ```
///
/// `IPvFuture` is not read: it is no address to connect to.
fn ip_literal(input: &[u8]) -> Parsed<'_, &[u8]> {
    let address =
        take_while1(|octet: u8| octet.is_ascii_hexdigit() || matches!(octet, b':' | b'.'));
    let ipv6_address = verify(address, |text: &[u8]| ipv6(text).is_some());
    recognize(delimited(char('['), ipv6_address, char(']'))).parse_complete(input)
}

/// ```abnf
/// reg-name = *( unreserved / pct-encoded / sub-delims )
/// ```
///
/// An empty name is refused, because it cannot be looked up, and so is a semicolon,
/// although RFC 3986 has it among the sub-delims: in an MSRP URI without a
/// session-id it ends the authority, and `msrp://h;tcp;x` would have two readings.
pub(super) fn reg_name(input: &[u8]) -> Parsed<'_, &[u8]> {
    let plain = |octet| is_unreserved(octet) || (is_sub_delim(octet) && octet != b';');
    recognize(many1_count(alt((take_while1(plain), pct_encoded)))).parse_complete(input)
}

/// ```abnf
/// port = *DIGIT
/// ```
///
/// Zero is refused, since no transport has such a port, and so is an empty port.
pub(super) fn port(input: &[u8]) -> Parsed<'_, NonZeroU16> {
    map_opt(digit1, |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok())
        .parse_complete(input)
}

/// ```abnf
/// pct-encoded = "%" HEXDIG HEXDIG
/// ```
fn pct_encoded(input: &[u8]) -> Parsed<'_, &[u8]> {
    let digits = take_while_m_n(2, 2, |octet: u8| octet.is_ascii_hexdigit());
    recognize(preceded(char('%'), digits)).parse_complete(input)
}

/// ```abnf
/// sub-delims = "!" / "$" / "&" / "'" / "(" / ")" / "*" / "+" / "," / ";" / "="
/// ```
const fn is_sub_delim(octet: u8) -> bool {
    matches!(octet, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

/// ```abnf
/// session-id = 1*( unreserved / "+" / "=" / "/" )
/// ```
pub(super) fn session_id(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while1(|octet| is_unreserved(octet) || matches!(octet, b'+' | b'=' | b'/'))
        .parse_complete(input)
}

/// ```abnf
/// transport  =  "tcp" / "ws" / 1*ALPHANUM
/// ```
///
/// (RFC 7977 section 3.1.)
pub(super) fn transport(input: &[u8]) -> Parsed<'_, &[u8]> {
    // The names are letters, too.
    take_while1(|octet: u8| octet.is_ascii_alphanumeric()).parse_complete(input)
}

/// ```abnf
/// URI-parameter = token ["=" token]
/// ```
fn uri_parameter(input: &[u8]) -> Parsed<'_, &[u8]> {
    recognize((token, opt(preceded(char('='), token)))).parse_complete(input)
}

/// ```abnf
/// token = 1*(%x21 / %x23-27 / %x2A-2B / %x2D-2E
///            / %x30-39 / %x41-5A / %x5E-7E)
/// ```
pub(crate) fn token<'a, E: ParseError<&'a [u8]>>(
    input: &'a [u8],
) -> IResult<&'a [u8], &'a [u8], E> {
    take_while1(is_token_octet).parse_complete(input)
}

/// Whether `octet` can stand in a token.
pub(crate) const fn is_token_octet(octet: u8) -> bool {
    matches!(
        octet,
        0x21 | 0x23..=0x27 | 0x2A..=0x2B | 0x2D..=0x2E | 0x30..=0x39 | 0x41..=0x5A | 0x5E..=0x7E
    )
}

/// The rule of a part, after which an octet of `end` or the end of the input follows.
/// Otherwise the octets up to there are wrong for `kind`.
fn part<'a, T>(
    kind: UriErrorKind,
    end: Class,
    mut rule: impl Parser<&'a [u8], Output = T, Error = Fault>,
) -> impl Parser<&'a [u8], Output = T, Error = Fault> {
    move |input: &'a [u8]| match rule.parse_complete(input) {
        Ok((rest, taken)) if rest.first().is_none_or(|octet| end.has(*octet)) => Ok((rest, taken)),
        _ => {
            let len = input.iter().position(|octet| end.has(*octet)).unwrap_or(input.len());
            Err(Err::Failure(Fault { kind, left: input.len(), len }))
        }
    }
}

/// A rule whose absence is wrong for `kind`.
fn expected<'a, T>(
    kind: UriErrorKind,
    mut rule: impl Parser<&'a [u8], Output = T, Error = Fault>,
) -> impl Parser<&'a [u8], Output = T, Error = Fault> {
    move |input: &'a [u8]| {
        rule.parse_complete(input)
            .map_err(|_: Err<Fault>| Err::Failure(Fault { kind, left: input.len(), len: 0 }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ports_are_read_by_value(zeros in 0..10_usize, number: u32) {
            let digits = "0".repeat(zeros) + &number.to_string();
            let read = port(digits.as_bytes()).ok().map(|(rest, port)| {
                assert_eq!(rest, b"");
                port.get()
            });
            prop_assert_eq!(read, u16::try_from(number).ok().filter(|number| *number != 0));
        }
    }
}
