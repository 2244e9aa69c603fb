//! Which files a selector means: to choose one of many, and to check a received one.

use msrp::MediaType;
use msrp_sdp::file::{FileFacts, FileFit, FileHash, FileProperty, FileSelector};

use super::SHA_1;

fn selector(value: &str) -> FileSelector {
    value.parse().unwrap()
}

fn hash(value: &str) -> FileHash {
    value.parse().unwrap()
}

// req: 5547-8.2.2-4, 5547-8.3.1-4
#[test]
fn each_selector_is_compared() {
    let (jpeg, hashes) = (MediaType::new("Image/JPEG;q=1").unwrap(), [hash(SHA_1)]);
    let file =
        FileFacts { name: Some("a.jpg"), media_type: Some(&jpeg), size: Some(7), hashes: &hashes };
    let fit = |value: &str| selector(value).fit(&file);
    assert_eq!(fit(&format!("name:\"a.jpg\" type:image/jpeg size:7 hash:{SHA_1}")), FileFit::Fits);
    assert_eq!(fit(""), FileFit::Fits);
    assert_eq!(fit("name:\"A.jpg\""), FileFit::Differs(FileProperty::Name));
    assert_eq!(fit("type:image/png"), FileFit::Differs(FileProperty::Type));
    assert_eq!(fit("size:8"), FileFit::Differs(FileProperty::Size));
    let other = SHA_1.replace("72:", "73:");
    assert_eq!(fit(&format!("hash:{other}")), FileFit::Differs(FileProperty::Hash));
    // The renamed file of RFC 5547 section 5: its hash is right, its name is not.
    assert_eq!(fit(&format!("name:\"b\" hash:{SHA_1}")), FileFit::Differs(FileProperty::Name));
}

#[test]
fn what_is_not_known_is_told_unless_something_differs() {
    let asked = selector(&format!("name:\"a\" size:7 hash:{SHA_1}"));
    let file = FileFacts { name: Some("a"), size: Some(7), ..FileFacts::default() };
    assert_eq!(asked.fit(&file), FileFit::Unknown(FileProperty::Hash));
    let other_algorithm = [hash("md5:00")];
    let file = FileFacts { hashes: &other_algorithm, ..file };
    assert_eq!(asked.fit(&file), FileFit::Unknown(FileProperty::Hash));
    let file = FileFacts { size: Some(8), ..file };
    assert_eq!(asked.fit(&file), FileFit::Differs(FileProperty::Size));
    assert_eq!(asked.fit(&FileFacts::default()), FileFit::Unknown(FileProperty::Size));
}

/// A hash that cannot be computed is ignored beside one that can.
#[test]
fn a_hash_by_another_algorithm_does_not_decide() {
    let hashes = [hash(SHA_1)];
    let file = FileFacts { hashes: &hashes, ..FileFacts::default() };
    assert_eq!(selector(&format!("hash:md5:00 hash:{SHA_1}")).fit(&file), FileFit::Fits);
    assert_eq!(selector("hash:md5:00").fit(&file), FileFit::Unknown(FileProperty::Hash));
}

// req: 5547-8.1-9
#[test]
fn selectors_mean_the_same_file_unless_they_contradict_each_other() {
    let same = |one: &str, two: &str| {
        let (one, two) = (selector(one), selector(two));
        assert_eq!(one.can_be_same_file(&two), two.can_be_same_file(&one));
        one.can_be_same_file(&two)
    };
    let (hash, other) = (format!("hash:{SHA_1}"), format!("hash:{}", SHA_1.replace("72:", "73:")));
    assert!(same("size:7", "size:7"));
    assert!(same("name:\"a\" size:7", &format!("size:7 {hash}")));
    assert!(same("type:image/jpeg", "type:IMAGE/jpeg;q=\"1\""));
    assert!(!same("size:7", "size:8 name:\"a\""));
    assert!(!same("type:a/b", "type:a/c"));
    assert!(!same("name:\"a\"", "name:\"b\""));
    assert!(!same(&format!("size:7 {hash}"), &format!("size:7 {other}")));
    // The hash decides, not the name.
    assert!(same(&format!("name:\"a\" {hash}"), &format!("name:\"b\" {hash}")));
}

#[test]
fn what_both_say_comes_together() {
    let (one, two) = (selector("name:\"a\" size:7"), selector("size:8 type:a/b hash:md5:00"));
    assert_eq!(one.joined(&two), selector("name:\"a\" size:7 type:a/b hash:md5:00"));
    let more = selector(&format!("hash:md5:01 hash:{SHA_1}"));
    assert_eq!(two.joined(&more), selector(&format!("size:8 type:a/b hash:md5:00 hash:{SHA_1}")));
    let mut full = selector("hash:x0:00");
    for number in 1..20 {
        full = full.joined(&selector(&format!("hash:x{number}:00")));
    }
    assert_eq!(full.hashes().len(), msrp_sdp::file::MAX_HASHES);
}
