//! Values with parameters, written strictly.

use std::fmt::Write;

use crate::wire::EncodeError;

/// Writes a value with parameters, such as that of Content-Disposition.
///
/// ```
/// use msrp::mime::MimeValueBuilder;
///
/// let value = MimeValueBuilder::new("render")
///     .parameter("filename", "My cat.jpg")
///     .parameter("size", "4092")
///     .build()?;
/// assert_eq!(value, "render; filename=\"My cat.jpg\"; size=4092");
/// # Ok::<(), msrp::wire::EncodeError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct MimeValueBuilder {
    text: String,
    fault: Option<EncodeError>,
}

impl MimeValueBuilder {
    /// Begins with the part before the parameters.
    pub fn new(main: &str) -> Self {
        let (first, second) = main.split_once('/').unwrap_or((main, "x"));
        let fault = (!is_token(first) || !is_token(second)).then_some(EncodeError::MimeValue);
        Self { text: main.to_owned(), fault }
    }

    /// Adds a parameter, whose value may be any text. It is written as a token, as a quoted
    /// string, or, outside printable US-ASCII, in the form `name*` of RFC 2231.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        if !is_token(name) || name.contains(['*', '\'', '%']) {
            self.fault = self.fault.or(Some(EncodeError::MimeParameter));
            return self;
        }
        self.text.extend(["; ", name]);
        if is_token(value) {
            self.text.extend(["=", value]);
        } else if value.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
            self.text.push_str("=\"");
            for letter in value.chars() {
                self.text.extend(matches!(letter, '"' | '\\').then_some('\\'));
                self.text.push(letter);
            }
            self.text.push('"');
        } else {
            self.text.push_str("*=UTF-8''");
            for octet in value.bytes() {
                if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~') {
                    self.text.push(char::from(octet));
                } else {
                    // Writing to a `String` cannot fail.
                    let _ = write!(self.text, "%{octet:02X}");
                }
            }
        }
        self
    }

    /// The value on one line.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: the first fault.
    pub fn build(self) -> Result<String, EncodeError> {
        self.fault.map_or(Ok(self.text), Err)
    }
}

/// `token` of RFC 2045 section 5.1.
fn is_token(text: &str) -> bool {
    let is_special = |octet: u8| b"()<>@,;:\\\"/[]?=".contains(&octet);
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic() && !is_special(octet))
}
