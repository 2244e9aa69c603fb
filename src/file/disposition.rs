//! The Content-Disposition of a message that brings a file.

use std::fmt::{self, Write};
use std::str::FromStr;

use thiserror::Error;

use crate::sdp::{FileAttributes, FileDate, FileDisposition};

/// The value of a Content-Disposition (RFC 2183): what it says of a file is what the
/// session description said (RFC 5547 section 6).
///
/// Text stands in it as UTF-8. Read are also names in the form of RFC 2231
/// (`filename*=UTF-8''…`, in one piece), parameters without quotes, and any order;
/// unknown parameters and dates that are none are passed over.
///
/// ```
/// use msrp::file::ContentDisposition;
/// use msrp::sdp::FileDisposition;
///
/// let value: ContentDisposition = r#"attachment; filename="Füße.txt"; size=12"#.parse()?;
/// assert_eq!(value.disposition, FileDisposition::ATTACHMENT);
/// assert_eq!(value.filename.as_deref(), Some("Füße.txt"));
/// assert_eq!(value.to_string(), r#"attachment; filename="Füße.txt"; size=12"#);
/// # Ok::<(), msrp::file::ContentDispositionError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ContentDisposition {
    /// The disposition type.
    pub disposition: FileDisposition,
    /// The file's name as a peer gave it, which may hold anything:
    /// [`safe_name`](super::safe_name) makes one for the file system. Control
    /// characters are not written.
    pub filename: Option<String>,
    /// The dates of the file.
    pub date: FileDate,
    /// How many octets the whole file has.
    pub size: Option<u64>,
}

/// Why a text is no Content-Disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ContentDispositionError {
    /// No disposition type at the start.
    #[error("a Content-Disposition starts with a token such as attachment")]
    Disposition,
    /// A quote that is not closed, or something behind one.
    #[error("a parameter is a name, an equals sign, and a token or a text in quotes")]
    Parameter,
    /// A parameter is there twice, so that its readers could differ.
    #[error("the parameter {0} is there twice")]
    Repeated(&'static str),
}

impl ContentDisposition {
    /// Only a disposition type.
    #[must_use]
    pub fn new(disposition: FileDisposition) -> Self {
        Self { disposition, ..Self::default() }
    }

    /// Says what the session description says of the file.
    #[must_use]
    pub fn of(file: &FileAttributes) -> Self {
        Self {
            disposition: file.disposition.clone().unwrap_or_default(),
            filename: file.selector.name().map(str::to_owned),
            date: file.date.clone().unwrap_or_default(),
            size: file.selector.size(),
        }
    }
}

const NAMES: [&str; 6] =
    ["filename", "filename*", "creation-date", "modification-date", "read-date", "size"];

impl FromStr for ContentDisposition {
    type Err = ContentDispositionError;

    fn from_str(value: &str) -> Result<Self, ContentDispositionError> {
        let (disposition, rest) = value.split_at(value.find(';').unwrap_or(value.len()));
        let disposition =
            disposition.trim().parse().map_err(|_| ContentDispositionError::Disposition)?;
        let [filename, extended, creation, modification, read, size] = parameters(rest)?;
        let mut date = FileDate::default();
        for (value, set) in [
            (creation, FileDate::with_creation as fn(FileDate, &str) -> _),
            (modification, FileDate::with_modification),
            (read, FileDate::with_read),
        ] {
            date = value.and_then(|value| set(date.clone(), &value).ok()).unwrap_or(date);
        }
        let extended = extended.and_then(|value| extended_value(&value));
        let filename = extended.or(filename).filter(|name| !name.is_empty());
        let size = size.filter(|size| size.bytes().all(|it| it.is_ascii_digit()));
        Ok(Self { disposition, filename, date, size: size.and_then(|size| size.parse().ok()) })
    }
}

/// The values of [`NAMES`], without quotes and escapes.
fn parameters(text: &str) -> Result<[Option<String>; NAMES.len()], ContentDispositionError> {
    let mut values = [const { None }; NAMES.len()];
    let mut rest = behind_semicolons(text);
    while !rest.is_empty() {
        let (name, behind) = rest.split_at(rest.find(['=', ';']).unwrap_or(rest.len()));
        let (value, behind) = match behind.strip_prefix('=') {
            Some(behind) => value(behind.trim_start())?,
            None => (String::new(), behind),
        };
        rest = behind_semicolons(behind);
        let known =
            NAMES.iter().zip(&mut values).find(|(it, _)| it.eq_ignore_ascii_case(name.trim()));
        let Some((name, place)) = known else { continue };
        if place.is_some() {
            return Err(ContentDispositionError::Repeated(name));
        }
        *place = Some(value);
    }
    Ok(values)
}

fn behind_semicolons(text: &str) -> &str {
    text.trim_start_matches(|letter: char| letter.is_ascii_whitespace() || letter == ';')
}

/// A value without its quotes and escapes, and what is behind it: nothing, or a
/// semicolon.
fn value(text: &str) -> Result<(String, &str), ContentDispositionError> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, behind) = text.split_at(text.find(';').unwrap_or(text.len()));
        return Ok((value.trim_end().to_owned(), behind));
    };
    let mut value = String::new();
    let mut letters = quoted.chars();
    loop {
        match letters.next().ok_or(ContentDispositionError::Parameter)? {
            '"' => break,
            '\\' => value.extend(letters.next()),
            letter => value.push(letter),
        }
    }
    let behind = letters.as_str().trim_start();
    if behind.is_empty() || behind.starts_with(';') {
        Ok((value, behind))
    } else {
        Err(ContentDispositionError::Parameter)
    }
}

/// The text of an `ext-value` of RFC 8187, where it is UTF-8.
fn extended_value(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, text) = rest.split_once('\'')?;
    charset.eq_ignore_ascii_case("utf-8").then(|| crate::sdp::percent_decoded(text))
}

impl fmt::Display for ContentDisposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.disposition.as_str())?;
        if let Some(filename) = &self.filename {
            write!(f, "; filename={}", Quoted(filename))?;
        }
        for (name, date) in [
            ("creation", self.date.creation()),
            ("modification", self.date.modification()),
            ("read", self.date.read()),
        ] {
            date.map_or(Ok(()), |date| write!(f, "; {name}-date=\"{date}\""))?;
        }
        self.size.map_or(Ok(()), |size| write!(f, "; size={size}"))
    }
}

/// A text as a quoted-string, without control characters.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars().filter(|letter| !letter.is_control()) {
            if matches!(letter, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(letter)?;
        }
        f.write_char('"')
    }
}
