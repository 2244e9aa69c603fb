//! Code points that only some contexts allow (RFC 5892 appendix A, by RFC 8264 section 4.1.2).

use icu_properties::props::{CanonicalCombiningClass, EnumeratedProperty, JoiningType, Script};

/// Whether `letter`, which stands at `at` in the text, may stand there.
pub(crate) fn allows(text: &str, at: usize, letter: char) -> bool {
    let (before, rest) = text.split_at_checked(at).unwrap_or_default();
    let after = rest.strip_prefix(letter).unwrap_or_default();
    let last_is = |is: fn(char) -> bool| before.chars().next_back().is_some_and(is);
    let next_is = |is: fn(char) -> bool| after.chars().next().is_some_and(is);
    let nowhere = |from, to| !text.contains(|other| (from..=to).contains(&other));
    match letter {
        // Zero width non-joiner and zero width joiner.
        '\u{200c}' => last_is(is_virama) || breaks_connection(before, after),
        '\u{200d}' => last_is(is_virama),
        // Middle dot, between two l of Catalan.
        '\u{b7}' => last_is(|it| it == 'l') && next_is(|it| it == 'l'),
        // Greek lower numeral sign.
        '\u{375}' => next_is(|it| Script::for_char(it) == Script::Greek),
        // Hebrew geresh and gershayim.
        '\u{5f3}' | '\u{5f4}' => last_is(|it| Script::for_char(it) == Script::Hebrew),
        // Katakana middle dot.
        '\u{30fb}' => text.chars().any(is_japanese),
        // Arabic-Indic digits and extended ones do not mix.
        '\u{660}'..='\u{669}' => nowhere('\u{6f0}', '\u{6f9}'),
        '\u{6f0}'..='\u{6f9}' => nowhere('\u{660}', '\u{669}'),
        _ => false,
    }
}

fn is_virama(letter: char) -> bool {
    CanonicalCombiningClass::for_char(letter) == CanonicalCombiningClass::Virama
}

/// Whether letters that would join stand around a zero width non-joiner.
fn breaks_connection(before: &str, after: &str) -> bool {
    joins(before.chars().rev(), JoiningType::LeftJoining)
        && joins(after.chars(), JoiningType::RightJoining)
}

/// Whether the first letter that is no mark on another joins to this side.
fn joins(letters: impl Iterator<Item = char>, side: JoiningType) -> bool {
    let mut types = letters.map(JoiningType::for_char);
    let first = types.find(|it| *it != JoiningType::Transparent);
    first.is_some_and(|it| it == side || it == JoiningType::DualJoining)
}

fn is_japanese(letter: char) -> bool {
    let script = Script::for_char(letter);
    script == Script::Hiragana || script == Script::Katakana || script == Script::Han
}
