//! Files that deployed stacks describe in their own ways.

use msrp::Direction;
use msrp_sdp::SdpTolerance::{
    ExtraBlanks, HashName, MissingFileDirection, MissingTransferId, RepeatedAttribute,
    SelectorSpelling, SplitList, TransferIdCharacters, UnconfirmedFile, UnreadableAttribute,
    UnreadableSelector,
};
use msrp_sdp::file::{FileAttributes, FileHash, FileRange, FileSelector, HashAlgorithm};
use msrp_sdp::{
    ErrorKind, Local, MsrpMedia, Offer, Refusal, SdpTolerance, SdpTolerances, SessionPlan, Update,
};

use super::{NEEDED, alice, bob, carried, case, media, read_section, section};

const ID: &str = "a=file-transfer-id:id1\n";

fn file() -> FileAttributes {
    let selector = FileSelector::builder().media_type("image/jpeg".parse().unwrap()).size(17);
    let mut file = FileAttributes::new(selector.build().unwrap());
    file.transfer_id = Some("id1".parse().unwrap());
    file
}

fn told(plan: &SessionPlan) -> Vec<SdpTolerance> {
    plan.tolerated().iter().collect()
}

fn strict(local: Local) -> Local {
    local.tolerating(SdpTolerances::none())
}

// wild: 58
#[test]
fn an_offer_without_id_is_a_new_transfer_and_answered_without() {
    let theirs = MsrpMedia::parse(&read_section(&case("S08-no-transfer-id")).unwrap()).unwrap();
    let (answer, plan) = msrp_sdp::answer(&theirs, bob().accept_file()).unwrap();
    let text = answer.description().to_string();
    assert!(!text.contains("file-transfer-id") && text.contains("a=recvonly\r\n"), "{text}");
    assert_eq!(plan.file().unwrap().selector.size(), Some(195_490));
    assert_eq!(told(&plan), [MissingTransferId]);
    let refusal = msrp_sdp::answer(&theirs, strict(bob().accept_file())).unwrap_err();
    assert_eq!(refusal, Refusal::NoTransferId);
    // Offered again, by either side, it is the same transfer.
    let continuing = || bob().accept_file().continuing(&plan);
    let (_, again) = msrp_sdp::answer(&theirs, continuing()).unwrap();
    assert_eq!(again.update_of(&plan), Update::Unchanged);
    let ours = Offer::new(continuing()).unwrap();
    assert_eq!(ours.media().file().unwrap().transfer_id, None);
    // An empty one is none.
    let empty =
        media(&format!("{NEEDED}a=sendonly\na=file-selector:size:17\na=file-transfer-id: \n"));
    assert_eq!(empty.file().unwrap().transfer_id, None);
    assert!(msrp_sdp::answer(&empty, bob().accept_file()).is_ok());
}

#[test]
fn an_answer_without_id_is_about_the_transfer_of_the_offer() {
    let offer = Offer::new(alice().ask_for_file(file())).unwrap();
    let sent = "a=sendonly\na=file-selector:type:image/jpeg size:17\n";
    let answer = media(&format!("{NEEDED}{sent}"));
    let plan = msrp_sdp::complete(&offer, &answer).unwrap();
    assert_eq!((plan.file(), told(&plan)), (Some(&file()), vec![MissingTransferId]));
    let strictly = Offer::new(strict(alice().ask_for_file(file()))).unwrap();
    assert_eq!(msrp_sdp::complete(&strictly, &answer), Err(Refusal::OtherFile));
    let other = media(&format!("{NEEDED}{sent}a=file-transfer-id:id2\n"));
    assert_eq!(msrp_sdp::complete(&offer, &other), Err(Refusal::OtherFile));
}

// wild: 58
#[test]
fn without_a_direction_the_part_of_the_other_side_says_which_way_the_file_goes() {
    let selector = "a=file-selector:type:image/jpeg size:17\n";
    let theirs = media(&format!("{NEEDED}{selector}{ID}"));
    for (local, direction) in [
        (bob().accept_file(), Direction::ReceiveOnly),
        (bob().ask_for_file(file()), Direction::ReceiveOnly),
        (bob().send_file(file()), Direction::SendOnly),
    ] {
        let (answer, plan) = msrp_sdp::answer(&theirs, local.clone()).unwrap();
        assert_eq!((answer.direction(), plan.direction()), (direction, direction));
        assert_eq!(
            (plan.file().unwrap().selector.size(), told(&plan)),
            (Some(17), vec![MissingFileDirection])
        );
        let refusal = msrp_sdp::answer(&theirs, strict(local)).unwrap_err();
        assert_eq!(refusal, Refusal::FileDirection);
    }
    // Neither does an answer of theirs say it.
    for (local, direction) in [
        (bob().ask_for_file(file()), Direction::ReceiveOnly),
        (bob().send_file(file()), Direction::SendOnly),
    ] {
        let plan = msrp_sdp::complete(&Offer::new(local.clone()).unwrap(), &theirs).unwrap();
        assert_eq!((plan.direction(), told(&plan)), (direction, vec![MissingFileDirection]));
        let strictly = Offer::new(strict(local)).unwrap();
        assert_eq!(msrp_sdp::complete(&strictly, &theirs), Err(Refusal::FileDirection));
    }
}

// wild: 59
#[test]
fn what_is_unreadable_in_a_selector_is_told_and_passed_over() {
    let hash = "hash:sha-1:72:24:5F:E8:65:3D:DA:F3:71:36:2F:86:D4:71:91:3E:E4:A2:CE:2E";
    for unreadable in [
        "hash:sha-1:72:24",
        "hash:sha-1:XX",
        "hash:sha-1",
        "hash:",
        "hash:72:24:5F:E8:65:3D:DA:F3:71:36:2F:86:D4:71:91:3E:E4:A2:CE:2E",
        "size:12kB",
        "size:-1",
        "size:99999999999999999999999",
        "size:",
        "type:image",
        "type:",
        "type:image/png;charset",
        &format!("{} {hash}", [hash; 8].join(" ")),
    ] {
        let value = format!("a=file-selector:name:\"a.jpg\" {unreadable}\n");
        let section = section(&format!("{NEEDED}a=sendonly\n{ID}{value}"));
        let theirs = MsrpMedia::parse(&section).unwrap();
        assert_eq!(theirs.file().unwrap().selector.name(), Some("a.jpg"), "{unreadable}");
        let (_, plan) = msrp_sdp::answer(&theirs, bob().accept_file()).unwrap();
        assert_eq!(told(&plan), [UnreadableSelector], "{unreadable}");
        let less = SdpTolerances::all().without(UnreadableSelector);
        assert!(MsrpMedia::parse_with(&section, less).is_err(), "{unreadable}");
    }
    // Nothing but the id is left, and the file still arrives.
    let theirs = media(&format!("{NEEDED}a=sendonly\n{ID}a=file-selector:name:\"a.jpg size:x\n"));
    let (answer, plan) = msrp_sdp::answer(&theirs, bob().accept_file()).unwrap();
    assert!(plan.file().is_some() && told(&plan) == [UnreadableSelector]);
    assert!(carried(&answer.description()).file().is_some());
}

/// However a selector is spelt, nothing of it is lost without a name.
// wild: 82
#[test]
fn a_selector_in_another_spelling_says_the_same() {
    for (line, name) in [
        ("name:my holiday.jpg type:image/jpeg size:17", "my holiday.jpg"),
        ("type:image/jpeg size:17 name:my holiday.jpg", "my holiday.jpg"),
        ("name:Notes: of today.jpg type:image/jpeg size:17", "Notes: of today.jpg"),
        ("name=\"p.jpg\" type=image/jpeg size=17", "p.jpg"),
        ("name = \"p.jpg\" type = image/jpeg size = 17", "p.jpg"),
        ("name=\"p.jpg\";type=image/jpeg;size=17", "p.jpg"),
        ("name:\"p.jpg\";type:image/jpeg;size:17", "p.jpg"),
        ("name:\"p.jpg\"; type:image/jpeg; size:17;", "p.jpg"),
        ("name:\"p.jpg\",type:image/jpeg,size:17", "p.jpg"),
        ("name:\"p.jpg\" , type:image/jpeg , size:17", "p.jpg"),
        ("name: \"p.jpg\" type: image/jpeg size: 17", "p.jpg"),
        ("name:\"a;b, size:1.jpg\", type:image/jpeg, size:17", "a;b, size:1.jpg"),
        ("name:\"p.jpg\" type:image/jpeg size:\"17\"", "p.jpg"),
        ("name:\"p.jpg\" type:\"image/jpeg\" size:17", "p.jpg"),
        ("name:\"p.jpg\" type:image/jpeg size:17 octets", "p.jpg"),
        ("name:p.jpg size :17 type:image/jpeg", "p.jpg"),
        ("name:\"p.jpg\" copy type:image/jpeg size:17", "p.jpg"),
        ("name:p.jpg type:image/jpeg size:17", "p.jpg"),
        ("name:\"p.jpg\"type:image/jpeg size:17", "p.jpg"),
        ("name:\"p.jpg\"type:image/jpeg,size:\"17\"", "p.jpg"),
        ("size:\"17\"name:\"p.jpg\"type:\"image/jpeg\"", "p.jpg"),
        ("name:\"p.jpg\"copy type:image/jpeg size:17", "p.jpg"),
        ("name:\"p\".jpg type:image/jpeg size:17", "p"),
        ("type:image/jpeg size:17 name:\"p.jpg\"\"q.jpg\"", "p.jpg"),
    ] {
        let section = section(&format!("{NEEDED}a=sendonly\n{ID}a=file-selector:{line}\n"));
        let theirs = MsrpMedia::parse(&section).unwrap();
        let wanted = format!("name:{name:?} type:image/jpeg size:17").parse::<FileSelector>();
        assert_eq!(theirs.file().unwrap().selector, wanted.unwrap(), "{line}");
        assert!(theirs.tolerated().iter().eq([SelectorSpelling]), "{line}");
        assert!(MsrpMedia::parse_with(&section, SdpTolerances::none()).is_err(), "{line}");
    }
}

#[test]
fn a_type_keeps_its_parameters_in_any_spelling() {
    for (line, media_type, size) in [
        ("type:text/plain; charset=utf-8 size:17", "text/plain;charset=utf-8", Some(17)),
        ("type:text/plain ;charset=\"utf-8\"; size:17", "text/plain;charset=utf-8", Some(17)),
        ("type:\"text/plain;charset=utf-8\" size:17", "text/plain;charset=utf-8", Some(17)),
        ("type:\"text/plain\";charset=\"utf-8\" size:17", "text/plain;charset=utf-8", Some(17)),
        ("type:text/plain; name=a.txt;size=17", "text/plain;name=a.txt;size=17", None),
        ("type=text/plain;charset=utf-8;size=17", "text/plain;charset=utf-8", Some(17)),
    ] {
        let theirs = media(&format!("{NEEDED}a=sendonly\n{ID}a=file-selector:{line}\n"));
        let selector = &theirs.file().unwrap().selector;
        assert_eq!(selector.media_type().unwrap().as_str(), media_type, "{line}");
        assert_eq!((selector.name(), selector.size()), (None, size), "{line}");
        assert!(theirs.tolerated().iter().eq([SelectorSpelling]), "{line}");
    }
}

#[test]
fn an_open_quote_loses_its_own_part_alone() {
    for (line, name, size) in [
        ("name:\"p.jpg type:image/jpeg size:17", None, Some(17)),
        ("size:17 name:\"p.jpg type:image/jpeg", None, Some(17)),
        ("name:p.jpg\" type:image/jpeg size:17", None, Some(17)),
        ("name:\"p.jpg\" size:\"17 type:image/jpeg", Some("p.jpg"), None),
        ("name:\"p.jpg\" size:17 type:image/jpeg x:\"y", Some("p.jpg"), Some(17)),
    ] {
        let theirs = media(&format!("{NEEDED}a=sendonly\n{ID}a=file-selector:{line}\n"));
        let selector = &theirs.file().unwrap().selector;
        assert_eq!(selector.media_type().unwrap().as_str(), "image/jpeg", "{line}");
        assert_eq!((selector.name(), selector.size()), (name, size), "{line}");
        assert!(theirs.tolerated().iter().eq([UnreadableSelector]), "{line}");
    }
}

/// A capability query has an empty selector. One that says something is about a file.
#[test]
fn a_file_of_which_nothing_can_be_read_still_arrives() {
    for unreadable in ["size:abc", "hash:sha-1:zz", "name:\"p.jpg", "photo", "=", "x:y"] {
        let line = format!("a=file-selector:{unreadable}\n");
        let theirs = media(&format!("{NEEDED}a=sendonly\n{line}"));
        let (answer, plan) = msrp_sdp::answer(&theirs, bob().accept_file()).unwrap();
        assert!(plan.file().is_some() && answer.file().is_some(), "{unreadable}");
        assert!(plan.tolerated().contains(MissingTransferId), "{unreadable}");
        assert_eq!(plan.tolerated().contains(UnreadableSelector), unreadable != "x:y");
        let (refusal, file) = (msrp_sdp::answer(&theirs, bob()).unwrap_err(), Refusal::File);
        assert_eq!(refusal, file, "{unreadable}");
    }
    for capability in ["a=file-selector\n", "a=file-selector: \n"] {
        let theirs = media(&format!("{NEEDED}a=sendonly\n{capability}"));
        let refusal = msrp_sdp::answer(&theirs, bob().accept_file()).unwrap_err();
        assert_eq!(refusal, Refusal::NoFile);
        assert!(msrp_sdp::answer(&theirs, bob()).unwrap().1.file().is_none());
    }
}

#[test]
fn a_file_of_unknown_size_has_no_limit_but_that_of_this_side() {
    for unknown in ["type:image/jpeg", "type:image/jpeg size:x"] {
        let theirs = media(&format!("{NEEDED}a=sendonly\n{ID}a=file-selector:{unknown}\n"));
        let (answer, plan) = msrp_sdp::answer(&theirs, bob().accept_file()).unwrap();
        assert_eq!(answer.max_size(), None, "{unknown}");
        assert_eq!(plan.session_config().max_size, u64::MAX);
        let limited = bob().accept_file().with_max_size(20);
        assert_eq!(msrp_sdp::answer(&theirs, limited).unwrap().0.max_size(), Some(20));
    }
}

#[test]
fn ranges_of_the_same_octets_are_equal() {
    let sized = |range: Option<&str>| {
        let mut part = file();
        part.range = range.map(|range| range.parse().unwrap());
        Offer::new(alice().send_file(part)).unwrap()
    };
    let answer = |range: Option<&str>| {
        let range = range.map(|range| format!("a=file-range:{range}\n")).unwrap_or_default();
        media(&format!("{NEEDED}a=recvonly\n{ID}a=file-selector:size:17\n{range}"))
    };
    for (offered, answered) in [
        (None, Some("1-17")),
        (Some("1-*"), Some("1-17")),
        (Some("1-17"), None),
        (Some("5-17"), Some("5-*")),
        (Some("5-*"), Some("5-17")),
    ] {
        let plan = msrp_sdp::complete(&sized(offered), &answer(answered)).unwrap();
        assert_eq!(plan.file().unwrap().selector.size(), Some(17), "{offered:?} {answered:?}");
    }
    for (offered, answered) in
        [(None, Some("1-16")), (None, Some("1-18")), (Some("5-*"), None), (Some("1-5"), None)]
    {
        let refusal = msrp_sdp::complete(&sized(offered), &answer(answered));
        assert_eq!(refusal, Err(Refusal::OtherRange), "{offered:?} {answered:?}");
    }
    // Without RFC 5547, the whole file comes.
    assert!(msrp_sdp::complete(&sized(Some("1-17")), &media(NEEDED)).is_ok());
}

#[test]
fn parts_that_contradict_each_other_are_no_file() {
    let two_hashes = [1, 2].map(|octet| FileHash::new(HashAlgorithm::SHA_1, [octet; 20]).unwrap());
    let builder = FileSelector::builder().hashes(two_hashes.clone());
    assert_eq!(builder.build().unwrap_err().kind(), ErrorKind::Duplicate);
    let two_hashes = two_hashes.map(|hash| format!("hash:{hash}")).join(" ");
    for line in ["size:1 size:2", "name:\"a\" name:\"b\"", "type:a/b type:a/c", &two_hashes] {
        let section = section(&format!("{NEEDED}a=sendonly\n{ID}a=file-selector:{line}\n"));
        assert!(MsrpMedia::parse(&section).is_err(), "{line}");
    }
    let line = "a=file-selector:size:1 size:1\n";
    let twice = media(&format!("{NEEDED}a=sendonly\n{ID}{ID}{line}{line}"));
    assert_eq!(twice.file().unwrap().selector.size(), Some(1));
    assert!(twice.tolerated().iter().eq([RepeatedAttribute]));
    let lines = "a=file-selector:name:\"a b\"\na=file-selector:size:17\n";
    let split = media(&format!("{NEEDED}a=sendonly\n{ID}{lines}"));
    let selector = &split.file().unwrap().selector;
    assert_eq!((selector.name(), selector.size()), (Some("a b"), Some(17)));
    assert!(split.tolerated().iter().eq([SplitList]));
}

#[test]
fn blanks_between_the_parts_of_a_selector_are_told() {
    for line in [
        "name:\"a  b\"  size:17",
        "name:\"a  b\"\tsize:17",
        " name:\"a  b\" size:17",
        "name:\"a  b\" size:17 ",
    ] {
        let section = section(&format!("{NEEDED}a=sendonly\n{ID}a=file-selector:{line}\n"));
        let theirs = MsrpMedia::parse(&section).unwrap();
        let selector = &theirs.file().unwrap().selector;
        assert_eq!((selector.name(), selector.size()), (Some("a  b"), Some(17)), "{line:?}");
        assert!(theirs.tolerated().iter().eq([ExtraBlanks]), "{line:?}");
        assert!(MsrpMedia::parse_with(&section, SdpTolerances::none()).is_err(), "{line:?}");
    }
}

#[test]
fn an_empty_id_contradicts_none() {
    for lines in [
        "a=file-transfer-id:\na=file-transfer-id:id1\n",
        "a=file-transfer-id:id1\na=file-transfer-id\n",
    ] {
        let theirs = media(&format!("{NEEDED}a=sendonly\na=file-selector:size:17\n{lines}"));
        assert_eq!(theirs.file().unwrap().transfer_id, Some("id1".parse().unwrap()));
        assert!(theirs.tolerated().iter().eq([MissingTransferId]));
    }
}

#[test]
fn what_a_file_does_without_loses_none() {
    let mut plain = FileAttributes::new(FileSelector::builder().size(17).build().unwrap());
    plain.transfer_id = Some("id1".parse().unwrap());
    let date = |year| format!("read:\"15 May {year} 15:01:31 +0300\"");
    for (name, values) in [
        ("file-range", &["1-"][..]),
        ("file-range", &["0-5"]),
        ("file-range", &["x", "1-"]),
        ("file-range", &["1-5", "1-6"]),
        ("file-range", &["1-5", "1-6", "1-5"]),
        ("file-disposition", &["render", "attachment"]),
        ("file-disposition", &["a b"]),
        ("file-icon", &["cid:a", "cid:b"]),
        ("file-icon", &["http://x/y"]),
        ("file-date", &[&date(2025), &date(2026)]),
        ("file-date", &["read:\"today\""]),
    ] {
        let lines: String = values.iter().map(|value| format!("a={name}:{value}\n")).collect();
        let text = format!("{NEEDED}a=sendonly\n{ID}a=file-selector:size:17\n{lines}");
        let section = section(&text);
        let theirs = MsrpMedia::parse(&section).unwrap();
        assert_eq!(theirs.file(), Some(&plain), "{lines}");
        let (_, plan) = msrp_sdp::answer(&theirs, bob().accept_file()).unwrap();
        assert_eq!(told(&plan), [UnreadableAttribute], "{lines}");
        let less = SdpTolerances::all().without(UnreadableAttribute);
        // An unreadable hint is passed over at any rate.
        let is_hint = name != "file-range" && values.len() == 1;
        assert_eq!(MsrpMedia::parse_with(&section, less).is_ok(), is_hint, "{lines}");
    }
    let both = media(&format!(
        "{NEEDED}a=sendonly\n{ID}a=file-selector:size:17\na=file-range:1-5\na=file-range:01-5\n"
    ));
    assert_eq!(both.file().unwrap().range, Some("1-5".parse().unwrap()));
    assert!(both.tolerated().iter().eq([RepeatedAttribute]));
}

// wild: 79
#[test]
fn an_id_that_is_no_token_is_repeated() {
    for id in ["<1391518338244@host>", "{a:b}", "http://x/1?y=2", "\"quoted\"", "a b", "é"] {
        let line = format!("a=file-transfer-id:{id}\r\n");
        let theirs = section(&format!("{NEEDED}a=sendonly\na=file-selector:size:17\n{line}"));
        let (answer, plan) =
            msrp_sdp::answer(&MsrpMedia::parse(&theirs).unwrap(), bob().accept_file()).unwrap();
        assert!(answer.description().to_string().contains(&line), "{id}");
        assert_eq!(told(&plan), [TransferIdCharacters]);
        assert!(MsrpMedia::parse_with(&theirs, SdpTolerances::none()).is_err());
    }
    // What cannot be repeated.
    for wrong in ["\u{7}".to_owned(), "x".repeat(256), "\u{fffd}".to_owned()] {
        let line = format!("a=file-transfer-id:{wrong}\n");
        let theirs = section(&format!("{NEEDED}a=sendonly\na=file-selector:size:17\n{line}"));
        assert!(MsrpMedia::parse(&theirs).is_err());
    }
}

/// An endpoint without RFC 5547 receives the file as any message.
// wild: 84
#[test]
fn a_file_is_sent_to_whom_answers_as_in_any_session() {
    let offer = |local: Local| Offer::new(local).unwrap();
    for direction in ["", "a=sendrecv\n", "a=recvonly\n", "a=recvonly\na=file-selector\n"] {
        let answer = media(&format!("{NEEDED}{direction}"));
        let plan = msrp_sdp::complete(&offer(alice().send_file(file())), &answer).unwrap();
        assert_eq!((plan.file(), plan.direction()), (Some(&file()), Direction::SendOnly));
        assert_eq!(told(&plan), [UnconfirmedFile]);
        let strictly = offer(strict(alice().send_file(file())));
        assert_eq!(msrp_sdp::complete(&strictly, &answer), Err(Refusal::NoFile));
        // It knows nothing of ranges.
        let mut part = file();
        part.range = Some(FileRange::from_offset(5));
        let refusal = msrp_sdp::complete(&offer(alice().send_file(part)), &answer);
        assert_eq!(refusal, Err(Refusal::OtherRange));
    }
    for unwilling in ["a=sendonly\n", "a=inactive\n", "a=max-size:16\n"] {
        let answer = media(&format!("{NEEDED}{unwilling}"));
        assert!(msrp_sdp::complete(&offer(alice().send_file(file())), &answer).is_err());
    }
}

/// The sender of an offer with `x-file-offset` begins at the first octet, unless the answer
/// has it too.
// wild: 60 and 83
#[test]
fn an_offer_to_resume_in_another_way_is_answered_so_that_the_whole_file_comes() {
    let hash = "72:24:5F:E8:65:3D:DA:F3:71:36:2F:86:D4:71:91:3E:E4:A2:CE:2E";
    let theirs = media(&format!(
        "{NEEDED}a=sendonly\na=setup:active\n\
         a=file-selector:name:\"a b.jpg\" type:image/jpeg size:17 hash:sha1:{hash}\n\
         a=x-file-offset:\na=file-transfer-id:5b7d2bbf-61ae-4b5e-8d0f-2d2a9a0bf3a2\n"
    ));
    let (answer, plan) = msrp_sdp::answer(&theirs, bob().accept_file()).unwrap();
    let text = answer.description().to_string();
    assert!(!text.contains("offset") && text.contains("a=recvonly\r\n"), "{text}");
    assert!(text.contains(&format!("hash:sha-1:{hash}\r\n")), "{text}");
    assert_eq!(told(&plan), [HashName]);
    let selector = &plan.file().unwrap().selector;
    assert!(selector.hash(&HashAlgorithm::SHA_1).is_some());
    assert_eq!(plan.file().unwrap().range, None);
}

#[test]
fn a_hash_of_a_misspelt_algorithm_counts_by_name() {
    for (name, octets) in [("sha1", 20), ("SHA1", 20), ("sha256", 32), ("Sha512", 64)] {
        let digits = vec!["AB"; octets].join(":");
        let theirs = media(&format!(
            "{NEEDED}a=sendonly\n{ID}a=file-selector:size:17 hash:{name}:{digits}\n"
        ));
        let right = format!("sha-{}:{digits}", &name[3..]);
        assert_eq!(theirs.file().unwrap().selector.hashes(), [right.parse().unwrap()], "{name}");
        assert!(theirs.tolerated().iter().eq([HashName]), "{name}");
    }
    for other in ["sha3-256", "shake128", "md5", "sha"] {
        let theirs = media(&format!("{NEEDED}a=sendonly\n{ID}a=file-selector:hash:{other}:AB\n"));
        let hashes = theirs.file().unwrap().selector.hashes().to_vec();
        assert_eq!((hashes[0].algorithm().as_str(), theirs.tolerated().is_empty()), (other, true));
    }
}

#[test]
fn sha_1_is_the_first_hash_that_is_written() {
    let hash = |algorithm, octets| FileHash::new(algorithm, vec![7; octets]).unwrap();
    let selector = FileSelector::builder()
        .hash(hash(HashAlgorithm::SHA_256, 32))
        .hash(hash(HashAlgorithm::SHA_1, 20));
    assert!(selector.build().unwrap().to_string().starts_with("hash:sha-1:"));
}
