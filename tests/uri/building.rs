//! URIs made from parts.

use msrp::uri::{MAX_URI_OCTETS, MsrpUri, RECOMMENDED_PORT, Scheme, UriErrorKind, UriRef};
use proptest::prelude::*;

use crate::parts::{Parts, near_part, parts};

proptest! {
    // req: 4975-6-5
    #[test]
    fn what_is_built_reads_back(parts in parts()) {
        let uri = parts.build();
        prop_assert!(parts.are_those_of(uri.view()), "{:?} {}", parts, uri);
        prop_assert!(parts.are_those_of(UriRef::parse(uri.as_str()).unwrap()));
        prop_assert!(parts.are_those_of(uri.to_string().parse::<MsrpUri>().unwrap().view()));
    }

    /// A builder writes exactly what it is given, or fails.
    #[test]
    fn a_builder_cannot_be_tricked(parts in parts(), which in 0..7_usize, trick in near_part()) {
        let mut parts = parts;
        match which {
            0 => parts.userinfo = Some(trick),
            1 => parts.host = trick,
            2 => parts.session_id = Some(trick),
            3 => parts.transport = trick,
            4 => parts.parameters.push((trick, None)),
            5 => parts.parameters.push((trick, Some("a".into()))),
            _ => parts.parameters.push(("a".into(), Some(trick))),
        }
        if let Ok(uri) = parts.builder().build() {
            prop_assert!(parts.are_those_of(uri.view()), "{:?} {}", parts, uri);
            prop_assert!(!uri.has_password());
        }
    }

    #[test]
    fn a_session_id_replaces_nothing_else(parts in parts(), id in "[A-Za-z0-9._~+=/-]{1,24}") {
        let expected = Parts { session_id: Some(id.clone()), ..parts.clone() };
        let uri = parts.build().with_session_id(&id).unwrap();
        prop_assert_eq!(uri.to_string(), expected.build().to_string());
    }
}

// req: 4975-6-4
#[test]
fn the_recommended_port_is_written_out() {
    let uri = MsrpUri::builder(Scheme::Msrp, "h", RECOMMENDED_PORT).build().unwrap();
    assert_eq!(uri.as_str(), "msrp://h:2855;tcp");
    assert_eq!(UriRef::parse("msrp://h;tcp").unwrap().port(), None);
}

// req: 4975-6-6
#[test]
fn a_password_is_read_and_not_written() {
    let uri = UriRef::parse("msrp://u:p@h:1/a;tcp").unwrap();
    assert_eq!(uri.userinfo(), Some("u:p"));
    assert!(uri.has_password());
    assert!(!UriRef::parse("msrp://u@h:1/a;tcp").unwrap().has_password());
    let built = MsrpUri::builder(Scheme::Msrp, "h", 1).userinfo("u:p").build();
    assert_eq!(built, Err(UriErrorKind::Password.into()));
}

#[test]
fn a_builder_names_the_part_that_is_wrong() {
    let build = || MsrpUri::builder(Scheme::Msrp, "h", 1);
    let long = "a".repeat(MAX_URI_OCTETS);
    let cases = [
        (build().userinfo("a@b"), UriErrorKind::Userinfo),
        (MsrpUri::builder(Scheme::Msrp, "a b", 1), UriErrorKind::Host),
        (MsrpUri::builder(Scheme::Msrp, "h:2", 1), UriErrorKind::Host),
        (MsrpUri::builder(Scheme::Msrp, "h;x", 1), UriErrorKind::Host),
        (MsrpUri::builder(Scheme::Msrp, "[192.0.2.1]", 1), UriErrorKind::Host),
        (MsrpUri::builder(Scheme::Msrp, "", 1), UriErrorKind::Host),
        (MsrpUri::builder(Scheme::Msrp, "h\u{f6}st", 1), UriErrorKind::Host),
        (MsrpUri::builder(Scheme::Msrp, "h", 0), UriErrorKind::Port),
        (build().session_id(""), UriErrorKind::SessionId),
        (build().session_id("a\r\nb"), UriErrorKind::SessionId),
        (build().session_id("a;b"), UriErrorKind::SessionId),
        (build().transport(""), UriErrorKind::Transport),
        (build().transport("t-cp"), UriErrorKind::Transport),
        (build().parameter("", None), UriErrorKind::Parameter),
        (build().parameter("a", Some("")), UriErrorKind::Parameter),
        (build().parameter("a=b", None), UriErrorKind::Parameter),
        (build().parameter("a", Some("b;c")), UriErrorKind::Parameter),
        (build().session_id(&long), UriErrorKind::TooLong),
    ];
    for (builder, error) in cases {
        assert_eq!(builder.build().map_err(|it| it.kind()), Err(error), "{builder:?}");
    }
}
