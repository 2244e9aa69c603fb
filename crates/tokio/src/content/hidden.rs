//! Which characters nobody sees, though they change what is seen.

use icu_properties::props::{
    BinaryProperty, DefaultIgnorableCodePoint, Emoji, EnumeratedProperty, ExtendedPictographic,
    GeneralCategory, JoiningType, NoncharacterCodePoint, PrependedConcatenationMark,
    UnifiedIdeograph, VariationSelector, WhiteSpace,
};

/// Whether this is a control or format character (those that set the direction of writing
/// among them), one that Unicode lets a font leave out, an end of a line, or one without a
/// meaning that all fonts share.
pub(super) fn is_hidden(letter: char) -> bool {
    !matches!(letter, ' '..='~')
        && (is_formatting(letter)
            || DefaultIgnorableCodePoint::for_char(letter)
            || NoncharacterCodePoint::for_char(letter))
}

fn is_formatting(letter: char) -> bool {
    use GeneralCategory as Category;
    let category = GeneralCategory::for_char(letter);
    matches!(
        category,
        Category::Control
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::PrivateUse
            | Category::Surrogate
    ) || (category == Category::Format
        // Such a mark is drawn around the digits after it.
        && !PrependedConcatenationMark::for_char(letter))
}

/// Whether this is the rightful place of a hidden character: a joiner or a variation selector
/// after a character that it shapes, as in emoji, Persian and Hindi.
pub(super) fn is_in_place(letter: char, before: char) -> bool {
    match letter {
        '\u{200d}' => ExtendedPictographic::for_char(before) || is_shaped(before),
        '\u{200c}' => is_shaped(before),
        // The tags that make the flag of a region.
        '\u{e0020}'..='\u{e007f}' => before == '\u{1f3f4}',
        _ => VariationSelector::for_char(letter) && has_variants(before),
    }
}

/// Whether joiners change the look of what they follow (RFC 5892 appendix A): a letter that
/// joins others, or a mark on one.
fn is_shaped(letter: char) -> bool {
    JoiningType::for_char(letter) != JoiningType::NonJoining
}

fn has_variants(letter: char) -> bool {
    Emoji::for_char(letter)
        || UnifiedIdeograph::for_char(letter)
        // Mongolian.
        || matches!(letter, '\u{1820}'..='\u{18aa}')
}

/// Whether this is drawn over or under the letter before it.
pub(super) fn is_mark(letter: char) -> bool {
    matches!(
        GeneralCategory::for_char(letter),
        GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
    )
}

/// Whether this is drawn as nothing but room.
pub(super) fn is_blank(letter: char) -> bool {
    // The pattern of Braille without dots is no white space to Unicode.
    letter == '\u{2800}' || WhiteSpace::for_char(letter)
}
