//! Up to three URIs, one a line: parsing, and the laws of `==` and `Hash`.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

use msrp::uri::{MAX_URI_OCTETS, MsrpUri, Path, PathRef, UriErrorKind, UriRef};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines: Vec<&str> = text.splitn(3, '\n').collect();
    let uris: Vec<UriRef<'_>> = lines.iter().filter_map(|line| UriRef::parse(line).ok()).collect();
    for uri in &uris {
        assert_kept(*uri);
        assert_variants(*uri);
    }
    assert_equivalence(&uris);
    for line in lines {
        assert_path(line);
    }
}

/// Nothing is respelt, and an owned URI is the borrowed one.
fn assert_kept(uri: UriRef<'_>) {
    let text = uri.as_str();
    assert!(text.len() <= MAX_URI_OCTETS && text.is_ascii());
    let owned: MsrpUri = text.parse().unwrap();
    assert_eq!(owned.to_string(), text);
    assert_eq!(owned, uri);
    assert_eq!(hash(&owned), hash(&uri));
    assert_eq!(UriRef::parse(owned.view().as_str()), Ok(uri));
}

/// The same URI spelt otherwise, where RFC 4975 section 6.1 says that the
/// spelling does not matter, and with another session-id.
fn assert_variants(uri: UriRef<'_>) {
    let port = uri.port().map(|port| format!(":0{port}")).unwrap_or_default();
    let session = uri.session_id().map(|id| format!("/{id}")).unwrap_or_default();
    let rebuilt = |session: &str| {
        let scheme = uri.scheme().as_str().to_ascii_uppercase();
        let host = swapped(uri.host_str());
        let transport = swapped(uri.transport());
        format!("{scheme}://someone@{host}{port}{session};{transport};x=y")
    };
    let (same, other) = (rebuilt(&session), rebuilt(&format!("{session}/z")));
    if same.len() + 2 > MAX_URI_OCTETS {
        return;
    }
    let (same, other) = (UriRef::parse(&same).unwrap(), UriRef::parse(&other).unwrap());
    assert_eq!(same, uri);
    assert_eq!(hash(&same), hash(&uri));
    assert_ne!(other, uri);
}

/// Upper case for lower and the other way round, but not in escapes, whose
/// digits are not letters of a name.
fn swapped(text: &str) -> String {
    let swap = |letter: char| {
        if letter.is_ascii_lowercase() {
            letter.to_ascii_uppercase()
        } else {
            letter.to_ascii_lowercase()
        }
    };
    text.chars().map(swap).collect()
}

fn assert_equivalence(uris: &[UriRef<'_>]) {
    for one in uris {
        for two in uris {
            let is_same = one == two;
            assert_eq!(is_same, two == one);
            assert_eq!(is_same, one.to_uri() == two.to_uri());
            if one == two {
                assert_eq!(hash(one), hash(two));
            }
            for three in uris {
                assert!(!(one == two && two == three) || one == three);
            }
        }
    }
}

fn assert_path(line: &str) {
    let path = match PathRef::parse(line, 4) {
        Ok(path) => path,
        Err(error) => {
            if let UriErrorKind::TooManyUris { limit } = error.kind() {
                assert_eq!(limit, 4);
            }
            assert!(line.get(error.place()).is_some());
            return;
        }
    };
    assert_eq!(path.as_str(), line);
    assert!((1..=4).contains(&path.len()));
    let uris: Vec<&str> = path.iter().map(UriRef::as_str).collect();
    assert_eq!(uris.join(" "), line);
    assert!(line.split(' ').all(|uri| UriRef::parse(uri).is_ok()));

    let owned = path.to_path();
    assert_eq!(owned.as_str(), line);
    let twice = owned.reversed().reversed();
    assert_eq!(twice.as_str(), line);
    assert_eq!(Path::new(path.iter().map(UriRef::to_uri)).unwrap().as_str(), line);
    assert_eq!(path.without_first().map_or(0, PathRef::len), path.len() - 1);
    let longer = owned.with_last(path.last()).with_first(path.first());
    assert_eq!(longer.as_str(), format!("{} {line} {}", path.first(), path.last()));
    assert_eq!(longer.len(), path.len() + 2);
}

fn hash(value: &impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}
