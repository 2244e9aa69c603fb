//! DateTime: RFC 3339.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;

use super::*;

const DAY: u64 = 86_400;

#[test]
fn known_times() {
    for (text, seconds, nanos) in [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1985-04-12T23:20:50.52Z", 482_196_050, 520_000_000),
        ("1996-12-19T16:39:57-08:00", 851_042_397, 0),
        ("1990-12-31T23:59:60Z", 662_688_000, 0),
        ("1990-12-31T15:59:60-08:00", 662_688_000, 0),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_173, 870_000_000),
        ("2000-02-29t00:00:00z", 951_782_400, 0),
        ("2000-01-01T00:00:00.1234567899Z", 946_684_800, 123_456_789),
    ] {
        let time = DateTime::parse(text).unwrap().system_time().unwrap();
        let whole = Duration::from_secs(i64::unsigned_abs(seconds));
        let second = if seconds < 0 { UNIX_EPOCH - whole } else { UNIX_EPOCH + whole };
        assert_eq!(time, second + Duration::from_nanos(nanos), "{text}");
        assert_eq!(DateTime::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn what_is_none() {
    for text in [
        "",
        "2000-01-01",
        "2000-01-01T00:00:00",
        "2000-01-01 00:00:00Z",
        "2000-1-01T00:00:00Z",
        "2000-13-01T00:00:00Z",
        "2000-00-01T00:00:00Z",
        "2000-04-31T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2001-02-29T00:00:00Z",
        "2000-01-00T00:00:00Z",
        "2000-01-01T24:00:00Z",
        "2000-01-01T00:60:00Z",
        "2000-01-01T00:00:61Z",
        "2000-01-01T00:00:00.Z",
        "2000-01-01T00:00:00,5Z",
        "2000-01-01T00:00:00+24:00",
        "2000-01-01T00:00:00+0000",
        "2000-01-01T00:00:00+00:60",
        "2000-01-01T00:00:00ZZ",
        "+2000-01-01T00:00:00Z",
        "2000-01-01T00:00:00\u{2212}01:00",
        "2000-01-01T00:00:00 Z",
    ] {
        assert_eq!(kind(DateTime::parse(text)), Err(ParseErrorKind::DateTime), "{text}");
    }
}

/// Every day, compared with a calendar that counts days.
#[test]
fn every_day_of_eight_centuries() {
    let (mut year, mut month, mut day) = (1970, 1, 1);
    for days in 0..800 * 365 {
        let time = UNIX_EPOCH + Duration::from_secs(days * DAY + 43_200);
        let text = format!("{year:04}-{month:02}-{day:02}T12:00:00.000Z");
        assert_eq!(DateTime::utc(time).as_str(), text);
        assert_eq!(DateTime::parse(&text).unwrap().system_time(), Some(time));
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let lengths = [31, 28 + u32::from(is_leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        day += 1;
        if day > lengths[month - 1] {
            (month, day) = (month + 1, 1);
        }
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
}

#[test]
fn the_ends_of_time() {
    let first = DateTime::parse("0000-01-01T00:00:00Z").unwrap().system_time().unwrap();
    assert_eq!(DateTime::utc(first).as_str(), "0000-01-01T00:00:00.000Z");
    let before = first - Duration::from_secs(1);
    assert_eq!(DateTime::utc(before).as_str(), "0000-01-01T00:00:00.000Z");
    let last = DateTime::parse("9999-12-31T23:59:59.999Z").unwrap().system_time().unwrap();
    assert_eq!(DateTime::utc(last).as_str(), "9999-12-31T23:59:59.999Z");
    let after = last + Duration::from_secs(u64::from(u32::MAX));
    assert_eq!(DateTime::utc(after).as_str(), "9999-12-31T23:59:59.999Z");
}

#[test]
fn the_last_day_of_each_year_reads_back() {
    for year in 0..=9999 {
        let text = format!("{year:04}-12-31T23:59:59.999Z");
        let time = DateTime::parse(&text).unwrap().system_time().unwrap();
        assert_eq!(DateTime::utc(time).as_str(), text);
    }
}

proptest! {
    #[test]
    fn a_time_reads_back(millis in -62_167_219_200_000_i64..=253_402_300_799_999) {
        let since = Duration::from_millis(millis.unsigned_abs());
        let time: SystemTime = if millis < 0 { UNIX_EPOCH - since } else { UNIX_EPOCH + since };
        let text = DateTime::utc(time);
        prop_assert_eq!(DateTime::parse(text.as_str()).unwrap().system_time(), Some(time));
    }

    #[test]
    fn offsets_move_the_time(hours in 0_u64..24, minutes in 0_u64..60, is_ahead: bool) {
        let sign = if is_ahead { '+' } else { '-' };
        let text = format!("2026-05-15T12:30:00{sign}{hours:02}:{minutes:02}");
        let utc = DateTime::parse("2026-05-15T12:30:00Z").unwrap().system_time().unwrap();
        let offset = Duration::from_secs(hours * 3600 + minutes * 60);
        let expected = if is_ahead { utc - offset } else { utc + offset };
        prop_assert_eq!(DateTime::parse(&text).unwrap().system_time(), Some(expected));
    }
}
