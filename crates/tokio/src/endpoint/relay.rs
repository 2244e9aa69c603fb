//! Routes through relays (RFC 4976).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use msrp::{Authentication, MsrpUri, RelayAccount, RelayRoute};
use msrp_sdp::Local;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::{Shared, Target, pool};
use crate::error::Error;
use crate::link::{Asked, Grant, Link};

/// The pauses between attempts to reach a relay again: each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A route to this side through a relay, for one session.
///
/// It is renewed before it expires, and asked for again when the connection with the relay
/// was lost. Either way its URIs may change: [`Route::changed`] tells, and the peer has to
/// learn the new ones in another offer. A session through it lives as long as the
/// connection; keep the route for as long as the session.
#[derive(Debug)]
pub struct Route {
    shared: Arc<Shared>,
    current: watch::Receiver<Current>,
    keeper: AbortHandle,
}

/// The route as it is now.
type Current = Result<RelayRoute, Arc<Error>>;

/// What to ask of a relay.
pub(super) struct Request {
    account: RelayAccount,
    target: Target,
    configure: Box<dyn Fn(Authentication) -> Authentication + Send + Sync>,
}

impl Route {
    /// What this side brings to a session through the relay, for an offer or an answer.
    ///
    /// # Errors
    ///
    /// Why there is no route any more.
    pub fn local(&self) -> Result<Local, Arc<Error>> {
        Ok(Local::relayed(&self.current()?))
    }

    /// The route as it is now.
    ///
    /// # Errors
    ///
    /// Why there is no route any more. While the relay is only out of reach, that is still
    /// the last route.
    pub fn current(&self) -> Current {
        self.current.borrow().clone()
    }

    /// The relay at the other end of the connection, for people: an address and a port.
    /// `None` while it is out of reach.
    #[must_use]
    pub fn hop(&self) -> Option<Arc<str>> {
        let link = self.shared.routes.link(self.current().ok()?.local())?;
        Some(Arc::clone(&link.hop))
    }

    /// Waits until there is another route, or none. Cancel safe.
    ///
    /// # Errors
    ///
    /// Why there is no route any more, and none will follow.
    pub async fn changed(&mut self) -> Current {
        match self.current.changed().await {
            Ok(()) => self.current(),
            // The keeper goes only after it has said why, or with the endpoint.
            Err(_) => self.current().and(Err(Arc::new(Error::Closed))),
        }
    }
}

impl Drop for Route {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Request {
    pub(super) fn new(
        shared: &Shared,
        account: RelayAccount,
        configure: impl Fn(Authentication) -> Authentication + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        if !account.uri.is_secure() && !shared.settings.allows_plain_auth {
            return Err(Error::PlainAuth(account.uri));
        }
        let target = Target::of_relay(account.uri.view())?;
        Ok(Self { account, target, configure: Box::new(configure) })
    }

    /// Asks the relay for a route to a fresh URI, and waits for the first one.
    async fn ask(&self, shared: &Arc<Shared>) -> Result<(Asked, RelayRoute), Error> {
        let mut asked = pool::enter(shared, &self.target, |link| {
            Ok(link.authenticate(self.authentication(link)?)?)
        })
        .await?;
        let answered = |grant: &Grant| !matches!(grant, Grant::Asked);
        let grant = asked.grant.wait_for(answered).await.map(|grant| grant.clone());
        match grant.map_err(|_| Error::Closed)? {
            Grant::Granted(route) => Ok((asked, route)),
            Grant::Refused(relay, reason) => Err(Error::Relay { relay, reason }),
            Grant::Lost(ended) => Err(Error::Ended(Box::new((*ended).clone()))),
            Grant::Asked => Err(Error::Closed),
        }
    }

    fn authentication(&self, link: &Link) -> Result<Authentication, Error> {
        let address = link.local.ok_or(Error::NoPublicHost)?;
        let local = self.target.carrier().own_uri(address.ip(), address.port())?;
        let account = self.account.clone();
        let authentication = if account.uri.is_secure() {
            Authentication::over_tls(local, account)
        } else {
            Authentication::without_tls(local, account)
        };
        Ok((self.configure)(authentication))
    }
}

/// The first route, and a task that keeps it.
pub(super) async fn route(shared: &Arc<Shared>, request: Request) -> Result<Route, Error> {
    let (asked, route) = request.ask(shared).await?;
    let (publish, current) = watch::channel(Ok(route.clone()));
    let keeper = Keeper { shared: Arc::clone(shared), request, current: publish };
    // Before the caller learns of the route, sessions can use it.
    let noted = keeper.note(&asked, &route);
    let closing = shared.closing.clone();
    let keeping = async move { closing.run_until_cancelled(keeper.keep(asked, noted)).await };
    let keeper = shared.tasks.spawn(keeping).abort_handle();
    Ok(Route { shared: Arc::clone(shared), current, keeper })
}

/// Keeps a route: passes on new ones, and asks again when the connection was lost.
struct Keeper {
    shared: Arc<Shared>,
    request: Request,
    current: watch::Sender<Current>,
}

impl Keeper {
    async fn keep(self, mut asked: Asked, mut noted: Noted) {
        loop {
            let Err(error) = self.follow(&mut asked, &mut noted).await else { return };
            tracing::warn!(%error, "a route was lost");
            let Some((again, route)) = self.ask_again().await else { return };
            noted = self.note(&again, &route);
            asked = again;
            self.publish(Ok(route));
        }
    }

    /// Passes on routes until the connection is lost, which is the error, or the relay
    /// grants no more.
    async fn follow(&self, asked: &mut Asked, noted: &mut Noted) -> Result<(), Error> {
        loop {
            if asked.grant.changed().await.is_err() {
                return Err(Error::Closed);
            }
            let grant = asked.grant.borrow_and_update().clone();
            match grant {
                Grant::Asked => {}
                Grant::Granted(route) => {
                    if noted.uri != *route.local() {
                        *noted = self.note(asked, &route);
                    }
                    self.publish(Ok(route));
                }
                Grant::Refused(relay, reason) => {
                    self.fail(Error::Relay { relay, reason });
                    return Ok(());
                }
                Grant::Lost(ended) => return Err(Error::Ended(Box::new((*ended).clone()))),
            }
        }
    }

    /// Asks until the relay grants a route. `None` if it refuses.
    async fn ask_again(&self) -> Option<(Asked, RelayRoute)> {
        let mut pause = FIRST_PAUSE;
        loop {
            sleep(pause).await;
            match self.request.ask(&self.shared).await {
                Ok(asked) => return Some(asked),
                Err(error @ Error::Relay { .. }) => {
                    self.fail(error);
                    return None;
                }
                Err(error) => tracing::info!(%error, "the relay is out of reach"),
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    fn fail(&self, error: Error) {
        self.publish(Err(Arc::new(error)));
    }

    fn publish(&self, current: Current) {
        self.current.send_modify(|it| *it = current);
    }

    fn note(&self, asked: &Asked, route: &RelayRoute) -> Noted {
        let (uri, link) = (route.local().clone(), Arc::downgrade(&asked.link));
        self.shared.routes.lock().insert(uri.clone(), Weak::clone(&link));
        Noted { shared: Arc::clone(&self.shared), uri, link }
    }
}

/// The connections with relays, by the URI of this side in a route.
#[derive(Debug, Default)]
pub(super) struct Routes(Mutex<HashMap<MsrpUri, Weak<Link>>>);

impl Routes {
    pub(super) fn link(&self, uri: &MsrpUri) -> Option<Arc<Link>> {
        self.lock().get(uri)?.upgrade()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MsrpUri, Weak<Link>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entry of a route among the [`Routes`], removed when this is dropped, unless a later
/// connection has taken its place.
struct Noted {
    shared: Arc<Shared>,
    uri: MsrpUri,
    link: Weak<Link>,
}

impl Drop for Noted {
    fn drop(&mut self) {
        let mut routes = self.shared.routes.lock();
        if routes.get(&self.uri).is_some_and(|link| link.ptr_eq(&self.link)) {
            routes.remove(&self.uri);
        }
    }
}
