//! Who joins, and what a room knows of them (RFC 7701 section 5.2).

use msrp::MediaTypes;
use thiserror::Error;

use crate::identifier::Identifier;

/// A participant in one session: who it is, by which URIs the room knows them,
/// and what their endpoint takes. All of it comes from the rendezvous, which has
/// authenticated them.
///
/// ```
/// use msrp::MediaTypes;
/// use msrp_chatroom::Participant;
///
/// let ada = Participant::new("sip:ada@example.com")?
///     .also("tel:+1-201-555-0123")?
///     .private_messages(true)
///     .accepts(MediaTypes::new("message/cpim")?.wrapped("text/plain")?);
/// let shy = Participant::anonymous("sip:bob@example.com", "sip:anon-7@anonymous.invalid")?;
/// assert_eq!(shy.uri(), "sip:anon-7@anonymous.invalid");
/// # let _ = ada;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Participant {
    pub(crate) user: Identifier,
    /// As they were given; the first is shown.
    uris: Vec<Box<str>>,
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) takes_private: bool,
    pub(crate) accepts: MediaTypes,
}

/// The text is no URI, or one of more than 2,048 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a participant is known by absolute URIs of at most 2,048 octets, as sip:ada@example.com")]
pub struct ParticipantError;

/// Why somebody cannot join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JoinError {
    /// There are as many sessions as
    /// [`RoomConfig::sessions`](super::RoomConfig::sessions) allows.
    #[error("there are {max} sessions in the room; wait until somebody leaves")]
    Full {
        /// The limit that was reached.
        max: usize,
    },
    /// The user is in the room, and may not be twice
    /// ([`RoomConfig::several_sessions`](super::RoomConfig::several_sessions)).
    #[error("the user is in the room; end that session first")]
    AlreadyHere,
    /// The URI is the room's, or that of another user who is in the room.
    #[error("the URI is the room's or another user's; join with one of your own")]
    UriTaken,
    /// The endpoint does not take `message/cpim` (RFC 7701 section 5.2): reject
    /// its offer.
    #[error("the endpoint does not take message/cpim, and a room sends nothing else")]
    NoCpim,
}

impl Participant {
    /// A user whom the room knows by the URI by which they were authenticated.
    /// They take everything, and no private messages.
    ///
    /// # Errors
    ///
    /// [`ParticipantError`] where the text is no URI.
    pub fn new(uri: &str) -> Result<Self, ParticipantError> {
        Self::anonymous(uri, uri)
    }

    /// A user who wants to be anonymous: known by `shown` alone, which tells
    /// nothing of `user`.
    ///
    /// # Errors
    ///
    /// [`ParticipantError`] where one of them is no URI.
    pub fn anonymous(user: &str, shown: &str) -> Result<Self, ParticipantError> {
        Ok(Self {
            user: Identifier::new(user).ok_or(ParticipantError)?,
            uris: vec![shown.into()],
            identifiers: vec![Identifier::new(shown).ok_or(ParticipantError)?],
            takes_private: false,
            accepts: MediaTypes::any(),
        })
    }

    /// A further URI of the same user, which they may send from, and others to.
    ///
    /// # Errors
    ///
    /// [`ParticipantError`] where the text is no URI.
    pub fn also(mut self, uri: &str) -> Result<Self, ParticipantError> {
        self.identifiers.push(Identifier::new(uri).ok_or(ParticipantError)?);
        self.uris.push(uri.into());
        Ok(self)
    }

    /// Whether the endpoint takes private messages: the token `private-messages`
    /// of its attribute `chatroom` (section 8). Default: no.
    pub const fn private_messages(mut self, takes: bool) -> Self {
        self.takes_private = takes;
        self
    }

    /// The `accept-types` and `accept-wrapped-types` of the endpoint. Default:
    /// everything.
    pub fn accepts(mut self, types: MediaTypes) -> Self {
        self.accepts = types.listed_only();
        self
    }

    /// The URI by which the room shows them.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.uris().next().unwrap_or_default()
    }

    /// All URIs by which the room knows them.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.uris.iter().map(|uri| &**uri)
    }
}
