//! The string class of nicknames: FreeformClass of PRECIS (RFC 8264 section 4.3), by the
//! properties of the current Unicode and not of the one when the RFC was written.

use icu_properties::props::{
    BinaryProperty, DefaultIgnorableCodePoint, EnumeratedProperty, GeneralCategory,
    HangulSyllableType, JoinControl, NoncharacterCodePoint,
};
use unicode_normalization::UnicodeNormalization;

use crate::context;

/// Whether the class allows every code point of a text at its place.
pub(crate) fn is_freeform(text: &str) -> bool {
    text.char_indices().all(|(at, letter)| match Property::of(letter) {
        Property::Valid => true,
        Property::Contextual => context::allows(text, at, letter),
        Property::Disallowed => false,
    })
}

/// The derived property of a code point, as far as FreeformClass distinguishes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    Valid,
    /// CONTEXTJ or CONTEXTO.
    Contextual,
    /// DISALLOWED or UNASSIGNED.
    Disallowed,
}

impl Property {
    /// The algorithm of RFC 8264 section 8.
    fn of(letter: char) -> Self {
        if let Some(exception) = Self::exception(letter) {
            return exception;
        }
        let category = GeneralCategory::for_char(letter);
        if category == GeneralCategory::Unassigned {
            Self::Disallowed
        } else if matches!(letter, '!'..='~') {
            Self::Valid
        } else if JoinControl::for_char(letter) {
            Self::Contextual
        } else if is_old_jamo(letter)
            || is_ignorable(letter)
            || category == GeneralCategory::Control
        {
            Self::Disallowed
        } else if has_compatible(letter) || is_content(category) {
            Self::Valid
        } else {
            Self::Disallowed
        }
    }

    /// RFC 8264 section 9.6, which takes over RFC 5892 section 2.6.
    const fn exception(letter: char) -> Option<Self> {
        match letter {
            '\u{df}' | '\u{3c2}' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}' => {
                Some(Self::Valid)
            }
            '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' => Some(Self::Contextual),
            '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => Some(Self::Contextual),
            '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' => Some(Self::Disallowed),
            '\u{3031}'..='\u{3035}' | '\u{303b}' => Some(Self::Disallowed),
            _ => None,
        }
    }
}

/// PrecisIgnorableProperties (section 9.13).
fn is_ignorable(letter: char) -> bool {
    DefaultIgnorableCodePoint::for_char(letter) || NoncharacterCodePoint::for_char(letter)
}

/// OldHangulJamo (section 9.9).
fn is_old_jamo(letter: char) -> bool {
    let of = HangulSyllableType::for_char(letter);
    of == HangulSyllableType::LeadingJamo
        || of == HangulSyllableType::VowelJamo
        || of == HangulSyllableType::TrailingJamo
}

/// HasCompat (section 9.17).
fn has_compatible(letter: char) -> bool {
    !std::iter::once(letter).nfkc().eq([letter])
}

/// LetterDigits, OtherLetterDigits, Spaces, Symbols and Punctuation (sections 9.1 and 9.14 to
/// 9.18): what is left are format characters, line separators and private use.
const fn is_content(category: GeneralCategory) -> bool {
    use GeneralCategory as Category;
    !matches!(
        category,
        Category::Unassigned
            | Category::Control
            | Category::Format
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::PrivateUse
            | Category::Surrogate
    )
}
