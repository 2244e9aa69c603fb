//! JSON that a terminal may show.

use msrp_tokio::content::visible_json;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{hostile_text, is_seen};

#[test]
fn every_character_stays_the_same_to_a_program() {
    for first in (0..=0x10_ffff).step_by(64) {
        let letters: String = (first..first + 64).filter_map(char::from_u32).collect();
        let object = json!({ "name": letters });
        let visible = visible_json(&object.to_string());
        assert!(visible.chars().all(is_seen), "{visible:?}");
        assert_eq!(visible.parse::<Value>().unwrap(), object);
    }
}

proptest! {
    #[test]
    fn any_json_stays_the_same(key in hostile_text(), text in hostile_text()) {
        let object = json!({ key: [text, 1, { "a": null }] });
        for written in [object.to_string(), serde_json::to_string_pretty(&object).unwrap()] {
            let visible = visible_json(&written);
            prop_assert!(visible.chars().all(|letter| letter == '\n' || is_seen(letter)));
            prop_assert_eq!(visible.parse::<Value>().unwrap(), object.clone());
        }
    }

    #[test]
    fn nothing_is_hidden_in_what_is_no_json(text in hostile_text()) {
        let visible = visible_json(&text);
        prop_assert!(visible.chars().all(|letter| letter == '\n' || is_seen(letter)));
        prop_assert_eq!(visible_json(&visible), visible);
    }
}
