//! The handshake of a WebSocket for MSRP (RFC 7977).

use std::io;

use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN, SEC_WEBSOCKET_PROTOCOL, VARY};
use hyper::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use crate::transport::Stream;

/// The most octets of a message that is taken from a client.
const MAX_MESSAGE: usize = 1024 * 1024;
/// What each WebSocket holds for one read, even if it is idle.
const READ_OCTETS: usize = 8 * 1024;
const SUBPROTOCOL: HeaderValue = HeaderValue::from_static("msrp");

/// Makes a WebSocket of a stream, for clients that ask for MSRP.
pub(crate) async fn accept(stream: Stream) -> io::Result<WebSocketStream<Stream>> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_OCTETS)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    accept_hdr_async_with_config(stream, answer, Some(config)).await.map_err(io::Error::other)
}

/// The answer to a request (RFC 7977 sections 4.1 and 7).
#[expect(clippy::result_large_err, reason = "tungstenite's callback is so")]
fn answer(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if !asks_for_msrp(request) {
        let mut refusal = ErrorResponse::new(Some("the subprotocol is msrp\n".to_owned()));
        *refusal.status_mut() = StatusCode::BAD_REQUEST;
        return Err(refusal);
    }
    let headers = response.headers_mut();
    headers.insert(SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    if let Some(origin) = request.headers().get(ORIGIN) {
        // Any page may try: what counts is the AUTH that follows, for which a
        // browser has no password but what its user types into that page.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    Ok(response)
}

fn asks_for_msrp(request: &Request) -> bool {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    let mut offered = offered.iter().filter_map(|value| value.to_str().ok());
    offered.any(|values| values.split(',').any(|value| value.trim() == "msrp"))
}
