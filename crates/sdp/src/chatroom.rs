//! `a=chatroom`: what an endpoint or a room does of RFC 7701 (section 8).

use std::fmt;
use std::str::FromStr;

/// The most extension tokens of an attribute that are kept.
pub const MAX_CHATROOM_TOKENS: usize = 32;

/// The value of `a=chatroom`: a declaration and no negotiation. Each side says
/// what it does, and that a later description leaves the attribute out says that
/// it does none of it any more.
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
    /// Messages in a room, and nothing more.
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

    /// The same with an extension: a token of an RFC, or one behind the reversed
    /// name of a domain, as in `com.example.shouting`. What is no token, or is
    /// there already, changes nothing, and so does one more than
    /// [`MAX_CHATROOM_TOKENS`].
    #[must_use]
    pub fn with_extension(mut self, token: &str) -> Self {
        self.add(token);
        self
    }

    /// Takes a token once; a second time it says nothing new (section 8).
    /// `nicknames` is how the prose of the RFC spells what its grammar calls
    /// `nickname`.
    fn add(&mut self, token: &str) {
        match token {
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

    /// Whether nicknames are understood and allowed.
    #[must_use]
    pub const fn has_nicknames(&self) -> bool {
        self.nicknames
    }

    /// Whether private messages are understood and allowed.
    #[must_use]
    pub const fn has_private_messages(&self) -> bool {
        self.private_messages
    }

    /// The other tokens.
    pub fn extensions(&self) -> impl Iterator<Item = &str> {
        self.extensions.iter().map(|token| &**token)
    }

    /// The value of the attribute; `None` where it has none.
    pub(super) fn value(&self) -> Option<String> {
        let is_bare = !self.nicknames && !self.private_messages && self.extensions.is_empty();
        (!is_bare).then(|| self.to_string())
    }
}

/// Whatever stands there, the tokens in it count.
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
