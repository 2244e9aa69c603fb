//! An MSRP session over a WebRTC data channel (RFC 8873): [`msrp`] and
//! [`str0m`], neither of which does any I/O, joined over a UDP socket.
//!
//! [`MsrpChannel`] is the part to copy: it joins a `Connection` to one channel of
//! an `Rtc`, which may have others. [`Peer`] runs both over a blocking socket.
//! [`Offerer`] and [`answer`] negotiate with descriptions that hold str0m's part
//! and the session's. [`exchange`] moves texts and content.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod channel;
mod content;
mod describe;
mod exchange;
mod negotiate;
mod peer;

pub use channel::{MsrpChannel, Traffic};
pub use content::{Content, Digested, Pattern};
pub use describe::{closed, section};
pub use exchange::{Delivery, ExchangeError, Plan, exchange};
pub use negotiate::{NegotiateError, Offerer, Session, answer};
pub use peer::Peer;
