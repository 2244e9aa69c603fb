//! `a=chatroom`: which parts of RFC 7701 an endpoint or a room supports (section 8).

use std::fmt;
use std::str::FromStr;

/// The most extension tokens of one `a=chatroom`; further ones are ignored.
pub const MAX_CHATROOM_TOKENS: usize = 32;

/// The value of `a=chatroom`. It is a declaration, not a negotiation: each side says
/// what it supports. A later description without the attribute withdraws all of it.
///
/// ```
/// use msrp_sdp::Chatroom;
///
/// let room = Chatroom::new().with_nicknames().with_private_messages();
/// assert_eq!(room.to_string(), "nickname private-messages");
/// let theirs: Chatroom = "private-messages com.example.shouting".parse().unwrap();
/// assert!(theirs.has_private_messages() && !theirs.has_nicknames());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chatroom {
    nicknames: bool,
    private_messages: bool,
    extensions: Vec<Box<str>>,
}

impl Chatroom {
    /// Messages in a room and nothing else.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with nicknames (section 7).
    #[must_use]
    pub const fn with_nicknames(mut self) -> Self {
        self.nicknames = true;
        self
    }

    /// The same with private messages (section 6.2).
    #[must_use]
    pub const fn with_private_messages(mut self) -> Self {
        self.private_messages = true;
        self
    }

    /// The same with an extension: a token of an RFC, or one that starts with a
    /// reversed domain name, as in `com.example.shouting`. Ignores what is not a
    /// token, a duplicate, and anything after [`MAX_CHATROOM_TOKENS`].
    #[must_use]
    pub fn with_extension(mut self, token: &str) -> Self {
        self.add(token);
        self
    }

    /// Adds a token unless it is there (section 8). The prose of the RFC spells
    /// `nicknames` what its grammar calls `nickname`.
    fn add(&mut self, token: &str) {
        match &*token.to_ascii_lowercase() {
            "nickname" | "nicknames" => self.nicknames = true,
            "private-messages" => self.private_messages = true,
            _ => {
                let is_token = !token.is_empty() && token.chars().all(is_token);
                let is_new = self.extensions.iter().all(|known| **known != *token);
                if is_token && is_new && self.extensions.len() < MAX_CHATROOM_TOKENS {
                    self.extensions.push(token.into());
                }
            }
        }
    }

    /// Whether nicknames are supported.
    #[must_use]
    pub const fn has_nicknames(&self) -> bool {
        self.nicknames
    }

    /// Whether private messages are supported.
    #[must_use]
    pub const fn has_private_messages(&self) -> bool {
        self.private_messages
    }

    /// The extension tokens.
    pub fn extensions(&self) -> impl Iterator<Item = &str> {
        self.extensions.iter().map(|token| &**token)
    }

    /// The value of the attribute; `None` for the bare attribute.
    pub(crate) fn value(&self) -> Option<String> {
        let is_bare = !self.nicknames && !self.private_messages && self.extensions.is_empty();
        (!is_bare).then(|| self.to_string())
    }
}

/// Never fails: what is not a token is ignored.
impl FromStr for Chatroom {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut chatroom = Self::default();
        text.split_ascii_whitespace().for_each(|token| chatroom.add(token));
        Ok(chatroom)
    }
}

impl fmt::Display for Chatroom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = [
            self.nicknames.then_some("nickname"),
            self.private_messages.then_some("private-messages"),
        ];
        let mut space = "";
        for token in known.into_iter().flatten().chain(self.extensions()) {
            write!(f, "{space}{token}")?;
            space = " ";
        }
        Ok(())
    }
}

/// `token` of RFC 3261 section 25.1.
fn is_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-.!%*_+`'~".contains(letter)
}
