//! Errors as responses.

use axum::Json;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::fault::{Fault, Kind};

/// The error of a request.
#[derive(Debug)]
pub(crate) struct Error(pub(crate) Fault);

#[derive(Serialize)]
struct Failed {
    success: bool,
    error: Fault,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let Self(fault) = self;
        let kind = fault.kind;
        let body = Json(Failed { success: false, error: fault });
        let status = kind.http_status();
        if kind == Kind::Unauthorized {
            (status, [(WWW_AUTHENTICATE, "Bearer")], body).into_response()
        } else {
            (status, body).into_response()
        }
    }
}
