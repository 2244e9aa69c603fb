//! What a participant learns of a room.

use msrp::Nickname;

/// Something that happened in the room.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Told {
    /// A participant has joined.
    Joined {
        /// Who.
        uri: String,
    },
    /// A participant has left.
    Left {
        /// Who.
        uri: String,
        /// Their nickname, if they had one.
        nickname: Option<String>,
    },
    /// The nickname of a participant has changed.
    Renamed {
        /// Who.
        uri: String,
        /// The new nickname; `None` for no nickname.
        nickname: Option<String>,
    },
    /// A message has arrived.
    Heard {
        /// Who.
        from: String,
        /// Whether it was sent to this participant alone.
        is_private: bool,
        /// The text, without hidden characters.
        text: String,
    },
    /// A message has arrived that is no text.
    Unshown {
        /// Who.
        from: String,
        /// Whether it was sent to this participant alone.
        is_private: bool,
        /// What it is, in words.
        what: String,
    },
    /// A participant is writing, or has stopped.
    Typing {
        /// Who.
        from: String,
        /// Whether they are writing.
        is_active: bool,
    },
    /// A message was not delivered.
    Refused {
        /// The text.
        text: String,
        /// Why, in words.
        why: String,
    },
    /// This participant has the nickname now, or none.
    Named(Option<Nickname>),
    /// The room has refused the nickname.
    NotNamed {
        /// The nickname.
        nickname: Option<Nickname>,
        /// Why, in words.
        why: String,
    },
}
