//! Header fields and bodies of MIME.

use msrp_cpim::MimeHeaders;
use serde_json::{Value, json};

pub(super) fn headers(headers: MimeHeaders<'_>) -> Value {
    headers.iter().map(|field| json!({ "name": field.name(), "value": field.text() })).collect()
}

/// A body that is text.
pub(super) fn text(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(body).ok()
}
