//! Header fields and bodies of MIME.

use msrp_cpim::MimeHeaders;
use msrp_cpim::content_encoding::{DecodeError, decode};
use serde_json::{Value, json};

/// The most octets of a body without its Content-Encoding.
const MAX_DECODED: usize = 16 * 1024 * 1024;

pub(super) fn headers(headers: MimeHeaders<'_>) -> Value {
    headers.iter().map(|field| json!({ "name": field.name(), "value": field.text() })).collect()
}

/// A body that is text, without its Content-Encoding.
pub(super) fn text(headers: MimeHeaders<'_>, body: &[u8]) -> Result<Option<String>, DecodeError> {
    let encoding = headers.get("Content-Encoding").map(|field| field.text());
    let decoded = decode(encoding.as_deref().unwrap_or_default(), body, MAX_DECODED)?;
    Ok(String::from_utf8(decoded.into_owned()).ok())
}
