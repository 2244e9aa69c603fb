//! What the run loop of an `msrp::Connection` owes its transport: a TCP socket, or a
//! WebSocket.
//!
//! A connection decides at the last moment which message leaves next, and its deadlines
//! start when octets leave. Both need a socket that takes little ahead of the network and
//! says what it still holds:
//!
//! 1. [`prepare`] each socket when it is connected.
//! 2. Ask `Connection::poll_transmit` when the socket is writable: [`wait_writable`], or
//!    the readiness of an async runtime.
//! 3. Say [`octets_held`] to `Connection::transport_holds` after each write, and before each
//!    `Connection::handle_timeout`. A system takes a packet or more beyond its limits, which
//!    are many seconds of a slow line: the connection itself gives no more than leaves in one.
//!
//! A session that this side opens is called by [`session_uri`], made after connecting.
//!
//! `Config::transmit_octets` and `Config::turn_octets` of 16 KiB go well with it.
//!
//! With the feature `websocket`, [`websocket`] has the WebSockets of RFC 7977.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]

#[cfg(feature = "websocket")]
pub mod websocket;

use std::io;
#[cfg(unix)]
use std::os::fd::AsFd as AsSocket;
#[cfg(windows)]
use std::os::windows::io::AsSocket;
use std::time::Duration;

use msrp::uri::{MsrpUri, Scheme};
use msrp::{OsRandom, session_id};
use socket2::SockRef;

/// The octets that may wait in a socket before it counts as full: enough for the next
/// packets of a fast link, 0.13 seconds at 1 Mbit/s.
pub const UNSENT_OCTETS: u32 = 16 * 1024;

/// Sets `TCP_NODELAY`, as each write of a connection is complete, and on Linux and Android
/// `TCP_NOTSENT_LOWAT` to [`UNSENT_OCTETS`]: more unsent octets make the socket
/// unwritable. Other systems keep their own limit.
///
/// It does not touch `SO_SNDBUF`, which also limits what is on its way: a small one costs
/// most of the throughput of a long link.
///
/// # Errors
///
/// What the system says, most often because the socket is no longer connected.
pub fn prepare<S: AsSocket>(socket: &S) -> io::Result<()> {
    let socket = SockRef::from(socket);
    socket.set_tcp_nodelay(true)?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_notsent_lowat(UNSENT_OCTETS)?;
    Ok(())
}

/// Limits what the system takes from the peer ahead of this side's reads (`SO_RCVBUF`), to
/// about so many octets. Without it, a server that stops reading a sender, since the next
/// hop is slow, has taken megabytes that everything behind them has to wait for.
///
/// A connection carries no more than this in one round trip: 256 KiB in 100 milliseconds
/// are 20 Mbit/s.
///
/// # Errors
///
/// What the system says, most often because the socket is no longer connected.
pub fn limit_unread<S: AsSocket>(socket: &S, octets: usize) -> io::Result<()> {
    SockRef::from(socket).set_recv_buffer_size(octets)
}

/// Waits until the socket takes octets, or has failed. Returns false if `timeout` has
/// passed before; `None` waits without limit. Where the system has no `poll`, it returns
/// true at once.
///
/// # Errors
///
/// What the system says. A signal does not interrupt the wait.
#[cfg(unix)]
pub fn wait_writable<S: AsSocket>(socket: &S, timeout: Option<Duration>) -> io::Result<bool> {
    use std::time::Instant;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;

    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut [PollFd::new(socket, PollFlags::OUT)], left.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns true at once: this system has no `poll`.
///
/// # Errors
///
/// None.
#[cfg(not(unix))]
pub fn wait_writable<S: AsSocket>(_: &S, _: Option<Duration>) -> io::Result<bool> {
    Ok(true)
}

/// The octets in the send queue of a connected TCP socket: those that have not left, and
/// those that the peer's system has not acknowledged. `None` where the system does not say
/// (it does on Linux and Android).
///
/// With TLS these are the octets of its records, slightly more than were written.
#[cfg(any(target_os = "android", target_os = "linux"))]
#[must_use]
pub fn octets_held<S: AsSocket>(socket: &S) -> Option<usize> {
    use std::os::fd::AsRawFd;

    let mut octets: libc::c_int = 0;
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: the descriptor is borrowed and so open during the call, and for a socket
    // this request (SIOCOUTQ, by its other name) writes one int. No crate has it in safe
    // code.
    #[allow(unsafe_code)]
    let result = unsafe { libc::ioctl(socket, libc::TIOCOUTQ, &raw mut octets) };
    if result == 0 { usize::try_from(octets).ok() } else { None }
}

/// `None`: this system does not say it.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
#[must_use]
pub fn octets_held<S: AsSocket>(_: &S) -> Option<usize> {
    None
}

/// A new URI of this side for one session, at the real address and port of a connected
/// socket: some peers compare them with where requests come from, or connect to whatever
/// the URI says, the discard port included. Its session-id is from [`session_id`].
///
/// # Errors
///
/// What the system says of the socket, or of its random octets.
pub fn session_uri<S: AsSocket>(scheme: Scheme, socket: &S) -> io::Result<MsrpUri> {
    let address = SockRef::from(socket).local_addr()?.as_socket();
    let address = address.ok_or_else(|| io::Error::other("the socket has no IP address"))?;
    // A socket for both versions of IP shows an IPv4 address within one of IPv6.
    let uri = MsrpUri::builder(scheme, address.ip().to_canonical(), address.port());
    uri.session_id(&session_id(&mut OsRandom::new()?)?).build().map_err(io::Error::other)
}

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
