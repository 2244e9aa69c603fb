//! Digest for AUTH: the three header fields, and client against server.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use common::Seeded;
use msrp::auth::{
    Algorithm, AuthParamError, AuthenticationInfo, Authorization, Challenge, ChallengeError,
    Credentials, DigestClient, DigestServer, Ha1, InfoError, MAX_PARAMETERS, Rejection,
};
use proptest::prelude::*;

const URI: &str = "msrps://alice@relay.example.com:2855;tcp";
const REALM: &str = "relay.example.com";
const BOTH: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Md5];

/// A relay and a client that knows the password, in virtual time.
struct Scene {
    now: Instant,
    random: Seeded,
    server: DigestServer,
    client: DigestClient,
}

impl Scene {
    fn new(algorithms: &[Algorithm]) -> Self {
        let (now, mut random) = (Instant::now(), Seeded(7));
        let server = DigestServer::new(REALM, algorithms.to_vec(), now, &mut random);
        Self { now, random, server, client: alice() }
    }

    fn with_window(nonces: usize) -> Self {
        let mut scene = Self::new(&BOTH);
        scene.server = scene.server.replay_window(nonces);
        scene
    }

    /// The WWW-Authenticate values of a 401 reach the client.
    fn challenge(&mut self, stale: bool) -> Result<(), ChallengeError> {
        let values = self.challenges(stale);
        self.client.challenged(values.iter().map(String::as_str))
    }

    fn challenges(&mut self, stale: bool) -> Vec<String> {
        let challenges = self.server.challenges(self.now, stale, &mut self.random);
        challenges.iter().map(ToString::to_string).collect()
    }

    /// The value of Authorization that the client sends.
    fn authorization(&mut self) -> String {
        self.client.authorization(URI, true, &mut self.random).unwrap().to_string()
    }

    /// The value of the 200, or why there is none.
    fn verify(&mut self, value: &str) -> Result<String, Rejection> {
        self.verify_for(value, URI)
    }

    fn verify_for(&mut self, value: &str, uri: &str) -> Result<String, Rejection> {
        let value = Authorization::parse(value).unwrap();
        let ha1 = Ha1::new(value.algorithm(), value.username(), REALM, "secret");
        let info = self.server.verify(self.now, &value, uri, &ha1, &mut self.random)?;
        Ok(info.to_string())
    }

    /// A request that is taken, and its answer too.
    fn exchange(&mut self) -> String {
        let value = self.authorization();
        let info = self.verify(&value).unwrap();
        self.client.accepted(Some(&info)).unwrap();
        value
    }
}

fn alice() -> DigestClient {
    DigestClient::new(Credentials::new("alice", "secret"))
}

/// The parameter of a written value, as it stands there.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let list = value.strip_prefix("Digest ").unwrap_or(value);
    list.split(", ").find_map(|it| it.strip_prefix(name)?.strip_prefix('='))
}

/// Octets that are always the same, for a nonce or cnonce that has to be known.
struct Fixed(u8);

impl msrp::Random for Fixed {
    fn fill(&mut self, octets: &mut [u8]) {
        octets.fill(self.0);
    }
}

mod reading {
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

    /// The same challenge in many spellings, and others' additions.
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

    /// The quote that is closed and was never opened takes nothing along.
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
        assert!(
            Challenge::parse(challenge).is_ok() && Authorization::parse(&authorization).is_ok()
        );
        for name in ["realm", "nonce", "qop"] {
            let without = |empty| without(challenge, name, empty);
            let missing = Err(AuthParamError::Missing(name));
            assert_eq!(Challenge::parse(&without(false)), missing);
            assert_eq!(Challenge::parse(&without(true)), missing);
        }
        for name in ["username", "realm", "nonce", "response", "cnonce", "nc", "qop"] {
            let without = |empty| without(&authorization, name, empty);
            let missing = Err(AuthParamError::Missing(name));
            assert_eq!(Authorization::parse(&without(false)), missing);
            assert_eq!(Authorization::parse(&without(true)), missing);
        }
    }

    /// The value without a parameter, or with nothing behind its `=`.
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
        let challenge = |rest: &str| Challenge::parse(&format!("Digest realm=r, nonce=n, {rest}"));
        assert!(challenge("qop=auth").is_ok());
        for algorithm in ["MD5-sess", "SHA-256-sess", "SHA-512-256", "md5sess", "x"] {
            let value = format!("qop=auth, algorithm={algorithm}");
            assert_eq!(challenge(&value), Err(AuthParamError::Algorithm), "{algorithm}");
            assert_eq!(Algorithm::from_token(algorithm), None);
        }
        for qop in ["auth-int", "\"\"", "authx", "\"auth-int,x\""] {
            assert_eq!(challenge(&format!("qop={qop}")), Err(AuthParamError::Qop), "{qop}");
        }
        for value in
            ["Basic realm=\"r\"", "Basic", "", "Digestrealm=r", "Bearer x", "\"Digest\" a=b"]
        {
            assert_eq!(Challenge::parse(value), Err(AuthParamError::Scheme), "{value}");
            assert_eq!(Authorization::parse(value), Err(AuthParamError::Scheme), "{value}");
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
        };
        let (short, long) = ("AB".repeat(16), "cd".repeat(32));
        assert_eq!(value("MD5", &short, "0000000A").unwrap().response(), short.to_lowercase());
        assert_eq!(value("sha-256", &long, "\"ffffffff\"").unwrap().nonce_count(), u32::MAX);
        let wrong = Err(AuthParamError::Value("response"));
        assert_eq!(value("MD5", &long, "1"), wrong);
        assert_eq!(value("SHA-256", &short, "1"), wrong);
        assert_eq!(value("MD5", &"xy".repeat(16), "1"), wrong);
        for nc in ["000000001", "+1", "-1", "g", "0x1", "1 1"] {
            assert_eq!(value("MD5", &short, nc), Err(AuthParamError::Value("nc")), "{nc}");
        }
    }

    #[test]
    fn hostile_values_are_refused() {
        let challenge = |list: &str| Challenge::parse(&format!("Digest {list}"));
        let malformed = Err(AuthParamError::Malformed);
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
            assert!(matches!(read, Err(AuthParamError::Repeated(_))), "{again}");
        }
        let list = |extra: usize| format!("{whole}{}", ", a=b".repeat(extra));
        assert!(challenge(&list(MAX_PARAMETERS - 3)).is_ok());
        assert_eq!(challenge(&list(MAX_PARAMETERS - 2)), Err(AuthParamError::TooManyParameters));
        assert!(challenge(&format!("{whole}{}", ",".repeat(100_000))).is_ok());
    }
}

mod writing {
    use super::*;

    /// What a quoted-string can carry, with much that has to be escaped.
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
            let made = client.authorization(URI, with_uri, &mut Seeded(1)).unwrap();
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

        /// Whatever is given to be written, the header field ends where it ends.
        #[test]
        fn no_value_ends_its_line(username: String, realm: String, uri: String) {
            let (now, mut random) = (Instant::now(), Seeded(2));
            let server = DigestServer::new(realm, BOTH.to_vec(), now, &mut random);
            let challenge = server.challenges(now, true, &mut random).remove(0);
            let mut client = DigestClient::new(Credentials::new(username, "p"));
            client.challenged([challenge.to_string().as_str()].into_iter()).unwrap();
            let made = client.authorization(&uri, true, &mut random).unwrap();
            for value in [challenge.to_string(), made.to_string()] {
                prop_assert!(!value.contains(|it: char| it.is_ascii_control() && it != '\t'));
            }
            prop_assert_eq!(Challenge::parse(&challenge.to_string()), Ok(challenge));
            prop_assert_eq!(Authorization::parse(&made.to_string()), Ok(made));
        }
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
}

mod exchanges {
    use super::*;

    // req: 4976-9.1-9, 4976-9.1-10, 4976-9.1-12
    #[test]
    fn a_client_is_challenged_accepted_and_comes_again() {
        for algorithms in [&BOTH[..], &BOTH[..1], &BOTH[1..]] {
            let mut scene = Scene::new(algorithms);
            assert!(scene.client.authorization(URI, true, &mut scene.random).is_none());
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

    /// What it hashes is in no parameter, so that `uri` may be left out, and is
    /// the text of the request where another spelling is there.
    // req: 4976-9.1-9
    #[test]
    fn the_uri_of_the_request_counts() {
        let mut scene = Scene::new(&BOTH);
        scene.challenge(false).unwrap();
        let without = scene.client.authorization(URI, false, &mut scene.random).unwrap();
        assert_eq!(without.uri(), None);
        assert_eq!(
            scene.verify_for(&without.to_string(), "msrps://other;tcp"),
            Err(Rejection::Wrong)
        );
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

    /// The vector of an AUTH that was computed by another program.
    // req: 4976-9.1-9, 4976-9.1-10
    #[test]
    fn a_known_answer_is_checked() {
        let challenge = r#"Digest realm="example.com", nonce="UvtfpVL7XnnJ63EE244fXDthfLihlMHOY4+dd4A=", qop="auth", opaque="o \"p""#;
        let mut client = alice();
        client.challenged([challenge].into_iter()).unwrap();
        let uri = "msrps://alice@a.example.com:443;ws";
        let value = client.authorization(uri, true, &mut Fixed(0xab)).unwrap();
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
            let value = client.authorization(URI, true, &mut Seeded(count)).unwrap();
            assert_eq!((value.nonce(), value.nonce_count()), ("n", count as u32));
            let info = [None, Some("nextnonce=n"), Some("nextnonce=\"\"")][count as usize % 3];
            client.accepted(info).unwrap();
        }
        // The same nonce in a challenge is still the same nonce.
        client.challenged(["Digest realm=r, nonce=n, qop=auth, stale=true"].into_iter()).unwrap();
        assert_eq!(client.authorization(URI, true, &mut Seeded(9)).unwrap().nonce_count(), 5);
    }

    // req: 4976-9.1-2
    #[test]
    fn the_best_challenge_is_answered() {
        let sha = "Digest realm=r, nonce=s, qop=auth, algorithm=SHA-256";
        let md5 = "Digest realm=r, nonce=m, qop=auth";
        let sess = "Digest realm=r, nonce=x, qop=auth, algorithm=MD5-sess";
        let nonce = |values: &[&'static str]| {
            let mut client = alice();
            client.challenged(values.iter().copied())?;
            Ok(client.authorization(URI, true, &mut Seeded(1)).unwrap().nonce().to_owned())
        };
        assert_eq!(nonce(&[md5, sha, sess]).as_deref(), Ok("s"));
        assert_eq!(nonce(&[sha, md5]).as_deref(), Ok("s"));
        assert_eq!(nonce(&["Basic realm=r", sess, md5]).as_deref(), Ok("m"));
        assert_eq!(nonce(&[]), Err(ChallengeError::Absent));
        let unusable = |error| Err(ChallengeError::Unusable(error));
        assert_eq!(nonce(&["Basic realm=r"]), unusable(AuthParamError::Scheme));
        assert_eq!(nonce(&[sess]), unusable(AuthParamError::Algorithm));
    }

    #[test]
    fn a_wrong_password_is_tried_once() {
        let mut scene = Scene::new(&BOTH);
        scene.client = DigestClient::new(Credentials::new("alice", "Secret"));
        scene.challenge(false).unwrap();
        let value = scene.authorization();
        let refused = scene.verify(&value).unwrap_err();
        assert_eq!(refused, Rejection::Wrong);
        assert_eq!(scene.challenge(refused.is_stale()), Err(ChallengeError::Refused));
        assert!(scene.client.authorization(URI, true, &mut scene.random).is_none());
    }

    /// A relay that forgot its key challenges anew, and says so or not.
    #[test]
    fn a_client_that_was_taken_before_tries_again() {
        for stale in [false, true] {
            let mut scene = Scene::new(&BOTH);
            scene.challenge(false).unwrap();
            scene.exchange();
            scene.server = DigestServer::new(REALM, BOTH.to_vec(), scene.now, &mut scene.random);
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
        assert_eq!(end, ChallengeError::NeverContent);
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

    /// Each letter and digit in turn is another one.
    #[test]
    fn whatever_is_changed_is_refused() {
        for algorithm in BOTH {
            let mut scene = Scene::new(&[algorithm]);
            scene.challenge(false).unwrap();
            let sent = scene.client.authorization(URI, false, &mut scene.random).unwrap();
            let value = sent.to_string();
            let mut changed = 0;
            for (place, _) in value.match_indices(|letter: char| letter.is_ascii_alphanumeric()) {
                let mut other = value.clone();
                let letter = if value[place..].starts_with('1') { "2" } else { "1" };
                other.replace_range(place..=place, letter);
                // The name of a parameter that may be missing is changed at no cost.
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
        let tell = |info: &str| scene.client.clone().accepted(Some(info));

        assert_eq!(tell(&info), Ok(()));
        let md5 = format!("\"{}\"", "0".repeat(32));
        for wrong in [format!("\"{}\"", "0".repeat(64)), md5] {
            assert_eq!(tell(&info.replace(&digest, &wrong)), Err(InfoError::WrongRelay));
        }
        let own = parameter(&value, "response").unwrap();
        assert_eq!(tell(&info.replace(&digest, own)), Err(InfoError::WrongRelay));
        assert_eq!(tell(&info.replace(&cnonce, "\"x\"")), Err(InfoError::OtherRequest));
        assert_eq!(tell(&info.replace("nc=00000001", "nc=00000002")), Err(InfoError::OtherRequest));
        let malformed = InfoError::Malformed(AuthParamError::Malformed);
        assert_eq!(tell("nextnonce=\"x"), Err(malformed));
        assert_eq!(tell("qop=auth-int"), Err(InfoError::Malformed(AuthParamError::Qop)));
        // Nothing proves that a relay knows the password, nor that it does not.
        assert_eq!(tell("qop=auth, nextnonce=x"), Ok(()));
        assert_eq!(scene.client.clone().accepted(None), Ok(()));
    }

    /// A value that is not to be trusted gives no nonce either.
    #[test]
    fn a_changed_answer_leaves_the_nonce() {
        let mut scene = Scene::new(&BOTH);
        scene.challenge(false).unwrap();
        let value = scene.authorization();
        let rspauth = "0".repeat(64);
        let info = format!("nextnonce=evil, rspauth={rspauth}");
        assert_eq!(scene.client.accepted(Some(&info)), Err(InfoError::WrongRelay));
        let next = scene.authorization();
        assert_eq!(parameter(&next, "nonce"), parameter(&value, "nonce"));
        assert_eq!(parameter(&next, "nc"), Some("00000002"));
    }
}

mod serving {
    use super::*;

    // req: 4976-9.1-3, 4976-9.1-4, 4976-9.1-5
    #[test]
    fn challenges_are_in_order_and_once() {
        let mut scene = Scene::new(&[Algorithm::Md5, Algorithm::Sha256, Algorithm::Md5]);
        let values = scene.challenges(false);
        let algorithms: Vec<_> =
            values.iter().filter_map(|it| parameter(it, "algorithm")).collect();
        assert_eq!(algorithms, ["MD5", "SHA-256"]);
        for value in &values {
            assert_eq!(parameter(value, "qop"), Some("\"auth\""));
            assert!(parameter(value, "domain").is_none() && parameter(value, "stale").is_none());
        }
        assert!(Scene::new(&[]).challenges(false).is_empty());
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
        let verified = scene.server.verify(scene.now, &parsed, URI, &ha1, &mut scene.random);
        assert_eq!(verified, Err(Rejection::OtherAlgorithm));
        assert!(scene.verify(&value).is_ok());
    }

    /// A nonce of another realm, of another key, made up, or spelt otherwise.
    #[test]
    fn only_its_own_nonces_are_taken() {
        let mut scene = Scene::new(&BOTH);
        scene.challenge(false).unwrap();
        let value = scene.authorization();
        let nonce = parameter(&value, "nonce").unwrap().trim_matches('"').to_owned();
        let other = |seed, realm: &str| {
            let server = DigestServer::new(realm, BOTH.to_vec(), scene.now, &mut Seeded(seed));
            server.challenges(scene.now, false, &mut Seeded(1)).remove(0).nonce().to_owned()
        };
        // The scene's server drew its key from the same seed.
        let others = [other(7, "other"), other(8, REALM), String::new(), "0".repeat(64)];
        let respelt = [nonce.to_uppercase(), format!("{nonce}0"), format!("{nonce}00")];
        assert_eq!(nonce.len(), 64);
        for made_up in others.into_iter().chain(respelt) {
            assert_eq!(scene.verify(&value.replace(&nonce, &made_up)), Err(Rejection::Stale));
        }
        let twin = DigestServer::new(REALM, BOTH.to_vec(), scene.now, &mut Seeded(7));
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
        // One that got lost on its way does not matter, and comes too late then.
        assert!(scene.verify(&values[2]).is_ok());
        assert_eq!(scene.verify(&values[1]), Err(Rejection::Replayed));
        assert!(scene.verify(&values[3]).is_ok());
        assert!(Rejection::Replayed.is_stale());
    }

    /// A refused request uses up no count and no place in the window.
    #[test]
    fn only_the_right_digest_counts() {
        let mut scene = Scene::with_window(1);
        scene.challenge(false).unwrap();
        let value = scene.authorization();
        for _ in 0..3 {
            let mut mallory = DigestClient::new(Credentials::new("alice", "guess"));
            let values = scene.challenges(false);
            mallory.challenged(values.iter().map(String::as_str)).unwrap();
            let guess = mallory.authorization(URI, true, &mut Seeded(4)).unwrap();
            assert_eq!(scene.verify(&guess.to_string()), Err(Rejection::Wrong));
        }
        assert!(scene.verify(&value).is_ok());
    }

    /// With a window for two nonces, the oldest are stale and not taken again.
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
        // The second went for the fourth, and the first is older than it.
        for (first, second) in &values[..2] {
            assert_eq!(scene.verify(first), Err(Rejection::Stale));
            assert_eq!(scene.verify(second), Err(Rejection::Stale));
        }
        for (first, second) in &values[2..] {
            assert_eq!(scene.verify(first), Err(Rejection::Replayed));
            assert!(scene.verify(second).is_ok());
        }
    }

    proptest! {
        /// Whatever the size of the window, the order and the time: no request
        /// is taken twice.
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
}

mod secrets {
    use super::*;

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
}
