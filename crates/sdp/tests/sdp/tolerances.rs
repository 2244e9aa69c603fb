//! What is read although a rule forbids it: each deviation by its name, and not without.

use msrp::Role;
use msrp_sdp::ErrorKind::{self, Duplicate, Malformed};
use msrp_sdp::SdpTolerance::{
    AnsweredActpass, BareIpv6Address, ByteOrderMark, ExtraBlanks, JunkLine, LetterCase, LineEnds,
    MalformedOrigin, MalformedSection, MissingFormat, NotUtf8, ProtocolSpelling, RepeatedAttribute,
    SeveralAddresses, SplitList, UnreadableAttribute, UnreadableType,
};
use msrp_sdp::{
    MAX_ATTRIBUTES, MediaDescription, MsrpMedia, Offer, Refusal, SdpTolerance, SdpTolerances,
    SessionDescription, Setup,
};

use super::{NEEDED, alice, bob, case, fault, read_section, section};

const SECTION: &str = "m=message 7654 TCP/MSRP *\na=accept-types:text/plain\n\
                       a=path:msrp://192.0.2.1:7654/jshA7weztas;tcp\n";

fn read(text: &str) -> SessionDescription {
    text.parse().unwrap()
}

/// Asserts that exactly these deviations are told, and that each of them is needed.
fn assert_told(text: &str, expected: &[SdpTolerance]) -> MsrpMedia {
    let description = read(text);
    let section = description.media().last().unwrap();
    let media = MsrpMedia::parse(section).unwrap();
    let told = description.tolerated().iter().chain(media.tolerated().iter());
    let told = told.fold(SdpTolerances::none(), SdpTolerances::with);
    assert!(told.iter().eq(expected.iter().copied()), "{text}: {told:?}");
    for &missing in expected {
        let less = SdpTolerances::all().without(missing);
        let strict = SessionDescription::parse_with(text, less);
        let strict = strict.and_then(|it| MsrpMedia::parse_with(it.media().last().unwrap(), less));
        assert!(strict.is_err(), "{text} without {missing}");
    }
    media
}

// wild: 51
#[test]
fn every_deviation_of_a_text_is_read_by_its_name() {
    let with = |before: &str| format!("{before}{SECTION}");
    assert_told(SECTION, &[]);
    assert_told(&with("\u{feff}v=0\n"), &[ByteOrderMark]);
    assert_told(&with("\nv=0\n"), &[ExtraBlanks]);
    assert_told(&with("o =- 1 1 IN IP4 192.0.2.1\n"), &[ExtraBlanks]);
    for blanks in ["a= max-size:10\n", "a=max-size :10\n", "a=\tmax-size:10\n", "a =max-size:10\n"]
    {
        let media = assert_told(&format!("{SECTION}{blanks}"), &[ExtraBlanks]);
        assert_eq!(media.max_size(), Some(10), "{blanks}");
    }
    let media = assert_told(&with("a=SendOnly\na=Setup:passive\n"), &[LetterCase]);
    assert_eq!(
        (media.direction(), media.setup()),
        (msrp::Direction::SendOnly, Some(Setup::Passive))
    );
    for junk in
        ["c=IN\n", "c=\n", "hello\n", "ab=c\n", "=\n", "a=na me:x\n", "a=:x\n", "--boundary\n"]
    {
        assert_told(&with(junk), &[JunkLine]);
        assert_told(&format!("{SECTION}{junk}"), &[JunkLine]);
    }
    for origin in ["o=\n", "o=- x 1 IN IP4 192.0.2.1\n", "o=- 1 2 IN IP4\n", "o=alice\n"] {
        let media = with(origin);
        assert_told(&media, &[MalformedOrigin]);
        assert_eq!(read(&media).origin(), None);
    }
    for other in ["audio x RTP/AVP 0", "audio 65536 RTP/AVP 0", "audio 9", "", "video 1 RTP/AVP"] {
        assert_told(&with(&format!("m={other}\n")), &[MalformedSection]);
    }
    for media in ["message", "MESSAGE"] {
        let attributes = "a=x\n".repeat(MAX_ATTRIBUTES + 1);
        let many = format!("m={media} 1 TCP/MSRP *\n{attributes}");
        assert_told(&with(&many), &[MalformedSection]);
    }
}

// wild: 78
#[test]
fn every_deviation_of_a_section_is_read_by_its_name() {
    let with = |from: &str, to: &str| SECTION.replace(from, to);
    assert_told(&with("TCP/MSRP *", "TCP/MSRP"), &[MissingFormat]);
    assert_told(&with("TCP/MSRP", "TCP/MRSP"), &[ProtocolSpelling]);
    for (exact, other) in
        [("TCP/MSRP", "tcp/msrp"), ("message", "MESSAGE"), ("a=path", "a=Path"), ("types", "Types")]
    {
        assert_told(&with(exact, other), &[LetterCase]);
    }
    assert_told(&with("//192.0.2.1", "//2001:db8::1"), &[BareIpv6Address]);
    let media = assert_told(&format!("{SECTION}a=SendOnly\n"), &[LetterCase]);
    assert_eq!(media.direction(), msrp::Direction::SendOnly);
}

// wild: 51
#[test]
fn a_section_keeps_its_faults_and_its_place() {
    let text = format!(
        "v=0\nm=audio 99999 RTP/AVP 0 8\na=x\n{SECTION}m=message 7654 TCP/MSRP\nm=\n{SECTION}"
    );
    let description = read(&text);
    let faulty = |section: &MediaDescription| section.fault().is_some();
    let faults: Vec<bool> = description.media().iter().map(faulty).collect();
    assert_eq!(faults, [true, false, false, true, false]);
    let refused = |index: usize| msrp_sdp::refuse(&description.media()[index]).to_string();
    assert_eq!(refused(0), "m=audio 0 RTP/AVP 0 8\r\n");
    assert_eq!(refused(3), "m=- 0 - *\r\n");
    // The error is that of the line, and each section tells of its own.
    let error = MsrpMedia::parse(&description.media()[0]).unwrap_err();
    assert_eq!((error.attribute(), error.kind()), ("m=", Malformed));
    let told = |index: usize| description.media()[index].tolerated().iter().collect::<Vec<_>>();
    assert_eq!(told(0), [MalformedSection]);
    assert_eq!((told(1), told(2)), (vec![], vec![MissingFormat]));
}

// wild: 52
#[test]
fn an_m_line_without_format_and_with_blanks_is_read() {
    let text = case("S01-m-line-without-format");
    let description = read(&text);
    assert!(description.tolerated().iter().eq([ExtraBlanks, MissingFormat]));
    let media = MsrpMedia::parse(&description.media()[0]).unwrap();
    assert_eq!(media.file().and_then(|file| file.selector.size()), Some(195_490));
    assert_eq!(description.origin().map(msrp_sdp::Origin::id), Some(3_600_507_138));
}

// wild: 53
#[test]
fn a_name_in_latin_1_loses_no_description() {
    let octets = [b"v=0\ns=Caf\xe9\n".as_slice(), SECTION.as_bytes()].concat();
    let read = SessionDescription::from_octets(&octets, SdpTolerances::all()).unwrap();
    assert!(read.tolerated().iter().eq([NotUtf8]));
    assert!(MsrpMedia::parse(&read.media()[0]).is_ok());
    assert!(SessionDescription::from_octets(&octets, SdpTolerances::none()).is_err());
}

// wild: 54
#[test]
fn a_list_on_several_lines_is_one_list() {
    let types = |media: &MsrpMedia| media.types().types().map(str::to_owned).collect::<Vec<_>>();
    let twice = MsrpMedia::parse(&read_section(&case("S19-accept-types-twice")).unwrap()).unwrap();
    assert_eq!(types(&twice), ["text/plain", "message/cpim"]);
    assert!(twice.tolerated().iter().eq([SplitList]));
    let media = assert_told(
        &format!("{SECTION}a=accept-types:text/plain\na=accept-types:image/* text/html\n"),
        &[SplitList, RepeatedAttribute],
    );
    assert_eq!(types(&media), ["text/plain", "image/*", "text/html"]);
    let wrapped = "a=accept-wrapped-types:text/plain\na=accept-wrapped-types:image/png\n";
    let media = assert_told(&format!("{SECTION}{wrapped}"), &[SplitList]);
    assert_eq!(media.types().wrapped_types().count(), 2);
    let room = "a=chatroom:nickname\na=chatroom:private-messages\n";
    let media = assert_told(&format!("{SECTION}{room}"), &[SplitList]);
    assert!(media.chatroom().unwrap().has_nicknames());
    assert!(media.chatroom().unwrap().has_private_messages());
    let room = "a=chatroom:NickName\na=chatroom:nickname\n";
    let media = assert_told(&format!("{SECTION}{room}"), &[RepeatedAttribute]);
    assert!(media.chatroom().unwrap().has_nicknames());
}

// wild: 54
#[test]
fn equal_values_do_not_conflict_and_others_do() {
    let path = "a=path:msrp://192.0.2.1:7654/jshA7weztas;tcp\n";
    for line in [path, "a=setup:actpass\n", "a=max-size:10\n", "a=msrp-cema\n", "a=sendonly\n"] {
        let media = assert_told(&format!("{SECTION}{line}{line}"), &[RepeatedAttribute]);
        assert_eq!(media.path().len(), 1);
    }
    for (name, lines) in [
        ("path", "a=path:msrp://192.0.2.1:7654/other;tcp\n"),
        ("setup", "a=setup:active\na=setup:passive\n"),
        ("max-size", "a=max-size:10\na=max-size:11\n"),
        ("recvonly", "a=sendonly\na=recvonly\n"),
    ] {
        let contradicting = MsrpMedia::parse(&section(&format!("{NEEDED}{lines}")));
        assert_eq!(fault(contradicting), (name, Duplicate, None));
    }
}

#[test]
fn values_are_equal_in_any_spelling() {
    let again = |line: &str, told: &[SdpTolerance]| assert_told(&format!("{SECTION}{line}"), told);
    let media = again("a=setup:actpass\na=setup:ACTPASS\n", &[LetterCase, RepeatedAttribute]);
    assert_eq!(media.setup(), Some(Setup::Actpass));
    let media = again("a=max-size:100\na=max-size:0100\n", &[RepeatedAttribute]);
    assert_eq!(media.max_size(), Some(100));
    let path = "a=path:MSRP://192.0.2.1:7654/jshA7weztas;TCP\n";
    assert_eq!(again(path, &[RepeatedAttribute]).path().len(), 1);
    // What counts as none contradicts nothing.
    let media = again("a=setup:holdconn\na=setup:passive\n", &[]);
    assert_eq!(media.setup(), Some(Setup::Passive));
}

#[test]
fn an_entry_that_a_list_repeats_counts_once() {
    let types = |media: &MsrpMedia| media.types().types().map(str::to_owned).collect::<Vec<_>>();
    for (lines, told) in [
        ("a=accept-types:TEXT/Plain\n", &[RepeatedAttribute][..]),
        ("a=accept-types:text/plain text/plain\n", &[RepeatedAttribute]),
        ("a=accept-types:text/html text/plain\n", &[SplitList]),
        ("a=accept-types:text/html\na=accept-types:Text/HTML\n", &[SplitList, RepeatedAttribute]),
    ] {
        let media = assert_told(&format!("{SECTION}{lines}"), told);
        let is_split = told.contains(&SplitList);
        let expected = if is_split { &["text/plain", "text/html"][..] } else { &["text/plain"] };
        assert_eq!(types(&media), expected, "{lines}");
    }
    let wrapped = "a=accept-wrapped-types:a/b;x=\"1\" c/d\na=accept-wrapped-types:c/d\n";
    let media = assert_told(&format!("{SECTION}{wrapped}"), &[RepeatedAttribute]);
    assert_eq!(media.types().wrapped_types().count(), 2);
}

// wild: 80
#[test]
fn what_a_session_does_without_loses_none() {
    for text in ["unlimited", "", "10MB", "-1", "1 2"] {
        let media = assert_told(&format!("{SECTION}a=max-size:{text}\n"), &[UnreadableAttribute]);
        assert_eq!(media.max_size(), None, "{text}");
    }
    let media = assert_told(
        &format!("{SECTION}a=max-size:unlimited\na=max-size:10\n"),
        &[UnreadableAttribute],
    );
    assert_eq!(media.max_size(), Some(10));
    let media = assert_told(&format!("{SECTION}a=accept-wrapped-types:foo\n"), &[UnreadableType]);
    assert_eq!(media.types().wrapped_types().count(), 0);
}

// wild: 81
#[test]
fn the_readable_types_of_a_list_count() {
    let types = |media: &MsrpMedia| media.types().types().map(str::to_owned).collect::<Vec<_>>();
    for (list, expected) in [
        ("text/plain, message/cpim", &["text/plain", "message/cpim"][..]),
        ("text/plain,message/cpim", &["text/plain", "message/cpim"]),
        ("text/plain , message/cpim,", &["text/plain", "message/cpim"]),
        ("text/plain foo", &["text/plain"]),
        ("foo text/plain text/ /x", &["text/plain"]),
        ("text/plain;message/cpim", &["text/plain", "message/cpim"]),
        ("text/plain; message/cpim;", &["text/plain", "message/cpim"]),
        ("text/plain, text/html;image/png", &["text/plain", "text/html", "image/png"]),
    ] {
        let text = SECTION.replace("accept-types:text/plain", &format!("accept-types:{list}"));
        let media = assert_told(&text, &[UnreadableType]);
        assert_eq!(types(&media), expected, "{list}");
        let wrapped = format!("{SECTION}a=accept-wrapped-types:{list}\n");
        let media = assert_told(&wrapped, &[UnreadableType]);
        assert!(media.types().wrapped_types().eq(expected.iter().copied()), "{list}");
    }
    let split = format!("{SECTION}a=accept-types:foo\n");
    assert_eq!(types(&assert_told(&split, &[RepeatedAttribute, UnreadableType])), ["text/plain"]);
    // Without one that can be read, nothing could be sent.
    for none in ["foo", ",", "foo, bar"] {
        let text = SECTION.replace("accept-types:text/plain", &format!("accept-types:{none}"));
        assert!(MsrpMedia::parse(read(&text).media().last().unwrap()).is_err(), "{none}");
    }
}

/// Read as absent it would turn the roles around.
// wild: 57
#[test]
fn setup_is_never_lost_to_its_letter_case() {
    let media = MsrpMedia::parse(&read_section(&case("S16-setup-Active")).unwrap()).unwrap();
    assert_eq!(media.setup(), Some(Setup::Active));
    assert!(media.tolerated().iter().eq([LetterCase]));
    for (text, setup) in
        [("PASSIVE", Setup::Passive), ("ActPass", Setup::Actpass), ("actIVE", Setup::Active)]
    {
        let media = assert_told(&format!("{SECTION}a=setup:{text}\n"), &[LetterCase]);
        assert_eq!(media.setup(), Some(setup));
        let media = assert_told(&format!("{SECTION}a=Setup:{text}\n"), &[LetterCase]);
        assert_eq!(media.setup(), Some(setup));
    }
    let passive = MsrpMedia::parse(&section(&format!("{NEEDED}a=setup:Passive\n"))).unwrap();
    let (answer, plan) = msrp_sdp::answer(&passive, bob()).unwrap();
    assert_eq!((answer.setup(), plan.role()), (Some(Setup::Active), Role::Active));
    assert!(plan.tolerated().iter().eq([LetterCase]));
}

/// `holdconn` counts as none by RFC 6135 section 4.2.1. Others are told of.
#[test]
fn an_unknown_role_is_never_passed_over_in_silence() {
    assert_eq!(assert_told(&format!("{SECTION}a=setup:holdconn\n"), &[]).setup(), None);
    let upper = format!("{SECTION}a=setup:HoldConn\n");
    assert_eq!(assert_told(&upper, &[LetterCase]).setup(), None);
    for unknown in ["both", "active passive", "activating", "", "active;"] {
        let line = format!("a=setup:{unknown}\n");
        let media = assert_told(&format!("{SECTION}{line}"), &[UnreadableAttribute]);
        assert_eq!(media.setup(), None, "{unknown}");
        let both = format!("{SECTION}{line}a=setup:active\n");
        let media = assert_told(&both, &[UnreadableAttribute]);
        assert_eq!(media.setup(), Some(Setup::Active), "{unknown}");
    }
}

/// RFC 4145 section 4.1: it says nothing, and the offerer connects.
// wild: 85
#[test]
fn an_answer_that_leaves_the_roles_open_is_passive_by_name() {
    let offer = Offer::new(alice()).unwrap();
    let answer = MsrpMedia::parse(&section(&format!("{NEEDED}a=setup:actpass\n"))).unwrap();
    let plan = msrp_sdp::complete(&offer, &answer).unwrap();
    assert_eq!(plan.role(), Role::Active);
    assert!(plan.tolerated().iter().eq([AnsweredActpass]));
    let less = alice().tolerating(SdpTolerances::all().without(AnsweredActpass));
    let refusal = msrp_sdp::complete(&Offer::new(less).unwrap(), &answer).unwrap_err();
    assert_eq!(refusal, Refusal::NoRole);
}

#[test]
fn an_answer_repeats_the_media_and_formats_of_its_offer() {
    for line in ["MESSAGE 7654 TCP/MSRP *", "message 7654 TCP/MSRP 98 99", "Message 7654 tcp/msrp"]
    {
        let text = SECTION.replace("message 7654 TCP/MSRP *", line);
        let offer = MsrpMedia::parse(&read_section(&text).unwrap()).unwrap();
        let (answer, _) = msrp_sdp::answer(&offer, bob()).unwrap();
        let (media, rest) = line.split_once(" 7654 ").unwrap();
        let rest = if rest.contains(' ') { rest.to_owned() } else { format!("{rest} *") };
        let written = answer.description().to_string();
        assert!(written.starts_with(&format!("m={media} 12763 {rest}\r\n")), "{written}");
    }
}

// wild: 77
#[test]
fn lines_that_end_in_cr_alone_are_lines() {
    let text = format!("v=0\n{SECTION}a=setup:active\na=max-size:10\n");
    let cr = text.replace('\n', "\r");
    let one_cr = text.replace("active\n", "active\r");
    let one_lf = cr.replacen('\r', "\n", 1);
    let crlf_but_one = text.replace('\n', "\r\n").replace("active\r\n", "active\r");
    for text in [&cr, &format!("{cr}\n"), &one_cr, &one_lf, &crlf_but_one] {
        let media = assert_told(text, &[LineEnds]);
        assert_eq!((media.setup(), media.max_size()), (Some(Setup::Active), Some(10)), "{text:?}");
    }
    assert_told(&text.replace('\n', "\r\r\n"), &[LineEnds, ExtraBlanks]);
    assert_told(&text.replace('\n', "\n\r"), &[LineEnds, ExtraBlanks]);
    // A value does not grow together over one.
    let media = assert_told(
        &text.replace("active", "act\rive"),
        &[LineEnds, JunkLine, UnreadableAttribute],
    );
    assert_eq!(media.setup(), None);
}

#[test]
fn a_byte_order_mark_before_any_line_loses_none() {
    for text in ["\u{feff}\u{feff}v=0\n", "v=0\n\u{feff}"] {
        assert_told(&format!("{text}{SECTION}"), &[ByteOrderMark]);
    }
    let media = assert_told(&format!("\u{feff}{SECTION}"), &[ByteOrderMark]);
    assert_eq!(media.path().len(), 1);
}

#[test]
fn the_letter_of_a_line_counts_in_either_case() {
    let all = SECTION.replace("m=", "M=").replace("a=", "A=");
    assert_told(&format!("O=- 1 7 IN IP4 192.0.2.1\nC=IN IP4 192.0.2.1\n{all}"), &[LetterCase]);
    let media = assert_told(&format!("{SECTION}A=setup:active\n"), &[LetterCase]);
    assert_eq!(media.setup(), Some(Setup::Active));
    // What MSRP does not need is read over in any case.
    assert_told(&format!("V=0\nS=-\nT=0 0\n{SECTION}B=AS:1\n"), &[]);
}

/// RFC 8866 section 9 has one space between fields, and none at either end.
#[test]
fn blanks_between_the_fields_of_a_line_are_told() {
    let fields = "message 7654 TCP/MSRP *";
    for line in ["message  7654 TCP/MSRP *", "message\t7654 TCP/MSRP *", " message 7654 TCP/MSRP *"]
    {
        let media = assert_told(&SECTION.replace(fields, line), &[ExtraBlanks]);
        assert_eq!(media.port(), 7654, "{line:?}");
    }
    for line in
        ["c= IN IP4 192.0.2.1", "c=IN  IP4 192.0.2.1", "c=IN IP4\t192.0.2.1", "c=IN IP4 192.0.2.1 "]
    {
        let media = assert_told(&format!("{SECTION}{line}\n"), &[ExtraBlanks]);
        assert_eq!(media.address(), Some("192.0.2.1"), "{line:?}");
    }
    assert_told(&format!("o=- 1  7 IN IP4 192.0.2.1\n{SECTION}"), &[ExtraBlanks]);
}

#[test]
fn blanks_around_a_value_are_told() {
    for line in [
        "setup: passive",
        "setup:passive ",
        "max-size:\t10",
        "max-size:10 ",
        "sendonly ",
        "accept-wrapped-types:a/b  c/d",
        "accept-wrapped-types:a/b; x=1 c/d",
        "accept-wrapped-types:a/b ;x=1",
        "accept-wrapped-types: a/b",
        "chatroom:nickname ",
    ] {
        let text = format!("{SECTION}a={line}\n");
        assert_told(&text, &[ExtraBlanks]);
    }
    assert_told(&SECTION.replace("path:", "path: "), &[ExtraBlanks]);
    assert_told(&SECTION.replace("text/plain", "text/plain  message/cpim "), &[ExtraBlanks]);
    // Those of attributes that MSRP does not have may be meant.
    assert_told(&format!("{SECTION}a=note: x \nm=audio 1 RTP/AVP 0\na=fmtp:0 x \n{SECTION}"), &[]);
}

/// RFC 8866 section 9 has none anywhere. A value does not grow together over one either.
#[test]
fn a_line_with_a_control_character_says_nothing() {
    for line in [
        "a=setup:act\0ive\n",
        "a=setup:active\0\n",
        "c=IN IP4 192.0\0.2.1\n",
        "c=IN IP4 192.0.2.1\u{7}\n",
    ] {
        let media = assert_told(&format!("{SECTION}{line}"), &[JunkLine]);
        assert_eq!((media.setup(), media.address()), (None, None), "{line:?}");
    }
    assert_told(&format!("o=- 1 7 IN IP4 192.0\0.2.1\n{SECTION}"), &[MalformedOrigin]);
    assert_told(&format!("m=audio\0 1 RTP/AVP 0\n{SECTION}"), &[MalformedSection]);
    let path = read(&SECTION.replace("jshA", "jsh\0A"));
    assert_eq!(fault(MsrpMedia::parse(&path.media()[0])), ("path", ErrorKind::Missing, None));
    // The end of a string in C is no part of the text.
    assert_told(&format!("{}\0", SECTION.trim_end()), &[ExtraBlanks]);
}

/// RFC 8866 section 5.7 has several for multicast alone.
// wild: 99
#[test]
fn of_several_addresses_the_first_counts_by_name() {
    let one = "c=IN IP4 192.0.2.1\n";
    for second in [one, "c=IN IP4 192.0.2.2\n", "c=IN IP6 ::\n"] {
        let media = assert_told(&format!("{SECTION}{one}{second}"), &[SeveralAddresses]);
        assert_eq!(media.address(), Some("192.0.2.1"));
        // One of the session and one of the section are two different things.
        let media = assert_told(&format!("{second}{SECTION}{one}"), &[]);
        assert_eq!(media.address(), Some("192.0.2.1"));
        assert_told(&format!("m=video 1 RTP/AVP 0\n{one}{second}{SECTION}"), &[]);
    }
}

#[test]
fn tolerances_are_read_by_their_names() {
    for tolerance in SdpTolerance::ALL {
        assert_eq!(tolerance.to_string().parse(), Ok(*tolerance));
    }
    let error = "letters".parse::<SdpTolerance>().unwrap_err();
    assert_eq!(error.to_string(), "session description: unknown tolerance");
}
