//! `/api/msrp/sessions`: sessions that outlive a request.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use msrp::SessionConfig;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::error::Error;
use super::request::{Body, MessageRequest, NewSession, Permit, SessionMessage, SessionRequest};
use super::show::{Answered, ConnectReply, Reply, SendReply, SessionReply};
use crate::app::App;
use crate::exchange::{self, bind, config_until, farewell, silence};
use crate::fault::Fault;
use crate::session::{About, Ending, Handle, Starting, View, run};

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    _permit: Permit,
    Body(request): Body<SessionRequest>,
) -> Result<Reply<SessionReply>, Error> {
    let new = request.check(app.options.max_size)?;
    app.sessions.check_room()?;
    let mut reply = ConnectReply::at(&new.target.host, new.target.port);
    let id = open(&app, new, &mut reply).await.unwrap_or_else(|fault| {
        reply.failed(fault);
        None
    });
    Ok(Reply(SessionReply::new(id, reply)))
}

/// The id of the session, unless the peer refused it.
async fn open(
    app: &App,
    new: NewSession,
    reply: &mut ConnectReply,
) -> Result<Option<String>, Fault> {
    let NewSession { target, local, remote, accept, max_size, keep_alive, until } = new;
    let dialed = timeout_at(until, app.dialer.dial(&target)).await;
    let dialed = dialed.map_err(|_| Fault::timeout())??;
    reply.connected(dialed.connect_time, dialed.tls);
    let local = local.unwrap_or(dialed.own_uri);
    let about = About {
        host: target.host,
        port: target.port,
        from_path: local.to_string(),
        to_path: remote.to_string(),
        tls: target.tls.is_some(),
    };
    let mut config = config_until(until);
    config.keep_alive = keep_alive;
    let session = SessionConfig::new(local, remote).accept_types(accept).max_size(max_size);
    let mut run_loop = exchange::run_loop(dialed.stream, config)?;
    let bound = bind(&mut run_loop, session, until).await;
    match bound {
        // The session may have ended by now. Its events say so.
        Ok((session, response)) if response.status.is_success() => {
            let starting = Starting { run: run_loop, session, about };
            let handle = run(&app.sessions, starting)?;
            reply.answered(Answered::new(&response));
            Ok(Some(handle.id.clone()))
        }
        bound => {
            farewell(run_loop).await;
            reply.answered(Answered::new(&bound?.1));
            Ok(None)
        }
    }
}

#[derive(Serialize)]
struct List<'a> {
    sessions: Vec<View<'a>>,
}

pub(crate) async fn list(State(app): State<Arc<App>>) -> Response {
    let all = app.sessions.all();
    let views: Vec<_> = all.iter().map(|handle| handle.view()).collect();
    Json(List { sessions: views }).into_response()
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    Ok(Json(app.sessions.get(&id)?.view()).into_response())
}

pub(crate) async fn end(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let handle = app.sessions.remove(&id)?;
    handle.close(Ending::Deleted);
    handle.closed().await;
    Ok(Json(handle.view()).into_response())
}

pub(crate) async fn send(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    _permit: Permit,
    Body(request): Body<MessageRequest>,
) -> Result<Reply<SendReply>, Error> {
    let handle = app.sessions.get(&id)?;
    let SessionMessage { message, success_report, until } = request.check(app.options.max_size)?;
    let mut reply = SendReply::new(&handle.about.host, handle.about.port, message.id);
    let is_partial = message.is_partial;
    let until = if is_partial { Instant::now() + silence(until) } else { until };
    match timeout_at(until, handle.send(message)).await {
        Ok(Ok(sent)) => reply.sent(sent, success_report),
        Ok(Err(fault)) => reply.failed(fault),
        Err(_) if is_partial => reply.unanswered(),
        Err(_) => reply.failed(Fault::timeout()),
    }
    Ok(Reply(reply))
}

/// The kept events of a session, or those after Last-Event-ID, and then each event
/// as it happens.
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    let handle = app.sessions.get(&id)?;
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let events = futures_util::stream::unfold((handle, seen.unwrap_or(0)), next_event);
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

async fn next_event(
    (handle, seen): (Arc<Handle>, u64),
) -> Option<(Result<Event, Infallible>, (Arc<Handle>, u64))> {
    let entry = handle.log.after(seen).await?;
    let event = Event::default().id(entry.id.to_string()).event(entry.name).data(entry.data);
    Some((Ok(event), (handle, entry.id)))
}
