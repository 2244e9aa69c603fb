//! Who joins a room, and what the room knows about them (RFC 7701 section 5.2).

use msrp::MediaTypes;

use crate::error::RoomError;
use crate::identifier::Identifier;

/// A participant in one session: the user, the URIs by which the room knows
/// them, and what their endpoint accepts. All of it comes from the session setup,
/// which has authenticated the user.
///
/// ```
/// use msrp::MediaTypes;
/// use msrp_chatroom::Participant;
///
/// let ada = Participant::new("sip:ada@example.com")?
///     .with_uri("tel:+1-201-555-0123")?
///     .with_private_messages(true)
///     .with_accept_types(MediaTypes::new("message/cpim")?.wrapped("text/plain")?);
/// assert!(ada.private_messages());
/// let shy = Participant::anonymous("sip:bob@example.com", "sip:anon-7@anonymous.invalid")?;
/// assert_eq!(shy.uri(), "sip:anon-7@anonymous.invalid");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Participant {
    pub(crate) user: Identifier,
    /// As they were given. The first one is shown.
    uris: Vec<Box<str>>,
    pub(crate) identifiers: Vec<Identifier>,
    private_messages: bool,
    accept_types: MediaTypes,
}

impl Participant {
    /// A user whom the room knows by the URI under which they were authenticated.
    /// Their endpoint accepts everything but private messages.
    ///
    /// # Errors
    ///
    /// [`RoomError::Uri`].
    pub fn new(uri: &str) -> Result<Self, RoomError> {
        Self::anonymous(uri, uri)
    }

    /// A user who stays anonymous: the room knows them as `shown`, which reveals
    /// nothing about `user`.
    ///
    /// # Errors
    ///
    /// [`RoomError::Uri`], for either of them.
    pub fn anonymous(user: &str, shown: &str) -> Result<Self, RoomError> {
        Ok(Self {
            user: Identifier::new(user)?,
            uris: vec![shown.into()],
            identifiers: vec![Identifier::new(shown)?],
            private_messages: false,
            accept_types: MediaTypes::any(),
        })
    }

    /// Adds another URI of the same user, which they may send from, and others
    /// send to.
    ///
    /// # Errors
    ///
    /// [`RoomError::Uri`].
    pub fn with_uri(mut self, uri: &str) -> Result<Self, RoomError> {
        self.identifiers.push(Identifier::new(uri)?);
        self.uris.push(uri.into());
        Ok(self)
    }

    /// Sets whether the endpoint accepts private messages: the token
    /// `private-messages` of its attribute `chatroom` (RFC 7701 section 8).
    /// Default: no.
    pub const fn with_private_messages(mut self, accepts: bool) -> Self {
        self.private_messages = accepts;
        self
    }

    /// Sets the `accept-types` and `accept-wrapped-types` of the endpoint.
    /// Default: everything.
    pub fn with_accept_types(mut self, types: MediaTypes) -> Self {
        self.accept_types = types.listed_only();
        self
    }

    /// The URI that the room shows.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.uris().next().unwrap_or_default()
    }

    /// All URIs by which the room knows the user.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.uris.iter().map(|uri| &**uri)
    }

    /// Whether the endpoint accepts private messages.
    #[must_use]
    pub const fn private_messages(&self) -> bool {
        self.private_messages
    }

    /// The media types that the endpoint accepts.
    pub const fn accept_types(&self) -> &MediaTypes {
        &self.accept_types
    }
}
