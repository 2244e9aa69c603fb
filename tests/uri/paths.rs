//! Lists of URIs.

use msrp::uri::{MsrpUri, Path, PathRef, UriErrorKind, UriRef};
use proptest::prelude::*;

use crate::comparison::hash;
use crate::parts::{parts, uri};
use crate::spelling::spelling;

proptest! {
    #[test]
    fn a_path_is_its_uris(uris in prop::collection::vec(uri(), 1..6)) {
        let texts: Vec<&str> = uris.iter().map(MsrpUri::as_str).collect();
        let text = texts.join(" ");
        let path = PathRef::parse(&text, uris.len()).unwrap();

        prop_assert!(path.iter().map(UriRef::as_str).eq(text.split(' ')));
        prop_assert!(path.iter().rev().map(UriRef::as_str).eq(text.rsplit(' ')));
        prop_assert_eq!(path.len(), texts.len());
        prop_assert_eq!(path.iter().len(), texts.len());
        prop_assert_eq!(path.first().as_str(), texts[0]);
        prop_assert_eq!(path.last().as_str(), texts[texts.len() - 1]);
        prop_assert_eq!(path.without_first().map(PathRef::as_str), text.split_once(' ').map(|(_, rest)| rest));
        for limit in 0..texts.len() {
            prop_assert_eq!(PathRef::parse(&text, limit).map_err(|it| it.kind()), Err(UriErrorKind::TooManyUris { limit }));
        }

        let owned = Path::new(uris.clone()).unwrap();
        prop_assert_eq!(owned.as_str(), &*text);
        prop_assert_eq!(&owned, &path);
        prop_assert_eq!(&owned, &text.parse::<Path>().unwrap());
        prop_assert_eq!(hash(&owned), hash(path));
        prop_assert_eq!(owned.reversed().reversed().to_string(), &*text);
        prop_assert!(owned.reversed().iter().eq(path.iter().rev()));
    }

    #[test]
    fn a_path_grows_at_either_end(path in prop::collection::vec(uri(), 1..4), uri in uri()) {
        let path = Path::new(path).unwrap();
        let first = path.with_first(uri.view());
        prop_assert_eq!(first.len(), path.len() + 1);
        prop_assert_eq!(first.first().as_str(), uri.as_str());
        prop_assert_eq!(first.view().without_first().unwrap().as_str(), path.as_str());
        prop_assert_eq!(path.with_last(uri.view()).reversed(), path.reversed().with_first(uri.view()));
    }

    #[test]
    fn paths_of_the_same_uris_are_equal(parts in prop::collection::vec((parts(), spelling(), spelling()), 1..4)) {
        let one: Vec<String> = parts.iter().map(|(parts, one, _)| one.of(parts)).collect();
        let other: Vec<String> = parts.iter().map(|(parts, _, other)| other.of(parts)).collect();
        let (one, other): (Path, Path) = (one.join(" ").parse().unwrap(), other.join(" ").parse().unwrap());
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(hash(&one), hash(&other));
        prop_assert_ne!(&one, &other.with_last(other.last()));
    }
}

#[test]
fn a_path_has_single_spaces() {
    let uri = "msrp://h:1/a;tcp";
    for text in [format!(" {uri}"), format!("{uri} "), format!("{uri}  {uri}")] {
        assert_eq!(
            PathRef::parse(&text, 16).map_err(|it| it.kind()),
            Err(UriErrorKind::ExtraSpace),
            "{text:?}"
        );
    }
    assert_eq!(PathRef::parse("", 16), Err(UriErrorKind::EmptyPath.into()));
    assert_eq!(Path::new([]), Err(UriErrorKind::EmptyPath.into()));
}

#[test]
fn a_uri_is_a_path_of_one() {
    let uri: MsrpUri = "msrp://h:1/a;tcp".parse().unwrap();
    let path = Path::from(uri.clone());
    assert_eq!((path.len(), path.as_str()), (1, uri.as_str()));
    assert_eq!(path.first(), path.last());
    assert_eq!(path.view().without_first(), None);
}
