//! The values of single attributes.

use msrp_sdp::ErrorKind::{HashLength, Malformed, Unknown};
use msrp_sdp::{Chatroom, Fingerprint, HashFunction, MAX_CHATROOM_TOKENS, Setup};
use proptest::prelude::*;

use super::fault;

// req: 6135-4.2.1-2, 6135-4.2.1-3, 6135-4.2.1-4
#[test]
fn three_values_of_setup_are_known() {
    assert_eq!(Setup::ALL, [Setup::Active, Setup::Passive, Setup::Actpass]);
    for &setup in Setup::ALL {
        assert_eq!(setup.as_str().parse(), Ok(setup));
    }
    for other in ["holdconn", "Active"] {
        assert_eq!(fault(other.parse::<Setup>()), ("setup", Unknown, Some("role")));
    }
}

// req: 8122-5-1
#[test]
fn a_fingerprint_is_a_name_and_pairs_of_digits_in_upper_case() {
    let text = "sha-256 02:1A:5F:09:AB:CD:EF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:01:23:45:67:89:AB:CD:EF:10";
    let fingerprint: Fingerprint = text.parse().unwrap();
    assert_eq!(fingerprint.function(), HashFunction::Sha256);
    assert_eq!(fingerprint.octets()[..3], [0x02, 0x1a, 0x5f]);
    assert_eq!(fingerprint.to_string(), text);
    // Names of hash functions and digits are read in either case.
    assert_eq!(text.to_uppercase().parse(), Ok(fingerprint.clone()));
    assert_eq!(text.to_lowercase().parse(), Ok(fingerprint));
}

// req: 8122-5-2
#[test]
fn what_identifies_no_certificate_is_no_fingerprint() {
    let cases = [
        (
            "md5 AB:CD:AB:CD:AB:CD:AB:CD:AB:CD:AB:CD:AB:CD:AB:CD",
            ("fingerprint", Unknown, Some("hash function")),
        ),
        (
            "md2 AB:CD:AB:CD:AB:CD:AB:CD:AB:CD:AB:CD:AB:CD:AB:CD",
            ("fingerprint", Unknown, Some("hash function")),
        ),
        ("sha-256", ("fingerprint", Malformed, None)),
        ("sha-256 AB:C", ("fingerprint", Malformed, Some("hash"))),
        ("sha-256 AB::CD", ("fingerprint", Malformed, Some("hash"))),
        ("sha-256 +1", ("fingerprint", Malformed, Some("hash"))),
        ("sha-256 AB:CD", ("fingerprint", HashLength { expected: 32 }, None)),
        ("sha-1 AB:CD", ("fingerprint", HashLength { expected: 20 }, None)),
    ];
    for (text, error) in cases {
        assert_eq!(fault(text.parse::<Fingerprint>()), error, "{text}");
    }
}

// req: 8122-5.1-2
#[test]
fn those_of_the_strongest_hash_function_count() {
    let of = |function: HashFunction, octet: u8| {
        Fingerprint::new(function, &vec![octet; function.len()]).unwrap()
    };
    let all = [
        of(HashFunction::Sha256, 1),
        of(HashFunction::Sha1, 2),
        of(HashFunction::Sha256, 3),
        of(HashFunction::Sha224, 4),
    ];
    assert_eq!(Fingerprint::strongest(&all).collect::<Vec<_>>(), [&all[0], &all[2]]);
    assert_eq!(Fingerprint::strongest(&[]).count(), 0);
}

// req: 7701-8-2, 7701-8-3, 7701-8-5
#[test]
fn a_token_of_chatroom_counts_once() {
    let read: Chatroom = "nickname nickname com.example.x com.example.x b@d".parse().unwrap();
    assert_eq!(read.to_string(), "nickname com.example.x");
    // The prose of the RFC spells it so.
    assert_eq!("nicknames".parse(), Ok(Chatroom::new().with_nicknames()));
    let mut many = Chatroom::new();
    for number in 0..100 {
        many = many.with_extension(&format!("com.example.x{number}"));
    }
    assert_eq!(many.extensions().count(), MAX_CHATROOM_TOKENS);
}

proptest! {
    #[test]
    fn fingerprints_read_as_they_were_written(octets in proptest::collection::vec(any::<u8>(), 64)) {
        for &function in HashFunction::ALL {
            let fingerprint = Fingerprint::new(function, &octets[..function.len()]).unwrap();
            prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        }
    }

    #[test]
    fn any_value_of_chatroom_is_written_so_that_it_reads_the_same(text in "[ -~é]{0,80}") {
        let read: Chatroom = text.parse().unwrap();
        prop_assert_eq!(read.to_string().parse(), Ok(read));
    }
}
