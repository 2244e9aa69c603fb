//! Reads the messages that come from the room.

use bytes::Bytes;
use msrp_chatroom::is_same_uri;
use msrp_cpim::CpimRef;
use msrp_cpim::is_composing::{IS_COMPOSING_TYPE, IsComposing, State};
use msrp_tokio::content::{Content, Declared, Policy};

use crate::told::Told;

/// Reads a message from the room with the URI `room`. `None` if it has no sender, so that
/// nobody can be told of it.
pub(crate) fn heard(body: &Bytes, room: &str) -> Option<Told> {
    let message = CpimRef::parse(body).ok()?;
    let from = message.from()?.uri().to_owned();
    let is_private = message.to().next().is_some_and(|to| !is_same_uri(to.uri(), room));
    let needed: Vec<_> = message.not_understood(&[]).map(|it| it.name()).collect();
    if !needed.is_empty() {
        // It may mean the opposite of what it seems to say (RFC 3862 section 3.5).
        let what = format!("a message that needs {} to be understood", needed.join(", "));
        return Some(Told::Unshown { from, is_private, what });
    }
    if is_typing(&message) {
        let status = IsComposing::parse(message.body()).ok()?;
        return Some(Told::Typing { from, is_active: status.state() == State::Active });
    }
    let octets = body.slice_ref(message.body());
    Some(match Policy::default().read(&Declared::wrapped(&message), &octets) {
        Content::Text(text) => Told::Heard { from, is_private, text },
        Content::Html(html) => Told::Heard { from, is_private, text: html.to_text() },
        Content::Image { name, octets, .. } | Content::File { name, octets } => {
            let what = format!("{name} ({} octets), which is not shown here", octets.len());
            Told::Unshown { from, is_private, what }
        }
        _ => Told::Unshown { from, is_private, what: "something that is not shown here".into() },
    })
}

fn is_typing(message: &CpimRef<'_>) -> bool {
    let content_type = message.content_type().unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(IS_COMPOSING_TYPE)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ROOM: &str = "sip:pier@chat.example";

    fn told(to: &str, headers: &str, content: &[u8]) -> Told {
        let head = format!("From: <sip:ada@example.com>\r\nTo: <{to}>\r\n{headers}\r\n");
        heard(&[head.as_bytes(), content].concat().into(), ROOM).unwrap()
    }

    fn text_of(to: &str, headers: &str) -> (bool, String) {
        match told(to, headers, b"Content-Type: text/plain\r\n\r\nHello") {
            Told::Heard { is_private, text, .. } => (is_private, text),
            Told::Unshown { is_private, what, .. } => (is_private, what),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn each_type_is_shown_or_told() {
        for (content, shown) in [
            (
                &b"Content-Type: text/plain;charset=iso-8859-1\r\n\r\nGr\xfc\xdfe"[..],
                "Gr\u{fc}\u{df}e",
            ),
            (b"Content-Type: text/html\r\n\r\n<b>Hi</b><script>x</script>", "**Hi**"),
            (b"Content-Type: text/plain\r\n\r\n\x1b[2J", "\u{241b}[2J"),
        ] {
            let Told::Heard { text, .. } = told(ROOM, "", content) else { unreachable!() };
            assert_eq!(text, shown);
        }
        let png = b"Content-Type: image/png\r\nContent-Disposition: x;filename=a.exe\r\n\r\nx";
        let Told::Unshown { what, .. } = told(ROOM, "", png) else { unreachable!() };
        assert_eq!(what, "a_exe.bin (1 octets), which is not shown here");
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
        assert_eq!(text, "a message that needs Irony to be understood");
        // Every client understands this one.
        assert_eq!(text_of(ROOM, "Require: Subject\r\nSubject: x\r\n").1, "Hello");
    }
}
