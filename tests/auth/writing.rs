//! What is written, and that it reads back.

use super::*;

/// Text that a quoted-string can carry, with much to escape.
fn text() -> impl Strategy<Value = String> {
    "([\"\\\\,= \t]|[a-zA-Z0-9+/]|[^\\x00-\\x1f\\x7f]){0,12}"
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(BOTH.to_vec())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

proptest! {
    // req: 4976-9.1-3, 4976-9.1-4, 4976-9.1-5, 4976-9.1-7
    #[test]
    fn challenges_read_back(
        realm in text(), nonce in text(), opaque in prop::option::of(text()),
        stale: bool, algorithm in algorithm(),
    ) {
        let mut value = format!(
            "Digest qop=auth,algorithm={algorithm},realm={},nonce={}",
            quoted(&realm), quoted(&nonce)
        );
        if let Some(opaque) = &opaque {
            value += &format!(",opaque={}", quoted(opaque));
        }
        if stale {
            value += ",stale=TRUE";
        }
        let challenge = Challenge::parse(&value).unwrap();
        prop_assert_eq!(challenge.realm(), realm);
        prop_assert_eq!(challenge.nonce(), nonce);
        prop_assert_eq!(challenge.opaque(), opaque.as_deref());
        prop_assert_eq!((challenge.is_stale(), challenge.algorithm()), (stale, algorithm));
        let written = challenge.to_string();
        prop_assert_eq!(Challenge::parse(&written), Ok(challenge));
        let end = format!(", algorithm={algorithm}, qop=\"auth\"");
        prop_assert!(written.ends_with(&end), "{}", written);
    }

    #[test]
    fn authorizations_read_back(
        username in text(), password in text(), realm in text(), nonce in text(),
        opaque in prop::option::of(text()), algorithm in algorithm(), with_uri: bool,
    ) {
        let mut value = format!(
            "Digest qop=auth, algorithm={algorithm}, realm={}, nonce={}",
            quoted(&realm), quoted(&nonce)
        );
        if let Some(opaque) = &opaque {
            value += &format!(", opaque={}", quoted(opaque));
        }
        let mut client = DigestClient::new(Credentials::new(&username, password));
        client.challenged([value.as_str()].into_iter()).unwrap();
        let made = client.authorization(URI, with_uri, &mut Seeded(1)).unwrap().unwrap();
        prop_assert_eq!(made.username(), username);
        prop_assert_eq!((made.realm(), made.nonce()), (realm.as_str(), nonce.as_str()));
        prop_assert_eq!(made.opaque(), opaque.as_deref());
        prop_assert_eq!(made.uri(), with_uri.then_some(URI));
        prop_assert_eq!(Authorization::parse(&made.to_string()), Ok(made));
    }

    #[test]
    fn infos_read_back(
        nextnonce in prop::option::of(text()), cnonce in prop::option::of(text()),
        nc in prop::option::of(any::<u32>()), rspauth in prop::option::of("[0-9a-f]{32}|[0-9a-f]{64}"),
    ) {
        let mut parts = vec!["qop=auth".to_owned()];
        parts.extend(nextnonce.as_deref().map(|it| format!("nextnonce={}", quoted(it))));
        parts.extend(cnonce.as_deref().map(|it| format!("cnonce={}", quoted(it))));
        parts.extend(nc.map(|it| format!("nc={it:08X}")));
        parts.extend(rspauth.as_deref().map(|it| format!("rspauth={it}")));
        let info = AuthenticationInfo::parse(&parts.join(",")).unwrap();
        prop_assert_eq!(info.nextnonce(), nextnonce.as_deref());
        prop_assert_eq!(info.cnonce(), cnonce.as_deref());
        prop_assert_eq!((info.nonce_count(), info.rspauth()), (nc, rspauth.as_deref()));
        prop_assert_eq!(AuthenticationInfo::parse(&info.to_string()), Ok(info));
    }

    /// No text can end the header field early.
    #[test]
    fn no_value_ends_its_line(username in any_text(), realm in any_text(), uri in any_text()) {
        let (now, mut random) = (Instant::now(), Seeded(2));
        let mut server = DigestServer::new(realm, BOTH.to_vec(), now, &mut random).unwrap();
        let challenge = server.challenges(now, true, &mut random).unwrap().remove(0);
        let mut client = DigestClient::new(Credentials::new(username, "p"));
        client.challenged([challenge.to_string().as_str()].into_iter()).unwrap();
        let made = client.authorization(&uri, true, &mut random).unwrap().unwrap();
        for value in [challenge.to_string(), made.to_string()] {
            prop_assert!(!value.contains(|it: char| it.is_ascii_control() && it != '\t'));
        }
        prop_assert_eq!(Challenge::parse(&challenge.to_string()), Ok(challenge));
        let read = Authorization::parse(&made.to_string()).unwrap();
        prop_assert_eq!(&read, &made);
        // The digest is of what is written.
        let ha1 = Ha1::new(BOTH[0], read.username(), server.realm(), "p");
        let verified = server.verify(now, &read, &uri, Some(&ha1), &mut random);
        prop_assert!(verified.is_ok() || uri.contains(|it: char| it.is_ascii_control()));
    }
}

/// Text with control characters, including line ends.
fn any_text() -> impl Strategy<Value = String> {
    "([a\"]|[\\x00-\\x20\\x7f]|\r\n|(?s:.)){0,6}"
}

/// Which parameters are quoted (RFC 7616 sections 3.3 to 3.5).
// req: 4976-9.1-7, 4976-9.1-8, 4976-9.1-10, 4976-9.1-11
#[test]
fn each_parameter_has_its_quotes_or_none() {
    let mut scene = Scene::new(&[Algorithm::Md5]);
    let challenge = scene.challenges(true).remove(0);
    scene.client.challenged([challenge.as_str()].into_iter()).unwrap();
    let authorization = scene.authorization();
    let info = scene.verify(&authorization).unwrap();
    let has_quotes = |value: &str, name| parameter(value, name).unwrap().starts_with('"');

    for (value, quoted, bare) in [
        (&challenge, vec!["realm", "nonce", "qop"], vec!["stale", "algorithm"]),
        (
            &authorization,
            vec!["username", "realm", "nonce", "uri", "cnonce", "response"],
            vec!["qop", "nc", "algorithm"],
        ),
        (&info, vec!["nextnonce", "rspauth", "cnonce"], vec!["qop", "nc"]),
    ] {
        assert!(quoted.iter().all(|name| has_quotes(value, name)), "{value}");
        assert!(!bare.iter().any(|name| has_quotes(value, name)), "{value}");
    }
    assert_eq!(parameter(&authorization, "nc"), Some("00000001"));
    assert_eq!(parameter(&info, "qop"), Some("auth"));
}
