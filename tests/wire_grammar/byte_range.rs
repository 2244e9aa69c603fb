//! Byte-Range.

use super::*;

// req: 4975-7.1.1-15, 4975-7.1.1-17, 4975-7.1.1-18, 4975-7.1.1-21
#[test]
fn byte_ranges_are_three_numbers_that_fit() {
    const MAX: u64 = u64::MAX;
    let good = [
        ("1-5/5", 1, Some(5), Some(5)),
        ("1-0/0", 1, Some(0), Some(0)),
        ("1-0/*", 1, Some(0), None),
        ("6-5/5", 6, Some(5), Some(5)),
        ("1-*/*", 1, None, None),
        ("2049-*/4385", 2049, None, Some(4385)),
        ("3-9/*", 3, Some(9), None),
        ("9-*/5", 9, None, Some(5)),
        ("18446744073709551615-*/18446744073709551615", MAX, None, Some(MAX)),
    ];
    for (value, start, end, total) in good {
        let octets = with_fields(format!("Byte-Range: {value}\r\n"));
        let range = read(&octets, &strict()).unwrap().byte_range().unwrap();
        assert_eq!((range.start(), range.end(), range.total()), (start, end, total));
        assert_eq!(range.to_string(), value);
    }
    assert_eq!(ByteRange::new(0, None, None), Err(ValueErrorKind::ZeroStart.into()));
    assert_eq!(ByteRange::new(5, Some(3), Some(9)), Err(ValueErrorKind::EndBeforeStart.into()));
    assert_eq!(ByteRange::new(6, Some(9), Some(8)), Err(ValueErrorKind::EndAfterTotal.into()));
    assert_eq!(ByteRange::EMPTY.to_string(), "1-0/0");
    assert_eq!(ByteRange::whole(7).to_string(), "1-7/7");
}

proptest! {
    #[test]
    fn a_byte_range_reads_as_its_numbers_say(
        start in prop_oneof!["[0-9]{1,3}", "[0-9]{19,21}", "[*x +-]?"],
        end in prop_oneof!["[0-9]{1,3}", "[0-9]{19,21}", "[*x +-]?"],
        total in prop_oneof!["[0-9]{1,3}", "[0-9]{19,21}", "[*x +-]?"],
    ) {
        let octets = with_fields(format!("Byte-Range: {start}-{end}/{total}\r\n"));
        let read = read(&octets, &strict()).ok().and_then(|head| head.byte_range());
        let expected = number(&start).and_then(|start| {
            let or_star = |text: &str| if text == "*" { Some(None) } else { number(text).map(Some) };
            ByteRange::new(start, or_star(&end)?, or_star(&total)?).ok()
        });
        prop_assert_eq!(read, expected);
    }
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
