//! The most that a connection holds on behalf of its peer, as
//! [`Limits`](msrp::Limits) documents it.

use msrp::Config;

const KIB: usize = 1024;

/// What a connection and its buffers hold without any message.
const CONNECTION: usize = 32 * KIB;

/// What this side sends, apart from the bodies: for each message, and for each of its
/// requests that wait for a response.
const SENDING: usize = 2 * KIB;

/// What fills a connection.
pub struct Load {
    /// Sessions that are open.
    pub sessions: usize,
    /// The largest message that a session receives whole.
    pub max_size: usize,
    /// Messages of this side without an outcome.
    pub sending: usize,
    /// Octets of the input that are not taken.
    pub input: usize,
}

pub fn memory_bound(config: &Config, load: &Load) -> usize {
    let limits = &config.limits;
    let head = config.parse.head_octets;
    let incoming = usize::try_from(limits.incoming_octets).unwrap();
    let documented = 2 * (limits.event_octets + 3 * incoming + limits.control_octets)
        + 4 * (load.max_size + head)
        + load.sessions
            * (16 * KIB + KIB * limits.remembered_messages + limits.nicknames * (head + 512))
        + load.sending * 64 * limits.message_ranges;
    CONNECTION + documented + load.sending * SENDING + load.input
}
