//! The Nickname profile of PRECIS (RFC 8266, which obsoletes RFC 7700).

use icu_properties::props::{
    BinaryProperty, DefaultIgnorableCodePoint, EnumeratedProperty, GeneralCategory,
};
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::freeform::is_freeform;

/// How often the rules are applied until nothing changes (RFC 8266 section 2.3).
const MAX_ROUNDS: usize = 3;

/// The nickname to show, without superfluous blanks. `None` if the profile does not allow it.
pub(crate) fn enforced(nickname: &str) -> Option<String> {
    stable(nickname, |text| text.nfkc().collect()).filter(|text| !text.is_empty())
}

/// The one spelling of all nicknames that match (section 2.4).
pub(crate) fn compared(nickname: &str) -> Option<String> {
    stable(nickname, |text| text.to_lowercase().nfkc().collect())
}

/// The spelling that all names of the same look share (UTS #39 section 4), in any letter case
/// and without characters that are not seen. It is for comparison, not to be shown.
///
/// ```
/// use msrp_chatroom::look;
///
/// assert_eq!(look("\u{430}dmin"), look("Admin"), "the first one is Cyrillic");
/// ```
#[must_use]
pub fn look(name: &str) -> String {
    let seen: String =
        name.chars().filter(|it| !DefaultIgnorableCodePoint::for_char(*it)).collect();
    // Where a capital I and a small L look the same, neither has a small form of that look.
    let lower: String = skeleton(&seen).flat_map(char::to_lowercase).collect();
    skeleton(&lower).map(|letter| if letter == 'l' { 'i' } else { letter }).collect()
}

/// The text to which the rules, of which `change` is the last, change nothing more. `None` if
/// there is none, or the string class does not allow it.
fn stable(text: &str, change: impl Fn(&str) -> String) -> Option<String> {
    let mut current = text.to_owned();
    for _ in 0..MAX_ROUNDS {
        let is_allowed = !current.is_empty() && is_freeform(&current);
        let next = is_allowed.then(|| change(&with_single_spaces(&current)))?;
        if next == current {
            return Some(next);
        }
        current = next;
    }
    None
}

/// The additional mapping rule (section 2.1): spaces of any kind become single ASCII spaces
/// between words.
fn with_single_spaces(text: &str) -> String {
    let words = text.split(is_space).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn is_space(letter: char) -> bool {
    GeneralCategory::for_char(letter) == GeneralCategory::SpaceSeparator
}
