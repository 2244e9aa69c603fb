//! When a file was created, modified and read.

use std::fmt;
use std::str::FromStr;

use super::text;
use crate::{Error, ErrorKind, digits};

/// The value of `file-date` (RFC 5547 section 6): each date a `date-time` of RFC 5322
/// with a numeric zone, such as `Mon, 15 May 2006 15:01:31 +0300`.
///
/// The text of a date is checked and kept as it is. The day of the week is not
/// compared with the date.
///
/// ```
/// use msrp_sdp::file::FileDate;
///
/// let date = FileDate::default().with_creation("Mon, 15 May 2006 15:01:31 +0300")?;
/// assert_eq!(date.to_string(), r#"creation:"Mon, 15 May 2006 15:01:31 +0300""#);
///
/// let named_zone = FileDate::default().with_creation("Mon, 15 May 2006 15:01:31 GMT");
/// assert_eq!(named_zone.unwrap_err().part(), Some("creation"));
/// # Ok::<(), msrp_sdp::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileDate {
    creation: Option<Box<str>>,
    modification: Option<Box<str>>,
    read: Option<Box<str>>,
}

const ATTRIBUTE: &str = "file-date";
const CREATION: &str = "creation";
const MODIFICATION: &str = "modification";
const READ: &str = "read";

impl FileDate {
    /// When the file was created.
    #[must_use]
    pub fn creation(&self) -> Option<&str> {
        self.creation.as_deref()
    }

    /// When the file was last modified.
    #[must_use]
    pub fn modification(&self) -> Option<&str> {
        self.modification.as_deref()
    }

    /// When the file was last read.
    #[must_use]
    pub fn read(&self) -> Option<&str> {
        self.read.as_deref()
    }

    /// Whether there is no date. Such a value is not written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.creation.is_none() && self.modification.is_none() && self.read.is_none()
    }

    /// Sets when the file was created.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] if the text is not such a `date-time`.
    pub fn with_creation(mut self, date: &str) -> Result<Self, Error> {
        self.creation = Some(checked(CREATION, date)?);
        Ok(self)
    }

    /// Sets when the file was last modified.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] if the text is not such a `date-time`.
    pub fn with_modification(mut self, date: &str) -> Result<Self, Error> {
        self.modification = Some(checked(MODIFICATION, date)?);
        Ok(self)
    }

    /// Sets when the file was last read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] if the text is not such a `date-time`.
    pub fn with_read(mut self, date: &str) -> Result<Self, Error> {
        self.read = Some(checked(READ, date)?);
        Ok(self)
    }

    fn dates(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all =
            [(CREATION, self.creation()), (MODIFICATION, self.modification()), (READ, self.read())];
        all.into_iter().filter_map(|(name, date)| date.map(|date| (name, date)))
    }

    /// The date of that name, in any letter case.
    fn named(&mut self, name: &str) -> Option<(&'static str, &mut Option<Box<str>>)> {
        let all = [
            (CREATION, &mut self.creation),
            (MODIFICATION, &mut self.modification),
            (READ, &mut self.read),
        ];
        all.into_iter().find(|(it, _)| it.eq_ignore_ascii_case(name))
    }
}

/// Unknown names are ignored.
impl FromStr for FileDate {
    type Err = Error;

    fn from_str(value: &str) -> Result<Self, Error> {
        let mut dates = Self::default();
        for word in text::words(value) {
            let word = word.ok_or_else(|| Error::of(ATTRIBUTE, ErrorKind::UnclosedQuote))?;
            let Some((name, date)) = word.split_once(':') else { continue };
            let Some((name, place)) = dates.named(name) else { continue };
            if place.is_some() {
                let error = Error::of(ATTRIBUTE, ErrorKind::Duplicate).with_part(name);
                return Err(error.within(value, word));
            }
            let date = text::unquoted(date);
            *place = Some(checked(name, date).map_err(|error| error.within(value, date))?);
        }
        if dates.is_empty() {
            return Err(Error::of(ATTRIBUTE, ErrorKind::Missing).with_part("date"));
        }
        Ok(dates)
    }
}

impl fmt::Display for FileDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blank = "";
        self.dates().try_for_each(|(name, date)| {
            write!(f, "{}{name}:\"{date}\"", std::mem::replace(&mut blank, " "))
        })
    }
}

fn checked(name: &'static str, date: &str) -> Result<Box<str>, Error> {
    if !date.contains(|letter: char| letter.is_control()) && is_date_time(date) {
        return Ok(date.into());
    }
    let error = Error::of(ATTRIBUTE, ErrorKind::Malformed).with_part(name);
    Err(error.with_expected("a date such as Mon, 15 May 2006 15:01:31 +0300"))
}

/// The rule `date-time` of RFC 5322 section 3.3, without comments.
fn is_date_time(text: &str) -> bool {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let date = match text.split_once(',') {
        Some((day, date)) if is_among(day.trim_matches(' '), &DAYS) => date,
        Some(_) => return false,
        None => text,
    };
    let mut words = date.split(' ').filter(|word| !word.is_empty());
    let [day, month, year, time, zone, more] = std::array::from_fn(|_| words.next());
    match (day, month, year, time, zone, more) {
        (Some(day), Some(month), Some(year), Some(time), Some(zone), None) => {
            is_date(day, month, year) && is_time(time) && is_zone(zone)
        }
        _ => false,
    }
}

fn is_among(word: &str, words: &[&str]) -> bool {
    words.iter().any(|it| it.eq_ignore_ascii_case(word))
}

/// Whether the month has this day.
fn is_date(day: &str, month: &str, year: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let is_written = matches!(day.len(), 1 | 2) && (4..=9).contains(&year.len());
    let month = (1..).zip(MONTHS).find(|(_, name)| name.eq_ignore_ascii_case(month));
    let number = digits::exact::<i64>;
    match (number(day), month, number(year)) {
        (Some(day), Some((month, _)), Some(year)) => {
            is_written && year >= 1900 && (1..=days_of_month(year, month)).contains(&day)
        }
        _ => false,
    }
}

/// The number of days of a month, of which January is 1.
const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Seconds may be missing, and may be 60.
fn is_time(word: &str) -> bool {
    let mut parts = word.split(':');
    let mut next_is_below =
        |bound, needed: bool| parts.next().map_or(!needed, |part| is_below(part, bound));
    next_is_below(24, true)
        && next_is_below(60, true)
        && next_is_below(61, false)
        && parts.next().is_none()
}

fn is_zone(word: &str) -> bool {
    let digits = word.strip_prefix(['+', '-']).and_then(|digits| digits.split_at_checked(2));
    digits.is_some_and(|(hours, minutes)| is_below(hours, 100) && is_below(minutes, 60))
}

fn is_below(two_digits: &str, bound: u64) -> bool {
    two_digits.len() == 2 && digits::exact::<u64>(two_digits).is_some_and(|number| number < bound)
}
