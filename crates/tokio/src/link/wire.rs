//! The wire trace: the heads of a connection, without secrets and without content.
//!
//! Its target is `msrp_tokio::wire`, its level TRACE. A connection has it if somebody
//! listens when the connection begins.

use std::fmt;

use bytes::{Buf, BytesMut};
use msrp::ParseOptions;
use msrp::Transmit;
use msrp::uri::PathRef;
use msrp::wire::{Decoder, Frame, HeadRef, HeaderName};
use tracing::Level;

/// For filters.
const TARGET: &str = "msrp_tokio::wire";

/// Header fields whose values are neither secrets nor content.
const SHOWN: [HeaderName; 9] = [
    HeaderName::MessageId,
    HeaderName::SuccessReport,
    HeaderName::FailureReport,
    HeaderName::ByteRange,
    HeaderName::Status,
    HeaderName::Expires,
    HeaderName::MinExpires,
    HeaderName::MaxExpires,
    HeaderName::ContentType,
];

/// Both directions of a connection.
pub(super) struct Wire {
    incoming: Decoded,
    outgoing: Decoded,
}

/// The frames of one direction. Once they cannot be read, there are no more.
struct Decoded {
    decoder: Option<Decoder>,
    octets: BytesMut,
}

impl Wire {
    /// `None` if nobody listens.
    pub(super) fn new() -> Option<Self> {
        let wanted = tracing::enabled!(target: TARGET, Level::TRACE);
        wanted.then(|| Self { incoming: Decoded::new(), outgoing: Decoded::new() })
    }

    pub(super) fn received(&mut self, octets: &[u8]) {
        self.incoming.follow(octets, |head| tracing::trace!(target: TARGET, "< {head}"));
    }

    pub(super) fn sent(&mut self, transmit: &Transmit) {
        let mut transmit = transmit.clone();
        while transmit.has_remaining() {
            let octets = transmit.chunk();
            let len = octets.len();
            self.outgoing.follow(octets, |head| tracing::trace!(target: TARGET, "> {head}"));
            transmit.advance(len);
        }
    }
}

impl Decoded {
    fn new() -> Self {
        Self { decoder: Some(Decoder::new(ParseOptions::default())), octets: BytesMut::new() }
    }

    fn follow(&mut self, octets: &[u8], tell: impl Fn(Shown<'_>)) {
        let Some(decoder) = &mut self.decoder else { return };
        self.octets.extend_from_slice(octets);
        loop {
            match decoder.decode(&mut self.octets) {
                Ok(Some(Frame::Head(head))) => tell(Shown(head.view())),
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => {
                    tracing::trace!(target: TARGET, %error, "no more frames are traced");
                    self.decoder = None;
                    return;
                }
            }
        }
    }
}

/// A head on one line.
struct Shown<'a>(HeadRef<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.0;
        write!(f, "{}", head.transaction_id())?;
        match (head.method(), head.status_code()) {
            (Some(method), _) => write!(f, " {method}")?,
            (None, Some(status)) => write!(f, " {status}")?,
            (None, None) => {}
        }
        write!(f, " from {} to {}", Hosts(head.from_path()), Hosts(head.to_path()))?;
        for name in SHOWN {
            if let Some(value) = head.header(name) {
                write!(f, ", {}: {}", name.as_str(), value.escape_debug())?;
            }
        }
        Ok(())
    }
}

/// A path without its session-ids.
struct Hosts<'a>(PathRef<'a>);

impl fmt::Display for Hosts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, uri) in self.0.iter().enumerate() {
            let arrow = if place == 0 { "" } else { " via " };
            write!(f, "{arrow}{}", uri.host_str())?;
            if let Some(port) = uri.port() {
                write!(f, ":{port}")?;
            }
        }
        Ok(())
    }
}
