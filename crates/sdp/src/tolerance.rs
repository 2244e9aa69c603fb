//! Deviations of deployed stacks, each with a name.

use std::fmt;

use crate::named::named;

named! {
    /// One deviation from the RFCs that this crate reads over by default.
    ///
    /// A deviation is accepted only while its tolerance is in the [`SdpTolerances`] of
    /// the reader ([`MsrpMedia::parse_with`](crate::MsrpMedia::parse_with)) or of this side
    /// ([`Local::tolerating`](crate::Local::tolerating)). What has been read, and the
    /// [`SessionPlan`](crate::SessionPlan), say which ones were used.
    #[derive(PartialOrd, Ord)]
    #[non_exhaustive]
    #[repr(u8)]
    pub enum SdpTolerance ("tolerance" of_text "session description") {
        /// `TCP/MRSP` for `TCP/MSRP`, with or without TLS. An answer repeats it.
        ProtocolSpelling = "protocol-spelling",
        /// The protocol in another letter case.
        LetterCase = "letter-case",
        /// An answer with TLS to an offer without, from a side with relays, as RFC 4976
        /// prints it (section 11). It adds protection and takes none away.
        RelayedTls = "relayed-tls",
    }
}

/// A set of [`SdpTolerance`]s.
///
/// ```
/// use msrp_sdp::{SdpTolerance, SdpTolerances};
///
/// let some = SdpTolerances::all().without(SdpTolerance::LetterCase);
/// assert!(some.contains(SdpTolerance::RelayedTls));
/// assert_eq!(some.with("letter-case".parse()?), SdpTolerances::all());
/// # Ok::<(), msrp_sdp::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SdpTolerances(u32);

impl SdpTolerances {
    /// Every tolerance: the default.
    #[must_use]
    pub const fn all() -> Self {
        Self((1 << SdpTolerance::ALL.len()) - 1)
    }

    /// No tolerance: only what the RFCs allow.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// This set and `tolerance`.
    #[must_use]
    pub const fn with(self, tolerance: SdpTolerance) -> Self {
        Self(self.0 | 1 << tolerance as u32)
    }

    /// This set without `tolerance`.
    #[must_use]
    pub const fn without(self, tolerance: SdpTolerance) -> Self {
        Self(self.0 & !(1 << tolerance as u32))
    }

    /// Whether `tolerance` is in this set.
    #[must_use]
    pub const fn contains(self, tolerance: SdpTolerance) -> bool {
        self.0 & 1 << tolerance as u32 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The tolerances of this set, in the order of their enum.
    pub fn iter(self) -> impl Iterator<Item = SdpTolerance> {
        SdpTolerance::ALL.iter().copied().filter(move |tolerance| self.contains(*tolerance))
    }

    /// What is in either set.
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for SdpTolerances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The deviations that a reader may read over, and those that it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    allowed: SdpTolerances,
    used: Tolerated,
}

impl Reading {
    pub(crate) const fn new(allowed: SdpTolerances) -> Self {
        Self { allowed, used: Tolerated(SdpTolerances::none()) }
    }

    /// Whether this deviation is read over. Takes note of it if so.
    pub(crate) const fn tolerates(&mut self, tolerance: SdpTolerance) -> bool {
        let is_allowed = self.allowed.contains(tolerance);
        if is_allowed {
            self.used.0 = self.used.0.with(tolerance);
        }
        is_allowed
    }

    /// The deviations so far. The reader begins anew.
    pub(crate) const fn take(&mut self) -> Tolerated {
        std::mem::replace(&mut self.used, Tolerated(SdpTolerances::none()))
    }
}

/// The deviations of a value that was read. Values are equal by what they say, however
/// they were written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tolerated(SdpTolerances);

impl Tolerated {
    pub(crate) const fn get(self) -> SdpTolerances {
        self.0
    }

    #[must_use]
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0.union(other.0))
    }
}

impl PartialEq for Tolerated {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Tolerated {}
