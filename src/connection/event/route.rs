//! The route that relays grant to a client.

use std::fmt;

use crate::time::Instant;
use crate::uri::{MsrpUri, Path};

/// A route through the relays of this side, for one session (RFC 4976 section
/// 5.1).
///
/// Its URIs are secrets that only the peer of that session may see (section 3.1),
/// so `Debug` does not show them. A URI must not serve a second session:
/// authenticate again for each.
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
    pub(in crate::connection) const fn new(
        local: MsrpUri,
        use_path: Path,
        expires: Option<Instant>,
    ) -> Self {
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

    /// The path for the peer, which goes into a session description: the outermost
    /// relay first, this side's URI last.
    #[must_use]
    pub fn path(&self) -> Path {
        self.use_path.reversed().with_last(self.local.view())
    }

    /// The To-Path of requests to a peer, from the path in its session description,
    /// for [`SessionConfig::new`](crate::SessionConfig::new).
    #[must_use]
    pub fn to_path(&self, peer: &Path) -> Path {
        self.use_path.followed_by(peer.view())
    }

    /// When the first of the URIs expires. `None` if no relay has given a lifetime.
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
