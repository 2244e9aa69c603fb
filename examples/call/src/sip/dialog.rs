//! A call that stands.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver, TransactionHandle};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Method, Request, StatusCode, StatusCodeKind};
use rsipstack::transaction::key::TransactionRole;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::SipError;
use super::body::{sdp, sdp_headers};
use super::phone::GRACE;

/// A call that stands.
#[derive(Clone)]
pub(crate) struct Dialog {
    dialog: InviteDialog,
    /// Whether an offer of this side waits for its answer.
    is_offering: Arc<AtomicBool>,
    ended: CancellationToken,
}

/// An offer of the other side in a call that stands. Without an answer it fails.
pub(crate) struct Reoffer {
    offer: String,
    handle: TransactionHandle,
}

/// A call in which the other side has answered the offer of this side.
pub(crate) struct Answered {
    pub(crate) dialog: Dialog,
    /// The other side's later offers. Ends with the dialog.
    pub(crate) offers: mpsc::Receiver<Reoffer>,
    /// Its answer to the offer.
    pub(crate) answer: String,
}

impl Answered {
    /// Hangs up if there is no answer.
    pub(super) async fn new(
        (dialog, offers): (Dialog, mpsc::Receiver<Reoffer>),
        answer: Option<String>,
    ) -> Result<Self, SipError> {
        if let Some(answer) = answer {
            return Ok(Self { dialog, offers, answer });
        }
        dialog.hang_up().await;
        Err(SipError::NoDescription)
    }
}

impl Dialog {
    /// Follows a dialog to its end.
    pub(super) fn follow(
        dialog: InviteDialog,
        changes: DialogStateReceiver,
        dialogs: Arc<DialogLayer>,
    ) -> (Self, mpsc::Receiver<Reoffer>) {
        let (offers, offered) = mpsc::channel(1);
        let this = Self { dialog, is_offering: Arc::default(), ended: CancellationToken::new() };
        let followed = this.clone();
        tokio::spawn(async move {
            followed.answer(changes, offers).await;
            dialogs.remove_dialog(&followed.dialog.id());
            followed.ended.cancel();
        });
        (this, offered)
    }

    /// Offers again, by a re-INVITE (RFC 3261 section 14), and returns the answer.
    ///
    /// # Errors
    ///
    /// [`SipError::Glare`] if the other side offers at the same time: make the offer anew
    /// after a [`pause`](Self::pause).
    pub(crate) async fn offer(&self, offer: String) -> Result<String, SipError> {
        let _offering = Flag::raise(&self.is_offering);
        let response = self.dialog.reinvite(sdp_headers(), Some(offer.into_bytes())).await?;
        match response {
            _ if self.dialog.state().is_terminated() => Err(SipError::HungUp),
            // The other side's offer waits for its ACK.
            None => Err(SipError::Glare),
            Some(response) if response.status_code == StatusCode::RequestPending => {
                Err(SipError::Glare)
            }
            Some(response) if response.status_code.kind() == StatusCodeKind::Successful => {
                let answer = sdp(&response, &response.body).ok().flatten();
                answer.ok_or(SipError::NoDescription)
            }
            Some(response) => Err(SipError::refused(&response)),
        }
    }

    /// How long to wait after a collision. The side that called waits longer, so that the
    /// two do not collide again (RFC 3261 section 14.1).
    pub(crate) fn pause(&self) -> Duration {
        match self.dialog.role() {
            TransactionRole::Client => Duration::from_millis(2100),
            TransactionRole::Server => Duration::from_millis(500),
        }
    }

    /// Returns when the call has ended.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Ends the call.
    pub(crate) async fn hang_up(&self) {
        // Without a response the call is over as well.
        let _ = timeout(GRACE, self.dialog.bye()).await;
    }

    /// Answers what needs no decision, and passes on the other side's offers.
    async fn answer(&self, mut changes: DialogStateReceiver, offers: mpsc::Sender<Reoffer>) {
        while let Some(change) = changes.recv().await {
            let (handle, status) = match change {
                DialogState::Updated(_, request, handle) => match self.reoffered(&request) {
                    Ok(offer) => {
                        let _ = offers.send(Reoffer { offer, handle }).await;
                        continue;
                    }
                    Err(status) => (handle, status),
                },
                DialogState::Options(_, _, handle) => (handle, StatusCode::OK),
                DialogState::Info(_, _, handle)
                | DialogState::Message(_, _, handle)
                | DialogState::Notify(_, _, handle)
                | DialogState::Refer(_, _, handle)
                | DialogState::Publish(_, _, handle) => (handle, StatusCode::MethodNotAllowed),
                DialogState::Terminated(..) => return,
                _ => continue,
            };
            // The request may have timed out.
            let _ = handle.reply(status).await;
        }
    }

    /// The offer of a re-INVITE or UPDATE, or the response to one that has none.
    fn reoffered(&self, request: &Request) -> Result<String, StatusCode> {
        if self.is_offering.load(Ordering::Acquire) {
            return Err(StatusCode::RequestPending);
        }
        match sdp(request, &request.body)? {
            Some(offer) => Ok(offer),
            // It refreshes the dialog and changes nothing (RFC 3311 section 5.2).
            None if request.method == Method::Update => Err(StatusCode::OK),
            // It wants an offer in the 200: not here. The session stays as it is.
            None => Err(StatusCode::NotAcceptableHere),
        }
    }
}

impl Reoffer {
    /// The other side's session description.
    pub(crate) fn offer(&self) -> &str {
        &self.offer
    }

    /// Answers the offer.
    pub(crate) async fn accept(self, answer: String) {
        self.respond(StatusCode::OK, Some(answer)).await;
    }

    /// Refuses the offer: the session stays as it was.
    pub(crate) async fn refuse(self, status: StatusCode) {
        self.respond(status, None).await;
    }

    async fn respond(self, status: StatusCode, sdp: Option<String>) {
        let headers = sdp.as_ref().and_then(|_| sdp_headers());
        // The dialog may have ended meanwhile.
        let _ = self.handle.respond(status, headers, sdp.map(String::into_bytes)).await;
    }
}

/// Up while it lives.
struct Flag<'a>(&'a AtomicBool);

impl<'a> Flag<'a> {
    fn raise(flag: &'a AtomicBool) -> Self {
        flag.store(true, Ordering::Release);
        Self(flag)
    }
}

impl Drop for Flag<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
