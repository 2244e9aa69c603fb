//! What is read, and what is refused.

use super::*;

/// The examples of RFC 4976 section 5.1, and of RFC 7616 section 3.9.1.
// req: 4976-7-2, 4976-7-4
#[test]
fn what_the_rfcs_show() {
    let challenge = Challenge::parse(
        r#"Digest realm="intra.example.com", qop="auth", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#,
    )
    .unwrap();
    assert_eq!(challenge.realm(), "intra.example.com");
    assert_eq!(challenge.nonce(), "dcd98b7102dd2f0e8b11d0f600bfb0c093");
    assert_eq!(challenge.algorithm(), Algorithm::Md5);
    assert!(!challenge.is_stale() && challenge.opaque().is_none());

    let authorization = Authorization::parse(
        r#"Digest username="Alice", realm="intra.example.com", nonce="dcd98b71", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1""#,
    )
    .unwrap();
    assert_eq!(authorization.username(), "Alice");
    assert_eq!(authorization.response(), "6629fae49393a05397450978507c4ef1");
    assert_eq!((authorization.nonce_count(), authorization.cnonce()), (1, "0a4f113b"));
    assert_eq!(authorization.uri(), None);

    let info = AuthenticationInfo::parse(
        r#"nextnonce="40f2e879449675f288476d772627370a",rspauth="7327570c586207eca2afae94fc20903d", cnonce="0a4f113b", nc=00000001, qop=auth"#,
    )
    .unwrap();
    assert_eq!(info.nextnonce(), Some("40f2e879449675f288476d772627370a"));
    assert_eq!(info.rspauth(), Some("7327570c586207eca2afae94fc20903d"));
    assert_eq!((info.cnonce(), info.nonce_count()), (Some("0a4f113b"), Some(1)));

    let http = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
    let challenge = Challenge::parse(http).unwrap();
    assert_eq!(challenge.algorithm(), Algorithm::Sha256);
    assert_eq!(challenge.opaque(), Some("FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"));
}

/// The same challenge in many spellings, and with the additions of other stacks.
// req: 4976-7-2, 4976-7-4, 4976-9.1-6
#[test]
fn spelling_does_not_matter() {
    let plain =
        Challenge::parse(r#"Digest realm="r e", nonce="n", stale=true, qop="auth""#).unwrap();
    for value in [
        r#"digest realm="r e",nonce="n",stale=true,qop="auth""#,
        r#"DIGEST  REALM="r e" ,	Nonce = n, STALE="TRUE", QOP=AUTH"#,
        r#" Digest qop="auth-int , Auth", nonce=n, realm=r e, stale=True , algorithm="md5""#,
        r#"Digest realm="r e", domain="/ /x", nonce="n", userhash=false, stale=true, qop="auth", charset=UTF-8, x, y="a,b\"c""#,
        r#"Digest ,realm="\r \e",, nonce=n", stale=true, qop="auth",opaque=,"#,
        r#"Digest realm="r e", nonce="n", stale=true, qop=auth,auth-int"#,
    ] {
        assert_eq!(Challenge::parse(value).as_ref(), Ok(&plain), "{value}");
    }
}

/// A closing quote that was never opened does not swallow the next parameter.
#[test]
fn a_stray_quote_loses_nothing() {
    let rspauth = "7327570c586207eca2afae94fc20903d";
    let value = format!(r#"qop=auth, cnonce="c", nc=00000001", rspauth="{rspauth}""#);
    let info = AuthenticationInfo::parse(&value).unwrap();
    assert_eq!((info.nonce_count(), info.rspauth()), (Some(1), Some(rspauth)));
}

// req: 4976-7-3, 4976-9.1-7, 4976-9.1-8
#[test]
fn what_is_missing_is_named() {
    let challenge = r#"Digest realm="r", nonce="n", qop="auth""#;
    let response = "0".repeat(32);
    let authorization = format!(
        r#"Digest username="u", realm="r", nonce="n", response="{response}", cnonce="c", nc=00000001, qop=auth"#
    );
    assert!(Challenge::parse(challenge).is_ok() && Authorization::parse(&authorization).is_ok());
    for name in ["realm", "nonce", "qop"] {
        let without = |empty| without(challenge, name, empty);
        let missing = Err(AuthErrorKind::Missing(name));
        assert_eq!(Challenge::parse(&without(false)).map_err(|it| it.kind()), missing);
        assert_eq!(Challenge::parse(&without(true)).map_err(|it| it.kind()), missing);
    }
    for name in ["username", "realm", "nonce", "response", "cnonce", "nc", "qop"] {
        let without = |empty| without(&authorization, name, empty);
        let missing = Err(AuthErrorKind::Missing(name));
        assert_eq!(Authorization::parse(&without(false)).map_err(|it| it.kind()), missing);
        assert_eq!(Authorization::parse(&without(true)).map_err(|it| it.kind()), missing);
    }
}

/// The value without a parameter, or with nothing after its `=`.
fn without(value: &str, name: &str, is_empty: bool) -> String {
    let list = value.strip_prefix("Digest ").unwrap();
    let is_it = |it: &str| it.split_once('=').unwrap().0 == name;
    let kept = list.split(", ").filter_map(|it| match (is_it(it), is_empty) {
        (false, _) => Some(it.to_owned()),
        (true, true) => Some(format!("{name}=")),
        (true, false) => None,
    });
    format!("Digest {}", kept.collect::<Vec<_>>().join(", "))
}

// req: 4976-9.1-2, 4976-9.1-4
#[test]
fn what_rfc_4976_rules_out_is_refused() {
    let challenge = |rest: &str| {
        Challenge::parse(&format!("Digest realm=r, nonce=n, {rest}")).map_err(|it| it.kind())
    };
    assert!(challenge("qop=auth").is_ok());
    for algorithm in ["MD5-sess", "SHA-256-sess", "SHA-512-256", "md5sess", "x"] {
        let value = format!("qop=auth, algorithm={algorithm}");
        assert_eq!(challenge(&value), Err(AuthErrorKind::Algorithm), "{algorithm}");
        assert!(algorithm.parse::<Algorithm>().is_err());
    }
    for qop in ["auth-int", "\"\"", "authx", "\"auth-int,x\""] {
        assert_eq!(challenge(&format!("qop={qop}")), Err(AuthErrorKind::Qop), "{qop}");
    }
    for value in ["Basic realm=\"r\"", "Basic", "", "Digestrealm=r", "Bearer x", "\"Digest\" a=b"] {
        assert_eq!(
            Challenge::parse(value).map_err(|it| it.kind()),
            Err(AuthErrorKind::Scheme),
            "{value}"
        );
        assert_eq!(
            Authorization::parse(value).map_err(|it| it.kind()),
            Err(AuthErrorKind::Scheme),
            "{value}"
        );
    }
}

// req: 4976-7-4
#[test]
fn digests_and_counts_have_their_forms() {
    let value = |algorithm: &str, response: &str, nc: &str| {
        Authorization::parse(&format!(
            "Digest username=u, realm=r, nonce=n, cnonce=c, qop=auth, \
             algorithm={algorithm}, response=\"{response}\", nc={nc}"
        ))
        .map_err(|it| it.kind())
    };
    let (short, long) = ("AB".repeat(16), "cd".repeat(32));
    assert_eq!(value("MD5", &short, "0000000A").unwrap().response(), short.to_lowercase());
    assert_eq!(value("sha-256", &long, "\"ffffffff\"").unwrap().nonce_count(), u32::MAX);
    let wrong = Err(AuthErrorKind::Value("response"));
    assert_eq!(value("MD5", &long, "1"), wrong);
    assert_eq!(value("SHA-256", &short, "1"), wrong);
    assert_eq!(value("MD5", &"xy".repeat(16), "1"), wrong);
    for nc in ["000000001", "+1", "-1", "g", "0x1", "1 1"] {
        assert_eq!(value("MD5", &short, nc), Err(AuthErrorKind::Value("nc")), "{nc}");
    }
}

#[test]
fn errors_say_where() {
    for (value, place) in [
        ("Basic realm=r", 0..13),
        ("Digest realm=r, nonce=n", 23..23),
        ("Digest realm=r, nonce=n, qop=\"x,y\", a=b", 25..34),
        ("Digest realm=r, nonce=n, realm=s, qop=auth", 25..32),
        ("Digest realm=r, nonce=n, qop=auth, algorithm=x", 35..46),
    ] {
        assert_eq!(Challenge::parse(value).unwrap_err().place(), place, "{value}");
    }
}

#[test]
fn hostile_values_are_refused() {
    let challenge =
        |list: &str| Challenge::parse(&format!("Digest {list}")).map_err(|it| it.kind());
    let malformed = Err(AuthErrorKind::Malformed);
    let whole = r#"realm="r", nonce="n", qop="auth""#;
    assert!(challenge(whole).is_ok());
    for more in [
        "=",
        "=x",
        "\"",
        "a=\"",
        "a=\"x\"y",
        "a=\"\\\"",
        "a=\"\\",
        "a b=c",
        "\"a\"=b",
        "a\r\nb=c",
        "a=\0",
        "a=\"\u{7f}\"",
        "a\"b",
    ] {
        assert_eq!(challenge(&format!("{whole}, {more}")), malformed, "{more:?}");
    }
    for again in ["realm=r", "NONCE=\"n\"", "qop=auth-int"] {
        let read = challenge(&format!("{whole}, {again}"));
        assert!(matches!(read, Err(AuthErrorKind::Repeated(_))), "{again}");
    }
    let list = |extra: usize| format!("{whole}{}", ", a=b".repeat(extra));
    assert!(challenge(&list(MAX_PARAMETERS - 3)).is_ok());
    assert_eq!(challenge(&list(MAX_PARAMETERS - 2)), Err(AuthErrorKind::TooManyParameters));
    assert!(challenge(&format!("{whole}{}", ",".repeat(100_000))).is_ok());
}
