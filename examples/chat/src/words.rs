//! Responses, messages and errors as text for people.

use std::error::Error;

use msrp::StatusCode;

/// An error and its causes, on one line.
#[must_use]
pub fn of_error(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// What the response to a NICKNAME means.
#[must_use]
pub fn of_nickname(status: StatusCode) -> String {
    match status {
        StatusCode::FORBIDDEN => "this room does not allow you a nickname".into(),
        StatusCode::OUT_OF_BOUNDS => "the room does not take a nickname of that length".into(),
        StatusCode::MALFORMED_NICKNAME => "that is not a valid nickname".into(),
        StatusCode::NICKNAME_IN_USE => "that nickname is reserved or somebody else's".into(),
        StatusCode::UNKNOWN_METHOD => "this room does not support nicknames".into(),
        status => format!("the room responded {status} {}", status.reason()),
    }
}

/// What the rejection of a message means.
#[must_use]
pub fn of_message(status: StatusCode) -> String {
    match status {
        StatusCode::FORBIDDEN => "the room does not let you send that".into(),
        StatusCode::NOT_FOUND => "the recipient is not in the room".into(),
        StatusCode::STOP_SENDING => "the message is too large for the room".into(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "the room does not take that media type".into(),
        StatusCode::PRIVATE_MESSAGES_UNSUPPORTED => {
            "the recipient does not take private messages".into()
        }
        status => format!("the room responded {status} {}", status.reason()),
    }
}
