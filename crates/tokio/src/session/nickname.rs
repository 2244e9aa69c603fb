//! Nicknames of a chat room (RFC 7701 section 7).

use std::future::poll_fn;
use std::sync::Arc;

use msrp::{Nickname, NicknameRequest, Outcome, StatusCode};

use super::{SendError, Sender};
use crate::link::Handle;

impl Sender {
    /// Asks the chat room at the other end for a nickname, or releases the current one with
    /// `None`. [`Outcome::Accepted`]: the nickname is this side's now.
    ///
    /// Cancel safe, in that the room may have taken the request.
    ///
    /// # Errors
    ///
    /// [`SendError`], and nothing leaves.
    pub async fn ask_nickname(&self, nickname: Option<&Nickname>) -> Result<Outcome, SendError> {
        let Handle { link, key } = &*self.handle;
        let asked = link.with(|state| state.ask_nickname(*key, nickname));
        let outcome = asked.map_err(|error| self.failed(error))?.await;
        // The link gives every NICKNAME its outcome before it goes.
        Ok(outcome.unwrap_or(Outcome::ConnectionLost))
    }
}

/// The nicknames that the peer asks for, in a session that gives them
/// ([`SessionConfig::nicknames`](msrp::SessionConfig::nicknames)). It keeps the session
/// open.
#[derive(Debug)]
pub struct Nicknames(pub(super) Arc<Handle>);

impl Nicknames {
    /// The next request of the peer. `None` once the session has ended. Cancel safe.
    pub async fn next(&mut self) -> Option<NicknameAsked> {
        let Handle { link, key } = &*self.0;
        let asked = poll_fn(|cx| link.take(|state| state.poll_nickname(*key, cx))).await;
        let (request, nickname) = asked?;
        let handle = Arc::clone(&self.0);
        Some(NicknameAsked { handle, request: Some(request), nickname })
    }
}

/// A request of the peer for a nickname. Dropping it without a response refuses it with 403.
#[derive(Debug)]
pub struct NicknameAsked {
    handle: Arc<Handle>,
    request: Option<NicknameRequest>,
    nickname: Option<Nickname>,
}

impl NicknameAsked {
    /// The nickname. `None` if the peer releases its nickname.
    #[must_use]
    pub const fn nickname(&self) -> Option<&Nickname> {
        self.nickname.as_ref()
    }

    /// Responds, as [`msrp::Connection::respond_to_nickname`] does: 200 gives the nickname
    /// to the peer, 425 says that it is reserved or in use. No effect if the session has
    /// ended.
    pub fn respond(mut self, status: StatusCode) {
        self.answer(status);
    }

    fn answer(&mut self, status: StatusCode) {
        if let Some(request) = self.request.take() {
            // The session may have ended.
            let _ = self
                .handle
                .link
                .with(|state| state.connection.respond_to_nickname(request, status));
        }
    }
}

impl Drop for NicknameAsked {
    fn drop(&mut self) {
        self.answer(StatusCode::FORBIDDEN);
    }
}
