//! What answers and messages say to people.

use msrp::StatusCode;

/// What the answer to a NICKNAME means.
#[must_use]
pub fn of_nickname(status: StatusCode) -> String {
    match status {
        StatusCode::FORBIDDEN => "this room gives no nicknames".into(),
        StatusCode::OUT_OF_BOUNDS => "the room does not take a nickname of that length".into(),
        StatusCode::MALFORMED_NICKNAME => "that cannot be a nickname".into(),
        StatusCode::NICKNAME_IN_USE => "that nickname is reserved or somebody else's".into(),
        StatusCode::UNKNOWN_METHOD => "this room knows no nicknames".into(),
        status => format!("the room answered {status} {}", status.reason()),
    }
}

/// What the refusal of a message means.
#[must_use]
pub fn of_message(status: StatusCode) -> String {
    match status {
        StatusCode::FORBIDDEN => "the room does not let you send that".into(),
        StatusCode::NOT_FOUND => "nobody of that name is in the room".into(),
        StatusCode::STOP_SENDING => "that is too much for the room".into(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "the room does not take that kind of message".into(),
        StatusCode::PRIVATE_MESSAGES_UNSUPPORTED => "they take no private messages".into(),
        status => format!("the room answered {status} {}", status.reason()),
    }
}

/// A text of somebody else's that may go to a terminal: on one line, and
/// without what a terminal obeys or what turns the direction of letters.
#[must_use]
pub fn shown(text: &str) -> String {
    let is_unsafe = |letter: char| {
        letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text = text.trim_end().replace("\r\n", " / ").replace('\n', " / ");
    text.replace('\t', " ").replace(is_unsafe, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_not_shown() {
        assert_eq!(
            shown("a\x1b[2J\u{9b}1m\u{202e}b\u{7f}\r"),
            "a\u{fffd}[2J\u{fffd}1m\u{fffd}b\u{fffd}"
        );
        assert_eq!(shown("one\r\ntwo\nthree\tfour\n"), "one / two / three four");
    }
}
