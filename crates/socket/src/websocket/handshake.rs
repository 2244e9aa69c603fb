//! The handshake, on both sides (RFC 7977 section 4.1).

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN, SEC_WEBSOCKET_PROTOCOL, VARY,
};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, Uri};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config, client_async_with_config};

use super::meter::Metered;
use super::{MAX_MESSAGE, failure};

/// The read buffer of each WebSocket in octets, held even if it is idle.
const READ_OCTETS: usize = 8 * 1024;

const SUBPROTOCOL: &str = "msrp";

/// Asks for MSRP, as a client.
pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    stream: Metered<S>,
    host: &str,
) -> io::Result<WebSocketStream<Metered<S>>> {
    let request = ClientRequestBuilder::new(root_of(host)?).with_sub_protocol(SUBPROTOCOL);
    // A server that does not choose the subprotocol is refused.
    let connected = client_async_with_config(request, stream, Some(config())).await;
    connected.map(|(socket, _)| socket).map_err(failure)
}

fn root_of(host: &str) -> io::Result<Uri> {
    let uri = Uri::builder().scheme("ws").authority(host).path_and_query("/").build();
    let uri = uri.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    if host.contains('@') {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a host has no user"));
    }
    Ok(uri)
}

/// Grants MSRP to a client that asks for it.
pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    stream: Metered<S>,
) -> io::Result<WebSocketStream<Metered<S>>> {
    accept_hdr_async_with_config(stream, respond, Some(config())).await.map_err(failure)
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_OCTETS)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
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
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    if let Some(origin) = request.headers().get(ORIGIN) {
        // Any page may connect. What follows decides: an AUTH, for which a browser has no
        // password unless the user types one into the page, or a session-id that is hard to
        // guess.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    Ok(response)
}

fn asks_for_msrp(request: &Request) -> bool {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    let mut offered = offered.iter().filter_map(|value| value.to_str().ok());
    offered.any(|values| values.split(',').any(|value| value.trim() == SUBPROTOCOL))
}
