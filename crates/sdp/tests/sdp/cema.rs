//! Middleboxes (RFC 6714): when the lines of a description say where to connect, and
//! when there is no session.

use msrp::Role;
use msrp_sdp::{
    Addresses, Connect, Local, MediaDescription, MsrpMedia, Offer, Refusal, Remedy, Setup,
};

use super::{carried, offer, path, read_section, uri};

const A: &str = "msrp://192.0.2.1:7654/jshA7weztas;tcp";
const B: &str = "msrp://192.0.2.7:12763/kjhd37s2s20w2a;tcp";
const RELAY_A: &str = "msrp://198.51.100.1:2855/aRelay;tcp";
const RELAY_B: &str = "msrp://198.51.100.7:2855/bRelay;tcp";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Reach {
    Direct,
    Behind,
    Relayed,
}

const ALL: [Reach; 3] = [Reach::Direct, Reach::Behind, Reach::Relayed];

fn local(own: &str, relay: &str, reach: Reach) -> Local {
    match reach {
        Reach::Direct => Local::new(uri(own)),
        Reach::Behind => Local::unreachable(uri(own)),
        Reach::Relayed => Local::through(uri(own), path(relay)),
    }
}

fn alice(reach: Reach) -> Local {
    local(A, RELAY_A, reach)
}

fn bob(reach: Reach) -> Local {
    local(B, RELAY_B, reach)
}

fn with_cema(local: Local) -> Local {
    local.with_cema(Addresses::new())
}

/// The section after a middlebox has put itself into the lines.
fn anchored(section: &MediaDescription, place: (&str, u16)) -> MsrpMedia {
    let moved = carried(section).anchored(place.0, place.1);
    assert_eq!(moved.description().attributes(), section.attributes());
    carried(&moved.description())
}

const BOX: (&str, u16) = ("203.0.113.5", 40000);

fn target(connect: &Connect) -> String {
    match connect {
        Connect::To(target) => format!("{}:{}", target.host(), target.port()),
        other => format!("{other:?}"),
    }
}

// req: 6714-4.2-1, 6714-4.2-2, 6714-4.2-3, 6714-5.2-1, 6714-4.5-1
#[test]
fn an_offer_says_so_and_names_the_relay_in_its_lines() {
    for reach in ALL {
        let section = offer(with_cema(alice(reach))).description();
        let cema: Vec<_> =
            section.attributes().iter().filter(|it| it.name() == "msrp-cema").collect();
        assert_eq!(cema.len(), 1);
        assert_eq!(cema[0].value(), None);
        let read = carried(&section);
        let (setup, place) = match reach {
            Reach::Direct => (Setup::Actpass, ("192.0.2.1", 7654)),
            Reach::Behind => (Setup::Active, ("192.0.2.1", 9)),
            Reach::Relayed => (Setup::Actpass, ("198.51.100.1", 2855)),
        };
        assert_eq!(
            (read.setup(), read.address(), read.port()),
            (Some(setup), Some(place.0), place.1)
        );
    }
}

// req: 6714-4.3-1
#[test]
fn a_middlebox_that_knows_nothing_of_it_is_refused() {
    let plain = offer(alice(Reach::Direct)).description();
    let moved = anchored(&plain, BOX);
    let refusal = msrp_sdp::answer(&moved, with_cema(bob(Reach::Direct))).unwrap_err();
    assert_eq!(refusal, Refusal::Middlebox { offered: false });
    assert_eq!(refusal.remedy(), Remedy::Refuse);
    // Without CEMA the lines mean nothing (RFC 4975 section 8.1); if they match the
    // path there is no middlebox.
    assert!(msrp_sdp::answer(&moved, bob(Reach::Direct)).is_ok());
    assert!(msrp_sdp::answer(&carried(&plain), with_cema(bob(Reach::Direct))).is_ok());
    let relayed = offer(alice(Reach::Relayed)).description();
    assert!(msrp_sdp::answer(&carried(&relayed), with_cema(bob(Reach::Direct))).is_ok());
    // A side that only connects has no port to name.
    let behind = offer(alice(Reach::Behind)).description();
    assert!(msrp_sdp::answer(&carried(&behind), with_cema(bob(Reach::Direct))).is_ok());
}

// req: 6714-4.3-2, 6714-4.3-3, 6714-4.3-4, 6714-4.3-5, 6714-4.3-6, 6714-4.3-7, 6714-4.3-8
#[test]
fn an_answer_has_it_unless_a_relay_would_have_to_connect() {
    let setups = [None, Some(Setup::Active), Some(Setup::Passive), Some(Setup::Actpass)];
    for alices in [Reach::Direct, Reach::Relayed] {
        for bobs in [Reach::Direct, Reach::Relayed] {
            for setup in setups {
                let mut text = offer(with_cema(alice(alices))).description().to_string();
                text = text.replace("a=setup:actpass\r\n", "");
                if let Some(setup) = setup {
                    text += &format!("a=setup:{}\r\n", setup.as_str());
                }
                let theirs = MsrpMedia::parse(&read_section(&text).unwrap()).unwrap();
                let (answer, plan) = msrp_sdp::answer(&theirs, with_cema(bob(bobs))).unwrap();
                let case = format!("{alices:?} {bobs:?} {setup:?}");
                let (a, b) = (alices == Reach::Relayed, bobs == Reach::Relayed);
                let both_relayed = a && b;
                let offerer_connects = a && matches!(setup, None | Some(Setup::Active));
                let cannot_wait = b && setup == Some(Setup::Passive);
                let falls_back = both_relayed || offerer_connects || cannot_wait;
                assert_eq!(answer.has_cema(), !falls_back, "{case}");
                assert!(answer.setup().is_some(), "{case}");
                let place = (answer.address().unwrap(), answer.port());
                match (answer.has_cema(), b) {
                    (true, true) => {
                        assert_eq!(answer.setup(), Some(Setup::Passive), "{case}");
                        assert_eq!(place, ("198.51.100.7", 2855), "{case}");
                        assert_eq!(answer.path().first().as_str(), RELAY_B, "{case}");
                    }
                    (false, true) => assert_eq!(place.0, "192.0.2.7", "{case}"),
                    (_, false) => assert_eq!(plan.role() == Role::Active, place.1 == 9, "{case}"),
                }
            }
        }
    }
}

// req: 6714-4.3-9
#[test]
fn an_active_answerer_connects_to_the_middlebox() {
    let moved = anchored(&offer(with_cema(alice(Reach::Direct))).description(), BOX);
    let (answer, plan) = msrp_sdp::answer(&moved, with_cema(bob(Reach::Behind))).unwrap();
    assert!(answer.has_cema());
    assert_eq!(target(plan.connect()), "203.0.113.5:40000");
    assert_eq!(plan.to_path().as_str(), A);
    // It connects to an offerer with a relay, which cannot connect to a middlebox.
    let moved = anchored(&offer(with_cema(alice(Reach::Relayed))).description(), BOX);
    let (answer, plan) = msrp_sdp::answer(&moved, with_cema(bob(Reach::Direct))).unwrap();
    assert_eq!((answer.has_cema(), plan.role()), (true, Role::Active));
    assert_eq!(target(plan.connect()), "203.0.113.5:40000");
    assert_eq!(plan.to_path().as_str(), format!("{RELAY_A} {A}"));
}

/// A handmade answer: whether it has CEMA, its relay, `setup`, and the place of its
/// lines.
fn answered(cema: bool, relayed: bool, setup: Option<Setup>, is_moved: bool) -> MsrpMedia {
    let own = if relayed { format!("{RELAY_B} {B}") } else { B.into() };
    let place = if is_moved { BOX } else { ("192.0.2.7", 12763) };
    let mut section = MediaDescription::new("message", place.1, "TCP/MSRP", "*")
        .with_address(place.0)
        .with_attribute("accept-types", Some("*"))
        .with_attribute("path", Some(&own));
    if cema {
        section = section.with_attribute("msrp-cema", None);
    }
    if let Some(setup) = setup {
        section = section.with_attribute("setup", Some(setup.as_str()));
    }
    carried(&section)
}

// req: 6714-4.2-4, 6714-4.2-5, 6714-4.2-6, 6714-4.2-9, 6714-4.2-10
#[test]
fn each_answer_to_an_offer_is_taken_or_offered_again_as_the_rules_say() {
    let fall_back = Err(Refusal::Middlebox { offered: true });
    for own in [Reach::Direct, Reach::Relayed] {
        for (relayed, setup, is_moved) in answers() {
            let case =
                format!("own {own:?}, answerer relayed {relayed}, {setup:?}, moved {is_moved}");
            let offer = offer(with_cema(alice(own)));
            let plan = msrp_sdp::complete(&offer, &answered(false, relayed, setup, is_moved));
            let is_active = setup != Some(Setup::Active);
            let first = is_moved && !is_active;
            let second = own == Reach::Relayed && is_moved && is_active;
            let third = relayed && is_moved && is_active;
            let connect = plan.as_ref().map(|plan| target(plan.connect())).map_err(Clone::clone);
            let expected = match (own, is_active) {
                _ if first || second || third => fall_back.clone(),
                (Reach::Relayed, _) => Ok("Relay".into()),
                (_, false) => Ok("Await".into()),
                // RFC 4975: the first URI of the path. Otherwise the lines.
                (_, true) if relayed => Ok("198.51.100.7:2855".into()),
                (_, true) if is_moved => Ok("203.0.113.5:40000".into()),
                (_, true) => Ok("192.0.2.7:12763".into()),
            };
            assert_eq!(connect, expected, "{case}");
        }
    }
}

/// All of those: whether it is relayed, its `setup`, and whether it is moved.
fn answers() -> impl Iterator<Item = (bool, Option<Setup>, bool)> {
    let setups = [None, Some(Setup::Active), Some(Setup::Passive)];
    let both = [false, true];
    both.into_iter().flat_map(move |relayed| {
        setups.into_iter().flat_map(move |it| both.map(|is_moved| (relayed, it, is_moved)))
    })
}

#[test]
fn an_answer_with_the_attribute_is_connected_to_by_its_lines() {
    let offer = offer(with_cema(alice(Reach::Direct)));
    for relayed in [false, true] {
        let answer = answered(true, relayed, Some(Setup::Passive), true);
        let plan = msrp_sdp::complete(&offer, &answer).unwrap();
        assert_eq!(target(plan.connect()), "203.0.113.5:40000");
        let waits = answered(true, relayed, Some(Setup::Active), true);
        assert_eq!(msrp_sdp::complete(&offer, &waits).unwrap().connect(), &Connect::Await);
    }
    // This side's relay follows only the path, past the middlebox.
    let relayed = Offer::new(with_cema(alice(Reach::Relayed))).unwrap();
    let refusal = msrp_sdp::complete(&relayed, &answered(true, false, Some(Setup::Passive), true));
    assert_eq!(refusal, Err(Refusal::Middlebox { offered: true }));
}

#[test]
fn without_cema_of_its_own_a_side_looks_at_no_lines() {
    let offer = offer(alice(Reach::Direct));
    let plan = msrp_sdp::complete(&offer, &answered(true, false, None, true)).unwrap();
    assert_eq!(target(plan.connect()), "192.0.2.7:12763");
    let moved = anchored(&self::offer(with_cema(alice(Reach::Direct))).description(), BOX);
    let (answer, plan) = msrp_sdp::answer(&moved, bob(Reach::Behind)).unwrap();
    assert!(!answer.has_cema());
    assert_eq!(target(plan.connect()), "192.0.2.1:7654");
}

// req: 6714-4.2-7
#[test]
fn what_is_offered_again_is_the_same_without_cema() {
    let refusal = Refusal::Middlebox { offered: true };
    assert_eq!(refusal.remedy(), Remedy::OfferWithoutCema);
    for reach in ALL {
        let again = offer(with_cema(alice(reach))).without_cema();
        assert_eq!(again.media(), offer(alice(reach)).media());
        assert!(!again.media().has_cema());
    }
}

// req: 6714-4.4-1, 6714-4.4-2
#[test]
fn names_are_compared_by_their_addresses() {
    let known = |names: &[(&str, &[&str])]| {
        names.iter().fold(Addresses::new(), |all, (name, addresses)| {
            all.with(name, addresses.iter().map(|it| it.parse().unwrap()))
        })
    };
    let is_direct = |address: &str, uri_text: &str, names: &[(&str, &[&str])]| {
        let section = MediaDescription::new("message", 7654, "TCP/MSRP", "*")
            .with_address(address)
            .with_attribute("accept-types", Some("*"))
            .with_attribute("path", Some(uri_text));
        msrp_sdp::answer(&carried(&section), bob(Reach::Direct).with_cema(known(names))).is_ok()
    };
    let host = "msrp://host.example:7654/s;tcp";
    let records: &[(&str, &[&str])] = &[("Host.example", &["192.0.2.50", "2001:db8::50"])];
    assert!(is_direct("192.0.2.50", host, records));
    assert!(is_direct("2001:db8::50", host, records));
    assert!(is_direct("2001:0DB8:0:0:0:0:0:50", "msrp://[2001:db8::50]:7654/s;tcp", &[]));
    assert!(is_direct("HOST.example", host, &[]));
    assert!(is_direct(
        "other.example",
        host,
        &[("host.example", &["192.0.2.1"]), ("other.example", &["192.0.2.9", "192.0.2.1"])]
    ));
    assert!(!is_direct("192.0.2.50", host, &[]));
    assert!(!is_direct("192.0.2.51", host, records));
    assert!(!is_direct("other.example", host, records));
    assert!(!is_direct("192.0.2.50", "msrp://192.0.2.50:7655/s;tcp", &[]));
}

#[test]
fn lines_that_lead_nowhere_are_no_middlebox() {
    let text = offer(alice(Reach::Direct)).description().to_string();
    for nowhere in ["0.0.0.0", "0", "nobody.invalid"] {
        let text = text.replace("c=IN IP4 192.0.2.1", &format!("c=IN IP4 {nowhere}"));
        let media = MsrpMedia::parse(&read_section(&text).unwrap()).unwrap();
        let (_, plan) = msrp_sdp::answer(&media, with_cema(bob(Reach::Behind))).unwrap();
        assert_eq!(target(plan.connect()), "192.0.2.1:7654", "{nowhere}");
    }
}

#[test]
fn a_line_that_names_no_place_is_no_place_of_the_path() {
    let text = offer(alice(Reach::Direct)).description().to_string();
    let odd = text.replace("c=IN IP4 192.0.2.1", "c=IN IP4 203.0.113.5,");
    let media = MsrpMedia::parse(&read_section(&odd).unwrap()).unwrap();
    let refusal = msrp_sdp::answer(&media, with_cema(bob(Reach::Direct))).unwrap_err();
    assert_eq!(refusal, Refusal::Middlebox { offered: false });
    // Neither side connects there.
    let text = offer(with_cema(alice(Reach::Direct))).description().to_string();
    let odd = text.replace("c=IN IP4 192.0.2.1", "c=IN IP4 203.0.113.5,");
    let media = MsrpMedia::parse(&read_section(&odd).unwrap()).unwrap();
    let (_, plan) = msrp_sdp::answer(&media, with_cema(bob(Reach::Behind))).unwrap();
    assert_eq!(target(plan.connect()), "192.0.2.1:7654");
}

// req: 6714-4.4-1
#[test]
fn the_names_of_an_answer_are_looked_up_before_it_is_taken() {
    let offer = offer(with_cema(alice(Reach::Direct)));
    let text = answered(false, true, None, false).description().to_string();
    let named = text.replace("198.51.100.7:2855", "relay.example:2855");
    let named = named.replace("m=message 12763", "m=message 2855");
    let named = named.replace("c=IN IP4 192.0.2.7", "c=IN IP4 198.51.100.7");
    let answer = MsrpMedia::parse(&read_section(&named).unwrap()).unwrap();
    let unknown = msrp_sdp::complete(&offer, &answer);
    assert_eq!(unknown, Err(Refusal::Middlebox { offered: true }));
    assert_eq!(answer.names().collect::<Vec<_>>(), ["relay.example"]);
    let known = Addresses::new().with("relay.example", ["198.51.100.7".parse().unwrap()]);
    let plan = msrp_sdp::complete(&offer.with_addresses(known), &answer).unwrap();
    assert_eq!(target(plan.connect()), "relay.example:2855");
}

// The whole way, with a middlebox that anchors both directions.
#[test]
fn both_sides_meet_at_the_middlebox() {
    let offer = offer(with_cema(alice(Reach::Direct)));
    let (answer, bobs) =
        msrp_sdp::answer(&anchored(&offer.description(), BOX), with_cema(bob(Reach::Direct)))
            .unwrap();
    let alices =
        msrp_sdp::complete(&offer, &anchored(&answer.description(), ("203.0.113.5", 40002)))
            .unwrap();
    assert_eq!(
        (target(alices.connect()), target(bobs.connect())),
        ("203.0.113.5:40002".into(), "Await".into())
    );
    // The messages and the session name the ends.
    assert_eq!(alices.to_path().as_str(), B);
}
