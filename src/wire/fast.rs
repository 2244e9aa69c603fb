//! The rules that nearly every chunk needs, written by hand for speed: with slice
//! patterns and a table of character classes in place of nom. They take a tenth to a
//! half of the instructions of their twins in [`super::grammar`].
//!
//! Tests and the fuzz target `grammar` hold both to the same result.

use super::byte_range::ByteRange;
use super::grammar::{self, is_ident_char, is_text_octet};
use super::header::{FailureReport, HeaderName};
use crate::uri::grammar::is_token_octet;

/// What a rule found and what follows it.
type Found<'a, T> = Option<(T, &'a [u8])>;

/// Hand-written twin of [`grammar::start`].
pub(crate) fn start(line: &[u8]) -> Found<'_, &[u8]> {
    let (id, rest) = ident(line.strip_prefix(b"MSRP ")?)?;
    Some((id, rest.strip_prefix(b" ")?))
}

/// Hand-written twin of [`grammar::response`].
#[inline]
pub(crate) fn response(input: &[u8]) -> Found<'_, (u16, Option<&[u8]>)> {
    let [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = input else { return None };
    let code = [a, b, c].iter().fold(0, |code, digit| code * 10 + u16::from(*digit - b'0'));
    let Some((comment, after)) = rest.strip_prefix(b" ").and_then(utf8text) else {
        return Some(((code, None), rest));
    };
    Some(((code, Some(comment)), after))
}

/// Hand-written twin of [`grammar::utf8text`].
fn utf8text(input: &[u8]) -> Found<'_, &[u8]> {
    input.split_at_checked(run(TEXT, input)).filter(|(text, _)| grammar::is_utf8(text))
}

/// The header fields that nearly every chunk has, spelled as they usually are, and what
/// follows the space: one comparison of a few octets, whereas [`grammar::field_name`]
/// looks at each.
#[inline]
pub(crate) fn usual_name(line: &[u8]) -> Found<'_, HeaderName> {
    let field = |name, text| Some((name, line.strip_prefix::<[u8]>(text)?));
    match line {
        [b'T', ..] => field(HeaderName::ToPath, b"To-Path: "),
        [b'F', b'r', ..] => field(HeaderName::FromPath, b"From-Path: "),
        [b'M', ..] => field(HeaderName::MessageId, b"Message-ID: "),
        [b'B', ..] => field(HeaderName::ByteRange, b"Byte-Range: "),
        [b'C', ..] => field(HeaderName::ContentType, b"Content-Type: "),
        [b'F', ..] => field(HeaderName::FailureReport, b"Failure-Report: "),
        [b'S', ..] => field(HeaderName::SuccessReport, b"Success-Report: "),
        _ => None,
    }
}

/// Hand-written twin of [`grammar::ident`].
#[inline]
pub(crate) fn ident(input: &[u8]) -> Found<'_, &[u8]> {
    input.split_at_checked(run(IDENT, input)).filter(|(id, _)| !id.is_empty())
}

/// Hand-written twin of [`grammar::byte_range`] that checks the numbers as well.
#[inline(always)]
pub(crate) fn byte_range(input: &[u8]) -> Found<'_, ByteRange> {
    let (start, rest) = number(input)?;
    let (end, rest) = number_or_star(rest.strip_prefix(b"-")?)?;
    let (total, rest) = number_or_star(rest.strip_prefix(b"/")?)?;
    Some((ByteRange::new(start, end, total).ok()?, rest))
}

#[inline]
fn number_or_star(input: &[u8]) -> Found<'_, Option<u64>> {
    match input {
        [b'*', rest @ ..] => Some((None, rest)),
        _ => number(input).map(|(number, rest)| (Some(number), rest)),
    }
}

#[inline]
fn number(input: &[u8]) -> Found<'_, u64> {
    let (mut rest, mut number) = (input, 0_u64);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        let digit = u64::from(digit - b'0');
        // One comparison saves the two checks for all but the last digits.
        number = if number < u64::MAX / 10 {
            number * 10 + digit
        } else {
            number.checked_mul(10)?.checked_add(digit)?
        };
        rest = after;
    }
    (rest.len() < input.len()).then_some((number, rest))
}

/// Hand-written twin of [`grammar::success_report`].
pub(crate) fn success_report(input: &[u8]) -> Found<'_, bool> {
    match failure_report(input)? {
        (FailureReport::Yes, rest) => Some((true, rest)),
        (FailureReport::No, rest) => Some((false, rest)),
        (FailureReport::Partial, _) => None,
    }
}

/// Hand-written twin of [`grammar::failure_report`].
#[inline]
pub(crate) fn failure_report(input: &[u8]) -> Found<'_, FailureReport> {
    match input.first()? {
        b'y' | b'Y' => Some((FailureReport::Yes, word(b"yes", input)?)),
        b'n' | b'N' => Some((FailureReport::No, word(b"no", input)?)),
        b'p' | b'P' => Some((FailureReport::Partial, word(b"partial", input)?)),
        _ => None,
    }
}

/// What follows `word`, which is usually in lower case.
#[inline]
fn word<'a, const N: usize>(word: &[u8; N], input: &'a [u8]) -> Option<&'a [u8]> {
    let (start, rest) = input.split_first_chunk::<N>()?;
    (start == word || start.eq_ignore_ascii_case(word)).then_some(rest)
}

/// Hand-written twin of [`grammar::essence`].
#[inline]
pub(crate) fn essence(input: &[u8]) -> Found<'_, &[u8]> {
    let rest = token(token(input)?.strip_prefix(b"/")?)?;
    input.split_at_checked(input.len() - rest.len())
}

/// What follows a token.
#[inline]
fn token(input: &[u8]) -> Option<&[u8]> {
    let (token, rest) = input.split_at_checked(run(TOKEN, input))?;
    (!token.is_empty()).then_some(rest)
}

const TOKEN: u8 = 1;
const IDENT: u8 = 2;
const TEXT: u8 = 4;

/// The character classes of every octet, so that one load answers for all.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut octet = 0;
    while octet < classes.len() {
        classes[octet] = classes_of(octet as u8);
        octet += 1;
    }
    classes
};

const fn classes_of(octet: u8) -> u8 {
    (is_token_octet(octet) as u8 * TOKEN)
        | (is_ident_char(octet) as u8 * IDENT)
        | (is_text_octet(octet) as u8 * TEXT)
}

/// How many octets at the start of `input` are of `class`.
#[inline]
fn run(class: u8, input: &[u8]) -> usize {
    // In groups of eight: the compiler unrolls a loop of fixed length.
    let (eights, rest) = input.as_chunks::<8>();
    let outside = |octet: &u8| !is(*octet, class);
    for (index, eight) in eights.iter().enumerate() {
        if let Some(place) = eight.iter().position(outside) {
            return index * 8 + place;
        }
    }
    eights.len() * 8 + rest.iter().position(outside).unwrap_or(rest.len())
}

#[expect(clippy::indexing_slicing, reason = "an octet indexes a table of 256")]
const fn is(octet: u8, class: u8) -> bool {
    CLASSES[octet as usize] & class != 0
}

/// Panics unless every fast rule reads `input` as its twin does.
#[cfg(any(test, fuzzing))]
#[allow(clippy::panic, reason = "called by tests and fuzz targets")]
pub(crate) fn assert_twins(input: &[u8]) {
    fn twin<'a, T: std::fmt::Debug + PartialEq>(
        rule: &str,
        fast: Found<'a, T>,
        nom: nom::IResult<&'a [u8], T, ()>,
    ) {
        let nom = nom.ok().map(|(rest, found)| (found, rest));
        assert_eq!(fast, nom, "{rule}");
    }
    twin("start", start(input), grammar::start(input));
    twin("response", response(input), grammar::response(input));
    twin("ident", ident(input), grammar::ident(input));
    twin("Success-Report", success_report(input), grammar::success_report(input));
    twin("Failure-Report", failure_report(input), grammar::failure_report(input));
    twin("essence", essence(input), grammar::essence(input));
    let range = grammar::byte_range(input).ok().and_then(|(rest, (start, end, total))| {
        Some((ByteRange::new(start, end, total).ok()?, rest))
    });
    assert_eq!(byte_range(input), range, "Byte-Range");
    if let Some((name, rest)) = usual_name(input) {
        let found =
            grammar::field_name(input).ok().map(|(rest, name)| (HeaderName::of(name), rest));
        assert_eq!(
            found,
            Some((Some(name), input.get(name.as_str().len() + 1..).unwrap_or_default()))
        );
        assert_eq!(input.len() - rest.len(), name.as_str().len() + 2);
    }
    for id in [&b"7fq2"[..], b"a+"] {
        let nom = nom::Parser::parse_complete(&mut grammar::end_line(id), input);
        assert_eq!(super::scan::end_line_at(id, input), nom.ok().map(|(_, flag)| flag), "end-line");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const PARTS: [&str; 40] = [
        "MSRP ",
        "MSRP",
        "7fq2",
        "a+",
        "-------",
        "$",
        "+",
        "#",
        "\r\n",
        "\r",
        "\n",
        " ",
        "\t",
        "SEND",
        "send",
        "Foo_2",
        "200",
        "20",
        "0",
        "1",
        "18446744073709551615",
        "-",
        "/",
        "*",
        "yes",
        "NO",
        "Partial",
        "text",
        "plain",
        ";",
        "=",
        "\"",
        "To-Path: ",
        "From-Path: ",
        "Message-ID: ",
        "Byte-Range: ",
        "Content-Type: ",
        "Failure-Report: ",
        "Success-Report: ",
        ".%=+-",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn fast_rules_are_the_grammar(
            parts in prop::collection::vec(select(&PARTS[..]), 0..8),
            octets in prop::collection::vec(any::<u8>(), 0..6),
        ) {
            let mut input = parts.concat().into_bytes();
            assert_twins(&input);
            input.extend(&octets);
            assert_twins(&input);
            assert_twins(&octets);
        }

        #[test]
        fn fast_rules_are_the_grammar_on_values(
            input in "(MSRP [a-z0-9.%=+-]{1,9} [A-Za-z0-9_-]{1,5}( [ -~é]{0,3})?|[0-9]{1,21}-([0-9]{1,21}|[*])/([0-9]{1,3}|[*])[ x]?|[a-z.+*]{0,4}/[a-z]{0,4}[;\r]?)",
        ) {
            assert_twins(input.as_bytes());
        }
    }
}
