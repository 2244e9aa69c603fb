//! Hashes of files, computed in pieces.

use msrp_sdp::ErrorKind;
use msrp_sdp::file::{
    FileHash, FileHasher, FileMismatch, FileRange, FileSelector, FileVerifier, HashAlgorithm,
};
use proptest::prelude::*;

/// The examples of RFC 3174 and FIPS 180: "abc" and the empty text.
const ABC: [&str; 2] = [
    "sha-1:A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D",
    "sha-256:BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD",
];
const NOTHING: [&str; 2] = [
    "sha-1:DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09",
    "sha-256:E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55",
];

fn hashes(pieces: &[&[u8]]) -> [FileHash; 2] {
    let mut hasher = FileHasher::new();
    pieces.iter().for_each(|piece| hasher.update(piece));
    hasher.finish()
}

fn selector(value: &str) -> FileSelector {
    value.parse().unwrap()
}

fn check(value: &str, octets: &[u8]) -> Result<Vec<HashAlgorithm>, FileMismatch> {
    let mut verifier = FileVerifier::new(selector(value));
    octets.chunks(2).for_each(|piece| verifier.update(piece));
    assert_eq!(verifier.octets(), octets.len() as u64);
    verifier.finish()
}

// req: 5547-6-6
#[test]
fn known_answers() {
    assert_eq!(hashes(&[b"abc"]).map(|hash| hash.to_string()), ABC);
    assert_eq!(hashes(&[]).map(|hash| hash.to_string()), NOTHING);
}

// req: 5547-8.2.2-4, 5547-8.3.1-4
#[test]
fn a_file_is_checked_by_all_that_was_said_of_it() {
    let [sha_1, sha_256] = ABC;
    let (one, both) = (format!("hash:{sha_1}"), format!("size:3 hash:{sha_1} hash:{sha_256}"));
    assert_eq!(check(&one, b"abc"), Ok(vec![HashAlgorithm::SHA_1]));
    assert_eq!(check(&both, b"abc"), Ok(vec![HashAlgorithm::SHA_1, HashAlgorithm::SHA_256]));
    assert_eq!(check("size:3", b"xyz"), Ok(vec![]));
    assert_eq!(check("hash:md5:00", b"xyz"), Ok(vec![]));

    assert_eq!(check(&one, b"abd"), Err(FileMismatch::Hash(HashAlgorithm::SHA_1)));
    let size = FileMismatch::Size { expected: 3, octets: 2 };
    assert_eq!(check(&both, b"ab"), Err(size));
    let half_right = format!("hash:{sha_1} hash:{}", NOTHING[1]);
    assert_eq!(check(&half_right, b"abc"), Err(FileMismatch::Hash(HashAlgorithm::SHA_256)));
}

// req: 5547-6-8
#[test]
fn the_hash_of_a_resumed_file_is_over_all_of_it() {
    let (file, expected) = (b"abc", format!("hash:{} size:3", ABC[0]));
    let range = FileRange::from_offset(1);
    let sent = range.within(3).unwrap();
    let mut verifier = FileVerifier::new(selector(&expected));
    verifier.update(&file[..1]);
    verifier.update(&file[sent.start as usize..sent.end as usize]);
    assert!(verifier.finish().is_ok());
    assert!(check(&expected, &file[1..]).is_err());
}

proptest! {
    #[test]
    fn pieces_make_no_difference(octets: Vec<u8>, cuts in proptest::collection::vec(0..100_usize, 0..4)) {
        let mut rest = octets.as_slice();
        let mut pieces = Vec::new();
        for cut in cuts {
            let (piece, behind) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        pieces.push(rest);
        let whole = hashes(&[&octets]);
        prop_assert_eq!(&hashes(&pieces), &whole);
        let selector = FileSelector::builder().size(octets.len() as u64).hashes(whole).build().unwrap();
        let mut verifier = FileVerifier::new(selector.clone());
        pieces.iter().for_each(|piece| verifier.update(piece));
        prop_assert_eq!(verifier.finish().unwrap().len(), 2);
        let mut verifier = FileVerifier::new(selector);
        verifier.update(b"x");
        pieces.iter().for_each(|piece| verifier.update(piece));
        prop_assert!(verifier.finish().is_err());
    }
}

/// What it would be written as, nobody reads: the first octet would be the algorithm.
#[test]
fn octets_are_no_name_of_an_algorithm() {
    for hash in ["01:23:45", " 01:23:45", "ab :23:45"] {
        assert!(hash.parse::<FileHash>().is_err(), "{hash}");
    }
    let algorithm: HashAlgorithm = "ab".parse().unwrap();
    let error = FileHash::new(algorithm, [1; 20]).unwrap_err();
    assert_eq!((error.kind(), error.part()), (ErrorKind::Malformed, Some("hash algorithm")));
}
