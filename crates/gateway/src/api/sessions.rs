//! `/api/msrp/sessions`: sessions that outlive a request.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use msrp::{Config, SessionConfig};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::error::Error;
use super::request::{Body, MessageRequest, NewSession, Permit, SessionMessage, SessionRequest};
use super::show::{Answered, ConnectReply, Reply, SendReply, SessionReply};
use crate::app::App;
use crate::exchange::{self, Opening, silence, wait_until};
use crate::fault::Fault;
use crate::session::{About, Ending, Handle, View, run};

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    _permit: Permit,
    Body(request): Body<SessionRequest>,
) -> Result<Reply<SessionReply>, Error> {
    let new = request.check(app.options.max_size)?;
    app.sessions.check_room()?;
    let mut reply = ConnectReply::at(&new.target);
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
    let configure = move |config: &mut Config| {
        wait_until(until)(config);
        config.keep_alive = keep_alive;
    };
    let dialed = app.dialer.dial(&target, until, configure).await?;
    reply.connected(&dialed, &target);
    let local = dialed.local(local)?;
    let about = About {
        host: target.hop.host().to_owned(),
        port: target.hop.port(),
        from_path: local.to_string(),
        to_path: remote.to_string(),
        tls: target.hop.is_secure(),
    };
    let config = SessionConfig::new(local, remote).accept_types(accept).max_size(max_size);
    match exchange::open(dialed, config, until).await? {
        // The session may have ended by now. Its events say so.
        Opening::Open(session, response) => {
            let handle = run(&app.sessions, session, about)?;
            reply.opened(response.as_ref());
            Ok(Some(handle.id.clone()))
        }
        Opening::Refused(response) => {
            reply.answered(Answered::new(&response));
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
