//! Files in offer and answer (RFC 5547 section 8).

use msrp::wire::FailureReport;
use msrp::{
    Config, Direction, Event, FailReason, MediaType, Outcome, OutgoingMessage, ReceiveMode, Role,
    SendError, StatusCode,
};
use msrp_cpim::multipart::MultipartBuilder;
use msrp_sdp::ErrorKind::{Closed, Duplicate, Missing};
use msrp_sdp::file::{FileAttributes, FileDate, FileHash, FileRange, FileSelector, HashAlgorithm};
use msrp_sdp::{Local, MsrpMedia, Offer, Refusal, SessionPlan, Update};

use super::common::{Pair, Seeded, Side};
use super::{NEEDED, alice, bob, carried, fault, media, offer, read_section, section};

fn sha1(octet: u8) -> FileHash {
    FileHash::new(HashAlgorithm::SHA_1, vec![octet; 20]).unwrap()
}

/// A picture, as its sender describes it.
fn picture(id: &str) -> FileAttributes {
    let selector = FileSelector::builder()
        .name("sunset.jpg")
        .media_type("image/jpeg".parse().unwrap())
        .size(4096)
        .hash(sha1(7));
    let mut file = FileAttributes::new(selector.build().unwrap());
    file.transfer_id = Some(id.parse().unwrap());
    file.disposition = Some("render".parse().unwrap());
    file.date = Some(FileDate::default().with_creation("Sun, 21 May 2006 13:02:15 +0300").unwrap());
    file.icon = Some("cid:id2@alice.example.com".parse().unwrap());
    file
}

/// The same for a side that asks for it by its hash.
fn wanted(id: &str) -> FileAttributes {
    let mut file = FileAttributes::new(FileSelector::builder().hash(sha1(7)).build().unwrap());
    file.transfer_id = Some(id.parse().unwrap());
    file
}

fn exchange(
    alice: Local,
    bob: Local,
) -> Result<(MsrpMedia, MsrpMedia, SessionPlan, SessionPlan), Refusal> {
    let offer = Offer::new(alice)?;
    let offered = carried(&offer.description());
    let (answer, bobs) = msrp_sdp::answer(&offered, bob)?;
    let answer = carried(&answer.description());
    let alices = msrp_sdp::complete(&offer, &answer)?;
    Ok((offered, answer, alices, bobs))
}

fn names(media: &MsrpMedia) -> Vec<String> {
    let names = media.attributes().into_iter().map(|it| it.name().to_owned());
    names.filter(|name| name.starts_with("file-")).collect()
}

// req: 5547-5-1, 5547-5-2, 5547-8.1-1, 5547-8.1-3, 5547-8.2-1, 5547-8.2.1-1, 5547-8.2.1-3
// req: 5547-8.3.1-1, 5547-8.3.1-2
#[test]
fn a_file_is_pushed() {
    let (offered, answer, alices, bobs) =
        exchange(alice().send_file(picture("id1")), bob().accept_file()).unwrap();
    assert_eq!(offered.direction(), Direction::SendOnly);
    assert_eq!(offered.file(), Some(&picture("id1")));
    assert_eq!(names(&offered).len(), 5);
    assert_eq!(answer.direction(), Direction::ReceiveOnly);
    assert_eq!(names(&answer), ["file-selector", "file-transfer-id"]);
    let copied = answer.file().unwrap();
    assert_eq!(copied.selector, picture("id1").selector);
    assert_eq!(copied.transfer_id, picture("id1").transfer_id);
    // Both plans have everything that the sender says.
    assert_eq!((alices.file(), bobs.file()), (Some(&picture("id1")), Some(&picture("id1"))));
    assert_eq!(
        (alices.direction(), bobs.direction()),
        (Direction::SendOnly, Direction::ReceiveOnly)
    );
    assert!(offered.types().accepts("image/jpeg") && answer.setup().is_some());
}

// req: 5547-8.2.2-1, 5547-8.2.2-2, 5547-8.2.2-3, 5547-8.3.2-3, 5547-8.3.2-5
#[test]
fn a_file_is_pulled() {
    let mut asked = picture("id1");
    asked.selector = wanted("id1").selector;
    let (offered, answer, alices, bobs) =
        exchange(alice().ask_for_file(asked), bob().send_file(picture("other"))).unwrap();
    assert_eq!(offered.direction(), Direction::ReceiveOnly);
    assert_eq!(names(&offered), ["file-selector", "file-transfer-id"]);
    assert_eq!(answer.direction(), Direction::SendOnly);
    // The id is that of the offer, not the sender's own.
    assert_eq!(answer.file().unwrap().transfer_id, offered.file().unwrap().transfer_id);
    assert_eq!(answer.file().unwrap().selector.hashes(), [sha1(7)]);
    assert_eq!(alices.file().unwrap().selector, picture("id1").selector);
    assert_eq!(alices.file(), bobs.file());
    assert_eq!(
        (alices.direction(), bobs.direction()),
        (Direction::ReceiveOnly, Direction::SendOnly)
    );
}

// req: 5547-8.3.2-6
#[test]
fn who_asked_remembers_what_for_where_the_answer_does_not_repeat_it() {
    let asked = || {
        let mut asked = wanted("id1");
        asked.selector = FileSelector::builder().name("sunset.jpg").size(4096).build().unwrap();
        asked
    };
    let mut brief = FileAttributes::new(FileSelector::builder().hash(sha1(7)).build().unwrap());
    brief.transfer_id = Some("x".parse().unwrap());
    let (_, answer, alices, _) =
        exchange(alice().ask_for_file(asked()), bob().send_file(brief)).unwrap();
    assert_eq!(answer.file().unwrap().selector.name(), None);
    let all = &alices.file().unwrap().selector;
    assert_eq!(
        (all.name(), all.size(), all.hashes()),
        (Some("sunset.jpg"), Some(4096), &[sha1(7)][..])
    );
}

// req: 5547-8.3.1-3, 5547-8.3.2-8
#[test]
fn an_accepted_range_is_repeated() {
    let range = Some(FileRange::new(1025, Some(2048)).unwrap());
    let with = |mut file: FileAttributes| {
        file.range = range;
        file
    };
    let (_, answer, alices, bobs) =
        exchange(alice().send_file(with(picture("id1"))), bob().accept_file()).unwrap();
    assert_eq!(answer.file().unwrap().range, range);
    assert_eq!((alices.file().unwrap().range, bobs.file().unwrap().range), (range, range));
    let (_, answer, ..) =
        exchange(alice().ask_for_file(with(wanted("id1"))), bob().send_file(picture("x"))).unwrap();
    assert_eq!(answer.file().unwrap().range, range);
    // An answer with another range, or none, does not accept this one.
    let offer = offer(alice().send_file(with(picture("id1"))));
    let (mut answer, _) = (
        carried(&msrp_sdp::answer(offer.media(), bob().accept_file()).unwrap().0.description()),
        (),
    );
    assert!(msrp_sdp::complete(&offer, &answer).is_ok());
    let text =
        answer.description().to_string().replace("file-range:1025-2048", "file-range:1-2048");
    answer = MsrpMedia::parse(&read_section(&text).unwrap()).unwrap();
    assert_eq!(msrp_sdp::complete(&offer, &answer), Err(Refusal::OtherRange));
    // A file without these octets is not sent.
    let mut beyond = wanted("id1");
    beyond.range = Some(FileRange::new(1, Some(4097)).unwrap());
    let refusal = exchange(alice().ask_for_file(beyond), bob().send_file(picture("x")));
    assert_eq!(refusal.unwrap_err(), Refusal::OtherRange);
}

// req: 5547-6-2, 5547-8.2.1-2
#[test]
fn an_offer_says_which_file_and_which_transfer() {
    let error = |local: Local| fault(Offer::new(local));
    let mut named = picture("id1");
    named.selector = FileSelector::builder().name("sunset.jpg").build().unwrap();
    // A name alone is enough to ask, but not to send.
    assert_eq!(
        error(alice().send_file(named.clone())),
        ("file-selector", Missing, Some("type, size or hash"))
    );
    assert!(Offer::new(alice().ask_for_file(named)).is_ok());
    let mut nothing = picture("id1");
    nothing.selector = FileSelector::default();
    assert_eq!(
        error(alice().ask_for_file(nothing)),
        ("file-selector", Missing, Some("name, type, size or hash"))
    );
    assert_eq!(error(alice().accept_file()), ("file-selector", Missing, None));
    let mut anonymous = picture("id1");
    anonymous.transfer_id = None;
    assert_eq!(error(alice().send_file(anonymous.clone())), ("file-transfer-id", Missing, None));
    assert_eq!(error(alice().ask_for_file(anonymous)), ("file-transfer-id", Missing, None));
}

// req: 5547-8.1-2
#[test]
fn an_id_of_a_transfer_is_long_and_random() {
    let mut random = Seeded(5);
    let ids: std::collections::HashSet<_> = (0..100)
        .map(|_| msrp_sdp::file::FileTransferId::generate(&mut random).unwrap().to_string())
        .collect();
    assert_eq!(ids.len(), 100);
    assert!(ids.iter().all(|id| (20..=40).contains(&id.len())), "{ids:?}");
}

// req: 5547-8.3.2-4, 5547-8.1-8
#[test]
fn what_is_unavailable_is_refused() {
    let refusal = |alice: Local, bob: Local| exchange(alice, bob).unwrap_err();
    let push = || alice().send_file(picture("id1"));
    let pull = || alice().ask_for_file(wanted("id1"));
    // A side that expects no file neither receives one as a message nor sends one.
    assert_eq!(refusal(push(), bob()), Refusal::File);
    assert_eq!(refusal(pull(), bob()), Refusal::File);
    assert_eq!(refusal(alice(), bob().accept_file()), Refusal::NoFile);
    assert_eq!(refusal(push(), bob().send_file(picture("x"))), Refusal::FileDirection);
    assert_eq!(refusal(pull(), bob().accept_file()), Refusal::FileDirection);
    let mut other = picture("x");
    other.selector = FileSelector::builder().hash(sha1(8)).build().unwrap();
    assert_eq!(refusal(pull(), bob().send_file(other)), Refusal::OtherFile);
}

#[test]
fn a_strict_side_refuses_an_offer_of_theirs_without_id_or_direction() {
    let offered = |more: &str| media(&format!("{NEEDED}a=file-selector:size:17\n{more}"));
    let strict = || bob().accept_file().tolerating(msrp_sdp::SdpTolerances::none());
    let answer = |more: &str| msrp_sdp::answer(&offered(more), strict()).map(drop);
    assert_eq!(answer("a=file-transfer-id:x\na=sendonly\n"), Ok(()));
    assert_eq!(answer("a=sendonly\n"), Err(Refusal::NoTransferId));
    assert_eq!(answer("a=file-transfer-id:x\n"), Err(Refusal::FileDirection));
    let twice = MsrpMedia::parse(&section(&format!(
        "{NEEDED}a=file-selector:size:17\na=file-selector:size:18\n"
    )));
    assert_eq!(fault(twice), ("file-selector", Duplicate, Some("size")));
}

// req: 5547-8.1-3, 5547-8.1-8
#[test]
fn an_answer_of_theirs_about_another_transfer_is_refused() {
    let offer = offer(alice().send_file(picture("id1")));
    let (answer, _) = msrp_sdp::answer(offer.media(), bob().accept_file()).unwrap();
    let text = answer.description().to_string();
    let complete = |text: String| {
        msrp_sdp::complete(&offer, &MsrpMedia::parse(&read_section(&text).unwrap()).unwrap())
    };
    assert!(complete(text.clone()).is_ok());
    assert_eq!(complete(text.replace("id1", "id2")), Err(Refusal::OtherFile));
    assert_eq!(
        complete(text.replace("size:4096", "size:17").replace("07:07", "08:08")),
        Err(Refusal::OtherFile)
    );
    assert_eq!(complete(text.replace("recvonly", "sendonly")), Err(Refusal::FileDirection));
    let offer = self::offer(alice().ask_for_file(wanted("id1")));
    let unnamed = media(&format!("{NEEDED}a=sendonly\n"));
    assert_eq!(msrp_sdp::complete(&offer, &unnamed), Err(Refusal::NoFile));
}

// req: 5547-8.7-4
#[test]
fn a_file_larger_than_its_receiver_accepts_is_refused() {
    let push = || alice().send_file(picture("id1"));
    let too_large = Refusal::FileTooLarge { max: 4095 };
    assert_eq!(exchange(push(), bob().accept_file().with_max_size(4095)).unwrap_err(), too_large);
    assert!(exchange(push(), bob().accept_file().with_max_size(4096)).is_ok());
    let pull = alice().ask_for_file(wanted("id1")).with_max_size(4095);
    assert_eq!(exchange(pull, bob().send_file(picture("x"))).unwrap_err(), too_large);
    // Of a part, only its own size counts.
    let mut part = picture("id1");
    part.range = Some(FileRange::from_offset(4000));
    assert!(exchange(alice().send_file(part), bob().accept_file().with_max_size(96)).is_ok());
}

// req: 5547-8.7-1, 5547-8.7-3
#[test]
fn a_session_carries_the_file_and_nothing_else() {
    let (_, _, alices, bobs) =
        exchange(alice().send_file(picture("id1")), bob().accept_file()).unwrap();
    let mut side = Side::new(Config::default(), Role::Active, 1, std::time::Instant::now());
    let session = side.connection.open(alices.session_config()).unwrap();
    let file = || OutgoingMessage::new("image/jpeg".parse().unwrap(), vec![0; 4096]);
    side.connection.send(session, file()).unwrap();
    assert_eq!(side.connection.send(session, file()), Err(SendError::SingleMessage));
    // The receiver sends nothing back.
    let mut side = Side::new(Config::default(), Role::Active, 1, std::time::Instant::now());
    let session = side.connection.open(bobs.session_config()).unwrap();
    assert!(side.connection.send(session, OutgoingMessage::text("x")).is_err());
}

// req: 5547-8.1-10, 5547-8.4-6, 5547-8.1-9
#[test]
fn the_offer_that_ends_a_transfer_is_the_same_with_port_zero() {
    let description = offer(alice().send_file(picture("id1"))).description();
    let closed = description.clone().closed();
    assert!(closed.is_closed());
    assert_eq!(closed.attributes(), description.attributes());
    assert_eq!(fault(MsrpMedia::parse(&closed)), ("m=", Closed, None));
    let refused = msrp_sdp::refuse(&closed).to_string();
    assert!(refused.contains("a=file-transfer-id:id1\r\n") && refused.contains("sunset.jpg"));
}

// req: 5547-8.6-1, 5547-8.1-5
#[test]
fn another_transfer_is_another_session() {
    let plan =
        |file: FileAttributes| exchange(alice().send_file(file), bob().accept_file()).unwrap().2;
    let first = plan(picture("id1"));
    assert_eq!(plan(picture("id1")).update_of(&first), Update::Unchanged);
    let mut rest = picture("id2");
    rest.range = Some(FileRange::from_offset(2048));
    assert_eq!(plan(rest).update_of(&first), Update::NewSession);
}

// req: 5547-6-1, 5547-8.5-1
#[test]
fn a_side_that_is_asked_what_it_can_do_says_so_and_no_more() {
    let queried = media(&format!("{NEEDED}a=file-selector\n"));
    assert_eq!(queried.file(), Some(&FileAttributes::capability()));
    assert_eq!(names(&queried), ["file-selector"]);
    // In an offer, that does not offer a file.
    assert!(msrp_sdp::answer(&queried, bob()).is_ok());
    assert_eq!(msrp_sdp::answer(&queried, bob().accept_file()).unwrap_err(), Refusal::NoFile);
}

/// Two sides in the middle of a file, and the offer of its sender.
struct Transfer {
    pair: Pair,
    key: msrp::MessageKey,
    offer: Offer,
}

impl Transfer {
    fn new(failure_report: FailureReport) -> Self {
        let offer = offer(alice().send_file(picture("id1")));
        let (answer, bobs) = msrp_sdp::answer(offer.media(), bob().accept_file()).unwrap();
        let alices = msrp_sdp::complete(&offer, &answer).unwrap();
        let expected = bobs.session_config().receive(ReceiveMode::Pieces);
        let mut pair = Pair::with(Config::default(), Config::default(), expected);
        let session = pair.alice.connection.open(alices.session_config()).unwrap();
        let file = OutgoingMessage::streamed("image/jpeg".parse().unwrap(), Some(4096));
        let key = pair.alice.connection.send(session, file.failure_report(failure_report)).unwrap();
        pair.alice.connection.body(key).unwrap().write(vec![7; 2048]).unwrap();
        pair.settle();
        Self { pair, key, offer }
    }

    /// The last offer over the signalling: the same file and id, port 0.
    fn assert_closed_by_offer(&self) {
        let closed = self.offer.description().closed();
        let answer = msrp_sdp::refuse(&closed);
        for section in [&closed, &answer] {
            let file = FileAttributes::parse(section.parts()).unwrap().unwrap();
            assert_eq!(file.transfer_id, picture("id1").transfer_id);
            assert!(section.is_closed());
        }
    }
}

fn outcome(events: &[Event]) -> Option<Outcome> {
    events.iter().find_map(|event| match event {
        Event::Finished(finished) => Some(finished.outcome),
        _ => None,
    })
}

// req: 5547-8.4-1, 5547-8.4-2, 5547-8.4-5
#[test]
fn a_sender_gives_a_file_up() {
    let mut transfer = Transfer::new(FailureReport::Yes);
    transfer.pair.bob.events();
    // On its own, or because the receiver offers port 0.
    assert!(transfer.pair.alice.connection.abort(transfer.key).is_ok());
    transfer.pair.settle();
    assert!(transfer.pair.alice.sent_text().trim_end().ends_with('#'));
    let failed = transfer
        .pair
        .bob
        .events()
        .into_iter()
        .any(|event| matches!(event, Event::MessageFailed { reason: FailReason::Aborted, .. }));
    assert!(failed);
    transfer.assert_closed_by_offer();
}

// req: 5547-8.4-1, 5547-8.4-3, 5547-8.4-4
#[test]
fn a_receiver_gives_a_file_up() {
    for (report, answers) in [(FailureReport::Yes, 1), (FailureReport::No, 0)] {
        let mut transfer = Transfer::new(report);
        let pair = &mut transfer.pair;
        let started = pair.bob.events().into_iter().find_map(|event| match event {
            Event::MessageStarted { received: message } => Some(message.key()),
            _ => None,
        });
        pair.bob.connection.reject(started.unwrap(), StatusCode::STOP_SENDING).unwrap();
        pair.settle();
        assert_eq!(pair.bob.sent_text().matches(" 413 ").count(), answers, "{report:?}");
        let expected = (answers > 0).then_some(Outcome::Rejected(StatusCode::STOP_SENDING));
        assert_eq!(outcome(&pair.alice.events()), expected);
        transfer.assert_closed_by_offer();
    }
}

// req: 5547-8.8-1
#[test]
fn an_icon_goes_with_the_description() {
    let description = offer(alice().send_file(picture("id1"))).description().to_string();
    let (content_type, body) = MultipartBuilder::related("b7u2hd9")
        .part(&"application/sdp".parse::<MediaType>().unwrap(), &[], description.as_bytes())
        .part(
            &"image/png".parse::<MediaType>().unwrap(),
            &[("Content-ID", "<id2@alice.example.com>")],
            b"\x89PNG",
        )
        .build()
        .unwrap();
    assert!(content_type.as_str().contains("type=\"application/sdp\""));
    let text = String::from_utf8_lossy(&body);
    assert!(!text.contains("Content-Length"));
    assert!(text.find("m=message").unwrap() < text.find("image/png").unwrap());
    // The description names this icon.
    let icon = picture("id1").icon.unwrap();
    assert!(text.contains(&format!("<{}>", icon.content_id())));
}
