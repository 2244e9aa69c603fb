//! What a room is told before anybody joins.

use std::time::Duration;

use msrp::Nickname;

/// The policy of a room, and what it may hold.
///
/// ```
/// use msrp_chatroom::RoomConfig;
///
/// let mut config = RoomConfig::default();
/// config.private_messages = false;
/// config.reserved_nicknames.push("The management".parse()?);
/// # Ok::<(), msrp::wire::NicknameError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RoomConfig {
    /// Whether participants have nicknames (RFC 7701 section 7.1). Default: yes.
    pub nicknames: bool,
    /// Whether private messages are passed on at all (section 6.2). Default:
    /// yes, to those who take them.
    pub private_messages: bool,
    /// Whether a user may be in the room in several sessions (section 6.1).
    /// Default: yes.
    pub several_sessions: bool,
    /// Nicknames that nobody gets. Default: none.
    pub reserved_nicknames: Vec<Nickname>,
    /// How long the next chunk of a message that is passed on may take before
    /// the message counts as given up (section 6.1). Default 540 seconds.
    pub chunk_timeout: Duration,
    /// Sessions in the room. Default 1,000.
    pub sessions: usize,
    /// Messages that are passed on while they come in. One more is answered 413.
    /// Default 1,024.
    pub messages: usize,
    /// Those of them that come from one session. Default 16.
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
