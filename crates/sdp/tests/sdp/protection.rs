//! Whether a session has TLS: both descriptions, and each of their lines, agree on it.

use msrp_sdp::{
    Addresses, Connect, Local, MsrpMedia, Offer, Refusal, SdpTolerance, SdpTolerances, SessionPlan,
};

use super::{ALICE, ALICES_RELAY, BOB, alice, bob, carried, case, path, read_section, uri};

const FINGERPRINT: &str =
    "a=fingerprint:SHA-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB\n";

fn secured(text: &str) -> String {
    text.replacen("msrp:", "msrps:", 1)
}

fn secure(text: &str) -> Local {
    Local::new(uri(&secured(text)))
}

/// A section with this protocol and path, and with these lines.
fn said(protocol: &str, path: &str, lines: &str) -> MsrpMedia {
    let text = format!(
        "m=message 7654 {protocol} *\nc=IN IP4 192.0.2.1\na=accept-types:*\na=path:{path}\n{lines}"
    );
    MsrpMedia::parse(&read_section(&text).unwrap()).unwrap()
}

fn read(name: &str) -> MsrpMedia {
    MsrpMedia::parse(&read_section(&case(name)).unwrap()).unwrap()
}

fn is_tls(plan: &SessionPlan) -> bool {
    let Connect::To(target) = plan.connect() else { panic!("{plan:?}") };
    target.is_secure()
}

// wild: 50
#[test]
fn an_answer_has_the_transport_of_its_offer_to_the_letter() {
    let plain = read("T01-plain-offer-tls-local");
    assert_eq!(msrp_sdp::answer(&plain, secure(BOB)).unwrap_err(), Refusal::OtherProtocol);
    assert_eq!(msrp_sdp::answer(&plain, bob()).unwrap().0.protocol(), "TCP/MSRP");
    let misspelt = read("T05-mrsp-typo");
    let (answer, plan) = msrp_sdp::answer(&misspelt, bob()).unwrap();
    assert!(answer.description().to_string().starts_with("m=message 12763 TCP/MRSP *\r\n"));
    assert!(plan.tolerated().iter().eq([SdpTolerance::ProtocolSpelling]));
    let lower = said("tcp/tls/mrsp", &secured(ALICE), "");
    let (answer, plan) = msrp_sdp::answer(&lower, secure(BOB)).unwrap();
    assert_eq!(answer.protocol(), "tcp/tls/mrsp");
    let used = [SdpTolerance::ProtocolSpelling, SdpTolerance::LetterCase];
    assert!(plan.tolerated().iter().eq(used));
    for strict in ["TCP/MRSP", "tcp/msrp"] {
        let text = format!("m=message 1 {strict} *\na=accept-types:*\na=path:{ALICE}\n");
        let section = read_section(&text).unwrap();
        assert!(MsrpMedia::parse_with(&section, SdpTolerances::none()).is_err(), "{strict}");
    }
}

#[test]
fn a_side_with_a_relay_answers_with_either_transport() {
    let relayed = || Local::through(uri(&secured(BOB)), path(ALICES_RELAY));
    for (protocol, own) in [("TCP/MSRP", ALICE.to_owned()), ("TCP/TLS/MSRP", secured(ALICE))] {
        let (answer, bobs) = msrp_sdp::answer(&said(protocol, &own, ""), relayed()).unwrap();
        assert_eq!(answer.protocol(), protocol);
        let offer = Offer::new(Local::new(uri(&own))).unwrap();
        assert!(is_tls(&msrp_sdp::complete(&offer, &carried(&answer.description())).unwrap()));
        // Its own later offers are about the same transport.
        let later = Offer::new(relayed().continuing(&bobs)).unwrap();
        assert_eq!(later.media().protocol(), protocol);
        let (answer, _) = msrp_sdp::answer(later.media(), Local::new(uri(&own))).unwrap();
        assert!(msrp_sdp::complete(&later, &answer).is_ok());
    }
}

/// Whoever changes one line or one letter takes no protection away.
// wild: 49
#[test]
fn lines_that_disagree_about_tls_are_refused_on_both_sides() {
    let (plain, tls) = (ALICE, &*secured(ALICE));
    let relays = format!("msrp://relay.example:2855/r;tcp {tls}");
    let contradictions = [
        read("T02-tls-proto-plain-path-plain-local"),
        said("TCP/TLS/MSRP", plain, ""),
        said("TCP/TLS/MSRP", plain, FINGERPRINT),
        said("TCP/TLS/MSRP", plain, "a=setup:passive\na=msrp-cema\n"),
        said("TCP/MSRP", tls, ""),
        said("TCP/MSRP", tls, FINGERPRINT),
        said("TCP/MSRP", plain, FINGERPRINT),
        said("TCP/TLS/MSRP", &relays, ""),
        said("TCP/MSRP", &relays, ""),
    ];
    for media in contradictions {
        for local in [bob(), secure(BOB), Local::unreachable(uri(&secured(BOB)))] {
            for local in [local.clone(), local.with_cema(Addresses::new())] {
                let refusal = msrp_sdp::answer(&media, local.clone()).unwrap_err();
                assert_eq!(refusal, Refusal::Contradiction, "{media:?}");
                let offer = Offer::new(local).unwrap();
                assert_eq!(msrp_sdp::complete(&offer, &media), Err(Refusal::Contradiction));
            }
        }
    }
}

// wild: 49
#[test]
fn an_answer_with_another_transport_is_refused() {
    let offer = |local: Local| Offer::new(local).unwrap();
    let plain = said("TCP/MSRP", ALICE, "");
    let tls = said("TCP/TLS/MSRP", &secured(ALICE), "");
    assert_eq!(msrp_sdp::complete(&offer(bob()), &tls), Err(Refusal::OtherProtocol));
    assert_eq!(msrp_sdp::complete(&offer(secure(BOB)), &plain), Err(Refusal::NotSecure));
    assert!(!is_tls(&msrp_sdp::complete(&offer(bob()), &plain).unwrap()));
    assert!(is_tls(&msrp_sdp::complete(&offer(secure(BOB)), &tls).unwrap()));
}

#[test]
fn a_plain_section_has_no_fingerprint() {
    let fingerprint: msrp_sdp::Fingerprint =
        FINGERPRINT.trim().strip_prefix("a=fingerprint:").unwrap().parse().unwrap();
    let plain = Offer::new(alice().with_fingerprint(fingerprint.clone())).unwrap();
    assert!(plain.media().fingerprints().is_empty());
    let tls = Offer::new(secure(ALICE).with_fingerprint(fingerprint)).unwrap();
    assert_eq!(tls.media().fingerprints().len(), 1);
    // That of the session is for its sections with TLS.
    let text =
        format!("{FINGERPRINT}m=message 7654 TCP/MSRP *\na=accept-types:*\na=path:{ALICE}\n");
    let media = MsrpMedia::parse(&read_section(&text).unwrap()).unwrap();
    assert!(msrp_sdp::answer(&media, bob()).is_ok());
}

#[test]
fn a_path_that_nobody_would_take_is_not_offered() {
    let local = Local::through(uri(&secured(BOB)), path("msrp://relay.example:2855/r;tcp"));
    assert_eq!(Offer::new(local).unwrap_err().kind(), msrp_sdp::ErrorKind::Conflict);
}
