//! Session descriptions: what is read of any text is written so that it reads the
//! same, and two sides that agree have agreed upon the same thing.

use std::net::IpAddr;

use msrp::{Direction, MediaTypes, Role};
use msrp_sdp::data_channel::{DataChannels, Dcmap};
use msrp_sdp::{
    Addresses, Attribute, Connect, Fingerprint, Local, MediaDescription, MsrpMedia, Offer, Remedy,
    SdpTolerance, SdpTolerances, SessionDescription, SessionPlan, Update,
};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines().take(16) {
        assert_values(line);
    }
    let Ok(description) = text.parse::<SessionDescription>() else { return };
    let written = SessionDescription::parse_with(&description.to_string(), SdpTolerances::none());
    assert_eq!(written.as_ref(), Ok(&description));
    if let Ok(strict) = SessionDescription::parse_with(text, SdpTolerances::none()) {
        assert_eq!((&strict, description.tolerated().is_empty()), (&description, true));
    }
    let same = description.revised(description.media().to_vec());
    assert_eq!(same, description);
    for section in description.media() {
        assert_section(section);
        assert_channels(section);
    }
}

fn assert_values(line: &str) {
    if let Ok(fingerprint) = line.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
    if let Ok(map) = line.parse::<Dcmap>() {
        assert_eq!(map.to_string().parse(), Ok(map));
    }
    if let Ok(attribute) = line.parse::<Attribute>() {
        assert_eq!(attribute.to_string().parse(), Ok(attribute));
    }
}

fn assert_section(section: &MediaDescription) {
    let refused = msrp_sdp::refuse(section);
    assert!(refused.is_closed() && MsrpMedia::parse(&refused).is_err());
    let strict = MsrpMedia::parse_with(section, SdpTolerances::none());
    let Ok(media) = MsrpMedia::parse(section) else {
        assert!(strict.is_err());
        return;
    };
    let own = MsrpMedia::parse(&without_tolerated(section)).unwrap().tolerated();
    assert_eq!(strict.is_ok(), own.is_empty());
    // The order of attributes is that of this crate, and what it does not know is
    // gone.
    let written = media.description();
    let again = MsrpMedia::parse(&written).unwrap();
    assert_eq!(again, media);
    // Only the protocol stays as it was written.
    assert!(again.tolerated().iter().all(|it| media.tolerated().contains(it)));
    assert_agreements(&media);
}

/// The same section without what was read over in its lines.
fn without_tolerated(section: &MediaDescription) -> MediaDescription {
    let (media, protocol) = (section.media(), section.protocol());
    let bare = MediaDescription::new(media, section.port(), protocol, section.formats());
    let bare = bare.with_attributes(section.attributes().iter().cloned());
    section.address().into_iter().fold(bare, MediaDescription::with_address)
}

fn assert_channels(section: &MediaDescription) {
    let Ok(channels) = DataChannels::parse(section.parts()) else { return };
    for channel in channels.channels() {
        let text = format!("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n{channel}");
        let again: MediaDescription = text.parse().unwrap();
        let again = DataChannels::parse(again.parts()).unwrap();
        let session = channel.session(SdpTolerances::all());
        assert!(session.is_err() || again.channels().len() == 1);
        if let Ok(session) = session {
            assert_agreements(&session);
        }
    }
}

/// Answers what was read as several sides would, and takes it for the answer to
/// offers of theirs.
fn assert_agreements(media: &MsrpMedia) {
    for local in locals(media) {
        if let Ok((answer, plan)) = msrp_sdp::answer(media, local.clone()) {
            assert_answer(media, &answer, &plan);
            // The same offer once more changes nothing.
            let (_, again) = msrp_sdp::answer(media, local.clone().continuing(&plan)).unwrap();
            assert_eq!(again.update_of(&plan), Update::Unchanged);
            assert_eq!((again.role(), again.connect()), (plan.role(), plan.connect()));
        }
        let Ok(offer) = Offer::new(local) else { continue };
        match msrp_sdp::complete(&offer, media) {
            Ok(plan) => {
                assert_plan(&plan);
                assert_eq!(plan.update_of(&plan), Update::Unchanged);
            }
            Err(refusal) if refusal.remedy() == Remedy::OfferWithoutCema => {
                assert!(!offer.without_cema().media().has_cema());
            }
            Err(_) => {}
        }
    }
}

fn assert_answer(offer: &MsrpMedia, answer: &MsrpMedia, plan: &SessionPlan) {
    assert_plan(plan);
    let direction = answer.direction();
    assert!(!direction.may_send() || offer.direction().may_receive());
    assert!(!direction.may_receive() || offer.direction().may_send());
    assert_eq!(plan.direction(), direction);
    assert!(!answer.has_cema() || offer.has_cema() || *plan.connect() == Connect::DataChannel);
    if let Some(file) = answer.file() {
        let offered = offer.file().unwrap();
        assert_eq!((&file.transfer_id, file.range), (&offered.transfer_id, offered.range));
    }
    if *plan.connect() != Connect::DataChannel {
        assert_eq!(MsrpMedia::parse(&answer.description()).as_ref(), Ok(answer));
    }
}

fn assert_plan(plan: &SessionPlan) {
    assert_transport(plan);
    let config = plan.session_config();
    assert_eq!(config.remote.as_ref(), Some(plan.to_path()));
    assert_eq!(config.local.view(), plan.uri());
    match plan.connect() {
        Connect::To(target) => {
            assert_eq!(plan.role(), Role::Active);
            assert!(!target.host().is_empty() && !target.host().contains('['));
            assert!(!matches!(target.port(), 0 | 9));
            let address = target.host().parse::<IpAddr>().ok();
            assert!(address.is_none_or(|it| !it.is_unspecified()));
        }
        Connect::Await => assert_eq!(plan.role(), Role::Passive),
        _ => {}
    }
}

/// The m= lines of both sides ask for the same protection, and nobody connects without
/// it.
fn assert_transport(plan: &SessionPlan) {
    let (local, peer) = (plan.local(), plan.peer());
    let channels = [local, peer].iter().any(|it| it.path().last().transport() == "dc");
    let is_upgrade = plan.tolerated().contains(SdpTolerance::RelayedTls);
    assert!(channels || is_upgrade || local.is_secure() == peer.is_secure());
    if let Connect::To(target) = plan.connect() {
        assert!(target.is_secure() || !local.is_secure() && !peer.is_secure());
    }
}

fn locals(media: &MsrpMedia) -> impl Iterator<Item = Local> {
    let uri = |text: &str| text.parse().unwrap();
    let plain = Local::new(uri("msrp://192.0.2.7:12763/kjhd37s2s20w2a;tcp"));
    let secure = Local::new(uri("msrps://192.0.2.7:12763/kjhd37s2s20w2a;tcp"));
    let behind = Local::unreachable(uri("msrps://192.0.2.7:9/kjhd37s2s20w2a;tcp"));
    let relayed = Local::through(
        uri("msrps://192.0.2.7:12763/kjhd37s2s20w2a;tcp"),
        "msrps://relay.example:2855/t;tcp".parse().unwrap(),
    );
    let channel = Local::new(uri("msrps://192.0.2.7:9/kjhd37s2s20w2a;dc"));
    let names = media.names().map(str::to_owned).collect::<Vec<_>>();
    let known = names
        .iter()
        .fold(Addresses::new(), |known, name| known.with(name, ["192.0.2.1".parse().unwrap()]));
    let file = media.file().cloned();
    let with_file = |local: Local| match &file {
        Some(file) => [
            local.clone().accept_file(),
            local.clone().send_file(file.clone()),
            local.ask_for_file(file.clone()),
        ],
        None => [
            local.clone().with_max_size(17),
            local.clone().with_direction(Direction::SendOnly),
            local.with_types(MediaTypes::new("text/*").unwrap()),
        ],
    };
    let all = [plain.clone(), secure.clone(), behind, relayed.clone(), channel.clone()];
    let more = [plain, secure, relayed, channel];
    let anchored = more.clone().map(|local| local.with_cema(known.clone()));
    let files: Vec<Local> = more.into_iter().flat_map(with_file).collect();
    all.into_iter().chain(anchored).chain(files)
}
