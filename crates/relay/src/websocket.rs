//! The WebSocket handshake for MSRP (RFC 7977).

use std::io;

use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN, SEC_WEBSOCKET_PROTOCOL, VARY};
use hyper::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use crate::meter::Metered;
use crate::transport::Stream;

/// The most octets of a message from a client. A stranger has less.
const MAX_MESSAGE: usize = 1024 * 1024;
/// The read buffer of each WebSocket in octets, held even if it is idle.
const READ_OCTETS: usize = 8 * 1024;
const SUBPROTOCOL: HeaderValue = HeaderValue::from_static("msrp");

/// Completes the handshake with a client that requests MSRP.
pub(crate) async fn accept(stream: Stream) -> io::Result<WebSocketStream<Metered>> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_OCTETS)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let stream = Metered::new(stream);
    accept_hdr_async_with_config(stream, respond, Some(config)).await.map_err(io::Error::other)
}

/// Responds to the request of a handshake (RFC 7977 sections 4.1 and 7).
#[expect(clippy::result_large_err, reason = "tungstenite defines the callback")]
fn respond(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if !asks_for_msrp(request) {
        let mut refusal = ErrorResponse::new(Some("the subprotocol is msrp\n".to_owned()));
        *refusal.status_mut() = StatusCode::BAD_REQUEST;
        return Err(refusal);
    }
    let headers = response.headers_mut();
    headers.insert(SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    if let Some(origin) = request.headers().get(ORIGIN) {
        // Any page may connect. The AUTH that follows decides, and a browser has no
        // password for it unless the user types one into the page.
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
