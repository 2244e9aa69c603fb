//! Client against server: what the client does.

use super::*;

// req: 4976-9.1-9, 4976-9.1-10, 4976-9.1-12
#[test]
fn a_client_is_challenged_accepted_and_comes_again() {
    for algorithms in [&BOTH[..], &BOTH[..1], &BOTH[1..]] {
        let mut scene = Scene::new(algorithms);
        assert!(scene.client.authorization(URI, true, &mut scene.random).unwrap().is_none());
        scene.challenge(false).unwrap();
        let mut nonces = HashSet::new();
        for _ in 0..5 {
            let value = scene.authorization();
            assert_eq!(parameter(&value, "algorithm"), Some(algorithms[0].as_str()));
            assert_eq!(parameter(&value, "nc"), Some("00000001"));
            assert!(nonces.insert(parameter(&value, "nonce").unwrap().to_owned()));
            let info = scene.verify(&value).unwrap();
            assert_eq!(parameter(&info, "cnonce"), parameter(&value, "cnonce"));
            scene.client.accepted(Some(&info)).unwrap();
        }
    }
}

/// The digest covers the URI of the request, so that the parameter `uri` may be missing or
/// spelled differently.
// req: 4976-9.1-9
#[test]
fn the_uri_of_the_request_counts() {
    let mut scene = Scene::new(&BOTH);
    scene.challenge(false).unwrap();
    let without = scene.client.authorization(URI, false, &mut scene.random).unwrap().unwrap();
    assert_eq!(without.uri(), None);
    assert_eq!(scene.verify_for(&without.to_string(), "msrps://other;tcp"), Err(Rejection::Wrong));
    assert!(scene.verify(&without.to_string()).is_ok());

    let with = scene.authorization();
    let other = with.replace(URI, "msrps://relay.example.com:2856;tcp");
    assert_eq!(scene.verify(&other), Err(Rejection::OtherUri));
    let respelt = with.replace(URI, "MSRPS://Relay.Example.com:2855;TCP");
    assert_ne!(respelt, with);
    assert!(scene.verify(&respelt).is_ok());
    let no_uris = with.replace(URI, "relay");
    assert_eq!(scene.verify(&no_uris), Err(Rejection::OtherUri));
}

/// The digests of one AUTH, computed by another program.
// req: 4976-9.1-9, 4976-9.1-10
#[test]
fn a_known_answer_is_checked() {
    let challenge = r#"Digest realm="example.com", nonce="UvtfpVL7XnnJ63EE244fXDthfLihlMHOY4+dd4A=", qop="auth", opaque="o \"p""#;
    let mut client = alice();
    client.challenged([challenge].into_iter()).unwrap();
    let uri = "msrps://alice@a.example.com:443;ws";
    let value = client.authorization(uri, true, &mut Fixed(0xab)).unwrap().unwrap();
    assert_eq!(value.cnonce(), "ab".repeat(16));
    assert_eq!(value.opaque(), Some(r#"o "p"#));
    assert_eq!(value.response(), KNOWN_RESPONSE);
    let info = format!(r#"rspauth="{KNOWN_RSPAUTH}", nc=00000001, qop=auth"#);
    assert_eq!(client.accepted(Some(&info)), Ok(()));
}

const KNOWN_RESPONSE: &str = "d373e21b3560177c71d9cfcdbc8582e6";
const KNOWN_RSPAUTH: &str = "13adbf14ef8441f92e60887f1e2212ff";

// req: 4976-9.1-12
#[test]
fn without_nextnonce_the_count_rises() {
    let mut client = alice();
    client.challenged(["Digest realm=r, nonce=n, qop=auth"].into_iter()).unwrap();
    for count in 1..5 {
        let value = client.authorization(URI, true, &mut Seeded(count)).unwrap().unwrap();
        assert_eq!((value.nonce(), value.nonce_count()), ("n", count as u32));
        let info = [None, Some("nextnonce=n"), Some("nextnonce=\"\"")][count as usize % 3];
        client.accepted(info).unwrap();
    }
    // A challenge may repeat a nonce, whose count continues.
    client.challenged(["Digest realm=r, nonce=n, qop=auth, stale=true"].into_iter()).unwrap();
    assert_eq!(client.authorization(URI, true, &mut Seeded(9)).unwrap().unwrap().nonce_count(), 5);
}

// req: 4976-9.1-2
#[test]
fn the_best_challenge_is_answered() {
    let sha = "Digest realm=r, nonce=s, qop=auth, algorithm=SHA-256";
    let md5 = "Digest realm=r, nonce=m, qop=auth";
    let sess = "Digest realm=r, nonce=x, qop=auth, algorithm=MD5-sess";
    let nonce = |values: &[&'static str]| {
        let mut client = alice();
        client.challenged(values.iter().copied()).map_err(|it| it.kind())?;
        Ok(client.authorization(URI, true, &mut Seeded(1)).unwrap().unwrap().nonce().to_owned())
    };
    assert_eq!(nonce(&[md5, sha, sess]).as_deref(), Ok("s"));
    assert_eq!(nonce(&[sha, md5]).as_deref(), Ok("s"));
    assert_eq!(nonce(&["Basic realm=r", sess, md5]).as_deref(), Ok("m"));
    assert_eq!(nonce(&[]), Err(AuthErrorKind::NoChallenge));
    let unusable = Err::<String, _>;
    assert_eq!(nonce(&["Basic realm=r"]), unusable(AuthErrorKind::Scheme));
    assert_eq!(nonce(&[sess]), unusable(AuthErrorKind::Algorithm));
}

#[test]
fn a_wrong_password_is_tried_once() {
    let mut scene = Scene::new(&BOTH);
    scene.client = DigestClient::new(Credentials::new("alice", "Secret"));
    scene.challenge(false).unwrap();
    let value = scene.authorization();
    let refused = scene.verify(&value).unwrap_err();
    assert_eq!(refused, Rejection::Wrong);
    assert_eq!(scene.challenge(refused.is_stale()), Err(AuthErrorKind::Refused));
    assert!(scene.client.authorization(URI, true, &mut scene.random).unwrap().is_none());
}

/// A relay that has lost its key challenges again, with `stale=true` or without.
#[test]
fn a_client_that_was_taken_before_tries_again() {
    for stale in [false, true] {
        let mut scene = Scene::new(&BOTH);
        scene.challenge(false).unwrap();
        scene.exchange();
        scene.server =
            DigestServer::new(REALM, BOTH.to_vec(), scene.now, &mut scene.random).unwrap();
        let value = scene.authorization();
        assert_eq!(scene.verify(&value), Err(Rejection::Stale));
        scene.challenge(stale).unwrap();
        scene.exchange();
    }
}

#[test]
fn a_relay_that_is_never_content_is_left() {
    let mut scene = Scene::new(&BOTH);
    let mut rounds = 0;
    let end = loop {
        match scene.challenge(true) {
            Ok(()) => _ = scene.authorization(),
            Err(end) => break end,
        }
        rounds += 1;
        assert!(rounds < 10);
    };
    assert_eq!(end, AuthErrorKind::NoncesRefused);
}

#[test]
fn one_that_is_content_may_call_any_number_of_nonces_stale() {
    let mut scene = Scene::new(&BOTH);
    for _ in 0..20 {
        scene.challenge(true).unwrap();
        scene.exchange();
    }
}

#[test]
fn an_old_nonce_is_stale() {
    let mut scene = Scene::new(&BOTH);
    scene.server = scene.server.nonce_lifetime(Duration::from_secs(10));
    scene.challenge(false).unwrap();
    scene.now += Duration::from_secs(10);
    scene.exchange();
    scene.now += Duration::from_millis(10_001);
    let value = scene.authorization();
    let refused = scene.verify(&value).unwrap_err();
    assert_eq!((refused, refused.is_stale()), (Rejection::Stale, true));
    scene.challenge(true).unwrap();
    scene.exchange();
}

/// Changes each letter and digit in turn, but for the opaque, which proves nothing.
#[test]
fn every_change_is_refused() {
    for algorithm in BOTH {
        let mut scene = Scene::new(&[algorithm]);
        scene.challenge(false).unwrap();
        let sent = scene.client.authorization(URI, false, &mut scene.random).unwrap().unwrap();
        let value = sent.to_string();
        let proven = value.split(", opaque=").next().unwrap();
        let mut changed = 0;
        for (place, _) in proven.match_indices(|letter: char| letter.is_ascii_alphanumeric()) {
            let mut other = value.clone();
            let letter = if value[place..].starts_with('1') { "2" } else { "1" };
            other.replace_range(place..=place, letter);
            // Changing the name of an optional parameter has no effect.
            if Authorization::parse(&other).is_ok_and(|it| it != sent) {
                assert!(scene.verify(&other).is_err(), "{other}");
                changed += 1;
            }
        }
        assert!(changed > 100);
        assert!(scene.verify(&value).is_ok());
    }
}

#[test]
fn a_client_does_not_trust_a_changed_answer() {
    let mut scene = Scene::new(&BOTH);
    scene.challenge(false).unwrap();
    let value = scene.authorization();
    let info = scene.verify(&value).unwrap();
    let digest = parameter(&info, "rspauth").unwrap().to_owned();
    let cnonce = parameter(&info, "cnonce").unwrap().to_owned();
    let tell = |info: &str| scene.client.clone().accepted(Some(info)).map_err(|it| it.kind());

    assert_eq!(tell(&info), Ok(()));
    let md5 = format!("\"{}\"", "0".repeat(32));
    for wrong in [format!("\"{}\"", "0".repeat(64)), md5] {
        assert_eq!(tell(&info.replace(&digest, &wrong)), Err(AuthErrorKind::WrongRelay));
    }
    let own = parameter(&value, "response").unwrap();
    assert_eq!(tell(&info.replace(&digest, own)), Err(AuthErrorKind::WrongRelay));
    assert_eq!(tell(&info.replace(&cnonce, "\"x\"")), Err(AuthErrorKind::OtherRequest));
    assert_eq!(tell(&info.replace("nc=00000001", "nc=00000002")), Err(AuthErrorKind::OtherRequest));
    let malformed = AuthErrorKind::Malformed;
    assert_eq!(tell("nextnonce=\"x"), Err(malformed));
    assert_eq!(tell("qop=auth-int"), Err(AuthErrorKind::Qop));
    // Without `rspauth`, nothing is proven either way.
    assert_eq!(tell("qop=auth, nextnonce=x"), Ok(()));
    assert_eq!(scene.client.clone().accepted(None), Ok(()));
}

/// The client ignores the nonce of a value that it cannot trust.
#[test]
fn a_changed_answer_leaves_the_nonce() {
    let mut scene = Scene::new(&BOTH);
    scene.challenge(false).unwrap();
    let value = scene.authorization();
    let rspauth = "0".repeat(64);
    let info = format!("nextnonce=evil, rspauth={rspauth}");
    assert_eq!(scene.client.accepted(Some(&info)), Err(AuthErrorKind::WrongRelay.into()));
    let next = scene.authorization();
    assert_eq!(parameter(&next, "nonce"), parameter(&value, "nonce"));
    assert_eq!(parameter(&next, "nc"), Some("00000002"));
}
