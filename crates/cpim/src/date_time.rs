//! DateTime: a date and time of RFC 3339.
//!
//! The calendar is a few lines here and no dependency: RFC 3339 allows a leap
//! second in any zone and as many digits of a fraction as one likes, and the text
//! must be kept. Crates for dates clamp or refuse some of that, so that the
//! grammar would still be ours.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::{ParseError, ParseErrorKind};

/// A date and time with its offset, in the text of RFC 3339 (RFC 3862
/// section 4.4).
///
/// It keeps the text as it was written, so that an IMDN can repeat it.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use msrp_cpim::DateTime;
///
/// let sent = DateTime::parse("2000-12-13T13:40:00-08:00")?;
/// assert_eq!(sent.system_time(), Some(UNIX_EPOCH + Duration::from_secs(976_743_600)));
/// assert_eq!(DateTime::utc(UNIX_EPOCH).as_str(), "1970-01-01T00:00:00.000Z");
/// # Ok::<(), msrp_cpim::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DateTime<'a>(Cow<'a, str>);

impl<'a> DateTime<'a> {
    /// Reads a text of RFC 3339 section 5.6: a date, `T`, a time with or without
    /// a fraction, and `Z` or the offset from UTC.
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::DateTime`] if the text has another form, or if there is
    /// no such day or time.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        match instant(text.as_bytes()) {
            Some(_) => Ok(Self(Cow::Borrowed(text))),
            None => Err(ParseError::new(ParseErrorKind::DateTime, 0..text.len())),
        }
    }

    /// This time in UTC, to the millisecond. A time before the year 0 or after
    /// the year 9999 becomes the nearest one that can be written.
    #[must_use]
    pub fn utc(time: SystemTime) -> DateTime<'static> {
        let millis = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => {
                // Round down, as after the epoch.
                let until = before.duration().as_nanos().div_ceil(1_000_000);
                i64::try_from(until).map_or(i64::MIN, |until| -until)
            }
        };
        let millis = millis.clamp(FIRST_DAY * DAY_MILLIS, (LAST_DAY + 1) * DAY_MILLIS - 1);
        let (days, millis) = (millis.div_euclid(DAY_MILLIS), millis.rem_euclid(DAY_MILLIS));
        let (year, month, day) = date_of(days);
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        DateTime(Cow::Owned(format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
        )))
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The point in time, or `None` if the system cannot represent it. A leap
    /// second is the first second of the next minute.
    #[must_use]
    pub fn system_time(&self) -> Option<SystemTime> {
        let (seconds, nanos) = instant(self.0.as_bytes())?;
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let start =
            if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
        start?.checked_add(Duration::from_nanos(nanos.into()))
    }

    /// The same time, with text of its own.
    #[must_use]
    pub fn into_owned(self) -> DateTime<'static> {
        DateTime(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for DateTime<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const DAY_SECONDS: i64 = 86_400;
const DAY_MILLIS: i64 = DAY_SECONDS * 1000;

/// The days of 0000-01-01 and 9999-12-31, counted from 1970-01-01.
const FIRST_DAY: i64 = -719_528;
const LAST_DAY: i64 = 2_932_896;

/// Seconds since 1970, and the nanoseconds after them.
fn instant(text: &[u8]) -> Option<(i64, u32)> {
    let (year, rest) = number::<4>(text)?;
    let (month, rest) = number::<2>(rest.strip_prefix(b"-")?)?;
    let (day, rest) = number::<2>(rest.strip_prefix(b"-")?)?;
    let [b'T' | b't', rest @ ..] = rest else { return None };
    let (hour, rest) = number::<2>(rest)?;
    let (minute, rest) = number::<2>(rest.strip_prefix(b":")?)?;
    let (second, rest) = number::<2>(rest.strip_prefix(b":")?)?;
    let (nanos, rest) = fraction(rest)?;
    let offset = offset(rest)?;

    let is_date = (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
    let is_time = hour <= 23 && minute <= 59 && second <= 60;
    let of_day = hour * 3600 + minute * 60 + second;
    (is_date && is_time)
        .then(|| (days_since(year, month, day) * DAY_SECONDS + of_day - offset, nanos))
}

fn number<const DIGITS: usize>(text: &[u8]) -> Option<(i64, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<DIGITS>()?;
    let is_number = digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| (digits.iter().fold(0, |sum, o| sum * 10 + i64::from(o - b'0')), rest))
}

/// `[ "." 1*DIGIT ]` in nanoseconds. It drops further digits.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let len = digits.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(len).filter(|_| len > 0)?;
    let nine = digits.iter().chain([b'0'; 9].iter()).take(9);
    Some((nine.fold(0, |sum, octet| sum * 10 + u32::from(octet - b'0')), rest))
}

/// How many seconds the local time is ahead of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, text) = match text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = number::<2>(text)?;
    let (minutes, rest) = number::<2>(rest.strip_prefix(b":")?)?;
    let is_offset = hours <= 23 && minutes <= 59 && rest.is_empty();
    is_offset.then_some(sign * (hours * 3600 + minutes * 60))
}

/// The number of days in a month of a year. January is 1.
const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to this date. Years start in March here, so that a leap
/// day is the last day of its year.
fn days_since(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // Each five months, from March on, have 153 days.
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + leap_days + of_year - 719_468
}

/// The year, month and day that are `days` after 1970-01-01.
fn date_of(days: i64) -> (i64, i64, i64) {
    let day = |year, month| days - days_since(year, month, 1) + 1;
    // At most a year off, because a year has 365.2425 days on average.
    let about = 1970 + (days * 400).div_euclid(146_097);
    let starts_by_then = |year: &i64| days_since(*year, 1, 1) <= days;
    let year = (about - 1..=about + 1).rev().find(starts_by_then).unwrap_or(about);
    let month = (1..=12).rev().find(|month| day(year, *month) >= 1).unwrap_or(1);
    (year, month, day(year, month))
}
