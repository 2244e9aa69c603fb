//! Session descriptions as bodies of requests and responses.

use rsipstack::sip::{ContentType, HasHeaders, Header, StatusCode};

const SDP: &str = "application/sdp";

/// The header field of a body with a session description.
pub(super) fn sdp_headers() -> Option<Vec<Header>> {
    Some(vec![Header::ContentType(ContentType::from(SDP))])
}

/// The session description of a message, `None` if it has no body.
///
/// # Errors
///
/// The response to a request whose body is something else.
pub(super) fn sdp(message: &impl HasHeaders, body: &[u8]) -> Result<Option<String>, StatusCode> {
    if body.is_empty() {
        return Ok(None);
    }
    if !is_sdp(message) {
        return Err(StatusCode::UnsupportedMediaType);
    }
    let text = String::from_utf8(body.to_vec()).map_err(|_| StatusCode::BadRequest)?;
    Ok(Some(text))
}

fn is_sdp(message: &impl HasHeaders) -> bool {
    message.headers().iter().any(|header| {
        let Header::ContentType(content_type) = header else { return false };
        let essence = content_type.value().split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case(SDP)
    })
}
