//! Names that look like those of others.

use msrp_chatroom::look;

use super::visible_line;

/// Whether people may take one name for the other: they look the same in many fonts
/// (UTS #39 section 4), in any letter case and apart from outer blanks. Equal names do.
///
/// A name that looks like another's is no name to go by. Show it with its URI, [`spelled`].
///
/// ```
/// use msrp_tokio::content::look_alike;
///
/// // The second one begins with a Cyrillic letter.
/// assert!(look_alike("ada", "\u{430}da"));
/// assert!(look_alike("ada", "ad\u{200b}a"));
/// assert!(!look_alike("ada", "adam"));
/// ```
#[must_use]
pub fn look_alike(name: &str, other: &str) -> bool {
    look(name.trim()) == look(other.trim())
}

/// A name or URI in which every character outside ASCII is its number, so that no two look
/// the same.
///
/// ```
/// use msrp_tokio::content::spelled;
///
/// assert_eq!(spelled("sip:\u{430}da@example.com"), "sip:[U+0430]da@example.com");
/// ```
#[must_use]
pub fn spelled(name: &str) -> String {
    let number = |letter: char| match letter {
        _ if letter.is_ascii() => letter.to_string(),
        _ => format!("[U+{:04X}]", u32::from(letter)),
    };
    visible_line(&name.chars().map(number).collect::<String>())
}
