//! What the hop of an endpoint carries: messages, and what their requests are for.

use std::ops::Range;

use bytes::BytesMut;

use crate::hop::{CHUNK_OVERHEAD, Heading, Owner};
#[cfg(feature = "auth")]
use crate::keys::AuthKey;
use crate::keys::{MessageKey, NicknameKey, SessionKey};
use crate::offset::Offset;
use crate::uri::Path;
use crate::wire::{
    ByteRange, EncodeError, FailureReport, HeadWriter, MediaType, MessageId, Method, TransactionId,
};

/// The owner of a hop that is one end of its sessions.
#[derive(Debug)]
pub(super) enum Endpoint {}

impl Owner for Endpoint {
    type Source = SessionKey;
    type Message = MessageKey;
    type Purpose = Purpose;
    type Heading = Envelope;

    fn source_of(purpose: &Purpose) -> Option<SessionKey> {
        match purpose {
            Purpose::Chunk(message) => Some(message.session()),
            Purpose::Bind(session) | Purpose::Nickname(session, _) => Some(*session),
            Purpose::KeepAlive(session) => *session,
            #[cfg(feature = "auth")]
            Purpose::Auth(_) => None,
        }
    }

    fn message_of(purpose: &Purpose) -> Option<MessageKey> {
        match purpose {
            Purpose::Chunk(message) => Some(*message),
            Purpose::Bind(_) | Purpose::KeepAlive(_) | Purpose::Nickname(..) => None,
            #[cfg(feature = "auth")]
            Purpose::Auth(_) => None,
        }
    }
}

/// The purpose of a request, for its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A chunk of an outgoing message.
    Chunk(MessageKey),
    /// The SEND that binds a session to this connection.
    Bind(SessionKey),
    /// A bodiless SEND that keeps the connection alive, in a session or to a relay.
    KeepAlive(Option<SessionKey>),
    /// A NICKNAME in a session.
    Nickname(SessionKey, NicknameKey),
    /// An AUTH to a relay.
    #[cfg(feature = "auth")]
    Auth(AuthKey),
}

/// Places in a message as numbers of octets.
pub(super) const fn counted(octets: &Range<Offset>) -> Range<u64> {
    octets.start.get()..octets.end.get()
}

/// What the heads of a message's chunks say, apart from their Byte-Range.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    pub(super) to_path: Path,
    pub(super) from_path: Path,
    pub(super) message_id: MessageId,
    pub(super) success_report: bool,
    pub(super) failure_report: FailureReport,
    pub(super) content_type: MediaType,
    pub(super) headers: Vec<(Box<str>, Box<str>)>,
}

impl Envelope {
    /// Whether a head can be written at all, and the most octets that a chunk
    /// has beside its body.
    pub(super) fn overhead(&self) -> Result<usize, EncodeError> {
        let mut out = BytesMut::new();
        Heading::write(self, &mut out, &TransactionId::NONE, ByteRange::EMPTY)?;
        Ok(out.len() + CHUNK_OVERHEAD)
    }

    /// The number of header fields.
    pub(super) fn fields(&self) -> usize {
        // To-Path, From-Path, Message-ID, Byte-Range and Content-Type.
        let always = 5;
        let reports = usize::from(self.success_report) + usize::from(self.names_failure_report());
        always + reports + self.headers.len()
    }

    /// Whether Failure-Report is written. The default need not be (RFC 4975 section
    /// 7.1.1), but some peers send success REPORTs only to those who write it.
    fn names_failure_report(&self) -> bool {
        self.success_report || self.failure_report != FailureReport::Yes
    }

    /// Writes a head up to the fields that describe the body.
    fn write_fields<'a>(
        &self,
        out: &'a mut BytesMut,
        id: &TransactionId,
        range: ByteRange,
    ) -> HeadWriter<'a> {
        let (to, from) = (self.to_path.view(), self.from_path.view());
        let mut head = HeadWriter::request(out, id, Method::Send, to, from)
            .message_id(&self.message_id)
            .byte_range(range);
        if self.success_report {
            head = head.success_report(true);
        }
        if self.names_failure_report() {
            head = head.failure_report(self.failure_report);
        }
        for (name, value) in &self.headers {
            head = head.header(name, value);
        }
        head
    }
}

impl Heading<Endpoint> for Envelope {
    fn write(
        &self,
        out: &mut BytesMut,
        id: &TransactionId,
        range: ByteRange,
    ) -> Result<(), EncodeError> {
        self.write_fields(out, id, range).body(&self.content_type)
    }

    fn failure_report(&self) -> FailureReport {
        self.failure_report
    }

    fn purpose(&self, message: MessageKey) -> Purpose {
        Purpose::Chunk(message)
    }
}
