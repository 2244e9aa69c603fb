//! The buffer for all reads, and what a connection keeps of one.

use bytes::BytesMut;

/// Space for one read, in octets.
const READ_OCTETS: usize = 64 * 1024;
/// The least space for a read, in octets.
const LEAST_READ: usize = 16 * 1024;
/// A remainder up to this is copied, so that it does not hold a whole read.
const SMALL_REST: usize = 4096;

/// Makes room for a read after the remainder of the connection's last one. The
/// memory is reused as soon as no slice of it is held.
pub(crate) fn make_room(buffer: &mut BytesMut, rest: &mut BytesMut) {
    if rest.len() > SMALL_REST {
        *buffer = std::mem::take(rest);
    } else {
        buffer.clear();
    }
    if buffer.capacity() - buffer.len() < LEAST_READ {
        buffer.reserve(READ_OCTETS);
    }
    buffer.extend_from_slice(rest);
    rest.clear();
}

/// Keeps what is left of a read for the next one of the connection.
pub(crate) fn keep_rest(buffer: &mut BytesMut, rest: &mut BytesMut) {
    if buffer.len() > SMALL_REST {
        *rest = buffer.split();
    } else if !buffer.is_empty() {
        rest.extend_from_slice(buffer);
        buffer.clear();
    }
}
