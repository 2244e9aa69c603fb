//! A document.

use super::extent::Extent;
use super::user::User;
use crate::aside::Aside;
use crate::tolerance::CpimTolerances;

/// The state of a conference, or a change of it.
///
/// Every element is a field, and a method of the same name sets it in a chain. Writing needs
/// no feature; reading needs the feature `xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct ConferenceInfo {
    /// The URI of the conference.
    pub entity: String,
    /// How much the document says. Default: all.
    pub state: Extent,
    /// The number of the document, which grows by one with each.
    pub version: Option<u32>,
    /// The name of the conference.
    pub display_text: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// How many users it can have.
    pub maximum_user_count: Option<u32>,
    /// How many users it has. The list may have fewer.
    pub user_count: Option<u32>,
    /// Whether it is going on.
    pub active: Option<bool>,
    /// Whether nobody else can join.
    pub locked: Option<bool>,
    /// How much the list of users says. Default: all. If it is partial and empty, there is no
    /// list in the document.
    pub users_state: Extent,
    /// The users.
    pub users: Vec<User>,
    pub(super) tolerated: Aside<CpimTolerances>,
}

impl ConferenceInfo {
    /// A full document without users about the conference of this URI.
    pub fn new(entity: impl Into<String>) -> Self {
        Self {
            entity: entity.into(),
            state: Extent::Full,
            version: None,
            display_text: None,
            subject: None,
            maximum_user_count: None,
            user_count: None,
            active: None,
            locked: None,
            users_state: Extent::Full,
            users: Vec::new(),
            tolerated: Aside(CpimTolerances::none()),
        }
    }

    /// The deviations in the document that was read. They do not count when two are compared.
    #[must_use]
    pub const fn tolerated(&self) -> CpimTolerances {
        self.tolerated.0
    }

    /// Sets [`ConferenceInfo::state`].
    pub const fn state(mut self, state: Extent) -> Self {
        self.state = state;
        self
    }

    /// Sets [`ConferenceInfo::version`].
    pub const fn version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    /// Sets [`ConferenceInfo::display_text`].
    pub fn display_text(mut self, display_text: impl Into<String>) -> Self {
        self.display_text = Some(display_text.into());
        self
    }

    /// Sets [`ConferenceInfo::subject`].
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets [`ConferenceInfo::maximum_user_count`].
    pub const fn maximum_user_count(mut self, maximum_user_count: u32) -> Self {
        self.maximum_user_count = Some(maximum_user_count);
        self
    }

    /// Sets [`ConferenceInfo::user_count`].
    pub const fn user_count(mut self, user_count: u32) -> Self {
        self.user_count = Some(user_count);
        self
    }

    /// Sets [`ConferenceInfo::active`].
    pub const fn active(mut self, active: bool) -> Self {
        self.active = Some(active);
        self
    }

    /// Sets [`ConferenceInfo::locked`].
    pub const fn locked(mut self, locked: bool) -> Self {
        self.locked = Some(locked);
        self
    }

    /// Sets [`ConferenceInfo::users_state`].
    pub const fn users_state(mut self, users_state: Extent) -> Self {
        self.users_state = users_state;
        self
    }

    /// Adds to [`ConferenceInfo::users`].
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }
}
