//! The page, for use by hand.

use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::response::{Html, IntoResponse};

const PAGE: &str = include_str!("page.html");

/// The page loads nothing; no foreign script can run in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

pub(crate) async fn page() -> impl IntoResponse {
    const HEADERS: [(HeaderName, &str); 2] =
        [(CONTENT_SECURITY_POLICY, POLICY), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (HEADERS, Html(PAGE))
}
