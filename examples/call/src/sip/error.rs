//! Why there is no call, or no longer one.

use rsipstack::sip::{Response, StatusCode};
use thiserror::Error;

/// Why there is no call, or no longer one.
#[derive(Debug, Error)]
pub(crate) enum SipError {
    /// The network, or what the peer sends, is no good for the stack.
    #[error("SIP fails")]
    Stack(#[source] Box<rsipstack::Error>),
    /// The final response is not a success.
    #[error("the other side responds {} {}", .0.code(), .0.text())]
    Refused(StatusCode),
    /// The registrar does not take the registration.
    #[error("the registrar responds {} {}", .0.code(), .0.text())]
    NotRegistered(StatusCode),
    /// This side has given up before the other one has answered.
    #[error("the other side has not answered in time")]
    NoAnswer,
    /// Both sides offer at once.
    #[error("both sides offer at once")]
    Glare,
    /// There is no session description where one belongs.
    #[error("the other side's answer has no session description")]
    NoDescription,
    /// The caller has given up, or the dialog has ended.
    #[error("the other side has hung up")]
    HungUp,
}

impl From<rsipstack::Error> for SipError {
    fn from(error: rsipstack::Error) -> Self {
        Self::Stack(Box::new(error))
    }
}

impl SipError {
    /// A stable name for programs.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Stack(_) => "sip",
            Self::Refused(_) => "refused",
            Self::NotRegistered(_) => "registrar",
            Self::NoAnswer => "no-answer",
            Self::Glare => "glare",
            Self::NoDescription => "no-description",
            Self::HungUp => "hung-up",
        }
    }

    /// A final response that is not a success.
    pub(super) fn refused(response: &Response) -> Self {
        Self::Refused(response.status_code.clone())
    }
}
