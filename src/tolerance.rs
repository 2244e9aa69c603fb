//! Deviations from the RFCs that deployed stacks make, each with a name.

/// One deviation from RFC 4975 that is read all the same.
///
/// A tolerance is used only while it is in the [`Tolerances`] of the
/// configuration, and its first use on a connection is told by
/// [`Event::Tolerated`](crate::Event::Tolerated).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Tolerance {
    /// CRLFs between frames, sent to keep a connection alive. They are skipped
    /// and not answered.
    BlankLinesBetweenFrames,
    /// No space after the colon of a header field.
    MissingHeaderSpace,
    /// Several blanks after the colon, blanks at the end of a value, or more
    /// than one space between the URIs of a path.
    ExtraHeaderSpace,
    /// A transaction id or Message-ID of fewer than 4 or of 33 to 64
    /// characters (a UUID has 36).
    IdentLength,
    /// A method name with digits, underscores or hyphens in it.
    MethodName,
    /// To-Path and From-Path that are not the first two header fields, in that
    /// order.
    PathOrder,
    /// Content-Type before other header fields.
    ContentTypeNotLast,
    /// Content-Type or another MIME header field in a request without a body.
    ContentTypeWithoutBody,
    /// A later chunk whose body comes without a Content-Type.
    MissingContentType,
    /// An end-line directly behind the blank line of an empty body, without
    /// the CRLF of its own.
    EmptyBodyWithoutCrlf,
    /// A bodiless SEND without a Message-ID.
    MissingMessageId,
    /// A Byte-Range whose range-end or total is not that of the octets which
    /// came. The octets count.
    WrongByteRange,
    /// A response whose To-Path and From-Path repeat the whole paths of the
    /// request.
    WholePathInResponse,
    /// A REPORT under the transaction id of the SEND that it reports on.
    ReportReusesTransactionId,
    /// A Use-Path with an IP address for the name of a relay, or without its
    /// port (RFC 4976 section 4.2).
    UsePathAddress,
    /// A response to another request than SEND whose To-Path ends at the relay
    /// that it reaches, where it should name the whole way back (RFC 4976
    /// section 6.4.3). Only a relay meets it, and tells of it by no event.
    ShortPathInResponse,
    /// A Use-Nickname without the quotes around it (RFC 7701 section 7.1).
    UnquotedNickname,
    /// An IPv6 address without its brackets in the path of a data channel, as
    /// RFC 8873 itself prints it (section 4.8). Only a session description is
    /// read so; [`ChannelSession`](crate::sdp::ChannelSession) tells of it, and
    /// no event.
    BareIpv6Address,
    /// A To-Path whose URI has the session-id of one session alone, and another
    /// host or port. Middleboxes make it so that change the path in session
    /// descriptions and nothing in the requests.
    ///
    /// The one that is off by default: with it, a session-id is all it takes to be
    /// taken for the peer, wherever the request was meant to go.
    SessionIdAlone,
}

impl Tolerance {
    /// Every tolerance, in the order of this enum.
    pub const ALL: [Self; 19] = [
        Self::BlankLinesBetweenFrames,
        Self::MissingHeaderSpace,
        Self::ExtraHeaderSpace,
        Self::IdentLength,
        Self::MethodName,
        Self::PathOrder,
        Self::ContentTypeNotLast,
        Self::ContentTypeWithoutBody,
        Self::MissingContentType,
        Self::EmptyBodyWithoutCrlf,
        Self::MissingMessageId,
        Self::WrongByteRange,
        Self::WholePathInResponse,
        Self::ReportReusesTransactionId,
        Self::UsePathAddress,
        Self::ShortPathInResponse,
        Self::UnquotedNickname,
        Self::BareIpv6Address,
        Self::SessionIdAlone,
    ];
}

/// Makes the type of a set of tolerances, of an enum that lists them in
/// `ALL`. A macro, since no `const fn` can call a trait.
macro_rules! tolerance_set {
    ($(#[$doc:meta])* $set:ident of $tolerance:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $set(u32);

        impl $set {
            /// Every tolerance.
            #[must_use]
            pub const fn all() -> Self {
                Self((1 << $tolerance::ALL.len()) - 1)
            }

            /// No tolerance: the RFC to the letter.
            #[must_use]
            pub const fn none() -> Self {
                Self(0)
            }

            /// This set and `tolerance`.
            #[must_use]
            pub const fn with(self, tolerance: $tolerance) -> Self {
                Self(self.0 | 1 << tolerance as u32)
            }

            /// This set less `tolerance`.
            #[must_use]
            pub const fn without(self, tolerance: $tolerance) -> Self {
                Self(self.0 & !(1 << tolerance as u32))
            }

            /// Whether `tolerance` is in this set.
            #[must_use]
            pub const fn contains(self, tolerance: $tolerance) -> bool {
                self.0 & 1 << tolerance as u32 != 0
            }

            /// Whether the set is empty.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The tolerances of this set, in the order of their enum.
            pub fn iter(self) -> impl Iterator<Item = $tolerance> {
                $tolerance::ALL.into_iter().filter(move |tolerance| self.contains(*tolerance))
            }

            /// What is in this set and not in `other`.
            pub(crate) const fn minus(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// What is in either set.
            pub(crate) const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl std::fmt::Debug for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_set().entries(self.iter()).finish()
            }
        }
    };
}

tolerance_set! {
    /// A set of [`Tolerance`]s.
    ///
    /// ```
    /// use msrp::{Tolerance, Tolerances};
    ///
    /// let strict = Tolerances::none();
    /// assert!(!strict.contains(Tolerance::IdentLength));
    /// let nearly_strict = strict.with(Tolerance::IdentLength);
    /// assert_eq!(nearly_strict.iter().count(), 1);
    /// ```
    Tolerances of Tolerance
}

impl Tolerances {
    /// What real networks need: every tolerance but
    /// [`Tolerance::SessionIdAlone`].
    #[must_use]
    pub const fn usual() -> Self {
        Self::all().without(Tolerance::SessionIdAlone)
    }
}
