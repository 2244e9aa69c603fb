//! The URI rules of RFC 4975 section 9 and RFC 3986 appendix A, one a function,
//! named as the rule.
//!
//! Every head has two paths in it, so the rules that every URI goes through are
//! written for speed: delimiters are slice patterns, classes of octets a table,
//! and what is found is kept as offsets.

use std::num::NonZeroU16;

use nom::character::complete::char;
use nom::combinator::{all_consuming, opt, recognize, verify};
use nom::error::{ErrorKind, ParseError};
use nom::sequence::{delimited, preceded, terminated};
use nom::{Err, IResult, Parser};

use super::class::{self, Class};
use super::host::ipv6;
use super::uri_ref::Spans;
use super::{MAX_URI_OCTETS, PathError, Scheme, UriError};

/// The octets behind what a rule took, and what it made of those it took.
type Taken<'a, Output> = IResult<&'a [u8], Output, Fault>;

/// What an authority ends with.
struct HostPort<'a> {
    /// An IPv6 address keeps its brackets.
    host: &'a [u8],
    port: Option<NonZeroU16>,
}

/// What there is in the value of To-Path, From-Path or Use-Path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PathShape {
    /// How many URIs there are, at least one.
    pub(crate) uris: usize,
    /// Whether there are spaces beside the one between two URIs, which the
    /// grammar forbids and real stacks send.
    pub(crate) extra_spaces: bool,
    /// The first URI taken apart.
    pub(crate) first: Spans,
}

/// Checks `MSRP-URI *( SP MSRP-URI )`, of at most `max_uris` URIs.
///
/// Runs of spaces, also around the whole, are read and told: the caller decides
/// whether they are tolerated.
pub(crate) fn path(input: &[u8], max_uris: usize) -> Result<PathShape, PathError> {
    let mut shape = PathShape { uris: 0, extra_spaces: false, first: Spans::EMPTY };
    let mut rest = input;
    while let [first, behind @ ..] = rest {
        if *first == b' ' {
            shape.extra_spaces = true;
            rest = behind;
            continue;
        }
        if shape.uris == max_uris {
            return Err(PathError::TooMany { limit: max_uris });
        }
        let (uri, behind) = match path_uri(rest) {
            Some((uri, behind @ ([] | [b' ', ..]))) => (uri, behind),
            _ => {
                let error = path_uri_error(rest);
                return Err(PathError::Uri { index: shape.uris, error });
            }
        };
        if shape.uris == 0 {
            shape.first = uri;
        }
        shape.uris += 1;
        rest = behind;
        if let [_space, behind @ ..] = behind {
            shape.extra_spaces |= behind.is_empty();
            rest = behind;
        }
    }
    if shape.uris == 0 { Err(PathError::Empty) } else { Ok(shape) }
}

/// Checks a path up to a CR, for a caller who does not know yet where the line
/// ends. Takes only what [`path`] has nothing to remark on.
#[inline]
pub(crate) fn path_to_cr(input: &[u8], max_uris: usize) -> Option<(PathShape, &[u8])> {
    let mut shape = PathShape { uris: 0, extra_spaces: false, first: Spans::EMPTY };
    let mut rest = input;
    while shape.uris < max_uris {
        let (uri, behind) = path_uri(rest)?;
        if shape.uris == 0 {
            shape.first = uri;
        }
        shape.uris += 1;
        match behind {
            [b' ', behind @ ..] => rest = behind,
            [b'\r', ..] => return Some((shape, behind)),
            _ => return None,
        }
    }
    None
}

/// Takes one URI apart, up to a space, a CR or the end, and returns what is
/// behind it.
#[inline(always)]
fn path_uri(input: &[u8]) -> Option<(Spans, &[u8])> {
    let (rest, spans) = msrp_uri(input).ok()?;
    (input.len() - rest.len() <= MAX_URI_OCTETS).then_some((spans, rest))
}

#[cold]
fn path_uri_error(input: &[u8]) -> UriError {
    let mut texts = input.split(|octet| *octet == b' ');
    texts.next().and_then(|text| uri(text).err()).unwrap_or(UriError::Octet)
}

/// Takes a text apart that is one URI and nothing else.
pub(super) fn uri(input: &[u8]) -> Result<Spans, UriError> {
    if input.len() > MAX_URI_OCTETS {
        return Err(UriError::TooLong);
    }
    match msrp_uri(input) {
        Ok(([], spans)) => Ok(spans),
        // Whatever part such an octet stands in, it is not that part's fault.
        _ if !input.iter().all(u8::is_ascii_graphic) => Err(UriError::Octet),
        Err(Err::Error(fault) | Err::Failure(fault)) => Err(fault.0),
        Ok(_) | Err(Err::Incomplete(_)) => Err(UriError::Octet),
    }
}

/// Whether the whole of `text` is what `rule` says.
pub(super) fn is_whole<'a>(rule: fn(&'a [u8]) -> Taken<'a, &'a [u8]>, text: &'a str) -> bool {
    all_consuming(rule).parse(text.as_bytes()).is_ok()
}

// Always inline: what is wrong with a URI is then not told where nobody asks.
#[inline(always)]
fn msrp_uri(input: &[u8]) -> Taken<'_, Spans> {
    let place = |rest: &[u8]| u16::try_from(input.len() - rest.len()).unwrap_or(u16::MAX);
    let (rest, scheme) = msrp_scheme(input)?;
    let [b':', b'/', b'/', rest @ ..] = rest else { return refuse(UriError::Scheme) };
    let (rest, (from_host, HostPort { host, port })) = authority(rest)?;
    let host_start = place(from_host);
    let host_end = place(from_host.get(host.len()..).unwrap_or_default());
    let authority_end = place(rest);
    let rest = match rest {
        [b'/', rest @ ..] => part(UriError::SessionId, class::END, session_id(rest))?.0,
        _ => rest,
    };
    let session_id_end = place(rest);
    let [b';', rest @ ..] = rest else { return refuse(UriError::Transport) };
    let (mut rest, _) = part(UriError::Transport, class::END, transport(rest))?;
    let transport_end = place(rest);
    while let [b';', parameter @ ..] = rest {
        (rest, _) = part(UriError::Parameter, class::END, uri_parameter(parameter))?;
    }
    let spans =
        Spans { scheme, port, host_start, host_end, authority_end, session_id_end, transport_end };
    Ok((rest, spans))
}

#[inline(always)]
fn msrp_scheme(input: &[u8]) -> Taken<'_, Scheme> {
    match input {
        [b'm' | b'M', b's' | b'S', b'r' | b'R', b'p' | b'P', rest @ ..] => match rest {
            [b's' | b'S', rest @ ..] => Ok((rest, Scheme::Msrps)),
            _ => Ok((rest, Scheme::Msrp)),
        },
        _ => refuse(UriError::Scheme),
    }
}

/// Gives the host and port, and the input from there on.
#[inline(always)]
fn authority(input: &[u8]) -> Taken<'_, (&[u8], HostPort<'_>)> {
    // Nearly no URI has a userinfo, so look without one first. A slash behind
    // settles it: no part after it may hold the "@" that ends a userinfo.
    // A semicolon does not, for a userinfo may hold one.
    match host_and_port(input) {
        Ok((rest @ [b'/', ..], host_port)) => Ok((rest, (input, host_port))),
        _ => authority_with_userinfo(input),
    }
}

fn authority_with_userinfo(input: &[u8]) -> Taken<'_, (&[u8], HostPort<'_>)> {
    let (from_host, _) = opt(terminated(userinfo, char('@'))).parse(input)?;
    let (rest, host_port) = host_and_port(from_host)?;
    Ok((rest, (from_host, host_port)))
}

pub(super) fn userinfo(input: &[u8]) -> Taken<'_, &[u8]> {
    percent_encoded(class::USERINFO, input)
}

#[inline(always)]
fn host_and_port(input: &[u8]) -> Taken<'_, HostPort<'_>> {
    let (rest, host) = part(UriError::Host, class::HOST_END, host(input))?;
    let [b':', rest @ ..] = rest else { return Ok((rest, HostPort { host, port: None })) };
    let (rest, port) = part(UriError::Port, class::PORT_END, port(rest))?;
    Ok((rest, HostPort { host, port: Some(port) }))
}

/// `IP-literal / IPv4address / reg-name`, where every `IPv4address` is a
/// `reg-name`.
#[inline(always)]
fn host(input: &[u8]) -> Taken<'_, &[u8]> {
    match input {
        [b'[', ..] => ip_literal(input),
        _ => reg_name(input),
    }
}

/// An IPv6 address in brackets. The other literal of RFC 3986, `IPvFuture`,
/// has no address that anybody could connect to.
fn ip_literal(input: &[u8]) -> Taken<'_, &[u8]> {
    recognize(delimited(char('['), ipv6_address, char(']'))).parse(input)
}

fn ipv6_address(input: &[u8]) -> Taken<'_, &[u8]> {
    let text = |input| run(class::IPV6, input);
    verify(text, |text: &[u8]| ipv6(text).is_some()).parse(input)
}

/// A registered name. RFC 3986 allows an empty one, which nobody could find.
#[inline(always)]
pub(super) fn reg_name(input: &[u8]) -> Taken<'_, &[u8]> {
    match percent_encoded(class::REG_NAME, input) {
        Ok((_, [])) => refuse(UriError::Host),
        taken => taken,
    }
}

/// Digits, however many zeros they begin with. Zero is no port that a transport
/// has; the discard port, 9, is what an active endpoint names (RFC 4145
/// section 4.1).
#[inline(always)]
fn port(input: &[u8]) -> Taken<'_, NonZeroU16> {
    const TOO_MUCH: u32 = 100_000;
    let (mut rest, mut number) = (input, 0);
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        number = (number * 10 + u32::from(digit - b'0')).min(TOO_MUCH);
        rest = behind;
    }
    match u16::try_from(number).ok().and_then(NonZeroU16::new) {
        Some(number) => Ok((rest, number)),
        None => refuse(UriError::Port),
    }
}

#[inline]
pub(super) fn session_id(input: &[u8]) -> Taken<'_, &[u8]> {
    run(class::SESSION_ID, input)
}

#[inline]
pub(super) fn transport(input: &[u8]) -> Taken<'_, &[u8]> {
    run(class::ALPHANUM, input)
}

fn uri_parameter(input: &[u8]) -> Taken<'_, &[u8]> {
    recognize((token, opt(preceded(char('='), token)))).parse(input)
}

pub(super) fn token(input: &[u8]) -> Taken<'_, &[u8]> {
    run(class::TOKEN, input)
}

/// Any number of octets of `class` and of `pct-encoded`.
#[inline(always)]
fn percent_encoded(class: Class, input: &[u8]) -> Taken<'_, &[u8]> {
    let mut len = class.run(input);
    while let Some([b'%', high, low, rest @ ..]) = input.get(len..)
        && high.is_ascii_hexdigit()
        && low.is_ascii_hexdigit()
    {
        len += 3 + class.run(rest);
    }
    let (taken, rest) = input.split_at_checked(len).unwrap_or_default();
    Ok((rest, taken))
}

/// One octet of `class` or more.
#[inline(always)]
fn run(class: Class, input: &[u8]) -> Taken<'_, &[u8]> {
    match input.split_at_checked(class.run(input)) {
        Some((run, rest)) if !run.is_empty() => Ok((rest, run)),
        _ => Err(Err::Error(Fault(UriError::Octet))),
    }
}

/// Refuses the URI for `reason` unless the rule of the part has matched and
/// left nothing but an octet of `end` or the end of input.
#[inline(always)]
fn part<'a, Output>(reason: UriError, end: Class, taken: Taken<'a, Output>) -> Taken<'a, Output> {
    match taken {
        Ok((rest, _)) if rest.first().is_some_and(|octet| !end.has(*octet)) => refuse(reason),
        Ok(taken) => Ok(taken),
        Err(_) => refuse(reason),
    }
}

fn refuse<'a, Output>(reason: UriError) -> Taken<'a, Output> {
    Err(Err::Failure(Fault(reason)))
}

/// Keeps the traits of nom off the public [`UriError`].
#[derive(Debug)]
pub(super) struct Fault(UriError);

impl<'a> ParseError<&'a [u8]> for Fault {
    /// A stand-in: [`part`] puts the name of the part in its place.
    fn from_error_kind(_: &'a [u8], _: ErrorKind) -> Self {
        Self(UriError::Octet)
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URI: &str = "msrp://host.example.com:2855/Kx81;tcp";

    /// The shape of a path that starts with [`URI`].
    fn shape(uris: usize, extra_spaces: bool) -> Result<PathShape, PathError> {
        let first = uri(URI.as_bytes()).map_err(|error| PathError::Uri { index: 0, error })?;
        Ok(PathShape { uris, extra_spaces, first })
    }

    proptest! {
        /// However the spaces are strewn, the URIs are counted and any space
        /// too many is told.
        #[test]
        fn spaces_are_counted(before in 0..3_usize, gaps in prop::collection::vec(1..4_usize, 0..5), after in 0..3_usize) {
            let mut text = " ".repeat(before) + URI;
            for gap in &gaps {
                text += &(" ".repeat(*gap) + URI);
            }
            text += &" ".repeat(after);
            let extra = before > 0 || after > 0 || gaps.iter().any(|gap| *gap > 1);
            prop_assert_eq!(path(text.as_bytes(), 16), shape(gaps.len() + 1, extra));
        }

        #[test]
        fn arbitrary_octets_do_not_panic(octets in prop::collection::vec(any::<u8>(), 0..200), max in 0..3_usize) {
            let _ = path(&octets, max);
            let _ = uri(&octets);
        }

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

    #[test]
    fn a_path_of_no_uri_is_empty() {
        for text in ["", " ", "   "] {
            assert_eq!(path(text.as_bytes(), 16), Err(PathError::Empty), "{text:?}");
        }
    }

    #[test]
    fn the_limit_on_uris_is_exact() {
        let two = format!("{URI} {URI}");
        assert_eq!(path(two.as_bytes(), 2), shape(2, false));
        assert_eq!(path(two.as_bytes(), 1), Err(PathError::TooMany { limit: 1 }));
        assert_eq!(path(two.as_bytes(), 0), Err(PathError::TooMany { limit: 0 }));
    }

    #[test]
    fn a_path_blames_the_uri_and_its_part() {
        let cases = [
            ("msrp://h:1/a", 0, UriError::Transport),
            (&format!("{URI} msrp://h:0/a;tcp"), 1, UriError::Port),
            (&format!("{URI}\t{URI}"), 0, UriError::Octet),
            (&format!("{URI} {URI} {URI}\u{e9}"), 2, UriError::Octet),
        ];
        for (text, index, error) in cases {
            let expected = Err(PathError::Uri { index, error });
            assert_eq!(path(text.as_bytes(), 16), expected, "{text}");
        }
    }

    #[test]
    fn the_limit_on_octets_is_exact() {
        let long = |octets: usize| format!("msrp://h:1/{};tcp", "a".repeat(octets - 15));
        let longest = long(MAX_URI_OCTETS);
        assert_eq!(longest.len(), MAX_URI_OCTETS);
        let too_long = long(MAX_URI_OCTETS + 1);
        for behind in ["", " msrp://h:1/a;tcp"] {
            let text = format!("{longest}{behind}");
            assert!(path(text.as_bytes(), 16).is_ok());
            let text = format!("{too_long}{behind}");
            let expected = Err(PathError::Uri { index: 0, error: UriError::TooLong });
            assert_eq!(path(text.as_bytes(), 16), expected);
        }
    }
}
