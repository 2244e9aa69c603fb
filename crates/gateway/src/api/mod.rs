//! The interface over HTTP.

mod connect;
mod error;
mod guard;
mod page;
mod request;
mod send;
mod sessions;
pub(crate) mod show;
mod shown;
mod tunnel;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::{Value, json};

use crate::app::App;
use crate::fault::{Fault, Kind};
use error::Error;

/// The address of the client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// All resources of the interface.
pub(crate) fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route("/send", post(send::send))
        .route("/connect", post(connect::connect))
        .route("/sessions", post(sessions::create).get(sessions::list))
        .route("/sessions/{id}", get(sessions::show).delete(sessions::end))
        .route("/sessions/{id}/messages", post(sessions::send))
        .route("/sessions/{id}/events", get(sessions::events))
        .route("/tunnel", get(tunnel::open))
        .layer(DefaultBodyLimit::max(request::max_body(app.options.max_size)))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard::token));
    Router::new()
        .nest("/api/msrp", api)
        .route("/", get(page::page))
        .route("/healthz", get(health))
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard::browsers))
        .with_state(app)
}

async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    if app.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "draining" })))
    } else {
        (StatusCode::OK, Json(json!({ "status": "ok" })))
    }
}

async fn nothing() -> Error {
    Error(Fault::new(Kind::NotFound, "there is nothing at this path"))
}
