//! A middlebox that is an endpoint to either side.

use msrp::{Config, Direction, MediaTypes, Outcome, OutgoingMessage, Role};
use msrp_sdp::file::{FileAttributes, FileSelector};
use msrp_sdp::{
    Addresses, Connect, Joined, Local, Middlebox, MsrpMedia, Offer, Refusal, SessionPlan, Setup,
};

use super::common::Pair;
use super::{ALICE, ALICES_RELAY, BOB, alice, bob, carried, offer, path, uri};

const INNER: &str = "msrp://203.0.113.5:30100/d1sf9nx2pq7;tcp";
const OUTER: &str = "msrp://198.51.100.5:30102/x8v3kq0zl5m;tcp";

fn secured(text: &str) -> Local {
    Local::new(uri(&text.replacen("msrp:", "msrps:", 1)))
}

/// The plans of both endpoints, and those of the middlebox.
fn through(alice: Local, bob: Local) -> Result<(SessionPlan, SessionPlan, Joined), Refusal> {
    let (inner, outer) = (Local::new(uri(INNER)), Local::new(uri(OUTER)));
    let offer = offer(alice);
    let middlebox = Middlebox::new(&carried(&offer.description()), outer)?;
    let (answer, bobs) = msrp_sdp::answer(&carried(&middlebox.offer().description()), bob)?;
    let joined = middlebox.join(&carried(&answer.description()), inner)?;
    let alices = msrp_sdp::complete(&offer, &carried(&joined.answer.description()))?;
    Ok((alices, bobs, joined))
}

/// The side that connects finds the other one, and a message goes each way.
fn assert_meet(one: &SessionPlan, other: &SessionPlan) {
    let (active, passive) = if one.role() == Role::Active { (one, other) } else { (other, one) };
    assert_eq!((active.role(), passive.role()), (Role::Active, Role::Passive));
    assert_eq!((active.uri(), passive.uri()), (passive.to_path().last(), active.to_path().last()));
    match (active.connect(), passive.connect()) {
        (Connect::To(target), Connect::Await) => {
            assert_eq!(passive.uri().host_str(), target.host());
            assert_eq!(passive.uri().port(), Some(target.port()));
        }
        (Connect::Relay, Connect::Await) | (Connect::To(_), Connect::Relay) => return,
        other => panic!("{other:?}"),
    }
    let mut pair = Pair::with(Config::default(), Config::default(), passive.session_config());
    let session = pair.alice.connection.open(active.session_config()).unwrap();
    pair.alice.connection.send(session, OutgoingMessage::text("Are you there?")).unwrap();
    pair.settle();
    assert_eq!(pair.alice.outcomes()[0].outcome, Outcome::Accepted);
}

#[test]
fn two_endpoints_behind_a_middlebox_meet_whoever_can_be_reached() {
    let alices = [alice(), Local::unreachable(uri(ALICE)), relayed(ALICE)];
    for alice in alices {
        for bob in [bob(), Local::unreachable(uri(BOB)), relayed(BOB)] {
            let (alices, bobs, joined) = through(alice.clone(), bob).unwrap();
            assert_meet(&alices, &joined.offerers);
            assert_meet(&bobs, &joined.answerers);
        }
    }
}

fn relayed(text: &str) -> Local {
    Local::through(uri(text), path(ALICES_RELAY))
}

#[test]
fn path_and_lines_are_those_of_the_middlebox_and_the_rest_passes() {
    let types = |list: &str| MediaTypes::new(list).unwrap();
    let caller = alice()
        .with_types(types("message/cpim text/plain"))
        .with_max_size(4096)
        .with_direction(Direction::SendOnly)
        .with_cema(Addresses::new())
        .with_chatroom(msrp_sdp::Chatroom::new().with_nicknames());
    let middlebox = Middlebox::new(offer(caller).media(), Local::new(uri(OUTER))).unwrap();
    let text = middlebox.offer().description().to_string();
    assert_eq!(
        text,
        format!(
            "m=message 30102 TCP/MSRP *\r\nc=IN IP4 198.51.100.5\r\na=sendonly\r\n\
             a=accept-types:message/cpim text/plain\r\na=max-size:4096\r\na=path:{OUTER}\r\n\
             a=setup:actpass\r\na=chatroom:nickname\r\n"
        )
    );
    // The middlebox accepts on behalf of the endpoint behind it.
    let (_, bobs, joined) = through(alice(), bob().with_max_size(77)).unwrap();
    assert_eq!(joined.offerers.session_config().max_size, 77);
    assert_eq!(bobs.session_config().max_size, 77);
    assert_eq!(joined.answer.path(), &path(INNER));
    assert_eq!(joined.answer.setup(), Some(Setup::Passive));
}

#[test]
fn a_file_passes_as_it_is() {
    let selector = FileSelector::builder().media_type("image/png".parse().unwrap()).size(5_000_000);
    let mut file = FileAttributes::new(selector.build().unwrap());
    file.transfer_id = Some("id1".parse().unwrap());
    let (alices, bobs, joined) =
        through(alice().send_file(file.clone()), bob().accept_file()).unwrap();
    for plan in [&alices, &bobs, &joined.offerers, &joined.answerers] {
        assert_eq!(plan.file(), Some(&file));
        assert_eq!(plan.session_config().direction, plan.direction());
    }
    assert_eq!(joined.offerers.direction(), Direction::ReceiveOnly);
    assert_eq!(joined.answerers.direction(), Direction::SendOnly);
}

#[test]
fn tls_is_passed_on_or_there_is_no_session() {
    let offer = Offer::new(secured(ALICE)).unwrap();
    let plain = Middlebox::new(offer.media(), Local::new(uri(OUTER)));
    assert_eq!(plain.unwrap_err(), Refusal::NotSecure);
    let middlebox = Middlebox::new(offer.media(), secured(OUTER)).unwrap();
    let (answer, _) = msrp_sdp::answer(middlebox.offer(), secured(BOB)).unwrap();
    let plain = middlebox.join(&answer, Local::new(uri(INNER)));
    assert_eq!(plain.unwrap_err(), Refusal::NotSecure);
    let joined = middlebox.join(&answer, secured(INNER)).unwrap();
    let alices = msrp_sdp::complete(&offer, &joined.answer).unwrap();
    assert!(matches!(alices.connect(), Connect::To(target) if target.is_secure()));
    let text = offer.description().to_string().replace("msrps:", "msrp:");
    let stripped = MsrpMedia::parse(&text.parse().unwrap()).unwrap();
    let refusal = Middlebox::new(&stripped, secured(OUTER)).unwrap_err();
    assert_eq!(refusal, Refusal::Contradiction);
}

#[test]
fn without_a_type_in_common_the_answer_is_refused() {
    let types = |list: &str| MediaTypes::new(list).unwrap();
    let offer = offer(alice().with_types(types("text/plain")));
    let middlebox = Middlebox::new(offer.media(), Local::new(uri(OUTER))).unwrap();
    let other = super::media(&format!("a=accept-types:image/png\na=path:{BOB}\n"));
    let refusal = middlebox.join(&other, Local::new(uri(INNER))).unwrap_err();
    assert_eq!(refusal, Refusal::NoCommonType);
}
