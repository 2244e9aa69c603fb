//! Reads the messages that come from the room.

use msrp_chatroom::is_same_uri;
use msrp_cpim::CpimRef;
use msrp_cpim::is_composing::{IS_COMPOSING_TYPE, IsComposing, State};

use crate::client::Told;

/// Reads a message from the room with the URI `room`. `None` if there is nothing
/// to show.
pub(crate) fn heard(body: &[u8], room: &str) -> Option<Told> {
    let message = CpimRef::parse(body).ok()?;
    let from = message.from()?.uri().to_owned();
    let is_private = message.to().next().is_some_and(|to| !is_same_uri(to.uri(), room));
    let needed: Vec<_> = message.not_understood(&[]).map(|it| it.name()).collect();
    if !needed.is_empty() {
        // It may mean the opposite of what it seems to say (RFC 3862 section 3.5).
        let text = format!("[a message that needs {} to be understood]", needed.join(", "));
        return Some(Told::Heard { from, is_private, text });
    }
    let content_type = message.content_type()?;
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(IS_COMPOSING_TYPE) {
        let status = IsComposing::parse(message.body()).ok()?;
        return Some(Told::Typing { from, is_active: status.state() == State::Active });
    }
    let is_text = essence.eq_ignore_ascii_case("text/plain");
    let text = if is_text {
        String::from_utf8_lossy(message.body()).into_owned()
    } else {
        format!("[{} octets of {essence}]", message.body().len())
    };
    Some(Told::Heard { from, is_private, text })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ROOM: &str = "sip:pier@chat.example";

    fn text_of(to: &str, headers: &str) -> (bool, String) {
        let message = format!(
            "From: <sip:ada@example.com>\r\nTo: <{to}>\r\n{headers}\r\n\
             Content-Type: text/plain\r\n\r\nHello"
        );
        match heard(message.as_bytes(), ROOM).unwrap() {
            Told::Heard { is_private, text, .. } => (is_private, text),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_message_to_any_spelling_of_the_room_uri_is_not_private() {
        for to in [ROOM, "SIP:pier@Chat.Example", "sip:pier@chat.example;transport=tcp"] {
            assert_eq!(text_of(to, ""), (false, "Hello".into()));
        }
        assert_eq!(text_of("sip:bob@example.com", ""), (true, "Hello".into()));
    }

    // req: 3862-3.5-1
    #[test]
    fn a_message_that_requires_an_unknown_header_is_not_shown_as_text() {
        let (_, text) = text_of(ROOM, "NS: x <urn:example:irony>\r\nRequire: x.Irony\r\n");
        assert_eq!(text, "[a message that needs Irony to be understood]");
        // Every client understands this one.
        assert_eq!(text_of(ROOM, "Require: Subject\r\nSubject: x\r\n").1, "Hello");
    }
}
