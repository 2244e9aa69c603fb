//! What the transport has not sent yet.

use super::Connection;
use crate::time::Instant;

impl Connection {
    /// Says how many of the octets that [`Connection::poll_transmit`] has returned are
    /// still in the transport: in the send queue of the system, in the buffers of TLS or
    /// WebSocket, or in a [`Transmit`](crate::Transmit) that is not written yet. An octet
    /// too many, such as those that TLS adds, does no harm.
    ///
    /// Say it after each write and before each [`Connection::handle_timeout`]. No system
    /// tells when a send queue has changed, so [`Connection::poll_timeout`] is due after
    /// 250 milliseconds while the last number was not zero, and earlier while the transport is
    /// full: from the first call of this on, it is given no more than leaves it within a second,
    /// as far as that is known, so that nobody waits for long behind a large message. A number
    /// that stays the same means that nothing leaves: after
    /// [`Config::silence_timeout`](crate::Config) the connection ends, unless octets of the peer
    /// arrive. A response proves that its request has left.
    ///
    /// A program that never calls this says by the next call of `poll_transmit` that
    /// everything has left. Otherwise the deadline of a request
    /// (RFC 4975 section 7.1.1) starts when its last octet has left the transport,
    /// however long that takes, and
    /// [`Response::round_trip`](crate::Response::round_trip) counts from there.
    pub fn transport_holds(&mut self, now: Instant, octets: usize) {
        self.hop.transport_holds(now, octets);
        self.observe(now);
    }
}
