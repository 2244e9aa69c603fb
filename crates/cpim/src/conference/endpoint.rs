//! An endpoint by which a user takes part, and its media.

use msrp::Direction;

use super::extent::Extent;
use crate::named::named;

named! {
    /// How an endpoint takes part (RFC 4575 section 5.7.3).
    #[non_exhaustive]
    pub enum EndpointStatus: "status of an endpoint" {
        /// It is not in the conference yet; the focus waits for it to authenticate.
        Pending = "pending",
        /// The focus is inviting it.
        DialingOut = "dialing-out",
        /// It is joining.
        DialingIn = "dialing-in",
        /// It rings.
        Alerting = "alerting",
        /// It is there and receives no media.
        OnHold = "on-hold",
        /// It takes part.
        Connected = "connected",
        /// It takes part, and the focus passes nothing of it on.
        MutedViaFocus = "muted-via-focus",
        /// It is leaving.
        Disconnecting = "disconnecting",
        /// It has left.
        Disconnected = "disconnected",
    }
}

named! {
    /// How an endpoint came (RFC 4575 section 5.7.4).
    #[non_exhaustive]
    pub enum JoiningMethod: "joining method" {
        /// It joined by itself.
        DialedIn = "dialed-in",
        /// The focus invited it.
        DialedOut = "dialed-out",
        /// It is the focus.
        FocusOwner = "focus-owner",
    }
}

named! {
    /// Why an endpoint left (RFC 4575 section 5.7.6).
    #[non_exhaustive]
    pub enum DisconnectionMethod: "disconnection method" {
        /// By itself.
        Departed = "departed",
        /// The focus sent it away.
        Booted = "booted",
        /// It could not be reached.
        Failed = "failed",
        /// It was busy.
        Busy = "busy",
    }
}

/// An endpoint by which a user takes part.
///
/// Every element is a field, and a method of the same name sets it in a chain. A value that
/// RFC 4575 does not define reads as `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Endpoint {
    /// The URI of the endpoint, unique for its user.
    pub entity: String,
    /// How much is said of the endpoint. Default: all.
    pub state: Extent,
    /// The name.
    pub display_text: Option<String>,
    /// How it takes part.
    pub status: Option<EndpointStatus>,
    /// How it came.
    pub joining_method: Option<JoiningMethod>,
    /// Why it left.
    pub disconnection_method: Option<DisconnectionMethod>,
    /// Its media.
    pub media: Vec<Media>,
}

impl Endpoint {
    /// All that is known of the endpoint of this URI, without anything else.
    pub fn new(entity: impl Into<String>) -> Self {
        Self {
            entity: entity.into(),
            state: Extent::Full,
            display_text: None,
            status: None,
            joining_method: None,
            disconnection_method: None,
            media: Vec::new(),
        }
    }

    /// Sets [`Endpoint::state`].
    pub const fn state(mut self, state: Extent) -> Self {
        self.state = state;
        self
    }

    /// Sets [`Endpoint::display_text`].
    pub fn display_text(mut self, display_text: impl Into<String>) -> Self {
        self.display_text = Some(display_text.into());
        self
    }

    /// Sets [`Endpoint::status`].
    pub const fn status(mut self, status: EndpointStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets [`Endpoint::joining_method`].
    pub const fn joining_method(mut self, joining_method: JoiningMethod) -> Self {
        self.joining_method = Some(joining_method);
        self
    }

    /// Sets [`Endpoint::disconnection_method`].
    pub const fn disconnection_method(mut self, disconnection_method: DisconnectionMethod) -> Self {
        self.disconnection_method = Some(disconnection_method);
        self
    }

    /// Adds to [`Endpoint::media`].
    pub fn medium(mut self, medium: Media) -> Self {
        self.media.push(medium);
        self
    }
}

/// One medium of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Media {
    /// Its name, unique for its endpoint.
    pub id: String,
    /// The media type of the `m=` line: `message` for MSRP.
    pub media_type: Option<String>,
    /// Which way it goes, as the endpoint sees it.
    pub status: Option<Direction>,
}

impl Media {
    /// A medium of this name.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), media_type: None, status: None }
    }

    /// Sets [`Media::media_type`].
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// Sets [`Media::status`].
    pub const fn status(mut self, status: Direction) -> Self {
        self.status = Some(status);
        self
    }
}
