//! A receiver behind relays. It does not listen: peers reach it on the connection
//! that it opens to the first relay, again and again if that breaks.

use std::sync::Arc;
use std::time::Duration;

use msrp::{MsrpUri, RelayRoute};
use msrp_tokio::{Error, Route};
use serde_json::json;
use tokio::task::{AbortHandle, JoinSet};

use super::{Host, Receiver};
use crate::client::Relays;
use crate::failure::Failure;

/// Time limit for the first route of a session.
const PATIENCE: Duration = Duration::from_secs(15);

impl Receiver {
    /// Takes messages through relays until those grant no more routes, with `once` only the
    /// first. Returns whether that was received. Without URIs there is one session with a
    /// random URI.
    pub(crate) async fn wait_behind(
        &mut self,
        relays: &Relays,
        uris: Vec<MsrpUri>,
        once: bool,
    ) -> Result<bool, Failure> {
        let owns = if uris.is_empty() { vec![None] } else { uris.into_iter().map(Some).collect() };
        let mut routes = JoinSet::new();
        for own in owns {
            let route = relays.route(&self.host.endpoint, own, PATIENCE).await?;
            routes.spawn(follow(route, Arc::clone(&self.host)));
        }
        tokio::select! {
            is_received = self.message_ended(), if once => Ok(is_received),
            Some(ended) = routes.join_next() => Err(ended.unwrap_or_else(Failure::local)),
        }
    }
}

/// Tells the path of a session whenever there is another. Returns why there is none any more.
async fn follow(mut route: Route, host: Arc<Host>) -> Failure {
    let mut expected = Expected::default();
    loop {
        let current = match route.current() {
            Ok(current) => current,
            Err(error) => return Failure::from(&*error),
        };
        if let Err(error) = expected.follow(&current, &host) {
            return error.into();
        }
        (host.options.report)(&json!({
            "event": "listening",
            "addr": route.hop().as_deref(),
            "path": current.path().as_str(),
        }));
        // An error is the current state, too.
        let _ = route.changed().await;
    }
}

/// The session that peers may open through a route.
#[derive(Default)]
struct Expected {
    uri: Option<MsrpUri>,
    serving: Option<AbortHandle>,
}

impl Expected {
    fn follow(&mut self, route: &RelayRoute, host: &Arc<Host>) -> Result<(), Error> {
        if self.uri.as_ref() == Some(route.local()) {
            return Ok(());
        }
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
        self.serving = Some(host.expect(route.local().clone())?);
        self.uri = Some(route.local().clone());
        Ok(())
    }
}
