//! Bodies that were compressed.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use msrp_cpim::content_encoding::{DecodeError, decode};
use proptest::prelude::*;

const MAX: usize = 1 << 16;
const CORRUPT: Result<Vec<u8>, DecodeError> = Err(DecodeError::Corrupt);

macro_rules! compressed {
    ($encoder:ident, $body:expr) => {{
        let mut encoder = $encoder::new(Vec::new(), Compression::best());
        encoder.write_all($body).unwrap();
        encoder.finish().unwrap()
    }};
}

fn gzip(body: &[u8]) -> Vec<u8> {
    compressed!(GzEncoder, body)
}

fn zlib(body: &[u8]) -> Vec<u8> {
    compressed!(ZlibEncoder, body)
}

fn raw(body: &[u8]) -> Vec<u8> {
    compressed!(DeflateEncoder, body)
}

fn decoded(encoding: &str, body: &[u8]) -> Result<Vec<u8>, DecodeError> {
    decode(encoding, body, MAX).map(Vec::from)
}

// wild: 67
#[test]
fn each_coding_and_several_of_them() {
    let body = b"Half past twelve, as always? As always, half past twelve.";
    for (encoding, encoded) in [
        ("gzip", gzip(body)),
        ("X-GZip", gzip(body)),
        ("deflate", zlib(body)),
        (" Deflate ", raw(body)),
        ("identity", body.to_vec()),
        ("", body.to_vec()),
        ("deflate, gzip", gzip(&zlib(body))),
        ("gzip,identity,,deflate", raw(&gzip(body))),
    ] {
        assert_eq!(decoded(encoding, &encoded).unwrap(), body, "{encoding}");
    }
    // Several members of one gzip file.
    let members = [gzip(b"Half past "), gzip(b""), gzip(b"twelve")].concat();
    assert_eq!(decoded("gzip", &members).unwrap(), b"Half past twelve");
    assert_eq!(decoded(&["identity"; 9].join(","), b"Hello").unwrap(), b"Hello");
    for unknown in ["br", "gzip2", "gzip deflate", "gzip;q=1", "gzip,gzip,gzip,gzip,gzip", "*"] {
        assert_eq!(decoded(unknown, b""), Err(DecodeError::Unsupported), "{unknown}");
    }
    assert_eq!(decoded("deflate, gzip", b"").unwrap(), b"");
}

#[test]
fn a_body_that_is_cut_or_damaged_is_refused() {
    let body: Vec<u8> = (0..2_000_u32).flat_map(|index| index.to_be_bytes()).collect();
    for (encoding, encoded) in
        [("gzip", gzip(&body)), ("deflate", zlib(&body)), ("deflate", raw(&body))]
    {
        for cut in 1..encoded.len() {
            assert_eq!(decoded(encoding, &encoded[..cut]), CORRUPT, "{encoding} {cut}");
        }
    }
    let mut wrong = gzip(&body);
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 1;
    assert_eq!(decoded("gzip", &wrong), CORRUPT);
    assert_eq!(decoded("gzip", b"Hello"), CORRUPT);
    assert_eq!(decoded("deflate", b"Hello"), CORRUPT);
    assert_eq!(decoded("gzip", &zlib(&body)), CORRUPT);
}

#[test]
fn what_follows_an_encoded_body_does_not_count() {
    for rest in [&b"\r\n"[..], b"\0\0", b"junk", b"\x1f"] {
        let followed = |body: Vec<u8>| [&body, rest].concat();
        for (encoding, encoded) in
            [("gzip", gzip(b"Hello")), ("deflate", zlib(b"Hello")), ("deflate", raw(b"Hello"))]
        {
            assert_eq!(decoded(encoding, &followed(encoded)).unwrap(), b"Hello", "{rest:?}");
        }
        let members = followed([gzip(b"Hel"), gzip(b"lo")].concat());
        assert_eq!(decoded("gzip", &members).unwrap(), b"Hello", "{rest:?}");
    }
    // Another member counts, and has to be whole.
    let cut = [gzip(b"Hel"), gzip(b"lo")[..9].to_vec()].concat();
    assert_eq!(decoded("gzip", &cut), CORRUPT);
}

#[test]
fn no_body_grows_beyond_the_limit() {
    let bomb = vec![0; 64 * MAX];
    let large = Err(DecodeError::TooLarge { max: MAX });
    for (encoding, encoded) in
        [("gzip", gzip(&bomb)), ("deflate", zlib(&bomb)), ("deflate", raw(&bomb))]
    {
        assert!(encoded.len() < MAX);
        assert_eq!(decoded(encoding, &encoded), large);
        // Between two codings, too.
        assert_eq!(decoded(&format!("{encoding}, gzip"), &gzip(&encoded)), large);
    }
    for len in [MAX - 1, MAX, MAX + 1] {
        for (encoding, encoded) in [("gzip", gzip(&bomb[..len])), ("deflate", zlib(&bomb[..len]))] {
            assert_eq!(decoded(encoding, &encoded).is_ok(), len <= MAX, "{encoding} {len}");
        }
        assert_eq!(decoded("identity", &bomb[..len]).is_ok(), len <= MAX);
    }
    assert_eq!(decode("gzip", &gzip(b""), 0).as_deref(), Ok(&[][..]));
    assert_eq!(decode("gzip", &gzip(b"a"), usize::MAX).as_deref(), Ok(&b"a"[..]));
}

proptest! {
    #[test]
    fn any_body_is_decoded_and_any_octets_end(body: Vec<u8>, encoding in "(gzip|deflate|x-gzip)") {
        for (coding, encoded) in [("gzip", gzip(&body)), ("deflate", zlib(&body)), ("deflate", raw(&body))] {
            prop_assert_eq!(decoded(coding, &encoded), Ok(body.clone()));
        }
        prop_assert!(decode(&encoding, &body, 1000).is_ok_and(|it| it.len() <= 1000) || !body.is_empty());
    }
}
