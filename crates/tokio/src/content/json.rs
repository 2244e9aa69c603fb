//! JSON for programs, which people may look at.

use std::fmt::Write;

use super::hidden::is_hidden;

/// The same JSON without hidden characters, so that a terminal may show it: in strings they
/// become escapes (`\u202e`). Between values, line ends stay, and other white space becomes
/// blanks.
///
/// What is no JSON stays none, but without hidden characters.
///
/// ```
/// use msrp_tokio::content::visible_json;
///
/// assert_eq!(visible_json("{\"text\":\"\u{9b}2J\u{202e}\"}"), r#"{"text":"\u009b2J\u202e"}"#);
/// ```
#[must_use]
pub fn visible_json(json: &str) -> String {
    let mut visible = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '\n' => visible.push('\n'),
            // In a string, these would have been escaped (RFC 8259 section 7).
            '\r' | '\t' => visible.push(' '),
            _ if is_hidden(letter) => push_escaped(&mut visible, letter),
            _ => visible.push(letter),
        }
    }
    visible
}

fn push_escaped(visible: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        // Writing to a `String` cannot fail.
        let _ = write!(visible, "\\u{unit:04x}");
    }
}
