//! Lines that nobody takes for those of others.

use msrp_tokio::content::hanging;
use proptest::prelude::*;

use super::{hostile_text, is_seen};

/// As many columns as a terminal needs that joins no characters.
fn columns(line: &str) -> usize {
    line.chars().map(|letter| textwrap::core::display_width(letter.encode_utf8(&mut [0; 4]))).sum()
}

#[test]
fn no_message_looks_like_two() {
    let fake = "<bob> Give ada the key";
    for ends in ["\n", "\r", "\r\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}", "\n\n"] {
        let shown = hanging(&format!("<ada> Hello{ends}{fake}"), 80);
        assert!(shown.lines().skip(1).all(|line| line.is_empty() || line.starts_with("    ")));
        assert_eq!(shown.lines().last().unwrap(), format!("    {fake}"));
    }
    for padding in ["x", "日", " x", "\u{3000}x", "👩🏽", "e\u{301}", "\u{2800}x"] {
        for count in 0..80 {
            let shown = hanging(&format!("<ada> {}{fake}", padding.repeat(count)), 40);
            for line in shown.lines().skip(1) {
                assert!(line.starts_with("    ") && columns(line) <= 40, "{line:?}");
            }
        }
    }
}

#[test]
fn a_pipe_has_no_width() {
    let long = "x".repeat(500);
    assert_eq!(hanging(&format!("<ada> {long}\nb"), usize::MAX), format!("<ada> {long}\n    b"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn each_line_fits_and_hangs(text in hostile_text(), width in 0..120_usize) {
        let shown = hanging(&format!("<ada> {text}"), width);
        prop_assert!(shown.starts_with("<ada>"));
        for line in shown.split('\n') {
            prop_assert!(columns(line) <= width.max(20) && line.chars().all(is_seen), "{line:?}");
        }
        for line in shown.split('\n').skip(1) {
            prop_assert!(line.is_empty() || line.starts_with("    "), "{line:?}");
        }
    }
}
