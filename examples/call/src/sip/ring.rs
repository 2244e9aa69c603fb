//! A call that comes in.

use std::sync::Arc;

use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::StatusCode;
use tokio::sync::mpsc;

use super::SipError;
use super::body::sdp_headers;
use super::dialog::{Dialog, Reoffer};

/// A call that comes in and rings.
pub(crate) struct Ring {
    dialog: InviteDialog,
    changes: DialogStateReceiver,
    dialogs: Arc<DialogLayer>,
    caller: String,
    offer: String,
}

impl Ring {
    pub(super) const fn new(
        dialog: InviteDialog,
        changes: DialogStateReceiver,
        dialogs: Arc<DialogLayer>,
        caller: String,
        offer: String,
    ) -> Self {
        Self { dialog, changes, dialogs, caller, offer }
    }

    /// The URI that the caller says.
    pub(crate) fn caller(&self) -> &str {
        &self.caller
    }

    /// The caller's session description.
    pub(crate) fn offer(&self) -> &str {
        &self.offer
    }

    /// Answers the call. The other side may act on the answer before this returns.
    pub(crate) async fn accept(
        mut self,
        answer: String,
    ) -> Result<(Dialog, mpsc::Receiver<Reoffer>), SipError> {
        if self.dialog.state().is_terminated() {
            return Err(SipError::HungUp);
        }
        self.dialog.accept(sdp_headers(), Some(answer.into_bytes()))?;
        self.until(DialogState::is_confirmed).await?;
        Ok(Dialog::follow(self.dialog, self.changes, self.dialogs))
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
