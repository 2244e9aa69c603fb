//! Sections, answers and plans.

use std::fs;

use serde_json::{Value, json};

use super::processes::Folder;
use super::{assert_shape, case, file, files, inspect, read, unread, wrong};

pub(crate) const PLAIN: &str = "msrp://192.0.2.7:12763/kjhd37s2s20w2a;tcp";
const SECURE: &str = "msrps://192.0.2.7:12763/kjhd37s2s20w2a;tcp";

fn answered(name: &str, more: &[&str]) -> Value {
    read(&[&["answer", &case(name), "--local", PLAIN], more].concat())
}

pub(crate) fn lines(answer: &Value) -> Vec<&str> {
    answer["answer"].as_str().unwrap().lines().collect()
}

#[test]
fn any_file_gives_objects_of_one_shape() {
    let answer = case("T22-answer-active-from-sbc.sdp");
    for folder in ["tests/cases", "fuzz/corpus/sdp", "fuzz/corpus/data_channel"] {
        for path in files(folder) {
            assert_shape(&["sdp"], &path);
            assert_shape(&["answer", "--local", PLAIN], &path);
            assert_shape(&["answer", "--local", SECURE, "--active", "--cema"], &path);
            assert_shape(&["complete", &answer, "--local", PLAIN], &path);
        }
    }
}

#[test]
fn a_section_says_its_values_and_what_was_read_over() {
    let section = read(&["sdp", &case("S01-m-line-without-format.sdp")]);
    assert_eq!(section["tolerated"], json!(["extra-blanks", "missing-format"]));
    assert_eq!(section["port"], 20000);
    assert_eq!(section["msrp"]["maxSize"], 15_728_640);
    assert_eq!(section["msrp"]["file"]["size"], 195_490);
    let section = read(&["sdp", &case("S19-accept-types-twice.sdp")]);
    assert_eq!(section["tolerated"], json!(["split-list"]));
    assert_eq!(section["msrp"]["acceptTypes"], json!(["text/plain", "message/cpim"]));
    let section = read(&["sdp", &case("S16-setup-Active.sdp")]);
    assert_eq!(section["msrp"]["setup"], "active");
}

#[test]
fn sections_of_other_media_are_no_errors() {
    let folder = Folder::new();
    let needed = "m=message 7654 TCP/MSRP *\na=accept-types:*\na=path:msrp://h:7654/s;tcp\n";
    let text = format!("v=0\nm=audio x RTP/AVP 0\nm=video 1 RTP/AVP 0\n{needed}");
    let (status, sections) = inspect(&["sdp", &file(&folder, "sdp", &text)]);
    assert_eq!((status, sections.len()), (0, 3));
    assert_eq!(wrong(&sections[0], text.as_bytes()), "m=audio x RTP/AVP 0");
    assert_eq!((&sections[1]["msrp"], &sections[1]["error"]), (&Value::Null, &Value::Null));
    assert_eq!(sections[2]["msrp"]["path"], json!(["msrp://h:7654/s;tcp"]));
}

#[test]
fn an_error_has_its_octets() {
    let folder = Folder::new();
    let text = "v=0\r\nm=message 7654 TCP/MSRP *\r\na=accept-types:*\r\na=fingerprint:sha-256 AB\r\n\
                a=path:msrp://h:7654/s;tcp\r\n";
    let path = file(&folder, "sdp", text);
    let section = unread(&["sdp", &path]);
    assert_eq!(wrong(&section, text.as_bytes()), "AB", "{section}");
    let answer = unread(&["answer", &path, "--local", PLAIN]);
    assert_eq!(answer["error"], section["error"]);
    assert_eq!((&answer["answer"], &answer["plan"]), (&Value::Null, &Value::Null));
    let nothing = unread(&["sdp", &file(&folder, "none", "v=0\r\n")]);
    assert_eq!(nothing["error"]["kind"], "missing");
}

#[test]
fn an_error_has_its_octets_among_lines_of_any_kind() {
    let folder = Folder::new();
    let clean = "v=0\r\nm=audio 1 RTP/AVP 0\r\nm=message 7654 TCP/MSRP *\r\na=accept-types:*\r\n\
                 a=path:msrp://h:7654/s;tcp\r\na=max-size:1\r\na=max-size:2\r\n";
    let deviations: [(&str, &str); 7] = [
        ("\r\n", "\r"),
        ("*\r\n", "*\r"),
        ("\r\n", "\r\r\n"),
        ("v=0\r\n", "\u{feff}"),
        ("m=audio", "\u{feff}M = audio"),
        ("a=max-size:", "A= Max-Size :"),
        ("v=0", "\n\n\r\n"),
    ];
    for (regular, other) in deviations {
        let text = clean.replace(regular, other);
        let (status, sections) = inspect(&["sdp", &file(&folder, "sdp", &text)]);
        assert_eq!((status, sections.len()), (1, 2), "{text:?}");
        assert_eq!(sections[1]["error"]["kind"], "duplicate");
        let place = wrong(&sections[1], text.as_bytes());
        assert!(place.to_lowercase().contains("max-size") && place.ends_with('2'), "{text:?}");
    }
    let latin_1 = b"a=file-selector:name:\"Caf\xe9 \xe9\xe9\" size:1 size:23\r\n";
    let text = [clean.replace("a=max-size:2", "a=x").as_bytes(), latin_1].concat();
    let (_, sections) = inspect(&["sdp", &file(&folder, "sdp", &text)]);
    assert_eq!(wrong(&sections[1], &text), "23");
}

#[test]
fn the_error_of_a_repeated_attribute_lies_in_the_one_that_is_wrong() {
    let folder = Folder::new();
    let needed = "v=0\r\nm=message 7654 TCP/MSRP *\r\na=accept-types:*\r\n\
                  a=path:msrp://h:7654/s;tcp\r\n";
    let fingerprint = format!("a=fingerprint:sha-256 {}", ["AB"; 32].join(":"));
    for (first, second, place) in [
        ("a=file-selector:size:1", "a=file-selector:type:a/b size:2", "2"),
        ("a=file-selector:size:1", "a=file-selector:type:a/b type:a/c", "a/c"),
        ("a=file-transfer-id:a", "a=file-transfer-id:b", "a=file-transfer-id:b"),
        (fingerprint.as_str(), "a=fingerprint:sha-256 ZZ", "ZZ"),
        ("a=max-size:1", "a=max-size:2", "a=max-size:2"),
        ("a=setup:active", "a=setup:passive", "a=setup:passive"),
        ("a=sendonly", "a=recvonly", "a=recvonly"),
        ("a=msrp-cema", "a=path:msrp://h:7654/other;tcp", "a=path:msrp://h:7654/other;tcp"),
        ("a=msrp-cema", "a=Path:sip:alice@h", "sip"),
    ] {
        let selector =
            if first.contains("transfer-id") { "a=file-selector:size:1\r\n" } else { "" };
        let text = format!("{needed}{selector}{first}\r\n{second}\r\n");
        let section = unread(&["sdp", &file(&folder, "sdp", &text)]);
        assert_eq!(wrong(&section, text.as_bytes()), place, "{section}");
        let from = section["error"]["octets"][0].as_u64().unwrap();
        assert!(from >= text.find(second).unwrap() as u64, "{section}");
    }
    // Those of the session count where the section has none.
    let text = needed.replace("v=0", &format!("{fingerprint}\r\na=fingerprint:sha-1 ZZ"));
    let text = text.replace("TCP/MSRP", "TCP/TLS/MSRP").replace("msrp:", "msrps:");
    let section = unread(&["sdp", &file(&folder, "sdp", &text)]);
    assert_eq!(wrong(&section, text.as_bytes()), "ZZ", "{section}");
}

#[test]
fn an_answer_repeats_the_transport_of_its_offer() {
    let typo = answered("T05-mrsp-typo.sdp", &[]);
    assert!(lines(&typo).contains(&"m=message 12763 TCP/MRSP *"), "{typo}");
    assert_eq!(typo["tolerated"], json!(["protocol-spelling"]));
    for (name, local) in [
        ("T01-plain-offer-tls-local.sdp", SECURE),
        ("T02-tls-proto-plain-path-plain-local.sdp", PLAIN),
        ("T02-tls-proto-plain-path-plain-local.sdp", SECURE),
    ] {
        let refused = unread(&["answer", &case(name), "--local", local]);
        assert_eq!((&refused["answer"], &refused["plan"]), (&Value::Null, &Value::Null));
        assert!(refused["refusal"]["kind"].is_string() && refused["error"].is_null());
    }
}

#[test]
fn a_plan_says_who_connects_where() {
    let waits = answered("S16-setup-Active.sdp", &[]);
    assert_eq!(
        waits["plan"],
        json!({
            "role": "passive", "connect": null, "local": PLAIN, "maxSize": null,
            "remote": "msrp://198.51.100.9:20000/1391518338240;tcp",
        })
    );
    let connects = answered("T01-plain-offer-tls-local.sdp", &["--active"]);
    assert_eq!(connects["plan"]["role"], "active");
    let target = json!({ "host": "198.51.100.9", "port": 2855, "tls": false });
    assert_eq!(connects["plan"]["connect"], target);
    let name = "S05-path-of-zeros-unreachable.sdp";
    let nowhere = unread(&["answer", &case(name), "--local", PLAIN, "--active"]);
    assert_eq!(nowhere["refusal"]["kind"], "unreachable");
    let lines = answered(name, &["--active", "--cema"]);
    let target = json!({ "host": "198.51.100.9", "port": 23922, "tls": false });
    assert_eq!(lines["plan"]["connect"], target);
}

#[test]
fn the_side_is_as_the_options_say() {
    let name = "S08-no-transfer-id.sdp";
    let accepted = answered(name, &[]);
    assert!(!accepted["answer"].as_str().unwrap().contains("file-transfer-id"));
    let refused = unread(&["answer", &case(name), "--local", PLAIN, "--no-file"]);
    assert_eq!(refused["refusal"]["kind"], "file");
    let types = answered("T05-mrsp-typo.sdp", &["--accept-types", "text/plain,image/*"]);
    assert!(lines(&types).contains(&"a=accept-types:text/plain image/*"));
    let none = ["--accept-types", "image/*", "--passive"];
    let offer = case("T05-mrsp-typo.sdp");
    let refused = unread(&[&["answer", &offer, "--local", PLAIN], &none[..]].concat());
    assert_eq!(refused["refusal"]["kind"], "no-common-type");
}

#[test]
fn an_answer_has_a_section_for_each_of_the_offer() {
    let folder = Folder::new();
    let offer = fs::read_to_string(case("T05-mrsp-typo.sdp")).unwrap();
    let offer = file(&folder, "offer", format!("{offer}m=audio 4000 RTP/AVP 0\n"));
    let answer = read(&["answer", &offer, "--local", PLAIN]);
    let sections: Vec<_> = lines(&answer).into_iter().filter(|it| it.starts_with("m=")).collect();
    assert_eq!(sections, ["m=message 12763 TCP/MRSP *", "m=audio 0 RTP/AVP 0"]);
}

#[test]
fn both_sides_of_an_exchange_have_plans_that_meet() {
    let folder = Folder::new();
    let offer = case("T01-plain-offer-tls-local.sdp");
    let answer = answered("T01-plain-offer-tls-local.sdp", &[]);
    let answer = file(&folder, "answer", answer["answer"].as_str().unwrap());
    let own = "msrp://198.51.100.9:2855/abc;tcp";
    let mut completed = read(&["complete", &offer, &answer, "--local", own]);
    assert!(lines(&completed).contains(&"m=message 12763 TCP/MSRP *"));
    let plan = completed["plan"].take();
    assert_eq!((&plan["role"], &plan["local"]), (&json!("active"), &json!(own)));
    assert_eq!(plan["remote"], PLAIN);
    assert_eq!(plan["connect"], json!({ "host": "192.0.2.7", "port": 12763, "tls": false }));
}

#[test]
fn the_offerer_of_an_active_offer_connects_to_a_middlebox() {
    let folder = Folder::new();
    let offer = "m=message 9 TCP/MSRP *\na=accept-types:*\na=setup:active\n\
                 a=path:msrp://192.0.2.1:9/s;tcp\n";
    let offer = file(&folder, "offer", offer);
    let answer = case("T22-answer-active-from-sbc.sdp");
    let own = "msrp://192.0.2.1:9/s;tcp";
    let both = read(&["complete", &offer, &answer, "--local", own]);
    assert_eq!(both["tolerated"], json!(["both-active"]));
    assert_eq!(both["plan"]["role"], "active");
    let target = json!({ "host": "203.0.113.5", "port": 30100, "tls": false });
    assert_eq!(both["plan"]["connect"], target);
}

#[test]
fn an_answer_of_another_transport_is_refused() {
    let folder = Folder::new();
    let offer = case("T01-plain-offer-tls-local.sdp");
    let answer = fs::read_to_string(&offer).unwrap();
    let answer = answer.replace("TCP/MSRP", "TCP/TLS/MSRP").replace("msrp:", "msrps:");
    let answer = file(&folder, "answer", answer.replace("actpass", "passive"));
    let own = "msrp://198.51.100.9:2855/abc;tcp";
    let refused = unread(&["complete", &offer, &answer, "--local", own]);
    assert!(refused["refusal"]["kind"].is_string(), "{refused}");
    let closed = fs::read_to_string(&offer).unwrap().replace("m=message 2855", "m=message 0");
    let closed = file(&folder, "closed", closed);
    let refused = unread(&["complete", &offer, &closed, "--local", own]);
    assert_eq!(refused["error"]["kind"], "closed");
}

/// A section of a session with this protocol, path and `setup`.
pub(crate) fn section(protocol: &str, path: &str, setup: &str, more: &str) -> String {
    format!(
        "m=message 7654 {protocol} *\r\nc=IN IP4 192.0.2.1\r\na=accept-types:*\r\n\
         a=path:{path}\r\na=setup:{setup}\r\n{more}"
    )
}

pub(crate) const OFFERER: &str = "msrp://192.0.2.1:7654/jshA7weztas;tcp";

pub(crate) fn completed(offer: &str, answer: &str, local: &str) -> (i32, Value) {
    let folder = Folder::new();
    let (offer, answer) = (file(&folder, "offer", offer), file(&folder, "answer", answer));
    let (status, mut objects) = inspect(&["complete", &offer, &answer, "--local", local]);
    assert_eq!(objects.len(), 1, "{objects:?}");
    (status, objects.remove(0))
}

/// The answer to a section that is refused.
const CLOSED: &str = "m=message 0 TCP/MSRP *\r\n";

// RFC 3264 section 6.
#[test]
fn a_section_is_completed_by_that_in_its_place() {
    let secure = OFFERER.replace("msrp:", "msrps:").replace("7weztas", "secure");
    let fingerprint = format!("a=fingerprint:SHA-256 {}\r\n", ["AB"; 32].join(":"));
    let tls = section("TCP/TLS/MSRP", &secure, "actpass", &fingerprint);
    let plain = section("TCP/MSRP", OFFERER, "actpass", "");
    let other = plain.replace(OFFERER, "msrp://192.0.2.9:7654/other;tcp");
    let audio = "m=audio 4000 RTP/AVP 0\r\n";
    let answered = section("TCP/MSRP", PLAIN, "passive", "");
    let answered_other = answered.replace(PLAIN, "msrp://192.0.2.8:1/other;tcp");
    let no_audio = "m=audio 0 RTP/AVP 0\r\n";
    let closed_tls = CLOSED.replace("TCP", "TCP/TLS");
    for (offer, answer) in [
        ([&tls, &plain], [closed_tls.as_str(), &answered]),
        ([&other, &plain], [CLOSED, &answered]),
        ([&other, &plain], [&answered_other, &answered]),
        ([&plain, &other], [&answered, &answered_other]),
        ([&plain, &tls], [&answered, &closed_tls]),
        ([&audio.to_owned(), &plain], [no_audio, &answered]),
    ] {
        let (offer, answer) = (offer.map(String::as_str).concat(), answer.concat());
        let (status, both) = completed(&offer, &answer, OFFERER);
        assert_eq!((status, &both["plan"]["remote"]), (0, &json!(PLAIN)), "{offer}{answer}{both}");
        assert_eq!(both["plan"]["local"], OFFERER);
    }
    // The section of this side is refused, whatever there is of the others.
    for (answer, octets) in [
        (format!("{answered_other}{CLOSED}"), "m=message 0 TCP/MSRP *"),
        (CLOSED.repeat(2), "m=message 0 TCP/MSRP *"),
    ] {
        let (status, refused) = completed(&format!("{other}{plain}"), &answer, OFFERER);
        assert_eq!((status, &refused["error"]["kind"]), (1, &json!("closed")), "{refused}");
        assert_eq!(wrong(&refused, answer.as_bytes()), octets);
    }
    let (status, refused) = completed(&format!("{other}{plain}"), &answered_other, OFFERER);
    assert_eq!((status, &refused["error"]["kind"]), (1, &json!("missing")));
}

#[test]
fn the_first_section_that_can_be_accepted_is_answered() {
    let folder = Folder::new();
    let fingerprint = format!("a=fingerprint:SHA-256 {}\r\n", ["AB"; 32].join(":"));
    let tls = section("TCP/TLS/MSRP", &OFFERER.replace("msrp:", "msrps:"), "actpass", &fingerprint);
    let plain = section("TCP/MSRP", OFFERER, "actpass", "");
    let image = plain.replace("accept-types:*", "accept-types:image/png");
    let text = plain.replace("accept-types:*", "accept-types:text/plain");
    let selector = "a=sendonly\r\na=file-selector:name:\"p.jpg\" type:image/jpeg size:5\r\n\
                    a=file-transfer-id:abcd1234\r\n";
    let file_offer = section("TCP/MSRP", OFFERER, "actpass", selector);
    let only_text = ["--accept-types", "text/plain"];
    for (refused, accepted, more) in
        [(&tls, &plain, &[][..]), (&image, &text, &only_text), (&file_offer, &text, &["--no-file"])]
    {
        for (sections, ports) in
            [([refused, accepted], ["0", "12763"]), ([accepted, refused], ["12763", "0"])]
        {
            let path = file(&folder, "offer", sections.map(String::as_str).concat());
            let answer = read(&[&["answer", &path, "--local", PLAIN], more].concat());
            let lines = lines(&answer).into_iter().filter_map(|line| line.strip_prefix("m="));
            let found: Vec<_> = lines.filter_map(|line| line.split(' ').nth(1)).collect();
            assert_eq!(found, ports, "{answer}");
            assert_eq!(answer["plan"]["remote"], OFFERER);
        }
    }
    let none = file(&folder, "none", format!("{tls}{image}"));
    let answer = ["answer", &none, "--local", PLAIN];
    let refused = unread(&[&answer[..], &only_text].concat());
    assert_eq!(refused["refusal"]["kind"], "not-secure");
}

#[test]
fn an_offer_with_tls_is_not_completed_without() {
    let secure = OFFERER.replace("msrp:", "msrps:");
    let fingerprint = format!("a=fingerprint:SHA-256 {}\r\n", ["AB"; 32].join(":"));
    let plain = section("TCP/MSRP", PLAIN, "passive", "");
    for (protocol, path, local, more, answer, kind) in [
        ("TCP/TLS/MSRP", OFFERER, OFFERER, fingerprint.as_str(), &plain, "contradiction"),
        ("TCP/TLS/MSRP", OFFERER, &secure, "", &plain, "contradiction"),
        ("TCP/TLS/MSRP", &secure, &secure, &fingerprint, &plain, "not-secure"),
        ("TCP/TLS/MSRP", &secure, OFFERER, "", &plain, "contradiction"),
        ("TCP/MSRP", OFFERER, OFFERER, &fingerprint, &plain, "contradiction"),
        ("TCP/MSRP", &secure, &secure, "", &plain, "contradiction"),
        ("TCP/MSRP", OFFERER, &secure, "", &plain, "contradiction"),
    ] {
        let offer = section(protocol, path, "actpass", more);
        let (status, refused) = completed(&offer, answer, local);
        assert_eq!((status, &refused["refusal"]["kind"]), (1, &json!(kind)), "{offer}");
        assert_eq!((&refused["plan"], &refused["answer"]), (&Value::Null, &Value::Null));
    }
    let offer = section("TCP/TLS/MSRP", &secure, "actpass", &fingerprint);
    let answer = section("TCP/TLS/MSRP", SECURE, "passive", &fingerprint);
    let (status, both) = completed(&offer, &answer, &secure);
    let target = json!({ "host": "192.0.2.7", "port": 12763, "tls": true });
    assert_eq!((status, &both["plan"]["connect"]), (0, &target), "{both}");
    assert_eq!(both["plan"]["local"], secure);
}

#[test]
fn the_setup_of_both_sides_says_who_connects() {
    for (offered, answered, role) in [
        ("actpass", "passive", "active"),
        ("actpass", "active", "passive"),
        ("active", "passive", "active"),
        ("holdconn", "passive", "active"),
        ("passive", "active", "passive"),
        ("passive", "passive", "unreachable"),
        ("passive", "holdconn", "unreachable"),
    ] {
        let offer = section("TCP/MSRP", OFFERER, offered, "");
        let answer = section("TCP/MSRP", PLAIN, answered, "");
        let (_, both) = completed(&offer, &answer, OFFERER);
        let found = both["plan"]["role"].as_str().or(both["refusal"]["kind"].as_str());
        assert_eq!(found, Some(role), "{offered}, {answered}: {both}");
    }
}

#[test]
fn sessions_on_data_channels_are_read() {
    let folder = Folder::new();
    let text = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=sctp-port:5000\n\
                a=dcmap:0 label=\"chat\";subprotocol=\"msrp\"\na=dcsa:0 msrp-cema\n\
                a=dcsa:0 setup:active\na=dcsa:0 path:msrps://192.0.2.1:9/s;dc\n";
    let section = read(&["sdp", &file(&folder, "sdp", text)]);
    let channel = &section["channels"][0];
    assert_eq!((&channel["stream"], &channel["label"]), (&json!(0), &json!("chat")));
    assert_eq!(channel["msrp"]["path"], json!(["msrps://192.0.2.1:9/s;dc"]));
    let junk = format!("{text}a=dcmap:x\n");
    assert_eq!(read(&["sdp", &file(&folder, "sdp", junk)])["tolerated"], json!(["junk-line"]));
    let upper = text.replace("application", "APPLICATION");
    assert_eq!(read(&["sdp", &file(&folder, "sdp", upper)])["channels"][0]["stream"], 0);
    let without_path = text.replace("a=dcsa:0 path", "a=dcsa:0 other");
    let section = unread(&["sdp", &file(&folder, "sdp", without_path)]);
    assert_eq!(section["error"]["kind"], "missing");
}

#[test]
fn an_error_of_a_data_channel_lies_in_its_own_lines() {
    let folder = Folder::new();
    let section = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=sctp-port:5000\n";
    let channel = |stream: u8| {
        format!(
            "a=dcmap:{stream} label=\"chat\";subprotocol=\"msrp\"\na=dcsa:{stream} msrp-cema\n\
             a=dcsa:{stream} setup:active\na=dcsa:{stream} path:msrps://192.0.2.1:9/s;dc\n"
        )
    };
    let text = format!("{section}{}{}", channel(0), channel(2));
    assert_eq!(read(&["sdp", &file(&folder, "sdp", &text)])["channels"][1]["stream"], 2);
    for (stream, more, place) in [
        (2, "a=dcsa:2 max-size:1\na=dcsa:2 max-size:2\n", "a=dcsa:2 max-size:2"),
        (
            2,
            "a=dcsa:0 max-size:1\na=dcsa:2 max-size:2\na=dcsa:2  Max-Size:3\n",
            "a=dcsa:2  Max-Size:3",
        ),
        (0, "a=dcsa:0 file-selector:size:1 size:2\n", "2"),
        (
            2,
            "a=dcmap:2 label=\"x\";subprotocol=\"msrp\"\n",
            "a=dcmap:2 label=\"x\";subprotocol=\"msrp\"",
        ),
    ] {
        let text = format!("{text}{more}");
        let read = unread(&["sdp", &file(&folder, "sdp", &text)]);
        assert_eq!(wrong(&read, text.as_bytes()), place, "{read}");
        let channels = read["channels"].as_array().unwrap();
        let unread: Vec<_> = channels.iter().filter(|it| it["msrp"].is_null()).collect();
        assert_eq!((unread.len(), &unread[0]["stream"]), (1, &json!(stream)), "{read}");
    }
    for (unusable, place) in [
        ("a=sctp-port:x\n", "x"),
        ("a=sctp-port:5001\n", "a=sctp-port:5001"),
        ("a=max-message-size:x\n", "x"),
    ] {
        let text = format!("{text}{unusable}");
        let read = unread(&["sdp", &file(&folder, "sdp", &text)]);
        assert_eq!(wrong(&read, text.as_bytes()), place, "{read}");
    }
}

#[test]
fn the_error_of_an_offer_is_that_of_its_section_for_msrp() {
    let folder = Folder::new();
    for (media, wanted) in
        [("message x TCP/MSRP *", "malformed"), ("message 1 UDP/X *", "not-msrp")]
    {
        let text = format!("m=audio x RTP/AVP 0\nm=video 1 RTP/AVP 0\nm={media}\n");
        let refused = unread(&["answer", &file(&folder, "offer", &text), "--local", PLAIN]);
        assert_eq!(refused["error"]["kind"], wanted);
        assert_eq!(wrong(&refused, text.as_bytes()), format!("m={media}"));
    }
}
