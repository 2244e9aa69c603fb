//! Access control: the bearer token, and requests that foreign web pages make
//! through the user's browser.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use super::Peer;
use super::error::Error;
use crate::app::App;
use crate::fault::{Fault, Kind};

/// Requires the bearer token, if one is set.
pub(crate) async fn token(
    State(app): State<Arc<App>>,
    Extension(Peer(address)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    match &app.options.token {
        Some(token) if !carries(request.headers(), token) => {
            if request.headers().contains_key(AUTHORIZATION) {
                // Programs that ban addresses read this line.
                let address = address.to_canonical();
                tracing::warn!("authentication failed: address={address} (wrong token)");
            }
            let message = "send the token of this gateway: Authorization: Bearer TOKEN";
            Error(Fault::new(Kind::Unauthorized, message)).into_response()
        }
        _ => next.run(request).await,
    }
}

/// Compares in constant time, so that the time does not reveal how much of a
/// guess is right.
fn carries(headers: &HeaderMap, token: &str) -> bool {
    let given = field(headers, AUTHORIZATION).and_then(|value| value.split_once(' '));
    given.is_some_and(|(scheme, given)| {
        scheme.eq_ignore_ascii_case("bearer")
            && bool::from(given.as_bytes().ct_eq(token.as_bytes()))
    })
}

/// Refuses requests of foreign web pages: a browser on this machine would carry
/// them to a gateway that listens on loopback. Their Origin differs or, if DNS
/// resolves their name to this machine, their Host does.
pub(crate) async fn browsers(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let host = field(request.headers(), HOST).unwrap_or_default();
    let origin = field(request.headers(), ORIGIN);
    let is_own_page = origin.is_none_or(|origin| {
        origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
    });
    if is_own_page && (app.options.token.is_some() || is_this_machine(host)) {
        next.run(request).await
    } else {
        let message = "requests of web pages other than the gateway's own are not served";
        Error(Fault::new(Kind::NotAllowed, message)).into_response()
    }
}

/// Whether a Host names this machine in a way that DNS cannot forge.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn field(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
