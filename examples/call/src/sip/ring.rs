//! A call that comes in.

use std::sync::Arc;

use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::StatusCode;
use tokio::sync::mpsc;

use super::SipError;
use super::body::{sdp, sdp_headers};
use super::dialog::{Answered, Dialog, Reoffer};

/// A call that comes in and rings.
pub(crate) struct Ring {
    dialog: InviteDialog,
    changes: DialogStateReceiver,
    dialogs: Arc<DialogLayer>,
    caller: String,
    offer: Option<String>,
}

impl Ring {
    pub(super) const fn new(
        dialog: InviteDialog,
        changes: DialogStateReceiver,
        dialogs: Arc<DialogLayer>,
        caller: String,
        offer: Option<String>,
    ) -> Self {
        Self { dialog, changes, dialogs, caller, offer }
    }

    /// The URI that the caller says.
    pub(crate) fn caller(&self) -> &str {
        &self.caller
    }

    /// The caller's session description. `None` if it wants one of this side.
    pub(crate) fn offer(&self) -> Option<&str> {
        self.offer.as_deref()
    }

    /// Answers the call. The other side may act on the answer before this returns.
    pub(crate) async fn accept(
        mut self,
        answer: String,
    ) -> Result<(Dialog, mpsc::Receiver<Reoffer>), SipError> {
        self.confirm(answer).await?;
        Ok(Dialog::follow(self.dialog, self.changes, self.dialogs))
    }

    /// Answers a call that came without an offer: this side offers in the 200, and the answer
    /// is in the ACK (RFC 3261 section 13.2.1).
    pub(crate) async fn accept_with_offer(mut self, offer: String) -> Result<Answered, SipError> {
        self.confirm(offer).await?;
        let ack = self.dialog.last_remote_ack();
        let answer = ack.and_then(|ack| sdp(&ack, &ack.body).ok().flatten());
        Answered::new(Dialog::follow(self.dialog, self.changes, self.dialogs), answer).await
    }

    /// Sends a 200, and waits for the ACK.
    async fn confirm(&mut self, description: String) -> Result<(), SipError> {
        if self.dialog.state().is_terminated() {
            return Err(SipError::HungUp);
        }
        self.dialog.accept(sdp_headers(), Some(description.into_bytes()))?;
        self.until(DialogState::is_confirmed).await
    }

    /// Refuses the call.
    pub(crate) fn refuse(self, status: StatusCode) {
        // The caller may have given up.
        let _ = self.dialog.reject(Some(status), None);
    }

    /// Returns when the caller has given up.
    pub(crate) async fn cancelled(&mut self) {
        let _ = self.until(|_| false).await;
    }

    async fn until(&mut self, is_there: fn(&DialogState) -> bool) -> Result<(), SipError> {
        loop {
            match self.changes.recv().await {
                Some(state) if is_there(&state) => return Ok(()),
                None | Some(DialogState::Terminated(..)) => return Err(SipError::HungUp),
                Some(_) => {}
            }
        }
    }
}
