//! The rules of [`super::grammar`], written by hand for speed, because every head has two
//! paths. Delimiters are slice patterns, classes of octets come from a table, and the
//! parts are offsets.
//!
//! Tests and the fuzz target `grammar` hold both to the same result.

use std::num::NonZeroU16;

use super::class::{self, Class};
use super::host::ipv6;
use super::spans::{PathShape, Spans};
use super::{MAX_URI_OCTETS, Scheme};

/// What a rule found and what follows it.
type Found<'a, T> = Option<(T, &'a [u8])>;

/// Hand-written twin of [`path`](super::read::path), up to a CR, for a caller that
/// does not yet know where the line ends. It accepts only what needs no tolerance.
#[inline]
pub(crate) fn path_to_cr(input: &[u8], max_uris: usize) -> Found<'_, PathShape> {
    let mut shape = PathShape { uris: 0, extra_spaces: false, first: Spans::EMPTY };
    let mut rest = input;
    while shape.uris < max_uris {
        let (uri, after) = msrp_uri(rest)?;
        if rest.len() - after.len() > MAX_URI_OCTETS {
            return None;
        }
        if shape.uris == 0 {
            shape.first = uri;
        }
        shape.uris += 1;
        match after {
            [b' ', after @ ..] => rest = after,
            [b'\r', ..] => return Some((shape, after)),
            _ => return None,
        }
    }
    None
}

/// Reads a text that is one URI and nothing else.
pub(super) fn uri(input: &[u8]) -> Option<Spans> {
    let (spans, rest) = msrp_uri(input)?;
    rest.is_empty().then_some(spans)
}

/// Hand-written twin of [`msrp_uri`](super::grammar::msrp_uri).
#[inline(always)]
pub(super) fn msrp_uri(input: &[u8]) -> Found<'_, Spans> {
    let place = |rest: &[u8]| u16::try_from(input.len() - rest.len()).unwrap_or(u16::MAX);
    let (scheme, rest) = msrp_scheme(input)?;
    let [b':', b'/', b'/', rest @ ..] = rest else { return None };
    let ((from_host, HostPort { host, port }), rest) = authority(rest)?;
    let host_start = place(from_host);
    let host_end = place(from_host.get(host.len()..).unwrap_or_default());
    let authority_end = place(rest);
    let rest = match rest {
        [b'/', rest @ ..] => part(class::END, run(class::SESSION_ID, rest))?.1,
        _ => rest,
    };
    let session_id_end = place(rest);
    let [b';', rest @ ..] = rest else { return None };
    let (_, mut rest) = part(class::END, run(class::ALPHANUM, rest))?;
    let transport_end = place(rest);
    while let [b';', parameter @ ..] = rest {
        (_, rest) = part(class::END, uri_parameter(parameter))?;
    }
    let spans =
        Spans { scheme, port, host_start, host_end, authority_end, session_id_end, transport_end };
    Some((spans, rest))
}

#[inline(always)]
fn msrp_scheme(input: &[u8]) -> Found<'_, Scheme> {
    match input {
        [b'm' | b'M', b's' | b'S', b'r' | b'R', b'p' | b'P', rest @ ..] => match rest {
            [b's' | b'S', rest @ ..] => Some((Scheme::Msrps, rest)),
            _ => Some((Scheme::Msrp, rest)),
        },
        _ => None,
    }
}

/// The end of an authority.
struct HostPort<'a> {
    host: &'a [u8],
    port: Option<NonZeroU16>,
}

/// The input from the host onwards, and the host and port.
#[inline(always)]
fn authority(input: &[u8]) -> Found<'_, (&[u8], HostPort<'_>)> {
    // Hardly any URI has a userinfo, so try without one first. A slash after host and
    // port proves that there is none, because no later part may contain "@". A semicolon
    // proves nothing, because a userinfo may contain one.
    match host_and_port(input) {
        Some((host_port, rest @ [b'/', ..])) => Some(((input, host_port), rest)),
        _ => authority_with_userinfo(input),
    }
}

fn authority_with_userinfo(input: &[u8]) -> Found<'_, (&[u8], HostPort<'_>)> {
    let from_host = match percent_encoded(class::USERINFO, input) {
        Some((_, [b'@', after @ ..])) => after,
        _ => input,
    };
    let (host_port, rest) = host_and_port(from_host)?;
    Some(((from_host, host_port), rest))
}

#[inline(always)]
fn host_and_port(input: &[u8]) -> Found<'_, HostPort<'_>> {
    let (host, rest) = part(class::HOST_END, host(input))?;
    let [b':', rest @ ..] = rest else { return Some((HostPort { host, port: None }, rest)) };
    let (port, rest) = part(class::PORT_END, port(rest))?;
    Some((HostPort { host, port: Some(port) }, rest))
}

#[inline(always)]
fn host(input: &[u8]) -> Found<'_, &[u8]> {
    match input {
        [b'[', ..] => ip_literal(input),
        _ => percent_encoded(class::REG_NAME, input).filter(|(name, _)| !name.is_empty()),
    }
}

fn ip_literal(input: &[u8]) -> Found<'_, &[u8]> {
    let (address, after) = run(class::IPV6, input.strip_prefix(b"[")?)?;
    let rest = after.strip_prefix(b"]")?;
    ipv6(address)?;
    let (literal, _) = input.split_at_checked(input.len() - rest.len())?;
    Some((literal, rest))
}

#[inline(always)]
fn port(input: &[u8]) -> Found<'_, NonZeroU16> {
    const TOO_MUCH: u32 = 100_000;
    let (mut rest, mut number) = (input, 0);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = (number * 10 + u32::from(digit - b'0')).min(TOO_MUCH);
        rest = after;
    }
    Some((u16::try_from(number).ok().and_then(NonZeroU16::new)?, rest))
}

fn uri_parameter(input: &[u8]) -> Found<'_, ()> {
    let (_, rest) = run(class::TOKEN, input)?;
    match rest {
        [b'=', value @ ..] => Some(((), run(class::TOKEN, value).map_or(rest, |(_, rest)| rest))),
        _ => Some(((), rest)),
    }
}

/// Any number of octets of `class` and of `pct-encoded`.
#[inline(always)]
fn percent_encoded(class: Class, input: &[u8]) -> Found<'_, &[u8]> {
    let mut len = class.run(input);
    while let Some([b'%', high, low, rest @ ..]) = input.get(len..)
        && high.is_ascii_hexdigit()
        && low.is_ascii_hexdigit()
    {
        len += 3 + class.run(rest);
    }
    input.split_at_checked(len)
}

/// One octet of `class` or more.
#[inline(always)]
fn run(class: Class, input: &[u8]) -> Found<'_, &[u8]> {
    input.split_at_checked(class.run(input)).filter(|(run, _)| !run.is_empty())
}

/// What a rule found, if an octet of `end` or the end of the input follows.
#[inline(always)]
fn part<T>(end: Class, found: Found<'_, T>) -> Found<'_, T> {
    found.filter(|(_, rest)| rest.first().is_none_or(|octet| end.has(*octet)))
}
