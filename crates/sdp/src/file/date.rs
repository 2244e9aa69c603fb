//! When a file was made, changed and read.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::super::digits;
use super::text;

/// The value of `file-date` (RFC 5547 section 6): each date a `date-time` of
/// RFC 5322 with a numeric zone, such as `Mon, 15 May 2006 15:01:31 +0300`.
///
/// The text of a date is checked and kept as it is. Whether its day of the week is
/// the right one is not looked at.
///
/// ```
/// use msrp_sdp::{FileDate, FileDateError};
///
/// let date = FileDate::default().with_creation("Mon, 15 May 2006 15:01:31 +0300")?;
/// assert_eq!(date.to_string(), r#"creation:"Mon, 15 May 2006 15:01:31 +0300""#);
///
/// let named_zone = FileDate::default().with_creation("Mon, 15 May 2006 15:01:31 GMT");
/// assert_eq!(named_zone, Err(FileDateError::DateTime));
/// # Ok::<(), FileDateError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileDate {
    creation: Option<Box<str>>,
    modification: Option<Box<str>>,
    read: Option<Box<str>>,
}

/// Why a text is no `file-date`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileDateError {
    /// No date at all, or none of the three kinds.
    #[error("give creation:, modification: or read: with a date in quotes")]
    Empty,
    /// A quote that is not closed.
    #[error("the quote of a date is not closed")]
    Quote,
    /// A kind of date is there twice.
    #[error("each of creation, modification and read may be there once")]
    Repeated,
    /// A date that is no `date-time` of RFC 5322 with a numeric zone.
    #[error("write a date as in Mon, 15 May 2006 15:01:31 +0300, with a numeric zone")]
    DateTime,
}

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

    /// Whether no date is there. Such a value is not written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.creation.is_none() && self.modification.is_none() && self.read.is_none()
    }

    /// Sets when the file was created.
    ///
    /// # Errors
    ///
    /// [`FileDateError::DateTime`].
    pub fn with_creation(mut self, date: &str) -> Result<Self, FileDateError> {
        self.creation = Some(checked(date)?);
        Ok(self)
    }

    /// Sets when the file was last modified.
    ///
    /// # Errors
    ///
    /// [`FileDateError::DateTime`].
    pub fn with_modification(mut self, date: &str) -> Result<Self, FileDateError> {
        self.modification = Some(checked(date)?);
        Ok(self)
    }

    /// Sets when the file was last read.
    ///
    /// # Errors
    ///
    /// [`FileDateError::DateTime`].
    pub fn with_read(mut self, date: &str) -> Result<Self, FileDateError> {
        self.read = Some(checked(date)?);
        Ok(self)
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("creation", self.creation()),
            ("modification", self.modification()),
            ("read", self.read()),
        ];
        all.into_iter().filter_map(|(name, date)| date.map(|date| (name, date)))
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<Box<str>>> {
        match name {
            _ if name.eq_ignore_ascii_case("creation") => Some(&mut self.creation),
            _ if name.eq_ignore_ascii_case("modification") => Some(&mut self.modification),
            _ if name.eq_ignore_ascii_case("read") => Some(&mut self.read),
            _ => None,
        }
    }
}

impl FromStr for FileDate {
    type Err = FileDateError;

    fn from_str(value: &str) -> Result<Self, FileDateError> {
        let mut dates = Self::default();
        for word in text::words(value) {
            let Some((name, date)) = word.ok_or(FileDateError::Quote)?.split_once(':') else {
                continue;
            };
            let Some(place) = dates.place(name) else { continue };
            if place.is_some() {
                return Err(FileDateError::Repeated);
            }
            *place = Some(checked(text::unquoted(date))?);
        }
        if dates.is_empty() { Err(FileDateError::Empty) } else { Ok(dates) }
    }
}

impl fmt::Display for FileDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blank = "";
        self.named().try_for_each(|(name, date)| {
            write!(f, "{}{name}:\"{date}\"", std::mem::replace(&mut blank, " "))
        })
    }
}

fn checked(date: &str) -> Result<Box<str>, FileDateError> {
    let is_right = !date.contains(|letter: char| letter.is_control()) && is_date_time(date);
    is_right.then(|| date.into()).ok_or(FileDateError::DateTime)
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
    let [day, month, year, time, zone, behind] = std::array::from_fn(|_| words.next());
    match (day, month, year, time, zone, behind) {
        (Some(day), Some(month), Some(year), Some(time), Some(zone), None) => {
            is_date(day, month, year) && is_time(time) && is_zone(zone)
        }
        _ => false,
    }
}

fn is_among(word: &str, words: &[&str]) -> bool {
    words.iter().any(|it| it.eq_ignore_ascii_case(word))
}

/// A day that there is in its month.
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

/// How many days a month has in its year. January is 1.
const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Seconds may be missing, and there may be 60 of them.
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
