//! What is in the messages of a chat: text, typing, and message/cpim around them.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use msrp::wire::ValueError;
use msrp::{MediaType, MediaTypes, OutgoingMessage};
use msrp_cpim::is_composing::{IS_COMPOSING_TYPE, IsComposing, State};
use msrp_cpim::{Address, BuildError, CPIM_TYPE, CpimBuilder, CpimRef, DateTime, ParseError};
use msrp_sdp::SessionPlan;
use thiserror::Error;

const TEXT_TYPE: &str = "text/plain";

/// How long a notice of typing holds unless another one comes.
pub(crate) const TYPING_HOLDS: Duration = Duration::from_secs(60);

/// The types that this side accepts in a chat. A peer that wraps its messages may, since
/// message/cpim is one of them, but the first one asks for bare text.
pub(crate) fn types() -> Result<MediaTypes, ValueError> {
    let types = MediaTypes::new(&format!("{TEXT_TYPE} {IS_COMPOSING_TYPE} {CPIM_TYPE}"))?;
    types.wrapped(&format!("{TEXT_TYPE} {IS_COMPOSING_TYPE}"))
}

/// How long the REPORT of a message is awaited if it may have no way back: the relay of the
/// other side may know this side only by its connection, and a REPORT goes to a URI.
const REPORT_PATIENCE: Duration = Duration::from_secs(10);

/// How long the REPORTs in a session are awaited. `None`: as long as usual.
pub(crate) fn patience(plan: &SessionPlan) -> Option<Duration> {
    let is_doubtful = plan.peer().is_relayed() && !plan.local().is_relayed();
    is_doubtful.then_some(REPORT_PATIENCE)
}

/// A message whose arrival the other side confirms, not only its relay.
pub(crate) fn reported(message: OutgoingMessage, patience: Option<Duration>) -> OutgoingMessage {
    let message = message.success_report(true);
    match patience {
        Some(patience) => message.report_timeout(patience),
        None => message,
    }
}

/// How this side speaks in a chat.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    from: String,
    to: String,
    is_wrapped: bool,
    tells_typing: bool,
    patience: Option<Duration>,
}

/// Why something cannot be said.
#[derive(Debug, Error)]
pub(crate) enum VoiceError {
    /// A SIP URI is not one for message/cpim.
    #[error(transparent)]
    Address(#[from] ParseError),
    /// The message/cpim cannot be written.
    #[error(transparent)]
    Wrap(#[from] BuildError),
    /// The type is no media type.
    #[error(transparent)]
    Type(#[from] ValueError),
}

impl Voice {
    /// As the other side wants to hear it. `from` and `to` are the SIP URIs of the sides.
    pub(crate) fn new(plan: &SessionPlan, from: String, to: String) -> Self {
        let types = plan.peer().types().clone().listed_only();
        let is_wrapped = plan.peer().prefers_cpim() || !types.accepts(TEXT_TYPE);
        let tells_typing = if is_wrapped {
            types.accepts_wrapped(IS_COMPOSING_TYPE)
        } else {
            types.accepts(IS_COMPOSING_TYPE)
        };
        Self { from, to, is_wrapped, tells_typing, patience: patience(plan) }
    }

    /// A text, whose arrival the other side confirms.
    pub(crate) fn text(&self, text: &str) -> Result<OutgoingMessage, VoiceError> {
        Ok(reported(self.message("text/plain;charset=utf-8", text)?, self.patience))
    }

    /// A notice that the user writes (RFC 3994). `None` if the other side wants none.
    pub(crate) fn typing(&self) -> Result<Option<OutgoingMessage>, VoiceError> {
        let seconds = u32::try_from(TYPING_HOLDS.as_secs()).unwrap_or(u32::MAX);
        let notice = IsComposing::new(State::Active).with_content_type(TEXT_TYPE);
        let notice = notice.with_refresh(seconds).to_xml();
        self.tells_typing.then(|| self.message(IS_COMPOSING_TYPE, &notice)).transpose()
    }

    fn message(&self, media_type: &str, content: &str) -> Result<OutgoingMessage, VoiceError> {
        let (media_type, body) = self.wrapped(media_type, content)?;
        Ok(OutgoingMessage::new(media_type, body))
    }

    fn wrapped(&self, media_type: &str, content: &str) -> Result<(MediaType, Bytes), VoiceError> {
        let media_type = MediaType::new(media_type)?;
        if !self.is_wrapped {
            return Ok((media_type, content.to_owned().into()));
        }
        let (from, to) = (Address::new(&self.from)?, Address::new(&self.to)?);
        let now = DateTime::utc(SystemTime::now());
        let builder = CpimBuilder::new(&from, &to).date_time(&now);
        Ok((MediaType::new(CPIM_TYPE)?, builder.build(&media_type, content.as_bytes())?))
    }
}

/// Something that the other side says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A text.
    Text(String),
    /// Whether it is writing.
    Typing(bool),
}

/// Reads a message of the chat. `None` if it is none of those that this side understands.
pub(crate) fn read(media_type: &str, octets: &[u8]) -> Option<Said> {
    if !is(media_type, CPIM_TYPE) {
        return read_bare(media_type, octets);
    }
    let message = CpimRef::parse(octets).ok()?;
    // It may mean the opposite of what it seems to say (RFC 3862 section 3.5).
    if message.not_understood(&[]).next().is_some() {
        return None;
    }
    read_bare(message.content_type().as_deref().unwrap_or(TEXT_TYPE), message.body())
}

fn read_bare(media_type: &str, octets: &[u8]) -> Option<Said> {
    if is(media_type, IS_COMPOSING_TYPE) {
        let notice = IsComposing::parse(octets).ok()?;
        Some(Said::Typing(notice.state() == State::Active))
    } else if is(media_type, TEXT_TYPE) {
        std::str::from_utf8(octets).ok().map(|text| Said::Text(text.to_owned()))
    } else {
        None
    }
}

fn is(media_type: &str, essence: &str) -> bool {
    media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(essence)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_said_is_read_back_wrapped_or_bare() {
        for is_wrapped in [false, true] {
            let (from, to) = ("sip:ada@127.0.0.1:5060".into(), "sip:bob@127.0.0.1".into());
            let voice = Voice { from, to, is_wrapped, tells_typing: true, patience: None };
            let (media_type, body) = voice.wrapped(TEXT_TYPE, "Grüße").unwrap();
            assert_eq!(media_type.essence() == CPIM_TYPE, is_wrapped);
            assert_eq!(read(media_type.as_str(), &body), Some(Said::Text("Grüße".into())));
        }
    }

    #[test]
    fn what_is_not_understood_is_not_shown() {
        let cpim = |headers: &str, body: &str| {
            let text = format!("From: <sip:ada@example.com>\r\n{headers}\r\n{body}");
            read(CPIM_TYPE, text.as_bytes())
        };
        let plain = "Content-Type: text/plain\r\n\r\nHello";
        assert_eq!(cpim("", plain), Some(Said::Text("Hello".into())));
        let ironic = "NS: x <urn:example:irony>\r\nRequire: x.Irony\r\n";
        assert_eq!(cpim(ironic, plain), None);
        assert_eq!(read("text/html", b"<b>Hello</b>"), None);
        assert_eq!(read("text/plain", b"\xff"), None);
        assert_eq!(read(CPIM_TYPE, b""), None);
    }
}
