//! A user of a conference.

use super::endpoint::Endpoint;
use super::extent::Extent;

/// A user of a conference, with the endpoints by which they take part.
///
/// Every element is a field, and a method of the same name sets it in a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct User {
    /// The URI of the user, unique in the conference.
    pub entity: String,
    /// How much is said of the user. Default: all.
    pub state: Extent,
    /// The name.
    pub display_text: Option<String>,
    /// The nickname in the conference (RFC 6501, RFC 7701 section 7.4).
    pub nickname: Option<String>,
    /// The roles, such as `moderator`.
    pub roles: Vec<String>,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
}

impl User {
    /// All that is known of the user of this URI, without anything else.
    pub fn new(entity: impl Into<String>) -> Self {
        Self {
            entity: entity.into(),
            state: Extent::Full,
            display_text: None,
            nickname: None,
            roles: Vec::new(),
            endpoints: Vec::new(),
        }
    }

    /// Sets [`User::state`].
    pub const fn state(mut self, state: Extent) -> Self {
        self.state = state;
        self
    }

    /// Sets [`User::display_text`].
    pub fn display_text(mut self, display_text: impl Into<String>) -> Self {
        self.display_text = Some(display_text.into());
        self
    }

    /// Sets [`User::nickname`].
    pub fn nickname(mut self, nickname: impl Into<String>) -> Self {
        self.nickname = Some(nickname.into());
        self
    }

    /// Adds to [`User::roles`].
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Adds to [`User::endpoints`].
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }
}
