//! Sections, answers and plans of files.

use std::fs;

use serde_json::json;

use super::descriptions::{OFFERER, PLAIN, completed, lines, section};
use super::processes::Folder;
use super::{case, file, read};

#[test]
fn a_section_says_what_its_file_lacks() {
    let folder = Folder::new();
    let needed = "v=0\nm=message 7654 TCP/MSRP *\na=accept-types:*\na=path:msrp://h:7654/s;tcp\n";
    let (id, way) = ("a=file-transfer-id:x\n", "a=recvonly\n");
    let (no_id, no_way) = ("missing-transfer-id", "missing-file-direction");
    for (selector, more, told) in [
        ("a=file-selector:size:17\n", "", json!([no_id, no_way])),
        ("a=file-selector:name:\"a\"\n", "a=sendrecv\n", json!([no_id, no_way])),
        ("a=file-selector:size:17\n", way, json!([no_id])),
        ("a=file-selector:size:17\n", id, json!([no_way])),
        ("a=file-selector:size:17\n", "a=file-transfer-id:\na=sendonly\n", json!([no_id])),
        ("a=file-selector:size:17\n", "a=file-transfer-id:x\na=inactive\n", json!([])),
        ("a=file-selector:size:17\n", "a=file-transfer-id:x\na=sendonly\n", json!([])),
        // Whether files can be transferred at all (RFC 5547 section 8.5).
        ("a=file-selector\n", "", json!([])),
    ] {
        let text = format!("{needed}{selector}{more}");
        let section = read(&["sdp", &file(&folder, "sdp", &text)]);
        assert_eq!(section["tolerated"], told, "{text}");
    }
}

#[test]
fn an_offer_of_a_file_is_completed_as_it_is() {
    let own = "msrp://198.51.100.9:20000/1391518338240;tcp";
    let offer = fs::read_to_string(case("S08-no-transfer-id.sdp")).unwrap();
    let selector = offer.lines().find(|line| line.starts_with("a=file-selector")).unwrap();
    let plain = section("TCP/MSRP", PLAIN, "passive", "a=recvonly\r\n");
    let named = "a=file-selector:name:\"p.jpg\"";
    for answer in [plain.clone(), format!("{plain}{selector}\r\n"), format!("{plain}{named}\r\n")] {
        let (status, both) = completed(&offer, &answer, own);
        assert_eq!((status, &both["plan"]["role"]), (0, &json!("active")), "{both}");
        let told = both["tolerated"].as_array().unwrap();
        assert!(told.contains(&json!("missing-transfer-id")), "{both}");
    }
    // An id of the answerer's own, and an offer and an answer without a direction.
    let with_id = format!("{plain}{selector}\r\na=file-transfer-id:abcd1234\r\n");
    let (status, both) = completed(&offer, &with_id, own);
    assert_eq!((status, &both["plan"]["role"]), (0, &json!("active")), "{both}");
    let no_direction = |text: &str| text.replace("a=sendonly", "a=x").replace("a=recvonly", "a=x");
    let (status, both) = completed(&no_direction(&offer), &no_direction(&with_id), own);
    assert_eq!((status, &both["plan"]["role"]), (0, &json!("active")), "{both}");
    let told = both["tolerated"].as_array().unwrap();
    assert!(told.contains(&json!("missing-file-direction")), "{both}");
    // A selector of a name alone.
    let with_id = offer.replace(selector, &format!("{named}\r\na=file-transfer-id:abcd1234"));
    let answer = format!("{plain}{named}\r\na=file-transfer-id:abcd1234\r\n");
    let (status, both) = completed(&with_id, &answer, own);
    assert_eq!((status, &both["tolerated"]), (0, &json!([])), "{both}");
    let other = answer.replace("abcd", "efgh");
    let (status, refused) = completed(&with_id, &other, own);
    assert_eq!((status, &refused["refusal"]["kind"]), (1, &json!("other-file")));
}

#[test]
fn a_selector_that_says_nothing_is_about_no_file() {
    let folder = Folder::new();
    for selector in ["a=file-selector\r\n", "a=file-selector:\r\n"] {
        let offer = file(&folder, "offer", section("TCP/MSRP", OFFERER, "actpass", selector));
        let answer = read(&["answer", &offer, "--local", PLAIN]);
        assert!(lines(&answer).iter().all(|line| !line.contains("file")), "{answer}");
    }
}
