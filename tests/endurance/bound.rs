//! The most that a connection holds on behalf of its peer, as
//! [`Limits`](msrp::Limits) documents it.

use msrp::Config;

/// What the connection and its tables hold without any message.
const FIXED: usize = 64 * 1024;

pub fn memory_bound(config: &Config, sessions: usize, input: usize) -> usize {
    let limits = &config.limits;
    let head = config.parse.head_octets;
    let remembered = 3 * limits.remembered_messages * 200;
    let incoming = usize::try_from(limits.incoming_octets).unwrap();
    let outgoing = (limits.outgoing_messages) * 8_000;
    FIXED
        + input
        + 2 * limits.event_octets
        + limits.events * 600
        + 3 * incoming
        + limits.control_octets
        + head
        + sessions * (4_096 + remembered + outgoing)
}
