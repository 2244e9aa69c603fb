//! Why a session has ended.

use std::fmt;
use std::io;
use std::sync::Arc;

use msrp::{CloseReason, ConnectionEnd, Response};

/// Why a session has ended: which side ended it, and at which hop.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ended {
    /// Why the session ended.
    pub reason: CloseReason,
    /// The response that ended it, if one did.
    pub response: Option<Response>,
    /// How its connection ended, if that ended the session.
    pub connection: Option<ConnectionEnd>,
    /// The error of the transport, if that ended the connection.
    pub transport: Option<Arc<io::Error>>,
    /// The other end of the connection: the peer, or a relay.
    pub hop: Arc<str>,
}

impl Ended {
    /// Whether this side ended the session.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.reason == CloseReason::Local
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the session with {} has ended: ", self.hop)?;
        match (&self.transport, &self.connection, &self.reason) {
            (Some(error), _, _) => write!(f, "{error}"),
            (None, Some(end), CloseReason::ConnectionClosed | CloseReason::Silent) => end.fmt(f),
            (None, _, reason) => reason.fmt(f),
        }?;
        let response = self.response.as_ref();
        // The usual comment of a status is in the reason.
        let comment =
            response.and_then(|it| it.comment.as_deref().filter(|c| *c != it.status.reason()));
        comment.map_or(Ok(()), |comment| write!(f, " ({})", comment.escape_debug()))
    }
}

impl std::error::Error for Ended {}
