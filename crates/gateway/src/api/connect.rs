//! `POST /api/msrp/connect`: whether a peer is reachable over TCP, over TLS, and by
//! a bodiless SEND.

use std::sync::Arc;

use axum::extract::State;
use msrp::SessionConfig;

use super::error::Error;
use super::request::{Body, Connect, ConnectRequest, Permit};
use super::show::{Answered, ConnectReply, Reply};
use crate::app::App;
use crate::exchange::{Opening, open, wait_until};
use crate::fault::Fault;

pub(crate) async fn connect(
    State(app): State<Arc<App>>,
    _permit: Permit,
    Body(request): Body<ConnectRequest>,
) -> Result<Reply<ConnectReply>, Error> {
    let connect = request.check()?;
    let mut reply = ConnectReply::at(&connect.target);
    if let Err(fault) = attempt(&app, connect, &mut reply).await {
        reply.failed(fault);
    }
    Ok(Reply(reply))
}

/// Goes as far as it can, and notes each step in `reply`.
async fn attempt(app: &App, connect: Connect, reply: &mut ConnectReply) -> Result<(), Fault> {
    let Connect { target, local, remote, until } = connect;
    let dialed = app.dialer.dial(&target, until, wait_until(until)).await?;
    reply.connected(&dialed, &target);
    tracing::info!(host = target.hop.host(), port = target.hop.port(), "connected");
    let Some(remote) = remote else { return Ok(()) };
    let session = SessionConfig::new(dialed.local(local)?, remote);
    match open(dialed, session, until).await? {
        Opening::Open(_, response) => reply.opened(response.as_ref()),
        Opening::Refused(response) => reply.answered(Answered::new(&response)),
    }
    Ok(())
}
