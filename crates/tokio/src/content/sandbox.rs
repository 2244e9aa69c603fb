//! Content of others in a browser.

/// The fields of an HTTP response that brings content of others to a browser, beside its
/// Content-Type: whatever the content is, it runs nothing, loads nothing and is of an origin
/// of its own, so that it reaches neither the page nor what the page may do.
///
/// A server gives them with each [`Content::Image`](super::Content::Image) and
/// [`Content::Html`](super::Content::Html) that it serves. A file gets
/// `Content-Disposition: attachment` as well. A page that has HTML as a string shows it in an
/// element `<iframe sandbox srcdoc>`.
pub const SANDBOX: [(&str, &str); 5] = [
    (
        "Content-Security-Policy",
        "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
];
