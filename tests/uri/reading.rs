//! The grammar of RFC 4975 section 9.

use std::net::Ipv6Addr;

use msrp::uri::{Host, MAX_URI_OCTETS, MsrpUri, Path, PathRef, Scheme, UriErrorKind, UriRef};
use proptest::prelude::*;

use crate::parts::near_uri;

proptest! {
    // req: 4975-6-7
    #[test]
    fn the_grammar_decides(text in near_uri()) {
        let read = UriRef::parse(&text);
        prop_assert_eq!(read.is_ok(), follows_grammar(&text), "{:?} {:?}", text, read);
    }

    #[test]
    fn display_is_the_text_that_was_read(text in near_uri()) {
        if let Ok(uri) = text.parse::<MsrpUri>() {
            prop_assert_eq!(uri.to_string(), &*text);
            prop_assert_eq!(uri.as_str(), &*text);
            prop_assert_eq!(uri.view().to_string(), text);
        }
    }

    /// No two readings: what is between the parts that are told is nothing but
    /// their delimiters.
    #[test]
    fn the_parts_make_up_the_text(text in near_uri()) {
        let Ok(uri) = UriRef::parse(&text) else { return Ok(()) };
        let mut rest = &text[uri.scheme().as_str().len()..];
        let mut skip = |before: &str, part: &str| {
            rest = rest.strip_prefix(before).and_then(|rest| rest.strip_prefix(part)).unwrap();
            rest.len()
        };
        skip("://", "");
        if let Some(userinfo) = uri.userinfo() {
            skip("", userinfo);
            skip("@", "");
        }
        let left = skip("", uri.host_str());
        if let Some(port) = uri.port() {
            let digits = &text[text.len() - left + 1..];
            let end = digits.find(['/', ';']).unwrap();
            prop_assert_eq!(digits[..end].parse(), Ok(port));
            skip(":", &digits[..end]);
        }
        if let Some(session_id) = uri.session_id() {
            skip("/", session_id);
        }
        skip(";", uri.transport());
        for (name, value) in uri.parameters() {
            skip(";", name);
            if let Some(value) = value {
                skip("=", value);
            }
        }
        prop_assert_eq!(rest, "");
    }

    #[test]
    fn arbitrary_text_does_not_panic(text: String, wild in "(?s).{0,60}", max in 0..4_usize) {
        for text in [&*text, &*wild, &format!("msrp://{text}"), &format!("msrp://h:1/{text};{wild}")] {
            let _ = UriRef::parse(text);
            let _ = PathRef::parse(text, max);
            let _ = text.parse::<Path>();
            let _ = Host::from(text);
            let _ = MsrpUri::builder(Scheme::Msrp, text, 1).userinfo(text).session_id(text)
                .transport(text).parameter(text, Some(text)).build();
        }
    }
}

/// The grammar once more, written to be read and not to be fast.
fn follows_grammar(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (userinfo, rest) = rest.split_once('@').unwrap_or(("", rest));
    let Some((locator, parameters)) = rest.split_once(';') else { return false };
    let (authority, session_id) = match locator.split_once('/') {
        Some((authority, session_id)) => (authority, Some(session_id)),
        None => (locator, None),
    };
    let mut parameters = parameters.split(';');
    let transport = parameters.next().unwrap();
    text.len() <= MAX_URI_OCTETS
        && ["msrp", "msrps"].contains(&scheme.to_ascii_lowercase().as_str())
        && is_escaped(userinfo, "-._~!$&'()*+,;=:")
        && is_authority(authority)
        && session_id.is_none_or(|id| !id.is_empty() && holds(id, "-._~+=/"))
        && !transport.is_empty()
        && holds(transport, "")
        && parameters.all(is_parameter)
}

fn is_authority(text: &str) -> bool {
    let (is_host, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((address, port)) => (address.parse::<Ipv6Addr>().is_ok(), port),
        None => {
            let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (!host.is_empty() && is_escaped(host, "-._~!$&'()*+,="), port)
        }
    };
    let is_port = |port: &str| {
        port.bytes().all(|octet| octet.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port != 0)
    };
    is_host && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn is_parameter(text: &str) -> bool {
    let is_token = |text: &str| !text.is_empty() && holds(text, "!#$%&'*+-.^_`{|}~");
    match text.split_once('=') {
        Some((name, value)) => is_token(name) && is_token(value),
        None => is_token(text),
    }
}

fn is_escaped(text: &str, marks: &str) -> bool {
    let mut pieces = text.split('%');
    holds(pieces.next().unwrap(), marks)
        && pieces.all(|piece| {
            piece.len() >= 2
                && piece.bytes().take(2).all(|octet| octet.is_ascii_hexdigit())
                && holds(piece, marks)
        })
}

fn holds(text: &str, marks: &str) -> bool {
    text.chars().all(|char| char.is_ascii_alphanumeric() || marks.contains(char))
}

#[test]
fn errors_name_the_part() {
    let cases = [
        ("", UriErrorKind::Scheme),
        ("msrp:/h:1/a;tcp", UriErrorKind::Scheme),
        ("msrp:h:1/a;tcp", UriErrorKind::Scheme),
        ("sip://h:1/a;tcp", UriErrorKind::Scheme),
        ("msrpx://h:1/a;tcp", UriErrorKind::Scheme),
        (" msrp://h:1/a;tcp", UriErrorKind::Octet),
        ("msrp://:1/a;tcp", UriErrorKind::Host),
        ("msrp:///a;tcp", UriErrorKind::Host),
        ("msrp://;tcp", UriErrorKind::Host),
        ("msrp://a%4/a;tcp", UriErrorKind::Host),
        ("msrp://a%zz:1/a;tcp", UriErrorKind::Host),
        ("msrp://a@b@c:1/a;tcp", UriErrorKind::Host),
        ("msrp://[::1:1/a;tcp", UriErrorKind::Host),
        ("msrp://[1.2.3.4]:1/a;tcp", UriErrorKind::Host),
        ("msrp://[v1.x]:1/a;tcp", UriErrorKind::Host),
        ("msrp://[fe80::1%25en0]:1/a;tcp", UriErrorKind::Host),
        ("msrp://[::1]x:1/a;tcp", UriErrorKind::Host),
        ("msrp://h:/a;tcp", UriErrorKind::Port),
        ("msrp://h:0/a;tcp", UriErrorKind::Port),
        ("msrp://h:65536/a;tcp", UriErrorKind::Port),
        ("msrp://h:4294967297/a;tcp", UriErrorKind::Port),
        ("msrp://h:28x55/a;tcp", UriErrorKind::Port),
        ("msrp://h:-1/a;tcp", UriErrorKind::Port),
        ("msrps://2001:db8::3:54111/a;dc", UriErrorKind::Port),
        ("msrp://h:1/;tcp", UriErrorKind::SessionId),
        ("msrp://h:1/a%20b;tcp", UriErrorKind::SessionId),
        ("msrp://h:1/a@b;tcp", UriErrorKind::SessionId),
        // req: 4975-6-1
        ("msrp://h:1/a", UriErrorKind::Transport),
        ("msrp://h:1", UriErrorKind::Transport),
        ("msrp://h:1/a;", UriErrorKind::Transport),
        ("msrp://h:1/a;;x", UriErrorKind::Transport),
        ("msrp://h:1/a;transport=tcp", UriErrorKind::Transport),
        ("msrp://h:1/a;tcp;", UriErrorKind::Parameter),
        ("msrp://h:1/a;tcp;=b", UriErrorKind::Parameter),
        ("msrp://h:1/a;tcp;a=", UriErrorKind::Parameter),
        ("msrp://h:1/a;tcp;a=b=c", UriErrorKind::Parameter),
        // req: 4975-6-7
        ("msrp://h\u{f6}st:1/a;tcp", UriErrorKind::Octet),
        ("msrp://h:1/a\r\nb;tcp", UriErrorKind::Octet),
        ("msrp://h:1/a;tcp ", UriErrorKind::Octet),
        ("msrp://h:1/a\0;tcp", UriErrorKind::Octet),
        ("msrp://h:1/a\u{7f};tcp", UriErrorKind::Octet),
    ];
    for (text, error) in cases {
        assert_eq!(UriRef::parse(text).map_err(|it| it.kind()), Err(error), "{text:?}");
    }
}

#[test]
fn errors_say_where() {
    let cases = [
        ("sip://h:1/a;tcp", 0..3),
        ("msrp:h:1/a;tcp", 4..4),
        ("msrp://u@h%:1/a;tcp", 9..11),
        ("msrp://h:28x55/a;tcp", 9..14),
        ("msrp://h:1/a@b;tcp", 11..14),
        ("msrp://h:1/a", 12..12),
        ("msrp://h:1/a;t-cp;x", 13..17),
        ("msrp://h:1/a;tcp;x;a=b=c;y", 19..24),
        ("msrp://h:1/a\r\nb;tcp", 12..13),
        // Characters of several octets stay whole.
        ("msrp://h:1/aäb;tcp", 12..14),
        ("msrp://h:1/a;tcp\u{f338d}", 16..20),
    ];
    for (text, place) in cases {
        assert_eq!(UriRef::parse(text).unwrap_err().place(), place, "{text:?}");
    }
    let path = "msrp://h:1/a;tcp msrp://h:0/a;tcp";
    let error = PathRef::parse(path, 2).unwrap_err();
    assert_eq!((error.kind(), error.place()), (UriErrorKind::Port, 26..27));
    let error = PathRef::parse("msrp://h:1/a;tcp  msrp://h:0/a;tcp", 1).unwrap_err();
    assert_eq!((error.kind(), error.place()), (UriErrorKind::TooManyUris { limit: 1 }, 18..34));
    let error = PathRef::parse("msrp://h:1/a;tcp  msrp://h:1/a;tcp", 2).unwrap_err();
    assert_eq!((error.kind(), error.place()), (UriErrorKind::ExtraSpace, 16..17));
}

#[test]
fn deployed_uris_are_read() {
    let uri = UriRef::parse("msrp://[2409:4040:e98::ecf:f71f]:9/3eb80645b9;tcp").unwrap();
    assert_eq!(uri.host(), Host::Ipv6("2409:4040:e98::ecf:f71f".parse().unwrap()));
    assert_eq!(uri.host_str(), "[2409:4040:e98::ecf:f71f]");
    // Port 9 is what an active endpoint names.
    assert_eq!(uri.port(), Some(9));

    let path = "msrps://192.0.2.74:2855/s.4651.23.1243343917;tcp msrp://kc4cflb1.invalid:2855/h484gubk2r;ws";
    let path = PathRef::parse(path, 2).unwrap();
    assert_eq!(path.first().session_id(), Some("s.4651.23.1243343917"));
    assert_eq!(path.last().transport(), "ws");

    let auth = UriRef::parse("msrps://alice@relay.example.com;tcp").unwrap();
    assert_eq!((auth.userinfo(), auth.host_str()), (Some("alice"), "relay.example.com"));
    assert_eq!((auth.port(), auth.session_id(), auth.transport()), (None, None, "tcp"));
}

#[test]
fn a_semicolon_ends_the_authority() {
    let uri = UriRef::parse("msrp://h;tcp;x").unwrap();
    assert_eq!((uri.host_str(), uri.transport()), ("h", "tcp"));
    assert!(uri.parameters().eq([("x", None)]));
    assert_eq!(UriRef::parse("msrp://h;i:1/a;tcp").unwrap_err().kind(), UriErrorKind::Transport);
    // Before an "@", it is part of a userinfo.
    let uri = UriRef::parse("msrp://h;i@j:1/a;tcp").unwrap();
    assert_eq!((uri.userinfo(), uri.host_str()), (Some("h;i"), "j"));
}

// req: 4975-6-2 4976-8-2
#[test]
fn an_address_needs_a_port() {
    for (text, expected) in [
        ("msrp://192.0.2.1/a;tcp", false),
        ("msrp://%3192.0.2.1/a;tcp", false),
        ("msrps://[::1];tcp", false),
        ("msrp://192.0.2.1:1/a;tcp", true),
        ("msrp://[::1]:1/a;tcp", true),
        ("msrps://relay.example.com;tcp", true),
    ] {
        assert_eq!(UriRef::parse(text).unwrap().has_required_port(), expected, "{text}");
    }
}

// req: 4975-6-3
#[test]
fn the_scheme_says_whether_to_use_tls() {
    assert!(UriRef::parse("MSRPS://h:1/a;tcp").unwrap().is_secure());
    assert!(!UriRef::parse("msrp://h:1/a;tcp").unwrap().is_secure());
}
