//! Why an exchange failed.

use std::io;

use msrp::wire::DecodeError;
use msrp::{AuthenticationFailure, CloseReason, ConnectionEnd, MsrpUri, Outcome, StatusCode};
use msrp_tokio::{Ended, Error, SendError, Undelivered};
use serde_json::{Value, json};

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

    pub(crate) fn overdue() -> Self {
        Self::timeout("the exchange did not end in time")
    }

    pub(crate) fn no_response() -> Self {
        Self::timeout("the peer did not respond in time")
    }

    /// Somebody has asked this process to end.
    pub(crate) fn interrupted() -> Self {
        Self::new("interrupted", "interrupted by a signal")
    }

    /// An error on this side.
    pub(crate) fn local(error: impl Into<anyhow::Error>) -> Self {
        Self::new("local", format!("{:#}", error.into()))
    }

    fn rejected(status: StatusCode) -> Self {
        Self::new("rejected", format!("the peer responded {status} {}", status.reason()))
    }

    fn relay(relay: &MsrpUri, reason: AuthenticationFailure) -> Self {
        let help = if reason == AuthenticationFailure::NoCredentials {
            "; give them with --user and --password-file"
        } else {
            ""
        };
        Self::new("relay", format!("{relay}: {reason}{help}"))
    }

    fn of_connection(end: &ConnectionEnd) -> Self {
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

    pub(crate) fn to_json(&self) -> Value {
        json!({ "kind": self.kind, "message": self.message })
    }
}

/// Why there is no session.
impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let because = |source: &dyn std::error::Error| format!("{error}: {source}");
        match error {
            Error::Resolve { source, .. } => Self::new("unknownHost", because(source)),
            Error::Connect { source, .. } => Self::new(kind_of(source), because(source)),
            Error::ConnectTimeout { .. } => Self::timeout("the connection was not made in time"),
            Error::Handshake { source, .. } => Self::new("tls", format!("TLS failed: {source}")),
            Error::WebSocket { source, .. } => {
                Self::new("notMsrp", format!("there is no WebSocket for MSRP: {source}"))
            }
            Error::NoService { .. } => Self::new("unknownHost", error.to_string()),
            Error::Tls(error) => Self::new("tls", format!("TLS failed: {error}")),
            Error::Relay { relay, reason } => Self::relay(relay, *reason),
            Error::Ended(ended) => (&**ended).into(),
            Error::Bind { source, .. } => Self::new("local", because(source)),
            Error::Session(_)
            | Error::Authenticate(_)
            | Error::NoRoute
            | Error::Closed
            | Error::Random(_)
            | _ => Self::new("local", error.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        (&error).into()
    }
}

/// Why the session ended.
impl From<&Ended> for Failure {
    fn from(ended: &Ended) -> Self {
        match (ended.reason, &ended.connection) {
            (CloseReason::Rejected(status) | CloseReason::Failed(status), _) => {
                Self::rejected(status)
            }
            (CloseReason::TimedOut, _) => Self::no_response(),
            (_, Some(end)) => Self::of_connection(end),
            (_, None) => Self::new("closed", ended.to_string()),
        }
    }
}

/// Why the message was not sent.
impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Ended(ended) => (&*ended).into(),
            SendError::Refused(_) | _ => Self::local(error),
        }
    }
}

/// Why the message did not succeed.
impl From<&Undelivered> for Failure {
    fn from(undelivered: &Undelivered) -> Self {
        match (undelivered.outcome(), undelivered.ended()) {
            (Outcome::Rejected(status), _) => Self::rejected(status),
            (Outcome::SessionClosed | Outcome::ConnectionLost, Some(ended)) => ended.into(),
            (Outcome::SessionClosed | Outcome::ConnectionLost, None) => {
                Self::new("closed", undelivered.to_string())
            }
            (Outcome::Unreported, Some(_)) => {
                Self::new("closed", "the session ended without a REPORT")
            }
            (Outcome::Unreported, None) => Self::timeout("no REPORT came in time"),
            (Outcome::TimedOut, _) => {
                Self::timeout("the message was not accepted in time, by the peer or at a later hop")
            }
            _ => Self::overdue(),
        }
    }
}

/// The kind of an error that says why there is no connection.
fn kind_of(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        "refused"
    } else if error.kind() == io::ErrorKind::TimedOut {
        "timeout"
    } else {
        "unreachable"
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
