//! Errors of the interface.

use axum::http::StatusCode;
use serde::Serialize;

/// The kinds of error that a client can distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    InvalidRequest,
    UnsupportedMediaType,
    Unauthorized,
    NotAllowed,
    NotFound,
    TooLarge,
    Busy,
    ShuttingDown,
    /// The host has no address.
    UnknownHost,
    Unreachable,
    /// The connection was refused.
    Refused,
    /// The peer closed the connection before it responded.
    Closed,
    Tls,
    NotMsrp,
    Timeout,
    /// The peer responded with an error.
    Rejected,
}

impl Kind {
    /// The HTTP status. Any MSRP response of the peer is a success for HTTP.
    pub(crate) const fn http_status(self) -> StatusCode {
        match self {
            Self::Rejected => StatusCode::OK,
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy | Self::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            Self::UnknownHost
            | Self::Unreachable
            | Self::Refused
            | Self::Closed
            | Self::Tls
            | Self::NotMsrp => StatusCode::BAD_GATEWAY,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

/// An error in a response.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// The field of the request that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    pub(crate) message: String,
}

impl From<msrp::RandomError> for Fault {
    fn from(error: msrp::RandomError) -> Self {
        Self::new(Kind::Busy, error.to_string())
    }
}

impl Fault {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, field: None, message: message.into() }
    }

    /// A problem with one field of a request.
    pub(crate) fn field(name: &str, problem: impl std::fmt::Display) -> Self {
        let message = format!("{name}: {problem}");
        Self { kind: Kind::InvalidRequest, field: Some(name.to_owned()), message }
    }

    pub(crate) fn timeout() -> Self {
        Self::new(Kind::Timeout, "the peer did not respond in time")
    }
}
