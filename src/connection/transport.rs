//! What the transport has not sent yet.

use super::Connection;
use crate::time::Instant;

impl Connection {
    /// Says how many of the octets that [`Connection::poll_transmit`] has returned are
    /// still in the transport: in the send queue of the system, or in the buffers of
    /// TLS or WebSocket. Say it after each write and each time that it has changed.
    /// An octet too many, such as those that TLS adds, does no harm.
    ///
    /// A program that never calls this says by the next call of `poll_transmit` that
    /// everything has left. From the first call of this on, the deadline of a request
    /// (RFC 4975 section 7.1.1) starts when its last octet has left the transport,
    /// however long that takes, and
    /// [`Response::round_trip`](crate::Response::round_trip) counts from there.
    pub fn transport_holds(&mut self, now: Instant, octets: usize) {
        self.hop.transport_holds(now, octets);
        self.observe(now);
    }
}
