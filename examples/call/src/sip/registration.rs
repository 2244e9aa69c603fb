//! An account at a registrar (RFC 3261 section 10).

use std::time::Duration;

use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::registration::{Registration, backoff_interval, refresh_interval};
use rsipstack::sip::typed::{Contact, Route};
use rsipstack::sip::{Auth, StatusCodeKind, Uri};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::SipError;
use super::phone::GRACE;

/// How long a registration holds, in seconds, unless the registrar shortens it.
const EXPIRES: u32 = 300;

/// A user at a registrar.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) password: String,
    /// The registrar, such as `sip:example.com`.
    pub(crate) registrar: Uri,
}

impl Account {
    /// The URI of the user: whoever dials it reaches the phone.
    pub(super) fn uri(&self) -> Uri {
        Uri { auth: Some(self.user_part()), ..self.registrar.clone() }
    }

    pub(super) fn user_part(&self) -> Auth {
        Auth { user: self.user.clone(), password: None }
    }

    /// What answers a 401 or 407, of any realm.
    pub(super) fn credential(&self) -> Credential {
        Credential {
            username: self.user.clone(),
            password: self.password.clone(),
            realm: None,
            auth_username: None,
        }
    }
}

/// A registration that is kept alive.
pub(super) struct Registered {
    routes: Vec<Route>,
    keeper: JoinHandle<()>,
    stop: CancellationToken,
}

impl Registered {
    pub(super) async fn new(
        endpoint: EndpointInnerRef,
        account: &Account,
        contact: Uri,
    ) -> Result<Self, SipError> {
        let mut registration = Registration::new(endpoint, Some(account.credential()));
        registration.contact = Some(Contact { display_name: None, uri: contact, params: vec![] });
        let response = registration.register(account.registrar.clone(), Some(EXPIRES)).await?;
        if response.status_code.kind() != StatusCodeKind::Successful {
            return Err(SipError::NotRegistered(response.status_code));
        }
        let routes = registration.preloaded_route_set();
        let stop = CancellationToken::new();
        let keeper = keep(registration, account.registrar.clone(), stop.clone());
        Ok(Self { routes, keeper: tokio::spawn(keeper), stop })
    }

    /// Where requests outside a dialog go first (RFC 3608).
    pub(super) fn routes(&self) -> Vec<Route> {
        self.routes.clone()
    }

    /// Takes the contact from the registrar again.
    pub(super) async fn end(self) {
        self.stop.cancel();
        let _ = timeout(GRACE, self.keeper).await;
    }
}

async fn keep(mut registration: Registration, registrar: Uri, stop: CancellationToken) {
    let mut failures = 0;
    while stop.run_until_cancelled(sleep(pause(&registration, failures))).await.is_some() {
        let response = registration.register(registrar.clone(), Some(EXPIRES)).await;
        let is_registered = response
            .is_ok_and(|response| response.status_code.kind() == StatusCodeKind::Successful);
        failures = if is_registered { 0 } else { failures + 1 };
    }
    let _ = registration.register(registrar, Some(0)).await;
}

fn pause(registration: &Registration, failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => refresh_interval(registration.expires()),
        Some(failures) => backoff_interval(failures),
    }
}
