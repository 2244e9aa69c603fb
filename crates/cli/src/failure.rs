//! Why an exchange failed.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use msrp::wire::DecodeError;
use msrp::{AuthenticationFailure, ConnectionEnd, Event, MsrpUri, StatusCode};
use serde_json::{Value, json};

use crate::link::Link;

/// Why an exchange failed: a kind for programs and a message for people.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: &'static str,
    message: String,
}

impl Failure {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn timeout(message: &str) -> Self {
        Self::new("timeout", message)
    }

    pub(crate) fn no_response() -> Self {
        Self::timeout("the peer did not respond in time")
    }

    /// An error on this side.
    pub(crate) fn local(error: impl Into<anyhow::Error>) -> Self {
        Self::new("local", format!("{:#}", error.into()))
    }

    pub(crate) fn tls(error: impl Into<anyhow::Error>) -> Self {
        Self::new("tls", format!("TLS failed: {:#}", error.into()))
    }

    pub(crate) fn handshake(error: io::Error) -> Self {
        if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) {
            Self::timeout("the TLS handshake did not end in time")
        } else {
            Self::tls(error)
        }
    }

    pub(crate) fn rejected(status: StatusCode) -> Self {
        Self::new("rejected", format!("the peer responded {status} {}", status.reason()))
    }

    /// A call that the connection refuses, most often because it has ended.
    pub(crate) fn on(link: &Link, error: impl Into<anyhow::Error>) -> Self {
        while let Some(event) = link.next_event(Some(Instant::now())) {
            if let Event::Closed(end) = event {
                return Self::ended(&end);
            }
        }
        Self::local(error)
    }

    pub(crate) fn relay(relay: &MsrpUri, reason: AuthenticationFailure) -> Self {
        Self::new("relay", format!("{relay}: {reason}"))
    }

    pub(crate) fn ended(end: &ConnectionEnd) -> Self {
        match end {
            ConnectionEnd::Failed(DecodeError::Truncated) => {
                Self::new("closed", "the connection ended in the middle of a chunk or response")
            }
            ConnectionEnd::Failed(error) => {
                Self::new("notMsrp", format!("the peer does not speak MSRP: {error}"))
            }
            ConnectionEnd::Peer => Self::new("closed", "the peer closed the connection"),
            ConnectionEnd::RandomFailed(error) => Self::local(error.clone()),
            ConnectionEnd::Silent | ConnectionEnd::Stalled | ConnectionEnd::FrameTimeout => {
                Self::timeout("the exchange made no progress in time")
            }
            ConnectionEnd::Local | ConnectionEnd::NotBound | _ => {
                Self::new("closed", format!("the connection ended: {end}"))
            }
        }
    }

    pub(crate) fn connect(error: &io::Error, address: SocketAddr) -> Self {
        let kind = if error.kind() == io::ErrorKind::ConnectionRefused {
            "refused"
        } else if error.kind() == io::ErrorKind::TimedOut {
            "timeout"
        } else {
            "unreachable"
        };
        Self::new(kind, format!("cannot connect to {address}: {error}"))
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "kind": self.kind, "message": self.message })
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
