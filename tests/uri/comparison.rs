//! When two URIs are the same: RFC 4975 section 6.1.

use std::hash::{DefaultHasher, Hash, Hasher};

use msrp::uri::{MsrpUri, Scheme, UriRef};
use proptest::prelude::*;

use crate::parts::{Parts, near_uri, parts};
use crate::spelling::spelling;

proptest! {
    // req: 4975-6.1-1 4975-6.1-2 4975-6.1-3 4975-6.1-6
    #[test]
    fn spelling_does_not_matter(parts in parts(), one in spelling(), other in spelling()) {
        let (one, other) = (one.of(&parts), other.of(&parts));
        prop_assert!(equal(&one, &other), "{} {}", one, other);
        prop_assert!(equal(&one, parts.build().as_str()), "{}", one);
    }

    // req: 4975-6.1-1 4975-6.1-2 4975-6.1-5 4975-6.1-6
    #[test]
    fn every_part_matters(parts in parts(), what in 0..6_usize, one in spelling(), other in spelling()) {
        let changed = change(&parts, what);
        prop_assert!(!equal(&one.of(&parts), &other.of(&changed)), "{:?} {:?}", parts, changed);
    }

    // req: 4975-6.1-4
    #[test]
    fn a_missing_port_is_no_port(parts in parts()) {
        let with = parts.build();
        let without = with.as_str().replacen(&format!(":{}", parts.port), "", 1);
        if let Ok(without) = without.parse::<MsrpUri>() && without.port().is_none() {
            prop_assert!(!equal(with.as_str(), without.as_str()));
            prop_assert!(equal(without.as_str(), without.as_str()));
        }
    }

    #[test]
    fn equality_is_reflexive(text in near_uri()) {
        if UriRef::parse(&text).is_ok() {
            prop_assert!(equal(&text, &text));
        }
    }
}

#[test]
fn comparison_follows_section_6_1() {
    let cases = [
        // req: 4975-6.1-1
        ("msrp://h:1/a;tcp", "MSRP://h:1/a;tcp", true),
        ("msrps://h:1/a;tcp", "mSrPs://h:1/a;tcp", true),
        ("msrp://h:1/a;tcp", "msrps://h:1/a;tcp", false),
        // req: 4975-6.1-2
        ("msrp://Example.COM:1/a;tcp", "msrp://example.com:1/a;tcp", true),
        ("msrp://ex%61mple.com:1/a;tcp", "msrp://example.com:1/a;tcp", true),
        ("msrp://ex%41mple.com:1/a;tcp", "msrp://example.com:1/a;tcp", true),
        ("msrp://a%2Db:1/a;tcp", "msrp://A-B:1/a;tcp", true),
        ("msrp://a%c3%a9:1/a;tcp", "msrp://a%C3%A9:1/a;tcp", true),
        ("msrp://a%2Cb:1/a;tcp", "msrp://a,b:1/a;tcp", false),
        ("msrp://example.com:1/a;tcp", "msrp://example.com.:1/a;tcp", false),
        ("msrp://[2001:db8::1]:1/a;tcp", "msrp://[2001:DB8:0::1]:1/a;tcp", true),
        ("msrp://[::ffff:192.0.2.1]:1/a;tcp", "msrp://[::ffff:c000:201]:1/a;tcp", true),
        ("msrp://[::ffff:192.0.2.1]:1/a;tcp", "msrp://192.0.2.1:1/a;tcp", false),
        ("msrp://[2001:db8::1]:1/a;tcp", "msrp://[2001:db8::2]:1/a;tcp", false),
        ("msrp://192.0.2.1:1/a;tcp", "msrp://%3192.0.2.1:1/a;tcp", true),
        ("msrp://192.0.2.1:1/a;tcp", "msrp://192.0.2.2:1/a;tcp", false),
        ("msrp://h:2855/a;tcp", "msrp://h:02855/a;tcp", true),
        ("msrp://h:2855/a;tcp", "msrp://h:28550/a;tcp", false),
        // req: 4975-6.1-3
        ("msrp://a@h:1/s;tcp", "msrp://b@h:1/s;tcp", true),
        ("msrp://a@h:1/s;tcp", "msrp://h:1/s;tcp", true),
        ("msrp://a;b:c@h:1/s;tcp", "msrp://h:1/s;tcp", true),
        // req: 4975-6.1-4
        ("msrp://h:2855/a;tcp", "msrp://h/a;tcp", false),
        ("msrp://h/a;tcp", "msrp://H/a;tcp", true),
        // req: 4975-6.1-5
        ("msrp://h:1/abc;tcp", "msrp://h:1/ABC;tcp", false),
        ("msrp://h:1/abc;tcp", "msrp://h:1;tcp", false),
        ("msrp://h:1;tcp", "msrp://H:1;tcp", true),
        // req: 4975-6.1-6
        ("msrp://h:1/a;TCP", "msrp://h:1/a;tcp", true),
        ("msrp://h:1/a;tcp", "msrp://h:1/a;ws", false),
        ("msrp://h:1/a;tcp;x=1", "msrp://h:1/a;tcp", true),
        ("msrp://h:1/a;tcp;ws", "msrp://h:1/a;tcp", true),
        // req: 4975-6.1-7
        ("msrp://h:1/a/../b;tcp", "msrp://h:1/b;tcp", false),
        ("msrp://h:1/./a;tcp", "msrp://h:1/a;tcp", false),
        ("msrp://h:1//a;tcp", "msrp://h:1/a;tcp", false),
    ];
    for (one, other, expected) in cases {
        assert_eq!(equal(one, other), expected, "{one} {other}");
    }
}

/// Whether both are equal, asked in every way there is.
fn equal(one: &str, other: &str) -> bool {
    let (one, other) = (UriRef::parse(one).unwrap(), UriRef::parse(other).unwrap());
    let equal = one == other;
    assert_eq!(other == one, equal, "{one} {other}");
    assert_eq!(one.to_uri() == other, equal, "{one} {other}");
    assert_eq!(one == other.to_uri(), equal, "{one} {other}");
    assert_eq!(one.to_uri() == other.to_uri(), equal, "{one} {other}");
    if equal {
        assert_eq!(hash(one), hash(other), "{one} {other}");
        assert_eq!(hash(one), hash(other.to_uri()), "{one} {other}");
    }
    equal
}

pub(crate) fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Changes one part of a URI to another value.
fn change(parts: &Parts, what: usize) -> Parts {
    let mut other = parts.clone();
    match what {
        0 => other.scheme = if parts.scheme.is_secure() { Scheme::Msrp } else { Scheme::Msrps },
        1 => other.host = format!("x{}", parts.host.trim_matches(['[', ']']).replace(':', ".")),
        2 => other.port = parts.port % 65535 + 1,
        3 if parts.session_id.is_some() => other.session_id = None,
        3 => other.session_id = Some("a".into()),
        4 => other.session_id = Some(format!("{}/", parts.session_id.as_deref().unwrap_or("."))),
        _ => other.transport = format!("{}x", parts.transport),
    }
    other
}
