//! Text in which nothing is hidden.

use msrp_tokio::content::{visible_line, visible_text};
use proptest::prelude::*;

use super::{hostile_text, is_seen};

#[test]
fn what_is_not_seen_is_named() {
    for (text, visible) in [
        ("Grüße, Καλημέρα, שלום, こんにちは 👋", "Grüße, Καλημέρα, שלום, こんにちは 👋"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\u{9b}2J", "[U+009B]2J"),
        ("a\0b\x7f\r\n\t", "a␀b␡␍␊␉"),
        ("photo\u{202e}gpj.exe", "photo[U+202E]gpj.exe"),
        ("ad\u{200b}a", "ad[U+200B]a"),
        ("a\u{ad}b\u{2060}\u{feff}", "a[U+00AD]b[U+2060][U+FEFF]"),
        ("\u{e0041}\u{e007f}", "[U+E0041][U+E007F]"),
        ("\u{3164}\u{115f}\u{ffa0}", "[U+3164][U+115F][U+FFA0]"),
        ("\u{e000}\u{f8ff}\u{10ffff}", "[U+E000][U+F8FF][U+10FFFF]"),
        ("a\u{2028}b", "a[U+2028]b"),
        ("\u{fff9}a\u{fffa}b\u{fffb}", "[U+FFF9]a[U+FFFA]b[U+FFFB]"),
    ] {
        assert_eq!(visible_line(text), visible);
    }
}

#[test]
fn joiners_and_variation_selectors_in_their_place_are_left_out() {
    for (text, visible) in [
        ("❤\u{fe0f}", "❤"),
        ("1\u{fe0f}\u{20e3}", "1\u{20e3}"),
        ("👩\u{200d}👩\u{200d}👧", "👩👩👧"),
        ("❤\u{fe0f}\u{200d}🔥", "❤🔥"),
        ("🏴\u{e0067}\u{e0062}\u{e007f}", "🏴"),
        ("نامه\u{200c}ها", "نامهها"),
        ("क\u{94d}\u{200d}ष", "क\u{94d}ष"),
        ("葛\u{e0100}", "葛"),
        // Elsewhere they are there to deceive.
        ("a\u{fe0f}", "a[U+FE0F]"),
        ("ad\u{200d}a\u{200c}", "ad[U+200D]a[U+200C]"),
        ("👩\u{200c}👩", "👩[U+200C]👩"),
    ] {
        assert_eq!(visible_line(text), visible);
    }
}

#[test]
fn a_letter_has_four_marks_and_no_mark_stands_on_nothing() {
    let marks = "\u{300}".repeat(6);
    let kept = "\u{300}".repeat(4);
    assert_eq!(visible_line(&format!("a{marks}b")), format!("a{kept}[U+0300][U+0300]b"));
    assert_eq!(visible_line("\u{338}a"), "[U+0338]a");
    assert_eq!(visible_text("a\n\u{338}"), "a\n[U+0338]");
    assert_eq!(visible_line("\u{200b}\u{338}"), "[U+200B][U+0338]");
}

#[test]
fn padding_is_cut() {
    let cut = " ".repeat(16);
    for blank in [" ", "\u{a0}", "\u{3000}", "\u{2800}", "\u{2003}"] {
        let text = format!("a{}b", blank.repeat(500));
        assert_eq!(visible_line(&text), format!("a{}b", blank.repeat(16)), "{blank:?}");
    }
    assert_eq!(visible_text(&format!("a{}b\nc", "\t".repeat(99))), format!("a{cut}b\nc"));
}

#[test]
fn all_that_ends_a_line_ends_one() {
    let text = "a\nb\r\nc\rd\u{b}e\u{c}f\u{85}g\u{2028}h\u{2029}i\n\r \n";
    assert_eq!(visible_text(text), "a\nb\nc\nd\ne\nf\ng\nh\ni");
    assert_eq!(visible_text("a\n\nb"), "a\n\nb");
    assert_eq!(visible_text(" \n"), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_is_hidden_whatever_comes_in(text in hostile_text()) {
        let line = visible_line(&text);
        prop_assert!(line.chars().all(is_seen), "{line:?}");
        let lines = visible_text(&text);
        prop_assert!(lines.chars().all(|letter| letter == '\n' || is_seen(letter)), "{lines:?}");
    }

    #[test]
    fn what_is_visible_stays_as_it_is(text in hostile_text()) {
        let line = visible_line(&text);
        prop_assert_eq!(visible_line(&line), line);
        let lines = visible_text(&text);
        prop_assert_eq!(visible_text(&lines), lines);
    }

    #[test]
    fn a_visible_text_is_four_times_as_long_at_most(text in hostile_text()) {
        prop_assert!(visible_line(&text).len() <= 4 * text.len());
        prop_assert!(visible_text(&text).len() <= 4 * text.len());
    }

    #[test]
    fn printable_ascii_without_padding_stays(text in "([!-~]{1,16} ?){0,8}[!-~]") {
        prop_assert_eq!(visible_line(&text), &text[..]);
        prop_assert_eq!(visible_text(&text), &text[..]);
    }
}
