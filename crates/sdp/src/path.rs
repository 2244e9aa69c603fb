//! `a=path` (RFC 4975 section 8.2).

use std::borrow::Cow;
use std::net::Ipv6Addr;

use msrp::ParseOptions;
use msrp::uri::{Path, PathRef, UriError};

use crate::tolerance::{Reading, SdpTolerance};
use crate::{Error, ErrorKind};

/// Reads the value of the attribute. Each URI has a port, and the last one a session-id.
pub(crate) fn parse(value: &str, reading: &mut Reading) -> Result<Path, Error> {
    let path = uris(value, reading)?;
    let missing = |part, uri: Option<&str>| {
        let error = Error::of("path", ErrorKind::Missing).with_part(part);
        error.within(value, uri.unwrap_or_default())
    };
    let mut uris = path.iter().zip(value.split_ascii_whitespace());
    if let Some((_, uri)) = uris.find(|(uri, _)| uri.port().is_none()) {
        Err(missing("port", Some(uri)))
    } else if path.last().session_id().is_none() {
        Err(missing("session-id", value.split_ascii_whitespace().last()))
    } else {
        Ok(path)
    }
}

fn uris(value: &str, reading: &mut Reading) -> Result<Path, Error> {
    let text = single_spaced(value);
    let cause = match read(&text) {
        Ok(path) => return Ok(path),
        Err(cause) => cause,
    };
    match read(&bracketed(&text)) {
        Ok(path) if reading.tolerates(SdpTolerance::BareIpv6Address) => Ok(path),
        Ok(_) | Err(_) => Err(malformed(value, &text, cause)),
    }
}

fn read(text: &str) -> Result<Path, UriError> {
    PathRef::parse(text, ParseOptions::default().path_uris).map(|path| path.to_path())
}

fn malformed(value: &str, text: &str, cause: UriError) -> Error {
    // Extra blanks move the place of the cause.
    let whole = value.trim();
    let part = if whole == text { whole.get(cause.place()) } else { None };
    let error = Error::of("path", ErrorKind::Malformed).with_cause(cause);
    error.within(value, part.unwrap_or(whole))
}

/// The words of a list with one space between them.
pub(crate) fn single_spaced(list: &str) -> String {
    list.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// A path with brackets around its IPv6 addresses.
fn bracketed(path: &str) -> String {
    let uris: Vec<Cow<'_, str>> = path.split(' ').map(with_brackets).collect();
    uris.join(" ")
}

/// A URI with brackets around the IPv6 address before its port.
fn with_brackets(uri: &str) -> Cow<'_, str> {
    let bracketed = || {
        let (scheme, rest) = uri.split_once("://")?;
        let (authority, tail) = rest.split_at(rest.find(['/', ';'])?);
        let (host, port) = authority.rsplit_once(':')?;
        let address: Ipv6Addr = host.parse().ok()?;
        Some(format!("{scheme}://[{address}]:{port}{tail}"))
    };
    bracketed().map_or(Cow::Borrowed(uri), Cow::Owned)
}
