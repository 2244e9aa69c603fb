//! The policy of a room, and its limits.

use std::time::Duration;

use msrp::Nickname;

/// The policy of a room, and its limits.
///
/// ```
/// use msrp_chatroom::RoomConfig;
///
/// let mut config = RoomConfig::default();
/// config.private_messages = false;
/// config.reserved_nicknames.push("The management".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RoomConfig {
    /// Whether participants may have nicknames (RFC 7701 section 7.1). Default:
    /// yes.
    pub nicknames: bool,
    /// Whether the room passes on private messages, to endpoints that accept them
    /// (section 6.2). Default: yes.
    pub private_messages: bool,
    /// Whether a user may be in the room with several sessions (section 6.1).
    /// Default: yes.
    pub several_sessions: bool,
    /// Nicknames that the room gives to no one, nor any that looks the same (UTS #39),
    /// such as one with letters of another script. Default: none.
    pub reserved_nicknames: Vec<Nickname>,
    /// How long the next chunk of a message may take before the room gives the
    /// message up (section 6.1). Default: 540 seconds.
    pub chunk_timeout: Duration,
    /// The most sessions in the room. Default: 1,000.
    pub sessions: usize,
    /// The most messages that the room passes on while they arrive. It answers
    /// further ones with 413. Default: 1,024.
    pub messages: usize,
    /// The most of those messages from one session. Default: 16.
    pub messages_of_session: usize,
}

impl Default for RoomConfig {
    fn default() -> Self {
        Self {
            nicknames: true,
            private_messages: true,
            several_sessions: true,
            reserved_nicknames: Vec::new(),
            chunk_timeout: Duration::from_secs(540),
            sessions: 1000,
            messages: 1024,
            messages_of_session: 16,
        }
    }
}
