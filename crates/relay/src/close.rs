//! The end of a connection: its last octets, and why it ends.

use std::pin::pin;
use std::task::{Context, Waker};

use msrp::relay::RelayClose;
use msrp_socket::websocket::{CloseCode, CloseFrame};
use tokio::sync::Semaphore;

use crate::link::Link;

/// Closes a connection that the peer has closed, or on which it has broken the rules of
/// WebSockets. `places` bounds those whose last octets still leave; any more are cut off.
pub(crate) async fn follow(mut link: Link, places: &Semaphore) {
    let Ok(_place) = places.try_acquire() else { return };
    let fault = link.fault();
    link.finish(frame(fault.unwrap_or(CloseCode::Normal), "")).await;
    // A peer that still writes has not read why.
    if fault.is_some() {
        link.linger().await;
    }
}

/// Closes a connection that the relay closes, and says when it is `closed` for the relay.
pub(crate) async fn close(
    mut link: Link,
    reason: &RelayClose,
    places: &Semaphore,
    closed: impl FnOnce(),
) {
    link.finish(close_frame(reason)).await;
    // The relay ends with its last connection: the peer has to have read everything.
    if *reason == RelayClose::Drained {
        link.linger().await;
        return closed();
    }
    closed();
    if let Ok(_place) = places.try_acquire() {
        link.linger().await;
    }
}

/// Closes a connection whose file descriptor is needed: what the transport does not
/// take at once is lost.
pub(crate) fn close_at_once(mut link: Link, reason: &RelayClose) {
    let mut cx = Context::from_waker(Waker::noop());
    let _ = pin!(link.part(close_frame(reason))).as_mut().poll(&mut cx);
}

fn close_frame(reason: &RelayClose) -> CloseFrame {
    let (code, reason) = match reason {
        RelayClose::Unreadable(_) => (CloseCode::Protocol, "this is not MSRP"),
        RelayClose::Drained => (CloseCode::Away, "the relay is shutting down"),
        RelayClose::Idle | RelayClose::Evicted => {
            (CloseCode::Away, "the connection was idle for too long")
        }
        RelayClose::RandomFailed(_) => (CloseCode::Error, "the relay has failed"),
        RelayClose::NotForThisRelay
        | RelayClose::Probation
        | RelayClose::AuthFailures
        | RelayClose::Revoked
        | RelayClose::Stalled
        | RelayClose::NotConnected
        | _ => (CloseCode::Policy, "the relay has closed the connection"),
    };
    frame(code, reason)
}

fn frame(code: CloseCode, reason: &'static str) -> CloseFrame {
    CloseFrame { code, reason: reason.into() }
}
