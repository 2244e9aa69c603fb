//! Why an exchange failed, for people and for programs.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use msrp::wire::DecodeError;
use msrp::{AuthenticationFailure, ConnectionEnd, Event, MsrpUri, StatusCode};
use serde_json::{Value, json};

use super::link::Link;

/// Why an exchange failed.
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

    /// Something on this side.
    pub(crate) fn local(error: impl ToString) -> Self {
        Self::new("local", error.to_string())
    }

    pub(crate) fn tls(error: impl ToString) -> Self {
        Self::new("tls", format!("TLS failed: {}", error.to_string()))
    }

    pub(crate) fn handshake(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                Self::timeout("the TLS handshake did not end in time")
            }
            _ => Self::tls(error),
        }
    }

    pub(crate) fn rejected(status: StatusCode) -> Self {
        Self::new("rejected", format!("the peer answered {status} {}", status.reason()))
    }

    /// Something that a connection refuses: because it has ended, or by itself.
    pub(crate) fn on(link: &Link, error: impl ToString) -> Self {
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
                Self::new("notMsrp", format!("what the peer sends is not MSRP: {error}"))
            }
            _ => Self::new("closed", "the peer closed the connection"),
        }
    }

    pub(crate) fn connect(error: &io::Error, address: SocketAddr) -> Self {
        let (kind, message) = match error.kind() {
            io::ErrorKind::ConnectionRefused => ("refused", "nobody listens there"),
            io::ErrorKind::TimedOut => ("timeout", "the connection was not made in time"),
            _ => ("unreachable", "the connection could not be made"),
        };
        Self::new(kind, format!("{address}: {message} ({error})"))
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
