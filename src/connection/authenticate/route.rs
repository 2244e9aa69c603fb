//! What relays give to a client: a way through them.

use crate::time::Instant;
use std::fmt;

use crate::uri::{MsrpUri, Path};

/// A way through the relays that act on behalf of this side, good for one
/// session (RFC 4976 section 5.1).
///
/// Its URIs are secrets that only the peer of that session may see (section
/// 3.1), so that its `Debug` does not show them. A URI is never used for a
/// second session: authenticate once more for that.
///
/// ```no_run
/// use msrp::{Path, RelayRoute, SessionConfig};
///
/// # fn example(route: RelayRoute, peer: Path) {
/// // For the `path` attribute of this side's session description:
/// let offered = route.path();
/// // And with the path from the peer's:
/// let session = SessionConfig::new(route.local().clone(), route.to_path(&peer));
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RelayRoute {
    local: MsrpUri,
    use_path: Path,
    expires: Option<Instant>,
}

impl RelayRoute {
    pub(super) const fn new(local: MsrpUri, use_path: Path, expires: Option<Instant>) -> Self {
        Self { local, use_path, expires }
    }

    /// The Use-Path of the outermost relay: the URIs of all of them, the
    /// nearest first.
    #[must_use]
    pub const fn use_path(&self) -> &Path {
        &self.use_path
    }

    /// This side's URI.
    #[must_use]
    pub const fn local(&self) -> &MsrpUri {
        &self.local
    }

    /// The path that the peer is told, in a session description for one: the
    /// outermost relay first, this side's URI last.
    #[must_use]
    pub fn path(&self) -> Path {
        self.use_path.reversed().with_last(self.local.view())
    }

    /// The path of requests to a peer, given the path that it has told: what
    /// [`SessionConfig::new`](crate::SessionConfig::new) takes.
    #[must_use]
    pub fn to_path(&self, peer: &Path) -> Path {
        self.use_path.followed_by(peer.view())
    }

    /// When the first of the relays forgets its URI; `None` where none of them
    /// has said.
    #[must_use]
    pub const fn expires(&self) -> Option<Instant> {
        self.expires
    }
}

impl fmt::Debug for RelayRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayRoute")
            .field("relays", &self.use_path.len())
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
