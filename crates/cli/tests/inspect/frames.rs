//! The frames of one stream.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::processes::{Folder, Running, command};
use super::{ROOT, assert_shape, case, file, files, inspect, read, unread, wrong};

/// A SEND with this id and body, and a 200.
pub(crate) fn send(id: &str, body: &str) -> String {
    format!(
        "MSRP {id} SEND\r\nTo-Path: msrp://b.example:2855/s;tcp\r\n\
         From-Path: msrp://a.example:7654/s;tcp\r\nMessage-ID: 87652491\r\n\
         Byte-Range: 1-{len}/{len}\r\nContent-Type: text/plain\r\n\r\n{body}\r\n-------{id}$\r\n",
        len = body.len()
    )
}

pub(crate) fn ok(id: &str) -> String {
    format!(
        "MSRP {id} 200 OK\r\nTo-Path: msrp://a.example:7654/s;tcp\r\n\
         From-Path: msrp://b.example:2855/s;tcp\r\n-------{id}$\r\n"
    )
}

pub(crate) fn ids(objects: &[Value]) -> Vec<&str> {
    objects.iter().map(|it| it["transactionId"].as_str().unwrap_or("-")).collect()
}

#[test]
fn any_file_gives_objects_of_one_shape() {
    for folder in ["tests/cases", "fuzz/corpus/decoder", "fuzz/corpus/head", "tests/vectors"] {
        for path in files(folder) {
            assert_shape(&["frames"], &path);
        }
    }
}

/// However many of them there are, with an end-line that is none of theirs.
#[test]
fn heads_without_ends_hide_no_frame() {
    let endless = "MSRP abcd SEND\r\nX: y\r\n".repeat(2000);
    for between in ["", "-------zzzz$\r\n"] {
        let stream =
            [&endless, &ok("aaaa1"), &endless, between, &ok("aaaa2"), &endless, &ok("aaaa3")];
        let folder = Folder::new();
        let stream = stream.map(|part| part.to_string()).concat();
        let (status, objects) = inspect(&["frames", &file(&folder, "stream", &stream)]);
        let found: Vec<_> = ids(&objects).into_iter().filter(|id| *id != "-").collect();
        assert_eq!((status, found), (1, vec!["aaaa1", "aaaa2", "aaaa3"]), "{between}");
        assert_eq!(objects[objects.len() - 1]["octets"][1], stream.len());
    }
}

/// The next frame was a part of the head, or of the body behind it.
#[test]
fn a_frame_that_is_cut_off_hides_no_frame() {
    let folder = Folder::new();
    let (first, second) = (send("aaaa1", "Hello"), send("aaaa2", "again") + &ok("aaaa3"));
    for cut in 1..first.len() {
        let text = format!("{}{second}", &first[..cut]);
        let (status, objects) = inspect(&["frames", &file(&folder, "cut", &text)]);
        let is_whole = |object: &Value| object["error"].is_null();
        let whole: Vec<_> = objects.iter().filter(|it| is_whole(it)).cloned().collect();
        assert_eq!((status, ids(&whole)), (1, vec!["aaaa2", "aaaa3"]), "{text}");
        assert_eq!((objects.len(), &objects[0]["octets"]), (3, &json!([0, cut])), "{text}");
    }
}

/// A body would go on to the end of the stream.
#[test]
fn a_damaged_end_line_hides_no_frame() {
    let (first, second, third) = (send("aaaa1", "Hello"), send("aaaa2", "you"), ok("aaaa5"));
    let end = "\r\n-------aaaa1$\r\n";
    for damaged in [
        "\r\n",
        "\r\n-------aaaa1\r\n",
        "\r\n-------aaaa1!\r\n",
        "\r\n-------aaab1$\r\n",
        "\r\n------aaaa1$\r\n",
        "-------aaaa1$\r\n",
    ] {
        let folder = Folder::new();
        let damaged = first.replace(end, damaged);
        let [again, last] = ["aaaa3", "aaaa4"].map(|id| damaged.replace("aaaa1", id));
        let stream = format!("{second}{damaged}{second}{again}{last}{third}{second}");
        let (status, objects) = inspect(&["frames", &file(&folder, "stream", &stream)]);
        let expected = ["aaaa2", "aaaa1", "aaaa2", "aaaa3", "aaaa4", "aaaa5", "aaaa2"];
        assert_eq!((status, ids(&objects)), (1, expected.to_vec()), "{stream}");
        let kinds: Vec<_> = objects.iter().map(|it| &it["error"]["kind"]).collect();
        let (lost, none) = (&json!("missing-end-line"), &Value::Null);
        assert_eq!(kinds, [none, lost, none, lost, lost, none, none]);
        let mut at = 0;
        for object in &objects {
            assert_eq!(object["octets"][0], at, "{object}");
            at = object["octets"][1].as_u64().unwrap();
        }
        assert_eq!(at, stream.len() as u64);
        assert!(objects[1]["body"].as_str().unwrap().starts_with("Hello"), "{objects:?}");
        assert_eq!(objects[2]["body"], "you");
    }
}

/// A frame that is quoted is a part of the body around it, whether that is whole or not.
#[test]
fn a_frame_within_a_body_that_ends_is_none() {
    let folder = Folder::new();
    let quoting = send("aaaa2", &format!("I got:\r\n{}", ok("aaaa9")));
    let damaged = send("aaaa1", "Hello").replace("$", "?");
    let stream = [quoting.as_str(), &damaged, &quoting].concat();
    let (_, objects) = inspect(&["frames", &file(&folder, "stream", &stream)]);
    assert_eq!(ids(&objects), ["aaaa2", "aaaa1", "aaaa2"]);
    assert!(objects[2]["body"].as_str().unwrap().contains("aaaa9"));
}

#[test]
fn many_damaged_end_lines_cost_no_more_than_their_octets() {
    let folder = Folder::new();
    let damaged = send("aaaa1", &"x".repeat(300)).replace("$", "?");
    let stream = [&damaged, &send("aaaa2", "Hello")].map(String::as_str).concat().repeat(5_000);
    let (status, objects) = inspect(&["frames", &file(&folder, "stream", &stream)]);
    assert_eq!((status, objects.len()), (1, 10_000));
}

/// `HeaderLine { position: 5 }` as it is printed: `header-line`.
fn kebab(variant: &str) -> String {
    let name = variant.split([' ', '(']).next().unwrap();
    let with_hyphens = name.chars().flat_map(|letter| {
        [letter.is_ascii_uppercase().then_some('-'), Some(letter.to_ascii_lowercase())]
    });
    with_hyphens.flatten().collect::<String>().trim_start_matches('-').to_owned()
}

fn names(list: &str) -> Value {
    list.split(',').filter(|name| *name != "-").map(kebab).collect()
}

/// The rows of the corpus, by file.
fn index() -> BTreeMap<String, Vec<Vec<String>>> {
    let text = fs::read_to_string(format!("{ROOT}/tests/corpus/INDEX.tsv")).unwrap();
    let mut rows = BTreeMap::<_, Vec<_>>::new();
    for line in text.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').map(str::to_owned).collect();
        rows.entry(columns[0].clone()).or_default().push(columns);
    }
    rows
}

#[test]
fn the_corpus_is_read_as_its_index_says() {
    for (name, rows) in index() {
        let path = format!("{ROOT}/tests/corpus/{name}.msrp");
        assert_shape(&["frames"], Path::new(&path));
        let (status, objects) = inspect(&["frames", &path]);
        assert_eq!(status, i32::from(name.starts_with("bad/")), "{name}");
        let mut left = objects.iter();
        for row in &rows {
            let [_, what, id, body, flag, error, tolerated, ..] = &row[..] else {
                panic!("{name}")
            };
            match what.as_str() {
                // Framing is lost somewhere in the stream.
                "!" => {
                    // A next frame within it shows that the end is missing, not cut off.
                    let cut = ["truncated", "missing-end-line"];
                    let expected = kebab(error);
                    let is_it = |it: &Value| {
                        let kind = it["error"]["kind"].as_str().unwrap_or_default();
                        kind == expected || cut.contains(&&*expected) && cut.contains(&kind)
                    };
                    assert!(objects.iter().any(is_it), "{name}: {objects:?}");
                }
                // What is tolerated between frames.
                "~" => {
                    let all = objects.iter().flat_map(|it| it["tolerated"].as_array().unwrap());
                    let expected = names(tolerated);
                    let expected = expected.as_array().unwrap();
                    assert!(all.filter(|it| expected.contains(it)).count() > 0, "{name}");
                }
                _ => assert_frame(
                    left.next().unwrap(),
                    &name,
                    [what, id, body, flag, error, tolerated],
                ),
            }
        }
    }
}

fn assert_frame(frame: &Value, name: &str, row: [&String; 6]) {
    let [what, id, body, flag, error, tolerated] = row.map(String::as_str);
    assert_eq!(frame["transactionId"], id, "{name}: {frame}");
    let found = frame["method"].as_str().map(str::to_owned);
    let found = found.or_else(|| frame["statusCode"].as_u64().map(|code| format!("{code:03}")));
    assert_eq!(found.as_deref().unwrap_or("?"), what, "{name}: {frame}");
    // A frame without its end-line has its error in a row of its own.
    if flag != "?" {
        assert_eq!(frame["bodyOctets"].as_u64().unwrap(), body.parse().unwrap_or(0), "{name}");
        assert_eq!(frame["continuation"], flag, "{name}");
        let kind = &frame["error"]["kind"];
        assert_eq!(kind, &if error == "-" { Value::Null } else { json!(kebab(error)) }, "{name}");
    }
    let expected = names(tolerated);
    let of_head = frame["tolerated"].as_array().unwrap().iter();
    // Others are of the framing, or of a SEND as a whole.
    let of_others = [
        "blank-lines-between-frames",
        "empty-body-without-crlf",
        "missing-content-type",
        "missing-message-id",
        "wrong-byte-range",
    ];
    let is_of_head = |name: &&Value| {
        expected.as_array().is_some_and(|expected| expected.contains(name))
            || !name.as_str().is_some_and(|name| of_others.contains(&name))
    };
    let of_head: Value = of_head.filter(is_of_head).cloned().collect();
    assert_eq!(of_head, expected, "{name}");
}

#[test]
fn each_frame_has_its_place_and_its_own_deviations() {
    let folder = Folder::new();
    let (first, second) = (send("aaaa1", "Hello"), ok("aaaa2"));
    let path = file(&folder, "stream", format!("{first}\r\n\r\n{second}\r\n"));
    let (status, objects) = inspect(&["frames", &path]);
    assert_eq!((status, objects.len()), (0, 3), "{objects:?}");
    let (end, start) = (first.len(), first.len() + 4);
    assert_eq!(objects[0]["octets"], json!([0, end]));
    assert_eq!(objects[0]["tolerated"], json!([]));
    assert_eq!(objects[0]["body"], "Hello");
    assert_eq!(objects[1]["octets"], json!([start, start + second.len()]));
    assert_eq!(objects[1]["tolerated"], json!(["blank-lines-between-frames"]));
    assert_eq!((&objects[1]["statusCode"], &objects[1]["comment"]), (&json!(200), &json!("OK")));
    assert_eq!(ids(&objects), ["aaaa1", "aaaa2", "-"]);
    assert_eq!(objects[2]["tolerated"], json!(["blank-lines-between-frames"]));
}

#[test]
fn a_stream_is_found_again_in_its_middle() {
    let folder = Folder::new();
    let (first, second) = (send("aaaa1", "Hello"), send("aaaa2", "again"));
    for cut in [1, 30, 120, first.len() - 12, first.len() - 1] {
        let text = format!("{}{second}", &first[cut..]);
        let (status, objects) = inspect(&["frames", &file(&folder, "middle", &text)]);
        assert_eq!((status, ids(&objects)), (1, vec!["-", "aaaa2"]), "{text}");
        let start = first.len() - cut;
        assert_eq!(objects[0]["octets"], json!([0, start]), "{text}");
        assert_eq!(objects[1]["octets"], json!([start, text.len()]));
    }
    let damaged = format!("{}MSRP\r\n{second}", first);
    let (status, objects) = inspect(&["frames", &file(&folder, "damaged", damaged)]);
    assert_eq!((status, ids(&objects)), (1, vec!["aaaa1", "-", "aaaa2"]));
}

#[test]
fn a_frame_is_found_behind_octets_without_a_line_end() {
    let folder = Folder::new();
    let (first, second) = (send("aaaa1", "Hello"), send("aaaa2", "again"));
    for junk in ["\u{feff}", "\0\0", "\x02\x7e", "GET / ", "MSRP"] {
        let text = format!("{junk}{first}{junk}{second}");
        let (status, objects) = inspect(&["frames", &file(&folder, "junk", &text)]);
        assert_eq!((status, ids(&objects)), (1, vec!["-", "aaaa1", "-", "aaaa2"]), "{text}");
        assert_eq!(objects[0]["octets"], json!([0, junk.len()]));
        assert_eq!(objects[3]["octets"], json!([text.len() - second.len(), text.len()]));
    }
}

#[test]
fn an_error_has_its_octets() {
    let folder = Folder::new();
    let text = send("aaaa1", "Hello") + &send("aaaa2", "x").replace("1-1/1", "one");
    let (status, objects) = inspect(&["frames", &file(&folder, "stream", &text)]);
    assert_eq!((status, ids(&objects)), (1, vec!["aaaa1", "aaaa2"]));
    assert_eq!(objects[0]["error"], Value::Null);
    assert_eq!(wrong(&objects[1], text.as_bytes()), "one");
    let cut = &text[..40];
    let object = unread(&["frames", &file(&folder, "cut", cut)]);
    assert_eq!(object["error"]["kind"], "truncated");
    assert_eq!(object["error"]["octets"], json!([40, 40]));
}

#[test]
fn lines_that_end_in_lf_alone_are_no_frames() {
    let object = unread(&["frames", &case("W17-lf-only.bin")]);
    assert_eq!(object["error"]["kind"], "not-msrp");
}

#[test]
fn a_blank_line_without_a_body_is_told() {
    let folder = Folder::new();
    let bodiless = fs::read_to_string(case("W09-bodiless-with-blank-line.bin")).unwrap();
    let with_octets = |octets: &str| bodiless.replace("\r\n-------", octets);
    let told = |text: String| {
        let (status, objects) = inspect(&["frames", &file(&folder, "stream", text)]);
        assert_eq!((status, objects.len()), (0, 1), "{objects:?}");
        let told = objects[0]["tolerated"].as_array().unwrap();
        told.contains(&json!("blank-line-without-body"))
    };
    assert!(told(bodiless.clone()));
    assert!(told(with_octets("\r\n\r\n-------")));
    // No blank line, octets behind it, or an empty body of some type.
    assert!(!told(with_octets("-------")));
    assert!(!told(with_octets("\r\nx\r\n-------")));
    assert!(!told(send("aaaa1", "")));
    assert!(!told(with_octets("\r\n-------").replace("SEND", "EXTENDED")));
}

#[test]
fn standard_input_is_read() {
    let text = send("aaaa1", "Hello");
    let folder = Folder::new();
    let path = file(&folder, "stream", &text);
    for arguments in [&["frames"][..], &["frames", "-"]] {
        let stream = fs::File::open(&path).unwrap();
        let mut command = command("inspect", arguments);
        let output = Running(command.stdin(stream).spawn().unwrap()).output();
        assert_eq!(output.status.code(), Some(0));
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(object["transactionId"], "aaaa1");
    }
}

#[test]
fn a_ladder_is_for_people() {
    let folder = Folder::new();
    let text = send("aaaa1", "Hello") + &ok("aaaa1") + &send("aaaa2", "x").replace("1-1/1", "one");
    let path = file(&folder, "stream", text);
    let output = Running(command("inspect", &["frames", &path, "--ladder"]).spawn().unwrap());
    let output = output.output();
    assert_eq!(output.status.code(), Some(1));
    let ladder = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = ladder.lines().collect();
    assert_eq!(lines.len(), 4, "{ladder}");
    assert!(lines[0].contains("a.example:7654") && lines[0].contains("b.example:2855"));
    assert!(lines[1].contains("- SEND aaaa1 1-5/5 text/plain $ -") && lines[1].ends_with("->|"));
    assert!(lines[2].contains("|<-") && lines[2].contains("- 200 aaaa1 $ -"));
    assert!(lines[3].contains("aaaa2") && lines[3].contains('['), "{ladder}");
    let column = |line: &str| line.rfind('|');
    assert_eq!(column(lines[1]), column(lines[2]), "{ladder}");
}

/// What an endpoint tolerates once it has the whole of a SEND.
#[test]
fn what_an_endpoint_tolerates_in_a_send_as_a_whole_is_told() {
    let folder = Folder::new();
    let text = "Content-Type: text/plain\r\n";
    let wrong_range = json!(["wrong-byte-range"]);
    for (fields, body, flag, told) in [
        ("Message-ID: m1111\r\n", "", '$', json!([])),
        ("", "", '$', json!(["missing-message-id"])),
        ("Byte-Range: 1-0/0\r\n", "", '$', json!(["missing-message-id"])),
        ("Message-ID: m1111\r\n", "\r\n\r\n", '$', json!(["blank-line-without-body"])),
        (&format!("Message-ID: m1111\r\n{text}"), "\r\nHi\r\n", '$', json!([])),
        (
            &format!("Message-ID: m1111\r\nByte-Range: 1-2/2\r\n{text}"),
            "\r\nHi\r\n",
            '$',
            json!([]),
        ),
        (
            &format!("Message-ID: m1111\r\nByte-Range: 1-*/9\r\n{text}"),
            "\r\nHi\r\n",
            '+',
            json!([]),
        ),
        (
            &format!("Message-ID: m1111\r\nByte-Range: 1-9/9\r\n{text}"),
            "\r\nHi\r\n",
            '#',
            json!([]),
        ),
        (&format!("Message-ID: m1111\r\nByte-Range: 1-0/0\r\n{text}"), "\r\n\r\n", '$', json!([])),
        (
            &format!("Message-ID: m1111\r\nByte-Range: 1-4/4\r\n{text}"),
            "\r\nHi\r\n",
            '$',
            wrong_range.clone(),
        ),
        (
            &format!("Message-ID: m1111\r\nByte-Range: 1-*/4\r\n{text}"),
            "\r\nHi\r\n",
            '$',
            wrong_range.clone(),
        ),
        (
            &format!("Message-ID: m1111\r\nByte-Range: 1-9/9\r\n{text}"),
            "\r\nHi\r\n",
            '+',
            wrong_range.clone(),
        ),
        (
            &format!("Message-ID: m1111\r\nByte-Range: 3-3/3\r\n{text}"),
            "\r\nHi\r\n",
            '$',
            wrong_range,
        ),
        (
            "Message-ID: m1111\r\nByte-Range: 3-4/4\r\n",
            "\r\nHi\r\n",
            '$',
            json!(["missing-content-type"]),
        ),
    ] {
        let paths = "To-Path: msrp://b:1/s;tcp\r\nFrom-Path: msrp://a:1/s;tcp\r\n";
        let stream = format!("MSRP abcd SEND\r\n{paths}{fields}{body}-------abcd{flag}\r\n");
        let object = read(&["frames", &file(&folder, "frame", &stream)]);
        assert_eq!(object["tolerated"], told, "{stream}");
    }
}
