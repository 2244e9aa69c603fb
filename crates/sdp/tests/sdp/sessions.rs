//! From two descriptions to a working session, and what later ones change.

use msrp::{
    Config, Direction, Event, MediaTypes, Outcome, OutgoingMessage, Role, SendError, SessionError,
    SessionTable,
};
use msrp_sdp::ErrorKind::Closed;
use msrp_sdp::{
    Addresses, Chatroom, Connect, Fingerprint, HashFunction, Local, MediaDescription, MsrpMedia,
    Offer, Refusal, SessionPlan, Update,
};

use super::common::{Pair, Side};
use super::{
    ALICE, ALICES_RELAY, BOB, NEEDED, alice, bob, carried, fault, media, offer, path, uri,
};

fn plans(alice: Local, bob: Local) -> (SessionPlan, SessionPlan) {
    let offer = offer(alice);
    let (answer, bobs) = msrp_sdp::answer(&carried(&offer.description()), bob).unwrap();
    (msrp_sdp::complete(&offer, &carried(&answer.description())).unwrap(), bobs)
}

fn types(list: &str) -> MediaTypes {
    MediaTypes::new(list).unwrap()
}

// req: 4975-8.2-3
#[test]
fn what_is_agreed_upon_becomes_a_session() {
    let (alices, bobs) = plans(alice(), bob().with_types(types("text/plain")).with_max_size(20));
    let mut pair = Pair::with(Config::default(), Config::default(), bobs.session_config());
    let session = pair.alice.connection.open(alices.session_config()).unwrap();
    pair.alice.connection.send(session, OutgoingMessage::text("Are you there?")).unwrap();
    pair.settle();
    let heard = pair.bob.events();
    assert!(
        heard
            .iter()
            .any(|event| matches!(event, Event::Message { body, .. } if body == "Are you there?"))
    );
    assert_eq!(pair.alice.outcomes()[0].outcome, Outcome::Accepted);
    // Alice does not send what Bob does not accept (sections 8.6 and 8.9).
    let html = OutgoingMessage::new("text/html".parse().unwrap(), "x");
    assert!(matches!(
        pair.alice.connection.send(session, html),
        Err(SendError::TypeNotAccepted(_))
    ));
    let long = OutgoingMessage::text("x".repeat(21));
    assert_eq!(pair.alice.connection.send(session, long), Err(SendError::TooLarge { max: 20 }));
}

#[test]
fn an_offer_that_was_sent_is_taken_up_again_from_its_description() {
    let direct = alice().with_types(types("text/plain")).with_max_size(20);
    let relayed = || Local::through(uri(ALICE), path(&ALICES_RELAY.replace("msrps:", "msrp:")));
    let sides = [(direct, alice()), (relayed().with_types(types("text/plain")), relayed())];
    for (alice, again) in sides {
        let offer = offer(alice.with_cema(Addresses::new()));
        let sent = carried(&offer.description());
        let again = Offer::sent(sent, again.with_cema(Addresses::new())).unwrap();
        assert_eq!(again.media(), offer.media());
        let (answer, _) = msrp_sdp::answer(again.media(), bob()).unwrap();
        let completed = |offer: &Offer| msrp_sdp::complete(offer, &carried(&answer.description()));
        assert_eq!(completed(&again), completed(&offer));
        let html = media(&NEEDED.replace("types:*", "types:text/html"));
        assert_eq!(msrp_sdp::complete(&again, &html), Err(Refusal::NoCommonType));
        assert_eq!(again.without_cema().media(), offer.without_cema().media());
    }
}

#[test]
fn a_description_says_the_limit_that_the_session_enforces() {
    for (own, said) in [
        (alice(), Some(1 << 20)),
        (alice().with_direction(Direction::ReceiveOnly), Some(1 << 20)),
        (alice().with_chatroom(Chatroom::new()), Some(1 << 20)),
        (alice().with_max_size(0), Some(0)),
        (alice().with_max_size(5_000_000), Some(5_000_000)),
        (alice().with_max_size(u64::MAX), None),
    ] {
        assert_eq!(offer(own.clone()).media().max_size(), said);
        let (alices, bobs) = plans(own.clone(), bob());
        let (again, answered) = plans(bob(), own.clone().continuing(&alices));
        for (own, peer) in [(&alices, &bobs), (&answered, &again)] {
            assert_eq!((own.local().max_size(), peer.peer().max_size()), (said, said));
            assert_eq!(own.session_config().max_size, said.unwrap_or(u64::MAX));
            assert_eq!(peer.session_config().peer_max_size, said);
        }
    }
}

#[test]
fn what_a_peer_may_send_by_default_is_accepted_and_no_more_is_sent() {
    let (alices, bobs) = plans(alice(), bob());
    let mut pair = Pair::with(Config::default(), Config::default(), bobs.session_config());
    let session = pair.alice.connection.open(alices.session_config()).unwrap();
    let mut send = |octets| {
        let sent = OutgoingMessage::text("x".repeat(octets));
        pair.alice.connection.send(session, sent)
    };
    assert_eq!(send((1 << 20) + 1), Err(SendError::TooLarge { max: 1 << 20 }));
    send(1 << 20).unwrap();
    pair.settle();
    assert_eq!(pair.alice.outcomes()[0].outcome, Outcome::Accepted);
}

// req: 4975-8.6-4, 4975-8.6-6, 4975-8.6-9, 4975-8.6-10
#[test]
fn only_what_the_peer_has_listed_is_sent() {
    let peer = "a=accept-types:text/plain\na=accept-wrapped-types:image/png\n\
                a=path:msrp://192.0.2.7:12763/kjhd37s2s20w2a;tcp\n";
    let plan = msrp_sdp::complete(&offer(alice()), &media(peer)).unwrap();
    let now = std::time::Instant::now();
    let mut side = Side::new(Config::default(), Role::Active, 1, now);
    let session = side.connection.open(plan.session_config()).unwrap();
    let mut send = |kind: &str| {
        side.connection.send(session, OutgoingMessage::new(kind.parse().unwrap(), "x")).is_ok()
    };
    assert!(send("text/plain;charset=utf-8"));
    // Only in containers; and it lists no type that every endpoint accepts.
    assert!(!send("image/png") && !send("message/cpim") && !send("multipart/mixed"));
}

// req: 4975-8.9-1
#[test]
fn the_direction_is_what_both_have_said() {
    use Direction::{Inactive, ReceiveOnly, SendOnly, SendReceive};
    let all = [SendReceive, SendOnly, ReceiveOnly, Inactive];
    for (offered, answered) in all.into_iter().flat_map(|one| all.map(|other| (one, other))) {
        let offer = offer(alice().with_direction(offered));
        let (answer, bobs) =
            msrp_sdp::answer(offer.media(), bob().with_direction(answered)).unwrap();
        let alices = msrp_sdp::complete(&offer, &answer).unwrap();
        let case = format!("{offered:?} {answered:?}");
        assert_eq!(alices.direction(), bobs.direction().reversed(), "{case}");
        let sends = offered.may_send() && answered.may_receive();
        let receives = offered.may_receive() && answered.may_send();
        assert_eq!(
            (alices.direction().may_send(), alices.direction().may_receive()),
            (sends, receives),
            "{case}"
        );
        // An answer claims no more than the offer allows (RFC 3264 section 6.1).
        assert_eq!(answer.direction(), bobs.direction(), "{case}");
    }
    let (plan, _) = plans(alice(), bob().with_direction(SendOnly));
    assert_eq!(plan.session_config().direction, ReceiveOnly);
}

// req: 4975-8.6-8, 7701-5.2-2
#[test]
fn without_a_type_in_common_there_is_no_session() {
    let common = |one: &str, other: &str| {
        let offered = offer(alice().with_types(types(one)));
        match msrp_sdp::answer(offered.media(), bob().with_types(types(other))) {
            Ok((answer, _)) => msrp_sdp::complete(&offered, &answer).is_ok(),
            Err(refusal) => {
                assert_eq!(refusal, Refusal::NoCommonType);
                false
            }
        }
    };
    assert!(common("text/plain text/html", "text/html"));
    assert!(common("text/plain;charset=utf-8", "TEXT/plain"));
    assert!(common("text/*", "text/html"));
    assert!(common("image/png", "image/*"));
    assert!(common("*", "text/plain") && common("text/plain", "*"));
    assert!(common("message/cpim text/html", "message/cpim"));
    assert!(!common("text/plain", "image/png"));
    assert!(!common("text/plain", "message/cpim"));
}

// req: 7701-5.2-1, 7701-5.2-7, 7701-8-4
#[test]
fn a_room_takes_cpim_alone_and_says_what_it_does_whatever_was_offered() {
    let room = bob().with_types(types("message/cpim").wrapped("text/plain").unwrap());
    let room = room.with_chatroom(Chatroom::new().with_nicknames());
    let (alices, bobs) = plans(alice(), room.clone());
    assert_eq!(alices.peer().types().types().collect::<Vec<_>>(), ["message/cpim"]);
    assert_eq!(alices.chatroom().map(Chatroom::has_nicknames), Some(true));
    assert_eq!(bobs.chatroom(), None);
    assert!(alices.peer().prefers_cpim());
    // Later it supports none of it.
    let (later, _) = plans(alice(), bob().with_types(types("message/cpim")));
    assert_eq!((later.chatroom(), later.update_of(&alices)), (None, Update::Parameters));
}

// req: 8122-5.1-1, 8122-5.1-2, 6135-4.3-2, 4975-14.4-1
#[test]
fn the_fingerprints_of_the_peer_are_in_the_plan() {
    let of = |function: HashFunction| Fingerprint::new(function, &vec![3; function.len()]).unwrap();
    let secure = |text: &str| Local::new(uri(&text.replacen("msrp:", "msrps:", 1)));
    let own = secure(ALICE)
        .with_fingerprint(of(HashFunction::Sha1))
        .with_fingerprint(of(HashFunction::Sha256));
    let section = offer(own.clone()).description();
    let lines = section.attributes().iter().filter(|it| it.name() == "fingerprint").count();
    assert_eq!(lines, 2);
    let (_, bobs) = plans(own, secure(BOB));
    assert_eq!(bobs.fingerprints().collect::<Vec<_>>(), [&of(HashFunction::Sha256)]);
}

// req: 4975-8.4-1, 4975-8.4-2
#[test]
fn a_later_exchange_changes_nothing_parameters_or_the_session() {
    let (first, _) = plans(alice(), bob());
    assert_eq!(plans(alice(), bob()).0.update_of(&first), Update::Unchanged);
    let others = [
        alice().with_max_size(5),
        alice().with_types(types("text/plain")),
        alice().with_direction(Direction::SendOnly),
    ];
    for changed in others {
        assert_eq!(plans(changed, bob()).0.update_of(&first), Update::Parameters);
    }
    let renewed = "msrp://192.0.2.7:12763/another;tcp";
    assert_eq!(
        plans(alice(), bob().with_uri(uri(renewed))).0.update_of(&first),
        Update::NewSession
    );
    assert_eq!(
        plans(alice().with_uri(uri(renewed)), bob()).0.update_of(&first),
        Update::NewSession
    );
}

#[test]
fn who_offers_later_does_not_matter_to_a_session_that_goes_on() {
    let (alices, bobs) = plans(alice(), bob());
    let (bobs_again, alices_again) = plans(bob(), alice());
    assert_eq!(alices_again.update_of(&alices), Update::Unchanged);
    assert_eq!(bobs_again.update_of(&bobs), Update::Unchanged);
}

// req: 4975-8.1-7, 4975-8.2-5, 4975-8.2-6, 4975-8.3-3
#[test]
fn sessions_of_one_port_are_told_apart_by_their_uris() {
    let one = uri("msrp://192.0.2.7:12763/one;tcp");
    let two = uri("msrp://192.0.2.7:12763/two;tcp");
    let table = SessionTable::new(10);
    let (_, first) = plans(alice(), bob().with_uri(one.clone()));
    let (_, second) =
        plans(alice().with_uri(uri("msrp://192.0.2.1:7654/other;tcp")), bob().with_uri(two));
    table.insert(first.session_config()).unwrap();
    table.insert(second.session_config()).unwrap();
    assert_eq!(table.insert(first.session_config()), Err(SessionError::UriInUse));
    assert_eq!(table.len(), 2);
    // Likewise on the side that opens them.
    let mut side = Side::new(Config::default(), Role::Active, 1, std::time::Instant::now());
    let (alices, _) = plans(alice(), bob());
    side.connection.open(alices.session_config()).unwrap();
    assert_eq!(side.connection.open(alices.session_config()), Err(SessionError::UriInUse));
}

// req: 4975-8.1-6, 5547-8.1-6, 5547-8.3-1
#[test]
fn a_refused_section_has_port_zero_and_says_which_file_it_was_about() {
    let section = MediaDescription::new("message", 7654, "TCP/MSRP", "*")
        .with_address("192.0.2.1")
        .with_attribute("path", Some(ALICE))
        .with_attribute("file-selector", Some("type:image/jpeg size:4092"))
        .with_attribute("file-transfer-id", Some("Q6LMoGymJdh0IKIgD6wD0jkcfgva4xvE"))
        .with_attribute("file-disposition", Some("render"));
    let refused = msrp_sdp::refuse(&section);
    assert_eq!(
        refused.to_string(),
        "m=message 0 TCP/MSRP *\r\na=file-selector:type:image/jpeg size:4092\r\n\
         a=file-transfer-id:Q6LMoGymJdh0IKIgD6wD0jkcfgva4xvE\r\n"
    );
    let audio = MediaDescription::new("audio", 49170, "RTP/AVP", "0 8");
    assert_eq!(msrp_sdp::refuse(&audio).to_string(), "m=audio 0 RTP/AVP 0 8\r\n");
    assert_eq!(fault(MsrpMedia::parse(&refused)), ("m=", Closed, None));
}

#[test]
fn one_offer_serves_several_answers() {
    // A forked call: every place that rings answers.
    let offer = offer(alice());
    for number in 1..4 {
        let local = bob().with_uri(uri(&format!("msrp://192.0.2.{number}:12763/s;tcp")));
        let (answer, _) = msrp_sdp::answer(offer.media(), local).unwrap();
        let plan = msrp_sdp::complete(&offer, &answer).unwrap();
        let Connect::To(target) = plan.connect() else { panic!() };
        assert_eq!(target.host(), format!("192.0.2.{number}"));
        assert_eq!(plan.uri(), uri(ALICE).view());
        assert_ne!(plan.to_path().as_str(), BOB);
    }
}
