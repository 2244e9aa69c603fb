//! Deviations from the RFCs in deployed stacks, each with a name.

use crate::named::named;

named! {
    /// One deviation from the RFCs that this crate accepts by default.
    ///
    /// A deviation is accepted only while its tolerance is in the [`Tolerances`]
    /// of the configuration. [`Event::Tolerated`](crate::Event::Tolerated) reports
    /// its first use on a connection.
    #[derive(PartialOrd, Ord)]
    #[non_exhaustive]
    #[repr(u8)]
    pub enum Tolerance: "tolerance" {
        /// CRLFs between frames, which some stacks send to keep a connection
        /// alive. They are skipped and not answered.
        BlankLinesBetweenFrames = "blank-lines-between-frames",
        /// No space after the colon of a header field.
        MissingHeaderSpace = "missing-header-space",
        /// Several blanks after the colon, blanks at the end of a value, or more
        /// than one space between the URIs of a path.
        ExtraHeaderSpace = "extra-header-space",
        /// A transaction id or Message-ID of fewer than 4 characters, or of 33 to
        /// 64 (a UUID has 36).
        IdentLength = "ident-length",
        /// A transaction id or Message-ID that begins with one of the characters that are
        /// allowed behind its first: `.`, `-`, `+`, `%` or `=`.
        IdentStart = "ident-start",
        /// A transaction id or Message-ID with other visible ASCII characters, such as `/`,
        /// `_` or `@`.
        IdentCharacter = "ident-character",
        /// A method name with lower-case letters, digits, underscores or hyphens.
        MethodName = "method-name",
        /// To-Path and From-Path that are not the first two header fields, in that
        /// order.
        PathOrder = "path-order",
        /// `Success-Report: partial`, a word of Failure-Report alone. It asks for no
        /// REPORT, like the absence of the header field.
        PartialSuccessReport = "partial-success-report",
        /// A Content-Type with a semicolon that no parameter follows, or with a parameter
        /// whose name or value is empty.
        EmptyParameter = "empty-parameter",
        /// Content-Type before other header fields.
        ContentTypeNotLast = "content-type-not-last",
        /// Content-Type or another MIME header field in a request without a body.
        ContentTypeWithoutBody = "content-type-without-body",
        /// A later chunk with a body and no Content-Type.
        MissingContentType = "missing-content-type",
        /// The end-line of an empty body directly after the blank line, without a
        /// CRLF of its own.
        EmptyBodyWithoutCrlf = "empty-body-without-crlf",
        /// A bodiless SEND with a blank line before its end-line, as if an empty body
        /// without a Content-Type followed.
        BlankLineWithoutBody = "blank-line-without-body",
        /// A bodiless SEND without a Message-ID.
        MissingMessageId = "missing-message-id",
        /// A Byte-Range whose range-end or total differs from the octets that
        /// arrive, or that is `0-0/0`. The octets count.
        WrongByteRange = "wrong-byte-range",
        /// A response whose To-Path and From-Path repeat the whole paths of the
        /// request.
        WholePathInResponse = "whole-path-in-response",
        /// A response with a malformed comment or header field, such as one in
        /// Latin-1, or without To-Path or From-Path. Its transaction id and its status
        /// say all that a sender needs. Only endpoints read it: a relay drops a response
        /// that it cannot parse (RFC 4976 section 6.4.3).
        MalformedResponse = "malformed-response",
        /// A header field of a request whose value is no UTF-8, such as the name of a file in
        /// Latin-1. It is passed over: [`HeadRef::headers`](crate::wire::HeadRef::headers) is
        /// without it.
        NotUtf8 = "not-utf8",
        /// A Status without a namespace, as in `200 OK`, or with one of another length than
        /// three digits, other blanks, or a comment that is malformed, such as one in Latin-1.
        /// A missing namespace is 000, and a malformed comment is none.
        MalformedStatus = "malformed-status",
        /// A REPORT with the transaction id of the SEND that it reports on.
        ReportReusesTransactionId = "report-reuses-transaction-id",
        /// A Use-Path with the IP address of a relay in place of its name, or
        /// without its port (RFC 4976 section 4.2).
        UsePathAddress = "use-path-address",
        /// A response to a request other than SEND whose To-Path ends at the relay
        /// that it reaches, where it should name the whole way back (RFC 4976
        /// section 6.4.3). Only a relay meets it, and no event reports it.
        ShortPathInResponse = "short-path-in-response",
        /// A Use-Nickname without quotes (RFC 7701 section 7.1).
        UnquotedNickname = "unquoted-nickname",
        /// A To-Path whose URI has the session-id of exactly one session, but
        /// another host or port. Middleboxes cause it that change the path in
        /// session descriptions and leave the requests alone.
        ///
        /// It is the only one that is off by default: with it, whoever knows the
        /// session-id passes for the peer, wherever the request was meant to go.
        SessionIdAlone = "session-id-alone",
    }
}

/// Defines a set over an enum of tolerances that lists them in `ALL`. It is a
/// macro because a `const fn` cannot call a trait.
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

            /// No tolerance: only what the RFCs allow.
            #[must_use]
            pub const fn none() -> Self {
                Self(0)
            }

            /// This set and `tolerance`.
            #[must_use]
            pub const fn with(self, tolerance: $tolerance) -> Self {
                Self(self.0 | 1 << tolerance as u32)
            }

            /// This set without `tolerance`.
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
                $tolerance::ALL.iter().copied().filter(move |tolerance| self.contains(*tolerance))
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
    /// The tolerances that real networks need: all but
    /// [`Tolerance::SessionIdAlone`].
    #[must_use]
    pub const fn usual() -> Self {
        Self::all().without(Tolerance::SessionIdAlone)
    }
}
