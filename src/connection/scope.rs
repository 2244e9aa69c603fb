//! What a status ends: the request that it is about, or the whole session.

use super::event::reason::CloseReason;
use crate::wire::{HeadRef, StatusCode};

/// What a status is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A chunk, or a whole message.
    Message,
    /// The SEND that binds the session.
    Bind,
    /// A SEND that keeps the connection alive.
    KeepAlive,
    /// A NICKNAME.
    Nickname,
}

/// How a status arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    Response,
    Report,
    /// A REPORT that says which octets were not received.
    ReportOnOctets,
}

/// What a status ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Nothing: it reports success.
    Nothing,
    /// The message or the request alone.
    Subject,
    /// The session, with everything in it.
    Session(CloseReason),
}

impl Carrier {
    pub(super) fn report(head: &HeadRef<'_>) -> Self {
        if head.byte_range().is_some() { Self::ReportOnOctets } else { Self::Report }
    }
}

/// What a status ends. A REPORT means what a response with its code means (RFC 4975
/// section 7.3.2), early or late. Only the loss of octets has a meaning of its own.
pub(super) fn scope(status: StatusCode, subject: Subject, carrier: Carrier) -> Scope {
    match (status, subject) {
        (status, _) if status.is_success() => Scope::Nothing,
        // Like a local timeout (section 10.4).
        (StatusCode::TIMEOUT, Subject::Bind) => Scope::Session(CloseReason::TimedOut),
        // Without its binding there is no session (section 5.4).
        (status, Subject::Bind) => Scope::Session(CloseReason::Rejected(status)),
        // The session does not exist (section 10.8), or is bound to another
        // connection (section 10.10).
        (StatusCode::NO_SUCH_SESSION | StatusCode::SESSION_IN_USE, _) => {
            Scope::Session(CloseReason::Rejected(status))
        }
        (
            // The request was not understood (section 10.2).
            StatusCode::BAD_REQUEST
            // The action is not allowed (section 10.3).
            | StatusCode::FORBIDDEN
            // There is no such participant (RFC 7701 section 6.2).
            | StatusCode::NOT_FOUND
            // The peer does not want this message (section 10.5).
            | StatusCode::STOP_SENDING
            // Nor messages of this type (section 10.6).
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            // A parameter is out of bounds (section 10.7).
            | StatusCode::OUT_OF_BOUNDS
            // The room passes on no private messages (RFC 7701 section 6.2).
            | StatusCode::PRIVATE_MESSAGES_UNSUPPORTED
            // The method is not understood (section 10.9).
            | StatusCode::UNKNOWN_METHOD,
            Subject::Message | Subject::KeepAlive | Subject::Nickname,
        ) => Scope::Subject,
        // 408 and codes without a meaning of their own. The octets of a REPORT are
        // lost, which the session does not survive (section 7.3.2). A response says
        // what a local timeout says (section 10.4): the session goes on.
        (status, Subject::Message | Subject::KeepAlive | Subject::Nickname) => match carrier {
            Carrier::ReportOnOctets => Scope::Session(CloseReason::Failed(status)),
            Carrier::Response | Carrier::Report => Scope::Subject,
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SUBJECTS: [Subject; 4] =
        [Subject::Message, Subject::Bind, Subject::KeepAlive, Subject::Nickname];
    const CARRIERS: [Carrier; 3] = [Carrier::Response, Carrier::Report, Carrier::ReportOnOctets];

    fn expected(code: u16, subject: Subject, carrier: Carrier) -> Scope {
        let status = StatusCode::new(code).unwrap();
        match (code, subject, carrier) {
            (200..=299, ..) => Scope::Nothing,
            (408, Subject::Bind, _) => Scope::Session(CloseReason::TimedOut),
            (_, Subject::Bind, _) | (481 | 506, ..) => {
                Scope::Session(CloseReason::Rejected(status))
            }
            (400 | 403 | 404 | 413 | 415 | 423 | 428 | 501, ..) => Scope::Subject,
            (.., Carrier::ReportOnOctets) => Scope::Session(CloseReason::Failed(status)),
            (.., Carrier::Response | Carrier::Report) => Scope::Subject,
        }
    }

    #[test]
    fn every_code_has_one_scope_from_every_direction() {
        for code in 0..=999 {
            let status = StatusCode::new(code).unwrap();
            for subject in SUBJECTS {
                for carrier in CARRIERS {
                    let found = scope(status, subject, carrier);
                    assert_eq!(found, expected(code, subject, carrier), "{code} {subject:?}");
                }
            }
        }
    }
}
