//! `POST /api/msrp/send`: one message over its own connection.

use std::sync::Arc;

use axum::extract::State;
use msrp::SessionConfig;

use super::error::Error;
use super::request::{Body, Permit, Send, SendRequest};
use super::show::{Reply, SendReply};
use crate::app::App;
use crate::exchange::{self, Sent, wait_for};
use crate::fault::Fault;

pub(crate) async fn send(
    State(app): State<Arc<App>>,
    _permit: Permit,
    Body(request): Body<SendRequest>,
) -> Result<Reply<SendReply>, Error> {
    let send = request.check(app.options.max_size)?;
    let mut reply = SendReply::new(send.target.hop.host(), send.target.hop.port(), send.message.id);
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
    let dialed = app.dialer.dial(&target, until, wait_for(&message, until)).await?;
    let session = SessionConfig::new(dialed.local(local)?, remote);
    let sent = exchange::send(dialed, session, message, until).await?;
    let (host, port) = (target.hop.host(), target.hop.port());
    tracing::info!(host, port, outcome = ?sent.finished.outcome, "sent");
    Ok(sent)
}
