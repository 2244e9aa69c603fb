//! `POST /api/msrp/connect`: whether a peer is reachable over TCP, over TLS, and by
//! a bodiless SEND.

use std::sync::Arc;

use axum::extract::State;
use msrp::SessionConfig;
use tokio::time::timeout_at;

use super::error::Error;
use super::request::{Body, Connect, ConnectRequest, Permit};
use super::show::{Answered, ConnectReply, Reply};
use crate::app::App;
use crate::exchange::{bind, config_until, farewell, run_loop};
use crate::fault::Fault;

pub(crate) async fn connect(
    State(app): State<Arc<App>>,
    _permit: Permit,
    Body(request): Body<ConnectRequest>,
) -> Result<Reply<ConnectReply>, Error> {
    let connect = request.check()?;
    let mut reply = ConnectReply::at(&connect.target.host, connect.target.port);
    if let Err(fault) = attempt(&app, connect, &mut reply).await {
        reply.failed(fault);
    }
    Ok(Reply(reply))
}

/// Goes as far as it can, and notes each step in `reply`.
async fn attempt(app: &App, connect: Connect, reply: &mut ConnectReply) -> Result<(), Fault> {
    let Connect { target, local, remote, until } = connect;
    let dialed = timeout_at(until, app.dialer.dial(&target)).await;
    let dialed = dialed.map_err(|_| Fault::timeout())??;
    reply.connected(dialed.connect_time, dialed.tls);
    tracing::info!(host = target.host, port = target.port, "connected");
    let Some(remote) = remote else { return Ok(()) };
    let session = SessionConfig::new(local.unwrap_or(dialed.own_uri), remote);
    let mut run = run_loop(dialed.stream, config_until(until))?;
    let bound = bind(&mut run, session, until).await;
    farewell(run).await;
    reply.answered(Answered::new(&bound?.1));
    Ok(())
}
