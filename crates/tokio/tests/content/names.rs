//! Names that look like those of others.

use msrp_tokio::content::{look_alike, spelled, visible_line};
use proptest::prelude::*;

use super::hostile_text;

#[test]
fn names_of_one_look_are_alike() {
    for other in [
        "ada",
        "ADA",
        " ada ",
        "\u{430}da",
        "ad\u{430}",
        "ad\u{200b}a",
        "ada\u{feff}",
        "a\u{200d}da",
        "ａｄａ",
        "𝐚𝐝𝐚",
        "\u{202e}ada",
        "ada\u{3164}",
    ] {
        assert!(look_alike("ada", other), "{other:?}");
        assert!(look_alike(other, "ada"), "{other:?}");
    }
    assert!(look_alike("Bill", "BiIl") && look_alike("paypal", "paypa1"));
    for other in ["adam", "ad", "adä", "bob", ""] {
        assert!(!look_alike("ada", other), "{other:?}");
    }
}

#[test]
fn a_spelled_name_is_ascii() {
    assert_eq!(spelled("sip:\u{430}da@example.com"), "sip:[U+0430]da@example.com");
    assert_eq!(spelled("sip:ad\u{200b}a@x\x1b"), "sip:ad[U+200B]a@x␛");
}

proptest! {
    #[test]
    fn a_spelled_name_hides_nothing(name in hostile_text()) {
        let spelled = spelled(&name);
        let is_plain = |it| matches!(it, ' '..='~' | '␀'..='␡');
        prop_assert!(spelled.chars().all(is_plain));
        prop_assert_eq!(visible_line(&spelled), spelled);
    }

    #[test]
    fn a_name_looks_like_itself_with_what_is_hidden(name in "[a-z]{1,8}", at in 0..9_usize) {
        let mut hidden = name.clone();
        hidden.insert(at.min(name.len()), '\u{200b}');
        prop_assert!(look_alike(&name, &hidden));
    }
}
