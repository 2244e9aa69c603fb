//! Metrics and health over HTTP.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

use crate::core::Core;

/// Time limit for a request and its response.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections at a time: the rest wait in the system's queue.
const CONNECTIONS: usize = 8;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The type of Prometheus' text format.
const METRICS_TYPE: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4");

/// Serves requests, one per connection.
pub(crate) async fn serve(listener: TcpListener, core: Rc<RefCell<Core>>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let core = Rc::clone(&core);
                spawn_local(async move {
                    let _ = timeout(PATIENCE, connection(stream, &core)).await;
                    drop(place);
                });
            }
            Err(error) => {
                core.borrow_mut().not_accepted(&error);
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, core: &RefCell<Core>) {
    let service = service_fn(async |request: Request<_>| {
        Ok::<_, Infallible>(answer(request.method(), request.uri().path(), core))
    });
    let mut http = http1::Builder::new();
    if let Err(error) = http.keep_alive(false).serve_connection(TokioIo::new(stream), service).await
    {
        tracing::debug!("HTTP connection: {:#}", anyhow::Error::from(error));
    }
}

fn answer(method: &Method, path: &str, core: &RefCell<Core>) -> Response<Full<Bytes>> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    match path {
        _ if !is_read => response(StatusCode::METHOD_NOT_ALLOWED, "GET only\n".into()),
        "/metrics" => {
            let mut response = response(StatusCode::OK, text(&core.borrow()));
            response.headers_mut().insert(CONTENT_TYPE, METRICS_TYPE);
            response
        }
        // Load balancers stop sending clients to a relay that drains.
        "/healthz" if core.borrow().is_draining() => {
            response(StatusCode::SERVICE_UNAVAILABLE, "draining\n".into())
        }
        "/healthz" => response(StatusCode::OK, "ok\n".into()),
        _ => response(StatusCode::NOT_FOUND, "only /metrics and /healthz exist\n".into()),
    }
}

fn response(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
}

/// The counters in Prometheus' text format.
fn text(core: &Core) -> String {
    let s = core.statistics();
    let gauges = [
        ("connections", s.connections, "Open connections."),
        ("tokens", s.tokens, "Valid tokens."),
    ];
    let counters = [
        ("accepted", s.accepted, "Connections accepted."),
        ("accept_errors", core.accept_errors(), "Connections that could not be accepted."),
        ("connects", s.connects, "Connections requested to other hosts."),
        ("evicted", s.evicted, "Connections closed because another one needed their place."),
        ("chunks", s.chunks, "SENDs forwarded."),
        ("body_octets", s.octets, "Octets in the bodies of forwarded SENDs."),
        ("passed", s.passed, "Other requests and responses forwarded."),
        ("refused", s.refused, "Requests refused."),
        ("forgotten_peers", s.forgotten_peers, "Peers forgotten: their connection had too many."),
        ("dropped_responses", s.dropped_responses, "Responses dropped without a request to match."),
        (
            "dropped",
            s.dropped,
            "SENDs dropped because their receiver was too slow, or to make room.",
        ),
        ("reports", s.reports, "Failure REPORTs sent."),
        ("dropped_reports", s.dropped_reports, "Failure REPORTs without a way back."),
        ("timeouts", s.timeouts, "SENDs without a response in time."),
        ("auth_accepted", s.auth_accepted, "AUTHs that succeeded."),
        ("auth_failed", s.auth_failed, "AUTHs whose credentials were not good."),
        ("auth_wrong_password", s.auth_wrong_password, "Of these, with a wrong password."),
        ("auth_unknown_user", s.auth_unknown_user, "Of these, of a user who does not exist."),
        ("auth_forbidden", s.auth_forbidden, "Of these, of a user who may not use the relay."),
        (
            "auth_not_for_this_relay",
            s.auth_not_for_this_relay,
            "Of these, made for another realm, algorithm or URI.",
        ),
    ];
    let mut text = String::new();
    let mut metric = |name: &str, suffix: &str, kind: &str, value: u64, help: &str| {
        let name = format!("msrp_relay_{name}{suffix}");
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    for (name, value, help) in gauges {
        metric(name, "", "gauge", value, help);
    }
    for (name, value, help) in counters {
        metric(name, "_total", "counter", value, help);
    }
    text
}
