//! What the server accepts, and that it accepts nothing twice.

use super::*;

// req: 4976-9.1-3, 4976-9.1-4, 4976-9.1-5
// wild: 38
#[test]
fn each_algorithm_is_offered_once_and_md5_last() {
    let mut scene = Scene::new(&[Algorithm::Md5, Algorithm::Sha256, Algorithm::Md5]);
    let values = scene.challenges(false);
    let algorithms: Vec<_> = values.iter().filter_map(|it| parameter(it, "algorithm")).collect();
    assert_eq!(algorithms, ["SHA-256", "MD5"]);
    for value in &values {
        assert_eq!(parameter(value, "qop"), Some("\"auth\""));
        assert!(parameter(value, "domain").is_none() && parameter(value, "stale").is_none());
    }
    assert!(Scene::new(&[]).challenges(false).is_empty());
}

/// Clients that read it from every challenge find it. It proves nothing, so that those
/// that do not repeat it are served as well.
// wild: 38
#[test]
fn every_challenge_has_an_opaque() {
    for algorithms in [&BOTH[..], &BOTH[..1], &BOTH[1..]] {
        let mut scene = Scene::new(algorithms);
        for stale in [false, true] {
            for value in scene.challenges(stale) {
                let opaque = parameter(&value, "opaque").unwrap().trim_matches('"');
                assert!(
                    opaque.len() == 32 && opaque.bytes().all(|octet| octet.is_ascii_hexdigit())
                );
            }
        }
        scene.challenge(false).unwrap();
        let value = scene.authorization();
        let opaque = format!(", opaque={}", parameter(&value, "opaque").unwrap());
        assert!(scene.verify(&value.replace(&opaque, "")).is_ok());
        let value = scene.authorization();
        assert!(scene.verify(&value).is_ok());
    }
}

#[test]
fn each_rejection_says_what_is_wrong() {
    let all = [
        Rejection::Stale,
        Rejection::Replayed,
        Rejection::Wrong,
        Rejection::OtherRealm,
        Rejection::OtherAlgorithm,
        Rejection::OtherUri,
    ];
    let texts: HashSet<_> = all.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), all.len());
    assert!(texts.iter().all(|text| text.starts_with("the ")), "{texts:?}");
}

#[test]
fn what_is_no_longer_offered_is_stale() {
    let mut scene = Scene::new(&BOTH);
    scene.challenge(false).unwrap();
    let value = scene.authorization();
    assert!(value.contains("SHA-256"));
    scene.server.set_algorithms(&[Algorithm::Md5]);
    assert_eq!(scene.verify(&value), Err(Rejection::Stale));
    // The client tries again.
    scene.challenge(true).unwrap();
    let value = scene.authorization();
    assert!(value.contains("MD5"));
    assert!(scene.verify(&value).is_ok());
}

#[test]
fn what_was_not_offered_is_refused() {
    let mut scene = Scene::new(&BOTH[..1]);
    scene.challenge(false).unwrap();
    let value = scene.authorization();
    let response = parameter(&value, "response").unwrap();
    let md5 = value.replace("SHA-256", "MD5").replace(response, &"0".repeat(32));
    assert_eq!(scene.verify(&md5), Err(Rejection::OtherAlgorithm));
    let realm = value.replace(&format!("realm=\"{REALM}\""), "realm=\"other\"");
    assert_eq!(scene.verify(&realm), Err(Rejection::OtherRealm));
    let parsed = Authorization::parse(&value).unwrap();
    let ha1 = Ha1::new(Algorithm::Md5, "alice", REALM, "secret");
    let verified = scene.server.verify(scene.now, &parsed, URI, Some(&ha1), &mut scene.random);
    assert_eq!(verified, Err(Rejection::OtherAlgorithm));
    assert!(scene.verify(&value).is_ok());
}

/// Whatever needs no secret is found before the user is looked up.
#[test]
fn all_but_the_digest_and_the_count_is_checked_without_the_secret() {
    let mut scene = Scene::new(&BOTH[..1]);
    scene.challenge(false).unwrap();
    let value = scene.authorization();
    let of = |name: &str| parameter(&value, name).unwrap();
    let checked = |scene: &Scene, value: &str, uri: &str| {
        scene.server.check(scene.now, &Authorization::parse(value).unwrap(), uri)
    };
    let elsewhere = "msrps://elsewhere.example.com:2855;tcp";
    assert_eq!(checked(&scene, &value, elsewhere), Err(Rejection::OtherUri));
    let zeros = "0".repeat(64);
    let wrongs = [
        (of("realm"), "\"other\"", Rejection::OtherRealm),
        ("SHA-256", "MD5", Rejection::OtherAlgorithm),
        (of("nonce").trim_matches('"'), &zeros, Rejection::Stale),
    ];
    for (good, wrong, rejection) in wrongs {
        let short = if wrong == "MD5" {
            value.replace(of("response"), &zeros[..32])
        } else {
            value.clone()
        };
        assert_eq!(checked(&scene, &short.replace(good, wrong), URI), Err(rejection), "{wrong}");
    }
    // The others only the secret shows, or the window of counts, which a check leaves alone.
    let guess = value.replace(of("response"), &format!("\"{zeros}\""));
    for value in [&value, &guess, &value] {
        assert_eq!(checked(&scene, value, URI), Ok(()));
    }
    scene.now += Duration::from_secs(301);
    assert_eq!(checked(&scene, &value, URI), Err(Rejection::Stale));
}

/// A nonce of another realm or another key, made up, or spelled differently.
#[test]
fn only_its_own_nonces_are_taken() {
    let mut scene = Scene::new(&BOTH);
    scene.challenge(false).unwrap();
    let value = scene.authorization();
    let nonce = parameter(&value, "nonce").unwrap().trim_matches('"').to_owned();
    let other = |seed, realm: &str| {
        let server = DigestServer::new(realm, BOTH.to_vec(), scene.now, &mut Seeded(seed)).unwrap();
        server.challenges(scene.now, false, &mut Seeded(1)).unwrap().remove(0).nonce().to_owned()
    };
    // The scene's server drew its key from the same seed.
    let others = [other(7, "other"), other(8, REALM), String::new(), "0".repeat(64)];
    let respelt = [nonce.to_uppercase(), format!("{nonce}0"), format!("{nonce}00")];
    assert_eq!(nonce.len(), 64);
    for made_up in others.into_iter().chain(respelt) {
        assert_eq!(scene.verify(&value.replace(&nonce, &made_up)), Err(Rejection::Stale));
    }
    let twin = DigestServer::new(REALM, BOTH.to_vec(), scene.now, &mut Seeded(7)).unwrap();
    let parsed = Authorization::parse(&value).unwrap();
    assert_eq!(twin.check(scene.now, &parsed, URI), Ok(()));
}

#[test]
fn a_count_is_taken_once() {
    let mut scene = Scene::new(&BOTH);
    scene.challenge(false).unwrap();
    let values: Vec<_> = (0..4).map(|_| scene.authorization()).collect();
    assert!(scene.verify(&values[0]).is_ok());
    assert_eq!(scene.verify(&values[0]), Err(Rejection::Replayed));
    // A request that got lost does no harm, but is too late afterwards.
    assert!(scene.verify(&values[2]).is_ok());
    assert_eq!(scene.verify(&values[1]), Err(Rejection::Replayed));
    assert!(scene.verify(&values[3]).is_ok());
    assert!(Rejection::Replayed.is_stale());
}

#[test]
fn a_nonce_serves_to_the_end_of_its_lifetime_and_no_longer() {
    let mut scene = Scene::new(&BOTH);
    scene.challenge(false).unwrap();
    let values: Vec<_> = (0..3).map(|_| scene.authorization()).collect();
    assert!(scene.verify(&values[0]).is_ok());
    scene.now += Duration::from_secs(300);
    assert!(scene.verify(&values[1]).is_ok());
    assert_eq!(scene.verify(&values[1]), Err(Rejection::Replayed));
    scene.now += Duration::from_millis(1);
    assert_eq!(scene.verify(&values[2]), Err(Rejection::Stale));
}

/// A refused request takes neither a count nor a place in the window.
#[test]
fn only_the_right_digest_counts() {
    let mut scene = Scene::with_window(1);
    scene.challenge(false).unwrap();
    let value = scene.authorization();
    for _ in 0..3 {
        let mut mallory = DigestClient::new(Credentials::new("alice", "guess"));
        let values = scene.challenges(false);
        mallory.challenged(values.iter().map(String::as_str)).unwrap();
        let guess = mallory.authorization(URI, true, &mut Seeded(4)).unwrap().unwrap();
        assert_eq!(scene.verify(&guess.to_string()), Err(Rejection::Wrong));
    }
    assert!(scene.verify(&value).is_ok());
}

/// With a window for two nonces, the oldest are stale and are not accepted again.
#[test]
fn what_is_forgotten_is_not_taken_again() {
    let mut scene = Scene::with_window(2);
    let mut values = Vec::new();
    for _ in 0..4 {
        scene.client = alice();
        scene.challenge(false).unwrap();
        values.push((scene.authorization(), scene.authorization()));
        scene.now += Duration::from_secs(1);
    }
    // The first stays unused for now.
    for (value, _) in &values[1..] {
        assert!(scene.verify(value).is_ok());
    }
    // The fourth displaced the second, and the first is older than that.
    for (first, second) in &values[..2] {
        assert_eq!(scene.verify(first), Err(Rejection::Stale));
        assert_eq!(scene.verify(second), Err(Rejection::Stale));
    }
    for (first, second) in &values[2..] {
        assert_eq!(scene.verify(first), Err(Rejection::Replayed));
        assert!(scene.verify(second).is_ok());
    }
}

/// Not even that of the secret with which the server computes the digest all the same.
#[test]
fn no_password_is_that_of_an_unknown_user() {
    let mut scene = Scene::new(&BOTH);
    scene.client = DigestClient::new(Credentials::new("", ""));
    let realm = format!("realm=\"{REALM}\"");
    let challenges: Vec<_> = scene.challenges(false);
    let challenges: Vec<_> = challenges.iter().map(|it| it.replace(&realm, "realm=\"\"")).collect();
    scene.client.challenged(challenges.iter().map(String::as_str)).unwrap();
    let value = scene.authorization().replace("realm=\"\"", &realm);
    for name in ["", "mallory"] {
        let value = value.replace("username=\"\"", &format!("username=\"{name}\""));
        let value = Authorization::parse(&value).unwrap();
        let nobody = Ha1::new(value.algorithm(), "", "", "");
        let mut verify = |ha1| scene.server.verify(scene.now, &value, URI, ha1, &mut scene.random);
        assert_eq!(verify(None), Err(Rejection::Wrong));
        // The digest is that of the secret.
        assert!(verify(Some(&nobody)).is_ok());
    }
}

/// One account authenticates as often as it can, and another one is slow to answer.
#[test]
fn one_user_does_not_make_the_nonces_of_another_stale() {
    let mut scene = Scene::new(&BOTH);
    scene.challenge(false).unwrap();
    let (first, second) = (scene.authorization(), scene.authorization());
    assert!(scene.verify(&first).is_ok());
    scene.client = DigestClient::new(Credentials::new("mallory", "secret"));
    scene.now += Duration::from_secs(1);
    scene.challenge(false).unwrap();
    for _ in 0..10_000 {
        scene.now += Duration::from_millis(1);
        scene.exchange();
    }
    // Of the flood itself, only the latest nonces are known.
    assert!(scene.verify(&second).is_ok());
    assert_eq!(scene.verify(&first), Err(Rejection::Replayed));
}

/// A nonce may serve two users, and a count of it each of them once.
#[test]
fn each_user_counts_for_itself() {
    let mut scene = Scene::with_window(1);
    let values = scene.challenges(false);
    let requests = ["alice", "bob"].map(|user| {
        let mut client = DigestClient::new(Credentials::new(user, "secret"));
        client.challenged(values.iter().map(String::as_str)).unwrap();
        client.authorization(URI, true, &mut scene.random).unwrap().unwrap().to_string()
    });
    for request in &requests {
        assert!(scene.verify(request).is_ok());
    }
    for request in &requests {
        assert_eq!(scene.verify(request), Err(Rejection::Replayed));
    }
}

proptest! {
    /// With any window, order and time, no request is accepted twice.
    #[test]
    fn no_request_is_taken_twice(
        window in 0usize..4,
        steps in prop::collection::vec((0usize..6, 0usize..3, 0u64..4), 1..60),
    ) {
        let mut scene = Scene::with_window(window);
        scene.server = scene.server.nonce_lifetime(Duration::from_secs(20));
        let mut requests = Vec::new();
        for _ in 0..6 {
            scene.client = alice();
            scene.challenge(false).unwrap();
            requests.push([scene.authorization(), scene.authorization(), scene.authorization()]);
        }
        let mut taken = HashSet::new();
        for (nonce, count, seconds) in steps {
            scene.now += Duration::from_secs(seconds);
            if scene.verify(&requests[nonce][count]).is_ok() {
                prop_assert!(taken.insert((nonce, count)));
            }
        }
    }
}

#[test]
fn nothing_secret_is_printed() {
    let mut scene = Scene::new(&BOTH);
    scene.challenge(false).unwrap();
    scene.authorization();
    let ha1 = Ha1::new(BOTH[0], "alice", REALM, "secret");
    let printed = format!("{:?} {ha1:?} {:?}", scene.client, scene.server);
    assert!(!printed.contains("secret") && !printed.contains(&ha1.to_hex()));
}

#[test]
fn ha1_is_kept_in_digits() {
    for algorithm in BOTH {
        let ha1 = Ha1::new(algorithm, "u", "r", "p");
        let digits = ha1.to_hex();
        assert_eq!(Ha1::from_hex(algorithm, &digits.to_uppercase()).as_ref(), Some(&ha1));
        assert_ne!(Ha1::new(algorithm, "u", "r", "q"), ha1);
        for wrong in [&digits[1..], &format!("{digits}0"), &digits.replace('0', "g")[..]] {
            let is_same = wrong == digits;
            assert_eq!(Ha1::from_hex(algorithm, wrong).is_some(), is_same);
        }
    }
}
