//! The examples that the RFCs print.

use std::path::{Path, PathBuf};

use msrp_sdp::ErrorKind::Closed;
use msrp_sdp::{
    Chatroom, Fingerprint, HashFunction, Local, MsrpMedia, Refusal, SdpTolerance, SdpTolerances,
    SessionDescription, Setup,
};

use super::{alice, offer, read_section, uri};

/// Every description among them, with its name.
fn descriptions() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let paths = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let sdp = paths.filter(|path| path.extension().is_some_and(|kind| kind == "sdp"));
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    sdp.map(read).collect()
}

fn description(name: &str) -> String {
    descriptions().into_iter().find(|(it, _)| it == name).unwrap().1
}

#[test]
fn every_one_of_them_is_read_and_written() {
    for (name, text) in descriptions() {
        let read: SessionDescription =
            text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.to_string().parse(), Ok(read.clone()), "{name}");
        for section in read.media().iter().filter(|section| section.media() == "message") {
            match MsrpMedia::parse(section) {
                Ok(media) => {
                    assert_eq!(MsrpMedia::parse(&media.description()), Ok(media), "{name}")
                }
                // The answer to a query: no session, and so no path.
                Err(error) if error.kind() == Closed => assert_eq!(name, "rfc5547-9.3-1"),
                Err(error) => panic!("{name}: {error}"),
            }
        }
    }
}

// wild: 86
#[test]
fn their_contradictions_are_met() {
    let blank = description("rfc4976-11-1");
    // A blank after "accept-types:".
    let media = MsrpMedia::parse(&read_section(&blank).unwrap()).unwrap();
    assert_eq!(media.types().types().next(), Some("message/cpim"));
    assert!(media.tolerated().iter().eq([SdpTolerance::ExtraBlanks]));
    // An answer with TLS to an offer without.
    let answer = read_section(&description("rfc4976-11-2")).unwrap();
    let answer = MsrpMedia::parse(&answer).unwrap();
    let plan = msrp_sdp::complete(&offer(alice()), &answer).unwrap();
    assert_eq!(plan.to_path().len(), 2);
    let told = [SdpTolerance::ExtraBlanks, SdpTolerance::RelayedTls];
    assert!(plan.tolerated().iter().eq(told));
    let strict = offer(alice().tolerating(SdpTolerances::none()));
    assert_eq!(msrp_sdp::complete(&strict, &answer), Err(Refusal::OtherProtocol));
    // The lines name another place than the path, and are ignored.
    let moved = read_section(&description("rfc7977-8.2.1-2")).unwrap();
    let media = MsrpMedia::parse(&moved).unwrap();
    assert_eq!((media.port(), media.path().last().port()), (1234, Some(49154)));
    // The lines name a host that the path does not.
    let host = read_section(&description("rfc5547-6-1")).unwrap();
    assert_eq!(host.address(), Some("host.atlanta.example.com"));
    // "IP6" twice in one line.
    let twice = read_section(&description("rfc8873-4.8-2")).unwrap();
    assert_eq!(twice.address(), Some("2001:db8::1"));
}

#[test]
fn attributes_of_other_protocols_are_the_same_ones() {
    let fax = description("rfc8122-3.4-1");
    let section = read_section(&fax).unwrap();
    let all = section.attributes().iter().filter(|it| it.name() == "fingerprint");
    let read: Vec<Fingerprint> = all.map(|it| it.value().unwrap().parse().unwrap()).collect();
    assert_eq!(Fingerprint::strongest(&read).next().unwrap().function(), HashFunction::Sha256);
    for (name, expected) in [("4145-7.1-1", Setup::Passive), ("4145-7.1-2", Setup::Active)] {
        let section = read_section(&description(&format!("rfc{name}"))).unwrap();
        let setup = section.attributes().iter().find(|it| it.name() == "setup").unwrap();
        assert_eq!(setup.value().unwrap().parse(), Ok(expected));
    }
    for (number, expected) in
        [(1, Chatroom::new().with_nicknames().with_private_messages()), (2, Chatroom::new())]
    {
        let text = description(&format!("rfc7701-8-{number}"));
        let section = read_section(&format!("m=message 1 TCP/MSRP *\n{text}")).unwrap();
        let attribute = &section.attributes()[0];
        assert_eq!(attribute.name(), "chatroom");
        assert_eq!(attribute.value().unwrap_or_default().parse(), Ok(expected));
    }
}

#[test]
fn an_offer_of_theirs_is_answered_and_their_answer_is_taken() {
    for pair in [("rfc4975-8.7-1", "rfc4975-8.7-2"), ("rfc4975-11.1-1", "rfc4975-11.1-2")] {
        let (theirs, answer) = (description(pair.0), description(pair.1));
        let section = read_section(&theirs).unwrap();
        let media = MsrpMedia::parse(&section).unwrap();
        let bob = Local::new(uri("msrp://192.0.2.7:12763/kjhd37s2s20w2a;tcp"));
        msrp_sdp::answer(&media, bob).unwrap();
        let answer = MsrpMedia::parse(&read_section(&answer).unwrap()).unwrap();
        let plan = msrp_sdp::complete(&offer(alice()), &answer).unwrap();
        assert_eq!(plan.to_path(), answer.path());
    }
}
