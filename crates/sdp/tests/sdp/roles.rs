//! Which side connects, and to where (RFC 4975 section 8.5, RFC 6135).

use msrp::Role;
use msrp_sdp::{
    Addresses, Connect, Fingerprint, HashFunction, Local, MsrpMedia, Offer, Refusal, Remedy,
    SdpTolerance, SdpTolerances, Setup,
};

use super::{
    ALICE, ALICES_RELAY, BOB, BOBS_RELAY, NEEDED, alice, bob, carried, case, media, offer, path,
    uri,
};

fn unreachable(text: &str) -> Local {
    Local::unreachable(uri(text))
}

fn relayed_alice() -> Local {
    Local::through(uri("msrps://192.0.2.1:7654/jshA7weztas;tcp"), path(ALICES_RELAY))
}

fn relayed_bob() -> Local {
    Local::through(uri("msrps://192.0.2.7:12763/kjhd37s2s20w2a;tcp"), path(BOBS_RELAY))
}

/// The results of both sides, and the answer between them.
fn exchange(alice: Local, bob: Local) -> Result<(Ends, Ends, MsrpMedia), Refusal> {
    let offer = Offer::new(alice)?;
    let (answer, bobs) = msrp_sdp::answer(&carried(&offer.description()), bob)?;
    let answer = carried(&answer.description());
    let alices = msrp_sdp::complete(&offer, &answer)?;
    Ok(((alices.role(), connect(alices.connect())), (bobs.role(), connect(bobs.connect())), answer))
}

/// What a section with TLS and these lines says.
fn secure_media(lines: &str) -> MsrpMedia {
    let text = format!("m=message 7654 TCP/TLS/MSRP *\n{lines}");
    MsrpMedia::parse(&text.parse().unwrap()).unwrap()
}

type Ends = (Role, String);

fn connect(connect: &Connect) -> String {
    match connect {
        Connect::To(target) => {
            format!("{}:{} tls {}", target.host(), target.port(), target.is_secure())
        }
        other => format!("{other:?}"),
    }
}

fn plan(alice: Local, bob: Local) -> (Ends, Ends) {
    let (alices, bobs, _) = exchange(alice, bob).unwrap();
    (alices, bobs)
}

// req: 6135-4.2.1-1, 6135-4.2.2-1, 6135-4.2.2-3, 6135-4.2.2-7
#[test]
fn who_can_be_connected_to_offers_both_and_answers_that_it_waits() {
    let (alices, bobs, answer) = exchange(alice(), bob()).unwrap();
    assert_eq!(answer.setup(), Some(Setup::Passive));
    assert_eq!(alices, (Role::Active, "192.0.2.7:12763 tls false".into()));
    assert_eq!(bobs, (Role::Passive, "Await".into()));
    assert_eq!(offer(alice()).media().setup(), Some(Setup::Actpass));
}

// req: 6135-4.2.2-2, 6135-4.2.2-4
// wild: 34
#[test]
fn who_cannot_be_connected_to_offers_to_connect() {
    let offer = offer(unreachable(ALICE));
    assert_eq!((offer.media().setup(), offer.media().port()), (Some(Setup::Active), 9));
    let ((role, _), (_, await_), answer) = exchange(unreachable(ALICE), bob()).unwrap();
    assert_eq!((role, await_.as_str()), (Role::Active, "Await"));
    assert_eq!((answer.setup(), answer.port()), (Some(Setup::Passive), 12763));
}

// req: 6135-4.2.2-6
#[test]
fn who_cannot_be_connected_to_answers_that_it_connects() {
    let (alices, bobs, answer) = exchange(alice(), unreachable(BOB)).unwrap();
    assert_eq!((answer.setup(), answer.port()), (Some(Setup::Active), 9));
    assert_eq!(alices, (Role::Passive, "Await".into()));
    assert_eq!(bobs, (Role::Active, "192.0.2.1:7654 tls false".into()));
}

#[test]
fn two_sides_that_nobody_can_connect_to_have_no_session() {
    let refusal = exchange(unreachable(ALICE), unreachable(BOB)).unwrap_err();
    assert_eq!((refusal.clone(), refusal.remedy()), (Refusal::Unreachable, Remedy::Refuse));
}

/// A middlebox that joins two active sides takes both connections.
// wild: 56
#[test]
fn an_active_side_that_is_answered_active_connects_to_whom_answers_so() {
    let answer = case("T22-answer-active-from-sbc").parse().unwrap();
    let answer = MsrpMedia::parse(&answer).unwrap();
    let complete = |local: Local| msrp_sdp::complete(&offer(local), &answer);
    let plan = complete(unreachable(ALICE)).unwrap();
    assert_eq!((plan.role(), plan.local().setup()), (Role::Active, Some(Setup::Active)));
    assert_eq!(connect(plan.connect()), "203.0.113.5:30100 tls false");
    assert!(plan.tolerated().iter().eq([SdpTolerance::BothActive]));
    let less = SdpTolerances::all().without(SdpTolerance::BothActive);
    assert_eq!(complete(unreachable(ALICE).tolerating(less)), Err(Refusal::Unreachable));
    // Whom could be reached awaits the connection.
    let plan = complete(alice()).unwrap();
    assert_eq!((plan.role(), plan.connect()), (Role::Passive, &Connect::Await));
    assert!(plan.tolerated().is_empty());
    // An active peer gives no address that leads somewhere.
    for place in ["203.0.113.5:9", "0.0.0.0:30100"] {
        let path = format!("a=path:msrp://{place}/s;tcp\n");
        let answer = media(&format!("a=accept-types:*\n{path}a=setup:active\n"));
        let plan = msrp_sdp::complete(&offer(unreachable(ALICE)), &answer);
        assert_eq!(plan, Err(Refusal::Unreachable), "{place}");
    }
}

// req: 4975-8.5-1, 6135-5-1, 4975-5.4-2
#[test]
fn without_setup_the_offerer_connects() {
    let theirs = media(NEEDED);
    let (answer, plan) = msrp_sdp::answer(&theirs, bob()).unwrap();
    assert_eq!((plan.role(), plan.connect()), (Role::Passive, &Connect::Await));
    assert_eq!(answer.setup(), Some(Setup::Passive));
    // An answerer behind a NAT cannot wait.
    assert_eq!(msrp_sdp::answer(&theirs, unreachable(BOB)).unwrap_err(), Refusal::Unreachable);
    let plan = msrp_sdp::complete(&offer(bob()), &theirs).unwrap();
    assert_eq!(
        (plan.role(), connect(plan.connect())),
        (Role::Active, "192.0.2.1:7654 tls false".into())
    );
}

// req: 6135-4.2.2-5
#[test]
fn an_offer_to_wait_is_never_made_and_copes_with() {
    let theirs = media(&format!("{NEEDED}a=setup:passive\n"));
    let (answer, plan) = msrp_sdp::answer(&theirs, bob()).unwrap();
    assert_eq!(
        (plan.role(), connect(plan.connect())),
        (Role::Active, "192.0.2.1:7654 tls false".into())
    );
    assert_eq!(answer.setup(), Some(Setup::Active));
    for local in [alice(), unreachable(ALICE), relayed_alice()] {
        assert_ne!(offer(local).media().setup(), Some(Setup::Passive));
    }
}

// req: 4975-8.1-8, 4975-8.3-2, 4975-6.2-1
#[test]
fn the_first_uri_of_the_path_is_where_to_connect_whatever_the_lines_say() {
    let lines = "c=IN IP4 198.51.100.9\na=accept-types:*\na=setup:passive\n\
                 a=path:msrps://relay.example:9000/r;tcp msrps://192.0.2.1:7654/s;tcp\n";
    let secure = Local::new(uri("msrps://192.0.2.7:12763/s;tcp"));
    let (_, plan) = msrp_sdp::answer(&secure_media(lines), secure).unwrap();
    assert_eq!(connect(plan.connect()), "relay.example:9000 tls true");
    let v6 = media("a=accept-types:*\na=setup:passive\na=path:msrp://[2001:db8::5]:1/s;tcp\n");
    let (_, plan) = msrp_sdp::answer(&v6, bob()).unwrap();
    assert_eq!(connect(plan.connect()), "2001:db8::5:1 tls false");
}

/// Unspecified addresses, the discard port and names that never resolve.
// wild: 55
#[test]
fn nobody_connects_to_a_place_that_leads_nowhere() {
    let nowhere = [
        "0.0.0.0:7654",
        "[::]:7654",
        "[::ffff:0.0.0.0]:7654",
        "0:7654",
        "0x0.0:7654",
        "192.0.2.1:9",
        "host.example:9",
        "df7jal23ls0d.invalid:7654",
        "df7jal23ls0d.INVALID.:7654",
        "-:7654",
        ".:7654",
        "255.255.255.255:7654",
        "224.0.0.1:7654",
        "[ff02::1]:7654",
    ];
    let relayed = |place| format!("msrp://{place}/r;tcp msrp://192.0.2.1:7654/s;tcp");
    for place in nowhere {
        for path in [format!("msrp://{place}/s;tcp"), relayed(place)] {
            let said = |setup| media(&format!("a=accept-types:*\na=path:{path}\n{setup}"));
            // It can still connect itself.
            for setup in ["", "a=setup:active\n", "a=setup:actpass\n"] {
                let (answer, plan) = msrp_sdp::answer(&said(setup), bob()).unwrap();
                assert_eq!((answer.setup(), plan.role()), (Some(Setup::Passive), Role::Passive));
            }
            let passive = said("a=setup:passive\n");
            let waits = said("a=setup:actpass\n");
            for local in [bob(), unreachable(BOB), Local::through(uri(BOB), self::path(RELAY))] {
                let refusal = msrp_sdp::answer(&passive, local.clone()).unwrap_err();
                assert_eq!(refusal, Refusal::Unreachable, "{path}");
                let refusal = msrp_sdp::complete(&offer(local), &passive);
                assert_eq!(refusal, Err(Refusal::Unreachable), "{path}");
            }
            let refusal = msrp_sdp::answer(&waits, unreachable(BOB)).unwrap_err();
            assert_eq!(refusal, Refusal::Unreachable, "{path}");
        }
    }
}

/// Such a side offers to connect, and connects where it may.
#[test]
fn a_side_whose_own_address_leads_nowhere_does_not_wait() {
    for place in ["0.0.0.0:7654", "[::]:7654", "192.0.2.1:9", "nobody.invalid:7654"] {
        let local = || Local::new(uri(&format!("msrp://{place}/s;tcp")));
        let (alices, bobs, answer) = exchange(local(), bob()).unwrap();
        assert_eq!((alices.0, bobs.1.as_str()), (Role::Active, "Await"), "{place}");
        assert_eq!(answer.setup(), Some(Setup::Passive));
        assert_eq!(offer(local()).media().setup(), Some(Setup::Active), "{place}");
        let (alices, bobs, _) = exchange(alice(), local()).unwrap();
        assert_eq!((alices.1.as_str(), bobs.0), ("Await", Role::Active), "{place}");
        let refusal = exchange(unreachable(ALICE), local()).unwrap_err();
        assert_eq!(refusal, Refusal::Unreachable, "{place}");
        // The lines, for a peer with CEMA, or a relay lead to it all the same.
        let by_lines = local().lines("192.0.2.7", 4000);
        let by_relay = Local::through(uri(&format!("msrp://{place}/s;tcp")), path(RELAY));
        for local in [by_lines, by_relay] {
            assert_eq!(offer(local.clone()).media().setup(), Some(Setup::Actpass), "{place}");
            let alice = alice().with_cema(Addresses::new());
            assert_eq!(exchange(alice, local).unwrap().1.0, Role::Passive, "{place}");
        }
        let its_lines = local().lines(place.trim_end_matches(":7654"), 9);
        assert_eq!(offer(its_lines).media().setup(), Some(Setup::Active), "{place}");
    }
}

const RELAY: &str = "msrp://relay-b.example:2855/bRelay92;tcp";

// wild: 55
#[test]
fn who_has_a_path_of_zeros_is_awaited_or_met_at_its_lines() {
    let zeros = case("S05-path-of-zeros-unreachable").parse().unwrap();
    let zeros = MsrpMedia::parse(&zeros).unwrap();
    let answer = |local: Local| msrp_sdp::answer(&zeros, local.accept_file());
    let cema = |local: Local| local.with_cema(Addresses::new());
    for local in [bob(), cema(bob())] {
        let (_, plan) = answer(local).unwrap();
        assert_eq!((plan.role(), plan.connect()), (Role::Passive, &Connect::Await));
    }
    assert_eq!(answer(unreachable(BOB)).unwrap_err(), Refusal::Unreachable);
    let (_, plan) = answer(cema(unreachable(BOB))).unwrap();
    assert_eq!(connect(plan.connect()), "198.51.100.9:23922 tls false");
    // The lines may lead nowhere as well.
    let nowhere = case("S05-path-of-zeros-unreachable").replace("198.51.100.9", "0.0.0.0");
    let nowhere = MsrpMedia::parse(&nowhere.parse().unwrap()).unwrap();
    let refusal = msrp_sdp::answer(&nowhere, cema(unreachable(BOB)).accept_file()).unwrap_err();
    assert_eq!(refusal, Refusal::Unreachable);
}

// req: 6135-4.5-1, 6135-4.5-2
#[test]
fn behind_a_relay_each_side_connects_to_its_own() {
    let (alices, bobs) = plan(relayed_alice(), relayed_bob());
    assert_eq!(alices, (Role::Active, "Relay".into()));
    assert_eq!(bobs, (Role::Passive, "Relay".into()));
    let (alices, bobs) =
        plan(relayed_alice(), Local::unreachable(uri("msrps://192.0.2.7:9/b;tcp")));
    assert_eq!(alices, (Role::Passive, "Relay".into()));
    assert_eq!(bobs, (Role::Active, "relay-a.example:2855 tls true".into()));
    let (alices, bobs) = plan(Local::unreachable(uri("msrps://192.0.2.1:9/a;tcp")), relayed_bob());
    assert_eq!(alices, (Role::Active, "relay-b.example:2855 tls true".into()));
    assert_eq!(bobs, (Role::Passive, "Relay".into()));
}

// req: 6135-4.3-2
#[test]
fn the_certificate_of_a_relay_is_not_the_peers() {
    let fingerprint = Fingerprint::new(HashFunction::Sha256, &[1; 32]).unwrap();
    let secure = Local::new(uri("msrps://192.0.2.7:12763/kjhd37s2s20w2a;tcp"));
    let count = |alice: Local, bob: Local| {
        let offer = offer(alice.with_fingerprint(fingerprint.clone()));
        let (answer, bobs) =
            msrp_sdp::answer(offer.media(), bob.with_fingerprint(fingerprint.clone())).unwrap();
        let alices = msrp_sdp::complete(&offer, &answer).unwrap();
        (alices.fingerprints().count(), bobs.fingerprints().count())
    };
    let direct = Local::new(uri("msrps://192.0.2.1:7654/jshA7weztas;tcp"));
    assert_eq!(count(direct.clone(), secure.clone()), (1, 1));
    assert_eq!(count(relayed_alice(), secure), (0, 0));
    assert_eq!(count(direct, relayed_bob()), (0, 0));
}

#[test]
fn what_is_connected_to_says_whether_there_is_tls() {
    // A relay with TLS before an endpoint without it: by the path and by the lines.
    let own = || Local::through(uri(ALICE), path(ALICES_RELAY)).with_cema(Addresses::new());
    let offer = offer(own());
    assert_eq!(offer.description().protocol(), "TCP/TLS/MSRP");
    let behind = || Local::unreachable(uri("msrps://192.0.2.7:12763/kjhd37s2s20w2a;tcp"));
    for behind in [behind(), behind().with_cema(Addresses::new())] {
        let (_, plan) = msrp_sdp::answer(offer.media(), behind).unwrap();
        assert_eq!(connect(plan.connect()), "relay-a.example:2855 tls true");
    }
}

#[test]
fn the_paths_of_requests_have_the_relays_of_both_sides() {
    let offer = offer(relayed_alice());
    let (answer, bobs) = msrp_sdp::answer(&carried(&offer.description()), relayed_bob()).unwrap();
    let alices = msrp_sdp::complete(&offer, &answer).unwrap();
    let (a, b) =
        ("msrps://192.0.2.1:7654/jshA7weztas;tcp", "msrps://192.0.2.7:12763/kjhd37s2s20w2a;tcp");
    assert_eq!(alices.to_path().as_str(), format!("{ALICES_RELAY} {BOBS_RELAY} {b}"));
    assert_eq!(bobs.to_path().as_str(), format!("{BOBS_RELAY} {ALICES_RELAY} {a}"));
    assert_eq!(alices.session_config().local.as_str(), a);
    assert_eq!(bobs.session_config().remote.as_ref(), Some(bobs.to_path()));
}

// req: 7977-5.2.2-2
#[test]
fn an_unknown_transport_is_none_to_connect_to() {
    let lines = |path: &str| media(&format!("a=accept-types:*\na=setup:passive\na=path:{path}\n"));
    let browser = lines("msrp://df7jal23ls0d.invalid:2855/98cjs;ws");
    assert_eq!(msrp_sdp::answer(&browser, bob()).unwrap_err(), Refusal::Transport);
    // Behind its relay, nobody connects to it.
    let relayed =
        lines("msrp://relay.example:2855/r;tcp msrp://df7jal23ls0d.invalid:2855/98cjs;xyz");
    assert!(msrp_sdp::answer(&relayed, bob()).is_ok());
}

// req: 6135-4.3-1, 4975-14.2-1
#[test]
fn what_was_offered_under_tls_is_not_answered_without() {
    let secure = || Local::new(uri("msrps://192.0.2.1:7654/jshA7weztas;tcp"));
    assert_eq!(exchange(secure(), bob()).unwrap_err(), Refusal::NotSecure);
    assert_eq!(msrp_sdp::complete(&offer(secure()), &media(NEEDED)), Err(Refusal::NotSecure));
    // Nor is TLS added: the answer would have another transport (RFC 3264 section 6).
    assert_eq!(exchange(bob(), secure()).unwrap_err(), Refusal::OtherProtocol);
}
