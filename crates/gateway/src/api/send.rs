//! `POST /api/msrp/send`: one message over its own connection.

use std::sync::Arc;

use axum::extract::State;
use msrp::SessionConfig;
use tokio::time::timeout_at;

use super::error::Error;
use super::request::{Body, Permit, Send, SendRequest};
use super::show::{Reply, SendReply};
use crate::app::App;
use crate::exchange::{self, Sent};
use crate::fault::Fault;

pub(crate) async fn send(
    State(app): State<Arc<App>>,
    _permit: Permit,
    Body(request): Body<SendRequest>,
) -> Result<Reply<SendReply>, Error> {
    let send = request.check(app.options.max_size)?;
    let mut reply = SendReply::new(&send.target.host, send.target.port, send.message.id);
    let success_report = send.success_report;
    match exchange(&app, send).await {
        Ok(sent) => reply.sent(sent, success_report),
        Err(fault) => reply.failed(fault),
    }
    Ok(Reply(reply))
}

/// Ends at `until`, including the look-up of the host.
async fn exchange(app: &App, send: Send) -> Result<Sent, Fault> {
    let Send { target, local, remote, message, until, .. } = send;
    let dialed = timeout_at(until, app.dialer.dial(&target)).await;
    let dialed = dialed.map_err(|_| Fault::timeout())??;
    let session = SessionConfig::new(local.unwrap_or(dialed.own_uri), remote);
    let sent = exchange::send(dialed.stream, session, message, until).await?;
    tracing::info!(host = target.host, port = target.port, outcome = ?sent.finished.outcome, "sent");
    Ok(sent)
}
