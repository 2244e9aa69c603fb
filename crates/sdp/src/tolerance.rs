//! Deviations of deployed stacks, each with a name.

use std::fmt;

use crate::Error;
use crate::aside::Aside;
use crate::named::named;

named! {
    /// One deviation from the RFCs that this crate reads over by default.
    ///
    /// A deviation is accepted only while its tolerance is in the [`SdpTolerances`] of
    /// the reader ([`SessionDescription::parse_with`](crate::SessionDescription::parse_with),
    /// [`MsrpMedia::parse_with`](crate::MsrpMedia::parse_with)) or of this side
    /// ([`Local::tolerating`](crate::Local::tolerating)). What has been read, and the
    /// [`SessionPlan`](crate::SessionPlan), say which ones were used.
    #[derive(PartialOrd, Ord)]
    #[non_exhaustive]
    #[repr(u8)]
    pub enum SdpTolerance ("tolerance" of_text "session description") {
        /// A byte order mark before a line.
        ByteOrderMark = "byte-order-mark",
        /// A line that ends in CR alone (RFC 8866 section 9).
        LineEnds = "line-ends",
        /// A blank line, blanks before the `=` of a line, around the name or the value of an
        /// attribute, more than one space between two fields or types (RFC 8866 section 9
        /// has none of these), or a NUL at the end of the text.
        ExtraBlanks = "extra-blanks",
        /// Octets that are no UTF-8, such as a name in Latin-1. They become U+FFFD.
        NotUtf8 = "not-utf8",
        /// A line that is not `x=value`, a `c=` line without an address, an attribute whose
        /// name is no token, either with a NUL, or a `dcmap` or `dcsa` that cannot be read.
        /// It says nothing that MSRP needs, and is skipped.
        JunkLine = "junk-line",
        /// An `o=` line that cannot be read. The description has no origin.
        MalformedOrigin = "malformed-origin",
        /// An `m=` line that cannot be read, or a section with more than
        /// [`MAX_ATTRIBUTES`](crate::MAX_ATTRIBUTES) attributes. Only its own section
        /// is refused.
        MalformedSection = "malformed-section",
        /// An `m=` line without formats. MSRP has one, `*` (RFC 4975 section 8.1).
        MissingFormat = "missing-format",
        /// `TCP/MRSP` for `TCP/MSRP`, with or without TLS. An answer repeats it.
        ProtocolSpelling = "protocol-spelling",
        /// The letter of a line, media, a protocol, the name of an attribute or a value of
        /// `setup` in another letter case (RFC 8866 sections 5 and 5.13).
        LetterCase = "letter-case",
        /// Several `c=` lines in a section for MSRP. The first counts, and only under CEMA.
        SeveralAddresses = "several-addresses",
        /// A list, such as `accept-types` or `file-selector`, on several lines. They are
        /// joined.
        SplitList = "split-list",
        /// An attribute, or a part of a `file-selector`, that occurs again with the same
        /// value.
        RepeatedAttribute = "repeated-attribute",
        /// An IPv6 address without brackets in a path, as RFC 8873 itself prints it
        /// (section 4.8).
        BareIpv6Address = "bare-ipv6-address",
        /// A file without `file-transfer-id`, or with an empty one (RFC 5547 section 8.1).
        /// An offer without starts a new transfer, and its answer has none either.
        MissingTransferId = "missing-transfer-id",
        /// A `file-transfer-id` with other characters than those of a token.
        TransferIdCharacters = "transfer-id-characters",
        /// The offer or answer of a file without `sendonly` or `recvonly` (RFC 5547
        /// section 8). The other side's part in the transfer says which way it goes.
        MissingFileDirection = "missing-file-direction",
        /// A name, size, type or hash in a `file-selector` that cannot be read, or one hash
        /// too many. It says nothing of the file; without its hash, nobody can tell whether
        /// the file is the one that was announced.
        UnreadableSelector = "unreadable-selector",
        /// A `max-size`, `setup`, `file-disposition`, `file-date`, `file-icon` or `file-range`
        /// that cannot be read, or several of the `file-` ones that contradict each other. It
        /// counts as none.
        UnreadableAttribute = "unreadable-attribute",
        /// An entry of `accept-types` or `accept-wrapped-types` that is no media type, and
        /// is passed over, or a comma or a semicolon after one. Of `accept-types` one has to
        /// be left.
        UnreadableType = "unreadable-type",
        /// A `file-selector` with `=` for a colon, semicolons, commas or nothing for spaces,
        /// blanks after either, a name without quotes or of no letters, or quotes around a
        /// size, a type or a hash.
        SelectorSpelling = "selector-spelling",
        /// A hash function without its hyphen, such as `sha1` or `SHA256`, in a `fingerprint`
        /// or a `file-selector`.
        HashName = "hash-name",
        /// An answer that says nothing of the file that this side offers to send, from an
        /// endpoint without RFC 5547. It receives the file as any message (RFC 5547
        /// appendix A).
        UnconfirmedFile = "unconfirmed-file",
        /// An answer `setup:active` to an offer that said the same, as a middlebox gives it
        /// that joins two sides behind NAT. Both connect, and the middlebox takes both
        /// connections; without this tolerance there is no session.
        BothActive = "both-active",
        /// An answer `setup:actpass`, which leaves the roles open (RFC 4145 section 4.1). It
        /// counts as `passive`: the offerer connects.
        AnsweredActpass = "answered-actpass",
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
/// let some = SdpTolerances::all().without(SdpTolerance::JunkLine);
/// assert!(some.contains(SdpTolerance::SplitList));
/// assert_eq!(some.with("junk-line".parse()?), SdpTolerances::all());
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

/// The deviations of a value that was read.
pub(crate) type Tolerated = Aside<SdpTolerances>;

/// The deviations that a reader may read over, and those that it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    allowed: SdpTolerances,
    used: SdpTolerances,
}

impl Reading {
    pub(crate) const fn new(allowed: SdpTolerances) -> Self {
        Self { allowed, used: SdpTolerances::none() }
    }

    /// Whether this deviation is read over. Takes note of it if so.
    pub(crate) const fn tolerates(&mut self, tolerance: SdpTolerance) -> bool {
        let is_allowed = self.allowed.contains(tolerance);
        if is_allowed {
            self.used = self.used.with(tolerance);
        }
        is_allowed
    }

    /// The same, with the error where it is not.
    pub(crate) fn tolerate(&mut self, it: SdpTolerance, error: Error) -> Result<(), Error> {
        if self.tolerates(it) { Ok(()) } else { Err(error) }
    }

    /// The deviations so far. The reader begins anew.
    pub(crate) const fn take(&mut self) -> Tolerated {
        Aside(std::mem::replace(&mut self.used, SdpTolerances::none()))
    }
}

impl Tolerated {
    #[must_use]
    pub(crate) const fn and(self, other: Self) -> Self {
        Aside(self.0.union(other.0))
    }
}
