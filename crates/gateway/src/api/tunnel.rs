//! `GET /api/msrp/tunnel`: a WebSocket of subprotocol `msrp`, joined to an MSRP
//! stream (RFC 7977).

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State};
use axum::response::Response;

use super::error::Error;
use super::request::{ConnectRequest, max_body};
use crate::app::App;
use crate::fault::{Fault, Kind};
use crate::tunnel;

const SUBPROTOCOL: &str = "msrp";

/// Connects the stream before it accepts the WebSocket, so that a failure is an
/// HTTP response.
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    query: Result<Query<ConnectRequest>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Error> {
    let permit = app.begin_tunnel()?;
    let Query(request) =
        query.map_err(|error| Fault::new(Kind::InvalidRequest, error.body_text()))?;
    let connect = request.check()?;
    let upgrade = upgrade.map_err(|error| Fault::new(Kind::InvalidRequest, error.body_text()))?;
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(Fault::field("Sec-WebSocket-Protocol", "must offer msrp").into());
    }
    let dialed = app.dialer.dial(&connect.target, connect.until, |_| {}).await?;
    let hop = &connect.target.hop;
    tracing::info!(host = hop.host(), port = hop.port(), "tunnel");
    let max_message = app.options.ws_max_message;
    let upgrade = upgrade.max_message_size(max_body(app.options.max_size).max(max_message));
    Ok(upgrade.on_upgrade(async move |socket| {
        let idle_timeout = app.options.session_timeout;
        tunnel::run(socket, dialed.stream, max_message, idle_timeout, app.draining()).await;
        drop(permit);
    }))
}
