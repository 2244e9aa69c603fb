//! A SIP user agent: it has an address, dials, and rings.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog::Dialog as AnyDialog;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::sip::{HeadersExt, HostWithPort, Method, StatusCode, StatusCodeKind, Uri};
use rsipstack::transaction::endpoint::EndpointOption;
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transaction::{CallIdFormat, TransactionReceiver};
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipConnection, TransportLayer};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::SipError;
use super::body::sdp;
use super::dialog::{Answered, Dialog};
use super::registration::{Account, Registered};
use super::ring::Ring;

/// How long the other side has to confirm that a call is over.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// Calls that ring at once. One more is told that this side is busy.
const MAX_RINGS: usize = 8;

/// A SIP user agent on a UDP socket. Dropping it closes the socket.
pub(crate) struct Phone {
    dialogs: Arc<DialogLayer>,
    ip: IpAddr,
    contact: Uri,
    account: Option<Account>,
    registered: Option<Registered>,
    rings: mpsc::Receiver<Ring>,
    _socket: DropGuard,
}

impl Phone {
    /// Binds the socket. With port 0 the system chooses one. Calls that come in have to
    /// wait for [`ring`](Self::ring).
    pub(crate) async fn bind(at: SocketAddr, account: Option<Account>) -> Result<Self, SipError> {
        let stop = CancellationToken::new();
        let socket = UdpConnection::create_connection(at, None, Some(stop.child_token())).await?;
        let address = socket.get_addr().get_socketaddr()?;
        let mut contact = Uri::from(HostWithPort::from(address));
        contact.auth = account.as_ref().map(Account::user_part);
        let transport = TransportLayer::new(stop.child_token());
        transport.add_transport(SipConnection::from(socket));
        let endpoint = EndpointBuilder::new()
            .with_user_agent(concat!("msrp-call/", env!("CARGO_PKG_VERSION")))
            .with_cancel_token(stop.clone())
            .with_transport_layer(transport)
            .with_option(EndpointOption {
                callid_format: CallIdFormat::Uuid,
                ..EndpointOption::default()
            })
            .build();
        let requests = endpoint.incoming_transactions()?;
        let dialogs = Arc::new(DialogLayer::new(endpoint.inner.clone()));
        let (ringing, rings) = mpsc::channel(MAX_RINGS);
        let desk = Desk { dialogs: dialogs.clone(), contact: contact.clone(), ringing };
        tokio::spawn(desk.serve(requests));
        tokio::spawn(async move { endpoint.serve().await });
        Ok(Self {
            dialogs,
            ip: address.ip(),
            contact,
            account,
            registered: None,
            rings,
            _socket: stop.drop_guard(),
        })
    }

    /// The URI to dial for this phone: of its account, or of its socket.
    pub(crate) fn uri(&self) -> Uri {
        self.account.as_ref().map_or_else(|| self.contact.clone(), Account::uri)
    }

    /// The address of the socket.
    pub(crate) const fn ip(&self) -> IpAddr {
        self.ip
    }

    /// Registers the account, and keeps it registered until [`close`](Self::close).
    pub(crate) async fn register(&mut self) -> Result<(), SipError> {
        if let Some(account) = &self.account {
            let endpoint = self.dialogs.endpoint.clone();
            let registered = Registered::new(endpoint, account, self.contact.clone()).await?;
            self.registered = Some(registered);
        }
        Ok(())
    }

    /// Calls `to`, until it answers or `give_up` is over: that cancels the call.
    pub(crate) async fn dial(
        &self,
        to: &Uri,
        offer: String,
        give_up: impl Future<Output = ()>,
    ) -> Result<Answered, SipError> {
        let (states, changes) = self.dialogs.new_dialog_state_channel();
        let invite = self.invite(to, offer);
        let (invited, mut response) = self.dialogs.do_invite_async(invite, states)?;
        let answered = tokio::select! {
            response = &mut response => response,
            () = give_up => {
                invited.cancel().await?;
                // The call ends with the response to the INVITE, which is 487 most often.
                let _ = timeout(GRACE, response).await;
                return Err(SipError::NoAnswer);
            }
        };
        // The task has panicked if there is no result.
        let (_, response) = answered.map_err(|_| SipError::HungUp)??;
        let response = response.ok_or(SipError::NoAnswer)?;
        if response.status_code.kind() != StatusCodeKind::Successful {
            return Err(SipError::refused(&response));
        }
        let answer = sdp(&response, &response.body).ok().flatten();
        let followed = Dialog::follow(invited, changes, self.dialogs.clone());
        Answered::new(followed, answer).await
    }

    fn invite(&self, to: &Uri, offer: String) -> InviteOption {
        InviteOption {
            caller: self.uri(),
            callee: to.clone(),
            contact: self.contact.clone(),
            credential: self.account.as_ref().map(Account::credential),
            offer: Some(offer.into_bytes()),
            route_set: self.registered.as_ref().map(Registered::routes).unwrap_or_default(),
            ..InviteOption::default()
        }
    }

    /// The next call that comes in. `None` if the socket is lost. Cancel safe.
    pub(crate) async fn ring(&mut self) -> Option<Ring> {
        self.rings.recv().await
    }

    /// Ends the registration.
    pub(crate) async fn close(mut self) {
        if let Some(registered) = self.registered.take() {
            registered.end().await;
        }
    }
}

/// Takes the requests that come in.
#[derive(Clone)]
struct Desk {
    dialogs: Arc<DialogLayer>,
    contact: Uri,
    ringing: mpsc::Sender<Ring>,
}

impl Desk {
    async fn serve(self, mut requests: TransactionReceiver) {
        while let Some(mut request) = requests.recv().await {
            let desk = self.clone();
            // An INVITE lasts until its ACK, and its dialog has other requests meanwhile.
            // The stack has logged whatever it fails with.
            tokio::spawn(async move { desk.take(&mut request).await.ok() });
        }
    }

    async fn take(&self, request: &mut Transaction) -> rsipstack::Result<()> {
        if let Some(AnyDialog::Invite(mut dialog)) = self.dialogs.match_dialog(request) {
            return dialog.handle(request).await;
        }
        let is_within_dialog = request.original.to_header()?.tag()?.is_some();
        match request.original.method {
            _ if is_within_dialog => request.reply(StatusCode::CallTransactionDoesNotExist).await,
            Method::Invite => self.invited(request).await,
            Method::Options => request.reply(StatusCode::OK).await,
            _ => request.reply(StatusCode::MethodNotAllowed).await,
        }
    }

    async fn invited(&self, request: &mut Transaction) -> rsipstack::Result<()> {
        let offer = match sdp(&request.original, &request.original.body) {
            Ok(offer) => offer,
            Err(status) => return request.reply(status).await,
        };
        let Ok(place) = self.ringing.try_reserve() else {
            return request.reply(StatusCode::BusyHere).await;
        };
        let caller = request.original.from_header()?.uri()?.to_string();
        let (states, changes) = self.dialogs.new_dialog_state_channel();
        let contact = Some(self.contact.clone());
        let mut dialog =
            self.dialogs.get_or_create_server_invite(request, states, None, contact)?;
        dialog.ringing(None, None)?;
        place.send(Ring::new(dialog.clone(), changes, self.dialogs.clone(), caller, offer));
        dialog.handle(request).await
    }
}
